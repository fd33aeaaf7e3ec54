import Base
import Judgement
import Model
import Probes
import Testing

@testable import Engine

@Suite("Links that flap") struct FlappingTests {
  private static let rules = AlertRules(
    failures: FailureRule(failures: 2, of: 2),
    flapping: FlappingRule(changes: 4, clearChanges: 1, window: .hours(1)))

  private static func bench(_ rules: AlertRules = rules) -> Bench {
    let bench = Bench(
      [link("land/hue", [probe(retryLimit: 0)], rules: rules)], incidents: reopening)
    bench.network = { _ in right }
    bench.advance(by: .minutes(3))
    return bench
  }

  /// Nothing that has ended is opened again: each end is one.
  private static let reopening: IncidentSettings = {
    var settings = toldAtOnce
    settings.reopenWithin = .zero
    return settings
  }()

  /// Fails for some minutes and is well for as many.
  private static func turn(_ bench: Bench, _ times: Int, minutes: Int64 = 4) {
    for _ in 0..<times {
      bench.network = { _ in wrong }
      bench.advance(by: .minutes(minutes))
      bench.network = { _ in right }
      bench.advance(by: .minutes(minutes))
    }
  }

  @Test("one message says that it flaps, and the incident stays open and silent until it is calm")
  func once() throws {
    let bench = Self.bench()
    Self.turn(bench, 6)
    let flapping = bench.told.filter { $0.conditions.contains { $0.rule == .flapping } }
    #expect(flapping.count == 1, "\(bench.told.map(\.summary))")
    let incident = try #require(flapping.first)
    #expect(
      incident.summary.contains("land/hue is flapping: got better or worse 4 times within 1h"))
    #expect(bench.told.last?.id == incident.id, "no message follows")
    #expect(bench.engine.shownIncidents.open.map(\.id) == [incident.id])
    #expect(bench.isFlapping)
    #expect(
      incident.timeline.contains {
        $0.text.hasPrefix("land/hue is flapping: it got better or worse")
      })
    bench.advance(by: .minutes(70))
    #expect(!bench.isFlapping)
    let last = try #require(bench.told.last)
    #expect(last.id == incident.id && last.status == .resolved)
    #expect(last.summary.contains("land/hue is calm and well after"))
    #expect(last.timeline.contains { $0.text == "land/hue is calm again" })
  }

  @Test("one that ends up down is told as down when it is calm")
  func endsDown() throws {
    let bench = Self.bench()
    Self.turn(bench, 3)
    #expect(bench.isFlapping)
    bench.network = { _ in wrong }
    bench.advance(by: .minutes(90))
    #expect(!bench.isFlapping)
    let last = try #require(bench.told.last)
    #expect(last.status == .open && last.summary.contains("land/hue is down:"))
    #expect(last.conditions.map(\.rule) == [.failures])
  }

  @Test("changes that are far apart are told each")
  func apart() {
    let bench = Self.bench()
    Self.turn(bench, 4, minutes: 25)
    #expect(!bench.told.contains { $0.conditions.contains { $0.rule == .flapping } })
    #expect(bench.told.count == 8, "four times down, four times well")
  }

  @Test("without the rule each change is told")
  func off() {
    let bench = Self.bench(AlertRules(failures: FailureRule(failures: 2, of: 2)))
    Self.turn(bench, 4)
    #expect(bench.told.count == 8)
  }

  @Test("single failed attempts that no rule tells of are no changes")
  func unconfirmed() {
    let bench = Self.bench()
    for _ in 0..<20 {
      bench.network = { _ in wrong }
      bench.advance(by: .minutes(1))
      bench.network = { _ in right }
      bench.advance(by: .minutes(1))
    }
    #expect(bench.told.isEmpty && !bench.isFlapping)
  }

  @Test("it flaps on over a restart, and has to be calm for a whole window")
  func restart() throws {
    let bench = Self.bench()
    Self.turn(bench, 4)
    let incident = try #require(bench.engine.shownIncidents.open.first)
    let again = Bench(
      [link("land/hue", [probe(retryLimit: 0)], rules: Self.rules)], incidents: Self.reopening,
      at: bench.now)
    again.engine.restore([incident], at: again.now)
    #expect(again.isFlapping)
    again.network = { _ in right }
    again.advance(by: .minutes(50))
    #expect(again.told.isEmpty, "\(again.told.map(\.summary))")
    again.advance(by: .minutes(15))
    #expect(again.told.map(\.status) == [.resolved])
  }

  @Test(
    "over a restart a link that goes from slow to well and back is not taken for one that is down")
  func restartOfSlow() throws {
    let bench = Self.bench()
    Self.turn(bench, 4)
    var incident = try #require(bench.engine.shownIncidents.open.first)
    incident.conditions.removeAll { $0.rule != .flapping }
    incident.severity = .critical
    for (layer, isDown) in [("degraded", false), ("failing", true)] {
      incident.subject?.layer = layer
      let again = Bench(
        [link("land/hue", [probe(retryLimit: 0)], rules: Self.rules)], incidents: Self.reopening,
        at: bench.now)
      again.engine.restore([incident], at: again.now)
      let id = try #require(incident.links.first)
      let trouble = try #require(again.engine.troubles[id])
      #expect(trouble.isDown == isDown && trouble.severity == .critical)
    }
  }

  @Test("a reload that takes the rule away ends it")
  func reload() {
    let bench = Self.bench()
    Self.turn(bench, 3)
    #expect(bench.isFlapping)
    var other = link(
      "land/hue", [probe(retryLimit: 0)],
      rules: AlertRules(failures: FailureRule(failures: 2, of: 2)))
    other.fingerprint = 1
    bench.engine.load([other], at: bench.now)
    bench.advance(by: .minutes(1))
    #expect(!bench.isFlapping)
    #expect(bench.told.last?.status == .resolved)
  }

  @Test("reloads of a link that flaps leave one time to look at it, not one for each")
  func reloadsAgain() {
    let bench = Self.bench()
    Self.turn(bench, 3)
    for fingerprint in 1...5 as ClosedRange<UInt64> {
      var other = link(
        "land/hue", [probe(retryLimit: 0)],
        rules: AlertRules(
          failures: FailureRule(failures: 2, of: 2),
          flapping: FlappingRule(
            changes: 4 + Int(fingerprint), clearChanges: 1, window: .hours(1))))
      other.fingerprint = fingerprint
      bench.engine.load([other], at: bench.now)
      bench.advance(by: .minutes(1))
    }
    #expect(bench.isFlapping)
    #expect(bench.engine.flappingDue.count == 6)
    // All that were asked for are past; the link still changes now and then.
    Self.turn(bench, 7, minutes: 5)
    #expect(bench.isFlapping)
    #expect(bench.engine.flappingDue.count == 1)
  }

  @Test("while it is paused nobody can say that it is calm")
  func paused() {
    let bench = Self.bench()
    Self.turn(bench, 3)
    bench.engine.pause(
      Pause(
        link: LinkID(service: "land", consumer: "hue"), by: "lan", reason: "x",
        since: bench.now.wall),
      at: bench.now)
    bench.advance(by: .hours(5))
    #expect(bench.isFlapping)
    #expect(bench.told.last?.status == .open)
  }
}
