import Base
import Model

/// What the latencies of a probe were in the weeks before, at the hour that a time lies in.
package struct PastHour: Sendable, Hashable {
  /// The hour of the present that it is held against.
  package var start: WallTime
  package var percentileMicroseconds: UInt32
  /// How many answers of the past it is made of.
  package var samples: Int

  package init(start: WallTime, percentileMicroseconds: UInt32, samples: Int) {
    self.start = start
    self.percentileMicroseconds = percentileMicroseconds
    self.samples = samples
  }

  package func holds(at time: WallTime) -> Bool {
    time >= start && time < start + .hours(1)
  }
}

/// The past of this hour and of the next, as far as they have been looked up.
package struct KnownPast: Sendable {
  package private(set) var hours: [PastHour] = []
  /// The hour that the limits of the window are made of.
  var limitsOf: PastHour?

  package init() {}

  mutating func learn(_ hour: PastHour) {
    hours.removeAll { $0.start == hour.start }
    hours.append(hour)
    if hours.count > 2 { hours.removeFirst() }
  }

  func hour(at time: WallTime) -> PastHour? { hours.first { $0.holds(at: time) } }
}

// MARK: - Against its own past

extension ProbeJudge {
  /// Takes what an hour was like in the weeks before.
  package mutating func learn(_ hour: PastHour) {
    if rules.ownPast != nil { past.learn(hour) }
  }

  /// The past that holds at a time and is worth being compared with.
  func knownPast(at time: WallTime) -> PastHour? {
    guard let rule = rules.ownPast, let hour = past.hour(at: time),
      hour.samples >= rule.minimumPastSamples
    else { return nil }
    return hour
  }

  /// Above which time a rule is raised, and at or below which it is cleared.
  func ownLimits(_ rule: OwnPastRule, _ hour: PastHour) -> (raise: TimeAmount, clear: TimeAmount) {
    let usual = TimeAmount.microseconds(Int64(hour.percentileMicroseconds))
    let raise = max(rule.floor, usual * Int64(rule.raiseTenths) / 10)
    let clear = max(rule.floor, usual * Int64(rule.clearTenths) / 10)
    return (raise, min(raise, clear))
  }

  mutating func judgeOwnPast(at time: WallTime) -> Bool {
    guard let rule = rules.ownPast else { return false }
    ownLatencies?.expire(at: time)
    guard let hour = knownPast(at: time) else {
      held.forget(.ownPast)
      return false
    }
    let limits = ownLimits(rule, hour)
    if past.limitsOf != hour {
      past.limitsOf = hour
      ownLatencies?.setLimits(upper: limits.raise, lower: limits.clear)
    }
    guard let window = ownLatencies, window.timed >= rule.minimumSamples else {
      held.forget(.ownPast)
      return false
    }
    let permille = rule.percentilePermille
    if isRaised(.ownPast) {
      let isOver = !window.percentileIsAboveLower(permille: permille)
      return held.holds(.ownPast, isOver, for: rule.grade.clearAfter, at: time)
        ? clear(.ownPast) : false
    }
    let isSo = window.percentileIsAboveUpper(permille: permille)
    guard held.holds(.ownPast, isSo, for: rule.grade.raiseAfter, at: time) else { return false }
    let value = window.percentileMicroseconds(permille: permille) ?? 0
    return raise(
      .ownPast, at: time, cause: "slow",
      "\(percentileName(permille)) of \(window.timed) answers within \(rule.window) is "
        + "\(value / 1_000) ms; at this hour it has been \(hour.percentileMicroseconds / 1_000) ms "
        + "(\(hour.samples) answers of \(rule.weeks) weeks)")
  }
}

// MARK: - Burn rate

