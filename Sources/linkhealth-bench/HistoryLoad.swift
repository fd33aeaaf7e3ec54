import Base
import Glibc
import History
import Model

/// The probes of a made-up history, and what they record: latencies that are log-normal around a median
/// of each probe's own, and one failure in fifty, of which every other runs out of its ten seconds.
struct HistoryLoad {
  static let every = TimeAmount.seconds(60)
  static let tick = TimeAmount.milliseconds(100)
  private static let ministries = 10
  private static let failuresPerMille = 20

  let probes: [HistoryProbe]
  /// Where in a minute each tick's probes begin; one more than there are ticks.
  private let starts: [Int]
  private let mediansMicroseconds: [Double]
  /// Factors by which a latency differs from its median.
  private let spread: [Double]
  private var random: SeededGenerator

  init(probes count: Int, seed: UInt64 = 1) {
    var random = SeededGenerator(seed: seed)
    probes = (0..<count).map { number in
      let consumer = BenchCatalogue.consumer(number / Self.ministries)
      let link = LinkID(service: "bench-\(number % Self.ministries + 1)", consumer: consumer)
      return HistoryProbe(key: ProbeKey(link: link, probe: "read"), every: Self.every)
    }
    let ticks = Int(Self.every.nanoseconds / Self.tick.nanoseconds)
    starts = (0...ticks).map { $0 * count / ticks }
    // From 20 ms to 2 s.
    mediansMicroseconds = (0..<count).map { _ in 20_000 * exp(random.unit() * log(100)) }
    spread = (0..<4_096).map { _ in exp(0.4 * normal(&random)) }
    self.random = random
  }

  /// Which probes run at a tick.
  func probes(atTick tick: Int) -> Range<Int> {
    let place = tick % (starts.count - 1)
    return starts[place]..<starts[place + 1]
  }

  mutating func sample(_ probe: Int, at time: WallTime) -> Sample {
    let number = random.next()
    let factor = spread[Int(number & 4_095)]
    let fails = Int((number >> 12) % 1_000) < Self.failuresPerMille
    let lasts = fails && number >> 60 & 1 == 0
    let total = lasts ? 10_000_000 : UInt32(min(mediansMicroseconds[probe] * factor, 10_000_000))
    return Sample(
      time: time, outcome: fails ? (lasts ? .http(.timedOut) : .http(.status(503))) : .ok,
      timings: PhaseTimings(
        resolveMicroseconds: 300, connectMicroseconds: total / 8, tlsMicroseconds: total / 4,
        firstByteMicroseconds: total / 2, transferMicroseconds: total / 8,
        totalMicroseconds: total),
      httpStatus: lasts ? 0 : fails ? 503 : 200, bodyBytes: 120)
  }
}

/// A normally distributed number (the polar method of G. Marsaglia).
private func normal(_ random: inout SeededGenerator) -> Double {
  while true {
    let (x, y) = (2 * random.unit() - 1, 2 * random.unit() - 1)
    let square = x * x + y * y
    if square > 0, square < 1 { return x * (-2 * log(square) / square).squareRoot() }
  }
}
