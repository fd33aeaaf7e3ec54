import Base
import Model
import Testing
import Wire

@testable import Probes

@Suite("An HTTP probe with a token")
struct TokenUseTests {
  private let start = Instant(nanoseconds: 1_000_000_000)
  private let token = secret("token", "an-issued-token")

  private func probe(otherHosts: Bool = false) throws -> HTTPProbe {
    HTTPProbe(
      HTTPOptions(
        url: try URLParts("http://127.0.0.1/"),
        transfer: TransferSettings(authentication: .token("lgsp")), allowsOtherHosts: otherHosts),
      timeout: .seconds(10), tracing: false)
  }

  private func result(_ action: ProbeAction) -> ProbeResult? {
    if case .finish(let result) = action { result } else { nil }
  }

  @Test("it asks for the token first and sends it; waiting is in no phase")
  func sends() throws {
    var probe = try probe()
    guard case .token("lgsp") = probe.step(.start, at: start) else {
      Issue.record("expected a wish for the token")
      return
    }
    let later = start + .milliseconds(800)
    guard case .transfer(let transfer) = probe.step(.token(token), at: later) else {
      Issue.record("expected a transfer")
      return
    }
    #expect(transfer.bearer == token)
    #expect(
      transfer.timeLimit == .milliseconds(9_200), "the wait counts against the attempt's time")
    let end = result(
      probe.step(
        .transferred(
          TransferResult(status: 200, timings: PhaseTimings(totalMicroseconds: 500))), at: later))
    #expect(end?.outcome == .ok)
    #expect(end?.timings.totalMicroseconds == 500)
    #expect(end?.rejectedToken == nil)
  }

  @Test("without a token nothing is said of the link")
  func none() throws {
    var first = try probe()
    _ = first.step(.start, at: start)
    #expect(result(first.step(.noToken, at: start))?.outcome == .skipped(.noToken))
    var second = try probe()
    _ = second.step(.start, at: start)
    let end = second.step(.timedOut(waitingInOurQueue: false), at: start + .seconds(10))
    #expect(result(end)?.outcome == .skipped(.noToken))
  }

  @Test("a time-out in what the wait has left is not the link's fault")
  func squeezed() throws {
    for (wait, outcome) in [
      (TimeAmount.seconds(8), Outcome.skipped(.noToken)),
      (.milliseconds(20), .http(.timedOut)),
    ] {
      var probe = try probe()
      _ = probe.step(.start, at: start)
      _ = probe.step(.token(token), at: start + wait)
      let end = probe.step(
        .transferred(TransferResult(failure: .http(.timedOut))), at: start + .seconds(10))
      #expect(result(end)?.outcome == outcome)
    }
  }

  @Test("a refused token is told, so that it can be given up")
  func rejected() throws {
    var probe = try probe()
    _ = probe.step(.start, at: start)
    _ = probe.step(.token(token), at: start)
    let end = result(probe.step(.transferred(TransferResult(status: 401)), at: start))
    #expect(end?.outcome == .http(.status(401)))
    #expect(end?.rejectedToken == token)
  }

  @Test("another host gets neither token nor credentials, and cannot refuse them")
  func otherHost() throws {
    var probe = try probe(otherHosts: true)
    _ = probe.step(.start, at: start)
    _ = probe.step(.token(token), at: start)
    let head = "HTTP/1.1 302 X\r\nLocation: http://127.0.0.2/\r\n\r\n"
    let next = probe.step(
      .transferred(TransferResult(status: 302, head: Array(head.utf8))), at: start)
    guard case .transfer(let transfer) = next else {
      Issue.record("expected a transfer")
      return
    }
    #expect(transfer.bearer == nil)
    #expect(!transfer.sendsHeaders)
    let end = result(probe.step(.transferred(TransferResult(status: 401)), at: start))
    #expect(end?.rejectedToken == nil)
  }
}
