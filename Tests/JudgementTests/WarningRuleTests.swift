import Base
import Model
import Testing

@testable import Judgement

struct WarningRuleTests {
  /// `o` right, `x` failed, `k` skipped, `w` a warning that passes, `c` one that stays; the answer has
  /// `R` where the rule was raised and `C` where it was cleared.
  private func trace(_ rule: FailureRule, _ attempts: String) -> String {
    var judge = ProbeJudge(rules: AlertRules(failures: rule), every: .seconds(60))
    var trace = ""
    for (index, attempt) in attempts.enumerated() {
      let before = judge.isRaised(.warnings)
      let outcome: Outcome =
        switch attempt {
        case "x": .connect(.refused)
        case "k": .skipped(.pluginUnknown)
        case "w": .warning(.plugin)
        case "c": .warning(.certificateExpires("14"))
        default: .ok
        }
      _ = judge.record(sample(outcome, at: Int64(index) * 60))
      let after = judge.isRaised(.warnings)
      trace += before == after ? "-" : after ? "R" : "C"
    }
    return trace
  }

  @Test(
    "raised and cleared by the counts of the failure rule, at once where asking again tells the same",
    arguments: [
      (FailureRule(failures: 3, of: 5), "www", "--R", "three in a row"),
      (FailureRule(failures: 3, of: 5), "wowow", "----R", "three of five, spread"),
      (FailureRule(failures: 3, of: 5), "wwoooow", "-------", "too far apart"),
      (FailureRule(failures: 3, of: 5), "wwkw", "---R", "a skipped run says nothing"),
      (FailureRule(failures: 3, of: 5), "wwxx", "----", "failures are no warnings"),
      (FailureRule(failures: 3, of: 5), "xxww", "----", "nor the other way round"),
      (FailureRule(failures: 3, of: 5), "wwxw", "---R", "and do not take the place of one"),
      (FailureRule(failures: 3, of: 5), "c", "R", "a certificate does not get younger"),
      (FailureRule(failures: 3, of: 5), "ccoo", "R--C", "renewed"),
      (FailureRule(failures: 3, of: 5), "coxo", "R---", "a failure tells nothing of it"),
      (FailureRule(failures: 3, of: 5), "coxoo", "R---C", "two in a row do"),
      (FailureRule(failures: 3, of: 5), "cowoo", "R---C", "another warning neither"),
      (FailureRule(failures: 3, of: 5), "wwwooww", "--R-C--", "what was told is forgotten"),
      (FailureRule(failures: 3, of: 5), "wwwxxxoo", "--R----C", "over an outage, with it"),
      (FailureRule(failures: 3, of: 5, clearAfter: 1), "coco", "RCRC", "quick to clear"),
      (FailureRule(failures: 1, of: 1), "wo", "R-", "a single one, if the rule says so"),
    ])
  func table(rule: FailureRule, attempts: String, expected: String, reason: String) {
    #expect(trace(rule, attempts) == expected, "\(reason)")
  }

  private func days(_ days: Int) -> Sample { sample(.warning(.certificateExpires("\(days)"))) }

  @Test("fewer days left are told at once and once each")
  func countdown() {
    var judge = ProbeJudge(rules: .standard, every: .hours(1))
    let told = [30, 30, 14, 14, 14, 14, 7, 7, 7].map { judge.record(days($0)) }
    #expect(told == [true, false, true, false, false, false, true, false, false])
    #expect(judge.raised.count == 1)
    #expect(judge.raised.first?.cause == "warning.certificateExpires")
    #expect(judge.raised.first?.causeDetail == "7")
    #expect(
      judge.raised.first?.evidence
        == "still warning, now: the certificate expires within 7 days")
  }

  @Test("of two servers that take turns, the more urgent one is told, once")
  func turns() {
    var judge = ProbeJudge(rules: .standard, every: .hours(1))
    let told = [30, 14, 30, 14, 30, 14].map { judge.record(days($0)) }
    #expect(told == [true, true, false, false, false, false])
    #expect(judge.raised.first?.causeDetail == "14")
    #expect(
      [30, 30, 30].map { judge.record(days($0)) } == [false, false, true], "unless it is gone")
  }

  @Test("another warning is told once it has shown itself three times in a row")
  func anotherCause() {
    var judge = ProbeJudge(rules: .standard, every: .seconds(60))
    _ = judge.record(days(14))
    let other = sample(.warning(.intermediateExpires("7")))
    #expect([other, other, other, other].map { judge.record($0) } == [false, false, true, false])
    #expect(judge.raised.first?.cause == "warning.intermediateExpires")
  }

  @Test("the evidence tells how many warned, and the note")
  func evidence() {
    var judge = ProbeJudge(rules: .standard, every: .seconds(60))
    var warning = sample(.warning(.plugin))
    warning.note = "DISK WARNING - 91 % full"
    for _ in 0..<3 { _ = judge.record(warning) }
    #expect(
      judge.raised.first?.evidence
        == "3 of the last 3 attempts warned: the plugin reports WARNING (DISK WARNING - 91 % full)")
    var lasting = ProbeJudge(rules: .standard, every: .seconds(60))
    _ = lasting.record(days(30))
    #expect(lasting.raised.first?.evidence == "the certificate expires within 30 days")
  }

  @Test("a link that fails while it warns tells both, and is down")
  func both() {
    var judge = ProbeJudge(rules: .standard, every: .seconds(60))
    _ = judge.record(days(7))
    #expect(judge.condition(isFresh: true) == .impaired)
    for _ in 0..<3 { _ = judge.record(sample(.connect(.refused))) }
    #expect(judge.raised.map(\.rule) == [.warnings, .failures])
    #expect(judge.condition(isFresh: true) == .failing)
    for _ in 0..<2 { _ = judge.record(days(7)) }
    #expect(judge.raised.map(\.rule) == [.warnings], "a warned attempt is a right one")
  }

  @Test("a restored warning stays raised until attempts without one clear it")
  func restored() {
    var judge = ProbeJudge(rules: .standard, every: .seconds(60))
    judge.restore(
      RaisedRule(
        rule: .warnings, since: testTime - .hours(1), evidence: "then",
        cause: "warning.certificateExpires", causeDetail: "14"))
    #expect(judge.record(days(14)) == false, "told already")
    #expect(judge.record(days(7)) == true)
    #expect(judge.record(sample()) == false)
    #expect(judge.record(sample()) == true)
    #expect(judge.raised.isEmpty)
  }
}
