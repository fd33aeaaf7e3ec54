import Engine
import Model
import Wire

extension LinkFilter {
  /// Throws on a name that no link has, so that a misspelt one does not look like good news. Looks at
  /// the links only as far as it takes to find all names: at all of them where one is wrong.
  func checkNames(_ engine: borrowing Engine) throws(BadQuery) {
    try Self.check(services, "service", engine) { $0.id.service }
    try Self.check(consumers, "consumer", engine) { $0.id.consumer }
    try Self.check(systems, "system", engine) { $0.system }
    try Self.check(owners, "owner", engine) { $0.owner }
    try Self.check(vendors, "vendor", engine) { $0.vendor }
  }

  /// How many names are compared with one that is wrong.
  private static let namesCompared = 1_000

  private static func check(
    _ wanted: [String], _ noun: String, _ engine: borrowing Engine, _ nameOf: (Link) -> String?
  ) throws(BadQuery) {
    var missing = Set(wanted)
    var known: Set<String> = []
    var last: String?
    for index in engine.links.indices {
      if missing.isEmpty { return }
      // Links of one service or system follow each other.
      guard let name = nameOf(engine.links[index].link), name != last else { continue }
      last = name
      missing.remove(name)
      if known.count < namesCompared { known.insert(name) }
    }
    guard let word = wanted.first(where: missing.contains) else { return }
    throw BadQuery("no link has the \(noun) \(word)" + suggestion(word, among: known.sorted()))
  }
}
