import Base
import Incidents
import Judgement
import Model
import Quiet

/// What is known of the machine's wall clock, and the incident that it makes.
package struct ClockWatch: Sendable {
  /// Nil until the first report.
  package internal(set) var report: ClockReport?
  /// Since when it is in its state, as far as is known.
  package internal(set) var since: WallTime?
  /// It was in its state when this run began to look: it may have been so for longer.
  package internal(set) var isSinceStart = false
  /// For how long it may be unsynchronised; nil for ever.
  package internal(set) var limit: TimeAmount? = Limits.clockUnsynchronisedFor
  var unsynchronisedSince: Instant?
  var incident: Incident?
  /// The incident that ended last, and when: what comes again soon is the same.
  var ended: (incident: Incident, at: Instant)?
}

/// A clock that nobody keeps right: the times of samples and incidents may be wrong, and what they show between
/// bodies is worth less. It is told of by an incident of its own, and keeps no other from being told.
extension Engine {
  /// Takes what the machine says of its clock; once a minute or so.
  package mutating func clockReported(_ report: ClockReport, at now: Now) {
    if clockWatch.report?.state != report.state { noteClockState(report, at: now) }
    clockWatch.report = report
    switch report.state {
    case .unsynchronised:
      if clockWatch.unsynchronisedSince == nil { clockWatch.unsynchronisedSince = now.instant }
      watchClock(at: now)
    case .synchronised:
      clockWatch.unsynchronisedSince = nil
      endClockIncident("the clock of this monitor is synchronised again", at: now)
    // Unknown is never well: an incident that is open stays so.
    case .unknown: clockWatch.unsynchronisedSince = nil
    }
    releaseClock(at: now)
  }

  /// Sets for how long the clock may be unsynchronised before that is told; nil turns it off.
  package mutating func configureClock(limit: TimeAmount?, at now: Now) {
    clockWatch.limit = limit
    if limit == nil {
      endClockIncident("the clock of this monitor is no longer watched", at: now)
    } else if clockWatch.unsynchronisedSince != nil {
      watchClock(at: now)
    }
  }

  /// Takes over the clock's incident of an earlier run, be it open or over since a short while.
  mutating func restoreClock(_ open: [Incident], ended: [Incident], at now: Now) {
    clockWatch.incident = open.last { $0.pattern == .clock }
    guard let last = ended.last(where: { $0.pattern == .clock }), let end = last.resolvedAt else {
      return
    }
    clockWatch.ended = (last, now.instant - max(.zero, now.wall - end))
  }

  private mutating func noteClockState(_ report: ClockReport, at now: Now) {
    clockWatch.isSinceStart = clockWatch.report == nil
    clockWatch.since = now.wall
    switch report.state {
    case .synchronised: log(.info, "the clock is synchronised")
    case .unsynchronised:
      // What an earlier run has seen and told goes on.
      if clockWatch.isSinceStart, let incident = clockWatch.incident {
        clockWatch.since = incident.begunAt
        clockWatch.isSinceStart = false
      }
      log(.warning, "the clock is not synchronised")
    case .unknown:
      log(
        .notice, "it is not known whether the clock is synchronised", [("problem", report.problem)])
    }
  }

  /// Opens the incident when it is time.
  private mutating func watchClock(at now: Now) {
    guard let limit = clockWatch.limit, let since = clockWatch.unsynchronisedSince,
      clockWatch.incident == nil
    else { return }
    let begun = now.wall(at: since)
    if let ended = clockWatch.ended, since - ended.at < incidentSettings.reopenWithin {
      return reopenClock(ended.incident, at: begun, now)
    }
    guard now.instant - since >= limit else { return }
    var incident = Incident(
      id: incidentID(&entropy), sequence: 1, pattern: .clock, status: .open, severity: .warning,
      links: [], summary: clockSummary(limit), conditions: [], openedAt: begun,
      updatedAt: now.wall)
    incident.firstToldSequence = nil
    incident.subject = IncidentSubject(layer: "degraded", axis: "clock", name: "clock")
    incident.suspicion = clockSuspicion
    incident.add(
      TimelineEntry(
        time: begun,
        text: "the clock is not synchronised"
          + (clockWatch.isSinceStart ? " when this monitor starts" : "")))
    tellClock(incident, at: now)
  }

