import Base
import Model
import Testing

@testable import History

@Suite("A probe's chunk in a block")
struct ChunkTests {
  private let header = testHeader(generation: 3)

  private func samples(seed: UInt64, _ count: Int) -> [Sample] {
    var source = SampleSource(seed: seed)
    return (0..<count).map { index in
      // Now and then the clock is set so far that a new base of times is needed.
      if index % 17 == 16 { source.time = source.time + .hours(24 * 40) }
      return source.next()
    }
  }

  private func written(_ samples: [Sample], limit: Int = .max) -> (words: [UInt64], left: Int) {
    SampleChunk.words(
      samples, key: testKey(1), every: .seconds(60), seed: header.seed, wordLimit: limit)
  }

  @Test("samples come back as they were, in the order of writing", arguments: 0..<40)
  func samplesRoundTrip(seed: Int) throws {
    let samples = samples(seed: UInt64(seed), 1 + seed * 3)
    let (words, left) = written(samples)
    let chunk = try #require(Chunk(words, header: header))
    #expect(left == 0 && chunk.samples() == samples)
    #expect(chunk.key == testKey(1) && chunk.every == .seconds(60))
  }

  @Test(
    "cells come back with what stood behind them",
    arguments: [
      nil,
      Standing(told: testTime, until: testTime + .seconds(120), isUp: true),
      Standing(told: testTime, until: testTime + .seconds(7), isUp: false, isMaintenance: true),
      Standing(told: testTime, until: testTime - .seconds(7), isUp: true, isMaintenance: true),
    ] as [Standing?])
  func cellsRoundTrip(standing: Standing?) throws {
    var source = CellSource(seed: 5)
    let cells = source.cells(20)
    let words = try #require(
      Chunk.cells(
        cells, standing: standing, key: testKey(2), every: .minutes(5), seed: header.seed,
        wordLimit: 10_000))
    let chunk = try #require(Chunk(words, header: header))
    #expect(chunk.standing == standing && chunk.key == testKey(2))
    for span in CellSpan.allCases {
      var found: [Cell] = []
      #expect(chunk.cells(span, withLatencies: true) { found.append(copy $0) })
      #expect(canonical(found) == canonical(cells.filter { $0.span == span }))
    }
  }

  @Test("hours that stand before all other cells are read without what is behind them")
  func hoursFirst() throws {
    var source = CellSource(seed: 8)
    let cells = source.cells(30)
    let hours = cells.filter { $0.span == .hour }
    let minutes = cells.filter { $0.span == .fiveMinutes }
    try #require(hours.count > 1 && minutes.count > 1)
    /// Each span's cells; nil where the end of the chunk's bytes is broken and that was noticed.
    func found(_ cells: [Cell], broken: Bool) throws -> [[Cell]?] {
      var words = try #require(
        Chunk.cells(
          cells, standing: nil, key: testKey(2), every: .minutes(5), seed: header.seed,
          wordLimit: 10_000))
      if broken {
        // The last bytes, with a right checksum: numbers that never end.
        words[words.count - 2] = .max
        words[words.count - 1] = .max
        words[0] =
          UInt64(crc32c(words: words, in: 1..<words.count, seed: header.seed))
          | UInt64(words.count) << 32
      }
      let chunk = try #require(Chunk(words, header: header))
      return CellSpan.allCases.map { span in
        var found: [Cell] = []
        return chunk.cells(span, withLatencies: true) { found.append(copy $0) }
          ? canonical(found) : nil
      }
    }
    let whole = [canonical(minutes), canonical(hours)]
    #expect(try found(hours + minutes, broken: false) == whole)
    #expect(try found(minutes + hours, broken: false) == whole)
    #expect(try found([hours[0]] + minutes + hours.dropFirst(), broken: false) == whole)
    #expect(try found(hours + minutes, broken: true) == [nil, canonical(hours)])
    #expect(try found(minutes + hours, broken: true) == [nil, nil])
    #expect(try found(hours, broken: true) == [nil, nil], "hours alone are read to their end")
  }

  @Test("among the chunks of others it is read where it lies, and told whose it is")
  func amongOthers() throws {
    let samples = samples(seed: 11, 9)
    let (words, _) = written(samples)
    var source = CellSource(seed: 3)
    let cells = source.cells(12)
    let cellWords = try #require(
      Chunk.cells(
        cells, standing: nil, key: testKey(2), every: .seconds(60), seed: header.seed,
        wordLimit: 10_000))
    let file = [7, 8, 9] + words + cellWords + [1]
    let range = 3..<3 + words.count
    let chunk = try #require(Chunk(file, in: range, header: header))
    #expect(chunk.samples() == samples && chunk.key == testKey(1))
    #expect(chunk.belongs(to: ProbeNames(testKey(1))))
    for other in [testKey(2), testKey(11), ProbeKey(link: testKey(1).link, probe: "")] {
      #expect(!chunk.belongs(to: ProbeNames(other)))
    }
    let second = range.upperBound..<range.upperBound + cellWords.count
    let next = try #require(Chunk(file, in: second, header: header))
    var found: [Cell] = []
    #expect(next.cells(.hour, withLatencies: true) { found.append(copy $0) })
    #expect(canonical(found) == canonical(cells.filter { $0.span == .hour }))
    #expect(next.standing == nil && next.belongs(to: ProbeNames(testKey(2))))
    #expect(Chunk(file, in: 2..<range.upperBound, header: header) == nil)
    #expect(Chunk(file, in: second.lowerBound..<file.count + 1, header: header) == nil)
  }

  @Test("with any one bit turned, or cut, or longer, it is none")
  func damage() {
    let words = written(samples(seed: 1, 3)).words
    #expect(Chunk(words, header: header) != nil)
    for place in words.indices {
      for bit in 0..<64 {
        var damaged = words
        damaged[place] ^= 1 << UInt64(bit)
        #expect(Chunk(damaged, header: header) == nil, "bit \(bit) of word \(place)")
      }
    }
    for count in 0..<words.count { #expect(Chunk(Array(words[..<count]), header: header) == nil) }
    #expect(Chunk(words + [0], header: header) == nil)
  }

  @Test("it belongs to one block of one kind of one history")
  func otherBlock() {
    let words = written(samples(seed: 2, 3)).words
    var other = header
    other.slot = 9
    #expect(Chunk(words, header: other) != nil, "where the file stands is no matter")
    other = header
    other.generation += 1
    #expect(Chunk(words, header: other) == nil)
    other = header
    other.ringID += 1
    #expect(Chunk(words, header: other) == nil)
    other = header
    other.kind = .hours
    #expect(Chunk(words, header: other) == nil)
  }

  // MARK: - Short of room

  /// An hour with notes, and an outage with its short-notice runs in the midst.
  private static let storm: [Sample] = (0..<60).map { index in
    let fails = (20..<45).contains(index)
    return Sample(
      time: testTime + .seconds(Int64(index) * 20), outcome: fails ? .connect(.refused) : .ok,
      flags: fails && index % 5 != 0 ? [.confirmation] : [],
      timings: PhaseTimings(totalMicroseconds: UInt32(index)), note: "note \(index)")
  }

  private func hasLost(_ kept: [Sample], _ condition: (Sample) -> Bool) -> (all: Int, lost: Int) {
    let all = Self.storm.filter(condition)
    let times = Set(kept.map(\.time))
    return (all.count, all.count { !times.contains($0.time) })
  }

  @Test("where room is short, what matters least goes first, and never in between")
  func order() throws {
    let whole = written(Self.storm).words.count
    var stages: [Int] = []
    for limit in (12...whole).reversed() {
      let (words, left) = written(Self.storm, limit: limit)
      let kept = try #require(Chunk(words, header: header)).samples()
      #expect(kept.count + left == Self.storm.count)
      #expect(words.count <= limit || kept.isEmpty)
      let originals = Dictionary(Self.storm.map { ($0.time, $0) }, uniquingKeysWith: { $1 })
      let notes = (
        right: kept.contains { $0.outcome == .ok && !$0.note.isEmpty },
        failed: kept.contains { $0.outcome != .ok && !$0.note.isEmpty }
      )
      for sample in kept {
        var original = try #require(originals[sample.time])
        if sample.note.isEmpty { original.note = "" }
        #expect(sample == original, "nothing but the note may be gone")
      }
      let confirmations = hasLost(kept) { $0.flags.contains(.confirmation) }
      let regular = hasLost(kept) { !$0.flags.contains(.confirmation) }
      let stage =
        regular.lost > 0
        ? 4 : confirmations.lost > 0 ? 3 : notes.failed ? (notes.right ? 0 : 1) : 2
      stages.append(stage)
      if stage == 4 { #expect(confirmations.lost == confirmations.all) }
      if stage >= 3 { #expect(!notes.right && !notes.failed) }
      // What is left out is the last of its sort.
      let lastKept = kept.last { !$0.flags.contains(.confirmation) }?.time ?? testTime
      #expect(
        Self.storm.filter { !$0.flags.contains(.confirmation) && $0.time < lastKept }
          .allSatisfy { sample in kept.contains { $0.time == sample.time } })
    }
    #expect(stages == stages.sorted() && Set(stages) == [0, 1, 2, 3, 4])
  }

  @Test(
    "a block gives nobody's due to another, however much there is of each", arguments: [0, 150])
  func shares(spare: Int) throws {
    let share = BlockShare(samples: 200, cells: 60)
    let byteCount = 4_096 + (3 * share.words + spare) * 8
    var builder = BlockBuilder(
      kind: .samples, ringID: testRingID, generation: 3, slot: 0, byteCount: byteCount)
    var source = CellSource(seed: 8)
    var cells = source.cells(6)
    for index in cells.indices {
      // Told exactly they would take all the room to spare.
      for power in 0..<400 {
        cells[index].tally.addLatency(microseconds: 1_000 + 7_919 * UInt32(power))
      }
    }
    for probe in 0..<3 {
      builder.add(
        testKey(probe), every: .seconds(60), samples: samples(seed: 3, 400), cells: cells,
        standing: nil, share: (share.samples, share.cells), roomKept: (2 - probe) * share.words)
    }
    #expect(builder.samplesLeft > 0 && builder.chunksLeft == 0)
    let (content, header) = builder.finish(sequences: 1..<2, closed: testTime)
    #expect(content.place == 512 && header.entryCount == 3 && header.byteCount <= byteCount)
    let words = header.block + content.words
    let table = Array(words[header.tablePlace...])
    let entries = try #require(BlockTable.entries(table, header: header))
    for entry in entries {
      // But for less than a sample and its text, each has what is due to it.
      #expect(entry.samples.count + entry.cells.count > share.samples + share.cells - 48)
      #expect(Chunk(Array(words[entry.samples]), header: header)?.samples().isEmpty == false)
    }
  }

  @Test(
    "what a block of days has of a probe can be written at once, so that it is never held whole")
  func daysAreNotHeld() {
    for kind in [BlockKind.fiveMinutes, .hours] {
      var builder = BlockBuilder(
        kind: kind, ringID: testRingID, generation: 3, slot: 0, byteCount: 1 << 20)
      let cells = [Cell(span: kind == .hours ? .hour : .fiveMinutes, start: testTime)]
      builder.add(
        testKey(0), every: .seconds(60), samples: [], cells: cells, standing: nil,
        share: (0, 100))
      let written = builder.take(atLeast: 1)?.words.count ?? 0
      #expect(written > 8)
    }
  }
}
