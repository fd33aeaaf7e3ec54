import Base
import Judgement
import Model

/// What receivers of an incident know: another version with the same news need not be told.
struct CaseNews: Sendable, Hashable {
  var severity: Severity
  /// Of a single link what its conditions mean; of several the cause that most of them have.
  var meaning: [[String]]
  var subject: IncidentSubject
  /// Of several links the side; a single link tells nothing of that.
  var side: String
}

/// What an incident's version says.
struct CaseDescription {
  var subject: IncidentSubject
  var pattern: IncidentPattern
  var severity: Severity
  var links: [LinkID]
  var conditions: [Condition]
  var suspicion: KeptSuspicion
  var summary: String
  var news: CaseNews

  func write(to incident: inout Incident) {
    incident.subject = subject
    incident.pattern = pattern
    incident.severity = severity
    incident.links = links
    incident.conditions = conditions
    incident.suspicion = suspicion.side
    incident.summary = summary
  }
}

extension Casebook {
  func describe(
    _ tracked: TrackedIncident, _ item: Case, at now: WallTime
  ) -> CaseDescription {
    let key = tracked.key
    let isPart = item.isPart || key.manner != nil
    let subject = subject(of: key)
    let bad = tracked.links.filter { Layer(matrix.states[Int($0)]) != nil }
    var pattern = Pattern(key: key, links: bad.isEmpty ? tracked.links : bad, isPart: isPart)
    if key.layer == .failing {
      pattern.links = pattern.links.filter { matrix.states[Int($0)] == .failing }
      pattern.alsoDegraded = bad.filter { matrix.states[Int($0)] == .degraded }
      if pattern.links.isEmpty { pattern.links = tracked.links }
    }
    var answeringHop: LinkID?
    if item.suspicion?.side.hop != nil {
      let facts = SuspicionFacts(pattern, matrix, canaries)
      if facts.hopStanding == .answering { answeringHop = facts.hop }
    }
    let suspicion = KeptSuspicion(
      suspect(pattern, in: matrix, canaries: canaries), key, bad, answeringHop: answeringHop,
      at: now, after: item.suspicion)
    let troubles = tracked.links.compactMap { self.troubles[$0] }
    var conditions: [Condition] = []
    for trouble in troubles where conditions.count < Limits.incidentConditions {
      conditions += trouble.conditions.prefix(Limits.incidentConditions - conditions.count)
    }
    let main = mainTrouble(troubles)
    let meaning: [[String]]
    if key.kind == .point {
      meaning = troubles.first?.meaning ?? []
    } else if key.kind == .vantage {
      // What links seem to show is no news of it.
      meaning = []
    } else {
      meaning = main?.first.map { [[$0.cause, $0.causeDetail]] } ?? []
    }
    let words = CaseWords(
      tracked: tracked, isPart: isPart, subject: subject, matrix: matrix, canaries: canaries,
      word: word(key.layer, troubles, main),
      evidence: causeCounts(troubles) ?? main?.first?.evidence ?? "", suspicion: suspicion.side)
    return CaseDescription(
      subject: subject, pattern: key.kind, severity: tracked.severity,
      links: tracked.links.map { matrix.places[Int($0)].id }, conditions: conditions,
      suspicion: suspicion, summary: words.summary,
      news: CaseNews(
        severity: tracked.severity, meaning: meaning, subject: subject,
        side: key.kind == .point || key.kind == .vantage ? "" : suspicion.side.side))
  }

  /// What the links of an incident are.
  private func word(_ layer: Layer, _ troubles: [LinkTrouble], _ main: LinkTrouble?) -> String {
    if layer == .overdue { return "overdue" }
    if troubles.contains(where: { $0.isDown && !$0.isFlapping }) { return "down" }
    return main?.word ?? (layer == .failing ? "down" : "degraded")
  }

  /// The first of those with the cause that most have.
  func mainTrouble(_ troubles: [LinkTrouble]) -> LinkTrouble? {
    let counts = Self.causes(troubles)
    // Mostly it is the same of all.
    guard counts.count > 1 else { return troubles.first }
    let most = counts.map(\.count).max() ?? 0
    return counts.first { $0.count == most }.map { troubles[$0.first] }
  }

  /// How many links have the same cause, and which is the first of them.
  private struct CauseCount {
    var first: Int
    var count: Int
  }

