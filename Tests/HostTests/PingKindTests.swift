import Base
import CLinux
import Glibc
import Model
import Probes
import Testing
import Wire

@testable import Host

@Suite("The kind ping over real sockets", .serialized)
struct PingKindTests {
  private func options(
    _ host: String, packets: Int = 3, bytes: Int = 56
  ) throws -> PingOptions {
    PingOptions(
      target: try HostPort(host, defaultPort: 7), packets: packets, interval: .milliseconds(200),
      dataBytes: bytes)
  }

  /// Whether this machine lets the tests send echoes; else they can show only how that is told.
  private static let isPermitted: Bool = {
    let opened = lh_probe_socket(Int32(lh_transport_icmp.rawValue), "127.0.0.1", 0, nil)
    if opened.fd >= 0 { close(opened.fd) }
    return opened.fd >= 0
  }()

  @Test(
    "hosts that answer", arguments: ["127.0.0.1", "127.9.8.7", "::1"], [16, 1_400])
  func answers(host: String, bytes: Int) throws {
    let result = try SocketBench().run(PingProbe.self, try options(host, bytes: bytes))
    guard Self.isPermitted else {
      #expect(result.outcome == .skipped(.notPermitted))
      #expect(result.note == PingProbe.permissionNote)
      return
    }
    #expect(result.outcome == .ok, "\(result.steps)")
    #expect(result.readings.first { $0.name == "loss" }?.value == 0)
    let mean = try #require(result.readings.first { $0.name == "roundTrip.mean" }?.value)
    #expect(mean >= 0 && mean < 1_000)
  }

  @Test(
    "a raw socket receives the replies to its own echoes alone, and none before it has sent one",
    arguments: ["127.0.0.1", "::1"])
  func foreignReplies(host: String) throws {
    let icmp = Int32(lh_transport_icmp.rawValue)
    let ours = lh_probe_socket(icmp, host, 0, nil)
    defer { close(ours.fd) }
    // Where the kernel permits its datagram socket it does the same by itself.
    try #require(Self.isPermitted, "needs root, CAP_NET_RAW or net.ipv4.ping_group_range")
    let other = lh_probe_socket(icmp, host, 0, nil)
    defer { close(other.fd) }
    if ours.raw != 0 {
      #expect(lh_only_echoes_of(other.fd, 0x1111, other.ipv6) == 0)
    }
    let foreign = [UInt8](repeating: 1, count: 16)
    try echo(other, identifier: 0x1111, foreign)
    #expect(received(other).map { $0.suffix(16) } == [foreign[...]], "the kernel has answered it")
    #expect(received(ours).isEmpty, "nothing was sent yet")
    if ours.raw != 0 {
      #expect(lh_only_echoes_of(ours.fd, 0x2222, ours.ipv6) == 0)
    }
    let own = [UInt8](repeating: 2, count: 16)
    for _ in 1...300 { try echo(other, identifier: 0x1111, foreign) }
    try echo(ours, identifier: 0x2222, own)
    #expect(received(ours).map { $0.suffix(16) } == [own[...]])
  }

  private func echo(
    _ socket: lh_probe_socket_result, identifier: UInt16, _ data: [UInt8]
  ) throws {
    let bytes = ICMPEcho(identifier: identifier, sequence: 0, data: data)
      .request(isIPv6: socket.ipv6 != 0)
    try #require(send(socket.fd, bytes, bytes.count, 0) == bytes.count)
  }

  /// What waits there; loopback has delivered an echo's reply by the time that it is sent.
  private func received(_ socket: lh_probe_socket_result) -> [[UInt8]] {
    var packets: [[UInt8]] = []
    var buffer = [UInt8](repeating: 0, count: 2_048)
    while true {
      let count = recv(socket.fd, &buffer, buffer.count, 0)
      guard count >= 0 else { return packets }
      packets.append(Array(buffer.prefix(count)))
    }
  }

  @Test("an attempt among many foreign replies from the same host counts its own")
  func amongOthers() throws {
    try #require(Self.isPermitted, "needs root, CAP_NET_RAW or net.ipv4.ping_group_range")
    let bench = try SocketBench()
    let other = lh_probe_socket(Int32(lh_transport_icmp.rawValue), "127.0.0.1", 0, nil)
    defer { close(other.fd) }
    let result = try bench.run(PingProbe.self, try options("127.0.0.1")) {
      for _ in 1...1_000 { try? echo(other, identifier: 0x3333, [UInt8](repeating: 3, count: 16)) }
    }
    #expect(result.outcome == .ok, "\(result.steps)")
    #expect(result.readings.first { $0.name == "loss" }?.value == 0)
  }

  @Test("an echo's round trip has no time of our own loop in it")
  func kernelStamps() throws {
    try #require(Self.isPermitted, "needs root, CAP_NET_RAW or net.ipv4.ping_group_range")
    let reactor = try Reactor()
    var received: Instant?
    let sockets = SocketExchanges(reactor: reactor) { _, event, _ in
      if case .received(_, let at) = event { received = at }
    }
    // The kernel begins to stamp packets a moment after it was asked to: the first may have none.
    var took = TimeAmount.seconds(9)
    for number in 1...10 where took >= .milliseconds(200) {
      let token = Token(index: UInt32(number), generation: 1)
      _ = sockets.connect(token, SocketTarget(.icmp, address: "127.0.0.1"))
      let echo = ICMPEcho(identifier: 1, sequence: 0, data: [UInt8](repeating: 1, count: 16))
      _ = sockets.send(token, echo.request(isIPv6: false))
      let sent = try #require(sockets.sentAt(token)).instant
      // The loop is held up, the packet came long ago.
      usleep(300_000)
      received = nil
      _ = sockets.receive(token, limit: 2_048, within: .seconds(2))
      while received == nil, Clock.instant < sent + .seconds(5) {
        try reactor.round(longest: .milliseconds(20))
      }
      sockets.cancel(token)
      took = try #require(received) - sent
    }
    #expect(took >= .zero && took < .milliseconds(200), "\(took)")
  }
}
