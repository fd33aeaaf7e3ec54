import Base
import Model
import Simulation
import Testing

@testable import Judgement

struct JudgeAgainstNaiveTests {
  private func rules(_ random: inout SeededGenerator) -> AlertRules {
    let of = 1 + Int(random.below(12))
    let raise = 50 + Int(random.below(700))
    let above = TimeAmount.milliseconds(200 + Int64(random.below(3_000)))
    let window = TimeAmount.seconds(60 + Int64(random.below(900)))
    // Every other rule holds its conditions for some time.
    func grade() -> RuleGrade {
      func hold() -> TimeAmount {
        random.below(2) == 0 ? .zero : .seconds(Int64(random.below(200)))
      }
      return RuleGrade(raiseAfter: hold(), clearAfter: hold())
    }
    return AlertRules(
      failures: FailureRule(
        failures: 1 + Int(random.below(UInt64(of))), of: of, clearAfter: 1 + Int(random.below(5)),
        grade: grade()),
      warnings: WarningRule(grade: grade()),
      errorRate: random.below(4) == 0
        ? nil
        : ErrorRateRule(
          raisePermille: raise, clearPermille: 1 + Int(random.below(UInt64(raise))),
          window: window, minimumSamples: 1 + Int(random.below(12)), grade: grade()),
      latency: random.below(4) == 0
        ? nil
        : LatencyRule(
          percentilePermille: [500, 900, 950, 999][Int(random.below(4))], raiseAbove: above,
          clearBelow: above * Int64(1 + random.below(10)) / 10, window: window * 2,
          minimumSamples: 1 + Int(random.below(12)), grade: grade()),
      ownPast: random.below(4) == 0
        ? nil
        : OwnPastRule(
          percentilePermille: [500, 900, 950][Int(random.below(3))],
          raiseTenths: 11 + Int(random.below(30)), clearTenths: 8 + Int(random.below(20)),
          floor: .milliseconds(Int64(random.below(600))), window: window,
          minimumSamples: 1 + Int(random.below(12)), minimumPastSamples: 20, grade: grade()),
      burnRate: random.below(4) == 0
        ? nil
        : BurnRateRule(
          objectiveMillionths: 900_000 + Int(random.below(99_000)),
          pairs: [
            BurnPair(
              long: window * 2, short: window / 4, factorTenths: 20 + Int(random.below(100)),
              severity: .critical),
            BurnPair(
              long: window * 8, short: window * 2, factorTenths: 10 + Int(random.below(20)),
              severity: .warning),
          ], minimumSamples: 1 + Int(random.below(12)), grade: grade()),
      noData: random.below(2) == 0 ? nil : .standard)
  }

  /// Tells both what an hour was like in the weeks before.
  private func learn(
    _ judge: inout ProbeJudge, _ naive: inout NaiveJudge, at time: WallTime,
    _ random: inout SeededGenerator
  ) {
    let length = TimeAmount.hours(1).nanoseconds
    let start = WallTime(nanoseconds: time.nanoseconds - time.nanoseconds % length)
    let percentile = UInt32(50_000 + random.below(2_000_000))
    let samples = Int(random.below(100))
    judge.learn(
      PastHour(start: start, percentileMicroseconds: percentile, samples: samples))
    naive.learn(start: start, percentileMicroseconds: percentile, samples: samples)
  }

  @Test("the judge raises and clears what the rules say, over restarts", arguments: 0..<150)
  func random(seed: UInt64) { _ = run(seed: seed) }

  @Test("and each of the rules is raised in some of these runs")
  func none() {
    let raised = (0..<30 as Range<UInt64>).reduce(into: Set<RuleKind>()) {
      $0.formUnion(run(seed: $1))
    }
    #expect(raised == Set(RuleKind.allCases).subtracting([.overdue, .flapping]))
  }

