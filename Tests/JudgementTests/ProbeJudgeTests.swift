import Base
import Model
import Simulation
import Testing

@testable import Judgement

struct AttemptBitsTests {
  @Test("it remembers the last 64 attempts and shows them oldest first")
  func window() {
    var bits = AttemptBits()
    #expect(bits.text == "")
    #expect(!bits.allRight(last: 1), "nothing was seen yet")
    bits.add(failed: true, slow: false)
    bits.add(failed: false, slow: true)
    bits.add(failed: false, slow: false)
    #expect(bits.text == "xso")
    var warned = bits
    warned.add(failed: false, slow: true, warned: true)
    #expect(warned.text == "xsow", "a warning says more than slowness")
    #expect(warned.warnings(ofLast: 1) == 1 && warned.warnings(ofLast: 4) == 1)
    #expect(warned.allRight(last: 2) && !warned.allWell(last: 2), "right, and not well")
    #expect(bits.allWell(last: 2) && !bits.allWell(last: 3) && !bits.allWell(last: 4))
    #expect(bits.failures(ofLast: 2) == 0)
    #expect(bits.failures(ofLast: 3) == 1)
    #expect(bits.failures(ofLast: 0) == 0)
    #expect(bits.allRight(last: 2))
    #expect(!bits.allRight(last: 3))
    for _ in 0..<100 { bits.add(failed: true, slow: false) }
    #expect(bits.count == 64)
    #expect(bits.failures(ofLast: 64) == 64)
    #expect(bits.text == String(repeating: "x", count: 64))
    bits.add(failed: false, slow: false)
    #expect(bits.failures(ofLast: 64) == 63)
  }
}

struct FailureRuleTests {
  /// `o` right, `s` slow, `x` failed, `k` skipped; the answer has `R` where the rule was raised and
  /// `C` where it was cleared.
  private func trace(_ rule: FailureRule, _ attempts: String) -> String {
    var judge = ProbeJudge(rules: AlertRules(failures: rule), every: .seconds(60))
    var trace = ""
    for (index, attempt) in attempts.enumerated() {
      let before = judge.isRaised(.failures)
      let outcome: Outcome =
        attempt == "x" ? .connect(.refused) : attempt == "k" ? .skipped(.stillRunning) : .ok
      let changed = judge.record(
        sample(outcome, at: Int64(index) * 60, flags: attempt == "s" ? .slow : []))
      let after = judge.isRaised(.failures)
      #expect(changed == (before != after))
      trace += before == after ? "-" : after ? "R" : "C"
    }
    return trace
  }

  private static let long = String(repeating: "x", count: 64) + String(repeating: "o", count: 64)
  private static let longTrace =
    String(repeating: "-", count: 63) + "R" + String(repeating: "-", count: 63) + "C"

  @Test(
    "k of n, with a limit of its own for clearing",
    arguments: [
      (FailureRule(failures: 3, of: 5), "xxx", "--R", "three in a row"),
      (FailureRule(failures: 3, of: 5), "xoxox", "----R", "three of five, spread"),
      (FailureRule(failures: 3, of: 5), "xooxoox", "-------", "three of seven are too few"),
      (FailureRule(failures: 3, of: 5), "xxkx", "---R", "a skipped run says nothing"),
      (FailureRule(failures: 3, of: 5), "xxxxx", "--R--", "raised once"),
      (FailureRule(failures: 3, of: 5), "xxxooo", "--R-C-", "two right ones clear it"),
      (FailureRule(failures: 3, of: 5), "xxxoxoo", "--R---C", "but only in a row"),
      (FailureRule(failures: 3, of: 5), "xxxokko", "--R---C", "skipped runs lie between"),
      (FailureRule(failures: 3, of: 5), "xxxss", "--R-C", "slow is right"),
      (FailureRule(failures: 1, of: 1, clearAfter: 1), "xoxo", "RCRC", "the most nervous"),
      (FailureRule(failures: 1, of: 1, clearAfter: 3), "xooxooo", "R-----C", "slow to clear"),
      (
        FailureRule(failures: 3, of: 5, clearAfter: 1), "xxxoo", "--RC-",
        "once cleared, a right answer does not raise it again"
      ),
      (
        FailureRule(failures: 3, of: 10), "xxxoooooooo", "--R-C------",
        "nor while the old failures are still within the ten"
      ),
      (
        FailureRule(failures: 3, of: 5, clearAfter: 1), "xxxoxxx", "--RC--R",
        "nor a single failure: it takes three new ones"
      ),
      (FailureRule(failures: 64, of: 64, clearAfter: 64), long, longTrace, "the longest rule"),
      (FailureRule(failures: 2, of: 5), "ox", "--", "one failure is not two"),
    ])
  func table(rule: FailureRule, attempts: String, expected: String, reason: String) {
    #expect(trace(rule, attempts) == expected, "\(reason)")
  }

