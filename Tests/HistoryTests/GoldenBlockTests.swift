import Base
import Model
import Testing

@testable import History

@Suite("A block's bytes")
struct GoldenBlockTests {
  @Test("a small block is byte for byte as the specification says")
  func golden() {
    let key = ProbeKey(link: LinkID(service: "land", consumer: "hue"), probe: "http")
    // Five minutes since the epoch, a hundred times over.
    let time = WallTime(milliseconds: 30_000_000)
    var block = BlockBuilder(
      kind: .samples, ringID: 0x0807_0605_0403_0201, generation: 2, slot: 3, byteCount: 8_192)
    let sample = Sample(
      time: time + .seconds(1), outcome: .ok, flags: [.maintenance],
      timings: PhaseTimings(totalMicroseconds: 2_000), httpStatus: 200, bodyBytes: 9)
    var first = Cell(span: .fiveMinutes, start: time)
    first.tally.upMilliseconds = 300_000
    first.tally.count(Phase.ok.rawValue, by: 5)
    first.tally.addLatency(microseconds: 2_000)
    first.tally.addLatency(microseconds: 2_300)
    var second = Cell(span: .fiveMinutes, start: time + .minutes(5))
    second.tally.downMilliseconds = 1_000
    second.tally.maintenanceUpMilliseconds = 2_000
    second.tally.count(Phase.http.rawValue, by: 3)
    second.tally.slow = 1
    second.tally.confirmations = 130
    block.add(
      key, every: .seconds(60), samples: [sample], cells: [first, second],
      standing: Standing(
        told: time + .seconds(2), until: time + .seconds(3), isUp: true, isMaintenance: true),
      share: (40, 40))
    let (content, header) = block.finish(sequences: 5..<7, closed: time + .minutes(10))
    #expect(content.place == 512)
    let words = ringBytes(header.block)
    #expect(hex(words[..<104]) == goldenHeader)
    #expect(words[104...].allSatisfy { $0 == 0 } && words.count == 4_096)
    #expect(hex(ringBytes(content.words)[...]) == goldenContent)
    #expect(BlockReading(header.block) == .valid(header))
  }

  /// Eight bytes a line, as they follow in the file.
  private func hex(_ bytes: ArraySlice<UInt8>) -> [String] {
    stride(from: bytes.startIndex, to: bytes.endIndex, by: 8).map { start in
      bytes[start..<min(start + 8, bytes.endIndex)].map { byte in
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
      }.joined(separator: " ")
    }
  }

  @Test(
    "a header is told by what it is",
    arguments: [
      (0, 0x00, BlockReading.damaged("the file does not start as a block"), "another magic"),
      (8, 2, .newer(version: 2, kind: 1), "a later version"),
      (88, 9, .newer(version: 1, kind: 9), "a kind that comes later"),
      (10, 96, .damaged("the header's fields are out of range"), "too short for its version"),
      (10, 88, .damaged("the header's checksum is wrong"), "too short to tell its kind"),
      (24, 0, .damaged("the header's fields are out of range"), "no generation"),
      (
        32, 9, .damaged("the header's fields are out of range"),
        "batches that end before they begin"
      ),
      (72, 0, .damaged("the header's fields are out of range"), "a table in the header"),
    ] as [(Int, UInt8, BlockReading, String)])
  func header(place: Int, byte: UInt8, reading: BlockReading, reason: String) {
    var header = testHeader(entryCount: 1, tablePlace: 513)
    header.sequences = 1..<3
    var bytes = ringBytes(header.block)
    bytes[place] = byte
    if place == 72 { bytes[73] = 0 }
    // With a right checksum, so that only the field speaks.
    for index in 12..<16 { bytes[index] = 0 }
    let checksum = crc32c(bytes[..<Int(bytes[10])])
    for index in 0..<4 { bytes[12 + index] = UInt8(truncatingIfNeeded: checksum >> (index * 8)) }
    #expect(BlockReading(ringWords(bytes)) == reading, "\(reason)")
  }

  @Test("with any one bit of its header turned, a block is none")
  func headerDamage() {
    let words = testHeader(entryCount: 1, tablePlace: 513).block
    for place in 0..<13 {
      for bit in 0..<64 {
        var damaged = words
        damaged[place] ^= 1 << UInt64(bit)
        guard case .damaged = BlockReading(damaged) else {
          Issue.record("bit \(bit) of word \(place)")
          continue
        }
      }
    }
    #expect(BlockReading([UInt64](repeating: 0, count: 64)) == .blank)
    #expect(BlockReading([]) == .damaged("the file is shorter than a block's header"))
  }
}

private let goldenHeader = [
  "89 4c 48 42 4c 4f 4b 0a",  // magic
  "01 00 68 00 81 1d 0c 08",  // version, header length, checksum
  "01 02 03 04 05 06 07 08",  // ring id
  "02 00 00 00 00 00 00 00",  // generation
  "05 00 00 00 00 00 00 00",  // batches from
  "07 00 00 00 00 00 00 00",  // up to but without
  "80 c3 c9 01 00 00 00 00",  // least time
  "40 eb d2 01 00 00 00 00",  // greatest time
  "40 eb d2 01 00 00 00 00",  // closed
  "1a 02 00 00 00 00 00 00",  // the table is at word 538
  "01 00 00 00 65 97 bc ed",  // one probe, checksum of the table
  "01 00 00 00 03 00 00 00",  // kind, slot
  "00 00 00 00 00 00 00 00",
]

private let goldenContent = [
  "f6 a0 a8 05 0d 00 00 00",  // chunk of samples: checksum, 13 words
  "60 ea 00 00 00 00 00 00",  // every 60,000 ms
  "01 00 18 00 04 03 04 00",  // probe: lengths of the names
  "6c 61 6e 64 68 75 65 68",
  "74 74 70 00 00 00 00 00",
  "04 00 10 00 00 00 00 00",  // time base
  "68 c7 c9 01 00 00 00 00",  // the first sample's time
  "03 10 30 00 00 00 00 00",  // sample: maintenance
  "00 00 00 00 00 00 c8 00",  // 0 ms, ok, 200
  "00 00 00 00 09 00 00 00",  // 9 bytes
  "00 00 00 00 00 00 00 00",
  "00 00 00 00 00 00 00 00",
  "00 00 00 00 d0 07 00 00",  // total
  "51 99 66 3c 0d 00 00 00",  // chunk of cells: checksum, 13 words
  "60 ea 00 00 00 00 00 00",  // every 60,000 ms
  "01 00 18 00 04 03 04 00",  // probe
  "6c 61 6e 64 68 75 65 68",
  "74 74 70 00 00 00 00 00",
  "21 00 00 00 07 00 00 00",  // 33 bytes; stands, up, maintenance
  "50 cb c9 01 00 00 00 00",  // told
  "38 cf c9 01 00 00 00 00",  // until
  "00 02 c8 01 22 01 00 05",  // level 0, 2 cells; the 100th, whole up, latencies; 5 ok
  "cc 21 d0 0f ac 02 02 10",  // sum 4300, least 2000, 300 more; 2 groups: 16
  "01 01 01 00 1c 00 e8 07",  // once, 18 once; the next, marks; up 0, down 1000
  "d0 0f 00 01 04 03 01 82",  // maintenance 2000, 0; 3 of phase 4; 1 slow
  "01 00 00 00 00 00 00 00",  // 130 confirmations
  "91 f5 0d 8b 6b 4a 61 1a",  // table: hash
  "00 00 00 00 00 0d 00 00",  // samples at 0, 13 words
  "0d 00 00 00 00 0d 00 00",  // cells at 13, 13 words
]
