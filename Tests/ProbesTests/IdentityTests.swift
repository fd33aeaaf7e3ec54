import Base
import Model
import Testing
import Wire

@testable import Probes

@Suite("Whose answer it was")
struct IdentityTests {
  private func decode(_ expect: String) -> (options: HTTPOptions?, complaints: [String]) {
    let text = """
      { request: { url: "http://127.0.0.1/x" }, expect: { \(expect) } }
      """
    var complaints = Complaints()
    guard let node = parseJSON(Array(text.utf8), dialect: .json5).node,
      var reader = FieldReader(node, file: "f", path: "", complaints: &complaints)
    else { return (nil, ["no object"]) }
    let context = ProbeContext(placeholders: ["consumerCode": "01", "consumer": "ha-noi"])
    let options = HTTPProbe.decode(&reader, context, &complaints)
    return (options, complaints.list.map(\.description))
  }

  private func judge(
    _ expect: String, body: String, head: String = "HTTP/1.1 200 OK\r\n"
  ) throws -> Outcome {
    let (options, complaints) = decode(expect)
    #expect(complaints == [])
    let result = TransferResult(status: 200, head: Array(head.utf8), body: Array(body.utf8))
    return Examination(expectations: try #require(options).expectations, result: result).run()
      .outcome
  }

  private let inBody = #"identity: { path: "data.maTinh", equals: "{consumerCode}" }"#

  @Test("an answer about the one who was asked for is right, about another it is a failure")
  func path() throws {
    #expect(try judge(inBody, body: #"{"data":{"maTinh":"01"}}"#) == .ok)
    #expect(
      try judge(inBody, body: #"{"data":{"maTinh":"15"}}"#)
        == .body(.wrongIdentity("asked for 01, got 15")))
    #expect(try judge(inBody, body: #"{"data":{}}"#) == .body(.pathMissing("data.maTinh")))
    #expect(
      try judge(inBody, body: #"{"data":{"maTinh":[]}}"#) == .body(.pathMissing("data.maTinh")))
    #expect(try judge(inBody, body: "1") == .body(.pathMissing("data.maTinh")))
    #expect(try judge(inBody, body: "<01>") == .body(.notJSON))
  }

  @Test("a header can say it as well, whatever the body is")
  func header() throws {
    let expect = #"identity: { header: "X-Unit", equals: "{consumer}" }"#
    let head = "HTTP/1.1 200 OK\r\nx-unit: ha-noi\r\n"
    #expect(try judge(expect, body: "no JSON", head: head) == .ok)
    #expect(
      try judge(expect, body: "", head: head.replacing("ha-noi", with: "hue"))
        == .body(.wrongIdentity("asked for ha-noi, got hue")))
    #expect(try judge(expect, body: "") == .http(.headerMissing("X-Unit")))
  }

  @Test("an answer that says that it failed is not asked whose it is")
  func code() throws {
    let expect = #"code: { path: "e", ok: ["0"] }, "# + inBody
    #expect(
      try judge(expect, body: #"{"e":108,"data":{"maTinh":"15"}}"#)
        == .body(.applicationCode("108")))
  }

  @Test("what the other side says is told in few characters")
  func long() throws {
    let body = "{\"data\":{\"maTinh\":\"\(String(repeating: "1", count: 500))\"}}"
    let outcome = try judge(inBody, body: body)
    #expect(outcome.detail.count == Limits.outcomeDetailCharacters)
  }

  @Test("values of an answer can be those of the consumer")
  func equals() throws {
    let expect = #"json: [{ path: "m", equals: "{consumerCode}" }]"#
    #expect(try judge(expect, body: #"{"m":"01"}"#) == .ok)
    #expect(try judge(expect, body: #"{"m":"15"}"#) == .body(.pathMismatch("m")))
  }

  @Test(
    "settings that cannot be meant are complained of",
    arguments: [
      (#"identity: "01""#, "expect.identity: expected an object"),
      ("identity: { equals: 1 }", #"expect.identity: expected either a "path" or a "header""#),
      (
        #"identity: { path: "a", header: "b", equals: 1 }"#,
        #"expect.identity: expected either a "path" or a "header""#
      ),
      (#"identity: { path: "a" }"#, #"expect.identity: the key "equals" is missing"#),
      (#"identity: { path: "a", equals: "{nobody}" }"#, "expect.identity.equals: no value for"),
      (#"identity: { path: "a", equals: [] }"#, "expect.identity.equals: expected a text"),
      (#"identity: { path: "a", equals: 1, x: 2 }"#, #"expect.identity: unknown key "x""#),
      (#"json: [{ path: "a", equals: "{nobody}" }]"#, "expect.json[0].equals: no value for"),
    ])
  func wrong(expect: String, says: String) {
    let complaints = decode(expect).complaints
    #expect(complaints.count == 1 && complaints[0].contains(says), "\(complaints)")
  }
}
