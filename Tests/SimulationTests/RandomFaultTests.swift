import Base
import History
import Judgement
import Model
import Simulation
import Testing

@testable import Engine
@testable import Incidents

/// What holds whatever fails and whenever, looked at in between as well.
@Suite("Random faults in the simulated country") struct RandomFaultTests {
  private static let end = TimeAmount.minutes(12)

  private static func world(_ seed: UInt64, cutting: Bool = false) -> World {
    var random = SeededGenerator(seed: seed ^ 0xC0FF_EE00)
    let country = Country(provinces: 4)
    var faults = randomFaults(country, until: end, &random)
    if cutting {
      let start = TimeAmount.seconds(Int64(60 + random.below(240)))
      faults.append(
        ScheduledFault(
          .everything, .silence, from: start,
          to: start + .seconds(Int64(5 + random.below(120)))))
    }
    return World(country, faults: faults, seed: seed)
  }

  /// Whether a link that is in trouble has an incident, or a reason why it has none.
  private static func isAccountedFor(_ link: Int, _ world: World) -> Bool {
    // It is there to fail.
    if world.engine.links[link].link.role == .mustFail { return true }
    let book = world.engine.casebook
    if book.openIncident(of: Int32(link)) != nil || book.isBlind { return true }
    // Sight has returned, and it has not been looked at since.
    if book.matrix.states[link] == .unknown { return true }
    // It is looked at within moments.
    return book.nextDue.map { $0 <= world.now.instant + .seconds(1) } ?? false
  }

  @Test(
    "no link is in trouble without an incident, and no incident is open without a link that is",
    arguments: seeds)
  func accounts(seed: UInt64) {
    let world = Self.world(seed, cutting: seed % 3 == 0)
    var problems: [String] = []
    var turn = 0
    world.afterTurn = { world in
      turn += 1
      guard problems.isEmpty, turn % 3 == 0 else { return }
      for link in world.engine.links.indices where world.engine.links[link].hasTrouble {
        if !Self.isAccountedFor(link, world) {
          problems.append("\(world.elapsed): \(world.engine.links[link].link.id) has no incident")
        }
      }
      let book = world.engine.casebook
      if book.nextDue.map({ $0 <= world.now.instant + .seconds(1) }) ?? false { return }
      for incident in book.tracker.open where !incident.isVantage {
        let states = incident.links.map { book.matrix.states[Int($0)] }
        if !states.contains(where: { Layer($0) != nil || $0 == .unknown }) {
          problems.append("\(world.elapsed): an incident of \(incident.links) with \(states)")
        }
      }
    }
    world.run(until: Self.end)
    #expect(problems == [], "seed \(seed)")
    #expect(world.engine.casebook.open.isEmpty, "seed \(seed): all is well")
    #expect(
      world.toldIncidents.allSatisfy { $0.status == .resolved },
      "seed \(seed): what was told to begin is told to end\(world.story)")
  }

  @Test("the versions of an incident are numbered without a gap, over any crash", arguments: seeds)
  func crashes(seed: UInt64) {
    let world = Self.world(seed)
    var random = SeededGenerator(seed: seed ^ 0x00C0_4A54)
    let count = 1 + Int(random.below(3))
    world.crashAtWrites = (0..<count).map { _ in
      1 + Int(random.below(500))
    }.sorted()
    world.run(until: Self.end)
    #expect(world.crashes > 0, "seed \(seed)")
    expectSoundVersions(world, seed: seed)
  }

  @Test(
    "an incident that is open keeps its id over a crash",
    arguments: seeds.filter { $0 % 5 == 1 })
  func keepsIDs(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let country = Country(provinces: 4)
    let system = Country.services[Int(random.below(9))].system
    let hop = LinkID(service: "lgsp", consumer: country.provinces[Int(random.below(4))])
    let scope = random.below(2) == 0 ? ScheduledFault.Scope.system(system) : .hop(hop)
    func world() -> World {
      World(
        country, faults: [ScheduledFault(scope, .refusal, from: .seconds(80), to: .hours(1))],
        seed: seed)
    }
    let untouched = world()
    untouched.run(until: .minutes(4))
    let before = untouched.writeCount
    untouched.run(until: .minutes(8))
    let crashed = world()
    let later = random.below(UInt64(untouched.writeCount - before))
    crashed.crashAtWrites = [before + 1 + Int(later)]
    crashed.run(until: .minutes(10))
    #expect(crashed.crashes == 1)
    #expect(
      crashed.engine.casebook.open.map(\.id) == untouched.engine.casebook.open.map(\.id),
      "seed \(seed):\(untouched.story)\n--\(crashed.story)")
    #expect(!crashed.engine.casebook.open.isEmpty)
  }

  @Test(
    "the same seed tells the same incidents, crashes included",
    arguments: seeds.filter { $0 % 5 == 0 })
  func repeats(seed: UInt64) {
    func versions() -> [World.Version] {
      let world = Self.world(seed, cutting: seed % 2 == 0)
      world.crashAtWrites = [400 + Int(seed) * 7]
      world.run(until: Self.end)
      return world.versions
    }
    #expect(versions() == versions(), "seed \(seed)")
  }

  @Test(
    "the samples that were recorded give the same incidents when they are replayed",
    arguments: seeds)
  func replays(seed: UInt64) {
    let live = Self.world(seed, cutting: seed % 3 == 0)
    live.run(until: Self.end)
    let samples = live.ring
    let replay = World(live.country, faults: [], seed: seed, replaying: samples)
    replay.run(until: Self.end)
    #expect(replay.ring.map(\.sample) == samples.map(\.sample), "seed \(seed)")
    #expect(replay.versions == live.versions, "seed \(seed)")
    // That they are no figment of the schedule: without one link's failures they differ.
    let failures = samples.filter { $0.sample.outcome.isFailure }
    guard let told = live.versions.first?.incident.links.first, seed % 2 == 0 else { return }
    #expect(failures.contains { $0.key.link == told })
    let other = World(
      live.country, faults: [], seed: seed,
      replaying: samples.filter { $0.key.link != told || !$0.sample.outcome.isFailure })
    other.run(until: Self.end)
    #expect(other.versions != live.versions, "seed \(seed)")
  }

  @Test(
    "how links stand is what their samples say when they are counted anew",
    arguments: seeds.filter { $0 % 2 == 1 })
  func recount(seed: UInt64) {
    let world = Self.world(seed)
    for minute in 1...12 {
      world.run(until: .minutes(Int64(minute)))
      var judges: [ProbeKey: NaiveJudge] = [:]
      var failed: [ProbeKey: Bool] = [:]
      for (key, sample) in world.ring {
        judges[key, default: NaiveJudge(rules: .standard, every: .seconds(60))].record(sample)
        if !sample.outcome.isSkipped { failed[key] = sample.outcome.isFailure }
      }
      for (place, link) in world.country.links.enumerated() {
        let key = ProbeKey(link: link.id, probe: "http")
        let state = world.engine.casebook.matrix.states[place]
        let expected: CellState =
          if link.role == .mustFail {
            .excluded
          } else if judges[key]?.raised.isEmpty == false {
            link.role == .canary ? .degraded : .failing
          } else {
            failed[key] == false ? .up : .unknown
          }
        #expect(state == expected, "seed \(seed), minute \(minute), \(link.id)")
      }
    }
  }
}
