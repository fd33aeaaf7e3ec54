import Base
import Model

/// An open incident, as the tracker knows it; texts and evidence are the engine's.
package struct TrackedIncident: Sendable, Hashable {
  package var id: Int
  package var key: PatternKey
  /// That of the worst of its links so far: it rises and does not fall.
  package var severity: Severity
  package var openedAt: Instant
  /// In ascending order: bad ones, and those that were bad and of which nothing is known now.
  package var links: [Int32]
  package var isTold = false
  /// When it is to be told, once it has gathered.
  package var tellAt: Instant
  /// Links of it have recovered since the last one joined: what is left of it keeps its name.
  var isRecovering = false
  /// Nothing is known of its links any more: it waits for that before it is told.
  var isHeldBack = false

  /// Whether a link is among its links; they are in order.
  func has(_ link: Int32) -> Bool {
    var range = links.indices
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      if links[middle] == link { return true }
      range = links[middle] < link ? middle + 1..<range.upperBound : range.lowerBound..<middle
    }
    return false
  }

  package var isVantage: Bool { key.kind == .vantage }
}

/// Why a link left an incident that goes on.
package enum LeaveReason: Sendable, Hashable {
  case recovered
  /// Paused, in maintenance or no longer expected to work.
  case notCounted
  case moved(to: Int)
}

/// What receivers are to hear of an incident.
package enum Telling: Sendable, Hashable {
  case opened
  case changed
  case absorbed(into: Int)
  case resolved
}

/// What happened to an incident; in this order they are its timeline.
package enum TrackerAction: Sendable, Hashable {
  case open(Int, PatternKey, links: [Int32])
  /// The same thing again, soon after it had ended.
  case reopen(Int, PatternKey, links: [Int32])
  /// Most of its links were another incident's, which another pattern goes on with.
  case split(Int, from: Int, PatternKey, links: [Int32])
  case join(Int, links: [Int32])
  case leave(Int, link: Int32, LeaveReason)
  /// It is seen as something else, or as the same in another way: `from`, what it was.
  case become(Int, PatternKey, from: PatternKey)
  case rise(Int, Severity)
  /// Its end: all of it goes on in the other incident.
  case absorb(Int, into: Int)
  case resolve(Int)
  case tell(Int, Telling)
}
