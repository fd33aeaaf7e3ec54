import Base
import Model

/// A number by which a block's table finds a probe: the same in every process and release.
package func probeHash(_ key: ProbeKey) -> UInt64 { stableHash(key.description) }

/// Where a block keeps what it has of a probe.
package struct BlockEntry: Hashable, Sendable {
  package var hash: UInt64
  /// Its samples' chunk, in words of the file; empty when there is none. In a block of hours the chunk
  /// of what the hours add up to.
  package var samples: Range<Int>
  /// Its cells' chunk.
  package var cells: Range<Int>

  package init(hash: UInt64, samples: Range<Int>, cells: Range<Int>) {
    self.hash = hash
    self.samples = samples
    self.cells = cells
  }

  fileprivate init?(_ words: [UInt64], at place: Int, header: BlockHeader) {
    hash = words.word(place)
    guard let samples = chunkRange(words.word(place + 1), header),
      let cells = chunkRange(words.word(place + 2), header)
    else { return nil }
    self.samples = samples
    self.cells = cells
  }
}

/// A chunk's place in units of 8 bytes from the end of the header block, and its length.
private func chunkRange(_ word: UInt64, _ header: BlockHeader) -> Range<Int>? {
  let start = BlockFormat.headerBlockWords + Int(word & 0xFF_FFFF_FFFF)
  let count = Int(word >> 40)
  guard count <= BlockFormat.chunkWordsMaximum, start + count <= header.tablePlace else {
    return nil
  }
  return start..<(start + count)
}

/// The table of a block's probes, in the order of their hashes.
package enum BlockTable {
  /// The table's words.
  static func words(_ entries: [BlockEntry]) -> [UInt64] {
    var words: [UInt64] = []
    words.reserveCapacity(entries.count * BlockFormat.entryWords)
    for entry in entries.sorted(by: { $0.hash < $1.hash }) {
      words.appendWord(entry.hash)
      words.appendWord(packed(entry.samples))
      words.appendWord(packed(entry.cells))
    }
    return words
  }

  private static func packed(_ chunk: Range<Int>) -> UInt64 {
    chunk.isEmpty
      ? 0 : UInt64(chunk.lowerBound - BlockFormat.headerBlockWords) | UInt64(chunk.count) << 40
  }

  /// All entries of a whole table; nil when its checksum is wrong.
  package static func entries(_ words: [UInt64], header: BlockHeader) -> [BlockEntry]? {
    guard words.count == header.entryCount * BlockFormat.entryWords,
      crc32c(words: words, in: 0..<words.count, seed: header.seed) == header.tableChecksum
    else { return nil }
    return (0..<header.entryCount).compactMap {
      BlockEntry(words, at: $0 * BlockFormat.entryWords, header: header)
    }
  }

  /// Hands over the entries of many probes, in a whole table; none when its checksum is wrong.
  ///
  /// - Parameter hashes: in ascending order.
  package static func find(
    _ hashes: [(hash: UInt64, index: Int)], in words: [UInt64], header: BlockHeader,
    _ body: (_ index: Int, BlockEntry) -> Void
  ) {
    guard words.count == header.entryCount * BlockFormat.entryWords,
      crc32c(words: words, in: 0..<words.count, seed: header.seed) == header.tableChecksum
    else { return }
    var place = 0
    for (hash, index) in hashes {
      while place < words.count, words.word(place) < hash { place += BlockFormat.entryWords }
      guard place < words.count else { return }
      if words.word(place) == hash, let entry = BlockEntry(words, at: place, header: header) {
        body(index, entry)
      }
    }
  }

  /// Which entries of the table to look at for a hash, as hashes are spread evenly: some around the
  /// place where it should stand.
  static func guess(_ hash: UInt64, entryCount: Int) -> Range<Int> {
    let place = Int(hash.multipliedFullWidth(by: UInt64(entryCount)).high)
    // Four times the standard deviation of the place, at least one page.
    var spread = 85
    while spread * spread < 4 * entryCount { spread *= 2 }
    return max(0, place - spread)..<min(entryCount, place + spread)
  }

  /// Looks for a hash in a table of which `read` gives parts, their words; nil when the block has
  /// nothing of the probe.
  ///
  /// - Parameter near: where it probably is: where it was in another block, of the same probes.
  package static func entry<E: Error>(
    of hash: UInt64, near: Int? = nil, header: BlockHeader,
    read: (Range<Int>) throws(E) -> [UInt64]
  ) throws(E) -> (place: Int, entry: BlockEntry)? {
    if let near, near < header.entryCount {
      let range = max(0, near - nearby)..<min(header.entryCount, near + nearby)
      switch find(hash, in: try read(range), range: range, header: header) {
      case .found(let place, let entry): return (place, entry)
      case .none: return nil
      case .before, .after: break
      }
    }
    // What has not been looked at. Every part takes something of it, so that the search ends however
    // hashes are spread and whatever a damaged table says.
    var left = 0..<header.entryCount
    var range = guess(hash, entryCount: header.entryCount)
    let step = max(1, range.count)
    while !range.isEmpty {
      switch find(hash, in: try read(range), range: range, header: header) {
      case .found(let place, let entry): return (place, entry)
      case .none: return nil
      case .before:
        left = left.lowerBound..<range.lowerBound
        range = max(left.lowerBound, left.upperBound - step)..<left.upperBound
      case .after:
        left = range.upperBound..<left.upperBound
        range = left.lowerBound..<min(left.upperBound, left.lowerBound + step)
      }
    }
    return nil
  }

  /// So few entries are read at first where the place is known.
  private static let nearby = 4

  /// What a part of the table says of a hash.
  enum Finding: Hashable, Sendable {
    /// Which entry of the table it is.
    case found(Int, BlockEntry)
    /// The block has nothing of the probe.
    case none
    /// The part lies behind what is sought.
    case before
    /// The part lies before it.
    case after
  }

  /// Looks for a hash in entries `range` of the table, whose words are given. A table that is damaged
  /// misleads at most to a chunk of another probe, and a chunk names its own.
  static func find(
    _ hash: UInt64, in words: [UInt64], range: Range<Int>, header: BlockHeader
  ) -> Finding {
    guard words.count == range.count * BlockFormat.entryWords, !range.isEmpty else { return .none }
    var low = 0
    var high = range.count
    while low < high {
      let middle = (low + high) / 2
      if words.word(middle * BlockFormat.entryWords) < hash {
        low = middle + 1
      } else {
        high = middle
      }
    }
    if low < range.count, words.word(low * BlockFormat.entryWords) == hash {
      let entry = BlockEntry(words, at: low * BlockFormat.entryWords, header: header)
      return entry.map { .found(range.lowerBound + low, $0) } ?? .none
    }
    if low == 0, range.lowerBound > 0 { return .before }
    if low == range.count, range.upperBound < header.entryCount { return .after }
    return .none
  }
}
