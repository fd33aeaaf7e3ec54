import Base
import Model
import Testing
import Wire

@testable import Probes

private func expectations(_ text: String) throws -> HTTPExpectations {
  let (options, complaints) = try decode(
    HTTPProbe.self, "{ request: { url: \"http://a.example/\" }, expect: \(text) }")
  #expect(complaints.map(\.message) == [])
  return try #require(options).expectations
}

private func envelope(_ body: String) -> String {
  "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body>\(body)</s:Body></s:Envelope>"
}

private let fault = envelope(
  "<s:Fault><faultcode>s:Server</faultcode><faultstring>no link to the registry</faultstring></s:Fault>"
)

@Suite("Judging an answer in XML")
struct SOAPExaminationTests {
  private func examined(
    _ expect: String, _ body: String, status: UInt16 = 200
  ) throws -> Examined {
    Examination(
      expectations: try expectations(expect),
      result: TransferResult(status: status, body: Array(body.utf8))
    ).run()
  }

  @Test(
    "the first thing that is wrong names the outcome",
    arguments: [
      (#"{ body: "soap" }"#, envelope("<ok/>"), 200, "ok", ""),
      (#"{ body: "soap" }"#, fault, 200, "body.fault", "Server"),
      (#"{ body: "soap" }"#, fault, 500, "body.fault", "Server"),
      (#"{ body: "soap" }"#, envelope("<ok/>"), 500, "http.status", "500"),
      (#"{ body: "soap" }"#, "<html/>", 200, "body.notXML", ""),
      (#"{ body: "soap" }"#, "{}", 200, "body.notXML", ""),
      (#"{ body: "xml" }"#, "<a><b></a>", 200, "body.notXML", ""),
      (
        #"{ body: "xml", code: { path: "a/code", ok: ["0"] } }"#, "<a><code> 106 </code></a>", 200,
        "body.applicationCode", "106"
      ),
      (
        #"{ body: "xml", code: { path: "a/code", ok: ["0"] } }"#, "<a/>", 200,
        "body.elementMissing", "a/code"
      ),
      (
        #"{ body: "xml", xml: [{ path: "a/@s", equals: "1" }] }"#, "<a s='2'/>", 200,
        "body.elementMismatch", "a/@s"
      ),
      (
        #"{ body: "xml", xml: [{ path: "a/b", matches: "^[0-9]+$" }] }"#, "<a><b>x1</b></a>", 200,
        "body.elementMismatch", "a/b"
      ),
      (
        #"{ body: "xml", xml: [{ path: "a/b" }] }"#, "<a><b/></a>", 200, "ok", ""
      ),
      (
        #"{ body: "xml", identity: { path: "a/unit", equals: "H26" } }"#,
        "<a><unit>H27</unit></a>", 200, "body.wrongIdentity", "asked for H26, got H27"
      ),
    ] as [(String, String, UInt16, String, String)])
  func outcomes(
    expect: String, body: String, status: UInt16, name: String, detail: String
  ) throws {
    let outcome = try examined(expect, body, status: status).outcome
    #expect(outcome.name == name)
    #expect(outcome.detail == detail)
  }

  @Test("a long reason is cut within the note's bound, between two characters")
  func longReason() throws {
    let reason = String(repeating: "ờ", count: 400)
    let long = fault.replacing("no link to the registry", with: reason)
    let note = try examined(#"{ body: "soap" }"#, long, status: 500).note
    #expect(note.utf8.count <= Limits.noteBytes && note.utf8.count > Limits.noteBytes - 8)
    #expect(note.hasPrefix("ờờờ") && !note.contains("\u{FFFD}"))
  }

  @Test("a fault's reason is in the note, and a refusal stays one")
  func notes() throws {
    #expect(
      try examined(#"{ body: "soap" }"#, fault, status: 500).note == "no link to the registry")
    let refused = try examined(#"{ body: "soap" }"#, fault, status: 401)
    #expect(refused.outcome == .http(.status(401)) && refused.credentialRefused)
    let wrong = try examined(#"{ body: "xml" }"#, "<a>\n<b></a>")
    #expect(wrong.note.contains("2:4"))
  }

  @Test("XML that is nested too deeply is too complex, not wrong")
  func deep() throws {
    let body = String(repeating: "<a>", count: 500) + String(repeating: "</a>", count: 500)
    #expect(try examined(#"{ body: "xml" }"#, body).outcome == .body(.tooComplex))
  }

  @Test("a large XML body is judged beside the loop")
  func long() throws {
    let body = "<a>" + String(repeating: "<b/>", count: 10_000) + "</a>"
    let examination = Examination(
      expectations: try expectations(#"{ body: "xml" }"#),
      result: TransferResult(status: 200, body: Array(body.utf8)))
    #expect(examination.isLong)
    #expect(examination.run().outcome == .ok)
  }

  @Test("an answer that is compressed though nobody asked is told as such")
  func compressed() throws {
    var result = TransferResult(
      status: 200, head: Array("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n".utf8),
      body: [0x1F, 0x8B])
    let examination = Examination(
      expectations: try expectations(#"{ text: ["x"] }"#), result: result)
    #expect(examination.run().outcome == .body(.badEncoding))
    result.wasDecoded = true
    result.body = Array("x".utf8)
    let decoded = Examination(expectations: try expectations(#"{ text: ["x"] }"#), result: result)
    #expect(decoded.run().outcome == .ok)
  }

  @Test(
    "paths of the wrong form are mistakes of the file",
    arguments: [
      (#"{ body: "xml", json: [{ path: "a" }] }"#, "use \"xml\""),
      (#"{ xml: [{ path: "a" }] }"#, "beside it"),
      (#"{ body: "soap", code: { path: "$.a", ok: ["0"] } }"#, "expected a path"),
      (#"{ body: "yaml" }"#, "one of"),
    ])
  func mistakes(expect: String, words: String) throws {
    let complaints = try decode(
      HTTPProbe.self, "{ request: { url: \"http://a.example/\" }, expect: \(expect) }"
    ).complaints
    #expect(complaints.contains { $0.message.contains(words) }, "\(complaints)")
  }
}
