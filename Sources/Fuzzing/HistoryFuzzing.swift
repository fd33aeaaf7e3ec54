import Base
import History
import Model

/// A file of the history without the zeros of its header block: the first byte says whether the checksums
/// are to be set right, so that what lies behind them is reached; then come the header's bytes, and what
/// stands behind the block.
private func file(
  _ bytes: [UInt8], headerBytes: Int, mend: (inout [UInt64]) -> Void
) -> [UInt64]? {
  guard bytes.count > headerBytes else { return nil }
  let padding = [UInt8](repeating: 0, count: 4_096 - headerBytes)
  var words = ringWords(bytes[1...headerBytes] + padding + bytes[(headerBytes + 1)...])
  if bytes[0] & 1 == 1 { mend(&words) }
  return words
}

/// Words by the numbers of the pages of the formats, apart from the code that is tried.
extension [UInt64] {
  fileprivate func number(_ place: Int) -> UInt64 { UInt64(littleEndian: self[place]) }

  fileprivate mutating func set(_ place: Int, lower: UInt32? = nil, upper: UInt32? = nil) {
    let word = number(place)
    let low = lower ?? UInt32(truncatingIfNeeded: word)
    let high = upper ?? UInt32(truncatingIfNeeded: word >> 32)
    self[place] = (UInt64(low) | UInt64(high) << 32).littleEndian
  }

  /// Sets the checksum in the second word of a header, over the length that stands before it.
  fileprivate mutating func mendHeader() {
    let length = Int(number(1) >> 16 & 0xFFFF)
    guard length >= 64, length <= 4_096, length % 8 == 0 else { return }
    set(1, upper: 0)
    set(1, upper: crc32c(words: self, in: 0..<(length / 8)))
  }
}

// MARK: - Segments

private func mendSegment(_ words: inout [UInt64]) {
  words.mendHeader()
  let seed = crc32c(words: [words[2]], in: 0..<1)
  var place = 512
  while place + 6 <= words.count {
    let length = Int(words.number(place + 1) >> 32)
    guard words.number(place) & 0xFFFF_FFFF == 0xA542_484C, length % 8 == 0,
      length / 8 <= words.count - place - 6
    else {
      place += 1
      continue
    }
    let end = place + 6 + length / 8
    words.set(place + 1, lower: crc32c(words: words, in: (place + 6)..<end, seed: seed))
    words.set(place, upper: crc32c(words: words, in: (place + 1)..<(place + 6), seed: seed))
    place = end
  }
}

/// No more comes of a segment than fits in it; a search for a probe finds nothing that a scan does not;
/// the index of places counts what is there, and what it says leads to the samples.
func historySegmentViolation(_ bytes: [UInt8]) -> String? {
  guard let words = file(bytes, headerBytes: 80, mend: mendSegment),
    case .valid(let header) = SegmentReading(words)
  else { return nil }
  var samples: [ProbeKey: [Sample]] = [:]
  var builder = CellBuilder(every: .seconds(60))
  var lastSign: WallTime?
  var count = 0
  var blindCount = 0
  let scan = scanSegment(words, header: header) { record in
    switch record {
    case .sample(let key, let sample):
      samples[key, default: []].append(sample)
      builder.add(sample)
      count += 1
      if sample.isBlind { blindCount += 1 }
    case .mark(let mark): builder.add(mark, lastSign: lastSign)
    }
    lastSign = record.time
  }
  if scan.end > words.count * 8 { return "it ends behind the file" }
  if count != scan.samples || count * 6 > words.count { return "\(count) samples" }
  let counted = builder.cells.reduce(0) { sum, cell in
    let tally = cell.tally
    return sum + tally.attempts.reduce(0) { $0 + Int($1) } + Int(tally.confirmations)
  }
  if counted != count - blindCount { return "\(counted) of \(count) samples are in cells" }
  if builder.cells.hours.count > builder.cells.count { return "more hours than parts of them" }
  for (key, samples) in samples.prefix(8) {
    let all = WallTime(nanoseconds: .min)..<WallTime(nanoseconds: .max)
    let search = SampleSearch(key: key, times: all, limit: words.count)
    let found = search.samples(in: words, header: header).samples.map(\.time)
    if !isPart(found, of: samples.map(\.time)) { return "a search finds what is not there" }
  }
  return indexViolation(words, header, samples)
}

