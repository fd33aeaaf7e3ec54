import Base
import Incidents
import Model
import Quiet

/// Whether receivers have been told of an incident, and why not.
package enum TellingState: Sendable, Hashable {
  case told
  /// They have, of all that there is to tell; what comes of it from now on is kept quiet.
  case toldSilenced(Quieting)
  /// They have, and something keeps quiet what has changed since.
  case changesQuiet(Quieting)
  case quiet(Quieting)
  /// It waits for its pattern to show.
  case gathers(until: WallTime)
  /// The monitor may be blind, and says nothing of links.
  case blind
  /// It was taken over from an earlier run, and nothing has been seen of its links since.
  case unseen
  case endedUntold
}

extension Engine {
  /// How the telling of an incident stands.
  package func telling(of incident: Incident, at now: Now) -> TellingState {
    if incident.status == .resolved { return incident.isTold ? .told : .endedUntold }
    let quieting = quieting(of: incident, at: now)
    if incident.isTold {
      guard let quieting else { return .told }
      return incident.hasHeldChanges ? .changesQuiet(quieting) : .toldSilenced(quieting)
    }
    if let quieting { return .quiet(quieting) }
    // It is told at the next report.
    if incident.pattern == .clock { return .gathers(until: now.wall) }
    if isBlind, incident.pattern != .vantage { return .blind }
    guard let plan = casebook.telling(of: incident.id) else { return .told }
    if plan.isHeldBack { return .unseen }
    return .gathers(until: now.wall + max(.zero, plan.at - now.instant))
  }
}
