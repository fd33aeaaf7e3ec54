import Base
import Model
import Testing

@testable import History

/// A file in pages. What was written since the last sync may be on the disk or not, page by page, each
/// as any of the writes since then left it.
private struct PagedFile {
  static let pageWords = 512

  /// What programs see.
  private(set) var words: [UInt64]
  private var durable: [UInt64]
  /// The states of each page that was written since the last sync, the oldest first.
  private var versions: [Int: [ArraySlice<UInt64>]] = [:]

  init(_ words: [UInt64]) {
    self.words = words
    durable = words
  }

  mutating func write(_ write: BlockWrite) {
    let end = write.place + write.words.count
    words.replaceSubrange(write.place..<end, with: write.words)
    for page in (write.place / Self.pageWords)...((end - 1) / Self.pageWords) {
      versions[page, default: []].append(words[range(page)])
    }
  }

  mutating func sync() {
    durable = words
    versions = [:]
  }

  /// The file after a loss of power.
  mutating func cut(_ generator: inout SeededGenerator) {
    for page in versions.keys.sorted() {
      let states = versions[page]!
      let kept = Int(generator.below(UInt64(states.count + 1)))
      if kept > 0 { durable.replaceSubrange(range(page), with: states[kept - 1]) }
    }
    words = durable
    versions = [:]
  }

  private func range(_ page: Int) -> Range<Int> {
    (page * Self.pageWords)..<min(words.count, (page + 1) * Self.pageWords)
  }
}

private enum Step {
  case write(BlockWrite)
  case sync
}

@Suite("A loss of power")
struct PowerCutTests {
  // MARK: - Blocks

  /// What was recorded of one probe in one block.
  private struct Recorded {
    var samples: [Sample]
    var cells: [Cell]
    var standing: Standing

    mutating func makeAlike(_ number: UInt32) {
      samples = (0..<20).map { index in
        Sample(
          time: testTime + .seconds(index), outcome: .ok,
          timings: PhaseTimings(totalMicroseconds: number))
      }
      cells[0] = Cell(span: .fiveMinutes, start: CellSpan.fiveMinutes.start(of: testTime))
      cells[0].tally.slow = number
      cells.removeLast(cells.count - 1)
    }
  }

  /// Blocks that follow each other in one file, and the steps in which each is written.
  private struct Blocks {
    static let byteCount = 24 * 4_096
    var headers: [BlockHeader] = []
    var steps: [[Step]] = []
    var recorded: [[ProbeKey: Recorded]] = []

    /// Each block like the next in shape, so that only checksums tell their parts apart, or each
    /// of another.
    init(seed: UInt64, alike: Bool = false) {
      var source = SampleSource(seed: seed)
      var cells = CellSource(seed: seed)
      for generation in 1...4 {
        var block = BlockBuilder(
          kind: .samples, ringID: testRingID, generation: UInt64(generation), slot: 3,
          byteCount: Self.byteCount)
        var recorded: [ProbeKey: Recorded] = [:]
        var steps: [Step] = [
          .write(
            BlockWrite(place: 0, words: [UInt64](repeating: 0, count: BlockReading.wordsNeeded))),
          .sync,
        ]
        for probe in 0..<(alike ? 3 : 3 + generation % 3) {
          let key = testKey(probe)
          var one = Recorded(
            samples: (0..<(10 + source.generator.below(40))).map { _ in source.next() },
            cells: canonical(cells.cells(6)),
            standing: Standing(told: source.time, until: source.time + .seconds(9), isUp: true))
          if alike { one.makeAlike(UInt32(generation * 10 + probe)) }
          block.add(
            key, every: .seconds(60), samples: one.samples, cells: one.cells,
            standing: one.standing, share: (600, 200))
          recorded[key] = one
          if let write = block.take(atLeast: 700) { steps.append(.write(write)) }
        }
        let (content, header) = block.finish(
          sequences: UInt64(generation)..<UInt64(generation + 1), closed: source.time)
        steps += [
          .write(content), .sync, .write(BlockWrite(place: 0, words: header.block)), .sync,
        ]
        headers.append(header)
        self.steps.append(steps)
        self.recorded.append(recorded)
      }
    }
  }

