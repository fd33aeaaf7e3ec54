import Base
import Model
import Testing
import Wire

@testable import Scenario

/// The shipped scenario, against what the situation of 7 November 2025 says.
@Suite struct DefaultScenarioTests {
  private let scenario: Scenario
  private let provinces: [String]

  init() throws {
    let provinces = readProvinceSlugs(
      try packageFile("probes/provinces.json"), file: "provinces.json")
    try #require(provinces.complaints.isEmpty)
    let read = readScenario(
      try packageFile("probes/scenario/scenario-2025-11-07.json5"), file: "scenario.json5",
      provinces: provinces.slugs)
    #expect(read.complaints.list.map(\.description) == [])
    scenario = read.scenario
    self.provinces = provinces.slugs
  }

  @Test("nine services for 34 provinces and a national one make 307 links")
  func linkCount() {
    let states = scenario.expectedStates()
    #expect(states.count == 307)
    #expect(Set(states.map(\.link)).count == 307)
    #expect(scenario.services.filter { $0.links.count == 34 }.count == 9)
    #expect(
      states.filter { $0.link.consumer == "national" }.map(\.link.service) == ["single-window"])
  }

  @Test(
    "every service has the expected number of links in each state",
    arguments: [
      ("land-payment", [LinkState.notConnected: 34]),
      ("business-registry", [.notConnected: 34]),
      ("budget-codes", [.notConnected: 34]),
      ("single-window", [.degraded: 1]),
      ("health-licences", [.notConnected: 34]),
      ("civil-registry", [.down: 4, .up: 30]),
      ("merit-people", [.up: 34]),
      ("birth-bundle", [.down: 34]),
      ("death-bundle", [.down: 34]),
      ("land-database", [.notConnected: 1, .up: 33]),
    ])
  func states(service: String, expected: [LinkState: Int]) {
    let states = scenario.expectedStates(of: [service]).map(\.state)
    #expect(Dictionary(grouping: states) { $0 }.mapValues(\.count) == expected)
  }

  @Test("of the 171 links of the six services that are called, 74 are wrong")
  func sixServices() {
    let six = [
      "land-database", "civil-registry", "single-window", "merit-people", "birth-bundle",
      "death-bundle",
    ]
    let states = scenario.expectedStates(of: six)
    #expect(states.count == 171)
    #expect(states.filter { $0.state != .up }.count == 74)
    #expect(states.first?.link.service == "land-database", "in the order asked for")
    let odd = states.filter { $0.link.service == "land-database" && $0.state != .up }
    #expect(odd.map { "\($0.link) \($0.state)" } == ["land-database/ha-noi notConnected"])
  }

  @Test("wrong are the 73 links that fail and the 34 that are overdue, not those never connected")
  func wrong() {
    let wrong = scenario.expectedStates().filter(scenario.isWrong).map(\.link.service)
    #expect(
      Dictionary(grouping: wrong) { $0 }.mapValues(\.count) == [
        "single-window": 1, "civil-registry": 4, "birth-bundle": 34, "death-bundle": 34,
        "health-licences": 34,
      ])
  }

  @Test("the hubs beside it are all well: seven of each province, and the national exchange")
  func hubs() throws {
    let read = readScenario(
      try packageFile("probes/scenario/hubs.json5"), file: "hubs.json5", provinces: provinces,
      addingTo: scenario)
    #expect(read.complaints.list.map(\.description) == [])
    let hubs = read.scenario.services.dropFirst(scenario.services.count)
    #expect(hubs.filter { $0.links.count == 34 }.count == 7)
    #expect(hubs.filter { $0.links.map(\.consumer) == ["national"] }.map(\.name) == ["ndxp"])
    #expect(hubs.allSatisfy { $0.links.allSatisfy { $0.state == .up } })
    #expect(read.scenario.expectedStates().count == 307 + 239)
    var run = ScenarioRun(read.scenario, seed: 1, start: seconds(0))
    for link in read.scenario.expectedStates(of: hubs.map(\.name)).map(\.link) {
      #expect(status(run.reply(to: request("/\(link)/danhMuc"), for: link, at: seconds(1))) == 200)
    }
  }

  @Test("the incidents and the register are read")
  func answers() {
    #expect(scenario.incidents.map(\.pattern) == ["point", "system", "system", "system"])
    #expect(scenario.incidents.first?.links == .count(1))
    let civil = scenario.incidents.first { $0.system == "civil-registry" }
    #expect(civil?.links == .consumers(["an-giang", "bac-ninh", "can-tho", "dong-nai"]))
    #expect(scenario.register?.recorded == 20)
    #expect(scenario.register?.openByOwner.reduce(0) { $0 + $1.count } == scenario.register?.open)
  }

  @Test("what is answered agrees with the states over a hundred requests")
  func behaviour() {
    var run = ScenarioRun(scenario, seed: 1, start: seconds(0))
    for (link, state) in scenario.expectedStates() {
      var good = 0
      for _ in 0..<100 {
        let reply = run.reply(to: request("/\(link)"), for: link, at: seconds(1))
        if status(reply) == 200, !body(reply).contains(":108,") { good += 1 }
        if state == .notConnected { #expect(status(reply) == 404) }
      }
      switch state {
      case .up: #expect(good == 100, "\(link)")
      case .degraded: #expect(good == 70, "\(link)")
      case .down: #expect(good == (link.service == "civil-registry" ? 40 : 0), "\(link)")
      default: #expect(good == 0, "\(link)")
      }
    }
  }
}
