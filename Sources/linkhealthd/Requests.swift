import Base
import Catalogue
import Control
import Delivery
import Engine
import Glibc
import History
import Host
import Model
import Reports
import Wire

/// A question to the ring and who asked it.
struct SamplesQuestion {
  enum Request {
    case samples(SamplesRequest)
    case history(HistoryRequest)

    var contentType: String {
      switch self {
      case .samples: "application/json"
      case .history(let request): request.contentType
      }
    }
  }

  var id: UInt64
  var ticket: RequestTicket
  var request: Request
}

/// Requests of the control socket that wait for something.
struct PendingRequests {
  var trials: [UInt64: RequestTicket] = [:]
  /// Questions to the ring, the first of them being answered.
  var samples = BoundedQueue<SamplesQuestion>(capacity: Limits.samplesQuestions)
  var nextID: UInt64 = 1
  var isReloading = false
  /// SIGHUP came while a reload was under way.
  var reloadsAgain = false
  /// Acts that are answered once they are on the disk.
  var quiet = PendingQuiet()
  /// Callers' names by uid, looked up beside the loop.
  var names: [UInt32: String] = [:]

  mutating func takeID() -> UInt64 {
    nextID += 1
    return nextID
  }
}

extension Daemon: ControlHandler {
  func received(
    _ request: HTTPRequestHead, body: [UInt8], from peer: PeerIdentity, _ ticket: RequestTicket
  ) {
    let now = Clock.now
    let mayAct = self.mayAct(peer)
    let reply = route(request, body: body, engine, facts, mayAct: mayAct, at: now)
    if request.method == "POST" { audit(request, body, peer, reply, at: now) }
    switch reply {
    case .answer(let status, let contentType, let body):
      server?.answer(ticket, status: status, contentType: contentType, body: body)
    case .pieces(let pieces): stream(pieces, ticket)
    case .samples(let question): ask(.samples(question), ticket)
    case .history(let question): ask(.history(question), ticket)
    case .act(let act): perform(act, by: peer, ticket, at: now)
    }
  }

  /// A question that is being answered ends; those that wait are passed over when it is their turn.
  func left(_ ticket: RequestTicket) {
    if let first = requests.samples.first, first.ticket == ticket { disk.cancel(first.id) }
  }

  private func mayAct(_ peer: PeerIdentity) -> Bool {
    peer.uid == 0 || peer.uid == geteuid()
      || peer.groups.contains { loaded.operatorGroups.contains($0) }
  }

  private func stream(_ pieces: any PiecewiseAnswer, _ ticket: RequestTicket) {
    var pieces = pieces
    server?.stream(ticket) { [unowned self] in
      pieces.isDone ? nil : pieces.nextPiece(engine, at: Clock.now)
    }
  }

  private func ask(_ question: SamplesQuestion.Request, _ ticket: RequestTicket) {
    let entry = SamplesQuestion(id: requests.takeID(), ticket: ticket, request: question)
    guard requests.samples.append(entry) else {
      return answer(
        ticket,
        ControlError(503, "busy", "too many questions to the ring; ask again in a moment"))
    }
    if requests.samples.count == 1 { searchSamples() }
  }

  /// One search at a time, so that writing never waits for more than one; those whose callers have
  /// left are passed over.
  private func searchSamples() {
    while let first = requests.samples.first {
      guard server?.isWaiting(first.ticket) == true else {
        _ = requests.samples.popFirst()
        continue
      }
      switch first.request {
      case .samples(let request): disk.readSamples(first.id, request, at: Clock.now.wall)
      case .history(let request): disk.readReport(first.id, request)
      }
      return
    }
  }

  func answerSamples(_ id: UInt64, _ body: [UInt8], _ problem: String?) {
    guard let first = requests.samples.first, first.id == id else { return }
    _ = requests.samples.popFirst()
    if let problem {
      answer(first.ticket, ControlError(503, "busy", "the ring cannot be read: \(problem)"))
    } else {
      server?.answer(
        first.ticket, status: 200, contentType: first.request.contentType, body: body)
    }
    searchSamples()
  }

