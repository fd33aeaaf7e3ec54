import Base
import History
import Model

/// An hour, or less of it, that is to become a block.
struct DueHour {
  var index: RecentIndex
  /// The order in which its probes are written.
  let order: [Int]
  let closed: WallTime
}

/// A block of samples while it is made, some probes at a time.
///
/// The samples of an hour lie in the ring by their time, and are wanted by their probe. So the ring is
/// read from end to end, a piece at a time, for as many probes as there is memory for at once.
struct HourBlock {
  let index: RecentIndex
  /// The order in which its probes are written.
  let order: [Int]
  let closed: WallTime
  var builder: BlockBuilder
  /// What stands of each probe behind the block.
  private(set) var standings: [(ProbeKey, Standing?)] = []
  private var reader: RingReader
  private let samplesAtOnce: Int
  /// The samples of the probes from `order[first]` on.
  private var gathering: RecordGathering?
  private var first = 0
  private var next = 0
  /// What is due to the probes that are still to come, in words.
  private var wordsKept: Int
  var isDone = false

  init(
    index: RecentIndex, order: [Int], closed: WallTime, ring: RingSnapshot,
    samplesAtOnce: Int, builder: BlockBuilder
  ) {
    self.index = index
    self.order = order
    self.closed = closed
    self.builder = builder
    reader = RingReader(ring)
    // With very many probes the ring would be read too often.
    self.samplesAtOnce = max(samplesAtOnce, index.sampleCount / 8)
    wordsKept = order.reduce(0) {
      $0 + BlockShare.samples(every: index.entries[$1].every).words
    }
  }

  var isComplete: Bool { next == order.count }

  /// Reads one more piece of the ring, or adds so many probes.
  mutating func add(
    _ count: Int, lookUp: (ProbeKey) throws(SystemError) -> Standing?
  ) throws(SystemError) {
    if gathering == nil { gathering = RecordGathering(nextGroup(), of: index) }
    guard var gathering else { return }
    // Nobody else holds it, so that it is not copied when it changes.
    self.gathering = nil
    defer { self.gathering = next < first + gathering.count ? gathering : nil }
    guard gathering.isComplete else { return try gathering.step(&reader) }
    for _ in 0..<min(count, first + gathering.count - next) {
      let entry = index.entries[order[next]]
      let share = BlockShare.samples(every: entry.every)
      wordsKept -= share.words
      let standing = entry.isStandingKnown ? entry.standing : try lookUp(entry.key)
      let past = try RecentPast(
        next - first, of: gathering, &reader, standing: standing, until: closed)
      standings.append((entry.key, past.standing))
      next += 1
      guard !past.samples.isEmpty || !past.cells.isEmpty else { continue }
      builder.add(
        entry.key, every: entry.every, samples: past.samples,
        cells: past.cells.hours + past.cells, standing: past.standing,
        share: (share.samples, share.cells), roomKept: max(0, wordsKept))
    }
  }

  /// The probes whose samples are taken out of the ring next.
  private mutating func nextGroup() -> ArraySlice<Int> {
    first = next
    var end = first
    var samples = 0
    while end < order.count, samples < samplesAtOnce {
      samples += index.entries[order[end]].places.count
      end += 1
    }
    return order[first..<end]
  }
}

/// What the ring has of one probe and no block does.
struct RecentPast {
  /// In the order of writing.
  var samples: [Sample] = []
  var cells: [Cell] = []
  /// What stands behind the last of them.
  var standing: Standing?

  /// - Parameters:
  ///   - position: which of the probes whose samples were gathered.
  ///   - span: that of the cells.
  ///   - standing: what stood before the first of the samples.
  ///   - until: up to when the last sample's state is told.
  init(
    _ position: Int, of gathering: borrowing RecordGathering, _ reader: inout RingReader,
    span: CellSpan = .fiveMinutes, standing: Standing?, until end: WallTime
  ) throws(SystemError) {
    let (entry, first) = gathering.entries[position]
    let places = gathering.index.entries[entry].places
    var builder = CellBuilder(
      every: gathering.index.entries[entry].every, standing: standing, span: span)
    let marks = gathering.index.marks
    let blindness = Blindness(marks.map(\.mark))
    var mark = 0
    samples.reserveCapacity(places.count)
    for (number, place) in places.enumerated() {
      while mark < marks.count, marks[mark].place < place {
        builder.add(marks[mark].mark, lastSign: marks[mark].lastSign)
        mark += 1
      }
      let (generation, _) = gathering.index.location(of: place)
      guard
        var sample = try reader.sample(
          first + number, of: gathering.pool, generation: generation)
      else { continue }
      if blindness.covers(sample) { sample.flags.insert(.blind) }
      samples.append(sample)
      builder.add(sample)
    }
    for mark in marks[mark...] { builder.add(mark.mark, lastSign: mark.lastSign) }
    builder.close(at: end)
    cells = builder.cells
    self.standing = builder.standing
  }
}
