import Base
import CLinux
import Glibc
import Testing
import Wire

@testable import Host

/// Remembers who asked and who left.
private final class Callers: ControlHandler {
  var tickets: [RequestTicket] = []
  var gone: [RequestTicket] = []

  func received(
    _ request: HTTPRequestHead, body: [UInt8], from peer: PeerIdentity, _ ticket: RequestTicket
  ) {
    tickets.append(ticket)
  }

  func left(_ ticket: RequestTicket) { gone.append(ticket) }
}

@Suite("The control socket")
struct ControlServerTests {
  /// Rounds of the loop until something holds; the test's own time limit ends it otherwise.
  private func run(_ reactor: Reactor, until holds: () -> Bool) throws {
    while !holds() { try reactor.round(longest: .milliseconds(10)) }
  }

  private func connect(_ path: String) throws -> Descriptor {
    let client = Descriptor(lh_unix_socket(0))
    try #require(lh_unix_connect(client.raw, path) == 0)
    let request = Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
    try #require(send(client.raw, request, request.count, 0) == request.count)
    return client
  }

  @Test(
    "a caller that goes before its answer is told of, one that has its answer is not",
    .timeLimit(.minutes(1)))
  func left() throws {
    let path = "/tmp/linkhealth-control-\(getpid()).sock"
    let (reactor, callers) = (try Reactor(), Callers())
    let server = try ControlServer(reactor: reactor, path: path, group: nil, handler: callers)
    defer { server.close() }
    let patient = try connect(path)
    try run(reactor) { callers.tickets.count == 1 }
    let hasty = try connect(path)
    try run(reactor) { callers.tickets.count == 2 }
    server.answer(callers.tickets[0], status: 200, body: Array("{}".utf8))
    _ = consume hasty
    try run(reactor) { !callers.gone.isEmpty }
    #expect(callers.gone == [callers.tickets[1]])
    #expect(server.isWaiting(callers.tickets[1]) == false)
    _ = consume patient
    for _ in 0..<5 { try reactor.round(longest: .milliseconds(1)) }
    #expect(callers.gone == [callers.tickets[1]])
  }
}
