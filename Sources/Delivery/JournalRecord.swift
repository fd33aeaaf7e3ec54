import Base
import Model
import Wire

/// Names one event for one receiver.
struct DeliveryKey: Hashable, Sendable {
  var incident: String
  var sequence: Int
  var receiver: String
}

/// One record of the outbox's journal. On disk, little-endian:
///
///     0   4  FF 4C 48 4A, the mark; FF does not occur in UTF-8, so no payload holds a mark
///     4   4  length of the payload in bytes
///     8   1  kind
///     9   3  zero
///     12  4  CRC-32C over bytes 4 to 11 and the payload
///     16     the payload: JSON, compact
enum JournalRecord {
  /// A new version of an incident, and who is to be told.
  case event(Incident, receivers: [String])
  /// In a snapshot: an event that some receivers have not accepted yet. Says nothing on how the
  /// incident stands now.
  case pending(Incident, receivers: [String])
  /// In a snapshot: how an incident stands. `isFiled`: it has ended, and its alert file is written; it is
  /// kept to be shown, and to go on should it begin again.
  case state(Incident, isFiled: Bool)
  /// A receiver has accepted an event.
  case receipt(DeliveryKey)
  /// An update that a later event supersedes has been dropped to keep the outbox bounded.
  case dropped(DeliveryKey)
  /// A receiver has left the configuration, and its events with it.
  case receiverRemoved(String)
}

private enum RecordKind: UInt8 {
  case event = 1
  case pending = 2
  case state = 3
  case receipt = 4
  case dropped = 5
  case receiverRemoved = 6
}

private let mark: [UInt8] = [0xFF, 0x4C, 0x48, 0x4A]
private let headerBytes = 16

// MARK: - Writing

extension JournalRecord {
  /// Appends the record to a journal. `document` is the incident's compact document, where the caller
  /// has it already.
  func append(to journal: inout [UInt8], document: [UInt8]? = nil) {
    var writer = JSONWriter()
    writer.beginObject()
    switch self {
    case .event(let incident, let receivers), .pending(let incident, let receivers):
      writer.key("receivers")
      writer.beginArray()
      for receiver in receivers { writer.string(receiver) }
      writer.endArray()
      writer.key("document")
      writer.raw(document ?? IncidentDocument.encode(incident))
    case .state(let incident, let isFiled):
      if isFiled { writer.member("filed", true) }
      writer.key("document")
      writer.raw(document ?? IncidentDocument.encode(incident))
    case .receipt(let key), .dropped(let key):
      writer.member("incident", key.incident)
      writer.member("sequence", key.sequence)
      writer.member("receiver", key.receiver)
    case .receiverRemoved(let receiver):
      writer.member("receiver", receiver)
    }
    writer.endObject()
    frame(kind, writer.bytes, into: &journal)
  }

  private var kind: RecordKind {
    switch self {
    case .event: .event
    case .pending: .pending
    case .state: .state
    case .receipt: .receipt
    case .dropped: .dropped
    case .receiverRemoved: .receiverRemoved
    }
  }
}

private func frame(_ kind: RecordKind, _ payload: [UInt8], into journal: inout [UInt8]) {
  let start = journal.count
  journal += mark
  append(UInt32(payload.count), to: &journal)
  journal += [kind.rawValue, 0, 0, 0]
  let checked = crc32c(journal, in: start + 4..<start + 12)
  append(crc32c(payload, seed: checked), to: &journal)
  journal += payload
}

private func append(_ value: UInt32, to bytes: inout [UInt8]) {
  for shift in [0, 8, 16, 24] as [UInt32] {
    bytes.append(UInt8(truncatingIfNeeded: value >> shift))
  }
}

// MARK: - Reading

/// What was wrong with a journal, in words; a bounded list.
struct JournalDamage {
  private(set) var messages: [String] = []
  private(set) var unlisted = 0

