import Base

/// The header of a batch: six words before its records.
struct BatchHeader {
  var payloadWords: Int
  var payloadChecksum: UInt32
  /// The lower half of the segment's generation.
  var generation: UInt32
  /// How many probes and texts the records define.
  var definitions: UInt32
  var sequence: UInt64
  /// What the records' times are told from, in milliseconds since the epoch.
  var base: Int64
  /// The least and greatest time, told from `base`; both extremes mean that they are not known.
  var earliest: Int32
  var latest: Int32

  var times: ClosedRange<WallTime> {
    let least = base + Int64(earliest)
    let greatest = base + Int64(latest)
    guard earliest <= latest, earliest > Int32.min, RingFormat.milliseconds.contains(least),
      RingFormat.milliseconds.contains(greatest)
    else { return .always }
    return WallTime(milliseconds: least)...WallTime(milliseconds: greatest)
  }

  /// Writes the header over the first six words of a batch.
  func store(in words: inout [UInt64], seed: UInt32) {
    words[1] = pair(payloadChecksum, UInt32(payloadWords * 8)).littleEndian
    words[2] = pair(generation, definitions).littleEndian
    words[3] = sequence.littleEndian
    words[4] = UInt64(bitPattern: base).littleEndian
    words[5] = pair(UInt32(bitPattern: earliest), UInt32(bitPattern: latest)).littleEndian
    let checksum = crc32c(words: words, in: 1..<RingFormat.batchHeaderWords, seed: seed)
    words[0] = pair(RingFormat.batchMagic, checksum).littleEndian
  }

  /// Reads a header; nil unless its checksum is right and the batch ends within the segment.
  init?(_ segment: [UInt64], at place: Int, seed: UInt32) {
    guard place + RingFormat.batchHeaderWords <= segment.count,
      segment.word(place).lower == RingFormat.batchMagic,
      crc32c(words: segment, in: (place + 1)..<(place + RingFormat.batchHeaderWords), seed: seed)
        == segment.word(place).upper
    else { return nil }
    let length = Int(segment.word(place + 1).upper)
    let base = Int64(bitPattern: segment.word(place + 4))
    guard length % 8 == 0, length / 8 <= segment.count - place - RingFormat.batchHeaderWords,
      segment.word(place + 3) < .max, RingFormat.milliseconds.contains(base)
    else { return nil }
    self.init(
      payloadWords: length / 8, payloadChecksum: segment.word(place + 1).lower,
      generation: segment.word(place + 2).lower, definitions: segment.word(place + 2).upper,
      sequence: segment.word(place + 3), base: base,
      earliest: Int32(bitPattern: segment.word(place + 5).lower),
      latest: Int32(bitPattern: segment.word(place + 5).upper))
  }

  init(
    payloadWords: Int, payloadChecksum: UInt32, generation: UInt32, definitions: UInt32,
    sequence: UInt64, base: Int64, earliest: Int32, latest: Int32
  ) {
    self.payloadWords = payloadWords
    self.payloadChecksum = payloadChecksum
    self.generation = generation
    self.definitions = definitions
    self.sequence = sequence
    self.base = base
    self.earliest = earliest
    self.latest = latest
  }
}
