import Base
import Model

/// Announced work on links: what happens to them meanwhile is measured and marked, and not told.
package struct MaintenanceWindow: Sendable, Hashable {
  package enum Times: Sendable, Hashable {
    case once(from: WallTime, to: WallTime)
    case recurring(Recurrence)
  }

  package var id: String
  package var links: LinkSelector
  package var times: Times
  /// The day on which those concerned were told of it.
  package var announced: CivilDay
  /// How many working days ahead it has to be announced; nil for what holds for its systems.
  package var noticeWorkingDays: Int?
  package var reason: String
  /// Who entered it; empty for one that is written in a file.
  package var by: String
  /// When it was entered; nil for one that is written in a file.
  package var created: WallTime?
  /// When somebody ended it before its time.
  package var ended: WallTime?
  /// Where it is written; nil for one that was entered.
  package var location: SourceLocation?

  package init(
    id: String, links: LinkSelector, times: Times, announced: CivilDay,
    noticeWorkingDays: Int? = nil, reason: String, by: String = "", created: WallTime? = nil,
    location: SourceLocation? = nil
  ) {
    self.id = id
    self.links = links
    self.times = times
    self.announced = announced
    self.noticeWorkingDays = noticeWorkingDays
    self.reason = reason
    self.by = by
    self.created = created
    self.location = location
  }

  /// Until when work goes on at a moment; nil where none does.
  package func activeUntil(at time: WallTime) -> WallTime? {
    let end: WallTime?
    switch times {
    case .once(let from, let to): end = from <= time && time < to ? to : nil
    case .recurring(let recurrence): end = recurrence.end(at: time)
    }
    guard let end else { return nil }
    guard let ended else { return end }
    return time < ended ? min(end, ended) : nil
  }

  package func isActive(at time: WallTime) -> Bool { activeUntil(at: time) != nil }

  /// When work begins next after a moment; nil where it does not begin again.
  package func nextStart(after time: WallTime) -> WallTime? {
    let next: WallTime?
    switch times {
    case .once(let from, _): next = from > time ? from : nil
    case .recurring(let recurrence): next = recurrence.nextStart(after: time)
    }
    if let next, let ended, next >= ended { return nil }
    return next
  }

  /// When it is over for good; nil for one that comes again without an end.
  package var overAt: WallTime? {
    let end: WallTime?
    switch times {
    case .once(_, let to): end = to
    case .recurring(let recurrence): end = recurrence.lastEnd
    }
    guard let ended else { return end }
    return end.map { min($0, ended) } ?? ended
  }

  package func isOver(at time: WallTime) -> Bool { overAt.map { $0 <= time } ?? false }

  /// The first time that work began or begins: before it, it had to be announced.
  var firstStart: WallTime? {
    switch times {
    case .once(let from, _): from
    case .recurring(let recurrence):
      // One without a first day came to be when it was announced.
      recurrence.nextStart(
        after: (recurrence.first ?? announced).start(zone: recurrence.zone)
          - TimeAmount.nanoseconds(1))
    }
  }
}
