import Base
import Testing
import Wire

@testable import Scenario

@Suite struct FaultyAnswerTests {
  private func answer(
    _ service: String, _ fault: Fault?, _ sent: SimulatedRequest = request("/x/y")
  ) -> Reply {
    let context = AnswerContext(style: .usual(for: service), unit: "hue", request: sent)
    return fault.map(context.faulty) ?? context.healthy
  }

  @Test(
    "a healthy answer has the shape of its service and names its unit",
    arguments: [
      ("civil-registry", #"{"status":"0","unit":"hue","#), ("land-database", #"{"error_code":0,"#),
      ("single-window", #"{"error_code":0,"unit":"hue","#), ("birth-bundle", #"{"error_code":0,"#),
      ("merit-people", #"{"error_code":0,"unit":"hue","#),
    ])
  func healthy(service: String, start: String) {
    let reply = answer(service, nil)
    #expect(status(reply) == 200)
    #expect(body(reply).hasPrefix(start))
    let parsed = parseJSON(Array(body(reply).utf8), dialect: .json)
    #expect(parsed.errors.isEmpty)
    #expect(parsed.node?["unit"]?.string == "hue")
  }

  @Test(
    "an application code comes with status 200, as a number or a string as the service has it",
    arguments: [
      ("death-bundle", #"{"error_code":108,"unit":"hue","message":"wrong province code"}"#),
      ("civil-registry", #"{"status":"108","unit":"hue","message":"wrong province code"}"#),
    ])
  func code(service: String, expected: String) {
    let reply = answer(service, .code("108"))
    #expect(status(reply) == 200)
    #expect(body(reply) == expected)
  }

  @Test("an error status is written out byte by byte")
  func wholeResponse() {
    let expected = """
      HTTP/1.1 502 Bad Gateway\r
      Content-Type: application/json; charset=utf-8\r
      Content-Length: 45\r
      \r
      {"error":"simulated status 502","unit":"hue"}
      """
    #expect(text(answer("x", .status(502)).bytes) == expected)
  }

  @Test("an endpoint that is absent says only that")
  func absent() {
    #expect(status(answer("x", .absent)) == 404)
    #expect(body(answer("x", .absent)) == #"{"error":"no such endpoint"}"#)
  }

  @Test(
    "a HEAD request gets no body whatever the fault",
    arguments: [
      nil, Fault.status(500), .code("108"), .drip(every: .seconds(1)), .endless(.body),
      .wrongLength(.short), .wrongLength(.long), .body(.escapes), .redirect(.loop), .absent,
    ])
  func head(fault: Fault?) {
    let reply = answer("x", fault, request("/x/y", method: "HEAD"))
    #expect(text(reply.bytes).hasSuffix("\r\n\r\n"))
    #expect(reply.ending == .next || reply.ending == .close)
  }

  @Test("a reset comes where it was asked for")
  func resets() {
    let whole = answer("x", .drip(every: .seconds(1)))
    guard case .drip(let wholeBody, _) = whole.ending else {
      Issue.record("a drip has its body apart")
      return
    }
    #expect(answer("x", .reset(.start)) == Reply(ending: .reset))
    let inHead = answer("x", .reset(.head))
    #expect(inHead.ending == .reset && inHead.bytes.count < whole.bytes.count)
    #expect(whole.bytes.starts(with: inHead.bytes))
    let inBody = answer("x", .reset(.body))
    #expect(inBody.ending == .reset && inBody.bytes.starts(with: whole.bytes))
    #expect(inBody.bytes.count < whole.bytes.count + wholeBody.count)
  }

  @Test("a wrong length promises more, or less, than comes")
  func wrongLength() throws {
    for (lie, ending) in [(LengthLie.short, Reply.Ending.close), (.long, .next)] {
      let reply = answer("x", .wrongLength(lie))
      let lines = text(reply.bytes).split(separator: "\r\n")
      let line = try #require(lines.first { $0.hasPrefix("Content-Length: ") })
      let promised = try #require(Int(line.dropFirst(16)))
      #expect(lie == .short ? promised > body(reply).utf8.count : promised < body(reply).utf8.count)
      #expect(reply.ending == ending)
    }
  }

  @Test("endless answers start like answers")
  func endless() {
    for part in EndlessPart.allCases {
      let reply = answer("x", .endless(part))
      #expect(status(reply) == 200)
      guard case .endless(let chunk) = reply.ending else {
        Issue.record("\(part) has no end")
        continue
      }
      #expect(!chunk.isEmpty && chunk.count <= 64 << 10)
      #expect(text(reply.bytes).contains("\r\n\r\n") == (part == .body))
    }
  }

  @Test("garbage is no HTTP")
  func garbage() {
    let reply = answer("x", .garbage)
    #expect(!text(reply.bytes).hasPrefix("HTTP/"))
    #expect(reply.ending == .close)
  }

  @Test(
    "a redirect leads where it was asked to",
    arguments: [
      (RedirectTarget.loop, "/x/y?a=1"), (.host, "http://elsewhere.invalid/"),
      (.protocol, "ftp://127.0.0.1/"), (.reference("../z"), "../z"),
    ])
  func redirects(target: RedirectTarget, location: String) {
    let reply = answer("x", .redirect(target), request("/x/y?a=1"))
    #expect(status(reply) == 302)
    #expect(text(reply.bytes).contains("\r\nLocation: \(location)\r\n"))
  }

  @Test("hostile bodies are what their names say")
  func hostile() {
    #expect(body(answer("x", .body(.escapes))).utf8.contains(0x1B))
    let deep = answer("x", .body(.deepJSON)).bytes
    #expect(deep.count { $0 == UInt8(ascii: "[") } == 200_000)
    #expect(parseJSON(Array(body(answer("x", .body(.deepJSON))).utf8), dialect: .json).node == nil)
    #expect(body(answer("x", .body(.bigNumber))).utf8.count > 100_000)
    let broken = answer("x", .body(.brokenUTF8)).bytes
    #expect(String(validating: broken, as: UTF8.self) == nil)
  }

  @Test("when the client wants the connection closed, it is")
  func close() {
    let reply = answer("x", nil, request("/x/y", keepAlive: false))
    #expect(reply.ending == .close)
    #expect(text(reply.bytes).contains("\r\nConnection: close\r\n"))
  }
}
