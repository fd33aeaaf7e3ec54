import Base
import Model
import Testing

@testable import History

@Suite("The ring's encoder and scan")
struct EncoderTests {
  @Test("the checksum over words is the checksum over their bytes")
  func checksum() {
    var generator = SeededGenerator(seed: 1)
    for count in 0..<120 {
      let words = (0..<count).map { _ in generator.next() }
      let seed = UInt32(truncatingIfNeeded: generator.next())
      for start in [0, count / 5] {
        #expect(
          crc32c(words: words, in: start..<count, seed: seed)
            == crc32c(ringBytes(words[start...]), seed: seed), "\(count) words from \(start)")
      }
    }
  }

  @Test("words and bytes turn into each other, and a last half word is left out")
  func bytes() {
    let bytes: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    #expect(ringBytes(ringWords(bytes)) == Array(bytes.prefix(8)))
  }

  @Test("a scan from some time on gives every record since then, and leaves out batches before it")
  func since() {
    var encoder = RingEncoder(resume: testResume(slots: 8))
    var disk = Disk(testResume(slots: 8))
    var source = SampleSource(seed: 4)
    for _ in 0..<60 {
      for probe in 0..<5 {
        encoder.add(probe: UInt32(probe), key: testKey(probe), sample: source.next())
      }
      for batch in encoder.finish() { disk.write(batch) }
    }
    var left = 0
    for header in disk.recover().plan.keep {
      let words = disk.files[header.slot]!
      var all: [HistoryRecord] = []
      let whole = scanSegment(words, header: header) { all.append($0) }
      for since in stride(from: 0, to: all.count, by: 7).map({ all[$0].time }) {
        var found: [HistoryRecord] = []
        let scan = scanSegment(words, header: header, since: since) { found.append($0) }
        #expect(found.filter { $0.time >= since } == all.filter { $0.time >= since })
        #expect(scan.times == whole.times && scan.end == whole.end)
        #expect(scan.unreadableRecords == 0)
        left += all.count - found.count
      }
    }
    #expect(left > 0)
  }

  @Test("every outcome, flag and number comes back as it was recorded")
  func everyOutcome() {
    var encoder = RingEncoder(resume: testResume(slots: 8))
    var disk = Disk(testResume(slots: 8))
    var source = SampleSource(seed: 2)
    var expected: [HistoryRecord] = []
    for (index, outcome) in (allOutcomes + allOutcomes).enumerated() {
      var sample = source.next()
      sample.outcome = outcome
      encoder.add(probe: UInt32(index % 5), key: testKey(index % 5), sample: sample)
      expected.append(.sample(testKey(index % 5), sample))
    }
    for batch in encoder.finish() { disk.write(batch) }
    #expect(disk.records() == expected)
  }

  @Test("marks come back among the samples")
  func marks() {
    var encoder = RingEncoder(resume: testResume())
    var disk = Disk(testResume())
    let marks: [RingMark] = [
      .started(testTime), .clockStepped(at: testTime, by: .nanoseconds(-1_234_567_890_123)),
      .wentBlind(at: testTime + .seconds(2), sawAt: testTime - .minutes(3)),
      .stopped(testTime + .seconds(5)),
    ]
    #expect(encoder.isEmpty)
    for mark in marks { encoder.add(mark) }
    #expect(!encoder.isEmpty)
    for batch in encoder.finish() { disk.write(batch) }
    #expect(encoder.isEmpty && encoder.finish().isEmpty)
    #expect(disk.records() == marks.map { .mark($0) })
  }

  @Test(
    "times are kept to the millisecond, however far apart",
    arguments: [
      (0, 0, "now"), (1_999_999, 1_000_000, "rounded down to the millisecond"),
      (-1, -1_000_000, "rounded down before the epoch too"),
      (Int64.max, 9_214_646_400_000_000_000, "the last millisecond that is told"),
      (Int64.min, -9_214_646_400_000_000_000, "the first"),
    ] as [(Int64, Int64, String)])
  func times(nanoseconds: Int64, stored: Int64, reason: String) {
    var encoder = RingEncoder(resume: testResume())
    var disk = Disk(testResume())
    for time in [testTime.nanoseconds, nanoseconds, testTime.nanoseconds] {
      encoder.add(
        probe: 0, key: testKey(0),
        sample: Sample(time: WallTime(nanoseconds: time), outcome: .ok))
    }
    let batches = encoder.finish()
    #expect(batches.contains { $0.times.contains(WallTime(nanoseconds: stored)) }, "\(reason)")
    #expect(batches.allSatisfy { $0.times != .always }, "each batch belongs to an hour")
    for batch in batches { disk.write(batch) }
    #expect(
      disk.records().map(\.time.nanoseconds) == [
        testTime.nanoseconds, stored, testTime.nanoseconds,
      ],
      "\(reason)")
    let search = SampleSearch(key: testKey(0), times: .all, limit: 10)
    let found = search.samples(in: disk.files[0]!, header: batches[0].segment)
    #expect(found.samples.map(\.time) == disk.records().map(\.time), "\(reason)")
    #expect(found.times == batches.reduce(nil) { $1.times.union($0) }, "\(reason)")
  }

  @Test("a long detail is cut by characters, not within one")
  func longDetail() {
    var encoder = RingEncoder(resume: testResume())
    var disk = Disk(testResume())
    let long = String(repeating: "ờ", count: 500)
    encoder.add(
      probe: 0, key: testKey(0),
      sample: Sample(time: testTime, outcome: .body(.textMissing(long))))
    disk.write(encoder.finish()[0])
    let cut = String(long.prefix(Limits.outcomeDetailCharacters))
    #expect(
      disk.records() == [
        .sample(testKey(0), Sample(time: testTime, outcome: .body(.textMissing(cut))))
      ])
  }

  @Test("details take at most an eighth of a segment; beyond it they are known to be lost")
  func detailBudget() {
    var encoder = RingEncoder(resume: testResume(slots: 2, segmentBytes: 64 << 10))
    var disk = Disk(testResume(slots: 2, segmentBytes: 64 << 10))
    for index in 0..<600 {
      let code = "\(index)-" + String(repeating: "x", count: 50)
      encoder.add(
        probe: 0, key: testKey(0),
        sample: Sample(time: testTime, outcome: .body(.applicationCode(code))))
    }
    let batches = encoder.finish()
    #expect(batches.count == 1)
    disk.write(batches[0])
    var kept = 0
    for case .sample(_, let sample) in disk.records() {
      if sample.outcome.detail == "…" { break }
      kept += 1
    }
    #expect(kept == 128, "64 KiB / 8 / (8 + 56 bytes of text)")
    #expect(disk.records().count == 600)
  }

  @Test("a key is asked for once in a segment, and again after its definitions are forgotten")
  func definitions() {
    var encoder = RingEncoder(resume: testResume())
    var asked = 0
    func key(_ index: Int) -> ProbeKey {
      asked += 1
      return testKey(index)
    }
    let sample = Sample(time: testTime, outcome: .ok)
    for _ in 0..<3 { encoder.add(probe: 7, key: key(7), sample: sample) }
    #expect(asked == 1)
    encoder.forgetDefinitions()
    encoder.add(probe: 7, key: key(9), sample: sample)
    #expect(asked == 2)
    var disk = Disk(testResume())
    disk.write(encoder.finish()[0])
    #expect(
      disk.records()
        == [7, 7, 7, 9].map { .sample(testKey($0), sample) }, "the number has changed its meaning")
  }

  @Test("the longest names and details fit in the smallest segment")
  func longestAddition() {
    var encoder = RingEncoder(resume: testResume())
    var disk = Disk(testResume())
    let name = String(repeating: "n", count: 255)
    let key = ProbeKey(link: LinkID(service: name, consumer: name), probe: name)
    let detail = String(repeating: "🚦", count: 64)
    let sample = Sample(time: testTime, outcome: .http(.headerMissing(detail)))
    var far = sample
    far.time = WallTime(milliseconds: 0)
    for _ in 0..<6 {
      encoder.add(probe: 0, key: key, sample: sample)
      encoder.add(probe: 0, key: key, sample: far)
      encoder.forgetDefinitions()
    }
    let batches = encoder.finish()
    #expect(batches.allSatisfy { $0.end <= testSegmentBytes })
    for batch in batches { disk.write(batch) }
    #expect(disk.records().last == .sample(key, far))
  }

  @Test("a record of an unknown type is stepped over, as is an outcome of a newer program")
  func newerRecords() {
    var encoder = RingEncoder(resume: testResume())
    let sample = Sample(time: testTime, outcome: .ok)
    for _ in 0..<3 { encoder.add(probe: 0, key: testKey(0), sample: sample) }
    var batch = encoder.finish()[0]
    // The second sample becomes a record of type 200, the third an unknown cause.
    let second = batch.words.count - 12
    batch.words[second] = (batch.words.word(second) & ~0xFF | 200).littleEndian
    let third = batch.words.count - 5
    batch.words[third] = (batch.words.word(third) | 77 << 40 | 1 << 32).littleEndian
    let header = BatchHeader(batch.words, at: 0, seed: checksumSeed(ringID: testRingID))!
    var fresh = header
    fresh.payloadChecksum = crc32c(
      words: batch.words, in: 6..<batch.words.count, seed: checksumSeed(ringID: testRingID))
    fresh.store(in: &batch.words, seed: checksumSeed(ringID: testRingID))
    var records: [HistoryRecord] = []
    let scan = scanSegment(batch.segment.block + batch.words, header: batch.segment) {
      records.append($0)
    }
    #expect(records == [.sample(testKey(0), sample)])
    #expect(scan.samples == 1 && scan.unreadableRecords == 2 && scan.damagedBytes == 0)
  }

  @Test("a batch of another ring is no batch of this one")
  func anotherRing() {
    var resume = testResume()
    resume.ringID += 1
    var encoder = RingEncoder(resume: resume)
    encoder.add(probe: 0, key: testKey(0), sample: Sample(time: testTime, outcome: .ok))
    let batch = encoder.finish()[0]
    var header = batch.segment
    header.ringID = testRingID
    let scan = scanSegment(header.block + batch.words, header: header) { _ in
      Issue.record("nothing to read")
    }
    #expect(scan.batches == 0)
  }
}
