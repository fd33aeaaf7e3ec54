import Base
import Model
import Testing

@testable import Engine

struct ScheduleTests {
  @Test(
    "starts of 10,000 links are spread: no tick has more than 2.2 times the mean",
    arguments: [
      (TimeAmount.seconds(60), TimeAmount.seconds(60), "regular runs"),
      (.hours(1), .seconds(60), "the first runs of long intervals"),
      (.seconds(30), .seconds(30), "a shorter interval"),
    ])
  func spread(every: TimeAmount, within: TimeAmount, reason: String) {
    var counts = [Int](repeating: 0, count: Int(within.milliseconds / 100))
    for index in 0..<10_000 {
      let key = "service-\(index / 63)/province-\(index % 63) http"
      let phase = phaseOffset(of: key, every: every)
      #expect(phase >= .zero && phase < every)
      counts[Int(phase.nanoseconds % within.nanoseconds / 100_000_000)] += 1
    }
    let mean = Double(10_000) / Double(counts.count)
    #expect(Double(counts.max() ?? 0) <= 2.2 * mean, "\(reason): \(counts.max() ?? 0) of \(mean)")
  }

  @Test("the next run by phase lies within one interval, and on the phase", arguments: 0..<50)
  func phases(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<100 {
      let every = TimeAmount.nanoseconds(1 + Int64(random.below(90_000_000_000_000)))
      let phase = phaseOffset(of: "probe \(random.next())", every: every)
      let wall = WallTime(nanoseconds: Int64(random.below(4_000_000_000_000_000_000)) - 1_000_000)
      let now = Now(instant: Instant(nanoseconds: Int64(random.below(1 << 60))), wall: wall)
      let next = nextByPhase(phase, every: every, after: now)
      #expect(next > now.instant && next <= now.instant + every)
      let onWall = now.wall(at: next).nanoseconds - phase.nanoseconds
      #expect(onWall % every.nanoseconds == 0, "seed \(seed)")
    }
  }

  @Test(
    "ticks around an instant",
    arguments: [(0, 0, 100, 0), (1, 100, 100, 0), (99, 100, 100, 0), (100, 100, 200, 100)])
  func ticks(at: Int64, atOrAfter: Int64, after: Int64, atOrBefore: Int64) {
    let schedule = Schedule(tick: .milliseconds(100))
    func instant(_ milliseconds: Int64) -> Instant {
      Instant(nanoseconds: milliseconds * 1_000_000)
    }
    #expect(schedule.tickAtOrAfter(instant(at)) == instant(atOrAfter))
    #expect(schedule.tickAfter(instant(at)) == instant(after))
    #expect(schedule.tickAtOrBefore(instant(at)) == instant(atOrBefore))
  }

  @Test(
    "after a start each probe runs within its interval or a minute, then on its phase",
    arguments: [1, 30, 60, 90, 3_600, 86_400] as [Int64])
  func firstRuns(seconds: Int64) {
    let every = TimeAmount.seconds(seconds)
    let bench = Bench((0..<50).map { link("s/c\($0)", [probe(every: every)]) })
    bench.network = { _ in right }
    let limit = min(every, .seconds(60))
    let start = bench.now.instant
    bench.advance(by: limit + .milliseconds(100))
    #expect(Set(bench.recorded.map(\.probe)).count == 50)
    #expect(bench.transfers.allSatisfy { $0.at.instant <= start + limit + .milliseconds(100) })
    #expect(bench.engine.probes.allSatisfy { $0.nextDue <= bench.now.instant + every })
  }

  @Test("a run starts on the tick after it is due")
  func onTicks() {
    let bench = Bench((0..<20).map { link("s/c\($0)", [probe(every: .seconds(1))]) })
    bench.network = { _ in right }
    bench.advance(by: .seconds(3))
    #expect(bench.transfers.count >= 40)
    #expect(bench.transfers.allSatisfy { $0.at.instant.nanoseconds % 100_000_000 == 0 })
    #expect(bench.engine.figures.lateness.maximum == 0)
  }

  @Test("a probe keeps its phase over a restart of the daemon")
  func restart() {
    let every = TimeAmount.seconds(60)
    func wallTimes(_ bench: Bench) -> [Int64] {
      bench.network = { _ in right }
      bench.advance(by: .minutes(5))
      return bench.transfers.map { $0.at.wall.milliseconds % every.milliseconds }
    }
    let first = wallTimes(Bench([link()]))
    let second = wallTimes(
      Bench(
        [link()],
        at: Now(
          instant: Instant(nanoseconds: 77_000_000_000),
          wall: WallTime(milliseconds: 1_762_477_323_000) + .seconds(987_654))))
    #expect(first.count == 5)
    #expect(first == second)
  }

