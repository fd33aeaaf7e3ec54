import Base
import CLinux
import Catalogue
import Control
import Delivery
import Engine
import Glibc
import Host
import Model
import Probes
import Wire

/// Puts the parts together: takes the engine's actions and performs them, brings events back, and
/// answers the control socket. It lives on the loop's thread.
final class Daemon: LoopPart {
  let configurationPath: String
  /// The state directory of this run, whatever a reload says.
  let statePath: String
  let reactor: Reactor
  var engine: Engine
  var loaded: LoadedConfiguration
  let disk: Disk
  let desk: DeliveryDesk
  let service: ServiceManager
  let startedAt: Now
  let historyBytes: Int
  var loadedAt: WallTime
  var server: ControlServer?
  var requests = PendingRequests()
  let workers: Workers
  let logger: LogWriter
  private(set) var isStopping = false
  private(set) var transfers: CurlTransfers?
  private(set) var resolver: Resolver?
  private(set) var sockets: SocketExchanges?
  private(set) var spawner: Spawner?

  private(set) var workReceiver: MailboxReceiver<WorkDone>?
  private var nextSync: Instant
  private var nextClockReport: Instant
  private var clockOffset: Int64
  private var stopBy = Instant.distantFuture
  private var nextStopCheck = Instant.distantFuture

  /// What the worker threads bring back.
  enum WorkDone: Sendable {
    case examined(Token, Examined)
    case loaded(RequestTicket?, ReloadMode, ReadReload)
    case named(uid: UInt32, String)
  }

  init(
    configurationPath: String, reactor: Reactor, engine: consuming Engine,
    loaded: LoadedConfiguration, disk: Disk, desk: DeliveryDesk, service: ServiceManager,
    logger: LogWriter, historyBytes: Int, startedAt: Now
  ) throws(SystemError) {
    self.configurationPath = configurationPath
    statePath = loaded.configuration.stateDirectory
    self.reactor = reactor
    self.engine = engine
    self.loaded = loaded
    self.disk = disk
    self.desk = desk
    self.service = service
    self.logger = logger
    self.historyBytes = historyBytes
    self.startedAt = startedAt
    loadedAt = startedAt.wall
    nextSync = startedAt.instant
    nextClockReport = startedAt.instant
    clockOffset = startedAt.wall.nanoseconds - startedAt.instant.nanoseconds
    workers = try Workers(threads: 2, capacity: Limits.attemptsInFlight)
    transfers = CurlTransfers(reactor: reactor) { [unowned self] token, result in
      let now = Clock.now
      self.engine.deliver(.transferred(result), to: token, at: now)
      performActions(at: now)
    }
    resolver = try Resolver(
      reactor: reactor, threads: loaded.configuration.resolver.threads,
      lifetime: loaded.configuration.resolver.lifetime
    ) { [unowned self] token, answer in
      let now = Clock.now
      self.engine.deliver(answer.event, to: token, at: now)
      performActions(at: now)
    }
    sockets = SocketExchanges(
      reactor: reactor, capacity: loaded.configuration.attemptsInFlight
    ) { [unowned self] token, event, now in
      self.engine.deliver(event, to: token, at: now)
      performActions(at: now)
    }
    spawner = try Spawner(reactor: reactor, atOnce: loaded.configuration.exec.atOnce) {
      [unowned self] token, result in
      let now = Clock.now
      self.engine.deliver(.exited(result), to: token, at: now)
      performActions(at: now)
    }
    workReceiver = try MailboxReceiver(reactor) { [unowned self] in workEnded($0) }
    reactor.add(part: self)
    reactor.add(part: service)
  }

  var nextDue: Instant? {
    if isStopping { return nextStopCheck }
    return min(engine.nextDue ?? .distantFuture, nextSync, nextClockReport)
  }

  func runDue(at now: Now) {
    if isStopping { return finishStopping(at: now) }
    noteClockStep(at: now)
    if now.instant >= nextClockReport {
      nextClockReport = now.instant + Limits.clockAskedEvery
      engine.clockReported(readClock(), at: now)
    }
    engine.run(at: now) { [resolver] token in
      resolver?.queueWait(of: token, at: now.instant) ?? QueueWait()
    }
    performActions(at: now)
    if now.instant >= nextSync {
      nextSync = now.instant + .seconds(5)
      disk.syncRing()
    }
  }

  // MARK: - Actions

  func performActions(at now: Now) {
    while true {
      let actions = engine.takeActions()
      if actions.isEmpty { return }
      for action in actions { perform(action, at: now) }
    }
  }

  private func perform(_ action: EngineAction, at now: Now) {
    switch action {
    case .resolve(let token, let host, let family): resolve(token, host, family, at: now)
    case .transfer(let token, let transfer): transfers?.start(transfer, token: token)
    case .examine(let token, let examination): examine(token, examination, at: now)
    case .connect(let token, let target): answer(sockets?.connect(token, target), token)
    case .send(let token, let bytes): answer(sockets?.send(token, bytes), token)
    case .receive(let token, let limit, let within):
      answer(sockets?.receive(token, limit: limit, within: within), token)
    case .wait(let token, let time): answer(sockets?.wait(token, time), token)
    case .spawn(let token, let spawn):
      if let result = spawner?.start(spawn, token: token, at: now.instant) {
        engine.deliver(.exited(result), to: token, at: now)
      }
    case .cancel(let token):
      transfers?.cancel(token)
      resolver?.cancel(token)
      sockets?.cancel(token)
      spawner?.cancel(token)
    case .lookBack(let question): disk.readPast(question, until: now.wall)
    case .write(let batches, let group): disk.writeRing(batches, group: group)
    case .tell(let incident): desk.tell(incident)
    case .keep(let incident): desk.keep(incident)
    case .trialEnded(let id, let link, let attempts): answerTrial(id, link, attempts)
    case .savePauses(let pauses): savePauses(pauses)
    case .saveQuiet(let state): saveQuiet(state)
    case .saveConnections(let connections):
      disk.writeFile(connectionsPath(statePath)) {
        connectionsDocument(connections)
      }
    case .log(let entry): logger.write(entry)
    }
  }

