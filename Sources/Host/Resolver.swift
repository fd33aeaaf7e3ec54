import Base
import CLinux
import Glibc
import Model
import Probes

/// Looks names up through the system's resolver in a bounded pool of threads: one flight per name,
/// answers remembered for a while, since getaddrinfo does not tell how long they hold.
package final class Resolver {
  package enum Answer: Sendable {
    /// `waited`: how long the look-up had to wait for a free thread after it was asked for.
    case addresses([String], took: TimeAmount, waited: TimeAmount = .zero)
    case failed(ResolveCause, took: TimeAmount, waited: TimeAmount = .zero)
    /// This machine had no descriptor or no memory left to look: nothing is known of the name.
    case noRoom
  }

  /// What a request comes to at once.
  package enum Start {
    case known(Answer)
    case pending
    /// The pool's queue is full; nothing was asked.
    case busy
  }

  /// The call that a pool's thread makes; replaced in tests.
  package typealias Lookup = @Sendable (_ host: String, _ family: AddressFamily) -> Answer

  private struct Key: Hashable {
    var host: String
    var family: AddressFamily
  }

  private struct Finished: Sendable {
    var host: String
    var family: AddressFamily
    var began: Instant
    var answer: Answer?  // nil: the look-up has begun
  }

  private struct Flight {
    var waiters: [Waiter]
    var began: Instant?
  }

  private struct Waiter {
    var token: Token
    var asked: Instant
  }

  private struct Remembered {
    var answer: Answer
    var until: Instant
  }

  private let workers: Workers
  private let lookup: Lookup
  private let lifetime: TimeAmount
  private let onAnswer: (Token, Answer) -> Void
  private var receiver: MailboxReceiver<Finished>?
  private var flights: [Key: Flight] = [:]
  private var flightOfWaiter: [Token: Key] = [:]
  private var remembered: [Key: Remembered] = [:]

  package init(
    reactor: Reactor, threads: Int = Limits.resolverThreads, queue: Int = Limits.resolverQueue,
    lifetime: TimeAmount = Limits.resolvedLifetime,
    lookup: @escaping Lookup = systemLookup, onAnswer: @escaping (Token, Answer) -> Void
  ) throws(SystemError) {
    self.lookup = lookup
    self.lifetime = lifetime
    self.onAnswer = onAnswer
    workers = try Workers(threads: threads, capacity: queue)
    receiver = try MailboxReceiver(reactor) { [unowned self] in self.received($0) }
  }

  /// Asks for a name's addresses; a pending answer comes through `onAnswer`.
  package func resolve(
    _ host: String, family: AddressFamily, token: Token, at now: Instant
  ) -> Start {
    let key = Key(host: host, family: family)
    if let known = remembered[key] {
      if known.until > now {
        switch known.answer {
        case .addresses(let list, _, _): return .known(.addresses(list, took: .zero))
        case .failed(let cause, _, _): return .known(.failed(cause, took: .zero))
        case .noRoom: break
        }
      }
      remembered[key] = nil
    }
    if flights[key] != nil {
      flights[key]?.waiters.append(Waiter(token: token, asked: now))
    } else {
      guard let mailbox = receiver?.mailbox else { return .busy }
      let lookup = self.lookup
      let accepted = workers.submit {
        var message = Finished(host: host, family: family, began: Clock.instant)
        mailbox.post(message)
        message.answer = lookup(host, family)
        mailbox.post(message)
      }
      guard accepted else { return .busy }
      flights[key] = Flight(waiters: [Waiter(token: token, asked: now)])
    }
    flightOfWaiter[token] = key
    return .pending
  }

  /// How long the look-up that a token waits for has been in our own queue.
  package func queueWait(of token: Token, at now: Instant) -> QueueWait {
    guard let key = flightOfWaiter[token], let flight = flights[key],
      let waiter = flight.waiters.first(where: { $0.token == token })
    else { return QueueWait() }
    return QueueWait(
      isOver: flight.began != nil,
      waited: max(.zero, (flight.began ?? now) - waiter.asked))
  }

  /// Stops waiting; the look-up itself cannot be ended and is remembered when it comes back.
  package func cancel(_ token: Token) {
    guard let key = flightOfWaiter.removeValue(forKey: token) else { return }
    flights[key]?.waiters.removeAll { $0.token == token }
  }

  /// Forgets all answers, as after a reload.
  package func forgetAll() { remembered.removeAll() }

  private func received(_ message: Finished) {
    let key = Key(host: message.host, family: message.family)
    guard let answer = message.answer else {
      flights[key]?.began = message.began
      return
    }
    remember(answer, for: key)
    guard let flight = flights.removeValue(forKey: key) else { return }
    let now = Clock.instant
    for waiter in flight.waiters {
      flightOfWaiter[waiter.token] = nil
      onAnswer(waiter.token, answer.asSeen(from: waiter.asked, began: message.began, now: now))
    }
  }

  private func remember(_ answer: Answer, for key: Key) {
    let now = Clock.instant
    if remembered.count >= Limits.resolverCacheEntries {
      remembered = remembered.filter { $0.value.until > now }
      if remembered.count >= Limits.resolverCacheEntries { remembered.removeAll() }
    }
    let lifetime: TimeAmount
    switch answer {
    case .addresses: lifetime = self.lifetime
    case .failed: lifetime = Limits.unresolvedLifetime
    case .noRoom: return
    }
    remembered[key] = Remembered(answer: answer, until: now + lifetime)
  }
}