  private func perform(
    _ act: ControlAct, by peer: PeerIdentity, _ ticket: RequestTicket, at now: Now
  ) {
    if isStopping {
      return answer(ticket, ControlError(503, "stopping", "the daemon is stopping"))
    }
    switch act {
    case .reload(let plan, let yes):
      reload(ticket, plan ? .plan : yes ? .whateverItDrops : .unlessTooMuch)
    case .resetSchedule:
      engine.resetFigures(at: now)
      reactor.resetFigures()
      server?.answer(ticket, status: 200, body: Array("{}".utf8))
    case .trial(let link):
      let id = requests.takeID()
      requests.trials[id] = ticket
      if !engine.startTrial(link, id: id, at: now) {
        requests.trials[id] = nil
        answer(
          ticket,
          ControlError(
            503, "busy",
            engine.hasProbes(link)
              ? "\(link) cannot be tried now: too many attempts are in flight"
              : "\(link) has no endpoint; give it one in the endpoints file, then reload"))
      }
    case .pause(let link, let reason):
      engine.pause(
        Pause(link: link, by: callerName(peer), reason: reason, since: now.wall), at: now)
      server?.answer(ticket, status: 200, body: pauseBody(link, isPaused: true))
    case .resume(let link):
      engine.resume(link, at: now)
      server?.answer(ticket, status: 200, body: pauseBody(link, isPaused: false))
    case .acknowledge(let id, let note):
      acknowledge(id, note, by: callerName(peer), ticket, at: now)
    case .addMaintenance, .endMaintenance, .addSilence, .endSilence:
      performQuiet(act, by: callerName(peer), ticket, at: now)
    }
    performActions(at: now)
  }

  private func acknowledge(
    _ id: String, _ note: String, by name: String, _ ticket: RequestTicket, at now: Now
  ) {
    switch engine.acknowledge(id, by: name, note: note, at: now) {
    case .notOpen:
      answer(ticket, ControlError(409, "resolved", "the incident is over; nothing to take up"))
    case .acknowledged(let incident):
      server?.answer(ticket, status: 200, body: IncidentDocument.encode(incident))
    }
  }

  func answerTrial(_ id: UInt64, _ link: LinkID, _ attempts: [TrialAttempt]) {
    guard let ticket = requests.trials.removeValue(forKey: id) else { return }
    let codes = engine.linkIndex[link].flatMap { engine.links[$0].link.codes }
    server?.answer(ticket, status: 200, body: trialBody(link, attempts, codes: codes))
  }

  func answer(_ ticket: RequestTicket, _ error: ControlError) {
    server?.answer(ticket, status: error.status, body: error.body)
  }

  /// Every act leaves a line, allowed or not, with who asked.
  private func audit(
    _ request: HTTPRequestHead, _ body: [UInt8], _ peer: PeerIdentity, _ reply: ControlReply,
    at now: Now
  ) {
    var act = request.path
    var outcome = "allowed"
    var reason: String?
    switch reply {
    case .act(let allowed):
      act = allowed.words
      reason = allowed.reason
    case .answer(let status, _, _):
      outcome = "refused with \(status)"
      // The same words as of one that is allowed, where it is an act at all.
      let allowed = route(request, body: body, engine, facts, mayAct: true, at: now)
      if case .act(let refused) = allowed { act = refused.words }
    default: break
    }
    var entry = LogEntry(
      .notice, "audit",
      [
        ("act", act), ("outcome", outcome), ("uid", "\(peer.uid)"), ("user", callerName(peer)),
        ("pid", "\(peer.pid)"),
      ])
    if let reason { entry.fields.append(("reason", reason)) }
    entry.isAudit = true
    logger.write(entry)
  }

  /// The caller's name as far as this machine itself knows it; one that only a name service knows is
  /// looked up beside the loop, for the next time.
  private func callerName(_ peer: PeerIdentity) -> String {
    if peer.uid == 0 { return "root" }
    if let name = requests.names[peer.uid] { return name }
    if let name = localUserName(peer.uid) {
      if requests.names.count < 1_024 { requests.names[peer.uid] = name }
      return name
    }
    if requests.names.count < 1_024 { lookUpName(peer.uid) }
    return "uid \(peer.uid)"
  }

  private var facts: () -> DaemonFacts {
    { [unowned self] in
      let memory = residentMemory()
      return DaemonFacts(
        version: linkhealthVersion, vantage: loaded.configuration.vantage, startedAt: startedAt,
        configurationFile: configurationPath, loadedAt: loadedAt, historyBytes: historyBytes,
        deliveryPending: desk.outbox.pendingCount, deliveryProblem: desk.problem,
        receivers: desk.outbox.receiverStatuses.map {
          DaemonFacts.Receiver(name: $0.name, pending: $0.pending, lastError: $0.lastError)
        },
        residentBytes: memory.resident, mappedFileBytes: memory.mappedFiles,
        loop: reactor.figures)
    }
  }
}

/// Resident memory in bytes from /proc/self/status: all of it, and the part that is pages of files.
private func residentMemory() -> (resident: Int, mappedFiles: Int) {
  guard let bytes = try? readFile("/proc/self/status", limitBytes: 64 << 10) else { return (0, 0) }
  var resident = 0
  var files = 0
  for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
    let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
    guard words.count >= 2, let kibibytes = Int(words[1]) else { continue }
    switch words[0] {
    case "VmRSS:": resident = kibibytes * 1_024
    case "RssFile:", "RssShmem:": files += kibibytes * 1_024
    default: break
    }
  }
  return (resident, files)
}
