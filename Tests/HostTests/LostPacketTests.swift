import Base
import Probes
import Testing

@testable import Host

@Suite("Packets that are too large")
struct LostPacketTests {
  @Test("one that does not fit is lost as others are, and the socket stays good")
  func tooLarge() throws {
    let sockets = SocketExchanges(reactor: try Reactor()) { _, _, _ in }
    let token = Token(index: 1, generation: 1)
    let target = SocketTarget(.udp, address: "127.0.0.1", port: 9)
    guard case .connected = sockets.connect(token, target) else {
      Issue.record("expected a socket")
      return
    }
    for count in [70_000, 10] {
      guard case .sent = sockets.send(token, [UInt8](repeating: 0, count: count)) else {
        Issue.record("\(count) bytes end the socket")
        return
      }
    }
    sockets.cancel(token)
  }
}
