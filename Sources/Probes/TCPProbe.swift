import Base
import Model
import Wire

/// The settings of a check over a plain TCP connection.
package final class TCPOptions: Sendable {
  package let target: HostPort
  package let family: AddressFamily
  package let sourceAddress: String?
  package let send: SecretText?
  package let text: String?
  package let pattern: Pattern?
  package let limitBytes: Int
  package let slow: TimeAmount?

  package init(
    target: HostPort, family: AddressFamily = .any, sourceAddress: String? = nil,
    send: SecretText? = nil, text: String? = nil, pattern: Pattern? = nil,
    limitBytes: Int = Limits.tcpAnswerBytes, slow: TimeAmount? = nil
  ) {
    self.target = target
    self.family = family
    self.sourceAddress = sourceAddress
    self.send = send
    self.text = text
    self.pattern = pattern
    self.limitBytes = limitBytes
    self.slow = slow
  }

  var expectsAnswer: Bool { text != nil || pattern != nil }
}

/// Checks a link by a TCP connection: resolve, connect, send if there is something to send, and read
/// until what is expected has come.
package struct TCPProbe: Probe {
  package static let kind = "tcp"

  private let options: TCPOptions
  private var attempt: SocketAttempt
  private var isConnected = false
  private var answer: [UInt8] = []
  private var askedAt = Instant(nanoseconds: 0)
  private var firstByteAt: Instant?
  private var hasText: Bool
  private var hasPattern: Bool
  /// A pattern is looked for anew when so many bytes are there: always at first, then at each
  /// doubling, lest a server that drips makes the work grow with the square of its answer.
  private var nextLook = 1
  private var looks = 0
  private var endsAfterLook: Outcome?
  /// So many bytes have been searched for the pattern.
  private var lookedAtBytes = 0
  private var isExamining = false

  package init(_ options: TCPOptions, timeout: TimeAmount, tracing: Bool) {
    self.options = options
    attempt = SocketAttempt(timeout: timeout, tracing: tracing)
    hasText = options.text == nil
    hasPattern = options.pattern == nil
    for secret in options.send?.secrets ?? [] { attempt.mask.add(secret) }
  }

  package mutating func step(_ event: ProbeEvent, at now: Instant) -> ProbeAction {
    switch event {
    case .start:
      attempt.start(at: now)
      let target = options.target
      return attempt.lookUp(
        target.host, isIPLiteral: target.isIPLiteral, options.family, at: now) ?? connect(at: now)
    case .resolved(let found, let took, let waited):
      attempt.resolved(found, took: took, waited: waited)
      return found.isEmpty ? attempt.finish(.resolve(.noAddress)) : connect(at: now)
    case .notResolved(let cause, let took, let waited):
      attempt.notResolved(took: took, waited: waited)
      return attempt.finish(.resolve(cause))
    case .connected(let took):
      attempt.connected(took: took)
      isConnected = true
      askedAt = now
      if let send = options.send { return .send(send.text.bytes) }
      return options.expectsAnswer ? receive(at: now) : succeed()
    case .sent:
      askedAt = now
      return options.expectsAnswer ? receive(at: now) : succeed()
    case .received(let bytes, let time): return received(bytes, at: time, now: now)
    case .examined(let examined):
      isExamining = false
      return looked(examined.outcome, at: now)
    case .closed: return ended(.answer(.closed), at: now)
    case .receivedNothing: return ranOut(at: now)
    case .socketFailed(let failure): return failed(failure, at: now)
    case .timedOut(let waitingInOurQueue, let waited):
      if attempt.isResolving {
        return attempt.resolvingRanOut(
          QueueWait(isOver: !waitingInOurQueue, waited: waited), at: now)
      }
      return ranOut(at: now)
    default: return attempt.finish(.skipped(.unsupported))
    }
  }

  private mutating func connect(at now: Instant) -> ProbeAction {
    attempt.connect(
      .tcp, port: options.target.port, sourceAddress: options.sourceAddress, at: now)
      ?? attempt.finish(.resolve(.noAddress))
  }

  private mutating func failed(_ failure: SocketFailure, at now: Instant) -> ProbeAction {
    guard isConnected else {
      let told = outcome(of: failure, reset: .connect(.reset))
      if case .connect = told, !attempt.addresses.isEmpty, now < attempt.deadline {
        if attempt.tracing { attempt.note("\(told.sentence); trying the next address") }
        return connect(at: now)
      }
      return told == .connect(.timedOut) ? attempt.finishLate(told) : attempt.finish(told)
    }
    switch failure {
    case .connect(.timedOut): return attempt.finish(.answer(.timedOut))
    case .connect: return attempt.finish(.answer(.other))
    default: return attempt.finish(outcome(of: failure, reset: .answer(.reset)))
    }
  }

  // MARK: - The answer

  private mutating func receive(at now: Instant) -> ProbeAction {
    .receive(
      limit: options.limitBytes + 1 - answer.count,
      within: max(attempt.left(at: now) - keptBack, .milliseconds(1)))
  }

  /// Time for a last look of the workers at what has come since they looked.
  private var keptBack: TimeAmount {
    guard hasText, !hasPattern, lookedAtBytes < answer.count, patternExamination.isLong else {
      return .zero
    }
    return attempt.timeout / 10
  }

  private mutating func received(
    _ bytes: [UInt8], at time: Instant, now: Instant
  ) -> ProbeAction {
    if firstByteAt == nil {
      firstByteAt = time
      let took = UInt32(clamping: max(.zero, time - askedAt).microseconds)
      attempt.add(PhaseTimings(firstByteMicroseconds: took, totalMicroseconds: took))
    }
    let before = answer.count
    answer += bytes
    attempt.result.bodyBytes = answer.count
    if let text = options.text, !hasText {
      // Only what the new bytes can be part of.
      let wanted = Array(text.utf8)
      hasText = contains(Array(answer[max(0, before - wanted.count + 1)...]), wanted)
    }
    let isFull = answer.count > options.limitBytes
    if hasText, hasPattern { return succeed(lastByteAt: time) }
    if hasText, isFull || answer.count >= nextLook {
      endsAfterLook = isFull ? .answer(.tooLarge) : nil
      return look(at: now)
    }
    if attempt.left(at: now) <= keptBack { return ended(.answer(.timedOut), at: now) }
    return isFull ? attempt.finish(.answer(.tooLarge)) : receive(at: now)
  }

  private mutating func look(at now: Instant) -> ProbeAction {
    looks += 1
    nextLook = looks < 16 ? answer.count + 1 : answer.count * 2
    lookedAtBytes = answer.count
    let examination = patternExamination
    isExamining = examination.isLong
    return isExamining ? .examine(examination) : looked(examination.run().outcome, at: now)
  }

  private var patternExamination: Examination {
    Examination(
      expectations: HTTPExpectations(
        status: [0...0], patterns: options.pattern.map { [$0] } ?? []),
      result: TransferResult(body: answer), mask: attempt.mask)
  }

  private mutating func looked(_ outcome: Outcome, at now: Instant) -> ProbeAction {
    switch outcome {
    case .ok:
      hasPattern = true
      return succeed(lastByteAt: now)
    case .skipped: return attempt.finish(outcome)
    case .body(.tooComplex): return attempt.finish(.answer(.other))
    default: return endsAfterLook.map { attempt.finish($0) } ?? receive(at: now)
    }
  }

  private mutating func succeed(lastByteAt: Instant? = nil) -> ProbeAction {
    if let lastByteAt, let firstByteAt {
      let took = UInt32(clamping: max(.zero, lastByteAt - firstByteAt).microseconds)
      attempt.add(PhaseTimings(transferMicroseconds: took, totalMicroseconds: took))
    }
    if attempt.tracing, options.expectsAnswer { attempt.note("answer \(answer.count) bytes") }
    attempt.markSlow(options.slow)
    return attempt.finish(.ok)
  }

  /// Nothing more comes: what is there is looked at once more, and what is missing is named.
  private mutating func ended(_ empty: Outcome, at now: Instant) -> ProbeAction {
    if answer.isEmpty { return attempt.finish(empty) }
    guard hasText, let pattern = options.pattern else {
      return attempt.finish(.answer(.textMissing(shown(options.text ?? ""))))
    }
    let missing = Outcome.answer(.patternMissing(shown(pattern.source)))
    if lookedAtBytes == answer.count { return attempt.finish(missing) }
    endsAfterLook = missing
    return look(at: now)
  }

  private mutating func ranOut(at now: Instant) -> ProbeAction {
    guard isConnected else { return attempt.finishLate(.connect(.timedOut)) }
    // Whatever has come, it is our own workers who have not looked at it.
    if isExamining { return attempt.finish(.skipped(.workersBusy)) }
    if answer.isEmpty { return attempt.finishLate(.answer(.timedOut)) }
    if now >= attempt.deadline, keptBack > .zero { return attempt.finish(.skipped(.workersBusy)) }
    return ended(.answer(.timedOut), at: now)
  }

  private func shown(_ text: String) -> String {
    attempt.mask.masked(text, limit: Limits.outcomeDetailCharacters)
  }
}
