import Base
import Delivery
import Glibc
import Host
import Model
import Probes
import Wire

/// Carries incidents from the outbox to the disk and to the receivers.
final class DeliveryDesk: LoopPart {
  private(set) var outbox: Outbox
  private(set) var problem: String?
  private var receivers: [WebhookNotifier] = []
  private let disk: Disk
  private let log: (LogEntry) -> Void
  private var transfers: CurlTransfers?
  private var resolver: Resolver?
  private var posts: [Token: Post] = [:]
  private var lookUpDeadlines = TimerHeap<Token>()
  private var isStopping = false
  /// The newest event of earlier runs; those of this one come after it.
  private let formerEvents: UInt64

  /// A message on its way to a receiver.
  private struct Post {
    var request: NotifierRequest
    var url: URLParts
    /// What is left to try of the receiver's addresses; nil while they are looked up.
    var addresses: [String]?
  }

  /// So many of a receiver's addresses are tried when connections fail.
  private static let addressesTried = 3

  init(
    outbox: Outbox, disk: Disk, reactor: Reactor, log: @escaping (LogEntry) -> Void
  ) throws(SystemError) {
    self.outbox = outbox
    formerEvents = outbox.durableThrough
    self.disk = disk
    self.log = log
    transfers = CurlTransfers(reactor: reactor) { [unowned self] token, result in
      ended(token, result)
    }
    // Its own threads, so that look-ups of dead links never delay an alert.
    resolver = try Resolver(reactor: reactor, threads: 2) { [unowned self] token, answer in
      resolved(token, answer)
    }
    reactor.add(part: self)
  }

  func configure(_ notifiers: [WebhookNotifier]) {
    receivers = notifiers
    for message in outbox.configure(receivers: notifiers.map(\.name)) {
      log(LogEntry(.warning, message))
    }
    transfers?.renewBundles()
  }

  /// How many of the versions that ``tell(_:)`` took are in the journal, or are told without it.
  var journaledCount: UInt64 { outbox.durableThrough - formerEvents }

  /// Has a version journaled that nobody is told of, such as that of an incident that gathers still.
  func keep(_ incident: Incident) {
    outbox.enqueue(incident, receivers: [])
    if !isStopping { writeOut(at: Clock.now) }
  }

  func tell(_ incident: Incident) {
    let refused = outbox.enqueue(incident, receivers: receivers.map(\.name))
    if refused > 0 {
      log(
        LogEntry(
          .error, "the outbox is full: an alert is kept as a file only",
          [("incident", incident.id), ("receivers", "\(refused)")]))
    }
    if !isStopping { writeOut(at: Clock.now) }
  }

  /// Hands everything that waits to the disk; posts no more.
  func stop() {
    isStopping = true
    writeOut(at: Clock.now)
  }

  /// Whether the disk has not answered for what was handed to it.
  private(set) var isCommitting = false

  // MARK: - The loop

  var nextDue: Instant? {
    if isStopping && isCommitting { return nil }
    guard let deadline = lookUpDeadlines.nextDue else { return outbox.nextDue }
    return outbox.nextDue.map { min($0, deadline) } ?? deadline
  }

  func runDue(at now: Now) {
    writeOut(at: now)
    guard !isStopping else { return }
    if outbox.stopWaitingForDisk(at: now.instant) {
      note(problem: "the disk has not taken a write for \(Limits.outboxDiskPatience)")
    }
    endLookUps(at: now.instant)
    for action in outbox.ready(at: now) {
      if case .post(let attempt) = action { post(attempt, at: now) }
    }
  }

  private func writeOut(at now: Now) {
    guard let group = outbox.takeGroup(at: now.instant) else { return }
    isCommitting = true
    disk.writeJournal(group)
  }

