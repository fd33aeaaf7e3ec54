import Base
import CLinux
import Glibc
import Host
import Scenario
import Wire

/// One client: reads a request, plays the reply, and again.
final class Connection: ReadinessHandler {
  private enum Mode {
    case reading
    case replying
    /// Nothing more is sent; what comes is thrown away until the client leaves or time is up.
    case holding
  }

  /// An answer of many parts lets others have their turn after this many.
  private static let sendsPerTurn = 8

  var slot = Token(index: 0, generation: 0)
  /// When the connection is ended, whatever it does.
  private(set) var deadline: Instant
  /// When it is to be woken; nil when it waits for no time.
  var due: Instant?

  private unowned let server: Server
  private let descriptor: Descriptor
  private var registration: Token?
  private var interest = Readiness.readable
  private var mode = Mode.reading
  private var parser = HTTPRequestParser(
    limits: HTTPLimits(
      headBytes: SimulatorLimits.requestHeadBytes, bodyBytes: SimulatorLimits.requestBodyBytes))
  private var playback: Playback?

  init(_ descriptor: consuming Descriptor, server: Server, deadline: Instant) {
    self.descriptor = descriptor
    self.server = server
    self.deadline = deadline
  }

  func register() throws(SystemError) {
    registration = try server.reactor.add(descriptor.raw, interest, handler: self)
  }

  func close() {
    guard let registration else { return }
    self.registration = nil
    server.reactor.remove(registration)
    server.forget(self)
  }

  func ready(_ readiness: Readiness, key: Int32, token: Token) {
    if readiness.contains(.writable) { return advance() }
    switch mode {
    case .reading where readiness.contains(.readable): receive()
    case .holding where readiness.contains(.readable): discard()
    case .replying where readiness.contains(.readable): look()
    default: close()
    }
  }

  /// The time has come that ``due`` told.
  func woken() {
    due = nil
    advance()
  }

  // MARK: Receiving

  private func receive() {
    let count = recv(descriptor.raw, &server.buffer, server.buffer.count, 0)
    if count > 0 {
      parser.append(Array(server.buffer[..<count]))
      serveWaiting()
    } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
      close()
    }
  }

  private func discard() {
    let count = recv(descriptor.raw, &server.buffer, server.buffer.count, 0)
    if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { close() }
  }

  /// A client that is waiting for its answer has done something: left, which frees its place, or sent
  /// the next request, which stays with the system until its turn.
  private func look() {
    let count = recv(descriptor.raw, &server.buffer, 1, Int32(MSG_PEEK))
    if count > 0 {
      watch([])
    } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
      close()
    }
  }

  // MARK: Answering

  /// Answers every request that has arrived whole, as long as the answers go out at once.
  private func serveWaiting() {
    while mode == .reading, registration != nil {
      let now = Clock.instant
      switch parser.next() {
      case .needMore:
        deadline = now + SimulatorLimits.idle
        return watch(.readable)
      case .request(let head, let body):
        let request = SimulatedRequest(head, body: body)
        begin(server.simulator.reply(to: request, at: now), at: now)
      case .refused(let status, let reason):
        let body = Array("\(reason)\n".utf8)
        let type = [("Content-Type", "text/plain; charset=utf-8")]
        let bytes = httpResponse(status: status, headers: type, body: body, keepAlive: false)
        begin(Reply(bytes: bytes, ending: .close), at: now)
      }
    }
  }

  private func begin(_ reply: Reply, at now: Instant) {
    mode = .replying
    deadline = now + reply.delay + SimulatorLimits.answer
    playback = Playback(reply, at: now)
    play()
  }

  /// Goes on with the reply, and after it with the requests that are already here.
  private func advance() {
    play()
    if mode == .reading { serveWaiting() }
  }

  private func play() {
    var sends = 0
    while playback != nil {
      switch playback!.step(at: Clock.instant) {
      case .wait(let due):
        server.wake(self, at: due)
        return watch(.readable)
      case .send:
        guard sends < Self.sendsPerTurn, send() else { return watch(.writable) }
        sends += 1
      case .hold: return hold()
      case .end(let end):
        playback = nil
        finish(end)
      }
    }
  }

  /// Offers what is pending to the socket; false when it takes nothing now.
  private func send() -> Bool {
    let pending = playback!.pending
    let count = playback!.bytes.withUnsafeBytes { bytes in
      Glibc.send(
        descriptor.raw, bytes.baseAddress! + pending.lowerBound, pending.count,
        Int32(MSG_NOSIGNAL))
    }
    if count > 0 {
      playback!.took(count)
      return true
    }
    if errno != EAGAIN && errno != EINTR {
      playback = nil
      close()
      return true
    }
    return false
  }

  private func finish(_ end: Playback.End) {
    switch end {
    case .next: mode = .reading
    case .reset:
      _ = lh_reset_on_close(descriptor.raw)
      close()
    case .close:
      // Closed at once, unread bytes of the client would turn the end into a reset and could take
      // the answer with them.
      shutdown(descriptor.raw, Int32(SHUT_WR))
      deadline = Clock.instant + SimulatorLimits.farewell
      hold()
    }
  }

  private func hold() {
    playback = nil
    mode = .holding
    watch(.readable)
  }

  private func watch(_ interest: Readiness) {
    guard interest != self.interest, let registration else { return }
    self.interest = interest
    do throws(SystemError) {
      try server.reactor.modify(registration, interest)
    } catch {
      close()
    }
  }
}
