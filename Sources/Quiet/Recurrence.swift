import Base

/// Times that come again on days of the week or of the month, by the clock of a place without changes
/// of clocks.
package struct Recurrence: Sendable, Hashable {
  package enum Days: Sendable, Hashable {
    case daily
    case weekdays([Weekday])
    /// From 1 to 31; a month without such a day has none.
    case daysOfMonth([Int])

    func contains(_ day: CivilDay) -> Bool {
      switch self {
      case .daily: true
      case .weekdays(let list): list.contains(day.weekday)
      case .daysOfMonth(let list): list.contains(day.dayOfMonth)
      }
    }
  }

  package var days: Days
  /// How long after midnight.
  package var start: TimeAmount
  package var length: TimeAmount
  /// The first and the last day on which it begins; nil for no such bound.
  package var first: CivilDay?
  package var last: CivilDay?
  /// The distance from UTC by which days and times are meant.
  package var zone: TimeAmount

  package init(
    _ days: Days, start: TimeAmount, length: TimeAmount, first: CivilDay? = nil,
    last: CivilDay? = nil, zone: TimeAmount
  ) {
    self.days = days
    self.start = start
    self.length = length
    self.first = first
    self.last = last
    self.zone = zone
  }

  /// A day of the month comes again after 61 days at most: the 31st of August and that of October.
  private static let daysSearched: Int64 = 62

  private func begins(on day: CivilDay) -> Bool {
    if let first, day < first { return false }
    if let last, day > last { return false }
    return days.contains(day)
  }

  private func beginning(on day: CivilDay) -> WallTime { day.start(zone: zone) + start }

  /// The end of the occurrence within which a moment lies, the latest where they overlap; nil outside.
  package func end(at time: WallTime) -> WallTime? {
    var day = CivilDay(time, zone: zone)
    let earliest = CivilDay(time - length, zone: zone) - 1
    while day >= earliest {
      if begins(on: day) {
        let begun = beginning(on: day)
        if begun <= time, time < begun + length { return begun + length }
      }
      day = day - 1
    }
    return nil
  }

  /// The next beginning after a moment; nil where there is none any more.
  package func nextStart(after time: WallTime) -> WallTime? {
    var day = max(CivilDay(time, zone: zone), first ?? CivilDay(number: .min / 2))
    let end = min(day + Self.daysSearched, last ?? CivilDay(number: .max / 2))
    while day <= end {
      if begins(on: day), beginning(on: day) > time { return beginning(on: day) }
      day = day + 1
    }
    return nil
  }

  /// When the last occurrence is over; nil for one without an end.
  package var lastEnd: WallTime? { last.map { beginning(on: $0) + length } }
}
