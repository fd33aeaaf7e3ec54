import Base
import Glibc
import History
import Model

/// What there was when a question was asked: the blocks, and where in the ring the samples lie that are
/// in none of them.
package struct HistorySnapshot: Sendable {
  /// That of the history.
  package var directory: String
  package var samples: [BlockHeader]
  package var fiveMinutes: [BlockHeader]
  package var hours: [BlockHeader]
  package var ring: RingSnapshot
  package var ringID: UInt64
  /// What is in the ring and in no block, the oldest part first.
  package var recent: [RecentIndex]
  /// Samples that are taken out of the ring at a time.
  var samplesAtOnce: Int

  package var blockCount: Int { samples.count + fiveMinutes.count + hours.count }

  func headers(_ span: CellSpan) -> [BlockHeader] { span == .hour ? hours : fiveMinutes }

  /// The blocks that tell the cells of a span, the oldest first: days, and the hours that are in no day
  /// yet.
  func blocks(_ span: CellSpan, in times: Range<WallTime>) -> [BlockHeader] {
    let days = headers(span)
    var done: [UInt64: UInt64] = [:]
    for day in days { done[day.ringID] = max(done[day.ringID] ?? 0, day.sequences.upperBound) }
    let rest = samples.filter { $0.sequences.lowerBound >= done[$0.ringID] ?? 0 }
    return (days + rest).filter {
      $0.times.lowerBound < times.upperBound && $0.times.upperBound >= times.lowerBound
    }
  }
}

extension HistorySnapshot {
  /// The first full hour of which there are cells of five minutes. Where the hours reach back no further,
  /// nothing finer has been let go, and it is before all time.
  var finelyKeptSince: WallTime {
    let all = WallTime(nanoseconds: .min)..<WallTime(nanoseconds: .max)
    let hour = CellSpan.hour
    guard let coarse = blocks(.hour, in: all).map(\.times.lowerBound).min(),
      let fine = blocks(.fiveMinutes, in: all).map(\.times.lowerBound).min()
        ?? recent.compactMap(\.times?.lowerBound).min(),
      hour.start(of: coarse) < hour.start(of: fine)
    else { return all.lowerBound }
    return hour.start(of: fine) + hour.length
  }

  /// Whether nothing else tells of a block's time, but for an hour at its ends: attempts that began before
  /// midnight and ended behind it. It is otherwise where a clock was set back.
  func isAlone(_ block: BlockHeader, among blocks: [BlockHeader]) -> Bool {
    func overlaps(_ other: ClosedRange<WallTime>) -> Bool {
      let hour = CellSpan.hour.length
      return block.times.upperBound - hour > other.lowerBound
        && other.upperBound - hour > block.times.lowerBound
    }
    if recent.contains(where: { $0.times.map(overlaps) ?? false }) { return false }
    return !blocks.contains { other in
      (other.kind, other.generation) != (block.kind, block.generation) && overlaps(other.times)
    }
  }
}

