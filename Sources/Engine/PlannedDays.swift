import Base
import Judgement
import Model

/// The days of planned connections, so that no tick looks at all links: the one that ends next is at
/// the end.
struct PlannedDays: Sendable {
  private var days: [(endsAt: WallTime, link: Int32)] = []

  /// Days that ended long ago come too: what follows from them may not have been told yet.
  init(_ links: some Sequence<Link>) {
    for (place, link) in links.enumerated() {
      guard let planned = link.planned else { continue }
      days.append((planned.endsAt, Int32(place)))
    }
    days.sort { $0.endsAt != $1.endsAt ? $0.endsAt > $1.endsAt : $0.link > $1.link }
  }

  var nextEnd: WallTime? { days.last?.endsAt }

  /// A link whose day has ended, each once.
  mutating func popEnded(at time: WallTime) -> Int? {
    guard let last = days.last, last.endsAt <= time else { return nil }
    days.removeLast()
    return Int(last.link)
  }
}

extension Engine {
  package func lifeCycle(of link: Int) -> LifeCycle { links[link].lifeCycle }

  /// Takes the connections that an earlier run saw come about; call before the first load.
  package mutating func restore(connections list: [LinkID: WallTime]) { connections = list }

  /// Sets when the days are looked at next. At least every hour: the two clocks drift.
  mutating func planDays(at now: Now) {
    nextDayCheck = plannedDays.nextEnd.map { end in
      now.instant + max(.zero, min(end - now.wall, .hours(1)))
    }
  }

  /// Tells of the planned connections whose day has ended, a bounded number in one go.
  mutating func endPlannedDays(at now: Now) {
    guard let check = nextDayCheck, check <= now.instant, !isStopping else { return }
    for _ in 0..<Limits.plannedDaysPerSlice {
      guard let link = plannedDays.popEnded(at: now.wall) else { break }
      updateIncident(of: links[link].link.id, at: now)
      noteState(of: link, at: now)
    }
    planDays(at: now)
  }

  /// After a step of the wall clock days that had ended may not have, and the other way round.
  mutating func recountDays(at now: Now) {
    plannedDays = PlannedDays(links.lazy.map(\.link))
    planDays(at: now)
    for place in links.indices where links[place].isQuiet {
      let id = links[place].link.id
      if troubles[id] != nil { updateIncident(of: id, at: now) }
    }
  }

  /// A sample of a link that is not connected yet: enough right ones in a row connect it.
  mutating func judgeQuietly(_ probe: Int, _ sample: Sample, at now: Now) {
    probes[probe].judge.observe(sample)
    let link = probes[probe].link
    guard !sample.outcome.isFailure, !sample.outcome.isSkipped,
      let planned = links[link].link.planned,
      hasSucceeded(link, planned.successes)
    else { return }
    connect(link, planned, at: now)
  }

  /// Whether each required probe was right so many times in a row.
  private func hasSucceeded(_ link: Int, _ successes: Int) -> Bool {
    var anyRequired = false
    for probe in links[link].probes where probes[probe].definition.isRequired {
      anyRequired = true
      if !probes[probe].judge.bits.allRight(last: successes) { return false }
    }
    return anyRequired
  }

  private mutating func connect(_ link: Int, _ planned: PlannedConnection, at now: Now) {
    let id = links[link].link.id
    links[link].connectedAt = now.wall
    connections[id] = now.wall
    for probe in links[link].probes { probes[probe].judge.beginAnew() }
    publish(
      connectionNotice(of: id, name: links[link].link.serviceName, planned, at: now.wall),
      isTold: true, at: now)
    updateIncident(of: id, endReason: "connected", at: now)
    if connectionsDue == nil { connectionsDue = max(now.instant, connectionsSaveableAt) }
  }

  /// Connections are written together, so that many at once cost one file.
  mutating func saveConnections(at now: Now) {
    guard let due = connectionsDue, due <= now.instant || isStopping else { return }
    connectionsDue = nil
    connectionsSaveableAt = now.instant + Limits.connectionsSavedEvery
    act(.saveConnections(connections))
  }

  /// Forgets the connections of links that are not watched where there are too many to keep.
  mutating func boundConnections() {
    guard connections.count > Limits.connectionsRemembered else { return }
    connections = connections.filter { linkIndex[$0.key] != nil }
  }
}
