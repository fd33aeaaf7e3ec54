import Base
import Model

/// One try to tell a receiver of an event.
package struct DeliveryAttempt: Sendable, Hashable {
  /// To be handed back with the result.
  package var token: Token
  package var receiver: String
  package var incident: String
  package var sequence: Int
  /// The same on every try of one event, for every receiver.
  package var webhookID: String
  package var body: [UInt8]
}

/// What the outbox wants done.
package enum DeliveryAction: Sendable, Hashable {
  case post(DeliveryAttempt)
}

/// How a try ended.
package enum DeliveryResult: Sendable, Hashable {
  /// The receiver answered; `retryAfter` is the header's value as received.
  case answered(status: Int, retryAfter: String? = nil)
  /// No answer; the reason in words, safe to print.
  case failed(String)

  /// Whether the receiver has taken the event over: any 2xx.
  package var isAccepted: Bool {
    if case .answered(let status, _) = self { (200..<300).contains(status) } else { false }
  }

  fileprivate var error: String {
    switch self {
    case .answered(let status, _): "HTTP status \(status)"
    case .failed(let reason): printable(reason)
    }
  }
}

/// How a receiver is doing.
package struct ReceiverStatus: Sendable, Hashable {
  package var name: String
  /// Events that it has not accepted yet.
  package var pending: Int
  package var inFlight: Int
  /// Since the start of the daemon.
  package var acceptedCount: Int
  package var failedCount: Int
  /// Why the newest try failed; nil after a success.
  package var lastError: String?
}

/// Sees to it that every version of an incident reaches its alert file and each of its receivers, over
/// failures and crashes. A value: the loop owns it, the disk thread and the transfers do what it says.
///
/// The order of things: ``enqueue(_:receivers:)``; ``takeGroup(at:)`` gives the disk thread what to
/// write; ``committed(through:unwritten:at:)`` tells that it is durable; only then does
/// ``ready(at:)`` hand out tries; ``finished(_:_:at:)`` takes their results. Events of one incident
/// reach a receiver in order, one at a time; different incidents do not wait for each other.
package struct Outbox {
  /// The outbox's bounds; the defaults are those of ``Limits``.
  package struct Bounds: Sendable {
    /// Events that receivers have not accepted, each counted once for each receiver.
    package var pending = Limits.outboxPending
    package var pendingBytes = Limits.outboxPendingBytes
    package var inFlight = Limits.webhooksInFlight
    package var perReceiver = Limits.webhooksPerReceiver
    package var compactBytes = Limits.outboxCompactBytes
    package var retryFirst = Limits.webhookRetryFirst
    package var retryLongest = Limits.webhookRetryLongest
    package var diskRetry = Limits.outboxDiskRetry
    package var diskPatience = Limits.outboxDiskPatience

    package init() {}
  }

  private struct Attempt: Sendable {
    var receiver: String
    var incident: String
    var sequence: Int
  }

  private let bounds: Bounds
  private var generator: SeededGenerator
  var receivers: [ReceiverQueue] = []
  private var attempts: SlotTable<Attempt>
  /// Whose turn it is to be asked first for the next try.
  private var turn = 0
  var open: [String: Incident] = [:]
  private(set) var ended = EndedIncidents()
  private var files = AlertFileQueue()
  private(set) var commits: GroupCommit
  private var superseded = SupersededQueue()
  var nextEvent: UInt64 = 1
  /// The newest event that is durable, or that is told although the journal cannot be written; events
  /// are numbered in the order of ``enqueue(_:receivers:)``.
  package private(set) var durableThrough: UInt64 = 0

  /// Updates dropped because a later event superseded them and the outbox was full.
  package private(set) var droppedCount = 0
  /// Events not taken for a receiver because the outbox was full.
  package private(set) var refusedCount = 0
  /// Versions whose alert files were not written because too many waited already.
  package private(set) var unfiledCount = 0

  /// An empty outbox. `generator` decides the moments of retries.
  package init(generator: SeededGenerator, bounds: Bounds = Bounds()) {
    self.init(generator: generator, bounds: bounds, replayedBytes: 0)
  }

  init(generator: SeededGenerator, bounds: Bounds, replayedBytes: Int) {
    self.generator = generator
    self.bounds = bounds
    attempts = SlotTable(capacity: bounds.inFlight)
    commits = GroupCommit(replayedBytes: replayedBytes)
  }
}

