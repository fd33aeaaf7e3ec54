import Base
import Catalogue
import History
import Incidents
import Judgement
import Model
import Probes
import Quiet

/// The one place that wires events to values: it schedules probes, runs their attempts, records the
/// samples, judges them once they are written, and keeps incidents. It performs nothing itself: its
/// verbs leave actions, which the daemon or a simulated world takes and performs.
package struct Engine: ~Copyable {
  package internal(set) var links: [LinkRuntime] = []
  package internal(set) var probes: [ProbeRuntime] = []
  package internal(set) var linkIndex: [LinkID: Int] = [:]
  /// The links as they were loaded, in the same places as `links`.
  var catalogue: [Link] = []
  /// How many catalogues have been taken: while it is the same, links keep their places.
  package internal(set) var loadNumber = 0
  var formerTables: FormerTables?
  /// Links that the last load changed and that are not settled yet, the next one last.
  var unsettled: [Int] = []
  /// Which links, by their places, have a link among their hops.
  var dependents: [LinkID: [Int32]] = [:]
  package internal(set) var schedule: Schedule
  package internal(set) var figures: ScheduleFigures
  /// What is wrong with links, and the incidents that it makes: ahead of what others are shown.
  var troubles = TroubleKeeper()
  package internal(set) var casebook: Casebook
  package var incidentSettings: IncidentSettings
  /// Links that tell of our own sight, by their places.
  var canaryLinks: [Int] = []
  var mustFailLinks: [Int] = []
  /// Samples of an earlier time say nothing of links: we may have been blind.
  var sightSince = Instant(nanoseconds: .min)
  /// Until then a daemon that was blind when it stopped waits to see the links that must fail.
  var unsureUntil = Instant(nanoseconds: .min)
  /// When incidents were last looked for ahead of their time.
  var hurriedAt: Instant?
  var unanswered = UnansweredLinks()
  /// Where the round of looking for links without young samples goes on, and when.
  var staleCursor = 0
  var staleLookDue = Instant(nanoseconds: .min)
  var pastAsking = PastAsking()
  /// When links that flap may be calm.
  var flappingDue = TimerHeap<LinkID>()
  package internal(set) var shownIncidents = ShownIncidents()
  package internal(set) var pauses: [LinkID: Pause] = [:]
  /// Windows and silences: what is measured all the same and not told.
  package internal(set) var quietBook = QuietBook(rules: NoticeRules(zone: .zero))
  var quietWatch = QuietWatch()
  package internal(set) var clockWatch = ClockWatch()
  package internal(set) var recording: Recording
  package internal(set) var tokens = Tokens()
  package internal(set) var politeness = Politeness()
  /// When planned connections came about, those of links that are not watched now included.
  var connections: [LinkID: WallTime] = [:]
  var connectionsDue: Instant?
  var connectionsSaveableAt = Instant(nanoseconds: 0)
  var plannedDays = PlannedDays([])
  var nextDayCheck: Instant?
  var attempts: SlotTable<Attempt>
  var deadlines = TimerHeap<Token>()
  var trials: [UInt64: Trial] = [:]
  /// Random numbers for attempts.
  var entropy: SeededGenerator
  var isStopping = false
  private var backlog = false
  private var actions: [EngineAction] = []

  package init(
    tick: TimeAmount, attemptsInFlight: Int, encoder: RingEncoder, seed: UInt64,
    incidents settings: IncidentSettings = IncidentSettings(), now: Now
  ) {
    schedule = Schedule(tick: tick)
    figures = ScheduleFigures(since: now.instant)
    incidentSettings = settings
    casebook = Casebook(Matrix([]), settings: settings, seed: seed)
    // Apart from the numbers that incidents show.
    entropy = SeededGenerator(seed: seed ^ 0xD1B5_4A32_D192_ED03)
    recording = Recording(encoder: encoder)
    attempts = SlotTable(capacity: attemptsInFlight)
  }

  package var inFlightCount: Int { attempts.count }

  /// When ``run(at:)`` wants to be called next.
  package var nextDue: Instant? {
    if backlog || !unsettled.isEmpty { return Instant(nanoseconds: 0) }
    var earliest = schedule.nextTick
    func consider(_ other: Instant?) {
      guard let other else { return }
      if earliest.map({ other < $0 }) ?? true { earliest = other }
    }
    consider(deadlines.nextDue)
    consider(recording.nextDue(tickAfter: schedule.tickAfter))
    consider(shownIncidents.nextDue)
    consider(casebook.nextDue)
    consider(nextDayCheck)
    consider(connectionsDue)
    consider(quietDue)
    consider(flappingDue.nextDue)
    consider(pastAsking.due)
    return earliest
  }

  /// Does what is due: ends attempts whose time is up, starts a slice of those released, hands the
  /// tick's samples over for writing. `queueWait`: how long the look-up that an attempt waits for has
  /// been in our own queue, which says nothing about the link.
  package mutating func run(
    at now: Now, queueWait: (Token) -> QueueWait = { _ in QueueWait() }
  ) {
    watchQuiet(at: now)
    expireAttempts(at: now, queueWait: queueWait)
    startReleased(at: now)
    flushSamples(at: now)
    giveUpOnWriting(at: now)
    settleSome(at: now)
    endPlannedDays(at: now)
    endFlapping(at: now)
    askPast(at: now)
    noteStaleLinks(at: now)
    evaluateIncidents(at: now)
    saveConnections(at: now)
    logIncidents(shownIncidents.showOverdue(at: now.instant))
  }

  /// How the target hosts fare under the budget.
  package func hosts(at now: Now) -> [HostFigures] { politeness.figures(at: now.instant) }

  /// The actions left since the last call, in order.
  package mutating func takeActions() -> [EngineAction] {
    guard !actions.isEmpty else { return [] }
    let taken = actions
    actions.removeAll(keepingCapacity: true)
    return taken
  }

  mutating func act(_ action: EngineAction) { actions.append(action) }

  mutating func log(
    _ level: LogLevel, _ message: String, _ fields: [(name: String, value: String)] = []
  ) {
    act(.log(LogEntry(level, message, fields)))
  }

  package mutating func resetFigures(at now: Now) { figures = ScheduleFigures(since: now.instant) }

  /// Starts no more attempts, abandons those in flight without blaming their links, and hands the
  /// last samples over for writing.
  package mutating func stop(at now: Now) {
    isStopping = true
    schedule.removeAll()
    backlog = false
    for token in attempts.tokens {
      guard let attempt = attempts.remove(token) else { continue }
      act(.cancel(token))
      var flags: SampleFlags = []
      switch attempt.purpose {
      case .trial: continue
      case .confirmation: flags = .confirmation
      case .regular: break
      }
      record(
        probe: attempt.probe,
        Sample(time: attempt.started, outcome: .skipped(.stopping), flags: flags), at: now)
    }
    recording.add(.stop, at: now)
    flushSamples(at: now, force: true)
  }

  private mutating func startReleased(at now: Now) {
    backlog = false
    guard !isStopping else { return }
    var started = 0
    var startedTLS = 0
    while let (due, instant, tick) = schedule.popReleased(at: now.instant) {
      let index = Int(due.probe)
      guard index < probes.count, probes[index].generation == due.generation else { continue }
      if startDue(index, due: instant, tick: tick, kind: due.kind, at: now) {
        started += 1
        if usesTLS(index) { startedTLS += 1 }
      }
      if started >= Limits.startsPerSlice || startedTLS >= Limits.tlsStartsPerSlice {
        // The rest of the tick follows after the loop has looked at its sockets.
        backlog = true
        return
      }
    }
  }

  private func usesTLS(_ probe: Int) -> Bool {
    probes[probe].usesTLS
  }

  package func definition(of probe: Int) -> ProbeDefinition { probes[probe].definition }
}
