import Base
import Testing

@testable import Quiet

@Suite struct WorkingCalendarTests {
  /// The days of 2025 and 2026 that the cases need.
  static let country: WorkingCalendar = {
    var calendar = WorkingCalendar("country")
    for text in ["2025-04-30", "2025-05-01", "2025-05-02", "2026-01-01"] {
      calendar.addHoliday(day(text))
    }
    calendar.addWorkingDay(day("2025-04-26"))
    return calendar
  }()

  static let days: [(day: String, isWorked: Bool, why: String)] = [
    ("2025-11-07", true, "a Friday"), ("2025-11-08", false, "a Saturday"),
    ("2025-11-09", false, "a Sunday"), ("2025-11-10", true, "a Monday"),
    ("2025-05-01", false, "a holiday on a Thursday"),
    ("2025-05-02", false, "a Friday that was exchanged for a Saturday"),
    ("2025-04-26", true, "the Saturday that was exchanged"),
    ("2025-04-19", false, "another Saturday"),
  ]

  @Test("weekends and holidays are not worked on, substituted days are", arguments: days)
  func workingDay(_ text: String, _ isWorked: Bool, _ why: String) {
    #expect(Self.country.isWorkingDay(day(text)) == isWorked, "\(why)")
  }

  static let counts: [(from: String, to: String, count: Int, why: String)] = [
    ("2025-11-03", "2025-11-10", 5, "Monday to Monday: Tuesday to Friday, and the Monday"),
    ("2025-11-03", "2025-11-09", 4, "the Sunday itself is not worked on"),
    ("2025-11-07", "2025-11-10", 1, "over a weekend"),
    ("2025-11-07", "2025-11-07", 0, "on the same day"),
    ("2025-11-10", "2025-11-07", 0, "told afterwards"),
    ("2025-04-25", "2025-05-05", 4, "the exchanged Saturday counts, three holidays do not"),
    ("2025-12-31", "2026-01-05", 2, "over the end of the year: Friday and Monday"),
  ]

  @Test("days are counted from the one after the announcement on", arguments: counts)
  func count(_ from: String, _ to: String, _ count: Int, _ why: String) {
    #expect(Self.country.workingDays(from: day(from), to: day(to)) == count, "\(why)")
  }

  @Test("a count is the sum of its days, whatever the two days are")
  func countAgreesWithDays() {
    let first = day("2025-04-20")
    for length in 0..<40 {
      let end = first + Int64(length)
      let naive = (0..<40).count { offset in
        let day = first + Int64(offset) + 1
        return day <= end && Self.country.isWorkingDay(day)
      }
      #expect(Self.country.workingDays(from: first, to: end) == naive)
    }
  }

  @Test("a count over centuries ends after ten years of it")
  func bounded() {
    let count = WorkingCalendar.plain.workingDays(from: day("1970-01-01"), to: day("2199-12-31"))
    #expect((2_600...2_620).contains(count))
  }

  @Test("a province has its own calendar, and of several the one with the fewest days counts")
  func provinces() {
    var local = WorkingCalendar("local")
    local.addHoliday(day("2025-11-06"))
    let table = CalendarTable(Self.country, byProvince: ["soc-trang": local])
    let (from, to) = (day("2025-11-03"), day("2025-11-10"))
    #expect(table.workingDays(from: from, to: to, provinces: []) == 5)
    #expect(table.workingDays(from: from, to: to, provinces: ["ha-noi"]) == 5)
    #expect(table.workingDays(from: from, to: to, provinces: ["soc-trang"]) == 4)
    #expect(table.workingDays(from: from, to: to, provinces: ["ha-noi", "soc-trang"]) == 4)
    #expect(table.calendar(of: "ha-noi").name == "country")
  }

  @Test("a calendar says of which years it knows holidays")
  func years() {
    #expect(!Self.country.isGuessing(day("2026-06-01")))
    #expect(Self.country.isGuessing(day("2027-01-01")))
    #expect(WorkingCalendar.plain.isGuessing(day("2026-06-01")))
  }
}
