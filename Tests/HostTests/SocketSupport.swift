import Base
import CLinux
import Glibc
import Model
import Probes
import Synchronization
import Testing
import Wire

@testable import Host

/// Runs machines of any kind over the sockets of a real loop, with one set of exchanges.
final class SocketBench {
  private let reactor: Reactor
  private(set) var sockets: SocketExchanges!
  private var machine: (any Probe)?
  private var result: ProbeResult?
  private var number: UInt32 = 0

  init(capacity: Int = 64) throws {
    reactor = try Reactor()
    sockets = SocketExchanges(reactor: reactor, capacity: capacity) {
      [unowned self] token, event, now in
      deliver(event, token, at: now.instant)
    }
  }

  func run<Kind: Probe>(
    _ kind: Kind.Type, _ options: Kind.Options, timeout: TimeAmount = .seconds(5),
    heldUpBy hold: () -> Void = {}
  ) throws -> ProbeResult {
    var machine = Kind(options, timeout: timeout, tracing: true)
    machine.seed(randomSeed())
    self.machine = machine
    result = nil
    number += 1
    let token = Token(index: number, generation: 1)
    let began = Clock.instant
    deliver(.start, token, at: began)
    hold()
    while result == nil, Clock.instant < began + timeout {
      try reactor.round(longest: .milliseconds(20))
    }
    if result == nil {
      sockets.cancel(token)
      deliver(.timedOut(waitingInOurQueue: false), token, at: Clock.instant)
    }
    sockets.cancel(token)
    #expect(sockets.inUseCount == 0)
    return try #require(result)
  }

  private func deliver(_ first: ProbeEvent, _ token: Token, at now: Instant) {
    var next: (event: ProbeEvent, at: Instant)? = (first, now)
    while let (event, time) = next {
      guard let action = machine?.step(event, at: time) else { return }
      next = perform(action, token).map { ($0, timeOf($0, token)) }
    }
  }

  private func timeOf(_ event: ProbeEvent, _ token: Token) -> Instant {
    if case .sent = event { return sockets.sentAt(token)?.instant ?? Clock.instant }
    return Clock.instant
  }

  private func perform(_ action: ProbeAction, _ token: Token) -> ProbeEvent? {
    switch action {
    case .connect(let target): return sockets.connect(token, target)
    case .send(let bytes): return sockets.send(token, bytes)
    case .receive(let limit, let within):
      return sockets.receive(token, limit: limit, within: within)
    case .wait(let time): return sockets.wait(token, time)
    case .examine(let examination): return .examined(examination.run())
    case .resolve(let host, let family):
      switch systemLookup(host, family) {
      case .addresses(let list, let took, _): return .resolved(addresses: list, took: took)
      case .failed(let cause, let took, _): return .notResolved(cause, took: took)
      case .noRoom: return .timedOut(waitingInOurQueue: true)
      }
    case .finish(let result):
      self.result = result
      machine = nil
      return nil
    case .transfer, .token, .spawn:
      Issue.record("unexpected action")
      return nil
    }
  }
}

/// A listener that does with each connection what it is told, without waiting for a word.
final class Listener: Sendable {
  let port: UInt16
  private let descriptor: Int32
  private let threads: Workers
  private let isStopping = Atomic<Bool>(false)

  init(_ handle: @escaping @Sendable (Int32) -> Void) throws {
    descriptor = lh_tcp_listen("127.0.0.1", 0, 16)
    guard descriptor >= 0 else { throw SystemError.last("listen") }
    port = lh_local_port(descriptor)
    threads = try Workers(threads: 1, capacity: 1)
    _ = threads.submit { [self] in
      while !isStopping.load(ordering: .relaxed) {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, 20) == 1 else { continue }
        let connection = lh_accept(descriptor)
        guard connection >= 0 else { continue }
        handle(connection)
        close(connection)
      }
    }
  }

  func stop() {
    guard !isStopping.exchange(true, ordering: .relaxed) else { return }
    threads.stopAndWait()
    close(descriptor)
  }

  /// Waits until the other side has closed, or says no more for two seconds.
  static func drain(_ connection: Int32) {
    var bytes = [UInt8](repeating: 0, count: 4_096)
    var entry = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
    while poll(&entry, 1, 2_000) == 1, recv(connection, &bytes, bytes.count, 0) > 0 {}
  }
}

/// A UDP server that says what it is told to each packet.
final class PacketServer: Sendable {
  let port: UInt16
  private let descriptor: Int32
  private let threads: Workers
  private let isStopping = Atomic<Bool>(false)

  init(_ answers: @escaping @Sendable ([UInt8]) -> [[UInt8]]) throws {
    let raw = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    descriptor = raw
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let bound = withUnsafePointer(to: &place) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard raw >= 0, bound == 0 else { throw SystemError.last("bind") }
    port = lh_local_port(raw)
    threads = try Workers(threads: 1, capacity: 1)
    _ = threads.submit { [self] in serve(answers) }
  }

  func stop() {
    guard !isStopping.exchange(true, ordering: .relaxed) else { return }
    threads.stopAndWait()
    close(descriptor)
  }

  private func serve(_ answers: ([UInt8]) -> [[UInt8]]) {
    var buffer = [UInt8](repeating: 0, count: 2_048)
    while !isStopping.load(ordering: .relaxed) {
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&entry, 1, 20) == 1 else { continue }
      var from = sockaddr_storage()
      var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      withUnsafeMutablePointer(to: &from) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { sender in
          let count = recvfrom(descriptor, &buffer, buffer.count, 0, sender, &length)
          guard count > 0 else { return }
          for answer in answers(Array(buffer.prefix(count))) {
            _ = sendto(descriptor, answer, answer.count, 0, sender, length)
          }
        }
      }
    }
  }
}