  /// Hands on what a socket could tell at once. What was sent was sent when the sending began.
  private func answer(_ event: ProbeEvent?, _ token: Token) {
    guard let event else { return }
    var now = Clock.now
    if case .sent = event { now = sockets?.sentAt(token) ?? now }
    engine.deliver(event, to: token, at: now)
  }

  private func resolve(_ token: Token, _ host: String, _ family: AddressFamily, at now: Now) {
    guard let resolver else { return }
    switch resolver.resolve(host, family: family, token: token, at: now.instant) {
    case .known(let answer): engine.deliver(answer.event, to: token, at: now)
    case .pending: break
    case .busy: engine.resolverWasBusy(token, at: now)
    }
  }

  private func examine(_ token: Token, _ examination: Examination, at now: Now) {
    guard let mailbox = workReceiver?.mailbox else { return }
    let accepted = workers.submit { mailbox.post(.examined(token, examination.run())) }
    if !accepted {
      engine.deliver(
        .examined(Examined(outcome: .skipped(.workersBusy))), to: token, at: now)
    }
  }

  private func workEnded(_ work: WorkDone) {
    let now = Clock.now
    switch work {
    case .examined(let token, let examined):
      engine.deliver(.examined(examined), to: token, at: now)
    case .loaded(let ticket, let mode, let read): reloadEnded(ticket, mode, read, at: now)
    case .named(let uid, let name): requests.names[uid] = name
    }
    performActions(at: now)
  }

  func diskEvent(_ event: Disk.Event) {
    let now = Clock.now
    switch event {
    case .ringWritten(let group, let problem):
      engine.written(through: group, problem: problem, at: now)
      performActions(at: now)
    case .journalWritten(let group, let problem, let unwritten, let messages):
      desk.journalWritten(
        group, problem: problem, unwritten: unwritten, messages: messages, at: now)
      engine.journaled(through: desk.journaledCount)
      performActions(at: now)
    case .quietWritten(let number, let problem): quietWritten(number, problem)
    case .samplesRead(let id, let body, let problem): answerSamples(id, body, problem)
    case .pastRead(let answer):
      engine.learn(answer, at: now)
      performActions(at: now)
    case .problem(let words): logger.write(LogEntry(.error, words))
    }
  }

  private func savePauses(_ pauses: [Pause]) {
    disk.writeFile(pausesPath(statePath), pausesDocument(pauses))
  }

  /// A step of the wall clock is marked in the ring; deadlines do not notice it.
  private func noteClockStep(at now: Now) {
    let offset = now.wall.nanoseconds - now.instant.nanoseconds
    let step = TimeAmount(nanoseconds: offset - clockOffset)
    clockOffset = offset
    guard abs(step.nanoseconds) > 500_000_000 else { return }
    engine.clockStepped(by: step, at: now)
  }

  /// Looks a caller's name up beside the loop, since name services may ask the network.
  func lookUpName(_ uid: UInt32) {
    guard let mailbox = workReceiver?.mailbox else { return }
    _ = workers.submit { mailbox.post(.named(uid: uid, userName(uid))) }
  }

  /// What keeps members of the operators' groups from opening the socket.
  var socketWarnings: [String] {
    var warnings: [String] = []
    let groups = loaded.configuration.operators
    if let problem = server?.groupProblem, let group = groups.first {
      warnings.append(
        "the control socket could not be given to group \(group) "
          + "(\(SystemError(operation: "chown", code: problem))): its members cannot open it; "
          + "add SupplementaryGroups=\(group) to the unit")
    }
    if groups.count > 1 {
      warnings.append(
        "control.operators: the socket belongs to group \(groups[0]); members of "
          + groups.dropFirst().joined(separator: ", ") + " may act but cannot open it")
    }
    return warnings
  }

  /// What keeps the programs of checks from being ended with all that they started.
  var programWarnings: [String] {
    guard let problem = spawner?.problem else { return [] }
    return ["programs that leave the process group of their check are not ended: \(problem)"]
  }

  // MARK: - The end

  /// Ends in order: no new attempts, the last samples and alerts on the disk, then out.
  func stop() {
    guard !isStopping else { return }
    let now = Clock.now
    isStopping = true
    stopBy = now.instant + .seconds(8)
    nextStopCheck = now.instant
    service.stopping()
    logger.write(LogEntry(.notice, "stopping"))
    engine.stop(at: now)
    performActions(at: now)
    desk.stop()
  }

  private func finishStopping(at now: Now) {
    engine.run(at: now)
    performActions(at: now)
    guard (!desk.isCommitting && engine.isQuiet) || now.instant >= stopBy else {
      nextStopCheck = now.instant + .milliseconds(10)
      return
    }
    server?.close()
    spawner?.close()
    reactor.stop()
  }
}

extension Resolver.Answer {
  /// The answer as an attempt takes it.
  fileprivate var event: ProbeEvent {
    switch self {
    case .addresses(let list, let took, let waited):
      .resolved(addresses: list, took: took, waited: waited)
    case .failed(let cause, let took, let waited):
      .notResolved(cause, took: took, waited: waited)
    // As of one that never began.
    case .noRoom: .timedOut(waitingInOurQueue: true)
    }
  }
}
