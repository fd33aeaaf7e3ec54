import Base

/// Eight tables of 256: entry `256 * n + b` is what byte `b` adds to the checksum when `n` more
/// bytes of its word follow it.
private let slices: [UInt32] = {
  var tables = [UInt32](repeating: 0, count: 8 * 256)
  for byte in 0..<256 {
    var value = UInt32(byte)
    for _ in 0..<8 { value = value & 1 == 1 ? (value >> 1) ^ 0x82F6_3B78 : value >> 1 }
    tables[byte] = value
  }
  for place in 256..<tables.count {
    let before = tables[place - 256]
    tables[place] = tables[Int(before & 0xFF)] ^ (before >> 8)
  }
  return tables
}()

/// CRC-32C over the bytes of words as they lie in a file: the same as `crc32c` over those bytes,
/// but a word at a time (Kounavis and Berry, "Novel Table Lookup-Based Algorithms for
/// High-Performance CRC Generation", 2008).
package func crc32c(words: [UInt64], in range: Range<Int>, seed: UInt32 = 0) -> UInt32 {
  let table = slices
  var crc = ~seed
  for place in range {
    let word = words.word(place) ^ UInt64(crc)
    let first =
      table[1_792 + Int(word & 0xFF)] ^ table[1_536 + Int(word >> 8 & 0xFF)]
      ^ table[1_280 + Int(word >> 16 & 0xFF)] ^ table[1_024 + Int(word >> 24 & 0xFF)]
    let second =
      table[768 + Int(word >> 32 & 0xFF)] ^ table[512 + Int(word >> 40 & 0xFF)]
      ^ table[256 + Int(word >> 48 & 0xFF)] ^ table[Int(word >> 56)]
    crc = first ^ second
  }
  return ~crc
}

/// Where the checksums of a ring's batches start: the checksum of the ring's id, so that no batch
/// of one ring is valid in another.
func checksumSeed(ringID: UInt64) -> UInt32 {
  crc32c(words: [ringID.littleEndian], in: 0..<1)
}
