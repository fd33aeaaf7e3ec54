import Base
import Model

// MARK: - Shares and latencies within a window

extension ProbeJudge {
  mutating func judgeErrorRate(at time: WallTime) -> Bool {
    guard let rule = rules.errorRate else { return false }
    rates?.expire(at: time)
    guard let rates, rates.total >= rule.minimumSamples else {
      held.forget(.errorRate)
      return false
    }
    if isRaised(.errorRate) {
      let isOver = rates.failed * 1_000 < rule.clearPermille * rates.total
      return held.holds(.errorRate, isOver, for: rule.grade.clearAfter, at: time)
        ? clear(.errorRate) : false
    }
    let isSo = rates.failed * 1_000 >= rule.raisePermille * rates.total
    guard held.holds(.errorRate, isSo, for: rule.grade.raiseAfter, at: time), let lastFailure
    else { return false }
    return raise(
      .errorRate, at: time, cause: lastFailure.name, detail: lastFailure.detail,
      "\(rates.failed) of \(rates.total) attempts within \(rule.window) failed"
        + " (\(percent(rates.failed, of: rates.total))): "
        + sentence(lastFailure, note: lastFailureNote, codes: codes))
  }

  mutating func judgeLatency(at time: WallTime) -> Bool {
    guard let rule = rules.latency else { return false }
    latencies?.expire(at: time)
    guard let latencies, latencies.timed >= rule.minimumSamples else {
      held.forget(.latency)
      return false
    }
    let permille = rule.percentilePermille
    if isRaised(.latency) {
      let isOver = !latencies.percentileIsAboveLower(permille: permille)
      return held.holds(.latency, isOver, for: rule.grade.clearAfter, at: time)
        ? clear(.latency) : false
    }
    let isSo = latencies.percentileIsAboveUpper(permille: permille)
    guard held.holds(.latency, isSo, for: rule.grade.raiseAfter, at: time) else { return false }
    let value = latencies.percentileMicroseconds(permille: permille) ?? 0
    return raise(
      .latency, at: time, cause: "slow",
      "\(percentileName(permille)) of \(latencies.timed) answers within \(rule.window) is "
        + "\(value / 1_000) ms, above \(rule.raiseAbove.milliseconds) ms")
  }
}

func percent(_ part: Int, of whole: Int) -> String {
  "\((part * 100 + whole / 2) / max(1, whole)) %"
}

/// `p95` for 950, `p99.9` for 999.
package func percentileName(_ permille: Int) -> String {
  permille % 10 == 0 ? "p\(permille / 10)" : "p\(permille / 10).\(permille % 10)"
}
