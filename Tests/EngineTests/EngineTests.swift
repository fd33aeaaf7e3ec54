import Base
import History
import Judgement
import Model
import Probes
import Testing
import Wire

@testable import Engine

/// An engine under a simulated clock, with a network and a ring that do what a test says.
private struct World: ~Copyable {
  var engine: Engine
  var now: Now
  var transfers: [(token: Token, transfer: Transfer, at: Instant)] = []
  var told: [Incident] = []
  var versions: UInt64 = 0
  var groups: [UInt64] = []
  var canceled: [Token] = []
  var writesByItself = true

  init(_ links: [Link], attemptsInFlight: Int = 1_000, tick: TimeAmount = .milliseconds(100)) {
    now = Now(
      instant: Instant(nanoseconds: 5_000_000_000),
      wall: WallTime(milliseconds: 1_760_000_000_000))
    let resume = RingResume(
      ringID: 7, segmentBytes: 1 << 20, slots: [0, 1, 2], current: nil, offset: 0,
      nextSequence: 1)
    engine = Engine(
      tick: tick, attemptsInFlight: attemptsInFlight, encoder: RingEncoder(resume: resume),
      seed: 1, incidents: toldAtOnce, now: now)
    _ = engine.load(links, at: now)
  }

  mutating func take() {
    while true {
      let actions = engine.takeActions()
      if actions.isEmpty { return }
      for action in actions {
        switch action {
        case .transfer(let token, let transfer): transfers.append((token, transfer, now.instant))
        case .tell(let incident):
          told.append(incident)
          versions += 1
          engine.journaled(through: versions)
        case .keep:
          versions += 1
          engine.journaled(through: versions)
        case .cancel(let token): canceled.append(token)
        case .write(_, let group):
          groups.append(group)
          if writesByItself { engine.written(through: group, problem: nil, at: now) }
        default: break
        }
      }
    }
  }

  /// Lets time pass, a tick at a time; `answer` is given for each transfer, nil for none.
  mutating func pass(_ amount: TimeAmount, answer: (Transfer) -> TransferResult?) {
    let end = now.instant + amount
    while now.instant < end {
      now.instant = now.instant + .milliseconds(50)
      now.wall = now.wall + .milliseconds(50)
      if let due = engine.nextDue, due <= now.instant { engine.run(at: now) }
      take()
      let running = transfers
      transfers = []
      for entry in running {
        if let result = answer(entry.transfer) {
          engine.deliver(.transferred(result), to: entry.token, at: now)
        } else {
          transfers.append(entry)
        }
      }
      take()
    }
  }
}

private func link(
  _ consumer: String, every: TimeAmount = .seconds(10), timeout: TimeAmount = .seconds(5),
  retryLimit: Int = 0
) throws -> Link {
  let options = HTTPOptions(url: try URLParts("http://127.0.0.1/\(consumer)"))
  return Link(
    id: LinkID(service: "land-database", consumer: consumer),
    serviceName: LocalizedName(en: "Land", vi: "Đất đai"),
    consumerName: LocalizedName(en: consumer, vi: consumer), system: "land", owner: "moae",
    route: [], alert: .standard,
    probes: [
      ProbeDefinition(
        name: "http", kind: "http", every: every, timeout: timeout, retryLimit: retryLimit,
        options: options)
    ])
}

private let wellAnswer = TransferResult(status: 200)
private let failingAnswer = TransferResult(status: 500)

@Suite("The engine")
struct EngineTests {
  @Test("10,000 links at 60 s never start in one tick more than 2.2 times the mean")
  func spread() {
    var ticks = [Int](repeating: 0, count: 600)
    for index in 0..<10_000 {
      let phase = phaseOffset(of: "service-\(index % 9)/consumer-\(index) http", every: .minutes(1))
      ticks[Int(phase.milliseconds / 100)] += 1
    }
    #expect(Double(ticks.max() ?? 0) <= 2.2 * 10_000 / 600)
  }

