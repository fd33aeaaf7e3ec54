import Base
import Model
import Testing

@testable import History

@Suite("The room that the history takes")
struct HistoryRoomTests {
  private func room(
    _ retention: HistoryRetention = HistoryRetention(), probes: Int,
    every: TimeAmount = .seconds(60)
  ) -> HistoryRoom { HistoryRoom(retention, intervals: repeatElement(every, count: probes)) }

  @Test("there are as many blocks as the retention asks for, and some to spare")
  func counts() {
    let whole = room(probes: 10)
    #expect(whole.samples.count == 7 * 24 + 12)
    #expect(whole.fiveMinutes.count == 62 + 2 && whole.hours.count == 400 + 2)
    let little = room(
      HistoryRetention(samples: .minutes(1), fiveMinutes: .minutes(1), hours: .minutes(1)),
      probes: 10)
    #expect(little.samples.count == 24 + 12, "a day is put together of its hours")
    #expect(little.fiveMinutes.count == 3 && little.hours.count == 3)
  }

  @Test("with no probe there is little, but what the files need")
  func none() {
    let none = room(probes: 0)
    #expect(none.ringBytes == 8 * none.segmentBytes && none.segmentBytes == 256 << 10)
    #expect(none.samples.byteCount == 4_096)
  }

  @Test(
    "it grows with the probes and with how often they run, and a segment is one the ring allows",
    arguments: [1, 10, 546, 10_000, 100_000])
  func grows(probes: Int) {
    let room = room(probes: probes)
    let faster = self.room(probes: probes, every: .seconds(10))
    #expect(room.total <= 3 << 20 * probes + (64 << 20))
    #expect(faster.samples.byteCount > room.samples.byteCount)
    #expect(faster.hours == room.hours)
    for room in [room, faster] {
      #expect(RingFormat.isSegmentSize(room.segmentBytes))
      #expect(room.ringBytes % room.segmentBytes == 0 && room.ringBytes >= 8 * room.segmentBytes)
      for kind in BlockKind.allCases { #expect(room.blocks(kind).byteCount % 4_096 == 0) }
    }
  }

  @Test("a probe every minute takes 2.9 MiB, and every kind of file its part of it")
  func figures() {
    let room = room(probes: 10_000)
    let kibibytes = [
      room.samples.total, room.fiveMinutes.total, room.hours.total, room.ringBytes,
    ].map { $0 / 10_000 / 1_024 }
    #expect(kibibytes == [787, 873, 1_262, 20])
  }

  @Test("what a block has for each probe holds an hour as it mostly is")
  func shares() {
    // Sixty samples with a note on every tenth, and thirteen cells, fit without being told coarser.
    let samples = (0..<60).map { index in
      Sample(
        time: testTime + .seconds(Int64(index) * 60),
        outcome: index % 10 == 0 ? .http(.status(503)) : .ok,
        timings: PhaseTimings(totalMicroseconds: 40_000 + UInt32(index) * 700), httpStatus: 200)
    }
    var builder = CellBuilder(every: .seconds(60))
    for sample in samples { builder.add(sample) }
    let share = BlockShare.samples(every: .seconds(60))
    let written = SampleChunk.words(
      samples, key: testKey(0), every: .seconds(60), seed: 1, wordLimit: share.samples)
    #expect(written.left == 0)
    let cells = builder.cells + builder.cells.hours
    let bytes = CellCode.encoded(cells, limit: (share.cells - 20) * 8)
    #expect(bytes?.first == 0, "as exact as can be told")
  }
}
