import Base
import Testing

@testable import Delivery

struct TimestampTests {
  @Test(
    "RFC 3339 times in UTC are read",
    arguments: [
      ("1970-01-01T00:00:00Z", 0), ("2025-11-07T01:02:03.004Z", 1_762_477_323_004),
      ("2024-02-29T23:59:59.999999999Z", 1_709_251_199_999), ("1969-12-31T23:59:59Z", -1_000),
      ("2016-12-31T23:59:60Z", 1_483_228_799_000), ("2000-03-01T00:00:00.5Z", 951_868_800_500),
    ])
  func rfc3339(text: String, milliseconds: Int64) {
    #expect(wallTime(rfc3339: text)?.milliseconds == milliseconds)
  }

  @Test(
    "other texts are refused",
    arguments: [
      "", "2025-11-07", "2025-11-07T01:02:03", "2025-11-07T01:02:03+07:00",
      "2025-11-07T01:02:03.Z", "2025-02-29T00:00:00Z", "2025-13-01T00:00:00Z",
      "2025-00-10T00:00:00Z", "2025-01-00T00:00:00Z", "2025-01-01T24:00:00Z",
      "2025-01-01T00:60:00Z", "9999-01-01T00:00:00Z", "2025-01-01T00:00:00Zx",
      "+025-01-01T00:00:00Z",
    ])
  func refused(text: String) { #expect(wallTime(rfc3339: text) == nil) }

  @Test("every time that is written is read back to the millisecond")
  func roundTrip() {
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<2_000 {
      let milliseconds = Int64(generator.below(8_000_000_000_000)) - 2_000_000_000_000
      let time = WallTime(milliseconds: milliseconds)
      #expect(wallTime(rfc3339: time.description) == time)
    }
  }

  @Test(
    "Retry-After is seconds or a date",
    arguments: [
      ("0", 0), ("120", 120), ("99999999999999999999", 999_999_999),
      ("Sun, 06 Nov 1994 08:49:37 GMT", 37), ("Sun, 06 Nov 1994 08:48:00 GMT", 0),
      ("Fri, 01 Jan 1700 00:00:00 GMT", 0),
    ])
  func retryAfter(value: String, seconds: Int64) {
    let now = wallTime(rfc3339: "1994-11-06T08:49:00Z")!
    #expect(retryAfterDelay(value, at: now) == .seconds(seconds))
  }

  @Test(
    "other Retry-After values are ignored",
    arguments: [
      "", "-1", "1.5", "soon", "06 Nov 1994 08:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT",
    ])
  func noRetryAfter(value: String) {
    #expect(retryAfterDelay(value, at: WallTime(milliseconds: 0)) == nil)
  }
}
