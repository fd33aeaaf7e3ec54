import Base
import Model

/// A rule that is raised now.
package struct RaisedRule: Sendable, Hashable {
  package var rule: RuleKind
  package var since: WallTime
  package var evidence: String
  /// The name of the outcome behind it; `slow` for latency.
  package var cause: String
  /// The outcome's detail, such as the status, or the long window of a burn rate; empty without one.
  package var causeDetail: String
  package var severity: Severity

  /// `severity`: nil for that which rules of its kind have unless the catalogue says otherwise.
  package init(
    rule: RuleKind, since: WallTime, evidence: String, cause: String, causeDetail: String = "",
    severity: Severity? = nil
  ) {
    self.rule = rule
    self.since = since
    self.evidence = evidence
    self.cause = cause
    self.causeDetail = causeDetail
    self.severity = severity ?? (rule == .failures ? .critical : .warning)
  }
}

/// Since when the conditions of rules hold that have to hold for some time before the rule changes.
struct HeldConditions: Sendable {
  private struct Held: Sendable {
    var rule: RuleKind
    var since: WallTime
  }

  private var list: [Held] = []

  /// Whether a condition that is looked at has held for long enough. It is forgotten where it does not
  /// hold, and begins anew where the clock was set back.
  mutating func holds(
    _ rule: RuleKind, _ condition: Bool, for length: TimeAmount, at time: WallTime
  ) -> Bool {
    if length == .zero { return condition }
    guard condition else {
      forget(rule)
      return false
    }
    guard let place = list.firstIndex(where: { $0.rule == rule }) else {
      list.append(Held(rule: rule, since: time))
      return false
    }
    if time < list[place].since { list[place].since = time }
    return time - list[place].since >= length
  }

  /// Since when the condition that would change a rule has held.
  func since(_ rule: RuleKind) -> WallTime? { list.first { $0.rule == rule }?.since }

  mutating func forget(_ rule: RuleKind) {
    if !list.isEmpty { list.removeAll { $0.rule == rule } }
  }

  mutating func removeAll() { list = [] }
}
