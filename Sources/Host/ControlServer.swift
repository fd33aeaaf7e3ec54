import Base
import CLinux
import Glibc
import Model
import Wire

/// Who is at the other end of the control socket, as the kernel tells it.
package struct PeerIdentity: Sendable, Hashable {
  package var uid: UInt32
  package var pid: Int32
  /// All groups, the primary one first.
  package var groups: [UInt32]
}

/// Names one request that waits for its answer.
package struct RequestTicket: Hashable, Sendable {
  fileprivate var connection: Token
}

/// What the server asks for answers.
package protocol ControlHandler: AnyObject {
  /// A whole, valid request. Answer through ``ControlServer/answer(_:status:contentType:body:)`` or
  /// ``ControlServer/stream(_:contentType:next:)``, at once or later.
  func received(
    _ request: HTTPRequestHead, body: [UInt8], from peer: PeerIdentity, _ ticket: RequestTicket)

  /// The caller of a request that has no answer yet has gone: it need not be answered any more.
  func left(_ ticket: RequestTicket)
}

/// The control socket: HTTP/1.1 on a Unix socket, on the loop. Everything is bounded: connections,
/// bytes, and the time that a slow or idle caller may take; no caller ever holds the loop.
package final class ControlServer: ReadinessHandler, LoopPart {
  private struct Connection {
    var descriptor: Int32
    var registration: Token
    var peer: PeerIdentity
    var parser = HTTPRequestParser()
    var output: [UInt8] = []
    var written = 0
    var deadline: Instant
    /// When an answer must be out, however slowly its reader takes it.
    var answerBy = Instant.distantFuture
    /// When the deadline's one entry in the heap that counts comes up.
    var queuedDue: Instant
    /// What the reactor has been asked to watch for.
    var interest = Readiness.readable
    /// A request has been handed over and not been answered.
    var isWaiting = false
    var keepAlive = true
    var isHead = false
    /// HTTP/1.0 has no chunks: a streamed answer ends with the connection.
    var takesChunks = true
    var closesAfterOutput = false
    var next: (() -> [UInt8]?)?
  }

  private let reactor: Reactor
  private let path: String
  private let listener: Int32
  private var connections = SlotTable<Connection>(capacity: Limits.controlConnections)
  private var deadlines = TimerHeap<Token>()
  /// The zone by whose clock times are to be shown to people; told with each answer.
  package var zone = "+00:00"
  private weak var handler: (any ControlHandler)?
  /// Why the socket could not be given to the group, as an errno; nil when it was.
  package private(set) var groupProblem: Int32?
  private static let listenerKey: Int32 = -1

  /// A caller that waits for an act such as a reload may wait this long, and take as long to read it.
  private static let answerTime = TimeAmount.seconds(120)
  /// A streamed answer is made further when less than this waits to be sent.
  private static let lowWater = 64 << 10

  /// Opens the socket; a path left over from a crash is replaced, one that answers is not.
  /// `group` may open the socket besides the daemon's user.
  package init(reactor: Reactor, path: String, group: UInt32?, handler: any ControlHandler)
    throws(SystemError)
  {
    self.reactor = reactor
    self.path = path
    self.handler = handler
    try Self.clearStale(path)
    let raw = lh_unix_socket(0)
    guard raw >= 0 else { throw SystemError.last("socket") }
    listener = raw
    let formerMask = umask(0o177)
    let bound = lh_unix_bind(raw, path)
    let code = errno
    umask(formerMask)
    guard bound == 0 else {
      Glibc.close(raw)
      throw SystemError(operation: "bind", path: path, code: code)
    }
    if let group {
      if chown(path, UInt32.max, group) == 0 { chmod(path, 0o660) } else { groupProblem = errno }
    }
    guard listen(raw, 64) == 0 else { throw SystemError.last("listen", path) }
    _ = try reactor.add(raw, .readable, key: Self.listenerKey, handler: self)
    reactor.add(part: self)
  }

  /// Closes everything and removes the path.
  package func close() {
    for token in connections.tokens { drop(token) }
    Glibc.close(listener)
    unlink(path)
  }

  private static func clearStale(_ path: String) throws(SystemError) {
    var info = stat()
    guard lstat(path, &info) == 0 else { return }
    guard info.st_mode & S_IFMT == S_IFSOCK else {
      throw SystemError(operation: "replace (not a socket)", path: path, code: EEXIST)
    }
    let probe = lh_unix_socket(0)
    guard probe >= 0 else { throw SystemError.last("socket") }
    defer { Glibc.close(probe) }
    if lh_unix_connect(probe, path) == 0 || errno == EAGAIN {
      throw SystemError(operation: "bind (another daemon answers)", path: path, code: EADDRINUSE)
    }
    // Anything else, such as a socket that we may not open, says nothing of who listens.
    guard errno == ECONNREFUSED else { throw SystemError.last("connect", path) }
    unlink(path)
  }

  // MARK: - Answers

  /// Whether the caller still waits for the answer.
  package func isWaiting(_ ticket: RequestTicket) -> Bool {
    connections[ticket.connection]?.isWaiting ?? false
  }

  package func answer(
    _ ticket: RequestTicket, status: Int, contentType: String = "application/json", body: [UInt8]
  ) {
    guard var connection = connections[ticket.connection], connection.isWaiting else { return }
    connection.isWaiting = false
    connection.answerBy = Clock.instant + Self.answerTime
    connection.output += httpResponse(
      status: status, headers: headers(contentType), body: body,
      keepAlive: connection.keepAlive, headOnly: connection.isHead)
    connection.closesAfterOutput = !connection.keepAlive
    connections[ticket.connection] = connection
    extend(ticket.connection, Limits.controlIdle)
    watch(ticket.connection, .writable)
  }

  /// Answers piece by piece with the chunked coding; `next` gives nil at the end.
  package func stream(
    _ ticket: RequestTicket, contentType: String = "application/json",
    next: @escaping () -> [UInt8]?
  ) {
    guard var connection = connections[ticket.connection], connection.isWaiting else { return }
    connection.isWaiting = false
    connection.answerBy = Clock.instant + Self.answerTime
    var head = "HTTP/1.1 200 OK\r\n"
    if connection.takesChunks {
      head += "Transfer-Encoding: chunked\r\n"
    } else {
      connection.keepAlive = false
    }
    for (name, value) in headers(contentType) { head += "\(name): \(value)\r\n" }
    if !connection.keepAlive { head += "Connection: close\r\n" }
    connection.output += Array((head + "\r\n").utf8)
    connection.closesAfterOutput = !connection.keepAlive
    if !connection.isHead { connection.next = next }
    connections[ticket.connection] = connection
    extend(ticket.connection, Limits.controlIdle)
    watch(ticket.connection, .writable)
  }

  private func headers(_ contentType: String) -> [(String, String)] {
    [
      ("Linkhealth-Zone", zone),
      ("Content-Type", contentType), ("Cache-Control", "no-store"),
      ("X-Content-Type-Options", "nosniff"),
    ]
  }

  // MARK: - Events

  package func ready(_ readiness: Readiness, key: Int32, token: Token) {
    if key == Self.listenerKey { return acceptAll() }
    guard let place = connections.tokens.first(where: { connections[$0]?.registration == token })
    else { return }
    if readiness.contains(.readable) || !readiness.intersection(.failed).isEmpty { receive(place) }
    advance(place)
  }

  package var nextDue: Instant? { deadlines.nextDue }

  package func runDue(at now: Now) {
    while let (due, token) = deadlines.popDue(at: now.instant) {
      guard let connection = connections[token], connection.queuedDue == due else { continue }
      if connection.deadline > now.instant {
        queueDeadline(token)
      } else if !connection.isWaiting, !connection.parser.isIdle, connection.output.isEmpty {
        refuse(token, status: 408, "the request did not come in time")
      } else {
        drop(token)
      }
    }
  }

  private func acceptAll() {
    for _ in 0..<16 {
      let raw = lh_accept(listener)
      guard raw >= 0 else { return }
      accept(raw)
    }
  }

  private func accept(_ raw: Int32) {
    var uid: UInt32 = 0
    var pid: Int32 = 0
    var groups = [UInt32](repeating: 0, count: 64)
    let count = lh_peer(raw, &uid, &pid, &groups, Int32(groups.count))
    guard count >= 0, !connections.isFull else {
      if count >= 0 { sendBusy(raw) }
      Glibc.close(raw)
      return
    }
    let peer = PeerIdentity(uid: uid, pid: pid, groups: Array(groups.prefix(Int(count))))
    guard let registration = try? reactor.add(raw, .readable, handler: self) else {
      Glibc.close(raw)
      return
    }
    let deadline = Clock.instant + Limits.controlRequestTime
    let connection = Connection(
      descriptor: raw, registration: registration, peer: peer, deadline: deadline,
      queuedDue: deadline)
    if let token = connections.insert(connection) { deadlines.push(token, due: deadline) }
  }

  private func sendBusy(_ raw: Int32) {
    let body = Array(
      "{\"error\":{\"status\":503,\"code\":\"busy\",\"message\":\"too many connections\"}}".utf8)
    let bytes = httpResponse(
      status: 503, headers: headers("application/json"), body: body, keepAlive: false)
    _ = send(raw, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }

  private func receive(_ token: Token) {
    guard var connection = connections[token] else { return }
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    let count = recv(connection.descriptor, &buffer, buffer.count, 0)
    if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { return drop(token) }
    guard count > 0 else { return }
    let wasIdle = connection.parser.isIdle
    connection.parser.append(Array(buffer.prefix(count)))
    connections[token] = connection
    if wasIdle && !connection.isWaiting { extend(token, Limits.controlRequestTime) }
  }

  /// One turn of a connection: sends what there is, else takes one request. Whatever more there is
  /// to do waits for the loop's next round, so that no caller holds it, however much it has sent.
  private func advance(_ token: Token) {
    guard var connection = connections[token] else { return }
    fill(&connection)
    connections[token] = connection
    if !connection.output.isEmpty {
      guard sendOutput(token) else { return }
    }
    if connection.next != nil { return watch(token, .writable) }
    if connection.closesAfterOutput { return drop(token) }
    // What else has been sent is read once the answer is out.
    if connection.isWaiting { return watch(token, []) }
    takeRequest(token)
  }

  private func fill(_ connection: inout Connection) {
    guard let next = connection.next,
      connection.output.count - connection.written < Self.lowWater
    else { return }
    if let piece = next() {
      if piece.isEmpty { return }
      guard connection.takesChunks else {
        connection.output += piece
        return
      }
      connection.output += Array("\(String(piece.count, radix: 16))\r\n".utf8)
      connection.output += piece
      connection.output += [0x0D, 0x0A]
    } else {
      if connection.takesChunks { connection.output += Array("0\r\n\r\n".utf8) }
      connection.next = nil
    }
  }

  /// Sends what the socket takes; false when some is left, or the connection has gone.
  private func sendOutput(_ token: Token) -> Bool {
    guard let connection = connections[token] else { return false }
    let left = connection.output.count - connection.written
    let sent = connection.output.withUnsafeBytes { bytes in
      send(
        connection.descriptor, bytes.baseAddress! + connection.written, left,
        Int32(MSG_NOSIGNAL))
    }
    if sent < 0 {
      if errno == EAGAIN || errno == EINTR { watch(token, .writable) } else { drop(token) }
      return false
    }
    extend(token, Limits.controlIdle)
    if sent < left {
      connections[token]?.written += sent
      watch(token, .writable)
      return false
    }
    connections[token]?.output.removeAll()
    connections[token]?.written = 0
    return true
  }

  /// Takes one request from what has arrived, or waits for more.
  private func takeRequest(_ token: Token) {
    guard var connection = connections[token] else { return }
    let event = connection.parser.next()
    connections[token] = connection
    switch event {
    case .needMore:
      connections[token]?.answerBy = .distantFuture
      watch(token, .readable)
    case .refused(let status, let reason): refuse(token, status: status, reason)
    case .request(let head, let body):
      connections[token]?.isWaiting = true
      connections[token]?.keepAlive = head.keepAlive
      connections[token]?.isHead = head.method == "HEAD"
      connections[token]?.takesChunks = head.minorVersion > 0
      connections[token]?.answerBy = .distantFuture
      extend(token, Self.answerTime)
      watch(token, [])
      handler?.received(head, body: body, from: connection.peer, RequestTicket(connection: token))
    }
  }

  private func watch(_ token: Token, _ interest: Readiness) {
    guard let connection = connections[token], connection.interest != interest else { return }
    connections[token]?.interest = interest
    try? reactor.modify(connection.registration, interest)
  }

  private func refuse(_ token: Token, status: Int, _ reason: String) {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("error")
    writer.beginObject()
    writer.member("status", status)
    writer.member(
      "code", status == 408 ? "timeout" : status == 413 || status == 431 ? "tooLarge" : "badRequest"
    )
    writer.member("message", reason)
    writer.endObject()
    writer.endObject()
    connections[token]?.output += httpResponse(
      status: status, headers: headers("application/json"), body: writer.bytes,
      keepAlive: false)
    connections[token]?.closesAfterOutput = true
    extend(token, .seconds(1))
    if sendOutput(token) { drop(token) }
  }

  /// A deadline that moves later costs nothing: the heap catches up when the old one comes.
  private func extend(_ token: Token, _ amount: TimeAmount) {
    guard let connection = connections[token] else { return }
    let deadline = min(Clock.instant + amount, connection.answerBy)
    connections[token]?.deadline = deadline
    if deadline < connection.queuedDue { queueDeadline(token) }
  }

  private func queueDeadline(_ token: Token) {
    guard let deadline = connections[token]?.deadline else { return }
    connections[token]?.queuedDue = deadline
    deadlines.push(token, due: deadline)
  }

  private func drop(_ token: Token) {
    guard let connection = connections.remove(token) else { return }
    reactor.remove(connection.registration)
    Glibc.close(connection.descriptor)
    if connection.isWaiting { handler?.left(RequestTicket(connection: token)) }
  }
}
