import Testing

@testable import Base

struct TimeTests {
  @Test(
    "a length of time shows in its largest whole unit",
    arguments: [
      (TimeAmount.zero, "0s", "nothing has a unit too"),
      (.nanoseconds(1), "1ns", "the smallest"),
      (.microseconds(1), "1us", "a microsecond"),
      (.milliseconds(250), "250ms", "as the catalogue writes it"),
      (.milliseconds(1_500), "1500ms", "no fractions"),
      (.seconds(60), "1m", "a whole minute"),
      (.seconds(90), "90s", "no whole minutes"),
      (.hours(24), "1d", "a whole day"),
      (.hours(25), "25h", "no whole days"),
      (.seconds(-5), "-5s", "backwards"),
    ])
  func amounts(amount: TimeAmount, text: String, reason: String) {
    #expect(amount.description == text, "\(reason)")
  }

  @Test("arithmetic of lengths and points fits together")
  func arithmetic() {
    let start = Instant(nanoseconds: 7)
    let length = TimeAmount.seconds(3) + .milliseconds(5) - .microseconds(1)
    #expect(length.nanoseconds == 3_004_999_000)
    #expect((start + length) - start == length)
    #expect((start + length) - length == start)
    #expect(length * 2 / 2 == length)
    #expect(TimeAmount.minutes(2) == .seconds(120))
    #expect(Instant.distantFuture > start + .hours(1_000_000))
    let wall = WallTime(milliseconds: 5)
    #expect((wall + length) - wall == length)
    #expect((wall + length) - length == wall)
  }

  @Test("both clocks move together from one reading")
  func bothClocks() {
    let now = Now(instant: Instant(nanoseconds: 100), wall: WallTime(milliseconds: 1))
    #expect(now.wall(at: Instant(nanoseconds: 40)).nanoseconds == 999_940)
    #expect(now.wall(at: Instant(nanoseconds: 160)).nanoseconds == 1_000_060)
  }

  @Test(
    "a wall time shows in UTC to the millisecond",
    arguments: [
      (0, "1970-01-01T00:00:00.000Z", "the epoch"),
      (1, "1970-01-01T00:00:00.001Z", "a millisecond later"),
      (-1, "1969-12-31T23:59:59.999Z", "a millisecond before"),
      (951_782_399_999, "2000-02-28T23:59:59.999Z", "the day before a leap day"),
      (951_782_400_000, "2000-02-29T00:00:00.000Z", "2000 is a leap year, by 400"),
      (4_107_542_400_000, "2100-03-01T00:00:00.000Z", "2100 is none, by 100"),
      (1_762_477_323_004, "2025-11-07T01:02:03.004Z", "every field has its width"),
    ] as [(Int64, String, String)])
  func wallText(milliseconds: Int64, text: String, reason: String) {
    #expect(WallTime(milliseconds: milliseconds).description == text, "\(reason)")
  }

  @Test(
    "a wall time before the epoch is rounded down, not towards zero",
    arguments: [
      (-1, -1, -1), (-1_000_000, -1, -1), (-1_000_001, -2, -1), (0, 0, 0), (999_999, 0, 0),
      (-1_000_000_000, -1_000, -1), (-1_000_000_001, -1_001, -2),
    ] as [(Int64, Int64, Int64)])
  func rounding(nanoseconds: Int64, milliseconds: Int64, seconds: Int64) {
    let time = WallTime(nanoseconds: nanoseconds)
    #expect(time.milliseconds == milliseconds)
    #expect(time.seconds == seconds)
  }

  @Test("dates follow the calendar day by day over eight centuries")
  func calendar() {
    // 1600-01-01 is day -135,140; leap years by the rule of Gregory.
    let first: Int64 = -135_140
    var (year, month, day): (Int64, Int64, Int64) = (1600, 1, 1)
    var wrong = 0
    for number in first..<(first + 2 * 146_097) {
      let date = civilDate(daysSinceEpoch: number)
      if date != (year, month, day) { wrong += 1 }
      let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
      let lengths: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
      day += 1
      if day > lengths[Int(month) - 1] { (month, day) = (month + 1, 1) }
      if month > 12 { (year, month) = (year + 1, 1) }
    }
    #expect(wrong == 0)
    #expect((year, month, day) == (2400, 1, 1))
  }
}