  @Test("a run that is due while the last is in flight is recorded as skipped")
  func stillRunning() {
    let bench = Bench([link("s/c", [probe(every: .seconds(1), timeout: .seconds(5))])])
    bench.advance(by: .milliseconds(3_050))
    #expect(bench.transfers.count == 1)
    #expect(bench.outcomes("s/c http") == Array(repeating: .skipped(.stillRunning), count: 2))
    #expect(bench.engine.figures.skipped[.stillRunning] == 2)
    bench.answer(bench.transfers[0].token)
    bench.advance(by: .milliseconds(1_100))
    #expect(bench.transfers.count == 2, "the next one runs again")
  }

  @Test("when the table is full, runs are recorded as skipped and the rest goes on")
  func tableFull() {
    let bench = Bench(
      (0..<3).map { link("s/c\($0)", [probe(every: .seconds(1), timeout: .seconds(5))]) },
      attemptsInFlight: 2)
    bench.advance(by: .milliseconds(1_100))
    #expect(bench.transfers.count == 2)
    #expect(bench.engine.inFlightCount == 2)
    #expect(bench.engine.figures.skipped[.tableFull] == 1)
    #expect(bench.recorded.map(\.sample.outcome).contains(.skipped(.tableFull)))
    let before = bench.transfers.count
    for transfer in bench.transfers { bench.answer(transfer.token) }
    bench.advance(by: .seconds(1))
    #expect(bench.transfers.count == before + 2)
  }

  @Test("runs slept through are recorded as missed, and the phase stays")
  func missed() {
    let bench = Bench([link("s/c", [probe(every: .seconds(10))])])
    bench.network = { _ in right }
    bench.advance(by: .seconds(25))
    let before = bench.recorded.count
    let phase = bench.transfers[0].at.wall.milliseconds % 10_000
    bench.jump(by: .seconds(300))
    bench.run()
    bench.advance(by: .seconds(15))
    let after = bench.recorded.dropFirst(before).map(\.sample)
    #expect(after.count { $0.outcome == .skipped(.missed) } == 29 - 1)
    #expect(after.count { $0.outcome == .skipped(.stillRunning) || $0.outcome == .ok } >= 2)
    let times = bench.recorded.map { $0.sample.time.milliseconds }
    #expect(bench.transfers.last?.at.wall.milliseconds ?? 0 > 0)
    #expect(Set(bench.transfers.suffix(1).map { $0.at.wall.milliseconds % 10_000 }) == [phase])
    #expect(times.count == Set(times).count, "each due run is recorded once")
  }

  @Test("a night slept through is counted whole and recorded within a bound")
  func longSleep() {
    let bench = Bench([link("s/c", [probe(every: .seconds(10))])])
    bench.network = { _ in right }
    bench.advance(by: .seconds(25))
    bench.jump(by: .hours(8))
    bench.run()
    bench.advance(by: .seconds(1))
    #expect(bench.outcomes("s/c http").count { $0 == .skipped(.missed) } == 64)
    #expect((2_870...2_880).contains(bench.engine.figures.skipped[.missed] ?? 0))
  }

  @Test("a burst is started in slices, so that the loop looks at its sockets in between")
  func slices() {
    let bench = Bench(
      (0..<200).map { link("s/c\($0)", [probe(every: .seconds(1))]) }, attemptsInFlight: 1_000)
    bench.jump(by: .milliseconds(1_100))
    bench.run()
    #expect(bench.transfers.count == Limits.startsPerSlice)
    #expect(bench.engine.nextDue == Instant(nanoseconds: 0), "at once again")
    for _ in 0..<3 { bench.run() }
    #expect(bench.transfers.count == 200)
    #expect(bench.engine.nextDue ?? .distantFuture > bench.now.instant)

    let secure = Bench(
      (0..<20).map { link("s/c\($0)", [probe(every: .seconds(1), url: "https://127.0.0.1/")]) })
    secure.jump(by: .milliseconds(1_100))
    secure.run()
    #expect(secure.transfers.count == Limits.tlsStartsPerSlice, "handshakes are dear")
  }

  @Test("a probe of a kind that is not there is recorded as not run")
  func unsupported() {
    let bench = Bench([link("s/c", [probe(every: .seconds(1), kind: "telepathy")])])
    bench.advance(by: .milliseconds(1_200))
    #expect(bench.outcomes("s/c telepathy").isEmpty)
    #expect(bench.outcomes("s/c http") == [.skipped(.unsupported)])
    #expect(bench.state == .unknown)
    #expect(bench.engine.inFlightCount == 0)
  }
}
