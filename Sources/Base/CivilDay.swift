/// A day of the calendar, counted from 1970-01-01.
package struct CivilDay: Sendable, Hashable, Comparable, CustomStringConvertible {
  package var number: Int64

  package init(number: Int64) { self.number = number }

  /// Reads `2025-12-31`; nil for anything else. From 1970 to 2199, so that every moment of the day is
  /// a wall time.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.map(\.utf8.count) == [4, 2, 2],
      text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2D }),
      let year = Int64(parts[0]), let month = Int64(parts[1]), let day = Int64(parts[2]),
      (1_970...2_199).contains(year),
      let number = daysSinceEpoch(year: year, month: month, day: day)
    else { return nil }
    self.number = number
  }

  /// The day on which a moment falls, at a distance from UTC.
  package init(_ time: WallTime, zone: TimeAmount) {
    let day = TimeAmount.hours(24).nanoseconds
    let local = time.nanoseconds + zone.nanoseconds
    number = local / day - (local % day < 0 ? 1 : 0)
  }

  /// Its midnight, at a distance from UTC.
  package func start(zone: TimeAmount) -> WallTime {
    WallTime(nanoseconds: number * TimeAmount.hours(24).nanoseconds) - zone
  }

  package var weekday: Weekday {
    // 1970-01-01 was a Thursday.
    let place = (number + 3) % 7
    return Weekday.allCases[Int(place < 0 ? place + 7 : place)]
  }

  /// From 1 on.
  package var dayOfMonth: Int { Int(civilDate(daysSinceEpoch: number).day) }

  package var description: String {
    String(WallTime(nanoseconds: number * TimeAmount.hours(24).nanoseconds).description.prefix(10))
  }

  package static func < (a: Self, b: Self) -> Bool { a.number < b.number }
  package static func + (a: Self, days: Int64) -> Self { Self(number: a.number + days) }
  package static func - (a: Self, days: Int64) -> Self { Self(number: a.number - days) }
  package static func - (a: Self, b: Self) -> Int64 { a.number - b.number }
}

/// A day of the week, from Monday on. Raw values are what is written in files.
package enum Weekday: String, Sendable, Hashable, CaseIterable {
  case monday
  case tuesday
  case wednesday
  case thursday
  case friday
  case saturday
  case sunday
}
