import Model

/// Chooses patterns for the bad links of one layer: always the one that costs least for each link it
/// explains, until points are cheaper (greedy weighted set cover: V. Chvátal, "A Greedy Heuristic for
/// the Set-Covering Problem", 1979). The gain of a candidate only shrinks while others are chosen, so
/// a candidate that is still first after it was counted anew is the best one.
struct Cover {
  let matrix: Matrix
  let layer: Layer
  let canaries: Canaries
  /// The bad links; the rest goes by their places in this list.
  let bad: [Int32]
  private var isExplained: [Bool]
  /// The chosen pattern of each bad link, by its place among those chosen; -1 for a point.
  private(set) var explainer: [Int32]
  private var takenCount: Int32 = 0
  /// The place of each group among those touched; -1 for others.
  private var slots: [Int32]
  private(set) var touched: [Int32] = []
  private var memberStart: [Int32] = [0]
  private var members: [Int32] = []
  private var remaining: [Int32] = []
  private var remainingByManner: [Int32] = []
  private static let manners = FailureManner.allCases.count

  init(_ matrix: Matrix, _ layer: Layer, bad: [Int32], canaries: Canaries) {
    self.matrix = matrix
    self.layer = layer
    self.bad = bad
    self.canaries = canaries
    isExplained = Array(repeating: false, count: bad.count)
    explainer = Array(repeating: -1, count: bad.count)
    slots = Array(repeating: -1, count: matrix.groups.count)
    gather()
  }

  /// Lays the bad links out by their groups.
  private mutating func gather() {
    for link in bad {
      for group in matrix.groups(of: link) {
        if slots[Int(group)] < 0 {
          slots[Int(group)] = Int32(touched.count)
          touched.append(group)
          remaining.append(0)
        }
        remaining[Int(slots[Int(group)])] += 1
      }
    }
    remainingByManner = Array(repeating: 0, count: touched.count * Self.manners)
    for count in remaining { memberStart.append((memberStart.last ?? 0) + count) }
    members = Array(repeating: 0, count: Int(memberStart.last ?? 0))
    var filled = memberStart
    for (place, link) in bad.enumerated() {
      for group in matrix.groups(of: link) {
        let slot = Int(slots[Int(group)])
        members[Int(filled[slot])] = Int32(place)
        filled[slot] += 1
        // A part of a column is made of what is confirmed: three that fail once are chance.
        if !matrix.isSuspect(link) { remainingByManner[slot * Self.manners + manner(link)] += 1 }
      }
    }
  }

  func manner(_ link: Int32) -> Int { Int(matrix.signs[Int(link)].manner.rawValue) }

  mutating func patterns() -> [Pattern] {
    var heap = CandidateHeap()
    for group in touched {
      if let candidate = whole(group) { heap.push(candidate) }
      guard matrix.groups[Int(group)].axis <= .system else { continue }
      for manner in FailureManner.allCases {
        if let candidate = part(group, manner) { heap.push(candidate) }
      }
    }
    var chosen: [Pattern] = []
    while let first = heap.pop() {
      let fresh = first.manner.map { part(first.group, $0) } ?? whole(first.group)
      guard let fresh else { continue }
      if fresh == first { chosen.append(take(fresh)) } else { heap.push(fresh) }
    }
    let (joined, rest) = joinedSystems(chosen, points())
    return mergedBlocks(joined) + rest
  }

  private mutating func take(_ candidate: Candidate) -> Pattern {
    let group = matrix.groups[Int(candidate.group)]
    var links: [Int32] = []
    let slot = Int(slots[Int(candidate.group)])
    for place in members[Int(memberStart[slot])..<Int(memberStart[slot + 1])] {
      let link = bad[Int(place)]
      guard !isExplained[Int(place)],
        candidate.manner.map({ Int($0.rawValue) == manner(link) }) ?? true
      else { continue }
      isExplained[Int(place)] = true
      explainer[Int(place)] = takenCount
      links.append(link)
      for other in matrix.groups(of: link) {
        let slot = Int(slots[Int(other)])
        remaining[slot] -= 1
        if !matrix.isSuspect(link) { remainingByManner[slot * Self.manners + manner(link)] -= 1 }
      }
    }
    takenCount += 1
    let key = PatternKey(
      layer: layer, kind: group.axis.kind, axis: group.axis, value: candidate.group,
      manner: candidate.manner)
    return Pattern(
      key: key, links: links, isPart: candidate.manner != nil || group.axis == .block,
      exceptions: contrary(candidate.group))
  }

