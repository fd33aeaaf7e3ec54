import Base
import Model
import Wire

extension Verdict {
  /// What to print of it, safe for a terminal: a line, behind it why it is wrong, and if wanted what
  /// happened to each incident.
  package func lines(isVerbose: Bool) -> [String] {
    let count = course.occurred.count { !$0.isStep } + course.unlisted
    let incidents = count == 1 ? "1 incident" : "\(count) incidents"
    var lines = [isGood ? "ok     \(name) (\(incidents))" : "WRONG  \(name)"]
    for problem in problems { lines.append("       " + printable(problem, limit: 1_000)) }
    guard isVerbose else { return lines }
    for occurred in course.occurred {
      lines.append("       - " + printable(occurred.line, limit: 1_000))
      for entry in occurred.timeline(from: start) {
        lines.append("           " + printable(entry, limit: 400))
      }
    }
    return lines
  }

  /// The same as an element of a JSON list.
  package func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("name", name)
    writer.member("location", "\(location)")
    writer.member("ok", isGood)
    writer.key("problems")
    writer.beginArray()
    for problem in problems { writer.string(problem) }
    writer.endArray()
    writer.key("incidents")
    writer.beginArray()
    for occurred in course.occurred { occurred.write(to: &writer, from: start) }
    writer.endArray()
    writer.endObject()
  }
}

extension Occurred {
  /// Times in milliseconds from the start of the rehearsal.
  fileprivate func write(to writer: inout JSONWriter, from start: WallTime) {
    writer.beginObject()
    writer.member("pattern", worst.pattern.rawValue)
    writer.member("of", name)
    writer.member("severity", severity.rawValue)
    writer.member("summary", worst.summary)
    writer.member("side", worst.suspicion?.side)
    writer.member("links", linkCount)
    writer.member("raisedMilliseconds", raisedAt.milliseconds)
    writer.member("toldMilliseconds", toldAt?.milliseconds)
    writer.member("resolvedMilliseconds", resolvedAt?.milliseconds)
    writer.member("absorbed", last.absorbedBy != nil)
    writer.key("timeline")
    writer.beginArray()
    for entry in last.timeline {
      writer.beginObject()
      writer.member("milliseconds", (entry.time - start).milliseconds)
      writer.member("text", entry.text)
      writer.endObject()
    }
    writer.endArray()
    writer.endObject()
  }
}
