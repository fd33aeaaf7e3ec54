import Base
import Model
import Testing
import Wire

@testable import Probes

private let start = Instant(nanoseconds: 1_000_000_000)

private let threeSteps = #"""
  { steps: [
    { name: "login", request: { url: "http://127.0.0.1/login", method: "POST",
        headers: { "Content-Type": "application/json" },
        body: '{"password": "{secret:password}"}' },
      capture: { token: { json: "data.token" }, node: { header: "X-Node" } } },
    { name: "session", request: { url: "http://127.0.0.1/session?node={capture:node}",
        headers: { "X-Token": "{capture:token}" } },
      capture: { csrf: { pattern: 'name="csrf" value="([^"]+)' } } },
    { name: "status", request: { url: "http://127.0.0.1/status", method: "POST",
        headers: { "Content-Type": "application/json" },
        body: '{"csrf": "{capture:csrf}", "password": "{secret:password}"}' },
      expect: { json: [{ path: "status", equals: "ready" }] } },
  ] }
  """#

private func options(_ text: String) throws -> StepsOptions {
  let (options, complaints) = try decode(
    StepsProbe.self, text, secrets: ["password": "correct horse battery"])
  #expect(complaints.map(\.message) == [])
  return try #require(options)
}

private func answer(
  _ body: String, status: UInt16 = 200, head: String = "", milliseconds: UInt32 = 10
) -> ProbeEvent {
  .transferred(
    TransferResult(
      status: status, head: Array("HTTP/1.1 \(status) X\r\n\(head)\r\n".utf8),
      body: Array(body.utf8),
      timings: PhaseTimings(
        firstByteMicroseconds: milliseconds * 1_000, totalMicroseconds: milliseconds * 1_000)))
}

private func transfer(_ action: ProbeAction) throws -> Transfer {
  guard case .transfer(let transfer) = action else {
    throw Unexpected(what: "\(action)")
  }
  return transfer
}

private func end(_ action: ProbeAction) throws -> ProbeResult {
  guard case .finish(let result) = action else { throw Unexpected(what: "\(action)") }
  return result
}

private struct Unexpected: Error { var what: String }

@Suite("A transaction of several steps")
struct StepsProbeTests {
  private func probe(_ text: String = threeSteps, timeout: TimeAmount = .seconds(20)) throws
    -> StepsProbe
  {
    StepsProbe(try options(text), timeout: timeout, tracing: true)
  }

  @Test("values go from an answer into the requests behind it, written so that they stay one value")
  func values() throws {
    var probe = try probe()
    _ = probe.step(.start, at: start)
    let second = try transfer(
      probe.step(
        answer(#"{"data": {"token": "a\"b/c"}}"#, head: "X-Node: n 1&x=2\r\n"), at: start))
    #expect(second.url.text == "http://127.0.0.1/session?node=n%201%26x%3D2")
    #expect(second.settings.headers.contains { $0.name == "X-Token" && $0.value == "a\"b/c" })
    let third = try transfer(
      probe.step(answer(#"<input name="csrf" value="x\y">"#), at: start))
    #expect(
      String(decoding: third.settings.bodyBytes, as: UTF8.self)
        == #"{"csrf": "x\\y", "password": "correct horse battery"}"#)
    let result = try end(probe.step(answer(#"{"status": "ready"}"#), at: start))
    #expect(result.outcome == .ok)
    #expect(result.note == "")
    #expect(result.readings.map(\.name) == ["login", "session", "status"])
    #expect(result.readings.allSatisfy { $0.value == 10 && $0.unit == "ms" })
    #expect(result.timings.totalMicroseconds == 30_000)
  }

  @Test("the note that names the step is within its bound, whatever the answer has to say")
  func longNote() throws {
    let name = String(repeating: "n", count: 64)
    var probe = try probe(
      """
      { steps: [{ name: "\(name)", request: { url: "http://127.0.0.1/a" },
          expect: { body: "soap" } }] }
      """)
    _ = probe.step(.start, at: start)
    let reason = String(repeating: "ờ", count: 400)
    let fault = """
      <s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>
      <faultcode>s:Server</faultcode><faultstring>\(reason)</faultstring></s:Fault></s:Body></s:Envelope>
      """
    let result = try end(probe.step(answer(fault), at: start))
    #expect(result.outcome == .body(.fault("Server")))
    #expect(result.note.utf8.count <= Limits.noteBytes, "\(result.note.utf8.count)")
    #expect(result.note.hasPrefix("step 1 of 1 \"\(name)\": ờờờ"), "\(result.note)")
  }

  @Test(
    "in a body without a Content-Type a value is written as the body reads",
    arguments: [
      // In a string, and where a number stands.
      (#"{"id": "{capture:v}", "n": [{capture:v}]}"#, #"{"id": "a\"<&", "n": [a\"<&]}"#),
      (#" [ "x {capture:v} y" ]"#, #" [ "x a\"<& y" ]"#),
      ("<a b=\"{capture:v}\">{capture:v}</a>", "<a b=\"a&quot;&lt;&amp;\">a&quot;&lt;&amp;</a>"),
      // Neither JSON nor XML: as it is.
      (#"{ "id": "{capture:v}" "#, #"{ "id": "a"<&" "#),
      ("id={capture:v}", "id=a\"<&"), ("{capture:v}", "a\"<&"), ("<a>{capture:v}", "<a>a\"<&"),
    ])
  func bodyWithoutType(template: String, sent: String) throws {
    func body(headers: String) throws -> String {
      var probe = try probe(
        """
        { steps: [
          { request: { url: "http://127.0.0.1/a" }, capture: { v: { json: "v" } } },
          { request: { url: "http://127.0.0.1/b", method: "POST", headers: { \(headers) },
              body: '\(template)' } },
        ] }
        """)
      _ = probe.step(.start, at: start)
      let second = try transfer(probe.step(answer(#"{"v": "a\"<&"}"#), at: start))
      return String(decoding: second.settings.bodyBytes, as: UTF8.self)
    }
    #expect(try body(headers: "") == sent)
    #expect(
      try body(headers: #""Content-Type": "text/plain""#)
        == template.replacing("{capture:v}", with: "a\"<&"), "a type that is named decides")
  }

  @Test("each step of the longest transaction is timed, the last one too")
  func longest() throws {
    let steps = (1...Limits.stepsMaximum).map {
      "{ name: \"s\($0)\", request: { url: \"http://127.0.0.1/\($0)\" } }"
    }
    var probe = try probe("{ steps: [\(steps.joined(separator: ", "))] }")
    var action = probe.step(.start, at: start)
    for number in 1...Limits.stepsMaximum {
      action = probe.step(answer("ok", milliseconds: UInt32(number)), at: start)
    }
    let result = try end(action)
    #expect(result.outcome == .ok)
    #expect(result.readings.map(\.name) == (1...20).map { "s\($0)" })
    #expect(result.readings.map(\.value) == (1...20).map(Double.init))
  }

  @Test("the step that fails is named, its outcome is the transaction's, and nothing follows")
  func failing() throws {
    var probe = try probe()
    _ = probe.step(.start, at: start)
    _ = probe.step(answer(#"{"data": {"token": "t"}}"#, head: "X-Node: 1\r\n"), at: start)
    let result = try end(probe.step(answer("gone", status: 503), at: start))
    #expect(result.outcome == .http(.status(503)))
    #expect(result.note == #"step 2 of 3 "session""#)
    #expect(result.readings.count == 2)
  }

  @Test(
    "a value that is missing, empty or too long ends it by the value's name",
    arguments: [
      (#"{"data": {}}"#, "X-Node: 1", "token"), (#"{"data": {"token": ""}}"#, "X-Node: 1", "token"),
      (#"{"data": {"token": "t"}}"#, "X-Other: 1", "node"),
      (
        #"{"data": {"token": ""# + String(repeating: "x", count: 5_000) + #""}}"#, "X-Node: 1",
        "token"
      ),
    ])
  func missing(body: String, head: String, name: String) throws {
    var probe = try probe()
    _ = probe.step(.start, at: start)
    let result = try end(probe.step(answer(body, head: head + "\r\n"), at: start))
    #expect(result.outcome == .answer(.captureMissing(name)))
    #expect(result.note.hasPrefix(#"step 1 of 3 "login""#))
  }

  @Test("a captured value that would break a header is not sent")
  func headerInjection() throws {
    var probe = try probe()
    _ = probe.step(.start, at: start)
    let result = try end(
      probe.step(answer(#"{"data": {"token": "a\r\nHost: b"}}"#, head: "X-Node: 1\r\n"), at: start))
    #expect(result.outcome == .answer(.captureMissing("token")))
    #expect(result.note.contains("control characters"))
  }

  @Test("captured values and cookies are not shown, wherever an answer repeats them")
  func masked() throws {
    var probe = try probe(
      #"""
      { steps: [
        { request: { url: "http://127.0.0.1/a" }, capture: { t: { json: "t" } } },
        { request: { url: "http://127.0.0.1/{capture:t}" },
          expect: { identity: { path: "who", equals: "us" } } },
      ] }
      """#)
    _ = probe.step(.start, at: start)
    _ = probe.step(
      answer(#"{"t": "captured-value-1"}"#, head: "Set-Cookie: sid=cookie-value-22\r\n"), at: start)
    let result = try end(
      probe.step(answer(#"{"who": "captured-value-1 cookie-value-22"}"#), at: start))
    let shown = ([result.outcome.detail, result.note] + result.steps).joined(separator: "\n")
    #expect(result.outcome.name == "body.wrongIdentity")
    #expect(!shown.contains("captured-value-1"), "\(shown)")
    #expect(!shown.contains("cookie-value-22"), "\(shown)")
  }

  @Test("cookies go along within the run, redirects included, and the next run has none")
  func cookies() throws {
    var probe = try probe(
      #"{ steps: [{ request: { url: "http://127.0.0.1/login" } }, { request: { url: "http://127.0.0.1/b" } }] }"#
    )
    #expect(try transfer(probe.step(.start, at: start)).cookies == "")
    let redirected = try transfer(
      probe.step(
        answer("", status: 302, head: "Set-Cookie: sid=1; HttpOnly\r\nLocation: /home\r\n"),
        at: start))
    #expect(redirected.cookies == "sid=1")
    let second = try transfer(
      probe.step(answer("", head: "Set-Cookie: theme=dark\r\n"), at: start))
    #expect(second.cookies == "sid=1; theme=dark")
    var next = try self.probe(
      #"{ steps: [{ request: { url: "http://127.0.0.1/login" } }] }"#)
    #expect(try transfer(next.step(.start, at: start)).cookies == "")
  }

  @Test("all steps share one deadline, a step's own time is shorter, and the late one is named")
  func deadline() throws {
    let twenty = (1...20).map {
      #"{ name: "s\#($0)", timeout: "3s", request: { url: "http://127.0.0.1/\#($0)" } }"#
    }
    var probe = try probe(
      "{ steps: [\(twenty.joined(separator: ","))] }", timeout: .seconds(10))
    var now = start
    #expect(try transfer(probe.step(.start, at: now)).timeLimit == .seconds(3))
    for _ in 1...4 {
      now = now + .seconds(2)
      _ = try transfer(probe.step(answer("ok", milliseconds: 2_000), at: now))
    }
    // Two seconds are left of ten.
    now = now + .seconds(1)
    let last = try transfer(probe.step(answer("ok", milliseconds: 1_000), at: now))
    #expect(last.timeLimit == .seconds(1))
    now = now + .seconds(1)
    let late = TransferResult(failure: .body(.timedOut))
    let result = try end(probe.step(.transferred(late), at: now))
    #expect(result.outcome == .body(.timedOut))
    #expect(result.note == #"step 6 of 20 "s6""#)
  }

  @Test(
    "time that an earlier step waited in our own queue is not taken from the link by a later one")
  func waitsOfEarlierSteps() throws {
    for (waited, told) in [(Int64(8), Outcome.skipped(.resolverBusy)), (0, .http(.timedOut))] {
      var probe = try probe(
        #"""
        { steps: [{ request: { url: "http://portal.example/" } },
          { request: { url: "http://127.0.0.1/b" } }] }
        """#, timeout: .seconds(10))
      _ = probe.step(.start, at: start)
      let later = start + .seconds(8)
      let resolved = ProbeEvent.resolved(
        addresses: ["127.0.0.1"], took: .seconds(8 - waited), waited: .seconds(waited))
      _ = try transfer(probe.step(resolved, at: later))
      _ = try transfer(probe.step(answer("ok"), at: later))
      let late = TransferResult(failure: .http(.timedOut))
      let result = try end(probe.step(.transferred(late), at: start + .seconds(10)))
      #expect(result.outcome == told, "waited \(waited) s")
      #expect(result.note.hasPrefix("step 2 of 2"))
    }
  }

  @Test("a step with all of its own time is not excused by waits before it")
  func ownTime() throws {
    var probe = try probe(
      #"""
      { steps: [{ request: { url: "http://portal.example/" } },
        { timeout: "1s", request: { url: "http://127.0.0.1/b" } }] }
      """#, timeout: .seconds(20))
    _ = probe.step(.start, at: start)
    let resolved = ProbeEvent.resolved(
      addresses: ["127.0.0.1"], took: .zero, waited: .seconds(8))
    _ = probe.step(resolved, at: start + .seconds(8))
    _ = try transfer(probe.step(answer("ok"), at: start + .seconds(8)))
    let late = TransferResult(failure: .http(.timedOut))
    let result = try end(probe.step(.transferred(late), at: start + .seconds(9)))
    #expect(result.outcome == .http(.timedOut))
  }

  @Test("a look-up that takes all of a step's own time is told as one, and nothing is sent")
  func lookUpTooLate() throws {
    var probe = try probe(
      #"{ steps: [{ timeout: "2s", request: { url: "http://portal.example/" } }] }"#)
    _ = probe.step(.start, at: start)
    let resolved = ProbeEvent.resolved(
      addresses: ["127.0.0.1"], took: .seconds(3), waited: .zero)
    let result = try end(probe.step(resolved, at: start + .seconds(3)))
    #expect(result.outcome == .resolve(.timedOut))
  }

  @Test(
    "a captured value does not lead an address to another path",
    arguments: [("..", false), (".", false), ("..%2F..", true), ("a/../b", true), ("...", true)])
  func otherPath(value: String, isSent: Bool) throws {
    var probe = try probe(
      #"""
      { steps: [
        { request: { url: "http://127.0.0.1/a" }, capture: { id: { json: "id" } } },
        { request: { url: "http://127.0.0.1/session/{capture:id}/status" } },
      ] }
      """#)
    _ = probe.step(.start, at: start)
    let action = probe.step(answer(#"{"id": "\#(value)"}"#), at: start)
    if isSent {
      let path = try transfer(action).url.target
      #expect(path.split(separator: "/").count == 3, "\(path)")
    } else {
      #expect(try end(action).outcome == .answer(.captureMissing("id")))
    }
  }

  @Test("a cookie too short to be a secret does not blot out an application's code")
  func shortCookie() throws {
    var probe = try probe(
      #"""
      { steps: [{ request: { url: "http://127.0.0.1/a" },
        expect: { code: { path: "code", ok: ["0"] } } }] }
      """#)
    _ = probe.step(.start, at: start)
    let head = "Set-Cookie: consent=1\r\nSet-Cookie: sid=0123456789abcdef\r\n"
    let result = try end(probe.step(answer(#"{"code": "106"}"#, head: head), at: start))
    #expect(result.outcome == .body(.applicationCode("106")))
  }

  @Test("a body that is no text keeps its other bytes around a captured value")
  func bytesAround() throws {
    let mark = Array(captureMark("t").utf8)
    let request = HTTPOptions(
      url: try URLParts("http://127.0.0.1/"),
      transfer: TransferSettings(
        headers: [], secretBody: SecretText(text: [0xFF, 0x20] + mark + [0xFE], secrets: [])))
    let filled = try request.filled(
      with: [("t", Secret(name: "t", bytes: Array("v".utf8)))], uses: ["t"],
      bodyEncoding: .plain)
    #expect(filled.transfer.bodyBytes == [0xFF, 0x20, 0x76, 0xFE])
  }

  @Test("a time-out of the attempt ends the step that runs")
  func timedOut() throws {
    var probe = try probe()
    _ = probe.step(.start, at: start)
    let result = try end(
      probe.step(.timedOut(waitingInOurQueue: false), at: start + .seconds(20)))
    #expect(result.outcome == .http(.timedOut))
    #expect(result.note == #"step 1 of 3 "login""#)
  }

  @Test("a refused credential in a step is one of the attempt")
  func refused() throws {
    var probe = try probe()
    _ = probe.step(.start, at: start)
    let result = try end(probe.step(answer("", status: 401), at: start))
    #expect(result.flags.contains(.credentialRefused))
  }

  @Test(
    "what cannot work is a mistake of the file",
    arguments: [
      ("{ }", "steps"),
      ("{ steps: [] }", "1 to 20"),
      (#"{ steps: [{ request: { url: "http://a.example/{capture:x}" } }] }"#, "{capture:x}"),
      (
        #"{ steps: [{ request: { url: "http://a.example/" }, capture: { x: { json: "a" } } }, { request: { url: "http://{capture:x}.example/" } }] }"#,
        "host"
      ),
      (
        #"{ steps: [{ request: { url: "http://a.example/{capture:x}" }, capture: { x: { json: "a" } } }] }"#,
        "{capture:x}"
      ),
      (
        #"{ steps: [{ request: { url: "http://a.example/" }, capture: { x: {} } }] }"#,
        "exactly one"
      ),
      (
        #"{ steps: [{ request: { url: "http://a.example/" }, capture: { x: { pattern: "a(b|c)d" } } }] }"#,
        "one group"
      ),
      (
        #"{ steps: [{ request: { url: "http://a.example/" }, capture: { "x y": { json: "a" } } }] }"#,
        "letters, digits"
      ),
      (
        #"{ steps: [{ name: "a", request: { url: "http://a.example/" } }, { name: "a", request: { url: "http://a.example/" } }] }"#,
        "two steps"
      ),
      (#"{ steps: [{ request: { url: "http://a.example/" }, retries: 3 }] }"#, "retries"),
    ])
  func mistakes(text: String, words: String) throws {
    let complaints = try decode(StepsProbe.self, text).complaints
    #expect(complaints.contains { $0.description.contains(words) }, "\(complaints)")
  }

  @Test("explain shows the steps with the names of captures, and secrets by name")
  func settings() throws {
    let settings = StepsProbe.settings(of: try options(threeSteps))
    let url = settings.first { $0.key == "steps[1].request.url" }?.value
    #expect(url == "http://127.0.0.1/session?node={capture:node}")
    #expect(!settings.contains { $0.value.contains("horse") || $0.value.contains("Linkhealth") })
  }
}

@Suite("Capturing by pattern")
struct CapturePatternTests {
  private func value(_ pattern: String, _ body: String) throws -> String? {
    var budget = PatternBudget()
    return try CapturePattern(pattern).value(in: Array(body.utf8), &budget)
  }

  @Test("takes the first run of the group's characters behind what stands before it")
  func found() throws {
    #expect(try value(#"token=([a-z0-9]+)"#, "x token=ab1&token=zz") == "ab1")
    #expect(try value(#"token=([a-z0-9]+)"#, "token=&token=zz") == nil)
    #expect(try value(#"id: (\d+)"#, "id: 42.") == "42")
    #expect(try value(#"tỉnh: ([^;]+)"#, "tỉnh: Hà Nội; x") == "Hà Nội")
    #expect(try value(#"\[([^\]]+)"#, "a[b c]") == "b c")
    #expect(try value(#"a([b]+)"#, "nothing") == nil)
    #expect(try value(#"a([b]+)"#, "a\u{FFFD}") == nil)
  }

  @Test(
    "is refused where the group is not one sort of characters at the end",
    arguments: ["(a+)", "x(a|b)+", "x([ab]+)y", "x", "([a]+)", "x([ab]*)", #"x\([ab]+)"#])
  func refused(text: String) {
    #expect(throws: PatternError.self) { try CapturePattern(text) }
  }
}

@Suite("Cookies of a run")
struct CookieJarTests {
  private func header(
    _ cookies: [String], from: String, to: String
  ) throws -> String {
    var jar = CookieJar()
    jar.take(cookies, from: try URLParts(from))
    return jar.header(for: try URLParts(to))
  }

  @Test(
    "go where RFC 6265 lets them, and nowhere else",
    arguments: [
      ("a=1", "http://h.example/x/y", "http://h.example/x/z", "a=1"),
      ("a=1", "http://h.example/x/y", "http://h.example/xz", ""),
      ("a=1; Path=/", "http://h.example/x/y", "http://h.example/other", "a=1"),
      ("a=1; Path=/x", "http://h.example/", "http://h.example/xy", ""),
      ("a=1", "http://h.example/", "http://other.example/", ""),
      ("a=1", "http://h.example/", "http://sub.h.example/", ""),
      ("a=1; Domain=h.example", "http://h.example/", "http://sub.h.example/", "a=1"),
      ("a=1; Domain=.h.example", "http://sub.h.example/", "http://h.example/", "a=1"),
      ("a=1; Domain=example", "http://h.example/", "http://h.example/", ""),
      ("a=1; Domain=other.example", "http://h.example/", "http://other.example/", ""),
      ("a=1; Secure", "https://h.example/", "http://h.example/", ""),
      ("a=1; Secure", "https://h.example/", "https://h.example/", "a=1"),
      ("a=1; Max-Age=0", "http://h.example/", "http://h.example/", ""),
      ("a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "http://h.example/", "http://h.example/", ""),
      ("a=1; Max-Age=60", "http://h.example/", "http://h.example/", "a=1"),
      ("no equals sign", "http://h.example/", "http://h.example/", ""),
      ("=1", "http://h.example/", "http://h.example/", ""),
      ("a=b=c d", "http://h.example/", "http://h.example/", "a=b=c d"),
      // Ministries and provinces stand side by side there: one must not get another's session.
      ("a=1; Domain=gov.zz", "http://moj.gov.zz/", "http://hue.gov.zz/", ""),
      ("a=1; Domain=gov.zz", "http://moj.gov.zz/", "http://moj.gov.zz/", ""),
      ("a=1; Domain=gov.zz", "http://gov.zz/", "http://gov.zz/", "a=1"),
      ("a=1; Domain=gov.zz", "http://gov.zz/", "http://moj.gov.zz/", ""),
      ("a=1; Domain=moj.gov.zz", "http://a.moj.gov.zz/", "http://b.moj.gov.zz/", "a=1"),
      ("a=1; Domain=0.0.1", "http://127.0.0.1/", "http://127.0.0.1/", ""),
    ])
  func rules(cookie: String, from: String, to: String, expected: String) throws {
    #expect(try header([cookie], from: from, to: to) == expected)
  }

  @Test("the same name is replaced, longer paths come first, and the number is bounded")
  func order() throws {
    #expect(
      try header(
        ["a=1", "b=2; Path=/x", "a=3", "c=4; Max-Age=0"], from: "http://h.example/",
        to: "http://h.example/x") == "b=2; a=3")
    let many = (0..<200).map { "n\($0)=1" }
    let sent = try header(many, from: "http://h.example/", to: "http://h.example/")
    #expect(sent.split(separator: ";").count == Limits.cookies)
    let late = Array(repeating: "a=1", count: Limits.setCookieHeaders) + ["b=2"]
    #expect(try header(late, from: "http://h.example/", to: "http://h.example/") == "a=1")
  }
}
