import Base
import Model

@testable import Delivery

/// An incident with an id made of a letter, in some version.
func incident(
  _ letter: Character = "a", _ sequence: Int = 1, resolved: Bool = false, summary: String = "down"
) -> Incident {
  let opened = WallTime(milliseconds: 1_762_477_323_004)
  let updated = opened + .seconds(Int64(sequence - 1))
  let link = LinkID(service: "land-database", consumer: "ha-noi")
  let condition = Condition(
    link: link, probe: "http", rule: .failures,
    evidence: "3 of the last 5 attempts failed: HTTP status 503", cause: "http.status",
    causeDetail: "503", since: opened)
  return Incident(
    id: "inc-" + String(repeating: letter, count: 20), sequence: sequence, pattern: .point,
    status: resolved ? .resolved : .open, severity: .critical, links: [link], summary: summary,
    conditions: resolved ? [] : [condition], openedAt: opened, updatedAt: updated,
    resolvedAt: resolved ? updated : nil)
}

/// An outbox with a clock, a disk that keeps the journal, and a list of the tries that are out.
final class Bench {
  var outbox: Outbox
  var journal: [UInt8] = []
  var seconds: Double = 1_000
  var out: [DeliveryAttempt] = []

  init(
    receivers: [String] = ["ops"], seed: UInt64 = 1,
    _ adjust: (inout Outbox.Bounds) -> Void = { _ in }
  ) {
    var bounds = Outbox.Bounds()
    adjust(&bounds)
    outbox = Outbox(generator: SeededGenerator(seed: seed), bounds: bounds)
    _ = outbox.configure(receivers: receivers)
  }

  var now: Now {
    let nanoseconds = Int64(seconds * 1e9)
    return Now(
      instant: Instant(nanoseconds: nanoseconds),
      wall: WallTime(milliseconds: 1_762_477_323_000) + .nanoseconds(nanoseconds))
  }

  /// Returns for how many receivers there was no room.
  @discardableResult
  func enqueue(_ incident: Incident, receivers: [String] = ["ops"]) -> Int {
    outbox.enqueue(incident, receivers: receivers)
  }

  func stopWaitingForDisk() -> Bool { outbox.stopWaitingForDisk(at: now.instant) }

  func take() -> JournalGroup? { outbox.takeGroup(at: now.instant) }

  func committed(_ group: JournalGroup, unwritten: [Incident] = []) {
    outbox.committed(through: group.number, unwritten: unwritten, at: now.instant)
  }

  /// Writes everything that is to be written, and makes it durable.
  func commit() {
    while let group = take() {
      write(group)
      committed(group)
    }
  }

  func write(_ group: JournalGroup) {
    switch group.write {
    case .append(let bytes): journal += bytes
    case .replace(let snapshot): journal = snapshot.bytes
    }
  }

  /// Starts the tries that are due; returns them as `receiver:letter-sequence`.
  @discardableResult
  func start() -> [String] {
    let started = outbox.ready(at: now).map { action in
      switch action {
      case .post(let attempt): attempt
      }
    }
    out += started
    return started.map(name)
  }

  func finish(_ name: String, _ result: DeliveryResult) {
    guard let index = out.firstIndex(where: { self.name($0) == name }) else { return }
    outbox.finished(out.remove(at: index).token, result, at: now)
  }

  /// Stops without warning and starts again from the journal.
  @discardableResult
  func crash(receivers: [String] = ["ops"], seed: UInt64 = 2) -> OutboxReplay {
    let replay = Outbox.replay(journal, generator: SeededGenerator(seed: seed))
    outbox = replay.outbox
    _ = outbox.configure(receivers: receivers)
    out = []
    return replay
  }

  func name(_ attempt: DeliveryAttempt) -> String {
    "\(attempt.receiver):\(attempt.incident.last!)-\(attempt.sequence)"
  }
}

let accepted = DeliveryResult.answered(status: 204)
