import Base
import Wire

/// The endpoints under `/_test/`, which behave the same in every scenario.
///
/// An endpoint is `/_test/KIND` or `/_test/KIND/ARGUMENT`; what follows is ignored, so that test
/// links can have targets of their own.
package struct TestEndpoints {
  private struct Kind {
    var name: String
    /// What the argument means and what stands for it when it is absent; nil for none.
    var argument: String?
    var summary: String
    /// The reply, or nil for an argument that cannot be.
    var reply: (AnswerContext, String?) -> Reply?
  }

  package static func reply(to request: SimulatedRequest) -> Reply {
    let path = request.head.segments
    let context = AnswerContext(
      style: .usual(for: "test"), unit: "test", request: request)
    guard path.count > 1, let kind = kinds.first(where: { $0.name == path[1] }) else {
      let names = kinds.map(\.name).joined(separator: ", ")
      return context.error(404, "no such test endpoint; there are: \(names)")
    }
    let argument = path.count > 2 && kind.argument != nil ? path[2] : nil
    return kind.reply(context, argument)
      ?? context.error(400, "\(kind.name) takes \(kind.argument ?? "no argument")")
  }

  /// One line per kind, for the help text.
  package static var help: [(endpoint: String, summary: String)] {
    kinds.map { kind in
      (kind.name + (kind.argument.map { "[/\($0)]" } ?? ""), kind.summary)
    }
  }

  private static func fixed(_ name: String, _ summary: String, _ fault: Fault?) -> Kind {
    Kind(name: name, argument: nil, summary: summary) { context, _ in
      fault.map(context.faulty) ?? context.healthy
    }
  }

  private static var kinds: [Kind] {
    [
      fixed("ok", "a healthy answer", nil),
      Kind(name: "echo", argument: nil, summary: "the request, as JSON") { context, _ in
        context.echo
      },
      Kind(name: "status", argument: "CODE", summary: "this HTTP status (default 503)") {
        whole($1, default: 503, in: 200...599).map(Fault.status).map($0.faulty)
      },
      Kind(name: "code", argument: "CODE", summary: "this application code (default 108)") {
        $0.faulty(.code($1 ?? "108"))
      },
      Kind(name: "delay", argument: "MS", summary: "an answer after so long (default 1000)") {
        let longest = Int(SimulatorLimits.longestDelay.milliseconds)
        guard let milliseconds = whole($1, default: 1_000, in: 0...longest) else { return nil }
        var reply = $0.healthy
        reply.delay = .milliseconds(Int64(milliseconds))
        return reply
      },
      Kind(name: "size", argument: "BYTES", summary: "a body of this size (default 1024)") {
        whole($1, default: 1_024, in: 2...SimulatorLimits.testBodyBytes).map($0.sized)
      },
      Kind(name: "drip", argument: "MS", summary: "the body byte by byte (default every 100)") {
        whole($1, default: 100, in: 1...60_000).map { .milliseconds(Int64($0)) }
          .map(Fault.drip).map($0.faulty)
      },
      fixed("hang", "no answer", .hang),
      fixed("close", "the end of the connection, without an answer", .close),
      fixed("reset", "a TCP reset, without an answer", .reset(.start)),
      fixed("reset-head", "a TCP reset within the head", .reset(.head)),
      fixed("reset-body", "a TCP reset within the body", .reset(.body)),
      fixed("endless-header", "a header field without end", .endless(.header)),
      fixed("endless-headers", "header fields without end", .endless(.headers)),
      fixed("endless-body", "a body without end", .endless(.body)),
      fixed("wrong-length", "a body shorter than promised", .wrongLength(.short)),
      fixed("longer-body", "a body longer than promised", .wrongLength(.long)),
      fixed("garbage", "no HTTP", .garbage),
      fixed("redirect-loop", "302 to itself", .redirect(.loop)),
      Kind(
        name: "redirect-host", argument: "HOST",
        summary: "302 to another host (with HOST: to its /_test/echo, at this port)"
      ) {
        $0.faulty(.redirect($1.map($0.elsewhere) ?? .host))
      },
      fixed("redirect-protocol", "302 to another protocol", .redirect(.protocol)),
      Kind(name: "redirect", argument: "KIND", summary: "302 to /_test/KIND (default ok)") {
        $0.faulty(.redirect(.reference("/_test/\($1 ?? "ok")")))
      },
      fixed("escapes", "terminal escapes in the body", .body(.escapes)),
      fixed("deep-json", "JSON nested 200,000 levels deep", .body(.deepJSON)),
      fixed("big-number", "a number of 100,000 digits", .body(.bigNumber)),
      fixed("broken-utf8", "a body that is not UTF-8", .body(.brokenUTF8)),
    ]
  }

  private static func whole(
    _ text: String?, default usual: Int, in range: ClosedRange<Int>
  ) -> Int? {
    guard let text else { return usual }
    return Int(text).flatMap { range.contains($0) ? $0 : nil }
  }
}

extension AnswerContext {
  /// What arrived, so that a test can see which headers and credentials were sent.
  fileprivate var echo: Reply {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("method", request.head.method)
    writer.member("target", request.head.target)
    writer.key("headers")
    writer.beginArray()
    for (name, value) in request.head.headers {
      writer.beginArray()
      writer.string(name)
      writer.string(value)
      writer.endArray()
    }
    writer.endArray()
    writer.member("body", String(decoding: request.body, as: UTF8.self))
    writer.endObject()
    return json(200, writer.bytes)
  }

  /// The port is ours, as the client knows it.
  fileprivate func elsewhere(_ host: String) -> RedirectTarget {
    let authority = request.head.header("Host") ?? ""
    let port = authority.lastIndex(of: ":").map { authority[$0...] } ?? ""
    return .reference("http://\(host)\(port)/_test/echo")
  }

  /// A JSON string that makes the body so many bytes long.
  fileprivate func sized(_ count: Int) -> Reply {
    var body = [UInt8](repeating: UInt8(ascii: "x"), count: count)
    body[0] = UInt8(ascii: "\"")
    body[count - 1] = UInt8(ascii: "\"")
    return json(200, body)
  }
}
