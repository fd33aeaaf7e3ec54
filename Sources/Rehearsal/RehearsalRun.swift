import Base
import Catalogue
import Engine
import History
import Incidents
import Judgement
import Model
import Probes
import Quiet
import Wire

/// An incident that came about in a rehearsal. Times count from its start.
package struct Occurred: Sendable {
  /// As it was at its worst: with the most links down, then with the most links; the newest of such versions,
  /// which is the one before anything recovers.
  package var worst: Incident
  package var last: Incident
  /// The worst that it had.
  package var severity: Severity
  var rules: Set<RuleKind> = []
  package var raisedAt: TimeAmount
  package var toldAt: TimeAmount?
  package var resolvedAt: TimeAmount?

  init(_ incident: Incident, at time: TimeAmount) {
    worst = incident
    last = incident
    severity = incident.severity
    raisedAt = time
  }

  mutating func add(_ incident: Incident, isTold: Bool, at time: TimeAmount) {
    last = incident
    if isTold, toldAt == nil { toldAt = time }
    resolvedAt = incident.status == .resolved ? time : nil
    guard incident.status != .resolved else { return }
    if !incident.isLess(than: worst) { worst = incident }
    if incident.severity == .critical || severity == .notice { severity = incident.severity }
    for condition in incident.conditions { rules.insert(condition.rule) }
  }

  /// What it is of; of blindness nothing.
  var name: String? { worst.pattern == .vantage ? nil : worst.subject?.name }

  /// `system civil-registry`.
  package var subject: String { subjectWords(worst.pattern, name) }

  /// How many links it has had in all.
  var linkCount: Int { last.members.count + last.unlistedMembers }

  /// Nobody heard of it, and nothing that operators entered is why: it became a part of another, ended while its
  /// telling waited for the pattern, or was withheld because the monitor was blind.
  var isStep: Bool { toldAt == nil && quietEntry == nil }

  /// What kept it quiet, as its timeline says.
  var quietEntry: String? { last.timeline.last { $0.text.hasPrefix(quietPrefix) }?.text }
}

extension Incident {
  fileprivate func isLess(than other: Incident) -> Bool {
    (linksDown, links.count) < (other.linksDown, other.links.count)
  }

  private var linksDown: Int {
    Set(conditions.lazy.filter { $0.rule == .failures }.map(\.link)).count
  }
}

/// What came of a rehearsal: the incidents in the order in which they were raised.
package struct RehearsalCourse: Sendable {
  package var occurred: [Occurred] = []
  /// How many more there were than are looked at.
  package var unlisted = 0
}

/// Runs a rehearsal: the daemon's own engine under a clock that jumps from one event to the next. The
/// same file and configuration give the same course.
package func rehearse(
  _ rehearsal: Rehearsal, over configuration: Configuration
) -> RehearsalCourse {
  var stage = Stage(rehearsal, configuration)
  stage.run(until: Stage.start)
  stage.enterQuiet(rehearsal)
  stage.run(until: Stage.start + rehearsal.length)
  return stage.course
}

private struct Stage: ~Copyable {
  static let start = Instant(nanoseconds: 1_000_000_000_000_000)

  private(set) var course = RehearsalCourse()
  private var places: [String: Int] = [:]
  private var engine: Engine
  private var now: Now
  private let tick: TimeAmount
  private let latency: TimeAmount
  private var waits = TimerHeap<Token>()
  private var journaled: UInt64 = 0
  private var turnedAt: Instant

  init(_ rehearsal: Rehearsal, _ configuration: Configuration) {
    let warmUp = Limits.rehearsalWarmUp
    now = Now(instant: Self.start - warmUp, wall: rehearsal.start - warmUp)
    tick = configuration.tick
    latency = rehearsal.latency
    turnedAt = now.instant
    let resume = RingResume(ringID: 1, segmentBytes: 8 << 20, slots: [0, 1, 2, 3])
    engine = Engine(
      tick: configuration.tick, attemptsInFlight: configuration.attemptsInFlight,
      encoder: RingEncoder(resume: resume), seed: stableHash(rehearsal.name),
      incidents: configuration.incidentsInEffect, now: now)
    // Nobody is asked, so nobody has to be spared.
    engine.load(rehearsedLinks(rehearsal, configuration.links), politeness: nil, at: now)
    engine.markStart(at: now)
    engine.configureQuiet(configuration.quiet, at: now)
    engine.restore([], at: now)
    take()
  }

