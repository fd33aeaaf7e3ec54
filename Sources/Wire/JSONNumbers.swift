/// Numbers and the words that stand for values.
extension JSONParser {
  /// Steps over a word if exactly it stands here.
  mutating func takeWord(_ word: String) -> Bool {
    var cursor = index
    for byte in word.utf8 {
      guard cursor < bytes.count, bytes[cursor] == byte else { return false }
      cursor += 1
    }
    if cursor < bytes.count, isWordByte(bytes[cursor]) { return false }
    index = cursor
    return true
  }

  /// Reads the number that starts at the cursor with a sign, a digit, or in JSON5 a point or letter.
  mutating func number() throws(JSONError) -> JSONNumber {
    let start = here
    if current == UInt8(ascii: "-") || current == UInt8(ascii: "+") { index += 1 }
    if isJSON5, takeWord("Infinity") || takeWord("NaN") {
      return JSONNumber(text: text(from: start))
    }
    let isHexadecimal = try wholePart(from: start)
    if !isHexadecimal { try fractionAndExponent(from: start) }
    return JSONNumber(text: text(from: start))
  }

  private func text(from start: Position) -> String {
    String(decoding: bytes[start.offset..<index], as: UTF8.self)
  }

  /// Reads the digits before the point, which JSON5 may leave out; true where they were hexadecimal
  /// and the number is complete.
  private mutating func wholePart(from start: Position) throws(JSONError) -> Bool {
    switch current {
    case UInt8(ascii: "0"):
      index += 1
      if isJSON5, current == UInt8(ascii: "x") || current == UInt8(ascii: "X") {
        index += 1
        let digits = index
        while let byte = current, hexValue(byte) != nil { try stepOverDigit(from: start) }
        if index == digits { throw unexpected(wanted: "a hexadecimal digit") }
        return true
      }
      if let byte = current, isDigit(byte) {
        throw JSONError(message: "a number must not start with a needless 0", position: start)
      }
    case .some(0x31...0x39): try skipDigits(from: start)
    case UInt8(ascii: ".") where isJSON5: break
    default: throw unexpected(wanted: index > start.offset ? "a digit after the sign" : "a value")
    }
    return false
  }

  private mutating func fractionAndExponent(from start: Position) throws(JSONError) {
    if current == UInt8(ascii: ".") {
      let hasWholePart = index > start.offset && isDigit(bytes[index - 1])
      index += 1
      let digits = index
      try skipDigits(from: start)
      if index == digits, !(isJSON5 && hasWholePart) {
        throw unexpected(wanted: "a digit after the point")
      }
    }
    if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
      index += 1
      if current == UInt8(ascii: "-") || current == UInt8(ascii: "+") { index += 1 }
      let digits = index
      try skipDigits(from: start)
      if index == digits { throw unexpected(wanted: "a digit in the exponent") }
    }
  }

  private mutating func skipDigits(from start: Position) throws(JSONError) {
    while let byte = current, isDigit(byte) { try stepOverDigit(from: start) }
  }

  private mutating func stepOverDigit(from start: Position) throws(JSONError) {
    index += 1
    guard index - start.offset <= limits.numberBytes else {
      throw JSONError(
        message: "a number longer than \(limits.numberBytes) bytes", position: start,
        isLimit: true)
    }
  }
}
