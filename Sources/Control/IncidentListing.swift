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

  /// Incidents looked at in one piece: well under a millisecond of work.
  static let incidentsPerPiece = 64

  /// The next open incidents, the newest last, and the last of them that was looked at.
  private var open: [Incident] = []
  private var lastOpen: ShownIncidents.Entry?
  private var hasMoreOpen = false
  /// The resolved ones that are left to be written, the newest last.
  private var resolved: [Incident] = []
  private let total: Int
  private let limit: Int
  private var written = 0
  private var isBegun = false
  package private(set) var isDone = false

  init(_ status: Status, limit: Int, _ shown: borrowing ShownIncidents) {
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
    self.total = total
    self.limit = limit
  }

  /// The next piece; an incident that ends in between is left out.
  package mutating func nextPiece(_ engine: borrowing Engine, at now: Now) -> [UInt8] {
    var bytes = isBegun ? [] : Array("{\"incidents\":[".utf8)
    isBegun = true
    for _ in 0..<Self.incidentsPerPiece where written < limit {
      guard let incident = takeNext(engine.shownIncidents) else { break }
      if written > 0 { bytes.append(UInt8(ascii: ",")) }
      written += 1
      var writer = JSONWriter()
      IncidentDocument.write(incident, to: &writer)
      bytes += writer.bytes
    }
    if written == limit || (open.isEmpty && !hasMoreOpen && resolved.isEmpty) {
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
