import Engine
import Model
import Wire

/// How many links are in each state, and bear each mark.
package struct StateCounts: Sendable {
  private var planned = 0
  private var notConnected = 0
  private var up = 0
  private var degraded = 0
  private var down = 0
  private var unknown = 0
  package private(set) var total = 0
  package private(set) var paused = 0
  package private(set) var overdue = 0
  /// Those in a maintenance window that are down, degraded or unknown.
  private var inMaintenance = 0
  private var downInMaintenance = 0
  private var degradedInMaintenance = 0

  package init() {}

  package mutating func add(
    _ state: LinkState, isPaused: Bool, isOverdue: Bool, isInMaintenance: Bool = false
  ) {
    if isInMaintenance, !isPaused {
      switch state {
      case .down:
        inMaintenance += 1
        downInMaintenance += 1
      case .degraded:
        inMaintenance += 1
        degradedInMaintenance += 1
      case .unknown: inMaintenance += 1
      case .up, .planned, .notConnected: break
      }
    }
    switch state {
    case .planned: planned += 1
    case .notConnected: notConnected += 1
    case .up: up += 1
    case .degraded: degraded += 1
    case .down: down += 1
    case .unknown: unknown += 1
    }
    total += 1
    if isPaused { paused += 1 }
    if isOverdue { overdue += 1 }
  }

  /// Those in maintenance that are not up, and how many of them are down and degraded; the rest is unknown.
  fileprivate func writeMaintenance(to writer: inout JSONWriter) {
    writer.member("maintenance", inMaintenance)
    writer.member("maintenanceDown", downInMaintenance)
    writer.member("maintenanceDegraded", degradedInMaintenance)
  }

  package subscript(state: LinkState) -> Int {
    switch state {
    case .planned: planned
    case .notConnected: notConnected
    case .up: up
    case .degraded: degraded
    case .down: down
    case .unknown: unknown
    }
  }
}

extension JSONWriter {
  /// The counts of links by state, with every state and mark named.
  package mutating func counts(_ counts: StateCounts) {
    beginObject()
    member("total", counts.total)
    for state in LinkState.allCases { member(state.rawValue, counts[state]) }
    member("paused", counts.paused)
    member("overdue", counts.overdue)
    counts.writeMaintenance(to: &self)
    endObject()
  }
}
