import Base
import Model

/// A link on the route of another that is failing itself.
package struct FailingHop: Sendable, Hashable {
  package var link: LinkID
  package var severity: Severity
  package var since: WallTime

  package init(link: LinkID, severity: Severity, since: WallTime) {
    self.link = link
    self.severity = severity
    self.since = since
  }

  /// The part of an evidence that names the hop, with the time of day in UTC, and the date if it is
  /// another than that of `time`.
  func words(at time: WallTime) -> String {
    let word = severity == .critical ? "down" : "degraded"
    let stamp = since.description
    let isToday = stamp.prefix(10) == time.description.prefix(10)
    let shown = isToday ? stamp.dropFirst(11).prefix(8) : stamp.prefix(19)
    return "; hop \(link) has been \(word) since \(shown)Z"
  }
}

extension Condition {
  /// Names the hops that were failing before the rule was raised or within `grace` of it. Those that
  /// were named before stay.
  mutating func name(_ failing: [FailingHop], formerly: [LinkID], grace: TimeAmount) {
    hops = formerly
    for hop in failing where hop.since <= since + grace {
      if !hops.contains(hop.link) { hops.append(hop.link) }
      evidence += hop.words(at: since)
    }
  }
}
