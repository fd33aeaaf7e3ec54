import Base
import Model

@testable import History

/// A tally written in one way alone, so that it can be compared: what is not there is empty.
func canonical(_ tally: Tally) -> Tally {
  var sum = Tally()
  sum.add(tally)
  return sum
}

func canonical(_ cells: [Cell]) -> [Cell] {
  cells.map { Cell(span: $0.span, start: $0.start, tally: canonical($0.tally)) }
}

/// A seeded source of cells of all sorts.
struct CellSource {
  var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  /// Some cells in the order of time, of both spans.
  mutating func cells(_ count: Int) -> [Cell] {
    var starts = [CellSpan.fiveMinutes: testTime, .hour: testTime]
    return (0..<count).map { _ in
      let span: CellSpan = generator.below(4) == 0 ? .hour : .fiveMinutes
      // Mostly the next one; sometimes the same again, or one after a gap.
      let step = [1, 1, 1, 1, 0, 2, 300][Int(generator.below(7))]
      let start = span.start(of: starts[span]! + span.length * Int64(step))
      starts[span] = start
      return Cell(span: span, start: start, tally: tally(span))
    }
  }

  mutating func tally(_ span: CellSpan) -> Tally {
    var tally = Tally()
    let length = span.length.milliseconds
    switch generator.below(5) {
    case 0: break
    case 1: tally.upMilliseconds = length
    case 2: tally.downMilliseconds = length
    case 3:
      tally.upMilliseconds = milliseconds(length)
      tally.downMilliseconds = milliseconds(length)
    default:
      tally.upMilliseconds = length
      tally.downMilliseconds = milliseconds(length)
      tally.maintenanceUpMilliseconds = milliseconds(length)
      tally.maintenanceDownMilliseconds = milliseconds(3 * length)
    }
    for _ in 0..<generator.below(4) {
      tally.count(UInt8(generator.below(UInt64(Tally.phases))), by: number())
    }
    if generator.below(3) == 0 { tally.slow = number() }
    if generator.below(3) == 0 { tally.confirmations = number() }
    for _ in 0..<generator.below(40) { tally.addLatency(microseconds: number()) }
    return tally
  }

  private mutating func milliseconds(_ below: Int64) -> Int64 {
    Int64(generator.below(UInt64(below)))
  }

  private mutating func number() -> UInt32 {
    UInt32(truncatingIfNeeded: generator.next() >> generator.below(64)) >> 1
  }
}

/// A header of a block, for what needs one.
func testHeader(
  kind: BlockKind = .samples, generation: UInt64 = 1, slot: UInt32 = 0, entryCount: Int = 0,
  tablePlace: Int = 1 << 30
) -> BlockHeader {
  BlockHeader(
    kind: kind, ringID: testRingID, generation: generation, sequences: 1..<2,
    times: testTime...testTime, closed: testTime, entryCount: entryCount, tablePlace: tablePlace,
    slot: slot, tableChecksum: 0)
}
