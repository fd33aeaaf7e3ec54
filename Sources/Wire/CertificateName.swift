import Base

/// The name of whom a certificate is for, or by (RFC 5280 section 4.1.2.4).
package struct CertificateName: Sendable, Hashable {
  /// Its parts in the order in which they stand: `C=VN, O=Office, CN=server`. It holds bytes of the
  /// other side: show it only through `printable`.
  package let text: String
  /// The last common name; nil without one.
  package let commonName: String?
  /// Equal for names that are the same, whatever types of strings they are written with: letters of
  /// ASCII count without case, runs of blanks as one (RFC 5280 section 7.1).
  package let comparable: [UInt8]

  /// So many parts are read of one name.
  private static let partsLimit = 64

  /// Reads a `Name`, a sequence of sets of a type and a value each.
  init(_ name: DERElement) throws(DERError) {
    guard name.tag == DERTag.sequence else { throw DERError("a name is missing") }
    var shown: [String] = []
    var comparable: [UInt8] = []
    var common: String?
    var sets = name.inside
    while !sets.isAtEnd {
      var parts = try sets.next(DERTag.set, "a part of a name").inside
      comparable.append(0)
      while !parts.isAtEnd {
        guard shown.count < Self.partsLimit else { throw DERError("a name of too many parts") }
        var pair = try parts.next(DERTag.sequence, "a part of a name").inside
        let type = try pair.next(DERTag.objectIdentifier, "the type of a name's part").identifier
        let text = string(try pair.next())
        if type == "2.5.4.3" { common = text }
        shown.append("\(Self.types[type] ?? type)=\(escaped(text))")
        comparable += Array(type.utf8) + [1] + folded(text) + [2]
      }
    }
    text = shown.joined(separator: ", ")
    commonName = common
    self.comparable = comparable
  }

  /// Ignores how it is written.
  package static func == (a: Self, b: Self) -> Bool { a.comparable == b.comparable }
  package func hash(into hasher: inout Hasher) { hasher.combine(comparable) }

  /// The words for a person: the common name, or else all of it.
  package var shortText: String {
    if let commonName, !commonName.isEmpty { return commonName }
    return text.isEmpty ? "without a name" : text
  }

  /// The usual words for the types of parts (RFC 4514 section 3, and what tools print beyond that).
  private static let types = [
    "2.5.4.3": "CN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST",
    "2.5.4.9": "STREET", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.97": "organizationIdentifier",
    "0.9.2342.19200300.100.1.1": "UID", "0.9.2342.19200300.100.1.25": "DC",
    "1.2.840.113549.1.9.1": "emailAddress",
  ]
}

/// The text of a string of whatever type; those of one byte a character that is not UTF-8 count as
/// Latin 1, which is what people have put there.
private func string(_ element: DERElement) -> String {
  let bytes = element.content
  var text = ""
  switch element.tag {
  case DERTag.bmpString:
    var units: [UInt16] = []
    var index = bytes.startIndex
    while index + 1 < bytes.endIndex {
      units.append(UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1]))
      index += 2
    }
    return String(decoding: units, as: UTF16.self)
  case DERTag.universalString:
    var index = bytes.startIndex
    while index + 3 < bytes.endIndex {
      let value = bytes[index..<(index + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      text.unicodeScalars.append(Unicode.Scalar(value) ?? "\u{FFFD}")
      index += 4
    }
    return text
  default:
    if let valid = String(validating: bytes, as: UTF8.self) { return valid }
    for byte in bytes { text.unicodeScalars.append(Unicode.Scalar(byte)) }
    return text
  }
}

/// RFC 4514 section 2.4, for what would look like another part.
private func escaped(_ text: String) -> String {
  var result = ""
  for character in text.unicodeScalars {
    if ",+=\\".unicodeScalars.contains(character) { result += "\\" }
    result.unicodeScalars.append(character)
  }
  return result
}

private func folded(_ text: String) -> [UInt8] {
  var result: [UInt8] = []
  for word in text.utf8.split(separator: 0x20) {
    if !result.isEmpty { result.append(0x20) }
    result += word.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
  }
  return result
}
