import Base
import Model

/// Names a probe of a link for as long as the catalogue keeps both names.
package struct ProbeKey: Hashable, Sendable {
  package var link: LinkID
  package var probe: String

  package init(link: LinkID, probe: String) {
    self.link = link
    self.probe = probe
  }
}

extension ProbeKey: CustomStringConvertible {
  /// `SERVICE/CONSUMER probe`.
  package var description: String { "\(link) \(probe)" }
}

/// Something that happened to the daemon itself, by which blind time can be told.
package enum RingMark: Hashable, Sendable {
  case started(WallTime)
  /// The daemon stopped in order; without this mark the last sample is the last sign of life.
  case stopped(WallTime)
  /// The wall clock was found to have been set: the time after the step, and its length.
  case clockStepped(at: WallTime, by: TimeAmount)
  /// The monitor was found not to see, and the last moment at which it is known to have seen: attempts
  /// that failed in between say nothing of their links.
  case wentBlind(at: WallTime, sawAt: WallTime)

  package var time: WallTime {
    switch self {
    case .started(let time), .stopped(let time), .clockStepped(let time, _),
      .wentBlind(let time, _):
      time
    }
  }
}

/// What a reader gets from the ring, in the order in which it was written.
package enum HistoryRecord: Hashable, Sendable {
  case sample(ProbeKey, Sample)
  case mark(RingMark)

  package var time: WallTime {
    switch self {
    case .sample(_, let sample): sample.time
    case .mark(let mark): mark.time
    }
  }
}
