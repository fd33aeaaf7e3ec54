import Base
import Model
import Testing

@testable import History

@Suite("The ring over many generations")
struct RingTests {
  /// What has been written, the naive way: every batch's records with its segment.
  private struct Written {
    var batches: [(generation: UInt64, sequence: UInt64, records: [HistoryRecord])] = []

    /// Those whose segment has not been overwritten.
    func records(slots: Int) -> [HistoryRecord] {
      let newest = batches.last?.generation ?? 0
      return batches.flatMap { $0.generation + UInt64(slots) > newest ? $0.records : [] }
    }
  }

  /// Adds random samples and marks and returns the batches with what they hold.
  private func fill(
    _ encoder: inout RingEncoder, _ source: inout SampleSource, count: UInt64
  ) -> [(batch: EncodedBatch, records: [HistoryRecord])] {
    var records: [HistoryRecord] = []
    for _ in 0..<count {
      if source.generator.below(10) == 0 {
        let mark = RingMark.clockStepped(at: source.time, by: .seconds(3))
        encoder.add(mark)
        records.append(.mark(mark))
      } else {
        let probe = Int(source.generator.below(20))
        let sample = source.next()
        encoder.add(probe: UInt32(probe), key: testKey(probe), sample: sample)
        records.append(.sample(testKey(probe), sample))
      }
    }
    // Which record went into which batch, only the batches themselves tell: by their number.
    var rest = records[...]
    return encoder.finish().map { batch in
      let count = recordCount(batch)
      defer { rest = rest.dropFirst(count) }
      return (batch, Array(rest.prefix(count)))
    }
  }

  private func recordCount(_ batch: EncodedBatch) -> Int {
    var count = 0
    var place = RingFormat.batchHeaderWords
    while let head = place < batch.words.count
      ? RecordHead(batch.words, at: place, end: batch.words.count) : nil
    {
      if head.type == RecordType.sample || head.type == RecordType.mark { count += 1 }
      place += head.words
    }
    return count
  }

  @Test("it holds what a naive model holds, through wraps and restarts", arguments: 0..<30)
  func wraps(seed: Int) {
    let slots = 2 + seed % 4
    var source = SampleSource(seed: UInt64(seed))
    var disk = Disk(testResume(slots: slots))
    var encoder = RingEncoder(resume: testResume(slots: slots))
    var written = Written()
    for _ in 0..<60 {
      for (batch, records) in fill(&encoder, &source, count: 1 + source.generator.below(90)) {
        #expect(batch.sequence == UInt64(written.batches.count) + 1)
        #expect(records.allSatisfy { batch.times.contains($0.time) })
        disk.write(batch)
        written.batches.append((batch.segment.generation, batch.sequence, records))
      }
      switch source.generator.below(8) {
      case 0: encoder = RingEncoder(resume: disk.recover().resume)
      case 1: encoder.forgetDefinitions()
      default: break
      }
    }
    #expect(written.batches.last!.generation > UInt64(slots) + 2, "it has wrapped")
    #expect(disk.records() == written.records(slots: slots))
    checkTimes(disk)
    checkSearch(disk, &source)
  }

  /// Each header tells the times of the segment before it.
  private func checkTimes(_ disk: Disk) {
    let keep = disk.recover().plan.keep
    for (older, newer) in zip(keep, keep.dropFirst()) {
      let scan = scanSegment(disk.files[older.slot]!, header: older) { _ in }
      #expect(newer.previousTimes == scan.times)
    }
  }

  /// A search finds what filtering all records finds.
  private func checkSearch(_ disk: Disk, _ source: inout SampleSource) {
    let all = disk.records()
    let span = source.time - testTime
    for _ in 0..<20 {
      let key = testKey(Int(source.generator.below(22)))
      let from = testTime + span * Int64(source.generator.below(100)) / 100
      let to = from + span * Int64(source.generator.below(100)) / 100
      let limit = Int(source.generator.below(60))
      var found: [Sample] = []
      for header in disk.recover().plan.keep.reversed() {
        let search = SampleSearch(key: key, times: from..<to, limit: limit - found.count)
        found =
          search.samples(in: disk.files[header.slot]!, header: header).samples
          + found
      }
      var expected: [Sample] = []
      for case .sample(key, let sample) in all where (from..<to).contains(sample.time) {
        expected.append(sample)
      }
      #expect(found == expected.suffix(limit))
    }
  }

