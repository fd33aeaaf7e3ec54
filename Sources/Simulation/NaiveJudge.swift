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
  private var ownLatencies: [Attempt] = []
  /// What the same hour was like in the weeks before, as far as it was told.
  private var past: [NaivePast] = []
  /// Of each window of the burn rate, by its length, the attempts that it has seen.
  private var burning: [TimeAmount: BurnWindow] = [:]
  /// The first and the newest attempt that the burn rate has counted.
  private var burnSpan: (oldest: WallTime, newest: WallTime)?
  private var hasFailed = false
  /// The long window of the pair that was told.
  private var toldWindow = ""
  /// What each rule saw since it was last raised or cleared, or since the start.
  private var looks: [RuleKind: [Look]] = [:]
  /// The rules that are raised, in the order in which they were.
  package private(set) var raised: [RuleKind] = []

  package init(rules: AlertRules, every: TimeAmount) {
    self.rules = rules
    self.every = every
  }

  /// A sample of before the start: it is remembered and decides nothing.
  package mutating func restore(_ sample: Sample) { _ = remember(sample) }

  /// `detail`: of a burn rate the long window that was told.
  package mutating func restore(_ rule: RuleKind, detail: String = "") {
    if !raised.contains(rule) { raised.append(rule) }
    if rule == .burnRate { toldWindow = detail }
  }

  /// Takes what an hour was like in the weeks before; of two at most it is remembered.
  package mutating func learn(start: WallTime, percentileMicroseconds: UInt32, samples: Int) {
    past.removeAll { $0.start == start }
    past.append(
      NaivePast(
        start: start, percentileMicroseconds: Int64(percentileMicroseconds), samples: samples))
    past = past.suffix(2)
  }

  /// Nothing was recorded for too long.
  package mutating func missData() {
    if rules.noData != nil { restore(.noData) }
  }

  package mutating func record(_ sample: Sample) {
    guard remember(sample) else { return }
    let now = sample.time
    if let window = rules.errorRate?.window { expire(&rates, window, at: now) }
    if let window = rules.latency?.window { expire(&latencies, window, at: now) }
    decide(.warnings, warningsLook(sample), rules.warnings.grade)
    decide(.failures, failuresLook(sample), rules.failures.grade)
    if let rule = rules.errorRate { decide(.errorRate, errorRateLook(rule, now), rule.grade) }
    if let rule = rules.latency { decide(.latency, latencyLook(rule, now), rule.grade) }
    if let rule = rules.ownPast {
      expire(&ownLatencies, rule.window, at: now)
      decide(.ownPast, ownPastLook(rule, now), rule.grade)
    }
    if let rule = rules.burnRate {
      for length in lengths(rule) { burning[length, default: BurnWindow(length)].move(to: now) }
      decide(.burnRate, burnRateLook(rule, now), rule.grade)
      tellBurnRate(rule)
    }
    raised.removeAll { $0 == .noData }
  }

  private struct NaivePast {
    var start: WallTime
    var percentileMicroseconds: Int64
    var samples: Int
  }

  /// All attempts that came while the newest part moved on; those that lie in one of the thirteen newest
  /// parts count.
  private struct BurnWindow {
    private let part: Int64
    private var newest: Int64?
    private var attempts: [(part: Int64, failed: Bool)] = []

    init(_ length: TimeAmount) { part = max(1, length.milliseconds / 12) }

    func number(_ time: WallTime) -> Int64 {
      Int64((Double(time.milliseconds) / Double(part)).rounded(.down))
    }

    /// A step of a whole window, ahead or back, leaves nothing to count.
    mutating func move(to time: WallTime) {
      let number = number(time)
      if let newest, abs(number - newest) < 13 {
        self.newest = max(newest, number)
      } else {
        attempts = []
        newest = number
      }
    }

    mutating func add(failed: Bool, at time: WallTime) {
      move(to: time)
      attempts.append((number(time), failed))
    }

    var counted: (total: Int, failed: Int) {
      let list = attempts.filter { $0.part > (newest ?? 0) - 13 }
      return (list.count, list.count { $0.failed })
    }
  }

  private func lengths(_ rule: BurnRateRule) -> Set<TimeAmount> {
    Set(rule.pairs.flatMap { [$0.long, $0.short] })
  }

  /// What a rule sees at a sample.
  private struct Look {
    var time: WallTime
    var raises = false
    var clears = false
    /// Whether it may be raised at this sample, if its condition holds.
    var mayRaise = true
  }

  private func failuresLook(_ sample: Sample) -> Look {
    let rule = rules.failures
    let last = failed.suffix(rule.clearAfter)
    return Look(
      time: sample.time, raises: failed.suffix(rule.of).count { $0 } >= rule.failures,
      clears: last.count == rule.clearAfter && !last.contains(true),
      mayRaise: sample.outcome.isFailure)
  }

  private func warningsLook(_ sample: Sample) -> Look {
    let rule = rules.failures
    let last = zip(failed, warned).suffix(rule.clearAfter)
    var look = Look(
      time: sample.time, raises: warned.suffix(rule.of).count { $0 } >= rule.failures,
      clears: last.count == rule.clearAfter && last.allSatisfy { !$0 && !$1 },
      mayRaise: sample.outcome.isWarning)
    switch sample.outcome {
    case .warning(.plugin), .warning(.packetLoss): break
    case .warning: look.raises = true
    default: break
    }
    return look
  }

  private func errorRateLook(_ rule: ErrorRateRule, _ now: WallTime) -> Look {
    guard rates.count >= rule.minimumSamples else { return Look(time: now) }
    let permille = Double(rates.count { $0.failed }) * 1_000 / Double(rates.count)
    return Look(
      time: now, raises: permille >= Double(rule.raisePermille),
      clears: permille < Double(rule.clearPermille))
  }

  private func latencyLook(_ rule: LatencyRule, _ now: WallTime) -> Look {
    let sorted = latencies.compactMap(\.latencyUnits).sorted()
    guard sorted.count >= rule.minimumSamples, !sorted.isEmpty else { return Look(time: now) }
    // Nearest rank.
    let rank = max(1, (sorted.count * rule.percentilePermille + 999) / 1_000)
    let value = sorted[rank - 1]
    return Look(
      time: now, raises: value > UInt64(rule.raiseAbove.microseconds / 100),
      clears: value <= UInt64(rule.clearBelow.microseconds / 100))
  }

  private func ownPastLook(_ rule: OwnPastRule, _ now: WallTime) -> Look {
    let hour = past.first { now >= $0.start && now < $0.start + .hours(1) }
    let sorted = ownLatencies.compactMap(\.latencyUnits).sorted()
    guard let hour, hour.samples >= rule.minimumPastSamples, !sorted.isEmpty,
      sorted.count >= rule.minimumSamples
    else { return Look(time: now) }
    func limit(_ tenths: Int) -> Int64 {
      max(rule.floor.microseconds, hour.percentileMicroseconds * Int64(tenths) / 10)
    }
    let raise = limit(rule.raiseTenths)
    let rank = max(1, (sorted.count * rule.percentilePermille + 999) / 1_000)
    let value = sorted[rank - 1]
    return Look(
      time: now, raises: value > UInt64(raise / 100),
      clears: value <= UInt64(min(raise, limit(rule.clearTenths)) / 100))
  }

  private func burnRateLook(_ rule: BurnRateRule, _ now: WallTime) -> Look {
    let isAnyBurning = rule.pairs.contains { isBurning(rule, $0) }
    // While the long window is not counted whole, the short one alone says whether it goes on.
    let mayStillBurn = rule.pairs.contains { pair in
      "\(pair.long)" == toldWindow && counted(pair.long).uncounted > 0
        && isAbove(rule, pair, counted(pair.short))
    }
    return Look(
      time: now, raises: isAnyBurning, clears: !isAnyBurning && !mayStillBurn, mayRaise: hasFailed)
  }

  private typealias Counted = (total: Int, failed: Int, uncounted: Int)

  private func isAbove(_ rule: BurnRateRule, _ pair: BurnPair, _ window: Counted) -> Bool {
    let all = window.total + window.uncounted
    return window.failed > 0
      && window.failed * 10_000_000 >= rule.budgetMillionths * pair.factorTenths * all
  }

  private func isBurning(_ rule: BurnRateRule, _ pair: BurnPair) -> Bool {
    let long = counted(pair.long)
    return long.total >= rule.minimumSamples && isAbove(rule, pair, long)
      && isAbove(rule, pair, counted(pair.short))
  }

  /// The pair that was raised is the worst that held then; a worse one that is critical takes its place.
  private mutating func tellBurnRate(_ rule: BurnRateRule) {
    guard raised.contains(.burnRate) else {
      toldWindow = ""
      return
    }
    guard let burning = rule.pairs.firstIndex(where: { isBurning(rule, $0) }) else { return }
    let told = rule.pairs.firstIndex { "\($0.long)" == toldWindow }
    guard toldWindow != "", let told else {
      toldWindow = "\(rule.pairs[burning].long)"
      return
    }
    if burning < told, rule.pairs[burning].severity == .critical {
      toldWindow = "\(rule.pairs[burning].long)"
    }
  }

  private func counted(
    _ length: TimeAmount
  ) -> (total: Int, failed: Int, uncounted: Int) {
    let counted = burning[length]?.counted ?? (total: 0, failed: 0)
    guard let burnSpan else { return (counted.total, counted.failed, 0) }
    let whole = max(1, length.milliseconds / 12) * 12
    let missing = whole - (burnSpan.newest - burnSpan.oldest).milliseconds
    return (
      counted.total, counted.failed, max(0, Int(missing / max(1, every.milliseconds)))
    )
  }

  /// Goes through all that a rule saw since it last changed.
  private mutating func decide(_ rule: RuleKind, _ look: Look, _ grade: RuleGrade) {
    let isRaised = raised.contains(rule)
    let length = isRaised ? grade.clearAfter : grade.raiseAfter
    if length == .zero { looks[rule] = nil }
    looks[rule, default: []].append(look)
    var since: WallTime?
    for look in looks[rule] ?? [] {
      guard isRaised ? look.clears : look.raises else {
        since = nil
        continue
      }
      since = min(since ?? look.time, look.time)
    }
    guard let since, look.time - since >= length, isRaised || look.mayRaise else { return }
    looks[rule] = []
    guard isRaised else { return raised.append(rule) }
    raised.removeAll { $0 == rule }
    if rule == .failures { failed = failed.map { _ in false } }
    if rule == .warnings { warned = warned.map { _ in false } }
  }

  /// False for a sample that says nothing.
  private mutating func remember(_ sample: Sample) -> Bool {
    guard !sample.outcome.isSkipped else { return false }
    let isFailure = sample.outcome.isFailure
    if isFailure { hasFailed = true }
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
    if let rule = rules.ownPast { add(attempt, to: &ownLatencies, rule.window) }
    if let rule = rules.burnRate {
      burnSpan = (min(burnSpan?.oldest ?? sample.time, sample.time), sample.time)
      for length in lengths(rule) {
        burning[length, default: BurnWindow(length)].add(failed: isFailure, at: sample.time)
      }
    }
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
