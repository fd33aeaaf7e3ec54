import Base
import Model
import Testing

@testable import History

@Suite("Time in which the monitor did not see")
struct BlindnessTests {
  private let start = CellSpan.hour.start(of: testTime)

  private func sample(
    _ minute: Int64, _ outcome: Outcome = .ok, _ flags: SampleFlags = []
  ) -> Sample {
    Sample(time: start + .minutes(minute), outcome: outcome, flags: flags)
  }

  private func hour(_ samples: [Sample], _ change: (inout CellBuilder) -> Void = { _ in }) -> Tally
  {
    var builder = CellBuilder(every: .minutes(1), span: .hour)
    for sample in samples { builder.add(sample) }
    change(&builder)
    builder.close(at: start + .hours(1))
    return builder.cells.first?.tally ?? Tally()
  }

  @Test("it is neither up nor down, and what was taken in it counts as no attempt")
  func unknown() {
    let tally = hour(
      [sample(0), sample(1)]
        + (2..<10).map { sample($0, .connect(.timedOut), .blind) }
        + [sample(10, .ok, .blind), sample(11), sample(12, .skipped(.stopping))])
    #expect(tally.upMilliseconds == 3 * 60_000)
    #expect(tally.downMilliseconds == 0)
    #expect(tally.attemptsCounted == 3 && tally.failures == 0)
  }

  @Test("a confirmation that was taken in it counts for nothing either")
  func confirmation() {
    let tally = hour([sample(0, .connect(.refused), [.blind, .confirmation])])
    #expect(tally == Tally())
  }

  @Test("where it is found out, nothing stands any more behind the last moment of sight")
  func mark() {
    var sawAt = start + .minutes(3)
    let tally = hour([sample(0), sample(1), sample(2)]) {
      $0.add(.wentBlind(at: start + .minutes(8), sawAt: sawAt), lastSign: nil)
    }
    #expect(tally.upMilliseconds == 3 * 60_000)
    sawAt = start
    let before = hour([sample(0), sample(1), sample(2)]) {
      $0.add(.wentBlind(at: start + .minutes(8), sawAt: sawAt), lastSign: nil)
    }
    #expect(before.upMilliseconds == 2 * 60_000, "what was told stays told")
  }

  private static let rows: [(minute: Int64, outcome: Outcome, isCovered: Bool, why: Comment)] = [
    (2, .connect(.timedOut), false, "before the last moment of sight the link itself failed"),
    (3, .connect(.timedOut), true, "nobody knows whose fault it was"),
    (7, .http(.status(503)), true, "whatever the failure is"),
    (5, .ok, false, "somebody answered"),
    (5, .warning(.plugin), false, "somebody answered"),
    (5, .skipped(.stopping), false, "that it did not run is known"),
    (8, .connect(.timedOut), false, "from then on each sample is marked when it is recorded"),
  ]

  @Test(
    "before it is found out, failures since the last moment of sight say nothing", arguments: rows)
  func covers(_ minute: Int64, _ outcome: Outcome, _ isCovered: Bool, _ why: Comment) {
    let blindness = Blindness([
      .started(start), .wentBlind(at: start + .minutes(8), sawAt: start + .minutes(3)),
    ])
    #expect(blindness.covers(sample(minute, outcome)) == isCovered, why)
    #expect(!Blindness([.started(start)]).covers(sample(minute, outcome)))
  }
}