// MARK: - Events in

extension Outbox {
  /// Sets who the receivers are, at the start and after each reload. A name that is gone takes its
  /// events with it; a new one gets the events from now on. Returns what an operator should know.
  package mutating func configure(receivers names: [String]) -> [String] {
    var messages: [String] = []
    for removed in receivers where !names.contains(removed.name) {
      add(.receiverRemoved(removed.name))
      if removed.pendingCount > 0 {
        let name = printable(removed.name)
        messages.append(
          "receiver \(name) is no longer configured: \(removed.pendingCount) events for it dropped")
      }
    }
    receivers = names.map { name in
      receivers.first { $0.name == name } ?? ReceiverQueue(name: name)
    }
    return messages
  }

  /// Takes a new version of an incident for its alert file and for the named receivers; names that
  /// are not configured are passed over. Its sequence number must be higher than the one before.
  ///
  /// When the outbox is full, the oldest updates that later events supersede give way, never an
  /// opening or a resolution. Returns for how many receivers there still was no room.
  @discardableResult
  package mutating func enqueue(_ incident: Incident, receivers names: [String]) -> Int {
    precondition(isIncidentID(incident.id), "an incident's id can name a file")
    precondition(
      incident.sequence > open[incident.id]?.sequence ?? 0, "versions of an incident count up")
    let document = IncidentDocument.encode(incident)
    let event = PendingEvent(number: nextEvent, incident: incident, bytes: document.count)
    nextEvent += 1
    var accepted: [String] = []
    var refused = 0
    for name in names {
      guard let index = index(of: name), let isTaken = admit(event, index) else { continue }
      if isTaken { accepted.append(name) } else { refused += 1 }
    }
    refusedCount += refused
    add(.event(incident, receivers: accepted), document: document)
    setState(incident)
    if incident.isToBeFiled { file(incident) }
    return refused
  }

  mutating func file(_ incident: Incident) {
    if !files.put(incident, capacity: bounds.pending) { unfiledCount += 1 }
  }

  /// Nil where the receiver has the event already.
  private mutating func admit(_ event: PendingEvent, _ index: Int) -> Bool? {
    let id = event.incident.id
    let before = receivers[index].lanes[id]?.last
    guard receivers[index].append(event) else { return nil }
    if let before, before.incident.changeKind == .updated {
      superseded.append((receivers[index].name, id, before.number))
      superseded.trim(pending: pendingCount)
    }
    while isOverfull, dropSuperseded() {}
    if isOverfull {
      receivers[index].removeLast(of: id)
      return false
    }
    return true
  }

  private var isOverfull: Bool {
    pendingCount > bounds.pending
      || receivers.reduce(0) { $0 + $1.pendingBytes } > bounds.pendingBytes
  }

  /// False when nothing is left that may be dropped.
  private mutating func dropSuperseded() -> Bool {
    while let (receiver, incident, number) = superseded.popFirst() {
      guard let index = index(of: receiver),
        let event = receivers[index].removeSuperseded(incident, number)
      else { continue }
      let key = DeliveryKey(
        incident: incident, sequence: event.incident.sequence, receiver: receiver)
      add(.dropped(key))
      droppedCount += 1
      return true
    }
    return false
  }

  func index(of receiver: String) -> Int? { receivers.firstIndex { $0.name == receiver } }

  mutating func setState(_ incident: Incident) {
    open[incident.id] = incident.status == .resolved ? nil : incident
    ended.take(incident)
  }

  private mutating func add(_ record: JournalRecord, document: [UInt8]? = nil) {
    commits.add(record, document: document, compactBytes: bounds.compactBytes)
  }
}

// MARK: - The disk

extension Outbox {
  /// What the disk thread is to write now; nil while it still writes the former group, or when there
  /// is nothing. Each group must be ended with ``committed(through:unwritten:at:)`` or
  /// ``commitFailed(through:unwritten:at:)``.
  package mutating func takeGroup(at now: Instant) -> JournalGroup? {
    guard let due = commits.nextDue(hasFiles: !files.isEmpty), due <= now else { return nil }
    // Taken before the files leave their queue: a snapshot holds the ends whose files are not
    // written yet.
    let outbox = self
    return commits.take(
      at: now, lastEvent: nextEvent - 1, files: &files, compactBytes: bounds.compactBytes,
      snapshot: { outbox.compacted() })
  }

