import Base
import Model
import Testing
import Wire

@testable import Probes

@Suite("The HTTP probe")
struct HTTPProbeTests {
  private let start = Instant(nanoseconds: 1_000_000_000)

  private func probe(
    _ url: String, method: String = "GET", redirects: Int = 3, otherHosts: Bool = false,
    expect: HTTPExpectations = .init()
  ) throws -> HTTPProbe {
    HTTPProbe(
      HTTPOptions(
        method: method, url: try URLParts(url), redirectLimit: redirects,
        allowsOtherHosts: otherHosts, expectations: expect),
      timeout: .seconds(10), tracing: true)
  }

  private func answer(
    _ status: UInt16, location: String? = nil, body: String = "", microseconds: UInt32 = 1_000
  ) -> ProbeEvent {
    let head = "HTTP/1.1 \(status) X\r\n" + (location.map { "Location: \($0)\r\n" } ?? "") + "\r\n"
    return .transferred(
      TransferResult(
        status: status, head: Array(head.utf8), body: Array(body.utf8),
        timings: PhaseTimings(
          connectMicroseconds: 100, firstByteMicroseconds: microseconds - 100,
          totalMicroseconds: microseconds)))
  }

  private func transfer(_ action: ProbeAction) -> Transfer? {
    if case .transfer(let transfer) = action { transfer } else { nil }
  }

  private func outcome(_ action: ProbeAction) -> Outcome? {
    if case .finish(let result) = action { result.outcome } else { nil }
  }

  @Test("a name is resolved first, and the look-up's time is a phase of its own")
  func resolves() throws {
    var probe = try probe("http://portal.example/a")
    guard case .resolve(let host, _) = probe.step(.start, at: start) else {
      Issue.record("expected a look-up")
      return
    }
    #expect(host == "portal.example")
    let next = probe.step(
      .resolved(addresses: ["127.0.0.9"], took: .milliseconds(7)), at: start)
    #expect(transfer(next)?.address == "127.0.0.9")
    guard case .finish(let result) = probe.step(answer(200), at: start) else {
      Issue.record("expected the end")
      return
    }
    #expect(result.outcome == .ok)
    #expect(result.timings.resolveMicroseconds == 7_000)
    #expect(result.timings.totalMicroseconds == 8_000)
  }

  @Test("a numeric host needs no look-up")
  func literal() throws {
    var probe = try probe("http://127.0.0.1:81/")
    #expect(transfer(probe.step(.start, at: start))?.address == "127.0.0.1")
  }

  @Test("the next address is tried when a connection fails, and only then")
  func nextAddress() throws {
    var probe = try probe("http://portal.example/")
    _ = probe.step(.start, at: start)
    _ = probe.step(.resolved(addresses: ["127.0.0.1", "127.0.0.2"], took: .zero), at: start)
    let refused = ProbeEvent.transferred(TransferResult(failure: .connect(.refused)))
    #expect(transfer(probe.step(refused, at: start))?.address == "127.0.0.2")
    let reset = ProbeEvent.transferred(TransferResult(failure: .http(.reset)))
    #expect(outcome(probe.step(reset, at: start)) == .http(.reset))
  }

  @Test(
    "a redirect is followed as a new request, with the method that RFC 9110 asks for",
    arguments: [
      (301, "POST", "GET", false), (302, "POST", "GET", false), (303, "POST", "GET", false),
      (303, "PUT", "GET", false), (307, "POST", "POST", true), (308, "POST", "POST", true),
      (301, "HEAD", "HEAD", true),
    ] as [(UInt16, String, String, Bool)])
  func redirectMethods(status: UInt16, method: String, next: String, sendsBody: Bool) throws {
    var probe = try probe("http://127.0.0.1/", method: method)
    _ = probe.step(.start, at: start)
    let followed = transfer(probe.step(answer(status, location: "/next"), at: start))
    #expect(followed?.method == next)
    #expect(followed?.url.text == "http://127.0.0.1/next")
    #expect(followed?.sendsBody == sendsBody)
  }