private func isPart(_ some: [WallTime], of all: [WallTime]) -> Bool {
  var rest = all[...]
  for time in some {
    guard let index = rest.firstIndex(of: time) else { return false }
    rest = rest[(index + 1)...]
  }
  return true
}

private func indexViolation(
  _ words: [UInt64], _ header: SegmentHeader, _ samples: [ProbeKey: [Sample]]
) -> String? {
  var index = RecentIndex(segmentBytes: header.segmentBytes, nextSequence: 0, lastSign: nil)
  forEachBatch(in: words, header: header) { batch in
    if batch.payload.upperBound <= words.count { index.add(batch) }
    _ = batch.hasMark
  }
  let places = index.entries.reduce(0) { $0 + $1.places.count }
  if places != index.sampleCount || places * 6 > words.count { return "\(places) places" }
  // In a file that is longer than it says, places would be in segments that follow.
  guard words.count * 8 <= header.segmentBytes else { return nil }
  for entry in index.entries {
    var read: [WallTime] = []
    for whole in entry.places.prefix(256) {
      let (generation, place) = index.location(of: whole)
      guard generation == header.generation, place < words.count else { return "a place outside" }
      let (base, available) = index.batch(of: whole)
      var pool = RecordPool(count: 1)
      pool.take(
        0, from: words, at: place, end: min(words.count, place + available), base: base)
      let sample = pool.sample(0) { text in
        Int(text) < words.count
          ? LoneRecord.text(Array(words[Int(text)...].prefix(LoneRecord.textWords))) : nil
      }
      if let sample { read.append(sample.time) }
    }
    let scanned = (samples[entry.key] ?? []).map(\.time)
    if entry.places.count <= 256, !isPart(scanned, of: read) {
      return "the places lead not to all samples"
    }
  }
  return nil
}

// MARK: - Blocks

private func seed(ofBlock words: [UInt64]) -> UInt32 {
  crc32c(words: [words[2], words[3], (words.number(11) & 0xFFFF).littleEndian], in: 0..<3)
}

private func mendBlock(_ words: inout [UInt64]) {
  let seed = seed(ofBlock: words)
  let count = Int(words.number(10) & 0xFFFF_FFFF)
  if let table = Int(exactly: words.number(9)), table >= 512, table <= words.count,
    count <= (words.count - table) / 3
  {
    for entry in 0..<count {
      for word in [words.number(table + entry * 3 + 1), words.number(table + entry * 3 + 2)] {
        let start = 512 + Int(word & 0xFF_FFFF_FFFF)
        let end = start + Int(word >> 40)
        guard end > start, end <= table else { continue }
        words.set(start, upper: UInt32(end - start))
        words.set(start, lower: crc32c(words: words, in: (start + 1)..<end, seed: seed))
      }
    }
    words.set(10, upper: crc32c(words: words, in: table..<(table + count * 3), seed: seed))
  }
  words.mendHeader()
}

/// Nothing comes of a chunk whose checksum is wrong, and no more than fits in it; every entry is found
/// by its hash, and looking for another ends; cells are the same when they are written again.
func historyBlockViolation(_ bytes: [UInt8]) -> String? {
  guard let words = file(bytes, headerBytes: 104, mend: mendBlock),
    case .valid(let header) = BlockReading(words)
  else { return nil }
  let table = header.tablePlace..<(header.tablePlace + header.entryCount * 3)
  guard table.upperBound <= words.count else { return nil }
  func find(_ hash: UInt64, near: Int? = nil) -> BlockEntry? {
    let found = BlockTable.entry(of: hash, near: near, header: header) { range in
      Array(
        words[(table.lowerBound + range.lowerBound * 3)..<(table.lowerBound + range.upperBound * 3)]
      )
    }
    return found?.entry
  }
  let entries = BlockTable.entries(Array(words[table]), header: header) ?? []
  for entry in entries.prefix(64) {
    for hash in [entry.hash, entry.hash &+ 1, ~entry.hash] {
      if let found = find(hash), found.hash != hash { return "another entry is found" }
      if let found = find(hash, near: Int(hash % 97)), found.hash != hash {
        return "another entry is found near a place"
      }
    }
    for range in [entry.samples, entry.cells] where !range.isEmpty {
      if range.upperBound > table.lowerBound { return "a chunk lies in the table" }
      if let violation = chunkViolation(Array(words[range]), header, seed(ofBlock: words)) {
        return violation
      }
    }
  }
  return nil
}

