import Base
import Model

/// A probe that the history has room for.
package struct HistoryProbe: Hashable, Sendable {
  package var key: ProbeKey
  package var every: TimeAmount

  package init(key: ProbeKey, every: TimeAmount) {
    self.key = key
    self.every = every
  }
}

/// A batch that stands in the ring.
package struct WrittenBatch: Sendable {
  /// The batch, or the segment that holds it.
  package var words: [UInt64]
  /// Where its records are in `words`.
  package var payload: Range<Int>
  /// What must be added to a place in `words` to be a place in the segment.
  package var offset: Int
  package var sequence: UInt64
  /// What its times are told from, in milliseconds.
  package var base: Int64
  package var times: ClosedRange<WallTime>
  package var generation: UInt64

  /// One that has just been written.
  package init(_ batch: EncodedBatch) {
    words = batch.words
    payload = RingFormat.batchHeaderWords..<batch.words.count
    offset = batch.offset / 8
    sequence = batch.sequence
    base = Int64(bitPattern: batch.words.word(4))
    times = batch.times
    generation = batch.segment.generation
  }

  init(_ segment: [UInt64], _ header: BatchHeader, payload: Range<Int>, generation: UInt64) {
    words = segment
    self.payload = payload
    offset = 0
    sequence = header.sequence
    base = header.base
    times = header.times
    self.generation = generation
  }
}

extension WrittenBatch {
  /// Whether the daemon started or stopped here, or the clock was set.
  package var hasMark: Bool {
    var place = payload.lowerBound
    while place < payload.upperBound,
      let head = RecordHead(words, at: place, end: payload.upperBound)
    {
      if head.type == RecordType.mark { return true }
      place += head.words
    }
    return false
  }
}

/// Hands over every sound batch of a segment, in the order of writing.
package func forEachBatch<E: Error>(
  in segment: [UInt64], header: SegmentHeader, _ body: (WrittenBatch) throws(E) -> Void
) throws(E) {
  var walk = BatchWalk(header)
  while let (place, batch) = walk.next(in: segment) {
    guard walk.isSound(batch, at: place, in: segment) else { continue }
    let payload = walk.payload(of: batch, at: place)
    try body(WrittenBatch(segment, batch, payload: payload, generation: header.generation))
  }
}

