/// Reads HTTP/1.0 and HTTP/1.1 requests from a connection, one after the other, in whatever parts
/// they arrive (RFC 9112). What two readers could understand differently is refused; after a refusal
/// nothing more is read, and the connection should be closed.
///
/// Call ``next()`` until it asks for more, then ``append(_:)`` what has arrived.
package struct HTTPRequestParser: Sendable {
  package enum Event: Sendable {
    case needMore
    case request(HTTPRequestHead, body: [UInt8])
    case refused(status: Int, reason: String)
  }

  private enum State {
    case head
    case body(HTTPRequestHead, length: Int)
    case refused(HTTPRefusal)
  }

  /// How much may arrive on top of one whole request before the others are taken out.
  private static let pipelinedBytes = 256 << 10

  private let limits: HTTPLimits
  private var input = HTTPInput()
  private var state = State.head
  private var hasSkippedLine = false

  package init(limits: HTTPLimits = HTTPLimits()) { self.limits = limits }

  /// Whether nothing of a further request has arrived.
  package var isIdle: Bool {
    if case .head = state { input.count == 0 } else { false }
  }

  package mutating func append(_ bytes: [UInt8]) {
    if case .refused = state { return }
    let bound = limits.headBytes + limits.bodyBytes + Self.pipelinedBytes
    guard bytes.count <= bound - input.count else {
      return refuse(HTTPRefusal(413, "too much was sent ahead of the answers"))
    }
    input.append(bytes)
  }

  /// The next whole request, if it has arrived.
  package mutating func next() -> Event {
    do throws(HTTPRefusal) {
      if case .head = state, let lines = try takeHead() {
        let head = try Self.head(lines, in: input.bytes)
        state = .body(head, length: try Self.bodyLength(head, limits))
      }
    } catch {
      refuse(error)
    }
    switch state {
    case .head: return .needMore
    case .refused(let refusal): return .refused(status: refusal.status, reason: refusal.reason)
    case .body(let head, let length):
      guard let body = input.take(length) else { return .needMore }
      input.compact()
      state = .head
      hasSkippedLine = false
      return .request(head, body: body)
    }
  }

  private mutating func refuse(_ refusal: HTTPRefusal) {
    state = .refused(refusal)
    input.removeAll()
  }

  /// One empty line before a request is skipped (RFC 9112 section 2.2).
  private mutating func takeHead() throws(HTTPRefusal) -> [Range<Int>]? {
    while let lines = try input.takeSection(limits) {
      if !lines.isEmpty { return lines }
      if hasSkippedLine { throw HTTPRefusal(400, "empty lines instead of a request") }
      hasSkippedLine = true
    }
    return nil
  }

  private static func head(
    _ lines: [Range<Int>], in bytes: [UInt8]
  ) throws(HTTPRefusal) -> HTTPRequestHead {
    let parts = bytes[lines[0]].split(
      separator: 0x20, maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 3 else {
      throw HTTPRefusal(400, "the request line is not a method, a target and a version")
    }
    let minorVersion = try minorVersion(parts[2])
    guard isToken(parts[0]) else { throw HTTPRefusal(400, "the method is not a token") }
    guard !parts[0].elementsEqual("CONNECT".utf8) else {
      throw HTTPRefusal(501, "CONNECT is not supported")
    }
    guard let target = String(validating: parts[1], as: UTF8.self) else {
      throw HTTPRefusal(400, "the target holds a byte that must be percent-encoded")
    }
    return try HTTPRequestHead(
      method: String(decoding: parts[0], as: UTF8.self), target: target,
      headers: parseHeaders(lines.dropFirst(), in: bytes), minorVersion: minorVersion)
  }

  /// A higher minor version is read as 1.1 (RFC 9110 section 2.5).
  private static func minorVersion(_ text: ArraySlice<UInt8>) throws(HTTPRefusal) -> Int {
    let digits = Array(text.dropFirst(5))
    guard text.starts(with: "HTTP/".utf8), digits.count == 3, digits[1] == UInt8(ascii: "."),
      isDigit(digits[0]), isDigit(digits[2])
    else { throw HTTPRefusal(400, "the request line does not end in an HTTP version") }
    guard digits[0] == UInt8(ascii: "1") else {
      throw HTTPRefusal(505, "only HTTP/1.1 and HTTP/1.0 are spoken here")
    }
    return digits[2] == UInt8(ascii: "0") ? 0 : 1
  }

  /// Checks the headers that decide where the message ends and whom it is for.
  private static func bodyLength(
    _ head: HTTPRequestHead, _ limits: HTTPLimits
  ) throws(HTTPRefusal) -> Int {
    let hosts = head.headers.filter { equalsIgnoringCase($0.name, "Host") }
    guard hosts.count == 1 || (hosts.isEmpty && head.minorVersion == 0) else {
      throw HTTPRefusal(400, hosts.isEmpty ? "no Host" : "more than one Host")
    }
    if let host = hosts.first {
      let isHost = host.value.utf8.allSatisfy {
        isUnreserved($0) || "!$&'()*+;=%[]:".utf8.contains($0)
      }
      guard isHost else { throw HTTPRefusal(400, "Host is not a host") }
    }
    if head.header("Transfer-Encoding") != nil {
      if head.header("Content-Length") != nil {
        throw HTTPRefusal(400, "both Content-Length and Transfer-Encoding")
      }
      throw HTTPRefusal(501, "transfer codings are not supported; send Content-Length")
    }
    // Told so, clients send the request again without the expectation (RFC 9110 section 10.1.1).
    if head.header("Expect") != nil { throw HTTPRefusal(417, "no expectation is met here") }
    return try contentLength(head.headers, limit: limits.bodyBytes) ?? 0
  }
}
