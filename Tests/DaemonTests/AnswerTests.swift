import Base
import Glibc
import Host
import Testing
import Wire

/// One answer, what is expected of it, and what the attempt must come to.
struct AnswerCase: Sendable, CustomTestStringConvertible {
  var reason: String
  var status = 200
  var headers: [(String, String)] = []
  var body = "ok"
  var expect = ""
  var outcome: String
  var detail = ""

  var testDescription: String { reason }
}

extension DaemonTests {
  @Suite("Answers") struct Answers {
    @Test("a healthy answer is ok, and its phases are measured and recorded")
    func healthy() throws {
      let server = try TestServer { connection in
        while connection.request() != nil { connection.answer(200, "fine") }
      }
      defer { server.stop() }
      let link = WatchedLink(url: "\(server.url)/health", every: "200ms")
      let daemon = try Daemon.running([link])
      let sample = try eventually("a sample is recorded") { try daemon.samples(link).first }
      #expect(sample.outcome == "ok")
      #expect(sample.isOK && !sample.isSlow && !sample.isSkipped)
      #expect(sample.httpStatus == 200)
      #expect(sample.bodyBytes == 4)
      #expect(sample.microseconds("connect") > 0)
      #expect(sample.microseconds("firstByte") > 0)
      #expect(sample.microseconds("tls") == 0)
      #expect(sample.microseconds("resolve") == 0, "the host is numeric")
      #expect(sample.microseconds("total") >= sample.microseconds("connect"))
      try daemon.waitForState("up", of: link)
    }

    private static let cases = [
      AnswerCase(
        reason: "a server's error", status: 503, outcome: "http.status", detail: "503"),
      AnswerCase(
        reason: "a missing page", status: 404, outcome: "http.status", detail: "404"),
      AnswerCase(
        reason: "a status that is expected", status: 404, expect: "status: [\"4xx\"]",
        outcome: "ok"),
      AnswerCase(
        reason: "a redirect without a target", status: 302, outcome: "http.status", detail: "302"),
      AnswerCase(
        reason: "an application's code of failure", body: "{\"error_code\": 106}",
        expect: "code: { path: \"error_code\", ok: [\"0\"] }",
        outcome: "body.applicationCode", detail: "106"),
      AnswerCase(
        reason: "an application's code of success", body: "{\"error_code\": 0}",
        expect: "code: { path: \"error_code\", ok: [\"0\"] }", outcome: "ok"),
      AnswerCase(
        reason: "no application's code", body: "{\"message\": \"hello\"}",
        expect: "code: { path: \"error_code\", ok: [\"0\"] }",
        outcome: "body.pathMissing", detail: "error_code"),
      AnswerCase(
        reason: "an error page where JSON was expected", body: "<html>busy</html>",
        expect: "code: { path: \"error_code\", ok: [\"0\"] }", outcome: "body.notJSON"),
      AnswerCase(
        reason: "a header that is there", headers: [("X-Unit", "hue")],
        expect: "headers: [{ name: \"x-unit\", equals: \"hue\" }]", outcome: "ok"),
      AnswerCase(
        reason: "a header that is missing",
        expect: "headers: [{ name: \"X-Unit\", equals: \"hue\" }]",
        outcome: "http.headerMissing", detail: "X-Unit"),
      AnswerCase(
        reason: "a header with another value", headers: [("X-Unit", "hanoi")],
        expect: "headers: [{ name: \"X-Unit\", matches: \"^hue$\" }]",
        outcome: "http.headerMismatch", detail: "X-Unit"),
      AnswerCase(
        reason: "a text that is there", body: "all is well", expect: "text: [\"is well\"]",
        outcome: "ok"),
      AnswerCase(
        reason: "a text that is missing", body: "all is lost", expect: "text: [\"is well\"]",
        outcome: "body.textMissing", detail: "is well"),
      AnswerCase(
        reason: "a pattern that fits", body: "version 12.4", expect: "pattern: \"v\\\\w+ \\\\d+\"",
        outcome: "ok"),
      AnswerCase(
        reason: "a pattern that fits nowhere", body: "version x", expect: "pattern: \"n [0-9]+\"",
        outcome: "body.patternMissing", detail: "n [0-9]+"),
      AnswerCase(
        reason: "a value in JSON", body: "{\"data\": [{\"state\": \"done\"}]}",
        expect: "json: [{ path: \"data[0].state\", equals: \"done\" }]", outcome: "ok"),
      AnswerCase(
        reason: "another value in JSON", body: "{\"data\": [{\"state\": \"lost\"}]}",
        expect: "json: [{ path: \"data[0].state\", matches: \"^do\" }]",
        outcome: "body.pathMismatch", detail: "data[0].state"),
      AnswerCase(
        reason: "no such value in JSON", body: "{\"data\": []}",
        expect: "json: [{ path: \"data[0].state\" }]",
        outcome: "body.pathMissing", detail: "data[0].state"),
    ]

    @Test("an answer is held against what is expected of it", arguments: cases)
    func expectations(row: AnswerCase) throws {
      let server = try TestServer { connection in
        while connection.request() != nil {
          connection.answer(row.status, headers: row.headers, row.body)
        }
      }
      defer { server.stop() }
      let attempt = try tryOnce(WatchedLink(url: "\(server.url)/", expect: row.expect))
      #expect(attempt.outcome == row.outcome)
      #expect(attempt.sample.detail == row.detail)
      #expect(attempt.sample.httpStatus == row.status)
      #expect(attempt.address == "127.0.0.1")
    }

    @Test("a slow answer is slow, not failed")
    func slow() throws {
      let simulator = try SimulatorProcess()
      defer { simulator.stop() }
      let attempt = try tryOnce(
        WatchedLink(url: simulator.url("delay/200"), expect: "slow: \"100ms\""))
      #expect(attempt.outcome == "ok")
      #expect(attempt.sample.isOK && attempt.sample.isSlow)
      #expect(attempt.sample.microseconds("firstByte") >= 190_000)
    }

    @Test("a request carries its method, headers and body")
    func request() throws {
      let simulator = try SimulatorProcess()
      defer { simulator.stop() }
      let attempt = try tryOnce(
        WatchedLink(
          url: simulator.url("echo"),
          request: #"method: "REPORT", headers: { "X-Asked-By": "a test" }, body: "a body","#,
          expect: #"text: ["REPORT", "a test", "a body"]"#))
      #expect(attempt.outcome == "ok", "\(attempt.sample.sentence)")
    }
  }
}
