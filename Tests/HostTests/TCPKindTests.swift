import Base
import CLinux
import Glibc
import Model
import Probes
import Synchronization
import Testing
import Wire

@testable import Host

@Suite("The kind tcp over real sockets", .serialized)
struct TCPKindTests {
  private func options(
    _ port: UInt16, host: String = "127.0.0.1", text: String? = "220 ready", send: String? = nil,
    limit: Int = 4_096, source: String? = nil
  ) throws -> TCPOptions {
    TCPOptions(
      target: try HostPort("\(host):\(port)"), sourceAddress: source,
      send: send.map { SecretText(text: Array($0.utf8), secrets: []) }, text: text,
      limitBytes: limit)
  }

  private func write(_ connection: Int32, _ text: String) {
    _ = RawServer.write(connection, Array(text.utf8))
  }

  private typealias Row = (
    name: String, outcome: Outcome, handle: @Sendable (Int32) -> Void
  )

  @Test(
    "a server is told by what it does",
    arguments: ["right", "inParts", "other", "silent", "closes", "resets", "floods"])
  func servers(_ name: String) throws {
    let rows: [Row] = [
      ("right", .ok, { _ = RawServer.write($0, Array("220 ready\r\n".utf8)) }),
      (
        "inParts", .ok,
        { connection in
          for byte in Array("220 ready\r\n".utf8) { _ = RawServer.write(connection, [byte]) }
          Listener.drain(connection)
        }
      ),
      ("other", .answer(.textMissing("220 ready")), { _ = RawServer.write($0, [0x35, 0x35]) }),
      ("silent", .answer(.timedOut), { Listener.drain($0) }),
      ("closes", .answer(.closed), { _ in }),
      ("resets", .answer(.reset), { _ = lh_reset_on_close($0) }),
      (
        "floods", .answer(.tooLarge),
        { connection in
          let bytes = [UInt8](repeating: 0x78, count: 65_536)
          while RawServer.write(connection, bytes) {}
        }
      ),
    ]
    let row = try #require(rows.first { $0.name == name })
    let server = try Listener(row.handle)
    defer { server.stop() }
    let result = try SocketBench().run(
      TCPProbe.self, try options(server.port), timeout: .milliseconds(900))
    #expect(result.outcome == row.outcome)
    #expect(result.address == "127.0.0.1")
    #expect(result.bodyBytes <= 4_097)
  }

