/// Why bytes are not what they should be.
package struct DERError: Error, Sendable, Hashable {
  package var message: String

  init(_ message: String) { self.message = message }
}

/// The tags that certificates use (X.690 section 8.1.2; X.680 section 8.4).
enum DERTag {
  static let boolean: UInt8 = 0x01
  static let integer: UInt8 = 0x02
  static let bitString: UInt8 = 0x03
  static let octetString: UInt8 = 0x04
  static let objectIdentifier: UInt8 = 0x06
  static let utf8String: UInt8 = 0x0C
  static let utcTime: UInt8 = 0x17
  static let generalizedTime: UInt8 = 0x18
  static let universalString: UInt8 = 0x1C
  static let bmpString: UInt8 = 0x1E
  static let sequence: UInt8 = 0x30
  static let set: UInt8 = 0x31

  /// A tag of the context, `[number]`.
  static func context(_ number: UInt8, constructed: Bool = false) -> UInt8 {
    (constructed ? 0xA0 : 0x80) | number
  }
}

/// One value with its tag.
struct DERElement {
  let tag: UInt8
  /// The value alone.
  let content: ArraySlice<UInt8>
  /// With tag and length.
  let whole: ArraySlice<UInt8>

  /// Reads the elements within.
  var inside: DERReader { DERReader(content) }
}

/// Walks over elements that follow each other (X.690 section 8.1). It never reads beyond what it is
/// given, and what it returns lies within that. Lengths may be longer than they need to be: a reader
/// that only looks has no reason to be as strict as DER.
struct DERReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  var isAtEnd: Bool { rest.isEmpty }
  /// The tag of the next element; nil at the end.
  var nextTag: UInt8? { rest.first }

  mutating func next() throws(DERError) -> DERElement {
    let start = rest.startIndex
    guard let tag = rest.first else { throw DERError("it ends where a value should follow") }
    guard tag & 0x1F != 0x1F else { throw DERError("a tag of more than one byte") }
    guard rest.count >= 2 else { throw DERError("it ends within a length") }
    let first = Int(rest[start + 1])
    var header = 2
    var length = first
    if first >= 0x80 {
      let bytes = first & 0x7F
      guard (1...4).contains(bytes) else { throw DERError("a length of an unknown form") }
      guard rest.count >= 2 + bytes else { throw DERError("it ends within a length") }
      length = rest[(start + 2)..<(start + 2 + bytes)].reduce(0) { $0 << 8 | Int($1) }
      header += bytes
    }
    guard length <= rest.count - header else { throw DERError("it ends within a value") }
    let end = start + header + length
    let element = DERElement(
      tag: tag, content: rest[(start + header)..<end], whole: rest[start..<end])
    rest = rest[end...]
    return element
  }

  /// The next element, which must have that tag.
  mutating func next(_ tag: UInt8, _ what: String) throws(DERError) -> DERElement {
    guard nextTag == tag else { throw DERError("\(what) is missing") }
    return try next()
  }

  /// The next element if it has that tag.
  mutating func optional(_ tag: UInt8) throws(DERError) -> DERElement? {
    nextTag == tag ? try next() : nil
  }
}

extension DERElement {
  /// An object identifier with dots (X.690 section 8.19).
  var identifier: String {
    var numbers: [UInt64] = []
    var value: UInt64 = 0
    for byte in content {
      // Beyond this it is no identifier that anybody knows; its bytes stand for it.
      guard value < 1 << 56 else { return hexadecimal(Array(content)) }
      value = value << 7 | UInt64(byte & 0x7F)
      if byte & 0x80 == 0 {
        numbers.append(value)
        value = 0
      }
    }
    guard let first = numbers.first else { return "" }
    let root = min(first / 40, 2)
    return ([root, first - root * 40] + numbers.dropFirst()).map { "\($0)" }
      .joined(separator: ".")
  }

  /// So many bits has a positive integer.
  var bitCount: Int {
    let significant = content.drop { $0 == 0 }
    guard let first = significant.first else { return 0 }
    return (significant.count - 1) * 8 + (8 - first.leadingZeroBitCount)
  }

  /// The bytes of a bit string that has whole ones.
  func wholeBits() throws(DERError) -> ArraySlice<UInt8> {
    guard content.first == 0 else { throw DERError("a bit string of no whole bytes") }
    return content.dropFirst()
  }

  var isTrue: Bool { content.contains { $0 != 0 } }
}
