import Base
import CLinux
import Glibc
import Host
import Wire

/// A small HTTP server on the reactor: answers probes, of which some are told to fail, and takes
/// webhooks, noting when each had arrived whole.
final class AnswerServer: ReadinessHandler {
  let port: UInt16
  /// The paths that answer 500 now.
  var failing: Set<String> = []
  var onWebhook: ([UInt8], WallTime) -> Void = { _, _ in }

  static let webhookPath = "/webhook"

  private let reactor: Reactor
  private let listener: Descriptor
  private var connections: [Token: Connection] = [:]
  private var buffer = [UInt8](repeating: 0, count: 64 << 10)
  private let right = httpResponse(
    status: 200, headers: [("Content-Type", "application/json")],
    body: Array(#"{"status":"0"}"#.utf8), keepAlive: true)
  private let wrong = httpResponse(status: 500, body: Array("failing".utf8), keepAlive: true)
  private let taken = httpResponse(status: 204, keepAlive: true)

  private final class Connection {
    let descriptor: Descriptor
    var parser = HTTPRequestParser(limits: HTTPLimits(bodyBytes: 1 << 20))

    init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
  }

  init(_ reactor: Reactor) throws(SystemError) {
    self.reactor = reactor
    let raw = lh_tcp_listen("127.0.0.1", 0, 4_096)
    guard raw >= 0 else { throw SystemError.last("listen", "127.0.0.1") }
    listener = Descriptor(raw)
    port = lh_local_port(listener.raw)
    _ = try reactor.add(listener.raw, .readable, handler: self)
  }

  func ready(_ readiness: Readiness, key: Int32, token: Token) {
    if let connection = connections[token] { receive(connection, token) } else { accept() }
  }

  private func accept() {
    while true {
      let raw = lh_accept(listener.raw)
      guard raw >= 0 else { return }
      let connection = Connection(Descriptor(raw))
      _ = lh_no_delay(raw)
      if let token = try? reactor.add(raw, .readable, handler: self) {
        connections[token] = connection
      }
    }
  }

  private func receive(_ connection: Connection, _ token: Token) {
    let count = recv(connection.descriptor.raw, &buffer, buffer.count, 0)
    if count < 0, errno == EAGAIN || errno == EINTR { return }
    guard count > 0 else { return close(token) }
    connection.parser.append(Array(buffer[..<count]))
    while true {
      switch connection.parser.next() {
      case .needMore: return
      case .refused: return close(token)
      case .request(let head, let body):
        // So short an answer fits into the socket's buffer.
        let answer = answer(head, body)
        let sent = send(
          connection.descriptor.raw, answer, answer.count, Int32(MSG_NOSIGNAL))
        guard sent == answer.count else { return close(token) }
      }
    }
  }

  private func answer(_ head: HTTPRequestHead, _ body: [UInt8]) -> [UInt8] {
    guard head.path == Self.webhookPath else { return failing.contains(head.path) ? wrong : right }
    onWebhook(body, Clock.wall)
    return taken
  }

  private func close(_ token: Token) {
    reactor.remove(token)
    connections[token] = nil
  }
}
