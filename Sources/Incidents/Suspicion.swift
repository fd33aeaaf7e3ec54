import Model

/// Whose side a failure is probably on.
package enum Side: Sendable, Hashable {
  case consumer
  /// By its link.
  case hop(LinkID)
  case provider
  case network
  case resolver
  case certificateAuthority
  case us
  case cannotTell
}

package enum Confidence: UInt8, Sendable, Hashable, Comparable {
  case low, medium, high

  package static func < (a: Confidence, b: Confidence) -> Bool { a.rawValue < b.rawValue }
}

/// A guess at the side, how sure it is, and the facts it was made of.
package struct Suspicion: Sendable, Hashable {
  package var side: Side
  package var confidence: Confidence
  /// Short sentences, safe to print: those for the side, or, where nothing can be told, all of them.
  package var reasons: [String]
}

/// A reason for or against a side. 3 is strong: it would do alone; 2 counts with another; 1 tips.
struct Evidence: Sendable, Hashable {
  var side: Side
  var weight: Int
  var words: String

  init(_ side: Side, _ weight: Int, _ words: String) {
    self.side = side
    self.weight = weight
    self.words = words
  }
}

/// Suspects a side for a pattern. A wrong guess is worse than none: it says that it cannot tell when
/// less than 3 speaks for every side, or another side has more than half as much for it as the first.
package func suspect(
  _ pattern: Pattern, in matrix: Matrix, canaries: Canaries = .none
) -> Suspicion {
  guard pattern.key.layer != .overdue else {
    return Suspicion(
      side: .cannotTell, confidence: .low,
      reasons: ["the connection was never made: that is a matter of plans, not of failures"])
  }
  let facts = SuspicionFacts(pattern, matrix, canaries)
  return verdict(suspicionRules.flatMap { $0(facts) }, isSlow: pattern.key.layer == .degraded)
}

func verdict(_ evidence: [Evidence], isSlow: Bool) -> Suspicion {
  var sides: [Side] = []
  for item in evidence where !sides.contains(item.side) { sides.append(item.side) }
  let scores = sides.map { side in
    evidence.reduce(0) { $1.side == side ? $0 + $1.weight : $0 }
  }
  let order = sides.indices.sorted { a, b in scores[a] != scores[b] ? scores[a] > scores[b] : a < b
  }
  let first = order.first.map { scores[$0] } ?? 0
  let second = max(0, order.count > 1 ? scores[order[1]] : 0)
  guard let best = order.first, first >= 3, second * 2 <= first else {
    let words = evidence.map(\.words)
    return Suspicion(
      side: .cannotTell, confidence: .low,
      reasons: unique(words.isEmpty ? ["nothing is known that would tell"] : words))
  }
  let speaking = evidence.filter { $0.side == sides[best] && $0.weight > 0 }
  // Two facts that do not hang together are wanted for the highest.
  let isSure = first - second >= 5 && speaking.count >= 2 && !isSlow
  let confidence: Confidence = isSure ? .high : first - second >= 4 ? .medium : .low
  return Suspicion(
    side: sides[best], confidence: confidence, reasons: unique(speaking.map(\.words)))
}

private func unique(_ words: [String]) -> [String] {
  var list: [String] = []
  for item in words where !list.contains(item) { list.append(item) }
  return list
}