  /// The group is durable, and its events may be told. `unwritten` are incidents of the group whose
  /// alert files could not be written; they come again with a later group.
  package mutating func committed(
    through number: UInt64, unwritten: [Incident] = [], at now: Instant
  ) {
    endGroup(number, journalRetry: nil, unwritten, at: now)
  }

  /// The journal could not be written. Its whole content is tried again later. The events are told
  /// all the same: a crash might repeat or forget them, but a full disk must not silence alerts.
  package mutating func commitFailed(
    through number: UInt64, unwritten: [Incident] = [], at now: Instant
  ) {
    endGroup(number, journalRetry: now + bounds.diskRetry, unwritten, at: now)
  }

  private mutating func endGroup(
    _ number: UInt64, journalRetry: Instant?, _ unwritten: [Incident], at now: Instant
  ) {
    let filesRetry = unwritten.isEmpty ? nil : now + bounds.diskRetry
    guard
      let ended = commits.end(number, journalRetry: journalRetry, filesRetry: filesRetry)
    else { return }
    for incident in unwritten { files.putBack(incident) }
    if let lastEvent = ended.lastEvent { release(through: lastEvent, at: now) }
  }

  /// Whether the group that is out holds a part of the journal, so that its end says how the journal
  /// is doing.
  package var isWritingJournal: Bool { commits.outstanding?.lastEvent != nil }

  /// When a disk that does not answer has been waited for long enough; nil while nothing waits.
  private var patienceEnds: Instant? {
    guard nextEvent - 1 > durableThrough, let group = commits.outstanding else { return nil }
    return group.takenAt + bounds.diskPatience
  }

  /// Tells events that a disk which neither takes nor refuses a group holds up: a crash might repeat
  /// or forget them, but a hung disk must not silence alerts. True when there were any.
  package mutating func stopWaitingForDisk(at now: Instant) -> Bool {
    guard let limit = patienceEnds, limit <= now else { return false }
    release(through: nextEvent - 1, at: now)
    return true
  }

  mutating func release(through number: UInt64, at now: Instant) {
    guard number > durableThrough else { return }
    durableThrough = number
    for index in receivers.indices {
      receivers[index].release(durableThrough: number, due: now)
    }
  }

  /// Resolved incidents whose last alert file may not be written yet.
  var unfiledEnds: [Incident] {
    let all = (commits.outstanding?.alertFiles ?? []) + files.all
    return all.filter { $0.status == .resolved && open[$0.id] == nil }
  }
}

// MARK: - Tries

extension Outbox {
  /// The tries that start now. Receivers take turns, so that the places are shared evenly.
  package mutating func ready(at now: Now) -> [DeliveryAction] {
    var actions: [DeliveryAction] = []
    var idleReceivers = 0
    while !attempts.isFull, idleReceivers < receivers.count {
      turn = (turn + 1) % receivers.count
      if let attempt = startNext(of: turn, at: now.instant) {
        actions.append(.post(attempt))
        idleReceivers = 0
      } else {
        idleReceivers += 1
      }
    }
    return actions
  }

  private mutating func startNext(of index: Int, at now: Instant) -> DeliveryAttempt? {
    let event = receivers[index].start(
      at: now, durableThrough: durableThrough, limit: bounds.perReceiver)
    guard let incident = event?.incident else { return nil }
    let receiver = receivers[index].name
    let attempt = Attempt(
      receiver: receiver, incident: incident.id, sequence: incident.sequence)
    guard let token = attempts.insert(attempt) else { return nil }
    receivers[index].isOnItsWay(incident.id, under: token)
    return DeliveryAttempt(
      token: token, receiver: receiver, incident: incident.id, sequence: incident.sequence,
      webhookID: incident.webhookID, body: IncidentDocument.webhookBody(incident))
  }

  /// A try has ended. A result for a token that is not out any more is ignored.
  package mutating func finished(_ token: Token, _ result: DeliveryResult, at now: Now) {
    guard let attempt = attempts.remove(token), let index = index(of: attempt.receiver) else {
      return
    }
    if result.isAccepted {
      accept(attempt, token, index, at: now)
    } else {
      reject(attempt, token, index, result, at: now)
    }
  }

