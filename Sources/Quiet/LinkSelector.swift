import Model

/// What is to be known of a link to say whether it is quiet.
package struct LinkFacts: Sendable, Hashable {
  package var id: LinkID
  package var system: String
  package var owner: String
  package var route: [String]
  package var isHop: Bool

  package init(
    id: LinkID, system: String, owner: String, route: [String] = [], isHop: Bool = false
  ) {
    self.id = id
    self.system = system
    self.owner = owner
    self.route = route
    self.isHop = isHop
  }

  package init(_ link: borrowing Link) {
    self.init(
      id: link.id, system: link.system, owner: link.owner, route: link.route,
      isHop: link.role == .hop)
  }
}

/// Which links something is for. Values of one list are alternatives, an empty list lets all through;
/// what the lists say must all hold.
package struct LinkSelector: Sendable, Hashable {
  package var links: [LinkID] = []
  package var services: [String] = []
  package var systems: [String] = []
  package var owners: [String] = []
  /// Consumers; the national level is `national`.
  package var provinces: [String] = []
  /// Words of routes. The hop that a word names is meant too: work on it is work on itself.
  package var routes: [String] = []

  package init() {}

  package var isEmpty: Bool {
    links.isEmpty && [services, systems, owners, provinces, routes].allSatisfy(\.isEmpty)
  }

  package func matches(_ link: LinkFacts) -> Bool {
    passes(links, link.id) && passes(services, link.id.service)
      && passes(provinces, link.id.consumer) && passes(systems, link.system)
      && passes(owners, link.owner) && (routes.isEmpty || isOnRoute(link))
  }

  private func isOnRoute(_ link: LinkFacts) -> Bool {
    if link.route.contains(where: routes.contains) { return true }
    if link.isHop { return routes.contains(link.id.service) }
    return link.route.isEmpty && routes.contains("direct")
  }

  private func passes<Word: Equatable>(_ wanted: [Word], _ word: Word) -> Bool {
    wanted.isEmpty || wanted.contains(word)
  }

  /// The lists of words by the names that they have in files and answers.
  static let lists: [(key: String, list: any WritableKeyPath<LinkSelector, [String]> & Sendable)] =
    [
      ("services", \.services), ("systems", \.systems), ("owners", \.owners),
      ("provinces", \.provinces), ("routes", \.routes),
    ]

  /// In words: `system land-database, province ha-noi or hue`.
  package var words: String {
    var parts: [String] = []
    if !links.isEmpty { parts.append("link " + Self.alternatives(links.map(\.description))) }
    for (key, list) in Self.lists where !self[keyPath: list].isEmpty {
      parts.append("\(key.dropLast()) \(Self.alternatives(self[keyPath: list]))")
    }
    return parts.isEmpty ? "all links" : parts.joined(separator: ", ")
  }

  private static func alternatives(_ words: [String]) -> String {
    guard words.count > 4 else { return words.joined(separator: " or ") }
    return words.prefix(3).joined(separator: " or ") + " or \(words.count - 3) more"
  }
}
