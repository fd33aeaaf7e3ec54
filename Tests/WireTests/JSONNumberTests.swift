import Testing

@testable import Wire

struct JSONNumberTests {
  @Test("a number is converted exactly or not at all", arguments: conversions)
  func conversion(_ row: Conversion) {
    let number = JSONNumber(text: row.text)
    #expect(number.int == row.int)
    #expect(number.double == row.double)
  }

  struct Conversion: Sendable, CustomTestStringConvertible {
    var text: String
    var int: Int64?
    var double: Double?
    var reason: String
    var testDescription: String { reason }

    init(_ text: String, _ int: Int64?, _ double: Double?, _ reason: String) {
      (self.text, self.int, self.double, self.reason) = (text, int, double, reason)
    }
  }

  static let conversions: [Conversion] = [
    Conversion("0", 0, 0, "zero"),
    Conversion("-0", 0, 0, "negative zero"),
    Conversion("+7", 7, 7, "a plus sign"),
    Conversion("9223372036854775807", .max, 0x1p63, "the largest"),
    Conversion("9223372036854775808", nil, 0x1p63, "one above the largest"),
    Conversion("-9223372036854775808", .min, -0x1p63, "the least"),
    Conversion("-9223372036854775809", nil, -0x1p63, "one below the least"),
    Conversion("9007199254740993", 9_007_199_254_740_993, 0x1p53, "more digits than Double holds"),
    Conversion("5.0", 5, 5, "a fraction of zero"),
    Conversion("5.", 5, 5, "a trailing point"),
    Conversion(".5", nil, 0.5, "a leading point"),
    Conversion("-.5e1", -5, -5, "an exponent that makes it whole"),
    Conversion("1.25e2", 125, 125, "a fraction used up by the exponent"),
    Conversion("1.25e1", nil, 12.5, "a fraction left over"),
    Conversion("50e-1", 5, 5, "a negative exponent used up by zeros"),
    Conversion("5e-1", nil, 0.5, "a negative exponent left over"),
    Conversion("1E18", 1_000_000_000_000_000_000, 1e18, "a large exponent"),
    Conversion("1e19", nil, 1e19, "an exponent too large for 64 bits"),
    Conversion("0e999999999999", 0, 0, "zero with a huge exponent"),
    Conversion("1e999999999999", nil, nil, "a huge exponent"),
    Conversion("1e-999999999999", nil, 0, "a huge negative exponent"),
    Conversion("1e400", nil, nil, "too large for Double"),
    Conversion("1." + String(repeating: "0", count: 300), 1, 1, "a long fraction of zeros"),
    Conversion("0x1F", 31, 31, "hexadecimal"),
    Conversion("-0XfF", -255, -255, "hexadecimal with a sign"),
    Conversion("0xFFFFFFFFFFFFFFFF", nil, 0x1p64, "hexadecimal beyond 63 bits"),
    Conversion("0x20000000000001000001", nil, 0x1.0000000000001p77, "halfway, with a bit below"),
    Conversion("0x20000000000001000000", nil, 0x1p77, "halfway, to even"),
    Conversion("0x1" + String(repeating: "0", count: 300), nil, nil, "hexadecimal, too large"),
    Conversion("-0x8000000000000000", .min, -0x1p63, "the least, hexadecimal"),
    Conversion("-9223372036854775808.0", .min, -0x1p63, "the least, with a fraction"),
    Conversion("-9223372036854775809.0", nil, -0x1p63, "one below the least, with a fraction"),
    Conversion("Infinity", nil, .infinity, "Infinity"),
    Conversion("-Infinity", nil, -.infinity, "negative Infinity"),
    Conversion("abc", nil, nil, "no number"),
  ]

  @Test("NaN is not a number in either conversion")
  func notANumber() {
    for text in ["NaN", "-NaN", "+NaN"] {
      #expect(JSONNumber(text: text).double?.isNaN == true)
      #expect(JSONNumber(text: text).int == nil)
    }
  }
}
