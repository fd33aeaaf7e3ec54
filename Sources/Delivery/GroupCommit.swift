import Base
import Model

/// What the disk thread is to make durable in one go: first the journal, then the alert files.
package struct JournalGroup: Sendable {
  package enum Write: Sendable {
    /// To be added at the journal's end; may be empty.
    case append([UInt8])
    /// To take the place of the whole journal.
    case replace(JournalSnapshot)
  }

  package var number: UInt64
  package var write: Write
  /// The newest version of each incident whose alert file has to change. They are to be written even
  /// if the journal cannot be: an alert without a record is better than none.
  package var alertFiles: [Incident]
}

/// What a whole journal is to hold, encoded by whoever writes it: with many events pending that takes
/// longer than the loop can spare.
package struct JournalSnapshot: Sendable {
  var pending: [(incident: Incident, receivers: [String])]
  var states: [(incident: Incident, isFiled: Bool)]
  /// About how long the encoded journal will be.
  var estimatedByteCount: Int

  package var bytes: [UInt8] {
    var journal: [UInt8] = []
    journal.reserveCapacity(estimatedByteCount)
    for (incident, names) in pending {
      JournalRecord.pending(incident, receivers: names).append(to: &journal)
    }
    for (incident, isFiled) in states {
      JournalRecord.state(incident, isFiled: isFiled).append(to: &journal)
    }
    return journal
  }
}

/// Incidents whose alert files wait to be written, the newest version of each.
struct AlertFileQueue: Sendable {
  private var incidents: [Incident] = []
  private var places: [String: Int] = [:]

  var isEmpty: Bool { incidents.isEmpty }
  var all: [Incident] { incidents }

  /// False, and nothing happens, when the queue is full.
  mutating func put(_ incident: Incident, capacity: Int) -> Bool {
    if let place = places[incident.id] {
      incidents[place] = incident
      return true
    }
    guard incidents.count < capacity else { return false }
    places[incident.id] = incidents.count
    incidents.append(incident)
    return true
  }

  /// Puts back what could not be written, unless something newer waits already.
  mutating func putBack(_ incident: Incident) {
    if let place = places[incident.id], incidents[place].sequence >= incident.sequence { return }
    _ = put(incident, capacity: .max)
  }

  mutating func takeAll() -> [Incident] {
    defer {
      incidents = []
      places = [:]
    }
    return incidents
  }
}

/// Gathers journal records into groups. One group is out at a time; what comes meanwhile is the next.
///
/// After a failed write nobody knows what the end of the journal holds (after a failed fsync not even
/// the kernel does), so the next group replaces the whole.
struct GroupCommit: Sendable {
  struct Outstanding: Sendable {
    var number: UInt64
    var takenAt: Instant
    /// Events up to this one become durable with the group; nil if it does not touch the journal.
    var lastEvent: UInt64?
    var bytes: Int
    var isSnapshot: Bool
    var alertFiles: [Incident]
  }

  private(set) var outstanding: Outstanding?
  /// While this holds, records need not be kept: the snapshot will hold their effect.
  private(set) var needsSnapshot = false
  private(set) var records: [UInt8] = []
  private var journalBytes = 0
  private var snapshotBytes = 0
  private var nextNumber: UInt64 = 1
  private var journalNotBefore = Instant(nanoseconds: 0)
  private var filesNotBefore = Instant(nanoseconds: 0)

  /// A journal that was just read; it is rewritten at the first opportunity, without its torn end.
  init(replayedBytes: Int) {
    journalBytes = replayedBytes
    needsSnapshot = replayedBytes > 0
  }

  mutating func add(
    _ record: JournalRecord, document: [UInt8]? = nil, compactBytes: Int
  ) {
    if needsSnapshot { return }
    record.append(to: &records, document: document)
    if records.count > compactBytes { askForSnapshot() }
  }

  /// When a group can be taken; nil while one is out or there is nothing to write.
  func nextDue(hasFiles: Bool) -> Instant? {
    guard outstanding == nil else { return nil }
    let journalDue = hasRecords ? journalNotBefore : nil
    let filesDue = hasFiles ? filesNotBefore : nil
    return [journalDue, filesDue].compactMap { $0 }.min()
  }

  mutating func take(
    at now: Instant, lastEvent: UInt64, files: inout AlertFileQueue, compactBytes: Int,
    snapshot: () -> JournalSnapshot
  ) -> JournalGroup? {
    guard let due = nextDue(hasFiles: !files.isEmpty), due <= now else { return nil }
    let withJournal = hasRecords && journalNotBefore <= now
    if journalBytes + records.count > max(compactBytes, 2 * snapshotBytes) { askForSnapshot() }
    var write = JournalGroup.Write.append([])
    var bytes = 0
    let isSnapshot = withJournal && needsSnapshot
    if isSnapshot {
      let whole = snapshot()
      (write, bytes) = (.replace(whole), whole.estimatedByteCount)
    } else if withJournal {
      (write, bytes) = (.append(records), records.count)
      records = []
    }
    if isSnapshot { needsSnapshot = false }
    let taken = filesNotBefore <= now ? files.takeAll() : []
    let group = JournalGroup(number: nextNumber, write: write, alertFiles: taken)
    nextNumber += 1
    outstanding = Outstanding(
      number: group.number, takenAt: now, lastEvent: withJournal ? lastEvent : nil, bytes: bytes,
      isSnapshot: isSnapshot, alertFiles: taken)
    return group
  }

  /// Ends the group that is out; nil if it is another.
  mutating func end(_ number: UInt64, journalRetry: Instant?, filesRetry: Instant?) -> Outstanding?
  {
    guard let ended = outstanding, ended.number == number else { return nil }
    outstanding = nil
    if let journalRetry {
      journalNotBefore = journalRetry
      askForSnapshot()
    } else if ended.isSnapshot {
      journalBytes = ended.bytes
      snapshotBytes = ended.bytes
    } else {
      journalBytes += ended.bytes
    }
    if let filesRetry { filesNotBefore = filesRetry }
    return ended
  }

  private var hasRecords: Bool { needsSnapshot || !records.isEmpty }

  private mutating func askForSnapshot() {
    needsSnapshot = true
    records = []
  }
}
