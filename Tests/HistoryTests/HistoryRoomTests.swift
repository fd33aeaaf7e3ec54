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
    #expect(
      faster.hours.byteCount > room.hours.byteCount, "an hour's latencies lie in more buckets")
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

  @Test(
    "a percentile read from a block is within 5 % of the exact one, however often a probe runs",
    arguments: [1, 10, 30, 60, 300], LatencyShape.all)
  func percentiles(everySeconds: Int, shape: LatencyShape) throws {
    let every = TimeAmount.seconds(Int64(everySeconds))
    var generator = SeededGenerator(seed: UInt64(everySeconds))
    // One hour's latencies come again in each of the day.
    let latencies = (0..<(3_600 / everySeconds)).map { _ in shape.next(&generator) }
    let midnight = WallTime(milliseconds: 1_762_473_600_000)
    var day: [Cell] = []
    for span in CellSpan.allCases {
      let count = Int(span.length.milliseconds / every.milliseconds)
      for start in stride(from: 0, to: 24 * latencies.count, by: count) {
        var cell = Cell(span: span, start: midnight + every * Int64(start))
        for number in start..<(start + count) {
          let isUp = number % 9 > 0
          cell.tally.count(isUp ? 0 : 3)
          cell.tally.addLatency(microseconds: latencies[number % latencies.count])
          cell.tally.upMilliseconds += isUp ? every.milliseconds : 0
          cell.tally.downMilliseconds += isUp ? 0 : every.milliseconds
        }
        day.append(cell)
      }
    }
    for kind in BlockKind.allCases {
      let cells = day.filter { cell in
        switch kind {
        case .samples: cell.start < midnight + .hours(1)
        case .fiveMinutes: cell.span == .fiveMinutes
        case .hours: cell.span == .hour
        }
      }
      let words = try #require(
        Chunk.cells(
          cells, standing: nil, key: testKey(0), every: every, seed: testHeader().seed,
          wordLimit: BlockShare.share(kind, every: every).cells))
      let chunk = try #require(Chunk(words, header: testHeader()))
      for span in CellSpan.allCases {
        var told = 0
        let isRead = chunk.cells(span, withLatencies: true) { cell in
          told += 1
          let first = Int((cell.start - midnight).milliseconds / every.milliseconds)
          let count = Int(span.length.milliseconds / every.milliseconds)
          let exact = (first..<(first + count)).map { latencies[$0 % latencies.count] }.sorted()
          for permille in permilles {
            let found = cell.tally.latencies.percentile(permille: permille) ?? 0
            #expect(isClose(found, nearestRank(exact, permille)), "p\(permille) of \(kind)")
          }
        }
        #expect(isRead && told == cells.count { $0.span == span })
      }
    }
  }
}
