import Base
import Model

/// Three bits of memory for each of the last 64 attempts, newest in bit 0: whether it failed, whether
/// it was slow, whether it warned. Rules like "3 of 5" are a mask and a count.
package struct AttemptBits: Sendable, Hashable {
  package private(set) var failedBits: UInt64 = 0
  package private(set) var slowBits: UInt64 = 0
  package private(set) var warnedBits: UInt64 = 0
  /// How many attempts are remembered, up to 64.
  package private(set) var count = 0

  package init() {}

  package mutating func add(failed: Bool, slow: Bool, warned: Bool = false) {
    failedBits = failedBits << 1 | (failed ? 1 : 0)
    slowBits = slowBits << 1 | (slow ? 1 : 0)
    warnedBits = warnedBits << 1 | (warned ? 1 : 0)
    count = min(64, count + 1)
  }

  /// Counts every attempt so far as right, now that the failures have been told and are over.
  package mutating func forgiveFailures() { failedBits = 0 }

  /// The same for warnings.
  package mutating func forgiveWarnings() { warnedBits = 0 }

  /// How many of the last `n` attempts failed.
  package func failures(ofLast n: Int) -> Int { (failedBits & Self.mask(n)).nonzeroBitCount }

  /// How many of the last `n` attempts warned.
  package func warnings(ofLast n: Int) -> Int { (warnedBits & Self.mask(n)).nonzeroBitCount }

  /// Whether the last `n` attempts exist and none of them failed.
  package func allRight(last n: Int) -> Bool { count >= n && failedBits & Self.mask(n) == 0 }

  /// Whether the last `n` attempts exist and none of them failed or warned.
  package func allWell(last n: Int) -> Bool {
    count >= n && (failedBits | warnedBits) & Self.mask(n) == 0
  }

  /// Oldest first: `o` right, `s` slow, `w` warned, `x` failed.
  package var text: String {
    var text = ""
    for index in stride(from: count - 1, through: 0, by: -1) {
      let bit: UInt64 = 1 << UInt64(index)
      text +=
        failedBits & bit != 0
        ? "x" : warnedBits & bit != 0 ? "w" : slowBits & bit != 0 ? "s" : "o"
    }
    return text
  }

  private static func mask(_ n: Int) -> UInt64 { n >= 64 ? .max : (1 << UInt64(max(0, n))) - 1 }
}

/// A rule that is raised now.
package struct RaisedRule: Sendable, Hashable {
  package var rule: RuleKind
  package var since: WallTime
  package var evidence: String
  /// The name of the outcome behind it; `slow` for latency.
  package var cause: String
  /// The outcome's detail, such as the status; empty without one.
  package var causeDetail: String

  package init(
    rule: RuleKind, since: WallTime, evidence: String, cause: String, causeDetail: String = ""
  ) {
    self.rule = rule
    self.since = since
    self.evidence = evidence
    self.cause = cause
    self.causeDetail = causeDetail
  }
}

