import Base
import Testing

@testable import History

/// A shape of latencies: the next one in microseconds.
private struct Shape: CustomTestStringConvertible, Sendable {
  var testDescription: String
  var next: @Sendable (inout SeededGenerator) -> UInt32

  static let all = [
    Shape(testDescription: "normal about 180 ms") { generator in
      // The sum of twelve even ones is nearly normal (Irwin and Hall).
      let sum = (0..<12).reduce(0.0) { sum, _ in sum + unit(&generator) }
      return UInt32(max(1_000, 180_000 + (sum - 6) * 40_000))
    },
    Shape(testDescription: "bimodal: 3 ms and 4 s") { generator in
      let isSlow = unit(&generator) < 0.3
      return UInt32((isSlow ? 4_000_000 : 3_000) * (0.9 + 0.2 * unit(&generator)))
    },
    Shape(testDescription: "a heavy tail up to 60 s") { generator in
      // Pareto with exponent 0.7.
      let value = 1_000 / power(1 - unit(&generator), 1 / 0.7)
      return UInt32(min(60_000_000, value))
    },
    Shape(testDescription: "constant: 1 ms") { _ in 1_000 },
    Shape(testDescription: "constant: 60 s") { _ in 60_000_000 },
    Shape(testDescription: "even over all magnitudes") { generator in
      UInt32(min(60_000_000, 1_000 * power(60_000, unit(&generator))))
    },
  ]
}

private func unit(_ generator: inout SeededGenerator) -> Double {
  Double(generator.next() >> 11) / 9_007_199_254_740_992
}

private let permilles = [0, 1, 100, 250, 500, 750, 900, 950, 990, 999, 1_000]

private func nearestRank(_ sorted: [UInt32], _ permille: Int) -> UInt32 {
  sorted[max(1, (sorted.count * permille + 999) / 1_000) - 1]
}

private func isClose(_ value: UInt32, _ exact: UInt32) -> Bool {
  abs(Double(value) - Double(exact)) <= 0.05 * Double(exact)
}

@Suite("Distributions of latencies")
struct LatencyDistributionTests {
  @Test("emptied, it is as a new one, and what is added then counts alone")
  func clear() {
    var generator = SeededGenerator(seed: 9)
    var used = LatencyDistribution()
    for _ in 0..<500 { used.add(3, inBucket: UInt8(generator.below(256))) }
    used.clear()
    #expect(used == LatencyDistribution() && used.isEmpty && used.entries.isEmpty)
    #expect(used.hashValue == LatencyDistribution().hashValue)
    var fresh = LatencyDistribution()
    for bucket in [0, 63, 64, 127, 128, 200, 255] as [UInt8] {
      used.add(2, inBucket: bucket)
      fresh.add(2, inBucket: bucket)
      #expect(used == fresh && used.entries.last?.bucket == bucket)
    }
    fresh.add(1, inBucket: 64)
    #expect(used != fresh && used.total == 14)
    used.merge(fresh)
    #expect(used.total == 29 && used.entries.first { $0.bucket == 64 }?.count == 5)
  }

  @Test(
    "a percentile is within 5 % of the exact one, from 1 ms to 60 s, however few there are",
    arguments: Shape.all, [1, 2, 7, 100, 5_000])
  private func percentiles(shape: Shape, count: Int) throws {
    var generator = SeededGenerator(seed: UInt64(count))
    for _ in 0..<(count < 200 ? 50 : 3) {
      let values = (0..<count).map { _ in shape.next(&generator) }
      var distribution = LatencyDistribution()
      for value in values { distribution.add(microseconds: value) }
      let sorted = values.sorted()
      for permille in permilles {
        let exact = nearestRank(sorted, permille)
        let found = try #require(distribution.percentile(permille: permille))
        #expect(isClose(found, exact), "p\(permille): \(found), not \(exact)")
        let bounded = distribution.percentile(
          permille: permille, within: sorted[0]...sorted[sorted.count - 1])
        #expect(isClose(try #require(bounded), exact))
      }
    }
  }

  @Test("merging is the same as adding all to one, in whatever order")
  func merging() {
    var generator = SeededGenerator(seed: 11)
    var whole = LatencyDistribution()
    var parts = [LatencyDistribution](repeating: LatencyDistribution(), count: 9)
    for _ in 0..<4_000 {
      let shape = Shape.all[Int(generator.next() % UInt64(Shape.all.count))]
      let value = shape.next(&generator)
      whole.add(microseconds: value)
      parts[Int(generator.next() % 9)].add(microseconds: value)
    }
    var merged = LatencyDistribution()
    for part in parts.reversed() { merged.merge(part) }
    #expect(merged == whole)
    #expect(merged.total == 4_000)
    var rebuilt = LatencyDistribution()
    for (bucket, count) in whole.entries { rebuilt.add(count, inBucket: bucket) }
    #expect(rebuilt == whole)
  }

  @Test("nothing has no percentile, and merging nothing changes nothing")
  func empty() {
    var distribution = LatencyDistribution()
    #expect(distribution.percentile(permille: 950) == nil && distribution.isEmpty)
    distribution.add(microseconds: 5_000)
    let before = distribution
    distribution.merge(LatencyDistribution())
    #expect(distribution == before)
  }

  @Test("buckets ascend with the latency, and every bucket holds its own middle")
  func buckets() {
    var last: UInt8 = 0
    var value: UInt32 = 1
    while value < 200_000_000 {
      let bucket = LatencyDistribution.bucket(microseconds: value)
      #expect(bucket >= last)
      last = bucket
      value += max(1, value / 200)
    }
    #expect(last == 255)
    for bucket in UInt8.min...UInt8.max {
      let middle = LatencyDistribution.middle(ofBucket: bucket)
      #expect(LatencyDistribution.bucket(microseconds: middle) == bucket)
    }
  }

  @Test("a count that is full stays full, and the total with it")
  func saturation() {
    var distribution = LatencyDistribution()
    distribution.add(.max, inBucket: 3)
    distribution.add(5, inBucket: 3)
    #expect(distribution.total == UInt64(UInt32.max))
  }
}

/// `base` to a real power, by its binary logarithm: the tests import no mathematics.
private func power(_ base: Double, _ exponent: Double) -> Double {
  exp2(log2(base) * exponent)
}

private func log2(_ value: Double) -> Double {
  // By squaring: each turn gives one binary digit of the logarithm.
  var mantissa = value.significand
  var result = Double(value.exponent)
  var digit = 0.5
  for _ in 0..<40 {
    mantissa *= mantissa
    if mantissa >= 2 {
      mantissa /= 2
      result += digit
    }
    digit /= 2
  }
  return result
}

private func exp2(_ value: Double) -> Double {
  let whole = value.rounded(.down)
  // The series of e^x, which needs few terms below 1.
  let x = (value - whole) * 0.693147180559945309
  var term = 1.0
  var sum = 1.0
  for n in 1..<25 {
    term *= x / Double(n)
    sum += term
  }
  return sum * Double(sign: .plus, exponent: Int(whole), significand: 1)
}
