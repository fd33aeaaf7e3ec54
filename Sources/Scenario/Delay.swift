import Base

/// How long an answer is held back before its first byte.
package enum Delay: Sendable, Hashable {
  /// `"4s"`.
  case constant(TimeAmount)
  /// `{ min, max }`: every length between the two alike.
  case uniform(min: TimeAmount, max: TimeAmount)
  /// `{ mean, deviation }`: bell-shaped; never below zero.
  case normal(mean: TimeAmount, deviation: TimeAmount)
  /// `{ median, max }`: most answers come in about the median, one in twenty takes ten times as
  /// long or more, one in two hundred a hundred times; none takes longer than `max`.
  case heavyTail(median: TimeAmount, max: TimeAmount)

  /// Draws a length; the same generator state gives the same length.
  package func draw(_ generator: inout SeededGenerator) -> TimeAmount {
    switch self {
    case .constant(let length): length
    case .uniform(let shortest, let longest): shortest + (longest - shortest) * generator.unit()
    case .normal(let mean, let deviation):
      max(.zero, mean + deviation * bellShaped(&generator))
    case .heavyTail(let median, let longest):
      min(longest, median * (0.5 / (1 - generator.unit())))
    }
  }
}

/// Near enough to a standard normal: the sum of twelve uniform numbers, which has variance 1, moved
/// to mean 0. It never leaves -6 ... 6.
private func bellShaped(_ generator: inout SeededGenerator) -> Double {
  var sum = -6.0
  for _ in 0..<12 { sum += generator.unit() }
  return sum
}

extension TimeAmount {
  /// Scaled, rounded to whole nanoseconds; what does not fit is as long as a length can be.
  fileprivate static func * (length: Self, factor: Double) -> Self {
    let nanoseconds = (Double(length.nanoseconds) * factor).rounded()
    return TimeAmount(nanoseconds: Int64(exactly: nanoseconds) ?? (factor < 0 ? .min : .max))
  }

  /// The length at a clock that runs `speed` times as fast.
  func atSpeed(_ speed: Double) -> Self { self * (1 / speed) }

  /// What a clock that runs `speed` times as fast shows after this length.
  func shown(atSpeed speed: Double) -> Self { self * speed }
}
