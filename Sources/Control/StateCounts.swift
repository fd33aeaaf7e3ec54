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

  package init() {}

  package mutating func add(_ state: LinkState, isPaused: Bool, isOverdue: Bool) {
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
    endObject()
  }
}
