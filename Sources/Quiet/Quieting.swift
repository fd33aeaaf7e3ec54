import Base
import Model

/// Why something is not told, and until when.
package struct Quieting: Sendable, Hashable {
  package enum Kind: String, Sendable, Hashable, CaseIterable {
    case maintenance
    case silence
  }

  package var kind: Kind
  package var id: String
  /// When it ends, unless it is ended before.
  package var until: WallTime
  package var reason: String
  package var by: String
  /// A silence may be for some incidents of the link alone; empty for all.
  package var patterns: [IncidentPattern] = []
  package var severities: [Severity] = []

  /// Whether it hides every incident of the link.
  package var isWhole: Bool { patterns.isEmpty && severities.isEmpty }

  /// `, only of pattern clock and severity warning`; empty where it hides every incident.
  package var meantWords: String { limitWords(patterns, severities) }
}

extension Silence {
  /// `, only of pattern clock and severity warning`; empty where it hides every incident.
  package var meantWords: String { limitWords(patterns, severities) }
}

private func limitWords(_ patterns: [IncidentPattern], _ severities: [Severity]) -> String {
  let parts = [
    ("pattern", patterns.map(\.rawValue)), ("severity", severities.map(\.rawValue)),
  ].filter { !$0.1.isEmpty }.map { "\($0.0) \($0.1.joined(separator: ", "))" }
  return parts.isEmpty ? "" : ", only of \(parts.joined(separator: " and "))"
}

/// What is to be known of an incident to say whether it is to be told.
package struct IncidentFacts: Sendable, Hashable {
  package var id: String
  package var pattern: IncidentPattern
  package var severity: Severity
  package var links: [LinkFacts]

  package init(
    id: String, pattern: IncidentPattern, severity: Severity, links: [LinkFacts]
  ) {
    self.id = id
    self.pattern = pattern
    self.severity = severity
    self.links = links
  }
}

/// What was not told.
package struct HiddenLog: Sendable, Hashable {
  package struct Entry: Sendable, Hashable {
    package var incident: String
    package var link: LinkID
    package var time: WallTime

    package init(incident: String, link: LinkID, time: WallTime) {
      self.incident = incident
      self.link = link
      self.time = time
    }
  }

  /// The newest, oldest first.
  package private(set) var newest: [Entry] = []
  package private(set) var total = 0

  package init() {}

  init(newest: [Entry], total: Int) {
    self.newest = Array(newest.suffix(Limits.hiddenListed))
    self.total = min(max(total, newest.count), Int.max / 2)
  }

  /// Says whether there is anything new: each link of an incident is kept and counted once. Of an
  /// incident with more links than can be listed all are counted when it is first hidden, and those that
  /// join later are not.
  mutating func add(incident: String, _ links: [LinkID], at time: WallTime) -> Bool {
    let known = newest.filter { $0.incident == incident }.map(\.link)
    if !known.isEmpty, links.count > Limits.hiddenListed { return false }
    let new = links.filter { !known.contains($0) }
    newest += new.prefix(Limits.hiddenListed).map {
      Entry(incident: incident, link: $0, time: time)
    }
    newest.removeFirst(max(0, newest.count - Limits.hiddenListed))
    total += new.count
    return !new.isEmpty
  }
}
