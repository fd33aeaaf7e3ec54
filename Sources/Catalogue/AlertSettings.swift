import Base
import Model
import Probes
import Wire

/// An `alert` as it is written in one place; nil where that says nothing of a rule.
struct AlertSettings: Sendable {
  enum Setting<Rule: Sendable>: Sendable {
    case off
    case rule(Rule)

    var rule: Rule? {
      if case .rule(let rule) = self { rule } else { nil }
    }
  }

  var failures: FailureRule?
  var warnings: RuleGrade?
  var expiry: ExpiryDays?
  var errorRate: Setting<ErrorRateRule>?
  var latency: Setting<LatencyRule>?
  var ownPast: Setting<OwnPastRule>?
  var burnRate: Setting<BurnRateRule>?
  var noData: Setting<NoDataRule>?
  var flapping: Setting<FlappingRule>?

  /// These where they say something, else the others: defaults, then the system, the owner, the
  /// service, the link.
  func over(_ other: AlertSettings) -> AlertSettings {
    var settings = AlertSettings()
    settings.failures = failures ?? other.failures
    settings.warnings = warnings ?? other.warnings
    settings.expiry = expiry ?? other.expiry
    settings.errorRate = errorRate ?? other.errorRate
    settings.latency = latency ?? other.latency
    settings.ownPast = ownPast ?? other.ownPast
    settings.burnRate = burnRate ?? other.burnRate
    settings.noData = noData ?? other.noData
    settings.flapping = flapping ?? other.flapping
    return settings
  }

  /// The rules of a link.
  ///
  /// A rule never waits for more attempts than fall into its window at the interval `every`, that
  /// of the link's rarest probe. `accelerate` divides the windows, as it does the intervals.
  func rules(every: TimeAmount, accelerate: Int) -> AlertRules {
    let factor = Int64(accelerate)
    func minimum(_ written: Int, _ window: TimeAmount) -> Int {
      min(written, attempts(every: every, within: window))
    }
    func faster(_ grade: RuleGrade) -> RuleGrade {
      RuleGrade(
        grade.severity, raiseAfter: grade.raiseAfter / factor,
        clearAfter: grade.clearAfter / factor)
    }
    var rules = AlertRules.Values(
      failures: failures ?? AlertRules.standard.failures,
      warnings: WarningRule(
        grade: faster(warnings ?? RuleGrade()), criticalDays: expiry?.critical,
        expiryDays: (expiry ?? ExpiryDays()).steps(own: nil, usual: WarningRule().expiryDays)))
    rules.failures.grade = faster(rules.failures.grade)
    if var rule = errorRate?.rule {
      rule.minimumSamples = minimum(rule.minimumSamples, rule.window)
      rule.window = rule.window / factor
      rule.grade = faster(rule.grade)
      rules.errorRate = rule
    }
    if var rule = latency?.rule {
      rule.minimumSamples = minimum(rule.minimumSamples, rule.window)
      rule.window = rule.window / factor
      rule.grade = faster(rule.grade)
      rules.latency = rule
    }
    if var rule = ownPast?.rule {
      rule.minimumSamples = minimum(rule.minimumSamples, rule.window)
      rule.window = rule.window / factor
      rule.grade = faster(rule.grade)
      rules.ownPast = rule
    }
    if var rule = burnRate?.rule {
      // Its minimum stays: a pair that holds fewer attempts would go by single ones.
      for place in rule.pairs.indices {
        rule.pairs[place].long = rule.pairs[place].long / factor
        rule.pairs[place].short = rule.pairs[place].short / factor
      }
      rule.grade = faster(rule.grade)
      rules.burnRate = rule
    }
    if var rule = (noData ?? .rule(.standard)).rule {
      rule.atLeast = rule.atLeast / factor
      rules.noData = rule
    }
    if var rule = (flapping ?? .rule(.standard)).rule {
      rule.window = rule.window / factor
      rules.flapping = rule
    }
    return AlertRules(rules)
  }
}

/// How many regular attempts a window holds, at least one.
func attempts(every: TimeAmount, within window: TimeAmount) -> Int {
  Int(max(1, window.nanoseconds / max(1, every.nanoseconds)))
}

/// Reads an `alert` object. `every`: the interval of the rarest probe it is for, nil where it is for
/// many services.
func readAlert(
  _ parent: inout FieldReader, _ key: String = "alert", every: TimeAmount?,
  _ complaints: inout Complaints
) -> AlertSettings {
  var settings = AlertSettings()
  guard var reader = parent.object(key, &complaints) else { return settings }
  settings.failures = readFailures(&reader, &complaints)
  settings.warnings = readWarnings(&reader, &complaints)
  settings.expiry = readExpiry(&reader, &complaints)
  settings.errorRate = readErrorRate(&reader, every: every, &complaints)
  settings.latency = readLatency(&reader, every: every, &complaints)
  settings.ownPast = readOwnPast(&reader, every: every, &complaints)
  settings.burnRate = readBurnRate(&reader, every: every, &complaints)
  settings.noData = readNoData(&reader, &complaints)
  settings.flapping = readFlapping(&reader, &complaints)
  reader.finish(&complaints)
  return settings
}
