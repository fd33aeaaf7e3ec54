// The values of this module that the loop works with are public, though nothing outside the package
// uses them: the compiler inlines and specialises only public code across modules, and without that
// a comparison of two instants is a call.

/// A length of time in whole nanoseconds; may be negative.
public struct TimeAmount: Comparable, Hashable, Sendable {
  public var nanoseconds: Int64

  @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  public static let zero = TimeAmount(nanoseconds: 0)
  @inlinable public static func nanoseconds(_ value: Int64) -> TimeAmount {
    TimeAmount(nanoseconds: value)
  }
  @inlinable public static func microseconds(_ value: Int64) -> TimeAmount {
    TimeAmount(nanoseconds: value * 1_000)
  }
  @inlinable public static func milliseconds(_ value: Int64) -> TimeAmount {
    TimeAmount(nanoseconds: value * 1_000_000)
  }
  @inlinable public static func seconds(_ value: Int64) -> TimeAmount {
    TimeAmount(nanoseconds: value * 1_000_000_000)
  }
  @inlinable public static func minutes(_ value: Int64) -> TimeAmount { .seconds(value * 60) }
  @inlinable public static func hours(_ value: Int64) -> TimeAmount { .seconds(value * 3_600) }

  /// Whole microseconds, rounded towards zero.
  @inlinable public var microseconds: Int64 { nanoseconds / 1_000 }
  /// Whole milliseconds, rounded towards zero.
  @inlinable public var milliseconds: Int64 { nanoseconds / 1_000_000 }
  /// Seconds as a floating-point number, for display only.
  @inlinable public var seconds: Double { Double(nanoseconds) / 1e9 }

  @inlinable public static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }
  @inlinable public static func + (a: Self, b: Self) -> Self {
    Self(nanoseconds: a.nanoseconds + b.nanoseconds)
  }
  @inlinable public static func - (a: Self, b: Self) -> Self {
    Self(nanoseconds: a.nanoseconds - b.nanoseconds)
  }
  @inlinable public static func * (a: Self, factor: Int64) -> Self {
    Self(nanoseconds: a.nanoseconds * factor)
  }
  @inlinable public static func / (a: Self, divisor: Int64) -> Self {
    Self(nanoseconds: a.nanoseconds / divisor)
  }
}

extension TimeAmount: CustomStringConvertible {
  /// The shortest exact form with a unit, as the catalogue writes it: `5s`, `15m`, `250ms`.
  public var description: String {
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
public struct Instant: Comparable, Hashable, Sendable {
  public var nanoseconds: Int64

  @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// Later than every instant that a clock shows.
  public static let distantFuture = Instant(nanoseconds: Int64.max)

  @inlinable public static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }
  @inlinable public static func + (a: Self, b: TimeAmount) -> Self {
    Self(nanoseconds: a.nanoseconds + b.nanoseconds)
  }
  @inlinable public static func - (a: Self, b: TimeAmount) -> Self {
    Self(nanoseconds: a.nanoseconds - b.nanoseconds)
  }
  @inlinable public static func - (a: Self, b: Self) -> TimeAmount {
    TimeAmount(nanoseconds: a.nanoseconds - b.nanoseconds)
  }
}

/// A point of civil time, in nanoseconds since 1970-01-01T00:00:00Z. Used for stamps only.
public struct WallTime: Comparable, Hashable, Sendable {
  public var nanoseconds: Int64

  @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
  @inlinable public init(milliseconds: Int64) { self.nanoseconds = milliseconds * 1_000_000 }

  /// Milliseconds since the epoch, rounded down.
  @inlinable public var milliseconds: Int64 {
    let whole = nanoseconds / 1_000_000
    return nanoseconds % 1_000_000 < 0 ? whole - 1 : whole
  }
  /// Seconds since the epoch, rounded down.
  @inlinable public var seconds: Int64 {
    let whole = nanoseconds / 1_000_000_000
    return nanoseconds % 1_000_000_000 < 0 ? whole - 1 : whole
  }

  @inlinable public static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }
  @inlinable public static func + (a: Self, b: TimeAmount) -> Self {
    Self(nanoseconds: a.nanoseconds + b.nanoseconds)
  }
  @inlinable public static func - (a: Self, b: TimeAmount) -> Self {
    Self(nanoseconds: a.nanoseconds - b.nanoseconds)
  }
  @inlinable public static func - (a: Self, b: Self) -> TimeAmount {
    TimeAmount(nanoseconds: a.nanoseconds - b.nanoseconds)
  }
}

extension WallTime: CustomStringConvertible {
  /// RFC 3339 in UTC with milliseconds: `2025-11-07T01:02:03.004Z`.
  public var description: String {
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
public func civilDate(daysSinceEpoch days: Int64) -> (year: Int64, month: Int64, day: Int64) {
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

/// The inverse of ``civilDate(daysSinceEpoch:)``: years that start on 1 March, counted in eras of 400
/// (method: Howard Hinnant, `days_from_civil`). Nil where the date does not exist.
public func daysSinceEpoch(year: Int64, month: Int64, day: Int64) -> Int64? {
  let marchYear = month <= 2 ? year - 1 : year
  let era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
  let yearOfEra = marchYear - era * 400
  let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
  let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
  let days = era * 146_097 + dayOfEra - 719_468
  return civilDate(daysSinceEpoch: days) == (year, month, day) ? days : nil
}

/// Both clocks read at one moment, as the real world or the simulated one hands them over.
public struct Now: Sendable, Hashable {
  public var instant: Instant
  public var wall: WallTime

  @inlinable public init(instant: Instant, wall: WallTime) {
    self.instant = instant
    self.wall = wall
  }

  /// The wall time that belongs to an instant not far from this one.
  @inlinable public func wall(at other: Instant) -> WallTime { wall + (other - instant) }
}