  @Test("the evidence says how many of how many, and what was last seen")
  func evidence() throws {
    var judge = ProbeJudge(rules: .standard, every: .seconds(60))
    for index in 0..<2 { _ = judge.record(sample(.connect(.refused), at: Int64(index))) }
    _ = judge.record(sample(.http(.status(503)), at: 2, status: 503))
    let raised = try #require(judge.raised.first)
    #expect(raised.evidence == "3 of the last 3 attempts failed: HTTP status 503")
    #expect(raised.cause == "http.status")
    #expect(raised.since == testTime + .seconds(2))
  }

  @Test("the evidence tells the note of the failure that is told, safe to print")
  func note() throws {
    var judge = ProbeJudge(rules: .standard, every: .seconds(60))
    var failure = sample(.plugin(.critical))
    for note in ["first", "second", "DB CRITICAL - \u{1B}[31mno answer"] {
      failure.note = note
      _ = judge.record(failure)
    }
    #expect(
      judge.raised.first?.evidence
        == "3 of the last 3 attempts failed: the plugin reports CRITICAL "
        + "(DB CRITICAL - \\u{1b}[31mno answer)")
    failure.outcome = .http(.status(503))
    failure.note = "step 2 of 3 \"session\""
    for _ in 0..<3 { _ = judge.record(failure) }
    #expect(
      judge.raised.first?.evidence
        == "still failing, now: HTTP status 503 (step 2 of 3 \"session\")")
    failure.note = "step 3 of 3 \"status\""
    #expect(judge.record(failure) == false, "another note alone is no news")
  }

  @Test("another cause is told once it has shown itself three times in a row")
  func anotherCause() throws {
    var judge = ProbeJudge(rules: .standard, every: .seconds(60))
    for _ in 0..<3 { _ = judge.record(sample(.connect(.refused))) }
    #expect(judge.record(sample(.connect(.timedOut))) == false)
    #expect(judge.record(sample(.connect(.timedOut))) == false)
    #expect(judge.record(sample(.connect(.timedOut))) == true)
    #expect(judge.raised.first?.cause == "connect.timedOut")
    #expect(judge.raised.first?.evidence == "still failing, now: no connection in time")
    #expect(judge.record(sample(.connect(.timedOut))) == false, "once")
  }

  @Test("another status is told as another cause is, though both bear one name")
  func anotherStatus() {
    var judge = ProbeJudge(rules: .standard, every: .seconds(60))
    for _ in 0..<3 { _ = judge.record(sample(.http(.status(503)), status: 503)) }
    for told in [false, false, true, false] {
      let isNews = judge.record(sample(.http(.status(404)), status: 404))
      #expect(isNews == told)
    }
    #expect(judge.raised.first?.evidence == "still failing, now: HTTP status 404")
  }

  @Test("the last sample of before the start is remembered, and says nothing of now")
  func lastOfBefore() {
    var judge = ProbeJudge(rules: .standard, every: .seconds(60))
    judge.restore(sample(.ok))
    #expect(judge.newest?.outcome == .ok)
    #expect(judge.last == nil)
    #expect(judge.raised.isEmpty)
    #expect(judge.condition(isFresh: true) == .unknown)
  }

  @Test("causes that take turns are not told at every turn")
  func alternatingCauses() {
    var judge = ProbeJudge(rules: .standard, every: .seconds(60))
    for _ in 0..<3 { _ = judge.record(sample(.connect(.refused))) }
    for index in 0..<20 {
      let outcome: Outcome = index % 2 == 0 ? .connect(.timedOut) : .connect(.refused)
      #expect(judge.record(sample(outcome)) == false, "attempt \(index)")
    }
  }
}

struct RateRuleTests {
  private static let rules = AlertRules(
    failures: FailureRule(failures: 64, of: 64),
    errorRate: ErrorRateRule(
      raisePermille: 200, clearPermille: 100, window: .minutes(15), minimumSamples: 10))

  private func judge(after samples: [Sample]) -> ProbeJudge {
    var judge = ProbeJudge(rules: Self.rules, every: .seconds(10))
    for sample in samples { _ = judge.record(sample) }
    return judge
  }

  private func run(failed: Int, of total: Int) -> [Sample] {
    (0..<total).map { sample($0 < total - failed ? .ok : .connect(.refused), at: Int64($0) * 10) }
  }

