import Base
import History
import Incidents
import Judgement
import Model

extension Engine {
  /// Takes the incidents that were open when the daemon last stopped, and those that had ended: their
  /// conditions stay raised until fresh samples clear them. One whose links are no longer watched is
  /// resolved.
  package mutating func restore(_ open: [Incident], ended: [Incident] = [], at now: Now) {
    shownIncidents.restore(
      ended: ended.filter {
        $0.resolvedAt.map { now.wall - $0 < Limits.endedIncidentsShown } ?? false
      })
    let isBlind = open.contains { $0.pattern == .vantage }
    for incident in open {
      shownIncidents.restore(incident)
      // What was seen when sight went is nothing to start from, nor is what gave that away.
      guard incident.pattern != .vantage, incident.isTold || !isBlind else { continue }
      for condition in incident.conditions { restore(condition, incident, at: now) }
    }
    restoreClock(open, ended: ended, at: now)
    let last = casebook.restore(
      open.filter { $0.pattern != .clock }, ended: ended, places: linkIndex, at: now)
    if casebook.isBlind {
      sightSince = .distantFuture
      unsureUntil = now.instant + Limits.mustFailAwaited
    }
    for incident in open {
      for id in incident.links {
        guard let link = linkIndex[id] else { continue }
        // A condition may name a probe, or a rule, that the catalogue no longer has.
        updateIncident(of: id, endReason: "is watched otherwise since the start: closed", at: now)
        place(link, at: now)
      }
    }
    perform(last, at: now)
  }

  private mutating func restore(_ condition: Condition, _ incident: Incident, at now: Now) {
    guard let link = linkIndex[condition.link] else { return }
    var trouble =
      troubles[condition.link]
      ?? LinkTrouble(
        severity: .warning, conditions: [], since: condition.since, isDown: false)
    trouble.conditions.append(condition)
    trouble.since = min(trouble.since, condition.since)
    links[link].hasTrouble = true
    defer { troubles.restore(condition.link, trouble) }
    if condition.rule == .flapping {
      restoreFlapping(link, since: condition.since, at: now)
      // What it goes back and forth between is told by the incident alone, where it is its own.
      if incident.pattern == .point {
        trouble.severity = incident.severity
        trouble.isDown = trouble.isDown || incident.subject?.layer == "failing"
      }
      return
    }
    let key = ProbeKey(link: condition.link, probe: condition.probe)
    guard let probe = probeIndex(of: key) else { return }
    probes[probe].judge.restore(
      RaisedRule(
        rule: condition.rule, since: condition.since, evidence: condition.evidence,
        cause: condition.cause, causeDetail: condition.causeDetail))
    guard probes[probe].definition.isRequired,
      let raised = probes[probe].judge.raised.first(where: { $0.rule == condition.rule })
    else { return }
    trouble.isDown = trouble.isDown || raised.rule == .failures
    if raised.severity == .critical { trouble.severity = .critical }
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
    // That a plugin cannot tell says more of now than what was seen before; but what is failing is no
    // better for it.
    let standing = probes[probe].judge.standing
    if !standing.isFailing, probes[probe].isUntold { return .unknown }
    let isFresh =
      now.instant - last <= staleAfter(probe, at: now)
      && (last >= sightSince || isSightMark(probes[probe].link))
    return standing.condition(isFresh: isFresh)
  }

