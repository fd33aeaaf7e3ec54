import Base
import Model
import Testing

@testable import Judgement

@Suite("Hold times and severities") struct HoldTests {
  /// `o` right, `x` failed, a minute apart; the answer has `R` where the rule was raised and `C` where
  /// it was cleared.
  private func trace(_ rule: FailureRule, _ attempts: String) -> String {
    var judge = ProbeJudge(rules: AlertRules(failures: rule), every: .seconds(60))
    var trace = ""
    for (index, attempt) in attempts.enumerated() {
      let before = judge.isRaised(.failures)
      let outcome: Outcome = attempt == "x" ? .connect(.refused) : .ok
      let changed = judge.record(sample(outcome, at: Int64(index) * 60))
      let after = judge.isRaised(.failures)
      #expect(changed == (before != after))
      trace += before == after ? "-" : after ? "R" : "C"
    }
    return trace
  }

  private static func rule(raise: Int64 = 0, clear: Int64 = 0) -> FailureRule {
    FailureRule(
      failures: 2, of: 3, clearAfter: 2,
      grade: RuleGrade(
        .critical, raiseAfter: .seconds(raise * 60), clearAfter: .seconds(clear * 60)))
  }

  @Test(
    "a condition has to hold for its time before the rule changes",
    arguments: [
      (rule(raise: 3), "xxxxx", "----R", "two of three since the second minute"),
      (rule(raise: 3), "xxoxxx", "----R-", "one right attempt does not end the condition"),
      (rule(raise: 3), "xxooxxxxx", "--------R", "two do, and it begins anew"),
      (rule(clear: 2), "xxooooo", "-R---C-", "right twice, and two minutes more"),
      (rule(clear: 2), "xxoooxoooo", "-R-------C", "a failure begins the wait anew"),
      (rule(), "xxoo", "-R-C", "without hold times the counts alone decide"),
    ])
  func failures(rule: FailureRule, attempts: String, expected: String, reason: String) {
    #expect(trace(rule, attempts) == expected, "\(reason)")
  }

  @Test("a clock that was set back begins the wait anew and does not lengthen it")
  func clockStep() {
    var held = HeldConditions()
    let hold = TimeAmount.minutes(5)
    #expect(held.holds(.latency, true, for: hold, at: testTime) == false)
    #expect(held.holds(.latency, true, for: hold, at: testTime + .seconds(-3_600)) == false)
    #expect(held.holds(.latency, true, for: hold, at: testTime + .seconds(-3_600 + 299)) == false)
    #expect(held.holds(.latency, true, for: hold, at: testTime + .seconds(-3_600 + 300)) == true)
  }

  @Test("each rule has the severity that the catalogue gives it, also after a restart")
  func severities() {
    let rules = AlertRules(
      failures: FailureRule(failures: 1, of: 1, grade: RuleGrade(.warning)),
      latency: LatencyRule(
        percentilePermille: 500, raiseAbove: .milliseconds(100), clearBelow: .milliseconds(50),
        window: .minutes(10), minimumSamples: 1, grade: RuleGrade(.critical)))
    var judge = ProbeJudge(rules: rules, every: .seconds(60))
    _ = judge.record(sample(.http(.status(500)), milliseconds: 900, status: 500))
    #expect(judge.raised.map(\.rule) == [.failures, .latency])
    #expect(judge.raised.map(\.severity) == [.warning, .critical])
    var other = ProbeJudge(rules: rules, every: .seconds(60))
    for rule in judge.raised {
      other.restore(
        RaisedRule(
          rule: rule.rule, since: rule.since, evidence: rule.evidence, cause: rule.cause,
          causeDetail: rule.causeDetail))
    }
    #expect(other.raised == judge.raised)
  }

  @Test(
    "a certificate is critical from the last step on",
    arguments: [("14", Severity.warning), ("3", .critical), ("1", .critical)])
  func expiry(days: String, severity: Severity) {
    let rules = AlertRules(
      failures: FailureRule(failures: 3, of: 5), warnings: WarningRule(criticalDays: 3))
    var judge = ProbeJudge(rules: rules, every: .seconds(60))
    #expect(judge.record(sample(.warning(.certificateExpires(days)))) == true)
    #expect(judge.raised.first?.severity == severity)
    #expect(
      judge.record(sample(.warning(.certificateExpires("0")), at: 60)) == true,
      "fewer days are told")
    #expect(judge.raised.first?.severity == .critical)
  }

  @Test("a rule of a probe that is not required is no more than a warning")
  func notRequired() {
    let critical = RaisedRule(
      rule: .latency, since: testTime, evidence: "slow", cause: "slow", severity: .critical)
    func severity(_ isRequired: Bool) -> Severity {
      LinkFindings(
        probes: [ProbeFindings(probe: "a", isRequired: isRequired, raised: [critical])]
      ).severity
    }
    #expect(severity(true) == .critical && severity(false) == .warning)
  }

  @Test("nothing recorded is raised once and ends with the next attempt, whatever that shows")
  func noData() {
    var judge = ProbeJudge(rules: .standard, every: .seconds(60))
    #expect(
      judge.missData(at: testTime, evidence: "nothing was recorded", detail: "politeness") == true)
    #expect(judge.missData(at: testTime, evidence: "still nothing", detail: "") == false)
    #expect(judge.condition(isFresh: false) == .unknown, "and is never up")
    #expect(
      judge.record(sample(.skipped(.politeness), at: 60)) == false, "a skipped run ends nothing")
    #expect(judge.record(sample(.connect(.refused), at: 120)) == true)
    #expect(judge.raised.isEmpty)
  }
}
