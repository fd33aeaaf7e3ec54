import Base
import Model
import Testing

@testable import History

@Suite("Cells as bytes")
struct CellCodeTests {
  private func read(_ bytes: [UInt8], _ span: CellSpan, withLatencies: Bool = true) -> [Cell]? {
    var cells: [Cell] = []
    let isWhole = CellCode.read(bytes[...], span: span, withLatencies: withLatencies) {
      cells.append(copy $0)
    }
    return isWhole ? canonical(cells) : nil
  }

  @Test("they come back as they were, of either span", arguments: 0..<200)
  func roundTrip(seed: Int) throws {
    var source = CellSource(seed: UInt64(seed))
    let cells = source.cells(seed % 40)
    let bytes = try #require(CellCode.encoded(cells, limit: .max))
    for span in CellSpan.allCases {
      let expected = canonical(cells.filter { $0.span == span })
      #expect(read(bytes, span) == expected)
      let counts = read(bytes, span, withLatencies: false)
      #expect(
        counts
          == expected.map {
            var tally = Tally()
            tally.add($0.tally, latencies: false)
            return Cell(span: span, start: $0.start, tally: tally)
          }, "without latencies the rest is the same")
    }
  }

  @Test("numbers of every length come back, and are nothing where they are cut")
  func numbers() {
    for shift in UInt64(0)..<64 {
      let power = UInt64(1) << shift
      for value in [power, power - 1, .max >> shift, 0x5A5A_5A5A_5A5A_5A5A >> shift] {
        for skipped in 0..<8 {
          var bytes = [UInt8](repeating: 1, count: skipped)
          bytes.appendNumber(value)
          let count = bytes.count
          var words: [UInt64] = []
          words.appendBytes(bytes + [0xFF, 0xFF, 0x7F])
          var reader = NumberReader(words, at: 0, count: count)
          for _ in 0..<skipped { #expect(reader.next() == 1) }
          #expect(reader.next() == value && reader.isAtEnd)
          var cut = NumberReader(words, at: 0, count: count - 1)
          for _ in 0..<skipped { _ = cut.next() }
          #expect(cut.next() == nil)
        }
      }
    }
  }

  @Test("times at the ends of what a clock can show come back too")
  func farTimes() throws {
    for span in CellSpan.allCases {
      for milliseconds in [
        RingFormat.milliseconds.lowerBound, 0, RingFormat.milliseconds.upperBound,
      ] {
        let start = span.start(of: WallTime(milliseconds: milliseconds))
        let cells = [Cell(span: span, start: start)]
        #expect(read(try #require(CellCode.encoded(cells, limit: 100)), span) == cells)
      }
    }
  }

  @Test("cut short, or with a byte too many, they are refused", arguments: 0..<20)
  func truncated(seed: Int) throws {
    var source = CellSource(seed: 500 + UInt64(seed))
    let bytes = try #require(CellCode.encoded(source.cells(6), limit: .max))
    for count in 0..<bytes.count { #expect(read(Array(bytes[..<count]), .hour) == nil) }
    #expect(read(bytes + [0], .hour) == nil)
  }

  /// Everything but the buckets.
  private func figures(_ cells: [Cell]) -> [Tally] {
    cells.map {
      var tally = Tally()
      tally.add($0.tally, latencies: false)
      tally.latencySumMicroseconds = $0.tally.latencySumMicroseconds
      tally.latencyMinimumMicroseconds = $0.tally.latencyMinimumMicroseconds
      tally.latencyMaximumMicroseconds = $0.tally.latencyMaximumMicroseconds
      return tally
    }
  }

  @Test("a limit is kept, and only the shape of the latencies pays for it", arguments: 0..<30)
  func limits(seed: Int) throws {
    var source = CellSource(seed: 900 + UInt64(seed))
    let cells = source.cells(12)
    var limit = try #require(CellCode.encoded(cells, limit: .max)).count
    while let bytes = CellCode.encoded(cells, limit: limit) {
      #expect(bytes.count <= limit)
      for span in CellSpan.allCases {
        let whole = cells.filter { $0.span == span }
        let found = try #require(read(bytes, span))
        #expect(figures(found) == figures(whole))
        #expect(found.map(\.tally.latencies.total) == whole.map(\.tally.latencies.total))
      }
      limit = bytes.count - 1
    }
    #expect(CellCode.encoded(cells, limit: 0) == nil)
  }

  /// How far a percentile may be from the exact one: half a group of buckets and half a bucket more.
  private static let errors = [0.032, 0.094, 0.157, 0.282, 0.532, 1.07]

  @Test("each level tells percentiles within its error", arguments: 0..<20)
  func errors(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    var tally = Tally()
    var values: [UInt32] = []
    // From 1 ms to 60 s, even over all magnitudes.
    for _ in 0..<(1 + generator.below(200)) {
      let value = min(60_000_000, UInt32(1_000 + generator.below(1_000)) << generator.below(16))
      values.append(value)
      tally.addLatency(microseconds: value)
    }
    values.sort()
    let cells = [Cell(span: .hour, start: CellSpan.hour.start(of: testTime), tally: tally)]
    var limit = Int.max
    while let bytes = CellCode.encoded(cells, limit: limit) {
      limit = bytes.count - 1
      let level = Int(bytes[0])
      let found = try #require(read(bytes, .hour)?.first?.tally)
      guard level <= CellCode.coarsest else { continue }
      for permille in [0, 250, 500, 900, 990, 1_000] {
        let exact = values[max(1, (values.count * permille + 999) / 1_000) - 1]
        let told = try #require(found.latency(permille: permille))
        #expect(
          abs(Double(told) - Double(exact)) <= Self.errors[level] * Double(exact),
          "level \(level), p\(permille): \(told), not \(exact)")
      }
    }
  }
}
