import Base
import Model
import Testing

@testable import Judgement

@Suite("Burn rate") struct BurnRateTests {
  /// 99 %: a budget of one error in a hundred.
  private static let rule = BurnRateRule(objectiveMillionths: 990_000)

  private static func judge(_ rule: BurnRateRule = rule) -> ProbeJudge {
    ProbeJudge(
      rules: AlertRules(failures: FailureRule(failures: 64, of: 64), burnRate: rule),
      every: .seconds(60))
  }

  private static func run(
    _ judge: inout ProbeJudge, minutes: Range<Int64>, failing: (Int64) -> Bool
  ) {
    for minute in minutes {
      _ = judge.record(
        sample(failing(minute) ? .http(.status(500)) : .ok, at: minute * 60))
    }
  }

  @Test("an outage burns the budget fast, in both windows, and is critical")
  func outage() throws {
    var judge = Self.judge()
    Self.run(&judge, minutes: 0..<60) { _ in false }
    #expect(judge.raised.isEmpty)
    // 14.4 % of an hour are nine minutes.
    Self.run(&judge, minutes: 60..<68) { _ in true }
    #expect(judge.raised.isEmpty, "the long window says that it does not matter yet")
    Self.run(&judge, minutes: 68..<72) { _ in true }
    let raised = try #require(judge.raised.first)
    #expect(raised.rule == .burnRate && raised.severity == .critical)
    #expect(raised.cause == "http.status" && raised.causeDetail == "1h")
    #expect(raised.evidence.contains("budget of errors for 99%"))
    #expect(raised.evidence.contains("within 1h, "))
  }

  @Test("the short window ends it soon after the outage, however much of the budget is gone")
  func ending() {
    var judge = Self.judge(
      BurnRateRule(
        objectiveMillionths: 990_000,
        pairs: [
          BurnPair(long: .hours(1), short: .minutes(5), factorTenths: 144, severity: .critical)
        ]))
    Self.run(&judge, minutes: 0..<60) { $0 >= 40 }
    #expect(judge.isRaised(.burnRate))
    Self.run(&judge, minutes: 60..<64) { _ in false }
    #expect(judge.isRaised(.burnRate), "a failure is still within five minutes")
    Self.run(&judge, minutes: 64..<67) { _ in false }
    #expect(!judge.isRaised(.burnRate))
  }

  @Test("a slow burn is a warning, and a faster one that follows is told as critical")
  func slowBurn() throws {
    var judge = Self.judge()
    // 2 %: twice as fast as the budget lasts.
    Self.run(&judge, minutes: 0..<2_400) { $0 % 50 == 0 }
    let slow = try #require(judge.raised.first)
    #expect(slow.severity == .warning && slow.causeDetail == "3d")
    Self.run(&judge, minutes: 2_400..<2_460) { _ in true }
    let fast = try #require(judge.raised.first)
    #expect(fast.severity == .critical && judge.raised.count == 1)
    #expect(fast.since == slow.since, "it is the same rule")
    Self.run(&judge, minutes: 2_460..<2_500) { $0 % 50 == 0 }
    #expect(judge.isRaised(.burnRate), "what is left of it is no news")
  }

  @Test("a start that remembers a part of the long window does not end a slow burn that goes on")
  func restarted() throws {
    var judge = Self.judge()
    // 2 %: twice as fast as the budget lasts, for three days and more.
    Self.run(&judge, minutes: 0..<5_000) { $0 % 50 == 0 }
    let told = try #require(judge.raised.first)
    #expect(told.causeDetail == "3d")
    // Of the last day and a half are the samples that are read.
    judge = Self.judge()
    for minute in 3_600..<5_000 as Range<Int64> {
      judge.restore(sample(minute % 50 == 0 ? .http(.status(500)) : .ok, at: minute * 60))
    }
    judge.restore(told)
    Self.run(&judge, minutes: 5_000..<5_400) { $0 % 50 == 0 }
    #expect(judge.raised == [told], "its recovery would be false")
    Self.run(&judge, minutes: 5_400..<5_900) { _ in false }
    #expect(judge.raised.isEmpty, "the short window ends it")
  }

