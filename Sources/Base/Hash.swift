/// A hash that is the same in every process and release: FNV-1a, 64 bits, with a final mix so that
/// near-equal ids spread over the whole range (offset basis and prime: draft-eastlake-fnv, section 5).
package func stableHash(_ text: String) -> UInt64 {
  var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  for byte in text.utf8 {
    hash ^= UInt64(byte)
    hash &*= 0x0000_0100_0000_01B3
  }
  var mixer = SeededGenerator(seed: hash)
  return mixer.next()
}

private let crc32cTable: [UInt32] = (0..<256).map { index in
  var value = UInt32(index)
  for _ in 0..<8 { value = value & 1 == 1 ? (value >> 1) ^ 0x82F6_3B78 : value >> 1 }
  return value
}

/// CRC-32C (Castagnoli), as in RFC 3720 appendix B.4; `crc32c` of "123456789" is 0xE3069283.
/// Pass the former result as `seed` to go on over further bytes.
package func crc32c(_ bytes: some Sequence<UInt8>, seed: UInt32 = 0) -> UInt32 {
  var crc = ~seed
  for byte in bytes { crc = crc32cTable[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ (crc >> 8) }
  return ~crc
}

/// CRC-32C over contiguous bytes; see ``crc32c(_:seed:)-(Sequence,_)``.
package func crc32c(_ bytes: [UInt8], seed: UInt32 = 0) -> UInt32 {
  crc32c(bytes, in: 0..<bytes.count, seed: seed)
}

/// CRC-32C over a part of an array, without a copy.
package func crc32c(_ bytes: [UInt8], in range: Range<Int>, seed: UInt32 = 0) -> UInt32 {
  var crc = ~seed
  let table = crc32cTable
  for index in range {
    crc = table[Int(UInt8(truncatingIfNeeded: crc) ^ bytes[index])] ^ (crc >> 8)
  }
  return ~crc
}