  /// The same again soon after its end: it is told at once, the time was waited for before.
  private mutating func reopenClock(_ former: Incident, at begun: WallTime, _ now: Now) {
    var incident = former
    incident.beginAgain(at: begun)
    incident.status = .open
    incident.resolvedAt = nil
    incident.acknowledgement = nil
    incident.firstToldSequence = nil
    incident.sequence += 1
    incident.updatedAt = now.wall
    incident.suspicion = clockSuspicion
    incident.summary = "the clock of this monitor is not synchronised again: \(clockEffect)"
    incident.add(TimelineEntry(time: begun, text: "began again: the clock is not synchronised"))
    clockWatch.ended = nil
    tellClock(incident, at: now)
  }

  /// True for as long as it is open: a length that was measured once would stand still.
  private func clockSummary(_ limit: TimeAmount) -> String {
    "the clock of this monitor has not been synchronised for \(printableLength(limit)) or longer: "
      + clockEffect
  }

  private var clockEffect: String { "times of samples and incidents may be wrong" }

  private var clockSuspicion: SuspectedSide {
    SuspectedSide(
      side: "us", confidence: "high",
      reasons: [
        "the kernel of this machine says that nothing keeps its clock right",
        "as evidence between bodies the times of this monitor are worth less until it is mended",
      ])
  }

  /// Tells what was kept quiet once nothing keeps it so, whatever is known of the clock meanwhile.
  mutating func releaseClock(at now: Now) {
    guard var incident = clockWatch.incident, !incident.isTold || incident.hasHeldChanges,
      quieting(of: incident, at: now) == nil
    else { return }
    incident.sequence += 1
    incident.updatedAt = now.wall
    tellClock(incident, at: now)
  }

  /// Tells a version, or keeps it quiet by a silence.
  private mutating func tellClock(_ version: Incident, at now: Now) {
    var incident = version
    let quiet = quieting(of: incident, at: now)
    if let quiet {
      noteHidden(incident, by: quiet, at: now)
      incident.hasHeldChanges = incident.isTold
      let text = printable(
        quietPrefix + "\(quiet.kind) \(quiet.id): \(quiet.reason)", limit: 400)
      if incident.timeline.last(where: { $0.text == "told" || $0.text.hasPrefix(quietPrefix) })?
        .text != text
      {
        incident.add(TimelineEntry(time: now.wall, text: text))
      }
    } else {
      incident.hasHeldChanges = false
      if !incident.isTold { incident.add(TimelineEntry(time: now.wall, text: "told")) }
      incident.firstToldSequence = incident.firstToldSequence ?? incident.sequence
    }
    sendClock(incident, isTold: quiet == nil, at: now)
  }

  /// Quiet keeps beginnings and changes, never an end.
  private mutating func endClockIncident(_ words: String, at now: Now) {
    guard var incident = clockWatch.incident else { return }
    incident.end(at: now.wall)
    incident.add(TimelineEntry(time: now.wall, text: "resolved"))
    let length = printableLength(incident.openFor(until: now.wall))
    incident.summary = printable("\(words) after \(length)", limit: 300)
    sendClock(incident, isTold: incident.isTold, at: now)
    clockWatch.incident = nil
    clockWatch.ended = (incident, now.instant)
  }

  private mutating func sendClock(_ incident: Incident, isTold: Bool, at now: Now) {
    clockWatch.incident = incident
    shownIncidents.add(incident, isTold: isTold, at: now.instant)
    act(isTold ? .tell(incident) : .keep(incident))
  }

  /// Notes who has taken the clock's incident up; nil where it is another that is meant.
  mutating func acknowledgeClock(
    _ id: String, _ acknowledgement: Acknowledgement, at now: Now
  ) -> Incident? {
    guard var incident = clockWatch.incident, incident.id == id else { return nil }
    incident.acknowledge(acknowledgement, at: now.wall)
    if incident.isTold {
      tellClock(incident, at: now)
    } else {
      sendClock(incident, isTold: false, at: now)
    }
    return clockWatch.incident
  }
}
