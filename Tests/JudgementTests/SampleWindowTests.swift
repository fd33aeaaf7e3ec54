import Base
import Judgement
import Testing

@Suite("The window of a rule")
struct SampleWindowTests {
  private struct Entry {
    var time: WallTime
    var failed: Bool
    var latency: UInt32?
  }

  /// What the window must say, counted anew each time.
  private struct Naive {
    var entries: [Entry] = []

    mutating func add(_ entry: Entry, lengthMilliseconds: Int64) {
      entries.append(entry)
      entries.removeAll { $0.time.milliseconds <= entry.time.milliseconds - lengthMilliseconds }
    }

    func above(_ microseconds: UInt32) -> Int {
      entries.count { ($0.latency ?? 0) / 100 > microseconds / 100 }
    }
  }

  @Test(
    "its counts equal those of a naive window over growth, wrapping and gaps", arguments: 0..<40)
  func equalsNaive(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var window = SampleWindow(
      length: .seconds(60), every: .seconds(1), upper: .milliseconds(3), lower: .milliseconds(2))
    var naive = Naive()
    var time = WallTime(milliseconds: 1_760_000_000_000)
    for _ in 0..<500 {
      time = time + .milliseconds(Int64(1_000 + generator.below(20) * 500))
      let entry = Entry(
        time: time, failed: generator.below(3) == 0,
        latency: generator.below(4) == 0 ? nil : UInt32(generator.below(5_000)))
      window.add(time: time, failed: entry.failed, latencyMicroseconds: entry.latency)
      naive.add(entry, lengthMilliseconds: 60_000)
      #expect(window.total == naive.entries.count, "seed \(seed)")
      #expect(window.failed == naive.entries.count { $0.failed }, "seed \(seed)")
      #expect(window.timed == naive.entries.count { $0.latency != nil }, "seed \(seed)")
      #expect(window.aboveUpper == naive.above(3_000), "seed \(seed)")
      #expect(window.aboveLower == naive.above(2_000), "seed \(seed)")
    }
  }

  @Test("counting above a limit says the same as sorting", arguments: 0..<40)
  func percentile(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var window = SampleWindow(length: .hours(1), every: .seconds(1), upper: .milliseconds(3))
    var latencies: [UInt32] = []
    for second in 0..<(20 + Int64(generator.below(200))) {
      let latency = UInt32(generator.below(60)) * 100
      latencies.append(latency)
      window.add(
        time: WallTime(milliseconds: 1_760_000_000_000 + second * 1_000), failed: false,
        latencyMicroseconds: latency)
    }
    latencies.sort()
    for permille in [500, 900, 950, 990] {
      let rank = max(1, (latencies.count * permille + 999) / 1_000)
      let exact = latencies[rank - 1]
      #expect(window.percentileMicroseconds(permille: permille) == exact)
      #expect(window.percentileIsAboveUpper(permille: permille) == (exact > 3_000))
    }
  }

  @Test("attempts from the future, after the clock was set back, do not stay for ever")
  func clockSetBack() {
    var window = SampleWindow(length: .seconds(60), every: .seconds(1))
    let start = WallTime(milliseconds: 1_760_000_000_000)
    for second in 0..<10 {
      window.add(time: start + .seconds(Int64(second)), failed: true, latencyMicroseconds: nil)
    }
    window.add(time: start - .hours(1), failed: false, latencyMicroseconds: nil)
    #expect(window.total == 1)
    #expect(window.failed == 0)
  }
}
