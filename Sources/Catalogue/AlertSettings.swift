import Base
import Model
import Wire

/// The `alert` of a service or of the defaults: what is written there, nil where nothing is.
struct AlertSettings: Sendable {
  enum Setting<Rule: Sendable>: Sendable {
    case off
    case rule(Rule)

    var rule: Rule? {
      if case .rule(let rule) = self { rule } else { nil }
    }
  }

  var failures: FailureRule?
  var errorRate: Setting<ErrorRateRule>?
  var latency: Setting<LatencyRule>?

  /// The rules of a link: what is not written here comes from `defaults`.
  ///
  /// A rule never waits for more attempts than fall into its window at the interval `every`, that
  /// of the link's rarest probe. `accelerate` divides the windows, as it does the intervals.
  func rules(_ defaults: AlertSettings, every: TimeAmount, accelerate: Int) -> AlertRules {
    var rules = AlertRules(
      failures: failures ?? defaults.failures ?? AlertRules.standard.failures,
      errorRate: (errorRate ?? defaults.errorRate)?.rule,
      latency: (latency ?? defaults.latency)?.rule)
    if var rule = rules.errorRate {
      rule.minimumSamples = min(rule.minimumSamples, attempts(every: every, within: rule.window))
      rule.window = rule.window / Int64(accelerate)
      rules.errorRate = rule
    }
    if var rule = rules.latency {
      rule.minimumSamples = min(rule.minimumSamples, attempts(every: every, within: rule.window))
      rule.window = rule.window / Int64(accelerate)
      rules.latency = rule
    }
    return rules
  }
}

/// How many regular attempts a window holds, at least one.
private func attempts(every: TimeAmount, within window: TimeAmount) -> Int {
  Int(max(1, window.nanoseconds / max(1, every.nanoseconds)))
}

/// Reads an `alert` object. `every`: the interval of the rarest probe it is for, nil for defaults.
func readAlert(
  _ parent: inout FieldReader, every: TimeAmount?, _ complaints: inout Complaints
) -> AlertSettings {
  var settings = AlertSettings()
  guard var reader = parent.object("alert", &complaints) else { return settings }
  settings.failures = readFailures(&reader, &complaints)
  settings.errorRate = readErrorRate(&reader, every: every, &complaints)
  settings.latency = readLatency(&reader, every: every, &complaints)
  reader.finish(&complaints)
  return settings
}

/// A rule written as its threshold alone, `"3 of 5"`, or as an object with more,
/// `{ raise: "3 of 5", clearAfter: 2 }`.
private struct RuleForm {
  /// The object; nil where the threshold stands alone.
  var details: FieldReader?
  /// Nil where none was written, which has been complained of.
  private let raise: String?
  private let raiseOrigin: Origin
  private let expected: String

  init?(
    _ parent: inout FieldReader, _ key: String, expected: String, _ complaints: inout Complaints
  ) {
    self.expected = expected
    guard let node = parent.node(key) else { return nil }
    switch node.value {
    case .string(let text):
      raise = text
      raiseOrigin = Origin(parent, key)
    case .object:
      guard var reader = parent.object(key, &complaints) else { return nil }
      raise = reader.requiredString("raise", &complaints)
      raiseOrigin = Origin(reader, "raise")
      details = reader
    default:
      parent.complain(key, expected, &complaints)
      return nil
    }
  }

  var isOff: Bool { details == nil && raise == "off" }

  /// The threshold as `parse` understands its words; complains where it does not.
  func threshold<Value>(
    _ complaints: inout Complaints, _ parse: ([String]) -> Value?
  ) -> Value? {
    guard let raise else { return nil }
    if let value = parse(raise.split(separator: " ").map(String.init)) { return value }
    raiseOrigin.complain("\(expected), got \"\(printable(raise, limit: 40))\"", &complaints)
    return nil
  }

  /// `minimum`, which may ask for no more attempts than the window holds.
  mutating func minimum(
    every: TimeAmount?, window: TimeAmount?, _ complaints: inout Complaints
  ) -> Int {
    guard let written = details?.int("minimum", range: Ranges.minimumSamples, &complaints) else {
      return Defaults.minimumSamples
    }
    if let every, let window, written > attempts(every: every, within: window) {
      details?.complain(
        "minimum",
        "the rule could never raise: of a probe that runs every \(every), only "
          + "\(attempts(every: every, within: window)) attempts fall within \(window)", &complaints)
    }
    return written
  }
}

