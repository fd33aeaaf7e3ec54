import Base
import Engine
import Model
import Quiet
import Wire

/// One letter for what a link shows. Raw values are stable.
package enum MatrixLetter: String, Sendable, CaseIterable {
  case up = "u"
  case degraded = "g"
  case down = "x"
  case unknown = "?"
  case planned = "p"
  case notConnected = "n"
  case overdue = "o"
  case paused = "z"
  /// In a maintenance window, and not up.
  case maintenance = "m"
  /// There is no such link.
  case none = "."

  init(_ state: LinkState, isPaused: Bool, isOverdue: Bool, isInMaintenance: Bool) {
    if isInMaintenance, !isPaused, [.down, .degraded, .unknown].contains(state) {
      self = .maintenance
    } else if isPaused {
      self = .paused
    } else if isOverdue {
      self = .overdue
    } else {
      switch state {
      case .up: self = .up
      case .degraded: self = .degraded
      case .down: self = .down
      case .unknown: self = .unknown
      case .planned: self = .planned
      case .notConnected: self = .notConnected
      }
    }
  }
}

/// Gathers the matrix of services and consumers over as many turns as that takes, then writes it: a
/// row of letters a consumer. Issuers of tokens have no place in it.
package struct MatrixListing: PiecewiseAnswer {
  /// Links looked at in one turn: well under a millisecond of work.
  static let linksPerPiece = 1_024

  private struct Service {
    var id: String
    var name: LocalizedName
    var system: String
    var owner: String
    var role: LinkRole
  }

  private struct Consumer {
    var id: String
    var name: LocalizedName
    var letters = [MatrixLetter](repeating: .none, count: Limits.matrixServices)
  }

  private let filter: LinkFilter
  private var next = 0
  private var services: [Service] = []
  private var consumers: [Consumer] = []
  private var placeOfService: [String: Int] = [:]
  private var placeOfConsumer: [String: Int] = [:]
  /// Why there is no matrix.
  private var leftOut: String?
  package private(set) var isDone = false

  package init(filter: LinkFilter) { self.filter = filter }

  package mutating func nextPiece(_ engine: borrowing Engine, at now: Now) -> [UInt8] {
    let end = min(engine.links.count, next + Self.linksPerPiece)
    while next < end, leftOut == nil {
      add(next, engine, at: now)
      next += 1
    }
    guard next >= engine.links.count || leftOut != nil else { return [] }
    isDone = true
    return body
  }

  private mutating func add(_ index: Int, _ engine: borrowing Engine, at now: Now) {
    guard engine.links[index].link.role.isInMatrix, filter.passes(engine.links[index].link) else {
      return
    }
    let state = engine.state(of: index, at: now)
    guard filter.passes(index, in: state, engine, at: now), let service = service(index, engine),
      let consumer = consumer(index, engine)
    else { return }
    consumers[consumer].letters[service] = MatrixLetter(
      state, isPaused: engine.isPaused(index),
      isOverdue: engine.isOverdue(index, state, at: now),
      // Most are up, and need not be asked.
      isInMaintenance: state != .up
        && engine.quieting(of: index, at: now).contains { $0.kind == .maintenance })
  }

  private mutating func service(_ index: Int, _ engine: borrowing Engine) -> Int? {
    let id = engine.links[index].link.id.service
    // The links of a service follow one another.
    if let last = services.last, last.id == id { return services.count - 1 }
    if let place = placeOfService[id] { return place }
    guard services.count < Limits.matrixServices else {
      leaveOut("more than \(Limits.matrixServices) services")
      return nil
    }
    let link = engine.links[index].link
    services.append(
      Service(
        id: id, name: link.serviceName, system: link.system, owner: link.owner, role: link.role))
    placeOfService[id] = services.count - 1
    return services.count - 1
  }

  private mutating func consumer(_ index: Int, _ engine: borrowing Engine) -> Int? {
    let id = engine.links[index].link.id.consumer
    if let place = placeOfConsumer[id] { return place }
    guard consumers.count < Limits.matrixConsumers else {
      leaveOut("more than \(Limits.matrixConsumers) consumers")
      return nil
    }
    consumers.append(Consumer(id: id, name: engine.links[index].link.consumerName))
    placeOfConsumer[id] = consumers.count - 1
    return consumers.count - 1
  }

  private mutating func leaveOut(_ reason: String) {
    leftOut = "there are \(reason); ask for a part by system, owner or service"
    services = []
    consumers = []
  }

  private var body: [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("services")
    writer.beginArray()
    for service in services {
      writer.beginObject()
      writer.member("service", service.id)
      writer.name("name", service.name)
      writer.member("system", service.system)
      writer.member("owner", service.owner)
      writer.member("role", service.role.rawValue)
      writer.endObject()
    }
    writer.endArray()
    writer.key("consumers")
    writer.beginArray()
    for consumer in consumers {
      writer.beginObject()
      writer.member("consumer", consumer.id)
      writer.name("name", consumer.name)
      writer.member("cells", consumer.letters.prefix(services.count).map(\.rawValue).joined())
      writer.endObject()
    }
    writer.endArray()
    writer.key("letters")
    writer.beginObject()
    for letter in MatrixLetter.allCases { writer.member(letter.rawValue, "\(letter)") }
    writer.endObject()
    writer.member("leftOut", leftOut)
    writer.endObject()
    return writer.bytes
  }
}

extension LinkRole {
  /// Whether links of the role have a place in the map of services and consumers.
  fileprivate var isInMatrix: Bool { self == .service || self == .hop }
}
