/// A length of time in whole nanoseconds; may be negative.
package struct TimeAmount: Comparable, Hashable, Sendable {
  package var nanoseconds: Int64

  @inlinable package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  package static let zero = TimeAmount(nanoseconds: 0)
  @inlinable package static func nanoseconds(_ value: Int64) -> TimeAmount {
    TimeAmount(nanoseconds: value)
  }
  @inlinable package static func microseconds(_ value: Int64) -> TimeAmount {
    TimeAmount(nanoseconds: value * 1_000)
  }
  @inlinable package static func milliseconds(_ value: Int64) -> TimeAmount {
    TimeAmount(nanoseconds: value * 1_000_000)
  }
  @inlinable package static func seconds(_ value: Int64) -> TimeAmount {
    TimeAmount(nanoseconds: value * 1_000_000_000)
  }
  @inlinable package static func minutes(_ value: Int64) -> TimeAmount { .seconds(value * 60) }
  @inlinable package static func hours(_ value: Int64) -> TimeAmount { .seconds(value * 3_600) }

  /// Whole microseconds, rounded towards zero.
  @inlinable package var microseconds: Int64 { nanoseconds / 1_000 }
  /// Whole milliseconds, rounded towards zero.
  @inlinable package var milliseconds: Int64 { nanoseconds / 1_000_000 }
  /// Seconds as a floating-point number, for display only.
  @inlinable package var seconds: Double { Double(nanoseconds) / 1e9 }

  @inlinable package static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }
  @inlinable package static func + (a: Self, b: Self) -> Self {
    Self(nanoseconds: a.nanoseconds + b.nanoseconds)
  }
  @inlinable package static func - (a: Self, b: Self) -> Self {
    Self(nanoseconds: a.nanoseconds - b.nanoseconds)
  }
  @inlinable package static func * (a: Self, factor: Int64) -> Self {
    Self(nanoseconds: a.nanoseconds * factor)
  }
  @inlinable package static func / (a: Self, divisor: Int64) -> Self {
    Self(nanoseconds: a.nanoseconds / divisor)
  }
}

extension TimeAmount: CustomStringConvertible {
  /// The shortest exact form with a unit, as the catalogue writes it: `5s`, `15m`, `250ms`.
  package var description: String {
    let units: [(Int64, String)] = [
      (86_400_000_000_000, "d"), (3_600_000_000_000, "h"), (60_000_000_000, "m"),
      (1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us"),
    ]
    if nanoseconds == 0 { return "0s" }
    for (size, unit) in units where nanoseconds % size == 0 {
      return "\(nanoseconds / size)\(unit)"
    }
    return "\(nanoseconds)ns"
  }
}

/// A point on the monotonic clock, in nanoseconds since an unspecified start. Deadlines and
/// measured lengths use it; a step of the wall clock does not move it.
package struct Instant: Comparable, Hashable, Sendable {
  package var nanoseconds: Int64

  @inlinable package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// Later than every instant that a clock shows.
  package static let distantFuture = Instant(nanoseconds: Int64.max)

  @inlinable package static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }
  @inlinable package static func + (a: Self, b: TimeAmount) -> Self {
    Self(nanoseconds: a.nanoseconds + b.nanoseconds)
  }
  @inlinable package static func - (a: Self, b: TimeAmount) -> Self {
    Self(nanoseconds: a.nanoseconds - b.nanoseconds)
  }
  @inlinable package static func - (a: Self, b: Self) -> TimeAmount {
    TimeAmount(nanoseconds: a.nanoseconds - b.nanoseconds)
  }
}

/// A point of civil time, in nanoseconds since 1970-01-01T00:00:00Z. Used for stamps only.
package struct WallTime: Comparable, Hashable, Sendable {
  package var nanoseconds: Int64

  @inlinable package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
  @inlinable package init(milliseconds: Int64) { self.nanoseconds = milliseconds * 1_000_000 }

  /// Milliseconds since the epoch, rounded down.
  @inlinable package var milliseconds: Int64 {
    let whole = nanoseconds / 1_000_000
    return nanoseconds % 1_000_000 < 0 ? whole - 1 : whole
  }
  /// Seconds since the epoch, rounded down.
  @inlinable package var seconds: Int64 {
    let whole = nanoseconds / 1_000_000_000
    return nanoseconds % 1_000_000_000 < 0 ? whole - 1 : whole
  }

  @inlinable package static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }
  @inlinable package static func + (a: Self, b: TimeAmount) -> Self {
    Self(nanoseconds: a.nanoseconds + b.nanoseconds)
  }
  @inlinable package static func - (a: Self, b: TimeAmount) -> Self {
    Self(nanoseconds: a.nanoseconds - b.nanoseconds)
  }
  @inlinable package static func - (a: Self, b: Self) -> TimeAmount {
    TimeAmount(nanoseconds: a.nanoseconds - b.nanoseconds)
  }
}

extension WallTime: CustomStringConvertible {
  /// RFC 3339 in UTC with milliseconds: `2025-11-07T01:02:03.004Z`.
  package var description: String {
    let milliseconds = self.milliseconds
    var days = milliseconds / 86_400_000
    var rest = milliseconds % 86_400_000
    if rest < 0 {
      rest += 86_400_000
      days -= 1
    }
    let (year, month, day) = civilDate(daysSinceEpoch: days)
    func pad(_ value: Int64, _ width: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, width - text.count)) + text
    }
    return "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))T\(pad(rest / 3_600_000, 2))"
      + ":\(pad(rest / 60_000 % 60, 2)):\(pad(rest / 1_000 % 60, 2)).\(pad(rest % 1_000, 3))Z"
  }
}

/// The proleptic Gregorian date of a day number, by counting 400-year eras that start on 1 March
/// (method: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`).
package func civilDate(daysSinceEpoch days: Int64) -> (year: Int64, month: Int64, day: Int64) {
  let shifted = days + 719_468
  let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
  let dayOfEra = shifted - era * 146_097
  let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
  let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  let marchMonth = (5 * dayOfYear + 2) / 153
  let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
  let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
  return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
}

/// Both clocks read at one moment, as the real world or the simulated one hands them over.
package struct Now: Sendable, Hashable {
  package var instant: Instant
  package var wall: WallTime

  @inlinable package init(instant: Instant, wall: WallTime) {
    self.instant = instant
    self.wall = wall
  }

  /// The wall time that belongs to an instant not far from this one.
  @inlinable package func wall(at other: Instant) -> WallTime { wall + (other - instant) }
}
