import Base
import CLinux
import Glibc
import Model
import Probes
import Wire

/// Performs what attempts ask of sockets and timers, by the attempt's token: one socket and one
/// pending request each. It lives on the loop's thread.
///
/// What can be told at once is returned; all else comes through `onEvent`. Bytes come that way only,
/// one read at a time, so that no flood holds the loop.
package final class SocketExchanges: LoopPart {
  private let reactor: Reactor
  private let capacity: Int
  private let onEvent: (Token, ProbeEvent, Now) -> Void
  private var exchanges: [Token: SocketExchange] = [:]
  private var timers = TimerHeap<(token: Token, number: UInt64)>()
  private var count: UInt64 = 0
  private var buffer = [UInt8](repeating: 0, count: Limits.socketBytes)
  /// Wants time stamps too, for as long as the program runs: the kernel stamps packets only while
  /// some socket does, and begins a little after the first one has said so.
  private var stampKeeper: Descriptor?

  package init(
    reactor: Reactor, capacity: Int = Limits.attemptsInFlight,
    onEvent: @escaping (Token, ProbeEvent, Now) -> Void
  ) {
    self.reactor = reactor
    self.capacity = capacity
    self.onEvent = onEvent
    let keeper = lh_probe_socket(Int32(lh_transport_udp.rawValue), "127.0.0.1", 9, nil)
    if keeper.fd >= 0 { stampKeeper = Descriptor(keeper.fd) }
    reactor.add(part: self)
  }

  /// Attempts that have a socket or wait for a timer.
  package var inUseCount: Int { exchanges.count }

  // MARK: - What attempts ask for

  /// Opens a socket in place of the one that the attempt has.
  package func connect(_ token: Token, _ target: SocketTarget) -> ProbeEvent? {
    cancel(token)
    guard exchanges.count < capacity else { return .socketFailed(.noRoom) }
    let opened = open(target)
    guard opened.fd >= 0 else { return .socketFailed(failure(opened, target)) }
    let exchange = makeExchange(token)
    exchange.open(
      Descriptor(opened.fd), target, isRaw: opened.raw != 0, isIPv6: opened.ipv6 != 0)
    if opened.in_progress == 0 {
      exchange.isConnected = true
      return .connected(took: Clock.instant - exchange.since)
    }
    exchange.pending = .connect
    if let limit = target.connectLimit { setTimer(exchange, limit) }
    return watch(exchange, .writable)
  }

  /// Sends the bytes; those of a stream that the kernel does not take yet wait for it.
  package func send(_ token: Token, _ bytes: [UInt8]) -> ProbeEvent? {
    guard let exchange = exchanges[token], exchange.descriptor != nil else {
      return .socketFailed(.reset)
    }
    if exchange.wasReset { return end(exchange, .reset) }
    exchange.unsent = exchange.prepared(bytes)[...]
    exchange.pending = .send
    return sendRest(exchange)
  }

  package func receive(_ token: Token, limit: Int, within: TimeAmount) -> ProbeEvent? {
    guard let exchange = exchanges[token], exchange.descriptor != nil else {
      return .socketFailed(.reset)
    }
    if exchange.wasReset { return end(exchange, .reset) }
    guard exchange.receivedBytes < Limits.socketBytes else { return end(exchange, .tooMuch) }
    exchange.pending = .receive(limit: max(1, limit))
    setTimer(exchange, within)
    return watch(exchange, .readable)
  }

  package func wait(_ token: Token, _ time: TimeAmount) -> ProbeEvent? {
    let exchange = exchanges[token] ?? makeExchange(token)
    exchange.pending = .wait
    setTimer(exchange, time)
    return nil
  }

  /// Closes what the attempt has and forgets what it waits for.
  package func cancel(_ token: Token) {
    guard let exchange = exchanges.removeValue(forKey: token) else { return }
    release(exchange)
  }

  // MARK: - Sockets

  private func makeExchange(_ token: Token) -> SocketExchange {
    count += 1
    let exchange = SocketExchange(token: token, number: count, owner: self)
    exchanges[token] = exchange
    return exchange
  }

  private func open(_ target: SocketTarget) -> lh_probe_socket_result {
    let transport =
      switch target.transport {
      case .tcp: lh_transport_tcp
      case .udp: lh_transport_udp
      case .icmp: lh_transport_icmp
      }
    guard let source = target.sourceAddress else {
      return lh_probe_socket(Int32(transport.rawValue), target.address, target.port, nil)
    }
    return lh_probe_socket(Int32(transport.rawValue), target.address, target.port, source)
  }

  private func failure(_ opened: lh_probe_socket_result, _ target: SocketTarget) -> SocketFailure {
    if opened.step == Int32(lh_step_socket.rawValue), target.transport == .icmp,
      [EACCES, EPERM, EPROTONOSUPPORT].contains(opened.error)
    {
      return .notPermitted
    }
    if opened.step == Int32(lh_step_bind.rawValue),
      [EADDRNOTAVAIL, EACCES, EPERM, EINVAL].contains(opened.error)
    {
      return .connect(.noLocalAddress)
    }
    return socketFailure(
      errno: opened.error, isConnected: false, isIPv6: target.address.contains(":"))
  }

  /// Waits for readiness; a socket that has failed meanwhile is out of the loop and comes back.
  private func watch(_ exchange: SocketExchange, _ interest: Readiness) -> ProbeEvent? {
    guard let raw = exchange.descriptor?.raw else { return nil }
    do throws(SystemError) {
      if let registration = exchange.registration {
        try reactor.modify(registration, interest)
      } else {
        exchange.registration = try reactor.add(raw, interest, handler: exchange)
      }
      return nil
    } catch {
      return end(exchange, .noRoom)
    }
  }

  private func release(_ exchange: SocketExchange) {
    if let registration = exchange.registration { reactor.remove(registration) }
    exchange.registration = nil
    exchange.descriptor = nil
    exchange.pending = .nothing
  }

  /// Lets go of a socket that has failed and says why.
  private func end(_ exchange: SocketExchange, _ failure: SocketFailure) -> ProbeEvent {
    release(exchange)
    exchanges[exchange.token] = nil
    return .socketFailed(failure)
  }

  private func sendRest(_ exchange: SocketExchange) -> ProbeEvent? {
    guard let raw = exchange.descriptor?.raw else { return nil }
    while true {
      let rest = exchange.unsent
      let began = Clock.now
      let sent = rest.withUnsafeBytes {
        Glibc.send(raw, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if sent >= 0 {
        exchange.unsent = rest.dropFirst(sent)
        guard exchange.unsent.isEmpty || exchange.target?.transport != .tcp else { continue }
        exchange.pending = .nothing
        exchange.sentAt = began
        return .sent
      }
      let code = errno
      if code == EINTR { continue }
      if code == EAGAIN { return watch(exchange, .writable) }
      let told = lh_take_error(raw)
      let error = told != 0 ? told : code
      if isLostPacket(error, exchange) {
        exchange.pending = .nothing
        exchange.sentAt = began
        return .sent
      }
      return end(exchange, socketFailure(errno: errnoOfRouter(error), isConnected: true))
    }
  }

  /// Whether a packet was too large for the way: it is lost, as packets may be, and the socket is as
  /// good as before. The kernel splits those that follow.
  private func isLostPacket(_ error: Int32, _ exchange: SocketExchange) -> Bool {
    error == EMSGSIZE && exchange.target?.transport != .tcp
  }

  // MARK: - Readiness

  /// Called by an exchange whose socket is ready.
  fileprivate func ready(_ exchange: SocketExchange, _ readiness: Readiness) {
    guard let raw = exchange.descriptor?.raw else { return }
    let event: ProbeEvent?
    switch exchange.pending {
    case .connect: event = connected(exchange, raw)
    case .send: event = sendRest(exchange)
    case .receive(let limit): event = read(exchange, raw, limit, readiness)
    case .nothing, .wait:
      // Nobody asks: it would be ready again at once, for ever. The next request sees why.
      if let registration = exchange.registration { reactor.remove(registration) }
      exchange.registration = nil
      return
    }
    if let event { tell(exchange, event) }
  }

  private func connected(_ exchange: SocketExchange, _ raw: Int32) -> ProbeEvent? {
    let code = lh_take_error(raw)
    if code == ECONNRESET {
      // A refusal is ECONNREFUSED: this connection came about, and was reset before we looked.
      exchange.wasReset = true
    } else if code != 0 {
      return end(exchange, socketFailure(errno: errnoOfRouter(code), isConnected: false))
    }
    exchange.isConnected = true
    exchange.pending = .nothing
    return .connected(took: Clock.instant - exchange.since)
  }

  private func read(
    _ exchange: SocketExchange, _ raw: Int32, _ limit: Int, _ readiness: Readiness
  ) -> ProbeEvent? {
    let isStream = exchange.target?.transport == .tcp
    let most = min(limit, Limits.socketBytes - exchange.receivedBytes)
    var stamp: Int64 = 0
    // A packet is taken whole, lest its end be lost, and is refused if that is too much.
    let count = lh_receive(raw, &buffer, Int64(isStream ? most : buffer.count), &stamp)
    let now = Clock.now
    if count < 0 {
      let code = errno
      if code == EINTR { return nil }
      if code == EAGAIN && readiness.intersection(.failed).isEmpty { return nil }
      let told = lh_take_error(raw)
      // It is said to have failed and does not say why: it would be ready again at once, for ever.
      if code == EAGAIN && told == 0 { return end(exchange, .connect(.other)) }
      if isLostPacket(told != 0 ? told : code, exchange) { return nil }
      let error = errnoOfRouter(told != 0 ? told : code)
      return end(exchange, socketFailure(errno: error, isConnected: true))
    }
    exchange.receivedBytes += max(1, Int(count))
    exchange.pending = .nothing
    if count == 0 && isStream { return .closed }
    var bytes = Array(buffer.prefix(Int(count)))
    if exchange.target?.transport == .icmp { bytes = exchange.restored(bytes) }
    return .received(Array(bytes.prefix(limit)), at: arrival(stamp, now, exchange))
  }

  /// The kernel's stamp by the monotonic clock; never before what was sent, should the wall clock
  /// have been set meanwhile.
  private func arrival(_ stamp: Int64, _ now: Now, _ exchange: SocketExchange) -> Instant {
    guard stamp > 0 else { return now.instant }
    let age = TimeAmount(nanoseconds: now.wall.nanoseconds - stamp)
    guard age >= .zero else { return now.instant }
    return max(now.instant - age, exchange.sentAt?.instant ?? exchange.since)
  }

  /// Hands an event on, with the time at which what it tells of was done.
  private func tell(_ exchange: SocketExchange, _ event: ProbeEvent) {
    if case .sent = event, let sentAt = exchange.sentAt {
      onEvent(exchange.token, event, sentAt)
    } else {
      onEvent(exchange.token, event, Clock.now)
    }
  }

  /// When the attempt's last sending began, which is when it sent.
  package func sentAt(_ token: Token) -> Now? { exchanges[token]?.sentAt }

  // MARK: - Timers

  private func setTimer(_ exchange: SocketExchange, _ time: TimeAmount) {
    let due = Clock.instant + max(time, .zero)
    exchange.due = due
    // One entry is enough as long as it comes early enough: it is then put off.
    if let queued = exchange.queuedDue, queued <= due { return }
    exchange.queuedDue = due
    timers.push((exchange.token, exchange.number), due: due)
  }

  package var nextDue: Instant? { timers.nextDue }

  package func runDue(at now: Now) {
    while let (due, entry) = timers.popDue(at: now.instant) {
      guard let exchange = exchanges[entry.token], exchange.number == entry.number,
        exchange.queuedDue == due
      else { continue }
      exchange.queuedDue = nil
      if exchange.due > now.instant {
        exchange.queuedDue = exchange.due
        timers.push(entry, due: exchange.due)
        continue
      }
      if let event = timeIsUp(exchange) { tell(exchange, event) }
    }
  }

  private func timeIsUp(_ exchange: SocketExchange) -> ProbeEvent? {
    switch exchange.pending {
    case .connect:
      // The loop may have been held up while the answer came: that is not the other side's fault.
      if let raw = exchange.descriptor?.raw, isReady(raw, POLLOUT) {
        return connected(exchange, raw)
      }
      return end(exchange, .connect(.timedOut))
    case .receive(let limit):
      if let raw = exchange.descriptor?.raw, isReady(raw, POLLIN),
        let event = read(exchange, raw, limit, .readable)
      {
        return event
      }
      exchange.pending = .nothing
      return .receivedNothing
    case .wait:
      exchange.pending = .nothing
      if exchange.descriptor == nil { exchanges[exchange.token] = nil }
      return .waited
    case .send, .nothing: return nil
    }
  }
}

/// One attempt's socket, and what it waits for.
final class SocketExchange: ReadinessHandler {
  enum Pending {
    case nothing
    case connect
    case send
    case receive(limit: Int)
    case wait
  }

  let token: Token
  /// Tells it from an earlier one of the same attempt.
  let number: UInt64
  let since = Clock.instant
  private unowned let owner: SocketExchanges
  var descriptor: Descriptor?
  var target: SocketTarget?
  var registration: Token?
  var pending = Pending.nothing
  var isConnected = false
  /// The other side had reset the connection before anybody looked; the next step is told.
  var wasReset = false
  var unsent: ArraySlice<UInt8> = []
  var sentAt: Now?
  var receivedBytes = 0
  var due = Instant.distantFuture
  var queuedDue: Instant?
  private var isRaw = false
  private var isIPv6 = false
  private var identifier: UInt16 = 0
  /// The identifier that the kernel lets through a raw socket.
  private var filtered: UInt16?

  init(token: Token, number: UInt64, owner: SocketExchanges) {
    self.token = token
    self.number = number
    self.owner = owner
  }

  func open(
    _ descriptor: consuming Descriptor, _ target: SocketTarget, isRaw: Bool, isIPv6: Bool
  ) {
    self.descriptor = consume descriptor
    self.target = target
    self.isRaw = isRaw
    self.isIPv6 = isIPv6
  }

  func ready(_ readiness: Readiness, key: Int32, token: Token) { owner.ready(self, readiness) }

  /// The bytes as they are sent. ICMP's datagram socket puts an identifier of its own into an echo
  /// and gives back the echoes of that alone; the one that was asked for is remembered. A raw socket is
  /// told whose replies it wants: there may be very many to others.
  func prepared(_ bytes: [UInt8]) -> [UInt8] {
    guard target?.transport == .icmp, let asked = ICMPEcho.identifier(of: bytes) else {
      return bytes
    }
    if isRaw, asked != filtered, let raw = descriptor?.raw,
      lh_only_echoes_of(raw, asked, isIPv6 ? 1 : 0) == 0
    {
      filtered = asked
    }
    identifier = asked
    return bytes
  }

  /// A packet of ICMP as the attempt knows it: without the IP header that raw sockets of IPv4 show,
  /// and with the identifier that it gave.
  func restored(_ bytes: [UInt8]) -> [UInt8] {
    if !isRaw { return ICMPEcho.replacingIdentifier(of: bytes, with: identifier) }
    guard !isIPv6, let first = bytes.first, first >> 4 == 4 else { return bytes }
    return Array(bytes.dropFirst(Int(first & 0xF) * 4))
  }
}

private func isReady(_ raw: Int32, _ events: Int32) -> Bool {
  var entry = pollfd(fd: raw, events: Int16(events), revents: 0)
  return poll(&entry, 1, 0) > 0
}

/// What an error of a socket means.
func socketFailure(errno code: Int32, isConnected: Bool, isIPv6: Bool = false) -> SocketFailure {
  switch code {
  case ECONNRESET where isConnected, EPIPE: return .reset
  default: break
  }
  switch connectOutcome(errno: code, usesProxy: false, isIPv6: isIPv6) {
  case .connect(let cause): return .connect(cause)
  default: return .noRoom
  }
}
