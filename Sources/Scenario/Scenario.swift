import Base
import Model

/// A situation as a world to simulate and as the answers that a monitor should come to. Read from a
/// scenario file; the format is described in `deploy/docs/scenario.md`.
package struct Scenario: Sendable {
  package var services: [ScenarioService] = []
  package var incidents: [ExpectedIncident] = []
  package var register: ExpectedRegister?

  package init() {}

  package func service(named name: String) -> ScenarioService? {
    services.first { $0.name == name }
  }

  /// The expected state of every link, service by service and province by province as written.
  /// With `services` only those, in the order asked for; names that are not there add nothing.
  package func expectedStates(of services: [String]? = nil) -> [(link: LinkID, state: LinkState)] {
    let chosen = services.map { $0.compactMap(service(named:)) } ?? self.services
    return chosen.flatMap { service in
      service.links.map { (LinkID(service: service.name, consumer: $0.consumer), $0.state) }
    }
  }

  /// Whether a monitor has something to alert: a link that is not up, although it is connected or
  /// should be by now. One that nobody has connected yet is not wrong.
  package func isWrong(_ link: LinkID, _ state: LinkState) -> Bool {
    switch state {
    case .up: false
    case .planned, .notConnected: service(named: link.service)?.isOverdue ?? false
    case .degraded, .down, .unknown: true
    }
  }
}

/// One service of a system, for all of its consumers.
package struct ScenarioService: Sendable {
  package var name: String
  package var system: String
  package var owner: String
  package var links: [ScenarioLink]
  /// What a healthy answer says, and under which key.
  package var style: AnswerStyle
  /// How long every answer takes before any fault; none when nil.
  package var delay: Delay?
  /// What goes wrong and from when on; the first begins at zero, times rise.
  package var phases: [FaultPhase]

  /// The day by which the connection was planned, such as `2025-12-31`.
  package var planned: String?
  package var isOverdue = false
  /// What the register says of it.
  package var problem: String?

  package init(
    name: String, system: String, owner: String, links: [ScenarioLink], style: AnswerStyle,
    delay: Delay? = nil, phases: [FaultPhase] = [FaultPhase(at: .zero, rules: [])]
  ) {
    self.name = name
    self.system = system
    self.owner = owner
    self.links = links
    self.style = style
    self.delay = delay
    self.phases = phases
  }
}

package struct ScenarioLink: Sendable, Hashable {
  package var consumer: String
  /// What a monitor should make of it.
  package var state: LinkState
  /// From when on there is an endpoint; nil for never.
  package var connectedAt: TimeAmount?

  package init(consumer: String, state: LinkState, connectedAt: TimeAmount? = .zero) {
    self.consumer = consumer
    self.state = state
    self.connectedAt = connectedAt
  }
}

/// The rules of a service from one moment on, until the next phase; of several that strike a link,
/// the first holds.
package struct FaultPhase: Sendable, Hashable {
  package var at: TimeAmount
  package var rules: [FaultRule]

  package init(at: TimeAmount, rules: [FaultRule]) {
    self.at = at
    self.rules = rules
  }
}

/// An incident that grouping must arrive at.
package struct ExpectedIncident: Sendable, Hashable {
  package enum Links: Sendable, Hashable {
    case count(Int)
    /// Exactly the links of these consumers.
    case consumers([String])
  }

  package var pattern: String
  package var service: String?
  package var system: String?
  package var links: Links?
  package var cause: String?
  package var side: String?
}

/// The figures that the register of problems must show.
package struct ExpectedRegister: Sendable, Hashable {
  package var recorded: Int
  package var open: Int
  package var resolvedNotItemised: Int
  /// Open problems by owner, in the order of the file.
  package var openByOwner: [OwnerCount]

  package struct OwnerCount: Sendable, Hashable {
    package var owner: String
    package var count: Int
  }
}
