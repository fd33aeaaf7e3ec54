/// The head of a response.
package struct HTTPResponseHead: Sendable {
  package let status: Int
  package let reason: String
  package let headers: HTTPHeaders
  package let minorVersion: Int

  /// The first value of a header, its name compared without case.
  package func header(_ name: String) -> String? { headerValue(name, in: headers) }

  package var keepAlive: Bool { keepsConnection(minorVersion: minorVersion, headers) }
}

/// Reads HTTP/1 responses from a connection in whatever parts they arrive; the body may be given by
/// its length, in chunks, or by the end of the connection (RFC 9112 section 6.3). Interim responses
/// are passed over. A message that could be understood in two ways fails.
package struct HTTPResponseParser: Sendable {
  package enum Event: Sendable {
    case needMore
    case response(HTTPResponseHead, body: [UInt8])
    case failed(reason: String)
  }

  private enum State {
    case head
    case body(length: Int)
    case bodyUntilClose
    case chunkSize
    case chunk(length: Int)
    case chunkEnd
    case trailers
    case complete
    case failed(String)
  }

  private static let chunkLineBytes = 256

  private let limits: HTTPLimits
  private let isAnswerToHead: Bool
  private var input = HTTPInput()
  private var state = State.head
  private var head: HTTPResponseHead?
  private var body: [UInt8] = []
  private var isClosed = false

  /// `isAnswerToHead` tells that the request was a `HEAD`, whose answer has no body.
  package init(
    limits: HTTPLimits = HTTPLimits(bodyBytes: 64 << 20), isAnswerToHead: Bool = false
  ) {
    self.limits = limits
    self.isAnswerToHead = isAnswerToHead
  }

  package mutating func append(_ bytes: [UInt8]) {
    if case .failed = state { return }
    guard bytes.count <= limits.headBytes + limits.bodyBytes + (1 << 20) - input.count else {
      return fail("the response is larger than \(limits.bodyBytes) bytes")
    }
    input.append(bytes)
  }

  /// Tells that the other side has closed the connection.
  package mutating func finish() { isClosed = true }

  /// The next whole response, if it has arrived.
  package mutating func next() -> Event {
    do throws(HTTPRefusal) {
      while try step() {}
    } catch {
      fail(error.reason)
    }
    switch state {
    case .failed(let reason): return .failed(reason: reason)
    case .complete:
      guard let head else { return .needMore }
      let whole = body
      (self.head, body, state) = (nil, [], .head)
      return .response(head, body: whole)
    default:
      guard isClosed else { return .needMore }
      fail("the connection was closed before the end of the response")
      return next()
    }
  }

  private mutating func fail(_ reason: String) {
    state = .failed(reason)
    input.removeAll()
  }

  /// Goes one state further; false when that takes more bytes or the response is complete.
  private mutating func step() throws(HTTPRefusal) -> Bool {
    defer { input.compact() }
    switch state {
    case .complete, .failed: return false
    case .head:
      guard let lines = try input.takeSection(limits) else { return false }
      try readHead(lines)
    case .body(let length):
      guard let bytes = input.take(length) else { return false }
      (body, state) = (bytes, .complete)
    case .bodyUntilClose:
      guard input.count <= limits.bodyBytes else {
        throw HTTPRefusal(413, "the response is larger than \(limits.bodyBytes) bytes")
      }
      guard isClosed, let bytes = input.take(input.count) else { return false }
      (body, state) = (bytes, .complete)
    case .chunkSize:
      guard let line = try input.takeLine(limit: Self.chunkLineBytes) else { return false }
      let length = try chunkLength(input.bytes[line])
      state = length == 0 ? .trailers : .chunk(length: length)
    case .chunk(let length):
      guard let bytes = input.take(length) else { return false }
      body += bytes
      state = .chunkEnd
    case .chunkEnd:
      guard let line = try input.takeLine(limit: 0) else { return false }
      guard line.isEmpty else { throw HTTPRefusal(400, "a chunk is longer than its length") }
      state = .chunkSize
    case .trailers:
      guard try input.takeSection(limits) != nil else { return false }
      state = .complete
    }
    return true
  }

  private mutating func readHead(_ lines: [Range<Int>]) throws(HTTPRefusal) {
    let bytes = input.bytes
    guard let first = lines.first else { throw HTTPRefusal(400, "no status line") }
    let parts = bytes[first].split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count >= 2, parts[0].count == 8, parts[0].starts(with: "HTTP/1.".utf8),
      let minor = parts[0].last, isDigit(minor), parts[1].count == 3,
      parts[1].allSatisfy(isDigit), let status = Int(String(decoding: parts[1], as: UTF8.self)),
      status >= 100
    else { throw HTTPRefusal(400, "the status line is not one of HTTP/1") }
    let head = HTTPResponseHead(
      status: status, reason: parts.count == 3 ? String(decoding: parts[2], as: UTF8.self) : "",
      headers: try parseHeaders(lines.dropFirst(), in: bytes),
      minorVersion: minor == UInt8(ascii: "0") ? 0 : 1)
    if status == 101 { throw HTTPRefusal(400, "a change of protocol that nobody asked for") }
    if status < 200 { return }
    state = try bodyState(head)
    self.head = head
  }

  private func bodyState(_ head: HTTPResponseHead) throws(HTTPRefusal) -> State {
    let codings = listMembers("Transfer-Encoding", in: head.headers)
    let length = try contentLength(
      head.headers, limit: isAnswerToHead ? .max : limits.bodyBytes)
    if isAnswerToHead || head.status == 204 || head.status == 304 { return .complete }
    if codings.isEmpty { return length.map { .body(length: $0) } ?? .bodyUntilClose }
    guard length == nil else {
      throw HTTPRefusal(400, "both Content-Length and Transfer-Encoding")
    }
    guard codings == ["chunked"] else { throw HTTPRefusal(501, "an unknown transfer coding") }
    return .chunkSize
  }

  /// RFC 9112 section 7.1; chunk extensions are passed over.
  private func chunkLength(_ line: ArraySlice<UInt8>) throws(HTTPRefusal) -> Int {
    let digits = trimmingSpace(line.prefix { $0 != UInt8(ascii: ";") })
    var length = 0
    guard !digits.isEmpty, digits.count <= 15 else {
      throw HTTPRefusal(400, "a chunk's length is not a number")
    }
    for digit in digits {
      guard let value = hexValue(digit) else {
        throw HTTPRefusal(400, "a chunk's length is not a number")
      }
      length = length << 4 | Int(value)
    }
    guard length <= limits.bodyBytes - body.count else {
      throw HTTPRefusal(413, "the response is larger than \(limits.bodyBytes) bytes")
    }
    return length
  }
}