  @Test("a connection that was reset before the loop looked came about all the same")
  func resetBeforeLooked() throws {
    let handled = Atomic<Int>(0)
    let server = try Listener { connection in
      _ = lh_reset_on_close(connection)
      handled.add(1, ordering: .sequentiallyConsistent)
    }
    defer { server.stop() }
    let result = try SocketBench().run(
      TCPProbe.self, try options(server.port), timeout: .seconds(20),
      heldUpBy: {
        // The listener takes one after the other: with the second, the first is closed.
        let second = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(second) }
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = server.port.bigEndian
        place.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let code = withUnsafePointer(to: &place) { pointer in
          pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            Glibc.connect(second, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
          }
        }
        #expect(code == 0)
        let bound = Clock.instant + .seconds(10)
        while handled.load(ordering: .sequentiallyConsistent) < 2, Clock.instant < bound {
          sched_yield()
        }
      })
    #expect(result.outcome == .answer(.reset))
  }

  @Test("what is to be sent reaches the server, however much it is")
  func sends() throws {
    let server = try Listener { connection in
      var count = 0
      var bytes = [UInt8](repeating: 0, count: 65_536)
      while count < 1_000_000 {
        var entry = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, 2_000) == 1 else { return }
        let got = recv(connection, &bytes, bytes.count, 0)
        guard got > 0 else { return }
        count += got
      }
      _ = RawServer.write(connection, Array("\(count)".utf8))
    }
    defer { server.stop() }
    let result = try SocketBench().run(
      TCPProbe.self,
      try options(server.port, text: "1000000", send: String(repeating: "x", count: 1_000_000)))
    #expect(result.outcome == .ok)
  }

  @Test("a port where nothing listens, and one that answers no SYN")
  func noConnection() throws {
    let gone = try Listener { _ in }
    gone.stop()
    let bench = try SocketBench()
    #expect(try bench.run(TCPProbe.self, try options(gone.port)).outcome == .connect(.refused))
    let silent = try SilentPort()
    let late = try bench.run(
      TCPProbe.self, try options(silent.port), timeout: .milliseconds(300))
    #expect(late.outcome == .connect(.timedOut))
  }

  @Test("a source address that is not ours")
  func sourceAddress() throws {
    let result = try SocketBench().run(
      TCPProbe.self, try options(9, source: "192.0.2.77"))
    #expect(result.outcome == .connect(.noLocalAddress))
  }

  @Test("more sockets than there may be are no room, and a cancelled one makes room")
  func capacity() throws {
    let server = try Listener { Listener.drain($0) }
    defer { server.stop() }
    let reactor = try Reactor()
    let sockets = SocketExchanges(reactor: reactor, capacity: 1) { _, _, _ in }
    let target = SocketTarget(.tcp, address: "127.0.0.1", port: server.port)
    let (first, second) = (Token(index: 1, generation: 1), Token(index: 2, generation: 1))
    let before = openDescriptors()
    if case .socketFailed? = sockets.connect(first, target) { Issue.record("expected room") }
    guard case .socketFailed(.noRoom)? = sockets.connect(second, target) else {
      Issue.record("expected no room")
      return
    }
    sockets.cancel(first)
    #expect(sockets.inUseCount == 0)
    if case .socketFailed? = sockets.connect(second, target) { Issue.record("expected room") }
    sockets.cancel(second)
    #expect(openDescriptors() <= before + 1, "the server may hold one that it has not closed yet")
  }

  @Test("without a descriptor left it is nobody's fault but ours")
  func outOfDescriptors() throws {
    #expect(socketFailure(errno: EMFILE, isConnected: false) == .noRoom)
    #expect(socketFailure(errno: ENFILE, isConnected: false) == .noRoom)
    #expect(socketFailure(errno: ENOMEM, isConnected: true) == .noRoom)
    #expect(socketFailure(errno: ECONNRESET, isConnected: true) == .reset)
    #expect(socketFailure(errno: ECONNRESET, isConnected: false) == .connect(.reset))
    #expect(socketFailure(errno: EHOSTUNREACH, isConnected: true) == .connect(.hostUnreachable))
  }

  @Test("a socket that fails while nobody asks does not keep the loop busy, and is told later")
  func failsUnasked() throws {
    let server = try Listener { _ = lh_reset_on_close($0) }
    defer { server.stop() }
    let reactor = try Reactor()
    var events: [ProbeEvent] = []
    let sockets = SocketExchanges(reactor: reactor) { _, event, _ in events.append(event) }
    let token = Token(index: 1, generation: 1)
    let target = SocketTarget(.tcp, address: "127.0.0.1", port: server.port)
    if case .socketFailed(let why)? = sockets.connect(token, target) { Issue.record("\(why)") }
    var rounds = 0
    let end = Clock.instant + .milliseconds(300)
    while Clock.instant < end {
      try reactor.round(longest: .milliseconds(50))
      rounds += 1
    }
    #expect(rounds < 50, "the loop sleeps")
    if sockets.inUseCount == 1 {
      if let told = sockets.receive(token, limit: 9, within: .seconds(2)) { events.append(told) }
      while events.count < 2, Clock.instant < end + .seconds(2) {
        try reactor.round(longest: .milliseconds(50))
      }
    }
    guard case .socketFailed? = events.last else {
      Issue.record("expected a failure, got \(events)")
      return
    }
    #expect(sockets.inUseCount == 0)
  }

  @Test("a timer runs without a socket and leaves nothing behind")
  func timers() throws {
    let reactor = try Reactor()
    var waited = false
    let sockets = SocketExchanges(reactor: reactor) { _, event, _ in
      if case .waited = event { waited = true }
    }
    let began = Clock.instant
    #expect(sockets.wait(Token(index: 1, generation: 1), .milliseconds(30)) == nil)
    while !waited, Clock.instant < began + .seconds(5) {
      try reactor.round(longest: .milliseconds(20))
    }
    #expect(waited)
    #expect(Clock.instant - began >= .milliseconds(30))
    #expect(sockets.inUseCount == 0)
  }
}

/// The descriptors that this process has open.
func openDescriptors() -> Int {
  guard let directory = opendir("/proc/self/fd") else { return -1 }
  defer { closedir(directory) }
  var count = 0
  while readdir(directory) != nil { count += 1 }
  return count
}