/// Watches one probe: keeps its windows and says which of its rules are raised. Raising and clearing
/// have limits of their own, so that a value near a limit does not go back and forth.
package struct ProbeJudge: Sendable {
  private let rules: AlertRules
  /// What the application codes in the evidence mean.
  package var codes: CodeTable?
  private var rates: SampleWindow?
  private var latencies: SampleWindow?
  package private(set) var bits = AttemptBits()
  package private(set) var raised: [RaisedRule] = []
  /// The last sample since the start.
  package private(set) var last: Sample?
  private var restored: Sample?
  private var lastFailure: Outcome?
  private var lastFailureNote = ""
  /// How many attempts in a row have failed by ``lastFailure``'s cause; 0 after a right one.
  private var sameFailures: UInt8 = 0
  /// When the first of the failures in a row was made; nil after an attempt that was none.
  package private(set) var failingSince: WallTime?
  /// How many attempts in a row have warned as the newest one does; 0 when that does not.
  private var sameWarnings: UInt8 = 0

  /// `every` is the probe's interval, which sizes the windows.
  package init(rules: AlertRules, every: TimeAmount, codes: CodeTable? = nil) {
    self.rules = rules
    self.codes = codes
    if let rule = rules.errorRate { rates = SampleWindow(length: rule.window, every: every) }
    if let rule = rules.latency {
      latencies = SampleWindow(
        length: rule.window, every: every, upper: rule.raiseAbove, lower: rule.clearBelow)
    }
  }

  /// Takes a sample that was recorded before the daemon started: fills the windows, raises nothing.
  package mutating func restore(_ sample: Sample) {
    guard !sample.outcome.isSkipped else { return }
    remember(sample)
    restored = sample
  }

  /// Takes over what a judge of the same check has seen, whose rules were others: the attempts, and the
  /// windows of rules that are the same.
  package mutating func goOn(from former: ProbeJudge) {
    bits = former.bits
    last = former.last
    restored = former.restored
    lastFailure = former.lastFailure
    lastFailureNote = former.lastFailureNote
    sameFailures = former.sameFailures
    sameWarnings = former.sameWarnings
    failingSince = former.failingSince
    if rules.errorRate?.window == former.rules.errorRate?.window { rates = former.rates }
    if rules.latency == former.rules.latency { latencies = former.latencies }
  }

  /// Takes a rule that was raised before the daemon started; one that the catalogue has dropped since
  /// would never clear and is left out.
  package mutating func restore(_ rule: RaisedRule) {
    switch rule.rule {
    case .failures, .warnings: break
    case .errorRate: if rules.errorRate == nil { return }
    case .latency: if rules.latency == nil { return }
    // Of the link as a whole, not of a probe.
    case .overdue: return
    }
    if !isRaised(rule.rule) { raised.append(rule) }
  }

  /// Takes a fresh sample; true when a rule was raised or cleared by it. Skipped runs say nothing
  /// about the link and change nothing.
  package mutating func record(_ sample: Sample) -> Bool {
    guard !sample.outcome.isSkipped else { return false }
    remember(sample)
    last = sample
    // Before the failures, which forget themselves when they are over.
    let changedWarnings = judgeWarnings(sample)
    let changedFailures = judgeFailures(at: sample.time)
    let changedRate = judgeErrorRate(at: sample.time)
    let changedLatency = judgeLatency(at: sample.time)
    return changedWarnings || changedFailures || changedRate || changedLatency
  }

  /// The last sample, of before the start if there is none since.
  package var newest: Sample? { last ?? restored }

  /// Takes a fresh sample of a link that is not connected yet: it is remembered, and raises nothing.
  package mutating func observe(_ sample: Sample) {
    guard !sample.outcome.isSkipped else { return }
    remember(sample)
    last = sample
  }

  /// Takes a sample of a time at which we may have been blind: it is the last, and counts for nothing.
  package mutating func see(_ sample: Sample) { last = sample }

  /// Failures and warnings that have raised nothing so far count no more.
  package mutating func forgiveUnraised() {
    if !isRaised(.failures) {
      bits.forgiveFailures()
      sameFailures = 0
      failingSince = nil
    }
    if !isRaised(.warnings) {
      bits.forgiveWarnings()
      sameWarnings = 0
    }
    if !isRaised(.errorRate) { rates?.removeAll() }
    if !isRaised(.latency) { latencies?.removeAll() }
  }

  /// What each rule sees and when it raises or clears, in words.
  package func ruleViews(at time: WallTime) -> [String] {
    var views: [String] = []
    let failures = rules.failures
    let count = bits.failures(ofLast: failures.of)
    views.append(
      isRaised(.failures)
        ? "failures: raised; clears after \(failures.clearAfter) right attempts in a row"
        : "failures: \(count) of the last \(failures.of); raises at \(failures.failures)")
    if let rule = rules.errorRate, var window = rates {
      window.expire(at: time)
      let share = percent(window.failed, of: window.total)
      views.append(
        "errorRate: \(window.failed) of \(window.total) within \(rule.window) (\(share)); "
          + (isRaised(.errorRate)
            ? "raised; clears below \(percent(rule.clearPermille, of: 1_000))"
            : "raises at \(percent(rule.raisePermille, of: 1_000)) of at least \(rule.minimumSamples)")
      )
    }
    if let rule = rules.latency, var window = latencies {
      window.expire(at: time)
      let name = percentileName(rule.percentilePermille)
      let value = window.percentileMicroseconds(permille: rule.percentilePermille)
      let shown = value.map { "\($0 / 1_000) ms" } ?? "unknown"
      views.append(
        "latency: \(name) of \(window.timed) answers within \(rule.window) is \(shown); "
          + (isRaised(.latency)
            ? "raised; clears at \(rule.clearBelow.milliseconds) ms"
            : "raises above \(rule.raiseAbove.milliseconds) ms, of at least \(rule.minimumSamples)")
      )
    }
    if isRaised(.warnings) {
      views.append(
        "warnings: raised; clears after \(failures.clearAfter) attempts that do not warn")
    }
    return views
  }

  /// How the newest attempt that failed did so.
  package var newestFailure: Outcome? {
    lastFailure ?? restored.flatMap { $0.outcome.isFailure ? $0.outcome : nil }
  }

  /// Forgets what was seen so far, the last sample aside: what came before a link was connected does
  /// not count against it.
  package mutating func beginAnew() {
    bits = AttemptBits()
    raised = []
    sameFailures = 0
    sameWarnings = 0
    lastFailure = nil
    lastFailureNote = ""
    rates?.removeAll()
    latencies?.removeAll()
  }

  /// Takes back what is raised, for a link that is not judged any more.
  package mutating func withdrawRules() {
    raised = []
    bits.forgiveFailures()
    bits.forgiveWarnings()
    sameFailures = 0
    sameWarnings = 0
    failingSince = nil
    rates?.removeAll()
    latencies?.removeAll()
  }

  package func isRaised(_ rule: RuleKind) -> Bool { raised.contains { $0.rule == rule } }

  /// What the probe shows now. `isFresh`: whether the last sample is young enough to say anything.
  package func condition(isFresh: Bool) -> ProbeCondition {
    guard let last, isFresh else { return .unknown }
    if isRaised(.failures) { return .failing }
    let isWell = !last.outcome.isFailure && !last.outcome.isWarning && !last.isSlow
    if !raised.isEmpty || !isWell { return .impaired }
    return .ok
  }

  private mutating func remember(_ sample: Sample) {
    let failed = sample.outcome.isFailure
    let warned = sample.outcome.isWarning
    bits.add(failed: failed, slow: sample.isSlow, warned: warned)
    let isSameWarning = sameWarnings > 0 && newest?.outcome == sample.outcome
    sameWarnings = warned ? (isSameWarning ? min(sameWarnings, .max - 1) + 1 : 1) : 0
    failingSince = failed ? failingSince ?? sample.time : nil
    if failed {
      let isSame = sameFailures > 0 && lastFailure == sample.outcome
      sameFailures = isSame ? min(sameFailures, .max - 1) + 1 : 1
      lastFailure = sample.outcome
      lastFailureNote = sample.note
    } else {
      sameFailures = 0
    }
    // Short-notice runs come only after failures: in a rate they would weigh outages twice.
    guard !sample.flags.contains(.confirmation) else { return }
    rates?.add(time: sample.time, failed: failed, latencyMicroseconds: nil)
    let answered = !failed || sample.httpStatus != 0
    latencies?.add(
      time: sample.time, failed: failed,
      latencyMicroseconds: answered ? sample.timings.totalMicroseconds : nil)
  }

  private mutating func judgeFailures(at time: WallTime) -> Bool {
    let rule = rules.failures
    if isRaised(.failures) {
      guard bits.allRight(last: rule.clearAfter) else {
        return refreshCause(.failures)
      }
      // What is over does not make the next single failure an outage.
      bits.forgiveFailures()
      return clear(.failures)
    }
    let failures = bits.failures(ofLast: rule.of)
    guard sameFailures > 0, failures >= rule.failures, let lastFailure else { return false }
    return raise(
      .failures, at: time, cause: lastFailure.name, detail: lastFailure.detail,
      "\(failures) of the last \(min(rule.of, bits.count)) attempts failed: "
        + sentence(lastFailure, note: lastFailureNote, codes: codes))
  }

  private mutating func judgeErrorRate(at time: WallTime) -> Bool {
    guard let rule = rules.errorRate else { return false }
    rates?.expire(at: time)
    guard let rates, rates.total >= rule.minimumSamples else { return false }
    if isRaised(.errorRate) {
      return rates.failed * 1_000 < rule.clearPermille * rates.total ? clear(.errorRate) : false
    }
    guard rates.failed * 1_000 >= rule.raisePermille * rates.total, let lastFailure else {
      return false
    }
    return raise(
      .errorRate, at: time, cause: lastFailure.name, detail: lastFailure.detail,
      "\(rates.failed) of \(rates.total) attempts within \(rule.window) failed"
        + " (\(percent(rates.failed, of: rates.total))): "
        + sentence(lastFailure, note: lastFailureNote, codes: codes))
  }

  private mutating func judgeLatency(at time: WallTime) -> Bool {
    guard let rule = rules.latency else { return false }
    latencies?.expire(at: time)
    guard let latencies, latencies.timed >= rule.minimumSamples else { return false }
    let permille = rule.percentilePermille
    if isRaised(.latency) {
      return latencies.percentileIsAboveLower(permille: permille) ? false : clear(.latency)
    }
    guard latencies.percentileIsAboveUpper(permille: permille) else { return false }
    let value = latencies.percentileMicroseconds(permille: permille) ?? 0
    return raise(
      .latency, at: time, cause: "slow",
      "\(percentileName(permille)) of \(latencies.timed) answers within \(rule.window) is "
        + "\(value / 1_000) ms, above \(rule.raiseAbove.milliseconds) ms")
  }

  private mutating func raise(
    _ rule: RuleKind, at time: WallTime, cause: String, detail: String = "", _ evidence: String
  ) -> Bool {
    raised.append(
      RaisedRule(
        rule: rule, since: time, evidence: evidence, cause: cause, causeDetail: detail))
    return true
  }

  private mutating func clear(_ rule: RuleKind) -> Bool {
    raised.removeAll { $0.rule == rule }
    return true
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
  private mutating func judgeWarnings(_ sample: Sample) -> Bool {
    let rule = rules.failures
    guard case .warning(let cause) = sample.outcome else {
      guard isRaised(.warnings), bits.allWell(last: rule.clearAfter) else { return false }
      bits.forgiveWarnings()
      return clear(.warnings)
    }
    let words = sentence(sample.outcome, note: sample.note, codes: codes)
    if isRaised(.warnings) { return refreshWarning(sample.outcome, words) }
    let warnings = bits.warnings(ofLast: rule.of)
    guard cause.isLasting || warnings >= rule.failures else { return false }
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
}

private func percent(_ part: Int, of whole: Int) -> String {
  "\((part * 100 + whole / 2) / max(1, whole)) %"
}

/// `p95` for 950, `p99.9` for 999.
package func percentileName(_ permille: Int) -> String {
  permille % 10 == 0 ? "p\(permille / 10)" : "p\(permille / 10).\(permille % 10)"
}
