import Base
import CLinux
import Glibc
import Probes
import Synchronization
import Testing
import Wire

@testable import Host

/// Performs transfers one after another, with the same pool of handles.
final class TransferBench {
  private let reactor: Reactor
  private var transfers: CurlTransfers!
  private var result: TransferResult?
  private var number: UInt32 = 0

  init() throws {
    reactor = try Reactor()
    transfers = CurlTransfers(reactor: reactor) { [unowned self] _, result in
      self.result = result
    }
  }

  func run(_ transfer: Transfer) throws -> TransferResult {
    result = nil
    number += 1
    transfers.start(transfer, token: Token(index: number, generation: 1))
    let end = Clock.instant + .seconds(20)
    while result == nil, Clock.instant < end { try reactor.round(longest: .milliseconds(20)) }
    return try #require(result)
  }

  /// One exchange with a server on the loopback.
  func get(
    _ url: String, _ settings: TransferSettings = TransferSettings(), address: String? = nil,
    method: String = "GET", timeLimit: TimeAmount = .seconds(10), connectLimit: TimeAmount? = nil
  ) throws -> TransferResult {
    var transfer = Transfer(
      settings: settings, method: method, url: try URLParts(url), address: address,
      timeLimit: timeLimit)
    transfer.connectLimit = connectLimit
    return try run(transfer)
  }
}

/// A server that reads a head and says what it is told to, whatever was asked.
final class RawServer: Sendable {
  let port: UInt16
  private let listener: Int32
  private let threads: Workers
  private let isStopping = Atomic<Bool>(false)
  private let requests = Mutex<[String]>([])

  /// What is done with a connection once something has come on it.
  typealias Handle = @Sendable (_ connection: Int32) -> Void

  init(_ handle: @escaping Handle) throws {
    listener = lh_tcp_listen("127.0.0.1", 0, 64)
    guard listener >= 0 else { throw SystemError.last("listen") }
    port = lh_local_port(listener)
    threads = try Workers(threads: 1, capacity: 1)
    _ = threads.submit { [self] in serve(handle) }
  }

  /// Sends the bytes and closes.
  static func saying(_ bytes: [UInt8]) throws -> RawServer {
    try RawServer { connection in _ = write(connection, bytes) }
  }

  static func saying(_ text: String) throws -> RawServer { try saying(Array(text.utf8)) }

  var url: String { "http://127.0.0.1:\(port)/" }
  /// The first bytes of each connection.
  var heard: [String] { requests.withLock { $0 } }

  func stop() {
    isStopping.store(true, ordering: .relaxed)
    threads.stopAndWait()
    close(listener)
  }

  static func write(_ connection: Int32, _ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count > 0 {
        sent += count
      } else if count < 0 && errno == EAGAIN {
        guard ready(connection, POLLOUT, milliseconds: 2_000) else { return false }
      } else {
        return false
      }
    }
    return true
  }

  private func serve(_ handle: Handle) {
    while !isStopping.load(ordering: .relaxed) {
      guard Self.ready(listener, POLLIN, milliseconds: 20) else { continue }
      let connection = lh_accept(listener)
      guard connection >= 0 else { continue }
      var bytes = [UInt8](repeating: 0, count: 4_096)
      if Self.ready(connection, POLLIN, milliseconds: 2_000) {
        let count = recv(connection, &bytes, bytes.count, 0)
        let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        requests.withLock { $0.append(text) }
        handle(connection)
      }
      close(connection)
    }
  }

  private static func ready(_ descriptor: Int32, _ events: Int32, milliseconds: Int32) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
    return poll(&entry, 1, milliseconds) == 1
  }
}

/// A port of 127.0.0.1 that answers no SYN: its queue of connections is full.
final class SilentPort {
  let port: UInt16
  private let listener: Int32
  private var connections: [Int32] = []

  init() throws {
    listener = lh_tcp_listen("127.0.0.1", 0, 0)
    guard listener >= 0 else { throw SystemError.last("listen") }
    port = lh_local_port(listener)
    for _ in 0..<4 { connections.append(try connection()) }
  }

  deinit { for descriptor in connections + [listener] { close(descriptor) } }

  private func connection() throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0, lh_set_nonblocking(descriptor) == 0 else {
      throw SystemError.last("socket")
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    return descriptor
  }
}
