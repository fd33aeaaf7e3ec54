import Base

/// How often latencies of each size occurred, in buckets that can be added up over any time and any
/// set of links, so that a percentile of the whole is not made of percentiles of its parts.
///
/// The buckets are log-linear, as in HdrHistogram (Gil Tene) and circllhist (H. Hartmann and
/// T. Schlossnagle, 2020, arXiv:2001.06561): each doubling is cut into 16 equal parts, so a bucket is
/// at most a sixteenth of its lower end wide, and its middle at most 3.1 % from any value in it. The
/// index is made of shifts alone: the same on every machine. 256 buckets reach from 1 ms to 65 s;
/// shorter and longer times count in the first and the last.
package struct LatencyDistribution: Sendable, Hashable {
  package static let bucketCount = 256

  /// Dense, or empty as long as nothing was added.
  private var counts: [UInt32] = []
  package private(set) var total: UInt64 = 0

  package init() {}

  package var isEmpty: Bool { total == 0 }

  /// Counts one latency.
  package mutating func add(microseconds: UInt32) {
    add(1, inBucket: Self.bucket(microseconds: microseconds))
  }

  /// Counts `count` latencies of a bucket.
  package mutating func add(_ count: UInt32, inBucket bucket: UInt8) {
    guard count > 0 else { return }
    if counts.isEmpty { counts = [UInt32](repeating: 0, count: Self.bucketCount) }
    let (sum, overflow) = counts[Int(bucket)].addingReportingOverflow(count)
    total += UInt64((overflow ? .max : sum) - counts[Int(bucket)])
    counts[Int(bucket)] = overflow ? .max : sum
  }

  /// Adds another distribution to this one.
  package mutating func merge(_ other: LatencyDistribution) {
    for (bucket, count) in other.counts.enumerated() where count > 0 {
      add(count, inBucket: UInt8(bucket))
    }
  }

  /// The buckets that are not empty, from the shortest latency to the longest.
  package var entries: [(bucket: UInt8, count: UInt32)] {
    counts.indices.lazy.filter { counts[$0] > 0 }.map { (UInt8($0), counts[$0]) }
  }

  /// The latency that `permille` of all do not exceed, by nearest rank, in microseconds: the middle
  /// of the bucket in which it lies, within `range` if the least and the greatest are known. Nil when
  /// there is nothing.
  package func percentile(
    permille: Int, within range: ClosedRange<UInt32>? = nil
  ) -> UInt32? {
    guard total > 0 else { return nil }
    let share = UInt64(min(max(permille, 0), 1_000))
    let rank = max(1, (total * share + 999) / 1_000)
    var passed: UInt64 = 0
    for (bucket, count) in counts.enumerated() where count > 0 {
      passed += UInt64(count)
      guard passed >= rank else { continue }
      let middle = Self.middle(ofBucket: UInt8(bucket))
      return range.map { min(max(middle, $0.lowerBound), $0.upperBound) } ?? middle
    }
    return nil
  }

  // MARK: - Buckets

  /// Microseconds are stretched by 132/128, so that 1 ms lies just above a power of two and the
  /// sixteen doublings that have a bucket of their own begin there.
  private static let stretch: (times: UInt64, shift: UInt64) = (132, 7)
  /// The power of two at which the first doubling begins.
  private static let firstExponent = 10

  /// The bucket that a latency counts in.
  package static func bucket(microseconds: UInt32) -> UInt8 {
    let stretched = (UInt64(microseconds) * stretch.times) >> stretch.shift
    guard stretched >> UInt64(firstExponent) > 0 else { return 0 }
    let exponent = 63 - stretched.leadingZeroBitCount
    let part = (stretched >> UInt64(exponent - 4)) & 15
    return UInt8(min(255, UInt64(exponent - firstExponent) * 16 + part))
  }

  /// The middle of a bucket, in microseconds.
  package static func middle(ofBucket bucket: UInt8) -> UInt32 {
    let exponent = UInt64(firstExponent + Int(bucket) / 16)
    let part = UInt64(bucket) % 16
    let lower = (1 << exponent) + (part << (exponent - 4))
    let middle = lower + (1 << (exponent - 5))
    return UInt32(clamping: (middle << stretch.shift) / stretch.times)
  }
}
