import Base

/// A connection that has been promised for a day. Until it has shown itself the link is probed
/// quietly: planned up to and including the day, overdue and not connected from the next day on.
package struct PlannedConnection: Sendable, Hashable {
  /// The day as it was written: `2025-12-31`.
  package var date: String
  /// When the day ends, in the time zone of the catalogue.
  package var endsAt: WallTime
  /// So many attempts in a row must succeed before the link counts as connected.
  package var successes: Int

  package init(date: String, endsAt: WallTime, successes: Int = Limits.plannedSuccesses) {
    self.date = date
    self.endsAt = endsAt
    self.successes = successes
  }

  package func isOverdue(at time: WallTime) -> Bool { time >= endsAt }

  /// Whole days since the planned day, 1 on the day after it; 0 when not overdue.
  package func daysOverdue(at time: WallTime) -> Int {
    guard isOverdue(at: time) else { return 0 }
    return Int((time - endsAt).nanoseconds / TimeAmount.hours(24).nanoseconds) + 1
  }
}
