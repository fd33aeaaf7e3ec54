import Base
import Testing

@testable import Wire

private func parse(_ text: String, limits: HTTPLimits = HTTPLimits()) -> HTTPRequestParser.Event {
  var parser = HTTPRequestParser(limits: limits)
  parser.append(Array(text.utf8))
  return parser.next()
}

/// A request in one line, to compare.
private func shown(_ event: HTTPRequestParser.Event) -> String {
  switch event {
  case .needMore: return "more"
  case .refused(let status, let reason): return "\(status) \(reason)"
  case .request(let head, let body):
    let headers = head.headers.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
    return "\(head.method) \(head.target) [\(headers)] \(String(decoding: body, as: UTF8.self))"
  }
}

private let valid = [
  "GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n",
  "POST /v1/links/a%2Fb/pause?by=l%C3%AA+v HTTP/1.1\r\nHost: x\r\nContent-Length: 15\r\n\r\n{\"reason\": \"x\"}",
  "GET / HTTP/1.0\r\n\r\n",
  "\r\nHEAD http://localhost/metrics HTTP/1.1\r\nhost:\tlocalhost:80 \r\nAccept: a, b\r\n\r\n",
  "DELETE /x HTTP/1.1\r\nHost:\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
]

@Suite("HTTPRequestParser")
struct HTTPRequestParserTests {
  @Test("a request is taken apart")
  func parts() throws {
    guard case .request(let head, let body) = parse(valid[1]) else {
      Issue.record("the request is valid")
      return
    }
    #expect(head.method == "POST")
    #expect(head.path == "/v1/links/a%2Fb/pause")
    #expect(head.segments == ["v1", "links", "a/b", "pause"])
    #expect(head.query("by") == "lê v")
    #expect(head.query("to") == nil)
    #expect(head.header("HOST") == "x")
    #expect(head.keepAlive)
    #expect(String(decoding: body, as: UTF8.self) == #"{"reason": "x"}"#)
  }

  @Test(
    "paths and queries are decoded part by part",
    arguments: [
      ("/", [], [], "the root has no parts"),
      ("/a/", ["a", ""], [], "a final slash leaves an empty part"),
      ("//a", ["", "a"], [], "a double slash leaves an empty part"),
      ("/a/../b", ["a", "..", "b"], [], "dots are left to the router"),
      ("/a+b", ["a+b"], [], "a plus in the path is a plus"),
      ("/?a=1&b&&=2&a=x%26y%3D", [], ["a=1", "b=", "=2", "a=x&y="], "pairs in their order"),
      ("http://h.example/a?b", ["a"], ["b="], "the absolute form"),
    ] as [(String, [String], [String], String)])
  func targets(target: String, segments: [String], query: [String], reason: String) throws {
    let head = try HTTPRequestHead(method: "GET", target: target)
    #expect(head.segments == segments, "\(reason)")
    #expect(head.query.map { "\($0.name)=\($0.value)" } == query, "\(reason)")
  }

  @Test(
    "the connection outlives the request as version and header say",
    arguments: [
      ("1.1", "", true), ("1.1", "Connection: close\r\n", false),
      ("1.1", "Connection: keep-alive, Close\r\n", false), ("1.0", "", false),
      ("1.0", "Connection: Keep-Alive\r\n", true), ("1.7", "", true),
    ])
  func keepAlive(version: String, header: String, expected: Bool) {
    guard case .request(let head, _) = parse("GET / HTTP/\(version)\r\nHost: x\r\n\(header)\r\n")
    else {
      Issue.record("the request is valid")
      return
    }
    #expect(head.keepAlive == expected)
  }

