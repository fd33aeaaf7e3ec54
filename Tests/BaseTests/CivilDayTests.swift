import Testing

@testable import Base

@Suite struct CivilDayTests {
  static let weekdays: [(day: String, weekday: Weekday)] = [
    ("1970-01-01", .thursday), ("2000-02-29", .tuesday), ("2025-11-07", .friday),
    ("2025-11-09", .sunday), ("2199-12-31", .tuesday),
  ]

  @Test("a day is written as it is read, and has its weekday", arguments: weekdays)
  func weekday(_ text: String, _ weekday: Weekday) throws {
    let day = try #require(CivilDay(text))
    #expect(day.weekday == weekday)
    #expect(day.description == text)
    #expect((day + 7).weekday == weekday)
  }

  @Test("before 1970 the week goes on")
  func negative() {
    #expect(CivilDay(number: -1).weekday == .wednesday)
    #expect(CivilDay(number: -7).weekday == .thursday)
  }

  @Test("a moment falls on the day of the place")
  func zones() throws {
    let day = try #require(CivilDay("2025-11-07"))
    let zone = TimeAmount.hours(7)
    #expect(CivilDay(day.start(zone: zone), zone: zone) == day)
    #expect(CivilDay(day.start(zone: zone) - .nanoseconds(1), zone: zone) == day - 1)
    #expect(CivilDay(day.start(zone: zone), zone: .zero) == day - 1)
    #expect(CivilDay(WallTime(nanoseconds: -1), zone: .zero).number == -1)
  }

  @Test(
    "what is no day is none",
    arguments: [
      "2025-02-29", "2025-13-01", "2025-1-1", "1969-12-31", "2200-01-01", "x", "2025-11-07 ",
    ])
  func refused(_ text: String) { #expect(CivilDay(text) == nil) }
}