  /// The rules that were raised.
  private func run(seed: UInt64) -> Set<RuleKind> {
    var random = SeededGenerator(seed: seed)
    var source = SampleSource(seed: seed &+ 1_000)
    let rules = rules(&random)
    let every = TimeAmount.seconds(Int64(2 + random.below(30)))
    var judge = ProbeJudge(rules: rules, every: every)
    var naive = NaiveJudge(rules: rules, every: every)
    var recorded: [Sample] = []
    var seen: Set<RuleKind> = []
    for step in 0..<400 {
      let sample = source.next()
      if random.below(30) == 0 { learn(&judge, &naive, at: sample.time, &random) }
      if random.below(40) == 0 {
        _ = judge.missData(at: sample.time, evidence: "nothing", detail: "")
        naive.missData()
      }
      let before = judge.raised
      let changed = judge.record(sample)
      naive.record(sample)
      recorded.append(sample)
      #expect(
        Set(judge.raised.map(\.rule)) == Set(naive.raised), "seed \(seed), step \(step)")
      seen.formUnion(naive.raised)
      #expect(changed == (judge.raised != before), "seed \(seed), step \(step)")
      if random.below(100) == 0 {
        // A restart: what was raised and what was recorded is read back.
        let raised = judge.raised
        judge = ProbeJudge(rules: rules, every: every)
        naive = NaiveJudge(rules: rules, every: every)
        for sample in recorded {
          judge.restore(sample)
          naive.restore(sample)
        }
        for rule in raised {
          judge.restore(rule)
          naive.restore(rule.rule, detail: rule.causeDetail)
        }
      }
    }
    return seen
  }
}

struct JudgeRestoreTests {
  private let rules = AlertRules(
    failures: FailureRule(failures: 3, of: 5),
    errorRate: ErrorRateRule(
      raisePermille: 500, clearPermille: 250, window: .minutes(15), minimumSamples: 4))

  @Test("restored samples fill the windows and raise nothing")
  func samples() {
    var judge = ProbeJudge(rules: rules, every: .seconds(60))
    for index in 0..<8 { judge.restore(sample(.connect(.refused), at: Int64(index))) }
    #expect(judge.raised.isEmpty)
    #expect(judge.condition(isFresh: true) == .unknown, "no fresh sample has come")
    #expect(
      judge.record(sample(.connect(.refused), at: 9)) == true, "the next failure counts with them")
    #expect(judge.raised.map(\.rule) == [.failures, .errorRate])
  }

  @Test("a restored rule stays raised until fresh samples clear it")
  func raised() {
    var judge = ProbeJudge(rules: rules, every: .seconds(60))
    let rule = RaisedRule(
      rule: .failures, since: testTime - .hours(1), evidence: "then", cause: "connect.refused")
    judge.restore(rule)
    judge.restore(rule)
    #expect(judge.raised == [rule])
    #expect(judge.record(sample()) == false)
    #expect(judge.raised == [rule], "one right answer is not two")
    #expect(judge.record(sample(at: 1)) == true)
    #expect(judge.raised.isEmpty)
  }

  @Test("a restored rule that the catalogue has dropped is left out: it would never clear")
  func dropped() {
    var judge = ProbeJudge(rules: rules, every: .seconds(60))
    judge.restore(
      RaisedRule(rule: .latency, since: testTime, evidence: "slow", cause: "slow"))
    #expect(judge.raised.isEmpty)
  }
}

struct ProbeConditionTests {
  private func judge(_ samples: [Sample]) -> ProbeJudge {
    var judge = ProbeJudge(rules: .standard, every: .seconds(60))
    for sample in samples { _ = judge.record(sample) }
    return judge
  }

  @Test(
    "a probe's condition",
    arguments: [
      ([], true, .unknown, "no sample"),
      ([sample()], true, .ok, "a right one"),
      ([sample()], false, .unknown, "a right one of long ago"),
      ([sample(flags: .slow)], true, .impaired, "slow"),
      ([sample(.warning(.plugin))], true, .impaired, "warned once"),
      ([sample(.warning(.plugin)), sample()], true, .ok, "no warning any more"),
      ([sample(.connect(.refused))], true, .impaired, "failed once"),
      ([sample(.connect(.refused)), sample()], true, .ok, "right again"),
      (
        [sample(.connect(.refused)), sample(.connect(.refused)), sample(.connect(.refused))], true,
        .failing, "the rule is raised"
      ),
      (
        [
          sample(.connect(.refused)), sample(.connect(.refused)), sample(.connect(.refused)),
          sample(),
        ], true, .failing, "one right answer does not clear it"
      ),
      (
        [sample(.connect(.refused)), sample(.connect(.refused)), sample(.connect(.refused))], false,
        .unknown, "of long ago"
      ),
      ([sample(), sample(.skipped(.paused))], true, .ok, "a skipped run changes nothing"),
      ([sample(.skipped(.paused))], true, .unknown, "and shows nothing"),
    ] as [([Sample], Bool, ProbeCondition, String)])
  func table(samples: [Sample], isFresh: Bool, condition: ProbeCondition, reason: String) {
    #expect(judge(samples).condition(isFresh: isFresh) == condition, "\(reason)")
  }
}
