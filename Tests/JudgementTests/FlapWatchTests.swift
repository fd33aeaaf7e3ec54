import Base
import Model
import Testing

@testable import Judgement

@Suite("Flapping") struct FlapWatchTests {
  private let rule = FlappingRule(changes: 4, clearChanges: 1, window: .hours(1))

  private func now(_ minutes: Int64) -> Now {
    Now(
      instant: Instant(nanoseconds: minutes * 60_000_000_000),
      wall: testTime + .seconds(minutes * 60))
  }

  @Test("so many changes within the window begin it, and others than changes do not count")
  func begins() {
    var watch = FlapWatch()
    #expect(watch.note(.down, after: .well, rule, at: now(0)) == false)
    #expect(watch.note(.down, after: .down, rule, at: now(1)) == false, "no change")
    #expect(watch.note(.degraded, after: .down, rule, at: now(2)) == false)
    #expect(watch.note(.well, after: .degraded, rule, at: now(3)) == false)
    #expect(watch.note(.down, after: .well, rule, at: now(4)) == true)
    #expect(watch.isFlapping)
    #expect(watch.raisedRule(rule)?.evidence.contains("4 times within 1h") == true)
  }

  @Test("changes that are farther apart are none of it")
  func apart() {
    var watch = FlapWatch()
    for step in 0..<20 {
      let verdict: LinkVerdict = step % 2 == 0 ? .down : .well
      let former: LinkVerdict = step % 2 == 0 ? .well : .down
      #expect(watch.note(verdict, after: former, rule, at: now(Int64(step) * 20)) == false)
    }
  }

  @Test("it is calm once few enough of its changes lie within the window")
  func calm() {
    var watch = FlapWatch()
    for step in 0..<4 {
      _ = watch.note(
        step % 2 == 0 ? .down : .well, after: step % 2 == 0 ? .well : .down, rule,
        at: now(Int64(step)))
    }
    #expect(watch.calmAt(rule) == now(62).instant, "an hour after the last but one")
    // While it flaps it knows itself how the link was: what is told of it stands still.
    #expect(watch.note(.down, after: .well, rule, at: now(30)) == false, "it flaps already")
    #expect(watch.calmAt(rule) == now(63).instant)
    watch.calm()
    #expect(!watch.isFlapping && watch.calmAt(rule) == nil)
  }

  @Test("one that flapped before a start has to be calm for a whole window")
  func restored() {
    let watch = FlapWatch(flappingSince: testTime, rule, at: now(10).instant)
    #expect(watch.isFlapping && watch.calmAt(rule) == now(70).instant)
  }

  @Test("what is told of a link that flaps stays as it is until it is calm")
  func trouble() throws {
    let link = LinkID(service: "land", consumer: "hue")
    func findings(_ rules: [RuleKind], flapping: Bool) -> LinkFindings {
      let raised = rules.map {
        RaisedRule(rule: $0, since: testTime, evidence: "as seen", cause: "connect.refused")
      }
      return LinkFindings(
        probes: [ProbeFindings(probe: "http", isRequired: true, raised: raised)],
        flapping: flapping
          ? RaisedRule(rule: .flapping, since: testTime, evidence: "often", cause: "flapping")
          : nil)
    }
    var keeper = TroubleKeeper()
    #expect(
      keeper.update(link, findings: findings([.failures], flapping: false), at: testTime) != nil)
    #expect(
      keeper.update(link, findings: findings([], flapping: true), at: testTime) == .changed)
    let trouble = try #require(keeper[link])
    #expect(trouble.isFlapping && trouble.severity == .critical && trouble.word == "flapping")
    #expect(trouble.conditions.map(\.rule) == [.flapping, .failures])
    for rules in [[.failures], [], [.failures]] as [[RuleKind]] {
      #expect(keeper.update(link, findings: findings(rules, flapping: true), at: testTime) == nil)
    }
    let more = findings([.failures, .latency], flapping: true)
    #expect(keeper.update(link, findings: more, at: testTime) == .changed)
    #expect(keeper[link]?.meaning == trouble.meaning, "one more rule is no news while it flaps")
    var ended = keeper
    #expect(
      ended.update(link, findings: findings([], flapping: false), at: testTime)
        == .ended(reason: "is calm and well"))
    #expect(
      keeper.update(link, findings: findings([.failures], flapping: false), at: testTime)
        == .changed)
    #expect(keeper[link]?.word == "down", "calm, and down")
  }
}
