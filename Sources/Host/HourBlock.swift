import Base
import History
import Model

/// A block of samples while it is made, some probes at a time.
struct HourBlock {
  let index: RecentIndex
  /// The order in which its probes are written.
  let order: [Int]
  let closed: WallTime
  var builder: BlockBuilder
  /// What stands of each probe behind the block.
  private(set) var standings: [(ProbeKey, Standing?)] = []
  private var next = 0
  /// What is due to the probes that are still to come, in words.
  private var wordsKept: Int
  var isDone = false

  init(index: RecentIndex, order: [Int], closed: WallTime, builder: BlockBuilder) {
    self.index = index
    self.order = order
    self.closed = closed
    self.builder = builder
    wordsKept = order.reduce(0) {
      $0 + BlockShare.samples(every: index.entries[$1].every).words
    }
  }

  var isComplete: Bool { next == order.count }

  /// Adds so many probes.
  mutating func add(
    _ count: Int, _ ring: RingFiles, lookUp: (ProbeKey) throws(SystemError) -> Standing?
  ) throws(SystemError) {
    for _ in 0..<min(count, order.count - next) {
      let entry = index.entries[order[next]]
      let share = BlockShare.samples(every: entry.every)
      wordsKept -= share.words
      let standing = entry.isStandingKnown ? entry.standing : try lookUp(entry.key)
      let past = try RecentPast(of: entry, in: index, ring, standing: standing, until: closed)
      standings.append((entry.key, past.standing))
      next += 1
      guard !past.samples.isEmpty || !past.cells.isEmpty else { continue }
      builder.add(
        entry.key, every: entry.every, samples: past.samples,
        cells: past.cells + past.cells.hours, standing: past.standing,
        share: (share.samples, share.cells), roomKept: max(0, wordsKept))
    }
  }
}

/// What the ring has of one probe and no block does.
package struct RecentPast: Sendable {
  /// In the order of writing.
  package var samples: [Sample] = []
  /// Of five minutes.
  package var cells: [Cell] = []
  var standing: Standing?

  package init() {}

  /// - Parameters:
  ///   - standing: what stood before the first of the samples.
  ///   - until: up to when the last sample's state is told.
  init(
    of entry: RecentIndex.Entry, in index: borrowing RecentIndex, _ ring: RingFiles,
    standing: Standing?, until end: WallTime
  ) throws(SystemError) {
    var builder = CellBuilder(every: entry.every, standing: standing)
    var marks = index.marks[...]
    samples.reserveCapacity(entry.places.count)
    for place in entry.places {
      while let mark = marks.first, mark.place < place {
        builder.add(mark.mark, lastSign: mark.lastSign)
        marks.removeFirst()
      }
      let (generation, offset) = index.location(of: place)
      let (base, words) = index.batch(of: place)
      guard
        let sample = try ring.sample(
          generation: generation, place: offset, words: words, base: base)
      else { continue }
      samples.append(sample)
      builder.add(sample)
    }
    for mark in marks { builder.add(mark.mark, lastSign: mark.lastSign) }
    builder.close(at: end)
    cells = builder.cells
    self.standing = builder.standing
  }
}
