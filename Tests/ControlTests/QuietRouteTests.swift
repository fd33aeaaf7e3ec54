import Base
import Control
import Engine
import Model
import Quiet
import Testing
import Wire

/// The desk's clock stands at 2025-11-07 01:03:23 UTC, a Friday.
@Suite struct QuietRouteTests {
  private static let body =
    #"{"systems":["ecivil"],"provinces":["an-giang"],"length":"2h","reason":"bảo trì"}"#

  private static func desk() -> Desk {
    let desk = Country.desk()
    var settings = QuietSettings(zone: .hours(7))
    settings.rules.bySystem = ["ecivil": 7]
    settings.windows = [written(desk)]
    desk.engine.configureQuiet(settings, at: desk.now)
    return desk
  }

  private static func written(_ desk: Desk) -> MaintenanceWindow {
    var links = LinkSelector()
    links.systems = ["ecivil"]
    let start = desk.now.wall + .hours(24 * 14)
    return MaintenanceWindow(
      id: "release", links: links, times: .once(from: start, to: start + .hours(1)),
      announced: CivilDay(desk.now.wall, zone: .hours(7)), reason: "release",
      location: SourceLocation(file: "m.json5", line: 3, column: 5))
  }

  /// Performs an act as the daemon does, and returns the item that it made.
  private static func act(_ desk: Desk, _ target: String, body: String = "") throws -> JSONNode {
    guard case .act(let act) = try desk.reply("POST", target, body: body) else {
      throw Desk.Unexpected()
    }
    var answer: [UInt8]?
    switch act {
    case .addMaintenance(let window):
      let added = desk.engine.addMaintenance(window, by: "lan", at: desk.now)
      answer = added.map { quietBody(of: $0, desk.engine, at: desk.now) }
    case .endMaintenance(let id):
      let ended = desk.engine.endMaintenance(id, at: desk.now)
      answer = ended.map { quietBody(of: $0, desk.engine, at: desk.now) }
    case .addSilence(let silence):
      let added = desk.engine.addSilence(silence, by: "lan", at: desk.now)
      answer = added.map { quietBody(of: $0, desk.engine, at: desk.now) }
    case .endSilence(let id):
      let ended = desk.engine.endSilence(id, at: desk.now)
      answer = ended.map { quietBody(of: $0, desk.engine, at: desk.now) }
    default: break
    }
    let node = try parsed(try #require(answer))
    return try #require(node["window"] ?? node["silence"])
  }

  @Test("a window that was entered is listed, shown, marks its links, and ends")
  func window() throws {
    let desk = Self.desk()
    let window = try Self.act(desk, "/v1/maintenance", body: Self.body)
    let id = try #require(window["id"]?.string)
    #expect(window["status"]?.string == "active")
    #expect(window["by"]?.string == "lan")
    #expect(window["activeUntil"]?.string == (desk.now.wall + .hours(2)).description)
    let list = try desk.get("/v1/maintenance").node
    #expect(list["windows"]?.array?.compactMap { $0["id"]?.string } == [id, "release"])
    #expect(list["total"]?.int == 2)
    let shown = try desk.get("/v1/links/civil-registry/an-giang").node["link"]
    #expect(shown?["marks"]?.array?.compactMap(\.string) == ["maintenance"])
    #expect(shown?["state"]?.string == "down", "a mark lies over the state and does not hide it")
    let quiet = try #require(shown?["quiet"]?.array?.first)
    #expect(quiet["kind"]?.string == "maintenance")
    #expect(quiet["until"]?.string == (desk.now.wall + .hours(2)).description)
    #expect(quiet["reason"]?.string == "bảo trì")
    #expect(try desk.ids("?state=maintenance") == ["civil-registry/an-giang"])
    #expect(try desk.get("/v1/status").node["quiet"]?["maintenance"]?.int == 1)
    let ended = try Self.act(desk, "/v1/maintenance/\(id)/end")
    #expect(ended["status"]?.string == "over")
    #expect(try desk.ids("?state=maintenance") == [])
    #expect(try desk.get("/v1/maintenance").node["total"]?.int == 1)
    #expect(try desk.get("/v1/maintenance?status=over").node["total"]?.int == 1)
    #expect(try desk.get("/v1/maintenance?status=all").node["total"]?.int == 2)
  }

  @Test("the list of late ones has what was announced later than its systems require")
  func late() throws {
    let desk = Self.desk()
    // Of today, for today: none of seven days.
    let late = try Self.act(desk, "/v1/maintenance", body: Self.body)
    #expect(late["late"]?.bool == true)
    #expect(late["workingDaysAhead"]?.int == 0 && late["workingDaysRequired"]?.int == 7)
    let early = try Self.act(
      desk, "/v1/maintenance",
      body: #"{"systems":["ecivil"],"length":"2h","reason":"r","announced":"2025-10-01"}"#)
    #expect(early["late"]?.bool == false)
    let own = try Self.act(
      desk, "/v1/maintenance",
      body: #"{"systems":["ecivil"],"length":"2h","reason":"r","noticeWorkingDays":0}"#)
    #expect(own["late"]?.bool == false)
    func lateOnes() throws -> [String?] {
      try desk.get("/v1/maintenance?late=true").node["windows"]?.array?.map { $0["id"]?.string }
        ?? []
    }
    #expect(try lateOnes() == [late["id"]?.string], "the window of the file is ten days ahead")
    desk.advance(by: .hours(3))
    #expect(try lateOnes() == [late["id"]?.string], "those that are over stay on the list")
  }

  @Test("a silence is listed with what it hid, and marks its links")
  func silence() throws {
    let desk = Self.desk()
    let body =
      #"{"links":["health-licences/ha-noi"],"length":"4h","reason":"ticket 12"}"#
    let silence = try Self.act(desk, "/v1/silences", body: body)
    let id = try #require(silence["id"]?.string)
    let incident = try #require(
      desk.engine.shownIncidents.openIncident(
        of: LinkID(service: "health-licences", consumer: "ha-noi")))
    let hidden = desk.engine.quieting(of: incident, at: desk.now)
    let quieting = try #require(hidden)
    desk.engine.noteHidden(incident, by: quieting, at: desk.now)
    let listed = try desk.get("/v1/silences").node["silences"]?.array?.first
    #expect(listed?["hidden"]?["total"]?.int == 1)
    let shown = try desk.get("/v1/silences/\(id)").node["silence"]
    #expect(
      shown?["hidden"]?["newest"]?.array?.first?["link"]?.string == "health-licences/ha-noi")
    #expect(
      shown?["hidden"]?["newest"]?.array?.first?["incident"]?.string == incident.id)
    #expect(try desk.ids("?state=silenced") == ["health-licences/ha-noi"])
    #expect(try desk.get("/v1/status").node["quiet"]?["silences"]?.int == 1)
    _ = try Self.act(desk, "/v1/silences/\(id)/end")
    #expect(try desk.get("/v1/silences").node["total"]?.int == 0)
    #expect(try desk.get("/v1/silences?status=all").node["total"]?.int == 1)
  }

