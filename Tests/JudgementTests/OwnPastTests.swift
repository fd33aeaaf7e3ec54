import Base
import Model
import Testing

@testable import Judgement

@Suite("Latency against its own past") struct OwnPastTests {
  private static let rule = OwnPastRule(
    percentilePermille: 500, raiseTenths: 20, clearTenths: 15, floor: .milliseconds(500),
    window: .minutes(10), minimumSamples: 3)
  /// The hour in which the tests' time lies.
  private static let hour = WallTime(milliseconds: testTime.milliseconds / 3_600_000 * 3_600_000)

  private static func judge(usual milliseconds: UInt32?, samples: Int = 200) -> ProbeJudge {
    var judge = ProbeJudge(
      rules: AlertRules(failures: FailureRule(failures: 3, of: 5), ownPast: rule),
      every: .seconds(60))
    if let milliseconds {
      judge.learn(
        PastHour(start: hour, percentileMicroseconds: milliseconds * 1_000, samples: samples))
    }
    return judge
  }

  private static func runs(_ judge: inout ProbeJudge, _ milliseconds: [Int64]) -> String {
    var trace = ""
    for (index, latency) in milliseconds.enumerated() {
      let changed = judge.record(sample(at: Int64(index) * 60, milliseconds: latency))
      trace += !changed ? "-" : judge.isRaised(.ownPast) ? "R" : "C"
    }
    return trace
  }

  @Test(
    "twice as slow as at the same hour of the weeks before",
    arguments: [
      (UInt32?(1_000), 200, [2_100, 2_100, 2_100] as [Int64], "--R", "slower than twice"),
      (1_000, 200, [1_900, 1_900, 1_900, 1_900], "----", "not twice"),
      (100, 200, [400, 400, 400, 400], "----", "four times, and below the floor"),
      (100, 200, [600, 600, 600], "--R", "above the floor"),
      (1_000, 200, [2_100, 2_100, 2_100, 1_000, 1_000, 1_000, 1_000], "--R--C-", "over again"),
      (1_000, 99, [9_000, 9_000, 9_000, 9_000], "----", "too few answers in the past"),
      (nil, 0, [9_000, 9_000, 9_000, 9_000], "----", "a past that is not known"),
    ])
  func table(
    usual: UInt32?, samples: Int, milliseconds: [Int64], expected: String, reason: String
  ) {
    var judge = Self.judge(usual: usual, samples: samples)
    #expect(Self.runs(&judge, milliseconds) == expected, "\(reason)")
  }

  @Test("the past of another hour says nothing of this one")
  func otherHour() {
    var judge = Self.judge(usual: nil)
    judge.learn(
      PastHour(start: Self.hour + .hours(1), percentileMicroseconds: 1_000, samples: 500))
    #expect(Self.runs(&judge, [9_000, 9_000, 9_000]) == "---")
  }

  @Test("in the next hour its own past holds, for the attempts that are in the window already")
  func nextHour() {
    var judge = Self.judge(usual: 5_000)
    judge.learn(
      PastHour(start: Self.hour + .hours(1), percentileMicroseconds: 1_000_000, samples: 500))
    // The tests' time is two minutes past the hour.
    let before = (Self.hour + .hours(1) - testTime).milliseconds / 1_000
    for second in stride(from: before - 300, to: before, by: 60) {
      #expect(judge.record(sample(at: second, milliseconds: 4_000)) == false, "not above twice 5 s")
    }
    #expect(judge.record(sample(at: before + 10, milliseconds: 4_000)) == true, "above twice 1 s")
    #expect(
      judge.raised.first?.evidence.contains("at this hour it has been 1000 ms") == true)
  }

  @Test("an hour without a known past leaves a raised rule as it is")
  func unknownKeeps() {
    var judge = Self.judge(usual: 1_000)
    #expect(Self.runs(&judge, [3_000, 3_000, 3_000]) == "--R")
    #expect(judge.record(sample(at: 3_600, milliseconds: 10)) == false)
    #expect(judge.isRaised(.ownPast))
  }
}