/// Answers questions from blocks and from what the ring alone has. It may be used on any thread: it
/// opens files of its own, and shares nothing with the thread that writes.
package struct HistoryReader: HistorySource {
  private let snapshot: HistorySnapshot
  private var access: BlockAccess
  private var recent: RecentReader

  /// - Parameter end: up to when what stands last is told.
  package init(_ snapshot: HistorySnapshot, until end: WallTime) {
    self.snapshot = snapshot
    access = BlockAccess(directory: snapshot.directory)
    recent = RecentReader(snapshot, until: end)
  }

  package var finelyKeptSince: WallTime? { snapshot.finelyKeptSince }

  package mutating func cells(
    of key: ProbeKey, in times: Range<WallTime>, span: CellSpan, withLatencies: Bool,
    _ body: (borrowing Cell) -> Void
  ) throws(SystemError) {
    let (hash, names) = (probeHash(key), ProbeNames(key))
    for header in snapshot.blocks(span, in: times) {
      guard let entry = try access.entry(hash, in: header),
        let chunk = try access.chunk(entry.cells, in: header), chunk.belongs(to: names)
      else { continue }
      _ = chunk.cells(span, withLatencies: withLatencies) { cell in
        if times.contains(cell.start) { body(cell) }
      }
    }
    try recent.cells(ofEach: [key], in: times, span: span, &access) { body($1) }
  }

  package mutating func cells(
    ofEach keys: [ProbeKey], in times: Range<WallTime>, span: CellSpan, withLatencies: Bool,
    _ body: (Int, borrowing Cell) -> Void
  ) throws(SystemError) {
    let wanted = Wanted(keys, times, span, withLatencies)
    for header in snapshot.blocks(span, in: times) {
      let found = try find(wanted, in: header)
      try cells(found, of: wanted, in: header, body)
    }
    try recent.cells(ofEach: keys, in: times, span: span, &access, body)
  }

  package mutating func sums(
    ofEach keys: [ProbeKey], in times: Range<WallTime>, withLatencies: Bool,
    _ body: (Int, borrowing Cell, _ isSum: Bool) -> Void
  ) throws(SystemError) {
    let wanted = Wanted(keys, times, .hour, withLatencies)
    let blocks = snapshot.blocks(.hour, in: times)
    for header in blocks {
      var found = try find(wanted, in: header)
      if header.kind == .hours, snapshot.isAlone(header, among: blocks) {
        found = try addSums(found, of: wanted, in: header) { body($0, $1, true) }
      }
      try cells(found, of: wanted, in: header) { body($0, $1, false) }
    }
    try recent.cells(ofEach: keys, in: times, span: .hour, &access) { body($0, $1, false) }
  }

  /// What is asked of many probes.
  private struct Wanted {
    let times: Range<WallTime>
    let span: CellSpan
    let withLatencies: Bool
    let names: [ProbeNames]
    /// In ascending order.
    var hashes: [(hash: UInt64, index: Int)]

    init(
      _ keys: [ProbeKey], _ times: Range<WallTime>, _ span: CellSpan, _ withLatencies: Bool
    ) {
      self.times = times
      self.span = span
      self.withLatencies = withLatencies
      names = keys.map(ProbeNames.init)
      hashes = keys.indices.map { (hash: probeHash(keys[$0]), index: $0) }
        .sorted { $0.hash < $1.hash }
    }
  }

  /// What a block has of a probe, by its index among those asked for.
  private typealias Found = (entry: BlockEntry, index: Int)

  private mutating func find(
    _ wanted: Wanted, in header: BlockHeader
  ) throws(SystemError) -> [Found] {
    var found: [Found] = []
    found.reserveCapacity(wanted.hashes.count)
    if wanted.hashes.count * Self.entriesWorthALookUp > header.entryCount {
      let table = try access.table(header)
      BlockTable.find(wanted.hashes, in: table, header: header) { found.append(($1, $0)) }
    } else {
      for (hash, index) in wanted.hashes {
        if let entry = try access.entry(hash, in: header) { found.append((entry, index)) }
      }
    }
    return found
  }

  private mutating func cells(
    _ found: [Found], of wanted: Wanted, in header: BlockHeader,
    _ body: (Int, borrowing Cell) -> Void
  ) throws(SystemError) {
    let chunks = found.map { (range: $0.entry.cells, index: $0.index) }
    try read(chunks, in: header) { index, chunk in
      guard chunk.belongs(to: wanted.names[index]) else { return }
      _ = chunk.cells(wanted.span, withLatencies: wanted.withLatencies) { cell in
        if wanted.times.contains(cell.start) { body(index, cell) }
      }
    }
  }

  /// Hands over the sums that are there and lie within the time that is asked for; returns the probes
  /// whose hours must be read.
  private mutating func addSums(
    _ found: [Found], of wanted: Wanted, in header: BlockHeader,
    _ body: (Int, borrowing Cell) -> Void
  ) throws(SystemError) -> [Found] {
    var isDone = [Bool](repeating: false, count: wanted.names.count)
    let chunks = found.filter { !$0.entry.samples.isEmpty }
      .map { (range: $0.entry.samples, index: $0.index) }
    try read(chunks, in: header) { index, chunk in
      guard chunk.belongs(to: wanted.names[index]), let sumTimes = chunk.sumTimes,
        sumTimes.lowerBound >= wanted.times.lowerBound,
        sumTimes.upperBound <= wanted.times.upperBound
      else { return }
      // What cannot be read hands nothing over.
      isDone[index] = chunk.sum(withLatencies: wanted.withLatencies) { body(index, $0) }
    }
    return found.filter { !isDone[$0.index] }
  }

  /// Reads chunks in the order of their places; neighbours in one go.
  private mutating func read(
    _ unordered: [(range: Range<Int>, index: Int)], in header: BlockHeader,
    _ body: (Int, Chunk) -> Void
  ) throws(SystemError) {
    let seed = header.seed
    let chunks = unordered.sorted { $0.range.lowerBound < $1.range.lowerBound }
    var first = 0
    while first < chunks.count {
      let start = chunks[first].range.lowerBound
      var end = chunks[first].range.upperBound
      var last = first
      while last + 1 < chunks.count, chunks[last + 1].range.lowerBound <= end + Self.gapWords,
        chunks[last + 1].range.upperBound - start <= Self.runWords
      {
        last += 1
        end = max(end, chunks[last].range.upperBound)
      }
      let words = try access.words(at: start, count: end - start, in: header)
      for (range, index) in chunks[first...last] where range.upperBound - start <= words.count {
        let place = range.lowerBound - start..<range.upperBound - start
        if let chunk = Chunk(words, in: place, seed: seed) { body(index, chunk) }
      }
      first = last + 1
    }
  }

  /// Looking one probe up in a table costs as much as reading so many of its entries.
  private static let entriesWorthALookUp = 32
  /// So little between two chunks is cheaper read than left out.
  private static let gapWords = 1_024
  private static let runWords = 128 << 10

  /// Hands over the samples of many probes that are in blocks, those of each in the order of writing, each
  /// from a time of its own on; each block is read once, and of it the probes that may have something.
  package mutating func samples(
    ofEach keys: [ProbeKey], since starts: [WallTime], until end: WallTime,
    _ body: (Int, Sample) -> Void
  ) throws(SystemError) {
    let all = Wanted(keys, end..<end, .hour, false)
    for header in snapshot.samples where header.times.lowerBound <= end {
      var wanted = all
      wanted.hashes.removeAll { starts[$0.index] > header.times.upperBound }
      guard !wanted.hashes.isEmpty else { continue }
      let chunks = try find(wanted, in: header).filter { !$0.entry.samples.isEmpty }
        .map { (range: $0.entry.samples, index: $0.index) }
      try read(chunks, in: header) { index, chunk in
        guard chunk.belongs(to: wanted.names[index]) else { return }
        for sample in chunk.samples() where sample.time >= starts[index] && sample.time <= end {
          body(index, sample)
        }
      }
    }
  }

  package mutating func samples(
    of key: ProbeKey, in times: Range<WallTime>, limit: Int
  ) throws(SystemError) -> [Sample] {
    let recent = try recent.samples(of: key, in: times)
    var parts = [recent]
    var missing = limit - recent.count
    let (hash, names) = (probeHash(key), ProbeNames(key))
    let blocks = snapshot.samples.filter {
      $0.times.lowerBound < times.upperBound && $0.times.upperBound >= times.lowerBound
    }
    for header in blocks.reversed() where missing > 0 {
      guard let entry = try access.entry(hash, in: header),
        let chunk = try access.chunk(entry.samples, in: header), chunk.belongs(to: names)
      else { continue }
      let found = chunk.samples().filter { times.contains($0.time) }
      missing -= found.count
      parts.append(found)
    }
    return Array(parts.reversed().joined().suffix(limit))
  }
}