  func journalWritten(
    _ group: UInt64, problem: String?, unwritten: [Incident], messages: [String], at now: Now
  ) {
    isCommitting = false
    if let first = messages.first {
      // One line: on a full disk there may be a thousand of them every few seconds.
      log(LogEntry(.error, first, [("others", "\(messages.count - 1)")]))
    }
    // A group of alert files alone says nothing of the journal.
    if problem != nil || outbox.isWritingJournal { note(problem: problem) }
    if problem == nil {
      outbox.committed(through: group, unwritten: unwritten, at: now.instant)
    } else {
      outbox.commitFailed(through: group, unwritten: unwritten, at: now.instant)
    }
    runDue(at: now)
  }

  private func note(problem new: String?) {
    guard new != problem else { return }
    problem = new
    if let new {
      log(LogEntry(.error, "the outbox journal cannot be written", [("problem", new)]))
    } else {
      log(LogEntry(.notice, "the outbox journal is written again"))
    }
  }

  // MARK: - Webhooks

  private func post(_ attempt: DeliveryAttempt, at now: Now) {
    guard let receiver = receivers.first(where: { $0.name == attempt.receiver }) else {
      outbox.finished(attempt.token, .failed("the receiver is not configured"), at: now)
      return
    }
    let request = receiver.request(for: attempt, at: now.wall)
    guard let url = try? URLParts(request.url) else {
      outbox.finished(attempt.token, .failed("the receiver's address is wrong"), at: now)
      return
    }
    posts[attempt.token] = Post(request: request, url: url)
    if url.isIPLiteral {
      posts[attempt.token]?.addresses = [url.host]
      return send(attempt.token)
    }
    lookUpDeadlines.push(attempt.token, due: now.instant + request.timeout)
    let start = resolver?.resolve(url.host, family: .any, token: attempt.token, at: now.instant)
    switch start {
    case .known(let answer): resolved(attempt.token, answer)
    case .pending: break
    case .busy, nil: fail(attempt.token, "name look-ups are busy")
    }
  }

  private func resolved(_ token: Token, _ answer: Resolver.Answer) {
    guard posts[token] != nil else { return }
    switch answer {
    case .addresses(let list, _, _):
      posts[token]?.addresses = Array(list.prefix(Self.addressesTried))
      send(token)
    case .failed(let cause, _, _): fail(token, Outcome.resolve(cause).sentence)
    case .noRoom: fail(token, Outcome.skipped(.resolverBusy).sentence)
    }
  }

  /// Look-ups that hang give their places up.
  private func endLookUps(at now: Instant) {
    while let (_, token) = lookUpDeadlines.popDue(at: now) {
      guard let post = posts[token], post.addresses == nil else { continue }
      resolver?.cancel(token)
      fail(token, Outcome.resolve(.timedOut).sentence)
    }
  }

  /// Posts to the next address.
  private func send(_ token: Token) {
    guard var post = posts[token], var addresses = post.addresses, !addresses.isEmpty else {
      return fail(token, Outcome.resolve(.noAddress).sentence)
    }
    let address = addresses.removeFirst()
    post.addresses = addresses
    posts[token] = post
    let request = post.request
    let settings = TransferSettings(
      headers: request.headers, body: request.body,
      tls: TLSOptions(caFile: request.caFile), userAgent: "linkhealth/\(linkhealthVersion)",
      bodyLimitBytes: 64 << 10)
    transfers?.start(
      Transfer(
        settings: settings, method: request.method, url: post.url, address: address,
        timeLimit: request.timeout),
      token: token)
  }

  private func ended(_ token: Token, _ result: TransferResult) {
    let now = Clock.now
    // A receiver that has answered has decided, whatever became of its answer's body.
    if let failure = result.failure, result.status < 200 {
      let hasMore = posts[token]?.addresses?.isEmpty == false
      if failure.phase == .connect, hasMore { return send(token) }
      fail(token, failure.sentence)
    } else {
      posts[token] = nil
      outbox.finished(
        token,
        .answered(status: Int(result.status), retryAfter: result.header("retry-after").first),
        at: now)
    }
  }

  private func fail(_ token: Token, _ reason: String) {
    posts[token] = nil
    outbox.finished(token, .failed(reason), at: Clock.now)
  }
}
