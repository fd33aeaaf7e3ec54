/// Appends JSON (RFC 8259) to bytes, compact or indented by two spaces, and sets the commas itself.
///
/// Calls must nest: in an object each value is preceded by its ``key(_:)``. Control characters, DEL
/// and the C1 range are escaped, so that a terminal can show the result, and U+2028 and U+2029 are,
/// so that a script can hold it. A `Double` that JSON cannot say (infinite, not a number) becomes
/// `null`.
package struct JSONWriter: Sendable {
  /// What has been written so far.
  package private(set) var bytes: [UInt8] = []
  private let isPretty: Bool
  /// One entry per open bracket: whether it holds something yet.
  private var hasContent: [Bool] = []
  private var isAfterKey = false

  package init(pretty: Bool = false) { isPretty = pretty }

  // MARK: Structure

  package mutating func beginObject() { begin(UInt8(ascii: "{")) }
  package mutating func endObject() { end(UInt8(ascii: "}")) }
  package mutating func beginArray() { begin(UInt8(ascii: "[")) }
  package mutating func endArray() { end(UInt8(ascii: "]")) }

  /// Writes a key; its value comes next.
  package mutating func key(_ key: String) {
    precondition(!isAfterKey, "a key needs a value before the next key")
    separate()
    appendQuoted(key)
    bytes.append(UInt8(ascii: ":"))
    if isPretty { bytes.append(UInt8(ascii: " ")) }
    isAfterKey = true
  }

  // MARK: Values

  package mutating func string(_ value: String) {
    separate()
    appendQuoted(value)
  }

  package mutating func int(_ value: some BinaryInteger) { literal(String(value)) }
  package mutating func bool(_ value: Bool) { literal(value ? "true" : "false") }
  package mutating func null() { literal("null") }

  /// Writes the shortest digits that read back as the same value.
  package mutating func double(_ value: Double) {
    literal(value.isFinite ? value.description : "null")
  }

  /// Writes a value that is JSON already, such as another writer's bytes; it is not looked at.
  package mutating func raw(_ json: [UInt8]) {
    separate()
    bytes += json
  }

  // MARK: Members

  /// Writes a key and its value; nil is written as `null`.
  package mutating func member(_ key: String, _ value: String?) {
    self.key(key)
    if let value { string(value) } else { null() }
  }

  /// Writes a key and its value; nil is written as `null`.
  package mutating func member(_ key: String, _ value: Bool?) {
    self.key(key)
    if let value { bool(value) } else { null() }
  }

  /// Writes a key and its value; nil is written as `null`.
  package mutating func member(_ key: String, _ value: Double?) {
    self.key(key)
    if let value { double(value) } else { null() }
  }

  /// Writes a key and its value; nil is written as `null`.
  package mutating func member<Integer: BinaryInteger>(_ key: String, _ value: Integer?) {
    self.key(key)
    if let value { int(value) } else { null() }
  }

  // MARK: Bytes

  private mutating func begin(_ bracket: UInt8) {
    separate()
    bytes.append(bracket)
    hasContent.append(false)
  }

  private mutating func end(_ bracket: UInt8) {
    precondition(!isAfterKey, "a key needs a value before its object ends")
    precondition(!hasContent.isEmpty, "as many brackets close as were opened")
    if hasContent.removeLast(), isPretty { startLine() }
    bytes.append(bracket)
  }

  /// Writes what stands between the former value and the next.
  private mutating func separate() {
    if isAfterKey {
      isAfterKey = false
      return
    }
    guard let last = hasContent.indices.last else { return }
    if hasContent[last] { bytes.append(UInt8(ascii: ",")) }
    hasContent[last] = true
    if isPretty { startLine() }
  }

  private mutating func startLine() {
    bytes.append(0x0A)
    for _ in hasContent { bytes += [0x20, 0x20] }
  }

  private mutating func literal(_ text: String) {
    separate()
    bytes += text.utf8
  }

  private mutating func appendQuoted(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    if text.utf8.allSatisfy(isPlain) {
      bytes += text.utf8
    } else {
      for scalar in text.unicodeScalars { appendEscaped(scalar) }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Whether a byte can be copied without a look at its neighbours. 0xC2 leads the C1 range and 0xE2
  /// the line separators; Vietnamese letters have neither.
  private func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case 0..<0x20, UInt8(ascii: "\""), UInt8(ascii: "\\"), 0x7F, 0xC2, 0xE2: false
    default: true
    }
  }

  private mutating func appendEscaped(_ scalar: Unicode.Scalar) {
    switch scalar.value {
    case 0x22, 0x5C: bytes += [UInt8(ascii: "\\"), UInt8(scalar.value)]
    case 0x08: bytes += "\\b".utf8
    case 0x09: bytes += "\\t".utf8
    case 0x0A: bytes += "\\n".utf8
    case 0x0C: bytes += "\\f".utf8
    case 0x0D: bytes += "\\r".utf8
    case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029:
      let digits = String(scalar.value, radix: 16)
      bytes += "\\u\(String(repeating: "0", count: 4 - digits.utf8.count))\(digits)".utf8
    default: bytes += scalar.utf8
    }
  }
}
