import Base
import Engine
import Model
import Wire

/// What a request for a reload asks for.
func reloadAct(_ request: HTTPRequestHead) throws(ControlError) -> ControlAct {
  var flags = ["plan": false, "yes": false]
  for (name, value) in request.query {
    guard flags[name] != nil else {
      let near = nearest(name, among: ["plan", "yes"])
      throw ControlError(
        400, "badRequest",
        "no parameter \(printable(name, limit: 40))"
          + (near.map { "; did you mean \($0)?" } ?? "; there are plan and yes"))
    }
    guard value == "true" || value == "false" else {
      throw ControlError(400, "badRequest", "\(name): expected true or false")
    }
    flags[name] = value == "true"
  }
  return .reload(plan: flags["plan"] == true, yes: flags["yes"] == true)
}

/// The answer to a reload.
package func reloadBody(_ summary: LoadSummary) -> [UInt8] {
  var writer = JSONWriter()
  writer.beginObject()
  writer.member("links", summary.links)
  writer.member("added", summary.added)
  writer.member("removed", summary.removed)
  writer.member("changed", summary.changed)
  writer.endObject()
  return writer.bytes
}

/// The answer to a reload of a configuration with mistakes.
package func complaintsBody(_ complaints: Complaints) -> [UInt8] {
  let count = complaints.list.count + complaints.unlisted
  let mistakes = count == 1 ? "1 mistake" : "\(count) mistakes"
  var writer = JSONWriter()
  writer.beginObject()
  ControlError(
    422, "badConfiguration",
    "the configuration has \(mistakes); the running one stays"
  ).write(to: &writer)
  writer.key("complaints")
  writer.beginArray()
  for complaint in complaints.list {
    writer.beginObject()
    writer.member("file", complaint.file)
    writer.member("line", complaint.position.line)
    writer.member("column", complaint.position.column)
    writer.member("keyPath", complaint.keyPath)
    writer.member("message", complaint.message)
    writer.endObject()
  }
  writer.endArray()
  writer.endObject()
  return writer.bytes
}

/// The answer to the question what a reload would change.
package func planBody(_ plan: ReloadPlan, warnings: [String]) -> [UInt8] {
  var writer = JSONWriter()
  writer.beginObject()
  writer.member("applied", false)
  writer.plan(plan)
  writer.strings("warnings", warnings)
  writer.endObject()
  return writer.bytes
}

/// The answer to a reload that would drop too many links.
package func dropsTooMuchBody(_ plan: ReloadPlan, warnings: [String]) -> [UInt8] {
  var writer = JSONWriter()
  writer.beginObject()
  ControlError(
    409, "dropsTooMuch",
    "of \(plan.formerLinks) links \(plan.removed.total) would go and \(plan.silenced.total) would"
      + " lose their probes, together more than a third; the running configuration stays; to do it"
      + " all the same, say --yes (on the socket: yes=true)"
  ).write(to: &writer)
  writer.member("applied", false)
  writer.plan(plan)
  writer.strings("warnings", warnings)
  writer.endObject()
  return writer.bytes
}

extension JSONWriter {
  fileprivate mutating func plan(_ plan: ReloadPlan) {
    member("links", plan.links)
    member("formerLinks", plan.formerLinks)
    member("unchanged", plan.unchanged)
    member("dropsTooMuch", plan.dropsTooMuch)
    part("added", "links", plan.added) { $0.string("\($1)") }
    part("removed", "links", plan.removed) { $0.string("\($1)") }
    part("silenced", "links", plan.silenced) { $0.string("\($1)") }
    part("changed", "links", plan.changed) { writer, entry in
      writer.beginObject()
      writer.member("link", "\(entry.link)")
      writer.strings("changes", entry.changes)
      writer.endObject()
    }
    key("rules")
    beginObject()
    part("added", "rules", plan.rulesAdded, Self.rule)
    part("removed", "rules", plan.rulesRemoved, Self.rule)
    part("changed", "rules", plan.rulesChanged, Self.rule)
    endObject()
  }

  /// A count of all, and the first of them.
  private mutating func part<Entry>(
    _ key: String, _ name: String, _ part: ReloadPlan.Part<Entry>,
    _ write: (inout JSONWriter, Entry) -> Void
  ) {
    self.key(key)
    beginObject()
    member("total", part.total)
    self.key(name)
    beginArray()
    for entry in part.list { write(&self, entry) }
    endArray()
    endObject()
  }

  private static func rule(_ writer: inout JSONWriter, _ change: ReloadPlan.RuleChange) {
    writer.beginObject()
    writer.member("link", "\(change.link)")
    writer.member("rule", change.rule.rawValue)
    writer.member("was", change.was)
    writer.member("becomes", change.becomes)
    writer.endObject()
  }
}
