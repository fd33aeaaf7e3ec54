import Base
import Model
import Probes
import Wire

// MARK: - Warnings and expiry

/// Reads `warnings: { severity: "critical" }`: their counts are those of `failures`.
func readWarnings(
  _ parent: inout FieldReader, _ complaints: inout Complaints
) -> RuleGrade? {
  guard var reader = parent.object("warnings", &complaints) else { return nil }
  let grade = reader.grade(&complaints)
  reader.finish(&complaints)
  return grade
}

/// Reads `expiry: { warn: ["30d", "14d"], critical: "3d" }`.
func readExpiry(_ parent: inout FieldReader, _ complaints: inout Complaints) -> ExpiryDays? {
  guard var reader = parent.object("expiry", &complaints) else { return nil }
  var steps = ExpiryDays()
  if let texts = reader.strings("warn", &complaints) {
    let days = texts.compactMap(wholeDays)
    if days.count == texts.count, Set(days).count == days.count, days.count <= Ranges.expirySteps {
      steps.warn = days.sorted(by: >)
    } else {
      reader.complain(
        "warn",
        "expected up to \(Ranges.expirySteps) different whole days such as [\"30d\", \"14d\", \"7d\"]",
        &complaints)
    }
  }
  if let text = reader.string("critical", &complaints) {
    steps.critical = wholeDays(text)
    if steps.critical == nil {
      reader.complain(
        "critical", "expected whole days such as \"3d\", got \"\(printable(text, limit: 40))\"",
        &complaints)
    }
  }
  reader.finish(&complaints)
  return steps
}

private func wholeDays(_ text: String) -> Int? {
  let day = TimeAmount.hours(24)
  guard let length = parseDuration(text), length >= day, length <= day * 3_650,
    length.nanoseconds % day.nanoseconds == 0
  else { return nil }
  return Int(length.nanoseconds / day.nanoseconds)
}

// MARK: - Own past

func readOwnPast(
  _ parent: inout FieldReader, every: TimeAmount?, _ complaints: inout Complaints
) -> AlertSettings.Setting<OwnPastRule>? {
  let expected =
    "expected a rule such as \"p95 over 2 times over 15m\", within p0.1 to p99.9 over 1.1 to 100 "
    + "times over 1s to 1d, or \"off\""
  guard var form = RuleForm(&parent, "ownPast", expected: expected, &complaints) else {
    return nil
  }
  if form.isOff { return .off }
  let threshold = form.threshold(&complaints) {
    words -> (percentile: Int, tenths: Int, window: TimeAmount)? in
    guard words.count == 6, words[1] == "over", words[3] == "times", words[4] == "over",
      let percentile = percentilePermille(words[0]), let tenths = parsePercent(words[2] + "%"),
      Ranges.ownPastTenths.contains(tenths), let window = parseDuration(words[5]),
      Ranges.window.contains(window)
    else { return nil }
    return (percentile, tenths, window)
  }
  let clear = readTimes(&form, "clear", upTo: threshold?.tenths, &complaints)
  let floor = form.details?.duration("floor", range: Ranges.latency, &complaints)
  let weeks = form.details?.int("weeks", range: 1...Limits.ownPastWeeksMaximum, &complaints)
  let past = form.details?.int("minimumPast", range: Ranges.pastSamples, &complaints)
  let minimum = form.minimum(every: every, window: threshold?.window, &complaints)
  let grade = form.grade(&complaints)
  form.details?.finish(&complaints)
  guard let (percentile, tenths, window) = threshold else { return nil }
  return .rule(
    OwnPastRule(
      percentilePermille: percentile, raiseTenths: tenths,
      // Half of what it is slower than ever.
      clearTenths: clear ?? 10 + (tenths - 10) / 2, floor: floor ?? Defaults.ownPastFloor,
      window: window, minimumSamples: minimum, weeks: weeks ?? Limits.ownPastWeeks,
      minimumPastSamples: past ?? Limits.ownPastSamples, grade: grade))
}

/// `"1.5 times"` in tenths.
private func readTimes(
  _ form: inout RuleForm, _ key: String, upTo limit: Int?, _ complaints: inout Complaints
) -> Int? {
  guard let text = form.details?.string(key, &complaints) else { return nil }
  let words = text.split(separator: " ").map(String.init)
  let upper = limit ?? Ranges.ownPastTenths.upperBound
  if words.count == 2, words[1] == "times", let tenths = parsePercent(words[0] + "%"),
    (10...upper).contains(tenths)
  {
    return tenths
  }
  form.details?.complain(
    key,
    "expected \"1 times\" to \"\(tenthsText(upper)) times\", got \"\(printable(text, limit: 40))\"",
    &complaints)
  return nil
}

// MARK: - Burn rate

