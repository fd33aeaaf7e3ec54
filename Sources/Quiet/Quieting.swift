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
    self.total = max(total, newest.count)
  }

  /// Says whether the entry is a new one: of one link of an incident each is kept once.
  mutating func add(_ entry: Entry) -> Bool {
    if newest.contains(where: { $0.incident == entry.incident && $0.link == entry.link }) {
      return false
    }
    newest.append(entry)
    total += 1
    if newest.count > Limits.hiddenListed { newest.removeFirst() }
    return true
  }
}
