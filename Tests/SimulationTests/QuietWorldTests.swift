import Base
import Engine
import History
import Incidents
import Model
import Quiet
import Simulation
import Testing

/// Maintenance, silences and pauses in worlds in which things fail at random.
@Suite("Quiet in the simulated country") struct QuietWorldTests {
  private static let end = TimeAmount.minutes(12)

  /// Windows and silences of every width, at random times; some end while things fail.
  private static func quiet(
    _ country: Country, _ random: inout SeededGenerator
  ) -> [ScheduledAct] {
    (0..<1 + random.below(4)).map { _ in
      let service = Country.services[Int(random.below(UInt64(Country.services.count)))]
      let province = country.provinces[Int(random.below(UInt64(country.provinces.count)))]
      var links = LinkSelector()
      switch random.below(5) {
      case 0: links.systems = [service.system]
      case 1: links.owners = [service.owner]
      case 2: links.provinces = [province]
      case 3: links.routes = ["lgsp"]
      default: links.links = [LinkID(service: service.service, consumer: province)]
      }
      let length = TimeAmount.seconds(Int64(20 + random.below(300)))
      let start = TimeAmount.seconds(Int64(10 + random.below(360)))
      return ScheduledAct(
        random.below(2) == 0 ? .silence(links, length) : .maintenance(links, length), at: start)
    }
  }

  private static func faults(_ seed: UInt64, _ country: Country) -> [ScheduledFault] {
    var random = SeededGenerator(seed: seed ^ 0xC0FF_EE00)
    return randomFaults(country, until: end, &random)
  }

  private static func worlds(_ seed: UInt64) -> (loud: World, quiet: World, acts: [ScheduledAct]) {
    let country = Country(provinces: 4)
    var random = SeededGenerator(seed: seed ^ 0x51_1E7C)
    let acts = quiet(country, &random)
    let faults = faults(seed, country)
    return (
      World(country, faults: faults, seed: seed),
      World(country, faults: faults, acts: acts, seed: seed), acts
    )
  }

  /// Whether each link of an incident was covered by something that held for all of a second before.
  private static func isCovered(_ version: World.Version, _ acts: [ScheduledAct], _ world: World)
    -> Bool
  {
    !version.incident.links.isEmpty
      && version.incident.links.allSatisfy { id in
        guard let link = world.country.links.first(where: { $0.id == id }) else { return false }
        return acts.contains { scheduled in
          let (links, length): (LinkSelector, TimeAmount)
          switch scheduled.act {
          case .silence(let selector, let time), .maintenance(let selector, let time):
            (links, length) = (selector, time)
          default: return false
          }
          return links.matches(LinkFacts(link)) && scheduled.at + .seconds(1) <= version.at
            && version.at < scheduled.at + length
        }
      }
  }

