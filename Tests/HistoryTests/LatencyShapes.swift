import Base
import Testing

/// A shape of latencies: the next one in microseconds.
struct LatencyShape: CustomTestStringConvertible, Sendable {
  var testDescription: String
  var next: @Sendable (inout SeededGenerator) -> UInt32

  static let all = [
    LatencyShape(testDescription: "normal about 180 ms") { generator in
      // The sum of twelve even ones is nearly normal (Irwin and Hall).
      let sum = (0..<12).reduce(0.0) { sum, _ in sum + unit(&generator) }
      return UInt32(max(1_000, 180_000 + (sum - 6) * 40_000))
    },
    LatencyShape(testDescription: "bimodal: 3 ms and 4 s") { generator in
      let isSlow = unit(&generator) < 0.3
      return UInt32((isSlow ? 4_000_000 : 3_000) * (0.9 + 0.2 * unit(&generator)))
    },
    LatencyShape(testDescription: "a heavy tail up to 60 s") { generator in
      // Pareto with exponent 0.7.
      let value = 1_000 / power(1 - unit(&generator), 1 / 0.7)
      return UInt32(min(60_000_000, value))
    },
    LatencyShape(testDescription: "constant: 1 ms") { _ in 1_000 },
    LatencyShape(testDescription: "constant: 60 s") { _ in 60_000_000 },
    LatencyShape(testDescription: "even over all magnitudes") { generator in
      UInt32(min(60_000_000, 1_000 * power(60_000, unit(&generator))))
    },
  ]
}

private func unit(_ generator: inout SeededGenerator) -> Double {
  Double(generator.next() >> 11) / 9_007_199_254_740_992
}

/// The percentiles that tests ask for.
let permilles = [0, 1, 100, 250, 500, 750, 900, 950, 990, 999, 1_000]

/// The exact percentile of latencies in ascending order.
func nearestRank(_ sorted: [UInt32], _ permille: Int) -> UInt32 {
  sorted[max(1, (sorted.count * permille + 999) / 1_000) - 1]
}

/// Whether it is within the 5 % that the history promises.
func isClose(_ value: UInt32, _ exact: UInt32) -> Bool {
  abs(Double(value) - Double(exact)) <= 0.05 * Double(exact)
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
