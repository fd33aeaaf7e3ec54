import Base
import Model

/// Counts how often a link gets better or worse, and says whether it flaps. One that flaps does so
/// until few enough of its changes lie within the window.
package struct FlapWatch: Sendable, Hashable {
  /// The newest last; no more than the rule counts.
  private var changes: [Instant] = []
  /// Since when it flaps; nil while it does not.
  package private(set) var since: WallTime?
  /// When it is to be looked at next; another time that was asked for before is void.
  package var lookAt: Instant?
  /// How the link was by its rules when that was last looked at, while it flaps.
  private var verdict = LinkVerdict.well

  package init() {}

  /// One that flapped when the daemon last stopped, or under another rule: it is to be calm for a whole
  /// window.
  package init(flappingSince since: WallTime, _ rule: FlappingRule, at now: Instant) {
    self.since = since
    changes = Array(repeating: now, count: rule.clearChanges + 1)
  }

  package var isFlapping: Bool { since != nil }

  /// Takes how the link is; `former`: how it was. True when it begins to flap.
  package mutating func note(
    _ verdict: LinkVerdict, after former: LinkVerdict, _ rule: FlappingRule, at now: Now
  ) -> Bool {
    let before = isFlapping ? self.verdict : former
    self.verdict = verdict
    guard verdict != before else { return false }
    changes.removeAll { $0 + rule.window <= now.instant }
    if changes.count >= rule.changes { changes.removeFirst() }
    changes.append(now.instant)
    guard !isFlapping, changes.count >= rule.changes else { return false }
    since = now.wall
    return true
  }

  /// When few enough changes will lie within the window, if there are no others.
  package func calmAt(_ rule: FlappingRule) -> Instant? {
    guard isFlapping, changes.count > rule.clearChanges else { return nil }
    return changes[changes.count - 1 - rule.clearChanges] + rule.window
  }

  /// It flaps no more.
  package mutating func calm() {
    since = nil
    changes = []
    lookAt = nil
  }

  /// What is told of a link that flaps.
  package func raisedRule(_ rule: FlappingRule) -> RaisedRule? {
    since.map {
      RaisedRule(
        rule: .flapping, since: $0,
        evidence: "got better or worse \(rule.changes) times within \(rule.window); told again "
          + "when it is calm",
        cause: "flapping")
    }
  }

  /// How often it changed within the window.
  package func count(_ rule: FlappingRule, at now: Instant) -> Int {
    changes.count { $0 + rule.window > now }
  }
}
