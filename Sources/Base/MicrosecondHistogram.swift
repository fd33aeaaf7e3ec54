/// Counts of whole microseconds in log-linear buckets, eight to each power of two: a quantile read
/// from it is at most an eighth too high.
package struct MicrosecondHistogram: Sendable {
  private var counts = [UInt64](repeating: 0, count: 8 * 40)
  package private(set) var count: UInt64 = 0
  package private(set) var maximum: Int64 = 0

  package init() {}

  package mutating func add(_ microseconds: Int64) {
    let value = max(0, microseconds)
    counts[Self.bucket(value)] += 1
    count += 1
    maximum = max(maximum, value)
  }

  /// The upper edge of the bucket that holds the quantile; nil without values.
  package func quantile(permille: Int) -> Int64? {
    guard count > 0 else { return nil }
    let rank = max(1, (count * UInt64(permille) + 999) / 1_000)
    var seen: UInt64 = 0
    for (index, bucketCount) in counts.enumerated() {
      seen += bucketCount
      if seen >= rank { return min(maximum, Self.upperEdge(index)) }
    }
    return maximum
  }

  private static func bucket(_ value: Int64) -> Int {
    if value < 8 { return Int(value) }
    let exponent = 63 - value.leadingZeroBitCount
    let mantissa = Int(value >> (exponent - 3)) & 7
    return min(8 * 40 - 1, (exponent - 2) * 8 + mantissa)
  }

  private static func upperEdge(_ bucket: Int) -> Int64 {
    if bucket < 8 { return Int64(bucket) }
    let exponent = bucket / 8 + 2
    let mantissa = Int64(bucket % 8)
    return ((8 + mantissa + 1) << (exponent - 3)) - 1
  }
}