  @Test("an incident that is kept quiet says by what, in the list, by itself and in explain")
  func untold() throws {
    let desk = Desk([link("a/hue")], ["a/hue": wrong])
    desk.engine.configureQuiet(QuietSettings(zone: .hours(7)), at: desk.now)
    let silence = try Self.act(
      desk, "/v1/silences", body: #"{"links":["a/hue"],"length":"4h","reason":"ticket 12"}"#)
    let id = try #require(silence["id"]?.string)
    let expires = try #require(silence["expires"]?.string)
    desk.settle()
    let incident = try #require(try desk.get("/v1/incidents").node["incidents"]?.array?.first)
    let words = "silence \(id) by lan until \(expires): ticket 12"
    #expect(incident["telling"]?["state"]?.string == "quiet")
    #expect(incident["telling"]?["id"]?.string == id)
    #expect(incident["telling"]?["words"]?.string == words)
    let whole = try desk.get("/v1/incidents/\(incident["id"]?.string ?? "")").node
    #expect(whole["telling"]?["until"]?.string == expires)
    let why = try desk.get("/v1/links/a/hue/explain").node["why"]?.array ?? []
    #expect(why.contains { $0["topic"]?.string == "not told" && $0["text"]?.string == words })
    _ = try Self.act(desk, "/v1/silences/\(id)/end")
    desk.advance(by: .seconds(10))
    let told = try desk.get("/v1/incidents").node["incidents"]?.array?.first
    #expect(told?["telling"]?["state"]?.string == "told")
    #expect(told?["telling"]?["words"]?.isNull == true)
  }

  @Test(
    "a silence of what was told already shows with the incident, and the incident with the silence")
  func toldBefore() throws {
    let desk = Desk([link("a/hue"), link("b/hue")], ["a/hue": wrong])
    desk.engine.configureQuiet(QuietSettings(zone: .hours(7)), at: desk.now)
    desk.settle()
    func incident() throws -> JSONNode {
      try #require(try desk.get("/v1/incidents").node["incidents"]?.array?.first)
    }
    #expect(try incident()["telling"]?["state"]?.string == "told")
    let made = try Self.act(
      desk, "/v1/silences", body: #"{"links":["a/hue"],"length":"4h","reason":"ticket 12"}"#)
    #expect(made["covers"]?["total"]?.int == 1)
    let id = try #require(made["id"]?.string)
    let telling = try #require(try incident()["telling"])
    #expect(telling["state"]?.string == "told")
    #expect(telling["id"]?.string == id && telling["by"]?.string == "lan")
    #expect(telling["until"]?.string == made["expires"]?.string)
    #expect(telling["words"]?.string?.hasPrefix("what comes of it from now on: silence ") ?? false)
    let listed = try #require(try desk.get("/v1/silences").node["silences"]?.array?.first)
    #expect(listed["hidden"]?["total"]?.int == 0 && listed["covers"]?["total"]?.int == 1)
    let covered = try #require(listed["covers"]?["newest"]?.array?.first)
    #expect(covered["incident"]?.string == (try incident()["id"]?.string))
    #expect(covered["told"]?.bool == true)
    let why = try desk.get("/v1/links/a/hue/explain").node["why"]?.array ?? []
    #expect(why.contains { $0["topic"]?.string == "kept quiet" })
    let other = try Self.act(
      desk, "/v1/silences", body: #"{"links":["b/hue"],"length":"4h","reason":"r"}"#)
    #expect(other["covers"]?["total"]?.int == 0)
  }

  @Test("what is in maintenance is counted apart in the status, and shown as it is all the same")
  func statusInMaintenance() throws {
    let desk = Self.desk()
    let links = try desk.get("/v1/status").node["links"]
    #expect(links?["down"]?.int == 2 && links?["maintenance"]?.int == 0)
    _ = try Self.act(
      desk, "/v1/maintenance",
      body: #"{"links":["civil-registry/an-giang"],"length":"2h","reason":"r"}"#)
    let status = try desk.get("/v1/status").node
    #expect(status["links"]?["down"]?.int == 2)
    #expect(status["links"]?["maintenance"]?.int == 1)
    #expect(status["links"]?["maintenanceDown"]?.int == 1)
    #expect(status["links"]?["maintenanceDegraded"]?.int == 0)
    #expect(status["incidents"]?["maintenance"]?.int == 0, "it shares one with a link that is not")
    _ = try Self.act(
      desk, "/v1/maintenance", body: #"{"provinces":["an-giang"],"length":"2h","reason":"r"}"#)
    #expect(try desk.get("/v1/status").node["incidents"]?["maintenance"]?.int == 1)
  }

  @Test("a silence for one severity is no mark, and is told with what it is for")
  func partialSilence() throws {
    let desk = Self.desk()
    _ = try Self.act(
      desk, "/v1/silences",
      body: #"{"systems":["ecivil"],"severities":["warning"],"length":"4h","reason":"r"}"#)
    let link = try desk.get("/v1/links/civil-registry/an-giang").node["link"]
    #expect(link?["marks"]?.array?.isEmpty ?? false)
    #expect(
      link?["quiet"]?.array?.first?["severities"]?.array?.compactMap(\.string) == ["warning"])
  }

  static let refused: [(method: String, target: String, body: String, status: Int, words: String)] =
    [
      ("POST", "/v1/maintenance", "", 400, "the body is not a JSON object"),
      ("POST", "/v1/maintenance", "[]", 400, "the body is not a JSON object"),
      ("POST", "/v1/maintenance", "{}", 400, "the key \"reason\" is missing"),
      (
        "POST", "/v1/maintenance", #"{"systems":["ecivli"],"length":"2h","reason":"r"}"#, 400,
        "no link has the system ecivli; did you mean ecivil?"
      ),
      (
        "POST", "/v1/maintenance", #"{"routes":["lgps"],"length":"2h","reason":"r"}"#, 400,
        "no link has the route lgps; did you mean lgsp?"
      ),
      (
        "POST", "/v1/maintenance", #"{"links":["civil-registry/hue"],"length":"2h","reason":"r"}"#,
        404, "no link civil-registry/hue"
      ),
      (
        "POST", "/v1/maintenance", #"{"length":"2h","reason":"r"}"#, 400,
        "expected at least one of \"links\""
      ),
      (
        "POST", "/v1/maintenance",
        #"{"systems":["ecivil"],"length":"2h","reason":"r","by":"root"}"#, 400,
        "unknown key \"by\""
      ),
      ("POST", "/v1/maintenance/release/end", "", 409, "release is written at m.json5:3:5"),
      ("POST", "/v1/maintenance/releese/end", "", 404, "no window releese; nearest: release"),
      ("GET", "/v1/maintenance/releese", "", 404, "nearest: release"),
      ("GET", "/v1/maintenance?status=late", "", 400, "status: expected one of active, planned"),
      ("GET", "/v1/maintenance?late=yes", "", 400, "late: expected true or false"),
      ("GET", "/v1/maintenance?stattus=all", "", 400, "did you mean status?"),
      ("GET", "/v1/silences?status=planned", "", 400, "expected one of active, over, all"),
      ("GET", "/v1/silence", "", 404, "did you mean /v1/silences?"),
      ("POST", "/v1/silences/s-1/end", "", 404, "no silence s-1"),
      (
        "POST", "/v1/silences",
        #"{"systems":["ecivil"],"expires":"2025-11-07T05:00","reason":"r"}"#, 400,
        "it was taken for 2025-11-07 05:00:00 +07:00, and it is 2025-11-07 08:0"
      ),
      (
        "POST", "/v1/maintenance",
        #"{"systems":["ecivil"],"from":"2025-11-06T05:00","to":"2025-11-07T05:00","reason":"r"}"#,
        400,
        "it was taken for 2025-11-07 05:00:00 +07:00, and it is 2025-11-07 08:0"
      ),
      (
        "POST", "/v1/silences", #"{"systems":["ecivil"],"length":"31d","reason":"r"}"#, 400,
        "expected at most 30d"
      ),
    ]

  @Test("what cannot be is refused with what was wrong", arguments: refused)
  func refuses(
    _ method: String, _ target: String, _ body: String, _ status: Int, _ words: String
  ) throws {
    guard case .answer(let told, _, let answer) = try Self.desk().reply(method, target, body: body)
    else { throw Desk.Unexpected() }
    #expect(told == status)
    let message = try parsed(answer)["error"]?["message"]?.string ?? ""
    #expect(message.contains(words), "\(message)")
  }

  @Test("acts on quiet are for operators alone, and are told in words with the reason")
  func permissions() throws {
    let desk = Self.desk()
    guard
      case .answer(403, _, _) = try desk.reply(
        "POST", "/v1/maintenance", body: Self.body, mayAct: false)
    else { throw Desk.Unexpected() }
    guard case .act(let act) = try desk.reply("POST", "/v1/maintenance", body: Self.body) else {
      throw Desk.Unexpected()
    }
    #expect(act.words == "maintenance add system ecivil, province an-giang")
    #expect(act.reason == "bảo trì")
  }

  @Test("what is over cannot be ended again")
  func endedTwice() throws {
    let desk = Self.desk()
    let id = try #require(
      try Self.act(desk, "/v1/maintenance", body: Self.body)["id"]?.string)
    desk.advance(by: .hours(3))
    guard case .answer(409, _, _) = try desk.reply("POST", "/v1/maintenance/\(id)/end") else {
      throw Desk.Unexpected()
    }
  }
}
