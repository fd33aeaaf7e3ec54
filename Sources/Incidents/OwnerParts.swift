import Model

/// An owner of several systems, each of which fails in part and all in the same way: what they have in
/// common is the owner. So it is while a whole ministry is found to fail, link after link: it is one
/// incident, and as a rule its first message names the owner already.
extension Cover {
  /// Chosen patterns and points, with those of such owners put together.
  func joinedSystems(
    _ chosen: [Pattern], _ points: [Pattern]
  ) -> (patterns: [Pattern], points: [Pattern]) {
    guard layer == .failing else { return (chosen, points) }
    var joined: [Pattern] = []
    var isTaken = Array(repeating: false, count: bad.count)
    for group in touched where matrix.groups[Int(group)].systems.count >= 2 {
      guard let places = failingAlike(group, chosen) else { continue }
      let key = PatternKey(layer: layer, kind: .owner, axis: .owner, value: group, manner: nil)
      for place in places { isTaken[Int(place)] = true }
      joined.append(
        Pattern(
          key: key, links: places.map { bad[Int($0)] }, isPart: true, exceptions: contrary(group)))
    }
    if joined.isEmpty { return (chosen, points) }
    var left = chosen
    var rest: [Pattern] = []
    for index in left.indices { left[index].links = [] }
    for place in bad.indices where !isTaken[place] {
      let pattern = Int(explainer[place])
      if pattern >= 0 { left[pattern].links.append(bad[place]) }
    }
    for point in points where !joined.contains(where: { has($0.links, point.key.value) }) {
      rest.append(point)
    }
    return (left.filter { !$0.links.isEmpty } + joined, rest)
  }

  /// The places of an owner's bad links, if each of its systems fails at least in part and all in one
  /// way; those that something else explains, such as a hop, do not count. Links that have failed once
  /// count where others are confirmed.
  private func failingAlike(_ owner: Int32, _ chosen: [Pattern]) -> [Int32]? {
    let systems = matrix.groups[Int(owner)].systems
    let own = places(of: owner).filter { isColumns(Int(explainer[Int($0)]), chosen) }
    guard own.count >= 2 * Int(Thresholds.leastFailing) else { return nil }
    var counts = Array(repeating: 0, count: FailureManner.allCases.count)
    for place in own { counts[manner(bad[Int(place)])] += 1 }
    // The first of those that most of them have.
    let most = counts.firstIndex(of: counts.max() ?? 0)
    let alike = own.filter { manner(bad[Int($0)]) == most }
    guard alike.count(where: { !matrix.isSuspect(bad[Int($0)]) }) >= Int(Thresholds.leastFailing)
    else { return nil }
    var bySystem: [Int32: Int32] = [:]
    for place in alike { bySystem[matrix.group(of: bad[Int(place)], .system), default: 0] += 1 }
    var count = 0
    for system in systems {
      let all = matrix.counts[Int(system)]
      let failing = bySystem[system] ?? 0
      // One of less links can show no part, and one of which nothing is known shows nothing.
      guard all.up + all.degraded + all.failing + all.unknown >= Thresholds.leastFailing,
        all.up + all.degraded + all.failing + failing > 0
      else { continue }
      guard failing >= Thresholds.leastFailing,
        Int64(failing) * 1_000 >= Thresholds.partPermille * Int64(failing + contrary(system))
      else { return nil }
      count += 1
    }
    guard count >= 2 else { return nil }
    // What else fails in a column that is joined as a whole goes with it.
    return own.filter { place in
      let pattern = Int(explainer[Int(place)])
      let isWhole = pattern >= 0 && chosen[pattern].key.manner == nil
      return isWhole || manner(bad[Int(place)]) == most
    }
  }

  private func isColumns(_ pattern: Int, _ chosen: [Pattern]) -> Bool {
    pattern < 0 || chosen[pattern].key.axis <= .system
  }
}

/// Whether a link is among others, which are in ascending order.
private func has(_ links: [Int32], _ link: Int32) -> Bool {
  var range = links.indices
  while !range.isEmpty {
    let middle = range.lowerBound + range.count / 2
    if links[middle] == link { return true }
    range = links[middle] < link ? middle + 1..<range.upperBound : range.lowerBound..<middle
  }
  return false
}
