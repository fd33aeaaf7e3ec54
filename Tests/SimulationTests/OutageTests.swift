import Base
import Engine
import Incidents
import Model
import Simulation
import Testing

/// One thing fails in a simulated country, beside the noise of single attempts: one incident says what,
/// and when it is over nobody is told anything else.
@Suite("One outage in the simulated country") struct OutageTests {
  private static func world(
    _ scope: ScheduledFault.Scope, _ manner: ScheduledFault.Manner, _ outage: Outage, seed: UInt64
  ) -> World {
    World(
      country(seed), faults: [ScheduledFault(scope, manner, from: outage.start, to: outage.end)],
      seed: seed, incidents: IncidentSettings())
  }

  /// That exactly one incident was told, within the outage, and ended after it; as it stood when the
  /// outage ended.
  private func onlyIncident(_ world: World, _ outage: Outage, seed: UInt64) throws -> Incident {
    let told = world.toldIncidents
    try #require(told.count == 1, "seed \(seed):\(world.story)")
    let first = try #require(world.tellings.first)
    #expect(first.at > outage.start && first.at < outage.end, "seed \(seed)")
    #expect(told[0].status == .resolved, "seed \(seed):\(world.story)")
    #expect(world.tellings.last.map { $0.at > outage.end } == true, "seed \(seed)")
    // While it recovers link by link nobody hears of another pattern.
    let patterns = Set(
      world.tellings.filter { $0.at > outage.end }.map(\.incident.pattern))
    #expect(patterns.count == 1, "seed \(seed):\(world.story)")
    #expect(world.engine.casebook.open.isEmpty, "seed \(seed)")
    return try #require(
      world.versions.last { $0.incident.id == told[0].id && $0.at < outage.end }?.incident)
  }

  @Test("the whole network is cut: the monitor is blind, and nothing else", arguments: seeds)
  func cut(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let outage = Outage(&random)
    let manner: ScheduledFault.Manner = random.below(3) == 0 ? .refusal : .silence
    let world = Self.world(.everything, manner, outage, seed: seed)
    world.run(until: outage.end - .milliseconds(1))
    #expect(world.engine.casebook.isBlind, "seed \(seed)")
    let services = world.engine.links.indices.filter {
      world.engine.links[$0].link.role == .service
    }
    let states = services.map { world.engine.state(of: $0, at: world.now) }
    #expect(states.allSatisfy { $0 == .unknown }, "seed \(seed): nobody knows")
    world.run(until: outage.settled)
    let incident = try onlyIncident(world, outage, seed: seed)
    #expect(
      incident.pattern == .vantage && incident.suspicion?.side == "us",
      "seed \(seed):\(world.story)")
    let later = services.map { world.engine.state(of: $0, at: world.now) }
    #expect(later.allSatisfy { $0 == .up || $0 == .degraded }, "seed \(seed)")
  }

  @Test(
    "the whole network is cut and no canary is configured: the monitor may be blind, and nothing else",
    arguments: seeds.filter { $0 % 3 == 0 })
  func cutWithoutCanaries(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let outage = Outage(&random)
    let manner: ScheduledFault.Manner = random.below(2) == 0 ? .refusal : .silence
    let world = World(
      Country(provinces: seed % 25 == 0 ? 34 : 6, hasCanaries: false),
      faults: [ScheduledFault(.everything, manner, from: outage.start, to: outage.end)],
      seed: seed)
    world.run(until: outage.settled)
    let incident = try onlyIncident(world, outage, seed: seed)
    #expect(incident.pattern == .vantage, "seed \(seed):\(world.story)")
  }

  @Test("a province's gateway is down: one incident names it", arguments: seeds)
  func gateway(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let outage = Outage(&random)
    let provinces = country(seed).provinces
    let hop = LinkID(
      service: "lgsp", consumer: provinces[Int(random.below(UInt64(provinces.count)))])
    let manners: [ScheduledFault.Manner] = [.silence, .refusal, .status(502)]
    let world = Self.world(.hop(hop), manners[Int(random.below(3))], outage, seed: seed)
    world.run(until: outage.settled)
    let incident = try onlyIncident(world, outage, seed: seed)
    #expect(
      incident.suspicion?.side == "hop" && incident.suspicion?.hop == hop,
      "seed \(seed): \(String(describing: incident.suspicion))\(world.story)")
    #expect(incident.links.count == 10, "seed \(seed): its nine services and itself")
  }

  @Test("a ministry's server is down: one incident names it", arguments: seeds)
  func ministry(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let outage = Outage(&random)
    let service = Country.services[Int(random.below(UInt64(Country.services.count)))]
    let manners: [ScheduledFault.Manner] = [.silence, .refusal, .status(500)]
    let world = Self.world(
      .system(service.system), manners[Int(random.below(3))], outage, seed: seed)
    world.run(until: outage.settled)
    let incident = try onlyIncident(world, outage, seed: seed)
    #expect(incident.pattern == .system || incident.pattern == .owner, "seed \(seed)")
    #expect(
      incident.suspicion?.side == "provider",
      "seed \(seed): \(String(describing: incident.suspicion))\(world.story)")
    let failing = world.country.links.count { $0.system == service.system }
    #expect(incident.links.count == failing, "seed \(seed): all of its links")
  }

  @Test("a whole owner is down: one incident names it", arguments: seeds)
  func owner(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let outage = Outage(&random)
    let manners: [ScheduledFault.Manner] = [.silence, .refusal, .status(500)]
    let world = Self.world(
      .owner(Country.largestOwner), manners[Int(random.below(3))], outage, seed: seed)
    world.run(until: outage.settled)
    let incident = try onlyIncident(world, outage, seed: seed)
    #expect(incident.pattern == .owner, "seed \(seed):\(world.story)")
    #expect(incident.subject?.name == Country.largestOwner, "seed \(seed)")
    #expect(
      incident.suspicion?.side == "provider",
      "seed \(seed): \(String(describing: incident.suspicion))\(world.story)")
    let failing = world.country.links.count { $0.owner == Country.largestOwner }
    #expect(incident.links.count == failing, "seed \(seed): all of its links")
  }
}