  /// The causes of troubles, in the order in which they come; few of them differ.
  private static func causes(_ troubles: [LinkTrouble]) -> [CauseCount] {
    var counts: [CauseCount] = []
    var places: [TroubleCause: Int] = [:]
    for index in troubles.indices {
      if let last = counts.last, troubles[last.first].hasCause(of: troubles[index]) {
        counts[counts.count - 1].count += 1
      } else if counts.isEmpty {
        counts.append(CauseCount(first: index, count: 1))
      } else {
        if places.isEmpty { places[TroubleCause(troubles[counts[0].first])] = 0 }
        let cause = TroubleCause(troubles[index])
        if let place = places[cause] {
          counts[place].count += 1
        } else {
          places[cause] = counts.count
          counts.append(CauseCount(first: index, count: 1))
        }
      }
    }
    return counts
  }

  /// The causes of several links with their counts, the most frequent first: `9 connect.timedOut, 3
  /// http.status 502`; nil where all have the same.
  private func causeCounts(_ troubles: [LinkTrouble]) -> String? {
    let causes = Self.causes(troubles)
    guard causes.count > 1 else { return nil }
    var order: [String] = []
    var counts: [String: Int] = [:]
    for (first, count) in causes.map({ ($0.first, $0.count) }) {
      guard let place = troubles[first].firstPlace else { continue }
      let condition = troubles[first].conditions[place]
      let detail =
        condition.causeDetail.isEmpty ? "" : " \(printable(condition.causeDetail, limit: 24))"
      let cause = condition.cause + detail
      if counts[cause] == nil { order.append(cause) }
      counts[cause, default: 0] += count
    }
    guard order.count > 1 else { return nil }
    // Stable: of those that are as frequent the first stays first.
    let sorted = order.enumerated().sorted { a, b in
      let (left, right) = (counts[a.element] ?? 0, counts[b.element] ?? 0)
      return left != right ? left > right : a.offset < b.offset
    }.map { $0.element }
    let named = sorted.prefix(Limits.incidentCausesNamed).map { "\(counts[$0] ?? 0) \($0)" }
    let rest = sorted.dropFirst(Limits.incidentCausesNamed).reduce(0) { $0 + (counts[$1] ?? 0) }
    return named.joined(separator: ", ") + (rest > 0 ? ", \(rest) of other causes" : "")
  }

  func subject(of key: PatternKey) -> IncidentSubject {
    if key.kind == .point {
      return IncidentSubject(
        layer: "\(key.layer)", axis: "link", name: "\(matrix.places[Int(key.value)].id)")
    }
    return IncidentSubject(
      layer: "\(key.layer)", axis: "\(key.axis)", name: matrix.groups[Int(key.value)].name,
      manner: key.manner.map { "\($0)" })
  }

  /// The last line of an incident.
  func endSummary(
    _ incident: Incident, link index: Int32?, absorbedBy other: Incident?
  ) -> String {
    let length = openLength(incident, until: incident.updatedAt)
    let what = incident.subject.map(words) ?? incident.links.first?.description ?? ""
    if let other {
      let whole = other.subject.map(words) ?? "another"
      return printable("\(what) goes on as a part of \(other.id): \(whole)", limit: 300)
    }
    guard incident.pattern == .point, let link = incident.links.first else {
      return printable(
        incident.pattern == .vantage
          ? "this monitor sees again after \(length); all links are looked at anew"
          : "\(what) recovered after \(length)", limit: 300)
    }
    let index = index.flatMap { matrix.places[Int($0)].id == link ? $0 : nil }
    let reason = index.flatMap { endReasons[$0] } ?? "recovered"
    let name = index.map { matrix.places[Int($0)].name } ?? ""
    return printable(
      "\(link) \(reason) after \(length)" + (name.isEmpty ? "" : ": \(name)"), limit: 300)
  }
}

/// How long an incident was open: `5m`, and of one that began again also how long in all.
func openLength(_ incident: Incident, until time: WallTime) -> String {
  let length = printableLength(max(.zero, time - incident.begunAt))
  guard incident.reopenedCount > 0 else { return length }
  return
    "\(length) (began again \(counted(incident.reopenedCount, "time")),"
    + " \(printableLength(incident.openFor(until: time))) in all)"
}

