import Base
import Model

/// Whose side an incident is suspected to be on, and what that was made of. While its links recover one
/// after the other, less and less speaks for any side, and nothing speaks against the one that was
/// found: so it stays until others fail, or until what is left speaks for a side more strongly.
struct KeptSuspicion: Sendable {
  private(set) var side: SuspectedSide
  private let group: PatternKey
  /// Those that were failing or slow then, in ascending order.
  private let links: [Int32]
  private let madeAt: WallTime
  /// It is of an earlier run and was made of more links than these.
  private let isOfMore: Bool

  /// One that is made of these bad links now, unless a former one stands. Against a hop speaks that it
  /// answers again and the links behind it do not.
  init(
    _ suspicion: Suspicion, _ key: PatternKey, _ bad: [Int32], answeringHop: LinkID?,
    at now: WallTime, after former: KeptSuspicion?
  ) {
    let new = SuspectedSide(suspicion)
    let isRefuted = answeringHop != nil && former?.side.hop == answeringHop
    if var former, !isRefuted, former.stands(against: new, key, bad) {
      former.side.asOf = former.side.asOf ?? former.madeAt
      self = former
    } else {
      self.init(new, key, bad, at: now)
    }
  }

  /// One of an earlier run or catalogue, with the links that the incident had.
  init(_ side: SuspectedSide, _ key: PatternKey, _ links: [Int32], at time: WallTime) {
    self.side = side
    group = key.group
    self.links = links
    madeAt = time
    isOfMore = side.asOf != nil
  }

  private func stands(
    against other: SuspectedSide, _ key: PatternKey, _ bad: [Int32]
  ) -> Bool {
    guard key.kind != .point, key.group == group, side.side != "cannotTell" else { return false }
    // Of blindness the canaries speak, and while sight returns they answer one after the other.
    if key.kind == .vantage { return other.strength < side.strength }
    guard other.strength <= side.strength, isSubset(bad, of: links) else { return false }
    return bad.count < links.count || isOfMore
  }
}

extension SuspectedSide {
  fileprivate var strength: Int {
    guard side != "cannotTell" else { return 0 }
    return 1 + (["low", "medium", "high"].firstIndex(of: confidence) ?? 0)
  }
}

/// Whether each of some links is among others; both in ascending order.
private func isSubset(_ some: [Int32], of others: [Int32]) -> Bool {
  guard some.count <= others.count else { return false }
  var place = others.startIndex
  for link in some {
    while place < others.endIndex, others[place] < link { place += 1 }
    guard place < others.endIndex, others[place] == link else { return false }
    place += 1
  }
  return true
}
