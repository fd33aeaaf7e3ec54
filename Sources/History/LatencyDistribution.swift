import Base

/// How often latencies of each size occurred, in buckets that can be added up over any time and any
/// set of links, so that a percentile of the whole is not made of percentiles of its parts.
///
/// The buckets are log-linear, as in HdrHistogram (Gil Tene) and circllhist (H. Hartmann and
/// T. Schlossnagle, 2020, arXiv:2001.06561): each doubling is cut into 16 equal parts, so a bucket is
/// at most a sixteenth of its lower end wide, and its middle at most 3.1 % from any value in it. The
/// index is made of shifts alone: the same on every machine. 256 buckets reach from 1 ms to 65 s;
/// shorter and longer times count in the first and the last.
package struct LatencyDistribution: Sendable {
  package static let bucketCount = 256

  /// Dense, or empty as long as nothing was added.
  private var counts: [UInt32] = []
  /// Which of the counts are not 0: most buckets of most distributions are, and are passed by.
  private var filled = BucketSet()
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
    filled.insert(bucket)
    total += Self.add(count, to: &counts[Int(bucket)])
  }

  /// Counts those of many buckets, of which `next` tells one after the other; false where it does not
  /// tell of so many.
  @inline(__always)
  mutating func add(many number: Int, _ next: () -> (bucket: UInt8, count: UInt32)?) -> Bool {
    if counts.isEmpty { counts = [UInt32](repeating: 0, count: Self.bucketCount) }
    var added: UInt64 = 0
    var used = filled
    var left = number
    var sums = counts.mutableSpan
    while left > 0, let (bucket, count) = next() {
      used.insert(bucket)
      added += Self.add(count, to: &sums[Int(bucket)])
      left -= 1
    }
    filled = used
    total += added
    return left == 0
  }

  /// Adds as much as fits; returns how much that is.
  @inline(__always)
  private static func add(_ count: UInt32, to sum: inout UInt32) -> UInt64 {
    let added = min(count, .max - sum)
    sum += added
    return UInt64(added)
  }

  /// Adds another distribution to this one.
  package mutating func merge(_ other: borrowing LatencyDistribution) {
    guard other.total > 0 else { return }
    if counts.isEmpty { counts = [UInt32](repeating: 0, count: Self.bucketCount) }
    var sums = counts.mutableSpan
    var added: UInt64 = 0
    other.filled.visit { bucket in
      added += Self.add(other.counts[bucket], to: &sums[bucket])
    }
    total += added
    filled.formUnion(other.filled)
  }

  /// Makes it empty and keeps its room.
  package mutating func clear() {
    guard total > 0 else { return }
    let used = filled
    var sums = counts.mutableSpan
    used.visit { sums[$0] = 0 }
    filled = BucketSet()
    total = 0
  }

  /// Hands over the buckets that are not empty, from the shortest latency to the longest.
  package func forEachEntry(_ body: (_ bucket: UInt8, _ count: UInt32) -> Void) {
    filled.visit { body(UInt8($0), counts[$0]) }
  }

  /// The buckets that are not empty, from the shortest latency to the longest.
  package var entries: [(bucket: UInt8, count: UInt32)] {
    var entries: [(bucket: UInt8, count: UInt32)] = []
    forEachEntry { entries.append(($0, $1)) }
    return entries
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
    for (bucket, count) in entries {
      passed += UInt64(count)
      guard passed >= rank else { continue }
      let middle = Self.middle(ofBucket: bucket)
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

extension LatencyDistribution: Hashable {
  package static func == (a: Self, b: Self) -> Bool {
    guard a.total == b.total, a.filled == b.filled else { return false }
    var isSame = true
    a.filled.visit { if a.counts[$0] != b.counts[$0] { isSame = false } }
    return isSame
  }

  package func hash(into hasher: inout Hasher) {
    forEachEntry { bucket, count in
      hasher.combine(bucket)
      hasher.combine(count)
    }
  }
}

/// A set of buckets, a bit each.
private struct BucketSet: Sendable, Equatable {
  private var words = InlineArray<4, UInt64>(repeating: 0)

  static func == (a: Self, b: Self) -> Bool {
    a.words.indices.allSatisfy { a.words[$0] == b.words[$0] }
  }

  @inline(__always)
  mutating func insert(_ bucket: UInt8) {
    words[Int(bucket >> 6)] |= 1 &<< UInt64(bucket & 63)
  }

  mutating func formUnion(_ other: Self) {
    for index in words.indices { words[index] |= other.words[index] }
  }

  /// In ascending order.
  @inline(__always)
  func visit(_ body: (Int) -> Void) {
    for index in words.indices {
      var rest = words[index]
      while rest != 0 {
        body(index << 6 + rest.trailingZeroBitCount)
        rest &= rest - 1
      }
    }
  }
}
