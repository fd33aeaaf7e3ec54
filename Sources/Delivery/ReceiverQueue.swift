import Base
import Model

/// One version of an incident that a receiver has not accepted yet.
struct PendingEvent: Sendable {
  /// Counts all events of the outbox; tells which of them are durable.
  var number: UInt64
  var incident: Incident
  /// The length of the incident's document.
  var bytes: Int
}

/// The events of one incident for one receiver, in order; only the first is ever on its way.
struct Lane: Sendable {
  enum Stage: Sendable, Hashable {
    /// The first event is not known to be durable.
    case idle
    /// The first event is in the heap of due times.
    case waiting
    case inFlight(Token)
  }

  private var events: [PendingEvent] = []
  private var head = 0
  var stage = Stage.idle
  /// Failed tries of the first event.
  var failures = 0

  var count: Int { events.count - head }
  var first: PendingEvent? { head < events.count ? events[head] : nil }
  var last: PendingEvent? { head < events.count ? events.last : nil }
  var pending: ArraySlice<PendingEvent> { events[head...] }

  mutating func append(_ event: PendingEvent) { events.append(event) }
  mutating func removeLast() { events.removeLast() }

  mutating func removeFirst() {
    head += 1
    failures = 0
    if head > 32, head > events.count / 2 {
      events.removeFirst(head)
      head = 0
    }
  }

  mutating func remove(sequence: Int) -> PendingEvent? {
    guard let index = events[head...].firstIndex(where: { $0.incident.sequence == sequence })
    else { return nil }
    let event = events[index]
    if index == head { removeFirst() } else { events.remove(at: index) }
    return event
  }

  /// Takes an event out if it is an update that a later one supersedes and that is not on its way.
  mutating func removeSuperseded(_ number: UInt64) -> PendingEvent? {
    guard let index = events[head...].firstIndex(where: { $0.number == number }),
      index != events.count - 1, events[index].incident.changeKind == .updated
    else { return nil }
    if index == head, case .inFlight = stage { return nil }
    return events.remove(at: index)
  }
}

/// Everything that waits for one receiver: a lane per incident, and when each is due.
struct ReceiverQueue {
  let name: String
  private(set) var lanes: [String: Lane] = [:]
  private(set) var pendingCount = 0
  private(set) var pendingBytes = 0
  private(set) var inFlight = 0
  private(set) var acceptedCount = 0
  private(set) var failedCount = 0
  /// Why the newest try failed; nil after a success.
  private(set) var lastError: String?
  private var due = TimerHeap<String>()
  /// Every lane that is idle, in the order in which they became so; others have left since.
  private var idle: [String] = []
  /// The receiver has asked to be left alone until then.
  private var notBefore = Instant(nanoseconds: 0)
  /// The newest try got no answer at all.
  private var isSilent = false

  init(name: String) { self.name = name }

  /// Adds an event behind those of its incident; false if one as new is there already.
  mutating func append(_ event: PendingEvent) -> Bool {
    let id = event.incident.id
    if let last = lanes[id]?.last, last.incident.sequence >= event.incident.sequence {
      return false
    }
    if lanes[id] == nil { idle.append(id) }
    lanes[id, default: Lane()].append(event)
    pendingCount += 1
    pendingBytes += event.bytes
    return true
  }

  /// Takes back the event that was appended last to an incident's lane.
  mutating func removeLast(of incident: String) {
    guard let last = lanes[incident]?.last else { return }
    lanes[incident]?.removeLast()
    forget(last)
    removeLaneIfEmpty(incident)
    if lanes[incident] == nil, idle.last == incident { idle.removeLast() }
  }

  mutating func removeSuperseded(_ incident: String, _ number: UInt64) -> PendingEvent? {
    guard let event = lanes[incident]?.removeSuperseded(number) else { return nil }
    forget(event)
    return event
  }

  /// Removes the event with that sequence number, as a journal's record tells; only while nothing
  /// has been released yet.
  mutating func settle(_ incident: String, sequence: Int) {
    guard let event = lanes[incident]?.remove(sequence: sequence) else { return }
    forget(event)
    removeLaneIfEmpty(incident)
  }

  /// Makes the idle lanes due whose first event is durable.
  mutating func release(durableThrough number: UInt64, due instant: Instant) {
    var stillIdle: [String] = []
    for id in idle {
      guard let lane = lanes[id], lane.stage == .idle, let first = lane.first else { continue }
      if first.number <= number { wait(id, due: instant) } else { stillIdle.append(id) }
    }
    idle = stillIdle
  }

  /// When ``start(at:durableThrough:limit:)`` may next find something; nil while every place is
  /// taken or nothing waits.
  func nextDue(limit: Int) -> Instant? {
    guard inFlight < (isSilent ? 1 : limit), let next = due.nextDue else { return nil }
    return max(next, notBefore)
  }

  /// Takes the event that is due first; the caller puts it under a token. A receiver that does not
  /// answer is tried with one event at a time, so that it does not hold places others could use.
  mutating func start(at now: Instant, durableThrough number: UInt64, limit: Int) -> PendingEvent? {
    while let next = nextDue(limit: limit), next <= now, let id = due.popDue(at: now)?.payload {
      guard let first = lanes[id]?.first else { continue }
      if first.number <= number { return first }
      // The event that was due has been dropped, and the next is not durable yet.
      rest(id)
    }
    return nil
  }

  mutating func isOnItsWay(_ incident: String, under token: Token) {
    lanes[incident]?.stage = .inFlight(token)
    inFlight += 1
  }

  /// Takes the event off that the receiver has accepted and makes the next one of its incident due;
  /// false if the token is not of this queue.
  mutating func accept(
    _ incident: String, _ token: Token, durableThrough number: UInt64, at now: Instant
  ) -> Bool {
    guard let event = land(incident, token) else { return false }
    acceptedCount += 1
    isSilent = false
    lastError = nil
    lanes[incident]?.removeFirst()
    forget(event)
    removeLaneIfEmpty(incident)
    if let next = lanes[incident]?.first {
      if next.number <= number { wait(incident, due: now) } else { rest(incident) }
    }
    return true
  }

  /// Counts a failed try, and how often the event has failed; nil if the token is not of this queue.
  /// The caller says with ``retry(_:due:)`` when to try again.
  mutating func reject(_ incident: String, _ token: Token, error: String, silent: Bool) -> Int? {
    guard land(incident, token) != nil else { return nil }
    failedCount += 1
    isSilent = silent
    lastError = error
    lanes[incident]?.failures += 1
    return lanes[incident]?.failures
  }

  mutating func retry(_ incident: String, due instant: Instant) { wait(incident, due: instant) }

  mutating func pause(until instant: Instant) { notBefore = max(notBefore, instant) }

  /// Frees the place of a try that has ended; the lane's next stage is the caller's to set.
  private mutating func land(_ incident: String, _ token: Token) -> PendingEvent? {
    guard let lane = lanes[incident], lane.stage == .inFlight(token) else { return nil }
    inFlight -= 1
    return lane.first
  }

  private mutating func wait(_ incident: String, due instant: Instant) {
    lanes[incident]?.stage = .waiting
    due.push(incident, due: instant)
  }

  private mutating func rest(_ incident: String) {
    lanes[incident]?.stage = .idle
    idle.append(incident)
  }

  private mutating func forget(_ event: PendingEvent) {
    pendingCount -= 1
    pendingBytes -= event.bytes
  }

  private mutating func removeLaneIfEmpty(_ incident: String) {
    if lanes[incident]?.count == 0 { lanes[incident] = nil }
  }
}
