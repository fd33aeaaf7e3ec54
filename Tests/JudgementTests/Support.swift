import Base
import Model

@testable import Judgement

let testTime = WallTime(milliseconds: 1_762_477_323_000)

/// A sample `seconds` after the test's start.
func sample(
  _ outcome: Outcome = .ok, at seconds: Int64 = 0, flags: SampleFlags = [],
  milliseconds: Int64 = 20, status: UInt16? = nil
) -> Sample {
  let microseconds = UInt32(clamping: milliseconds * 1_000)
  return Sample(
    time: testTime + .seconds(seconds), outcome: outcome, flags: flags,
    timings: PhaseTimings(totalMicroseconds: microseconds),
    httpStatus: status ?? (outcome.isFailure ? 0 : 200))
}

/// A seeded source of samples: bad stretches and good ones, short-notice runs, skipped runs, and now
/// and then a step of the clock.
struct SampleSource {
  var random: SeededGenerator
  var time = testTime
  var badness: UInt64 = 0

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  mutating func next(steps: Bool = true) -> Sample {
    time = time + .milliseconds(Int64(random.below(20_000)))
    if steps, random.below(150) == 0 {
      time = time + .seconds(Int64(random.below(2_000)) - 1_000)
    }
    if random.below(25) == 0 { badness = random.below(11) }
    let outcomes: [Outcome] = [
      .http(.status(503)), .connect(.refused), .connect(.timedOut), .body(.notJSON),
    ]
    let isBad = random.below(10) < badness
    let outcome: Outcome =
      random.below(20) == 0
      ? .skipped(.stillRunning) : isBad ? outcomes[Int(random.below(4))] : warningOrNone()
    let isAnswered = !outcome.isFailure || outcome.phase == .http || outcome.phase == .body
    let slow = random.below(10) < badness / 2
    return Sample(
      time: time, outcome: outcome,
      flags: outcome.isFailure && random.below(4) == 0 ? .confirmation : slow ? .slow : [],
      timings: PhaseTimings(
        totalMicroseconds: UInt32(random.below(slow ? 5_000_000 : 900_000))),
      httpStatus: isAnswered && !outcome.isSkipped ? 200 : 0)
  }

  private mutating func warningOrNone() -> Outcome {
    switch random.below(100 - 8 * min(badness, 10)) {
    case 0...1: .warning(.plugin)
    case 2: .warning(.packetLoss("1 of 5"))
    case 3 where random.below(4) == 0:
      .warning(.certificateExpires(["30", "14", "7"][Int(random.below(3))]))
    default: .ok
    }
  }
}
