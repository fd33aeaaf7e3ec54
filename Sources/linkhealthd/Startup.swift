import Base
import CLinux
import Catalogue
import Delivery
import Engine
import Glibc
import History
import Host
import Model
import Wire

/// Reads the configuration, takes the state directory, goes on from what it holds, and runs the
/// loop. Returns the exit code.
func runDaemon(_ arguments: Arguments) -> Int32 {
  // Before any thread: threads inherit the mask.
  let signals = [SIGTERM, SIGINT, SIGHUP]
  let signalDescriptor = lh_signalfd(signals, Int32(signals.count))
  lh_ignore_sigpipe()
  let logger = LogWriter(threshold: arguments.isDebugging ? .debug : .info)
  let (loaded, complaints) = readConfiguration(arguments.configuration)
  guard let loaded else {
    for complaint in complaints.list { say(complaint.description) }
    if complaints.unlisted > 0 { say("and \(complaints.unlisted) more") }
    say("linkhealthd: the configuration has mistakes; nothing was started")
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
  let startedAt = Clock.now
  let reactor = try Reactor()
  let service = ServiceManager()
  service.status("reading the history")

  let ring = try RingFiles(
    directory: "\(statePath)/history", ringBytes: configuration.history.sizeBytes,
    segmentBytes: configuration.history.segmentBytes, newRingID: randomSeed())
  for message in ring.messages { logger.write(LogEntry(.warning, message)) }
  let historyBytes = ring.byteCount
  var engine = Engine(
    tick: configuration.tick, attemptsInFlight: configuration.attemptsInFlight,
    encoder: RingEncoder(resume: ring.resume), seed: randomSeed(), now: startedAt)
  _ = engine.load(configuration.links, at: startedAt)
  try restoreWindows(&engine, from: ring, configuration, logger, at: startedAt)
  engine.markStart(at: startedAt)

  let journal = JournalFile(directory: "\(statePath)/outbox")
  let replay = Outbox.replay(
    try journal.readAll(), generator: SeededGenerator(seed: randomSeed()))
  if !replay.damage.isEmpty {
    for message in replay.damage { logger.write(LogEntry(.error, message)) }
    let kept = try journal.keepDamaged()
    logger.write(LogEntry(.error, "the damaged journal is kept", [("file", kept)]))
  }
  let alerts = AlertFiles(directory: "\(statePath)/alerts")
  try alerts.prepare()
  for message in try alerts.reconcile(
    open: replay.openIncidents, resolved: replay.resolvedIncidents)
  {
    logger.write(LogEntry(.warning, message))
  }
  let (pauses, pauseProblem) = readPauses(pausesPath(statePath))
  if let pauseProblem { logger.write(LogEntry(.error, pauseProblem)) }
  engine.restore(pauses: pauses)

  let relay = DiskRelay()
  let receiver = try MailboxReceiver<Disk.Event>(reactor) { relay.daemon?.diskEvent($0) }
  let disk = try Disk(
    DiskFiles(ring: ring, journal: journal, alerts: alerts), events: receiver.mailbox)
  let desk = try DeliveryDesk(outbox: replay.outbox, disk: disk, reactor: reactor) {
    logger.write($0)
  }
  desk.configure(loaded.notifiers)
  for incident in replay.openIncidents { engine.restore(incident, at: startedAt) }

  let daemon = try Daemon(
    configurationPath: arguments.configuration, reactor: reactor, engine: engine, loaded: loaded,
    disk: disk, desk: desk, service: service, logger: logger, historyBytes: historyBytes,
    startedAt: startedAt)
  relay.daemon = daemon
  let handler = SignalHandler(descriptor: signals, daemon: daemon)
  _ = try reactor.add(signals, .readable, handler: handler)
  daemon.server = try ControlServer(
    reactor: reactor, path: configuration.socketPath, group: loaded.operatorGroups.first,
    handler: daemon)
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

/// Fills the windows of the rules from the ring, so that a restart does not forget them.
private func restoreWindows(
  _ engine: inout Engine, from ring: RingFiles, _ configuration: Configuration,
  _ logger: LogWriter, at now: Now
) throws {
  var longest = TimeAmount.minutes(15)
  for link in configuration.links {
    longest = max(longest, link.alert.errorRate?.window ?? .zero, link.alert.latency?.window ?? .zero)
    for probe in link.probes { longest = max(longest, probe.every * 64) }
  }
  var samples: [(ProbeKey, Sample)] = []
  let messages = try ring.replay(since: now.wall - min(longest, .hours(24))) { record in
    if case .sample(let key, let sample) = record { samples.append((key, sample)) }
  }
  for message in messages { logger.write(LogEntry(.warning, message)) }
  for (key, sample) in samples { engine.restore(key, sample) }
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
      case SIGHUP: daemon?.reload(nil)
      default: daemon?.stop()
      }
    }
  }
}