func readBurnRate(
  _ parent: inout FieldReader, every: TimeAmount?, _ complaints: inout Complaints
) -> AlertSettings.Setting<BurnRateRule>? {
  let expected = "expected an objective such as \"99.5%\", within 50% to 99.999%, or \"off\""
  guard
    var form = RuleForm(
      &parent, "burnRate", threshold: "objective", expected: expected, &complaints)
  else { return nil }
  if form.isOff { return .off }
  let objective = form.threshold(&complaints) { words -> Int? in
    guard words.count == 1, let millionths = percentMillionths(words[0]),
      Ranges.objectiveMillionths.contains(millionths)
    else { return nil }
    return millionths
  }
  var pairs = BurnRateRule.standardPairs
  if let readers = form.details?.objects("pairs", &complaints) {
    if !(1...Limits.burnRatePairs).contains(readers.count) {
      form.details?.complain(
        "pairs", "expected 1 to \(Limits.burnRatePairs) pairs", &complaints)
    }
    pairs = readers.compactMap { readPair($0, &complaints) }
    for (place, pair) in pairs.enumerated()
    where pairs[..<place].contains(where: { $0.long == pair.long }) {
      form.details?.complain(
        "pairs", "two pairs have the long window \(pair.long)", &complaints)
    }
  }
  let window = pairs.map(\.long).min()
  let minimum = form.minimum(every: every, window: window, &complaints)
  let grade = form.grade(readsSeverity: false, &complaints)
  form.details?.finish(&complaints)
  guard let objective, let longest = pairs.map(\.long).max() else { return nil }
  if let every, attempts(every: every, within: longest) < minimum {
    parent.complain(
      "burnRate",
      "the rule could never raise: of a probe that runs every \(every), only "
        + "\(attempts(every: every, within: longest)) attempts fall within \(longest), and "
        + "\(minimum) are needed", &complaints)
  }
  // Where several hold, the worst is told.
  pairs = pairs.enumerated().sorted { a, b in
    let (first, second) = (a.element.severity == .critical, b.element.severity == .critical)
    return first != second ? first : a.offset < b.offset
  }.map(\.element)
  return .rule(
    BurnRateRule(
      objectiveMillionths: objective, pairs: pairs, minimumSamples: minimum, grade: grade))
}

private func readPair(_ source: FieldReader, _ complaints: inout Complaints) -> BurnPair? {
  var reader = source
  let text = reader.requiredString("raise", &complaints)
  let severity = reader.severity(&complaints) ?? .warning
  reader.finish(&complaints)
  guard let text else { return nil }
  let words = text.split(separator: " ").map(String.init)
  guard words.count == 6, words[1] == "times", words[2] == "over", words[4] == "and",
    let tenths = parsePercent(words[0] + "%"), Ranges.burnTenths.contains(tenths),
    let long = parseDuration(words[3]), let short = parseDuration(words[5]),
    Ranges.burnWindow.contains(long), Ranges.burnWindow.contains(short), short < long
  else {
    reader.complain(
      "raise",
      "expected a pair such as \"14.4 times over 1h and 5m\", within 1 to 1000 times over 1m to 30d, "
        + "the longer window first, got \"\(printable(text, limit: 40))\"", &complaints)
    return nil
  }
  return BurnPair(long: long, short: short, factorTenths: tenths, severity: severity)
}

/// `99.95%` as 999,500; nil for anything else, finer steps than a millionth included.
private func percentMillionths(_ text: String) -> Int? {
  guard text.hasSuffix("%") else { return nil }
  let parts = text.dropLast().split(separator: ".", omittingEmptySubsequences: false)
  guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isDigit) }),
    let whole = parts.first.flatMap({ Int($0) }), whole <= 100
  else { return nil }
  guard parts.count == 2 else { return whole * 10_000 }
  guard parts[1].count <= 4, let decimals = Int(parts[1]) else { return nil }
  let scale = [1_000, 100, 10, 1][parts[1].count - 1]
  return whole * 10_000 + decimals * scale
}

private func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

// MARK: - No data, flapping

func readNoData(
  _ parent: inout FieldReader, _ complaints: inout Complaints
) -> AlertSettings.Setting<NoDataRule>? {
  let expected = "expected a rule such as \"5 intervals\", within 4 to 1000, or \"off\""
  guard var form = RuleForm(&parent, "noData", expected: expected, &complaints) else { return nil }
  if form.isOff { return .off }
  let intervals = form.threshold(&complaints) { words -> Int? in
    guard words.count == 2, words[1] == "intervals", let count = Int(words[0]),
      Ranges.noDataIntervals.contains(count)
    else { return nil }
    return count
  }
  let severity = form.details?.severity(&complaints) ?? .warning
  form.details?.finish(&complaints)
  return intervals.map { .rule(NoDataRule(intervals: $0, severity: severity)) }
}

func readFlapping(
  _ parent: inout FieldReader, _ complaints: inout Complaints
) -> AlertSettings.Setting<FlappingRule>? {
  let expected =
    "expected a rule such as \"6 changes over 1h\", within 3 to \(Limits.flappingChanges) changes "
    + "over 1m to 1d, or \"off\""
  guard var form = RuleForm(&parent, "flapping", expected: expected, &complaints) else {
    return nil
  }
  if form.isOff { return .off }
  let threshold = form.threshold(&complaints) { words -> (changes: Int, window: TimeAmount)? in
    guard words.count == 4, words[1] == "changes", words[2] == "over", let changes = Int(words[0]),
      (3...Limits.flappingChanges).contains(changes), let window = parseDuration(words[3]),
      Ranges.flappingWindow.contains(window)
    else { return nil }
    return (changes, window)
  }
  let most = (threshold?.changes ?? Limits.flappingChanges) - 1
  let clear = form.details?.int("clear", range: 0...most, &complaints)
  form.details?.finish(&complaints)
  return threshold.map {
    .rule(
      FlappingRule(
        changes: $0.changes, clearChanges: clear ?? $0.changes / 3, window: $0.window))
  }
}
