import Model

/// The smallest set of patterns that explains the bad links: the same input gives the same list. Each
/// bad link is in exactly one pattern. `deploy/docs/patterns.md` explains it with examples.
package func explain(_ matrix: Matrix, canaries: Canaries = .none) -> [Pattern] {
  let failing = matrix.links(in: .failing)
  let degraded = matrix.links(in: .degraded)
  let overdue = matrix.links(in: .overdue)
  var patterns: [Pattern] = []
  // Who answers in everybody's place makes all links look well.
  if canaries.isDeceived || canaries.isBlind && (!failing.isEmpty || !degraded.isEmpty) {
    patterns = [blindness(matrix, failing, degraded, canaries)]
  } else {
    patterns = failingPatterns(matrix, failing, canaries)
    let rest = join(degraded, to: &patterns, of: matrix)
    var second = Cover(matrix, .degraded, bad: rest, canaries: canaries)
    patterns += second.patterns()
  }
  var third = Cover(matrix, .overdue, bad: overdue, canaries: canaries)
  return patterns + third.patterns()
}

/// The patterns of failing links. Links that have failed once, and that nothing has confirmed yet, help
/// to see what a failing one is a part of, so that the first message knows it; they are in no pattern
/// themselves, and make none alone.
private func failingPatterns(
  _ matrix: Matrix, _ failing: [Int32], _ canaries: Canaries
) -> [Pattern] {
  guard matrix.suspectCount > 0, !failing.isEmpty else {
    var cover = Cover(matrix, .failing, bad: failing, canaries: canaries)
    return cover.patterns()
  }
  var cover = Cover(matrix, .failing, bad: matrix.failingOrSuspect, canaries: canaries)
  return cover.patterns().compactMap { pattern in
    var confirmed = pattern
    confirmed.links.removeAll { matrix.isSuspect($0) }
    return confirmed.links.isEmpty ? nil : confirmed
  }
}

/// Of a monitor that is deceived no link need be bad.
private func blindness(
  _ matrix: Matrix, _ failing: [Int32], _ degraded: [Int32], _ canaries: Canaries
) -> Pattern {
  let group = Int32(matrix.groups.count - 1)
  let key = PatternKey(
    layer: failing.isEmpty && !canaries.isDeceived ? .degraded : .failing, kind: .vantage,
    axis: .everything, value: group, manner: nil)
  return Pattern(
    key: key, links: failing.isEmpty ? degraded : failing,
    alsoDegraded: failing.isEmpty ? [] : degraded, exceptions: matrix.counts[Int(group)].up)
}

/// A degraded link goes to the first pattern of failing links whose column, row or hop it shares: a
/// server that is overwhelmed is slow for some and dead for others. Returns those that none takes.
private func join(
  _ degraded: [Int32], to patterns: inout [Pattern], of matrix: Matrix
) -> [Int32] {
  var patternOfGroup = Array(repeating: Int32(-1), count: matrix.groups.count)
  for (index, pattern) in patterns.enumerated() where pattern.key.kind != .point {
    let axis = pattern.key.axis
    // A vendor is too weak a reason, and a part of an owner is a part of single provinces.
    if axis == .vendor || axis == .owner && pattern.isPart { continue }
    let group = Int(pattern.key.value)
    if patternOfGroup[group] < 0 { patternOfGroup[group] = Int32(index) }
  }
  var rest: [Int32] = []
  for link in degraded {
    let group = matrix.groups(of: link).first { patternOfGroup[Int($0)] >= 0 }
    if let group {
      patterns[Int(patternOfGroup[Int(group)])].alsoDegraded.append(link)
    } else {
      rest.append(link)
    }
  }
  return rest
}
