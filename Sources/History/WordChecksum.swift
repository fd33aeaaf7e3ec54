import Base

/// Eight tables of 256: entry `256 * n + b` is what byte `b` adds to the checksum when `n` more
/// bytes of its word follow it.
private let slices: InlineArray<2_048, UInt32> = {
  var tables = InlineArray<2_048, UInt32>(repeating: 0)
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

/// So many words of each of three stretches are reckoned beside each other.
private let stretch = 8

/// What a checksum becomes when so many words of zeros follow, as four tables of 256: one for each of
/// its bytes.
private func shifts(words count: Int) -> InlineArray<1_024, UInt32> {
  var table = InlineArray<1_024, UInt32>(repeating: 0)
  for bit in 0..<32 {
    var crc: UInt32 = 1 << UInt32(bit)
    for _ in 0..<count { crc = step(crc, 0) }
    // All values of its byte that have this bit and lower ones: they add up.
    let first = bit / 8 * 256
    let value = 1 << (bit % 8)
    for lower in 0..<value { table[first + value + lower] = table[first + lower] ^ crc }
  }
  return table
}

private let oneStretch = shifts(words: stretch)
private let twoStretches = shifts(words: 2 * stretch)

@inline(__always)
private func step(_ crc: UInt32, _ next: UInt64) -> UInt32 {
  let word = next ^ UInt64(crc)
  let first =
    slices[1_792 + Int(word & 0xFF)] ^ slices[1_536 + Int(word >> 8 & 0xFF)]
    ^ slices[1_280 + Int(word >> 16 & 0xFF)] ^ slices[1_024 + Int(word >> 24 & 0xFF)]
  let second =
    slices[768 + Int(word >> 32 & 0xFF)] ^ slices[512 + Int(word >> 40 & 0xFF)]
    ^ slices[256 + Int(word >> 48 & 0xFF)] ^ slices[Int(word >> 56)]
  return first ^ second
}

/// CRC-32C over the bytes of words as they lie in a file: the same as `crc32c` over those bytes,
/// but a word at a time (Kounavis and Berry, "Novel Table Lookup-Based Algorithms for
/// High-Performance CRC Generation", 2008). Each word waits for the one before it, so three stretches are
/// reckoned at once and put together: a checksum is linear, that of the first is moved on over the others.
package func crc32c(words: [UInt64], in range: Range<Int>, seed: UInt32 = 0) -> UInt32 {
  var crc = ~seed
  var place = range.lowerBound
  while range.upperBound - place >= 3 * stretch {
    var second: UInt32 = 0
    var third: UInt32 = 0
    for word in place..<place + stretch {
      crc = step(crc, words.word(word))
      second = step(second, words.word(word + stretch))
      third = step(third, words.word(word + 2 * stretch))
    }
    let moved =
      twoStretches[Int(crc & 0xFF)] ^ twoStretches[256 + Int(crc >> 8 & 0xFF)]
      ^ twoStretches[512 + Int(crc >> 16 & 0xFF)] ^ twoStretches[768 + Int(crc >> 24)]
    let movedSecond =
      oneStretch[Int(second & 0xFF)] ^ oneStretch[256 + Int(second >> 8 & 0xFF)]
      ^ oneStretch[512 + Int(second >> 16 & 0xFF)] ^ oneStretch[768 + Int(second >> 24)]
    crc = moved ^ movedSecond ^ third
    place += 3 * stretch
  }
  while place < range.upperBound {
    crc = step(crc, words.word(place))
    place += 1
  }
  return ~crc
}

/// Where the checksums of a ring's batches start: the checksum of the ring's id, so that no batch
/// of one ring is valid in another.
func checksumSeed(ringID: UInt64) -> UInt32 {
  crc32c(words: [ringID.littleEndian], in: 0..<1)
}
