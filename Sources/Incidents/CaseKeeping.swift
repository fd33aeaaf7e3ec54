import Base
import Judgement
import Model

/// Taking incidents over: from an earlier run, or from before a reload. Links and groups are found
/// again by their names.
extension Casebook {
  /// The same incidents under another catalogue. Nothing is known of its links until they are set. An
  /// incident whose links have all gone is resolved; its last version is among the actions.
  package mutating func move(
    to matrix: Matrix, settings: IncidentSettings, places: [LinkID: Int]? = nil, at now: Now
  ) -> [CaseAction] {
    let former = self
    var moved = Casebook(matrix, settings: settings, seed: 0)
    moved.continueNumbers(of: former)
    if former.cases.isEmpty {
      self = moved
      return []
    }
    let index = GroupIndex(matrix, places: places)
    let ends = Dictionary(
      uniqueKeysWithValues: former.tracker.reopenable.map { ($0.id, $0.endedAt) })
    var actions: [CaseAction] = []
    for number in former.cases.keys.sorted() {
      guard let item = former.cases[number] else { continue }
      if item.incident.status == .resolved {
        if let end = ends[number] { moved.keepEnded(item, endedAt: end, index) }
      } else if let last = moved.keepOpen(item, index, at: now) {
        actions.append(last)
      }
    }
    if former.isBlind, !moved.isBlind { actions.append(.sawAgain) }
    moved.wantEvaluation(at: now.instant)
    self = moved
    return actions
  }

  /// Takes over an incident that was open when the daemon last stopped; the last version, if none of its
  /// links are watched any more.
  package mutating func restore(
    _ incidents: [Incident], ended: [Incident], places: [LinkID: Int]? = nil, at now: Now
  ) -> [CaseAction] {
    let index = GroupIndex(matrix, places: places)
    func instant(_ time: WallTime) -> Instant { now.instant - max(.zero, now.wall - time) }
    // Of one that ended twice the later end counts.
    var seen: Set<String> = Set(incidents.map(\.id))
    for incident in ended.reversed().filter({ seen.insert($0.id).inserted }).reversed() {
      guard let end = incident.resolvedAt, incident.severity != .notice,
        incident.absorbedBy == nil, now.wall - end < tracker.settings.reopenWithin
      else { continue }
      let item = Case(incident: incident, versionAt: now.instant, newsAt: now.instant)
      keepEnded(item, endedAt: instant(end), index)
    }
    var actions: [CaseAction] = []
    for incident in incidents {
      let item = Case(incident: incident, versionAt: now.instant, newsAt: now.instant)
      if let last = keepOpen(item, index, at: now) { actions.append(last) }
    }
    if !incidents.isEmpty, !isBlind {
      let held = Set(incidents.flatMap(\.links).compactMap(index.link))
      assumeUp(except: held)
    }
    if !cases.isEmpty { wantEvaluation(at: now.instant) }
    return actions
  }

