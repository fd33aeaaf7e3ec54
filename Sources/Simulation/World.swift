import Base
import Engine
import History
import Incidents
import Judgement
import Model
import Probes
import Quiet
import Wire

/// An engine in a simulated world: time that jumps from one event to the next, a network that fails by a
/// plan, and a disk that may lose its writer at any write. The same seed makes the same world.
package final class World {
  /// A version of an incident that the journal took.
  package struct Version: Sendable, Hashable {
    package var incident: Incident
    /// Since the beginning of the world.
    package var at: TimeAmount
    /// Whether receivers were told of it; otherwise it was only kept.
    package var isTold: Bool
  }

  private enum Event {
    case answered(Token, TransferResult)
    case ringWritten([EncodedBatch], group: UInt64)
    case journaled(Incident, isTold: Bool)
    case saved(SimulatedDisk.StateFile)
  }

  /// What a crash leaves of the write at which it comes.
  private enum Remains: CaseIterable {
    case nothing, torn, all
  }

  package static let beginning = Now(
    instant: Instant(nanoseconds: 1_000_000_000_000),
    wall: WallTime(milliseconds: 1_762_477_323_000))

  /// The loop takes what has come once in so long, as a busy one does; it makes the world cheap.
  private static let turnLength = TimeAmount.milliseconds(100)

  package private(set) var engine: Engine
  package private(set) var now = World.beginning
  package let network: FakeNetwork
  package let country: Country
  /// In the order in which the journal took them.
  package private(set) var versions: [Version] = []
  package private(set) var crashes = 0
  /// At which writes the engine is dropped, counted from 1 over the world's life, in ascending order.
  package var crashAtWrites: [Int] = []
  package private(set) var writeCount = 0
  /// Called after each turn of the engine.
  package var afterTurn: ((World) -> Void)?

  /// What operators have still to do.
  private var acts: [ScheduledAct]
  private let settings: IncidentSettings
  private let seed: UInt64
  private var disk: SimulatedDisk
  private var events = TimerHeap<Event>()
  private var random: SeededGenerator
  /// Its own, so that what is told, or not, does not change when samples are written.
  private var ringRandom: SeededGenerator
  /// One write after the other.
  private var ringFreeAt = World.beginning.instant
  private var journalFreeAt = World.beginning.instant
  private var filesFreeAt = World.beginning.instant
  private var journaledThisRun: UInt64 = 0
  private var downUntil: Instant?
  private var turnedAt = World.beginning.instant

  package init(
    _ country: Country, faults: [ScheduledFault], acts: [ScheduledAct] = [], seed: UInt64,
    incidents settings: IncidentSettings = IncidentSettings(),
    replaying samples: [(key: ProbeKey, sample: Sample)]? = nil
  ) {
    self.country = country
    self.acts = acts.sorted { $0.at < $1.at }
    self.settings = settings
    self.seed = seed
    network =
      samples.map { FakeNetwork(country.links, replaying: $0) }
      ?? FakeNetwork(country.links, faults: faults, seed: seed)
    random = SeededGenerator(seed: seed ^ 0x5DEE_CE66)
    ringRandom = SeededGenerator(seed: seed ^ 0x0B5E_55ED)
    disk = SimulatedDisk(ringID: seed | 1)
    engine = Self.engine(disk.read().resume, seed: seed, settings, at: now)
    engine.load(country.links, at: now)
    engine.markStart(at: now)
    engine.configureQuiet(QuietSettings(zone: .hours(7)), at: now)
  }

  private static func engine(
    _ resume: RingResume, seed: UInt64, _ settings: IncidentSettings, at now: Now
  ) -> Engine {
    Engine(
      tick: .milliseconds(100), attemptsInFlight: 4_096, encoder: RingEncoder(resume: resume),
      seed: seed, incidents: settings, now: now)
  }

  package var tellings: [Version] { versions.filter(\.isTold) }

  /// Since the beginning of the world.
  package var elapsed: TimeAmount { now.instant - Self.beginning.instant }

  /// Goes on until so long after the beginning.
  package func run(until end: TimeAmount) {
    let end = Self.beginning.instant + end
    take()
    while let due = nextDue {
      let next = max(Self.turn(atOrAfter: due), turnedAt + Self.turnLength)
      guard next <= end else { break }
      now = Now(instant: next, wall: now.wall(at: next))
      turnedAt = next
      turn()
    }
    now = Now(instant: end, wall: now.wall(at: end))
  }

  /// Turns lie on a grid, so that one more for something else moves no attempt.
  private static func turn(atOrAfter instant: Instant) -> Instant {
    let length = turnLength.nanoseconds
    let turns = ((instant - beginning.instant).nanoseconds + length - 1) / length
    return beginning.instant + TimeAmount(nanoseconds: max(0, turns) * length)
  }

  private var nextDue: Instant? {
    if let downUntil { return downUntil }
    let act = acts.first.map { Self.beginning.instant + $0.at }
    return [engine.nextDue, events.nextDue, act].compactMap { $0 }.min()
  }

  private func turn() {
    if let until = downUntil {
      if until <= now.instant { restart() }
      return
    }
    while downUntil == nil, let (_, event) = events.popDue(at: now.instant) { happen(event) }
    guard downUntil == nil else { return }
    while let next = acts.first, next.at <= elapsed {
      acts.removeFirst()
      perform(next.act)
      take()
    }
    engine.run(at: now)
    take()
    afterTurn?(self)
  }

  private func happen(_ event: Event) {
    switch event {
    case .answered(let token, let result):
      engine.deliver(.transferred(result), to: token, at: now)
    case .ringWritten(let batches, let group):
      if let remains = crashRemains() {
        let words = batches.reduce(0) { $0 + $1.words.count }
        switch remains {
        case .nothing: break
        case .torn: disk.write(batches, words: 1 + Int(random.below(UInt64(words))))
        case .all: disk.write(batches)
        }
        return crash()
      }
      disk.write(batches)
      engine.written(through: group, problem: nil, at: now)
    case .journaled(let incident, let isTold):
      let remains = crashRemains()
      // A torn record is none.
      if remains == nil || remains == .all { note(incident, isTold: isTold) }
      if remains != nil { return crash() }
      journaledThisRun += 1
      engine.journaled(through: journaledThisRun)
    case .saved(let file):
      let remains = crashRemains()
      // A file is replaced as a whole.
      if remains == nil || remains == .all { disk.save(file) }
      if remains != nil { return crash() }
    }
    take()
  }

  private func perform(_ act: OperatorAct) {
    switch act {
    case .maintenance(let links, let length):
      let window = MaintenanceWindow(
        id: "", links: links, times: .once(from: now.wall, to: now.wall + length),
        announced: CivilDay(now.wall, zone: .hours(7)), reason: "new release")
      _ = engine.addMaintenance(window, by: "lan", at: now)
    case .silence(let links, let length):
      let silence = Silence(
        id: "", links: links, by: "", reason: "ticket 12", created: now.wall,
        expires: now.wall + length)
      _ = engine.addSilence(silence, by: "lan", at: now)
    case .pause(let link):
      engine.pause(Pause(link: link, by: "lan", reason: "work", since: now.wall), at: now)
    case .resume(let link): engine.resume(link, at: now)
    }
  }

  private func note(_ incident: Incident, isTold: Bool) {
    disk.journal(incident)
    versions.append(Version(incident: incident, at: elapsed, isTold: isTold))
  }

  // MARK: - Crashes

  private func crashRemains() -> Remains? {
    writeCount += 1
    guard let next = crashAtWrites.first, writeCount >= next else { return nil }
    crashAtWrites.removeFirst()
    return Remains.allCases[Int(random.below(UInt64(Remains.allCases.count)))]
  }

  private func crash() {
    crashes += 1
    events = TimerHeap()
    downUntil = now.instant + .milliseconds(Int64(200 + random.below(20_000)))
  }

  /// As the daemon starts: the catalogue, the samples, what operators entered, the incidents.
  private func restart() {
    downUntil = nil
    let found = disk.read()
    engine = Self.engine(
      found.resume, seed: seed &+ UInt64(crashes) &* 0x1000_0001, settings, at: now)
    engine.restore(connections: disk.connections)
    engine.load(country.links, at: now)
    var earlier = EarlierRun(country.links, connections: disk.connections)
    for (key, sample) in found.samples { earlier.add(key, sample) }
    engine.restore(earlier)
    engine.markStart(at: now)
    engine.restore(pauses: disk.pauses)
    engine.configureQuiet(QuietSettings(zone: .hours(7)), at: now)
    engine.restore(quiet: disk.quiet, at: now)
    ringFreeAt = now.instant
    journalFreeAt = now.instant
    filesFreeAt = now.instant
    journaledThisRun = 0
    engine.restore(found.open, ended: found.ended, at: now)
    take()
    afterTurn?(self)
  }

  // MARK: - What the engine asks for

  private func take() {
    while true {
      let actions = engine.takeActions()
      if actions.isEmpty { return }
      for action in actions { perform(action) }
    }
  }

  private func perform(_ action: EngineAction) {
    switch action {
    case .transfer(let token, let transfer):
      // The target is `/SERVICE/CONSUMER`.
      guard let link = LinkID(String(transfer.url.target.dropFirst())) else {
        preconditionFailure("a link's address: \(transfer.url.target)")
      }
      let answer = network.answer(link, at: elapsed)
      events.push(.answered(token, answer.result), due: now.instant + answer.delay)
    case .write(let batches, let group):
      ringFreeAt = max(ringFreeAt, now.instant) + Self.writeLength(&ringRandom)
      events.push(.ringWritten(batches, group: group), due: ringFreeAt)
    case .lookBack(let question):
      // Its history begins with the world.
      engine.learn(PastAnswer(number: question.number), at: now)
    case .tell(let incident): journal(incident, isTold: true)
    case .keep(let incident): journal(incident, isTold: false)
    case .savePauses(let pauses): save(.pauses(pauses))
    case .saveQuiet(let state): save(.quiet(state))
    case .saveConnections(let connections): save(.connections(connections))
    case .resolve, .examine, .connect, .send, .receive, .wait, .spawn, .cancel, .trialEnded, .log:
      break
    }
  }

  private func journal(_ incident: Incident, isTold: Bool) {
    journalFreeAt = max(journalFreeAt, now.instant) + Self.writeLength(&random)
    events.push(.journaled(incident, isTold: isTold), due: journalFreeAt)
  }

  private func save(_ file: SimulatedDisk.StateFile) {
    filesFreeAt = max(filesFreeAt, now.instant) + Self.writeLength(&random)
    events.push(.saved(file), due: filesFreeAt)
  }

  private static func writeLength(_ random: inout SeededGenerator) -> TimeAmount {
    .microseconds(Int64(500 + random.below(20_000)))
  }

  /// The samples that the ring holds, in the order of writing.
  package var ring: [(key: ProbeKey, sample: Sample)] { disk.read().samples }
}
