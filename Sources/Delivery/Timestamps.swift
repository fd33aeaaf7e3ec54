import Base

/// Reads `2025-11-07T01:02:03.004Z` (RFC 3339, section 5.6, in UTC; any number of decimals); nil for
/// anything else, a date that does not exist included.
package func wallTime(rfc3339 text: String) -> WallTime? {
  var digits = DigitReader(text)
  guard let year = digits.number(4), digits.skip("-"), let month = digits.number(2),
    digits.skip("-"), let day = digits.number(2), digits.skip("T"),
    let seconds = digits.timeOfDay(), let days = daysSinceEpoch(year: year, month: month, day: day)
  else { return nil }
  var nanoseconds: Int64 = 0
  if digits.skip(".") {
    guard let fraction = digits.fractionNanoseconds() else { return nil }
    nanoseconds = fraction
  }
  guard digits.skip("Z"), digits.isAtEnd else { return nil }
  return wallTime(days: days, seconds: seconds, nanoseconds: nanoseconds)
}

/// Reads the value of a `Retry-After` header (RFC 9110, section 10.2.3): whole seconds, or a date in
/// the preferred form `Sun, 06 Nov 1994 08:49:37 GMT`. Nil for anything else; zero for the past.
func retryAfterDelay(_ value: String, at now: WallTime) -> TimeAmount? {
  if !value.isEmpty, value.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
    // The caller cuts it to the longest wait; nine digits are decades and do not overflow.
    return .seconds(value.utf8.count <= 9 ? Int64(value) ?? 0 : 999_999_999)
  }
  guard let date = wallTime(httpDate: value) else { return nil }
  // Compared first: the distance to a date long past does not fit into 64 bits.
  return date > now ? date - now : .zero
}

private let monthNames = [
  "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
]

/// Reads an IMF-fixdate (RFC 9110, section 5.6.7); the name of the day is not checked.
private func wallTime(httpDate text: String) -> WallTime? {
  guard let comma = text.firstIndex(of: ",") else { return nil }
  var digits = DigitReader(text[text.index(after: comma)...])
  guard digits.skip(" "), let day = digits.number(2), digits.skip(" "),
    let month = digits.word(of: monthNames), digits.skip(" "), let year = digits.number(4),
    digits.skip(" "), let seconds = digits.timeOfDay(), digits.skip(" GMT"), digits.isAtEnd,
    let days = daysSinceEpoch(year: year, month: Int64(month) + 1, day: day)
  else { return nil }
  return wallTime(days: days, seconds: seconds, nanoseconds: 0)
}

/// Nil beyond what 64 bits of nanoseconds hold (years 1678 to 2261 are safe).
private func wallTime(days: Int64, seconds: Int64, nanoseconds: Int64) -> WallTime? {
  let whole = (days * 86_400 + seconds).multipliedReportingOverflow(by: 1_000_000_000)
  let sum = whole.partialValue.addingReportingOverflow(nanoseconds)
  return whole.overflow || sum.overflow ? nil : WallTime(nanoseconds: sum.partialValue)
}

/// Walks over a text of digits and separators.
private struct DigitReader {
  private let bytes: [UInt8]
  private var index = 0

  init(_ text: some StringProtocol) { bytes = Array(text.utf8) }

  var isAtEnd: Bool { index == bytes.count }

  mutating func skip(_ text: StaticString) -> Bool { skip("\(text)") }

  private mutating func skip(_ text: String) -> Bool {
    guard bytes[index...].starts(with: text.utf8) else { return false }
    index += text.utf8.count
    return true
  }

  /// Exactly `count` digits.
  mutating func number(_ count: Int) -> Int64? {
    guard index + count <= bytes.count else { return nil }
    var value: Int64 = 0
    for byte in bytes[index..<index + count] {
      guard (0x30...0x39).contains(byte) else { return nil }
      value = value * 10 + Int64(byte - 0x30)
    }
    index += count
    return value
  }

  /// `HH:MM:SS` in seconds since midnight; a leap second counts as the second before it.
  mutating func timeOfDay() -> Int64? {
    guard let hour = number(2), skip(":"), let minute = number(2), skip(":"),
      let second = number(2), hour < 24, minute < 60, second <= 60
    else { return nil }
    return hour * 3_600 + minute * 60 + min(second, 59)
  }

  /// One or more digits behind a decimal point; those after the ninth are cut off.
  mutating func fractionNanoseconds() -> Int64? {
    var value: Int64 = 0
    var unit: Int64 = 100_000_000
    let start = index
    while index < bytes.count, (0x30...0x39).contains(bytes[index]) {
      value += Int64(bytes[index] - 0x30) * unit
      unit /= 10
      index += 1
    }
    return index > start ? value : nil
  }

  mutating func word(of words: [String]) -> Int? {
    for (number, word) in words.enumerated() where skip(word) { return number }
    return nil
  }
}
