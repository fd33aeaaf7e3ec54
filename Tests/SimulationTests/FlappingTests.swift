import Base
import Engine
import Model
import Simulation
import Testing

@Suite("A link that goes up and down") struct FlappingWorldTests {
  @Test(
    "one incident tells once that it flaps, and goes on until it is calm, over a crash",
    arguments: 0..<8 as Range<UInt64>)
  func once(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed ^ 0xF1A9)
    let country = Country(provinces: 2)
    let link = country.links[0].id
    // Four minutes down, four minutes well, eight times.
    let faults = (0..<8).map { turn in
      let start = TimeAmount.minutes(5 + 8 * Int64(turn))
      return ScheduledFault(.link(link), .refusal, from: start, to: start + .minutes(4))
    }
    let world = World(country, faults: faults, seed: seed)
    world.crashAtWrites = [1_500 + Int(random.below(600))]
    world.run(until: .minutes(69))
    #expect(world.crashes == 1 && world.isFlapping, "seed \(seed)\(world.story)")
    world.run(until: .minutes(180))
    let told = world.tellings.map(\.incident).filter { $0.links.contains(link) }
    #expect(Set(told.map(\.id)).count == 1, "seed \(seed)\(world.story)")
    let flapping = told.indices.filter { place in
      told[place].conditions.contains { $0.rule == .flapping }
    }
    #expect(flapping.count == 1, "seed \(seed)\(world.story)")
    let last = try #require(told.last)
    #expect(flapping.last == told.count - 2, "then only its end\(world.story)")
    #expect(last.status == .resolved && !world.isFlapping)
    #expect(world.tellings.allSatisfy { $0.incident.links.contains(link) }, "\(world.story)")
  }
}

extension World {
  fileprivate var isFlapping: Bool { engine.isFlapping(0) }
}
