import Base
import Model
import Testing
import Wire

@testable import Probes

@Suite("Secrets taken out of texts")
struct SecretMaskTests {
  private let mask = SecretMask([secret("key", "Tr0ub4dor&3"), secret("pem", pemKey)])

  @Test(
    "each form in which a secret may come back is replaced",
    arguments: [
      ("bad key Tr0ub4dor&3!", "bad key {secret:key}!"),
      ("host tr0ub4dor&3.example", "host {secret:key}.example"),
      ("?k=Tr0ub4dor%263", "?k={secret:key}"),
      ("cut: Tr0ub4dor", "cut: {secret:key}"),
      ("line MIGHAgEAMBMGByqGSM49AgEG", "line {secret:pem}"),
      ("-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----"),
      ("Tr0ub", "Tr0ub"), ("106", "106"),
    ])
  func forms(_ text: String, _ expected: String) {
    #expect(mask.masked(text) == expected)
  }

  @Test("a value that was captured is shown as what it is, and no more of it")
  func captured() {
    let value = Secret(name: Secret.captureName("node"), bytes: Array("a1b2c3d4e5".utf8))
    #expect(SecretMask([value]).masked("at node a1b2c3d4e5") == "at node {capture:node}")
    #expect("\(value)" == "{capture:node}")
  }

  @Test("a secret at the edge of the limit does not show its beginning")
  func edge() {
    let text = String(repeating: "x", count: 60) + "Tr0ub4dor&3"
    let shown = mask.masked(text, limit: 64)
    #expect(shown.count == 64)
    #expect(!shown.contains("Tr0"))
  }

  @Test("what basic authentication sends is masked as well")
  func basic() throws {
    let settings = TransferSettings(
      authentication: .basic(user: "Aladdin", password: secret("pw", "open sesame")))
    #expect(settings.mask.masked("got QWxhZGRpbjpvcGVuIHNlc2FtZQ==") == "got {secret:pw}")
  }

  @Test("an application code, an error's name and a redirect that repeat a secret do not show it")
  func outcomes() throws {
    let bearer = secret("key", "Tr0ub4dor-and-more")
    let options = HTTPOptions(
      url: try URLParts("http://127.0.0.1/"),
      transfer: TransferSettings(authentication: .bearer(bearer)),
      expectations: HTTPExpectations(
        code: .init(path: try JSONPath("code"), ok: ["0"], refused: [])))
    for (status, head, body) in [
      (200, "", #"{"code":"E Tr0ub4dor-and-more"}"#),
      (302, "Location: http://tr0ub4dor-and-more.example/\r\n", ""),
      (302, "Location: http://127.0.0.1/Tr0ub4dor-and-more\r\n", ""),
    ] as [(UInt16, String, String)] {
      var probe = HTTPProbe(options, timeout: .seconds(5), tracing: true)
      let now = Instant(nanoseconds: 1)
      _ = probe.step(.start, at: now)
      var action = probe.step(
        .transferred(
          TransferResult(
            status: status, head: Array("HTTP/1.1 \(status) X\r\n\(head)\r\n".utf8),
            body: Array(body.utf8))), at: now)
      if case .transfer = action {
        action = probe.step(.transferred(TransferResult(status: 500)), at: now)
      }
      guard case .finish(let result) = action else {
        Issue.record("expected the end")
        return
      }
      let shown = "\(result.outcome) \(result.outcome.detail) \(result.steps)"
      #expect(!shown.lowercased().contains("tr0ub4dor"), "\(shown)")
      #expect(shown.contains("{secret:key}"), "\(shown)")
    }
  }
}
