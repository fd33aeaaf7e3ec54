import Base
import Model
import Wire

/// A rule written as its threshold alone, `"3 of 5"`, or as an object with more,
/// `{ raise: "3 of 5", clearAfter: 2 }`.
struct RuleForm {
  /// The object; nil where the threshold stands alone.
  var details: FieldReader?
  /// Nil where none was written, which has been complained of.
  private let raise: String?
  private let raiseOrigin: Origin
  private let expected: String

  init?(
    _ parent: inout FieldReader, _ key: String, threshold: String = "raise", expected: String,
    _ complaints: inout Complaints
  ) {
    self.expected = expected
    guard let node = parent.node(key) else { return nil }
    switch node.value {
    case .string(let text):
      raise = text
      raiseOrigin = Origin(parent, key)
    case .object:
      guard var reader = parent.object(key, &complaints) else { return nil }
      raise = reader.requiredString(threshold, &complaints)
      raiseOrigin = Origin(reader, threshold)
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

  /// `severity`, `raiseAfter` and `clearAfter`.
  mutating func grade(
    standard: Severity = .warning, readsSeverity: Bool = true, readsClearAfter: Bool = true,
    _ complaints: inout Complaints
  ) -> RuleGrade {
    details?.grade(
      standard: standard, readsSeverity: readsSeverity, readsClearAfter: readsClearAfter,
      &complaints)
      ?? RuleGrade(standard)
  }
}

extension FieldReader {
  /// How bad a rule is: `"warning"` or `"critical"`.
  mutating func severity(_ complaints: inout Complaints) -> Severity? {
    choice("severity", of: [Severity.warning, .critical].map(\.rawValue), &complaints)
      .flatMap(Severity.init)
  }

  mutating func grade(
    standard: Severity = .warning, readsSeverity: Bool = true, readsClearAfter: Bool = true,
    _ complaints: inout Complaints
  ) -> RuleGrade {
    var grade = RuleGrade(standard)
    if readsSeverity, let severity = severity(&complaints) { grade.severity = severity }
    if let hold = duration("raiseAfter", range: Ranges.hold, &complaints) {
      grade.raiseAfter = hold
    }
    if readsClearAfter, let hold = duration("clearAfter", range: Ranges.hold, &complaints) {
      grade.clearAfter = hold
    }
    return grade
  }
}

// MARK: - Failures, error rate, latency

func readFailures(
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
  var grade = form.grade(standard: .critical, readsClearAfter: false, &complaints)
  if var details = form.details {
    let clear = readFailuresClear(&details, &complaints)
    form.details = details
    if let attempts = clear.attempts { rule?.clearAfter = attempts }
    grade.clearAfter = clear.time ?? .zero
  }
  form.details?.finish(&complaints)
  rule?.grade = grade
  return rule
}

/// `clearAfter` of failures: a number of attempts, a time, or both as `{ attempts: 2, time: "5m" }`.
private func readFailuresClear(
  _ reader: inout FieldReader, _ complaints: inout Complaints
) -> (attempts: Int?, time: TimeAmount?) {
  guard let node = reader.node("clearAfter") else { return (nil, nil) }
  switch node.value {
  case .string: return (nil, reader.duration("clearAfter", range: Ranges.hold, &complaints))
  case .object:
    guard var both = reader.object("clearAfter", &complaints) else { return (nil, nil) }
    let attempts = both.int("attempts", range: Ranges.attemptsRemembered, &complaints)
    let time = both.duration("time", range: Ranges.hold, &complaints)
    both.finish(&complaints)
    return (attempts, time)
  default:
    return (reader.int("clearAfter", range: Ranges.attemptsRemembered, &complaints), nil)
  }
}

func readErrorRate(
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
  let grade = form.grade(&complaints)
  form.details?.finish(&complaints)
  guard let (raise, window) = threshold else { return nil }
  return .rule(
    ErrorRateRule(
      raisePermille: raise, clearPermille: clear ?? max(1, raise / 2), window: window,
      minimumSamples: minimum, grade: grade))
}

func readLatency(
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
  let grade = form.grade(&complaints)
  form.details?.finish(&complaints)
  guard let (percentile, limit, window) = threshold else { return nil }
  return .rule(
    LatencyRule(
      percentilePermille: percentile, raiseAbove: limit,
      clearBelow: clear ?? max(Ranges.latency.lowerBound, limit * 4 / 5), window: window,
      minimumSamples: minimum, grade: grade))
}

/// `p95` as 950, `p99.9` as 999.
func percentilePermille(_ word: String) -> Int? {
  guard word.hasPrefix("p"), let permille = parsePercent(word.dropFirst() + "%"),
    Ranges.percentilePermille.contains(permille)
  else { return nil }
  return permille
}
