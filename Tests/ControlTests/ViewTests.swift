import Base
import Control
import Model
import Probes
import Quiet
import Testing
import Wire

@testable import Engine

@Suite struct ViewTests {
  private func link(_ id: String, _ desk: Desk) throws -> JSONNode {
    try #require(try desk.get("/v1/links/\(id)").node["link"])
  }

  @Test("a link tells the hops of its route with their states, and which is broken")
  func hops() throws {
    let desk = Country.desk()
    let broken = try link("civil-registry/an-giang", desk)
    let hop = try #require(broken["hops"]?.array?.first)
    #expect(hop["link"]?.string == "lgsp/an-giang")
    #expect(hop["state"]?.string == "down")
    #expect(hop["since"]?.string != nil)
    let named = broken["reason"]?.string?.components(of: "hop lgsp/an-giang") ?? 0
    #expect(
      named <= 1, "by the incident's own evidence, if at all: \(broken["reason"]?.string ?? "")")
    #expect(broken["role"]?.string == "service")
    #expect(broken["vendor"]?.string == "vnpt")
    #expect(broken["ownerName"]?["vi"]?.string == "Bộ Tư pháp")
    let well = try link("civil-registry/ha-noi", desk)
    #expect(well["hops"]?.array?.first?["state"]?.string == "up")
    #expect(well["reason"]?.isNull ?? false)
  }

  @Test("a promised connection that has not come about is overdue, with its days")
  func overdue() throws {
    let link = try link("health-licences/ha-noi", Country.desk())
    #expect(link["state"]?.string == "notConnected")
    #expect(link["marks"]?.array?.compactMap(\.string) == ["overdue"])
    #expect(link["planned"]?["date"]?.string == "2025-10-31")
    #expect(link["planned"]?["daysOverdue"]?.int == 7)
    #expect(
      link["reason"]?.string == "was to be connected by 2025-10-31, 7 days ago")
    #expect(link["connectedAt"]?.isNull ?? false)
  }

  @Test("a plugin that cannot tell makes its link unknown at once, with its own words")
  func pluginUnknown() throws {
    let desk = Country.desk()
    let id = LinkID(service: "civil-registry", consumer: "ha-noi")
    #expect(try link("\(id)", desk)["state"]?.string == "up")
    let probe = try #require(
      desk.engine.linkIndex[id].map { desk.engine.links[$0].probes.lowerBound })
    desk.engine.record(
      probe: probe,
      Sample(
        time: desk.now.wall, outcome: .skipped(.pluginUnknown), note: "UNKNOWN: no such database"),
      at: desk.now)
    desk.advance(by: .milliseconds(300))
    let shown = try link("\(id)", desk)
    #expect(shown["state"]?.string == "unknown")
    #expect(
      shown["reason"]?.string == "the plugin reports UNKNOWN (UNKNOWN: no such database)")
    let probes = try desk.get("/v1/links/\(id)").node["probes"]?.array
    #expect(probes?.first?["lastSkipped"]?["outcome"]?.string == "skipped.pluginUnknown")
    // The next run that can tell does.
    desk.advance(by: .seconds(70))
    let after = try link("\(id)", desk)
    #expect(after["state"]?.string == "up" && after["reason"]?.isNull == true)
  }

  @Test("a paused link tells since when and by whom; another has no pause")
  func paused() throws {
    let desk = Country.desk()
    let id = LinkID(service: "civil-registry", consumer: "ha-noi")
    desk.engine.pause(
      Pause(
        link: id, by: "lan", reason: "works", since: WallTime(milliseconds: 1_762_477_323_000)),
      at: desk.now)
    desk.advance(by: .seconds(90))
    let link = try link("\(id)", desk)
    #expect(link["marks"]?.array?.compactMap(\.string) == ["paused"])
    #expect(link["pause"]?["since"]?.string == "2025-11-07T01:02:03.000Z")
    #expect(link["pause"]?["by"]?.string == "lan")
    #expect(link["pause"]?["reason"]?.string == "works")
    #expect(try self.link("civil-registry/an-giang", desk)["pause"]?.isNull ?? false)
  }

  @Test("the status tells how long the loop was held, and when longest")
  func loop() throws {
    let loop = try #require(try Country.desk().get("/v1/status").node["loop"])
    #expect(loop["turns"]?.int == 2)
    #expect(loop["heldMicroseconds"]?["max"]?.int == 7_000)
    #expect(loop["heldCPUMicroseconds"]?["max"]?.int == 2_000)
    #expect(loop["longestAt"]?.string == "2025-11-07T01:04:20.000Z", "three seconds ago")
  }

  @Test("an application code is told with its meaning wherever its outcome is")
  func codes() throws {
    let desk = Country.desk()
    let document = try desk.get("/v1/links/birth-bundle/an-giang").node
    let words = "application code 108 in the body: wrong province code"
    #expect(document["link"]?["codeMeaning"]?["vi"]?.string == "sai mã tỉnh")
    #expect(document["link"]?["lastSample"]?["sentence"]?.string == words)
    #expect(document["link"]?["reason"]?.string?.contains(words) ?? false)
    let probe = try #require(document["probes"]?.array?.first)
    #expect(probe["lastSample"]?["sentence"]?.string == words)
    #expect(probe["raised"]?.array?.first?["evidence"]?.string?.contains(words) ?? false)
    let incidents = try desk.get("/v1/incidents").node["incidents"]?.array ?? []
    let evidence = incidents.flatMap { $0["conditions"]?.array ?? [] }
    #expect(evidence.contains { $0["evidence"]?.string?.contains(words) ?? false })
    #expect(try link("civil-registry/ha-noi", desk)["codeMeaning"]?.isNull ?? false)
  }

  @Test("links of services, hops and tokens have their own figures, as have owners")
  func figures() throws {
    let status = try Country.desk().get("/v1/status").node
    func counts(_ node: JSONNode?) -> [String: Int] {
      var counts: [String: Int] = [:]
      for member in node?.object ?? [] where member.node.int != 0 {
        counts[member.key] = member.node.int
      }
      return counts
    }
    #expect(
      counts(status["links"]) == [
        "total": 7, "up": 1, "down": 2, "degraded": 1, "unknown": 1, "notConnected": 2,
        "overdue": 1,
      ])
    #expect(counts(status["hops"]) == ["total": 2, "up": 1, "down": 1])
    #expect(counts(status["tokens"]) == ["total": 1, "down": 1])
    let owners = status["owners"]?.array ?? []
    #expect(owners.compactMap { $0["owner"]?.string } == ["moj", "moae", "moh", "mps"])
    #expect(owners.first?["name"]?["en"]?.string == "Ministry of Justice")
    #expect(counts(owners.first?["links"]) == ["total": 2, "up": 1, "down": 1])
    #expect(status["services"]?.array?.count == 4)
    #expect(status["hopServices"]?.array?.compactMap { $0["service"]?.string } == ["lgsp"])
    #expect(status["configuration"]?["links"]?.int == 10, "all that is watched")
    #expect(
      status["incidents"]?["open"]?.int == 3, "a province's, a token's and the overdue one")
    #expect(status["incidents"]?["critical"]?.int == 2)
    #expect(status["hosts"]?.array != nil)
  }

  @Test("while the monitor may be blind the status says so, and each link that it is not judged")
  func blind() throws {
    let services = ["a", "b", "c"].map { watched("\($0)/hue", owner: $0) }
    let canaries = ["x", "y"].map { watched("\($0)/national", owner: "us", role: .canary) }
    let desk = Desk(services + canaries)
    desk.settle()
    #expect(try desk.get("/v1/status").node["blind"]?.bool == false)
    for link in canaries { desk.network["\(link.id)"] = wrong }
    desk.advance(by: .seconds(120))
    #expect(try desk.get("/v1/status").node["blind"]?.bool == true)
    let shown = try link("a/hue", desk)
    #expect(shown["state"]?.string == "unknown")
    #expect(shown["reason"]?.string == "not judged: this monitor may be blind")
  }

  @Test("a link that must fail is shown as it ought to be while it fails, and not among those down")
  func mustFail() throws {
    let links = [
      watched("a/hue", owner: "a"), watched("closed/national", owner: "us", role: .mustFail),
    ]
    let desk = Desk(links, ["closed/national": TransferResult(failure: .connect(.refused))])
    desk.settle()
    let shown = try link("closed/national", desk)
    #expect(shown["state"]?.string == "up")
    #expect(shown["reason"]?.string == "fails as it must: connection refused")
    #expect(try desk.ids("?state=down,degraded,unknown").isEmpty)
    let why = try desk.get("/v1/links/closed/national/explain").node["why"]?.array ?? []
    #expect(why.first?["text"]?.string?.hasSuffix(": fails as it must: connection refused") == true)
    desk.network = [:]
    desk.advance(by: .seconds(120))
    let answering = try link("closed/national", desk)
    #expect(answering["state"]?.string == "down")
    #expect(
      answering["reason"]?.string
        == "answers, and must fail: somebody may answer in everybody's place")
  }

  @Test("what is not up in a maintenance window has a letter of its own")
  func maintenanceLetter() throws {
    let desk = Country.desk()
    var selector = LinkSelector()
    selector.provinces = ["an-giang"]
    selector.services = ["civil-registry"]
    desk.engine.configureQuiet(QuietSettings(zone: .hours(7)), at: desk.now)
    let window = MaintenanceWindow(
      id: "", links: selector, times: .once(from: desk.now.wall, to: desk.now.wall + .hours(1)),
      announced: CivilDay(desk.now.wall, zone: .hours(7)), reason: "new release")
    _ = desk.engine.addMaintenance(window, by: "lan", at: desk.now)
    let matrix = try desk.get("/v1/matrix").node
    let cells = (matrix["consumers"]?.array ?? []).compactMap { $0["cells"]?.string }
    #expect(cells == ["uno?u", "mg.xx"])
    #expect(matrix["letters"]?["m"]?.string == "maintenance")
  }

  @Test("the matrix has a letter for each link, and a dot where there is none")
  func matrix() throws {
    let desk = Country.desk()
    desk.engine.pause(
      Pause(
        link: LinkID(service: "lgsp", consumer: "ha-noi"), by: "x", reason: "",
        since: desk.now.wall), at: desk.now)
    let matrix = try desk.get("/v1/matrix").node
    let services = matrix["services"]?.array ?? []
    #expect(
      services.compactMap { $0["service"]?.string } == [
        "civil-registry", "land-database", "health-licences", "birth-bundle", "lgsp",
      ])
    #expect(services.last?["role"]?.string == "hop")
    let rows = matrix["consumers"]?.array ?? []
    #expect(rows.compactMap { $0["consumer"]?.string } == ["ha-noi", "an-giang"])
    #expect(rows.compactMap { $0["cells"]?.string } == ["uno?z", "xg.xx"])
    #expect(matrix["letters"]?["o"]?.string == "overdue")
    #expect(matrix["leftOut"]?.isNull ?? false)
  }

  @Test("a matrix that would be no picture is left out with the reason; a part of it is not")
  func leftOut() throws {
    let many = Desk((0..<65).map { Self.bare("s\($0)/c") })
    let tooMany = try many.get("/v1/matrix").node
    #expect(
      tooMany["leftOut"]?.string
        == "there are more than 64 services; ask for a part by system, owner or service")
    #expect(tooMany["consumers"]?.array?.isEmpty ?? false)
    #expect(try many.get("/v1/matrix?service=s64").node["consumers"]?.array?.count == 1)
    let wide = try Desk((0..<129).map { Self.bare("s/c\($0)") }).get("/v1/matrix").node
    #expect(wide["leftOut"]?.string?.hasPrefix("there are more than 128 consumers") ?? false)
    let full = Desk((0..<64 * 128).map { Self.bare("s\($0 / 128)/c\($0 % 128)") })
    #expect(try full.pieces("/v1/matrix").count == 8, "1,024 links a turn")
    #expect(try full.get("/v1/matrix").node["leftOut"]?.isNull ?? false)
  }

  @Test("each setting of a link is explained")
  func explain() throws {
    let node = try Country.desk().get("/v1/links/civil-registry/ha-noi/explain").node
    #expect(node["link"]?.string == "civil-registry/ha-noi")
    let settings = node["settings"]?.array ?? []
    #expect(settings.contains { $0["key"]?.string == "system" && $0["value"]?.string == "ecivil" })
    #expect(settings.allSatisfy { $0["location"] != nil })
  }

  @Test("a sample tells its note and readings, safe to print, and whether it warns")
  func noteAndReadings() throws {
    let time = WallTime(milliseconds: 1_762_477_323_000)
    let samples = [
      Sample(
        time: time, outcome: .warning(.plugin), note: "DISK \u{1B}[2J 91 %",
        readings: [
          Reading(name: "/\u{202E}", value: 91.5, unit: "%"), Reading(name: "n", value: .nan),
        ]),
      Sample(time: time, outcome: .ok),
    ]
    let desk = Desk([ControlTests.link("s/c")])
    guard case .samples(let request) = try desk.reply("GET", "/v1/links/s/c/samples") else {
      throw Desk.Unexpected()
    }
    let found = try parsed(samplesBody(request, [("exec", samples)]))["samples"]?.array ?? []
    let warned = try #require(found.first)
    #expect(warned["outcome"]?.string == "warning.plugin")
    #expect(warned["ok"]?.bool == true, "it works")
    #expect(warned["warning"]?.bool == true)
    #expect(warned["sentence"]?.string == "the plugin reports WARNING")
    #expect(warned["note"]?.string == "DISK \\u{1b}[2J 91 %")
    let readings = warned["readings"]?.array ?? []
    #expect(readings.map { $0["name"]?.string } == ["/\\u{202e}", "n"])
    #expect(readings.map { $0["unit"]?.string } == ["%", ""])
    #expect(readings.first?["value"]?.number?.double == 91.5)
    #expect(readings.last?["value"]?.isNull == true, "no number")
    #expect(found.last?["note"]?.string == "")
    #expect(found.last?["readings"]?.array?.isEmpty == true)
    #expect(found.last?["warning"]?.bool == false)
  }

  private static func bare(_ id: String) -> Link {
    ControlTests.link(id, hasEndpoint: false)
  }
}

extension String {
  /// How often a text is within it.
  fileprivate func components(of text: String) -> Int {
    var count = 0
    var rest = self[...]
    while let range = rest.firstRange(of: text) {
      count += 1
      rest = rest[range.upperBound...]
    }
    return count
  }
}

private func watched(_ id: String, owner: String, role: LinkRole = .service) -> Link {
  link(id, system: owner, owner: owner, role: role)
}
