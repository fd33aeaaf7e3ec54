import Base
import Model
import Testing
import Wire

@testable import Probes

@Suite("The addresses of a name, and whom a request is for")
struct AddressTests {
  private let start = Instant(nanoseconds: 1_000_000_000)

  private func probe(_ url: String, method: String = "GET") throws -> HTTPProbe {
    HTTPProbe(
      HTTPOptions(
        method: method, url: try URLParts(url),
        transfer: TransferSettings(tls: TLSOptions(serverName: "inner.example")),
        allowsOtherHosts: true),
      timeout: .seconds(9), tracing: true)
  }

  private func transfer(_ action: ProbeAction) -> Transfer? {
    if case .transfer(let transfer) = action { transfer } else { nil }
  }

  @Test("while addresses are left, a connection may take its share of the time, TLS included")
  func shares() throws {
    var probe = try probe("https://portal.example/")
    _ = probe.step(.start, at: start)
    let three = ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
    let first = transfer(probe.step(.resolved(addresses: three, took: .zero), at: start))
    #expect(first?.connectLimit == .seconds(3))
    #expect(first?.timeLimit == .seconds(9), "an answer may take all of it")
    let dead = ProbeEvent.transferred(TransferResult(failure: .connect(.timedOut)))
    let second = transfer(probe.step(dead, at: start + .seconds(3)))
    #expect(second?.address == "127.0.0.2")
    #expect(second?.connectLimit == .seconds(3))
    let silent = ProbeEvent.transferred(TransferResult(failure: .tls(.timedOut)))
    let last = transfer(probe.step(silent, at: start + .seconds(6)))
    #expect(last?.address == "127.0.0.3")
    #expect(last?.connectLimit == nil)
    #expect(last?.timeLimit == .seconds(3))
  }

  @Test("a certificate that is wrong is told, whatever other addresses there are")
  func wrongCertificate() throws {
    var probe = try probe("https://portal.example/")
    _ = probe.step(.start, at: start)
    _ = probe.step(.resolved(addresses: ["127.0.0.1", "127.0.0.2"], took: .zero), at: start)
    let wrong = ProbeEvent.transferred(TransferResult(failure: .tls(.expired)))
    let look = transfer(probe.step(wrong, at: start))
    #expect(look?.purpose == .handshake, "the same server is looked at again, no other is asked")
    #expect(look?.address == "127.0.0.1")
    guard case .finish(let result) = probe.step(wrong, at: start) else {
      Issue.record("expected the end")
      return
    }
    #expect(result.outcome == .tls(.expired))
  }

  @Test(
    "the server name of TLS and the method HEAD on a redirect",
    arguments: [
      ("https://127.0.0.1/b", true), ("https://127.0.0.1:444/", true),
      ("https://127.0.0.2/", false),
    ])
  func redirects(target: String, usesServerName: Bool) throws {
    var probe = try probe("https://127.0.0.1/", method: "HEAD")
    #expect(transfer(probe.step(.start, at: start))?.usesServerName == true)
    let head = "HTTP/1.1 302 X\r\nLocation: \(target)\r\n\r\n"
    let answer = ProbeEvent.transferred(TransferResult(status: 302, head: Array(head.utf8)))
    let next = transfer(probe.step(answer, at: start))
    #expect(next?.usesServerName == usesServerName)
    #expect(next?.method == "HEAD")
  }
}
