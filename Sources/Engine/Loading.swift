import Base
import Catalogue
import History
import Incidents
import Judgement
import Model

/// What a new catalogue changed.
package struct LoadSummary: Sendable, Hashable {
  package var links = 0
  package var added = 0
  package var removed = 0
  package var changed = 0

  package init(links: Int = 0, added: Int = 0, removed: Int = 0, changed: Int = 0) {
    self.links = links
    self.added = added
    self.removed = removed
    self.changed = changed
  }

  package init(_ plan: ReloadPlan) {
    self.init(
      links: plan.links, added: plan.added.total, removed: plan.removed.total,
      changed: plan.changed.total)
  }
}

/// Tables that nobody needs any more. To be let go of beside the loop: it takes time.
package struct FormerTables: Sendable {
  let links: [LinkRuntime]
  var probes: [ProbeRuntime]
  let catalogue: [Link]
  let linkIndex: [LinkID: Int]
}

extension Engine {
  /// What a new catalogue is to be prepared over; see ``PreparedLoad``.
  package var loadBase: LoadBase {
    LoadBase(
      number: loadNumber, catalogue: catalogue, linkIndex: linkIndex,
      hostPlaces: politeness.placeByName)
  }

  /// Prepares a catalogue and takes it, all in one go: at the start.
  @discardableResult
  package mutating func load(
    _ catalogue: [Link], politeness budget: PolitenessBudget? = nil, at now: Now
  ) -> LoadSummary {
    load(PreparedLoad(catalogue, politeness: budget, over: loadBase, at: now), at: now)
  }

  /// Takes a prepared catalogue, at the start or at a reload. Links and probes that stay keep their
  /// windows, their phase, their next run and their attempt in flight; incidents of links that went
  /// are resolved. At the start each link is probed within its interval or a minute.
  @discardableResult
  package mutating func load(_ prepared: consuming PreparedLoad, at now: Now) -> LoadSummary {
    precondition(prepared.baseNumber == loadNumber, "one load after the other")
    while !unsettled.isEmpty { settleSome(at: now) }
    if casebook.hasUnseenPassed {
      // What has passed unseen would be lost with the places of its links.
      casebook.hurry(at: now.instant)
      evaluateIncidents(at: now)
    }
    loadNumber += 1
    var former = FormerTables(
      links: links, probes: probes, catalogue: catalogue, linkIndex: linkIndex)
    catalogue = prepared.catalogue
    linkIndex = prepared.linkIndex
    dependents = prepared.dependents
    plannedDays = prepared.plannedDays
    // Moved, not copied: nobody else holds these tables, nor the former ones from here on.
    links = prepared.links
    probes = prepared.probes
    (prepared.links, prepared.probes) = ([], [])
    keepLinks(former, prepared, at: now)
    keepProbes(&former, prepared, at: now)
    // Before the schedule: a probe whose attempt is taken away has nothing under way.
    let fetches = moveAttempts(prepared.newProbes, keepsCheck: prepared.keepsCheck)
    moveSchedule(former, prepared, at: now)
    keepPoliteness(prepared)
    recording.encoder.forgetDefinitions()
    configureTokens(prepared.tokens, at: now)
    for name in fetches { fetchWasTakenAway(name, at: now) }
    boundConnections()
    for link in prepared.removed { troubles.drop(link) }
    // It goes by the places that links had.
    quietWatch.memo = []
    moveIncidents(prepared, at: now)
    unsettled = prepared.changed.reversed()
    settleSome(at: now)
    planDays(at: now)
    lookWhatIsQuiet(at: now)
    // The same windows and silences may cover other links.
    casebook.releaseHeld(at: now.instant)
    pastAsking.links = prepared.ownPastLinks
    restartPast(at: now)
    for warning in prepared.warnings { log(.warning, warning) }
    formerTables = former
    return LoadSummary(prepared.plan)
  }

