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
  /// The link flaps: what was raised stays so until it is calm.
  package var flapping: RaisedRule?
  /// Why an incident ends when nothing is raised any more.
  package var endReason: String

  package init(
    probes: [ProbeFindings], overdue: RaisedRule? = nil, failingHops: [FailingHop] = [],
    flapping: RaisedRule? = nil, endReason: String = "recovered"
  ) {
    self.probes = probes
    self.overdue = overdue
    self.failingHops = failingHops
    self.flapping = flapping
    self.endReason = endReason
  }

  package var isDown: Bool {
    probes.contains { probe in
      probe.isRequired && probe.raised.contains { $0.rule == .failures }
    }
  }

  /// A probe that is not required makes nothing worse than a warning.
  var severity: Severity {
    let isCritical = probes.contains { probe in
      probe.isRequired && probe.raised.contains { $0.severity == .critical }
    }
    return isCritical ? .critical : .warning
  }

  /// How the link is by its rules: whether it is, or gets, better or worse is counted by this. Nil
  /// where they say nothing of that.
  package var verdict: LinkVerdict? {
    if isDown { return .down }
    let rules = probes.flatMap { $0.raised.map(\.rule) }
    if rules.isEmpty { return .well }
    return rules.allSatisfy { $0 == .noData } ? nil : .degraded
  }

  func conditions(of link: LinkID, formerly: [Condition]) -> [Condition] {
    let own = ownConditions(of: link, formerly: formerly)
    guard let flapping else { return own }
    // What comes and goes stays, as it was first told.
    var kept = formerly.filter { $0.rule != .flapping }
    for condition in own
    where !kept.contains(where: { $0.probe == condition.probe && $0.rule == condition.rule }) {
      kept.append(condition)
    }
    let told = formerly.first { $0.rule == .flapping }
    return [told ?? Condition(link, "", flapping)] + kept
  }

  private func ownConditions(of link: LinkID, formerly: [Condition]) -> [Condition] {
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

/// How a link is by its rules.
package enum LinkVerdict: UInt8, Sendable, Hashable {
  case well, degraded, down
}

/// What is wrong with a link, in the conditions that say so.
package struct LinkTrouble: Sendable, Hashable {
  /// That of the worst rule that is raised of a required probe.
  package var severity: Severity
  package var conditions: [Condition]
  package var since: WallTime
  /// Whether a required probe is failing.
  package var isDown: Bool

  /// `isDown`: nil where only the severity is known, as after a start.
  package init(
    severity: Severity, conditions: [Condition], since: WallTime, isDown: Bool? = nil
  ) {
    self.severity = severity
    self.conditions = conditions
    self.since = since
    self.isDown = isDown ?? (severity == .critical)
  }

  package var isFlapping: Bool { conditions.contains { $0.rule == .flapping } }

  /// Whether all that is wrong is that nothing has been recorded.
  package var isWithoutData: Bool { conditions.allSatisfy { $0.rule == .noData } }

  /// What the link is, in a word.
  package var word: String {
    if isOverdue { return "overdue" }
    if isFlapping { return "flapping" }
    return isDown ? "down" : isWithoutData ? "not measured" : "degraded"
  }

  package var verdict: LinkVerdict? {
    isDown ? .down : isWithoutData || isOverdue ? nil : .degraded
  }

  /// Whether the link is not connected yet and should be, and nothing else.
  package var isOverdue: Bool { conditions.allSatisfy { $0.rule == .overdue } }

  /// The condition that tells most.
  package var first: Condition? { firstPlace.map { conditions[$0] } }

  /// Its place among the conditions.
  package var firstPlace: Int? {
    conditions.firstIndex { $0.rule == .flapping }
      ?? conditions.firstIndex { $0.rule == .failures } ?? conditions.indices.first
  }

  /// What of the conditions is worth a message when it changes; not their figures. Of a link that flaps
  /// it is that alone.
  package var meaning: [[String]] {
    let telling = isFlapping ? conditions.filter { $0.rule == .flapping } : conditions
    return telling.map { condition in
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
    var severity = findings.severity
    var isDown = findings.isDown
    if findings.flapping != nil, let former {
      // The worst of what it goes back and forth between.
      severity = former.severity == .critical ? .critical : severity
      isDown = isDown || former.isDown
    }
    guard var trouble = former else {
      guard !conditions.isEmpty else { return nil }
      byLink[link] = LinkTrouble(
        severity: severity, conditions: conditions, since: time, isDown: isDown)
      return .began
    }
    guard !conditions.isEmpty else {
      byLink[link] = nil
      return .ended(reason: trouble.isFlapping ? calmReason(findings) : findings.endReason)
    }
    guard
      trouble.conditions != conditions || trouble.severity != severity || trouble.isDown != isDown
    else { return nil }
    trouble.conditions = conditions
    trouble.severity = severity
    trouble.isDown = isDown
    byLink[link] = trouble
    return .changed
  }

  private func calmReason(_ findings: LinkFindings) -> String {
    findings.endReason == "recovered" ? "is calm and well" : findings.endReason
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
