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

/// Turns raised rules into incidents: at most one open incident a link, opened by the first rule,
/// updated when what it says changes, resolved when no rule is raised any more.
package struct IncidentKeeper: Sendable {
  private var openByLink: [LinkID: Incident] = [:]
  private var generator: SeededGenerator

  /// `seed` makes the ids of this run different from those of any other.
  package init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  /// Open incidents, oldest first.
  package var open: [Incident] {
    openByLink.values.sorted { a, b in
      a.openedAt != b.openedAt ? a.openedAt < b.openedAt : a.id < b.id
    }
  }
  package var openCount: Int { openByLink.count }

  package func openIncident(of link: LinkID) -> Incident? { openByLink[link] }

  /// Takes over an incident that was open when the daemon last stopped.
  package mutating func restore(_ incident: Incident) {
    for link in incident.links { openByLink[link] = incident }
  }

  /// The same for a link whose probes are all that bears on it.
  package mutating func update(
    _ link: LinkID, name: LocalizedName, findings: [ProbeFindings], at time: WallTime
  ) -> Incident? {
    update(link, name: name, findings: LinkFindings(probes: findings), at: time)
  }

  /// What is to be told after the findings of a link have changed: nil when nothing is.
  package mutating func update(
    _ link: LinkID, name: LocalizedName, findings: LinkFindings, at time: WallTime
  ) -> Incident? {
    let conditions = findings.conditions(
      of: link, formerly: openByLink[link]?.conditions ?? [])
    let severity = findings.isDown ? Severity.critical : .warning
    guard var incident = openByLink[link] else {
      return conditions.isEmpty
        ? nil : opened(link, name: name, conditions, severity: severity, at: time)
    }
    if conditions.isEmpty {
      return resolved(incident, findings.endReason, name: name, at: time)
    }
    if incident.conditions.map(Self.meaning) == conditions.map(Self.meaning),
      incident.severity == severity
    {
      return nil
    }
    incident.sequence += 1
    incident.severity = severity
    incident.conditions = conditions
    incident.summary = summary(link, name: name, severity: severity, conditions)
    incident.updatedAt = time
    openByLink[link] = incident
    return incident
  }

  /// Ends the incident of a link that is no longer watched.
  package mutating func drop(_ link: LinkID, reason: String, at time: WallTime) -> Incident? {
    guard let incident = openByLink[link] else { return nil }
    return resolved(incident, reason, name: nil, at: time)
  }

  /// What of a condition is worth a message when it changes; not its figures.
  private static func meaning(_ condition: Condition) -> [String] {
    [condition.probe, condition.rule.rawValue, condition.cause, condition.causeDetail]
      + condition.hops.map(\.description)
  }

  private mutating func opened(
    _ link: LinkID, name: LocalizedName, _ conditions: [Condition], severity: Severity,
    at time: WallTime
  ) -> Incident {
    let incident = Incident(
      id: incidentID(&generator), sequence: 1, pattern: .point, status: .open, severity: severity,
      links: [link], summary: summary(link, name: name, severity: severity, conditions),
      conditions: conditions, openedAt: time, updatedAt: time)
    openByLink[link] = incident
    return incident
  }

  private mutating func resolved(
    _ incident: Incident, _ reason: String, name: LocalizedName?, at time: WallTime
  ) -> Incident {
    for link in incident.links { openByLink[link] = nil }
    var ended = incident
    ended.sequence += 1
    ended.status = .resolved
    ended.conditions = []
    let link = incident.links.first.map { "\($0)" } ?? ""
    let length = printableLength(time - incident.openedAt)
    ended.summary = printable(
      "\(link) \(reason) after \(length)" + (name.map { ": \($0.en)" } ?? ""), limit: 300)
    ended.updatedAt = time
    ended.resolvedAt = time
    return ended
  }

  private func summary(
    _ link: LinkID, name: LocalizedName, severity: Severity, _ conditions: [Condition]
  ) -> String {
    let first = conditions.first { $0.rule == .failures } ?? conditions[0]
    let isOverdue = conditions.allSatisfy { $0.rule == .overdue }
    let word = severity == .critical ? "down" : isOverdue ? "overdue" : "degraded"
    return printable("\(link) is \(word): \(first.evidence) (\(name.en))", limit: 300)
  }
}

/// An id for an incident: `inc-` and 20 characters of the generator's.
func incidentID(_ generator: inout SeededGenerator) -> String {
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
