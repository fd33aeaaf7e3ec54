import Base
import CLinux
import Glibc
import Host
import Synchronization

/// A TCP server on loopback that hands each connection to `handle`, on a thread of its own. Must be
/// stopped.
final class HostileServer: Sendable {
  let port: UInt16
  private let listener: Int32
  private let isStopping = Atomic<Bool>(false)
  private let threads: Workers

  private static let connectionsAtOnce = 16

  init(_ handle: @escaping @Sendable (HostileConnection) -> Void) throws {
    listener = lh_tcp_listen("127.0.0.1", 0, 64)
    guard listener >= 0 else { throw SystemError.last("listen", "127.0.0.1") }
    port = lh_local_port(listener)
    threads = try Workers(threads: Self.connectionsAtOnce + 1, capacity: 1_024)
    _ = threads.submit { [self] in acceptAll(handle) }
  }

  func stop() {
    isStopping.store(true, ordering: .relaxed)
    threads.stopAndWait()
    close(listener)
  }

  private func acceptAll(_ handle: @escaping @Sendable (HostileConnection) -> Void) {
    while !isStopping.load(ordering: .relaxed) {
      guard isReady(listener, POLLIN) else { continue }
      let raw = lh_accept(listener)
      guard raw >= 0 else { continue }
      let connection = HostileConnection(raw) { [self] in isStopping.load(ordering: .relaxed) }
      if !threads.submit({ handle(connection) }) { return }
    }
  }
}

/// Waits for it a little while, so that whoever waits notices an end.
private func isReady(_ descriptor: Int32, _ events: Int32) -> Bool {
  var wait = pollfd(fd: descriptor, events: Int16(events), revents: 0)
  return poll(&wait, 1, 50) > 0
}

/// One connection of a ``HostileServer``; closed when its handler lets go of it.
final class HostileConnection: Sendable {
  private let descriptor: Int32
  private let isStopping: @Sendable () -> Bool

  init(_ descriptor: Int32, isStopping: @escaping @Sendable () -> Bool) {
    self.descriptor = descriptor
    self.isStopping = isStopping
    _ = lh_no_delay(descriptor)
  }

  deinit { close(descriptor) }

  /// Some bytes; nil when the connection ends or the server does.
  func receive() -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    while !isStopping() {
      guard isReady(descriptor, POLLIN) else { continue }
      let count = recv(descriptor, &buffer, buffer.count, 0)
      return count > 0 ? Array(buffer.prefix(count)) : nil
    }
    return nil
  }

  /// Waits for a request without a body; false when none comes.
  func awaitRequest() -> Bool {
    var bytes: [UInt8] = []
    while let more = receive() {
      bytes += more
      if bytes.suffix(4) == [0x0D, 0x0A, 0x0D, 0x0A] { return true }
    }
    return false
  }

  /// False once the other side has had enough.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty, !isStopping() {
      let sent = rest.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if sent > 0 {
        rest = rest.dropFirst(sent)
      } else {
        guard errno == EAGAIN || errno == EINTR else { return false }
        _ = isReady(descriptor, POLLOUT)
      }
    }
    return rest.isEmpty
  }

  /// A whole answer with a body, and more headers, each with its line's end.
  func answer(_ headers: String = "", _ body: [UInt8]) {
    send(Array("HTTP/1.1 200 OK\r\n\(headers)Content-Length: \(body.count)\r\n\r\n".utf8) + body)
  }

  /// A byte at a time.
  func drip(_ count: Int, every pause: TimeAmount) {
    for _ in 0..<count {
      guard !isStopping(), send([0x78]) else { return }
      usleep(UInt32(pause.microseconds))
    }
  }
}
