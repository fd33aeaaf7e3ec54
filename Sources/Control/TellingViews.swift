import Base
import Engine
import Model
import Quiet
import Wire

extension TellingState {
  /// A stable word.
  var word: String {
    switch self {
    case .told, .toldSilenced: "told"
    case .changesQuiet: "changesQuiet"
    case .quiet: "quiet"
    case .gathers: "gathers"
    case .blind: "blind"
    case .unseen: "unseen"
    case .endedUntold: "endedUntold"
    }
  }

  var quieting: Quieting? {
    switch self {
    case .toldSilenced(let quieting), .changesQuiet(let quieting), .quiet(let quieting): quieting
    default: nil
    }
  }

  var until: WallTime? {
    if case .gathers(let until) = self { return until }
    return quieting?.until
  }

  /// Why something is not told, in words; nil where everything is.
  var reason: String? {
    switch self {
    case .told: nil
    case .toldSilenced(let quieting): "what comes of it from now on: \(quieting.words)"
    case .changesQuiet(let quieting): "what has changed since: \(quieting.words)"
    case .quiet(let quieting): quieting.words
    case .gathers(let until): "gathers until \(until)"
    case .blind: "the monitor may be blind"
    case .unseen: "nothing has been seen of its links since the start"
    case .endedUntold: "it ended before it was told"
    }
  }
}

extension Quieting {
  /// `silence s-1 by lan until 2025-11-07T02:00:00.000Z: ticket 12`.
  var words: String {
    "\(kind) \(id)" + (by.isEmpty ? "" : " by \(by)") + " until \(until)"
      + (reason.isEmpty ? "" : ": \(reason)")
  }
}

extension JSONWriter {
  /// How the telling of an incident stands: the state, until when that holds, and what keeps it quiet.
  mutating func telling(_ telling: TellingState) {
    key("telling")
    beginObject()
    member("state", telling.word)
    time("until", telling.until)
    member("kind", telling.quieting?.kind.rawValue)
    member("id", telling.quieting?.id)
    member("by", telling.quieting.flatMap { $0.by.isEmpty ? nil : $0.by })
    member("reason", telling.quieting?.reason)
    member("words", telling.reason)
    endObject()
  }
}