/// A subject in words: `system civil-registry`.
func words(_ subject: IncidentSubject) -> String {
  switch subject.axis {
  case "link": subject.name
  case "everything": "this monitor's sight"
  case "hop": "what passes \(subject.name)"
  default: "\(subject.axis) \(subject.name)"
  }
}

extension SuspectedSide {
  package init(_ suspicion: Suspicion) {
    var hop: LinkID?
    let side: String
    switch suspicion.side {
    case .hop(let link):
      side = "hop"
      hop = link
    case let other: side = "\(other)"
    }
    self.init(
      side: side, hop: hop, confidence: "\(suspicion.confidence)", reasons: suspicion.reasons)
  }

  /// As a part of a summary: `the provider, high`.
  var words: String? {
    let name: String
    switch side {
    case "cannotTell": return nil
    case "hop": name = hop.map { "hop \($0)" } ?? "a hop"
    case "network": name = "the network between"
    case "certificateAuthority": name = "the certificate authority"
    case "us": name = "this monitor"
    default: name = "the \(side)"
    }
    return "\(name) (\(confidence))"
  }
}

/// The summary of an open incident.
struct CaseWords {
  var tracked: TrackedIncident
  var isPart: Bool
  var subject: IncidentSubject
  var matrix: Matrix
  var canaries: Canaries
  /// `down`, `degraded`, `flapping`, ...
  var word: String
  var evidence: String
  var suspicion: SuspectedSide

  /// So many consumers are named; of more their number is said.
  private static let named = 6

  var summary: String { printable(text, limit: 300) }

  private var text: String {
    switch tracked.key.kind {
    case .point: return single
    case .vantage: return blind
    default: break
    }
    let suspected = suspicion.words.map { "; suspected: \($0)" } ?? ""
    return "\(words(subject)) \(verb) for \(extent): \(evidence)\(suspected)"
  }

  private var verb: String {
    "is \(word)" + (tracked.key.layer == .failing && isPart ? " in part," : "")
  }

  private var single: String {
    let place = matrix.places[Int(tracked.links.first ?? tracked.key.value)]
    return "\(place.id) is \(word): \(evidence)" + (place.name.isEmpty ? "" : " (\(place.name))")
  }

  private var blind: String {
    let all = matrix.counts.last ?? GroupCounts()
    let known = all.up + all.degraded + all.failing
    let failing =
      canaries.unanswered > tracked.links.count
      ? "nothing has answered since \(canaries.unanswered) links began to fail and "
      : tracked.links.isEmpty
        ? "" : "\(tracked.links.count) of \(counted(Int(known), "link")) fail at once and "
    let seen =
      canaries.isDeceived
      ? "the link that must fail does not"
      : canaries.failing > 0
        ? "\(canaries.failing) of \(canaries.failing + canaries.answering) canaries do not answer"
        : "no canary is configured that would tell otherwise"
    return
      "this monitor may be blind: \(failing)\(seen); nothing is said of links until it sees again"
  }

  /// The consumers by name, or how many links there are.
  private var extent: String {
    let places = tracked.links.map { matrix.places[Int($0)] }
    let group = matrix.counts[Int(tracked.key.value)]
    let known = Int(group.up + group.degraded + group.failing + group.overdue)
    let all = places.count < known ? "\(places.count) of \(known) links" : "\(places.count) links"
    let names = tracked.key.kind == .province ? places.map(\.id.service) : places.map(\.id.consumer)
    var different: [String] = []
    for name in names where !different.contains(name) {
      different.append(name)
      if different.count > Self.named { return all }
    }
    return "\(all) (\(different.joined(separator: ", ")))"
  }
}

/// What a trouble is grouped by.
private struct TroubleCause: Hashable {
  var cause: String
  var detail: String

  init(_ trouble: LinkTrouble) {
    let place = trouble.firstPlace
    cause = place.map { trouble.conditions[$0].cause } ?? ""
    detail = place.map { trouble.conditions[$0].causeDetail } ?? ""
  }
}

extension LinkTrouble {
  fileprivate func hasCause(of other: LinkTrouble) -> Bool {
    guard let place = firstPlace, let otherPlace = other.firstPlace else {
      return conditions.isEmpty && other.conditions.isEmpty
    }
    return conditions[place].cause == other.conditions[otherPlace].cause
      && conditions[place].causeDetail == other.conditions[otherPlace].causeDetail
  }
}
