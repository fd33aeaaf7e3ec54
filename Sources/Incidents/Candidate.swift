/// A group that might explain bad links.
struct Candidate: Equatable {
  var cost: Int64
  /// How many links it would explain.
  var gain: Int32
  var rank: UInt8
  var group: Int32
  /// Set for a part of a column.
  var manner: FailureManner?

  /// Whether it is no dearer than its links as points.
  var isWorthIt: Bool { cost <= Int64(gain) * Thresholds.pointCost }

  /// Cheaper for each link first; then by rank, wholes before parts, then the first by name.
  func precedes(_ other: Candidate) -> Bool {
    let mine = cost * Int64(other.gain)
    let theirs = other.cost * Int64(gain)
    if mine != theirs { return mine < theirs }
    if (manner == nil) != (other.manner == nil) { return manner == nil }
    if rank != other.rank { return rank < other.rank }
    if gain != other.gain { return gain > other.gain }
    if group != other.group { return group < other.group }
    return (manner?.rawValue ?? 0) < (other.manner?.rawValue ?? 0)
  }
}

/// A binary heap; the order of candidates is total, so the order of pushing does not show.
struct CandidateHeap {
  private var items: [Candidate] = []

  mutating func push(_ candidate: Candidate) {
    items.append(candidate)
    var child = items.count - 1
    while child > 0, items[child].precedes(items[(child - 1) / 2]) {
      items.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func pop() -> Candidate? {
    guard let first = items.first, let last = items.popLast() else { return nil }
    guard !items.isEmpty else { return first }
    items[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < items.count {
        if items[child].precedes(items[least]) { least = child }
      }
      if least == parent { return first }
      items.swapAt(parent, least)
      parent = least
    }
  }
}