  @Test("a link keeps its phase over restarts")
  func phase() {
    let phase = phaseOffset(of: "land-database/ha-noi http", every: .minutes(1))
    let wall = WallTime(milliseconds: 1_760_000_012_345)
    let first = nextByPhase(
      phase, every: .minutes(1), after: Now(instant: Instant(nanoseconds: 0), wall: wall))
    let later = nextByPhase(
      phase, every: .minutes(1),
      after: Now(instant: Instant(nanoseconds: 77), wall: wall + .minutes(31)))
    #expect(first.nanoseconds == later.nanoseconds - 77)
  }

  @Test("after a start every link is probed within a minute, whatever its interval")
  func firstProbe() throws {
    var world = World([try link("ha-noi", every: .hours(6)), try link("hue", every: .seconds(10))])
    let early = try #require(world.engine.linkIndex[LinkID("land-database/hue")!])
    #expect(world.engine.state(of: early, at: world.now) == .unknown)
    world.pass(.seconds(11)) { _ in wellAnswer }
    #expect(world.engine.state(of: early, at: world.now) == .up)
    world.pass(.seconds(50)) { _ in wellAnswer }
    let rare = try #require(world.engine.linkIndex[LinkID("land-database/ha-noi")!])
    #expect(world.engine.state(of: rare, at: world.now) == .up)
  }

  @Test("a run that is due while the one before still runs is recorded as skipped")
  func stillRunning() throws {
    var world = World([try link("ha-noi", every: .seconds(1), timeout: .seconds(4))])
    world.pass(.seconds(4)) { _ in nil }
    #expect((world.engine.figures.skipped[.stillRunning] ?? 0) >= 2)
  }

  @Test("runs that find no place are recorded as skipped, not dropped")
  func tableFull() throws {
    let links = try (0..<5).map { try link("c-\($0)", every: .seconds(2)) }
    var world = World(links, attemptsInFlight: 2)
    world.pass(.seconds(4)) { _ in nil }
    #expect((world.engine.figures.skipped[.tableFull] ?? 0) >= 3)
  }

  @Test("no attempt outlives its time-out by more than the backstop")
  func timeOut() throws {
    var world = World([try link("ha-noi", every: .seconds(60), timeout: .seconds(2))])
    world.pass(.seconds(61)) { _ in nil }
    world.pass(.milliseconds(2_500)) { _ in nil }
    #expect(world.engine.inFlightCount == 0)
    #expect(!world.canceled.isEmpty)
  }

  @Test("a failure is confirmed at short notice, within bounds, and an alert is told once")
  func confirmation() throws {
    var world = World([try link("ha-noi", every: .seconds(60), retryLimit: 4)])
    world.pass(.seconds(90)) { _ in failingAnswer }
    #expect(world.told.map(\.sequence) == [1])
    #expect(world.told.first?.severity == .critical)
    #expect(world.engine.figures.confirmations <= 5)
    world.pass(.minutes(10)) { _ in wellAnswer }
    #expect(world.told.map(\.sequence) == [1, 2])
    #expect(world.told.last?.status == .resolved)
  }

  @Test("a refused credential is never tried again at short notice, and backs off")
  func refusedCredential() throws {
    var world = World([try link("ha-noi", every: .seconds(10), retryLimit: 4)])
    world.pass(.minutes(10)) { _ in TransferResult(status: 401) }
    #expect(world.engine.figures.confirmations == 0)
    #expect(world.engine.figures.attempts < 12, "60 runs were due")
    #expect((world.engine.figures.skipped[.backingOff] ?? 0) > 40)
    #expect(world.told.count == 1, "and it is told all the same")
  }

  @Test("nothing is shown or judged before it is written")
  func written() throws {
    var world = World([try link("ha-noi", every: .seconds(1))])
    world.writesByItself = false
    world.pass(.milliseconds(1_500)) { _ in failingAnswer }
    #expect(world.engine.probes[0].judge.last == nil)
    let group = try #require(world.groups.last)
    world.engine.written(through: group, problem: nil, at: world.now)
    #expect(world.engine.probes[0].judge.last?.outcome == .http(.status(500)))
  }

  @Test("a disk that takes nothing does not silence alerts, and is told")
  func stalledDisk() throws {
    var world = World([try link("ha-noi", every: .seconds(1))])
    world.writesByItself = false
    world.pass(.seconds(12)) { _ in failingAnswer }
    #expect(world.told.count == 1)
    #expect(world.engine.recording.problem != nil)
  }