  @Test(
    "quiet keeps back beginnings and changes, and never a recovery",
    arguments: seeds.filter { $0 % 3 == 1 })
  func telling(seed: UInt64) {
    let (_, world, acts) = Self.worlds(seed)
    world.run(until: Self.end)
    let wrong = world.tellings.filter {
      $0.incident.status != .resolved && Self.isCovered($0, acts, world)
    }
    #expect(
      wrong.isEmpty, "seed \(seed): told while quiet: \(wrong.map(\.incident.summary))")
    #expect(world.engine.casebook.open.isEmpty, "seed \(seed): all is well\(world.story)")
    #expect(
      world.toldIncidents.allSatisfy { $0.status == .resolved },
      "seed \(seed): what was told to begin is told to end\(world.story)")
    // Each incident has its versions in the journal, told or not, and its end.
    var newest: [String: Incident] = [:]
    for version in world.versions { newest[version.incident.id] = version.incident }
    #expect(newest.values.allSatisfy { $0.status == .resolved }, "seed \(seed)")
  }

  @Test(
    "quiet changes nothing of what is measured and of how links stand",
    arguments: seeds.filter { $0 % 5 == 2 })
  func measuring(seed: UInt64) {
    let (loud, quiet, _) = Self.worlds(seed)
    for minute in 1...12 {
      loud.run(until: .minutes(Int64(minute)))
      quiet.run(until: .minutes(Int64(minute)))
      let isSame = loud.engine.casebook.matrix.states == quiet.engine.casebook.matrix.states
      #expect(isSame, "seed \(seed), minute \(minute)")
    }
    func measured(_ world: World) -> [String] {
      world.ring.map { "\($0.key) \($0.sample.time) \($0.sample.outcome)" }
    }
    let (some, others) = (measured(loud), measured(quiet))
    let different = zip(some, others).first { $0 != $1 }.map { "\($0) and \($1)" }
    #expect(different == nil, "seed \(seed)")
    #expect(some.count == others.count, "seed \(seed)")
  }

  @Test(
    "what goes on when its quiet ends is told then, once, and its end is",
    arguments: seeds.filter { $0 % 3 == 2 })
  func after(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed ^ 0xAF7E)
    let country = Country(provinces: 4)
    let system = Country.services[Int(random.below(9))].system
    let start = TimeAmount.seconds(Int64(80 + random.below(40)))
    var links = LinkSelector()
    links.systems = [system]
    let length = TimeAmount.seconds(Int64(100 + random.below(100)))
    let isWindow = random.below(2) == 0
    let act = isWindow ? OperatorAct.maintenance(links, length) : .silence(links, length)
    let quietEnd = start - .seconds(20) + length
    let faultEnd = quietEnd + .minutes(3)
    let world = World(
      country,
      faults: [ScheduledFault(.system(system), .status(500), from: start, to: faultEnd)],
      acts: [ScheduledAct(act, at: start - .seconds(20))], seed: seed)
    // Also when the daemon is killed meanwhile.
    if seed % 2 == 0 {
      world.run(until: start + .seconds(40))
      world.crashAtWrites = [world.writeCount + 1 + Int(random.below(20))]
    }
    world.run(until: faultEnd + .minutes(6))
    let first = try #require(world.tellings.first, "seed \(seed)")
    #expect(first.at >= quietEnd && first.at < faultEnd, "seed \(seed)\(world.story)")
    #expect(world.toldIncidents.count == 1, "seed \(seed)\(world.story)")
    #expect(world.tellings.last?.incident.status == .resolved, "seed \(seed)\(world.story)")
    #expect(world.tellings.count { $0.incident.status == .resolved } == 1, "seed \(seed)")
  }

  @Test(
    "a link that is paused while it fails stays in its incident, over a crash, until it is looked at",
    arguments: seeds.filter { $0 % 6 == 0 })
  func paused(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed ^ 0x9A05E)
    let country = Country(provinces: 4)
    let link = country.links[Int(random.below(36))].id
    let world = World(
      country,
      faults: [ScheduledFault(.link(link), .refusal, from: .seconds(80), to: .seconds(240))],
      acts: [
        ScheduledAct(.pause(link), at: .seconds(180)),
        ScheduledAct(.resume(link), at: .seconds(420)),
      ], seed: seed)
    world.run(until: .seconds(200))
    let told = world.tellings.map(\.incident)
    #expect(told.map(\.links) == [[link]], "seed \(seed)\(world.story)")
    if seed % 12 == 0 { world.crashAtWrites = [world.writeCount + 1 + Int(random.below(20))] }
    world.run(until: .seconds(415))
    #expect(world.engine.casebook.open.map(\.id) == told.map(\.id), "seed \(seed)\(world.story)")
    let asked = world.ring.filter { $0.key.link == link && !$0.sample.outcome.isSkipped }
      .map(\.sample.time)
    let begun = World.beginning.wall
    #expect(
      !asked.contains { $0 > begun + .seconds(186) && $0 < begun + .seconds(419) },
      "seed \(seed): nobody looks")
    world.run(until: .minutes(12))
    #expect(world.tellings.last?.incident.status == .resolved, "seed \(seed)\(world.story)")
    #expect(world.toldIncidents.count == 1, "seed \(seed)\(world.story)")
  }
}
