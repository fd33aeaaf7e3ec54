import Base
import History
import Judgement
import Model

extension Engine {
  /// Takes a sample that an earlier run of the daemon recorded; call before the first run.
  package mutating func restore(_ key: ProbeKey, _ sample: Sample) {
    guard let probe = probeIndex(of: key) else { return }
    // What came before the link was connected does not count.
    if let since = links[probes[probe].link].connectedAt, sample.time < since { return }
    probes[probe].judge.restore(sample)
  }

  /// Takes an incident that was open when the daemon last stopped: its conditions stay raised until
  /// fresh samples clear them. One whose links are no longer watched is resolved.
  package mutating func restore(_ incident: Incident, at now: Now) {
    incidents.restore(incident)
    shownIncidents.restore(incident)
    for condition in incident.conditions {
      let key = ProbeKey(link: condition.link, probe: condition.probe)
      guard let probe = probeIndex(of: key) else { continue }
      probes[probe].judge.restore(
        RaisedRule(
          rule: condition.rule, since: condition.since, evidence: condition.evidence,
          cause: condition.cause, causeDetail: condition.causeDetail))
    }
    for link in incident.links where linkIndex[link] == nil {
      dropIncident(of: link, reason: "is no longer watched", at: now)
    }
    // A condition may name a probe that the catalogue no longer has.
    for link in incident.links {
      updateIncident(of: link, endReason: "is watched otherwise since the start: closed", at: now)
    }
  }

  /// Whether a link can be probed at all: one without an endpoint has no probes.
  package func hasProbes(_ link: LinkID) -> Bool {
    linkIndex[link].map { !links[$0].probes.isEmpty } ?? false
  }

  package func probeIndex(of key: ProbeKey) -> Int? {
    guard let link = linkIndex[key.link] else { return nil }
    return links[link].probes.first { definition(of: $0).name == key.probe }
  }

  /// How old the last sample of a probe may be and still tell its condition.
  package func staleAfter(_ probe: Int, at now: Now) -> TimeAmount {
    var limit = probes[probe].definition.every * 3 + probes[probe].definition.timeout
    // The run after the pause comes within an interval of its end.
    if let until = probes[probe].backsOffUntil, until + limit > now.instant {
      limit = limit + Limits.credentialBackoffMaximum
    }
    return max(limit, .seconds(2))
  }

  package func condition(of probe: Int, at now: Now) -> ProbeCondition {
    guard let last = probes[probe].lastSampleAt else { return .unknown }
    let isFresh = now.instant - last <= staleAfter(probe, at: now)
    return probes[probe].judge.condition(isFresh: isFresh)
  }

  /// The state of a link now; a paused link is unknown, because nothing is looked at. A planned link
  /// is what its plan says, until its connection has come about.
  package func state(of link: Int, at now: Now) -> LinkState {
    let range = links[link].probes
    if links[link].isQuiet {
      return links[link].lifeCycle.stage(at: now.wall) == .overdue ? .notConnected : .planned
    }
    if range.isEmpty { return .notConnected }
    if !pauses.isEmpty, pauses[links[link].link.id] != nil { return .unknown }
    if range.count == 1, probes[range.lowerBound].definition.isRequired {
      let condition = condition(of: range.lowerBound, at: now)
      return combinedState(of: CollectionOfOne(ProbeView(condition: condition, isRequired: true)))
    }
    var views: [ProbeView] = []
    views.reserveCapacity(range.count)
    for probe in range {
      views.append(
        ProbeView(
          condition: condition(of: probe, at: now),
          isRequired: probes[probe].definition.isRequired))
    }
    return combinedState(of: views)
  }

  mutating func judge(_ probe: Int, _ sample: Sample, recordedAt: Instant, at now: Now) {
    if !sample.outcome.isSkipped { probes[probe].lastSampleAt = recordedAt }
    let link = probes[probe].link
    if links[link].isQuiet {
      judgeQuietly(probe, sample, at: now)
    } else if probes[probe].judge.record(sample) {
      updateIncident(of: links[link].link.id, at: now)
    }
    noteState(of: link, at: now)
  }

