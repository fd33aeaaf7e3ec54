import Base

/// Tokens that come back at so many a minute, up to a few seconds' worth: in no minute are more taken
/// than come back in it and a twelfth of that again. Whole numbers, so that nothing drifts.
struct TokenBucket: Sendable {
  /// What a host may be asked; the same for all hosts, so it is kept once.
  struct Rate: Sendable, Hashable {
    let perMinute: Int64
    /// The most that is kept, in parts of a token.
    let capacity: Int64

    /// Each millisecond brings as many parts as a minute brings tokens.
    static let partsPerToken: Int64 = 60_000

    init(perMinute: Int) {
      self.perMinute = Int64(perMinute)
      capacity = max(2, Int64(perMinute) / 12) * Self.partsPerToken
    }
  }

  private var level: Int64
  private var updated: Instant

  init(_ rate: Rate, at now: Instant) {
    level = rate.capacity
    updated = now
  }

  mutating func refill(_ rate: Rate, at now: Instant) {
    let passed = (now - updated).milliseconds
    guard passed > 0 else { return }
    // A debt of more than an hour is let go with the hour, and nothing overflows.
    level = min(rate.capacity, level + min(passed, 3_600_000) * rate.perMinute)
    updated = updated + .milliseconds(passed)
  }

  /// Whether a token can be taken; from the upper half alone for what may wait.
  func has(_ rate: Rate, fromUpperHalf: Bool) -> Bool {
    let floor = fromUpperHalf ? rate.capacity / 2 : 0
    return level - Rate.partsPerToken >= floor
  }

  /// Whether there is no debt, or more than half is there.
  func isAfloat(_ rate: Rate, upperHalf: Bool) -> Bool {
    level > (upperHalf ? rate.capacity / 2 : 0)
  }

  /// Takes tokens whether they are there or not; what is missing is a debt.
  mutating func take(_ count: Int) {
    level -= min(Int64(clamping: count), Int64.max / 4 / Rate.partsPerToken) * Rate.partsPerToken
    level = max(level, Int64.min / 4)
  }
}
