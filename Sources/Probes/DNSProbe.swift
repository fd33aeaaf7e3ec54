import Base
import Model
import Wire

/// The settings of a question to a name server.
package final class DNSOptions: Sendable {
  package enum Transport: String, Sendable, CaseIterable {
    /// UDP, and TCP where an answer is cut short.
    case automatic
    case udp
    case tcp
  }

  package let question: DNSQuestion
  /// Tried in order until one answers.
  package let servers: [HostPort]
  package let family: AddressFamily
  package let sourceAddress: String?
  package let transport: Transport
  package let recursionDesired: Bool
  /// The size of answers over UDP that EDNS offers; nil without EDNS.
  package let udpBytes: UInt16?
  package let expectations: DNSExpectations

  package init(
    question: DNSQuestion, servers: [HostPort], family: AddressFamily = .any,
    sourceAddress: String? = nil, transport: Transport = .automatic,
    recursionDesired: Bool = true, udpBytes: UInt16? = 1_232,
    expectations: DNSExpectations = .init()
  ) {
    self.question = question
    self.servers = servers
    self.family = family
    self.sourceAddress = sourceAddress
    self.transport = transport
    self.recursionDesired = recursionDesired
    self.udpBytes = udpBytes
    self.expectations = expectations
  }
}

/// Asks a name server one question and judges its answer.
///
/// The identifier is a random number and the source port the kernel's choice, so that nobody who does
/// not see the question can answer it; what answers another question is passed over.
package struct DNSProbe: Probe {
  package static let kind = "dns"

  private static let tcpLengthBytes = 2
  private static let messageBytes = 65_535

  private let options: DNSOptions
  private var attempt: SocketAttempt
  private var serversLeft: ArraySlice<HostPort>
  private var server: HostPort?
  private var id: UInt16 = 0
  private var isTCP = false
  private var isConnected = false
  /// When the question was first sent over this socket.
  private var askedAt: Instant?
  private var serverDeadline = Instant.distantFuture
  private var resendAfter = Limits.dnsResendFirst
  private var resendAt = Instant.distantFuture
  private var stream: [UInt8] = []
  private var looked = 0
  private var sawMismatch = false

  package init(_ options: DNSOptions, timeout: TimeAmount, tracing: Bool) {
    self.options = options
    attempt = SocketAttempt(timeout: timeout, tracing: tracing)
    serversLeft = options.servers[...]
    isTCP = options.transport == .tcp
  }

  package mutating func seed(_ entropy: UInt64) { id = UInt16(truncatingIfNeeded: entropy >> 24) }

  package mutating func step(_ event: ProbeEvent, at now: Instant) -> ProbeAction {
    switch event {
    case .start:
      attempt.start(at: now)
      return nextServer(at: now) ?? attempt.finish(.dns(.other))
    case .resolved(let found, let took, let waited):
      attempt.resolved(found, took: took, waited: waited)
      return found.isEmpty ? giveUp(.resolve(.noAddress), at: now) : connect(at: now)
    case .notResolved(let cause, let took, let waited):
      attempt.notResolved(took: took, waited: waited)
      return giveUp(.resolve(cause), at: now)
    case .connected(let took):
      if isTCP { attempt.connected(took: took) }
      isConnected = true
      return ask()
    case .sent:
      askedAt = askedAt ?? now
      resendAt = now + resendAfter
      resendAfter = resendAfter * 2
      return receive(at: now)
    case .received(let bytes, let time): return received(bytes, at: time, now: now)
    case .receivedNothing: return receivedNothing(at: now)
    case .closed: return giveUp(.dns(.closed), at: now)
    case .socketFailed(let failure): return failed(failure, at: now)
    case .timedOut(let waitingInOurQueue, let waited):
      if attempt.isResolving {
        return attempt.resolvingRanOut(
          QueueWait(isOver: !waitingInOurQueue, waited: waited), at: now)
      }
      return attempt.finishLate(lateOutcome)
    default: return attempt.finish(.skipped(.unsupported))
    }
  }

  // MARK: - Servers

  /// Turns to the next server, which has its share of the time while others are left.
  private mutating func nextServer(at now: Instant) -> ProbeAction? {
    guard let next = serversLeft.popFirst(), now < attempt.deadline else { return nil }
    server = next
    serverDeadline = now + attempt.left(at: now) / Int64(serversLeft.count + 1)
    isTCP = options.transport == .tcp
    sawMismatch = false
    return attempt.lookUp(next.host, isIPLiteral: next.isIPLiteral, options.family, at: now)
      ?? connect(at: now)
  }

  /// Tries the server's next address, then the next server, or else ends.
  private mutating func giveUp(_ told: Outcome, at now: Instant) -> ProbeAction {
    if attempt.tracing, !(attempt.addresses.isEmpty && serversLeft.isEmpty) {
      attempt.note("\(told.sentence); trying the next one")
    }
    if !attempt.addresses.isEmpty, now < serverDeadline { return connect(at: now) }
    return nextServer(at: now) ?? attempt.finishLate(told)
  }

  private mutating func connect(at now: Instant) -> ProbeAction {
    isConnected = false
    askedAt = nil
    stream = []
    resendAfter = Limits.dnsResendFirst
    let action = attempt.connect(
      isTCP ? .tcp : .udp, port: server?.port ?? 53, sourceAddress: options.sourceAddress,
      others: serversLeft.count, at: now)
    return action ?? attempt.finish(.resolve(.noAddress))
  }

  private func ask() -> ProbeAction {
    let query = options.question.query(
      id: id, recursionDesired: options.recursionDesired, udpBytes: options.udpBytes)
    guard isTCP else { return .send(query) }
    return .send([UInt8(query.count >> 8), UInt8(query.count & 0xFF)] + query)
  }

  private mutating func failed(_ failure: SocketFailure, at now: Instant) -> ProbeAction {
    switch failure {
    case .noRoom: return attempt.finish(.skipped(.tableFull))
    case .tooMuch: return giveUp(sawMismatch ? .dns(.mismatched) : .dns(.other), at: now)
    case .connect(.timedOut) where isConnected: return giveUp(.dns(.timedOut), at: now)
    default: return giveUp(outcome(of: failure, reset: .dns(.reset)), at: now)
    }
  }

  // MARK: - Answers

  private mutating func receive(at now: Instant) -> ProbeAction {
    var until = serversLeft.isEmpty ? attempt.deadline : serverDeadline
    if !isTCP { until = min(until, resendAt) }
    return .receive(
      limit: isTCP ? Self.tcpLengthBytes + Self.messageBytes - stream.count : Self.messageBytes,
      within: max(until - now, .milliseconds(1)))
  }

  private mutating func receivedNothing(at now: Instant) -> ProbeAction {
    let until = serversLeft.isEmpty ? attempt.deadline : serverDeadline
    guard now < until else { return giveUp(lateOutcome, at: now) }
    if isTCP || now < resendAt { return receive(at: now) }
    if attempt.tracing { attempt.note("no answer yet; asking again") }
    return ask()
  }

  private var lateOutcome: Outcome {
    if sawMismatch { return .dns(.mismatched) }
    return isTCP && !isConnected ? .connect(.timedOut) : .dns(.timedOut)
  }

  private mutating func received(
    _ bytes: [UInt8], at time: Instant, now: Instant
  ) -> ProbeAction {
    guard isTCP else { return looked(at: bytes, at: time, now: now) }
    stream += bytes
    // Several may have come together.
    while let message = takeMessage() {
      let action = looked(at: message, at: time, now: now)
      guard case .receive = action else { return action }
    }
    return receive(at: now)
  }

  /// The next whole message of the stream, which is gone from it then (RFC 1035 section 4.2.2).
  private mutating func takeMessage() -> [UInt8]? {
    guard stream.count >= Self.tcpLengthBytes else { return nil }
    let end = Self.tcpLengthBytes + (Int(stream[0]) << 8 | Int(stream[1]))
    guard stream.count >= end else { return nil }
    let message = Array(stream[Self.tcpLengthBytes..<end])
    stream.removeFirst(end)
    return message
  }

  /// A message that bears our identifier is the answer, be it right or broken.
  private mutating func looked(
    at bytes: [UInt8], at time: Instant, now: Instant
  ) -> ProbeAction {
    looked += 1
    attempt.result.bodyBytes = bytes.count
    guard bytes.count >= 2, UInt16(bytes[0]) << 8 | UInt16(bytes[1]) == id else {
      return passOver(at: now)
    }
    do throws(DNSError) {
      let message = try DNSMessage(bytes, recordLimit: Limits.dnsRecords)
      guard isAnswer(message) else { return passOver(at: now) }
      noteAnswered(at: time)
      return judge(message, at: now)
    } catch {
      noteAnswered(at: time)
      return attempt.finish(.dns(.malformed(error.message)))
    }
  }

  /// A refusal may leave the question out.
  private func isAnswer(_ message: DNSMessage) -> Bool {
    guard message.isResponse, message.opcode == 0 else { return false }
    if message.questionCount == 0 { return message.responseCode != 0 }
    return message.question == options.question
  }

  private mutating func passOver(at now: Instant) -> ProbeAction {
    sawMismatch = true
    if attempt.tracing { attempt.note("an answer to another question is passed over") }
    if looked >= Limits.packetsLookedAt { return attempt.finish(.dns(.mismatched)) }
    return receive(at: now)
  }

  private mutating func noteAnswered(at time: Instant) {
    guard let askedAt else { return }
    let took = UInt32(clamping: max(.zero, time - askedAt).microseconds)
    attempt.add(PhaseTimings(firstByteMicroseconds: took, totalMicroseconds: took))
  }

  private mutating func judge(_ message: DNSMessage, at now: Instant) -> ProbeAction {
    if message.isTruncated {
      guard !isTCP, options.transport == .automatic, let address = attempt.result.address else {
        return attempt.finish(.dns(.truncated))
      }
      if attempt.tracing { attempt.note("cut short; asking over TCP") }
      isTCP = true
      isConnected = false
      askedAt = nil
      var target = SocketTarget(
        .tcp, address: address, port: server?.port ?? 53, sourceAddress: options.sourceAddress)
      // A server behind a filter that swallows TCP has its share of the time and no more.
      if !attempt.addresses.isEmpty || !serversLeft.isEmpty {
        target.connectLimit = max(.milliseconds(1), serverDeadline - now)
      }
      return .connect(target)
    }
    let records = DNSRecords(message, options.question)
    let code = DNSMessage.word(responseCode: message.responseCode)
    if attempt.tracing {
      attempt.note("answer \(code), \(records.texts.prefix(8).joined(separator: ", "))")
    }
    if !records.texts.isEmpty { attempt.say(records.texts.prefix(16).joined(separator: ", ")) }
    attempt.result.readings = [Reading(name: "records", value: Double(records.texts.count))]
    if let lifetime = records.timeToLive {
      attempt.result.readings.append(Reading(name: "ttl", value: Double(lifetime), unit: "s"))
    }
    let outcome = options.expectations.judge(message, records)
    if outcome == .ok { attempt.markSlow(options.expectations.slow) }
    return attempt.finish(outcome)
  }
}
