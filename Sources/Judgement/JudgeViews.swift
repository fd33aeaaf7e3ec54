import Base
import Model

extension ProbeJudge {
  /// What each rule sees and when it raises or clears, in words.
  package func ruleViews(at time: WallTime) -> [String] {
    var views = [failuresView(at: time)]
    errorRateView(at: time).map { views.append($0) }
    latencyView(at: time).map { views.append($0) }
    ownPastView(at: time).map { views.append($0) }
    views += burnRateViews(at: time)
    if isRaised(.warnings) {
      views.append(
        "warnings: raised\(severityWords(.warnings)); clears after "
          + "\(rules.failures.clearAfter) attempts that do not warn"
          + holding(.warnings, rules.warnings.grade, at: time))
    }
    if isRaised(.noData) { views.append("noData: raised; clears with the next attempt that ends") }
    return views
  }

  private func failuresView(at time: WallTime) -> String {
    let rule = rules.failures
    let count = bits.failures(ofLast: rule.of)
    let holding = holding(.failures, rule.grade, at: time)
    return isRaised(.failures)
      ? "failures: raised; clears after \(rule.clearAfter) right attempts in a row\(holding)"
      : "failures: \(count) of the last \(rule.of); raises at \(rule.failures)\(holding)"
  }

  private func errorRateView(at time: WallTime) -> String? {
    guard let rule = rules.errorRate, var window = rates else { return nil }
    window.expire(at: time)
    let share = percent(window.failed, of: window.total)
    return
      "errorRate: \(window.failed) of \(window.total) within \(rule.window) (\(share)); "
      + (isRaised(.errorRate)
        ? "raised; clears below \(percent(rule.clearPermille, of: 1_000))"
        : "raises at \(percent(rule.raisePermille, of: 1_000)) of at least \(rule.minimumSamples)")
      + holding(.errorRate, rule.grade, at: time)
  }

  private func latencyView(at time: WallTime) -> String? {
    guard let rule = rules.latency, var window = latencies else { return nil }
    window.expire(at: time)
    return
      "latency: \(percentileView(window, rule.percentilePermille, rule.window)); "
      + (isRaised(.latency)
        ? "raised; clears at \(rule.clearBelow.milliseconds) ms"
        : "raises above \(rule.raiseAbove.milliseconds) ms, of at least \(rule.minimumSamples)")
      + holding(.latency, rule.grade, at: time)
  }

  private func ownPastView(at time: WallTime) -> String? {
    guard let rule = rules.ownPast, var window = ownLatencies else { return nil }
    window.expire(at: time)
    let start = "ownPast: \(percentileView(window, rule.percentilePermille, rule.window)); "
    guard let hour = knownPast(at: time) else {
      let known = past.hour(at: time)?.samples ?? 0
      return start
        + "the past is not known: \(known) answers at this hour in \(rule.weeks) weeks, at least "
        + "\(rule.minimumPastSamples) are needed"
    }
    let limits = ownLimits(rule, hour)
    return start
      + "at this hour it has been \(hour.percentileMicroseconds / 1_000) ms in \(rule.weeks) weeks; "
      + (isRaised(.ownPast)
        ? "raised; clears at \(limits.clear.milliseconds) ms"
        : "raises above \(limits.raise.milliseconds) ms, of at least \(rule.minimumSamples)")
      + holding(.ownPast, rule.grade, at: time)
  }

  private func percentileView(
    _ window: SampleWindow, _ permille: Int, _ length: TimeAmount
  ) -> String {
    let value = window.percentileMicroseconds(permille: permille)
    let shown = value.map { "\($0 / 1_000) ms" } ?? "unknown"
    return "\(percentileName(permille)) of \(window.timed) answers within \(length) is \(shown)"
  }

  private func burnRateViews(at time: WallTime) -> [String] {
    guard let rule = rules.burnRate, var burn else { return [] }
    burn.expire(at: time)
    var views = rule.pairs.indices.map { pair in
      let (long, short) = burn.counted(pair)
      let windows = rule.pairs[pair]
      return "burnRate: \(burnText(rule, long)) times within \(windows.long), "
        + "\(burnText(rule, short)) within \(windows.short); raises at "
        + "\(tenthsText(windows.factorTenths)) in both (\(windows.severity.rawValue)), of at least "
        + "\(rule.minimumSamples)"
    }
    if let raised = raised.first(where: { $0.rule == .burnRate }) {
      views.append(
        "burnRate: raised\(severityWords(.burnRate)), over \(raised.causeDetail); clears when no "
          + "pair holds" + holding(.burnRate, rule.grade, at: time))
    }
    return views
  }

  private func severityWords(_ rule: RuleKind) -> String {
    raised.first { $0.rule == rule }.map { $0.severity == .critical ? " as critical" : "" } ?? ""
  }

  /// For how long a condition has to hold, and has held.
  private func holding(_ rule: RuleKind, _ grade: RuleGrade, at time: WallTime) -> String {
    let length = isRaised(rule) ? grade.clearAfter : grade.raiseAfter
    guard length > .zero else { return "" }
    let soFar = held.since(rule).map { "; so for \(printableLength(time - $0)) now" } ?? ""
    return ", once that has held for \(length)\(soFar)"
  }
}
