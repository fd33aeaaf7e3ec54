import Base
import CLinux
import Glibc
import Model

/// What a descriptor is ready for, or what its owner waits for.
package struct Readiness: OptionSet, Sendable, Hashable {
  package var rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package static let readable = Readiness(rawValue: lh_epollin)
  package static let writable = Readiness(rawValue: lh_epollout)
  /// An error or a hang-up; always reported, never asked for.
  package static let failed = Readiness(rawValue: lh_epollfailed)
}

/// Receives the readiness of descriptors that it has registered.
package protocol ReadinessHandler: AnyObject {
  /// `key` is what was given at registration. A handler may add, change and remove registrations.
  func ready(_ readiness: Readiness, key: Int32, token: Token)
}

/// A part of the program that has timed work. The loop asks each part when it is next due.
package protocol LoopPart: AnyObject {
  var nextDue: Instant? { get }
  /// Called when ``nextDue`` has come; must move it on, or do a bounded slice and leave it due.
  func runDue(at now: Now)
}

/// The loop: epoll over registered descriptors, and parts with due times. It runs on one thread,
/// and everything that it calls lives on that thread.
package final class Reactor {
  private struct Registration {
    var descriptor: Int32
    var key: Int32
    var handler: any ReadinessHandler
  }

  /// Few enough that one round of handlers does not delay due parts for long.
  private static let eventsPerRound = 32

  private let epoll: Descriptor
  private var registrations = SlotTable<Registration>(capacity: 1 << 20)
  private var parts: [any LoopPart] = []
  private var events = [lh_event](repeating: lh_event(), count: eventsPerRound)
  /// Those of ``events`` that the turn before had no time for.
  private var left = 0..<0
  private var stopping = false
  /// When the turn began that is under way; nil before the first.
  private var turnBegan: Instant?
  /// The thread's CPU time at the end of the turn before.
  private var cpuNanoseconds: Int64 = 0
  package private(set) var figures = LoopFigures()

  package init() throws(SystemError) {
    let raw = lh_epoll_create()
    guard raw >= 0 else { throw SystemError.last("epoll_create1") }
    epoll = Descriptor(raw)
  }

  package func add(part: any LoopPart) { parts.append(part) }

  /// Watches a descriptor, which stays the caller's to close, after removing the registration.
  package func add(
    _ descriptor: Int32, _ interest: Readiness, key: Int32 = 0, handler: any ReadinessHandler
  ) throws(SystemError) -> Token {
    let registration = Registration(descriptor: descriptor, key: key, handler: handler)
    guard let token = registrations.insert(registration) else {
      throw SystemError(operation: "epoll registration", code: ENOSPC)
    }
    guard lh_epoll_add(epoll.raw, descriptor, interest.rawValue, token.rawValue) == 0 else {
      let code = errno
      registrations.remove(token)
      throw SystemError(operation: "epoll_ctl add", code: code)
    }
    return token
  }

  package func modify(_ token: Token, _ interest: Readiness) throws(SystemError) {
    guard let registration = registrations[token] else { return }
    guard
      lh_epoll_modify(epoll.raw, registration.descriptor, interest.rawValue, token.rawValue) == 0
    else { throw SystemError.last("epoll_ctl modify") }
  }

  /// Ends a registration; events already fetched for it are dropped. The descriptor may already
  /// have been closed, which removed it from epoll by itself.
  package func remove(_ token: Token) {
    guard let registration = registrations.remove(token) else { return }
    _ = lh_epoll_remove(epoll.raw, registration.descriptor)
  }

  package func stop() { stopping = true }

  package func resetFigures() { figures = LoopFigures() }

  /// Runs until ``stop()``; each round runs what is due, then waits for readiness.
  package func run() throws(SystemError) {
    stopping = false
    while !stopping { try round() }
  }

  /// One round: due parts, then one wait of at most `longest` (nil: until something is due).
  package func round(longest: TimeAmount? = nil) throws(SystemError) {
    let now = Clock.now
    if turnBegan == nil {
      turnBegan = now.instant
      cpuNanoseconds = Clock.threadNanoseconds
    }
    for part in parts {
      if let due = part.nextDue, due <= now.instant { part.runDue(at: now) }
    }
    if stopping { return }
    try wait(longest: longest)
  }

  private func wait(longest: TimeAmount?) throws(SystemError) {
    var timeout: Int64 = longest?.nanoseconds ?? -1
    var earliest: Instant?
    for part in parts {
      if let due = part.nextDue, earliest.map({ due < $0 }) ?? true { earliest = due }
    }
    let now = Clock.instant
    if let earliest {
      let left = max(0, (earliest - now).nanoseconds)
      timeout = timeout < 0 ? left : min(timeout, left)
    }
    turnEnded(at: now)
    if left.isEmpty {
      let count = lh_epoll_wait(epoll.raw, &events, Int32(Self.eventsPerRound), timeout)
      if count < 0, errno != EINTR { throw SystemError.last("epoll_pwait2") }
      left = 0..<max(0, Int(count))
    }
    handleEvents()
  }

  /// Hands events on until the turn has lasted long enough. The kernel would tell of the others again,
  /// but of those first that were handled already.
  private func handleEvents() {
    let began = Clock.instant
    turnBegan = began
    while let index = left.popFirst() {
      let token = Token(rawValue: events[index].data)
      guard let registration = registrations[token] else { continue }
      registration.handler.ready(
        Readiness(rawValue: events[index].events), key: registration.key, token: token)
      if Clock.instant - began >= Limits.turn { return }
    }
  }

  /// One system call a turn, some 700 ns, tells work from being kept from the CPU.
  private func turnEnded(at now: Instant) {
    guard let turnBegan else { return }
    let cpu = Clock.threadNanoseconds
    figures.add(
      held: now - turnBegan, cpu: TimeAmount(nanoseconds: cpu - cpuNanoseconds), endedAt: now)
    cpuNanoseconds = cpu
  }
}
