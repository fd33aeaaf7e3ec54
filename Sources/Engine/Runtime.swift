import Base
import History
import Judgement
import Model
import Probes
import Quiet
import Wire

/// What the engine keeps of one probe while it runs.
package struct ProbeRuntime: Sendable {
  package let link: Int
  /// The probe's place among its link's.
  package let position: Int
  package internal(set) var definition: ProbeDefinition
  /// Whether its attempts begin with a handshake, which costs a hundred times as much as the rest.
  let usesTLS: Bool
  /// When within its interval it runs.
  let phase: TimeAmount
  /// Its target host's place in the budget's list.
  var host = Politeness.nowhere
  package var judge: ProbeJudge
  /// When the last sample that says something of the link was recorded, on the clock that nobody
  /// sets: by the wall clock a sample would seem young, or old, after a step.
  var lastSampleAt: Instant?
  /// Since when it is to run: its load, or the end of a pause.
  var watchedSince = Instant(nanoseconds: .min)
  /// Its runs since the last sample, which told nothing.
  var skipped = SkippedRuns.none
  /// When the next regular run is due.
  package var nextDue = Instant.distantFuture
  var generation: UInt32 = 0
  var attempt: Token?
  var retriesLeft: Int
  /// Refusals of our credential in a row.
  var refusals = 0
  package var backsOffUntil: Instant?
  /// Samples recorded and not yet written, which a reader does not see.
  var unwritten = 0

  init(link: Int, position: Int, definition: ProbeDefinition, of owner: Link) {
    self.link = link
    self.position = position
    self.definition = definition
    usesTLS = probeUsesTLS(definition)
    let key = ProbeKey(link: owner.id, probe: definition.name)
    phase = phaseOffset(of: "\(key)", every: definition.every)
    judge = ProbeJudge(rules: owner.alert, every: definition.every, codes: owner.codes)
    retriesLeft = definition.retryLimit
  }

  package var isRunning: Bool { attempt != nil }

  /// The newest run, where it could not tell anything of the link; nil where it could.
  package var lastSkipped: Sample? { skipped.newest }

  /// Takes a run that has ended, or that did not begin.
  mutating func noteRun(_ sample: Sample, recordedAt: Instant) {
    guard case .skipped(let cause) = sample.outcome else {
      lastSampleAt = recordedAt
      if !skipped.isEmpty { skipped = .none }
      return
    }
    skipped = .some(count: skipped.count + 1, cause, newest: sample)
  }

  /// Whether a plugin said of its newest run that it could not tell.
  var isUntold: Bool { !skipped.isEmpty && skipped.cause == .pluginUnknown }
}

/// What the engine keeps of one link.
package struct LinkRuntime: Sendable {
  package var link: Link
  /// The places of its probes in the engine's list.
  package var probes: Range<Int>
  package var state = LinkState.unknown
  package var stateSince: WallTime?
  /// When its planned connection came about; nil for one that has not, or was never planned.
  package var connectedAt: WallTime?
  /// Whether the engine keeps a trouble of it; a look at it is cheaper.
  var hasTrouble = false
  package var flap = FlapWatch()

  init(link: Link, probes: Range<Int>) {
    self.link = link
    self.probes = probes
  }

  package var lifeCycle: LifeCycle {
    LifeCycle(planned: link.planned, connectedAt: connectedAt)
  }

  /// ``LifeCycle/isQuiet``, without copying the plan.
  var isQuiet: Bool { connectedAt == nil && link.planned != nil }
}

/// An operator's stop of a link's traffic.
package struct Pause: Sendable, Hashable {
  package var link: LinkID
  package var by: String
  package var reason: String
  package var since: WallTime

  package init(link: LinkID, by: String, reason: String, since: WallTime) {
    self.link = link
    self.by = by
    self.reason = reason
    self.since = since
  }
}

/// One attempt in flight.
struct Attempt {
  enum Purpose {
    case regular
    case confirmation
    case trial(id: UInt64, position: Int)
  }

  enum Waiting {
    case resolve
    case transfer
    case examine
    case token
    case socket
    case timer
    case program
  }

  var probe: Int
  /// The settings that it was started with; a reload may have brought others since.
  var options: (any Sendable)?
  /// The token that it asked for.
  var tokenName: String?
  var machine: any Probe
  var purpose: Purpose
  /// Whom it asks now; another than its probe's host after a redirect.
  var host: Int32
  var started: WallTime
  var deadline: Instant
  var waiting = Waiting.resolve
  /// Whether it has opened a socket, which its end must close.
  var hasSocket = false
}

/// One finished trial run of a link's probes.
package struct TrialAttempt: Sendable {
  package var probe: String
  package var sample: Sample
  package var address: String?
  package var steps: [String]
}

/// What the daemon is to do next for the engine.
package enum EngineAction: Sendable {
  case resolve(Token, host: String, family: AddressFamily)
  case transfer(Token, Transfer)
  case examine(Token, Examination)
  case connect(Token, SocketTarget)
  case send(Token, [UInt8])
  case receive(Token, limit: Int, within: TimeAmount)
  case wait(Token, TimeAmount)
  case spawn(Token, Spawn)
  /// Let go of whatever an attempt waits for.
  case cancel(Token)
  /// Look up what latencies were in the weeks before, then tell ``Engine/learn(_:at:)``.
  case lookBack(PastQuestion)
  /// Write batches to the ring, then tell ``Engine/written(through:problem:at:)``.
  case write([EncodedBatch], group: UInt64)
  /// An incident has a new version that is to be delivered.
  case tell(Incident)
  /// One that is to be kept, and that receivers are not told of.
  case keep(Incident)
  case trialEnded(id: UInt64, link: LinkID, [TrialAttempt])
  case savePauses([Pause])
  /// Keep what operators entered, and what was hidden by it, over restarts.
  case saveQuiet(QuietState)
  /// Remember which planned connections have come about, and when.
  case saveConnections([LinkID: WallTime])
  case log(LogEntry)
}
