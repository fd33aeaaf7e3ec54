import Base
import Judgement
import Model

extension TrackerAction {
  /// The incident that it happens to.
  var incident: Int {
    switch self {
    case .open(let id, _, _), .reopen(let id, _, _), .split(let id, _, _, _), .join(let id, _),
      .leave(let id, _, _), .become(let id, _, _), .rise(let id, _), .absorb(let id, _),
      .resolve(let id), .tell(let id, _):
      id
    }
  }
}

/// The actions of an evaluation in words, for the timelines of their incidents; links that leave for
/// one reason are told together.
func timeline(
  of actions: [TrackerAction], named name: (Int) -> String, _ matrix: Matrix
) -> [(incident: Int, text: String)] {
  var entries: [(incident: Int, text: String)] = []
  var left: [Int: [String: [Int32]]] = [:]
  for action in actions {
    switch action {
    case .open(let id, let key, let links):
      entries.append((id, "opened as \(key.words(matrix))\(named(links, matrix))"))
    case .reopen(let id, let key, let links):
      entries.append((id, "began again as \(key.words(matrix))\(named(links, matrix))"))
    case .split(let id, let origin, let key, let links):
      entries.append(
        (id, "split off \(name(origin)) as \(key.words(matrix)): \(list(links, matrix))"))
    case .join(let id, let links): entries.append((id, "joined: \(list(links, matrix))"))
    case .leave(let id, let link, let reason):
      let words: String
      switch reason {
      case .recovered: words = "recovered"
      case .notCounted: words = "not counted any more"
      case .moved(let other): words = "moved to \(name(other))"
      }
      left[id, default: [:]][words, default: []].append(link)
    case .become(let id, let key, let former):
      // Nothing but its layer has changed.
      let isSame = key.isSameThing(as: former) && key.manner == former.manner
      entries.append(
        (
          id,
          isSame
            ? "counts as \(key.layer == .failing ? "down" : "\(key.layer)") now"
            : "is now seen as \(key.words(matrix))"
        ))
    case .rise(let id, let severity): entries.append((id, "rose to \(severity)"))
    case .absorb(let id, let heir):
      entries.append((id, "became a part of \(name(heir))"))
      entries.append((heir, "took in \(name(id))"))
    case .resolve(let id): entries.append((id, "resolved"))
    case .tell(let id, .opened): entries.append((id, "told"))
    case .tell: break
    }
  }
  for id in left.keys.sorted() {
    for (words, links) in (left[id] ?? [:]).sorted(by: { $0.key < $1.key }) {
      entries.append((id, "\(words): \(list(links, matrix))"))
    }
  }
  return entries
}

/// The links that something begins with; of a monitor that is deceived there may be none.
private func named(_ links: [Int32], _ matrix: Matrix) -> String {
  links.isEmpty ? "" : ": \(list(links, matrix))"
}

private func list(_ links: [Int32], _ matrix: Matrix) -> String {
  let named = links.prefix(Limits.incidentTimelineLinks).map {
    "\(matrix.places[Int($0)].id)"
  }
  let rest = links.count - named.count
  return named.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
}

extension PatternKey {
  /// The thing in words: `system civil-registry`, in part: `system civil-registry (server)`.
  func words(_ matrix: Matrix) -> String {
    switch kind {
    case .point: return "a single link"
    case .vantage: return "blindness of this monitor"
    default:
      let name = matrix.groups[Int(value)].name
      return "\(axis) \(name)" + (manner.map { " (\($0) failures)" } ?? "")
    }
  }
}

// MARK: - Flapping

extension Casebook {
  /// A link of an open incident began to flap, or is calm again.
  mutating func noteFlapping(
    _ link: Int32, before former: LinkTrouble?, now trouble: LinkTrouble?, at time: WallTime
  ) {
    let flapped = former?.isFlapping ?? false
    guard flapped != (trouble?.isFlapping ?? false), let number = tracker.incident(of: link)
    else { return }
    let id = matrix.places[Int(link)].id
    let text =
      flapped
      ? "\(id) is calm again" : "\(id) is flapping: it \(trouble?.first?.evidence ?? "")"
    cases[number]?.incident.add(TimelineEntry(time: time, text: text))
  }

  /// Links that flap already when their incident begins.
  mutating func noteFlapping(of action: TrackerAction, at time: WallTime) {
    switch action {
    case .open(_, _, let links), .reopen(_, _, let links), .split(_, _, _, let links):
      for link in links.prefix(Limits.incidentTimelineLinks)
      where troubles[link]?.isFlapping ?? false {
        let text =
          "\(matrix.places[Int(link)].id) is flapping: it \(troubles[link]?.first?.evidence ?? "")"
        cases[action.incident]?.incident.add(TimelineEntry(time: time, text: text))
      }
    default: break
    }
  }
}
