import Base
import Model
import Wire

/// An incident as JSON, schema version 1: the content of alert files and of webhooks, and what the
/// journal keeps. Described in `deploy/docs/alerts.md`; fields are added, never renamed or removed.
package enum IncidentDocument {
  package static let version = 1

  /// The document; indented and ended by a line feed if `pretty`. `note` is for people: what
  /// happened to the file, rather than to the links.
  package static func encode(
    _ incident: Incident, pretty: Bool = false, note: String? = nil
  ) -> [UInt8] {
    var writer = JSONWriter(pretty: pretty)
    write(incident, to: &writer, note: note)
    return pretty ? writer.bytes + [0x0A] : writer.bytes
  }

  /// The body of a webhook: the event's type, the time at which it happened, and the document with
  /// at most ``Limits/webhookEntries`` links and conditions. The same on every try.
  package static func webhookBody(_ incident: Incident) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("type", incident.changeKind.eventType)
    writer.member("timestamp", incident.updatedAt.description)
    writer.key("data")
    write(incident, to: &writer, entriesAtMost: Limits.webhookEntries)
    writer.endObject()
    return writer.bytes
  }

  /// Writes the document as the next value.
  package static func write(
    _ incident: Incident, to writer: inout JSONWriter, entriesAtMost: Int = .max,
    note: String? = nil
  ) {
    writer.beginObject()
    writeMembers(of: incident, to: &writer, entriesAtMost: entriesAtMost)
    if let note { writer.member("note", note) }
    writer.endObject()
  }

  /// Writes the document's members into an object that is begun.
  package static func writeMembers(
    of incident: Incident, to writer: inout JSONWriter, entriesAtMost: Int = .max
  ) {
    writer.member("version", version)
    writer.member("id", incident.id)
    writer.member("sequence", incident.sequence)
    writer.member("status", incident.status.rawValue)
    writer.member("pattern", incident.pattern.rawValue)
    writer.member("severity", incident.severity.rawValue)
    writer.member("summary", incident.summary)
    writer.member("linkCount", incident.links.count)
    writer.key("links")
    writer.beginArray()
    for link in incident.links.prefix(entriesAtMost) { writer.string(link.description) }
    writer.endArray()
    writer.member("conditionCount", incident.conditions.count)
    writer.key("conditions")
    writer.beginArray()
    for condition in incident.conditions.prefix(entriesAtMost) { write(condition, to: &writer) }
    writer.endArray()
    writer.member("openedAt", incident.openedAt.description)
    writer.member("updatedAt", incident.updatedAt.description)
    writer.member("resolvedAt", incident.resolvedAt?.description)
    writeCase(incident, to: &writer, entriesAtMost: entriesAtMost)
  }

  private static func write(_ condition: Condition, to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("link", condition.link.description)
    writer.member("probe", condition.probe)
    writer.member("rule", condition.rule.rawValue)
    writer.member("cause", condition.cause)
    writer.member("causeDetail", printable(condition.causeDetail))
    writer.member("evidence", condition.evidence)
    writer.member("since", condition.since.description)
    writer.key("hops")
    writer.beginArray()
    for hop in condition.hops { writer.string(hop.description) }
    writer.endArray()
    writer.endObject()
  }
}

/// Why a document could not be read.
package struct DocumentError: Error, Sendable, Hashable, CustomStringConvertible {
  package var description: String
}

extension IncidentDocument {
  /// Reads a document back; times come back to the millisecond, fields that this version does not
  /// know are passed over.
  package static func decode(_ bytes: [UInt8]) throws(DocumentError) -> Incident {
    try decode(try parseOwnJSON(bytes))
  }

