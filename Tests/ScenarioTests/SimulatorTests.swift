import Base
import Testing
import Wire

@testable import Scenario

@Suite struct SimulatorTests {
  private var simulator: Simulator

  init() throws {
    simulator = Simulator(try run("state: { 'ha-noi': 'notConnected' }"))
  }

  private mutating func reply(
    _ target: String, method: String = "GET", body: String = ""
  ) -> Reply {
    simulator.reply(to: request(target, method: method, body: body), at: seconds(100))
  }

  @Test(
    "a link answers any method on any further path",
    arguments: [
      ("GET", "/land-database/hue"), ("POST", "/land-database/hue/danhMuc"),
      ("DELETE", "/land-database/hue/a/b?c=d"),
    ])
  mutating func anyPath(method: String, target: String) {
    let reply = reply(target, method: method)
    #expect(status(reply) == 200)
    #expect(body(reply).contains(#""unit":"hue""#))
  }

  @Test(
    "what is not there is 404",
    arguments: [
      "/", "/land-database", "/land-database/ha-nam", "/birth-bundle/hue", "/_sim/other",
      "/_test/other", "/_test", "/land-database/ha-noi",
    ])
  mutating func notThere(target: String) {
    #expect(status(reply(target)) == 404)
  }

  @Test("a fault is set, answered, counted and cleared over HTTP")
  mutating func controlled() {
    let set = reply(
      "/_sim/set?service=land-database&consumer=hue", method: "POST", body: "{ status: 502 }")
    #expect(body(set) == #"{"links":1}"#)
    #expect(status(reply("/land-database/hue")) == 502)
    let counts = body(reply("/_sim/counts"))
    #expect(counts.hasPrefix(#"{"requests":1,"faults":1,"strangers":0,"links":{"#))
    #expect(counts.contains(#""land-database/hue":{"requests":1,"faults":1}"#))
    #expect(body(reply("/_sim/clear", method: "POST")) == #"{"links":3}"#)
    #expect(status(reply("/land-database/hue")) == 200)
  }

  @Test(
    "a request that cannot be meant is refused and changes nothing",
    arguments: [
      ("/_sim/set?service=land-database", "{ statsu: 500 }", 400, "an unknown key"),
      ("/_sim/set?service=land-database", "", 400, "no fault"),
      ("/_sim/set?service=land-database", "{ status: 500 ", 400, "cut short"),
      ("/_sim/set?service=land-database", "{ provinces: ['x'], hang: true }", 400, "unknown unit"),
      ("/_sim/set", "{ status: 500 }", 404, "no service named"),
      ("/_sim/set?service=other", "{ status: 500 }", 404, "a service that is not there"),
      ("/_sim/set?service=land-database&consumer=x", "{}", 404, "a consumer that is not there"),
    ])
  mutating func refused(target: String, sent: String, expected: Int, reason: Comment) {
    #expect(status(reply(target, method: "POST", body: sent)) == expected, reason)
    #expect(status(reply("/land-database/hue")) == 200)
  }

  @Test("reading does not change and changing is no reading")
  mutating func methods() {
    #expect(status(reply("/_sim/set?service=land-database")) == 405)
    #expect(status(reply("/_sim/counts", method: "POST")) == 405)
  }

  @Test(
    "test endpoints take arguments",
    arguments: [
      ("/_test/status", 503), ("/_test/status/404", 404), ("/_test/status/99", 400),
      ("/_test/status/x", 400), ("/_test/delay/-1", 400), ("/_test/size/1", 400),
      ("/_test/size/99999999999", 400), ("/_test/redirect/status", 302), ("/_test/ok/more", 200),
    ])
  mutating func testArguments(target: String, expected: Int) {
    #expect(status(reply(target)) == expected)
  }

  @Test("test endpoints do what their names say")
  mutating func testKinds() {
    #expect(reply("/_test/delay/250").delay == .milliseconds(250))
    #expect(body(reply("/_test/size/300")).utf8.count == 300)
    #expect(reply("/_test/hang").ending == .hang)
    #expect(reply("/_test/close") == Reply(ending: .close))
    #expect(reply("/_test/reset") == Reply(ending: .reset))
    #expect(body(reply("/_test/code/7")).hasPrefix(#"{"error_code":7,"#))
    let elsewhere = text(reply("/_test/redirect-host/127.0.0.2").bytes)
    #expect(elsewhere.contains("\r\nLocation: http://127.0.0.2:8080/_test/echo\r\n"))
    let echo = body(reply("/_test/echo?x=1", method: "PUT", body: "b"))
    #expect(
      echo == #"{"method":"PUT","target":"/_test/echo?x=1","#
        + #""headers":[["Host","127.0.0.1:8080"]],"body":"b"}"#)
  }

  @Test("every test endpoint that the help names answers, hangs or ends in its own way")
  mutating func allKinds() {
    for (endpoint, _) in TestEndpoints.help {
      let name = endpoint.prefix { $0 != "[" }
      #expect(!body(reply("/_test/\(name)")).contains("no such test endpoint"))
    }
  }
}