extension ProbeJudge {
  mutating func judgeBurnRate(at time: WallTime) -> Bool {
    guard let rule = rules.burnRate else { return false }
    burn?.expire(at: time)
    guard let burn else { return false }
    let burning = rule.pairs.indices.first { isBurning(rule, $0, burn) }
    if isRaised(.burnRate) {
      let isOver = burning == nil && !mayStillBurn(rule, burn)
      if held.holds(.burnRate, isOver, for: rule.grade.clearAfter, at: time) {
        return clear(.burnRate)
      }
      return burning.map { refreshBurnRate(rule, $0, burn) } ?? false
    }
    guard held.holds(.burnRate, burning != nil, for: rule.grade.raiseAfter, at: time), let burning,
      let lastFailure
    else { return false }
    return raise(
      .burnRate, at: time, cause: lastFailure.name, detail: "\(rule.pairs[burning].long)",
      burnWords(rule, burning, burn))
  }

  private func isBurning(_ rule: BurnRateRule, _ pair: Int, _ burn: BurnCounts) -> Bool {
    let (long, short) = burn.counted(pair)
    guard long.total >= rule.minimumSamples, short.failed > 0 else { return false }
    let limit = rule.budgetMillionths * rule.pairs[pair].factorTenths
    // In tenths of millionths, as the limit is.
    func isAbove(_ counts: BurnCounts.Counts) -> Bool {
      counts.failed * 10_000_000 >= limit * (counts.total + counts.uncounted)
    }
    return isAbove(long) && isAbove(short)
  }

  /// Whether the pair that was told may hold and only seems not to: after a start the long window is counted
  /// from what there is of it, and what is missing is taken as right. Its short window decides alone then.
  private func mayStillBurn(_ rule: BurnRateRule, _ burn: BurnCounts) -> Bool {
    let detail = raised.first { $0.rule == .burnRate }?.causeDetail
    guard let pair = rule.pairs.firstIndex(where: { "\($0.long)" == detail }) else { return false }
    let (long, short) = burn.counted(pair)
    let limit = rule.budgetMillionths * rule.pairs[pair].factorTenths
    return long.uncounted > 0 && short.failed > 0
      && short.failed * 10_000_000 >= limit * (short.total + short.uncounted)
  }

  /// A worse pair is told when it begins to hold; that a lesser one is left is no news.
  private mutating func refreshBurnRate(
    _ rule: BurnRateRule, _ pair: Int, _ burn: BurnCounts
  ) -> Bool {
    guard let index = raised.firstIndex(where: { $0.rule == .burnRate }) else { return false }
    let told = rule.pairs.firstIndex { "\($0.long)" == raised[index].causeDetail }
    guard told.map({ pair < $0 }) ?? true, rule.pairs[pair].severity == .critical else {
      return false
    }
    raised[index].causeDetail = "\(rule.pairs[pair].long)"
    raised[index].severity = rule.pairs[pair].severity
    raised[index].evidence = burnWords(rule, pair, burn)
    return true
  }

  private func burnWords(_ rule: BurnRateRule, _ pair: Int, _ burn: BurnCounts) -> String {
    let (long, short) = burn.counted(pair)
    let windows = rule.pairs[pair]
    return
      "the budget of errors for \(percentText(millionths: rule.objectiveMillionths)) is used up "
      + "\(burnText(rule, long)) times as fast as it lasts: "
      + "\(long.failed) of \(long.total) attempts failed within \(windows.long), "
      + "\(short.failed) of \(short.total) within \(windows.short)"
      + (lastFailure.map { ": " + sentence($0, note: lastFailureNote, codes: codes) } ?? "")
  }

  /// How many times as fast as it lasts the budget is used up, with one decimal.
  func burnText(_ rule: BurnRateRule, _ counts: BurnCounts.Counts) -> String {
    guard counts.total > 0 else { return "0" }
    let budget = max(1, rule.budgetMillionths) * (counts.total + counts.uncounted)
    return tenthsText(counts.failed * 10_000_000 / budget)
  }
}

// MARK: - No data

extension ProbeJudge {
  package var noDataRule: NoDataRule? { rules.noData }

  /// Nothing was recorded for too long, which no sample tells; true where that is new.
  package mutating func missData(
    at time: WallTime, evidence: String, detail: String
  ) -> Bool {
    guard rules.noData != nil, !isRaised(.noData) else { return false }
    return raise(.noData, at: time, cause: "noData", detail: detail, evidence)
  }
}
