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
    let names = keys.map(ProbeNames.init)
    let hashes = keys.indices.map { (hash: probeHash(keys[$0]), index: $0) }
      .sorted { $0.hash < $1.hash }
    for header in snapshot.blocks(span, in: times) {
      var found: [(cells: Range<Int>, index: Int)] = []
      found.reserveCapacity(hashes.count)
      if hashes.count * 8 > header.entryCount {
        try find(hashes, in: header, &found)
      } else {
        for (hash, index) in hashes {
          if let entry = try access.entry(hash, in: header) { found.append((entry.cells, index)) }
        }
      }
      found.sort { $0.cells.lowerBound < $1.cells.lowerBound }
      try read(found, in: header) { index, chunk in
        guard chunk.belongs(to: names[index]) else { return }
        _ = chunk.cells(span, withLatencies: withLatencies) { cell in
          if times.contains(cell.start) { body(index, cell) }
        }
      }
    }
    try recent.cells(ofEach: keys, in: times, span: span, &access, body)
  }

  /// Finds many probes, in the order of their hashes, in a block by its whole table.
  private mutating func find(
    _ hashes: [(hash: UInt64, index: Int)], in header: BlockHeader,
    _ found: inout [(cells: Range<Int>, index: Int)]
  ) throws(SystemError) {
    guard let entries = try access.entries(header) else { return }
    var place = 0
    for (hash, index) in hashes {
      while place < entries.count, entries[place].hash < hash { place += 1 }
      guard place < entries.count else { return }
      if entries[place].hash == hash { found.append((entries[place].cells, index)) }
    }
  }

  /// Reads chunks that are in the order of their places; neighbours in one go.
  private mutating func read(
    _ chunks: [(cells: Range<Int>, index: Int)], in header: BlockHeader,
    _ body: (Int, Chunk) -> Void
  ) throws(SystemError) {
    let seed = header.seed
    var first = 0
    while first < chunks.count {
      let start = chunks[first].cells.lowerBound
      var end = chunks[first].cells.upperBound
      var last = first
      while last + 1 < chunks.count, chunks[last + 1].cells.lowerBound <= end + Self.gapWords,
        chunks[last + 1].cells.upperBound - start <= Self.runWords
      {
        last += 1
        end = max(end, chunks[last].cells.upperBound)
      }
      let words = try access.words(at: start, count: end - start, in: header)
      for (cells, index) in chunks[first...last] where cells.upperBound - start <= words.count {
        let range = cells.lowerBound - start..<cells.upperBound - start
        if let chunk = Chunk(words, in: range, seed: seed) { body(index, chunk) }
      }
      first = last + 1
    }
  }

  /// So little between two chunks is cheaper read than left out.
  private static let gapWords = 1_024
  private static let runWords = 128 << 10

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
