import Base
import Engine
import Model
import Quiet
import Wire

/// Which links are asked for; an empty list of values lets all pass.
package struct LinkFilter: Sendable {
  package var services: [String] = []
  package var consumers: [String] = []
  package var systems: [String] = []
  package var owners: [String] = []
  /// States, and ``marks``: any of them lets a link pass.
  package var states: [String] = []
  /// Words of a route, any of which a link's must hold.
  package var routes: [String] = []
  package var vendors: [String] = []
  package var roles: [String] = []

  package init() {}

  /// What a link may bear beside its state; asked for in the same way.
  static let marks = ["paused", "overdue", "maintenance", "silenced", "flapping"]

  /// The parameters that filter, in the order in which they are told.
  static let names = [
    "service", "consumer", "province", "system", "owner", "state", "route", "vendor", "role",
  ]

  /// Reads the query's parameters; throws a message on one that is not known. `others` are those that
  /// somebody else reads.
  package init(
    query: [(name: String, value: String)], others: [String] = ["limit", "offset"]
  ) throws(BadQuery) {
    for (name, value) in query {
      let values = value.split(separator: ",").map(String.init)
      switch name {
      case "service": services += values
      case "consumer", "province": consumers += values
      case "system": systems += values
      case "owner": owners += values
      case "state":
        states += try words(
          values, "state", LinkState.allCases.map(\.rawValue) + LinkFilter.marks)
      case "route": routes += values
      case "vendor": vendors += values
      case "role": roles += try words(values, "role", LinkRole.allCases.map(\.rawValue))
      case let other where others.contains(other): break
      default:
        throw BadQuery(
          "no parameter \(name)" + suggestion(name, among: LinkFilter.names + others))
      }
    }
  }

  func passes(_ link: borrowing Link) -> Bool {
    passes(services, link.id.service) && passes(consumers, link.id.consumer)
      && passes(systems, link.system) && passes(owners, link.owner)
      && passes(roles, link.role.rawValue)
      && (vendors.isEmpty || link.vendor.map(vendors.contains) ?? false)
      && (routes.isEmpty || link.route.contains(where: routes.contains)
        || (link.route.isEmpty && routes.contains("direct")))
  }

  var isAll: Bool {
    [services, consumers, systems, owners, states, routes, vendors, roles].allSatisfy(\.isEmpty)
  }

  /// The same for a link of which only the id is known.
  func passes(_ id: LinkID) -> Bool {
    passes(services, id.service) && passes(consumers, id.consumer)
      && [systems, owners, routes, vendors, roles].allSatisfy(\.isEmpty)
  }

  /// Whether a link in this state passes, or one that bears a mark that is asked for.
  func passes(_ index: Int, in state: LinkState, _ engine: borrowing Engine, at now: Now) -> Bool {
    passes(states, state.rawValue)
      || (states.contains("paused") && engine.isPaused(index))
      || (states.contains("overdue") && engine.isOverdue(index, state, at: now))
      || (states.contains("flapping") && engine.isFlapping(index))
      || (states.contains { $0 == "maintenance" || $0 == "silenced" }
        && !Set(states).isDisjoint(with: engine.quieting(of: index, at: now).marks))
  }

  private func passes(_ wanted: [String], _ value: String) -> Bool {
    wanted.isEmpty || wanted.contains(value)
  }
}

/// A request's parameters are wrong; the message says what and how.
package struct BadQuery: Error, Sendable {
  package var message: String
  init(_ message: String) { self.message = printable(message, limit: 300) }
}

func suggestion(_ word: String, among known: [String]) -> String {
  nearest(word, among: known).map { "; did you mean \($0)?" } ?? ""
}

/// The values, all of which must be among the words of a closed list.
private func words(
  _ values: [String], _ noun: String, _ known: [String]
) throws(BadQuery) -> [String] {
  for value in values where !known.contains(value) {
    throw BadQuery(
      "no \(noun) \(value); the \(noun)s are \(known.joined(separator: ", "))"
        + suggestion(value, among: known))
  }
  return values
}
