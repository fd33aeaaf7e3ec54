import Base
import Delivery
import Engine
import Model
import Wire

/// Writes the list of incidents, the newest first.
package struct IncidentListing: PiecewiseAnswer {
  enum Status: String {
    case open
    case resolved
    case all
  }

  /// Which incidents are asked for.
  struct Choice: Sendable {
    /// One of an incident's links must pass; of a link that is gone only its id is known.
    var links: LinkFilter
    /// None: all of them.
    var severities: [Severity] = []

    var isAll: Bool { severities.isEmpty && links.isAll }

    func passes(_ incident: Incident, _ engine: borrowing Engine) -> Bool {
      guard severities.isEmpty || severities.contains(incident.severity) else { return false }
      if links.isAll { return true }
      // Of one that is over all that it had.
      let former = incident.status == .resolved ? incident.members.map(\.link) : []
      for id in incident.links + former {
        if let index = engine.linkIndex[id] {
          if links.passes(engine.links[index].link) { return true }
        } else if links.passes(id) {
          return true
        }
      }
      return false
    }
  }

  /// Incidents looked at in one piece: well under a millisecond of work.
  static let incidentsPerPiece = 64

  /// The next open incidents, the newest last, and the last of them that was looked at.
  private var open: [Incident] = []
  private var lastOpen: ShownIncidents.Entry?
  private var hasMoreOpen = false
  /// The resolved ones that are left to be written, the newest last.
  private var resolved: [Incident] = []
  private let choice: Choice
  /// How many there are; of a choice, how many have been found.
  private var total: Int
  private let limit: Int
  private var written = 0
  private var isBegun = false
  package private(set) var isDone = false

  init(
    _ status: Status, _ choice: Choice, limit: Int, _ shown: borrowing ShownIncidents
  ) {
    var total = 0
    if status != .resolved {
      hasMoreOpen = true
      total += shown.openCounts.values.reduce(0, +)
    }
    if status != .open {
      resolved = shown.resolved
      total += resolved.count
    }
    if status == .all { resolved.sort { $0.openedAt < $1.openedAt } }
    self.choice = choice
    self.total = choice.isAll ? total : 0
    self.limit = limit
  }

  /// The next piece; an incident that ends in between is left out.
  package mutating func nextPiece(_ engine: borrowing Engine, at now: Now) -> [UInt8] {
    var bytes = isBegun ? [] : Array("{\"incidents\":[".utf8)
    isBegun = true
    // What does not fit in is still to be counted where not all are asked for.
    for _ in 0..<Self.incidentsPerPiece where written < limit || !choice.isAll {
      guard let incident = takeNext(engine.shownIncidents) else { break }
      if !choice.isAll {
        guard choice.passes(incident, engine) else { continue }
        total += 1
        guard written < limit else { continue }
      }
      if written > 0 { bytes.append(UInt8(ascii: ",")) }
      written += 1
      var writer = JSONWriter()
      writer.incident(incident, engine, at: now)
      bytes += writer.bytes
    }
    if (choice.isAll && written == limit)
      || (open.isEmpty && !hasMoreOpen && resolved.isEmpty)
    {
      bytes += Array("],\"total\":\(total)}".utf8)
      isDone = true
    }
    return bytes
  }

  /// The newest of what is left.
  private mutating func takeNext(_ shown: borrowing ShownIncidents) -> Incident? {
    if open.isEmpty, hasMoreOpen {
      open = shown.open(before: lastOpen, limit: Self.incidentsPerPiece).reversed()
      hasMoreOpen = open.count == Self.incidentsPerPiece
      lastOpen = open.first.map(ShownIncidents.Entry.init)
    }
    if let newest = open.last, resolved.last.map({ $0.openedAt <= newest.openedAt }) ?? true {
      return open.popLast()
    }
    return resolved.popLast()
  }
}

extension JSONWriter {
  /// An incident's document, and how its telling stands.
  mutating func incident(_ incident: Incident, _ engine: borrowing Engine, at now: Now) {
    beginObject()
    IncidentDocument.writeMembers(of: incident, to: &self)
    telling(engine.telling(of: incident, at: now))
    endObject()
  }
}
