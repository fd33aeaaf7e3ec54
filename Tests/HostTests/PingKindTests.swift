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
