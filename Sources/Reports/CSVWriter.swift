import Base

/// Writes rows of comma-separated values (RFC 4180), lines ended by CR LF.
package struct CSVWriter: Sendable {
  package private(set) var bytes: [UInt8] = []
  private var isInRow = false

  package init() {}

  /// Text. Control characters are shown as ``printable(_:limit:)`` shows them, and what a spreadsheet
  /// would take for a formula gets an apostrophe in front, which makes it text there.
  package mutating func text(_ value: String?) {
    separate()
    guard let value, !value.isEmpty else { return }
    var shown = printable(value, limit: Self.textCharacters)
    if let first = shown.unicodeScalars.first, Self.formulaStarts.contains(first) {
      shown = "'" + shown
    }
    append(shown)
  }

  package mutating func int(_ value: (some BinaryInteger)?) {
    separate()
    if let value { bytes += String(value).utf8 }
  }

  package mutating func double(_ value: Double?) {
    separate()
    if let value, value.isFinite { bytes += value.description.utf8 }
  }

  package mutating func endRow() {
    bytes += [0x0D, 0x0A]
    isInRow = false
  }

  package mutating func row(_ titles: [String]) {
    for title in titles { text(title) }
    endRow()
  }

  private static let textCharacters = 2_048
  /// The last four are the wide forms, which some spreadsheets take for the same.
  private static let formulaStarts: [Unicode.Scalar] = ["=", "+", "-", "@", "＝", "＋", "－", "＠"]

  private mutating func separate() {
    if isInRow { bytes.append(0x2C) }
    isInRow = true
  }

  private mutating func append(_ text: String) {
    guard
      text.utf8.contains(where: { $0 == 0x2C || $0 == 0x22 || $0 == 0x0D || $0 == 0x0A })
        || text.first == " " || text.last == " "
    else {
      bytes += text.utf8
      return
    }
    bytes.append(0x22)
    for byte in text.utf8 {
      if byte == 0x22 { bytes.append(0x22) }
      bytes.append(byte)
    }
    bytes.append(0x22)
  }
}
