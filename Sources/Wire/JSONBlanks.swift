/// Between the tokens: white space, line ends, comments, and the decoding of UTF-8.
extension JSONParser {
  /// Steps over white space and, in JSON5, comments.
  mutating func skipBlank() throws(JSONError) {
    while index < bytes.count {
      switch bytes[index] {
      case 0x20, 0x09: index += 1
      case 0x0A, 0x0D: skipLineEnd()
      case 0x21...0x2E, 0x30...0x7F: return
      default:
        guard isJSON5, try skipJSON5Blank() else { return }
      }
    }
  }

  /// Steps over LF, CR LF or CR, which stands at the cursor.
  mutating func skipLineEnd() {
    let isPair = bytes[index] == 0x0D && index + 1 < bytes.count && bytes[index + 1] == 0x0A
    index += isPair ? 2 : 1
    startLine()
  }

  /// Steps over one blank that only JSON5 knows; false where something else stands. Kept out of line
  /// so that the look-up of Unicode properties does not weigh on every blank.
  @inline(never)
  private mutating func skipJSON5Blank() throws(JSONError) -> Bool {
    switch bytes[index] {
    case 0x0B, 0x0C:
      index += 1
      return true
    case UInt8(ascii: "/"):
      try skipComment()
      return true
    case 0x80...:
      guard let (scalar, length) = scalar(at: index) else { throw brokenUTF8() }
      guard isJSON5Blank(scalar) else { return false }
      skipSequence(length)
      return true
    default: return false
    }
  }

  /// Whether a scalar beyond ASCII is white space or a line end. JSON5 section 8.
  func isJSON5Blank(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0xFEFF, 0x2028, 0x2029: true
    default: scalar.properties.generalCategory == .spaceSeparator
    }
  }

  private mutating func skipComment() throws(JSONError) {
    switch index + 1 < bytes.count ? bytes[index + 1] : 0 {
    case UInt8(ascii: "/"): try skipLineComment()
    case UInt8(ascii: "*"): try skipBlockComment()
    default: throw unexpected(wanted: "a value, a bracket or a comment")
    }
  }

  private mutating func skipLineComment() throws(JSONError) {
    while let byte = current, byte != 0x0A, byte != 0x0D {
      if byte < 0x80 {
        index += 1
      } else {
        guard let (scalar, length) = scalar(at: index) else { throw brokenUTF8() }
        skipSequence(length)
        if scalar == "\u{2028}" || scalar == "\u{2029}" { return }
      }
    }
  }

  private mutating func skipBlockComment() throws(JSONError) {
    let opening = here
    index += 2
    while let byte = current {
      switch byte {
      case UInt8(ascii: "*") where index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: "/"):
        index += 2
        return
      case 0x0A, 0x0D: skipLineEnd()
      case 0x80...: try skipSequence()
      default: index += 1
      }
    }
    throw JSONError(message: "the comment opened at \(opening) is not closed", position: here)
  }

  // MARK: UTF-8

  /// Steps over one well-formed sequence of several bytes.
  mutating func skipSequence() throws(JSONError) {
    guard let (_, length) = scalar(at: index) else { throw brokenUTF8() }
    skipSequence(length)
  }

  mutating func skipSequence(_ length: Int) {
    index += length
    continuationBytes += length - 1
  }

  /// The scalar at an offset and the length of its sequence; nil where the sequence is ill-formed
  /// (overlong, a surrogate, above U+10FFFF, cut short) or at the end. RFC 3629 section 4.
  func scalar(at offset: Int) -> (scalar: Unicode.Scalar, length: Int)? {
    guard offset < bytes.count else { return nil }
    let lead = bytes[offset]
    if lead < 0x80 { return (Unicode.Scalar(lead), 1) }
    let (length, least): (Int, UInt32) =
      switch lead {
      case 0xC2...0xDF: (2, 0x80)
      case 0xE0...0xEF: (3, 0x800)
      case 0xF0...0xF4: (4, 0x10000)
      default: (0, 0)
      }
    guard length > 0, length <= bytes.count - offset else { return nil }
    var value = UInt32(lead) & (0x7F >> UInt32(length))
    for place in offset + 1..<offset + length {
      guard bytes[place] & 0xC0 == 0x80 else { return nil }
      value = value << 6 | UInt32(bytes[place] & 0x3F)
    }
    guard value >= least, let scalar = Unicode.Scalar(value) else { return nil }
    return (scalar, length)
  }

  /// The error that the bytes at the cursor are no UTF-8.
  func brokenUTF8() -> JSONError {
    let shown = String(bytes[index], radix: 16, uppercase: true)
    return JSONError(message: "broken UTF-8, starting with the byte 0x\(shown)", position: here)
  }
}
