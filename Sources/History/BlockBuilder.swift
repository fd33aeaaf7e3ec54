import Base
import Model

/// A piece of a file to be written, in words from its start.
package struct BlockWrite: Sendable {
  package var place: Int
  package var words: [UInt64]
}

/// Writes a block: chunk by chunk, each probe once. It holds no file.
///
/// The order on the disk is: zeros over the header, sync; chunks and table, sync; the header, sync. So
/// a header is never there without what it stands for, and a block that was half written when the
/// power went is blank.
package struct BlockBuilder: Sendable {
  package let kind: BlockKind
  package let generation: UInt64
  package let slot: UInt32
  private let ringID: UInt64
  private let capacityWords: Int
  private let seed: UInt32
  private var entries: [BlockEntry] = []
  /// What is not written yet, and where it goes.
  private var pending: [UInt64] = []
  private var pendingPlace = BlockFormat.headerBlockWords
  /// What stands together behind the rest: of a block of samples the cells, of one of hours what they add
  /// up to. The places of its entries count from zero until it is written.
  private var gathered: [UInt64] = []
  private var times: ClosedRange<WallTime>?
  /// Samples for which there was no room.
  package private(set) var samplesLeft = 0
  /// Probes whose cells found no room, or whose hash another probe has.
  package private(set) var chunksLeft = 0

  /// - Parameter byteCount: the size of the file.
  package init(
    kind: BlockKind, ringID: UInt64, generation: UInt64, slot: UInt32, byteCount: Int
  ) {
    self.kind = kind
    self.ringID = ringID
    self.generation = generation
    self.slot = slot
    capacityWords = byteCount / 8
    seed =
      BlockHeader(
        kind: kind, ringID: ringID, generation: generation, sequences: 0..<0,
        times: .always, closed: WallTime(nanoseconds: 0), entryCount: 0, tablePlace: 0, slot: slot,
        tableChecksum: 0
      ).seed
  }

  /// How many words are free.
  private var room: Int {
    capacityWords - pendingPlace - pending.count - gathered.count
      - (entries.count + 1) * BlockFormat.entryWords
  }

  /// Adds what there is of a probe.
  ///
  /// - Parameters:
  ///   - samples: in the order of writing; none in a block of cells.
  ///   - cells: those of a span in the order of time.
  ///   - share: how many words are this probe's due. What others left of theirs may be taken too.
  ///   - roomKept: how many words are due to those that are still to come.
  package mutating func add(
    _ key: ProbeKey, every: TimeAmount, samples: [Sample], cells: [Cell], standing: Standing?,
    share: (samples: Int, cells: Int), roomKept: Int = 0
  ) {
    let limit = min(BlockFormat.chunkWordsMaximum, room)
    let spare = max(0, room - roomKept - share.samples - share.cells)
    var entry = BlockEntry(hash: probeHash(key), samples: 0..<0, cells: 0..<0)
    let cellLimit = min(limit, share.cells + spare)
    guard
      let chunk = Chunk.cells(
        cells, standing: standing, key: key, every: every, seed: seed, wordLimit: cellLimit)
    else {
      chunksLeft += 1
      samplesLeft += samples.count
      return
    }
    entry.cells = kind == .samples ? gather(chunk) : append(chunk)
    if !samples.isEmpty {
      // What the cells took of the spare room is gone, and what they left of their due is free.
      let sampleLimit = min(limit, share.samples + share.cells + spare) - chunk.count
      let (words, left) = SampleChunk.words(
        samples, key: key, every: every, seed: seed, wordLimit: sampleLimit)
      samplesLeft += left
      if left < samples.count {
        entry.samples = append(words)
      }
      for sample in samples { note(sample.time...sample.time) }
    }
    if kind == .hours { addSum(cells, &entry, key, every, limit: share.cells - chunk.count) }
    // An hour begins before the first of its five minutes that has anything.
    for cell in cells { note(cell.start...cell.end) }
    entries.append(entry)
  }

  /// Adds what the hours of a probe add up to, where they left room of their due: long reports then need
  /// not look at each. The place in the table is that of samples, of which such a block has none.
  private mutating func addSum(
    _ cells: [Cell], _ entry: inout BlockEntry, _ key: ProbeKey, _ every: TimeAmount, limit: Int
  ) {
    guard
      let sum = Chunk.sum(cells, key: key, every: every, seed: seed, wordLimit: min(limit, room))
    else { return }
    entry.samples = gather(sum)
  }

  /// Puts a chunk where it stays; returns its place.
  private mutating func append(_ chunk: [UInt64]) -> Range<Int> {
    let place = pendingPlace + pending.count
    pending.append(contentsOf: chunk)
    return place..<place + chunk.count
  }

  private mutating func gather(_ chunk: [UInt64]) -> Range<Int> {
    let place = gathered.count
    gathered.append(contentsOf: chunk)
    return place..<place + chunk.count
  }

  private mutating func note(_ range: ClosedRange<WallTime>) { times = range.union(times) }

  /// What may be written now, if it is at least so many words.
  package mutating func take(atLeast count: Int) -> BlockWrite? {
    guard pending.count >= max(1, count) else { return nil }
    let write = BlockWrite(place: pendingPlace, words: pending)
    pendingPlace += pending.count
    pending.removeAll(keepingCapacity: true)
    return write
  }

  /// The rest of the content, and the header that makes it count once it is on the disk.
  package mutating func finish(
    sequences: Range<UInt64>, closed: WallTime
  ) -> (content: BlockWrite, header: BlockHeader) {
    let shift = append(gathered).lowerBound
    gathered = []
    for index in entries.indices {
      if kind == .samples {
        entries[index].cells = entries[index].cells.shifted(by: shift)
      } else if !entries[index].samples.isEmpty {
        entries[index].samples = entries[index].samples.shifted(by: shift)
      }
    }
    dropSameHashes()
    let table = BlockTable.words(entries)
    let header = BlockHeader(
      kind: kind, ringID: ringID, generation: generation, sequences: sequences,
      times: times ?? closed...closed, closed: closed, entryCount: entries.count,
      tablePlace: pendingPlace + pending.count, slot: slot,
      tableChecksum: crc32c(words: table, in: 0..<table.count, seed: seed))
    pending.append(contentsOf: table)
    return (BlockWrite(place: pendingPlace, words: pending), header)
  }

  /// Two probes with the same 64 bits of hash are not to be expected; the second would not be found.
  private mutating func dropSameHashes() {
    entries.sort { $0.hash < $1.hash }
    let before = entries.count
    var last: UInt64?
    entries.removeAll { entry in
      defer { last = entry.hash }
      return entry.hash == last
    }
    chunksLeft += before - entries.count
  }
}

extension Range<Int> {
  fileprivate func shifted(by shift: Int) -> Self { lowerBound + shift..<upperBound + shift }
}
