import Base
import Control
import Engine
import History
import Model
import Probes
import Testing
import Wire

/// An engine under clocks that stand until they are moved, with a ring that takes every write at once
/// and a network that answers as it is told to, behind the routes of the control socket.
final class Desk {
  var engine: Engine
  var now = Now(
    instant: Instant(nanoseconds: 1_000_000_000_000),
    wall: WallTime(milliseconds: 1_762_477_323_000))
  /// Answers requests by the path of their URL, which is the link's id; 200 unless told otherwise.
  var network: [String: TransferResult] = [:]
  private(set) var trials: [[TrialAttempt]] = []
  private var told: UInt64 = 0

  init(_ links: [Link], _ network: [String: TransferResult] = [:]) {
    var incidents = IncidentSettings()
    incidents.gatherCritical = .zero
    incidents.gatherWarning = .zero
    engine = Engine(
      tick: .milliseconds(100), attemptsInFlight: 1_000,
      encoder: RingEncoder(resume: RingResume(ringID: 7, segmentBytes: 1 << 20, slots: [0, 1])),
      seed: 1, incidents: incidents, now: now)
    _ = engine.load(links, at: now)
    self.network = network
  }

  /// Lets every link be probed, failures confirmed.
  func settle() { advance(by: .seconds(80)) }

  /// Moves both clocks, running the engine whenever it wants to.
  func advance(by amount: TimeAmount) {
    let end = now.instant + amount
    take()
    while let due = engine.nextDue, due <= end {
      move(to: max(due, now.instant))
      engine.run(at: now)
      take()
    }
    move(to: end)
  }

  private func move(to instant: Instant) {
    now = Now(instant: instant, wall: now.wall(at: instant))
  }

  private func take() {
    while true {
      let actions = engine.takeActions()
      if actions.isEmpty { return }
      for action in actions { perform(action) }
    }
  }

  private func perform(_ action: EngineAction) {
    switch action {
    case .transfer(let token, let transfer):
      let id = String(transfer.url.target.dropFirst())
      engine.deliver(
        .transferred(network[id] ?? TransferResult(status: 200)), to: token, at: now)
    case .write(_, let group): engine.written(through: group, problem: nil, at: now)
    case .tell, .keep:
      told += 1
      engine.journaled(through: told)
    case .trialEnded(_, _, let attempts): trials.append(attempts)
    default: break
    }
  }

  // MARK: - Requests

  func reply(
    _ method: String, _ target: String, body: String = "", mayAct: Bool = true
  ) throws -> ControlReply {
    let head = try HTTPRequestHead(method: method, target: target)
    let facts = facts
    return route(
      head, body: Array(body.utf8), engine, { facts }, mayAct: mayAct, at: now)
  }

  /// The whole answer to a reading request; pieces are joined.
  func get(_ target: String) throws -> (status: Int, node: JSONNode) {
    switch try reply("GET", target) {
    case .answer(let status, _, let body): return (status, try parsed(body))
    case .pieces: return (200, try parsed(try pieces(target).flatMap { $0 }))
    case .samples, .history, .act: throw Unexpected()
    }
  }

  /// The bytes of each piece.
  func pieces(_ target: String) throws -> [[UInt8]] {
    guard case .pieces(var pieces) = try reply("GET", target) else { throw Unexpected() }
    var list: [[UInt8]] = []
    while !pieces.isDone { list.append(pieces.nextPiece(engine, at: now)) }
    return list
  }

  /// The ids of the links that are listed.
  func ids(_ query: String) throws -> [String] {
    try get("/v1/links" + query).node["links"]?.array?.compactMap { $0["id"]?.string } ?? []
  }

  struct Unexpected: Error {}

  /// Two turns, the second of them the longest.
  private var loop: LoopFigures {
    var loop = LoopFigures()
    loop.add(held: .milliseconds(1), cpu: .milliseconds(1), endedAt: now.instant - .seconds(9))
    loop.add(held: .milliseconds(7), cpu: .milliseconds(2), endedAt: now.instant - .seconds(3))
    return loop
  }

