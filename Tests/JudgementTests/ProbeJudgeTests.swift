import Base
import Judgement
import Model
import Testing

@Suite("A probe's judge")
struct ProbeJudgeTests {
  private static let start = WallTime(milliseconds: 1_760_000_000_000)

  private static let rules = AlertRules(
    failures: FailureRule(failures: 3, of: 5, clearAfter: 2),
    errorRate: ErrorRateRule(
      raisePermille: 200, clearPermille: 100, window: .minutes(15), minimumSamples: 10),
    latency: LatencyRule(
      percentilePermille: 950, raiseAbove: .seconds(3), clearBelow: .seconds(2),
      window: .minutes(15), minimumSamples: 10))

  /// Feeds letters, one a minute: `o` right, `s` slow, `x` failed, `c` a failed confirmation, `k`
  /// skipped; gives the judge.
  private func judged(
    _ letters: String, rules: AlertRules = rules, each: (ProbeJudge, Int) -> Void = { _, _ in }
  ) -> ProbeJudge {
    var judge = ProbeJudge(rules: rules, every: .seconds(60))
    for (index, letter) in letters.enumerated() {
      _ = judge.record(sample(letter, minute: index))
      each(judge, index)
    }
    return judge
  }

  private func sample(_ letter: Character, minute: Int) -> Sample {
    var sample = Sample(time: Self.start + .minutes(Int64(minute)), outcome: .ok)
    sample.timings.totalMicroseconds = letter == "s" ? 4_000_000 : 10_000
    switch letter {
    case "x", "c": sample.outcome = .http(.status(500))
    case "k": sample.outcome = .skipped(.stillRunning)
    default: break
    }
    sample.httpStatus = sample.outcome.isFailure ? 500 : 200
    if letter == "c" { sample.flags.insert(.confirmation) }
    if letter == "s" { sample.flags.insert(.slow) }
    return sample
  }

  @Test(
    "the failure rule is raised by k of n, and cleared by enough right answers in a row",
    arguments: [
      ("oooxx", false, "two failures are not three"),
      ("oooxxx", true, "three in a row"),
      ("xoxox", true, "three of five, not in a row"),
      ("xooxoox", false, "three, but not within five"),
      ("xxxo", true, "one right answer does not clear"),
      ("xxxoo", false, "two do"),
      ("xxxoxo", true, "not when a failure lies between"),
      ("xxkx", true, "a skipped run counts for nothing"),
      ("xcc", true, "confirmations count here"),
      ("xxxss", false, "a slow answer is an answer"),
    ] as [(String, Bool, String)])
  func failures(letters: String, isRaised: Bool, reason: String) {
    #expect(judged(letters).isRaised(.failures) == isRaised, "\(reason)")
  }

  @Test(
    "the error rate needs its minimum, leaves confirmations out, and clears lower than it raises",
    arguments: [
      ("xoooooooo", false, "nine attempts are too few"),
      ("xoooooooox", true, "2 of 10 are 20 %"),
      ("xooooooooo", false, "1 of 10 is less"),
      ("xccccooooooooo", false, "confirmations would make it 5 of 14"),
      ("xxoooooooo" + "ooooo", true, "2 of 15 lie between the limits"),
      ("xxoooooooo" + "ooooooooooooooo", false, "none within the last 15 minutes"),
    ] as [(String, Bool, String)])
  func errorRate(letters: String, isRaised: Bool, reason: String) {
    #expect(judged(letters).isRaised(.errorRate) == isRaised, "\(reason)")
  }

  @Test("a percentile of latency raises above one limit and clears below a lower one")
  func latency() {
    #expect(!judged("ooooooooo").isRaised(.latency))
    #expect(judged("ooooooooos").isRaised(.latency), "p95 of ten is the slowest")
    #expect(!judged("s" + String(repeating: "o", count: 20)).isRaised(.latency))
  }

  @Test("an answer right but slow, or a single failure, makes a probe impaired, not failing")
  func condition() {
    func condition(_ letters: String, after: TimeAmount = .zero) -> ProbeCondition {
      let judge = judged(letters)
      let last = Self.start + .minutes(Int64(letters.count - 1))
      return judge.condition(at: last + after, staleAfter: .minutes(3))
    }
    #expect(condition("o") == .ok)
    #expect(condition("s") == .impaired)
    #expect(condition("ox") == .impaired)
    #expect(condition("xxx") == .failing)
    #expect(condition("k") == .unknown, "a skipped run tells nothing")
    #expect(condition("o", after: .minutes(3)) == .ok)
    #expect(condition("o", after: .minutes(4)) == .unknown, "too old to say anything")
    #expect(condition("xxx", after: .minutes(4)) == .unknown)
  }

