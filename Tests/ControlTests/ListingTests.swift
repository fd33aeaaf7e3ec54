import Base
import Control
import Engine
import History
import Model
import Testing
import Wire

@Suite struct ListingTests {
  static let filterRows: [(query: String, ids: [String], reason: String)] = [
    ("?service=land-database", ["land-database/ha-noi", "land-database/an-giang"], "a service"),
    ("?consumer=ha-noi&service=lgsp", ["lgsp/ha-noi"], "different filters must all hold"),
    ("?province=ha-noi&role=hop", ["lgsp/ha-noi"], "a province is a consumer"),
    (
      "?province=ha-noi,an-giang&service=lgsp", ["lgsp/ha-noi", "lgsp/an-giang"],
      "values are alternatives"
    ),
    (
      "?service=lgsp&service=token", ["lgsp/ha-noi", "lgsp/an-giang", "token/moj"],
      "so are repetitions"
    ),
    ("?system=ecivil", ["civil-registry/ha-noi", "civil-registry/an-giang"], "a system"),
    ("?owner=moj", ["civil-registry/ha-noi", "civil-registry/an-giang", "token/moj"], "an owner"),
    ("?state=degraded", ["land-database/an-giang"], "a state"),
    (
      "?state=notConnected", ["land-database/ha-noi", "health-licences/ha-noi"],
      "not connected is not down"
    ),
    ("?state=down&role=service", ["civil-registry/an-giang", "birth-bundle/an-giang"], "down"),
    ("?state=unknown", ["birth-bundle/ha-noi"], "unknown"),
    ("?route=ndxp", ["civil-registry/ha-noi", "civil-registry/an-giang"], "any word of the route"),
    ("?route=ndxp,x&vendor=fpt", ["civil-registry/ha-noi"], "a vendor"),
    ("?vendor=fpt&owner=moae", [], "links without a vendor have none"),
    ("?state=overdue", ["health-licences/ha-noi"], "a mark"),
    (
      "?state=overdue,degraded", ["land-database/an-giang", "health-licences/ha-noi"],
      "a mark or a state"
    ),
    ("?role=token", ["token/moj"], "a role"),
    ("?limit=1&offset=1&owner=moj", ["civil-registry/an-giang"], "a part"),
    ("?service=", Country.links.map { "\($0.id)" }, "an empty filter lets all pass"),
  ]

  @Test("a filter lets its links pass", arguments: filterRows)
  func filters(_ query: String, _ ids: [String], _ reason: String) throws {
    #expect(try Country.desk().ids(query) == ids, "\(reason)")
  }

  static let wrongFilters: [(query: String, message: String)] = [
    ("provinse=x", "no parameter provinse; did you mean province?"),
    ("vendr=x", "no parameter vendr; did you mean vendor?"),
    ("xyz=x", "no parameter xyz"),
    (
      "state=dwon",
      "no state dwon; the states are planned, notConnected, up, degraded, down, unknown, paused, overdue, maintenance, silenced, flapping; did you mean down?"
    ),
    ("owner=mojj", "no link has the owner mojj; did you mean moj?"),
    ("service=lgps", "no link has the service lgps; did you mean lgsp?"),
    ("province=ha-noi,an-gian", "no link has the consumer an-gian; did you mean an-giang?"),
    ("system=ecivl", "no link has the system ecivl; did you mean ecivil?"),
    ("vendor=vnp", "no link has the vendor vnp; did you mean vnpt?"),
    (
      "role=hopp",
      "no role hopp; the roles are service, hop, canary, mustFail, token; did you mean hop?"
    ),
  ]

  @Test(
    "a wrong filter is refused with the nearest, in lists and matrices", arguments: wrongFilters)
  func wrongFilter(_ query: String, _ message: String) throws {
    let desk = Country.desk()
    for path in ["/v1/links", "/v1/matrix"] {
      let (status, node) = try desk.get("\(path)?\(query)")
      #expect(status == 400)
      #expect(node["error"]?["message"]?.string == message)
    }
    #expect(try desk.get("/v1/matrix?limit=3").status == 400, "a matrix has no part")
  }

  @Test("a long list comes in pieces that tell all links once, in their order")
  func pieces() throws {
    let links = (0..<1_000).map { link("s\($0 / 100)/c\($0 % 100)", hasEndpoint: false) }
    let desk = Desk(links)
    let pieces = try desk.pieces("/v1/links")
    #expect(pieces.count == 21, "48 links a piece")
    let node = try parsed(pieces.flatMap { $0 })
    #expect(node["total"]?.int == 1_000)
    #expect(node["links"]?.array?.compactMap { $0["id"]?.string } == links.map { "\($0.id)" })
  }

  @Test("a filter that lets nothing pass for long brings empty pieces, not an end")
  func emptyPieces() throws {
    let links = (0..<2_000).map { link("s\($0 / 100)/c\($0 % 100)", hasEndpoint: false) }
    let pieces = try Desk(links).pieces("/v1/links?service=s19")
    #expect(pieces[1].isEmpty && pieces[2].isEmpty, "512 links looked at a piece")
    #expect(try parsed(pieces.flatMap { $0 })["total"]?.int == 100)
  }

