import Base
import CLinux
import Glibc
import Host
import Synchronization
import Wire

/// A TCP server within the test: each connection is handed to `handle` on a thread of its own. Its
/// threads hold it, so that a test must ``stop()`` it.
final class TestServer: Sendable {
  let port: UInt16
  private let listener: Int32
  private let isStopping = Atomic<Bool>(false)
  private let threads: Workers

  /// So many connections are held at a time.
  private static let connectionsAtOnce = 16

  init(
    address: String = "127.0.0.1", port: UInt16 = 0,
    _ handle: @escaping @Sendable (ServedConnection) -> Void
  ) throws {
    listener = lh_tcp_listen(address, port, 64)
    guard listener >= 0 else { throw SystemError.last("listen", "\(address):\(port)") }
    self.port = lh_local_port(listener)
    threads = try Workers(threads: Self.connectionsAtOnce + 1, capacity: 1_024)
    _ = threads.submit { [self] in acceptAll(handle) }
  }

  var url: String { "http://127.0.0.1:\(port)" }

  /// Ends all connections and frees the port.
  func stop() {
    guard !isStopping.exchange(true, ordering: .relaxed) else { return }
    threads.stopAndWait()
    close(listener)
  }

  private func acceptAll(_ handle: @escaping @Sendable (ServedConnection) -> Void) {
    while !isStopping.load(ordering: .relaxed) {
      guard waitUntil(listener, POLLIN, within: .milliseconds(50)) else { continue }
      let raw = lh_accept(listener)
      guard raw >= 0 else { continue }
      let connection = ServedConnection(raw) { [self] in isStopping.load(ordering: .relaxed) }
      if !threads.submit({ handle(connection) }) { return }
    }
  }
}

/// One connection that a ``TestServer`` has accepted; closed when its handler lets go of it.
final class ServedConnection: Sendable {
  private let descriptor: Int32
  private let isStopping: @Sendable () -> Bool

  fileprivate init(_ descriptor: Int32, isStopping: @escaping @Sendable () -> Bool) {
    self.descriptor = descriptor
    self.isStopping = isStopping
    _ = lh_no_delay(descriptor)
  }

  deinit { close(descriptor) }

  /// The next request; nil when the connection ends or the test does.
  func request() -> (head: HTTPRequestHead, body: [UInt8])? {
    var parser = HTTPRequestParser(limits: HTTPLimits(bodyBytes: 4 << 20))
    while true {
      switch parser.next() {
      case .request(let head, let body): return (head, body)
      case .refused: return nil
      case .needMore: break
      }
      guard let bytes = receive() else { return nil }
      parser.append(bytes)
    }
  }

  /// All that comes up to the first blank line, as it is; nil when the connection ends before.
  func rawHead() -> String? {
    var text = ""
    while !text.contains("\r\n\r\n") {
      guard let bytes = receive() else { return nil }
      text += String(decoding: bytes, as: UTF8.self)
    }
    return text
  }

  /// Some bytes; nil when the connection ends or the test does.
  func receive() -> [UInt8]? {
    while !isStopping() {
      guard waitUntil(descriptor, POLLIN, within: .milliseconds(50)) else { continue }
      return try? receiveSome(descriptor, until: Clock.instant + .seconds(1))
    }
    return nil
  }

  @discardableResult
  func send(_ text: String) -> Bool { sendAll(descriptor, Array(text.utf8)) }

  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool { sendAll(descriptor, bytes) }

  /// A whole answer; the connection stays open.
  func answer(
    _ status: Int = 200, headers: [(String, String)] = [], _ body: String = "ok"
  ) {
    send(httpResponse(status: status, headers: headers, body: Array(body.utf8), keepAlive: true))
  }

  /// The next close sends a reset.
  func resetOnClose() { _ = lh_reset_on_close(descriptor) }

  /// Says nothing until the other side goes or the test ends.
  func hold() { while receive() != nil {} }

  /// Sends pieces with pauses until the other side goes, the test ends, or `pieces` gives nil.
  func drip(every pause: TimeAmount, _ piece: (Int) -> String?) {
    var count = 0
    while !isStopping(), let text = piece(count), send(text) {
      count += 1
      rest(pause)
    }
  }
}

/// A port of 127.0.0.1 on which nothing listens; it is free a moment before and likely stays so.
func freePort() throws -> UInt16 {
  let listener = lh_tcp_listen("127.0.0.1", 0, 1)
  guard listener >= 0 else { throw SystemError.last("listen") }
  defer { close(listener) }
  return lh_local_port(listener)
}
