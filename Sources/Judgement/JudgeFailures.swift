import Base
import Model

// MARK: - Failures

extension ProbeJudge {
  mutating func judgeFailures(at time: WallTime) -> Bool {
    let rule = rules.failures
    if isRaised(.failures) {
      let isRight = bits.allRight(last: rule.clearAfter)
      guard held.holds(.failures, isRight, for: rule.grade.clearAfter, at: time) else {
        return refreshCause(.failures)
      }
      // What is over does not make the next single failure an outage.
      bits.forgiveFailures()
      return clear(.failures)
    }
    let failures = bits.failures(ofLast: rule.of)
    let isSo = failures >= rule.failures
    guard held.holds(.failures, isSo, for: rule.grade.raiseAfter, at: time), sameFailures > 0,
      let lastFailure
    else { return false }
    return raise(
      .failures, at: time, cause: lastFailure.name, detail: lastFailure.detail,
      "\(failures) of the last \(min(rule.of, bits.count)) attempts failed: "
        + sentence(lastFailure, note: lastFailureNote, codes: codes))
  }

  /// While a failure goes on, the cause may become another; that is worth telling once it has shown
  /// itself three times in a row, so that causes that take turns are not told at every turn.
  private mutating func refreshCause(_ rule: RuleKind) -> Bool {
    guard sameFailures >= 3, let lastFailure,
      let index = raised.firstIndex(where: { $0.rule == rule }),
      raised[index].cause != lastFailure.name || raised[index].causeDetail != lastFailure.detail
    else { return false }
    raised[index].cause = lastFailure.name
    raised[index].causeDetail = lastFailure.detail
    raised[index].evidence =
      "still failing, now: " + sentence(lastFailure, note: lastFailureNote, codes: codes)
    return true
  }
}

// MARK: - Warnings

extension ProbeJudge {
  /// Warnings that pass by themselves raise as failures do, by as many of the last attempts; one that
  /// stays as it is raises at once, since asking again would tell the same. Both clear when as many
  /// attempts in a row as after failures neither failed nor warned.
  mutating func judgeWarnings(_ sample: Sample) -> Bool {
    let rule = rules.failures
    let grade = rules.warnings.grade
    guard case .warning(let cause) = sample.outcome else {
      guard isRaised(.warnings) else {
        if bits.warnings(ofLast: rule.of) < rule.failures { held.forget(.warnings) }
        return false
      }
      let isWell = bits.allWell(last: rule.clearAfter)
      guard held.holds(.warnings, isWell, for: grade.clearAfter, at: sample.time) else {
        return false
      }
      bits.forgiveWarnings()
      return clear(.warnings)
    }
    let words = sentence(sample.outcome, note: sample.note, codes: codes)
    if isRaised(.warnings) {
      held.forget(.warnings)
      return refreshWarning(sample.outcome, words)
    }
    let warnings = bits.warnings(ofLast: rule.of)
    let isSo = cause.isLasting || warnings >= rule.failures
    guard held.holds(.warnings, isSo, for: grade.raiseAfter, at: sample.time) else { return false }
    return raise(
      .warnings, at: sample.time, cause: sample.outcome.name, detail: sample.outcome.detail,
      cause.isLasting
        ? words : "\(warnings) of the last \(min(rule.of, bits.count)) attempts warned: \(words)")
  }

  /// Another warning is told as another cause of failure is; fewer days left are told at once.
  private mutating func refreshWarning(_ outcome: Outcome, _ words: String) -> Bool {
    guard let index = raised.firstIndex(where: { $0.rule == .warnings }) else { return false }
    let told = raised[index]
    let isSameCause = told.cause == outcome.name
    guard !isSameCause || told.causeDetail != outcome.detail else { return false }
    guard sameWarnings >= 3 || isSameCause && isLess(outcome, than: told) else { return false }
    raised[index].cause = outcome.name
    raised[index].causeDetail = outcome.detail
    raised[index].severity = severity(of: .warnings, cause: outcome.name, detail: outcome.detail)
    raised[index].evidence = "still warning, now: \(words)"
    return true
  }

  /// Whether a lasting warning tells a smaller number than the one told.
  private func isLess(_ outcome: Outcome, than told: RaisedRule) -> Bool {
    guard case .warning(let cause) = outcome, cause.isLasting, let now = Int(outcome.detail),
      let before = Int(told.causeDetail)
    else { return false }
    return now < before
  }

  private static let expiries = [
    WarningCause.certificateExpires(""), .intermediateExpires(""), .clientCertificateExpires(""),
    .secretExpires(""),
  ].map { Outcome.warning($0).name }

  /// A certificate with few enough days left is worse than other warnings.
  func warningSeverity(cause: String, detail: String) -> Severity {
    if Self.expiries.contains(cause), let critical = rules.warnings.criticalDays,
      let days = Int(detail), days <= critical
    {
      return .critical
    }
    return rules.warnings.grade.severity
  }
}