  @Test(
    "what could be understood in two ways is refused",
    arguments: [
      ("GET / HTTP/1.1\nHost: x\n\n", 400, "line feed without"),
      ("GET / HTTP/1.1\rHost: x\r\n\r\n", 400, "carriage return without"),
      ("GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400, "starts with white space"),
      ("GET / HTTP/1.1\r\n Host: x\r\n\r\n", 400, "starts with white space"),
      ("GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400, "white space between"),
      ("GET / HTTP/1.1\r\nHost\r\n\r\n", 400, "without a colon"),
      ("GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n", 400, "not a token"),
      ("GET / HTTP/1.1\r\nHost: x\r\nA(b): y\r\n\r\n", 400, "not a token"),
      ("GET / HTTP/1.1\r\nHost: x\r\nA: b\u{0}c\r\n\r\n", 400, "control character"),
      ("GET / HTTP/1.1\r\nHost: x\r\nA: b\u{7F}c\r\n\r\n", 400, "control character"),
      ("GET / HTTP/1.1\r\n\r\n", 400, "no Host"),
      ("GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400, "more than one Host"),
      ("GET / HTTP/1.0\r\nHost: x\r\nhost: y\r\n\r\n", 400, "more than one Host"),
      ("GET / HTTP/1.1\r\nHost: x, y\r\n\r\n", 400, "not a host"),
      ("GET / HTTP/1.1\r\nHost: x/y\r\n\r\n", 400, "not a host"),
      ("GET / HTTP/1.1\r\nHost: me@x\r\n\r\n", 400, "not a host"),
      (
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400,
        "more than"
      ),
      ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\n", 400, "not a number"),
      ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\n", 400, "not a number"),
      ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400, "not a number"),
      ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x1\r\n\r\n", 400, "not a number"),
      ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n", 400, "not a number"),
      ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n", 413, "larger"),
      ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", 413, "larger"),
      (
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        400,
        "both"
      ),
      ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 501, "transfer codings"),
      (
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n", 501, "transfer codings"
      ),
      ("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n", 417, "expectation"),
      ("GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400, "request line"),
      ("GET / HTTP/1.1 \r\nHost: x\r\n\r\n", 400, "request line"),
      ("GET /\r\nHost: x\r\n\r\n", 400, "request line"),
      ("GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n", 400, "request line"),
      (" GET / HTTP/1.1\r\nHost: x\r\n\r\n", 400, "request line"),
      ("G@T / HTTP/1.1\r\nHost: x\r\n\r\n", 400, "method"),
      (" / HTTP/1.1\r\nHost: x\r\n\r\n", 400, "method"),
      ("CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n", 501, "CONNECT"),
      ("GET x HTTP/1.1\r\nHost: x\r\n\r\n", 400, "neither a path"),
      ("GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400, "neither a path"),
      ("GET /a\"b HTTP/1.1\r\nHost: x\r\n\r\n", 400, "percent-encoded"),
      ("GET /ộ HTTP/1.1\r\nHost: x\r\n\r\n", 400, "percent-encoded"),
      ("GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n", 400, "percent-encoded"),
      ("GET /% HTTP/1.1\r\nHost: x\r\n\r\n", 400, "hexadecimal"),
      ("GET /?a=%4 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "hexadecimal"),
      ("GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "control character"),
      ("GET /?a=%0D%0A HTTP/1.1\r\nHost: x\r\n\r\n", 400, "control character"),
      ("GET /%FF HTTP/1.1\r\nHost: x\r\n\r\n", 400, "UTF-8"),
      ("GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505, "only HTTP/1.1"),
      ("GET / HTTP/0.9\r\nHost: x\r\n\r\n", 505, "only HTTP/1.1"),
      ("GET / http/1.1\r\nHost: x\r\n\r\n", 400, "version"),
      ("GET / HTTP/1.10\r\nHost: x\r\n\r\n", 400, "version"),
      ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "only HTTP/1.1"),
      ("\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 400, "empty lines"),
      ("\u{16}\u{3}\u{1}", 400, "control character"),
    ])
  func refused(text: String, status: Int, reason: String) {
    guard case .refused(let foundStatus, let foundReason) = parse(text) else {
      Issue.record("refused with \(reason), not \(shown(parse(text)))")
      return
    }
    #expect(foundStatus == status)
    #expect(foundReason.contains(reason), "\(foundReason)")
  }

  @Test("OPTIONS may ask about the server as a whole")
  func options() {
    guard case .request(let head, _) = parse("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n") else {
      Issue.record("the request is valid")
      return
    }
    #expect(head.path == "*")
  }

  @Test("the head is bounded, whether or not its end has arrived")
  func headBounds() {
    let limits = HTTPLimits(headBytes: 64, bodyBytes: 8, headers: 2)
    let start = "GET / HTTP/1.1\r\nHost: x\r\n"  // 25 bytes
    let fitting = start + "A: " + String(repeating: "b", count: 32) + "\r\n\r\n"
    #expect(fitting.utf8.count == 64)
    #expect(shown(parse(fitting, limits: limits)).hasPrefix("GET"))
    let long = start + "A: " + String(repeating: "b", count: 33) + "\r\n\r\n"
    #expect(shown(parse(long, limits: limits)).hasPrefix("431"))
    #expect(shown(parse(String(long.dropLast(4)) + "b", limits: limits)) == "more")
    #expect(shown(parse(long + "bbbbbbb", limits: limits)).hasPrefix("431"))
    let line = "GET /" + String(repeating: "a", count: 60)
    #expect(shown(parse(line, limits: limits)).hasPrefix("414"))
    #expect(shown(parse(line + " HTTP/1.1\r\n", limits: limits)).hasPrefix("414"))
    #expect(shown(parse(start + "A: b\r\n\r\n", limits: limits)).hasPrefix("GET"))
    #expect(shown(parse(start + "A: b\r\nC: d\r\n", limits: limits)).hasPrefix("431"))
  }

  @Test("a body of the greatest length passes, and no more is kept than the bounds allow")
  func bodyBounds() {
    var parser = HTTPRequestParser()
    let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\n"
    parser.append(Array(head.utf8) + [UInt8](repeating: 0x61, count: 65_536))
    guard case .request(_, let body) = parser.next() else {
      Issue.record("the body is within the bound")
      return
    }
    #expect(body.count == 65_536)
    for _ in 0..<1_000 { parser.append([UInt8](repeating: 0x61, count: 1_024)) }
    #expect(shown(parser.next()).hasPrefix("413"))
  }

  @Test("requests sent ahead are answered in their order")
  func pipelining() {
    var parser = HTTPRequestParser()
    parser.append(Array(valid.joined().utf8))
    for text in valid { #expect(shown(parser.next()) == shown(parse(text))) }
    #expect(shown(parser.next()) == "more")
    #expect(parser.isIdle)
    parser.append([0x47])
    #expect(shown(parser.next()) == "more")
    #expect(!parser.isIdle)
  }

  @Test("one empty line may precede each request")
  func emptyLines() {
    let found = requests([Array((valid[3] + valid[3] + "\r\n\r\n" + valid[0]).utf8)])
    #expect(found.count == 3)
    #expect(found[0] == found[1])
    #expect(found[2].hasPrefix("400 empty lines"))
  }

  @Test("any cut in two gives the same requests", arguments: valid.indices)
  func cuts(index: Int) {
    let bytes = Array((valid[index] + valid[0]).utf8)
    let expected = [shown(parse(valid[index])), shown(parse(valid[0]))]
    for cut in 0...bytes.count {
      #expect(requests([Array(bytes[..<cut]), Array(bytes[cut...])]) == expected, "cut at \(cut)")
    }
  }

  @Test("single bytes give the same requests")
  func singleBytes() {
    let parts = valid.joined().utf8.map { [$0] }
    #expect(requests(parts) == valid.map { shown(parse($0)) })
  }

  @Test("a refusal stays, whatever follows")
  func sticky() {
    var parser = HTTPRequestParser()
    parser.append(Array("GET / HTTP/3.0\r\n\r\n".utf8))
    let first = shown(parser.next())
    parser.append(Array(valid[0].utf8))
    #expect(shown(parser.next()) == first)
  }

  @Test("damaged requests never break the parser or its bounds", arguments: 0..<4)
  func damage(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let limits = HTTPLimits(headBytes: 512, bodyBytes: 64, headers: 8)
    let pieces = [
      "\r\n", "\r", "\n", " ", ":", "%", "\u{0}", "Content-Length: 7\r\n", "Host: y\r\n", "ộ",
    ]
    for _ in 0..<1_500 {
      var bytes = Array(valid[Int(generator.below(UInt64(valid.count)))].utf8)
      for _ in 0...generator.below(4) {
        let place = Int(generator.below(UInt64(bytes.count)))
        switch generator.below(5) {
        case 0: bytes[place] = UInt8(generator.below(256))
        case 1 where bytes.count > 1: bytes.remove(at: place)
        case 2: bytes.insert(contentsOf: pieces[Int(generator.below(10))].utf8, at: place)
        case 3: bytes += bytes[place...]
        default: bytes.insert(contentsOf: bytes[..<place], at: place)
        }
      }
      var cuts: [[UInt8]] = []
      var rest = bytes[...]
      while !rest.isEmpty {
        let part = rest.prefix(1 + Int(generator.below(40)))
        cuts.append(Array(part))
        rest = rest.dropFirst(part.count)
      }
      let whole = requests([bytes], limits: limits)
      #expect(requests(cuts, limits: limits) == whole, "seed \(seed): \(bytes)")
    }
  }

  /// Feeds the parts and shows what comes out, checking bounds on the way.
  private func requests(_ parts: [[UInt8]], limits: HTTPLimits = HTTPLimits()) -> [String] {
    var parser = HTTPRequestParser(limits: limits)
    var found: [String] = []
    for part in parts {
      parser.append(part)
      while true {
        let event = parser.next()
        if case .needMore = event { break }
        if case .request(let head, let body) = event {
          #expect(body.count <= limits.bodyBytes && head.headers.count <= limits.headers)
        }
        found.append(shown(event))
        if case .refused = event { return found }
      }
    }
    return found
  }
}
