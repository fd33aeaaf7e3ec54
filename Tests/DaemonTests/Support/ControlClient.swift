import Base
import CLinux
import Glibc
import Host
import Wire

/// An answer of the control socket.
struct ControlAnswer {
  var status: Int
  var head: HTTPResponseHead
  var body: [UInt8]

  var text: String { String(decoding: body, as: UTF8.self) }
  /// The body as JSON; nil when it is none.
  var json: JSONNode? {
    let parsed = parseJSON(body, dialect: .json)
    return parsed.errors.isEmpty ? parsed.node : nil
  }
  var errorCode: String? { json?["error"]?["code"]?.string }
}

/// One connection to a control socket, byte by byte where a test wants it.
final class ControlConnection {
  let descriptor: Int32
  private var parser = HTTPResponseParser()

  /// Nil when nothing answers at the path.
  init?(_ path: String) {
    descriptor = lh_unix_socket(0)
    // No close here: an instance all of whose properties are set goes through `deinit` also when
    // its `init` fails, and a second close ends a descriptor that another thread has just got.
    guard descriptor >= 0, lh_unix_connect(descriptor, path) == 0 else { return nil }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// False when the other side takes no more.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool { sendAll(descriptor, bytes) }

  @discardableResult
  func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  /// The next whole answer; nil when the connection ends without one.
  func receive(within bound: TimeAmount = .seconds(20)) throws -> ControlAnswer? {
    let limit = Clock.instant + bound
    while true {
      switch parser.next() {
      case .response(let head, let body):
        return ControlAnswer(status: head.status, head: head, body: body)
      case .failed(let reason): throw HarnessError("the answer is not HTTP: \(reason)")
      case .needMore: break
      }
      guard let bytes = try receiveSome(descriptor, until: limit) else { return nil }
      parser.append(bytes)
    }
  }

  /// Whether the other side has closed the connection before `bound` passes.
  func isClosed(within bound: TimeAmount) -> Bool {
    let limit = Clock.instant + bound
    while let bytes = try? receiveSome(descriptor, until: limit) {
      if bytes.isEmpty { return false }
    }
    return Clock.instant < limit
  }

  func request(_ method: String, _ target: String, body: String = "") throws -> ControlAnswer {
    guard
      let bytes = httpRequest(
        method: method, target: target, host: "localhost", body: Array(body.utf8))
    else { throw HarnessError("no such request: \(method) \(target)") }
    send(bytes)
    guard let answer = try receive() else {
      throw HarnessError("no answer to \(method) \(target)")
    }
    return answer
  }
}

/// Sends all of it, waiting for room; false when the other side takes no more.
func sendAll(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
  var sent = 0
  while sent < bytes.count {
    let count = bytes.withUnsafeBytes {
      Glibc.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
    }
    if count > 0 {
      sent += count
    } else if errno != EAGAIN || !waitUntil(descriptor, POLLOUT, within: .seconds(20)) {
      return false
    }
  }
  return true
}

/// What has arrived, waiting for it; nil at the end of the connection.
func receiveSome(_ descriptor: Int32, until limit: Instant) throws -> [UInt8]? {
  var buffer = [UInt8](repeating: 0, count: 64 << 10)
  while true {
    let count = recv(descriptor, &buffer, buffer.count, 0)
    if count > 0 { return Array(buffer.prefix(count)) }
    if count == 0 || (errno != EAGAIN && errno != EINTR) { return nil }
    let left = limit - Clock.instant
    guard left > .zero, waitUntil(descriptor, POLLIN, within: left) else {
      throw HarnessError("nothing came in time")
    }
  }
}