  @Test("restored samples fill the windows and raise nothing; restored rules wait to be cleared")
  func restore() {
    var judge = ProbeJudge(rules: Self.rules, every: .seconds(60))
    for minute in 0..<5 { judge.restore(sample("x", minute: minute)) }
    #expect(judge.raised.isEmpty)
    #expect(judge.condition(at: Self.start, staleAfter: .hours(1)) == .unknown)
    judge.restore(
      RaisedRule(rule: .failures, since: Self.start, evidence: "from before", cause: "http.status"))
    _ = judge.record(sample("x", minute: 5))
    #expect(judge.raised.first?.evidence == "from before", "not raised a second time")
    _ = judge.record(sample("o", minute: 6))
    _ = judge.record(sample("o", minute: 7))
    #expect(!judge.isRaised(.failures))
  }

  @Test("a restored rule that the catalogue no longer has is left out: it could never clear")
  func restoreWithoutRule() {
    let rules = AlertRules(failures: FailureRule(failures: 3, of: 5))
    var judge = ProbeJudge(rules: rules, every: .seconds(60))
    judge.restore(
      RaisedRule(rule: .latency, since: Self.start, evidence: "p95", cause: "slow"))
    #expect(judge.raised.isEmpty)
  }

  @Test("the window shows the last 64 attempts, oldest first")
  func bits() {
    #expect(judged("oxsk").bits.text == "oxs")
    #expect(judged(String(repeating: "o", count: 70) + "x").bits.text.count == 64)
  }
}

@Suite("The keeper of incidents")
struct IncidentKeeperTests {
  private let link = LinkID(service: "civil-registry", consumer: "an-giang")
  private let name = LocalizedName(en: "Civil registry", vi: "Hộ tịch")
  private let time = WallTime(milliseconds: 1_760_000_000_000)

  private func findings(_ rules: [RuleKind], cause: String = "http.status") -> [ProbeFindings] {
    [
      ProbeFindings(
        probe: "http", isRequired: true,
        raised: rules.map {
          RaisedRule(rule: $0, since: time, evidence: "3 of 5 failed", cause: cause)
        })
    ]
  }

  /// What the keeper tells, which must be something.
  private func told(_ keeper: inout IncidentKeeper, _ rules: [RuleKind], at time: WallTime) throws
    -> Incident
  {
    let told = keeper.update(link, name: name, findings: findings(rules), at: time)
    return try #require(told)
  }

  @Test("it opens once, tells changes of meaning, resolves, and numbers what it tells")
  func life() throws {
    var keeper = IncidentKeeper(seed: 1)
    let opened = try told(&keeper, [.errorRate], at: time)
    #expect(opened.sequence == 1)
    #expect(opened.severity == .warning)
    let again = keeper.update(link, name: name, findings: findings([.errorRate]), at: time)
    #expect(again == nil)
    let worse = try told(&keeper, [.errorRate, .failures], at: time)
    #expect((worse.id, worse.sequence) == (opened.id, 2))
    #expect(worse.severity == .critical)
    let ended = try told(&keeper, [], at: time + .minutes(4))
    #expect((ended.id, ended.sequence, ended.status) == (opened.id, 3, .resolved))
    #expect(ended.summary.contains("after 4m 0s"))
    #expect(keeper.openCount == 0)
    let next = try told(&keeper, [.failures], at: time)
    #expect(next.id != opened.id)
  }

  @Test("a restored incident goes on under its id")
  func restore() throws {
    var keeper = IncidentKeeper(seed: 1)
    let opened = try told(&keeper, [.failures], at: time)
    var later = IncidentKeeper(seed: 2)
    later.restore(opened)
    let again = later.update(link, name: name, findings: findings([.failures]), at: time)
    #expect(again == nil)
    let ended = try told(&later, [], at: time)
    #expect((ended.id, ended.sequence) == (opened.id, 2))
  }
}
