import Base
import Model
import Wire

/// The intermediaries that a service's requests pass, and where they are named.
struct Route: Sendable {
  var words: [String]
  var origin: Origin
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
  return Route(words: words, origin: Origin(reader, "route"))
}

/// The intermediaries that the catalogue watches: services marked as hops, and their consumers.
struct HopTable: Sendable {
  private var consumers: [String: Set<String>] = [:]

  init(_ services: [Service]) {
    for service in services where service.isHop {
      guard let id = service.id else { continue }
      consumers[id] = Set(service.consumers.map(\.slug))
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

  /// Complains of words that are no hops, in a catalogue that has any, and of routes through
  /// themselves.
  func check(_ services: [Service], _ complaints: inout Complaints) {
    guard !isEmpty else { return }
    let known = consumers.keys.sorted()
    // Inherited routes are complained of once.
    var told: Set<String> = []
    for service in services {
      for word in service.route.words {
        let problem: String
        if word == service.id {
          problem = "\"\(word)\" would pass through itself"
        } else if consumers[word] == nil {
          let meant = nearest(word, among: known).map { "; did you mean \"\($0)\"?" } ?? ""
          problem =
            "no service marked \"hop: true\" is named \"\(word)\"\(meant)"
        } else {
          continue
        }
        let origin = service.route.origin
        guard told.insert("\(origin.location) \(problem)").inserted else { continue }
        origin.complain(problem, &complaints)
      }
    }
  }
}
