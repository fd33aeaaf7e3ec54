/// A domain name (RFC 1035 section 3.1) in its labels.
package struct DNSName: Sendable, Hashable {
  /// Length, label, ..., 0; in lower case, since names compare so (RFC 4343). One array, because a
  /// message may hold thousands of names.
  let wire: [UInt8]

  static let labelBytes = 63
  static let wireBytes = 255

  /// A length is at most 63 and so no letter.
  init(wire: [UInt8]) { self.wire = wire.map(lowercased) }

  private init(labels: [[UInt8]]) {
    self.init(wire: labels.flatMap { [UInt8($0.count)] + $0 } + [0])
  }

  private var labels: [[UInt8]] {
    var labels: [[UInt8]] = []
    var index = 0
    while wire[index] != 0 {
      let end = index + 1 + Int(wire[index])
      labels.append(Array(wire[(index + 1)..<end]))
      index = end
    }
    return labels
  }

  /// Reads a name as zone files write it (RFC 1035 section 5.1): `\.` is a dot within a label, `\DDD`
  /// a byte by its decimal number; the dot at the end may be absent. Nil where it is no name.
  package init?(_ text: String) {
    var labels: [[UInt8]] = []
    var label: [UInt8] = []
    let bytes = Array(text.utf8)
    if bytes == [UInt8(ascii: ".")] {
      self.init(labels: [])
      return
    }
    var index = 0
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "."):
        guard !label.isEmpty else { return nil }
        labels.append(label)
        label = []
        index += 1
      case UInt8(ascii: "\\"):
        guard let (byte, length) = Self.escaped(bytes, at: index) else { return nil }
        label.append(byte)
        index += length
      case 0x21...0x7E:
        label.append(bytes[index])
        index += 1
      default: return nil
      }
    }
    if !label.isEmpty { labels.append(label) }
    let wire = labels.reduce(1) { $0 + 1 + $1.count }
    guard !labels.isEmpty, wire <= Self.wireBytes,
      labels.allSatisfy({ $0.count <= Self.labelBytes })
    else { return nil }
    self.init(labels: labels)
  }

  private static func escaped(_ bytes: [UInt8], at start: Int) -> (byte: UInt8, length: Int)? {
    guard start + 1 < bytes.count else { return nil }
    guard isDigit(bytes[start + 1]) else { return (bytes[start + 1], 2) }
    guard start + 3 < bytes.count else { return nil }
    let digits = bytes[(start + 1)...(start + 3)]
    guard digits.allSatisfy(isDigit) else { return nil }
    let value = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    return UInt8(exactly: value).map { ($0, 4) }
  }
}

extension DNSName: CustomStringConvertible {
  /// Without the dot at the end; what is not printable ASCII is written as `\DDD`. `.` is the root.
  package var description: String {
    wire.count == 1 ? "." : labels.map { escapedText($0, also: [0x2E]) }.joined(separator: ".")
  }
}

/// Bytes as text of printable ASCII, all else and the backslash escaped as zone files do.
func escapedText(_ bytes: [UInt8], also special: [UInt8] = [], spaces: Bool = false) -> String {
  var text: [UInt8] = []
  text.reserveCapacity(bytes.count)
  for byte in bytes {
    if byte == 0x5C || special.contains(byte) {
      text.append(0x5C)
      text.append(byte)
    } else if (0x21...0x7E).contains(byte) || (spaces && byte == 0x20) {
      text.append(byte)
    } else {
      text.append(0x5C)
      text.append(0x30 + byte / 100)
      text.append(0x30 + byte / 10 % 10)
      text.append(0x30 + byte % 10)
    }
  }
  return String(decoding: text, as: UTF8.self)
}

private func lowercased(_ byte: UInt8) -> UInt8 {
  (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
}