  @Test("a paused link gets no traffic and is unknown, and its runs are recorded as skipped")
  func pause() throws {
    let id = LinkID(service: "land-database", consumer: "ha-noi")
    var world = World([try link("ha-noi", every: .seconds(1))])
    world.pass(.seconds(3)) { _ in wellAnswer }
    world.engine.pause(
      Pause(link: id, by: "root", reason: "", since: world.now.wall), at: world.now)
    let attempts = world.engine.figures.attempts
    world.pass(.seconds(5)) { _ in wellAnswer }
    #expect(world.engine.figures.attempts == attempts)
    #expect(world.engine.state(of: 0, at: world.now) == .unknown)
    #expect((world.engine.figures.skipped[.paused] ?? 0) >= 4)
    world.engine.resume(id, at: world.now)
    world.pass(.seconds(2)) { _ in wellAnswer }
    #expect(world.engine.state(of: 0, at: world.now) == .up)
  }

  @Test("a link without fresh samples is unknown, never up")
  func stale() throws {
    var world = World([try link("ha-noi", every: .seconds(1), timeout: .seconds(1))])
    world.pass(.seconds(3)) { _ in wellAnswer }
    #expect(world.engine.state(of: 0, at: world.now) == .up)
    var later = world.now
    later.instant = later.instant + .minutes(5)
    later.wall = later.wall + .minutes(5)
    #expect(world.engine.state(of: 0, at: later) == .unknown)
  }

  @Test("a reload keeps what stays, drops what goes, and resolves the incidents of what went")
  func reload() throws {
    var world = World([try link("ha-noi", every: .seconds(1)), try link("hue", every: .seconds(1))])
    world.pass(.seconds(8)) { _ in failingAnswer }
    #expect(world.told.count == 2)
    let hue = try #require(
      world.engine.shownIncidents.openIncident(of: LinkID("land-database/hue")!))
    let summary = world.engine.load(
      [try link("hue", every: .seconds(1)), try link("ca-mau", every: .seconds(1))], at: world.now)
    world.take()
    #expect((summary.added, summary.removed) == (1, 1))
    world.pass(.seconds(2)) { _ in failingAnswer }
    let kept = world.engine.shownIncidents.openIncident(of: LinkID("land-database/hue")!)
    #expect(kept?.id == hue.id)
    #expect(kept?.links.contains(LinkID("land-database/ha-noi")!) == false)
    #expect(world.engine.state(of: 0, at: world.now) == .down)
    world.pass(.seconds(8)) { _ in wellAnswer }
    #expect(world.engine.state(of: 0, at: world.now) == .up)
    #expect(world.engine.state(of: 1, at: world.now) == .up)
  }

  @Test("a restored incident is not raised anew, and its end is told")
  func restore() throws {
    var first = World([try link("ha-noi", every: .seconds(1))])
    first.pass(.seconds(8)) { _ in failingAnswer }
    let incident = try #require(first.told.first)
    var second = World([try link("ha-noi", every: .seconds(1))])
    second.engine.restore([incident], at: second.now)
    second.pass(.seconds(4)) { _ in failingAnswer }
    #expect(second.told.isEmpty)
    second.pass(.seconds(8)) { _ in wellAnswer }
    #expect(second.told.map(\.id) == [incident.id])
    #expect(second.told.first?.status == .resolved)
  }

  @Test("a long sleep of the machine is recorded as missed runs, and the phase stays")
  func sleep() throws {
    var world = World([try link("ha-noi", every: .seconds(10))])
    world.pass(.seconds(30)) { _ in wellAnswer }
    let phase = world.engine.probes[0].nextDue.nanoseconds % 10_000_000_000
    world.now.instant = world.now.instant + .minutes(10)
    world.now.wall = world.now.wall + .minutes(10)
    world.pass(.seconds(30)) { _ in wellAnswer }
    #expect((58...61).contains(world.engine.figures.skipped[.missed] ?? 0))
    #expect(world.engine.probes[0].nextDue.nanoseconds % 10_000_000_000 == phase)
  }
}
