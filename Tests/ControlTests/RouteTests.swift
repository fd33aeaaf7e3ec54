import Base
import Control
import Engine
import History
import Model
import Testing
import Wire

@Suite struct RouteTests {
  static let found: [(target: String, member: String)] = [
    ("/v1/status", "links"), ("/v1/links", "total"), ("/v1/matrix", "consumers"),
    ("/v1/incidents", "incidents"), ("/v1/incidents?status=all&limit=1", "total"),
    ("/v1/links/civil-registry/ha-noi", "probes"),
    ("/v1/links/civil-registry/ha-noi/explain", "settings"),
  ]

  @Test("each path for reading answers with its document", arguments: found)
  func reads(_ target: String, _ member: String) throws {
    let (status, node) = try Country.desk().get(target)
    #expect(status == 200)
    #expect(node[member] != nil)
  }

  @Test("the health is told in plain text")
  func health() throws {
    guard case .answer(200, let type, let body) = try Country.desk().reply("GET", "/healthz")
    else { throw Desk.Unexpected() }
    #expect(type == "text/plain; charset=utf-8")
    #expect(body == Array("ok\n".utf8))
  }

  @Test("samples are a question to the ring, with what the codes mean")
  func samples() throws {
    let target =
      "/v1/links/birth-bundle/an-giang/samples?probe=http&limit=7&from=2025-11-07T01:02:03Z"
    guard case .samples(let request) = try Country.desk().reply("GET", target) else {
      throw Desk.Unexpected()
    }
    #expect(request.keys.map { "\($0.link) \($0.probe)" } == ["birth-bundle/an-giang http"])
    #expect(request.limit == 7)
    #expect(request.from == WallTime(milliseconds: 1_762_477_323_000))
    let sample = Sample(time: request.from, outcome: .body(.applicationCode("108")))
    let body = try parsed(samplesBody(request, [("http", [sample])]))
    #expect(
      body["samples"]?.array?.first?["sentence"]?.string
        == "application code 108 in the body: wrong province code")
  }

  static let refused: [(method: String, target: String, status: Int, words: String)] = [
    ("GET", "/v1/stauts", 404, "no /v1/stauts; did you mean /v1/status?; there are"),
    ("GET", "/v1/matrx", 404, "did you mean /v1/matrix?"),
    ("GET", "/v2/status", 404, "did you mean /v1/status?"),
    ("GET", "/", 404, "no /; there are /healthz"),
    ("GET", "/v1/links/civil-registry/ha-noi/sample", 404, "did you mean samples?"),
    ("GET", "/v1/links/civil-registry/ha-noi/exlain", 404, "did you mean explain?"),
    ("GET", "/v1/links/civil-registry/ha-noy", 404, "nearest: civil-registry/ha-noi"),
    ("GET", "/v1/links/civil-registri/ha-noi/explain", 404, "nearest: civil-registry/ha-noi"),
    (
      "GET", "/v1/links/civil-registry/gone/history", 404,
      "of one that was configured once, history and compare read what is kept with --file"
    ),
    ("GET", "/v1/links/Civil/ha-noi", 400, "is no link's id"),
    ("GET", "/v1/links?limit=-1", 400, "limit: expected a whole number from 0 to 100000"),
    ("GET", "/v1/links?offset=x", 400, "offset: expected a whole number"),
    ("GET", "/v1/incidents?status=closed", 400, "status: expected open, resolved or all"),
    ("GET", "/v1/links/civil-registry/ha-noi/samples?probe=x", 404, "there are: http"),
    ("GET", "/v1/links/civil-registry/ha-noi/samples?limit=0", 400, "from 1 to 10000"),
    ("GET", "/v1/links/civil-registry/ha-noi/samples?from=today", 400, "from: expected a time"),
    ("GET", "/v1/availabilty", 404, "did you mean /v1/availability?"),
    ("GET", "/v1/links/civil-registry/ha-noi/histori", 404, "did you mean history?"),
    ("GET", "/v1/availability?by=ministri", 400, "did you mean ministry?"),
    ("GET", "/v1/availability?bi=ministry", 400, "no parameter bi"),
    ("GET", "/v1/availability?objective=101", 400, "objective: expected percent"),
    ("GET", "/v1/availability?objective=nan", 400, "objective: expected percent"),
    ("GET", "/v1/availability?objective=1e1", 400, "objective: expected percent"),
    ("GET", "/v1/availability?maintenance=yes", 400, "expected include or exclude"),
    ("GET", "/v1/availability?state=down", 400, "a state is of now"),
    ("GET", "/v1/availability?owner=mojj", 400, "did you mean moj?"),
    ("GET", "/v1/availability?from=0001-01-01T00:00:00Z", 400, "from: expected a time"),
    ("GET", "/v1/availability?to=9999-12-31T00:00:00Z", 400, "to: expected a time"),
    ("GET", "/v1/availability?from=2199-01-01T00:00:00Z", 400, "from: expected a time before to"),
    ("GET", "/v1/availability?from=1990-01-01T00:00:00Z", 400, "are more than 3660d apart"),
    ("GET", "/v1/availability?latency=exclude&order=p95", 400, "p95 needs latencies"),
    ("GET", "/v1/worst?limit=0", 400, "limit: expected a whole number from 1"),
    ("GET", "/v1/worst?order=name", 400, "expected availability, errorRate or p95"),
    ("GET", "/v1/worst?format=xml", 400, "format: expected json or csv"),
    ("GET", "/v1/export?cursor=x", 400, "cursor: expected the next"),
    ("GET", "/v1/export?rows=cells", 400, "rows: expected one of samples, fiveMinutes, hours"),
    ("GET", "/v1/export?link=a/b/c", 400, "is no link's id"),
    ("GET", "/v1/export?link=a/b", 404, "no link a/b"),
    ("GET", "/v1/links/civil-registry/ha-noi/history?step=7m", 400, "a multiple of 5m"),
    ("GET", "/v1/links/civil-registry/ha-noi/history?step=-5m", 400, "a multiple of 5m"),
    ("GET", "/v1/links/civil-registry/ha-noi/history?step=0s", 400, "a multiple of 5m"),
    (
      "GET", "/v1/links/civil-registry/ha-noi/history?step=15m&from=2025-08-01T00:00:00Z", 400,
      "steps are more than 1000; take"
    ),
    (
      "GET", "/v1/links/civil-registry/ha-noi/history?step=5m&from=2025-10-01T00:00:00Z", 400,
      "steps are more than 1000; take"
    ),
    ("GET", "/v1/links/civil-registry/ha-noi/history?percentiles=p0", 400, "p0 is none"),
    ("GET", "/v1/links/civil-registry/ha-noi/history?percentiles=", 400, "expected 1 to 8"),
    ("GET", "/v1/links/civil-registry/ha-noi/history?probe=x", 404, "there are: http"),
    ("GET", "/v1/links/civil-registry/ha-noi/compare?weeks=5", 400, "from 1 to 4"),
    (
      "GET",
      "/v1/links/civil-registry/ha-noi/compare?from=2025-11-01T00:00:00Z"
        + "&to=2025-11-02T00:00:01Z", 400, "at most a day"
    ),
    ("POST", "/v1/reloat", 404, "did you mean /v1/reload?"),
    ("POST", "/v1/links/civil-registry/ha-noi/puse", 404, "did you mean pause?"),
    ("POST", "/v1/links/civil-registry/ha-noy/try", 404, "nearest: civil-registry/ha-noi"),
    ("PUT", "/v1/status", 405, "GET, HEAD and POST"),
  ]

  @Test("a request that cannot be served is refused with what would be near", arguments: refused)
  func refuses(_ method: String, _ target: String, _ status: Int, _ words: String) throws {
    guard case .answer(let told, _, let body) = try Country.desk().reply(method, target) else {
      throw Desk.Unexpected()
    }
    #expect(told == status)
    let error = try parsed(body)["error"]
    #expect(error?["status"]?.int == status)
    let message = error?["message"]?.string ?? ""
    #expect(message.contains(words), "\(message)")
  }

  static let acts: [(target: String, body: String, words: String)] = [
    ("/v1/reload", "", "reload"), ("/v1/schedule/reset", "", "reset schedule figures"),
    ("/v1/links/civil-registry/ha-noi/try", "", "try civil-registry/ha-noi"),
    (
      "/v1/links/civil-registry/ha-noi/pause", #"{"reason":"works"}"#, "pause civil-registry/ha-noi"
    ),
    ("/v1/links/civil-registry/ha-noi/resume", "", "resume civil-registry/ha-noi"),
  ]

  @Test("an act is for operators alone", arguments: acts)
  func permissions(_ target: String, _ body: String, _ words: String) throws {
    let desk = Country.desk()
    guard case .act(let act) = try desk.reply("POST", target, body: body) else {
      throw Desk.Unexpected()
    }
    #expect(act.words.hasPrefix(words))
    guard
      case .answer(403, _, let refusal) = try desk.reply("POST", target, body: body, mayAct: false)
    else { throw Desk.Unexpected() }
    #expect(try parsed(refusal)["error"]?["code"]?.string == "forbidden")
  }

  @Test("a reader reads everything", arguments: found)
  func readers(_ target: String, _ member: String) throws {
    switch try Country.desk().reply("GET", target, mayAct: false) {
    case .answer(let status, _, _): #expect(status == 200)
    case .pieces: break
    case .samples, .history, .act: throw Desk.Unexpected()
    }
  }

  @Test("an incident is read and taken up by its id; one that is not there is refused")
  func incident() throws {
    let desk = Country.desk()
    let open = try #require(try desk.get("/v1/incidents").node["incidents"]?.array?.first)
    let id = try #require(open["id"]?.string)
    #expect(try desk.get("/v1/incidents/\(id)").node["summary"]?.string == open["summary"]?.string)
    #expect(try desk.get("/v1/incidents/inc-none").status == 404)
    guard
      case .act(.acknowledge(id, let note)) = try desk.reply(
        "POST", "/v1/incidents/\(id)/ack", body: #"{"note":"calling them"}"#)
    else { throw Desk.Unexpected() }
    #expect(note == "calling them")
    for (target, status) in [("inc-none/ack", 404), ("\(id)/acknowledge", 404)] {
      guard case .answer(let got, _, _) = try desk.reply("POST", "/v1/incidents/\(target)") else {
        throw Desk.Unexpected()
      }
      #expect(got == status, "\(target)")
    }
    _ = desk.engine.acknowledge(id, by: "lan", note: note, at: desk.now)
    desk.advance(by: .seconds(1))
    let taken = try desk.get("/v1/incidents/\(id)").node
    #expect(taken["status"]?.string == "acknowledged")
    #expect(taken["acknowledgement"]?["by"]?.string == "lan")
  }

  @Test("explain tells why a link stands as it does")
  func explains() throws {
    let node = try Country.desk().get("/v1/links/civil-registry/an-giang/explain").node
    let why = node["why"]?.array?.map {
      "\($0["topic"]?.string ?? ""): \($0["text"]?.string ?? "")"
    }
    let lines = why ?? []
    #expect(lines.first?.hasPrefix("state: down since ") == true)
    #expect(lines.contains("probe http: failures: raised; clears after 2 right attempts in a row"))
    #expect(lines.contains { $0.hasPrefix("incident: inc-") })
    #expect(lines.contains { $0.hasPrefix("pattern: ") && $0.contains("with ") })
    #expect(lines.contains { $0.hasPrefix("suspected: ") })
    #expect(lines.contains { $0.hasPrefix("probe http: next attempt in ") })
  }

  @Test("the reason of a pause is an object's text", arguments: ["x", "[]", #"{"reason":1}"#])
  func reasons(_ body: String) throws {
    let target = "/v1/links/civil-registry/ha-noi/pause"
    guard case .answer(400, _, _) = try Country.desk().reply("POST", target, body: body) else {
      throw Desk.Unexpected()
    }
  }

  @Test("a trial's answer tells what a code means")
  func trial() throws {
    let desk = Country.desk()
    let id = LinkID(service: "birth-bundle", consumer: "an-giang")
    let isStarted = desk.engine.startTrial(id, id: 1, at: desk.now)
    #expect(isStarted)
    desk.advance(by: .zero)
    let attempts = try #require(desk.trials.first)
    let body = try parsed(trialBody(id, attempts, codes: Country.codes))
    #expect(
      body["attempts"]?.array?.first?["sample"]?["sentence"]?.string
        == "application code 108 in the body: wrong province code")
  }
}
