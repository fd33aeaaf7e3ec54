import Base
import CLinux
import Catalogue
import Delivery
import Engine
import Glibc
import History
import Host
import Model
import Quiet
import Wire

/// Reads the configuration, takes the state directory, goes on from what it holds, and runs the
/// loop. Returns the exit code.
func runDaemon(_ arguments: Arguments) -> Int32 {
  // Before any thread: threads inherit the mask.
  let signals = [SIGTERM, SIGINT, SIGHUP]
  let signalDescriptor = lh_signalfd(signals, Int32(signals.count))
  lh_ignore_sigpipe()
  lh_default_sigchld()
  let logger = LogWriter(threshold: arguments.isDebugging ? .debug : .info)
  let (loaded, complaints) = readConfiguration(arguments.configuration)
  guard let loaded else {
    // Through the log, so that the journal knows them for errors.
    for complaint in complaints.list { logger.write(LogEntry(.error, complaint.description)) }
    if complaints.unlisted > 0 {
      logger.write(LogEntry(.error, "and \(complaints.unlisted) more"))
    }
    logger.write(LogEntry(.error, "the configuration has mistakes; nothing was started"))
    return 78
  }
  for warning in loaded.warnings { logger.write(LogEntry(.warning, warning)) }
  let state: StateDirectory
  do {
    state = try StateDirectory(loaded.configuration.stateDirectory)
  } catch {
    switch error {
    case .inUse(let path, let by):
      say("linkhealthd: \(path) is in use by \(by); stop it first, or set another state directory")
      return 75
    case .unusable(let problem):
      say("linkhealthd: the state directory cannot be used: \(problem)")
      return 73
    }
  }
  do {
    try run(
      arguments, loaded, statePath: state.path, logger: logger, signals: signalDescriptor)
    logger.write(LogEntry(.notice, "stopped"))
    return 0
  } catch let error as RingError {
    say("linkhealthd: the history cannot be opened: \(error)")
    return 73
  } catch {
    say("linkhealthd: \(error)")
    return 71
  }
}

private func run(
  _ arguments: Arguments, _ loaded: LoadedConfiguration, statePath: String, logger: LogWriter,
  signals: Int32
) throws {
  let configuration = loaded.configuration
  let begun = Clock.now
  let descriptors = raiseDescriptorLimit()
  // A program has two outputs and a descriptor of its own.
  let programs = 3 * min(configuration.exec.atOnce, configuration.attemptsInFlight)
  let wanted = configuration.attemptsInFlight + programs + Limits.controlConnections + 128
  if descriptors < wanted {
    logger.write(
      LogEntry(
        .warning,
        "only \(descriptors) descriptors are allowed: set LimitNOFILE=\(wanted) or more, or a "
          + "smaller attempts.inFlight"))
  }
  let reactor = try Reactor()
  let service = ServiceManager()
  service.status("reading the history")

  let relay = DiskRelay()
  let receiver = try MailboxReceiver<Disk.Event>(reactor) { relay.daemon?.diskEvent($0) }
  let (connections, connectionProblem) = readConnections(connectionsPath(statePath))
  var earlier = EarlierRun(configuration.links, connections: connections)
  let found = try Disk.open(
    statePath, history: HistorySettings(configuration),
    wanted: WantedSamples(configuration.links, at: begun.wall), earlier: &earlier,
    events: receiver.mailbox)
  for message in found.messages { logger.write(LogEntry(.warning, message)) }
  // Reading the history takes a while: what is due in it is not missed.
  let startedAt = Clock.now
  var engine = Engine(
    tick: configuration.tick, attemptsInFlight: configuration.attemptsInFlight,
    encoder: RingEncoder(resume: found.resume), seed: randomSeed(),
    incidents: configuration.incidentsInEffect, now: startedAt)
  if let connectionProblem { logger.write(LogEntry(.error, connectionProblem)) }
  engine.restore(connections: connections)
  engine.load(
    configuration.links, politeness: configuration.politenessInEffect, at: startedAt)
  engine.restore(earlier)
  engine.markStart(at: startedAt)

  let replay = Outbox.replay(found.journal, generator: SeededGenerator(seed: randomSeed()))
  for message in replay.damage + found.disk.reconcile(replay) {
    logger.write(LogEntry(.warning, message))
  }
  let (pauses, pauseProblem) = readPauses(pausesPath(statePath))
  if let pauseProblem { logger.write(LogEntry(.error, pauseProblem)) }
  engine.restore(pauses: pauses)
  let (quiet, quietProblems) = readQuietState(quietPath(statePath))
  for problem in quietProblems { logger.write(LogEntry(.error, problem)) }
  engine.configureQuiet(configuration.quiet, at: startedAt)
  engine.restore(quiet: quiet, at: startedAt)

  let disk = found.disk
  let desk = try DeliveryDesk(outbox: replay.outbox, disk: disk, reactor: reactor) {
    logger.write($0)
  }
  desk.configure(loaded.notifiers)
  engine.restore(replay.openIncidents, ended: replay.endedIncidents, at: startedAt)
  engine.configureClock(limit: configuration.clockUnsynchronisedFor, at: startedAt)

  let daemon = try Daemon(
    configurationPath: arguments.configuration, reactor: reactor, engine: engine, loaded: loaded,
    disk: disk, desk: desk, service: service, logger: logger, historyBytes: found.historyBytes,
    startedAt: startedAt)
  relay.daemon = daemon
  let handler = SignalHandler(descriptor: signals, daemon: daemon)
  _ = try reactor.add(signals, .readable, handler: handler)
  daemon.server = try ControlServer(
    reactor: reactor, path: configuration.socketPath, group: loaded.operatorGroups.first,
    handler: daemon)
  daemon.server?.zone = zoneText(configuration.quiet.rules.zone)
  for warning in daemon.socketWarnings + daemon.programWarnings {
    logger.write(LogEntry(.warning, warning))
  }
  daemon.performActions(at: Clock.now)
  let links = configuration.links.count
  logger.write(
    LogEntry(
      .notice, "started",
      [
        ("version", linkhealthVersion), ("links", "\(links)"),
        ("state", configuration.stateDirectory), ("socket", configuration.socketPath),
      ]))
  service.ready("watching \(links) links")
  try reactor.run()
  disk.stopAndWait()
  daemon.workers.stopAndWait()
  withExtendedLifetime((handler, receiver)) {}
}

/// Breaks the circle between the disk's mailbox and the daemon that it is a part of.
private final class DiskRelay {
  weak var daemon: Daemon?
}

/// Signals as events of the loop.
private final class SignalHandler: ReadinessHandler {
  private let descriptor: Int32
  private weak var daemon: Daemon?

  init(descriptor: Int32, daemon: Daemon) {
    self.descriptor = descriptor
    self.daemon = daemon
  }

  func ready(_ readiness: Readiness, key: Int32, token: Token) {
    while true {
      switch lh_signalfd_read(descriptor) {
      case 0: return
      case SIGHUP: daemon?.reload(nil, .unlessTooMuch)
      default: daemon?.stop()
      }
    }
  }
}
