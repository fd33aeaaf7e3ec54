import Base

/// Raise when a percentile of the latencies within `window` lies above so many times what it was at
/// the same hour of the same kind of day in the weeks before, and above `floor`; clear when it lies at
/// or below `clearTenths` of it. Where the past is not known nothing is decided.
/// Shape: `"p95 over 2 times over 15m"`.
package struct OwnPastRule: Sendable, Hashable {
  /// In tenths of a percent: 950 for p95.
  package var percentilePermille: Int
  /// In tenths: 20 for twice as slow.
  package var raiseTenths: Int
  package var clearTenths: Int
  /// Nothing faster is slow, whatever the past was.
  package var floor: TimeAmount
  package var window: TimeAmount
  package var minimumSamples: Int
  /// How far back the past goes, and how many answers it must have to be known.
  package var weeks: Int
  package var minimumPastSamples: Int
  package var grade: RuleGrade

  package init(
    percentilePermille: Int, raiseTenths: Int, clearTenths: Int, floor: TimeAmount,
    window: TimeAmount, minimumSamples: Int, weeks: Int = Limits.ownPastWeeks,
    minimumPastSamples: Int = Limits.ownPastSamples, grade: RuleGrade = RuleGrade()
  ) {
    self.percentilePermille = percentilePermille
    self.raiseTenths = raiseTenths
    self.clearTenths = clearTenths
    self.floor = floor
    self.window = window
    self.minimumSamples = minimumSamples
    self.weeks = weeks
    self.minimumPastSamples = minimumPastSamples
    self.grade = grade
  }
}

/// A long window and a short one of one rule: the long one says that it matters, the short one that
/// it goes on.
package struct BurnPair: Sendable, Hashable {
  package var long: TimeAmount
  package var short: TimeAmount
  /// In tenths: 144 for 14.4 times as fast as the budget lasts.
  package var factorTenths: Int
  package var severity: Severity

  package init(long: TimeAmount, short: TimeAmount, factorTenths: Int, severity: Severity) {
    self.long = long
    self.short = short
    self.factorTenths = factorTenths
    self.severity = severity
  }
}

/// Raise while errors use up the budget that an availability objective leaves, so many times as fast
/// as it lasts, in both windows of any pair: multi-window, multi-burn-rate alerts, as chapter 5 of
/// Google's SRE workbook ("Alerting on SLOs") calls them. Shape: `"99.5%"`.
package struct BurnRateRule: Sendable, Hashable {
  /// The share of attempts that must be right, in millionths.
  package var objectiveMillionths: Int
  /// Those that are worse first.
  package var pairs: [BurnPair]
  /// Attempts in the long window below which nothing is decided.
  package var minimumSamples: Int
  /// Its severity is that of the pair.
  package var grade: RuleGrade

  package init(
    objectiveMillionths: Int, pairs: [BurnPair] = BurnRateRule.standardPairs,
    minimumSamples: Int = Limits.burnRateSamples, grade: RuleGrade = RuleGrade()
  ) {
    self.objectiveMillionths = objectiveMillionths
    self.pairs = pairs
    self.minimumSamples = minimumSamples
    self.grade = grade
  }

  /// The pairs that the workbook recommends for an objective over 30 days (its table 5-8).
  package static let standardPairs = [
    BurnPair(long: .hours(1), short: .minutes(5), factorTenths: 144, severity: .critical),
    BurnPair(long: .hours(6), short: .minutes(30), factorTenths: 60, severity: .critical),
    BurnPair(long: .hours(72), short: .hours(6), factorTenths: 10, severity: .warning),
  ]

  /// The share of errors that the objective leaves, in millionths.
  package var budgetMillionths: Int { 1_000_000 - objectiveMillionths }
}

/// Raise when nothing was recorded of a probe for so many of its intervals, skipped runs aside.
/// Shape: `"5 intervals"`.
package struct NoDataRule: Sendable, Hashable {
  package var intervals: Int
  /// However short the intervals are.
  package var atLeast: TimeAmount
  package var severity: Severity

  package init(
    intervals: Int, atLeast: TimeAmount = Limits.noDataShortest, severity: Severity = .warning
  ) {
    self.intervals = intervals
    self.atLeast = atLeast
    self.severity = severity
  }

  package static let standard = NoDataRule(intervals: 5)
}

/// A link flaps once its rules have made it better or worse so often within `window`, until that
/// happened at most `clearChanges` times within it. Shape: `"6 changes over 1h"`.
package struct FlappingRule: Sendable, Hashable {
  package var changes: Int
  package var clearChanges: Int
  package var window: TimeAmount

  package init(changes: Int, clearChanges: Int, window: TimeAmount) {
    self.changes = changes
    self.clearChanges = clearChanges
    self.window = window
  }

  package static let standard = FlappingRule(changes: 6, clearChanges: 2, window: .hours(1))
}
