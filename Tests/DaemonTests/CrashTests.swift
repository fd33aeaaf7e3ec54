import Base
import Glibc
import Host
import Synchronization
import Testing
import Wire

extension DaemonTests {
  @Suite("Crashes") struct Crashes {
    /// `LINKHEALTH_CRASH_KILLS` makes it longer, `LINKHEALTH_CRASH_SEED` repeats a run's choices;
    /// what the machine does between them cannot be repeated.
    @Test("killed 50 times under load, it loses no sample that was shown and no alert")
    func killedOverAndOver() throws {
      let kills = environment("LINKHEALTH_CRASH_KILLS").flatMap { Int($0) } ?? 50
      let seed = environment("LINKHEALTH_CRASH_SEED").flatMap { UInt64($0) } ?? randomSeed()
      let site = try CrashSite(seed: seed)
      defer { site.stop() }
      let receiver = try TestServer { site.receive($0) }
      defer { receiver.stop() }
      let daemon = try site.makeDaemon(receiver: receiver)
      var killer = Killer(site: site, daemon: daemon, seed: seed)
      site.begin(socket: daemon.socket)
      for _ in 0..<kills { try killer.live() }
      try site.calmDown()
      try killer.start()
      let ring = try ringContents(daemon)
      try settle(daemon)
      let verdict = CrashVerdict(ledger: site.ledger.withLock { $0 }, ring: ring, daemon: daemon)
      print("crashes, seed \(seed): \(kills) kills (\(killer.summary)), \(verdict.summary)")
      for problem in verdict.problems {
        Issue.record("seed \(seed): \(problem)")
      }
      #expect(verdict.wasUnderLoad, "there was little to lose: \(verdict.summary)")
    }

    /// By link: all samples of the ring, oldest first.
    private func ringContents(_ daemon: Daemon) throws -> [String: [TakenSample]] {
      var ring: [String: [TakenSample]] = [:]
      for number in 0..<CrashSite.linkCount {
        let link = CrashSite.link(number)
        let answer = try daemon.get("/v1/links/\(link)/samples?limit=10000")
        guard answer.status == 200, let list = answer.json?["samples"]?.array else {
          throw HarnessError("no samples: \(answer.status) \(answer.text)")
        }
        ring[link] = list.map(TakenSample.init)
      }
      return ring
    }

    /// Waits until all is well and everybody has been told.
    private func settle(_ daemon: Daemon) throws {
      try eventually("no incident is open and nothing is to be delivered", within: .seconds(60)) {
        let status = try daemon.status()
        return status["incidents"]?["open"]?.int == 0
          && status["delivery"]?["pending"]?.int == 0
          && fileNames("\(daemon.state)/alerts/open").isEmpty
      }
    }
  }
}

/// Starts the daemon again and again and ends each life early.
private struct Killer {
  let site: CrashSite
  let daemon: Daemon
  private var generator: SeededGenerator
  private var startups: [Int64] = []
  private var counts = (starting: 0, atSight: 0, running: 0)

  init(site: CrashSite, daemon: Daemon, seed: UInt64) {
    self.site = site
    self.daemon = daemon
    generator = SeededGenerator(seed: seed)
  }

  var summary: String {
    let median = startups.sorted()[startups.count / 2]
    return "\(counts.starting) while starting, \(counts.atSight) at sight, \(counts.running) at"
      + " random; ready after \(median) ms"
  }

  /// One life: as a rule 50 to 900 ms behind readiness; some end at the very moment at which
  /// something was shown, some before anybody was answered.
  mutating func live() throws {
    switch generator.below(10) {
    case 0:
      counts.starting += 1
      let process = try launch()
      rest(milliseconds(0...250))
      try kill(process)
    case 1...4:
      counts.atSight += 1
      let process = try start()
      rest(milliseconds(50...500))
      let sights = CrashSight.allCases
      site.kill(process, at: sights[Int(generator.below(UInt64(sights.count)))])
      let limit = Clock.instant + .milliseconds(900)
      while process.isRunning, Clock.instant < limit { rest(.milliseconds(1)) }
      site.disarm()
      try kill(process)
    default:
      counts.running += 1
      let process = try start()
      rest(milliseconds(50...900))
      try kill(process)
    }
  }

  private mutating func milliseconds(_ range: ClosedRange<Int64>) -> TimeAmount {
    .milliseconds(
      range.lowerBound
        + Int64(generator.below(UInt64(range.upperBound - range.lowerBound + 1))))
  }

  private func launch() throws -> ChildProcess {
    site.ledger.withLock { $0.life += 1 }
    return try daemon.launch()
  }

  @discardableResult
  mutating func start() throws -> ChildProcess {
    let began = Clock.instant
    let process = try launch()
    _ = try eventually("the daemon answers", every: .milliseconds(2)) {
      if let end = process.poll() {
        throw HarnessError("the daemon ended by itself: \(end)\n\(daemon.log.suffix(4_000))")
      }
      return (try? daemon.get("/healthz")) != nil ? true : nil
    }
    startups.append((Clock.instant - began).milliseconds)
    return process
  }

  private func kill(_ process: ChildProcess) throws {
    process.kill()
    let end = process.poll()
    guard end == .killed(by: SIGKILL) else {
      throw HarnessError(
        "the daemon ended by itself: \(end.map { "\($0)" } ?? "")\n\(daemon.log.suffix(4_000))")
    }
  }
}