  /// What a reader that holds a block's header gets of a probe: whether all of it, and nothing wrong.
  private func read(
    _ words: [UInt64], _ header: BlockHeader, _ key: ProbeKey, _ recorded: Recorded
  ) -> (isWhole: Bool, isRight: Bool) {
    let entry = BlockTable.entry(of: probeHash(key), header: header) {
      Array(
        words[(header.tablePlace + $0.lowerBound * 3)..<(header.tablePlace + $0.upperBound * 3)])
    }
    guard let entry = entry?.entry else { return (false, true) }
    var (isWhole, isRight) = (true, true)
    if let chunk = Chunk(Array(words[entry.samples]), header: header), chunk.key == key {
      isRight = chunk.samples() == recorded.samples
    } else {
      isWhole = false
    }
    if let chunk = Chunk(Array(words[entry.cells]), header: header), chunk.key == key {
      for span in CellSpan.allCases {
        var cells: [Cell] = []
        isRight = chunk.cells(span, withLatencies: true) { cells.append(copy $0) } && isRight
        isRight = canonical(cells) == recorded.cells.filter { $0.span == span } && isRight
      }
      isRight = isRight && chunk.standing == recorded.standing
    } else {
      isWhole = false
    }
    return (isWhole, isRight)
  }

  /// What a cut left.
  private struct Remains {
    /// The block that stands in the file, should one.
    var generation: UInt64?
    var isBlank = false
    var isWhole = true
    var isRight = true
  }

  /// Writes blocks up to a step of one, without the syncs of a number, and cuts the power.
  private func remains(
    _ blocks: Blocks, before stop: (block: Int, step: Int), without sync: Int? = nil,
    _ generator: inout SeededGenerator
  ) -> Remains {
    var file = PagedFile([UInt64](repeating: 0, count: Blocks.byteCount / 8))
    for (number, steps) in blocks.steps[...stop.block].enumerated() {
      var syncs = 0
      for step in number < stop.block ? steps[...] : steps[..<stop.step] {
        switch step {
        case .write(let write): file.write(write)
        case .sync:
          if syncs != sync { file.sync() }
          syncs += 1
        }
      }
    }
    file.cut(&generator)
    var remains = Remains()
    switch BlockReading(file.words) {
    case .blank: remains.isBlank = true
    case .valid(let header):
      let number = Int(header.generation) - 1
      remains.generation = header.generation
      remains.isRight = header == blocks.headers[number]
      for (key, recorded) in blocks.recorded[number] {
        let (isWhole, isRight) = read(file.words, header, key, recorded)
        remains.isWhole = remains.isWhole && isWhole
        remains.isRight = remains.isRight && isRight
      }
    default: break
    }
    // Who asked before still holds an older header, and must not be misled.
    for (header, recorded) in zip(blocks.headers[...stop.block], blocks.recorded) {
      for (key, one) in recorded {
        remains.isRight = remains.isRight && read(file.words, header, key, one).isRight
      }
    }
    return remains
  }

  private func somewhere(
    _ blocks: Blocks, _ generator: inout SeededGenerator
  ) -> (block: Int, step: Int) {
    let block = Int(generator.below(UInt64(blocks.steps.count)))
    return (block, Int(generator.below(UInt64(blocks.steps[block].count + 1))))
  }

