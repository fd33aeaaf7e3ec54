import Base
import Model

/// Where a link stands on its way from a promise to a working connection.
package struct LifeCycle: Sendable, Hashable {
  package enum Stage: String, Sendable, Hashable, CaseIterable {
    /// Nobody promised anything: the link is expected to work.
    case unplanned
    /// Promised for a day that has not ended.
    case planned
    /// Promised, and its day has ended.
    case overdue
    /// Has come about; from then on the link is judged like any other.
    case connected
  }

  package var planned: PlannedConnection?
  package var connectedAt: WallTime?

  package init(planned: PlannedConnection?, connectedAt: WallTime?) {
    self.planned = planned
    self.connectedAt = connectedAt
  }

  package func stage(at time: WallTime) -> Stage {
    if connectedAt != nil { return .connected }
    guard let planned else { return .unplanned }
    return planned.isOverdue(at: time) ? .overdue : .planned
  }

  /// Whether the link is still waited for: its probes run, and their rules raise nothing.
  package var isQuiet: Bool { planned != nil && connectedAt == nil }

  /// Days since the planned one, counted on while nothing connects; 0 when not overdue.
  package func daysOverdue(at time: WallTime) -> Int {
    isQuiet ? planned?.daysOverdue(at: time) ?? 0 : 0
  }

  /// What an overdue connection adds to its link's incident; its days are those at the telling.
  package func overdueRule(at time: WallTime) -> RaisedRule? {
    guard isQuiet, let planned, planned.isOverdue(at: time) else { return nil }
    return RaisedRule(
      rule: .overdue, since: planned.endsAt,
      evidence: "planned for \(planned.date), \(days(planned.daysOverdue(at: time))) overdue",
      cause: "overdue")
  }
}

/// The news that a planned connection has come about: an incident that is over when it is told. Its id
/// is made of the link and the day, so that a daemon that forgot the telling in a crash tells it again
/// under the same id, and receivers know it.
package func connectionNotice(
  of link: LinkID, name: LocalizedName, _ planned: PlannedConnection, at time: WallTime
) -> Incident {
  let late = planned.daysOverdue(at: time)
  let summary =
    "\(link) is connected: \(planned.successes) right attempts in a row; planned for "
    + planned.date + (late > 0 ? ", \(days(late)) late" : "") + " (\(name.en))"
  var generator = SeededGenerator(seed: stableHash("connected \(link) \(planned.date)"))
  return Incident(
    id: incidentID(&generator), sequence: 1, pattern: .point, status: .resolved,
    severity: .notice, links: [link], summary: printable(summary, limit: 300), conditions: [],
    openedAt: time, updatedAt: time, resolvedAt: time)
}

private func days(_ count: Int) -> String { count == 1 ? "1 day" : "\(count) days" }
