import Base
import Model
import Testing
import Wire

@testable import Probes

@Suite("Judging an answer")
struct ExaminationTests {
  private func examination(
    _ expectations: HTTPExpectations, body: String = "", head: String = ""
  ) -> Examination {
    Examination(
      expectations: expectations,
      result: TransferResult(status: 200, head: Array(head.utf8), body: Array(body.utf8)))
  }

  /// 18 bytes of source, 1,800 states.
  private static let wide = "a(?:[ab]d?){600}c"

  @Test("a short pattern with many states is as long as they are, over a body or a head")
  func states() throws {
    let wide = try Pattern(Self.wide)
    #expect(wide.stateCount > 1_500)
    let body = String(repeating: "ab", count: 50)
    #expect(examination(HTTPExpectations(patterns: [wide]), body: body).isLong)
    let path = HTTPExpectations.Path(path: try JSONPath("a"), matches: wide)
    #expect(examination(HTTPExpectations(json: [path]), body: body).isLong)
    let header = HTTPExpectations.Header(name: "Server", matches: wide)
    #expect(examination(HTTPExpectations(headers: [header]), head: body).isLong)
    let narrow = HTTPExpectations(patterns: [try Pattern("ab+c")])
    #expect(!examination(narrow, body: body).isLong)
  }

  @Test("what is within our bounds of JSON and what is no JSON are told apart")
  func complexJSON() throws {
    let code = HTTPExpectations.Code(path: try JSONPath("a"), ok: ["0"], refused: [])
    let expectations = HTTPExpectations(code: code)
    let levels = String(repeating: "[", count: 1_000) + String(repeating: "]", count: 1_000)
    let number = "{\"a\": \(String(repeating: "9", count: 1_000))}"
    for body in [levels, number] {
      #expect(examination(expectations, body: body).run().outcome == .body(.tooComplex))
    }
    #expect(examination(expectations, body: "{\"a\": }").run().outcome == .body(.notJSON))
    #expect(examination(expectations, body: "{\"a\": 0}").run().outcome == .ok)
  }

  @Test(
    "an answer that takes too much work is told as one, and soon", .timeLimit(.minutes(1)),
    arguments: ["body", "json", "header"])
  func tooMuchWork(place: String) throws {
    // Nearly every letter leads to a set of states that was not met before.
    var generator = SeededGenerator(seed: 3)
    let letters = (0..<200_000).map { _ in generator.below(2) == 0 ? "a" : "b" }.joined()
    let wide = try Pattern(Self.wide)
    let examination =
      switch place {
      case "body": examination(HTTPExpectations(patterns: [wide]), body: letters)
      case "json":
        examination(
          HTTPExpectations(json: [.init(path: try JSONPath("a"), matches: wide)]),
          body: "{\"a\": \"\(letters)\"}")
      default:
        examination(
          HTTPExpectations(headers: [.init(name: "x", matches: wide)]), head: "x: \(letters)\r\n")
      }
    #expect(examination.isLong)
    #expect(examination.run().outcome == .body(.tooComplex))
  }

  @Test("the headers' values are compared one by one")
  func headers() throws {
    let head = "HTTP/1.1 200 OK\r\nVia: one\r\nVia: two\r\n\r\n"
    func outcome(_ equals: String?, _ matches: String?) throws -> Outcome {
      let header = HTTPExpectations.Header(
        name: "via", equals: equals, matches: try matches.map { try Pattern($0) })
      return examination(HTTPExpectations(headers: [header]), head: head).run().outcome
    }
    #expect(try outcome(nil, nil) == .ok)
    #expect(try outcome("two", nil) == .ok)
    #expect(try outcome("two", "^t") == .ok)
    #expect(try outcome("one", "^t") == .http(.headerMismatch("via")))
    #expect(try outcome(nil, "^three") == .http(.headerMismatch("via")))
  }

  @Test("a text is found wherever it stands, and nowhere else")
  func texts() {
    var generator = SeededGenerator(seed: 9)
    for _ in 0..<5_000 {
      let bytes = (0..<generator.below(12)).map { _ in UInt8(0x61 + generator.below(2)) }
      let wanted = (0..<generator.below(5)).map { _ in UInt8(0x61 + generator.below(2)) }
      let starts = 0...max(0, bytes.count - wanted.count)
      let found =
        wanted.count <= bytes.count
        && starts.contains { bytes[$0..<($0 + wanted.count)].elementsEqual(wanted) }
      #expect(contains(bytes, wanted) == found, "\(wanted) in \(bytes)")
    }
  }

  @Test("a long text that nearly stands everywhere is looked for in linear time")
  func hostileText() {
    let bytes = [UInt8](repeating: 0x61, count: 400_000)
    let wanted = [UInt8](repeating: 0x61, count: 200_000) + [0x62]
    // Comparing at each place takes 40,000,000,000 steps.
    #expect(!contains(bytes, wanted))
  }
}
