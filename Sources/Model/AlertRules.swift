import Base

/// Raise at a failure when at least `failures` of the last `of` attempts failed; clear when
/// `clearAfter` attempts in a row were right, slow or not. Attempts that warn are counted by the same
/// numbers, apart from failures. Shape: `"3 of 5"`.
package struct FailureRule: Sendable, Hashable {
  package var failures: Int
  /// At most 64, the width of the bit window.
  package var of: Int
  package var clearAfter: Int

  package init(failures: Int, of: Int, clearAfter: Int = 2) {
    self.failures = failures
    self.of = of
    self.clearAfter = clearAfter
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

  package init(raisePermille: Int, clearPermille: Int, window: TimeAmount, minimumSamples: Int) {
    self.raisePermille = raisePermille
    self.clearPermille = clearPermille
    self.window = window
    self.minimumSamples = minimumSamples
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

  package init(
    percentilePermille: Int, raiseAbove: TimeAmount, clearBelow: TimeAmount, window: TimeAmount,
    minimumSamples: Int
  ) {
    self.percentilePermille = percentilePermille
    self.raiseAbove = raiseAbove
    self.clearBelow = clearBelow
    self.window = window
    self.minimumSamples = minimumSamples
  }
}

/// The thresholds of a link; each holds for every one of its probes apart.
package struct AlertRules: Sendable, Hashable {
  package var failures: FailureRule
  package var errorRate: ErrorRateRule?
  package var latency: LatencyRule?

  package init(
    failures: FailureRule, errorRate: ErrorRateRule? = nil, latency: LatencyRule? = nil
  ) {
    self.failures = failures
    self.errorRate = errorRate
    self.latency = latency
  }

  package static let standard = AlertRules(failures: FailureRule(failures: 3, of: 5))
}

/// Which threshold a condition crossed. Raw values are stable names.
package enum RuleKind: String, Sendable, Hashable, CaseIterable {
  case failures
  case errorRate
  case latency
  /// The link works, and warns of something.
  case warnings
  /// A planned connection has not come about by its day.
  case overdue
}
