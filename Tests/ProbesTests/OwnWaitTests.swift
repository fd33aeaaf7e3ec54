import Base
import Model
import Testing
import Wire

@testable import Probes

@Suite("Time that an attempt waits for what is ours")
struct OwnWaitTests {
  private let start = Instant(nanoseconds: 1_000_000_000)

  private func probe(proxy: String? = nil) throws -> HTTPProbe {
    HTTPProbe(
      HTTPOptions(
        url: try URLParts("http://portal.example/"), transfer: TransferSettings(proxy: proxy)),
      timeout: .seconds(10), tracing: true)
  }

  private func issuer() throws -> OAuth2Probe {
    OAuth2Probe(
      OAuth2Options(url: try URLParts("http://portal.example/"), transfer: TransferSettings()),
      timeout: .seconds(10), tracing: false)
  }

  private func result(_ action: ProbeAction) -> ProbeResult? {
    if case .finish(let result) = action { result } else { nil }
  }

  private static let rows: [(waited: Int64, failure: Outcome, told: Outcome)] = [
    (8_500, .http(.timedOut), .skipped(.resolverBusy)),
    (8_500, .connect(.timedOut), .skipped(.resolverBusy)),
    (8_500, .tls(.timedOut), .skipped(.resolverBusy)),
    (8_500, .body(.timedOut), .skipped(.resolverBusy)),
    (8_500, .connect(.refused), .connect(.refused)),
    (8_500, .http(.status(503)), .http(.status(503))),
    (1_000, .http(.timedOut), .http(.timedOut)),
  ]

  @Test("a time-out after a long wait in our own queue is not the link's", arguments: rows)
  func transfer(_ row: (waited: Int64, failure: Outcome, told: Outcome)) throws {
    let answered = ProbeEvent.resolved(
      addresses: ["127.0.0.1"], took: .zero, waited: .milliseconds(row.waited))
    let failed = ProbeEvent.transferred(TransferResult(failure: row.failure))
    var probe = try probe()
    _ = probe.step(.start, at: start)
    _ = probe.step(answered, at: start + .milliseconds(row.waited))
    #expect(result(probe.step(failed, at: start + .seconds(10)))?.outcome == row.told)
    var issuer = try issuer()
    _ = issuer.step(.start, at: start)
    _ = issuer.step(answered, at: start + .milliseconds(row.waited))
    #expect(result(issuer.step(failed, at: start + .seconds(10)))?.outcome == row.told)
  }

  @Test(
    "a look-up that began late is not the name server's fault, and what it took is its own time",
    arguments: [
      (9_500, true, .skipped(.resolverBusy), 500), (0, true, .resolve(.timedOut), 10_000),
      (900, true, .resolve(.timedOut), 9_100), (10_000, false, .skipped(.resolverBusy), 0),
    ] as [(Int64, Bool, Outcome, UInt32)])
  func lookUp(waited: Int64, began: Bool, told: Outcome, milliseconds: UInt32) throws {
    let end = ProbeEvent.timedOut(waitingInOurQueue: !began, waited: .milliseconds(waited))
    var probe = try probe()
    _ = probe.step(.start, at: start)
    let ended = try #require(result(probe.step(end, at: start + .seconds(10))))
    #expect(ended.outcome == told)
    #expect(ended.timings.resolveMicroseconds == milliseconds * 1_000)
    #expect(ended.timings.totalMicroseconds == milliseconds * 1_000)
    var issuer = try issuer()
    _ = issuer.step(.start, at: start)
    #expect(result(issuer.step(end, at: start + .seconds(10)))?.outcome == told)
  }

  @Test("after a redirect only the time of the second look-up counts as its own")
  func redirected() throws {
    var probe = try probe()
    _ = probe.step(.start, at: start)
    _ = probe.step(.resolved(addresses: ["127.0.0.1"], took: .zero), at: start)
    let head = "HTTP/1.1 302 X\r\nLocation: /b\r\n\r\n"
    let redirect = TransferResult(
      status: 302, head: Array(head.utf8),
      timings: PhaseTimings(firstByteMicroseconds: 7_000_000, totalMicroseconds: 7_000_000))
    _ = probe.step(.transferred(redirect), at: start + .seconds(7))
    let ended = try #require(
      result(probe.step(.timedOut(waitingInOurQueue: false), at: start + .seconds(10))))
    #expect(ended.outcome == .resolve(.timedOut))
    #expect(ended.timings.totalMicroseconds == 10_000_000)
  }

  @Test("a proxy that is late after such a wait is not told either; one that refuses is")
  func proxy() throws {
    for (at, told) in [
      (TimeAmount.seconds(10), Outcome.skipped(.resolverBusy)),
      (.seconds(6), .connect(.proxy)),
    ] {
      var probe = try probe(proxy: "http://proxy.example:3128")
      _ = probe.step(.start, at: start)
      _ = probe.step(
        .resolved(addresses: ["127.0.0.1"], took: .zero, waited: .seconds(5)),
        at: start + .seconds(5))
      let failed = ProbeEvent.transferred(TransferResult(failure: .connect(.proxy)))
      #expect(result(probe.step(failed, at: start + at))?.outcome == told)
    }
  }
}