  /// Several blocks of one owner are one part of it, which names the provinces.
  private func mergedBlocks(_ patterns: [Pattern]) -> [Pattern] {
    var merged: [Pattern] = []
    for var pattern in patterns {
      if pattern.key.axis == .block {
        pattern.key.axis = .owner
        pattern.key.value = matrix.groups[Int(pattern.key.value)].owner
        if let first = merged.firstIndex(where: { $0.key == pattern.key && $0.isPart }) {
          merged[first].links = (merged[first].links + pattern.links).sorted()
          merged[first].exceptions += pattern.exceptions
          continue
        }
      }
      // A part of an owner, and then the rest of it: that is the owner.
      if let first = merged.firstIndex(where: { $0.key == pattern.key }) {
        merged[first].links = (merged[first].links + pattern.links).sorted()
        merged[first].exceptions = max(merged[first].exceptions, pattern.exceptions)
        merged[first].isPart = merged[first].isPart && pattern.isPart
        continue
      }
      merged.append(pattern)
    }
    return merged
  }

  private func points() -> [Pattern] {
    bad.indices.filter { !isExplained[$0] }.map { place in
      let key = PatternKey(
        layer: layer, kind: .point, axis: .everything, value: bad[place], manner: nil)
      return Pattern(key: key, links: [bad[place]])
    }
  }

  // MARK: - Candidates

  /// The bad links of a group that is touched, by their places.
  func places(of group: Int32) -> ArraySlice<Int32> {
    let slot = Int(slots[Int(group)])
    return members[Int(memberStart[slot])..<Int(memberStart[slot + 1])]
  }

  /// Links of the group that speak against it.
  func contrary(_ group: Int32) -> Int32 {
    let counts = matrix.counts[Int(group)]
    switch layer {
    case .overdue: return counts.up + counts.degraded + counts.failing
    case .failing: return counts.up
    // After a start what is known to be degraded comes back at once, and nothing else is known: it would look
    // like all there is. An outage is not to wait for that.
    case .degraded: return counts.up + matrix.assumedUp(in: group)
    }
  }

  private func whole(_ group: Int32) -> Candidate? {
    let gain = remaining[Int(slots[Int(group)])]
    guard gain >= 2, let cost = cost(of: group, gain: gain) else { return nil }
    let candidate = Candidate(
      cost: cost, gain: gain, rank: rank(of: group), group: group, manner: nil)
    return candidate.isWorthIt ? candidate : nil
  }

  private func part(_ group: Int32, _ manner: FailureManner) -> Candidate? {
    let slot = Int(slots[Int(group)])
    let gain = remainingByManner[slot * Self.manners + Int(manner.rawValue)]
    let known = Int64(gain + contrary(group))
    guard gain >= Thresholds.leastFailing, Int64(gain) * 1_000 >= Thresholds.partPermille * known
    else { return nil }
    return Candidate(
      cost: Thresholds.partCost, gain: gain, rank: rank(of: group), group: group, manner: manner)
  }

  private func rank(of group: Int32) -> UInt8 {
    let axis = matrix.groups[Int(group)].axis
    return axis == .hop && hopState(group) == .failing ? 0 : 1 + axis.rawValue
  }

  private func hopState(_ group: Int32) -> CellState {
    let link = matrix.groups[Int(group)].hopLink
    guard link >= 0 else { return .unknown }
    let state = matrix.states[Int(link)]
    guard state == .degraded else { return state }
    if layer == .degraded { return .failing }
    // One at which nobody looks answers as little as it fails.
    return matrix.signs[Int(link)] == .notMeasured ? .unknown : state
  }

  /// Nil where the group is no explanation, whatever it costs.
  private func cost(of group: Int32, gain: Int32) -> Int64? {
    let against = Int64(contrary(group))
    let share = Int64(gain) * 1_000 / (Int64(gain) + against)
    let isMost =
      gain >= Thresholds.leastFailing
      ? share >= Thresholds.mostPermille : against == 0 && matrix.counts[Int(group)].unknown == 0
    let cost = Thresholds.pointCost + Thresholds.exceptionCost * against
    switch matrix.groups[Int(group)].axis {
    case .service: return isMost ? min(cost, Thresholds.partCost) : nil
    case .system:
      return isMost && spans(2, .service, group) ? min(cost, Thresholds.partCost) : nil
    case .owner: return isMost && spans(2, .system, group) ? cost : nil
    case .province:
      let isSpread = spans(2, .system, group) && (against == 0 || spans(2, .owner, group))
      return isMost && isSpread ? cost : nil
    case .block:
      guard isMost, gain >= Thresholds.leastFailing, layer != .overdue else { return nil }
      return spans(2, .system, group)
        ? Thresholds.blockCost + Thresholds.exceptionCost * against : nil
    case .vendor:
      guard share >= Thresholds.vendorPermille, gain >= Thresholds.leastFailing else { return nil }
      guard layer != .overdue, spans(Thresholds.vendorProvinces, .province, group) else {
        return nil
      }
      return Thresholds.vendorCost + Thresholds.exceptionCost * against
    case .hop: return hopCost(of: group, gain: gain, share: share, against: against)
    case .everything: return blindCost(gain: gain, share: share, against: against, group)
    }
  }

