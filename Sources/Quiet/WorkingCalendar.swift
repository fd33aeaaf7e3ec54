import Base

/// Which days are worked on: the days of the week, less holidays, and those days besides that are
/// worked in exchange for others.
package struct WorkingCalendar: Sendable, Hashable {
  package var name: String
  /// By ``Weekday``'s place.
  private var week: [Bool] = Array(repeating: false, count: 7)
  private var holidays: Set<CivilDay> = []
  private var substituted: Set<CivilDay> = []
  /// The years of which holidays are known; nil where none are.
  package private(set) var years: ClosedRange<Int64>?

  /// Monday to Friday, without any holiday.
  package static let plain = WorkingCalendar("plain")

  package init(
    _ name: String, week: [Weekday] = [.monday, .tuesday, .wednesday, .thursday, .friday]
  ) {
    self.name = name
    setWeek(week)
  }

  package mutating func setWeek(_ days: [Weekday]) {
    week = Weekday.allCases.map(days.contains)
  }

  package mutating func addHoliday(_ day: CivilDay) {
    holidays.insert(day)
    let year = civilDate(daysSinceEpoch: day.number).year
    years = years.map { min($0.lowerBound, year)...max($0.upperBound, year) } ?? year...year
  }

  package mutating func addWorkingDay(_ day: CivilDay) { substituted.insert(day) }

  package func isHoliday(_ day: CivilDay) -> Bool { holidays.contains(day) }

  package func isWorkingDay(_ day: CivilDay) -> Bool {
    if substituted.contains(day) { return true }
    if holidays.contains(day) { return false }
    let weekday = day.weekday
    return week[Weekday.allCases.firstIndex(of: weekday) ?? 0]
  }

  /// The working days after one day, up to and including another: a notice of today that holds from
  /// tomorrow on is one of one working day. Days more than ten years ahead are not counted.
  package func workingDays(from first: CivilDay, to last: CivilDay) -> Int {
    let end = min(last, first + Self.daysCounted)
    var count = 0
    var day = first + 1
    while day <= end {
      if isWorkingDay(day) { count += 1 }
      day = day + 1
    }
    return count
  }

  private static let daysCounted: Int64 = 3_660

  /// Whether nothing is known of the holidays of a day's year.
  package func isGuessing(_ day: CivilDay) -> Bool {
    !(years?.contains(civilDate(daysSinceEpoch: day.number).year) ?? false)
  }
}

/// The calendar of each province.
package struct CalendarTable: Sendable, Hashable {
  package var standard: WorkingCalendar
  package var byProvince: [String: WorkingCalendar]

  package init(
    _ standard: WorkingCalendar = .plain, byProvince: [String: WorkingCalendar] = [:]
  ) {
    self.standard = standard
    self.byProvince = byProvince
  }

  package func calendar(of province: String) -> WorkingCalendar {
    byProvince[province] ?? standard
  }

  /// The working days between two days for those whom something is for: where they have different
  /// calendars, as few as any of them has.
  package func workingDays(
    from first: CivilDay, to last: CivilDay, provinces: [String]
  ) -> Int {
    guard provinces.contains(where: { byProvince[$0] != nil }) else {
      return standard.workingDays(from: first, to: last)
    }
    return provinces.map { calendar(of: $0).workingDays(from: first, to: last) }.min() ?? 0
  }
}
