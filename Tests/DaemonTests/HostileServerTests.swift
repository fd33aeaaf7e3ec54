import Base
import Glibc
import Host
import Testing
import Wire

/// A way for a server to misbehave, and what an attempt must come to.
struct MisbehaviourCase: Sendable, CustomTestStringConvertible {
  /// A test endpoint of the simulator.
  var endpoint: String
  var outcome: String
  var expect = ""
  var timeout = "3s"

  var testDescription: String { "\(endpoint): \(outcome)" }
}

extension DaemonTests {
  @Suite("Servers that misbehave") struct HostileServers {
    private static let readsJSON = "json: [{ path: \"a\" }]"

    private static let cases = [
      MisbehaviourCase(endpoint: "endless-header", outcome: "http.headerTooLarge"),
      MisbehaviourCase(endpoint: "endless-headers", outcome: "http.headerTooLarge"),
      MisbehaviourCase(endpoint: "endless-body", outcome: "body.tooLarge"),
      MisbehaviourCase(endpoint: "drip/50", outcome: "body.timedOut", timeout: "500ms"),
      MisbehaviourCase(endpoint: "hang", outcome: "http.timedOut", timeout: "500ms"),
      MisbehaviourCase(endpoint: "close", outcome: "http.closed"),
      MisbehaviourCase(endpoint: "reset", outcome: "http.reset"),
      MisbehaviourCase(endpoint: "reset-head", outcome: "http.reset"),
      MisbehaviourCase(endpoint: "reset-body", outcome: "body.reset"),
      MisbehaviourCase(endpoint: "wrong-length", outcome: "body.truncated"),
      MisbehaviourCase(endpoint: "longer-body", outcome: "ok"),
      MisbehaviourCase(endpoint: "garbage", outcome: "http.malformed"),
      MisbehaviourCase(endpoint: "deep-json", outcome: "body.tooComplex", expect: readsJSON),
      MisbehaviourCase(endpoint: "big-number", outcome: "body.tooComplex", expect: readsJSON),
      MisbehaviourCase(endpoint: "broken-utf8", outcome: "body.notJSON", expect: readsJSON),
      MisbehaviourCase(endpoint: "deep-json", outcome: "ok"),
      MisbehaviourCase(endpoint: "redirect-loop", outcome: "http.tooManyRedirects"),
      MisbehaviourCase(endpoint: "redirect-host", outcome: "http.redirectRefused"),
      MisbehaviourCase(endpoint: "redirect-protocol", outcome: "http.redirectRefused"),
      MisbehaviourCase(endpoint: "redirect/ok", outcome: "ok"),
    ]

    @Test("a server that misbehaves is told by how it does", arguments: cases)
    func misbehaviour(row: MisbehaviourCase) throws {
      let simulator = try SimulatorProcess()
      defer { simulator.stop() }
      let link = WatchedLink(
        url: simulator.url(row.endpoint), timeout: row.timeout, expect: row.expect)
      let daemon = try Daemon.running([link])
      let outcome = try daemon.attempt(link).outcome
      #expect(outcome == row.outcome)
      #expect(try daemon.get("/healthz").status == 200, "and the daemon goes on")
    }

    @Test("nothing outlives its time-out", arguments: ["hang", "drip/20", "endless-header"])
    func timeLimit(endpoint: String) throws {
      let simulator = try SimulatorProcess()
      defer { simulator.stop() }
      let link = WatchedLink(
        url: simulator.url(endpoint), timeout: "400ms", limits: "headers: \"256KiB\"")
      let daemon = try Daemon.running([link])
      let began = Clock.instant
      let attempt = try daemon.attempt(link)
      let took = Clock.instant - began
      #expect(!attempt.sample.isOK)
      #expect(attempt.sample.microseconds("total") < 900_000)
      #expect(took < .milliseconds(1_500), "with room for a busy machine")
    }

