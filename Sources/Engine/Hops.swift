import Base
import Judgement
import Model

/// How one of the links on a route stands.
package struct HopState: Sendable, Hashable {
  package var link: LinkID
  package var state: LinkState
  /// Since when its incident is open, or else since when it has been in this state.
  package var since: WallTime?
  /// Whether it was failing when the link's own incident was opened, or within an interval of it.
  package var wasFailing: Bool
}

extension Engine {
  /// The links on the route of a link, in its order, as others may see them.
  package func hopStates(of link: Int, at now: Now) -> [HopState] {
    let owner = links[link].link
    guard !owner.hops.isEmpty else { return [] }
    let conditions = shownIncidents.openIncident(of: owner.id)?.conditions ?? []
    let failing = Set(conditions.filter { $0.link == owner.id }.flatMap(\.hops))
    return owner.hops.compactMap { hop in
      guard let index = linkIndex[hop] else { return nil }
      return HopState(
        link: hop, state: state(of: index, at: now),
        since: troubles[hop]?.since ?? links[index].stateSince, wasFailing: failing.contains(hop))
    }
  }

  /// Those of a link's hops that are failing, as judging knows.
  func failingHops(of link: Int) -> [FailingHop] {
    links[link].link.hops.compactMap { hop in
      guard let trouble = troubles[hop], !trouble.isOverdue, !trouble.isWithoutData else {
        return nil
      }
      let failing = (linkIndex[hop].map { links[$0].probes } ?? 0..<0).filter {
        probes[$0].judge.isRaised(.failures)
      }
      return FailingHop(
        link: hop, severity: trouble.isDown ? .critical : .warning, since: trouble.since,
        failingSince: failing.compactMap { probes[$0].judge.failingSince }.min(),
        every: failing.map { definition(of: $0).every }.max() ?? .zero)
    }
  }

  /// A hop has begun to fail: links that began just before may name it.
  mutating func hopBeganToFail(_ hop: LinkID, at now: Now) {
    for link in dependents[hop] ?? [] {
      let id = links[Int(link)].link.id
      if troubles[id] != nil { updateIncident(of: id, at: now) }
    }
  }
}
