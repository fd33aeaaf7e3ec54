/// Bounds of an HTTP message.
package struct HTTPLimits: Sendable, Hashable {
  /// The start line and all header lines, their line ends included.
  package var headBytes: Int
  package var bodyBytes: Int
  package var headers: Int

  package init(headBytes: Int = 16 << 10, bodyBytes: Int = 64 << 10, headers: Int = 100) {
    self.headBytes = headBytes
    self.bodyBytes = bodyBytes
    self.headers = headers
  }
}

/// Why a message was refused: the status a server answers with, and the reason in words.
package struct HTTPRefusal: Error, Sendable, Hashable {
  package var status: Int
  package var reason: String

  package init(_ status: Int, _ reason: String) {
    self.status = status
    self.reason = reason
  }
}

/// Received bytes that have not been taken yet, and how far the search for line ends has come, so
/// that no byte is looked at twice however small the parts arrive in.
struct HTTPInput: Sendable {
  private(set) var bytes: [UInt8] = []
  /// The first byte that has not been taken.
  private var start = 0
  /// The start of the line being looked for, and how far it is known to hold no line end.
  private var lineStart = 0
  private var scanned = 0
  /// The complete lines of the section being read, without their line ends.
  private var lines: [Range<Int>] = []

  var count: Int { bytes.count - start }

  mutating func append(_ part: [UInt8]) { bytes += part }

  mutating func removeAll() { self = HTTPInput() }

  /// Takes lines up to an empty one (RFC 9112 section 2.1), which is not among the result; nil until
  /// they are complete. The ranges hold until the next call that changes the input.
  mutating func takeSection(_ limits: HTTPLimits) throws(HTTPRefusal) -> [Range<Int>]? {
    while let line = try nextLine(within: limits.headBytes) {
      if line.isEmpty {
        let section = lines
        lines = []
        start = lineStart
        return section
      }
      guard lines.count <= limits.headers else { throw HTTPRefusal(431, "too many header lines") }
      lines.append(line)
    }
    if count < limits.headBytes { return nil }
    throw lines.isEmpty
      ? HTTPRefusal(414, "the request line is too long")
      : HTTPRefusal(431, "the header lines are too long")
  }

  /// Takes one line of at most `limit` bytes; nil until it is complete.
  mutating func takeLine(limit: Int) throws(HTTPRefusal) -> Range<Int>? {
    if let line = try nextLine(within: limit + 2) {
      start = lineStart
      return line
    }
    guard count < limit + 2 else { throw HTTPRefusal(400, "a line is too long") }
    return nil
  }

  /// Takes `length` bytes; nil until they are there.
  mutating func take(_ length: Int) -> [UInt8]? {
    guard count >= length else { return nil }
    let taken = Array(bytes[start..<start + length])
    skip(length)
    return taken
  }

  /// Drops what has been taken, once that is most of the buffer.
  mutating func compact() {
    guard start > 0, start >= bytes.count / 2, lines.isEmpty else { return }
    bytes.removeFirst(start)
    scanned -= start
    lineStart -= start
    start = 0
  }

  private mutating func skip(_ length: Int) {
    start += length
    lineStart = start
    scanned = start
  }

  /// The next line that ends in CR LF within the first `limit` bytes that have not been taken. A CR
  /// or LF on its own, and any other control character but the tab, is refused: readers who disagree
  /// about line ends disagree about messages. Bytes beyond the limit are not looked at, so that the
  /// result does not depend on how much has arrived.
  private mutating func nextLine(within limit: Int) throws(HTTPRefusal) -> Range<Int>? {
    let end = min(bytes.count, start + limit)
    while scanned < end {
      switch bytes[scanned] {
      case 0x0D:
        guard scanned + 1 < end else { return nil }
        guard bytes[scanned + 1] == 0x0A else {
          throw HTTPRefusal(400, "a carriage return without a line feed")
        }
        let line = lineStart..<scanned
        scanned += 2
        lineStart = scanned
        return line
      case 0x0A: throw HTTPRefusal(400, "a line feed without a carriage return")
      case 0x09, 0x20...0x7E, 0x80...0xFF: scanned += 1
      default: throw HTTPRefusal(400, "a control character in the head")
      }
    }
    return nil
  }
}