  /// The incidents go on under the new catalogue; how its links stand is entered anew.
  private mutating func moveIncidents(_ prepared: borrowing PreparedLoad, at now: Now) {
    canaryLinks = prepared.canaryLinks
    mustFailLinks = prepared.mustFailLinks
    // They are known by their places.
    unanswered = UnansweredLinks()
    let last = casebook.move(
      to: prepared.matrix, settings: incidentSettings, places: linkIndex, at: now)
    casebook.set(canaries(at: now), at: now)
    for place in links.indices { self.place(place, at: now) }
    perform(last, at: now)
  }

  /// The tables before the last load, held by nobody else.
  package mutating func takeFormerTables() -> FormerTables? { formerTables.take() }

  /// Records that the daemon began to watch.
  package mutating func markStart(at now: Now) { recording.add(.start, at: now) }

  private mutating func keepLinks(
    _ former: FormerTables, _ prepared: borrowing PreparedLoad, at now: Now
  ) {
    for place in links.indices {
      let old = Int(prepared.formerLinks[place])
      if old >= 0 {
        links[place].state = former.links[old].state
        links[place].stateSince = former.links[old].stateSince
        links[place].connectedAt = former.links[old].connectedAt
        links[place].hasTrouble = former.links[old].hasTrouble
        links[place].flap = former.links[old].flap
      } else {
        if !connections.isEmpty { links[place].connectedAt = connections[links[place].link.id] }
        links[place].stateSince = now.wall
        if links[place].probes.isEmpty { links[place].state = .notConnected }
        if links[place].isQuiet { links[place].state = state(of: place, at: now) }
      }
    }
  }

  private mutating func keepProbes(
    _ former: inout FormerTables, _ prepared: borrowing PreparedLoad, at now: Now
  ) {
    for place in probes.indices {
      let old = Int(prepared.formerProbes[place])
      probes[place].watchedSince =
        old >= 0 && prepared.keepsTimes[place]
        ? former.probes[old].watchedSince : now.instant
      guard old >= 0 else { continue }
      probes[place].keep(
        &former.probes[old], keepsJudge: prepared.keepsJudge[place],
        keepsHistory: prepared.keepsCheck[place], keepsTimes: prepared.keepsTimes[place],
        keepsRefusals: prepared.keepsRefusals[place])
    }
  }

  /// Runs that are due stay due; those of probes that went or got another interval are taken out.
  private mutating func moveSchedule(
    _ former: FormerTables, _ prepared: borrowing PreparedLoad, at now: Now
  ) {
    let newProbes = prepared.newProbes
    let keepsTimes = prepared.keepsTimes
    schedule.update { due in
      let old = Int(due.probe)
      guard old < newProbes.count, former.probes[old].generation == due.generation else {
        return nil
      }
      let place = newProbes[old]
      guard place >= 0, keepsTimes[Int(place)] else { return nil }
      var moved = due
      moved.probe = place
      return moved
    }
    for place in probes.indices where !keepsTimes[place] { scheduleFirst(place, at: now) }
  }

  private mutating func keepPoliteness(_ prepared: borrowing PreparedLoad) {
    let former = politeness
    politeness = prepared.politeness
    politeness.keep(former, formerPlaces: prepared.formerHosts)
    for token in attempts.tokens {
      guard let probe = attempts[token]?.probe else { continue }
      attempts[token]?.host = probes[probe].host
    }
  }

  /// Settles a bounded number of links that differ, so that a change of all delays no probe.
  mutating func settleSome(at now: Now) {
    for _ in 0..<Limits.linksSettledPerSlice {
      guard let link = unsettled.popLast() else { return }
      settle(link, at: now)
    }
  }

  /// A link that differs from before: what is told of it may have to change with it.
  private mutating func settle(_ link: Int, at now: Now) {
    if links[link].lifeCycle.isQuiet {
      for probe in links[link].probes { probes[probe].judge.withdrawRules() }
    }
    settleFlapping(link, at: now)
    if mayHaveIncident(link) {
      updateIncident(of: links[link].link.id, endReason: endReason(of: link), at: now)
    }
    noteState(of: link, at: now)
  }

  /// What ends an incident at a reload: nothing has been seen that would be a recovery. Nil for a link
  /// that has reasons of its own.
  private func endReason(of link: Int) -> String? {
    if links[link].isQuiet { return nil }
    return links[link].probes.isEmpty
      ? "is no longer connected: closed" : "is watched otherwise since a reload: closed"
  }

