import Base
import Model

/// What a block holds of one probe: its interval and names, and its samples or its cells.
package struct Chunk: Sendable {
  private let words: [UInt64]
  /// Where it lies in the words.
  private let range: Range<Int>
  /// Where the content begins, behind the names.
  private let content: Int

  /// Reads a chunk; nil when its checksum is wrong or it belongs to another block.
  ///
  /// - Parameter range: where it lies in the words; nil for all of them.
  package init?(_ words: [UInt64], in range: Range<Int>? = nil, header: BlockHeader) {
    self.init(words, in: range ?? words.indices, seed: header.seed)
  }

  /// - Parameter seed: that of the block's header.
  package init?(_ words: [UInt64], in range: Range<Int>, seed: UInt32) {
    let names = range.lowerBound + BlockFormat.chunkHeadWords
    guard names < range.upperBound, range.upperBound <= words.count,
      Int(words.word(range.lowerBound).upper) == range.count,
      crc32c(words: words, in: range.dropFirst(), seed: seed)
        == words.word(range.lowerBound).lower,
      let head = RecordHead(words, at: names, end: range.upperBound),
      head.type == RecordType.probe, areSoundNames(words, at: names, head)
    else { return nil }
    self.words = words
    self.range = range
    content = names + head.words
  }

  private var names: Range<Int> { range.lowerBound + BlockFormat.chunkHeadWords..<content }

  /// Whose it is.
  package var key: ProbeKey {
    RecordHead(words, at: names.lowerBound, end: content)
      .flatMap { readProbe(words, at: names.lowerBound, $0) }
      // The initializer has seen that they can be read.
      ?? ProbeKey(link: LinkID(service: "", consumer: ""), probe: "")
  }

  /// The probe's interval when the block was written.
  package var every: TimeAmount { .milliseconds(Int64(words.word(range.lowerBound + 1).lower)) }

  /// Whether it is that of a probe: much faster than to look at ``key``.
  package func belongs(to names: ProbeNames) -> Bool {
    let place = self.names.lowerBound
    return names.words.count == self.names.count
      && names.words.indices.allSatisfy { words[place + $0] == names.words[$0] }
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

  /// What is said of cells as a whole.
  private enum Flag {
    static let stands: UInt32 = 1
    static let isUp: UInt32 = 2
    static let isMaintenance: UInt32 = 4
    static let hoursFirst: UInt32 = 8
  }

  /// Whether there are cells of both spans, and those of an hour stand before the others.
  private static func hoursComeFirst(_ cells: [Cell]) -> Bool {
    guard let other = cells.firstIndex(where: { $0.span != .hour }) else { return false }
    return other > 0 && cells[other...].allSatisfy { $0.span != .hour }
  }

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
      var flags: UInt32 = hoursComeFirst(cells) ? Flag.hoursFirst : 0
      if let standing {
        flags |= Flag.stands | (standing.isUp ? Flag.isUp : 0)
        flags |= standing.isMaintenance ? Flag.isMaintenance : 0
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
    guard content + BlockFormat.standingWords <= range.upperBound else { return nil }
    let flags = words.word(content).upper
    let told = Int64(bitPattern: words.word(content + 1))
    let until = Int64(bitPattern: words.word(content + 2))
    guard flags & Flag.stands != 0, RingFormat.milliseconds.contains(told),
      RingFormat.milliseconds.contains(until),
      // No sample stands for longer; telling the time of such a one must not take long either.
      until - told <= 2 * Limits.probeIntervalMaximum.milliseconds
    else { return nil }
    return Standing(
      told: WallTime(milliseconds: told), until: WallTime(milliseconds: until),
      isUp: flags & Flag.isUp != 0, isMaintenance: flags & Flag.isMaintenance != 0)
  }

  /// Hands over the cells of a span, one after the other in the same room; false where they cannot be
  /// read.
  package func cells(
    _ span: CellSpan, withLatencies: Bool, _ body: (borrowing Cell) -> Void
  ) -> Bool {
    guard content + BlockFormat.standingWords <= range.upperBound else { return false }
    let count = Int(words.word(content).lower)
    let start = content + BlockFormat.standingWords
    guard count <= (range.upperBound - start) * 8 else { return false }
    return CellCode.read(
      words, at: start, count: count, span: span, withLatencies: withLatencies,
      hoursComeFirst: words.word(content).upper & Flag.hoursFirst != 0, body)
  }

  // MARK: - Sums

  /// The words of what the hours of a day add up to; nil where there are none, they do not fit into
  /// `wordLimit` words, or they cannot be told by a sum: a clock that was set back showed a time twice.
  static func sum(
    _ cells: [Cell], key: ProbeKey, every: TimeAmount, seed: UInt32, wordLimit: Int
  ) -> [UInt64]? {
    guard let first = cells.first, let last = cells.last,
      cells.allSatisfy({
        $0.span == .hour && $0.tally.observedMilliseconds <= $0.span.length.milliseconds
      })
    else { return nil }
    var sum = Cell(span: .hour, start: first.start)
    for cell in cells { sum.tally.add(cell.tally) }
    var didFit = true
    let words = words(key, every: every, seed: seed) { words in
      let room = (wordLimit - words.count - BlockFormat.standingWords) * 8
      // A sum in coarser buckets than its hours would tell less than they do.
      guard let bytes = CellCode.encoded([sum], limit: room), bytes[0] == 0 else {
        didFit = false
        return
      }
      words.appendWord(UInt64(bytes.count))
      words.appendWord(UInt64(bitPattern: RingFormat.stored(first.start)))
      words.appendWord(UInt64(bitPattern: RingFormat.stored(last.end)))
      words.appendBytes(bytes)
    }
    return didFit ? words : nil
  }

  /// From the start of the first hour to the end of the last of which a chunk is the sum.
  package var sumTimes: Range<WallTime>? {
    guard content + BlockFormat.standingWords <= range.upperBound else { return nil }
    let start = Int64(bitPattern: words.word(content + 1))
    let end = Int64(bitPattern: words.word(content + 2))
    guard RingFormat.milliseconds.contains(start), RingFormat.milliseconds.contains(end),
      start < end
    else { return nil }
    return WallTime(milliseconds: start)..<WallTime(milliseconds: end)
  }

  /// Hands over the sum as one cell that begins with the first hour, though it is longer than it says;
  /// false where it cannot be read.
  package func sum(withLatencies: Bool, _ body: (borrowing Cell) -> Void) -> Bool {
    cells(.hour, withLatencies: withLatencies, body)
  }

  // MARK: - Samples

  /// The samples, in the order of writing.
  package func samples() -> [Sample] {
    // Places of texts count from the start of the chunk.
    let words = range.lowerBound == 0 ? words : Array(words[range])
    let end = range.count
    var found: [Sample] = []
    found.reserveCapacity(end / RingFormat.sampleWords)
    var texts = PlaceList()
    var base: Int64 = 0
    var place = content - range.lowerBound
    while place < end, let head = RecordHead(words, at: place, end: end) {
      switch head.type {
      case RecordType.sample where head.words >= RingFormat.sampleWords:
        if let sample = readSample(
          words, at: place, head, end: end, base: base, texts: texts)
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

/// The names of a probe as they stand in files.
package struct ProbeNames: Sendable {
  let words: [UInt64]

  package init(_ key: ProbeKey) { words = probeDefinition(key) }
}
