import Base
import Model

/// The attempts of a probe within a sliding window of time, eight bytes each, with the counts that
/// rules ask for kept up to date as attempts enter and leave.
///
/// When more attempts fall into the window than it has places, the oldest leave early.
package struct SampleWindow: Sendable {
  /// One attempt packed into a word: milliseconds since 2020 (41 bits), whether it failed, whether
  /// it has a latency, and the latency in units of 100 µs (21 bits, saturating at 209 s).
  private struct Entry {
    var word: UInt64

    static let epochMilliseconds: Int64 = 1_577_836_800_000
    static let latencyMask: UInt64 = (1 << 21) - 1

    init(time: WallTime, failed: Bool, latencyMicroseconds: UInt32?) {
      let milliseconds = UInt64(clamping: time.milliseconds - Self.epochMilliseconds)
      word = milliseconds << 23
      if failed { word |= 1 << 22 }
      if let latencyMicroseconds {
        word |= 1 << 21
        word |= min(UInt64(latencyMicroseconds) / 100, Self.latencyMask)
      }
    }

    var milliseconds: Int64 { Int64(word >> 23) + Self.epochMilliseconds }
    var failed: Bool { word & (1 << 22) != 0 }
    var hasLatency: Bool { word & (1 << 21) != 0 }
    var latencyUnits: UInt64 { word & Self.latencyMask }
  }

  private var entries: [Entry] = []
  private var head = 0
  private let capacity: Int
  private let lengthMilliseconds: Int64
  private var upperUnits: UInt64
  private var lowerUnits: UInt64

  package private(set) var total = 0
  package private(set) var failed = 0
  /// Attempts that have a latency.
  package private(set) var timed = 0
  /// Of these, how many lie above the upper and the lower limit.
  package private(set) var aboveUpper = 0
  package private(set) var aboveLower = 0

  /// A window of `length`, for attempts that come every `every`; counts latencies above two limits.
  package init(
    length: TimeAmount, every: TimeAmount, upper: TimeAmount = .zero, lower: TimeAmount = .zero
  ) {
    lengthMilliseconds = length.milliseconds
    let expected = length.nanoseconds / max(1, every.nanoseconds)
    capacity = Int(min(Int64(Limits.windowSamples), max(4, expected + expected / 4 + 2)))
    upperUnits = UInt64(clamping: upper.microseconds / 100)
    lowerUnits = UInt64(clamping: lower.microseconds / 100)
  }

  package mutating func add(time: WallTime, failed: Bool, latencyMicroseconds: UInt32?) {
    expire(at: time)
    let entry = Entry(time: time, failed: failed, latencyMicroseconds: latencyMicroseconds)
    if total == capacity { removeOldest() }
    if total == entries.count {
      // Every place is taken and there may be more of them: put them in order, then add one.
      if head != 0 {
        entries = Array(entries[head...] + entries[..<head])
        head = 0
      }
      entries.append(entry)
    } else {
      entries[(head + total) % entries.count] = entry
    }
    total += 1
    count(entry, by: 1)
  }

  /// Lets go of what has left the window. Attempts from the future, after a step of the clock
  /// backwards, leave too: they would otherwise stay for as long as the step was.
  package mutating func expire(at now: WallTime) {
    let oldest = now.milliseconds - lengthMilliseconds
    while total > 0 {
      let milliseconds = entries[head].milliseconds
      guard milliseconds <= oldest || milliseconds > now.milliseconds + lengthMilliseconds else {
        return
      }
      removeOldest()
    }
  }

  /// Counts latencies above two other limits from now on; looks at every attempt in the window.
  package mutating func setLimits(upper: TimeAmount, lower: TimeAmount) {
    upperUnits = UInt64(clamping: upper.microseconds / 100)
    lowerUnits = UInt64(clamping: lower.microseconds / 100)
    (aboveUpper, aboveLower) = (0, 0)
    for offset in 0..<total {
      let entry = entries[(head + offset) % entries.count]
      guard entry.hasLatency else { continue }
      if entry.latencyUnits > upperUnits { aboveUpper += 1 }
      if entry.latencyUnits > lowerUnits { aboveLower += 1 }
    }
  }

  package mutating func removeAll() {
    entries = []
    head = 0
    (total, failed, timed, aboveUpper, aboveLower) = (0, 0, 0, 0, 0)
  }

  /// The latency at or below which the given share of the timed attempts lie (nearest rank), in
  /// microseconds; nil without any. For evidence: it sorts.
  package func percentileMicroseconds(permille: Int) -> UInt32? {
    var units: [UInt64] = []
    for offset in 0..<total {
      let entry = entries[(head + offset) % entries.count]
      if entry.hasLatency { units.append(entry.latencyUnits) }
    }
    guard !units.isEmpty else { return nil }
    units.sort()
    let rank = max(1, (units.count * permille + 999) / 1_000)
    return UInt32(clamping: units[min(rank, units.count) - 1] * 100)
  }

  /// Whether the percentile lies above the upper limit: more attempts do than the share allows.
  package func percentileIsAboveUpper(permille: Int) -> Bool {
    aboveUpper * 1_000 > timed * (1_000 - permille)
  }
  package func percentileIsAboveLower(permille: Int) -> Bool {
    aboveLower * 1_000 > timed * (1_000 - permille)
  }

  private mutating func removeOldest() {
    count(entries[head], by: -1)
    head = (head + 1) % entries.count
    total -= 1
    if total == 0 { head = 0 }
  }

  private mutating func count(_ entry: Entry, by step: Int) {
    if entry.failed { failed += step }
    guard entry.hasLatency else { return }
    timed += step
    if entry.latencyUnits > upperUnits { aboveUpper += step }
    if entry.latencyUnits > lowerUnits { aboveLower += step }
  }
}