  @Test("the status of many links is counted over several turns")
  func statusInPieces() throws {
    let links = (0..<5_000).map { link("s\($0 / 10)/c\($0 % 10)", hasEndpoint: false) }
    let pieces = try Desk(links).pieces("/v1/status")
    #expect(pieces.prefix(2).allSatisfy { $0.isEmpty }, "still counting")
    let node = try parsed(pieces.flatMap { $0 })
    #expect(node["links"]?["notConnected"]?.int == 5_000)
    #expect(node["services"]?.array?.count == 500)
    #expect(node["services"]?.array?.allSatisfy { $0["links"]?["total"]?.int == 10 } ?? false)
  }

  @Test("a reload while the status is counted begins the count anew")
  func reloadInBetween() throws {
    let links = (0..<5_000).map { link("s\($0 / 10)/c\($0 % 10)", hasEndpoint: false) }
    let desk = Desk(links)
    guard case .pieces(var pieces) = try desk.reply("GET", "/v1/status") else {
      throw Desk.Unexpected()
    }
    #expect(pieces.nextPiece(desk.engine, at: desk.now).isEmpty)
    _ = desk.engine.load(Array(links.prefix(30)), at: desk.now)
    var bytes: [UInt8] = []
    while !pieces.isDone { bytes += pieces.nextPiece(desk.engine, at: desk.now) }
    #expect(try parsed(bytes)["links"]?["total"]?.int == 30)
  }

  @Test("so does one that leaves as many links as there were")
  func reloadOfAsMany() throws {
    func links(_ service: String) -> [Link] {
      (0..<5_000).map { link("\(service)/c\($0)", hasEndpoint: false) }
    }
    let desk = Desk(links("former"))
    guard case .pieces(var pieces) = try desk.reply("GET", "/v1/status") else {
      throw Desk.Unexpected()
    }
    #expect(pieces.nextPiece(desk.engine, at: desk.now).isEmpty)
    _ = desk.engine.load(links("other"), at: desk.now)
    var bytes: [UInt8] = []
    while !pieces.isDone { bytes += pieces.nextPiece(desk.engine, at: desk.now) }
    let services = try parsed(bytes)["services"]?.array
    #expect(services?.compactMap { $0["service"]?.string } == ["other"])
  }

  static let incidentRows: [(query: String, links: Set<String>, reason: String)] = [
    ("?owner=mps", ["birth-bundle/an-giang"], "an owner"),
    ("?province=ha-noi", ["health-licences/ha-noi"], "a province"),
    (
      "?system=ecivil&severity=critical&limit=1", ["civil-registry/an-giang"], "what is wrong there"
    ),
    ("?service=land-database&severity=critical", [], "both must hold"),
  ]

  @Test("incidents are filtered by their links and by severity", arguments: incidentRows)
  func incidentFilters(_ query: String, _ links: Set<String>, _ reason: String) throws {
    let node = try Country.desk().get("/v1/incidents" + query).node
    let found = node["incidents"]?.array ?? []
    let shown = Set(found.flatMap { $0["links"]?.array ?? [] }.compactMap(\.string))
    // An incident that has the link may have others with it.
    #expect(links.isEmpty ? shown.isEmpty : shown.isSuperset(of: links))
    #expect(found.count == links.count)
    #expect(node["total"]?.int == links.count, "\(reason)")
  }

  @Test("one that ended in an earlier run is listed, and found by each link that it had")
  func endedEarlier() throws {
    let desk = Country.desk()
    let id = LinkID(service: "land-database", consumer: "ha-noi")
    let gone = LinkID(service: "civil-registry", consumer: "an-giang")
    var ended = Incident(
      id: "inc-earlier", sequence: 3, pattern: .system, status: .resolved, severity: .critical,
      links: [id], summary: "over", conditions: [], openedAt: desk.now.wall - .hours(3),
      updatedAt: desk.now.wall - .hours(2), resolvedAt: desk.now.wall - .hours(2))
    ended.members = [id, gone].map { IncidentMember(link: $0, joinedAt: ended.openedAt) }
    desk.engine.restore([], ended: [ended], at: desk.now)
    func ids(_ query: String) throws -> [String] {
      try desk.get("/v1/incidents\(query)").node["incidents"]?.array?
        .compactMap { $0["id"]?.string } ?? []
    }
    // The country has one of this run that ended too.
    let all = try ids("?status=resolved")
    #expect(all.first == "inc-earlier" && all.count == 2, "\(all)")
    let ofProvince = try ids("?status=resolved&province=an-giang")
    #expect(ofProvince.contains("inc-earlier"), "\(ofProvince)")
    #expect(try ids("?status=resolved&service=birth-bundle") == [])
    #expect(try desk.get("/v1/incidents/inc-earlier").status == 200)
  }

