/// What is said of an answer's packing: the codings of its content (RFC 9110 section 8.4) and of its
/// transfer (RFC 9112 section 6.1). Each coding may unpack to a thousand times as much, so that of three
/// one after the other a few bytes keep whoever unpacks them busy for seconds, even where nothing comes
/// out in the end.
package struct HTTPCodings: Sendable, Hashable {
  /// Codings of the content; `identity` is none.
  package private(set) var content = 0
  /// Codings of the transfer beside `chunked`.
  package private(set) var transfer = 0

  package init() {}

  /// Whether a line of the head that begins so may be of interest: every line comes by, and most are told
  /// by their first letter.
  package static func mayTell(_ first: UInt8?) -> Bool {
    guard let first else { return false }
    return first | 0x20 == 0x63 || first | 0x20 == 0x74
  }

  /// Takes a line of the head, whatever it is.
  package mutating func take(_ line: [UInt8]) {
    guard Self.mayTell(line.first), let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
      return
    }
    let value = line[(colon + 1)...]
    switch lowercaseText(line[..<colon]) {
    case "content-encoding": content += Self.count(value, apartFrom: "identity")
    case "transfer-encoding": transfer += Self.count(value, apartFrom: "chunked")
    default: break
    }
  }

  private static func count(_ value: some Collection<UInt8>, apartFrom plain: String) -> Int {
    value.split(separator: UInt8(ascii: ",")).count { coding in
      let word = lowercaseText(coding)
      return !word.isEmpty && word != plain && word != "identity"
    }
  }
}

/// Without blanks around it.
private func lowercaseText(_ bytes: some Collection<UInt8>) -> String {
  let isBlank = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
  let start = bytes.drop(while: isBlank)
  var text = String(decoding: start, as: UTF8.self).lowercased()
  while let last = text.utf8.last, isBlank(last) { text.removeLast() }
  return text
}
