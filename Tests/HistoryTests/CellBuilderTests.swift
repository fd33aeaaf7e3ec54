import Base
import Model
import Testing

@testable import History

/// One thing that happened, as the ring has it.
private enum Event {
  case sample(Sample)
  case mark(RingMark, lastSign: WallTime?)
}

/// What the samples of a probe say, second by second and by the words of the specification.
private struct NaiveCells {
  var seconds: [Int64: Tally] = [:]
  private var sample: Sample?
  /// Up to here it has been told since the last sign that anything was amiss.
  private var told: Int64?
  let patience: Int64

  init(everySeconds: Int64) { patience = 2 * everySeconds }

  mutating func take(_ event: Event) {
    switch event {
    case .sample(let next):
      stand(until: next.time.seconds)
      if !next.isBlind { count(next) }
      let tellsNothing = next.outcome.isSkipped || next.isBlind
      if tellsNothing { told = nil }
      sample = tellsNothing ? nil : next
    case .mark(let mark, let lastSign):
      switch mark {
      case .started: if let lastSign { stand(until: lastSign.seconds) }
      case .stopped(let time): stand(until: time.seconds)
      case .clockStepped(let time, let step): stand(until: (time - step).seconds)
      case .wentBlind(_, let sawAt): stand(until: sawAt.seconds)
      }
      sample = nil
      told = nil
    }
  }

  mutating func stand(until end: Int64) {
    guard let sample else { return }
    let start = sample.time.seconds
    for second in start..<max(start, min(end, start + patience)) where second >= told ?? start {
      seconds[second, default: Tally()].add(second: sample)
    }
    told = max(told ?? start, min(end, start + patience), start)
  }

  private mutating func count(_ sample: Sample) {
    var tally = Tally()
    if sample.flags.contains(.confirmation) {
      tally.confirmations = 1
    } else {
      tally.count(sample.outcome.phase.rawValue)
      if !sample.outcome.isFailure, !sample.outcome.isSkipped {
        tally.slow = sample.isSlow ? 1 : 0
        tally.addLatency(microseconds: sample.timings.totalMicroseconds)
      }
    }
    seconds[sample.time.seconds, default: Tally()].add(tally)
  }

  var cells: [Cell] {
    var tallies: [Int64: Tally] = [:]
    for (second, tally) in seconds { tallies[second / 300, default: Tally()].add(tally) }
    return tallies.sorted { $0.key < $1.key }.map {
      Cell(
        span: .fiveMinutes, start: WallTime(milliseconds: $0.key * 300_000),
        tally: canonical($0.value))
    }
  }
}

extension Tally {
  fileprivate mutating func add(second sample: Sample) {
    switch (sample.flags.contains(.maintenance), sample.outcome.isFailure) {
    case (false, false): upMilliseconds += 1_000
    case (false, true): downMilliseconds += 1_000
    case (true, false): maintenanceUpMilliseconds += 1_000
    case (true, true): maintenanceDownMilliseconds += 1_000
    }
  }
}

@Suite("From samples to cells")
struct CellBuilderTests {
  private static let every = TimeAmount.seconds(60)

