import Base
import Model

/// Watches one probe: keeps its windows and says which of its rules are raised. Raising and clearing
/// have limits of their own, so that a value near a limit does not go back and forth.
package struct ProbeJudge: Sendable {
  let rules: AlertRules
  /// What the application codes in the evidence mean.
  package var codes: CodeTable?
  var rates: SampleWindow?
  var latencies: SampleWindow?
  /// The latencies that are held against the past, and what the past is known to be.
  var ownLatencies: SampleWindow?
  var past = KnownPast()
  var burn: BurnCounts?
  /// Conditions that have to hold for some time before a rule changes.
  var held = HeldConditions()
  package internal(set) var bits = AttemptBits()
  package internal(set) var raised: [RaisedRule] = [] {
    didSet {
      standing.isAnyRaised = !raised.isEmpty
      standing.isFailing = isRaised(.failures)
    }
  }
  /// The last sample since the start.
  package private(set) var last: Sample? {
    didSet { standing.note(last) }
  }
  /// The gist of both.
  package private(set) var standing = Standing()
  var restored: Sample?
  var lastFailure: Outcome?
  var lastFailureNote = ""
  /// How many attempts in a row have failed by ``lastFailure``'s cause; 0 after a right one.
  var sameFailures: UInt8 = 0
  /// When the first of the failures in a row was made; nil after an attempt that was none.
  package private(set) var failingSince: WallTime?
  /// How many attempts in a row have warned as the newest one does; 0 when that does not.
  var sameWarnings: UInt8 = 0

  /// `every` is the probe's interval, which sizes the windows.
  package init(rules: AlertRules, every: TimeAmount, codes: CodeTable? = nil) {
    self.rules = rules
    self.codes = codes
    if let rule = rules.errorRate { rates = SampleWindow(length: rule.window, every: every) }
    if let rule = rules.latency {
      latencies = SampleWindow(
        length: rule.window, every: every, upper: rule.raiseAbove, lower: rule.clearBelow)
    }
    if let rule = rules.ownPast { ownLatencies = SampleWindow(length: rule.window, every: every) }
    if let rule = rules.burnRate { burn = BurnCounts(rule, every: every) }
  }

  /// Takes a sample that was recorded before the daemon started: fills the windows, raises nothing.
  package mutating func restore(_ sample: Sample) {
    guard !sample.outcome.isSkipped else { return }
    remember(sample)
    restored = sample
  }

  /// Takes how many attempts there were in an earlier run, before the samples that it restores.
  package mutating func restore(_ attempts: [AttemptCounts]) {
    for attempts in attempts { burn?.add(attempts) }
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
    if rules.ownPast == former.rules.ownPast {
      ownLatencies = former.ownLatencies
      past = former.past
    }
    if rules.burnRate == former.rules.burnRate { burn = former.burn }
  }

  /// Takes a rule that was raised before the daemon started; one that the catalogue has dropped since
  /// would never clear and is left out.
  package mutating func restore(_ rule: RaisedRule) {
    switch rule.rule {
    case .failures, .warnings: break
    case .errorRate: if rules.errorRate == nil { return }
    case .latency: if rules.latency == nil { return }
    case .ownPast: if rules.ownPast == nil { return }
    case .burnRate: if rules.burnRate == nil { return }
    case .noData: if rules.noData == nil { return }
    // Of the link as a whole, not of a probe.
    case .overdue, .flapping: return
    }
    guard !isRaised(rule.rule) else { return }
    var rule = rule
    rule.severity = severity(of: rule.rule, cause: rule.cause, detail: rule.causeDetail)
    raised.append(rule)
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
    let changedOthers = judgeSeldomRules(at: sample.time)
    return changedWarnings || changedFailures || changedRate || changedLatency || changedOthers
  }

  /// The rules that most links do not have, and the one that a sample always ends.
  private mutating func judgeSeldomRules(at time: WallTime) -> Bool {
    var isChanged = false
    if rules.ownPast != nil, judgeOwnPast(at: time) { isChanged = true }
    if rules.burnRate != nil, judgeBurnRate(at: time) { isChanged = true }
    if !raised.isEmpty, isRaised(.noData) { isChanged = clear(.noData) }
    return isChanged
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
    if !isRaised(.ownPast) { ownLatencies?.removeAll() }
    if !isRaised(.burnRate) { burn?.forgive(last: Limits.forgivenBeforeBlindness) }
    held.removeAll()
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
    ownLatencies?.removeAll()
    burn?.removeAll()
    held.removeAll()
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
    ownLatencies?.removeAll()
    burn?.forgive(last: Limits.forgivenBeforeBlindness)
    held.removeAll()
  }

  package func isRaised(_ rule: RuleKind) -> Bool { raised.contains { $0.rule == rule } }

  /// What the probe shows now. `isFresh`: whether the last sample is young enough to say anything.
  package func condition(isFresh: Bool) -> ProbeCondition { standing.condition(isFresh: isFresh) }

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
    burn?.add(failed: failed, at: sample.time)
    let latency = !failed || sample.httpStatus != 0 ? sample.timings.totalMicroseconds : nil
    latencies?.add(time: sample.time, failed: failed, latencyMicroseconds: latency)
    ownLatencies?.add(time: sample.time, failed: failed, latencyMicroseconds: latency)
  }

  mutating func raise(
    _ rule: RuleKind, at time: WallTime, cause: String, detail: String = "", _ evidence: String
  ) -> Bool {
    held.forget(rule)
    raised.append(
      RaisedRule(
        rule: rule, since: time, evidence: evidence, cause: cause, causeDetail: detail,
        severity: severity(of: rule, cause: cause, detail: detail)))
    return true
  }

  mutating func clear(_ rule: RuleKind) -> Bool {
    held.forget(rule)
    raised.removeAll { $0.rule == rule }
    return true
  }

  /// How bad a rule is that is raised for such a cause.
  func severity(of rule: RuleKind, cause: String, detail: String) -> Severity {
    switch rule {
    case .failures: rules.failures.grade.severity
    case .warnings: warningSeverity(cause: cause, detail: detail)
    case .errorRate: rules.errorRate?.grade.severity ?? .warning
    case .latency: rules.latency?.grade.severity ?? .warning
    case .ownPast: rules.ownPast?.grade.severity ?? .warning
    case .burnRate:
      rules.burnRate?.pairs.first { "\($0.long)" == detail }?.severity ?? .warning
    case .noData: rules.noData?.severity ?? .warning
    case .flapping, .overdue: .warning
    }
  }
}

/// What a judge's condition is made of, in a few bytes: the state of a link is asked for with each sample
/// of it, and a judge is far too large to be copied for that.
package struct Standing: Sendable, Hashable {
  /// Whether ``RuleKind/failures`` is raised.
  package fileprivate(set) var isFailing = false
  fileprivate var isAnyRaised = false
  /// Nil before the first sample.
  private var isLastWell: Bool?

  fileprivate mutating func note(_ last: Sample?) {
    guard let last else {
      isLastWell = nil
      return
    }
    isLastWell = !last.outcome.isFailure && !last.outcome.isWarning && !last.isSlow
  }

  /// What the probe shows now. `isFresh`: whether the last sample is young enough to say anything.
  package func condition(isFresh: Bool) -> ProbeCondition {
    guard isFresh, let isLastWell else { return .unknown }
    if isFailing { return .failing }
    return isAnyRaised || !isLastWell ? .impaired : .ok
  }
}
