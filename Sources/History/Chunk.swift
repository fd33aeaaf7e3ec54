import Base
import Model

/// What a block holds of one probe: its interval and names, and its samples or its cells.
package struct Chunk: Sendable {
  package let key: ProbeKey
  /// The probe's interval when the block was written.
  package let every: TimeAmount
  private let words: [UInt64]
  /// Where the content begins, behind the names.
  private let content: Int

  /// Reads a chunk; nil when its checksum is wrong or it belongs to another block.
  package init?(_ words: [UInt64], header: BlockHeader) {
    guard words.count > BlockFormat.chunkHeadWords, Int(words.word(0).upper) == words.count,
      crc32c(words: words, in: 1..<words.count, seed: header.seed) == words.word(0).lower,
      let head = RecordHead(words, at: BlockFormat.chunkHeadWords, end: words.count),
      head.type == RecordType.probe,
      let key = readProbe(words, at: BlockFormat.chunkHeadWords, head)
    else { return nil }
    self.key = key
    self.words = words
    every = .milliseconds(Int64(words.word(1).lower))
    content = BlockFormat.chunkHeadWords + head.words
  }

  /// The chunk of a probe with such content. Places in the content are those in the whole chunk.
  static func words(
    _ key: ProbeKey, every: TimeAmount, seed: UInt32, _ content: (inout [UInt64]) -> Void
  ) -> [UInt64] {
    var words: [UInt64] = [0, UInt64(UInt32(clamping: every.milliseconds)).littleEndian]
    words.append(contentsOf: probeDefinition(key))
    content(&words)
    let checksum = crc32c(words: words, in: 1..<words.count, seed: seed)
    words[0] = pair(checksum, UInt32(words.count)).littleEndian
    return words
  }

  // MARK: - Cells

  /// The words of cells, as exact as fits into `wordLimit` words of chunk; nil if even the coarsest
  /// do not.
  static func cells(
    _ cells: [Cell], standing: Standing?, key: ProbeKey, every: TimeAmount, seed: UInt32,
    wordLimit: Int
  ) -> [UInt64]? {
    var didFit = true
    let words = words(key, every: every, seed: seed) { words in
      let room = (wordLimit - words.count - BlockFormat.standingWords) * 8
      guard let bytes = CellCode.encoded(cells, limit: room) else {
        didFit = false
        return
      }
      var flags: UInt32 = 0
      if let standing {
        flags = 1 | (standing.isUp ? 2 : 0) | (standing.isMaintenance ? 4 : 0)
      }
      words.appendWord(pair(UInt32(bytes.count), flags))
      words.appendWord(UInt64(bitPattern: standing.map { RingFormat.stored($0.told) } ?? 0))
      words.appendWord(UInt64(bitPattern: standing.map { RingFormat.stored($0.until) } ?? 0))
      words.appendBytes(bytes)
    }
    return didFit ? words : nil
  }

  /// What stood at the end of a chunk of cells.
  package var standing: Standing? {
    guard content + BlockFormat.standingWords <= words.count else { return nil }
    let flags = words.word(content).upper
    let told = Int64(bitPattern: words.word(content + 1))
    let until = Int64(bitPattern: words.word(content + 2))
    guard flags & 1 != 0, RingFormat.milliseconds.contains(told),
      RingFormat.milliseconds.contains(until),
      // No sample stands for longer; telling the time of such a one must not take long either.
      until - told <= 2 * Limits.probeIntervalMaximum.milliseconds
    else { return nil }
    return Standing(
      told: WallTime(milliseconds: told), until: WallTime(milliseconds: until),
      isUp: flags & 2 != 0, isMaintenance: flags & 4 != 0)
  }

  /// Hands over the cells of a span, one after the other in the same room; false where they cannot be
  /// read.
  package func cells(
    _ span: CellSpan, withLatencies: Bool, _ body: (borrowing Cell) -> Void
  ) -> Bool {
    guard content + BlockFormat.standingWords <= words.count else { return false }
    let count = Int(words.word(content).lower)
    let start = content + BlockFormat.standingWords
    guard count <= (words.count - start) * 8 else { return false }
    return CellCode.read(
      words.bytes(at: start, count: count)[...], span: span, withLatencies: withLatencies, body)
  }

  // MARK: - Samples

  /// The samples, in the order of writing.
  package func samples() -> [Sample] {
    var found: [Sample] = []
    var texts = PlaceList()
    var base: Int64 = 0
    var place = content
    while place < words.count, let head = RecordHead(words, at: place, end: words.count) {
      switch head.type {
      case RecordType.sample where head.words >= RingFormat.sampleWords:
        if let sample = readSample(
          words, at: place, head, end: words.count, base: base, texts: texts)
        {
          found.append(sample)
        }
      case RecordType.timeBase:
        if let time = readTimeBase(words, at: place, head) { base = time }
      case RecordType.text where isSoundText(head): texts.append(place)
      default: break
      }
      place += head.words
    }
    return found
  }
}

extension [UInt64] {
  /// The bytes from the start of a word; `count` must lie within.
  func bytes(at place: Int, count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    for place in place..<(place + (count + 7) / 8) {
      var word = word(place)
      for _ in 0..<8 {
        bytes.append(UInt8(truncatingIfNeeded: word))
        word >>= 8
      }
    }
    bytes.removeLast(bytes.count - count)
    return bytes
  }
}
