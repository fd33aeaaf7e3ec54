/// SHA-256, FIPS 180-4 section 6.2, over bytes that may come in parts.
package struct SHA256: Sendable {
  package static let digestBytes = 32
  private static let blockBytes = 64

  private var hash: [UInt32] = [
    0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A,
    0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19,
  ]
  private var schedule = [UInt32](repeating: 0, count: 64)
  private var pending: [UInt8] = []
  private var length: UInt64 = 0

  package init() {}

  package mutating func update(_ bytes: [UInt8]) {
    length += UInt64(bytes.count)
    var index = 0
    if !pending.isEmpty {
      index = min(bytes.count, Self.blockBytes - pending.count)
      pending += bytes[..<index]
      guard pending.count == Self.blockBytes else { return }
      compress(pending, from: 0)
      pending.removeAll(keepingCapacity: true)
    }
    while bytes.count - index >= Self.blockBytes {
      compress(bytes, from: index)
      index += Self.blockBytes
    }
    pending += bytes[index...]
  }

  /// The digest of all bytes so far; the value itself is left as it was.
  package func digest() -> [UInt8] {
    var last = self
    let zeros = (2 * Self.blockBytes - 9 - pending.count) % Self.blockBytes
    var padding: [UInt8] = [0x80] + [UInt8](repeating: 0, count: zeros)
    padding += bigEndian(length * 8)
    last.update(padding)
    return last.hash.flatMap(bigEndian)
  }

  private mutating func compress(_ block: [UInt8], from start: Int) {
    for word in 0..<16 {
      let place = start + 4 * word
      schedule[word] =
        UInt32(block[place]) << 24 | UInt32(block[place + 1]) << 16
        | UInt32(block[place + 2]) << 8 | UInt32(block[place + 3])
    }
    for word in 16..<64 {
      let early = schedule[word - 15]
      let late = schedule[word - 2]
      let sigma0 = rotate(early, 7) ^ rotate(early, 18) ^ early >> 3
      let sigma1 = rotate(late, 17) ^ rotate(late, 19) ^ late >> 10
      schedule[word] = schedule[word - 16] &+ sigma0 &+ schedule[word - 7] &+ sigma1
    }
    var (a, b, c, d) = (hash[0], hash[1], hash[2], hash[3])
    var (e, f, g, h) = (hash[4], hash[5], hash[6], hash[7])
    for round in 0..<64 {
      let sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
      let choice = (e & f) ^ (~e & g)
      let first = h &+ sum1 &+ choice &+ roundConstants[round] &+ schedule[round]
      let sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
      let majority = (a & b) ^ (a & c) ^ (b & c)
      (h, g, f, e) = (g, f, e, d &+ first)
      (d, c, b, a) = (c, b, a, first &+ sum0 &+ majority)
    }
    for (place, value) in [a, b, c, d, e, f, g, h].enumerated() { hash[place] &+= value }
  }
}

/// The SHA-256 digest of the bytes, 32 bytes long.
package func sha256(_ bytes: [UInt8]) -> [UInt8] {
  var hash = SHA256()
  hash.update(bytes)
  return hash.digest()
}

/// HMAC-SHA-256, RFC 2104 section 2, 32 bytes long.
package func hmacSHA256(key: [UInt8], message: [UInt8]) -> [UInt8] {
  let short = key.count > 64 ? sha256(key) : key
  let block = short + [UInt8](repeating: 0, count: 64 - short.count)
  var inner = SHA256()
  inner.update(block.map { $0 ^ 0x36 })
  inner.update(message)
  var outer = SHA256()
  outer.update(block.map { $0 ^ 0x5C })
  outer.update(inner.digest())
  return outer.digest()
}

/// Whether two byte strings are equal, in a time that depends on their lengths only.
package func constantTimeEquals(_ a: [UInt8], _ b: [UInt8]) -> Bool {
  guard a.count == b.count else { return false }
  var difference: UInt8 = 0
  for index in a.indices { difference |= a[index] ^ b[index] }
  return difference == 0
}

/// The bytes in lower-case hexadecimal digits.
package func hexadecimal(_ bytes: [UInt8]) -> String {
  let digits = Array("0123456789abcdef".utf8)
  var text: [UInt8] = []
  text.reserveCapacity(2 * bytes.count)
  for byte in bytes {
    text.append(digits[Int(byte >> 4)])
    text.append(digits[Int(byte & 15)])
  }
  return String(decoding: text, as: UTF8.self)
}

private func rotate(_ value: UInt32, _ places: UInt32) -> UInt32 {
  value >> places | value << (32 - places)
}

private func bigEndian<Word: FixedWidthInteger>(_ word: Word) -> [UInt8] {
  stride(from: Word.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> $0) }
}

/// FIPS 180-4 section 4.2.2.
private let roundConstants: [UInt32] = [
  0x428A_2F98, 0x7137_4491, 0xB5C0_FBCF, 0xE9B5_DBA5,
  0x3956_C25B, 0x59F1_11F1, 0x923F_82A4, 0xAB1C_5ED5,
  0xD807_AA98, 0x1283_5B01, 0x2431_85BE, 0x550C_7DC3,
  0x72BE_5D74, 0x80DE_B1FE, 0x9BDC_06A7, 0xC19B_F174,
  0xE49B_69C1, 0xEFBE_4786, 0x0FC1_9DC6, 0x240C_A1CC,
  0x2DE9_2C6F, 0x4A74_84AA, 0x5CB0_A9DC, 0x76F9_88DA,
  0x983E_5152, 0xA831_C66D, 0xB003_27C8, 0xBF59_7FC7,
  0xC6E0_0BF3, 0xD5A7_9147, 0x06CA_6351, 0x1429_2967,
  0x27B7_0A85, 0x2E1B_2138, 0x4D2C_6DFC, 0x5338_0D13,
  0x650A_7354, 0x766A_0ABB, 0x81C2_C92E, 0x9272_2C85,
  0xA2BF_E8A1, 0xA81A_664B, 0xC24B_8B70, 0xC76C_51A3,
  0xD192_E819, 0xD699_0624, 0xF40E_3585, 0x106A_A070,
  0x19A4_C116, 0x1E37_6C08, 0x2748_774C, 0x34B0_BCB5,
  0x391C_0CB3, 0x4ED8_AA4A, 0x5B9C_CA4F, 0x682E_6FF3,
  0x748F_82EE, 0x78A5_636F, 0x84C8_7814, 0x8CC7_0208,
  0x90BE_FFFA, 0xA450_6CEB, 0xBEF9_A3F7, 0xC671_78F2,
]
