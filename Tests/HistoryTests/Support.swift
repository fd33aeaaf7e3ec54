import Base
import Model

@testable import History

let testSegmentBytes = 8_192
let testRingID: UInt64 = 0x1122_3344_5566_7788
let testTime = WallTime(milliseconds: 1_762_476_923_000)

func testKey(_ index: Int) -> ProbeKey {
  ProbeKey(
    link: LinkID(service: "service-\(index / 8)", consumer: "consumer-\(index % 8)"), probe: "http")
}

func testResume(slots: Int = 2, segmentBytes: Int = testSegmentBytes) -> RingResume {
  RingResume(
    ringID: testRingID, segmentBytes: segmentBytes, slots: (0..<UInt32(slots)).map { $0 })
}

/// Files as a disk holds them: every write of a batch is one or two writes of words.
struct Disk {
  struct Write {
    var slot: UInt32
    var offset: Int
    var words: [UInt64]
  }

  var files: [UInt32: [UInt64]] = [:]

  init(_ resume: RingResume) {
    for slot in resume.slots {
      files[slot] = [UInt64](repeating: 0, count: resume.segmentBytes / 8)
    }
  }

  /// What is to be written for a batch, as the files stand.
  func writes(for batch: EncodedBatch) -> [Write] {
    let slot = batch.segment.slot
    var writes: [Write] = []
    if reading(slot) != .valid(batch.segment) {
      writes.append(Write(slot: slot, offset: 0, words: batch.segment.block))
    }
    writes.append(Write(slot: slot, offset: batch.offset, words: batch.words))
    return writes
  }

  mutating func write(_ batch: EncodedBatch) {
    for write in writes(for: batch) { apply(write, byteCount: write.words.count * 8) }
  }

  /// Writes the first bytes of a write.
  mutating func apply(_ write: Write, byteCount: Int) {
    let start = write.offset / 8
    let whole = byteCount / 8
    files[write.slot]!.replaceSubrange(start..<(start + whole), with: write.words.prefix(whole))
    guard byteCount % 8 > 0 else { return }
    let mask = UInt64.max >> UInt64(64 - byteCount % 8 * 8)
    let old = UInt64(littleEndian: files[write.slot]![start + whole])
    let new = UInt64(littleEndian: write.words[whole])
    files[write.slot]![start + whole] = (old & ~mask | new & mask).littleEndian
  }

  func reading(_ slot: UInt32) -> SegmentReading { SegmentReading(files[slot]!) }

  /// What a start finds, as `RingFiles` does.
  func recover() -> (plan: RingPlan, resume: RingResume) {
    let found = files.keys.sorted().map { slot in
      SegmentFile(slot: slot, byteCount: files[slot]!.count * 8, reading: reading(slot))
    }
    let plan = RingPlan(
      files: found, ringBytes: files.count * testSegmentBytes, segmentBytes: testSegmentBytes,
      newRingID: testRingID)
    let scan = plan.current.map { header in
      scanSegment(files[header.slot]!, header: header) { _ in }
    }
    return (plan, plan.resume(after: scan))
  }

  /// All records in the order of writing.
  func records() -> [HistoryRecord] {
    var records: [HistoryRecord] = []
    for header in recover().plan.keep {
      _ = scanSegment(files[header.slot]!, header: header) { records.append($0) }
    }
    return records
  }
}

/// Every outcome there is, with details of every sort.
let allOutcomes: [Outcome] =
  [.ok] + ResolveCause.allCases.map { .resolve($0) } + ConnectCause.allCases.map { .connect($0) }
  + TLSCause.allCases.map { .tls($0) } + SkipCause.allCases.map { .skipped($0) }
  + ([
    .status(503), .status(65_535), .timedOut, .closed, .reset, .malformed, .headerTooLarge,
    .headerMissing("Content-Type"), .headerMismatch("Sở"), .tooManyRedirects,
    .redirectRefused("http://elsewhere.example/"), .otherVersion, .other,
  ] as [HTTPCause]).map { .http($0) }
  + ([
    .applicationCode("106"), .applicationCode(""), .tooLarge, .timedOut, .reset, .truncated,
    .badEncoding, .notJSON, .textMissing("Hà Nội"), .patternMissing("a+\0b"),
    .pathMissing("a.b[0]"), .pathMismatch("$.status"), .tooComplex, .other,
  ] as [BodyCause]).map { .body($0) }
  + [
    .answer(.textMissing("220")), .dns(.responseCode("NXDOMAIN")), .ping(.loss("3 of 5")),
    .plugin(.critical), .plugin(.exitCode("7")), .warning(.certificateExpires("14")),
    .warning(.plugin),
  ]

/// A seeded source of samples.
struct SampleSource {
  var generator: SeededGenerator
  var time = testTime

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  mutating func next() -> Sample {
    time = time + .milliseconds(Int64(generator.below(400)) - 100)
    func number() -> UInt32 { UInt32(truncatingIfNeeded: generator.next() >> generator.below(64)) }
    return Sample(
      time: time, outcome: allOutcomes[Int(generator.below(UInt64(allOutcomes.count)))],
      flags: SampleFlags(rawValue: UInt8(generator.below(64))),
      timings: PhaseTimings(
        resolveMicroseconds: number(), connectMicroseconds: number(), tlsMicroseconds: number(),
        firstByteMicroseconds: number(), transferMicroseconds: number(),
        totalMicroseconds: number()),
      httpStatus: UInt16(truncatingIfNeeded: number()), bodyBytes: number(), note: note(),
      readings: readings())
  }

  private mutating func note() -> String {
    ["", "", "step 2", "DB NGUY CẤP"][Int(generator.below(4))]
  }

  private mutating func readings() -> [Reading] {
    (0..<Int(generator.below(8) / 5)).map { index in
      Reading(
        name: index == 0 ? "time" : "users", value: Double(generator.below(1_000)) / 8,
        unit: index == 0 ? "s" : "")
    }
  }
}
