import Base
import Model
import Testing
import Wire

@testable import Probes

@Suite("The OAuth2 probe")
struct OAuth2ProbeTests {
  private let start = Instant(nanoseconds: 1_000_000_000)
  private let keys =
    #"url: "http://127.0.0.1/token", clientId: "cổng", clientSecret: "{secret:s}""#

  private func options(_ more: String = "") throws -> OAuth2Options {
    let (options, complaints) = try decode(
      OAuth2Probe.self, "{ \(keys), \(more) }", secrets: ["s": "p&ss word"])
    #expect(complaints.map(\.description) == [])
    return try #require(options)
  }

  private func run(_ status: UInt16, _ body: String) throws -> ProbeResult {
    var probe = OAuth2Probe(try options(), timeout: .seconds(10), tracing: true)
    _ = probe.step(.start, at: start)
    let action = probe.step(
      .transferred(TransferResult(status: status, body: Array(body.utf8))), at: start)
    guard case .finish(let result) = action else {
      Issue.record("expected the end")
      return ProbeResult(outcome: .skipped(.missed))
    }
    return result
  }

  @Test("the request is a form, and the client is named in the header, both parts encoded")
  func basicStyle() throws {
    var probe = OAuth2Probe(
      try options(#"scope: "a b", audience: "x""#), timeout: .seconds(10), tracing: false)
    guard case .transfer(let transfer) = probe.step(.start, at: start) else {
      Issue.record("expected a transfer")
      return
    }
    #expect(transfer.method == "POST")
    #expect(
      String(decoding: transfer.settings.bodyBytes, as: UTF8.self)
        == "grant_type=client_credentials&scope=a%20b&audience=x")
    #expect(
      transfer.settings.authentication
        == .basic(user: "c%E1%BB%95ng", password: secret("s", "p%26ss%20word")))
    #expect(transfer.settings.headers.contains { $0.value == "application/x-www-form-urlencoded" })
  }

  @Test("or both are in the form")
  func bodyStyle() throws {
    let settings = try options(#"style: "body""#).transfer
    #expect(settings.authentication == .none)
    #expect(
      String(decoding: settings.bodyBytes, as: UTF8.self)
        == "grant_type=client_credentials&client_id=c%E1%BB%95ng&client_secret=p%26ss%20word")
  }

  @Test("a token comes with its lifetime; the steps do not show it")
  func issued() throws {
    let result = try run(
      200, #"{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"Bearer","expires_in":3600}"#)
    #expect(result.outcome == .ok)
    #expect(result.grant?.lifetime == .hours(1))
    #expect(result.grant?.token.bytes == Array("2YotnFZFEjr1zCsicMWpAA".utf8))
    #expect(!"\(result)".contains("2Yotn"))
  }

  /// What a server answers, and what that shows.
  private static let answers: [(status: UInt16, body: String, outcome: Outcome, refused: Bool)] = [
    (400, #"{"error":"invalid_client"}"#, .body(.applicationCode("invalid_client")), true),
    (401, #"{"error":"invalid_client"}"#, .body(.applicationCode("invalid_client")), true),
    (400, #"{"error":"invalid_grant"}"#, .body(.applicationCode("invalid_grant")), true),
    (
      400, #"{"error":"unauthorized_client"}"#, .body(.applicationCode("unauthorized_client")),
      true
    ),
    (400, #"{"error":"invalid_scope"}"#, .body(.applicationCode("invalid_scope")), false),
    (200, #"{"error":"invalid_client"}"#, .body(.applicationCode("invalid_client")), true),
    (401, "no", .http(.status(401)), true),
    (403, "{}", .http(.status(403)), true),
    (503, "<html>", .http(.status(503)), false),
    (400, #"{"error":"no p&ss word"}"#, .body(.applicationCode("no {secret:s}")), false),
    (200, "<html>", .body(.notJSON), false),
    (200, "[]", .body(.notJSON), false),
    (200, "{}", .body(.pathMissing("access_token")), false),
    (200, #"{"access_token":"a"}"#, .body(.pathMissing("token_type")), false),
    (200, #"{"access_token":"a","token_type":"mac"}"#, .body(.pathMismatch("token_type")), false),
    (
      200, #"{"access_token":"a b","token_type":"bearer"}"#, .body(.pathMismatch("access_token")),
      false
    ),
    (
      200, #"{"access_token":"","token_type":"bearer"}"#, .body(.pathMismatch("access_token")),
      false
    ),
    (
      200, #"{"access_token":"a","token_type":"bearer","expires_in":0}"#,
      .body(.pathMismatch("expires_in")), false
    ),
  ]

  @Test("every other answer is named", arguments: answers)
  func refused(
    _ row: (status: UInt16, body: String, outcome: Outcome, refused: Bool)
  ) throws {
    let result = try run(row.status, row.body)
    #expect(result.outcome == row.outcome)
    #expect(result.flags.contains(.credentialRefused) == row.refused)
    #expect(result.grant == nil)
  }

  @Test("a lifetime may be missing, a string, or longer than is believed")
  func lifetimes() throws {
    let rows: [(String, TimeAmount)] = [
      ("", Limits.tokenLifetimeAssumed), (#","expires_in":"90""#, .seconds(90)),
      (#","expires_in":99999999"#, Limits.tokenLifetimeMaximum),
    ]
    for (text, lifetime) in rows {
      let result = try run(200, "{\"access_token\":\"a\",\"token_type\":\"bearer\"\(text)}")
      #expect(result.grant?.lifetime == lifetime)
    }
  }
}
