import Base
import Model

/// When probes run: each at a fixed phase of its interval, released on ticks.
package struct Schedule {
  /// One entry of the queue of due runs.
  struct Due {
    var probe: Int32
    /// The probe's schedule generation; an entry of an earlier one is void.
    var generation: UInt32
    var kind: Kind
  }

  enum Kind {
    case regular
    /// The first run after a start, ahead of a long interval's phase.
    case early
    /// A short-notice run after a failure.
    case confirmation
  }

  package let tick: TimeAmount
  private var queue = TimerHeap<Due>()

  package init(tick: TimeAmount) { self.tick = tick }

  /// The first tick at or after an instant.
  package func tickAtOrAfter(_ instant: Instant) -> Instant {
    let index = (instant.nanoseconds + tick.nanoseconds - 1) / tick.nanoseconds
    return Instant(nanoseconds: index * tick.nanoseconds)
  }

  /// The first tick after an instant.
  package func tickAfter(_ instant: Instant) -> Instant {
    Instant(nanoseconds: (instant.nanoseconds / tick.nanoseconds + 1) * tick.nanoseconds)
  }

  /// The last tick at or before an instant.
  package func tickAtOrBefore(_ instant: Instant) -> Instant {
    Instant(nanoseconds: instant.nanoseconds / tick.nanoseconds * tick.nanoseconds)
  }

  /// The tick on which the next run is released; nil with nothing scheduled.
  package var nextTick: Instant? { queue.nextDue.map(tickAtOrAfter) }

  mutating func push(_ due: Due, at instant: Instant) { queue.push(due, due: instant) }

  /// The next run that a tick at or before `now` has released, and that tick.
  mutating func popReleased(at now: Instant) -> (due: Due, at: Instant, tick: Instant)? {
    guard let (instant, due) = queue.popDue(at: tickAtOrBefore(now)) else { return nil }
    return (due, instant, tickAtOrAfter(instant))
  }

  /// Changes each run that is due, or takes it out where the change is nil.
  mutating func update(_ change: (Due) -> Due?) { queue.update(change) }

  mutating func removeAll() { queue.removeAll() }
}

/// The phase of a probe within its interval: the same in every run of the daemon, and spread evenly.
package func phaseOffset(of key: String, every: TimeAmount) -> TimeAmount {
  TimeAmount(
    nanoseconds: Int64(stableHash(key) % UInt64(max(1, every.nanoseconds))))
}

/// When a probe runs next by its phase: the first time after `now` whose wall time is congruent to
/// the phase. Counted on the wall clock, so that a restart keeps the phase.
package func nextByPhase(_ phase: TimeAmount, every: TimeAmount, after now: Now) -> Instant {
  let interval = max(1, every.nanoseconds)
  let since = (now.wall.nanoseconds - phase.nanoseconds) % interval
  let elapsed = since < 0 ? since + interval : since
  return now.instant + TimeAmount(nanoseconds: interval - elapsed)
}
