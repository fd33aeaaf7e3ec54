import Base
import History
import Model

/// A block of a day's cells while it is put together from the blocks of its hours, some probes at a
/// time.
struct DayBlock {
  let files: BlockFiles
  /// The blocks of the hours, the oldest first.
  let sources: [BlockHeader]
  var builder: BlockBuilder
  private var probes: [(key: ProbeKey, every: TimeAmount)]
  private var known: Set<UInt64>
  /// How many sources have been asked for probes that the catalogue does not have any more.
  private var asked = 0
  private var next = 0
  private var wordsKept = 0
  var isDone = false

  init(
    files: BlockFiles, sources: [BlockHeader], probes: [(key: ProbeKey, every: TimeAmount)],
    builder: BlockBuilder
  ) {
    self.files = files
    self.sources = sources
    self.probes = probes
    self.builder = builder
    known = Set(probes.map { probeHash($0.key) })
    wordsKept = probes.reduce(0) { $0 + BlockShare.share(files.kind, every: $1.every).words }
  }

  var isComplete: Bool { asked == sources.count && next == probes.count }

  var sequences: Range<UInt64>? {
    guard let first = sources.first, let last = sources.last else { return nil }
    return first.sequences.lowerBound..<last.sequences.upperBound
  }

  var closed: WallTime { sources.last?.closed ?? WallTime(nanoseconds: 0) }

  /// Looks into one more source for probes, or adds so many probes.
  mutating func add(_ count: Int, _ access: inout BlockAccess) throws(SystemError) {
    guard asked == sources.count else {
      try ask(sources[asked], &access)
      asked += 1
      return
    }
    let span: CellSpan = files.kind == .hours ? .hour : .fiveMinutes
    let part = probes[next..<min(probes.count, next + count)]
    var cells = [[Cell]](repeating: [], count: part.count)
    let names = part.map { ProbeNames($0.key) }
    let hashes = part.map { probeHash($0.key) }
    // All of them from one file after the other.
    for source in sources {
      for index in hashes.indices {
        guard let entry = try access.entry(hashes[index], in: source),
          let chunk = try access.chunk(entry.cells, in: source),
          chunk.belongs(to: names[index])
        else { continue }
        _ = chunk.cells(span, withLatencies: true) { cells[index].merge($0) }
      }
    }
    for (index, (key, every)) in part.enumerated() {
      let share = BlockShare.share(files.kind, every: every)
      wordsKept -= share.words
      guard !cells[index].isEmpty else { continue }
      builder.add(
        key, every: every, samples: [], cells: cells[index], standing: nil,
        share: (0, share.cells), roomKept: max(0, wordsKept))
    }
    next += part.count
  }

  private mutating func ask(
    _ source: BlockHeader, _ access: inout BlockAccess
  ) throws(SystemError) {
    for entry in try access.entries(source) ?? [] where !known.contains(entry.hash) {
      guard let chunk = try access.chunk(entry.cells, in: source) else { continue }
      known.insert(entry.hash)
      probes.append((chunk.key, chunk.every))
    }
  }
}
