import Base
import CLinux
import ControlClient
import Glibc
import Host
import Model
import Wire

/// Requests to the daemon over its Unix socket, a connection each, all within one time-out.
struct ControlConnection {
  private let path: String
  private let timeout: TimeAmount
  private let deadline: Instant

  init(path: String, timeout: TimeAmount, startedAt: Instant) {
    self.path = path
    self.timeout = timeout
    self.deadline = startedAt + timeout
  }

  func answer(to request: ControlRequest) -> Result<ControlAnswer, ClientFailure> {
    do throws(ClientFailure) {
      let socket = try connect()
      try send(request.bytes, on: socket)
      return .success(try receive(from: socket))
    } catch {
      return .failure(error)
    }
  }

  // MARK: - Connecting

  private func connect() throws(ClientFailure) -> Descriptor {
    let raw = lh_unix_socket(0)
    guard raw >= 0 else { throw .system(reason: SystemError.last("socket").description) }
    let socket = Descriptor(raw)
    while lh_unix_connect(socket.raw, path) != 0 {
      let error = SystemError.last("connect", path)
      switch error.code {
      case EINTR: continue
      // The daemon's queue of connections is full; poll(2) does not tell when it no longer is.
      case EAGAIN: try pause(milliseconds: 20)
      default: throw SocketFile(path).failure(of: error)
      }
    }
    return socket
  }

  private func pause(milliseconds: Int32) throws(ClientFailure) {
    guard remainingMilliseconds > 0 else { throw timedOut }
    _ = poll(nil, 0, min(milliseconds, remainingMilliseconds))
  }

  // MARK: - Sending and receiving

  private func send(_ bytes: [UInt8], on socket: borrowing Descriptor) throws(ClientFailure) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(socket.raw, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count >= 0 {
        sent += count
        continue
      }
      let error = SystemError.last("send", path)
      switch error.code {
      case EINTR: continue
      case EAGAIN: try wait(for: POLLOUT, on: socket)
      // The daemon may have refused already and closed: its answer says why.
      case EPIPE, ECONNRESET: return
      default: throw .system(reason: error.description)
      }
    }
  }

  private func receive(from socket: borrowing Descriptor) throws(ClientFailure) -> ControlAnswer {
    var parser = HTTPResponseParser(
      limits: HTTPLimits(bodyBytes: Limits.controlResponseBytes))
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = try receive(into: &chunk, from: socket)
      if count > 0 { parser.append(Array(chunk[..<count])) } else { parser.finish() }
      switch parser.next() {
      case .needMore: continue
      case .response(let head, let body):
        return ControlAnswer(
          status: head.status, body: body, zone: head.header("linkhealth-zone"))
      case .failed(let reason): throw broken(reason)
      }
    }
  }

  /// Waits for bytes; 0 when the daemon has closed the connection.
  private func receive(
    into chunk: inout [UInt8], from socket: borrowing Descriptor
  ) throws(ClientFailure) -> Int {
    while true {
      let count = chunk.withUnsafeMutableBytes { recv(socket.raw, $0.baseAddress, $0.count, 0) }
      if count >= 0 { return count }
      let error = SystemError.last("recv", path)
      switch error.code {
      case EINTR: continue
      case EAGAIN: try wait(for: POLLIN, on: socket)
      case ECONNRESET: throw broken("the connection was reset")
      default: throw .system(reason: error.description)
      }
    }
  }

  private func wait(for event: Int32, on socket: borrowing Descriptor) throws(ClientFailure) {
    let remaining = remainingMilliseconds
    guard remaining > 0 else { throw timedOut }
    var ready = pollfd(fd: socket.raw, events: Int16(event), revents: 0)
    _ = poll(&ready, 1, remaining)
  }

  private var remainingMilliseconds: Int32 {
    let left = deadline - Clock.instant
    return left > .zero ? Int32(clamping: left.milliseconds + 1) : 0
  }

  private var timedOut: ClientFailure { .timedOut(path: path, after: timeout) }

  private func broken(_ problem: String) -> ClientFailure {
    .brokenAnswer(path: path, problem: problem)
  }
}
