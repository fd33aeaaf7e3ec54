import Base
import Model

/// What a probe's last sample says of the time that follows it.
package struct Standing: Hashable, Sendable {
  /// Up to here the time has been told.
  package var told: WallTime
  /// Behind this nothing is known: the next sample is overdue.
  package var until: WallTime
  package var isUp: Bool
  package var isMaintenance: Bool

  package init(told: WallTime, until: WallTime, isUp: Bool, isMaintenance: Bool = false) {
    self.told = told
    self.until = until
    self.isUp = isUp
    self.isMaintenance = isMaintenance
  }
}

/// Turns the samples of one probe, in the order of writing, into cells.
///
/// A sample stands for the time from its own to that of the next, at most for twice the probe's
/// interval: behind that, and from the stop of the daemon to its start, and from a run that was
/// skipped to the next, the state is unknown. So it is from the moment at which the monitor is known to have
/// seen last: what was taken while it may have been blind counts for nothing, and nothing stands. A step of the clock ends what stands: time that the
/// clock left out is unknown, and what happened in time that it showed twice is told in the same cells.
package struct CellBuilder: Sendable {
  private let patience: TimeAmount
  private let span: CellSpan
  /// What stands at the end of what was added so far; give it to the builder of what follows.
  package private(set) var standing: Standing?
  /// In the order of time.
  package private(set) var cells: [Cell] = []

  /// - Parameters:
  ///   - every: the probe's interval.
  ///   - standing: what stood at the end of the samples before these.
  ///   - span: that of the cells.
  package init(every: TimeAmount, standing: Standing? = nil, span: CellSpan = .fiveMinutes) {
    patience = every * 2
    self.span = span
    self.standing = standing
  }

  package mutating func add(_ sample: Sample) {
    tell(until: sample.time)
    guard !sample.isBlind else {
      standing = nil
      return
    }
    count(sample)
    guard !sample.outcome.isSkipped else {
      standing = nil
      return
    }
    // A sample that was written late must not tell a time again that has been told.
    let told = max(sample.time, standing?.told ?? sample.time)
    standing = Standing(
      told: told, until: sample.time + patience, isUp: !sample.outcome.isFailure,
      isMaintenance: sample.flags.contains(.maintenance))
  }

  /// - Parameter lastSign: the time of the record before it, of whichever probe: the daemon may have
  ///   ended right behind it.
  package mutating func add(_ mark: RingMark, lastSign: WallTime?) {
    switch mark {
    case .started: if let lastSign { tell(until: lastSign) }
    case .stopped(let time): tell(until: time)
    case .clockStepped(let time, let step): tell(until: time - step)
    case .wentBlind(_, let sawAt): tell(until: sawAt)
    }
    standing = nil
  }

  /// Tells the time up to the end of a block; what stands goes on behind it.
  package mutating func close(at end: WallTime) { tell(until: end) }

  private mutating func tell(until end: WallTime) {
    guard let stood = standing else { return }
    let end = min(end, stood.until)
    guard end > stood.told else { return }
    standing?.told = end
    var from = stood.told
    while from < end {
      let cellEnd = span.start(of: from) + span.length
      let to = min(end, cellEnd)
      // Whole milliseconds of the clock, so that the parts add up to the whole.
      let milliseconds = to.milliseconds - from.milliseconds
      cells.withCell(span, at: from) { $0.tell(milliseconds, as: stood) }
      from = to
    }
  }

  private mutating func count(_ sample: Sample) {
    cells.withCell(span, at: sample.time) { tally in
      if sample.flags.contains(.confirmation) {
        tally.confirmations &+= 1
        return
      }
      tally.count(sample.outcome.phase.rawValue)
      guard !sample.outcome.isFailure, !sample.outcome.isSkipped else { return }
      if sample.isSlow { tally.slow &+= 1 }
      tally.addLatency(microseconds: sample.timings.totalMicroseconds)
    }
  }
}

extension Tally {
  fileprivate mutating func tell(_ milliseconds: Int64, as standing: Standing) {
    switch (standing.isMaintenance, standing.isUp) {
    case (false, true): upMilliseconds += milliseconds
    case (false, false): downMilliseconds += milliseconds
    case (true, true): maintenanceUpMilliseconds += milliseconds
    case (true, false): maintenanceDownMilliseconds += milliseconds
    }
  }
}
