import Base
import Model
import Testing

@testable import History

@Suite("A damaged segment")
struct DamageTests {
  private struct Image {
    var bytes: [UInt8]
    var header: SegmentHeader
    /// Where the last batch starts.
    var last: Int
    var batches: [[HistoryRecord]]
  }

  /// A segment of four batches, cut behind the last, and its samples by batch.
  private static let image: Image = {
    var encoder = RingEncoder(resume: testResume())
    var source = SampleSource(seed: 3)
    var bytes: [UInt8] = []
    var batches: [[HistoryRecord]] = []
    var header: SegmentHeader?
    var last = 0
    for index in 0..<4 {
      var records: [HistoryRecord] = []
      for probe in [index % 2, 2] {
        var sample = source.next()
        sample.outcome = .body(.applicationCode("code \(index / 2)"))
        encoder.add(probe: UInt32(probe), key: testKey(probe), sample: sample)
        records.append(.sample(testKey(probe), sample))
      }
      let batch = encoder.finish()[0]
      if header == nil { bytes = ringBytes(batch.segment.block) }
      header = batch.segment
      last = batch.offset
      bytes += ringBytes(batch.words)
      batches.append(records)
    }
    return Image(bytes: bytes, header: header!, last: last, batches: batches)
  }()

  /// What a reader of a file gets; nothing when its header does not stand.
  private func read(_ words: [UInt64]) -> (records: [HistoryRecord], scan: SegmentScan?) {
    guard case .valid(let header) = SegmentReading(words) else { return ([], nil) }
    var records: [HistoryRecord] = []
    let scan = scanSegment(words, header: header) { records.append($0) }
    return (records, scan)
  }

  /// Whether `some` can be had by leaving out of `all`.
  private func isPart(_ some: [HistoryRecord], of all: [HistoryRecord]) -> Bool {
    var rest = all[...]
    for record in some {
      guard let index = rest.firstIndex(where: { isSame(record, $0) }) else { return false }
      rest = rest[(index + 1)...]
    }
    return true
  }

  /// Whether what was read is what was written, apart from texts of notes and readings that are told to
  /// be lost.
  private func isSame(_ read: HistoryRecord, _ written: HistoryRecord) -> Bool {
    guard case .sample(let key, var sample) = read, case .sample(_, let whole) = written,
      sample.readings.count == whole.readings.count
    else { return read == written }
    func restore(_ text: inout String, _ other: String) { if text == "…" { text = other } }
    restore(&sample.note, whole.note)
    for index in whole.readings.indices {
      restore(&sample.readings[index].name, whole.readings[index].name)
      restore(&sample.readings[index].unit, whole.readings[index].unit)
    }
    return .sample(key, sample) == written
  }

  /// What a search for each probe finds must be among what was written, too.
  private func searchFinds(_ words: [UInt64]) -> Bool {
    guard case .valid(let header) = SegmentReading(words) else { return true }
    return (0..<3).allSatisfy { probe in
      let search = SampleSearch(key: testKey(probe), times: .all, limit: 100)
      return isPart(
        search.samples(in: words, header: header).samples.map { .sample(testKey(probe), $0) },
        of: Self.image.batches.joined().filter {
          if case .sample(let key, _) = $0 { key == testKey(probe) } else { false }
        })
    }
  }

  @Test("cut anywhere, it gives exactly the batches before the cut")
  func truncation() {
    let whole = Self.image.bytes
    var ends: [Int] = []
    let words = ringWords(whole)
    var walk = BatchWalk(Self.image.header)
    while let (place, header) = walk.next(in: words) {
      ends.append(walk.payload(of: header, at: place).upperBound * 8)
    }
    #expect(ends.count == 4 && ends.last == whole.count)
    for count in 0..<whole.count {
      let expected =
        count < 4_104 ? [] : zip(ends, Self.image.batches).flatMap { $0 <= count ? $1 : [] }
      #expect(read(ringWords(whole[..<count])).records == expected, "cut to \(count) bytes")
    }
  }

