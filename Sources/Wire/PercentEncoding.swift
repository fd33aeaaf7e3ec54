/// The bytes with each `%XX` replaced by its byte (RFC 3986 section 2.1), and with `plusIsSpace` each
/// `+` by a space, as forms write it; nil where a `%` is followed by anything else.
package func percentDecode(_ bytes: some Sequence<UInt8>, plusIsSpace: Bool = false) -> [UInt8]? {
  var decoded: [UInt8] = []
  var iterator = bytes.makeIterator()
  while let byte = iterator.next() {
    switch byte {
    case UInt8(ascii: "%"):
      guard let high = iterator.next().flatMap(hexValue),
        let low = iterator.next().flatMap(hexValue)
      else { return nil }
      decoded.append(high << 4 | low)
    case UInt8(ascii: "+") where plusIsSpace: decoded.append(0x20)
    default: decoded.append(byte)
    }
  }
  return decoded
}

/// Text as one segment of a path or one part of a query: every byte but the unreserved ones
/// (RFC 3986 section 2.3) is written as `%XX`.
package func percentEncode(_ text: String) -> String {
  var encoded: [UInt8] = []
  for byte in text.utf8 {
    if isUnreserved(byte) { encoded.append(byte) } else { encoded += percentEncoded(byte) }
  }
  return String(decoding: encoded, as: UTF8.self)
}

func percentEncoded(_ byte: UInt8) -> [UInt8] {
  let digits = Array("0123456789ABCDEF".utf8)
  return [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
}

func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }

func isUnreserved(_ byte: UInt8) -> Bool {
  isLetter(byte) || isDigit(byte) || "-._~".utf8.contains(byte)
}

/// The characters that a path or query may hold as they stand (RFC 3986 sections 3.3 and 3.4).
func isTargetCharacter(_ byte: UInt8) -> Bool {
  isUnreserved(byte) || "!$&'()*+,;=:@/?".utf8.contains(byte)
}
