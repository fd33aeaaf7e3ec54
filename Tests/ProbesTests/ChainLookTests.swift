import Base
import Model
import Testing
import Wire

@testable import Probes

@Suite("A look at the certificates after a failure")
struct ChainLookTests {
  private let start = Instant(nanoseconds: 1_000_000_000)
  private let gone = DrawnCertificate(subject: "between", issuer: "root", until: -1)
  private let leaf = DrawnCertificate(
    subject: "server", issuer: "between", names: ["server.example"])

  private func probe() throws -> HTTPProbe {
    HTTPProbe(
      HTTPOptions(url: try URLParts("https://192.0.2.1/path")), timeout: .seconds(10),
      tracing: true)
  }

  private func failed(_ cause: TLSCause, _ handshake: Handshake? = nil) -> ProbeEvent {
    .transferred(
      TransferResult(
        failure: .tls(cause), timings: PhaseTimings(tlsMicroseconds: 9, totalMicroseconds: 9),
        handshake: handshake))
  }

  private func end(_ action: ProbeAction) throws -> ProbeResult {
    guard case .finish(let result) = action else {
      Issue.record("expected the end")
      return ProbeResult(outcome: .skipped(.missed))
    }
    return result
  }

  /// A probe whose request has failed, and the handshake that it asks for then.
  private func looking(_ cause: TLSCause) throws -> (HTTPProbe, Transfer) {
    var probe = try probe()
    _ = probe.step(.start, at: start)
    guard case .transfer(let transfer) = probe.step(failed(cause), at: start + .seconds(4)) else {
      Issue.record("expected a second handshake")
      throw NoHandshake()
    }
    return (probe, transfer)
  }

  @Test("a handshake without a request follows, in the time that is left")
  func transfer() throws {
    let (_, transfer) = try looking(.expired)
    #expect(transfer.purpose == .handshake)
    #expect(transfer.isOptional)
    #expect(transfer.address == "192.0.2.1")
    #expect(transfer.timeLimit == .seconds(6))
  }

  @Test("what it shows makes the cause more exact; its time counts in no phase")
  func refined() throws {
    var (probe, _) = try looking(.expired)
    let result = try end(probe.step(failed(.expired, .of([leaf, gone])), at: start))
    #expect(result.outcome == .tls(.intermediateExpired))
    #expect(result.note.hasPrefix("between, issued by root, expired on"))
    #expect(result.timings == PhaseTimings(tlsMicroseconds: 9, totalMicroseconds: 9))
    #expect(result.steps.contains { $0.hasPrefix("certificate 2: CN=between") })
  }

  @Test(
    "the first outcome stays where the second handshake shows something else, or nothing",
    arguments: [
      .transferred(TransferResult(failure: .tls(.timedOut))),
      .transferred(TransferResult(failure: .skipped(.politeness))),
      .transferred(TransferResult(failure: .connect(.refused))),
      .transferred(TransferResult()), .timedOut(waitingInOurQueue: false),
    ] as [ProbeEvent])
  func kept(event: ProbeEvent) throws {
    var (probe, _) = try looking(.unknownIssuer)
    let result = try end(probe.step(event, at: start + .seconds(5)))
    #expect(result.outcome == .tls(.unknownIssuer))
    #expect(result.note.isEmpty)
  }

  @Test("no look is taken when hardly any time is left")
  func noTime() throws {
    var probe = try probe()
    _ = probe.step(.start, at: start)
    let late = start + .seconds(10) - .milliseconds(20)
    #expect(try end(probe.step(failed(.expired), at: late)).outcome == .tls(.expired))
  }

  @Test(
    "no look is taken at failures that certificates do not explain",
    arguments: [.notTLS, .protocolVersion, .reset, .timedOut, .caFile] as [TLSCause])
  func notWorthIt(cause: TLSCause) throws {
    var probe = try probe()
    _ = probe.step(.start, at: start)
    #expect(try end(probe.step(failed(cause), at: start)).outcome == .tls(cause))
  }
}

private struct NoHandshake: Error {}
