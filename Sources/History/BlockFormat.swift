import Base
import Model

/// The numbers of the block format, version 1; `deploy/docs/history-format.md` is its specification.
///
/// A block is a file that is written once, from end to end, and then only read: the samples and the
/// cells of every probe over an hour, or the cells of a day, probe by probe. So one probe's past is
/// read without touching that of the others.
package enum BlockFormat {
  package static let version = 1
  /// A block begins with this much; its first bytes are the header.
  package static let headerBlockBytes = 4_096
  static let headerBlockWords = headerBlockBytes / 8
  /// The bytes 89 4C 48 42 4C 4F 4B 0A: `LHBLOK` between a byte that is no text and a line end.
  static let magic: UInt64 = 0x0A4B_4F4C_4248_4C89
  static let headerWords = 13
  static let entryWords = 3
  /// Before a chunk's own content: checksum and length, interval.
  static let chunkHeadWords = 2
  /// What stands behind the probe's names in a chunk of cells: length and standing.
  static let standingWords = 3
  /// No chunk is longer, whatever a file says: 8 MiB.
  static let chunkWordsMaximum = 1 << 20
  /// No block holds more chunks.
  static let entriesMaximum = Limits.linksPerDaemon * Limits.probesPerLink
  /// Room for the names of a probe, as they mostly are.
  static let namesBytes = 72
}

/// What a block is made of.
package enum BlockKind: UInt16, Sendable, Hashable, CaseIterable {
  /// Every sample of some hour, in the order of writing, with its cells of both spans.
  case samples = 1
  /// The five-minute cells of a day.
  case fiveMinutes = 2
  /// The hourly cells of a day.
  case hours = 3

  /// The directory of such blocks, below that of the history.
  package var directory: String {
    switch self {
    case .samples: "samples"
    case .fiveMinutes: "five-minutes"
    case .hours: "hours"
    }
  }
}

/// The header of a block.
package struct BlockHeader: Hashable, Sendable {
  package var kind: BlockKind
  /// That of the ring from whose samples it was made.
  package var ringID: UInt64
  /// 1 for the first block of a kind, one more for each that follows.
  package var generation: UInt64
  /// The ring's batches whose samples it holds, by their sequence numbers.
  package var sequences: Range<UInt64>
  /// The least and the greatest time of what it holds.
  package var times: ClosedRange<WallTime>
  /// When its time was over.
  package var closed: WallTime
  /// How many probes it has something of.
  package var entryCount: Int
  /// Where the table of probes begins, in words from the start of the file.
  package var tablePlace: Int
  /// The number in the file's name.
  package var slot: UInt32
  /// The checksum of the table.
  var tableChecksum: UInt32

  /// How long the file must be, in bytes.
  package var byteCount: Int { (tablePlace + entryCount * BlockFormat.entryWords) * 8 }

  /// Where the checksums of its chunks start, so that what an earlier block left is none of it.
  package var seed: UInt32 {
    crc32c(
      words: [ringID.littleEndian, generation.littleEndian, UInt64(kind.rawValue).littleEndian],
      in: 0..<3)
  }

  /// The whole header block, as it stands in the file.
  package var block: [UInt64] {
    var words: [UInt64] = []
    words.reserveCapacity(BlockFormat.headerBlockWords)
    words.appendWord(BlockFormat.magic)
    words.appendWord(UInt64(BlockFormat.version) | UInt64(BlockFormat.headerWords * 8) << 16)
    words.appendWord(ringID)
    words.appendWord(generation)
    words.appendWord(sequences.lowerBound)
    words.appendWord(sequences.upperBound)
    words.appendWord(UInt64(bitPattern: RingFormat.stored(times.lowerBound)))
    words.appendWord(UInt64(bitPattern: RingFormat.stored(times.upperBound)))
    words.appendWord(UInt64(bitPattern: RingFormat.stored(closed)))
    words.appendWord(UInt64(tablePlace))
    words.appendWord(pair(UInt32(entryCount), tableChecksum))
    words.appendWord(UInt64(kind.rawValue) | UInt64(slot) << 32)
    words.appendWord(0)
    words[1] |= UInt64(Self.checksum(words)).littleEndian << 32
    words.append(contentsOf: repeatElement(0, count: BlockFormat.headerBlockWords - words.count))
    return words
  }

  /// The checksum of a header's words, taken with its own field as zero.
  fileprivate static func checksum(_ words: [UInt64]) -> UInt32 {
    var header = words
    header[1] = UInt64(words.word(1).lower).littleEndian
    return crc32c(words: header, in: 0..<header.count)
  }
}

/// What the start of a block's file shows.
package enum BlockReading: Hashable, Sendable {
  /// Preallocated, or being written when the machine stopped: nothing counts.
  case blank
  case valid(BlockHeader)
  /// Sound, but of a version or kind that this program does not know.
  case newer(version: Int, kind: Int)
  /// No header; the reason in words.
  case damaged(String)

  /// How many words of a file ``init(_:)`` wants to see.
  package static let wordsNeeded = 64

  /// Reads the start of a block.
  package init(_ words: [UInt64]) {
    guard words.count >= Self.wordsNeeded else {
      self = .damaged("the file is shorter than a block's header")
      return
    }
    if words[..<BlockFormat.headerWords].allSatisfy({ $0 == 0 }) {
      self = .blank
      return
    }
    guard words.word(0) == BlockFormat.magic else {
      self = .damaged("the file does not start as a block")
      return
    }
    let length = Int(UInt16(truncatingIfNeeded: words.word(1) >> 16))
    guard length >= 96, length <= Self.wordsNeeded * 8, length % 8 == 0,
      BlockHeader.checksum(Array(words[..<(length / 8)])) == words.word(1).upper
    else {
      self = .damaged("the header's checksum is wrong")
      return
    }
    let version = Int(UInt16(truncatingIfNeeded: words.word(1)))
    let number = UInt16(truncatingIfNeeded: words.word(11))
    guard version == BlockFormat.version, let kind = BlockKind(rawValue: number) else {
      self = .newer(version: version, kind: Int(number))
      return
    }
    guard length >= BlockFormat.headerWords * 8, let header = Self.header(words, kind) else {
      self = .damaged("the header's fields are out of range")
      return
    }
    self = .valid(header)
  }

  private static func header(_ words: [UInt64], _ kind: BlockKind) -> BlockHeader? {
    let known = RingFormat.milliseconds
    let times = (6...8).map { Int64(bitPattern: words.word($0)) }
    let entryCount = Int(words.word(10).lower)
    guard words.word(4) <= words.word(5), times.allSatisfy(known.contains), times[0] <= times[1],
      words.word(9) >= BlockFormat.headerBlockWords, words.word(9) < 1 << 40,
      entryCount <= BlockFormat.entriesMaximum, words.word(3) > 0, words.word(3) < .max
    else { return nil }
    return BlockHeader(
      kind: kind, ringID: words.word(2), generation: words.word(3),
      sequences: words.word(4)..<words.word(5),
      times: WallTime(milliseconds: times[0])...WallTime(milliseconds: times[1]),
      closed: WallTime(milliseconds: times[2]), entryCount: entryCount,
      tablePlace: Int(words.word(9)), slot: words.word(11).upper,
      tableChecksum: words.word(10).upper)
  }
}
