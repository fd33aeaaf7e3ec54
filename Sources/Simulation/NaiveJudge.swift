import Base
import Model

/// The rules of a probe worked out anew from a list of its samples each time, without windows,
/// masks or counts kept: what the judge must agree with.
package struct NaiveJudge: Sendable {
  private struct Attempt {
    var milliseconds: Int64
    var failed: Bool
    var latencyUnits: UInt64?
  }

  private let rules: AlertRules
  private let every: TimeAmount
  /// Newest last; all attempts, or those that fall into the window of a rule.
  private var failed: [Bool] = []
  private var warned: [Bool] = []
  private var rates: [Attempt] = []
  private var latencies: [Attempt] = []
  /// The rules that are raised, in the order in which they were.
  package private(set) var raised: [RuleKind] = []

  package init(rules: AlertRules, every: TimeAmount) {
    self.rules = rules
    self.every = every
  }

  /// A sample of before the start: it is remembered and decides nothing.
  package mutating func restore(_ sample: Sample) { _ = remember(sample) }

  package mutating func restore(_ rule: RuleKind) {
    if !raised.contains(rule) { raised.append(rule) }
  }

  package mutating func record(_ sample: Sample) {
    guard remember(sample) else { return }
    let now = sample.time
    if let window = rules.errorRate?.window { expire(&rates, window, at: now) }
    if let window = rules.latency?.window { expire(&latencies, window, at: now) }
    decide(.warnings, warningsDecision(sample))
    decide(.failures, failuresDecision(sample))
    decide(.errorRate, errorRateDecision())
    decide(.latency, latencyDecision())
  }

  /// True to raise, false to clear, nil to leave as it is.
  private mutating func failuresDecision(_ sample: Sample) -> Bool? {
    let rule = rules.failures
    if raised.contains(.failures) {
      let last = failed.suffix(rule.clearAfter)
      guard last.count == rule.clearAfter, !last.contains(true) else { return nil }
      failed = failed.map { _ in false }
      return false
    }
    let failures = failed.suffix(rule.of).count { $0 }
    return sample.outcome.isFailure && failures >= rule.failures ? true : nil
  }

  private mutating func warningsDecision(_ sample: Sample) -> Bool? {
    let rule = rules.failures
    if raised.contains(.warnings) {
      let last = zip(failed, warned).suffix(rule.clearAfter)
      guard last.count == rule.clearAfter, last.allSatisfy({ !$0 && !$1 }) else { return nil }
      warned = warned.map { _ in false }
      return false
    }
    switch sample.outcome {
    case .warning(.plugin), .warning(.packetLoss):
      return warned.suffix(rule.of).count { $0 } >= rule.failures ? true : nil
    case .warning: return true
    default: return nil
    }
  }

  private func errorRateDecision() -> Bool? {
    guard let rule = rules.errorRate, rates.count >= rule.minimumSamples else { return nil }
    let permille = Double(rates.count { $0.failed }) * 1_000 / Double(rates.count)
    if permille < Double(rule.clearPermille) { return false }
    return permille >= Double(rule.raisePermille) ? true : nil
  }

  private func latencyDecision() -> Bool? {
    guard let rule = rules.latency else { return nil }
    let sorted = latencies.compactMap(\.latencyUnits).sorted()
    guard sorted.count >= rule.minimumSamples, !sorted.isEmpty else { return nil }
    // Nearest rank.
    let rank = max(1, (sorted.count * rule.percentilePermille + 999) / 1_000)
    let value = sorted[rank - 1]
    if value <= UInt64(rule.clearBelow.microseconds / 100) { return false }
    return value > UInt64(rule.raiseAbove.microseconds / 100) ? true : nil
  }

  private mutating func decide(_ rule: RuleKind, _ decision: Bool?) {
    switch decision {
    case true: restore(rule)
    case false: raised.removeAll { $0 == rule }
    case nil: break
    }
  }

  /// False for a sample that says nothing.
  private mutating func remember(_ sample: Sample) -> Bool {
    guard !sample.outcome.isSkipped else { return false }
    let isFailure = sample.outcome.isFailure
    failed.append(isFailure)
    warned.append(sample.outcome.isWarning)
    if sample.flags.contains(.confirmation) { return true }
    let answered = !isFailure || sample.httpStatus != 0
    let units = min(UInt64(sample.timings.totalMicroseconds) / 100, (1 << 21) - 1)
    let attempt = Attempt(
      milliseconds: sample.time.milliseconds, failed: isFailure,
      latencyUnits: answered ? units : nil)
    if let rule = rules.errorRate { add(attempt, to: &rates, rule.window) }
    if let rule = rules.latency { add(attempt, to: &latencies, rule.window) }
    return true
  }

  private func add(_ attempt: Attempt, to list: inout [Attempt], _ window: TimeAmount) {
    expire(&list, window, at: WallTime(milliseconds: attempt.milliseconds))
    let expected = Int(window.nanoseconds / every.nanoseconds)
    let places = min(Limits.windowSamples, max(4, expected + expected / 4 + 2))
    if list.count == places { list.removeFirst() }
    list.append(attempt)
  }

  /// The oldest leave while they are out of the window, on either side of it.
  private func expire(_ list: inout [Attempt], _ window: TimeAmount, at now: WallTime) {
    while let first = list.first {
      let age = now.milliseconds - first.milliseconds
      if age < window.milliseconds && -age <= window.milliseconds { return }
      list.removeFirst()
    }
  }
}