  /// The state of a link now; a paused link is unknown, because nothing is looked at. A planned link
  /// is what its plan says, until its connection has come about.
  package func state(of link: Int, at now: Now) -> LinkState {
    let range = links[link].probes
    // Single fields: a copy of the record touches every text in it.
    if links[link].connectedAt == nil, links[link].link.planned != nil {
      return links[link].lifeCycle.stage(at: now.wall) == .overdue ? .notConnected : .planned
    }
    if range.isEmpty { return .notConnected }
    if !pauses.isEmpty, pauses[links[link].link.id] != nil { return .unknown }
    if links[link].link.role == .mustFail { return stateOfMustFail(link, at: now) }
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
    probes[probe].noteRun(sample, recordedAt: recordedAt)
    let link = probes[probe].link
    if casebook.isBlind || recordedAt >= sightSince {
      noteAnswer(of: link, probe, sample.outcome, at: now)
    }
    if links[link].isQuiet {
      judgeQuietly(probe, sample, at: now)
    } else if casebook.isBlind, !isSightMark(link) {
      return judgeBlindly(probe, sample, at: now)
    } else if recordedAt < sightSince, !isSightMark(link) {
      // It was taken while we did not see, and is written only now.
      return probes[probe].judge.see(sample)
    } else if probes[probe].judge.record(sample) {
      countChange(of: link, at: now)
      updateIncident(of: links[link].link.id, at: now)
    }
    noteState(of: link, at: now)
    if isSightMark(link) { casebook.set(canaries(at: now), at: now) }
  }

  /// Links whose samples have grown too old are unknown, though nothing has happened to them, and some
  /// of them are missed; a few on each tick on which something else is due.
  mutating func noteStaleLinks(at now: Now) {
    guard !links.isEmpty, !casebook.isBlind, now.instant >= staleLookDue else { return }
    staleLookDue = now.instant + schedule.tick
    let count = max(Limits.staleLinksPerTick, links.count / 512)
    for _ in 0..<min(count, links.count) {
      staleCursor = (staleCursor + 1) % links.count
      if links[staleCursor].state == .up || links[staleCursor].state == .degraded {
        noteState(of: staleCursor, at: now)
      }
      missData(of: staleCursor, at: now)
    }
  }

  /// Keeps since when a link has been in its state, and tells of changes.
  mutating func noteState(of link: Int, isSilent: Bool = false, at now: Now) {
    let state = state(of: link, at: now)
    let former = links[link].state
    let isNew = former != state || links[link].stateSince == nil
    if isNew {
      links[link].state = state
      links[link].stateSince = now.wall
    }
    // While we may be blind the matrix holds what links seem to show.
    if !casebook.isBlind || isSightMark(link) { place(link, at: now) }
    if former != state, !isSilent {
      // After a start every link comes up from unknown: no news.
      log(
        former == .unknown && state == .up ? .debug : .info, "link changed state",
        [("link", "\(links[link].link.id)"), ("from", former.rawValue), ("to", state.rawValue)])
    }
  }

  /// Takes what bears on a link now. `endReason`: why it is over if nothing is raised any more, where
  /// that is known.
  mutating func updateIncident(of link: LinkID, endReason: String? = nil, at now: Now) {
    guard let index = linkIndex[link] else { return }
    let change = troubles.update(
      link, findings: findings(of: index, endReason: endReason, at: now), at: now.wall)
    switch change {
    case nil: return
    case .began:
      links[index].hasTrouble = true
      place(index, at: now)
      hopBeganToFail(link, at: now)
    case .changed: place(index, at: now)
    case .ended(let reason):
      links[index].hasTrouble = false
      place(index, endReason: reason, at: now)
    }
  }

  func findings(of link: Int, endReason: String?, at now: Now) -> LinkFindings {
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
    let rule = runtime.link.alert.flapping
    return LinkFindings(
      probes: probes, failingHops: failingHops(of: link),
      flapping: rule.flatMap { runtime.flap.raisedRule($0) }, endReason: endReason ?? "recovered")
  }

  /// The journal has the first `count` of the incidents told, or could not be written: now they may
  /// be shown.
  package mutating func journaled(through count: UInt64) {
    logIncidents(shownIncidents.show(through: count))
  }

  mutating func logIncidents(_ list: [ShownIncidents.News]) {
    for news in list {
      let incident = news.incident
      if !news.joined.isEmpty {
        let named = news.joined.prefix(Limits.incidentTimelineLinks).map(\.description)
        log(
          .notice, "links joined an incident",
          [
            ("incident", incident.id), ("joined", "\(news.joined.count)"),
            ("links", named.joined(separator: " ")), ("all", "\(incident.links.count)"),
          ])
      }
      guard news.isTold else { continue }
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
      probes[probe].watchedSince = now.instant
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
