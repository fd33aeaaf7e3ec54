import Base

// The smallest parts of XML: names, values, text, references.
extension XMLReader {
  func error(_ message: String, at place: Int, isLimit: Bool = false) -> XMLError {
    XMLError(message, at: position(of: place), isLimit: isLimit)
  }

  /// Line and column are counted only when there is something to tell.
  private func position(of place: Int) -> Position {
    var line = 1
    var column = 1
    for byte in bytes[..<min(place, bytes.count)] {
      if byte == 0x0A {
        line += 1
        column = 1
      } else if byte & 0xC0 != 0x80 {
        column += 1
      }
    }
    return Position(line: line, column: column, offset: place)
  }

  func starts(_ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard bytes.count - index >= count else { return false }
    return text.withUTF8Buffer { buffer in
      for offset in 0..<count where unsafe buffer[offset] != bytes[index + offset] { return false }
      return true
    }
  }

  func find(_ text: String, from start: Int) -> Int? {
    let wanted = Array(text.utf8)
    var place = start
    while place + wanted.count <= bytes.count {
      if bytes[place] == wanted[0], bytes[place..<(place + wanted.count)].elementsEqual(wanted) {
        return place
      }
      place += 1
    }
    return nil
  }

  @discardableResult
  mutating func skipBlanks() -> Bool {
    let start = index
    while index < bytes.count, isBlank(bytes[index]) { index += 1 }
    return index > start
  }

  /// A `Name` of section 2.3, with any character above ASCII.
  mutating func name() throws(XMLError) -> [UInt8] {
    let start = index
    while index < bytes.count, isNameByte(bytes[index], isFirst: index == start) { index += 1 }
    guard index > start else { throw error("expected a name", at: start) }
    guard index - start <= limits.nameBytes else {
      throw error("a name longer than \(limits.nameBytes) bytes", at: start, isLimit: true)
    }
    return Array(bytes[start..<index])
  }

  /// A quoted value, its references replaced and its blanks made spaces (section 3.3.3).
  mutating func attributeValue() throws(XMLError) -> String {
    let start = index
    guard index < bytes.count, bytes[index] == 0x22 || bytes[index] == 0x27 else {
      throw error("expected a value in quotes", at: start)
    }
    let quote = bytes[index]
    index += 1
    var value: [UInt8] = []
    while index < bytes.count, bytes[index] != quote {
      switch bytes[index] {
      case UInt8(ascii: "<"): throw error("\"<\" in a value", at: index)
      case UInt8(ascii: "&"): value += try reference()
      case 0x0D where index + 1 < bytes.count && bytes[index + 1] == 0x0A: index += 1
      case 0x09, 0x0A, 0x0D:
        value.append(0x20)
        index += 1
      default:
        value.append(bytes[index])
        index += 1
      }
    }
    guard index < bytes.count else { throw error("a value does not end", at: start) }
    index += 1
    return String(decoding: value, as: UTF8.self)
  }

  /// Text up to the next `<`, line ends made line feeds (section 2.11).
  mutating func characterData() throws(XMLError) -> String {
    var text: [UInt8] = []
    while index < bytes.count, bytes[index] != UInt8(ascii: "<") {
      switch bytes[index] {
      case UInt8(ascii: "&"): text += try reference()
      case UInt8(ascii: "]") where starts("]]>"): throw error("\"]]>\" in text", at: index)
      default:
        appendText(bytes[index], to: &text)
        index += 1
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  mutating func cdata() throws(XMLError) -> String {
    let start = index
    guard let end = find("]]>", from: index + 9) else {
      throw error("a CDATA section does not end", at: start)
    }
    var text: [UInt8] = []
    index += 9
    while index < end {
      appendText(bytes[index], to: &text)
      index += 1
    }
    index = end + 3
    return String(decoding: text, as: UTF8.self)
  }

  private func appendText(_ byte: UInt8, to text: inout [UInt8]) {
    if byte == 0x0D {
      if index + 1 < bytes.count, bytes[index + 1] == 0x0A { return }
      text.append(0x0A)
    } else {
      text.append(byte)
    }
  }

  mutating func comment() throws(XMLError) {
    let start = index
    guard let end = find("--", from: index + 4) else {
      throw error("a comment does not end", at: start)
    }
    index = end
    guard starts("-->") else { throw error("\"--\" in a comment", at: end) }
    index += 3
  }

  mutating func instruction() throws(XMLError) {
    let start = index
    index += 2
    let target = try name()
    guard String(decoding: target, as: UTF8.self).lowercased() != "xml" else {
      throw error("an XML declaration that is not at the start", at: start)
    }
    guard let end = find("?>", from: index), end == index || isBlank(bytes[index]) else {
      throw error("a processing instruction does not end", at: start)
    }
    index = end + 2
  }

  /// `&lt;`, `&#60;`, `&#x3C;` (sections 4.1 and 4.6).
  private mutating func reference() throws(XMLError) -> [UInt8] {
    let start = index
    // The longest is that of U+10FFFF, with some zeros before it.
    let window = bytes[(start + 1)..<min(bytes.count, start + 16)]
    guard let end = window.firstIndex(of: UInt8(ascii: ";")) else {
      throw error("\"&\" without a reference", at: start)
    }
    let text = String(decoding: window[..<end], as: UTF8.self)
    index = end + 1
    switch text {
    case "lt": return [UInt8(ascii: "<")]
    case "gt": return [UInt8(ascii: ">")]
    case "amp": return [UInt8(ascii: "&")]
    case "quot": return [UInt8(ascii: "\"")]
    case "apos": return [UInt8(ascii: "'")]
    default: break
    }
    var digits = text.utf8.dropFirst(text.hasPrefix("#x") ? 2 : 1)
    if digits.first == UInt8(ascii: "+") { digits = digits.prefix(0) }
    guard text.hasPrefix("#"),
      let number = UInt32(
        String(decoding: Array(digits), as: UTF8.self), radix: text.hasPrefix("#x") ? 16 : 10),
      let scalar = Unicode.Scalar(number), isXMLCharacter(scalar)
    else {
      throw error("there is no entity &\(printable(text, limit: 16));", at: start)
    }
    return Array(String(Character(scalar)).utf8)
  }
}

func shown(_ name: [UInt8]) -> String {
  "\"" + printable(String(decoding: name, as: UTF8.self), limit: 60) + "\""
}

func isBlank(_ byte: UInt8) -> Bool {
  byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
}

private func isNameByte(_ byte: UInt8, isFirst: Bool) -> Bool {
  switch byte {
  case 0x41...0x5A, 0x61...0x7A, 0x5F, 0x3A, 0x80...0xFF: true
  case 0x30...0x39, 0x2D, 0x2E: !isFirst
  default: false
  }
}

/// `Char` of section 2.2.
private func isXMLCharacter(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.value {
  case 0x09, 0x0A, 0x0D, 0x20...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: true
  default: false
  }
}

/// Where the first byte stands that is no UTF-8 or no `Char`; nil if there is none.
func invalidCharacter(_ bytes: [UInt8], from start: Int) -> Int? {
  var decoder = UTF8()
  var iterator = bytes[start...].makeIterator()
  var place = start
  while true {
    switch decoder.decode(&iterator) {
    case .emptyInput: return nil
    case .error: return place
    case .scalarValue(let scalar):
      guard isXMLCharacter(scalar) else { return place }
      place += UTF8.width(scalar)
    }
  }
}