private func chunkViolation(
  _ words: [UInt64], _ header: BlockHeader, _ seed: UInt32
) -> String? {
  guard let chunk = Chunk(words, header: header) else { return nil }
  // Byte by byte, which is another way than the reader's.
  if crc32c(ringBytes(words[1...]), seed: seed) != UInt32(truncatingIfNeeded: words.number(0)) {
    return "a chunk with a wrong checksum is read"
  }
  if chunk.samples().count * 6 > words.count { return "more samples than fit" }
  if let standing = chunk.standing {
    var builder = CellBuilder(every: chunk.every, standing: standing)
    builder.close(at: standing.until)
    if builder.cells.count > 600 { return "what stands is told for \(builder.cells.count) cells" }
  }
  for span in CellSpan.allCases {
    var cells: [Cell] = []
    guard chunk.cells(span, withLatencies: true, { cells.append(copy $0) }) else { continue }
    if let violation = rewriteViolation(cells) { return violation }
  }
  return nil
}

// MARK: - Cells

/// Cells are the same when they are written again, and without their latencies all but those; told
/// coarser, they keep their counts and a limit.
func historyCellsViolation(_ bytes: [UInt8]) -> String? {
  var both: [Cell] = []
  var isWhole: [Bool] = []
  for span in CellSpan.allCases {
    var cells: [Cell] = []
    isWhole.append(
      CellCode.read(bytes[...], span: span, withLatencies: true) { cells.append(copy $0) })
    var counts: [Tally] = []
    let isSame = CellCode.read(bytes[...], span: span, withLatencies: false) {
      counts.append($0.tally)
    }
    // Without them nobody looks at what they are: it may go on where it would have ended.
    if isWhole.last == true, !isSame {
      return "with latencies it can be read, and without it cannot"
    }
    if counts.prefix(cells.count).map(plain) != cells.map({ withoutLatencies($0.tally) }) {
      return "without latencies the rest differs"
    }
    if isWhole.last == true, counts.count > cells.count {
      return "without latencies there are more"
    }
    both += cells
  }
  guard isWhole[0], isWhole[1] else { return nil }
  return rewriteViolation(both)
}

private func rewriteViolation(_ cells: [Cell]) -> String? {
  guard let bytes = CellCode.encoded(cells, limit: .max) else { return "there is no limit" }
  let limit = bytes.count / 2
  let coarser = CellCode.encoded(cells, limit: limit)
  if let coarser, coarser.count > limit { return "\(coarser.count) bytes of \(limit)" }
  for span in CellSpan.allCases {
    let expected = cells.filter { $0.span == span }
    guard read(bytes, span) == expected.map(plain) else { return "written again it is another" }
    guard let coarser else { continue }
    guard
      read(coarser, span)?.map({ withoutLatencies($0.tally) })
        == expected.map({ withoutLatencies($0.tally) })
    else { return "told coarser, counts are lost" }
  }
  return nil
}

private func read(_ bytes: [UInt8], _ span: CellSpan) -> [Cell]? {
  var cells: [Cell] = []
  return CellCode.read(bytes[...], span: span, withLatencies: true) { cells.append(plain(copy $0)) }
    ? cells : nil
}

/// Written in one way alone, so that it can be compared: what is not there is empty.
private func plain(_ tally: Tally) -> Tally {
  var sum = Tally()
  sum.add(tally)
  return sum
}

private func plain(_ cell: Cell) -> Cell {
  Cell(span: cell.span, start: cell.start, tally: plain(cell.tally))
}

private func withoutLatencies(_ tally: Tally) -> Tally {
  var sum = Tally()
  sum.add(tally, latencies: false)
  return sum
}
