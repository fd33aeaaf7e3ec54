import Base
import Testing

struct MicrosecondHistogramTests {
  @Test("a quantile is at most an eighth too high", arguments: 0..<20)
  func quantiles(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var histogram = MicrosecondHistogram()
    var values: [Int64] = []
    #expect(histogram.quantile(permille: 500) == nil)
    for _ in 0..<500 {
      let value = Int64(random.next() >> (24 + random.below(40)))
      histogram.add(value)
      values.append(value)
    }
    values.sort()
    #expect(histogram.maximum == values.last)
    for permille in [1, 500, 900, 990, 999, 1_000] {
      let exact = values[max(1, (values.count * permille + 999) / 1_000) - 1]
      let read = histogram.quantile(permille: permille) ?? -1
      #expect(read >= exact && read <= exact + exact / 8, "seed \(seed), \(permille)")
    }
  }

  @Test("values out of range are counted at the ends")
  func ends() {
    var histogram = MicrosecondHistogram()
    histogram.add(-5)
    #expect(histogram.quantile(permille: 1_000) == 0)
    histogram.add(.max)
    #expect(histogram.quantile(permille: 1_000) ?? 0 > 0)
    #expect(histogram.maximum == .max)
  }
}

struct LoopFiguresTests {
  @Test("the longest turn is told with its end, the work in it apart from the waiting for a CPU")
  func longest() {
    var loop = LoopFigures()
    #expect(loop.longestAt == nil)
    let turns: [(held: Int64, cpu: Int64)] = [(400, 390), (9_000, 300), (9_000, 8_000), (20, 10)]
    for (number, turn) in turns.enumerated() {
      loop.add(
        held: .microseconds(turn.held), cpu: .microseconds(turn.cpu),
        endedAt: Instant(nanoseconds: Int64(number)))
    }
    #expect(loop.held.count == 4)
    #expect(loop.held.maximum == 9_000)
    #expect(loop.heldCPU.maximum == 8_000)
    #expect(loop.longestAt == Instant(nanoseconds: 1), "the first of the two")
  }
}