  @Test("counts by the hour and by five minutes fill the windows as the attempts themselves do")
  func counted() throws {
    var all = Self.judge()
    var counts = Self.judge()
    let end: Int64 = 72 * 60
    // Cells begin at whole hours.
    let hour: Int64 = 3_600_000
    let origin = (hour - testTime.milliseconds % hour) / 1_000
    func fails(_ minute: Int64) -> Bool { minute % 7 == 0 || minute > end - 20 }
    func restore(_ judge: inout ProbeJudge, _ minutes: Range<Int64>) {
      for minute in minutes {
        judge.restore(sample(fails(minute) ? .http(.status(500)) : .ok, at: origin + minute * 60))
      }
    }
    restore(&all, 0..<end)
    let parts = [(0..<end - 720, 60), (end - 720..<end - 35, 5)] as [(Range<Int64>, Int64)]
    for (minutes, length) in parts {
      for start in stride(from: minutes.lowerBound, to: minutes.upperBound, by: Int(length)) {
        let failed = (start..<start + length).count(where: fails)
        counts.restore([
          AttemptCounts(
            time: sample(.ok, at: origin + start * 60).time, total: UInt32(length),
            failed: UInt32(failed))
        ])
      }
    }
    restore(&counts, end - 35..<end)
    let burns = try [#require(all.burn), #require(counts.burn)]
    for pair in Self.rule.pairs.indices {
      #expect(burns[0].counted(pair).long == burns[1].counted(pair).long)
      #expect(burns[0].counted(pair).short == burns[1].counted(pair).short)
    }
    _ = all.record(sample(.ok, at: origin + end * 60))
    _ = counts.record(sample(.ok, at: origin + end * 60))
    #expect(all.raised.map(\.evidence) == counts.raised.map(\.evidence) && !all.raised.isEmpty)
  }

  @Test("before three days have been counted a single failure does not use up their budget")
  func begins() {
    var judge = Self.judge()
    Self.run(&judge, minutes: 0..<200) { $0 == 20 }
    #expect(judge.raised.isEmpty)
  }

  @Test("on fewer attempts than its minimum nothing is decided")
  func minimum() {
    var judge = Self.judge()
    Self.run(&judge, minutes: 0..<9) { _ in true }
    #expect(judge.raised.isEmpty)
    Self.run(&judge, minutes: 9..<10) { _ in true }
    #expect(judge.isRaised(.burnRate))
  }

  @Test("confirmations and skipped runs do not count")
  func uncounted() {
    var judge = Self.judge()
    for second in 0..<50 {
      _ = judge.record(sample(.connect(.refused), at: Int64(second), flags: .confirmation))
      _ = judge.record(sample(.skipped(.missed), at: Int64(second)))
    }
    #expect(judge.raised.isEmpty)
  }

  @Test("the counts agree with a list of the attempts, over steps of the clock", arguments: 0..<40)
  func counts(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let rule = BurnRateRule(
      objectiveMillionths: 990_000,
      pairs: [
        BurnPair(long: .hours(1), short: .minutes(5), factorTenths: 10, severity: .warning),
        BurnPair(long: .hours(6), short: .minutes(30), factorTenths: 10, severity: .warning),
      ])
    var counts = BurnCounts(rule, every: .seconds(60))
    var list: [(time: WallTime, failed: Bool)] = []
    var time = testTime
    for _ in 0..<2_000 {
      time = time + .seconds(Int64(random.below(120)))
      if random.below(300) == 0 { time = time + .seconds(Int64(random.below(40_000))) }
      let failed = random.below(4) == 0
      counts.add(failed: failed, at: time)
      list.append((time, failed))
      for (pair, lengths) in rule.pairs.enumerated() {
        let counted = counts.counted(pair)
        for (length, seen) in [(lengths.long, counted.long), (lengths.short, counted.short)] {
          // A window is up to a twelfth too long.
          func within(_ length: TimeAmount) -> [Bool] {
            list.filter { time - $0.time < length }.map(\.failed)
          }
          let least = within(length)
          let most = within(length + length / 12)
          #expect(least.count <= seen.total && seen.total <= most.count, "seed \(seed)")
          #expect(
            least.count { $0 } <= seen.failed && seen.failed <= most.count { $0 }, "seed \(seed)")
        }
      }
    }
    counts.add(failed: true, at: time + .seconds(-100_000))
    #expect(counts.counted(0).long.total == 1, "a clock set far back begins anew")
  }

  @Test("failures shortly before we may have been blind count against nobody")
  func forgiven() {
    var counts = BurnCounts(Self.rule, every: .seconds(60))
    for minute in 0..<60 {
      counts.add(failed: minute >= 50, at: testTime + .seconds(Int64(minute) * 60))
    }
    counts.forgive(last: .minutes(15))
    #expect(
      counts.counted(0).long.total == 60 && counts.counted(0).long.failed == 0
        && counts.counted(0).short.failed == 0)
    counts.removeAll()
    #expect(counts.counted(0).long.total == 0)
  }
}
