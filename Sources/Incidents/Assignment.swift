import Model

/// Which running incident each pattern goes on with: the one of its key; else one of the same group;
/// else, of those most of whose bad links it holds, one that was told before one that was not, and the
/// oldest of them.
struct Assignment {
  /// 0 for a pattern that begins an incident.
  private(set) var incidentOfPattern: [Int]
  /// Patterns that stay within a running incident. A column of which three links are left is that
  /// column still, and no three incidents; an owner whose services recover one after the other is that
  /// owner still.
  private(set) var isSticky: [Bool]
  private var patternOfIncident: [Int: Int] = [:]
  private var incidents: [Int: TrackedIncident] = [:]
  private let matrix: Matrix

  init(
    _ patterns: [Pattern], _ running: [TrackedIncident], memberOf: [Int], _ matrix: Matrix
  ) {
    incidentOfPattern = Array(repeating: 0, count: patterns.count)
    isSticky = Array(repeating: false, count: patterns.count)
    self.matrix = matrix
    for incident in running { incidents[incident.id] = incident }
    var idByKey: [PatternKey: Int] = [:]
    for incident in running where idByKey[incident.key] == nil {
      idByKey[incident.key] = incident.id
    }
    for (index, pattern) in patterns.enumerated() {
      if let id = idByKey[pattern.key] { match(index, id) }
    }
    matchGroups(patterns, running)
    let bad = badCounts(running, matrix)
    for (index, pattern) in patterns.enumerated() where incidentOfPattern[index] == 0 {
      matchLinks(index, pattern, memberOf, bad)
    }
    keepNames(patterns, memberOf)
  }

  /// An incident in which several patterns stay keeps its own name: that of one of them would be less
  /// than it holds.
  private mutating func keepNames(_ patterns: [Pattern], _ memberOf: [Int]) {
    for (index, pattern) in patterns.enumerated() where isSticky[index] {
      let id = incidentOfPattern[index]
      if pattern.key.kind == .point {
        keepName(of: id, besides: pattern, patterns, memberOf)
        continue
      }
      guard let other = patternOfIncident[id],
        let incident = incidents[id], !patterns[other].key.isSameThing(as: incident.key),
        isWithin(incident, patterns[other], memberOf)
      else { continue }
      patternOfIncident[id] = nil
      isSticky[other] = true
    }
  }

  /// A single link that stays in an incident and is not of what the incident would be named after now.
  private mutating func keepName(
    of id: Int, besides point: Pattern, _ patterns: [Pattern], _ memberOf: [Int]
  ) {
    guard let other = patternOfIncident[id], let incident = incidents[id],
      incident.key.kind != .point, patterns[other].key.kind != .point,
      !patterns[other].key.isSameThing(as: incident.key),
      isWithin(incident, patterns[other], memberOf),
      point.allLinks.contains(where: {
        !matrix.groups(of: $0).contains(patterns[other].key.value)
          && matrix.groups(of: $0).contains(incident.key.value)
      })
    else { return }
    patternOfIncident[id] = nil
    isSticky[other] = true
  }

  private mutating func match(_ pattern: Int, _ id: Int) {
    incidentOfPattern[pattern] = id
    patternOfIncident[id] = pattern
  }

  /// The same group in another way or layer.
  private mutating func matchGroups(_ patterns: [Pattern], _ running: [TrackedIncident]) {
    var ids: [PatternKey: [Int]] = [:]
    for incident in running where patternOfIncident[incident.id] == nil {
      ids[incident.key.group, default: []].append(incident.id)
    }
    for (index, pattern) in patterns.enumerated() where incidentOfPattern[index] == 0 {
      guard let id = ids[pattern.key.group]?.first else { continue }
      ids[pattern.key.group]?.removeFirst()
      match(index, id)
    }
  }

  private func badCounts(_ running: [TrackedIncident], _ matrix: Matrix) -> [Int: Int] {
    var counts: [Int: Int] = [:]
    for incident in running where patternOfIncident[incident.id] == nil {
      counts[incident.id] = incident.links.count { Layer(matrix.states[Int($0)]) != nil }
    }
    return counts
  }

  private mutating func matchLinks(
    _ index: Int, _ pattern: Pattern, _ memberOf: [Int], _ bad: [Int: Int]
  ) {
    var overlap: [Int: Int] = [:]
    for link in pattern.allLinks {
      let id = memberOf[Int(link)]
      if incidents[id]?.goesWith(pattern.key) == true { overlap[id, default: 0] += 1 }
    }
    if pattern.key.kind == .point {
      guard let id = overlap.keys.first else { return }
      incidentOfPattern[index] = id
      isSticky[index] = true
      return
    }
    let able = overlap.keys.filter {
      patternOfIncident[$0] == nil && (overlap[$0] ?? 0) * 2 > (bad[$0] ?? 0)
    }
    let best = able.min { a, b in
      let (told, other) = (incidents[a]?.isTold == true, incidents[b]?.isTold == true)
      return told != other ? told : a < b
    }
    if let best {
      if isLeft(pattern, of: best, memberOf) {
        incidentOfPattern[index] = best
        isSticky[index] = true
        return
      }
      match(index, best)
    } else if let id = holder(of: pattern, overlap, memberOf) {
      incidentOfPattern[index] = id
      isSticky[index] = true
    }
  }

  /// Whether a pattern is what is left of an incident that recovers link by link: a gateway that is back
  /// before its links makes no province of them, and an owner of whose systems one is left is that owner.
  private func isLeft(_ pattern: Pattern, of id: Int, _ memberOf: [Int]) -> Bool {
    guard let incident = incidents[id], incident.isTold, incident.key.kind != .point,
      pattern.allLinks.allSatisfy({ memberOf[Int($0)] == id })
    else { return false }
    return incident.isRecovering
      || incident.links.contains {
        let state = matrix.states[Int($0)]
        return Layer(state) == nil && state != .unknown
      }
  }

  /// The incident to which all links of a pattern belong, or would if they had failed before: nobody
  /// has to hear of a part of what they know.
  private func holder(
    of pattern: Pattern, _ overlap: [Int: Int], _ memberOf: [Int]
  ) -> Int? {
    guard overlap.count == 1, let id = overlap.keys.first, let incident = incidents[id],
      isWithin(incident, pattern, memberOf)
    else { return nil }
    return id
  }

  private func isWithin(
    _ incident: TrackedIncident, _ pattern: Pattern, _ memberOf: [Int]
  ) -> Bool {
    pattern.allLinks.allSatisfy { link in
      let own = memberOf[Int(link)]
      if own > 0 { return own == incident.id }
      return incident.key.kind != .point && matrix.groups(of: link).contains(incident.key.value)
    }
  }

  /// The key that an incident goes on under; its former one while only single links of it are left.
  func key(of incident: TrackedIncident, _ patterns: [Pattern]) -> PatternKey {
    patternOfIncident[incident.id].map { patterns[$0].key } ?? incident.key
  }
}

extension TrackedIncident {
  fileprivate func goesWith(_ other: PatternKey) -> Bool {
    (key.layer == .overdue) == (other.layer == .overdue)
  }
}

extension PatternKey {
  /// The same for all keys of one thing.
  var group: PatternKey {
    PatternKey(
      layer: layer == .overdue ? .overdue : .failing, kind: kind, axis: axis, value: value,
      manner: nil)
  }
}
