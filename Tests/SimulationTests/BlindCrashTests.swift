import Base
import Engine
import Incidents
import Model
import Simulation
import Testing

/// The daemon is killed while the network is cut, and starts with the network still cut or healed.
@Suite("Crashes while the monitor is blind") struct BlindCrashTests {
  private struct Story {
    let world: World
    let cut: Outage
    let link: LinkID
    let crashAt: TimeAmount

    /// `isReal`: a link fails too, from about the time of the cut until long after it.
    init(_ seed: UInt64, isReal: Bool) {
      var random = SeededGenerator(seed: seed ^ 0xB11D_C4A5)
      let country = Country(provinces: 4)
      cut = Outage(&random)
      let manner: ScheduledFault.Manner = random.below(2) == 0 ? .silence : .refusal
      link = country.links[Int(random.below(36))].id
      let begin = cut.start + .seconds(Int64(random.below(130)) - 70)
      var faults = [ScheduledFault(.everything, manner, from: cut.start, to: cut.end)]
      if isReal {
        faults.append(ScheduledFault(.link(link), .refusal, from: begin, to: cut.end + .minutes(5)))
      }
      // Long before the network heals, or so shortly that the start sees it healed as a rule.
      let blind = cut.start + .seconds(60)
      let early = Int64(random.below(UInt64((cut.end - blind).milliseconds - 30_000)))
      let late = Int64(random.below(5_000))
      crashAt =
        seed % 2 == 0 ? blind + .milliseconds(early) : cut.end - .milliseconds(late)
      world = World(country, faults: faults, seed: seed)
    }

    func run() {
      world.run(until: crashAt)
      #expect(world.engine.casebook.isBlind)
      world.crashAtWrites = [world.writeCount + 1]
      world.run(until: cut.end + .minutes(14))
      #expect(world.crashes == 1)
    }
  }

  @Test(
    "one incident says that it was blind, it ends once, and no link is told of",
    arguments: seeds.filter { $0 % 3 == 0 })
  func nothingElse(seed: UInt64) {
    let story = Story(seed, isReal: false)
    story.run()
    let tellings = story.world.tellings.map(\.incident)
    #expect(
      Set(tellings.map(\.id)).count == 1 && tellings.allSatisfy { $0.pattern == .vantage },
      "seed \(seed)\(story.world.story)")
    #expect(tellings.count { $0.status == .resolved } == 1, "seed \(seed)\(story.world.story)")
    expectSoundVersions(story.world, seed: seed)
  }

  @Test(
    "what really fails is told once and ends once, however it lay to the cut",
    arguments: seeds.filter { $0 % 3 == 1 })
  func realFault(seed: UInt64) throws {
    let story = Story(seed, isReal: true)
    story.run()
    let world = story.world
    let told = world.toldIncidents
    #expect(told.count == 2, "seed \(seed)\(world.story)")
    let real = try #require(told.first { $0.pattern != .vantage }, "seed \(seed)\(world.story)")
    #expect(real.links == [story.link], "seed \(seed)\(world.story)")
    let ends = world.tellings.filter {
      $0.incident.id == real.id && $0.incident.status == .resolved
    }
    #expect(ends.count == 1, "seed \(seed)\(world.story)")
    #expect(ends.allSatisfy { $0.at > story.cut.end + .minutes(5) }, "seed \(seed)\(world.story)")
    // While the monitor is known to be blind nothing is said of links.
    let went = try #require(world.tellings.first { $0.incident.pattern == .vantage }).at
    #expect(
      !world.tellings.contains {
        $0.at > went && $0.at < story.cut.end && $0.incident.pattern != .vantage
      }, "seed \(seed)\(world.story)")
    expectSoundVersions(world, seed: seed)
  }
}