  @Test(
    "the share raises at its limit and not below, on enough attempts",
    arguments: [
      (9, 9, false, "nine attempts are too few to say"),
      (10, 10, true, "ten are enough"),
      (2, 10, true, "just 20 %"),
      (1, 10, false, "10 %"),
      (3, 16, false, "18.75 %"),
      (4, 20, true, "20 % of more"),
    ])
  func raising(failed: Int, total: Int, isRaised: Bool, reason: String) {
    #expect(
      judge(after: run(failed: failed, of: total)).isRaised(.errorRate) == isRaised,
      "\(reason)")
  }

  @Test("it stays raised between its limits and clears only below the lower one")
  func hysteresis() {
    var judge = judge(after: run(failed: 2, of: 10))
    for index in 10..<20 {
      _ = judge.record(sample(at: Int64(index) * 10))
      #expect(judge.isRaised(.errorRate), "2 of \(index + 1) is 10 % or more, at \(index)")
      if index == 19 { break }
    }
    _ = judge.record(sample(at: 200))
    #expect(!judge.isRaised(.errorRate), "2 of 21 is less")
    #expect(judge.raised.isEmpty)
  }

  @Test("a short-notice run does not count: an outage would weigh twice")
  func confirmations() {
    var samples = run(failed: 1, of: 10)
    samples += (0..<10).map {
      sample(.connect(.refused), at: 91 + Int64($0), flags: .confirmation)
    }
    #expect(!judge(after: samples).isRaised(.errorRate))
    samples = samples.map { sample in
      var sample = sample
      sample.flags = []
      return sample
    }
    #expect(judge(after: samples).isRaised(.errorRate), "regular runs do")
  }

  @Test("failures that have left the window no longer count")
  func expiry() {
    var judge = judge(after: run(failed: 10, of: 10))
    #expect(judge.isRaised(.errorRate))
    for index in 0..<10 { _ = judge.record(sample(at: 2_000 + Int64(index) * 10)) }
    #expect(!judge.isRaised(.errorRate))
  }

  @Test("the evidence gives the share, the window and the cause")
  func evidence() {
    let judge = judge(
      after: (0..<20).map {
        sample($0 % 5 == 4 ? .http(.status(500)) : .ok, at: $0 * 10)
      })
    #expect(
      judge.raised.first?.evidence
        == "2 of 10 attempts within 15m failed (20 %): HTTP status 500")
  }
}

struct LatencyRuleTests {
  private static let rules = AlertRules(
    failures: FailureRule(failures: 64, of: 64),
    latency: LatencyRule(
      percentilePermille: 900, raiseAbove: .seconds(3), clearBelow: .seconds(2),
      window: .minutes(15), minimumSamples: 10))

  private func judge(_ milliseconds: [Int64]) -> ProbeJudge {
    var judge = ProbeJudge(rules: Self.rules, every: .seconds(10))
    for (index, value) in milliseconds.enumerated() {
      _ = judge.record(sample(at: Int64(index) * 10, milliseconds: value))
    }
    return judge
  }

  private static func times(_ value: Int64, _ count: Int) -> [Int64] {
    Array(repeating: value, count: count)
  }

  @Test(
    "the percentile raises above its limit, on enough answers",
    arguments: [
      (times(5_000, 9), false, "nine answers are too few"),
      (times(5_000, 10), true, "ten are enough"),
      (times(3_000, 10), false, "at the limit is not above"),
      (times(10, 9) + [5_000], false, "one of ten is within p90"),
      (times(10, 8) + times(5_000, 2), true, "two of ten are not"),
      (times(10, 18) + times(5_000, 2), false, "two of twenty are"),
      (times(10, 17) + times(5_000, 3), true, "three are not"),
    ] as [([Int64], Bool, String)])
  func raising(milliseconds: [Int64], isRaised: Bool, reason: String) {
    #expect(judge(milliseconds).isRaised(.latency) == isRaised, "\(reason)")
  }

  @Test("between its limits it stays as it is")
  func hysteresis() {
    #expect(!judge(Self.times(2_500, 30)).isRaised(.latency))
    #expect(judge(Self.times(5_000, 10) + Self.times(2_500, 300)).isRaised(.latency))
    #expect(!judge(Self.times(5_000, 10) + Self.times(2_000, 300)).isRaised(.latency))
  }

  @Test("an attempt without an answer has no latency; a wrong answer has one")
  func answers() {
    var judge = ProbeJudge(rules: Self.rules, every: .seconds(10))
    for index in 0..<20 {
      _ = judge.record(
        sample(.connect(.timedOut), at: Int64(index) * 10, milliseconds: 10_000))
    }
    #expect(!judge.isRaised(.latency))
    for index in 20..<30 {
      _ = judge.record(
        sample(.http(.status(500)), at: Int64(index) * 10, milliseconds: 10_000, status: 500))
    }
    #expect(judge.isRaised(.latency))
    #expect(judge.raised.first?.cause == "slow")
    #expect(
      judge.raised.first?.evidence
        == "p90 of 10 answers within 15m is 10000 ms, above 3000 ms")
  }

  @Test(
    "a percentile is written as people do",
    arguments: [(500, "p50"), (950, "p95"), (999, "p99.9"), (1, "p0.1")])
  func names(permille: Int, name: String) {
    #expect(percentileName(permille) == name)
  }
}
