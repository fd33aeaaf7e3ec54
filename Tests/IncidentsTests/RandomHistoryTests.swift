import Base
import Incidents
import Model
import Testing

private func place(_ service: Int, _ province: Int) -> LinkPlace {
  LinkPlace(
    id: LinkID(service: "s\(service)", consumer: "p\(province)"), system: "y\(service / 2)",
    owner: "o\(service / 4)", province: "p\(province)", vendor: "v\(province % 3)",
    hops: service == 0 ? [] : [LinkID(service: "s0", consumer: "p\(province)")])
}

/// A small world, and faults that come and go as whole groups and as points.
struct RandomWorld {
  var matrix: Matrix
  var generator: SeededGenerator

  init(seed: UInt64, services: Int = 8, provinces: Int = 9) {
    generator = SeededGenerator(seed: seed)
    matrix = Matrix((0..<services * provinces).map { place($0 % services, $0 / services) })
    for link in 0..<matrix.count { matrix.set(Int32(link), .up) }
  }

  mutating func change() {
    let states: [CellState] = [
      .failing, .failing, .failing, .up, .up, .up, .degraded, .unknown, .overdue, .excluded,
    ]
    let signs: [FailureSign] = [.serverError, .connectTimedOut, .certificateExpired]
    let state = states[Int(generator.below(UInt64(states.count)))]
    let sign = signs[Int(generator.below(3))]
    if generator.below(3) == 0 {
      let group = Int32(generator.below(UInt64(matrix.groups.count)))
      for link in 0..<Int32(matrix.count) where matrix.groups(of: link).contains(group) {
        if generator.below(10) > 0 { matrix.set(link, state, sign: sign) }
      }
    } else {
      matrix.set(Int32(generator.below(UInt64(matrix.count))), state, sign: sign)
    }
  }

  mutating func canaries() -> Canaries {
    switch generator.below(12) {
    case 0: Canaries(answering: 0, failing: 2)
    case 1...4: Canaries(answering: 2, failing: 0)
    default: .none
    }
  }
}

@Suite("Random histories")
struct RandomHistoryTests {
  @Test("Each bad link has an incident, each incident a link that is not well", arguments: 0..<50)
  func noneWithout(seed: Int) {
    var world = RandomWorld(seed: UInt64(seed))
    var tracker = IncidentTracker()
    for step in 0..<120 {
      world.change()
      let canaries = world.canaries()
      let patterns = explain(world.matrix, canaries: canaries)
      _ = tracker.take(patterns, world.matrix, canaries: canaries, at: second(step * 7))
      let isBlind = tracker.open.contains { $0.isVantage }
      // While blindness lasts no link is accused that shows nothing new.
      let wrong = (0..<Int32(world.matrix.count)).filter { link in
        let state = world.matrix.states[Int(link)]
        let hasIncident = tracker.incident(of: link) != nil
        if Layer(state) != nil { return !hasIncident && !isBlind }
        return hasIncident && !isBlind && state != .unknown
      }
      #expect(wrong.isEmpty, "seed \(seed), step \(step)")
      for incident in tracker.open where !isBlind {
        #expect(
          incident.links.allSatisfy { link in
            let state = world.matrix.states[Int(link)]
            return Layer(state) != nil || state == .unknown
          }, "seed \(seed), step \(step): \(incident)")
        #expect(!incident.links.isEmpty)
      }
      let members = tracker.open.filter { !$0.isVantage }.flatMap(\.links)
      #expect(Set(members).count == members.count, "seed \(seed), step \(step): twice")
    }
  }

  @Test("Every raise has its clear, and none is told out of turn", arguments: 0..<50)
  func cleared(seed: Int) {
    var world = RandomWorld(seed: UInt64(seed))
    var tracker = IncidentTracker()
    var told: Set<Int> = []
    func read(_ actions: [TrackerAction]) {
      for case .tell(let id, let telling) in actions {
        switch telling {
        case .opened: #expect(told.insert(id).inserted, "seed \(seed): \(id) opened twice")
        case .changed: #expect(told.contains(id), "seed \(seed): \(id) changed untold")
        case .resolved, .absorbed:
          #expect(told.remove(id) != nil, "seed \(seed): \(id) cleared untold")
        }
      }
    }
    for step in 0..<120 {
      world.change()
      let canaries = world.canaries()
      let patterns = explain(world.matrix, canaries: canaries)
      read(tracker.take(patterns, world.matrix, canaries: canaries, at: second(step * 7)))
      #expect(told == Set(tracker.open.filter(\.isTold).map(\.id)))
    }
    for link in 0..<world.matrix.count { world.matrix.set(Int32(link), .up) }
    read(tracker.take(explain(world.matrix), world.matrix, at: second(10_000)))
    #expect(told.isEmpty && tracker.open.isEmpty)
  }

  @Test("The same history gives the same actions", arguments: 0..<10)
  func same(seed: Int) {
    func run() -> [[TrackerAction]] {
      var world = RandomWorld(seed: UInt64(seed))
      var tracker = IncidentTracker()
      return (0..<100).map { step in
        world.change()
        let canaries = world.canaries()
        return tracker.take(
          explain(world.matrix, canaries: canaries), world.matrix, canaries: canaries,
          at: second(step))
      }
    }
    #expect(run() == run())
  }

  @Test("Counts that were kept give what a new matrix gives", arguments: 0..<20)
  func kept(seed: Int) {
    var world = RandomWorld(seed: UInt64(seed))
    for _ in 0..<30 {
      world.change()
      var fresh = Matrix(world.matrix.places)
      for link in 0..<Int32(fresh.count) {
        fresh.set(link, world.matrix.states[Int(link)], sign: world.matrix.signs[Int(link)])
      }
      #expect(fresh.counts == world.matrix.counts)
      #expect(explain(fresh) == explain(world.matrix))
    }
  }

  @Test("The order in which links are loaded does not show", arguments: 0..<20)
  func loading(seed: Int) {
    var world = RandomWorld(seed: UInt64(seed))
    for _ in 0..<40 { world.change() }
    var order = Array(world.matrix.places.indices)
    for place in order.indices.reversed() {
      order.swapAt(place, Int(world.generator.below(UInt64(place + 1))))
    }
    var other = Matrix(order.map { world.matrix.places[$0] })
    for (new, old) in order.enumerated() {
      other.set(Int32(new), world.matrix.states[old], sign: world.matrix.signs[old])
    }
    func named(_ matrix: Matrix) -> [String] {
      explain(matrix).map { pattern in
        name(of: pattern, in: matrix).prefix { $0 != ":" }
          + pattern.allLinks.map { matrix.places[Int($0)].id.description }.sorted().joined()
      }.sorted()
    }
    #expect(named(other) == named(world.matrix))
  }

  private func second(_ count: Int) -> Instant {
    Instant(nanoseconds: 0) + .seconds(Int64(count))
  }
}