  @Test("with the rest of the file zero from anywhere, it gives the batches before that")
  func zeroedTail() {
    let whole = Self.image.bytes
    for count in stride(from: 0, to: whole.count, by: 3) {
      let bytes = whole[..<count] + [UInt8](repeating: 0, count: whole.count - count)
      let (records, scan) = read(ringWords(bytes))
      #expect(isPart(records, of: Array(Self.image.batches.joined())), "zero from \(count)")
      if let scan { #expect(scan.end <= whole.count) }
    }
  }

  @Test("with any one bit turned, samples are missing or right, never wrong")
  func everyBit() {
    let whole = ringWords(Self.image.bytes)
    let last = Self.image.last
    let all = Array(Self.image.batches.joined())
    // The block's padding means nothing; a few bytes of it stand for the rest.
    let places = [0..<80, 80..<96, 4_088..<Self.image.bytes.count].joined()
    for place in places {
      for bit in 0..<8 {
        var words = whole
        words[place / 8] ^= UInt64(1) << UInt64(place % 8 * 8 + bit)
        let (records, scan) = read(words)
        #expect(isPart(records, of: all), "bit \(bit) of byte \(place)")
        #expect(searchFinds(words), "bit \(bit) of byte \(place)")
        switch place {
        case 0..<80: #expect(scan == nil, "bit \(bit) of byte \(place) of the header")
        case 80..<4_096: #expect(records == all)
        default:
          #expect(scan?.batches == 3, "one batch is hit by bit \(bit) of byte \(place)")
          // Behind the last sound batch, what bears no magic or another generation is no batch.
          let isUntold =
            (last..<(last + 4)).contains(place) || (last + 16..<(last + 20)).contains(place)
          #expect(scan?.damage.count == (isUntold ? 0 : 1), "and is told of")
        }
      }
    }
  }

  @Test("with random bytes anywhere, it never gives a wrong sample", arguments: 0..<200)
  func randomBytes(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    var bytes = Self.image.bytes
    for _ in 0...generator.below(40) {
      let place = 4_096 + Int(generator.below(UInt64(bytes.count - 4_096)))
      bytes[place] = UInt8(truncatingIfNeeded: generator.next())
    }
    #expect(isPart(read(ringWords(bytes)).records, of: Array(Self.image.batches.joined())))
    #expect(searchFinds(ringWords(bytes)))
  }

  @Test("a lost definition loses its samples and gives none to another probe")
  func lostDefinition() {
    var bytes = Self.image.bytes
    bytes[4_096 + 60] ^= 1  // within the first batch, which defines probes 0 and 2
    let (records, scan) = read(ringWords(bytes))
    let kept = Self.image.batches.joined().filter {
      if case .sample(let key, _) = $0 { key == testKey(1) } else { false }
    }
    #expect(records.count == kept.count - 1, "the other probe's first sample used a lost text")
    #expect(zip(records, kept[1...]).allSatisfy { isSame($0, $1) })
    #expect(scan?.unreadableRecords == 5)
  }

  @Test(
    "a header is told by what it is",
    arguments: [
      (0, 0x00, SegmentReading.damaged("the file does not start as a segment"), "another magic"),
      (8, 2, .newer(version: 2, kind: 1), "a later version"),
      (60, 2, .newer(version: 1, kind: 2), "a later kind of segment"),
      (48, 1, .damaged("the header's fields are out of range"), "a size that is no whole block"),
      (24, 0, .damaged("the header's fields are out of range"), "no generation"),
      (10, 64, .damaged("the header's fields are out of range"), "too short for its version"),
    ] as [(Int, UInt8, SegmentReading, String)])
  func header(place: Int, byte: UInt8, reading: SegmentReading, reason: String) {
    var bytes = Self.image.bytes
    bytes[place] = byte
    // With a right checksum, so that only the field speaks.
    let length = Int(bytes[10])
    for index in 12..<16 { bytes[index] = 0 }
    let checksum = crc32c(bytes[..<length])
    for index in 0..<4 { bytes[12 + index] = UInt8(truncatingIfNeeded: checksum >> (index * 8)) }
    #expect(SegmentReading(ringWords(bytes)) == reading, "\(reason)")
  }

  @Test("a file of zeros is blank, but not when a batch stands in it")
  func blank() {
    var words = [UInt64](repeating: 0, count: 1_024)
    #expect(SegmentReading(words) == .blank)
    words[512] = 1
    #expect(SegmentReading(words) == .damaged("the file does not start as a segment"))
    #expect(
      SegmentReading([]) == .damaged("the file is shorter than a segment's header"))
  }
}

extension Range<WallTime> {
  static var all: Self { WallTime(nanoseconds: .min)..<WallTime(nanoseconds: .max) }
}