  @Test(
    "while blocks are written never makes one wrong: each is whole, or it is none",
    arguments: 0..<12)
  func blocks(seed: Int) {
    let blocks = Blocks(seed: UInt64(seed), alike: seed % 2 == 0)
    var generator = SeededGenerator(seed: UInt64(seed))
    var found = Set<UInt64>()
    for _ in 0..<250 {
      let stop = somewhere(blocks, &generator)
      let remains = remains(blocks, before: stop, &generator)
      #expect(remains.isRight && remains.isWhole, "cut before \(stop)")
      if let generation = remains.generation {
        found.insert(generation)
        #expect([stop.block, stop.block + 1].contains(Int(generation)), "cut before \(stop)")
      } else {
        #expect(remains.isBlank, "cut before \(stop)")
        #expect(stop.step > 0 || stop.block == 0, "nothing was begun over a block")
      }
    }
    #expect(found == [1, 2, 3, 4], "each was met")
  }

  @Test(
    "without one of the first two syncs blocks would have holes, though still nothing wrong",
    arguments: [0, 1])
  func syncs(left: Int) {
    let blocks = Blocks(seed: 3)
    var generator = SeededGenerator(seed: 3)
    var holes = 0
    for _ in 0..<400 {
      let stop = somewhere(blocks, &generator)
      let remains = remains(blocks, before: stop, without: left, &generator)
      #expect(remains.isRight, "cut before \(stop)")
      if !remains.isWhole { holes += 1 }
    }
    #expect(holes > 0)
  }

  // MARK: - The ring

  /// The ring's files and what was ever added to it.
  private struct Ring {
    let resume = testResume(slots: 3)
    var files: [UInt32: PagedFile] = [:]
    var headers: [UInt32: SegmentHeader] = [:]
    var known: Set<HistoryRecord> = []
    var source: SampleSource
    var encoder: RingEncoder

    init(seed: UInt64) {
      source = SampleSource(seed: seed)
      encoder = RingEncoder(resume: resume)
      for slot in resume.slots {
        files[slot] = PagedFile([UInt64](repeating: 0, count: resume.segmentBytes / 8))
      }
    }

    /// A tick's samples, written as `RingFiles` does: a new segment's header first, with a sync.
    mutating func tick() {
      for _ in 0...source.generator.below(14) {
        let probe = Int(source.generator.below(5))
        var sample = source.next()
        sample.note = ""
        sample.readings = []
        encoder.add(probe: UInt32(probe), key: testKey(probe), sample: sample)
        known.insert(.sample(testKey(probe), sample))
      }
      for batch in encoder.finish() {
        let slot = batch.segment.slot
        if headers[slot] != batch.segment {
          for slot in files.keys { files[slot]!.sync() }
          files[slot]!.write(BlockWrite(place: 0, words: batch.segment.block))
          files[slot]!.sync()
          headers[slot] = batch.segment
        }
        files[slot]!.write(BlockWrite(place: batch.offset / 8, words: batch.words))
      }
      if source.generator.below(5) == 0 { for slot in files.keys { files[slot]!.sync() } }
    }

    /// The files as a start finds them after a loss of power.
    mutating func cut() -> Disk {
      var disk = Disk(resume)
      for slot in files.keys.sorted() {
        files[slot]!.cut(&source.generator)
        disk.files[slot] = files[slot]!.words
      }
      return disk
    }
  }

  @Test(
    "while the ring is written takes samples, and never gives one that was not recorded",
    arguments: 0..<40)
  func ring(seed: Int) {
    var ring = Ring(seed: UInt64(seed))
    var survived = 0
    for _ in 0..<25 {
      for _ in 0...ring.source.generator.below(8) { ring.tick() }
      let disk = ring.cut()
      let (plan, resume) = disk.recover()
      #expect(plan.aside.isEmpty)
      let records = disk.records()
      survived += records.count
      for record in records { #expect(ring.known.contains(record)) }
      #expect(Set(records).count == records.count, "none is there twice")
      ring.encoder = RingEncoder(resume: resume)
      ring.headers = Dictionary(plan.keep.map { ($0.slot, $0) }, uniquingKeysWith: { $1 })
    }
    #expect(survived > 0)
  }
}
