import Base
import Model
import Wire

/// The part of an incident's document that tells of the case: what its links have in common, whose
/// side is suspected, who has taken it up, and what happened when. Records of earlier versions have
/// none of it.
extension IncidentDocument {
  static func writeCase(
    _ incident: Incident, to writer: inout JSONWriter, entriesAtMost: Int
  ) {
    writer.key("subject")
    if let subject = incident.subject {
      writer.beginObject()
      writer.member("layer", subject.layer)
      writer.member("axis", subject.axis)
      writer.member("name", subject.name)
      writer.member("manner", subject.manner)
      writer.endObject()
    } else {
      writer.null()
    }
    writer.key("suspicion")
    if let suspicion = incident.suspicion {
      writer.beginObject()
      writer.member("side", suspicion.side)
      writer.member("hop", suspicion.hop?.description)
      writer.member("confidence", suspicion.confidence)
      writer.key("reasons")
      writer.beginArray()
      for reason in suspicion.reasons { writer.string(reason) }
      writer.endArray()
      writer.member("asOf", suspicion.asOf?.description)
      writer.endObject()
    } else {
      writer.null()
    }
    writer.key("acknowledgement")
    if let acknowledgement = incident.acknowledgement {
      writer.beginObject()
      writer.member("by", acknowledgement.by)
      writer.member("note", acknowledgement.note)
      writer.member("time", acknowledgement.time.description)
      writer.endObject()
    } else {
      writer.null()
    }
    writer.member("absorbedBy", incident.absorbedBy)
    writer.member("firstToldSequence", incident.firstToldSequence)
    writer.key("timeline")
    writer.beginArray()
    for entry in incident.timeline {
      writer.beginObject()
      writer.member("time", entry.time.description)
      writer.member("text", entry.text)
      writer.endObject()
    }
    writer.endArray()
    writeLife(incident, to: &writer, entriesAtMost: entriesAtMost)
  }

  /// Its times, and those of its links.
  private static func writeLife(
    _ incident: Incident, to writer: inout JSONWriter, entriesAtMost: Int
  ) {
    writer.member("reopenedCount", incident.reopenedCount)
    writer.member("reopenedAt", incident.reopenedAt?.description)
    writer.member("earlierOpenMilliseconds", Int(incident.earlierOpen.milliseconds))
    writer.member(
      "durationMilliseconds",
      incident.resolvedAt.map { Int(incident.openFor(until: $0).milliseconds) })
    writer.member("held", incident.hasHeldChanges)
    writer.member("recovering", incident.isRecovering)
    writer.member("memberCount", incident.members.count + incident.unlistedMembers)
    writer.key("members")
    writer.beginArray()
    for member in incident.members.prefix(entriesAtMost) {
      writer.beginObject()
      writer.member("link", member.link.description)
      writer.member("joinedAt", member.joinedAt.description)
      writer.member("leftAt", member.leftAt?.description)
      writer.member("times", member.times)
      writer.endObject()
    }
    writer.endArray()
  }

  /// Some thirty years, so that no number of a file can overflow.
  private static let mostMilliseconds = 1_000_000_000_000

  private static func readLife(
    _ node: JSONNode, into incident: inout Incident
  ) throws(DocumentError) {
    incident.reopenedCount = max(0, node["reopenedCount"]?.int ?? 0)
    if let time = node["reopenedAt"], !time.isNull {
      incident.reopenedAt = try node.time("reopenedAt")
    }
    incident.earlierOpen = .milliseconds(
      Int64(min(max(0, node["earlierOpenMilliseconds"]?.int ?? 0), mostMilliseconds)))
    incident.hasHeldChanges = node["held"]?.bool ?? false
    incident.isRecovering = node["recovering"]?.bool
    for member in node["members"]?.array ?? [] {
      let left = member["leftAt"].map(\.isNull) ?? true ? nil : try member.time("leftAt")
      incident.members.append(
        IncidentMember(
          link: try linkID(try member.field("link")), joinedAt: try member.time("joinedAt"),
          leftAt: left, times: max(1, member["times"]?.int ?? 1)))
    }
    let count = min(node["memberCount"]?.int ?? 0, Limits.linksPerDaemon * 1_000)
    incident.unlistedMembers = max(0, count - incident.members.count)
  }

  static func readCase(
    _ node: JSONNode, into incident: inout Incident
  ) throws(DocumentError) {
    if let subject = node["subject"], !subject.isNull {
      incident.subject = IncidentSubject(
        layer: try subject.field("layer", \.string), axis: try subject.field("axis", \.string),
        name: try subject.field("name", \.string), manner: subject["manner"]?.string)
    }
    if let suspicion = node["suspicion"], !suspicion.isNull {
      let hop = suspicion["hop"]
      incident.suspicion = SuspectedSide(
        side: try suspicion.field("side", \.string),
        hop: hop.map(\.isNull) ?? true ? nil : try linkID(try suspicion.field("hop")),
        confidence: try suspicion.field("confidence", \.string),
        reasons: try suspicion.field("reasons", \.array).compactMap(\.string),
        asOf: suspicion["asOf"].map(\.isNull) ?? true ? nil : try suspicion.time("asOf"))
    }
    if let acknowledgement = node["acknowledgement"], !acknowledgement.isNull {
      incident.acknowledgement = Acknowledgement(
        by: try acknowledgement.field("by", \.string),
        note: try acknowledgement.field("note", \.string),
        time: try acknowledgement.time("time"))
    }
    incident.absorbedBy = node["absorbedBy"]?.string
    // One that was recorded before there was gathering was told at once.
    if let told = node["firstToldSequence"] { incident.firstToldSequence = told.int }
    for entry in node["timeline"]?.array ?? [] {
      incident.timeline.append(
        TimelineEntry(time: try entry.time("time"), text: try entry.field("text", \.string)))
    }
    try readLife(node, into: &incident)
  }
}