  @Test(
    "a filter of incidents that is wrong is refused",
    arguments: ["?severity=critcal", "?owner=mojj", "?state=down", "?xyz=1"])
  func wrongIncidentFilter(_ query: String) throws {
    #expect(try Country.desk().get("/v1/incidents" + query).status == 400)
  }

  @Test("a service whose links have an owner each has none in the status")
  func owners() throws {
    let desk = Desk([
      link("tthc/hue", owner: "hue"), link("tthc/an-giang", owner: "an-giang"),
      link("land/hue", owner: "moae"), link("land/an-giang", owner: "moae"),
    ])
    let services = try desk.get("/v1/status").node["services"]?.array ?? []
    #expect(services.map { $0["owner"]?.string } == [nil, "moae"])
    #expect(services.first?["owner"]?.isNull == true)
  }

  @Test("samples are told by the time at which their attempts began")
  func sampleOrder() throws {
    let times = [32, 38, 35].map { WallTime(milliseconds: 1_762_477_300_000 + $0 * 1_000) }
    guard
      case .samples(let request) = try Country.desk().reply(
        "GET", "/v1/links/civil-registry/ha-noi/samples?limit=2")
    else { throw Desk.Unexpected() }
    let body = samplesBody(
      request, [("http", times.map { Sample(time: $0, outcome: .ok) })])
    let shown = try parsed(body)["samples"]?.array?.compactMap { $0["time"]?.string } ?? []
    #expect(shown.count == 2)
    #expect(shown == shown.sorted())
  }

  @Test("a second pause without a reason keeps the first reason")
  func pausedTwice() throws {
    let desk = Country.desk()
    let id = LinkID(service: "civil-registry", consumer: "ha-noi")
    for (by, reason) in [("root", "works"), ("lan", "")] {
      desk.engine.pause(Pause(link: id, by: by, reason: reason, since: desk.now.wall), at: desk.now)
    }
    let shown = try desk.get("/v1/links/civil-registry/ha-noi").node["link"]
    let reason = shown?["reason"]?.string
    #expect(reason?.contains("works") == true, "\(reason ?? "none")")
    #expect(shown?["pause"]?["reason"]?.string == "works")
  }

  @Test("incidents come in pieces, the newest first, open and resolved in one order")
  func incidents() throws {
    // Each alone among links that work, so that each is an incident.
    let links = (0..<200).flatMap { number in
      ["c", "d", "e"].map { consumer in
        link(
          "s\(number)/\(consumer)\(number)", system: "system\(number)", owner: "owner\(number)")
      }
    }
    let failing = links.filter { $0.id.consumer.hasPrefix("c") }.map(\.id)
    let desk = Desk(links, Dictionary(uniqueKeysWithValues: failing.map { ("\($0)", wrong) }))
    desk.settle()
    for link in failing.prefix(50) { desk.network["\(link)"] = nil }
    desk.advance(by: .seconds(180))
    func answer(_ query: String) throws -> [JSONNode] {
      try desk.get("/v1/incidents\(query)").node["incidents"]?.array ?? []
    }
    #expect(try desk.pieces("/v1/incidents").count == 3, "64 a piece")
    #expect(try answer("").count == 150)
    #expect(try answer("?status=resolved").count == 50)
    let all = try answer("?status=all")
    let times = all.compactMap { $0["openedAt"]?.string }
    #expect(times.count == 200)
    #expect(times == times.sorted(by: >))
    let part = try desk.get("/v1/incidents?status=all&limit=7").node
    #expect(
      part["incidents"]?.array?.compactMap { $0["id"]?.string }
        == all.prefix(7).compactMap { $0["id"]?.string })
    #expect(part["total"]?.int == 200)
    #expect(try answer("?limit=0").isEmpty)
  }
}

@Suite("The clock in the status") struct ClockStatusTests {
  @Test(
    "the status says whether the clock is synchronised, by whose word, or why that is not known")
  func clock() throws {
    let desk = Desk([link("portal/national")])
    func clock() throws -> JSONNode { try #require(try desk.get("/v1/status").node["clock"]) }
    #expect(try clock()["state"]?.string == "unknown")
    #expect(try clock()["problem"]?.string == "not asked yet")
    desk.engine.clockReported(
      ClockReport(.synchronised, source: .kernel, maximumError: .milliseconds(12)), at: desk.now)
    #expect(try clock()["state"]?.string == "synchronised")
    #expect(try clock()["source"]?.string == "kernel")
    #expect(try clock()["maximumErrorMilliseconds"]?.int == 12)
    #expect(try clock()["since"]?.string == desk.now.wall.description)
    #expect(try clock()["toldAfterMilliseconds"]?.int == 3_600_000)
    desk.engine.clockReported(ClockReport(.unknown, problem: "not permitted"), at: desk.now)
    #expect(try clock()["problem"]?.string == "not permitted")
    desk.engine.configureClock(limit: nil, at: desk.now)
    #expect(try clock()["toldAfterMilliseconds"]?.isNull == true)
  }
}
