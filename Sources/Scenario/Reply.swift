import Base

/// All that is done with one request: wait, send some bytes, then end in one of several ways.
package struct Reply: Sendable, Hashable {
  package enum Ending: Sendable, Hashable {
    /// The connection is ready for another request.
    case next
    case close
    case reset
    /// Silence, until the other side gives up or time is up.
    case hang
    /// More bytes, each one after a pause, then the end of the connection.
    case drip([UInt8], every: TimeAmount)
    /// The same bytes over and over, ``SimulatorLimits/endlessBytes`` at most.
    case endless([UInt8])
  }

  /// Before the first byte.
  package var delay: TimeAmount
  package var bytes: [UInt8]
  package var ending: Ending

  package init(delay: TimeAmount = .zero, bytes: [UInt8] = [], ending: Ending) {
    self.delay = delay
    self.bytes = bytes
    self.ending = ending
  }
}

/// Walks through a reply: says what to do now, and is told how many bytes were taken.
package struct Playback: Sendable {
  package enum Step: Sendable, Hashable {
    /// Nothing before this time.
    case wait(until: Instant)
    /// Offer ``pending`` to the socket and tell how much of it went, with ``took(_:)``.
    case send
    /// Send nothing more, leave the connection open.
    case hold
    case end(End)
  }
  package enum End: Sendable, Hashable { case next, close, reset }

  private var due: Instant
  private var ending: Reply.Ending
  private var dripEvery: TimeAmount?
  private var endlessLeft = SimulatorLimits.endlessBytes
  /// The bytes of which ``pending`` is a range; apart, so that they need not be copied.
  package private(set) var bytes: [UInt8]
  /// What is to be sent now.
  package private(set) var pending: Range<Int>

  package init(_ reply: Reply, at now: Instant) {
    due = now + reply.delay
    bytes = reply.bytes
    pending = 0..<reply.bytes.count
    ending = reply.ending
  }

  package mutating func took(_ count: Int) {
    pending = (pending.lowerBound + count)..<pending.upperBound
  }

  package mutating func step(at now: Instant) -> Step {
    if now < due { return .wait(until: due) }
    if !pending.isEmpty { return .send }
    if let dripEvery, pending.upperBound < bytes.count {
      pending = pending.upperBound..<pending.upperBound + 1
      due = now + dripEvery
      return .wait(until: due)
    }
    switch ending {
    case .next: return .end(.next)
    case .close: return .end(.close)
    case .reset: return .end(.reset)
    case .hang: return .hold
    case .drip(let body, let every):
      bytes = body
      pending = 0..<0
      dripEvery = every
      ending = .close
      return step(at: now)
    case .endless(let chunk):
      endlessLeft -= chunk.count
      guard endlessLeft >= 0, !chunk.isEmpty else { return .end(.close) }
      bytes = chunk
      pending = 0..<chunk.count
      return .send
    }
  }
}
