import Base
import Model
import Wire

/// The links of a configuration, and the words by which people choose among them.
struct LinkChoice {
  let links: [Link]
  private let known: [[String]]

  /// The keys that choose links, and what a link is by each. What several keys say must all hold, the
  /// words of one are alternatives.
  private static let keys: [(key: String, words: @Sendable (Link) -> [String])] = [
    ("services", { [$0.id.service] }),
    ("systems", { [$0.system] }),
    ("owners", { [$0.owner] }),
    ("provinces", { [$0.id.consumer] }),
    ("vendors", { $0.vendor.map { [$0] } ?? [] }),
    ("roles", { [$0.role.rawValue] }),
    // The hop that a word names is meant too, as in windows of maintenance.
    ("routes", { $0.role == .hop ? $0.route + [$0.id.service] : $0.route }),
  ]

  init(_ links: [Link]) {
    self.links = links
    known = Self.keys.map { _, words in
      var seen: Set<String> = []
      return links.flatMap(words).filter { seen.insert($0).inserted }.sorted()
    }
  }

  /// Reads which links are meant, as places; nil after complaints, and for none at all.
  func read(_ reader: inout FieldReader, _ complaints: inout Complaints) -> [Int]? {
    let before = complaints.count
    var isAny = false
    var chosen = Array(links.indices)
    if let patterns = words(&reader, "links", &complaints) {
      isAny = true
      chosen = places(patterns, "links", reader, &complaints)
    }
    for (place, entry) in Self.keys.enumerated() {
      guard let wanted = words(&reader, entry.key, &complaints) else { continue }
      isAny = true
      for word in wanted where !known[place].contains(word) {
        let meant = nearest(word, among: known[place]).map { "; did you mean \"\($0)\"?" } ?? ""
        reader.complain(
          entry.key,
          "no link has the \(entry.key.dropLast()) \"\(printable(word, limit: 70))\"\(meant)",
          &complaints)
      }
      chosen.removeAll { link in !entry.words(links[link]).contains(where: wanted.contains) }
    }
    guard complaints.count == before else { return nil }
    if !isAny {
      reader.complain(
        nil,
        "expected at least one of \"links\", \"services\", \"systems\", \"owners\", \"provinces\","
          + " \"vendors\", \"roles\" and \"routes\"; \"links\": \"*\" means all", &complaints)
      return nil
    }
    if chosen.isEmpty {
      reader.complain(nil, "no link is all of that", &complaints)
      return nil
    }
    return chosen
  }

  /// The links that patterns name: `SERVICE/CONSUMER`, `*` standing for any.
  func places(
    _ patterns: [String], _ key: String, _ reader: FieldReader, _ complaints: inout Complaints
  ) -> [Int] {
    var isChosen = Array(repeating: false, count: links.count)
    for pattern in patterns {
      let parts = pattern == "*" ? ["*", "*"] : pattern.split(separator: "/").map(String.init)
      guard parts.count == 2 else {
        reader.complain(
          key,
          "expected links such as \"land-database/ha-noi\" or \"land-database/*\", got "
            + "\"\(printable(pattern, limit: 140))\"", &complaints)
        continue
      }
      let found = links.indices.filter { place in
        let id = links[place].id
        return (parts[0] == "*" || parts[0] == id.service)
          && (parts[1] == "*" || parts[1] == id.consumer)
      }
      if found.isEmpty {
        let meant =
          nearest(pattern, among: links.map(\.id.description)).map { "; did you mean \"\($0)\"?" }
          ?? ""
        reader.complain(
          key, "there is no link \"\(printable(pattern, limit: 140))\"\(meant)", &complaints)
      }
      for place in found { isChosen[place] = true }
    }
    return links.indices.filter { isChosen[$0] }
  }

  /// A word or a list of words; nil where the key is absent or wrong.
  func words(
    _ reader: inout FieldReader, _ key: String, _ complaints: inout Complaints
  ) -> [String]? {
    guard let node = reader.node(key) else { return nil }
    let words =
      node.string.map { [$0] }
      ?? node.array.flatMap { list in
        let texts = list.compactMap(\.string)
        return texts.count == list.count ? texts : nil
      }
    if let words, (1...Limits.selectorWords).contains(words.count) { return words }
    reader.complain(
      key, "expected a name, or a list of 1 to \(Limits.selectorWords) names", &complaints)
    return nil
  }
}