  /// Keeps since when a link has been in its state, and tells of changes.
  mutating func noteState(of link: Int, at now: Now) {
    let state = state(of: link, at: now)
    guard links[link].state != state || links[link].stateSince == nil else { return }
    let former = links[link].state
    links[link].state = state
    links[link].stateSince = now.wall
    if former != state {
      // After a start every link comes up from unknown: no news.
      log(
        former == .unknown && state == .up ? .debug : .info, "link changed state",
        [("link", "\(links[link].link.id)"), ("from", former.rawValue), ("to", state.rawValue)])
    }
  }

  /// `endReason`: why the incident ends if nothing is raised any more, where that is known.
  mutating func updateIncident(of link: LinkID, endReason: String? = nil, at now: Now) {
    guard let index = linkIndex[link] else { return }
    let told = incidents.update(
      link, name: links[index].link.serviceName,
      findings: findings(of: index, endReason: endReason, at: now), at: now.wall)
    guard let told else { return }
    tell(told, at: now)
    if told.sequence == 1 { hopBeganToFail(link, at: now) }
  }

  private func findings(of link: Int, endReason: String?, at now: Now) -> LinkFindings {
    let runtime = links[link]
    if runtime.isQuiet, let planned = runtime.link.planned {
      return LinkFindings(
        probes: [], overdue: runtime.lifeCycle.overdueRule(at: now.wall),
        endReason: endReason ?? "is planned for \(planned.date): closed")
    }
    let probes = runtime.probes.map { probe in
      ProbeFindings(
        probe: definition(of: probe).name, isRequired: definition(of: probe).isRequired,
        raised: self.probes[probe].judge.raised, every: definition(of: probe).every)
    }
    return LinkFindings(
      probes: probes, failingHops: failingHops(of: link), endReason: endReason ?? "recovered")
  }

  mutating func dropIncident(of link: LinkID, reason: String, at now: Now) {
    if let told = incidents.drop(link, reason: reason, at: now.wall) { tell(told, at: now) }
  }

  mutating func tell(_ incident: Incident, at now: Now) {
    shownIncidents.add(incident, at: now.instant)
    act(.tell(incident))
  }

  /// The journal has the first `count` of the incidents told, or could not be written: now they may
  /// be shown.
  package mutating func journaled(through count: UInt64) {
    logIncidents(shownIncidents.show(through: count))
  }

  mutating func logIncidents(_ list: [Incident]) {
    for incident in list {
      log(
        incident.status == .resolved ? .notice : .warning, incident.summary,
        [
          ("incident", incident.id), ("sequence", "\(incident.sequence)"),
          ("status", incident.status.rawValue), ("severity", incident.severity.rawValue),
        ])
    }
  }
}

// MARK: - Pauses

extension Engine {
  /// Stops a link's traffic until it is resumed; attempts in flight end by themselves. A pause without
  /// a reason leaves one that is there already as it is, with the reason that was given for it.
  package mutating func pause(_ pause: Pause, at now: Now) {
    if pause.reason.isEmpty, pauses[pause.link] != nil { return }
    pauses[pause.link] = pause
    pausesChanged(pause.link, at: now)
  }

  package mutating func resume(_ link: LinkID, at now: Now) {
    guard pauses.removeValue(forKey: link) != nil else { return }
    pausesChanged(link, at: now)
    guard let index = linkIndex[link] else { return }
    // Nobody knows how the link is until it has been probed again.
    for probe in links[index].probes {
      schedule.push(
        Schedule.Due(
          probe: Int32(probe), generation: probes[probe].generation, kind: .early),
        at: now.instant)
    }
  }

  /// Takes the pauses of an earlier run; those of links that are gone are kept, in case they return.
  package mutating func restore(pauses list: [Pause]) {
    for pause in list { pauses[pause.link] = pause }
  }

  private mutating func pausesChanged(_ link: LinkID, at now: Now) {
    if let index = linkIndex[link] { noteState(of: index, at: now) }
    act(.savePauses(pauses.values.sorted { $0.link < $1.link }))
  }
}