    @Test("a refused connection is told as one")
    func refusedConnection() throws {
      let attempt = try tryOnce(WatchedLink(url: "http://127.0.0.1:\(try freePort())/"))
      #expect(attempt.outcome == "connect.refused")
      #expect(attempt.sample.httpStatus == nil)
    }

    @Test("a number of a mebibyte and a body of 200,000 levels are refused without harm")
    func hostileJSON() throws {
      let number = "{\"a\": " + String(repeating: "9", count: 1 << 20) + "}"
      let levels = String(repeating: "[", count: 200_000) + String(repeating: "]", count: 200_000)
      let server = try TestServer { connection in
        while let request = connection.request() {
          connection.answer(200, request.head.path == "/number" ? number : levels)
        }
      }
      defer { server.stop() }
      let links = ["number", "levels"].map { name in
        WatchedLink(
          service: name, url: "\(server.url)/\(name)", expect: Self.readsJSON,
          limits: "body: \"4MiB\"")
      }
      let daemon = try Daemon.running(links)
      for link in links { #expect(try daemon.attempt(link).outcome == "body.tooComplex") }
    }

    @Test("a pattern over a mebibyte of the same letter does not hold up the other links")
    func expensivePattern() throws {
      let letters = String(repeating: "a", count: 1 << 20)
      let server = try TestServer { connection in
        while let request = connection.request() {
          connection.answer(200, request.head.path == "/letters" ? letters : "ok")
        }
      }
      defer { server.stop() }
      let costly = WatchedLink(
        service: "costly", url: "\(server.url)/letters", every: "500ms", timeout: "10s",
        expect: "pattern: \"(a+)+b|(a|aa)+c\"", limits: "body: \"2MiB\"")
      let quick = WatchedLink(service: "quick", url: "\(server.url)/", every: "100ms")
      let daemon = try Daemon.running([costly, quick])
      try eventually("the pattern was tried") {
        try daemon.samples(costly).contains { $0.outcome == "body.patternMissing" }
      }
      try daemon.post("/v1/schedule/reset")
      let before = try daemon.samples(costly).count
      try eventually("it was tried again, twice") { try daemon.samples(costly).count >= before + 2 }
      let schedule = try daemon.status()["schedule"]
      let lateness = schedule?["latenessMicroseconds"]
      #expect((schedule?["attempts"]?.int ?? 0) > 5)
      #expect((lateness?["p50"]?.int ?? .max) < 20_000)
      #expect((lateness?["max"]?.int ?? .max) < 300_000, "a held loop would be late by seconds")
    }

    @Test("control characters of a server's answer reach neither the log nor a terminal")
    func escapes() throws {
      let evil = "{\"code\": \"\\u001b]0;owned\\u0007\\u001b[31m\\u202e\\u009b2J\"}"
      let server = try TestServer { connection in
        while connection.request() != nil { connection.answer(200, evil) }
      }
      defer { server.stop() }
      let link = WatchedLink(
        url: "\(server.url)/", every: "200ms", expect: "code: { path: \"code\", ok: [\"0\"] }",
        alert: "failures: \"1 of 1\"")
      let daemon = try Daemon.running([link])
      try daemon.waitForState("down", of: link)
      let questions = [
        ["status"], ["links"], ["show", link.id], ["samples", link.id], ["incidents"],
        ["try", link.id],
      ]
      var shown = daemon.log
      for words in questions {
        let asked = try ChildProcess.run(
          [Programs.control, "--socket", daemon.socket] + words, environment: [("TERM", "xterm")])
        #expect(!asked.output.isEmpty, "\(words)")
        shown += asked.output
      }
      #expect(shown.contains("u{1b}"), "it is shown, made harmless")
      for scalar in shown.unicodeScalars {
        let harmful =
          scalar.value < 0x20 && scalar != "\n" || (0x7F...0x9F).contains(scalar.value)
          || scalar.value == 0x202E
        if harmful {
          Issue.record("U+\(String(scalar.value, radix: 16)) reached the operator")
          break
        }
      }
    }
  }
}
