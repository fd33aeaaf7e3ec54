import Base
import Model
import Testing
import Wire

@testable import Scenario

@Suite struct ScenarioReaderTests {
  @Test(
    "a mistake is told with its place and what was meant",
    arguments: [
      ("{}", "s.json5:1:1: the key \"services\" is missing", "an empty scenario is a mistake"),
      (
        "{ services: [{\n  service: 'a', stat: 'up' }] }",
        "s.json5:2:17: services[0]: unknown key \"stat\"; did you mean \"state\"?", "a typing error"
      ),
      (
        "{ services: [{ service: 'a', fault: { status: 500, rat: 0.3 } }] }",
        "s.json5:1:52: services[0].fault: unknown key \"rat\"; did you mean \"rate\"?",
        "the same within a fault"
      ),
      (
        "{ services: [{ service: 'a', fault: { status: 500, hang: true } }] }",
        "s.json5:1:58: services[0].fault.hang: one fault at a time: \"status\" is there already",
        "two faults cannot both hold"
      ),
      (
        "{ services: [{ service: 'a', fault: { provinces: ['hui'], status: 500 } }] }",
        "s.json5:1:50: services[0].fault.provinces: there is no consumer \"hui\" here; did you mean"
          + " \"hue\"?", "a province that is not there"
      ),
      (
        "{ services: [{ service: 'a', state: { 'ha-noy': 'down', otherwise: 'up' } }] }",
        "s.json5:1:39: services[0].state: unknown key \"ha-noy\"; did you mean \"ha-noi\"?",
        "states name the service's own consumers"
      ),
      (
        "{ services: [{ service: 'a', state: 'broken' }] }",
        "s.json5:1:37: services[0].state: expected one of \"planned\", \"notConnected\", \"up\","
          + " \"degraded\", \"down\", \"unknown\", got the string \"broken\"",
        "states are those of the model"
      ),
      (
        "{ services: [{ service: 'a', fault: { rate: 0.5 } }] }",
        "s.json5:1:45: services[0].fault.rate: a rate needs a fault or a delay beside it",
        "a rate of nothing"
      ),
      (
        "{ services: [{ service: 'a', fault: { status: 500, rate: 30 } }] }",
        "s.json5:1:58: services[0].fault.rate: expected a number from 0 to 1", "no percentages"
      ),
      (
        "{ services: [{ service: 'a', fault: { redirect: 'http://x/ y' } }] }",
        "s.json5:1:49: services[0].fault.redirect: expected \"loop\", \"host\", \"protocol\", a path"
          + " from \"/\" or a URL", "a reference that is none"
      ),
      (
        "{ services: [{ service: 'a', delay: { min: '2s', max: '1s' } }] }",
        "s.json5:1:37: services[0].delay: expected min and max, mean and deviation, or median and"
          + " max, in rising order", "an empty range"
      ),
      (
        "{ services: [{ service: 'a', delay: '11m' }] }",
        "s.json5:1:37: services[0].delay: expected a duration of at most 10m, got 11m",
        "delays are bounded"
      ),
      (
        "{ services: [{ service: 'a' }, { service: 'a' }] }",
        "s.json5:1:43: services[1].service: the service \"a\" is there already", "names are unique"
      ),
      (
        "{ services: [{ service: 'a', changes: [{ at: '2s', fault: null }, { at: '2s', fault: null }]"
          + " }] }",
        "s.json5:1:73: services[0].changes[1].at: expected a later time than the change before",
        "changes come one after the other"
      ),
      (
        "{ services: [{ service: 'a', changes: [{ at: '2s' }] }] }",
        "s.json5:1:40: services[0].changes[0]: expected \"fault\" or \"connect\"",
        "a change changes something"
      ),
      (
        "{ services: [{ service: 'A b' }] }",
        "s.json5:1:25: services[0].service: expected a slug: 1 to 64 of a-z, 0-9 and inner -",
        "names go into targets"
      ),
    ])
  func mistakes(source: String, complaint: String, reason: Comment) {
    #expect(complaints(source) == [complaint], reason)
  }