  private func mayHaveIncident(_ link: Int) -> Bool {
    if links[link].isQuiet { return true }
    if links[link].probes.contains(where: { !probes[$0].judge.raised.isEmpty }) { return true }
    return troubles.count > 0 && troubles[links[link].link.id] != nil
  }

  /// The first run: by the probe's phase, and within a minute while there is nothing to tell of the
  /// probe.
  private mutating func scheduleFirst(_ probe: Int, at now: Now) {
    let every = probes[probe].definition.every
    let phase = probes[probe].phase
    let regular = nextByPhase(phase, every: every, after: now)
    let generation = probes[probe].generation
    let isUnknown = probes[probe].lastSampleAt == nil && !probes[probe].isRunning
    if isUnknown, regular - now.instant > Limits.firstProbeWithin {
      let early = nextByPhase(
        TimeAmount(nanoseconds: phase.nanoseconds % Limits.firstProbeWithin.nanoseconds),
        every: Limits.firstProbeWithin, after: now)
      schedule.push(
        Schedule.Due(probe: Int32(probe), generation: generation, kind: .early), at: early)
    }
    probes[probe].nextDue = regular
    schedule.push(
      Schedule.Due(probe: Int32(probe), generation: generation, kind: .regular),
      at: regular)
  }

  /// Attempts in flight and samples on their way belong to places that have moved or gone.
  /// One that asks where the probe no longer asks would count for the wrong address.
  /// Returns the tokens whose fetches were taken away.
  private mutating func moveAttempts(_ newPlace: [Int32], keepsCheck: [Bool]) -> [String] {
    var fetches: [String] = []
    for token in attempts.tokens {
      guard let attempt = attempts[token] else { continue }
      let place = attempt.probe < newPlace.count ? Int(newPlace[attempt.probe]) : -1
      if place >= 0, keepsCheck[place] {
        attempts[token]?.probe = place
      } else {
        if place >= 0, probes[place].attempt == token {
          probes[place].attempt = nil
          let link = links[probes[place].link].link
          if link.role == .token { fetches.append(link.id.consumer) }
        }
        attempts.remove(token)
        act(.cancel(token))
        if case .trial(let id, _) = attempt.purpose, let trial = trials.removeValue(forKey: id) {
          act(.trialEnded(id: id, link: trial.link, trial.attempts.compactMap { $0 }))
        }
      }
    }
    for index in recording.unwritten.indices {
      let old = recording.unwritten[index].probe
      let place = old >= 0 && old < newPlace.count ? Int(newPlace[old]) : -1
      // It goes to the ring, but says nothing of another address.
      let counts = place >= 0 && keepsCheck[place]
      if place >= 0 && !counts { probes[place].unwritten -= 1 }
      recording.unwritten[index].probe = counts ? place : -1
    }
    return fetches
  }
}

extension ProbeRuntime {
  /// Goes on where the probe of the same name stood before a reload. Its windows are exchanged rather
  /// than copied: that costs no counting of references.
  fileprivate mutating func keep(
    _ former: inout ProbeRuntime, keepsJudge: Bool, keepsHistory: Bool, keepsTimes: Bool,
    keepsRefusals: Bool
  ) {
    if keepsJudge {
      swap(&judge, &former.judge)
      swap(&judge.codes, &former.judge.codes)
      lastSampleAt = former.lastSampleAt
    } else {
      if keepsHistory {
        judge.goOn(from: former.judge)
        lastSampleAt = former.lastSampleAt
      }
      for rule in former.judge.raised { judge.restore(rule) }
    }
    if keepsTimes { nextDue = former.nextDue }
    attempt = former.attempt
    // Confirmations that another address has used up are not this one's.
    if keepsHistory { retriesLeft = former.retriesLeft }
    if keepsRefusals {
      refusals = former.refusals
      backsOffUntil = former.backsOffUntil
    }
    skipped = former.skipped
    unwritten = former.unwritten
    generation = former.generation
  }
}
