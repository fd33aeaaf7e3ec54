/// A number as the text wrote it; converted only when asked, so that no digit is lost on the way.
package struct JSONNumber: Sendable, Hashable {
  /// The source text, in the grammar of the dialect it was read in.
  package var text: String

  /// Takes the text on trust: what is no number of JSON or JSON5 has no useful conversions.
  package init(text: String) { self.text = text }

  /// The nearest `Double`; nil where the number is too large for one. JSON5's `Infinity` and `NaN`
  /// are themselves.
  package var double: Double? {
    let (isNegative, magnitude) = signAndMagnitude
    switch magnitude {
    case "Infinity": return isNegative ? -.infinity : .infinity
    case "NaN": return .nan
    default: break
    }
    let value: Double? =
      if let digits = hexDigits(of: magnitude) {
        nearestDouble(hex: digits)
      } else {
        Double(withDigitsAroundPoint(magnitude))
      }
    guard let value, value.isFinite else { return nil }
    return isNegative ? -value : value
  }

  /// The exact value where it is whole and fits, however written: `5`, `5.0`, `50e-1`, `0x5`.
  package var int: Int64? {
    if let plain = Int64(text) { return plain }
    let (isNegative, magnitude) = signAndMagnitude
    let whole: UInt64? =
      if let digits = hexDigits(of: magnitude) {
        UInt64(digits, radix: 16)
      } else {
        wholeValue(of: magnitude)
      }
    guard let whole else { return nil }
    guard isNegative else { return Int64(exactly: whole) }
    return whole <= Int64.min.magnitude ? Int64(truncatingIfNeeded: 0 &- whole) : nil
  }

  private var signAndMagnitude: (isNegative: Bool, magnitude: Substring) {
    switch text.utf8.first {
    case UInt8(ascii: "-"): (true, text.dropFirst())
    case UInt8(ascii: "+"): (false, text.dropFirst())
    default: (false, text[...])
    }
  }
}

private func hexDigits(of magnitude: Substring) -> Substring? {
  magnitude.hasPrefix("0x") || magnitude.hasPrefix("0X") ? magnitude.dropFirst(2) : nil
}

/// Rounds once only: the leading 60 bits or more are gathered exactly, and what falls off below them
/// is kept as one sticky bit, beneath the 53 that stay.
private func nearestDouble(hex digits: Substring) -> Double? {
  var leading: UInt64 = 0
  var droppedDigits = 0
  var sticky: UInt64 = 0
  for character in digits.utf8 {
    guard let digit = hexValue(character) else { return nil }
    if leading >> 60 == 0 {
      leading = leading << 4 | UInt64(digit)
    } else {
      droppedDigits += 1
      if digit != 0 { sticky = 1 }
    }
  }
  return Double(sign: .plus, exponent: 4 * droppedDigits, significand: Double(leading | sticky))
}

/// JSON5 may leave out the digits on one side of the point; here they are put back.
private func withDigitsAroundPoint(_ literal: Substring) -> String {
  guard let point = literal.firstIndex(of: ".") else { return String(literal) }
  let whole = literal[..<point]
  let rest = literal[literal.index(after: point)...]
  let hasFraction = rest.utf8.first.map(isDigit) ?? false
  return (whole.isEmpty ? "0" : whole) + (hasFraction ? "." : ".0") + rest
}

/// The whole value of an unsigned decimal literal with or without fraction and exponent; nil where
/// it has a fractional part or exceeds 64 bits.
private func wholeValue(of literal: Substring) -> UInt64? {
  let parts = literal.split(maxSplits: 1, omittingEmptySubsequences: false) {
    $0 == "e" || $0 == "E"
  }
  var value: UInt64 = 0
  var zeros = 0  // held back, so that the zeros of 1.000…0 cannot overflow
  var scale = 0
  var isAfterPoint = false
  for character in parts[0].utf8 {
    if character == UInt8(ascii: ".") {
      isAfterPoint = true
      continue
    }
    guard isDigit(character) else { return nil }
    if isAfterPoint { scale -= 1 }
    zeros += 1
    if character == UInt8(ascii: "0") { continue }
    guard let shifted = timesPowerOfTen(value, zeros) else { return nil }
    let (sum, overflow) = shifted.addingReportingOverflow(UInt64(character - UInt8(ascii: "0")))
    guard !overflow else { return nil }
    value = sum
    zeros = 0
  }
  if value == 0 { return 0 }
  if parts.count == 2 {
    guard let exponent = Int32(parts[1]) else { return nil }
    scale += Int(exponent)
  }
  scale += zeros
  return scale < 0 ? nil : timesPowerOfTen(value, scale)
}

private func timesPowerOfTen(_ value: UInt64, _ power: Int) -> UInt64? {
  if value == 0 { return 0 }
  guard power <= 19 else { return nil }
  var result = value
  for _ in 0..<power {
    let (product, overflow) = result.multipliedReportingOverflow(by: 10)
    if overflow { return nil }
    result = product
  }
  return result
}

/// Whether a byte is one of `0` to `9`.
func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

/// The value of a hexadecimal digit in either case.
func hexValue(_ byte: UInt8) -> UInt8? {
  switch byte {
  case 0x30...0x39: byte - 0x30
  case 0x41...0x46: byte - 0x37
  case 0x61...0x66: byte - 0x57
  default: nil
  }
}