extension Resolver.Answer {
  /// The answer for one who asked at a time of its own: what came before the look-up began was
  /// waiting, and what came before the question was not waited for.
  fileprivate func asSeen(from asked: Instant, began: Instant, now: Instant) -> Self {
    let waited = max(.zero, began - asked)
    let most = max(.zero, now - max(asked, began))
    switch self {
    case .addresses(let list, let took, _):
      return .addresses(list, took: min(took, most), waited: waited)
    case .failed(let cause, let took, _):
      return .failed(cause, took: min(took, most), waited: waited)
    case .noRoom: return .noRoom
    }
  }
}

/// One blocking getaddrinfo, timed.
@Sendable
package func systemLookup(_ host: String, _ family: AddressFamily) -> Resolver.Answer {
  let started = Clock.instant
  var hints = addrinfo()
  hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
  switch family {
  case .any: hints.ai_family = AF_UNSPEC
  case .ipv4: hints.ai_family = AF_INET
  case .ipv6: hints.ai_family = AF_INET6
  }
  if family == .any { hints.ai_flags = AI_ADDRCONFIG }
  var found: UnsafeMutablePointer<addrinfo>?
  errno = 0
  let code = getaddrinfo(host, nil, &hints, &found)
  // For want of a descriptor glibc says that there is no such name, and leaves the reason in errno.
  let lacking = code == 0 ? 0 : errno
  defer { if let found { freeaddrinfo(found) } }
  let took = Clock.instant - started
  switch code {
  case 0: break
  case _ where [EMFILE, ENFILE, ENOMEM, ENOBUFS].contains(lacking), EAI_MEMORY: return .noRoom
  case EAI_NONAME: return .failed(.noSuchName, took: took)
  case -5, EAI_FAMILY: return .failed(.noAddress, took: took)  // EAI_NODATA is a GNU extension
  case EAI_AGAIN: return .failed(.temporaryFailure, took: took)
  default: return .failed(.other, took: took)
  }
  var addresses: [String] = []
  var next = found
  while let entry = next {
    var text = [CChar](repeating: 0, count: 128)
    let named = getnameinfo(
      entry.pointee.ai_addr, entry.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0,
      NI_NUMERICHOST)
    if named == 0 {
      let end = text.firstIndex(of: 0) ?? text.count
      let address = String(decoding: text[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
      if !addresses.contains(address) { addresses.append(address) }
    }
    next = entry.pointee.ai_next
  }
  return addresses.isEmpty
    ? .failed(.noAddress, took: took) : .addresses(addresses, took: took)
}
