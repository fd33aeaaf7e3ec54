import Base
import Model
import Wire

/// An attempt whose outcome was written beforehand, in the place of one of whatever kind: rules are
/// rehearsed with it, and nobody is asked. It is not registered, so no catalogue can name it.
package struct RehearsedProbe: Probe {
  /// A time in which attempts show something else than usual.
  package struct Stretch: Sendable, Hashable {
    package var from: Instant
    package var until: Instant
    package var outcome: Outcome
    /// How long an attempt takes; nil for the usual time, and of one that times out for its time limit.
    package var took: TimeAmount?
    /// What share of the attempts it is, drawn at random, the same each time.
    package var permille: Int
    /// It strikes for the first length, spares for the second, and so on; nil for all the time.
    package var rhythm: Rhythm?

    package init(
      from: Instant, until: Instant, outcome: Outcome, took: TimeAmount? = nil,
      permille: Int = 1_000, rhythm: Rhythm? = nil
    ) {
      self.from = from
      self.until = until
      self.outcome = outcome
      self.took = took
      self.permille = permille
      self.rhythm = rhythm
    }

    func strikes(at now: Instant, drawn: Int) -> Bool {
      guard from <= now, now < until, drawn < permille else { return false }
      guard let rhythm else { return true }
      let beat = (rhythm.on + rhythm.off).nanoseconds
      return (now - from).nanoseconds % beat < rhythm.on.nanoseconds
    }
  }

  package struct Rhythm: Sendable, Hashable {
    package var on: TimeAmount
    package var off: TimeAmount

    package init(on: TimeAmount, off: TimeAmount) {
      self.on = on
      self.off = off
    }
  }

  package struct Options: Sendable {
    /// Tells the probe's draws from those of others.
    package var key: UInt64
    /// Of those that strike at once the last decides.
    package var stretches: [Stretch]
    package var usual: Outcome
    package var usualTime: TimeAmount
    /// A right answer that takes longer is slow.
    package var slow: TimeAmount?

    package init(
      key: UInt64, stretches: [Stretch], usual: Outcome, usualTime: TimeAmount,
      slow: TimeAmount?
    ) {
      self.key = key
      self.stretches = stretches
      self.usual = usual
      self.usualTime = usualTime
      self.slow = slow
    }
  }

  package static let kind = "rehearsed"

  package static func decode(
    _ reader: inout FieldReader, _ context: ProbeContext, _ complaints: inout Complaints
  ) -> Options? {
    reader.complain("kind", "a rehearsed probe is written in no catalogue", &complaints)
    return nil
  }

  package static func settings(of options: Options) -> [(key: String, value: String)] { [] }
  package static func target(of options: Options) -> String? { nil }

  private let options: Options
  private let timeout: TimeAmount
  private var result = ProbeResult(outcome: .ok)

  package init(_ options: Options, timeout: TimeAmount, tracing: Bool) {
    self.options = options
    self.timeout = timeout
  }

  package mutating func step(_ event: ProbeEvent, at now: Instant) -> ProbeAction {
    guard case .start = event else { return .finish(result) }
    let took = begin(at: now)
    return .wait(took)
  }

  private mutating func begin(at now: Instant) -> TimeAmount {
    var draw = SeededGenerator(seed: options.key ^ UInt64(bitPattern: now.nanoseconds))
    let drawn = Int(draw.below(1_000))
    let stretch = options.stretches.last { $0.strikes(at: now, drawn: drawn) }
    let outcome = stretch?.outcome ?? options.usual
    let took = min(timeout, stretch?.took ?? (outcome.isTimeOut ? timeout : options.usualTime))
    result.outcome = outcome
    result.timings = PhaseTimings(totalMicroseconds: UInt32(clamping: took.microseconds))
    if case .http(.status(let status)) = outcome {
      result.httpStatus = status
      if [401, 403, 407].contains(status) { result.flags.insert(.credentialRefused) }
    }
    if outcome == .ok, let slow = options.slow, took > slow { result.flags.insert(.slow) }
    return took
  }
}

extension Outcome {
  /// Whether the attempt waited until its time was up.
  fileprivate var isTimeOut: Bool { causeName == "timedOut" || self == .ping(.noReply) }
}
