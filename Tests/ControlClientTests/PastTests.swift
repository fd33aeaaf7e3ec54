import Base
import Model
import Testing
import Wire

@testable import ControlClient

@Suite struct PastTests {
  static let now = WallTime(milliseconds: 1_762_477_323_000)

  static func action(_ line: String) throws -> Action {
    try parseArguments(
      line.split(separator: " ").map(String.init), environment: Environment(), now: now
    ).action
  }

  static let lines: [(line: String, target: String)] = [
    (
      "history a/b --since 24h --until 2025-11-07T00:00:00Z --step 15m --probe http",
      "/v1/links/a/b/history?from=2025-11-06T01%3A02%3A03.000Z&to=2025-11-07T00%3A00%3A00Z"
        + "&step=15m&probe=http"
    ),
    ("history a/b --csv", "/v1/links/a/b/history?format=csv"),
    (
      "availability --by province --objective 99.5 --owner moj,mps --system x",
      "/v1/availability?by=province&objective=99.5&system=x&owner=moj,mps"
    ),
    ("worst --order p95 --limit 5", "/v1/worst?order=p95&limit=5"),
    ("compare a/b --weeks 2", "/v1/links/a/b/compare?weeks=2"),
    ("export", "/v1/export?to=2025-11-07T01%3A02%3A03.000Z&format=csv"),
    (
      "export --json --rows hours",
      "/v1/export?to=2025-11-07T01%3A02%3A03.000Z&rows=hours&format=jsonl"
    ),
    (
      "samples a/b --csv --probe http",
      "/v1/export?to=2025-11-07T01%3A02%3A03.000Z&probe=http&format=csv&link=a/b"
    ),
  ]

  @Test("each command line asks its question", arguments: lines)
  func asks(_ line: String, _ target: String) throws {
    let step = Conversation(Invocation(try Self.action(line)), Display()).begin()
    guard case .send(let request) = step else { throw Stopped() }
    #expect(request.target.replacing("%2F", with: "/") == target)
  }

  @Test("samples take --since as they take --from")
  func since() throws {
    guard case .samples(_, let filter) = try Self.action("samples a/b --since 1h") else {
      throw Stopped()
    }
    #expect(filter.from == "2025-11-07T00:02:03.000Z")
  }

  @Test(
    "what cannot be meant is refused",
    arguments: [
      "history", "history a", "history a/b --csv --json", "history a/b --since yesterday",
      "export --state down", "samples a/b --csv --limit 3", "availability a/b",
    ])
  func refused(_ line: String) {
    #expect(throws: UsageError.self) { try Self.action(line) }
  }

  static func page(_ text: String, next: String?) -> Result<ControlAnswer, ClientFailure> {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("format", "csv")
    writer.member("next", next)
    writer.member("text", text)
    writer.endObject()
    return .success(ControlAnswer(status: 200, body: writer.bytes))
  }

  @Test("an export is written page by page, each behind the one before")
  func pages() throws {
    var conversation = Conversation(
      Invocation(try Self.action("export --rows fiveMinutes")), Display())
    guard
      case .write(let first, let request) = conversation.receive(
        Self.page("head\r\na\r\n", next: "a/b:1:0:http")),
      case .finish(let report) = conversation.receive(Self.page("b\r\n", next: nil))
    else { throw Stopped() }
    #expect(first + report.output == Array("head\r\na\r\nb\r\n".utf8))
    #expect(
      request.target
        == "/v1/export?to=2025-11-07T01%3A02%3A03.000Z&rows=fiveMinutes&format=csv&cursor=a%2Fb%3A1%3A0%3Ahttp"
    )
    #expect(report.exitCode == Exit.done)
  }

  @Test("a page that leads to itself, or has no rows, ends the export as a failure")
  func endless() throws {
    var conversation = Conversation(Invocation(try Self.action("export")), Display())
    _ = conversation.receive(Self.page("", next: "x"))
    guard case .finish(let report) = conversation.receive(Self.page("", next: "x")) else {
      throw Stopped()
    }
    #expect(report.exitCode == Exit.failed)
    var other = Conversation(Invocation(try Self.action("export")), Display())
    let empty = ControlAnswer(status: 200, body: Array("{}".utf8))
    guard case .finish(let broken) = other.receive(.success(empty)) else { throw Stopped() }
    #expect(broken.exitCode == Exit.failed)
  }

  @Test("CSV goes through as it is, and cannot act on a terminal")
  func csv() throws {
    let body = Array("a,b\r\n\u{1B}[2J,\"x\"\r\n".utf8)
    func output(_ display: Display) throws -> [UInt8] {
      var conversation = Conversation(
        Invocation(try Self.action("history a/b --csv")), display)
      guard
        case .finish(let report) = conversation.receive(
          .success(ControlAnswer(status: 200, body: body)))
      else { throw Stopped() }
      return report.output
    }
    #expect(try output(Display()) == body)
    #expect(
      String(decoding: try output(Display(columns: 80)), as: UTF8.self)
        == "a,b\n\\u{1b}[2J,\"x\"\n")
  }

  @Test(
    "a share is cut, so that only the whole is 100 %",
    arguments: [
      (1.0, "100.000 %"), (0.999_999_9, "99.999 %"), (0.0, "0.000 %"), (0.5, "50.000 %"),
      (0.07, "7.000 %"), (.nan, "-"), (-1, "-"),
    ])
  func share(_ share: Double, _ text: String) {
    #expect(percentText(share) == text)
  }

  struct Stopped: Error {}
}
