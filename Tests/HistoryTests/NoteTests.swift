import Base
import Model
import Testing

@testable import History

@Suite("Notes and readings in the ring")
struct NoteTests {
  /// Writes samples of one probe and reads them back, by the scan and by the search.
  private func readBack(
    _ samples: [Sample], segmentBytes: Int = 64 << 10
  ) -> [Sample] {
    let resume = testResume(slots: 2, segmentBytes: segmentBytes)
    var encoder = RingEncoder(resume: resume)
    var disk = Disk(resume)
    for sample in samples { encoder.add(probe: 0, key: testKey(0), sample: sample) }
    let batches = encoder.finish()
    for batch in batches { disk.write(batch) }
    let search = SampleSearch(key: testKey(0), times: .all, limit: 100_000)
    let found = search.samples(in: disk.files[0]!, header: batches[0].segment).samples
    var scanned: [Sample] = []
    _ = scanSegment(disk.files[0]!, header: batches[0].segment) {
      if case .sample(_, let sample) = $0 { scanned.append(sample) }
    }
    #expect(found == scanned)
    return scanned
  }

  private func sample(_ note: String, _ readings: [Reading] = [], _ outcome: Outcome = .ok)
    -> Sample
  {
    Sample(time: testTime, outcome: outcome, note: note, readings: readings)
  }

  @Test(
    "they come back as they were recorded",
    arguments: [
      ("", [], "neither"),
      ("step 2 of 3 \"phiên\"", [], "a note alone"),
      ("", [Reading(name: "users", value: 3)], "a reading without a unit"),
      (
        "DB OK",
        [Reading(name: "time", value: 0.012, unit: "s"), Reading(name: "size", value: -1)],
        "both"
      ),
      ("", [Reading(name: "x", value: -0.0), Reading(name: "y", value: .infinity)], "odd values"),
      (
        "", (0..<Limits.readings).map { Reading(name: "r\($0)", value: Double($0), unit: "ms") },
        "as many readings as there may be"
      ),
    ] as [(String, [Reading], String)])
  func roundTrip(note: String, readings: [Reading], reason: String) {
    let samples = [sample(""), sample(note, readings), sample("between"), sample(note, readings)]
    #expect(readBack(samples) == samples, "\(reason)")
  }

  @Test("a sample without either takes not one word more")
  func costsNothing() {
    func words(_ sample: Sample) -> Int {
      var encoder = RingEncoder(resume: testResume())
      for _ in 0..<10 { encoder.add(probe: 0, key: testKey(0), sample: sample) }
      return encoder.finish()[0].words.count
    }
    let plain = words(sample(""))
    #expect(plain == 6 + probeDefinition(testKey(0)).count + 10 * 6)
    #expect(words(sample("n")) == plain + 2 + 10, "a text, and a word for each sample")
    #expect(words(sample("", [Reading(name: "n", value: 1)])) == plain + 2 + 10 * 3)
  }

  @Test(
    "what is too long is cut between two characters, and readings beyond the bound are left out")
  func bounds() {
    let long = String(repeating: "ờ", count: 300)
    let readings = (0..<(Limits.readings + 4)).map {
      Reading(name: "\($0)" + long, value: 1, unit: long)
    }
    let found = readBack([sample(long, readings)])[0]
    #expect(found.note == String(repeating: "ờ", count: 85), "255 of 256 bytes")
    #expect(found.readings.count == Limits.readings)
    #expect(found.readings[0].name == "0" + String(repeating: "ờ", count: 21), "64 bytes")
    #expect(found.readings[0].unit == "ờờờờờ", "15 of 16 bytes")
  }

  @Test("a note that is another each time leaves room for details, and failures keep theirs longer")
  func share() {
    func kept(_ outcome: Outcome) -> Int {
      let notes = (0..<400).map {
        sample("\($0) " + String(repeating: "x", count: 40), [], outcome)
      }
      let last = sample("", [Reading(name: "time", value: 1, unit: "s")], .body(.textMissing("a")))
      let found = readBack(notes + [last])
      #expect(found.count == 401)
      #expect(found.last == last, "names, units and details have room left")
      let lost = found.dropLast().drop { $0.note != "…" }
      #expect(lost.allSatisfy { $0.note == "…" })
      return 400 - lost.count
    }
    // 64 KiB / 8 is 1,024 words; a note takes 7.
    #expect(kept(.ok) == 512 / 7)
    #expect(kept(.plugin(.critical)) == 768 / 7)
    #expect(kept(.warning(.plugin)) == 768 / 7)
  }

  @Test("with all that may stand before it, it fits in the smallest segment, time after time")
  func longest() {
    let name = String(repeating: "n", count: 255)
    let key = ProbeKey(link: LinkID(service: name, consumer: name), probe: name)
    let detail = String(repeating: "🚦", count: 64)
    let readings = (0..<Limits.readings).map {
      Reading(name: "\($0)" + name, value: 1, unit: "\($0)" + name)
    }
    var encoder = RingEncoder(resume: testResume())
    for step in 0..<20 {
      encoder.add(
        probe: 0, key: key,
        sample: Sample(
          time: WallTime(milliseconds: step % 2 == 0 ? 0 : testTime.milliseconds),
          outcome: .answer(.textMissing("\(step)" + detail)), note: "\(step)" + detail,
          readings: readings))
      encoder.forgetDefinitions()
    }
    let batches = encoder.finish()
    #expect(batches.count > 1)
    #expect(batches.allSatisfy { $0.end <= testSegmentBytes })
  }

  @Test("a note lost with its batch is told to be lost; its sample is not")
  func lostText() {
    var encoder = RingEncoder(resume: testResume())
    var disk = Disk(testResume())
    let noted = sample("once", [Reading(name: "time", value: 2, unit: "s")])
    encoder.add(probe: 0, key: testKey(0), sample: sample(""))
    disk.write(encoder.finish()[0])
    for _ in 0..<2 {
      encoder.add(probe: 0, key: testKey(0), sample: noted)
      disk.write(encoder.finish()[0])
    }
    let whole = disk.records()
    #expect(whole.last == .sample(testKey(0), noted))
    // The batch in the middle, with the texts, is hit.
    let place = disk.files[0]!.firstIndex { $0.littleEndian & 0xFF == UInt64(RecordType.text) }
    disk.files[0]![place! + 1] ^= 1
    let lost = sample("…", [Reading(name: "…", value: 2, unit: "…")])
    #expect(disk.records() == [whole[0], .sample(testKey(0), lost)])
  }

  @Test("an extra record that is too short for its readings loses its sample, and nothing else")
  func tooShort() {
    var encoder = RingEncoder(resume: testResume())
    encoder.add(probe: 0, key: testKey(0), sample: sample("n", [Reading(name: "r", value: 1)]))
    encoder.add(probe: 0, key: testKey(0), sample: sample(""))
    var batch = encoder.finish()[0]
    let place = batch.words.count - RingFormat.sampleWords - 3
    #expect(batch.words.word(place) & 0xFFFF == 0x0106)
    batch.words[place] = (batch.words.word(place) + 0x0100).littleEndian
    var header = BatchHeader(batch.words, at: 0, seed: checksumSeed(ringID: testRingID))!
    header.payloadChecksum = crc32c(
      words: batch.words, in: RingFormat.batchHeaderWords..<batch.words.count,
      seed: checksumSeed(ringID: testRingID))
    header.store(in: &batch.words, seed: checksumSeed(ringID: testRingID))
    var disk = Disk(testResume())
    disk.write(batch)
    #expect(disk.records() == [.sample(testKey(0), sample(""))])
  }
}
