import Base
import Incidents
import Judgement
import Model
import Quiet

/// What is known of the machine's wall clock, and the incident that it makes.
package struct ClockWatch: Sendable {
  /// Nil until the first report.
  package internal(set) var report: ClockReport?
  /// Since when it is in its state.
  package internal(set) var since: WallTime?
  /// For how long it may be unsynchronised; nil for ever.
  package internal(set) var limit: TimeAmount? = Limits.clockUnsynchronisedFor
  var unsynchronisedSince: Instant?
  var incident: Incident?
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

  private mutating func noteClockState(_ report: ClockReport, at now: Now) {
    clockWatch.since = now.wall
    switch report.state {
    case .synchronised: log(.info, "the clock is synchronised")
    case .unsynchronised: log(.warning, "the clock is not synchronised")
    case .unknown:
      log(
        .notice, "it is not known whether the clock is synchronised", [("problem", report.problem)])
    }
  }

  /// Opens the incident when it is time, and tells one whose quiet has ended.
  private mutating func watchClock(at now: Now) {
    guard let limit = clockWatch.limit, let since = clockWatch.unsynchronisedSince else { return }
    if var incident = clockWatch.incident {
      guard !incident.isTold, quieting(of: incident, at: now) == nil else { return }
      incident.sequence += 1
      incident.updatedAt = now.wall
      return tellClock(incident, at: now)
    }
    guard now.instant - since >= limit else { return }
    let begun = now.wall(at: since)
    var incident = Incident(
      id: incidentID(&entropy), sequence: 1, pattern: .clock, status: .open, severity: .warning,
      links: [],
      summary: "the clock of this monitor has not been synchronised for "
        + "\(printableLength(now.instant - since)): times of samples and incidents may be wrong",
      conditions: [], openedAt: begun, updatedAt: now.wall)
    incident.firstToldSequence = nil
    incident.subject = IncidentSubject(layer: "degraded", axis: "clock", name: "clock")
    incident.suspicion = SuspectedSide(
      side: "us", confidence: "high",
      reasons: [
        "the kernel of this machine says that nothing keeps its clock right",
        "as evidence between bodies the times of this monitor are worth less until it is mended",
      ])
    incident.add(TimelineEntry(time: begun, text: "the clock is not synchronised"))
    tellClock(incident, at: now)
  }

  /// Tells a version, or keeps it quiet by a silence.
  private mutating func tellClock(_ version: Incident, at now: Now) {
    var incident = version
    if let quiet = quieting(of: incident, at: now) {
      noteHidden(incident, by: quiet, at: now)
      incident.add(
        TimelineEntry(
          time: now.wall,
          text: printable(
            quietPrefix + "\(quiet.kind) \(quiet.id): \(quiet.reason)", limit: 400)))
    } else {
      incident.firstToldSequence = incident.sequence
      incident.add(TimelineEntry(time: now.wall, text: "told"))
    }
    sendClock(incident, at: now)
  }

  private mutating func endClockIncident(_ words: String, at now: Now) {
    guard var incident = clockWatch.incident else { return }
    incident.end(at: now.wall)
    incident.add(TimelineEntry(time: now.wall, text: "resolved"))
    let length = printableLength(incident.openFor(until: now.wall))
    incident.summary = printable("\(words) after \(length)", limit: 300)
    sendClock(incident, at: now)
    clockWatch.incident = nil
  }

  private mutating func sendClock(_ incident: Incident, at now: Now) {
    clockWatch.incident = incident
    shownIncidents.add(incident, isTold: incident.isTold, at: now.instant)
    act(incident.isTold ? .tell(incident) : .keep(incident))
  }

  /// Notes who has taken the clock's incident up; nil where it is another that is meant.
  mutating func acknowledgeClock(
    _ id: String, _ acknowledgement: Acknowledgement, at now: Now
  ) -> Incident? {
    guard var incident = clockWatch.incident, incident.id == id else { return nil }
    incident.acknowledge(acknowledgement, at: now.wall)
    sendClock(incident, at: now)
    return incident
  }
}
