import Base
import Model

/// The daemon's account of its own punctuality, from the start or the last reset.
package struct ScheduleFigures: Sendable {
  package private(set) var since: Instant
  package private(set) var attempts = 0
  package private(set) var confirmations = 0
  package private(set) var skipped: [SkipCause: Int] = [:]
  package private(set) var lateness = MicrosecondHistogram()
  package private(set) var startsPerTickMaximum = 0
  private var startsInTick = 0
  private var currentTick: Instant?

  package init(since: Instant) { self.since = since }

  package var skippedCount: Int { skipped.values.reduce(0, +) }

  mutating func started(at now: Instant, tick: Instant, isConfirmation: Bool) {
    attempts += 1
    if isConfirmation { confirmations += 1 }
    lateness.add((now - tick).microseconds)
    if currentTick != tick {
      currentTick = tick
      startsInTick = 0
    }
    startsInTick += 1
    startsPerTickMaximum = max(startsPerTickMaximum, startsInTick)
  }

  mutating func skip(_ cause: SkipCause, count: Int = 1) { skipped[cause, default: 0] += count }

  /// How many ticks have passed since the figures began.
  package func ticks(at now: Instant, tick: TimeAmount) -> Int {
    max(1, Int((now - since).nanoseconds / tick.nanoseconds))
  }
}
