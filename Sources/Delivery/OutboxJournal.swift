import Base
import Model

/// What a journal held.
package struct OutboxReplay {
  /// Holds the events that were not accepted; they are due at once. To be told its receivers with
  /// ``Outbox/configure(receivers:)`` before anything else.
  package var outbox: Outbox
  /// The incidents that are not resolved, oldest first.
  package var openIncidents: [Incident]
  /// The incidents that the journal saw resolved last, newest last; their alert files may still
  /// stand where a crash left them.
  package var resolvedIncidents: [Incident]
  /// The incidents that ended last, newest last; the alert files of most are written.
  package var endedIncidents: [Incident]
  /// What was wrong with the journal, in words; empty if nothing was.
  package var damage: [String]
}

/// Resolved incidents kept in mind while a journal is read.
private let resolvedKept = 1_000

extension Outbox {
  /// Reads a journal. A torn end is ignored and a damaged record skipped, both with a message. The
  /// first group taken from the outbox replaces the journal by a snapshot, and holds the alert files of
  /// all open incidents.
  package static func replay(
    _ bytes: [UInt8], generator: SeededGenerator, bounds: Bounds = Bounds()
  ) -> OutboxReplay {
    var outbox = Outbox(generator: generator, bounds: bounds, replayedBytes: bytes.count)
    var resolved: [Incident] = []
    var damage = JournalDamage()
    readJournal(bytes, damage: &damage) { record in
      outbox.apply(record)
      guard let end = record.end else { return }
      resolved.append(end)
      if resolved.count >= 2 * resolvedKept { resolved.removeFirst(resolvedKept) }
    }
    for incident in outbox.openIncidents where incident.isToBeFiled { outbox.file(incident) }
    outbox.release(through: outbox.nextEvent - 1, at: Instant(nanoseconds: 0))
    return OutboxReplay(
      outbox: outbox, openIncidents: outbox.openIncidents,
      resolvedIncidents: resolved.suffix(resolvedKept).filter { outbox.open[$0.id] == nil },
      endedIncidents: outbox.ended.list,
      damage: damage.list)
  }

  private mutating func apply(_ record: JournalRecord) {
    switch record {
    case .event(let incident, let names):
      setState(incident)
      restore(incident, names)
    case .pending(let incident, let names): restore(incident, names)
    case .state(let incident, _): setState(incident)
    case .receipt(let key), .dropped(let key):
      guard let index = index(of: key.receiver) else { return }
      receivers[index].settle(key.incident, sequence: key.sequence)
    case .receiverRemoved(let name):
      receivers.removeAll { $0.name == name }
    }
  }

  private mutating func restore(_ incident: Incident, _ names: [String]) {
    if names.isEmpty { return }
    let bytes = IncidentDocument.encode(incident).count
    let event = PendingEvent(number: nextEvent, incident: incident, bytes: bytes)
    nextEvent += 1
    for name in names {
      if index(of: name) == nil { receivers.append(ReceiverQueue(name: name)) }
      guard let index = index(of: name) else { continue }
      _ = receivers[index].append(event)
    }
  }

  /// The journal of this outbox as it stands and nothing else: the events that receivers have not
  /// accepted, the open incidents, the resolved ones whose alert files are not written yet, and those that
  /// ended last.
  package func compacted() -> JournalSnapshot {
    let unfiled = unfiledEnds
    let unfiledIDs = Set(unfiled.map(\.id))
    let open = openIncidents + unfiled.filter { !ended.contains($0.id) }
    let states =
      open.map { (incident: $0, isFiled: false) }
      + ended.list.map { (incident: $0, isFiled: !unfiledIDs.contains($0.id)) }
    let pendingBytes = receivers.reduce(0) { $0 + $1.pendingBytes }
    let stateBytes = states.reduce(0) { $0 + $1.incident.estimatedDocumentBytes }
    return JournalSnapshot(
      pending: pendingEvents, states: states, estimatedByteCount: pendingBytes + stateBytes)
  }

  private var pendingEvents: [(incident: Incident, receivers: [String])] {
    var found: [(number: UInt64, receiver: Int, incident: Incident)] = []
    for (index, receiver) in receivers.enumerated() {
      for lane in receiver.lanes.values {
        for event in lane.pending { found.append((event.number, index, event.incident)) }
      }
    }
    found.sort { ($0.number, $0.receiver) < ($1.number, $1.receiver) }
    var events: [(incident: Incident, receivers: [String])] = []
    var lastNumber: UInt64 = 0
    for (number, receiver, incident) in found {
      if number != lastNumber || events.isEmpty { events.append((incident, [])) }
      events[events.count - 1].receivers.append(receivers[receiver].name)
      lastNumber = number
    }
    return events
  }
}

extension JournalRecord {
  /// The last version of an incident, if that is what the record brings.
  fileprivate var end: Incident? {
    switch self {
    case .event(let incident, _), .state(let incident, isFiled: false):
      incident.status == .resolved ? incident : nil
    default: nil
    }
  }
}
