import Base

/// How bad an incident is: `critical` when a link is down, `warning` when it is degraded, `notice` for
/// news that asks nothing of anybody and is over when it is told.
package enum Severity: String, Sendable, Hashable, CaseIterable {
  case notice
  case warning
  case critical
}

/// What the failing links of an incident have in common. Raw values are stable names.
package enum IncidentPattern: String, Sendable, Hashable, CaseIterable {
  case point
  case province
  case system
  case owner
  case route
  case vendor
  case vantage
}

/// Where an incident stands.
package enum IncidentStatus: String, Sendable, Hashable, CaseIterable {
  case open
  case acknowledged
  case resolved
}

/// One threshold that is crossed, and the evidence for it.
package struct Condition: Sendable, Hashable {
  package var link: LinkID
  /// Empty for a rule of the link as a whole.
  package var probe: String
  package var rule: RuleKind
  /// The evidence in words, safe to print: `4 of the last 5 attempts failed: HTTP status 500`.
  package var evidence: String
  /// The name of the outcome that was last seen failing, such as `http.status`; `slow` for latency.
  package var cause: String
  /// The outcome's detail, such as the status 503 or the application code 108; empty without one. It
  /// may hold bytes from the other side: show it only through `printable`.
  package var causeDetail: String
  package var since: WallTime
  /// The links on the route that were failing when this one began to, or within an interval of it.
  package var hops: [LinkID]

  package init(
    link: LinkID, probe: String, rule: RuleKind, evidence: String, cause: String,
    causeDetail: String = "", since: WallTime, hops: [LinkID] = []
  ) {
    self.link = link
    self.probe = probe
    self.rule = rule
    self.evidence = evidence
    self.cause = cause
    self.causeDetail = causeDetail
    self.since = since
    self.hops = hops
  }
}

/// One cause, from its first alert to its end. A value: each change makes a new version with the
/// next sequence number.
package struct Incident: Sendable, Hashable {
  /// `inc-` and 20 characters that do not change over the incident's life.
  package var id: String
  /// 1 for the opening, then one more for each change told; receivers order and deduplicate by it.
  package var sequence: Int
  package var pattern: IncidentPattern
  package var status: IncidentStatus
  package var severity: Severity
  package var links: [LinkID]
  /// One line for a phone's screen, safe to print.
  package var summary: String
  package var conditions: [Condition]
  package var openedAt: WallTime
  package var updatedAt: WallTime
  package var resolvedAt: WallTime?

  package init(
    id: String, sequence: Int, pattern: IncidentPattern, status: IncidentStatus,
    severity: Severity, links: [LinkID], summary: String, conditions: [Condition],
    openedAt: WallTime, updatedAt: WallTime, resolvedAt: WallTime? = nil
  ) {
    self.id = id
    self.sequence = sequence
    self.pattern = pattern
    self.status = status
    self.severity = severity
    self.links = links
    self.summary = summary
    self.conditions = conditions
    self.openedAt = openedAt
    self.updatedAt = updatedAt
    self.resolvedAt = resolvedAt
  }
}
