import Base

/// Strings with their escapes, and JSON5's keys without quotes.
extension JSONParser {
  /// Reads the string that opens at the cursor. Most have no escape and are copied in one piece;
  /// from the first escape on, the pieces are gathered.
  mutating func string() throws(JSONError) -> String {
    let opening = here
    let quote = bytes[index]
    index += 1
    let start = index
    var pieceStart = index
    var gathered: [UInt8] = []
    while true {
      skipPlain(quote)
      switch current {
      case quote:
        let end = index
        index += 1
        guard end - start <= limits.stringBytes else {
          throw JSONError(
            message: "a string longer than \(limits.stringBytes) bytes", position: opening,
            isLimit: true)
        }
        if gathered.isEmpty { return String(decoding: bytes[pieceStart..<end], as: UTF8.self) }
        gathered += bytes[pieceStart..<end]
        return String(decoding: gathered, as: UTF8.self)
      case UInt8(ascii: "\\"):
        gathered += bytes[pieceStart..<index]
        try escape(into: &gathered)
        pieceStart = index
      case .some(0x80...): try skipSequence()
      case nil, 0x0A, 0x0D:
        throw JSONError(
          message: "the string opened at \(opening) is not closed on its line", position: here)
      case .some(let control):
        guard isJSON5 else {
          let shown = String(control, radix: 16, uppercase: true)
          throw JSONError(
            message: "the control character 0x\(shown) in a string must be escaped",
            position: here)
        }
        index += 1
      }
    }
  }

  /// Steps over ASCII that stands for itself.
  private mutating func skipPlain(_ quote: UInt8) {
    var cursor = index
    while cursor < bytes.count {
      let byte = bytes[cursor]
      if byte == quote || byte == UInt8(ascii: "\\") || byte &- 0x20 >= 0x60 { break }
      cursor += 1
    }
    index = cursor
  }

  // MARK: Escapes

  /// Reads one escape, whose backslash stands at the cursor, and appends what it means.
  private mutating func escape(into gathered: inout [UInt8]) throws(JSONError) {
    let start = here
    index += 1
    guard let kind = current else { return }  // the string's end is missed by the caller
    switch kind {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): gathered.append(kind)
    case UInt8(ascii: "b"): gathered.append(0x08)
    case UInt8(ascii: "f"): gathered.append(0x0C)
    case UInt8(ascii: "n"): gathered.append(0x0A)
    case UInt8(ascii: "r"): gathered.append(0x0D)
    case UInt8(ascii: "t"): gathered.append(0x09)
    case UInt8(ascii: "u"):
      gathered += try unicodeEscape(from: start).utf8
      return
    default:
      guard isJSON5 else {
        throw JSONError(message: "JSON has no such escape", position: start)
      }
      return try json5Escape(kind, from: start, into: &gathered)
    }
    index += 1
  }

  /// The escapes of JSON5 section 5 that JSON lacks; the cursor stands behind the backslash.
  private mutating func json5Escape(
    _ kind: UInt8, from start: Position, into gathered: inout [UInt8]
  ) throws(JSONError) {
    switch kind {
    case 0x0A, 0x0D: skipLineEnd()
    case UInt8(ascii: "v"):
      gathered.append(0x0B)
      index += 1
    case UInt8(ascii: "0"):
      index += 1
      if let next = current, isDigit(next) { throw octal(at: start) }
      gathered.append(0)
    case UInt8(ascii: "1")...UInt8(ascii: "9"): throw octal(at: start)
    case UInt8(ascii: "x"):
      index += 1
      gathered += Unicode.Scalar(UInt8(try hexDigits(2, from: start))).utf8
    default:
      // U+2028 and U+2029 continue the line; any other scalar stands for itself.
      guard let (scalar, length) = scalar(at: index) else { throw brokenUTF8() }
      if scalar != "\u{2028}" && scalar != "\u{2029}" { gathered += scalar.utf8 }
      skipSequence(length)
    }
  }

  private func octal(at start: Position) -> JSONError {
    JSONError(message: "JSON5 has no octal escapes", position: start)
  }

  /// Reads `uXXXX` behind the backslash, and the second half of a surrogate pair with it.
  private mutating func unicodeEscape(from start: Position) throws(JSONError) -> Unicode.Scalar {
    index += 1
    let first = try hexDigits(4, from: start)
    if let scalar = Unicode.Scalar(first) { return scalar }
    let lone = JSONError(message: "half a surrogate pair is not a character", position: start)
    guard first < 0xDC00, bytes[index...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")])
    else { throw lone }
    index += 2
    let second = try hexDigits(4, from: start)
    guard 0xDC00...0xDFFF ~= second,
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw lone }
    return scalar
  }

  private mutating func hexDigits(_ count: Int, from start: Position) throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<count {
      guard let byte = current, let digit = hexValue(byte) else {
        throw JSONError(message: "this escape needs \(count) hexadecimal digits", position: start)
      }
      value = value << 4 | UInt32(digit)
      index += 1
    }
    return value
  }

  // MARK: Keys without quotes

  /// Reads an unquoted key: an IdentifierName of ECMAScript 5.1 section 7.6, reserved words
  /// included. Letters beyond U+FFFF, which that edition could not name, are taken as well.
  mutating func identifier() throws(JSONError) -> String {
    let opening = here
    let start = index
    while let byte = current, isWordByte(byte), index > start || !isDigit(byte) { index += 1 }
    var name = bytes[start..<index]
    while let byte = current, byte >= 0x80 || byte == UInt8(ascii: "\\") || isWordByte(byte) {
      let position = here
      // White space that is not ASCII ends the name as a blank does.
      if byte >= 0x80, let (scalar, _) = scalar(at: index), isJSON5Blank(scalar) { break }
      let scalar = try identifierScalar()
      guard isIdentifierScalar(scalar, isFirst: name.isEmpty) else {
        throw JSONError(
          message: "\"\(printable(String(scalar)))\" cannot stand in a key without quotes",
          position: position)
      }
      name += scalar.utf8
    }
    if name.isEmpty { throw unexpected(wanted: "a key or \"}\"") }
    guard name.count <= limits.stringBytes else {
      throw JSONError(
        message: "a key longer than \(limits.stringBytes) bytes", position: opening, isLimit: true)
    }
    return String(decoding: name, as: UTF8.self)
  }

  private mutating func identifierScalar() throws(JSONError) -> Unicode.Scalar {
    if current == UInt8(ascii: "\\") {
      let start = here
      index += 1
      guard current == UInt8(ascii: "u") else {
        throw JSONError(message: "an escape in a key without quotes must be \\u", position: start)
      }
      return try unicodeEscape(from: start)
    }
    guard let (scalar, length) = scalar(at: index) else { throw brokenUTF8() }
    skipSequence(length)
    return scalar
  }

  private func isIdentifierScalar(_ scalar: Unicode.Scalar, isFirst: Bool) -> Bool {
    if scalar == "$" || scalar == "_" { return true }
    return switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
      .letterNumber:
      true
    case .nonspacingMark, .spacingMark, .decimalNumber, .connectorPunctuation: !isFirst
    default: !isFirst && (scalar == "\u{200C}" || scalar == "\u{200D}")
    }
  }
}
