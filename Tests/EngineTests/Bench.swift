import Base
import History
import Judgement
import Model
import Probes
import Quiet
import Wire

@testable import Engine

/// An engine with clocks that stand until they are moved, a ring that takes every write at once, and
/// a network that answers only what it is told to.
final class Bench {
  struct Recorded {
    var probe: String
    var sample: Sample
  }

  var engine: Engine
  var now: Now
  /// Answers transfers at once; nil leaves them in flight.
  var network: (Transfer) -> TransferResult? = { _ in nil }
  var writesAtOnce = true

  private(set) var transfers: [(token: Token, transfer: Transfer, at: Now)] = []
  private(set) var lookups: [(token: Token, host: String)] = []
  private(set) var examinations: [Token] = []
  private(set) var cancelled: [Token] = []
  private(set) var writes: [UInt64] = []
  /// What was handed over to the ring.
  private(set) var recorded: [Recorded] = []
  /// What the ring would know of it, marks included.
  private(set) var index = RecentIndex(segmentBytes: 1 << 20, nextSequence: 0, lastSign: nil)
  private(set) var told: [Incident] = []
  /// Those that were told and those that were only kept.
  private(set) var versions: [Incident] = []
  private(set) var trials: [(id: UInt64, attempts: [TrialAttempt])] = []
  private(set) var savedPauses: [[Pause]] = []
  private(set) var savedQuiet: [QuietState] = []
  private(set) var savedConnections: [[LinkID: WallTime]] = []
  private(set) var logs: [LogEntry] = []
  /// What was asked of the weeks before.
  private(set) var questions: [PastQuestion] = []

  init(
    _ links: [Link], attemptsInFlight: Int = 64, politeness: PolitenessBudget? = nil,
    connections: [LinkID: WallTime] = [:], incidents: IncidentSettings = toldAtOnce,
    at now: Now = Now(
      instant: Instant(nanoseconds: 1_000_000_000_000),
      wall: WallTime(milliseconds: 1_762_477_323_000))
  ) {
    self.now = now
    engine = Engine(
      tick: .milliseconds(100), attemptsInFlight: attemptsInFlight,
      encoder: RingEncoder(
        resume: RingResume(ringID: 7, segmentBytes: 1 << 20, slots: [0, 1])),
      seed: 1, incidents: incidents, now: now)
    engine.restore(connections: connections)
    engine.load(links, politeness: politeness, at: now)
  }

  /// Moves both clocks, running the engine whenever it wants to.
  func advance(by amount: TimeAmount) {
    let end = now.instant + amount
    take()
    while let due = engine.nextDue, due <= end {
      move(to: max(due, now.instant))
      run()
    }
    move(to: end)
    run()
  }

  /// Moves both clocks at once, as for a process that did not run.
  func jump(by amount: TimeAmount) { move(to: now.instant + amount) }

  func run(isQueued: (Token) -> Bool = { _ in false }) {
    engine.run(at: now) { QueueWait(isOver: !isQueued($0)) }
    take()
  }

  func answer(_ token: Token, _ result: TransferResult = right) {
    engine.deliver(.transferred(result), to: token, at: now)
    take()
  }

  func written(through group: UInt64, problem: String? = nil) {
    engine.written(through: group, problem: problem, at: now)
    take()
  }

  /// Performs what the engine asks for.
  func take() {
    while true {
      let actions = engine.takeActions()
      if actions.isEmpty { return }
      for action in actions { perform(action) }
    }
  }

  private func perform(_ action: EngineAction) {
    switch action {
    case .connect, .send, .receive, .wait, .spawn: break
    case .resolve(let token, let host, _): lookups.append((token, host))
    case .transfer(let token, let transfer):
      transfers.append((token, transfer, now))
      if let result = network(transfer) {
        engine.deliver(.transferred(result), to: token, at: now)
      }
    case .lookBack(let question): questions.append(question)
    case .examine(let token, _): examinations.append(token)
    case .cancel(let token): cancelled.append(token)
    case .write(let batches, let group):
      writes.append(group)
      for batch in batches { index.add(WrittenBatch(batch)) }
      for entry in engine.recording.unwritten where entry.group == group && entry.probe >= 0 {
        recorded.append(
          Recorded(probe: "\(engine.key(of: entry.probe))", sample: entry.sample))
      }
      if writesAtOnce { engine.written(through: group, problem: nil, at: now) }
    case .tell(let incident):
      told.append(incident)
      versions.append(incident)
      engine.journaled(through: UInt64(versions.count))
    case .keep(let incident):
      versions.append(incident)
      engine.journaled(through: UInt64(versions.count))
    case .trialEnded(let id, _, let attempts): trials.append((id, attempts))
    case .savePauses(let pauses): savedPauses.append(pauses)
    case .saveQuiet(let state): savedQuiet.append(state)
    case .saveConnections(let connections): savedConnections.append(connections)
    case .log(let entry): logs.append(entry)
    }
  }

  private func move(to instant: Instant) {
    now = Now(instant: instant, wall: now.wall(at: instant))
  }

  func outcomes(_ probe: String) -> [Outcome] {
    recorded.filter { $0.probe == probe }.map(\.sample.outcome)
  }

  var state: LinkState { engine.state(of: 0, at: now) }
  var isFlapping: Bool { engine.isFlapping(0) }
}

/// Incidents that are told without waiting for their patterns.
let toldAtOnce: IncidentSettings = {
  var settings = IncidentSettings()
  settings.gatherCritical = .zero
  settings.gatherWarning = .zero
  return settings
}()

let right = TransferResult(status: 200)
let wrong = TransferResult(status: 503)
let refused = TransferResult(failure: .connect(.refused))
let unauthorised = TransferResult(status: 401)

func probe(
  _ name: String = "http", every: TimeAmount = .seconds(60), timeout: TimeAmount = .seconds(10),
  retryEvery: TimeAmount = .seconds(5), retryLimit: Int = 4, isRequired: Bool = true,
  kind: String = "http", url: String = "http://127.0.0.1/",
  expectations: HTTPExpectations = .init()
) -> ProbeDefinition {
  guard let url = try? URLParts(url) else { preconditionFailure("a URL: \(url)") }
  return ProbeDefinition(
    name: name, kind: kind, every: every, timeout: timeout, retryEvery: retryEvery,
    retryLimit: retryLimit, isRequired: isRequired,
    options: HTTPOptions(url: url, expectations: expectations))
}

func link(
  _ id: String = "service/consumer", _ probes: [ProbeDefinition] = [probe()],
  rules: AlertRules = .standard
) -> Link {
  guard let id = LinkID(id) else { preconditionFailure("an id: \(id)") }
  return Link(
    id: id, serviceName: LocalizedName(en: "Service", vi: "Dịch vụ"),
    consumerName: LocalizedName(en: "Consumer", vi: "Bên dùng"), system: "system",
    owner: "owner", route: [], alert: rules, probes: probes)
}

extension AlertRules {
  /// The same with a change.
  func with(_ change: (inout Values) -> Void) -> AlertRules {
    var changed = values
    change(&changed)
    return AlertRules(changed)
  }
}