  /// What an operator enters when it begins.
  mutating func enterQuiet(_ rehearsal: Rehearsal) {
    for window in rehearsal.maintenance {
      _ = engine.addMaintenance(window, by: "rehearsal", at: now)
    }
    for silence in rehearsal.silences {
      _ = engine.addSilence(silence, by: "rehearsal", at: now)
    }
    take()
  }

  mutating func run(until end: Instant) {
    while let due = [engine.nextDue, waits.nextDue].compactMap({ $0 }).min() {
      let next = max(due, turnedAt + tick)
      guard next <= end else { break }
      now = Now(instant: next, wall: now.wall(at: next))
      turnedAt = next
      while let (_, token) = waits.popDue(at: now.instant) {
        engine.deliver(.waited, to: token, at: now)
      }
      engine.run(at: now)
      take()
    }
    now = Now(instant: end, wall: now.wall(at: end))
  }

  private mutating func take() {
    while true {
      let actions = engine.takeActions()
      if actions.isEmpty { return }
      var written: UInt64?
      for action in actions {
        switch action {
        case .wait(let token, let time): waits.push(token, due: now.instant + time)
        case .write(_, let group): written = group
        case .tell(let incident): note(incident, isTold: true)
        case .keep(let incident): note(incident, isTold: false)
        case .lookBack(let question): engine.learn(past(question), at: now)
        case .resolve, .transfer, .examine, .connect, .send, .receive, .spawn, .cancel,
          .trialEnded, .savePauses, .saveQuiet, .saveConnections, .log:
          break
        }
      }
      // A disk that takes no time.
      if let written { engine.written(through: written, problem: nil, at: now) }
      engine.journaled(through: journaled)
    }
  }

  private mutating func note(_ incident: Incident, isTold: Bool) {
    journaled += 1
    let time = now.instant - Self.start
    if places[incident.id] == nil {
      guard course.occurred.count < Limits.rehearsalIncidents else {
        if incident.sequence == 1 { course.unlisted += 1 }
        return
      }
      places[incident.id] = course.occurred.count
      course.occurred.append(Occurred(incident, at: time))
    }
    if let place = places[incident.id] {
      course.occurred[place].add(incident, isTold: isTold, at: time)
    }
  }

  /// The weeks before were as usual.
  private func past(_ question: PastQuestion) -> PastAnswer {
    PastAnswer(
      number: question.number,
      found: question.probes.map { probe in
        PastAnswer.Found(
          link: probe.link, probe: probe.probe,
          hour: PastHour(
            start: question.hour,
            percentileMicroseconds: UInt32(clamping: latency.microseconds), samples: 1_000))
      })
  }
}

/// The links of a configuration with probes that show what is written.
private func rehearsedLinks(_ rehearsal: Rehearsal, _ links: [Link]) -> [Link] {
  var links = links
  var stretches: [[SampleStretch]] = Array(repeating: [], count: links.count)
  for sample in rehearsal.samples {
    for link in sample.links { stretches[link].append(sample) }
  }
  for place in links.indices {
    if !rehearsal.plans { links[place].planned = nil }
    for position in links[place].probes.indices {
      let definition = links[place].probes[position]
      let key = ProbeKey(link: links[place].id, probe: definition.name)
      let slow = probeSettings(definition).last { $0.key == "expect.slow" || $0.key == "slow" }
      links[place].probes[position].kind = RehearsedProbe.kind
      // Whether a secret ends soon is no part of the story, unless it says so.
      links[place].probes[position].expiringSecret = nil
      links[place].probes[position].options = RehearsedProbe.Options(
        key: stableHash("\(key)"),
        stretches: stretches[place].filter { $0.probe == nil || $0.probe == definition.name }
          .map(\.planned),
        usual: links[place].role == .mustFail ? .connect(.refused) : .ok,
        usualTime: rehearsal.latency, slow: slow.flatMap { parseDuration($0.value) })
    }
  }
  return links
}

extension SampleStretch {
  fileprivate var planned: RehearsedProbe.Stretch {
    RehearsedProbe.Stretch(
      from: Stage.start + from, until: Stage.start + until, outcome: outcome, took: latency,
      permille: permille, rhythm: rhythm)
  }
}
