import Base
import Model

/// The incidents as others may see them: each version from the moment at which the journal has it,
/// so that no crash takes back what somebody was shown. Judging goes by newer ones.
package struct ShownIncidents: Sendable {
  private struct Unwritten {
    var number: UInt64
    var incident: Incident
    var isTold: Bool
    var since: Instant
  }

  /// Resolved incidents, those of earlier runs included, oldest first, the newest ``resolvedKept`` of them.
  package private(set) var resolved: [Incident] = []
  private var openByID: [String: Incident] = [:]
  private var idByLink: [LinkID: String] = [:]
  private var unwritten: [Unwritten] = []
  private var count: UInt64 = 0

  package static let resolvedKept = 1_000

  /// An open incident's place in the order of opening.
  package struct Entry: Sendable, Hashable {
    package var openedAt: WallTime
    package var id: String

    package init(_ incident: Incident) {
      openedAt = incident.openedAt
      id = incident.id
    }

    fileprivate func isBefore(_ other: Entry) -> Bool {
      openedAt != other.openedAt ? openedAt < other.openedAt : id < other.id
    }
  }

  /// The incidents that were opened, oldest first, some of which have ended since: kept in order, so
  /// that nobody has to sort a hundred thousand of them to show the newest.
  package private(set) var order: [Entry] = []

  /// Open incidents, oldest first.
  package var open: [Incident] { order.compactMap { openByID[$0.id] } }

  /// Of the open incidents that come before an entry the newest `limit`, newest first.
  package func open(before end: Entry?, limit: Int) -> [Incident] {
    var place = end.map(firstPlace(notBefore:)) ?? order.count
    var list: [Incident] = []
    while place > 0, list.count < limit {
      place -= 1
      if let incident = openByID[order[place].id] { list.append(incident) }
    }
    return list
  }

  private func firstPlace(notBefore entry: Entry) -> Int {
    var range = 0..<order.count
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      range =
        order[middle].isBefore(entry)
        ? middle + 1..<range.upperBound : range.lowerBound..<middle
    }
    return range.lowerBound
  }

  /// How many are open, of each severity; kept, so that asking costs nothing.
  package private(set) var openCounts: [Severity: Int] = [:]

  /// An open incident, or one of the resolved ones that are kept.
  package func incident(_ id: String) -> Incident? {
    openByID[id] ?? resolved.last { $0.id == id }
  }

  package func openIncident(of link: LinkID) -> Incident? {
    idByLink[link].flatMap { openByID[$0] }
  }

  /// When versions are to be shown although the journal does not have them.
  var nextDue: Instant? { unwritten.first.map { $0.since + Recording.patience } }

  /// Takes over an incident that an earlier run left open.
  mutating func restore(_ incident: Incident) { show(incident) }

  /// Takes over those that ended in earlier runs, newest last.
  mutating func restore(ended list: [Incident]) {
    resolved = Array((resolved + list).suffix(Self.resolvedKept))
  }

  /// Takes a version that is on its way to the journal; they are numbered from 1 in this order.
  mutating func add(_ incident: Incident, isTold: Bool = true, at now: Instant) {
    count += 1
    unwritten.append(
      Unwritten(number: count, incident: incident, isTold: isTold, since: now))
  }

  /// A version that others may see from now on.
  struct News {
    var incident: Incident
    var isTold: Bool
    /// The links that an incident which was told before has taken in.
    var joined: [LinkID]
  }

  /// Shows the versions up to that number, and returns what there is to log of them.
  mutating func show(through number: UInt64) -> [News] { showFirst { $0.number <= number } }

  /// Shows the versions that the journal has not taken in time: silence would be worse.
  mutating func showOverdue(at now: Instant) -> [News] {
    showFirst { $0.since + Recording.patience <= now }
  }

  private mutating func showFirst(_ isToBeShown: (Unwritten) -> Bool) -> [News] {
    let new = unwritten.prefix(while: isToBeShown)
    unwritten.removeFirst(new.count)
    return new.compactMap { version in
      let joined = linksThatJoined(version.incident)
      show(version.incident)
      guard version.isTold || !joined.isEmpty else { return nil }
      return News(incident: version.incident, isTold: version.isTold, joined: joined)
    }
  }

  private func linksThatJoined(_ incident: Incident) -> [LinkID] {
    guard incident.status != .resolved, let former = openByID[incident.id], former.isTold,
      former.links != incident.links
    else { return [] }
    let known = Set(former.links)
    return incident.links.filter { !known.contains($0) }
  }

  private mutating func show(_ incident: Incident) {
    if let former = openByID[incident.id] {
      openCounts[former.severity, default: 0] -= 1
    } else if incident.status != .resolved {
      insert(Entry(incident))
    }
    guard incident.status == .resolved else {
      openCounts[incident.severity, default: 0] += 1
      release(openByID[incident.id]?.links ?? [], of: incident.id)
      openByID[incident.id] = incident
      // While the monitor is blind each link's own incident, if it has one, is the better answer.
      for link in incident.links where incident.pattern != .vantage || idByLink[link] == nil {
        idByLink[link] = incident.id
      }
      // One that was reopened.
      if incident.sequence > 1, let place = resolved.lastIndex(where: { $0.id == incident.id }) {
        resolved.remove(at: place)
      }
      return
    }
    release(openByID[incident.id]?.links ?? [], of: incident.id)
    release(incident.links, of: incident.id)
    openByID[incident.id] = nil
    if order.count > 2 * openByID.count + 64 { order.removeAll { openByID[$0.id] == nil } }
    resolved.append(incident)
    if resolved.count > Self.resolvedKept { resolved.removeFirst() }
  }

  private mutating func release(_ links: [LinkID], of id: String) {
    for link in links where idByLink[link] == id { idByLink[link] = nil }
  }

  /// Nearly always at the end: incidents are opened one after the other.
  private mutating func insert(_ entry: Entry) {
    var place = order.count
    while place > 0, entry.isBefore(order[place - 1]) { place -= 1 }
    // One that was reopened before its place was cleared away.
    if place > 0, order[place - 1] == entry { return }
    order.insert(entry, at: place)
  }
}
