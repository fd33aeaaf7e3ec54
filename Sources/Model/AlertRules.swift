import Base

/// How bad is what a rule tells, and how long its condition must hold before the rule is raised or
/// cleared. Time passes from one attempt to the next: a condition is looked at when an attempt ends.
package struct RuleGrade: Sendable, Hashable {
  package var severity: Severity
  package var raiseAfter: TimeAmount
  package var clearAfter: TimeAmount

  package init(
    _ severity: Severity = .warning, raiseAfter: TimeAmount = .zero, clearAfter: TimeAmount = .zero
  ) {
    self.severity = severity
    self.raiseAfter = raiseAfter
    self.clearAfter = clearAfter
  }
}

/// Raise at a failure when at least `failures` of the last `of` attempts failed; clear when
/// `clearAfter` attempts in a row were right, slow or not. Attempts that warn are counted by the same
/// numbers, apart from failures. Shape: `"3 of 5"`.
package struct FailureRule: Sendable, Hashable {
  package var failures: Int
  /// At most 64, the width of the bit window.
  package var of: Int
  package var clearAfter: Int
  package var grade: RuleGrade

  package init(
    failures: Int, of: Int, clearAfter: Int = 2, grade: RuleGrade = RuleGrade(.critical)
  ) {
    self.failures = failures
    self.of = of
    self.clearAfter = clearAfter
    self.grade = grade
  }
}

/// What is told of attempts that warn, whose counts are those of ``FailureRule``.
package struct WarningRule: Sendable, Hashable {
  package var grade: RuleGrade
  /// A certificate that has no more than so many days left is critical; nil: none is.
  package var criticalDays: Int?
  /// When our own certificates are warned of; the most first.
  package var expiryDays: [Int]

  package init(
    grade: RuleGrade = RuleGrade(), criticalDays: Int? = nil, expiryDays: [Int] = [30, 14, 7]
  ) {
    self.grade = grade
    self.criticalDays = criticalDays
    self.expiryDays = expiryDays.sorted(by: >)
  }
}

/// Raise when the share of failures within `window` reaches `raisePermille`, clear when it falls
/// below `clearPermille`; neither is decided on fewer than `minimumSamples`.
/// Shape: `"20% over 15m"`.
package struct ErrorRateRule: Sendable, Hashable {
  package var raisePermille: Int
  package var clearPermille: Int
  package var window: TimeAmount
  package var minimumSamples: Int
  package var grade: RuleGrade

  package init(
    raisePermille: Int, clearPermille: Int, window: TimeAmount, minimumSamples: Int,
    grade: RuleGrade = RuleGrade()
  ) {
    self.raisePermille = raisePermille
    self.clearPermille = clearPermille
    self.window = window
    self.minimumSamples = minimumSamples
    self.grade = grade
  }
}

/// Raise when a percentile of the latencies within `window` lies above `raiseAbove`, clear when it
/// lies at or below `clearBelow`. Only answers count, right or wrong; an attempt without an answer
/// has no latency. Shape: `"p95 over 3s over 15m"`.
package struct LatencyRule: Sendable, Hashable {
  /// In tenths of a percent: 950 for p95.
  package var percentilePermille: Int
  package var raiseAbove: TimeAmount
  package var clearBelow: TimeAmount
  package var window: TimeAmount
  package var minimumSamples: Int
  package var grade: RuleGrade

  package init(
    percentilePermille: Int, raiseAbove: TimeAmount, clearBelow: TimeAmount, window: TimeAmount,
    minimumSamples: Int, grade: RuleGrade = RuleGrade()
  ) {
    self.percentilePermille = percentilePermille
    self.raiseAbove = raiseAbove
    self.clearBelow = clearBelow
    self.window = window
    self.minimumSamples = minimumSamples
    self.grade = grade
  }
}

/// The thresholds of a link; each holds for every one of its probes apart. A class that never changes,
/// so that the links and probes of a service share one.
package final class AlertRules: Sendable, Hashable {
  /// The rules as a value.
  package struct Values: Sendable, Hashable {
    package var failures: FailureRule
    package var warnings: WarningRule
    package var errorRate: ErrorRateRule?
    package var latency: LatencyRule?
    package var ownPast: OwnPastRule?
    package var burnRate: BurnRateRule?
    package var noData: NoDataRule?
    /// Of the link as a whole.
    package var flapping: FlappingRule?

    package init(failures: FailureRule, warnings: WarningRule = WarningRule()) {
      self.failures = failures
      self.warnings = warnings
    }
  }

  package let values: Values

  package init(_ values: Values) { self.values = values }

  package convenience init(
    failures: FailureRule, warnings: WarningRule = WarningRule(), errorRate: ErrorRateRule? = nil,
    latency: LatencyRule? = nil, ownPast: OwnPastRule? = nil, burnRate: BurnRateRule? = nil,
    noData: NoDataRule? = nil, flapping: FlappingRule? = nil
  ) {
    var values = Values(failures: failures, warnings: warnings)
    values.errorRate = errorRate
    values.latency = latency
    values.ownPast = ownPast
    values.burnRate = burnRate
    values.noData = noData
    values.flapping = flapping
    self.init(values)
  }

  package var failures: FailureRule { values.failures }
  package var warnings: WarningRule { values.warnings }
  package var errorRate: ErrorRateRule? { values.errorRate }
  package var latency: LatencyRule? { values.latency }
  package var ownPast: OwnPastRule? { values.ownPast }
  package var burnRate: BurnRateRule? { values.burnRate }
  package var noData: NoDataRule? { values.noData }
  package var flapping: FlappingRule? { values.flapping }

  /// What holds where nothing is written.
  package static let standard = AlertRules(
    failures: FailureRule(failures: 3, of: 5), noData: .standard, flapping: .standard)

  package static func == (a: AlertRules, b: AlertRules) -> Bool {
    a === b || a.values == b.values
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(values) }
}

extension AlertRules: CustomStringConvertible {
  package var description: String { "\(values)" }
}

/// Which threshold a condition crossed. Raw values are stable names.
package enum RuleKind: String, Sendable, Hashable, CaseIterable {
  case failures
  case errorRate
  case latency
  /// Slower than at the same hour of the weeks before.
  case ownPast
  /// The budget of errors that an objective leaves is used up too fast.
  case burnRate
  /// The link works, and warns of something.
  case warnings
  /// Nothing has been recorded although it should have been.
  case noData
  /// The link goes up and down; of the link as a whole.
  case flapping
  /// A planned connection has not come about by its day.
  case overdue

  /// Whether the rule is of a link as a whole, not of one of its probes.
  package var isOfLink: Bool { self == .overdue || self == .flapping }
}