  @Test("every mistake of a file is told at once, in the order of the file")
  func allAtOnce() {
    let lines = complaints(
      """
      { services: [
        { service: 'a', fault: { status: 99 }, colour: 1 },
        { service: 'b', provinces: 'all', consumer: 'x' },
      ], oops: 1 }
      """)
    #expect(
      lines.map { $0.prefix(11) } == ["s.json5:2:3", "s.json5:2:4", "s.json5:3:4", "s.json5:4:4"])
  }

  @Test("a further file adds its services to those of the files before it")
  func severalFiles() {
    let first = readScenario(
      Array("{ services: [{ service: 'a' }], incidents: [{ pattern: 'point' }] }".utf8),
      file: "a.json5", provinces: threeProvinces
    ).scenario
    let both = readScenario(
      Array("{ services: [{ service: 'b', provinces: ['hue'] }], register: { open: 1 } }".utf8),
      file: "b.json5", provinces: threeProvinces, addingTo: first)
    #expect(both.complaints.list.map(\.description) == [])
    #expect(both.scenario.services.map(\.name) == ["a", "b"])
    #expect(both.scenario.services.map(\.links.count) == [3, 1])
    #expect(both.scenario.incidents.count == 1 && both.scenario.register?.open == 1)
  }

  @Test("a further file must not say again what the files before it said")
  func severalFilesThatDisagree() {
    let first = readScenario(
      Array("{ services: [{ service: 'a' }], register: { open: 1 } }".utf8), file: "a.json5",
      provinces: threeProvinces
    ).scenario
    let both = readScenario(
      Array("{ services: [{ service: 'a' }],\n  register: { open: 2 } }".utf8), file: "b.json5",
      provinces: threeProvinces, addingTo: first)
    #expect(
      both.complaints.list.map(\.description) == [
        "b.json5:1:25: services[0].service: the service \"a\" is there already",
        "b.json5:2:13: register: an earlier file has a register already",
      ])
  }

  @Test("several files together are bounded like one")
  func severalLargeFiles() throws {
    let many = (0..<SimulatorLimits.services).map { "{ service: 's\($0)', consumer: 'hue' }" }
    let first = readScenario(
      Array("{ services: [\(many.joined(separator: ","))] }".utf8), file: "a.json5",
      provinces: threeProvinces)
    try #require(first.complaints.isEmpty)
    let both = readScenario(
      Array("{ services: [{ service: 'more' }] }".utf8), file: "b.json5",
      provinces: threeProvinces, addingTo: first.scenario)
    #expect(both.complaints.list.map(\.keyPath) == ["services"])
  }

  @Test(
    "every fault has its key",
    arguments: [
      ("absent: true", Fault.absent),
      ("status: 502", .status(502)),
      ("code: '108'", .code("108")),
      ("code: 106", .code("106")),
      ("hang: true", .hang),
      ("close: true", .close),
      ("reset: 'start'", .reset(.start)),
      ("reset: 'head'", .reset(.head)),
      ("reset: 'body'", .reset(.body)),
      ("drip: '20ms'", .drip(every: .milliseconds(20))),
      ("endless: 'header'", .endless(.header)),
      ("endless: 'headers'", .endless(.headers)),
      ("endless: 'body'", .endless(.body)),
      ("wrongLength: 'short'", .wrongLength(.short)),
      ("wrongLength: 'long'", .wrongLength(.long)),
      ("garbage: true", .garbage),
      ("redirect: 'loop'", .redirect(.loop)),
      ("redirect: 'host'", .redirect(.host)),
      ("redirect: 'protocol'", .redirect(.protocol)),
      ("redirect: '/_test/ok'", .redirect(.reference("/_test/ok"))),
      ("body: 'escapes'", .body(.escapes)),
      ("body: 'deep-json'", .body(.deepJSON)),
      ("body: 'big-number'", .body(.bigNumber)),
      ("body: 'broken-utf8'", .body(.brokenUTF8)),
    ])
  func faults(source: String, fault: Fault) throws {
    let rules = try oneService("fault: { \(source), rate: 0.25, spread: 'random' }").phases[0].rules
    let expected = FaultRule(
      rate: FaultRate(0.25)!, spread: .random, turn: Turn(fault: fault))
    #expect(rules == [expected])
  }

  @Test(
    "a delay is a length or the figures of a distribution",
    arguments: [
      ("'4s'", Delay.constant(.seconds(4))),
      ("{ min: '1s', max: '2s' }", .uniform(min: .seconds(1), max: .seconds(2))),
      (
        "{ mean: '1s', deviation: '50ms' }",
        .normal(mean: .seconds(1), deviation: .milliseconds(50))
      ),
      ("{ median: '1s', max: '9s' }", .heavyTail(median: .seconds(1), max: .seconds(9))),
    ])
  func delays(source: String, delay: Delay) throws {
    #expect(try oneService("delay: \(source)").delay == delay)
    let rule = try oneService("fault: { otherwise: { delay: \(source) } }").phases[0].rules.first
    #expect(rule?.otherwise == Turn(delay: delay))
  }

  @Test("a list of faults keeps its order, each with its provinces")
  func faultList() throws {
    let service = try oneService(
      "fault: [{ provinces: ['hue'], status: 500 }, { provinces: 'all', hang: true }]")
    #expect(service.phases[0].rules.map(\.consumers) == [["hue"], nil])
  }

  @Test("a change replaces the fault, or connects links and leaves the fault")
  func changes() throws {
    let service = try oneService(
      """
      state: { "ha-noi": "notConnected" }, fault: { status: 500 },
      changes: [{ at: "30s", fault: null }, { at: "1m", connect: ["ha-noi"] }]
      """)
    #expect(service.phases.map(\.at) == [.zero, .seconds(30), .minutes(1)])
    #expect(service.phases.map(\.rules.count) == [1, 0, 0])
    #expect(service.links.map(\.connectedAt) == [.zero, .minutes(1), .zero])
  }

  @Test("a file may list its own provinces")
  func ownProvinces() {
    let source = "{ provinces: ['x', 'y'], services: [{ service: 'a' }] }"
    let scenario = readScenario(Array(source.utf8), file: "s", provinces: []).scenario
    #expect(scenario.expectedStates().map(\.link.description) == ["a/x", "a/y"])
  }

  @Test("without provinces a service needs its own consumer")
  func noProvinces() {
    let source = "{ services: [{ service: 'a' }, { service: 'b', consumer: 'national' }] }"
    let read = readScenario(Array(source.utf8), file: "s", provinces: [])
    #expect(read.complaints.list.map(\.keyPath) == ["services[0]"])
  }

  @Test("a service may say under which key its code stands")
  func style() throws {
    let style = try oneService("answer: { codeKey: 'result', ok: '00' }").style
    #expect(text(style.healthyBody(unit: "hue")).hasPrefix(#"{"result":"00","unit":"hue""#))
    #expect(
      text(style.refusalBody(unit: "hue", code: "7"))
        == #"{"result":"7","unit":"hue","message":"refused"}"#)
  }

  @Test("a list of provinces without slugs is refused")
  func provincesList() {
    let read = readProvinceSlugs(Array(#"[{"slug": "hue"}, {"name": "x"}]"#.utf8), file: "p.json")
    #expect(read.complaints.list.count == 1)
  }
}
