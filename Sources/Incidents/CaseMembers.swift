import Base
import Model

/// Which links an incident has had, and when.
extension Incident {
  /// Notes that links belong to it from now on; those that do already are passed over.
  mutating func join(_ links: [LinkID], at time: WallTime) {
    var places = memberPlaces(few: links.count)
    for link in links {
      if let place = places(link, in: members) {
        guard members[place].leftAt != nil else { continue }
        members[place].leftAt = nil
        members[place].times += 1
      } else if members.count < Limits.incidentMembers {
        members.append(IncidentMember(link: link, joinedAt: time))
        places.add(link, members.count - 1)
      } else {
        unlistedMembers += 1
      }
    }
  }

  /// Whether links of it seem to have recovered since the last one joined, in a record that does not say so.
  var seemsToRecover: Bool {
    guard let left = members.compactMap(\.leftAt).max() else { return false }
    return members.allSatisfy { $0.joinedAt <= left }
  }

  /// Notes that links belong to it no more.
  mutating func leave(_ links: [LinkID], at time: WallTime) {
    let places = memberPlaces(few: links.count)
    for link in links {
      guard let place = places(link, in: members), members[place].leftAt == nil else { continue }
      members[place].leftAt = time
    }
  }

  /// At the end nothing belongs to it.
  mutating func leaveAll(at time: WallTime) {
    for place in members.indices where members[place].leftAt == nil { members[place].leftAt = time }
  }

  private func memberPlaces(few count: Int) -> MemberPlaces {
    MemberPlaces(count > 4 ? members : nil)
  }
}

extension Incident {
  /// Adds to the timeline; of one that is full, what follows the first tenth makes room.
  package mutating func add(_ entry: TimelineEntry) {
    if timeline.count >= Limits.incidentTimeline {
      timeline.remove(at: Limits.incidentTimeline / 10)
    }
    timeline.append(entry)
  }

  package mutating func end(at time: WallTime) {
    sequence += 1
    status = .resolved
    conditions = []
    updatedAt = time
    resolvedAt = time
    hasHeldChanges = false
    isRecovering = nil
    leaveAll(at: time)
  }

  /// Notes who has taken it up; without a note the one that is there stays.
  package mutating func acknowledge(_ new: Acknowledgement, at time: WallTime) {
    var new = new
    if new.note.isEmpty, let former = acknowledgement { new.note = former.note }
    status = .acknowledged
    acknowledgement = new
    let note = new.note.isEmpty ? "" : ": \(new.note)"
    add(TimelineEntry(time: time, text: printable("acknowledged by \(new.by)\(note)", limit: 400)))
    sequence += 1
    updatedAt = time
  }

  /// It begins again after its end; the time in between was nobody's trouble.
  package mutating func beginAgain(at time: WallTime) {
    let end = resolvedAt ?? updatedAt
    earlierOpen = openFor(until: end)
    reopenedAt = max(time, end)
    reopenedCount += 1
  }
}

/// Where links stand among the members: looked up in a table where it is worth to make one.
private struct MemberPlaces {
  private var table: [LinkID: Int]?

  init(_ members: [IncidentMember]?) {
    table = members.map { list in
      Dictionary(list.enumerated().map { ($1.link, $0) }, uniquingKeysWith: { first, _ in first })
    }
  }

  mutating func add(_ link: LinkID, _ place: Int) { table?[link] = place }

  func callAsFunction(_ link: LinkID, in members: [IncidentMember]) -> Int? {
    guard let table else { return members.firstIndex { $0.link == link } }
    return table[link]
  }
}