  private var facts: DaemonFacts {
    DaemonFacts(
      version: "0.1.0", vantage: "main", startedAt: now, configurationFile: "/x.json5",
      loadedAt: now.wall, historyBytes: 1, deliveryPending: 0, deliveryProblem: nil,
      receivers: [], residentBytes: 2, mappedFileBytes: 1, loop: loop)
  }
}

func parsed(_ body: [UInt8]) throws -> JSONNode {
  let limits = JSONLimits(stringBytes: 1 << 20, totalNodes: 8_000_000, duplicateKeys: .lastWins)
  let result = parseJSON(body, dialect: .json, limits: limits)
  try #require(result.errors.isEmpty, "\(String(decoding: body.prefix(300), as: UTF8.self))")
  return try #require(result.node)
}

let wrong = TransferResult(status: 503)

/// A link with one probe, whose URL's path is the link's id; `retries: 0` keeps it degraded for a
/// while, where otherwise a failure is soon confirmed.
func link(
  _ id: String, system: String = "system", owner: String = "owner", role: LinkRole = .service,
  retries: Int = 4, hasEndpoint: Bool = true, kind: String = "http",
  _ change: (inout Link) -> Void = { _ in }
) -> Link {
  guard let linkID = LinkID(id), let url = try? URLParts("http://127.0.0.1/\(id)") else {
    preconditionFailure("an id: \(id)")
  }
  let probe = ProbeDefinition(
    name: "http", kind: kind, every: .seconds(60), timeout: .seconds(10), retryLimit: retries,
    options: HTTPOptions(url: url))
  var link = Link(
    id: linkID, serviceName: LocalizedName(en: linkID.service, vi: "Dịch vụ"),
    consumerName: LocalizedName(en: linkID.consumer, vi: "Tỉnh"), system: system, owner: owner,
    route: [], alert: .standard, probes: hasEndpoint ? [probe] : [])
  link.role = role
  change(&link)
  return link
}

/// Links of everything that the views tell apart, with the network that makes them so.
enum Country {
  static let planned = PlannedConnection(
    date: "2025-10-31", endsAt: WallTime(milliseconds: 1_761_930_000_000))
  static let codes = CodeTable(["108": LocalizedName(en: "wrong province code", vi: "sai mã tỉnh")])
  static let justice = LocalizedName(en: "Ministry of Justice", vi: "Bộ Tư pháp")

  static var links: [Link] {
    [
      link("civil-registry/ha-noi", system: "ecivil", owner: "moj") {
        $0.ownerName = justice
        $0.vendor = "fpt"
        $0.route = ["lgsp", "ndxp"]
        $0.hops = [LinkID(service: "lgsp", consumer: "ha-noi")]
      },
      link("civil-registry/an-giang", system: "ecivil", owner: "moj") {
        $0.ownerName = justice
        $0.vendor = "vnpt"
        $0.route = ["lgsp", "ndxp"]
        $0.hops = [LinkID(service: "lgsp", consumer: "an-giang")]
      },
      link("land-database/ha-noi", owner: "moae", hasEndpoint: false),
      link("land-database/an-giang", owner: "moae", retries: 0) { $0.vendor = "vnpt" },
      link("health-licences/ha-noi", owner: "moh", hasEndpoint: false) { $0.planned = planned },
      link("birth-bundle/ha-noi", owner: "mps", kind: "unheard-of"),
      link("birth-bundle/an-giang", owner: "mps") { $0.codes = codes },
      link("lgsp/ha-noi", owner: "ha-noi", role: .hop),
      link("lgsp/an-giang", owner: "an-giang", role: .hop),
      link("token/moj", owner: "moj", role: .token),
    ]
  }

  static let network = [
    "civil-registry/an-giang": wrong, "lgsp/an-giang": wrong, "token/moj": wrong,
    "birth-bundle/an-giang": TransferResult(failure: .body(.applicationCode("108"))),
  ]

  static func desk() -> Desk {
    let desk = Desk(links, network)
    desk.settle()
    // Late, so that it has failed once and nothing has confirmed it.
    desk.network["land-database/an-giang"] = wrong
    desk.advance(by: .seconds(60))
    return desk
  }
}
