import Base
import Model

/// What a plugin wrote, by the convention of Nagios (Monitoring Plugins Development Guidelines, "Plugin
/// Output for Nagios" and "Performance data"; Nagios Core, "Plugin API"): the first line tells how it is;
/// behind a `|` follow figures. Further lines are a long text, until a `|` begins figures again, which
/// then go on to the end.
package struct PluginOutput: Sendable, Hashable {
  /// The first line without its figures, safe to show, at most `Limits.noteBytes`.
  package var line: String
  /// At most `Limits.readings`, each name once.
  package var readings: [Reading]

  package init(_ bytes: [UInt8]) {
    let bytes = bytes.prefix(Limits.pluginOutputBytes)
    let bar = UInt8(ascii: "|")
    let first = bytes.prefix { $0 != UInt8(ascii: "\n") }
    let long = bytes.dropFirst(first.count)
    // A scalar has at most four bytes; one more than is shown tells that some are not.
    let shown = first.prefix { $0 != bar }.drop(while: isBlank).prefix((Limits.noteBytes + 1) * 4)
    line = noteText(String(decoding: shown, as: UTF8.self))
    var reader = PerformanceData()
    reader.read(first.drop { $0 != bar }.dropFirst())
    reader.read(long.drop { $0 != bar }.dropFirst())
    readings = reader.readings
  }
}

/// A text as a sample's note: without blanks around it, safe to show, cut between two characters.
func noteText(_ text: String) -> String {
  let scalars = text.unicodeScalars
  let isBlank = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace }
  guard let start = scalars.firstIndex(where: { !isBlank($0) }),
    let end = scalars.lastIndex(where: { !isBlank($0) })
  else { return "" }
  return cut(printable(String(scalars[start...end]), limit: Limits.noteBytes), Limits.noteBytes)
}

/// The text's start, in at most so many bytes of UTF-8.
func cut(_ text: String, _ bytes: Int) -> String {
  guard text.utf8.count > bytes else { return text }
  var end = text.utf8.index(text.startIndex, offsetBy: bytes)
  while end > text.startIndex, end.samePosition(in: text.unicodeScalars) == nil {
    end = text.utf8.index(before: end)
  }
  return String(text[..<end])
}

/// Reads `'label'=value[UOM];[warn];[crit];[min];[max]`, one after the other, apart by blanks or lines. What is
/// no such thing is skipped, as is a value `U`, which the plugin could not find out. Each byte is looked
/// at a bounded number of times, and of very many words only the first: this is the loop's work.
private struct PerformanceData {
  private(set) var readings: [Reading] = []
  private var words = 0

  mutating func read(_ text: ArraySlice<UInt8>) {
    let bytes = Array(text)
    var index = 0
    while index < bytes.count, readings.count < Limits.readings, words < Limits.readingWords {
      if isBlank(bytes[index]) {
        index += 1
        continue
      }
      words += 1
      let label = readLabel(bytes, &index)
      let word = readWord(bytes, &index)
      guard let label, word.first == UInt8(ascii: "=") else { continue }
      add(label, word.dropFirst())
    }
  }

  /// A label, in quotes or up to the `=`; nil where none ends in front of a `=`.
  private func readLabel(_ bytes: [UInt8], _ index: inout Int) -> [UInt8]? {
    let quote = UInt8(ascii: "'")
    guard bytes[index] == quote else {
      let start = index
      while index < bytes.count, bytes[index] != UInt8(ascii: "="), !isBlank(bytes[index]) {
        index += 1
      }
      return index > start ? Array(bytes[start..<index]) : nil
    }
    var label: [UInt8] = []
    index += 1
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      if byte == quote {
        guard index < bytes.count, bytes[index] == quote else { return label }
        index += 1
      }
      label.append(byte)
    }
    return nil
  }

  private func readWord(_ bytes: [UInt8], _ index: inout Int) -> ArraySlice<UInt8> {
    let start = index
    while index < bytes.count, !isBlank(bytes[index]) { index += 1 }
    return bytes[start..<index]
  }

  private mutating func add(_ label: [UInt8], _ word: ArraySlice<UInt8>) {
    let value = word.prefix { $0 != UInt8(ascii: ";") }
    let name = cut(
      printable(label, limit: Limits.readingNameBytes), Limits.readingNameBytes)
    guard let (number, length) = leadingNumber(value), !name.isEmpty,
      !readings.contains(where: { $0.name == name })
    else { return }
    let unit = value.dropFirst(length)
    guard unit.count <= Limits.readingUnitBytes, unit.allSatisfy(isUnitByte) else { return }
    // Bytes that are no text become longer as they are decoded.
    let text = String(decoding: unit, as: UTF8.self)
    guard text.utf8.count <= Limits.readingUnitBytes, printable(text) == text else { return }
    readings.append(Reading(name: name, value: number, unit: text))
  }
}

/// A unit has no digits, semicolons or quotes.
private func isUnitByte(_ byte: UInt8) -> Bool {
  switch byte {
  case 0x21, 0x23...0x26, 0x28...0x2B, 0x2D...0x2F, 0x3A, 0x3C...0x7E, 0x80...0xFF: true
  default: false
  }
}

private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

/// The decimal number that a text begins with, and how many bytes it has.
private func leadingNumber(_ text: ArraySlice<UInt8>) -> (value: Double, length: Int)? {
  let bytes = Array(text.prefix(64))
  var index = 0
  func digits() -> Int {
    let start = index
    while index < bytes.count, (0x30...0x39).contains(bytes[index]) { index += 1 }
    return index - start
  }
  if let sign = bytes.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { index = 1 }
  var count = digits()
  if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
    index += 1
    count += digits()
  }
  guard count > 0 else { return nil }
  let mantissaEnd = index
  if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
    index += 1
    if index < bytes.count, bytes[index] == 0x2B || bytes[index] == 0x2D { index += 1 }
    // An "e" without digits begins the unit.
    if digits() == 0 { index = mantissaEnd }
  }
  guard index < 64, let value = Double(numberText(bytes[..<index])), value.isFinite else {
    return nil
  }
  return (value, index)
}

/// Swift reads no number that begins or ends with its point.
private func numberText(_ bytes: ArraySlice<UInt8>) -> String {
  var text = ""
  for (place, byte) in zip(bytes.indices, bytes) {
    if byte == UInt8(ascii: ".") {
      let before = place > bytes.startIndex && (0x30...0x39).contains(bytes[place - 1])
      let after = place + 1 < bytes.endIndex && (0x30...0x39).contains(bytes[place + 1])
      text += "\(before ? "" : "0").\(after ? "" : "0")"
    } else {
      text.unicodeScalars.append(Unicode.Scalar(byte))
    }
  }
  return text
}