/// Where in the ring the newest samples of each probe lie: those that are in no block yet. It holds
/// places, not samples: four bytes for each.
package struct RecentIndex: Sendable {
  /// What is known of a probe.
  package struct Entry: Sendable {
    package let key: ProbeKey
    package var every: TimeAmount
    /// Whether the catalogue has it; others are kept until their samples are in a block.
    package var isWanted = false
    /// The places of its samples, in the order of writing.
    package var places: [UInt32] = []
    /// What stood behind the last block; nil with `isStandingKnown` false: look into that block.
    package var standing: Standing?
    package var isStandingKnown = false
  }

  /// A mark among the samples.
  package struct Mark: Sendable {
    package var place: UInt32
    package var mark: RingMark
    /// The time of the record before it.
    package var lastSign: WallTime?
  }

  /// The generation at whose segment the places begin.
  package private(set) var baseGeneration: UInt64 = 0
  private let segmentWords: Int
  package private(set) var entries: [Entry] = []
  private var indices: [ProbeKey: Int] = [:]
  package private(set) var marks: [Mark] = []
  /// What times are told from, from a place on.
  private var bases: [Base] = []

  private struct Base {
    var place: UInt32
    /// Where the records of its batch end.
    var end: UInt32
    var base: Int64
  }
  /// The order of the probes' names; empty when it must be found anew.
  private var order: [Int] = []
  /// The batches that are in it.
  package private(set) var sequences: Range<UInt64>
  package private(set) var times: ClosedRange<WallTime>?
  package private(set) var sampleCount = 0
  /// Without confirmations.
  package private(set) var regularCount = 0
  /// The latest time that was recorded last.
  package private(set) var lastSign: WallTime?

  /// Which probe a definition in the segment at work names, by its place: each sample asks for it.
  private var definitions = DefinitionTable()
  private var generation: UInt64 = 0

  /// - Parameters:
  ///   - nextSequence: the first batch that is in no block.
  ///   - lastSign: the time until which the newest block reaches.
  package init(segmentBytes: Int, nextSequence: UInt64, lastSign: WallTime?) {
    segmentWords = segmentBytes / 8
    sequences = nextSequence..<nextSequence
    self.lastSign = lastSign
  }

  /// Says which probes there are. Others that have samples stay until those are in a block.
  package mutating func want(_ probes: [HistoryProbe]) {
    for index in entries.indices { entries[index].isWanted = false }
    for probe in probes {
      let index = index(of: probe.key)
      entries[index].isWanted = true
      entries[index].every = probe.every
    }
  }

  /// The entry of a probe, should it have one.
  package func entry(of key: ProbeKey) -> Entry? { indices[key].map { entries[$0] } }

  /// Which entry a probe has, should it have one.
  package func number(of key: ProbeKey) -> Int? { indices[key] }

  private mutating func index(of key: ProbeKey) -> Int {
    if let known = indices[key] { return known }
    order = []
    entries.append(Entry(key: key, every: .seconds(60)))
    indices[key] = entries.count - 1
    return entries.count - 1
  }

  /// Takes in a batch that has been written, or is found sound in the ring at the start.
  ///
  /// Batches come in the order of writing. One that is in a block already only tells where its
  /// segment defines the probes.
  ///
  package mutating func add(_ batch: WrittenBatch) {
    let (words, payload, offset) = (batch.words, batch.payload, batch.offset)
    let (sequence, batchGeneration) = (batch.sequence, batch.generation)
    if generation != batchGeneration {
      generation = batchGeneration
      definitions.removeAll()
    }
    let isNew = sequence >= sequences.upperBound
    let isGap = isNew && sequences.upperBound > 0 && sequence > sequences.upperBound
    if isNew {
      if sequences.isEmpty { baseGeneration = batchGeneration }
      sequences = (sequences.isEmpty ? sequence : sequences.lowerBound)..<(sequence + 1)
      times = batch.times.union(times)
    }
    var base = batch.base
    var place = payload.lowerBound
    let end = UInt32(payload.upperBound + offset)
    if isNew { setBase(base, at: UInt32(place + offset), end: end) }
    // What was in the batches between is lost, so that nobody knows what stood.
    if isGap { add(.started(batch.times.lowerBound), at: UInt32(place + offset)) }
    while place < payload.upperBound,
      let head = RecordHead(words, at: place, end: payload.upperBound)
    {
      let placeInSegment = UInt32(place + offset)
      switch head.type {
      case RecordType.sample where isNew && head.words >= RingFormat.sampleWords:
        lastSign = time(base + Int64(Int32(bitPattern: words.word(place + 1).lower)))
        guard let index = definitions[head.upper], let whole = ringPlace(placeInSegment) else {
          break
        }
        if entries[index].places.isEmpty {
          // As many as come in an hour, rather than growing time and again.
          entries[index].places.reserveCapacity(
            min(64, BlockShare.samplesPerHour(entries[index].every) + 2))
        }
        entries[index].places.append(whole)
        sampleCount += 1
        if !SampleFlags(rawValue: head.byte).contains(.confirmation) { regularCount += 1 }
      case RecordType.probe:
        if let key = readProbe(words, at: place, head) {
          definitions[placeInSegment] = index(of: key)
        }
      case RecordType.timeBase where isNew:
        guard let time = readTimeBase(words, at: place, head) else { break }
        base = time
        setBase(base, at: placeInSegment, end: end)
      case RecordType.mark where isNew: add(readMark(words, at: place, head), at: placeInSegment)
      default: break
      }
      place += head.words
    }
  }

  private func time(_ milliseconds: Int64) -> WallTime? {
    RingFormat.milliseconds.contains(milliseconds)
      ? WallTime(milliseconds: milliseconds) : lastSign
  }

  private mutating func add(_ mark: RingMark?, at place: UInt32) {
    guard let mark, let whole = ringPlace(place) else { return }
    if marks.count < Self.marksMaximum {
      marks.append(Mark(place: whole, mark: mark, lastSign: lastSign))
    }
    lastSign = mark.time
  }

  private mutating func setBase(_ base: Int64, at place: UInt32, end: UInt32) {
    if let whole = ringPlace(place), let end = ringPlace(end) {
      bases.append(Base(place: whole, end: end, base: base))
    }
  }

  /// What the time of the sample at a place is told from, and how many words from there on belong to
  /// its batch.
  package func batch(of place: UInt32) -> (base: Int64, words: Int) {
    batch(of: place, among: bases.indices)
  }

  /// The same, where only a part of the bases comes into question; see ``bases(from:to:)``.
  package func batch(of place: UInt32, among part: Range<Int>) -> (base: Int64, words: Int) {
    let next = firstBase(behind: place, among: part)
    guard next > 0 else { return (0, 0) }
    return (bases[next - 1].base, Int(bases[next - 1].end) - Int(place))
  }

  /// Which of the bases may hold for places of a range.
  package func bases(from first: UInt32, to last: UInt32) -> Range<Int> {
    let start = firstBase(behind: first, among: bases.indices)
    return max(0, start - 1)..<firstBase(behind: last, among: start..<bases.count)
  }

  private func firstBase(behind place: UInt32, among part: Range<Int>) -> Int {
    var low = part.lowerBound
    var high = part.upperBound
    while low < high {
      let middle = (low + high) / 2
      if bases[middle].place <= place { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Marks in an hour: a daemon that is started more often has other troubles.
  static let marksMaximum = 4_096

  /// A place over all segments from ``baseGeneration`` on; nil beyond 32 GiB.
  private func ringPlace(_ place: UInt32) -> UInt32? {
    guard generation >= baseGeneration else { return nil }
    let before = (generation - baseGeneration).multipliedReportingOverflow(by: UInt64(segmentWords))
    guard !before.overflow, before.partialValue <= UInt64(UInt32.max) else { return nil }
    return UInt32(exactly: before.partialValue + UInt64(place))
  }

  /// The segment and the place in it that a number means.
  package func location(of place: UInt32) -> (generation: UInt64, place: Int) {
    (baseGeneration + UInt64(place) / UInt64(segmentWords), Int(place) % segmentWords)
  }

  /// The place behind the piece of so many words that begins with a place and ends with its segment.
  package func endOfPiece(from place: UInt32, words: Int) -> UInt32 {
    let left = segmentWords - Int(place) % segmentWords
    return UInt32(clamping: Int(place) + min(left, words))
  }

  /// Takes all samples out, for a block, and goes on with none.
  package mutating func close() -> RecentIndex {
    let closed = self
    for index in entries.indices { entries[index].places = [] }
    marks = []
    bases = []
    times = nil
    sampleCount = 0
    regularCount = 0
    sequences = sequences.upperBound..<sequences.upperBound
    return closed
  }

  /// The entries by the order of the probes' names, so that in a block the probes of a link, and the
  /// links of a service, stand together.
  package mutating func inOrder() -> [Int] {
    if order.count != entries.count {
      order = entries.indices.sorted { entries[$0].key < entries[$1].key }
    }
    return order
  }

  /// Leaves what stood before to be looked up in the newest block, which is another one by then.
  package mutating func forgetStandings() {
    for index in entries.indices { entries[index].isStandingKnown = false }
  }

  /// Keeps what stands of a probe at the end of a block.
  package mutating func stand(_ key: ProbeKey, _ standing: Standing?) {
    guard let index = indices[key] else { return }
    entries[index].standing = standing
    entries[index].isStandingKnown = true
  }

  /// Forgets probes that the catalogue does not have and that have no samples here. The segment at work
  /// may still name them: its definitions are kept by name.
  package mutating func forgetUnwanted() {
    guard entries.contains(where: { !$0.isWanted && $0.places.isEmpty }) else { return }
    let kept = entries.indices.filter { entries[$0].isWanted || !entries[$0].places.isEmpty }
    var moved: [Int: Int] = [:]
    for (new, old) in kept.enumerated() { moved[old] = new }
    // A definition that is forgotten is not used again: the loop has left the probe out.
    definitions.move { moved[$0] }
    entries = kept.map { entries[$0] }
    order = []
    indices = Dictionary(
      entries.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { first, _ in first })
  }
}

/// Definitions by their places in a segment. Every sample asks for its own, so those that stand in the first
/// 8 MiB, which is all of a usual segment, are a list.
private struct DefinitionTable: Sendable {
  private static let nearPlaces: UInt32 = 1 << 20
  /// One more than the entry of the probe that is defined there; 0 for none.
  private var near: [UInt32] = []
  private var far: [UInt32: Int] = [:]

  subscript(place: UInt32) -> Int? {
    get {
      guard place < Self.nearPlaces else { return far[place] }
      guard Int(place) < near.count, near[Int(place)] > 0 else { return nil }
      return Int(near[Int(place)]) - 1
    }
    set {
      guard place < Self.nearPlaces else {
        far[place] = newValue
        return
      }
      if Int(place) >= near.count {
        let count = max(Int(place) + 1, near.count * 2)
        near.append(contentsOf: repeatElement(0, count: count - near.count))
      }
      near[Int(place)] = newValue.map { UInt32($0 + 1) } ?? 0
    }
  }

  mutating func removeAll() {
    near.removeAll(keepingCapacity: true)
    far.removeAll()
  }

  /// Gives each entry the number that it has now; those without one are forgotten.
  mutating func move(_ number: (Int) -> Int?) {
    for index in near.indices where near[index] > 0 {
      near[index] = number(Int(near[index]) - 1).map { UInt32($0 + 1) } ?? 0
    }
    far = far.compactMapValues(number)
  }
}

extension ProbeKey: Comparable {
  /// By the service, the consumer and the probe, byte by byte.
  package static func < (a: Self, b: Self) -> Bool {
    if a.link.service != b.link.service { return a.link.service < b.link.service }
    if a.link.consumer != b.link.consumer { return a.link.consumer < b.link.consumer }
    return a.probe < b.probe
  }
}
