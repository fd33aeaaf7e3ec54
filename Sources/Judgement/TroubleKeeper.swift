import Base
import Model

/// The raised rules of one probe of a link, as the keeper takes them.
package struct ProbeFindings: Sendable {
  package var probe: String
  package var isRequired: Bool
  package var raised: [RaisedRule]
  /// The probe's interval: a hop that begins to fail within it of a rule was failing already.
  package var every: TimeAmount

  package init(
    probe: String, isRequired: Bool, raised: [RaisedRule], every: TimeAmount = .zero
  ) {
    self.probe = probe
    self.isRequired = isRequired
    self.raised = raised
    self.every = every
  }
}

/// All that bears on a link's incident, as the keeper takes it.
package struct LinkFindings: Sendable {
  package var probes: [ProbeFindings]
  /// Raised for the link as a whole.
  package var overdue: RaisedRule?
  package var failingHops: [FailingHop]
  /// Why an incident ends when nothing is raised any more.
  package var endReason: String

  package init(
    probes: [ProbeFindings], overdue: RaisedRule? = nil, failingHops: [FailingHop] = [],
    endReason: String = "recovered"
  ) {
    self.probes = probes
    self.overdue = overdue
    self.failingHops = failingHops
    self.endReason = endReason
  }

  var isDown: Bool {
    probes.contains { probe in
      probe.isRequired && probe.raised.contains { $0.rule == .failures }
    }
  }

  func conditions(of link: LinkID, formerly: [Condition]) -> [Condition] {
    var conditions = probes.flatMap { probe in
      probe.raised.map { rule in
        var condition = Condition(link, probe.probe, rule)
        let former = formerly.first { $0.probe == probe.probe && $0.rule == rule.rule }
        condition.name(failingHops, formerly: former?.hops ?? [], grace: probe.every)
        return condition
      }
    }
    if let overdue { conditions.append(Condition(link, "", overdue)) }
    return conditions
  }
}

extension Condition {
  fileprivate init(_ link: LinkID, _ probe: String, _ rule: RaisedRule) {
    self.init(
      link: link, probe: probe, rule: rule.rule, evidence: rule.evidence, cause: rule.cause,
      causeDetail: rule.causeDetail, since: rule.since)
  }
}

/// What is wrong with a link, in the conditions that say so.
package struct LinkTrouble: Sendable, Hashable {
  /// `critical` if a required probe is failing.
  package var severity: Severity
  package var conditions: [Condition]
  package var since: WallTime

  package init(severity: Severity, conditions: [Condition], since: WallTime) {
    self.severity = severity
    self.conditions = conditions
    self.since = since
  }

  /// Whether the link is not connected yet and should be, and nothing else.
  package var isOverdue: Bool { conditions.allSatisfy { $0.rule == .overdue } }

  /// The condition that tells most.
  package var first: Condition? { conditions.first { $0.rule == .failures } ?? conditions.first }

  /// What of the conditions is worth a message when it changes; not their figures.
  package var meaning: [[String]] {
    conditions.map { condition in
      [condition.probe, condition.rule.rawValue, condition.cause, condition.causeDetail]
        + condition.hops.map(\.description)
    }
  }
}

/// What new findings come to.
package enum TroubleChange: Sendable, Hashable {
  case began
  /// Its conditions or its severity are others now, be it in their figures alone.
  case changed
  /// Nothing is raised any more; why, where that is no recovery.
  case ended(reason: String)
}

/// Keeps of each link whose rules are raised the conditions, from the first that is raised to the last
/// that clears.
package struct TroubleKeeper: Sendable {
  private var byLink: [LinkID: LinkTrouble] = [:]

  package init() {}

  package var count: Int { byLink.count }
  package subscript(link: LinkID) -> LinkTrouble? { byLink[link] }

  /// Takes over what was wrong with a link when the daemon last stopped.
  package mutating func restore(_ link: LinkID, _ trouble: LinkTrouble) { byLink[link] = trouble }

  /// Nil where the findings say what they said before.
  package mutating func update(
    _ link: LinkID, findings: LinkFindings, at time: WallTime
  ) -> TroubleChange? {
    let former = byLink[link]
    let conditions = findings.conditions(of: link, formerly: former?.conditions ?? [])
    let severity = findings.isDown ? Severity.critical : .warning
    guard var trouble = former else {
      guard !conditions.isEmpty else { return nil }
      byLink[link] = LinkTrouble(severity: severity, conditions: conditions, since: time)
      return .began
    }
    guard !conditions.isEmpty else {
      byLink[link] = nil
      return .ended(reason: findings.endReason)
    }
    guard trouble.conditions != conditions || trouble.severity != severity else { return nil }
    trouble.conditions = conditions
    trouble.severity = severity
    byLink[link] = trouble
    return .changed
  }

  /// Forgets a link that is no longer watched.
  package mutating func drop(_ link: LinkID) { byLink[link] = nil }
}

/// An id for an incident: `inc-` and 20 characters of the generator's.
package func incidentID(_ generator: inout SeededGenerator) -> String {
  let letters = Array("0123456789abcdefghjkmnpqrstvwxyz")
  var text = "inc-"
  for _ in 0..<20 { text.append(letters[Int(generator.below(32))]) }
  return text
}

/// A length of time in words for people: `4m 10s`.
package func printableLength(_ amount: TimeAmount) -> String {
  let seconds = max(0, amount.nanoseconds / 1_000_000_000)
  if seconds < 60 { return "\(seconds)s" }
  if seconds < 3_600 { return "\(seconds / 60)m \(seconds % 60)s" }
  if seconds < 86_400 { return "\(seconds / 3_600)h \(seconds / 60 % 60)m" }
  return "\(seconds / 86_400)d \(seconds / 3_600 % 24)h"
}
