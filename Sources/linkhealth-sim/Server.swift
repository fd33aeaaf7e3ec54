import Base
import CLinux
import Glibc
import Host
import Scenario

/// Accepts connections, keeps their number bounded and their times short.
final class Server: ReadinessHandler, LoopPart {
  private static let acceptsPerRound = 64
  private static let timersPerRound = 256
  private static let sweepEvery = TimeAmount.seconds(1)

  let reactor: Reactor
  var simulator: Simulator
  /// What every connection reads into.
  var buffer = [UInt8](repeating: 0, count: 16 << 10)

  private let listener: Descriptor
  private var listening: Token?
  private var isPaused = false
  private var connections: SlotTable<Connection>
  private var timers = TimerHeap<Token>()
  private var nextSweep = Instant.distantFuture

  init(
    _ reactor: Reactor, simulator: Simulator, listener: consuming Descriptor, connections: Int
  ) {
    self.reactor = reactor
    self.simulator = simulator
    self.listener = listener
    self.connections = SlotTable(capacity: connections)
  }

  func start() throws(SystemError) {
    reactor.add(part: self)
    listening = try reactor.add(listener.raw, .readable, handler: self)
  }

  // MARK: Accepting

  func ready(_ readiness: Readiness, key: Int32, token: Token) {
    for _ in 0..<Self.acceptsPerRound {
      guard !connections.isFull else { return pause() }
      let raw = lh_accept(listener.raw)
      if raw >= 0 {
        welcome(Descriptor(raw))
      } else if errno == EAGAIN {
        return
      } else if errno != EINTR && errno != ECONNABORTED {
        return pause()  // no descriptors or no memory left; the next sweep tries again
      }
    }
  }

  private func welcome(_ descriptor: consuming Descriptor) {
    _ = lh_no_delay(descriptor.raw)
    let now = Clock.instant
    let connection = Connection(descriptor, server: self, deadline: now + SimulatorLimits.idle)
    guard let slot = connections.insert(connection) else { return }
    connection.slot = slot
    if nextSweep == .distantFuture { nextSweep = now + Self.sweepEvery }
    do throws(SystemError) {
      try connection.register()
    } catch {
      connections.remove(slot)
    }
  }

  /// Leaves further clients in the system's queue.
  private func pause() {
    guard !isPaused, let listening else { return }
    isPaused = true
    nextSweep = min(nextSweep, Clock.instant + Self.sweepEvery)
    try? reactor.modify(listening, [])
  }

  private func resume() {
    guard isPaused, !connections.isFull, let listening else { return }
    isPaused = false
    try? reactor.modify(listening, .readable)
  }

  func forget(_ connection: Connection) {
    connections.remove(connection.slot)
    if isPaused { resume() }
  }

  // MARK: Time

  /// Wakes a connection; a former time that it was given no longer counts.
  func wake(_ connection: Connection, at due: Instant) {
    connection.due = due
    timers.push(connection.slot, due: due)
    if timers.count > 2 * connections.capacity + 1_024 { dropStaleTimers() }
  }

  /// Connections that left while they waited have left their times behind.
  private func dropStaleTimers() {
    timers.removeAll()
    for token in connections.tokens {
      if let due = connections[token]?.due { timers.push(token, due: due) }
    }
  }

  var nextDue: Instant? {
    let due = min(timers.nextDue ?? .distantFuture, nextSweep)
    return due == .distantFuture ? nil : due
  }

  func runDue(at now: Now) {
    for _ in 0..<Self.timersPerRound {
      guard let (due, token) = timers.popDue(at: now.instant) else { break }
      if let connection = connections[token], connection.due == due { connection.woken() }
    }
    if nextSweep <= now.instant { sweep(at: now.instant) }
  }

  /// Ends the connections whose time is up. Once a second is often enough for that, and costs less
  /// than a timer for each of them at every request.
  private func sweep(at now: Instant) {
    for token in connections.tokens {
      if let connection = connections[token], connection.deadline <= now { connection.close() }
    }
    resume()
    nextSweep =
      connections.count == 0 && !isPaused ? .distantFuture : now + Self.sweepEvery
  }
}
