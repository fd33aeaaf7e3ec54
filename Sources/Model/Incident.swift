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
  /// Nothing of links: the monitor's own clock is not synchronised.
  case clock
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

/// What the links of an incident have in common, by name, so that it can be found again after a start
/// or under another catalogue.
package struct IncidentSubject: Sendable, Hashable {
  /// `failing`, `degraded` or `overdue`.
  package var layer: String
  /// `link` for a single one, else `service`, `system`, `owner`, `province`, `hop`, `vendor` or
  /// `everything`.
  package var axis: String
  /// The system's, province's or other thing's id; of a single link the link's.
  package var name: String
  /// The way of failing that makes a part of a system; nil for whole groups and single links.
  package var manner: String?

  package init(layer: String, axis: String, name: String, manner: String? = nil) {
    self.layer = layer
    self.axis = axis
    self.name = name
    self.manner = manner
  }
}

/// Whose side an incident is suspected to be on, how sure that is, and why.
package struct SuspectedSide: Sendable, Hashable {
  /// `consumer`, `hop`, `provider`, `network`, `resolver`, `certificateAuthority`, `us` or
  /// `cannotTell`.
  package var side: String
  /// The hop, where that is suspected.
  package var hop: LinkID?
  /// `low`, `medium` or `high`.
  package var confidence: String
  /// Short sentences, safe to print.
  package var reasons: [String]
  /// When it was suspected last with all the links that spoke for it, where some of them have recovered
  /// since; nil while it is made of what fails now.
  package var asOf: WallTime?

  package init(
    side: String, hop: LinkID? = nil, confidence: String, reasons: [String], asOf: WallTime? = nil
  ) {
    self.side = side
    self.hop = hop
    self.confidence = confidence
    self.reasons = reasons
    self.asOf = asOf
  }
}

/// Something that happened to an incident, in words that are safe to print.
package struct TimelineEntry: Sendable, Hashable {
  package var time: WallTime
  package var text: String

  package init(time: WallTime, text: String) {
    self.time = time
    self.text = text
  }
}

/// A link that belongs to an incident, or belonged to it.
package struct IncidentMember: Sendable, Hashable {
  package var link: LinkID
  /// When it joined, for the first time.
  package var joinedAt: WallTime
  /// When it left, for the last time; nil while it belongs to the incident.
  package var leftAt: WallTime?
  /// How many times it has joined.
  package var times = 1

  package init(link: LinkID, joinedAt: WallTime, leftAt: WallTime? = nil, times: Int = 1) {
    self.link = link
    self.joinedAt = joinedAt
    self.leftAt = leftAt
    self.times = times
  }
}

/// Who has taken an incident up.
package struct Acknowledgement: Sendable, Hashable {
  /// The user as the kernel names the peer of the control socket.
  package var by: String
  package var note: String
  package var time: WallTime

  package init(by: String, note: String, time: WallTime) {
    self.by = by
    self.note = note
    self.time = time
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
  /// Of its links, the first ``Limits/incidentConditions`` of them.
  package var conditions: [Condition]
  package var openedAt: WallTime
  package var updatedAt: WallTime
  package var resolvedAt: WallTime?
  /// Nil for news, and in records of earlier versions: then it is the link's.
  package var subject: IncidentSubject?
  /// Nil while there is none, and for news.
  package var suspicion: SuspectedSide?
  package var acknowledgement: Acknowledgement?
  /// Oldest first; of a long one the beginning and the end.
  package var timeline: [TimelineEntry] = []
  /// The first version that receivers are told of: 1, or a later one where telling waited for the
  /// pattern to show; nil for one that has not been told, and that nobody is told of if it ends first.
  package var firstToldSequence: Int? = 1
  /// The incident that goes on in its place, where it ended by becoming a part of another.
  package var absorbedBy: String?

  /// Every link that it has or had, in the order of joining, the first ``Limits/incidentMembers`` of them.
  /// Empty in records of earlier versions, and for news.
  package var members: [IncidentMember] = []
  /// How many joined that are not listed any more; one of them that comes again counts again.
  package var unlistedMembers = 0
  /// How many times it began again soon after its end, and when it did so last.
  package var reopenedCount = 0
  package var reopenedAt: WallTime?
  /// For how long it was open before that, without the time in which it was over.
  package var earlierOpen = TimeAmount.zero
  /// Something keeps quiet what is different from the version that receivers were told last.
  package var hasHeldChanges = false
  /// Links of it have recovered since the last one joined: what is left of it keeps its name. Nil in records
  /// of earlier versions, at its end, and for news.
  package var isRecovering: Bool?

  /// When it began, this time.
  package var begunAt: WallTime { reopenedAt ?? openedAt }

  /// For how long it has been open until a time, this time and before. In whole milliseconds, as records
  /// hold their times: it is the same again when it is read back.
  package func openFor(until time: WallTime) -> TimeAmount {
    earlierOpen + max(.zero, .milliseconds(time.milliseconds - begunAt.milliseconds))
  }

  /// Whether receivers have been told of it, or are by this version.
  package var isTold: Bool { firstToldSequence != nil }

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
