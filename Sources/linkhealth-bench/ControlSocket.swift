import Base
import CLinux
import Glibc
import Host
import Model
import Wire

/// Requests to the daemon on its control socket, a connection each.
struct ControlSocket {
  private static let timeout = TimeAmount.seconds(30)

  let path: String

  /// The answer's document; an answer other than 200 is an error.
  func get(_ target: String) throws -> JSONNode { try answer("GET", target) }

  func post(_ target: String) throws { _ = try answer("POST", target) }

  func postForAnswer(_ target: String) throws -> JSONNode { try answer("POST", target) }

  /// Whether the daemon answers and says that it is well.
  var isHealthy: Bool { (try? request("GET", "/healthz").status) == 200 }

  private func answer(_ method: String, _ target: String) throws -> JSONNode {
    let (status, body) = try request(method, target)
    let limits = JSONLimits(stringBytes: 1 << 20, totalNodes: 4_000_000, duplicateKeys: .lastWins)
    guard status == 200, let node = parseJSON(body, dialect: .json, limits: limits).node else {
      throw BenchError.failed("\(method) \(target): the daemon answered \(status)")
    }
    return node
  }

  private func request(_ method: String, _ target: String) throws -> (status: Int, body: [UInt8]) {
    guard
      let bytes = httpRequest(method: method, target: target, host: "localhost", keepAlive: false)
    else { throw BenchError.failed("\(target) is no target") }
    let raw = lh_unix_socket(0)
    guard raw >= 0 else { throw SystemError.last("socket") }
    let socket = Descriptor(raw)
    guard lh_unix_connect(socket.raw, path) == 0 else { throw SystemError.last("connect", path) }
    // So short a request fits into the socket's buffer.
    guard send(socket.raw, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
      throw SystemError.last("send", path)
    }
    let deadline = Clock.instant + Self.timeout
    var parser = HTTPResponseParser(limits: HTTPLimits(bodyBytes: Limits.controlResponseBytes))
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      switch parser.next() {
      case .response(let head, let body): return (head.status, body)
      case .failed(let reason): throw BenchError.failed("\(target): \(reason)")
      case .needMore: break
      }
      var wait = pollfd(fd: socket.raw, events: Int16(POLLIN), revents: 0)
      let left = (deadline - Clock.instant).milliseconds
      guard left > 0, poll(&wait, 1, Int32(left)) > 0 else {
        throw BenchError.failed("\(target): no answer within \(Self.timeout)")
      }
      let count = recv(socket.raw, &chunk, chunk.count, 0)
      if count > 0 { parser.append(Array(chunk[..<count])) } else { parser.finish() }
    }
  }
}