// MARK: - The three rules

private func readFailures(
  _ parent: inout FieldReader, _ complaints: inout Complaints
) -> FailureRule? {
  let expected = "expected a rule such as \"3 of 5\", within 1 of 1 to 64 of 64"
  guard var form = RuleForm(&parent, "failures", expected: expected, &complaints) else {
    return nil
  }
  var rule = form.threshold(&complaints) { words -> FailureRule? in
    guard words.count == 3, words[1] == "of", let failures = Int(words[0]), let of = Int(words[2]),
      Ranges.attemptsRemembered.contains(of), (1...of).contains(failures)
    else { return nil }
    return FailureRule(failures: failures, of: of)
  }
  if let clearAfter = form.details?.int(
    "clearAfter", range: Ranges.attemptsRemembered, &complaints)
  {
    rule?.clearAfter = clearAfter
  }
  form.details?.finish(&complaints)
  return rule
}

private func readErrorRate(
  _ parent: inout FieldReader, every: TimeAmount?, _ complaints: inout Complaints
) -> AlertSettings.Setting<ErrorRateRule>? {
  let expected =
    "expected a rule such as \"20% over 15m\", within 0.1% to 100% over 1s to 1d, or \"off\""
  guard var form = RuleForm(&parent, "errorRate", expected: expected, &complaints) else {
    return nil
  }
  if form.isOff { return .off }
  let threshold = form.threshold(&complaints) { words -> (raise: Int, window: TimeAmount)? in
    guard words.count == 3, words[1] == "over", let raise = parsePercent(words[0]),
      Ranges.ratePermille.contains(raise), let window = parseDuration(words[2]),
      Ranges.window.contains(window)
    else { return nil }
    return (raise, window)
  }
  let clear = form.details?.percent(
    "clear", range: 1...(threshold?.raise ?? Ranges.ratePermille.upperBound), &complaints)
  let minimum = form.minimum(every: every, window: threshold?.window, &complaints)
  form.details?.finish(&complaints)
  guard let (raise, window) = threshold else { return nil }
  return .rule(
    ErrorRateRule(
      raisePermille: raise, clearPermille: clear ?? max(1, raise / 2), window: window,
      minimumSamples: minimum))
}

private func readLatency(
  _ parent: inout FieldReader, every: TimeAmount?, _ complaints: inout Complaints
) -> AlertSettings.Setting<LatencyRule>? {
  let expected =
    "expected a rule such as \"p95 over 3s over 15m\", within p0.1 to p99.9 over 1ms to 1h "
    + "over 1s to 1d, or \"off\""
  guard var form = RuleForm(&parent, "latency", expected: expected, &complaints) else {
    return nil
  }
  if form.isOff { return .off }
  let threshold = form.threshold(&complaints) {
    words -> (percentile: Int, limit: TimeAmount, window: TimeAmount)? in
    guard words.count == 5, words[1] == "over", words[3] == "over",
      let percentile = percentilePermille(words[0]), let limit = parseDuration(words[2]),
      Ranges.latency.contains(limit), let window = parseDuration(words[4]),
      Ranges.window.contains(window)
    else { return nil }
    return (percentile, limit, window)
  }
  let clear = form.details?.duration(
    "clear", range: Ranges.latency.lowerBound...(threshold?.limit ?? Ranges.latency.upperBound),
    &complaints)
  let minimum = form.minimum(every: every, window: threshold?.window, &complaints)
  form.details?.finish(&complaints)
  guard let (percentile, limit, window) = threshold else { return nil }
  return .rule(
    LatencyRule(
      percentilePermille: percentile, raiseAbove: limit,
      clearBelow: clear ?? max(Ranges.latency.lowerBound, limit * 4 / 5), window: window,
      minimumSamples: minimum))
}

/// `p95` as 950, `p99.9` as 999.
private func percentilePermille(_ word: String) -> Int? {
  guard word.hasPrefix("p"), let permille = parsePercent(word.dropFirst() + "%"),
    Ranges.percentilePermille.contains(permille)
  else { return nil }
  return permille
}