  private func hopCost(of group: Int32, gain: Int32, share: Int64, against: Int64) -> Int64? {
    guard layer != .overdue else { return nil }
    switch hopState(group) {
    case .failing:
      return share >= Thresholds.failingHopPermille
        ? Thresholds.pointCost + Thresholds.mildExceptionCost * against : nil
    case .up, .degraded:
      // A hop that answers and passes nothing on is blamed only for what nothing else could be.
      guard gain >= Thresholds.leastFailing, share >= Thresholds.nearlyPermille,
        spans(3, .system, group), spans(3, .province, group)
      else { return nil }
      return 2 * Thresholds.pointCost + Thresholds.exceptionCost * against
    case .unknown, .excluded, .overdue:
      guard gain >= Thresholds.leastFailing, share >= Thresholds.nearlyPermille,
        spans(2, .system, group)
      else { return nil }
      return Thresholds.pointCost + Thresholds.exceptionCost * against
    }
  }

  private func blindCost(
    gain: Int32, share: Int64, against: Int64, _ group: Int32
  ) -> Int64? {
    guard layer != .overdue else { return nil }
    if canaries.isSeeing { return nil }
    if isHushed(gain: gain, group) { return Thresholds.pointCost }
    let least =
      canaries.isDoubtful ? Thresholds.nearlyWithDoubtPermille : Thresholds.nearlyPermille
    // Of links that have not been seen since a start nothing is known: those that an earlier run left
    // failing are not everything.
    let unseen = Int64(matrix.counts[Int(group)].unknown)
    let shareOfAll = Int64(gain) * 1_000 / (Int64(gain) + against + unseen)
    guard gain >= Thresholds.leastBlind, share >= least, shareOfAll >= least,
      spans(2, .owner, group),
      spans(2, .province, group)
    else { return nil }
    return Thresholds.pointCost + Thresholds.mildExceptionCost * against
  }

  /// Whether nothing answers any more since many links of many owners began to fail: then it is as good as
  /// nearly everything, though most links have not been asked since. One failing hop of all of them would
  /// explain it better.
  private func isHushed(gain: Int32, _ group: Int32) -> Bool {
    let counts = matrix.counts[Int(group)]
    let all = Int64(counts.up + counts.degraded + counts.failing + counts.unknown)
    guard layer == .failing, canaries.unanswered >= Thresholds.leastUnanswered,
      Int64(canaries.unanswered) * 1_000 >= Thresholds.unansweredPermille * all,
      canaries.unansweredSpread >= Thresholds.leastUnansweredSpread
    else { return false }
    return !touched.contains {
      matrix.groups[Int($0)].axis == .hop && hopState($0) == .failing
        && remaining[Int(slots[Int($0)])] == gain
    }
  }

  /// Whether the group's links that are not explained yet lie in so many groups of another axis.
  private func spans(_ count: Int, _ axis: Axis, _ group: Int32) -> Bool {
    let slot = Int(slots[Int(group)])
    var seen: [Int32] = []
    for place in members[Int(memberStart[slot])..<Int(memberStart[slot + 1])]
    where !isExplained[Int(place)] {
      let other = matrix.group(of: bad[Int(place)], axis)
      if other >= 0, !seen.contains(other) {
        seen.append(other)
        if seen.count >= count { return true }
      }
    }
    return false
  }
}

extension Axis: Comparable {
  package static func < (a: Axis, b: Axis) -> Bool { a.rawValue < b.rawValue }

  package var kind: IncidentPattern {
    switch self {
    case .service, .system: .system
    case .owner, .block: .owner
    case .province: .province
    case .hop: .route
    case .vendor: .vendor
    case .everything: .vantage
    }
  }
}
