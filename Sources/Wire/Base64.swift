private let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
private let padding = UInt8(ascii: "=")

/// The bytes in base64 with padding, RFC 4648 section 4.
package func base64Encode(_ bytes: [UInt8]) -> String {
  var text: [UInt8] = []
  text.reserveCapacity((bytes.count + 2) / 3 * 4)
  for start in stride(from: 0, to: bytes.count, by: 3) {
    let group = bytes[start..<min(start + 3, bytes.count)]
    var bits: UInt32 = 0
    for byte in group { bits = bits << 8 | UInt32(byte) }
    bits <<= UInt32(8 * (3 - group.count))
    for place in 0..<4 {
      let digit = Int(bits >> UInt32(18 - 6 * place) & 63)
      text.append(place <= group.count ? digits[digit] : padding)
    }
  }
  return String(decoding: text, as: UTF8.self)
}

/// The bytes that base64 text stands for; nil unless it is exactly what ``base64Encode(_:)`` writes:
/// padded, without white space, its unused bits zero (RFC 4648 sections 3.2, 3.3 and 3.5).
package func base64Decode(_ text: String) -> [UInt8]? {
  let characters = Array(text.utf8)
  guard characters.count % 4 == 0 else { return nil }
  var bytes: [UInt8] = []
  bytes.reserveCapacity(characters.count / 4 * 3)
  for start in stride(from: 0, to: characters.count, by: 4) {
    let isLast = start + 4 == characters.count
    var length = 3
    if isLast && characters[start + 3] == padding {
      length = characters[start + 2] == padding ? 1 : 2
    }
    var bits: UInt32 = 0
    for place in 0..<4 {
      bits <<= 6
      if place > length { continue }
      guard let value = base64Value(characters[start + place]) else { return nil }
      bits |= UInt32(value)
    }
    let unused = UInt32(8 * (3 - length))
    guard bits & (1 << unused - 1) == 0 else { return nil }
    for place in 0..<length {
      bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(16 - 8 * place)))
    }
  }
  return bytes
}

private func base64Value(_ character: UInt8) -> UInt8? {
  switch character {
  case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
  case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
  case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
  case UInt8(ascii: "+"): 62
  case UInt8(ascii: "/"): 63
  default: nil
  }
}
