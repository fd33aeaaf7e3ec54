import Base
import Model

/// A link on the route of another that is failing itself.
package struct FailingHop: Sendable, Hashable {
  package var link: LinkID
  package var severity: Severity
  package var since: WallTime
  /// When the first of its failures was made that a rule has now told of.
  package var failingSince: WallTime
  /// How often it is looked at: so late its first failure may be seen.
  package var every: TimeAmount

  package init(
    link: LinkID, severity: Severity, since: WallTime, failingSince: WallTime? = nil,
    every: TimeAmount = .zero
  ) {
    self.link = link
    self.severity = severity
    self.since = since
    self.failingSince = min(since, failingSince ?? since)
    self.every = every
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
  /// Names the hops whose failures began before the rule was raised, or within `grace` of it or an
  /// interval of the hop's: it is not looked at more often. Those that were named before stay.
  mutating func name(_ failing: [FailingHop], formerly: [LinkID], grace: TimeAmount) {
    hops = formerly
    for hop in failing where hop.failingSince <= since + max(grace, hop.every) {
      if !hops.contains(hop.link) { hops.append(hop.link) }
      evidence += hop.words(at: since)
    }
  }
}
