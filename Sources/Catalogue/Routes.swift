import Base
import Model
import Wire

/// The intermediaries that a service's requests pass, and where each is named.
struct Route: Sendable {
  var words: [String]
  var origins: [Origin]

  static let direct = Route(words: [], origins: [])
}

func readRoute(_ reader: inout FieldReader, _ complaints: inout Complaints) -> Route? {
  guard let words = reader.strings("route", &complaints) else { return nil }
  if let wrong = words.first(where: { !isSlug($0) }) {
    reader.complain("route", slugExpected(wrong), &complaints)
  } else if words.count > Ranges.routeSteps {
    reader.complain(
      "route", "expected at most \(Ranges.routeSteps) intermediaries", &complaints)
  } else if Set(words).count < words.count {
    reader.complain("route", "an intermediary is named twice", &complaints)
  }
  let path = reader.keyPath("route")
  return Route(
    words: words,
    origins: words.indices.map { place in
      Origin(
        file: reader.file, position: reader.elementPosition(of: "route", place),
        keyPath: "\(path)[\(place)]")
    })
}

/// The intermediaries that the catalogue watches: services marked as hops, and their consumers.
struct HopTable: Sendable {
  private var consumers: [String: Set<String>] = [:]
  private var routes: [String: [String]] = [:]

  init(_ services: [Service]) {
    for service in services where service.role == .hop {
      guard let id = service.id else { continue }
      consumers[id] = Set(service.consumers.map(\.slug))
      routes[id] = service.route.words
    }
  }

  var isEmpty: Bool { consumers.isEmpty }

  /// The links that stand for the words of a route, for one consumer: its own where it has one, else
  /// the nation's. Words that are not watched are left out.
  func links(_ route: [String], of consumer: String) -> [LinkID] {
    route.compactMap { word in
      guard let known = consumers[word] else { return nil }
      if known.contains(consumer) { return LinkID(service: word, consumer: consumer) }
      let national = Consumer.national.slug
      return known.contains(national) ? LinkID(service: word, consumer: national) : nil
    }
  }

  /// Complains of words that are no hops, in a catalogue that has any, and of hops that lead through
  /// themselves.
  func check(_ services: [Service], _ complaints: inout Complaints) {
    guard !isEmpty else { return }
    let known = consumers.keys.sorted()
    // Inherited routes are complained of once.
    var told: Set<String> = []
    for service in services {
      for (word, origin) in zip(service.route.words, service.route.origins) {
        let problem: String
        if consumers[word] == nil {
          problem =
            "no service with hop: true is named \"\(word)\"" + suggestion(word, known, complaints)
        } else if let id = service.id, leads(from: word, to: id) {
          problem = "\"\(id)\" leads through itself"
        } else {
          continue
        }
        guard told.insert("\(origin.location) \(problem)").inserted else { continue }
        origin.complain(problem, &complaints)
      }
    }
  }

  /// Whether a hop is another, or passes it on its own route.
  private func leads(from hop: String, to wanted: String) -> Bool {
    var seen: Set<String> = []
    var ahead = [hop]
    while let next = ahead.popLast() {
      if next == wanted { return true }
      if seen.insert(next).inserted { ahead += routes[next] ?? [] }
    }
    return false
  }
}