  mutating func add(_ message: String) {
    if messages.count < Limits.outboxDamageMessages {
      messages.append(message)
    } else {
      unlisted += 1
    }
  }

  var list: [String] {
    unlisted == 0 ? messages : messages + ["\(unlisted) further damages are not listed"]
  }
}

/// Hands over the records of a journal in order. A record that is damaged is skipped: the next mark
/// with a right checksum behind it is where reading goes on. What is left without one is a torn tail.
func readJournal(
  _ bytes: [UInt8], damage: inout JournalDamage, _ receive: (JournalRecord) -> Void
) {
  var offset = 0
  while offset < bytes.count {
    guard let payload = framedPayload(bytes, at: offset) else {
      let next = nextFrame(bytes, after: offset)
      if let next {
        damage.add("bytes \(offset) to \(next - 1) are damaged and were skipped")
      } else {
        damage.add(
          "the last \(bytes.count - offset) bytes are no whole record and were ignored")
      }
      offset = next ?? bytes.count
      continue
    }
    do throws(DocumentError) {
      receive(try record(kind: bytes[offset + 8], Array(bytes[payload])))
    } catch {
      damage.add("the record at byte \(offset) was skipped: \(error)")
    }
    offset = payload.upperBound
  }
}

/// Where the payload of the frame that starts at `offset` lies; nil unless the frame is whole.
private func framedPayload(_ bytes: [UInt8], at offset: Int) -> Range<Int>? {
  guard offset + headerBytes <= bytes.count, isMark(bytes, at: offset) else { return nil }
  let start = offset + headerBytes
  let length = Int(word(bytes, at: offset + 4))
  guard length <= bytes.count - start else { return nil }
  let checked = crc32c(bytes, in: offset + 4..<offset + 12)
  guard crc32c(bytes, in: start..<start + length, seed: checked) == word(bytes, at: offset + 12)
  else { return nil }
  return start..<start + length
}

private func nextFrame(_ bytes: [UInt8], after offset: Int) -> Int? {
  var candidate = offset + 1
  while candidate + headerBytes <= bytes.count {
    if isMark(bytes, at: candidate), framedPayload(bytes, at: candidate) != nil {
      return candidate
    }
    candidate += 1
  }
  return nil
}

private func isMark(_ bytes: [UInt8], at offset: Int) -> Bool {
  bytes[offset] == mark[0] && bytes[offset + 1] == mark[1] && bytes[offset + 2] == mark[2]
    && bytes[offset + 3] == mark[3]
}

private func word(_ bytes: [UInt8], at offset: Int) -> UInt32 {
  (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1) }
}

private func record(kind: UInt8, _ payload: [UInt8]) throws(DocumentError) -> JournalRecord {
  guard let kind = RecordKind(rawValue: kind) else {
    throw DocumentError(description: "kind \(kind) is not known to this version")
  }
  let node = try parseOwnJSON(payload)
  switch kind {
  case .event: return .event(try document(node), receivers: try receivers(node))
  case .pending: return .pending(try document(node), receivers: try receivers(node))
  case .state: return .state(try document(node), isFiled: node["filed"]?.bool ?? false)
  case .receipt: return .receipt(try deliveryKey(node))
  case .dropped: return .dropped(try deliveryKey(node))
  case .receiverRemoved: return .receiverRemoved(try node.field("receiver", \.string))
  }
}

private func document(_ node: JSONNode) throws(DocumentError) -> Incident {
  try IncidentDocument.decode(try node.field("document"))
}

private func receivers(_ node: JSONNode) throws(DocumentError) -> [String] {
  try node.field("receivers", \.array).compactMap(\.string)
}

private func deliveryKey(_ node: JSONNode) throws(DocumentError) -> DeliveryKey {
  DeliveryKey(
    incident: try node.field("incident", \.string), sequence: try node.field("sequence", \.int),
    receiver: try node.field("receiver", \.string))
}