  private mutating func keepOpen(_ item: Case, _ index: GroupIndex, at now: Now) -> CaseAction? {
    let incident = item.incident
    let links = incident.links.compactMap(index.link).sorted()
    let known = incident.subject.flatMap { index.key($0, incident.pattern) }
    // Blindness may be of no link.
    guard let first = links.first ?? (known?.kind == .vantage ? -1 : nil) else {
      var last = incident
      last.end(at: now.wall)
      last.add(TimelineEntry(time: now.wall, text: "no longer watched"))
      let name = incident.links.first?.description ?? ""
      last.summary = printable(
        "\(name) is no longer watched after \(openLength(incident, until: now.wall))", limit: 300)
      return .version(last, isTold: last.isTold)
    }
    let key =
      known
      ?? PatternKey(
        layer: incident.conditions.contains { $0.rule == .failures }
          || incident.conditions.isEmpty && incident.severity == .critical
          ? .failing
          : incident.conditions.contains { $0.rule != .overdue } || incident.conditions.isEmpty
            ? .degraded : .overdue,
        kind: .point, axis: .everything, value: first, manner: nil)
    let openedAt = now.instant - max(.zero, now.wall - incident.begunAt)
    let number = tracker.restore(
      key, severity: incident.severity, links: links, openedAt: openedAt, isTold: incident.isTold,
      isRecovering: incident.isRecovering ?? incident.seemsToRecover, count: matrix.count)
    var kept = item
    // What its receivers know is in its last version, unless something of that was kept quiet: then it is
    // told, or kept quiet again.
    if kept.news == nil, incident.isTold, kept.heldUntil == nil, !incident.hasHeldChanges {
      kept.news = news(of: incident, key)
    }
    kept.link = links.first
    kept.suspicion = incident.suspicion.map {
      KeptSuspicion($0, key, links, at: incident.updatedAt)
    }
    // A record of an earlier version knows only those that it had last.
    if kept.incident.members.isEmpty { kept.incident.join(incident.links, at: incident.openedAt) }
    cases[number] = kept
    numbers[incident.id] = number
    if let until = kept.heldUntil {
      goOnHolding(number, until: until)
    } else if incident.hasHeldChanges {
      rewrite(number, at: now.instant)
    }
    let gone = incident.links.count - links.count
    if gone > 0 {
      cases[number]?.incident.leave(
        incident.links.filter { index.link($0) == nil }, at: now.wall)
      cases[number]?.incident.add(
        TimelineEntry(time: now.wall, text: "\(gone) of its links are no longer watched"))
      rewrite(number, at: now.instant)
    }
    return nil
  }

  private mutating func keepEnded(_ item: Case, endedAt: Instant, _ index: GroupIndex) {
    guard let subject = item.incident.subject, let key = index.key(subject, item.incident.pattern)
    else { return }
    var kept = item
    kept.link = item.incident.links.first.flatMap(index.link)
    let number = tracker.restoreClosed(key, at: endedAt)
    cases[number] = kept
    numbers[item.incident.id] = number
  }

  private func news(of incident: Incident, _ key: PatternKey) -> CaseNews {
    var byLink: [LinkID: LinkTrouble] = [:]
    var order: [LinkID] = []
    for condition in incident.conditions {
      if byLink[condition.link] == nil { order.append(condition.link) }
      byLink[
        condition.link,
        default: LinkTrouble(
          severity: incident.severity, conditions: [], since: incident.openedAt)
      ].conditions.append(condition)
    }
    let troubles = order.compactMap { byLink[$0] }
    let main = mainTrouble(troubles)?.first.map { [[$0.cause, $0.causeDetail]] } ?? []
    let meaning =
      key.kind == .point ? troubles.first?.meaning ?? [] : key.kind == .vantage ? [] : main
    return CaseNews(
      severity: incident.severity, meaning: meaning, subject: subject(of: key),
      side: key.kind == .point || key.kind == .vantage ? "" : incident.suspicion?.side ?? "")
  }
}

/// Finds links and groups of a matrix by name.
struct GroupIndex {
  private let places: [LinkID: Int]
  private var groups: [String: Int32] = [:]

  /// `places`: those of the matrix's links by their ids, where somebody has them already.
  init(_ matrix: Matrix, places: [LinkID: Int]?) {
    self.places =
      places
      ?? Dictionary(uniqueKeysWithValues: zip(matrix.places.map(\.id), matrix.places.indices))
    for (place, group) in matrix.groups.enumerated() {
      groups["\(group.axis) \(group.name)"] = Int32(place)
    }
  }

  func link(_ id: LinkID) -> Int32? { places[id].map { Int32($0) } }

  /// Nil where the thing is not in the catalogue any more, or the words are of another version.
  func key(_ subject: IncidentSubject, _ kind: IncidentPattern) -> PatternKey? {
    guard let layer = Layer.allCases.first(where: { "\($0)" == subject.layer }) else { return nil }
    if kind == .point {
      guard let link = LinkID(subject.name).flatMap(link) else { return nil }
      return PatternKey(layer: layer, kind: .point, axis: .everything, value: link, manner: nil)
    }
    guard let axis = Axis.allCases.first(where: { "\($0)" == subject.axis }),
      axis.kind == kind, let group = groups["\(axis) \(subject.name)"]
    else { return nil }
    return PatternKey(
      layer: layer, kind: kind, axis: axis, value: group,
      manner: FailureManner.allCases.first { "\($0)" == subject.manner })
  }
}
