import Base

/// The header of a segment file.
package struct SegmentHeader: Hashable, Sendable {
  /// Drawn once when the ring is made; all segments of a ring bear it.
  package var ringID: UInt64
  /// 1 for the first segment written, one more for each that follows.
  package var generation: UInt64
  /// The sequence number of the segment's first batch.
  package var firstSequence: UInt64
  /// The time of the segment's first record, to the millisecond.
  package var created: WallTime
  package var segmentBytes: Int
  /// The number in the file's name.
  package var slot: UInt32
  /// The times of all batches in the segment of the generation before, so that the times of every
  /// full segment are known from the headers alone; nil when there is none.
  package var previousTimes: ClosedRange<WallTime>?

  package init(
    ringID: UInt64, generation: UInt64, firstSequence: UInt64, created: WallTime,
    segmentBytes: Int, slot: UInt32, previousTimes: ClosedRange<WallTime>? = nil
  ) {
    self.ringID = ringID
    self.generation = generation
    self.firstSequence = firstSequence
    self.created = created
    self.segmentBytes = segmentBytes
    self.slot = slot
    self.previousTimes = previousTimes
  }

  /// The whole header block, as it stands in the file.
  package var block: [UInt64] {
    var words: [UInt64] = []
    words.reserveCapacity(RingFormat.headerBlockWords)
    words.appendWord(RingFormat.segmentMagic)
    words.appendWord(
      UInt64(RingFormat.version) | UInt64(RingFormat.segmentHeaderWords * 8) << 16)
    words.appendWord(ringID)
    words.appendWord(generation)
    words.appendWord(firstSequence)
    words.appendWord(UInt64(bitPattern: created.milliseconds))
    words.appendWord(UInt64(segmentBytes))
    words.appendWord(UInt64(slot) | UInt64(RingFormat.samplesKind) << 32)
    words.appendWord(UInt64(bitPattern: previousTimes?.lowerBound.milliseconds ?? Int64.max))
    words.appendWord(UInt64(bitPattern: previousTimes?.upperBound.milliseconds ?? Int64.min))
    let checksum = crc32c(words: words, in: 0..<words.count)
    words[1] = (words.word(1) | UInt64(checksum) << 32).littleEndian
    words.append(contentsOf: repeatElement(0, count: RingFormat.headerBlockWords - words.count))
    return words
  }
}

/// What the start of a segment file shows.
package enum SegmentReading: Hashable, Sendable {
  /// Preallocated and never written.
  case blank
  case valid(SegmentHeader)
  /// Sound, but of a version or kind that this program does not know.
  case newer(version: Int, kind: Int)
  /// No header; the reason in words.
  case damaged(String)

  /// How many words of a file ``init(_:)`` wants to see: the header block and one more.
  package static let wordsNeeded = RingFormat.headerBlockWords + 1

  /// Reads the start of a segment.
  package init(_ words: [UInt64]) {
    guard words.count >= Self.wordsNeeded else {
      self = .damaged("the file is shorter than a segment's header")
      return
    }
    let isZero =
      words[..<RingFormat.segmentHeaderWords].allSatisfy { $0 == 0 }
      && words[RingFormat.headerBlockWords] == 0
    if isZero {
      self = .blank
      return
    }
    guard words.word(0) == RingFormat.segmentMagic else {
      self = .damaged("the file does not start as a segment")
      return
    }
    let version = Int(UInt16(truncatingIfNeeded: words.word(1)))
    let length = Int(UInt16(truncatingIfNeeded: words.word(1) >> 16))
    guard length >= 64, length <= RingFormat.headerBlockBytes, length % 8 == 0,
      Self.checksum(words, words: length / 8) == words.word(1).upper
    else {
      self = .damaged("the header's checksum is wrong")
      return
    }
    let kind = UInt16(truncatingIfNeeded: words.word(7) >> 32)
    guard version == RingFormat.version, kind == RingFormat.samplesKind else {
      self = .newer(version: version, kind: Int(kind))
      return
    }
    self = Self.fields(words, length: length)
  }

  /// The checksum of a header, taken with its own field as zero.
  private static func checksum(_ words: [UInt64], words count: Int) -> UInt32 {
    var header = Array(words[..<count])
    header[1] = UInt64(words.word(1).lower).littleEndian
    return crc32c(words: header, in: 0..<count)
  }

  private static func fields(_ words: [UInt64], length: Int) -> SegmentReading {
    let created = Int64(bitPattern: words.word(5))
    guard length >= RingFormat.segmentHeaderWords * 8, let size = Int(exactly: words.word(6)),
      RingFormat.isSegmentSize(size), RingFormat.milliseconds.contains(created),
      words.word(3) > 0, words.word(3) < .max, words.word(4) > 0
    else { return .damaged("the header's fields are out of range") }
    return .valid(
      SegmentHeader(
        ringID: words.word(2), generation: words.word(3), firstSequence: words.word(4),
        created: WallTime(milliseconds: created), segmentBytes: size, slot: words.word(7).lower,
        previousTimes: times(words)))
  }

  private static func times(_ words: [UInt64]) -> ClosedRange<WallTime>? {
    let earliest = Int64(bitPattern: words.word(8))
    let latest = Int64(bitPattern: words.word(9))
    guard earliest <= latest else { return nil }
    let known = RingFormat.milliseconds
    guard known.contains(earliest), known.contains(latest) else { return .always }
    return WallTime(milliseconds: earliest)...WallTime(milliseconds: latest)
  }
}

extension ClosedRange<WallTime> {
  /// Every time there is: the range of what is too far apart to be told.
  package static var always: Self {
    WallTime(nanoseconds: .min)...WallTime(nanoseconds: .max)
  }

  /// The least range that covers both.
  package func union(_ other: Self?) -> Self {
    guard let other else { return self }
    return Swift.min(lowerBound, other.lowerBound)...Swift.max(upperBound, other.upperBound)
  }
}
