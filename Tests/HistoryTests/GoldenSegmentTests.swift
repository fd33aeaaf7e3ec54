import Base
import Model
import Testing

@testable import History

@Suite("The ring's bytes")
struct GoldenSegmentTests {
  @Test("a small segment is byte for byte as the specification says")
  func golden() {
    var encoder = RingEncoder(
      resume: RingResume(
        ringID: 0x0807_0605_0403_0201, segmentBytes: 8_192, slots: [3, 4]))
    let time = WallTime(milliseconds: 0x0000_0190_0000_0000)
    let key = ProbeKey(link: LinkID(service: "land", consumer: "hue"), probe: "http")
    encoder.add(.started(time))
    encoder.add(
      probe: 0, key: key,
      sample: Sample(
        time: time + .milliseconds(5), outcome: .http(.status(503)), flags: [.slow],
        timings: PhaseTimings(
          resolveMicroseconds: 1, connectMicroseconds: 2, tlsMicroseconds: 3,
          firstByteMicroseconds: 4, transferMicroseconds: 5, totalMicroseconds: 15),
        httpStatus: 503, bodyBytes: 9))
    encoder.add(
      probe: 0, key: key,
      sample: Sample(time: time - .milliseconds(1), outcome: .body(.applicationCode("106"))))
    encoder.add(
      probe: 0, key: key,
      sample: Sample(
        time: time + .milliseconds(2), outcome: .ok, note: "step 2",
        readings: [Reading(name: "time", value: 0.25, unit: "s")]))
    let batch = encoder.finish()[0]
    let block = ringBytes(batch.segment.block)
    #expect(hex(block[..<80]) == goldenHeader)
    #expect(block[80...].allSatisfy { $0 == 0 } && block.count == 4_096)
    #expect(hex(ringBytes(batch.words)[...]) == goldenBatch)
    #expect(batch.segment.slot == 3 && batch.offset == 4_096 && batch.sequence == 1)
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
}

private let goldenHeader = [
  "89 4c 48 52 49 4e 47 0a",  // magic
  "01 00 50 00 a9 4b 47 5d",  // version, header length, checksum
  "01 02 03 04 05 06 07 08",  // ring id
  "01 00 00 00 00 00 00 00",  // generation
  "01 00 00 00 00 00 00 00",  // first sequence number
  "00 00 00 00 90 01 00 00",  // created
  "00 20 00 00 00 00 00 00",  // segment size
  "03 00 00 00 01 00 00 00",  // slot, kind
  "ff ff ff ff ff ff ff 7f",  // previous segment: earliest
  "00 00 00 00 00 00 00 80",  // latest; here there is none
]

private let goldenBatch = [
  "4c 48 42 a5 4d c7 da b3",  // magic, header checksum
  "28 5a 5e 57 18 01 00 00",  // payload checksum, payload length
  "01 00 00 00 05 00 00 00",  // generation, definitions
  "01 00 00 00 00 00 00 00",  // sequence number
  "00 00 00 00 90 01 00 00",  // base time
  "ff ff ff ff 05 00 00 00",  // earliest, latest
  "05 01 18 00 00 00 00 00",  // mark: started
  "00 00 00 00 90 01 00 00",  // its time
  "00 00 00 00 00 00 00 00",  // its amount
  "01 00 18 00 04 03 04 00",  // probe: lengths of the names
  "6c 61 6e 64 68 75 65 68",
  "74 74 70 00 00 00 00 00",
  "03 01 30 00 09 02 00 00",  // sample: slow, of the probe at word 521
  "05 00 00 00 04 01 f7 01",  // 5 ms, http.status, 503
  "f7 01 00 80 09 00 00 00",  // number 503, 9 bytes
  "01 00 00 00 02 00 00 00",  // resolve, connect
  "03 00 00 00 04 00 00 00",  // TLS, first byte
  "05 00 00 00 0f 00 00 00",  // transfer, total
  "02 00 10 00 03 00 00 00",  // text: 3 bytes
  "31 30 36 00 00 00 00 00",
  "03 00 30 00 09 02 00 00",  // sample of the same probe
  "ff ff ff ff 05 01 00 00",  // -1 ms, body.applicationCode
  "12 02 00 00 00 00 00 00",  // text at word 530
  "00 00 00 00 00 00 00 00",
  "00 00 00 00 00 00 00 00",
  "00 00 00 00 00 00 00 00",
  "02 00 10 00 06 00 00 00",  // text: the note
  "73 74 65 70 20 32 00 00",
  "02 00 10 00 04 00 00 00",  // text: the reading's name
  "74 69 6d 65 00 00 00 00",
  "02 00 10 00 01 00 00 00",  // text: its unit
  "73 00 00 00 00 00 00 00",
  "03 00 30 00 09 02 00 00",  // sample of the same probe
  "02 00 00 00 00 00 00 00",  // 2 ms, ok
  "00 00 00 00 00 00 00 00",
  "00 00 00 00 00 00 00 00",
  "00 00 00 00 00 00 00 00",
  "00 00 00 00 00 00 00 00",
  "06 01 18 00 1a 02 00 00",  // extra: one reading, note at word 538
  "1c 02 00 00 1e 02 00 00",  // name at word 540, unit at word 542
  "00 00 00 00 00 00 d0 3f",  // 0.25
]
