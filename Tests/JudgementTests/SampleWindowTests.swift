import Base
import Model
import Testing

@testable import Judgement

/// The same as a plain list.
private struct NaiveWindow {
  var entries: [(milliseconds: Int64, failed: Bool, units: UInt64?)] = []
  let length: Int64
  let places: Int

  mutating func add(_ time: WallTime, _ failed: Bool, _ microseconds: UInt32?) {
    expire(time)
    if entries.count == places { entries.removeFirst() }
    entries.append((time.milliseconds, failed, microseconds.map { UInt64($0) / 100 }))
  }

  mutating func expire(_ now: WallTime) {
    while let first = entries.first,
      first.milliseconds <= now.milliseconds - length
        || first.milliseconds > now.milliseconds + length
    {
      entries.removeFirst()
    }
  }

  func percentile(_ permille: Int) -> UInt64? {
    let sorted = entries.compactMap(\.units).sorted()
    return sorted.isEmpty ? nil : sorted[max(1, (sorted.count * permille + 999) / 1_000) - 1]
  }
}

struct SampleWindowTests {
  @Test(
    "it counts what a plain list counts, over growth, wrap, expiry and clock steps",
    arguments: 0..<60)
  func againstList(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let length = TimeAmount.seconds(Int64(1 + random.below(300)))
    let every = TimeAmount.seconds(Int64(1 + random.below(40)))
    let expected = Int(length.nanoseconds / every.nanoseconds)
    let upper = TimeAmount.milliseconds(Int64(random.below(1_000)))
    let lower = TimeAmount.milliseconds(Int64(random.below(1_000)))
    var window = SampleWindow(length: length, every: every, upper: upper, lower: lower)
    var list = NaiveWindow(
      length: length.milliseconds, places: max(4, expected + expected / 4 + 2))
    var time = testTime
    for step in 0..<400 {
      time = time + .milliseconds(Int64(random.below(UInt64(every.milliseconds) * 2)))
      if random.below(80) == 0 { time = time + .seconds(Int64(random.below(1_200)) - 600) }
      if random.below(40) == 0 { time = time + length }
      if random.below(10) == 0 {
        window.expire(at: time)
        list.expire(time)
      } else {
        let failed = random.below(3) == 0
        let latency = random.below(4) == 0 ? nil : UInt32(random.below(1_000_000))
        window.add(time: time, failed: failed, latencyMicroseconds: latency)
        list.add(time, failed, latency)
      }
      let place = "seed \(seed), step \(step)" as Comment
      #expect(window.total == list.entries.count, place)
      #expect(window.failed == list.entries.count { $0.failed }, place)
      #expect(window.timed == list.entries.count { $0.units != nil }, place)
      let upperUnits = UInt64(upper.microseconds / 100)
      let lowerUnits = UInt64(lower.microseconds / 100)
      #expect(window.aboveUpper == list.entries.count { $0.units ?? 0 > upperUnits }, place)
      #expect(window.aboveLower == list.entries.count { $0.units ?? 0 > lowerUnits }, place)
      for permille in [1, 500, 950, 999, 1_000] {
        let exact = list.percentile(permille)
        #expect(
          window.percentileMicroseconds(permille: permille).map(UInt64.init)
            == exact.map { $0 * 100 }, place)
        #expect(
          window.percentileIsAboveUpper(permille: permille) == ((exact ?? 0) > upperUnits), place)
        #expect(
          window.percentileIsAboveLower(permille: permille) == ((exact ?? 0) > lowerUnits), place)
      }
    }
  }

  @Test("an attempt leaves exactly when it is as old as the window is long")
  func edge() {
    var window = SampleWindow(length: .seconds(10), every: .seconds(1))
    window.add(time: testTime, failed: true, latencyMicroseconds: nil)
    window.expire(at: testTime + .milliseconds(9_999))
    #expect(window.total == 1)
    window.expire(at: testTime + .seconds(10))
    #expect(window.total == 0)
    #expect(window.failed == 0)
  }

  @Test("attempts from the future do not stay for as long as the clock was set back")
  func future() {
    var window = SampleWindow(length: .seconds(10), every: .seconds(1))
    window.add(time: testTime, failed: true, latencyMicroseconds: nil)
    window.add(time: testTime - .hours(1), failed: false, latencyMicroseconds: nil)
    #expect(window.total == 1)
    #expect(window.failed == 0)
  }

  @Test("a window never holds more than its bound, however dense the attempts")
  func bound() {
    var window = SampleWindow(length: .hours(24), every: .milliseconds(100))
    for index in 0..<(Limits.windowSamples + 500) {
      window.add(
        time: testTime + .milliseconds(Int64(index)), failed: index < 500,
        latencyMicroseconds: nil)
    }
    #expect(window.total == Limits.windowSamples)
    #expect(window.failed == 0, "the oldest left early")
  }

  @Test(
    "latencies saturate and are kept to a tenth of a millisecond",
    arguments: [
      (0, 0), (99, 0), (100, 100), (1_234, 1_200), (209_715_100, 209_715_100),
      (209_715_200, 209_715_100), (UInt32.max, 209_715_100),
    ] as [(UInt32, UInt32)])
  func units(microseconds: UInt32, kept: UInt32) {
    var window = SampleWindow(length: .seconds(10), every: .seconds(1))
    window.add(time: testTime, failed: false, latencyMicroseconds: microseconds)
    #expect(window.percentileMicroseconds(permille: 500) == kept)
  }

  @Test("a window without latencies has no percentile, and none lies above anything")
  func empty() {
    var window = SampleWindow(length: .seconds(10), every: .seconds(1))
    #expect(window.percentileMicroseconds(permille: 500) == nil)
    window.add(time: testTime, failed: true, latencyMicroseconds: nil)
    #expect(window.percentileMicroseconds(permille: 500) == nil)
    #expect(!window.percentileIsAboveUpper(permille: 950))
  }
}