  /// A probe's life with all that may happen to it, in whole seconds.
  private func history(seed: UInt64, _ count: Int) -> [Event] {
    var generator = SeededGenerator(seed: seed)
    var now = WallTime(milliseconds: 1_762_476_900_000)
    var events: [Event] = []
    var lastSign: WallTime?
    func seconds(_ below: UInt64) -> TimeAmount { .seconds(Int64(generator.below(below))) }
    for _ in 0..<count {
      switch generator.below(40) {
      case 0:
        // A stop in order or a kill, and a start some time later.
        if generator.below(2) == 0 {
          events.append(.mark(.stopped(now), lastSign: lastSign))
          lastSign = now
        }
        now = now + seconds(2_000)
        events.append(.mark(.started(now), lastSign: lastSign))
        lastSign = now
      case 1:
        let step: TimeAmount = seconds(8_000) - .seconds(4_000)
        now = now + step
        events.append(.mark(.clockStepped(at: now, by: step), lastSign: lastSign))
        lastSign = now
      case 2: now = now + seconds(600)  // Overloaded: nothing for a while.
      case 3:
        events.append(.mark(.wentBlind(at: now, sawAt: now - seconds(400)), lastSign: lastSign))
        lastSign = now
      default:
        let outcome: Outcome =
          [.ok, .ok, .ok, .http(.status(503)), .warning(.plugin), .skipped(.resolverBusy)][
            Int(generator.below(6))]
        var flags = SampleFlags(rawValue: UInt8(generator.below(2)))
        if generator.below(5) == 0 { flags.insert(.maintenance) }
        if generator.below(6) == 0 { flags.insert(.confirmation) }
        if generator.below(12) == 0 { flags.insert(.blind) }
        // A slow attempt may be written behind one that began later.
        let late: TimeAmount = generator.below(8) == 0 ? seconds(30) : .zero
        let sample = Sample(
          time: now - late, outcome: outcome, flags: flags,
          timings: PhaseTimings(totalMicroseconds: UInt32(generator.below(9_000_000))))
        events.append(.sample(sample))
        lastSign = sample.time
        now = now + (generator.below(4) == 0 ? seconds(130) : Self.every)
      }
    }
    return events
  }

  private func add(_ events: some Sequence<Event>, to builder: inout CellBuilder) {
    for event in events {
      switch event {
      case .sample(let sample): builder.add(sample)
      case .mark(let mark, let lastSign): builder.add(mark, lastSign: lastSign)
      }
    }
  }

  @Test("they are what going through it second by second gives", arguments: 0..<150)
  func naive(seed: Int) {
    let events = history(seed: UInt64(seed), 200)
    var naive = NaiveCells(everySeconds: 60)
    var builder = CellBuilder(every: Self.every)
    for event in events { naive.take(event) }
    add(events, to: &builder)
    let end = WallTime(milliseconds: 1_763_000_000_000)
    naive.stand(until: end.seconds)
    builder.close(at: end)
    #expect(canonical(builder.cells) == naive.cells)
  }

  @Test("cut anywhere into blocks, the parts add up to the whole", arguments: 0..<60)
  func blocks(seed: Int) {
    let events = history(seed: 7_000 + UInt64(seed), 120)
    var whole = CellBuilder(every: Self.every)
    add(events, to: &whole)
    var generator = SeededGenerator(seed: UInt64(seed))
    var sum: [Cell] = []
    var standing: Standing?
    var rest = events[...]
    while !rest.isEmpty {
      let part = rest.prefix(1 + Int(generator.below(20)))
      rest = rest.dropFirst(part.count)
      var builder = CellBuilder(every: Self.every, standing: standing)
      add(part, to: &builder)
      // A block ends at the latest with the next sample; what stands is told up to there.
      if case .sample(let next)? = rest.first { builder.close(at: next.time) }
      sum.merge(builder.cells)
      standing = builder.standing
    }
    #expect(canonical(sum) == canonical(whole.cells))
  }

  @Test("hours made at once are those that the five minutes add up to", arguments: 0..<40)
  func hours(seed: Int) {
    let events = history(seed: 9_000 + UInt64(seed), 300)
    let end = WallTime(milliseconds: 1_763_000_000_000)
    var fine = CellBuilder(every: Self.every)
    var hours = CellBuilder(every: Self.every, span: .hour)
    add(events, to: &fine)
    add(events, to: &hours)
    fine.close(at: end)
    hours.close(at: end)
    #expect(canonical(hours.cells) == canonical(fine.cells.hours))
    #expect(hours.standing == fine.standing)
  }

  @Test("unknown is never up: what no sample stands for is told neither way")
  func unknown() {
    var builder = CellBuilder(every: Self.every)
    let start = CellSpan.fiveMinutes.start(of: testTime)
    builder.add(Sample(time: start, outcome: .ok))
    builder.close(at: start + .hours(1))
    #expect(builder.cells.map(\.tally.observedMilliseconds) == [120_000])
    #expect(builder.cells.map(\.unknownMilliseconds) == [180_000])
  }
}
