import Base
import Catalogue
import History
import Judgement
import Model

/// What a new catalogue changed.
package struct LoadSummary: Sendable, Hashable {
  package var links = 0
  package var added = 0
  package var removed = 0
  package var changed = 0
}

extension Engine {
  /// Takes the links of a catalogue, at the start or at a reload. Links and probes that stay keep
  /// their windows, their phase and their attempt in flight; incidents of links that went are
  /// resolved. At the start each link is probed within its interval or a minute.
  package mutating func load(_ catalogue: [Link], at now: Now) -> LoadSummary {
    let former = (links: links, probes: probes, index: linkIndex)
    var summary = LoadSummary(links: catalogue.count)
    var newPlace = [Int](repeating: -1, count: former.probes.count)
    links = []
    probes = []
    linkIndex = [:]
    links.reserveCapacity(catalogue.count)
    schedule.removeAll()
    for link in catalogue {
      let old = former.index[link.id]
      if let old {
        if former.links[old].link.fingerprint != link.fingerprint { summary.changed += 1 }
      } else {
        summary.added += 1
      }
      add(link, formerly: old.map { former.links[$0] }, former.probes, &newPlace, at: now)
    }
    for old in former.links where linkIndex[old.link.id] == nil {
      summary.removed += 1
      dropIncident(of: old.link.id, reason: "is no longer watched", at: now)
    }
    moveAttempts(newPlace)
    recording.encoder.forgetDefinitions()
    configureTokens(at: now)
    for link in links.indices where former.index[links[link].link.id] != nil {
      updateIncident(of: links[link].link.id, at: now)
    }
    return summary
  }

  /// Records that the daemon began to watch.
  package mutating func markStart(at now: Now) { recording.add(.start, at: now) }

  private mutating func add(
    _ link: Link, formerly: LinkRuntime?, _ formerProbes: [ProbeRuntime], _ newPlace: inout [Int],
    at now: Now
  ) {
    let place = links.count
    let first = probes.count
    var runtime = LinkRuntime(link: link, probes: first..<(first + link.probes.count))
    runtime.state = formerly?.state ?? (link.probes.isEmpty ? .notConnected : .unknown)
    runtime.stateSince = formerly?.stateSince ?? now.wall
    for (position, definition) in link.probes.enumerated() {
      var probe = ProbeRuntime(
        link: place, position: position, definition: definition, of: link)
      let old = formerly?.probes.first {
        formerly?.link.probes[formerProbes[$0].position].name == definition.name
      }
      if let old, let formerly {
        let sameRules = formerly.link.alert == link.alert
        let formerDefinition = formerly.link.probes[formerProbes[old].position]
        probe.keep(
          formerProbes[old], keepsJudge: sameRules && formerDefinition.every == definition.every)
        // Refusals may have been for a secret that has been changed.
        if formerly.link.fingerprint != link.fingerprint { probe.forgetRefusals() }
        newPlace[old] = probes.count
      }
      probes.append(probe)
    }
    links.append(runtime)
    linkIndex[link.id] = place
    for probe in runtime.probes { scheduleFirst(probe, at: now) }
  }

  /// The first run: by the probe's phase, and within a minute while there is nothing to tell of the
  /// probe. One that stays keeps its next run, which may be due already.
  private mutating func scheduleFirst(_ probe: Int, at now: Now) {
    let definition = definition(of: probe)
    let phase = phaseOffset(of: "\(key(of: probe))", every: definition.every)
    let isPlanned = probes[probe].nextDue != .distantFuture
    let regular =
      isPlanned
      ? probes[probe].nextDue : nextByPhase(phase, every: definition.every, after: now)
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
  private mutating func moveAttempts(_ newPlace: [Int]) {
    for token in attempts.tokens {
      guard let attempt = attempts[token] else { continue }
      let place = attempt.probe < newPlace.count ? newPlace[attempt.probe] : -1
      if place >= 0 {
        attempts[token]?.probe = place
      } else {
        attempts.remove(token)
        act(.cancel(token))
        if case .trial(let id, _) = attempt.purpose, let trial = trials.removeValue(forKey: id) {
          act(.trialEnded(id: id, link: trial.link, trial.attempts.compactMap { $0 }))
        }
      }
    }
    for index in recording.unwritten.indices {
      let old = recording.unwritten[index].probe
      recording.unwritten[index].probe = old >= 0 && old < newPlace.count ? newPlace[old] : -1
    }
  }
}

extension ProbeRuntime {
  fileprivate mutating func forgetRefusals() {
    refusals = 0
    backsOffUntil = nil
  }

  /// Goes on where the probe of the same name stood before a reload.
  fileprivate mutating func keep(_ former: ProbeRuntime, keepsJudge: Bool) {
    if keepsJudge {
      let codes = judge.codes
      judge = former.judge
      judge.codes = codes
      lastSampleAt = former.lastSampleAt
    } else {
      for rule in former.judge.raised { judge.restore(rule) }
    }
    if former.definition.every == definition.every { nextDue = former.nextDue }
    attempt = former.attempt
    retriesLeft = former.retriesLeft
    refusals = former.refusals
    backsOffUntil = former.backsOffUntil
    unwritten = former.unwritten
    generation = former.generation &+ 1
  }
}