  @Test(
    "killed at any byte of any write, it keeps every finished batch and goes on", arguments: 0..<60)
  func crashes(seed: Int) {
    var source = SampleSource(seed: 1_000 + UInt64(seed))
    let slots = 3
    var disk = Disk(testResume(slots: slots))
    var encoder = RingEncoder(resume: testResume(slots: slots))
    var written = Written()
    for _ in 0..<40 {
      let tick = fill(&encoder, &source, count: 1 + source.generator.below(50))
      let crashAt =
        source.generator.below(4) == 0 ? Int(source.generator.below(UInt64(tick.count))) : -1
      for (index, (batch, records)) in tick.enumerated() {
        if index == crashAt {
          tear(batch, &disk, &source, &written, slots: slots)
          break
        }
        disk.write(batch)
        written.batches.append((batch.segment.generation, batch.sequence, records))
      }
      guard crashAt >= 0 else { continue }
      let resume = disk.recover().resume
      #expect(resume.nextSequence == (written.batches.last?.sequence ?? 0) + 1)
      encoder = RingEncoder(resume: resume)
      #expect(disk.records() == written.records(slots: slots))
    }
    #expect(disk.records() == written.records(slots: slots))
  }

  /// Writes a batch's bytes up to a random one. A torn header block is left out: it is one page,
  /// and a damaged one is set aside (see the files' tests).
  private func tear(
    _ batch: EncodedBatch, _ disk: inout Disk, _ source: inout SampleSource,
    _ written: inout Written, slots: Int
  ) {
    let writes = disk.writes(for: batch)
    if writes.count == 2 {
      if source.generator.below(3) == 0 { return }
      disk.apply(writes[0], byteCount: RingFormat.headerBlockBytes)
      // The header alone has already taken the oldest segment's place.
      written.batches.removeAll { $0.generation + UInt64(slots) <= batch.segment.generation }
    }
    let last = writes.last!
    disk.apply(last, byteCount: Int(source.generator.below(UInt64(last.words.count * 8))))
  }

  @Test("a batch that could not be written costs only itself once definitions are forgotten")
  func failedWrite() {
    var disk = Disk(testResume())
    var encoder = RingEncoder(resume: testResume())
    let sample = Sample(time: testTime, outcome: .body(.applicationCode("106")))
    encoder.add(probe: 0, key: testKey(0), sample: sample)
    _ = encoder.finish()
    encoder.forgetDefinitions()
    encoder.add(probe: 0, key: testKey(0), sample: sample)
    for batch in encoder.finish() { disk.write(batch) }
    #expect(disk.records() == [.sample(testKey(0), sample)])
    let (plan, resume) = disk.recover()
    #expect(plan.current?.firstSequence == 1 && resume.nextSequence == 3)
  }

  @Test("a hole left by a loss of power is stepped over and told of")
  func hole() {
    var disk = Disk(testResume())
    var encoder = RingEncoder(resume: testResume())
    var batches: [EncodedBatch] = []
    for index in 0..<3 {
      encoder.add(
        probe: UInt32(index), key: testKey(index), sample: Sample(time: testTime, outcome: .ok))
      batches += encoder.finish()
    }
    disk.write(batches[0])
    disk.write(batches[2])
    let (plan, resume) = disk.recover()
    #expect(resume.offset == batches[2].end && resume.nextSequence == 4)
    let scan = scanSegment(disk.files[0]!, header: plan.current!) { _ in }
    #expect(
      scan.damage == [
        SegmentDamage(offset: batches[1].offset, byteCount: batches[1].words.count * 8)
      ])
    #expect(disk.records().count == 2)
  }

  @Test("what an earlier generation left in a file is never taken")
  func stale() {
    var disk = Disk(testResume(slots: 2))
    var encoder = RingEncoder(resume: testResume(slots: 2))
    var source = SampleSource(seed: 9)
    var batches: [EncodedBatch] = []
    while batches.last?.segment.generation ?? 0 < 3 {
      encoder.add(probe: 0, key: testKey(0), sample: source.next())
      batches += encoder.finish()
    }
    for batch in batches { disk.write(batch) }
    let third = disk.recover().plan.current!
    #expect(third.slot == 0 && third.generation == 3)
    let scan = scanSegment(disk.files[0]!, header: third) { _ in }
    #expect(scan.samples == 1 && scan.damagedBytes == 0)
  }

  @Test("a batch with an older number than the one before it is left over, and is not taken")
  func olderNumber() {
    var encoder = RingEncoder(resume: testResume())
    encoder.add(.started(testTime))
    let first = encoder.finish()[0]
    encoder.add(.stopped(testTime))
    let second = encoder.finish()[0]
    var records: [HistoryRecord] = []
    let scan = scanSegment(
      first.segment.block + second.words + first.words, header: first.segment
    ) { records.append($0) }
    #expect(records == [.mark(.stopped(testTime))])
    #expect(scan.nextSequence == 3 && scan.end == second.offset)
  }
}
