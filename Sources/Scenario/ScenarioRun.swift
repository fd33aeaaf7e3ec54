import Base
import Model

/// A scenario while it runs: which rule holds for each link, and how many requests it has had.
package struct ScenarioRun {
  private let services: [ScenarioService]
  private let start: Instant
  private let speed: Double
  private var links: [LinkRun] = []
  private var places: [LinkID: Int] = [:]

  /// `speed` makes the scenario's clock run that many times as fast: changes come earlier and delays
  /// are shorter.
  package init(_ scenario: Scenario, seed: UInt64, speed: Double = 1, start: Instant) {
    services = scenario.services
    self.start = start
    self.speed = speed
    for (index, service) in services.enumerated() {
      for link in service.links {
        let id = LinkID(service: service.name, consumer: link.consumer)
        places[id] = links.count
        links.append(LinkRun(id: id, link: link, service: index, seed: seed))
      }
    }
  }

  /// The reply to a request for a link; nil when there is no such link.
  package mutating func reply(
    to request: SimulatedRequest, for id: LinkID, at now: Instant
  ) -> Reply? {
    guard let place = places[id] else { return nil }
    let service = services[links[place].service]
    let elapsed = (now - start).shown(atSpeed: speed)
    var reply = links[place].reply(to: request, of: service, at: elapsed)
    if speed != 1 { reply.delay = reply.delay.atSpeed(speed) }
    return reply
  }

  // MARK: Changes at run time

  /// The consumers of a service; nil when there is no such service.
  package func consumers(of service: String) -> [String]? {
    services.first { $0.name == service }?.links.map(\.consumer)
  }

  /// Puts rules in place of what the scenario says, for one consumer or (nil) all of a service's;
  /// no rules make the link healthy, even one that was not connected. Gives the number of links.
  @discardableResult
  package mutating func set(_ rules: [FaultRule], service: String, consumer: String?) -> Int {
    replace(with: rules, service: service, consumer: consumer)
  }

  /// Goes back to what the scenario says, for one link, one service or all. Gives the number of
  /// links.
  @discardableResult
  package mutating func clear(service: String? = nil, consumer: String? = nil) -> Int {
    replace(with: nil, service: service, consumer: consumer)
  }

  private mutating func replace(
    with rules: [FaultRule]?, service: String?, consumer: String?
  ) -> Int {
    var count = 0
    for index in links.indices {
      let id = links[index].id
      guard service == nil || service == id.service, consumer == nil || consumer == id.consumer
      else { continue }
      links[index].override = rules
      count += 1
    }
    return count
  }

  // MARK: Counts

  package struct Count: Sendable, Hashable {
    package var link: LinkID
    package var requests: Int
    /// Those answered with a fault; a delay alone is none.
    package var faults: Int
  }

  /// The requests of every link so far, in the order of the scenario.
  package var counts: [Count] {
    links.map { Count(link: $0.id, requests: $0.requests, faults: $0.faults) }
  }
}

/// One link of the run.
private struct LinkRun {
  let id: LinkID
  let link: ScenarioLink
  /// The service's index in the scenario.
  let service: Int
  let phaseOfSpread: UInt64
  var override: [FaultRule]? { didSet { isSettled = false } }
  var requests = 0
  var faults = 0

  private var generator: SeededGenerator
  private var rule: FaultRule?
  private var picker: FaultPicker
  /// The phase that ``rule`` was taken from.
  private var phase = 0
  private var isConnected = false
  private var isSettled = false
  /// The bytes of the answer that is given most often, made once.
  private var healthyBytes: [UInt8] = []

  init(id: LinkID, link: ScenarioLink, service: Int, seed: UInt64) {
    self.id = id
    self.link = link
    self.service = service
    let hash = stableHash(id.description)
    phaseOfSpread = hash
    generator = SeededGenerator(seed: seed ^ hash)
    picker = FaultPicker(rate: .always, spread: .even, phase: hash)
  }

  mutating func reply(
    to request: SimulatedRequest, of service: ScenarioService, at elapsed: TimeAmount
  ) -> Reply {
    settle(service, at: elapsed)
    requests += 1
    var turn = Turn()
    if let rule { turn = picker.next(&generator) ? rule.turn : rule.otherwise }
    if turn.fault != nil { faults += 1 }
    var reply = answer(to: request, fault: turn.fault, style: service.style)
    for delay in [service.delay, turn.delay] {
      if let delay { reply.delay = reply.delay + delay.draw(&generator) }
    }
    return reply
  }

  /// Takes over the rule that holds now, if it is another than before.
  private mutating func settle(_ service: ScenarioService, at elapsed: TimeAmount) {
    let before = phase
    while phase + 1 < service.phases.count, service.phases[phase + 1].at <= elapsed { phase += 1 }
    let isConnected = link.connectedAt.map { $0 <= elapsed } ?? false
    if isSettled, phase == before, isConnected == self.isConnected { return }
    isSettled = true
    self.isConnected = isConnected
    let rules = override ?? (isConnected ? service.phases[phase].rules : [.absent])
    let next = rules.first { $0.strikes(link.consumer) }
    guard next != rule else { return }
    rule = next
    if let next {
      picker = FaultPicker(rate: next.rate, spread: next.spread, phase: phaseOfSpread)
    }
  }

  private mutating func answer(
    to request: SimulatedRequest, fault: Fault?, style: AnswerStyle
  ) -> Reply {
    let isUsual = fault == nil && request.keepAlive && !request.isHead
    if isUsual, !healthyBytes.isEmpty { return Reply(bytes: healthyBytes, ending: .next) }
    let context = AnswerContext(style: style, unit: link.consumer, request: request)
    guard let fault else {
      let reply = context.healthy
      if isUsual { healthyBytes = reply.bytes }
      return reply
    }
    return context.faulty(fault)
  }
}