  static func decode(_ node: JSONNode) throws(DocumentError) -> Incident {
    guard try node.field("version", \.int) == version else {
      throw DocumentError(description: "\"version\" is not \(version)")
    }
    var links: [LinkID] = []
    for link in try node.field("links", \.array) { links.append(try linkID(link)) }
    var conditions: [Condition] = []
    for condition in try node.field("conditions", \.array) {
      conditions.append(try decodeCondition(condition))
    }
    let id = try node.field("id", \.string)
    guard isIncidentID(id) else { throw DocumentError(description: "\"id\" is no incident's id") }
    let resolvedAt = node["resolvedAt"].map(\.isNull) ?? true ? nil : try node.time("resolvedAt")
    var incident = Incident(
      id: id, sequence: try node.field("sequence", \.int), pattern: try node.word("pattern"),
      status: try node.word("status"), severity: try node.word("severity"), links: links,
      summary: try node.field("summary", \.string), conditions: conditions,
      openedAt: try node.time("openedAt"), updatedAt: try node.time("updatedAt"),
      resolvedAt: resolvedAt)
    try readCase(node, into: &incident)
    return incident
  }

  private static func decodeCondition(_ node: JSONNode) throws(DocumentError) -> Condition {
    var hops: [LinkID] = []
    // Earlier versions did not write them.
    for hop in node["hops"]?.array ?? [] { hops.append(try linkID(hop)) }
    return Condition(
      link: try linkID(try node.field("link")), probe: try node.field("probe", \.string),
      rule: try node.word("rule"), evidence: try node.field("evidence", \.string),
      cause: try node.field("cause", \.string),
      causeDetail: node["causeDetail"]?.string ?? "", since: try node.time("since"), hops: hops)
  }

  static func linkID(_ node: JSONNode) throws(DocumentError) -> LinkID {
    guard let link = node.string.flatMap(LinkID.init) else {
      throw DocumentError(description: "a link's id is not SERVICE/CONSUMER")
    }
    return link
  }
}

/// Parses JSON that this program has written itself, or refuses it with the first error.
func parseOwnJSON(_ bytes: [UInt8]) throws(DocumentError) -> JSONNode {
  let limits = JSONLimits(
    depth: 8, stringBytes: 1 << 20, totalNodes: 16_000_000, errors: 1, duplicateKeys: .refused)
  let (node, errors) = parseJSON(bytes, dialect: .json, limits: limits)
  if let error = errors.first {
    throw DocumentError(description: "\(error.position): \(error.message)")
  }
  guard let node else { throw DocumentError(description: "no value") }
  return node
}

extension JSONNode {
  func field(_ key: String) throws(DocumentError) -> JSONNode {
    guard let node = self[key] else { throw DocumentError(description: "\"\(key)\" is missing") }
    return node
  }

  func field<Value>(
    _ key: String, _ read: (JSONNode) -> Value?
  ) throws(DocumentError) -> Value {
    guard let value = read(try field(key)) else {
      throw DocumentError(description: "\"\(key)\" is of the wrong type")
    }
    return value
  }

  fileprivate func word<Word: RawRepresentable<String>>(
    _ key: String
  ) throws(DocumentError) -> Word {
    let text = try field(key, \.string)
    guard let word = Word(rawValue: text) else {
      throw DocumentError(description: "\"\(key)\" is not a word of this version")
    }
    return word
  }

  func time(_ key: String) throws(DocumentError) -> WallTime {
    guard let time = wallTime(rfc3339: try field(key, \.string)) else {
      throw DocumentError(description: "\"\(key)\" is not a time in UTC")
    }
    return time
  }
}

/// What a version of an incident tells: its beginning, a change, its end, or news that is over when
/// it is told.
package enum IncidentChange: Sendable, Hashable {
  case opened
  case updated
  case resolved
  case noted

  /// The `type` of a webhook.
  package var eventType: String { "incident.\(self)" }
}

extension Incident {
  package var changeKind: IncidentChange {
    if severity == .notice { return .noted }
    if status == .resolved { return .resolved }
    return sequence <= firstToldSequence ?? sequence ? .opened : .updated
  }

  /// The same on every try and for every receiver; holds no full stop, as the signature scheme asks.
  package var webhookID: String { "\(id)-\(sequence)" }
}

/// Whether a text can be an incident's id, and so part of a file's name: `inc-` and up to 60 ASCII
/// letters, digits and hyphens.
package func isIncidentID(_ text: String) -> Bool {
  let bytes = text.utf8
  guard (5...64).contains(bytes.count), text.hasPrefix("inc-") else { return false }
  return bytes.allSatisfy { byte in
    (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte)
      || byte == 0x2D
  }
}