  @Test(
    "a redirect that must not be followed is refused, and why is told",
    arguments: [
      ("https://127.0.0.1/", "http://127.0.0.1/", "from https to http"),
      ("http://127.0.0.1/", "http://127.0.0.2/", "to host 127.0.0.2"),
      ("http://127.0.0.1/", "ftp://127.0.0.1/", "not an http or https address"),
      ("http://127.0.0.1/", "file:///etc/passwd", "not an http or https address"),
    ] as [(String, String, String)])
  func refusedRedirects(from: String, to: String, reason: String) throws {
    var probe = try probe(from)
    _ = probe.step(.start, at: start)
    #expect(
      outcome(probe.step(answer(302, location: to), at: start)) == .http(.redirectRefused(reason)))
  }

  @Test("a redirect loop ends at its bound")
  func loop() throws {
    var probe = try probe("http://127.0.0.1/", redirects: 3)
    var action = probe.step(.start, at: start)
    var followed = 0
    while transfer(action) != nil, followed < 20 {
      followed += 1
      action = probe.step(answer(302, location: "/"), at: start)
    }
    #expect(followed == 4)
    #expect(outcome(action) == .http(.tooManyRedirects))
  }

  @Test(
    "what was meant for one server does not go to another",
    arguments: [
      ("http://127.0.0.1/", "http://127.0.0.1/b", true, "the same server"),
      ("http://127.0.0.1/", "https://127.0.0.1/", true, "the usual step to HTTPS"),
      ("http://127.0.0.1:81/", "http://127.0.0.1:82/", false, "another port"),
      ("http://127.0.0.1/", "http://127.0.0.2/", false, "another host"),
    ] as [(String, String, Bool, String)])
  func headers(from: String, to: String, sends: Bool, reason: String) throws {
    var probe = try probe(from, otherHosts: true)
    _ = probe.step(.start, at: start)
    let next = transfer(probe.step(answer(307, location: to), at: start))
    #expect(next?.sendsHeaders == sends, "\(reason)")
  }

  @Test("time that is up is blamed on the phase it was up in, and never on our own queue")
  func timeOuts() throws {
    var resolving = try probe("http://portal.example/")
    _ = resolving.step(.start, at: start)
    #expect(
      outcome(resolving.step(.timedOut(waitingInOurQueue: false), at: start))
        == .resolve(.timedOut))
    var queued = try probe("http://portal.example/")
    _ = queued.step(.start, at: start)
    #expect(
      outcome(queued.step(.timedOut(waitingInOurQueue: true), at: start))
        == .skipped(.resolverBusy))
    var transferring = try probe("http://127.0.0.1/")
    _ = transferring.step(.start, at: start)
    #expect(
      outcome(transferring.step(.timedOut(waitingInOurQueue: false), at: start))
        == .http(.timedOut))
  }

  @Test(
    "an answer is judged by status, code and body, in this order",
    arguments: [
      (200, #"{"error_code":0}"#, Outcome.ok, false, "as expected"),
      (200, #"{"error_code":106}"#, .body(.applicationCode("106")), false, "a 200 that is none"),
      (200, #"{"error_code":"100"}"#, .body(.applicationCode("100")), true, "our credential"),
      (200, #"{"status":0}"#, .body(.pathMissing("error_code")), false, "no code at all"),
      (200, "<html>", .body(.notJSON), false, "a page instead"),
      (
        200, String(repeating: "[", count: 200), .body(.tooComplex), false, "more than is looked at"
      ),
      (503, #"{"error_code":0}"#, .http(.status(503)), false, "the status comes first"),
      (401, "", .http(.status(401)), true, "refused"),
    ] as [(UInt16, String, Outcome, Bool, String)])
  func judging(
    status: UInt16, body: String, outcome: Outcome, refused: Bool, reason: String
  ) throws {
    let code = HTTPExpectations.Code(
      path: try JSONPath("error_code"), ok: ["0"], refused: ["100"])
    var probe = try probe("http://127.0.0.1/", expect: HTTPExpectations(code: code))
    _ = probe.step(.start, at: start)
    guard case .finish(let result) = probe.step(answer(status, body: body), at: start) else {
      Issue.record("expected the end")
      return
    }
    #expect(result.outcome == outcome, "\(reason)")
    #expect(result.flags.contains(.credentialRefused) == refused, "\(reason)")
  }

  @Test("slow is not failed")
  func slow() throws {
    var probe = try probe(
      "http://127.0.0.1/", expect: HTTPExpectations(slow: .milliseconds(3)))
    _ = probe.step(.start, at: start)
    guard case .finish(let result) = probe.step(answer(200, microseconds: 3_001), at: start) else {
      Issue.record("expected the end")
      return
    }
    #expect(result.outcome == .ok)
    #expect(result.flags.contains(.slow))
  }

  @Test("a long body is judged on another thread")
  func longBody() throws {
    var probe = try probe("http://127.0.0.1/", expect: HTTPExpectations(text: ["needle"]))
    _ = probe.step(.start, at: start)
    let body = String(repeating: "a", count: 100_000)
    guard case .examine(let examination) = probe.step(answer(200, body: body), at: start) else {
      Issue.record("expected work for another thread")
      return
    }
    #expect(
      outcome(probe.step(.examined(examination.run()), at: start))
        == .body(.textMissing("needle")))
  }

  @Test("placeholders are replaced, an unknown one is named, and a JSON body's braces stay")
  func placeholders() throws {
    let context = ProbeContext(placeholders: ["consumer": "ha-noi"])
    #expect(try context.expand("/{consumer}/x") == "/ha-noi/x")
    #expect(try context.expand(#"{"a": {"b": 1}}"#) == #"{"a": {"b": 1}}"#)
    #expect(try context.expand("{{consumer}}") == "{consumer}")
    #expect(throws: UnknownPlaceholder.self) { try context.expand("{consumr}") }
  }
}
