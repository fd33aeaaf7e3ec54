import Base
import Testing

@testable import Wire

private func shown(_ event: HTTPResponseParser.Event) -> String {
  switch event {
  case .needMore: return "more"
  case .failed(let reason): return "failed: \(reason)"
  case .response(let head, let body):
    return "\(head.status) \(head.reason): \(String(decoding: body, as: UTF8.self))"
  }
}

@Suite("HTTPResponseParser and the writers")
struct HTTPResponseTests {
  private static let valid = [
    ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "200 OK: hello", "a length"),
    ("HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n", "404 : ", "an empty reason"),
    ("HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", "404 : ", "no reason at all"),
    ("HTTP/1.0 200 OK\r\n\r\nuntil close", "200 OK: until close", "the end of the connection"),
    ("HTTP/1.1 204 No Content\r\n\r\n", "204 No Content: ", "a status without a body"),
    (
      "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "304 Not Modified: ",
      "a length without a body"
    ),
    (
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", "200 OK: x",
      "an interim response first"
    ),
    (
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n00A \r\n, world...\r\n"
        + "0\r\nTrailer: x\r\n\r\n", "200 OK: hello, world...", "chunks with extension and trailer"
    ),
  ]

  @Test("the body ends where the head says, however it arrives", arguments: valid)
  func bodies(text: String, expected: String, reason: String) {
    let bytes = Array(text.utf8)
    for cut in 0...bytes.count {
      var parser = HTTPResponseParser()
      parser.append(Array(bytes[..<cut]))
      var found = shown(parser.next())
      if found == "more" {
        parser.append(Array(bytes[cut...]))
        parser.finish()
        found = shown(parser.next())
      }
      #expect(found == expected, "\(reason), cut at \(cut)")
    }
  }

  @Test("single bytes give the same response", arguments: valid)
  func singleBytes(text: String, expected: String, reason: String) {
    var parser = HTTPResponseParser()
    var found = "more"
    for byte in text.utf8 where found == "more" {
      parser.append([byte])
      found = shown(parser.next())
    }
    parser.finish()
    #expect((found == "more" ? shown(parser.next()) : found) == expected, "\(reason)")
  }

  @Test(
    "a response that is cut or could be understood in two ways fails",
    arguments: [
      ("", "closed"), ("HTTP/1.1 200 OK\r\nContent-Le", "closed"),
      ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", "closed"),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "closed"),
      ("HTTP/2 200\r\n\r\n", "status line"), ("HTTP/1.1 099 x\r\n\r\n", "status line"),
      ("HTTP/1.1 20 x\r\n\r\n", "status line"), ("HTTP/1.1\r\n\r\n", "status line"),
      ("\r\n", "status line"), ("ICY 200 OK\r\n\r\n", "status line"),
      ("HTTP/1.1 101 x\r\n\r\n", "change of protocol"),
      ("HTTP/1.1 200 OK\n\n", "line feed"), ("HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "white space"),
      (
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "both"
      ),
      ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "more than one"),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "unknown transfer coding"),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", "not a number"),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\ng\r\n", "not a number"),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\n", "not a number"),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n", "not a number"),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFF\r\n", "larger"),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", "line is too long"),
    ])
  func failures(text: String, reason: String) {
    var parser = HTTPResponseParser()
    parser.append(Array(text.utf8))
    parser.finish()
    let found = shown(parser.next())
    #expect(found.hasPrefix("failed") && found.contains(reason), "\(found)")
  }

  @Test("bodies are bounded in every framing")
  func bounds() {
    let limits = HTTPLimits(headBytes: 200, bodyBytes: 8)
    let chunked = "Transfer-Encoding: chunked\r\n\r\n"
    for rest in [
      "Content-Length: 9\r\n\r\n", chunked + "5\r\nhello\r\n4\r\n", "\r\n123456789",
    ] {
      var parser = HTTPResponseParser(limits: limits)
      parser.append(Array(("HTTP/1.1 200 OK\r\n" + rest).utf8))
      #expect(shown(parser.next()).contains("larger than 8 bytes"))
    }
    var parser = HTTPResponseParser(limits: limits)
    parser.append(Array("HTTP/1.1 200 OK\r\n".utf8))
    for _ in 0..<100 {
      parser.append(Array("A: b\r\n".utf8))
      _ = parser.next()
    }
    #expect(shown(parser.next()).hasPrefix("failed"))
  }

  @Test("the answer to HEAD has no body, and the next answer follows")
  func head() {
    var parser = HTTPResponseParser(isAnswerToHead: true)
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"
    parser.append(Array((answer + answer).utf8))
    #expect(shown(parser.next()) == "200 OK: ")
    #expect(shown(parser.next()) == "200 OK: ")
    #expect(shown(parser.next()) == "more")
  }

  @Test("damaged responses never break the parser", arguments: 0..<2)
  func damage(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<2_000 {
      let row = Self.valid[Int(generator.below(UInt64(Self.valid.count)))]
      var bytes = Array(row.0.utf8)
      for _ in 0...generator.below(3) {
        let place = Int(generator.below(UInt64(bytes.count)))
        if generator.below(3) == 0 { bytes.insert(contentsOf: bytes[..<place], at: place) }
        bytes[place] = UInt8(generator.below(256))
      }
      let outcomes = [bytes.count, 7].map { size in
        var parser = HTTPResponseParser(limits: HTTPLimits(bodyBytes: 64))
        var found: [String] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
          parser.append(Array(bytes[start..<min(start + size, bytes.count)]))
          while case let text = shown(parser.next()), text != "more" {
            found.append(text)
            if text.hasPrefix("failed") { return found }
          }
        }
        return found
      }
      #expect(outcomes[0] == outcomes[1], "seed \(seed): \(bytes)")
    }
  }

  // MARK: - Writers

  @Test("a response is written with its length and read back")
  func writing() {
    let bytes = httpResponse(
      status: 200, headers: [("Content-Type", "text/plain")], body: Array("ok".utf8),
      keepAlive: true)
    #expect(
      String(decoding: bytes, as: UTF8.self)
        == "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok")
    var parser = HTTPResponseParser()
    parser.append(bytes)
    guard case .response(let head, let body) = parser.next() else {
      Issue.record("the response is valid")
      return
    }
    #expect(head.keepAlive)
    #expect(head.header("content-type") == "text/plain")
    #expect(body == Array("ok".utf8))
  }

  @Test("no text from outside can add a header or change the framing")
  func injection() {
    let headers = [
      ("A", "x\r\nSet-Cookie: y"), ("B\r\nC", "z"), ("D", "n\u{0}ul"), ("E:", "x"), ("", "x"),
      ("content-length", "99"), ("Transfer-Encoding", "chunked"), ("Connection", "upgrade"),
    ]
    let text = String(
      decoding: httpResponse(status: 503, headers: headers, keepAlive: false), as: UTF8.self)
    #expect(
      text == "HTTP/1.1 503 Service Unavailable\r\nA: x  Set-Cookie: y\r\nD: n ul\r\n"
        + "Content-Length: 0\r\nConnection: close\r\n\r\n")
  }

  @Test("an answer to HEAD tells the length and keeps the body")
  func writingHead() {
    let text = String(
      decoding: httpResponse(
        status: 200, body: Array("hello".utf8), keepAlive: true, headOnly: true), as: UTF8.self)
    #expect(text == "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
  }

  @Test("a 204 has neither length nor body")
  func writingNoContent() {
    let text = String(
      decoding: httpResponse(status: 204, body: [0x61], keepAlive: true), as: UTF8.self)
    #expect(text == "HTTP/1.1 204 No Content\r\n\r\n")
  }

  @Test("a request is written as the request parser reads it")
  func writingRequests() throws {
    let bytes = try #require(
      httpRequest(
        method: "POST", target: "/v1/links/a%2Fb/pause?x=1", host: "localhost",
        headers: [("Accept", "*/*"), ("Host", "other"), ("X\n", "y")], body: Array("{}".utf8),
        keepAlive: false))
    var parser = HTTPRequestParser()
    parser.append(bytes)
    guard case .request(let head, let body) = parser.next() else {
      Issue.record("the request is valid")
      return
    }
    #expect(head.segments == ["v1", "links", "a/b", "pause"])
    #expect(head.headers.map(\.name) == ["Host", "Accept", "Content-Length", "Connection"])
    #expect(head.header("Host") == "localhost")
    #expect(!head.keepAlive)
    #expect(body == Array("{}".utf8))
  }

  @Test(
    "a request that would be read differently is not written",
    arguments: [
      ("GE T", "/", "x"), ("GET", "", "x"), ("GET", "/a b", "x"), ("GET", "/\r\n", "x"),
      ("GET", "/", "x\r\ny"), ("GET", "/ộ", "x"), ("", "/", "x"),
    ])
  func unwritable(method: String, target: String, host: String) {
    #expect(httpRequest(method: method, target: target, host: host) == nil)
  }
}