  private mutating func accept(_ attempt: Attempt, _ token: Token, _ index: Int, at now: Now) {
    let isTaken = receivers[index].accept(
      attempt.incident, token, durableThrough: durableThrough, at: now.instant)
    guard isTaken else { return }
    let key = DeliveryKey(
      incident: attempt.incident, sequence: attempt.sequence, receiver: attempt.receiver)
    add(.receipt(key))
  }

  private mutating func reject(
    _ attempt: Attempt, _ token: Token, _ index: Int, _ result: DeliveryResult, at now: Now
  ) {
    let isSilent = if case .failed = result { true } else { false }
    let failures = receivers[index].reject(
      attempt.incident, token, error: result.error, silent: isSilent)
    guard let failures else { return }
    var delay = retryDelay(afterFailures: failures)
    if case .answered(let status, let header?) = result,
      let wish = retryAfterDelay(header, at: now.wall)
    {
      let granted = min(wish, bounds.retryLongest)
      delay = max(delay, granted)
      // With these the receiver speaks of itself, not of the one event (RFC 9110, section 15.6.4;
      // RFC 6585, section 4).
      if status == 429 || status == 503 { receivers[index].pause(until: now.instant + granted) }
    }
    receivers[index].retry(attempt.incident, due: now.instant + delay)
  }

  /// Anything between the first delay and a ceiling that doubles with each failure, all equally
  /// likely, so that receivers coming back are not met by all senders at once.
  private mutating func retryDelay(afterFailures count: Int) -> TimeAmount {
    let first = bounds.retryFirst.nanoseconds
    let longest = bounds.retryLongest.nanoseconds
    var ceiling = first
    for _ in 0..<count where ceiling < longest { ceiling = min(longest, ceiling * 2) }
    let span = UInt64(max(0, ceiling - first) + 1)
    return .nanoseconds(first + Int64(generator.below(span)))
  }
}

// MARK: - What others see

extension Outbox {
  /// When ``ready(at:)`` or ``takeGroup(at:)`` next has something; nil when only a new event or the
  /// end of something under way can bring that.
  package var nextDue: Instant? {
    var earliest = commits.nextDue(hasFiles: !files.isEmpty)
    if let limit = patienceEnds { earliest = min(earliest ?? limit, limit) }
    if attempts.isFull { return earliest }
    for receiver in receivers {
      guard let due = receiver.nextDue(limit: bounds.perReceiver) else { continue }
      earliest = min(earliest ?? due, due)
    }
    return earliest
  }

  /// Events that receivers have not accepted, each counted once for each receiver.
  package var pendingCount: Int { receivers.reduce(0) { $0 + $1.pendingCount } }

  /// The incidents that are not resolved, oldest first.
  package var openIncidents: [Incident] {
    open.values.sorted { ($0.openedAt, $0.id) < ($1.openedAt, $1.id) }
  }

  /// The receivers in the order of the configuration.
  package var receiverStatuses: [ReceiverStatus] {
    receivers.map { queue in
      ReceiverStatus(
        name: queue.name, pending: queue.pendingCount, inFlight: queue.inFlight,
        acceptedCount: queue.acceptedCount, failedCount: queue.failedCount,
        lastError: queue.lastError)
    }
  }
}

extension Incident {
  /// A file is a telling: one that is still gathering, or ended before it was told, has none, and what a
  /// window or silence keeps quiet is not in it.
  var isToBeFiled: Bool { isTold && !hasHeldChanges }
}

/// Updates that later events supersede, oldest first. Entries may be out of date: whoever takes one
/// looks whether the event is still there.
private struct SupersededQueue: Sendable {
  typealias Entry = (receiver: String, incident: String, number: UInt64)

  private var entries: [Entry] = []
  private var head = 0

  mutating func append(_ entry: Entry) { entries.append(entry) }

  mutating func popFirst() -> Entry? {
    guard head < entries.count else { return nil }
    head += 1
    return entries[head - 1]
  }

  /// Forgets the oldest entries beyond twice the events pending, most of which have gone by then,
  /// so that the queue is bounded by the outbox.
  mutating func trim(pending: Int) {
    let excess = entries.count - head - max(1_024, 2 * pending)
    if excess > 0 { head += excess }
    guard head > 1_024, head > entries.count / 2 else { return }
    entries.removeFirst(head)
    head = 0
  }
}
