import Base

/// Steps through a segment from one batch header to the next.
///
/// Where no sound header stands it looks at every following word; so it finds the batches behind a
/// damaged one, and passes by what an earlier generation left in the file.
struct BatchWalk {
  private let seed: UInt32
  private let generation: UInt32
  private var place = RingFormat.headerBlockWords
  private var leastSequence: UInt64
  /// The furthest end of a batch of this generation that is not sound, as far as can be told.
  private(set) var unsoundEnd = 0

  init(_ header: SegmentHeader) {
    seed = checksumSeed(ringID: header.ringID)
    generation = header.generation.lower
    leastSequence = header.firstSequence
  }

  /// The next batch whose header is sound. Whether its records are too, ``isSound(_:at:in:)`` tells.
  mutating func next(in segment: [UInt64]) -> (place: Int, header: BatchHeader)? {
    while place + RingFormat.batchHeaderWords <= segment.count {
      guard segment.word(place).lower == RingFormat.batchMagic,
        segment.word(place + 2).lower == generation
      else {
        place += 1
        continue
      }
      guard let header = BatchHeader(segment, at: place, seed: seed),
        header.sequence >= leastSequence
      else {
        unsoundEnd = max(unsoundEnd, place + RingFormat.batchHeaderWords)
        place += 1
        continue
      }
      let found = place
      leastSequence = header.sequence + 1
      place = payload(of: header, at: found).upperBound
      return (found, header)
    }
    return nil
  }

  /// Where a batch's records lie.
  func payload(of batch: BatchHeader, at place: Int) -> Range<Int> {
    let start = place + RingFormat.batchHeaderWords
    return start..<(start + batch.payloadWords)
  }

  /// Whether a batch's records are as they were written.
  mutating func isSound(_ batch: BatchHeader, at place: Int, in segment: [UInt64]) -> Bool {
    let payload = payload(of: batch, at: place)
    if crc32c(words: segment, in: payload, seed: seed) == batch.payloadChecksum { return true }
    unsoundEnd = max(unsoundEnd, payload.upperBound)
    return false
  }
}
