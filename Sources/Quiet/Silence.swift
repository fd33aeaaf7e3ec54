import Base
import Model

/// An operator's wish not to be told of something for a while. It hides no recovery and stops no
/// measuring, and it cannot last for ever.
package struct Silence: Sendable, Hashable {
  package var id: String
  package var links: LinkSelector
  /// Which patterns of incidents and which severities are meant; empty for all.
  package var patterns: [IncidentPattern]
  package var severities: [Severity]
  package var by: String
  package var reason: String
  package var created: WallTime
  package var expires: WallTime
  /// When somebody ended it before its time.
  package var ended: WallTime?

  package init(
    id: String, links: LinkSelector, patterns: [IncidentPattern] = [],
    severities: [Severity] = [], by: String, reason: String, created: WallTime, expires: WallTime
  ) {
    self.id = id
    self.links = links
    self.patterns = patterns
    self.severities = severities
    self.by = by
    self.reason = reason
    self.created = created
    self.expires = expires
  }

  package var overAt: WallTime { ended.map { min($0, expires) } ?? expires }

  package func isActive(at time: WallTime) -> Bool { created <= time && time < overAt }

  package func isOver(at time: WallTime) -> Bool { overAt <= time }

  /// Whether it is for incidents of this pattern and severity, of whatever links.
  func isFor(_ pattern: IncidentPattern, _ severity: Severity) -> Bool {
    (patterns.isEmpty || patterns.contains(pattern))
      && (severities.isEmpty || severities.contains(severity))
  }
}
