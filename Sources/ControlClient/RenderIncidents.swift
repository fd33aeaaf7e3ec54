import Model
import Wire

/// The screen of `incidents`: the newest first, each with its links.
func renderIncidents(_ answer: JSONNode, _ filter: IncidentFilter, _ display: Display) -> Page {
  var page = Page(display)
  let incidents = answer.list("incidents")
  if incidents.isEmpty {
    let noun = filter.all ? "incidents" : "open incidents"
    page.line(Cell(filter.isNarrowed ? "no \(noun) match" : "no \(noun)"))
    return page
  }
  for (index, incident) in incidents.enumerated() {
    if index > 0 { page.blank() }
    renderIncident(incident, &page)
  }
  let rest = (answer.figure("total") ?? 0) - incidents.count
  if rest > 0 {
    page.blank()
    page.line(Cell("... and \(counted(rest, "older incident"))"))
  }
  return page
}

/// The screen of one incident: why it is suspected to be on whose side, who has taken it up, each
/// condition, and all that happened.
func renderWholeIncident(_ incident: JSONNode, _ display: Display) -> Page {
  var page = Page(display)
  renderHead(incident, &page)
  renderMembers(incident, &page)
  renderSuspicion(incident["suspicion"], &page)
  if let other = incident.text("absorbedBy") { fact("goes on as", other, &page) }
  let conditions = incident.list("conditions")
  for condition in conditions.prefix(linksShown) {
    let text = "\(condition.text("link") ?? unknownText): \(condition.text("evidence") ?? "")"
    fact("condition", text, &page)
  }
  if conditions.count > linksShown {
    fact("", "... and \(conditions.count - linksShown) more conditions", &page)
  }
  for entry in incident.list("timeline") {
    page.line(
      Cell("  \(timeText(entry.text("time") ?? unknownText, page.display))  ", .faint),
      Cell(entry.text("text") ?? ""), hang: 14)
  }
  return page
}

private func renderSuspicion(_ suspicion: JSONNode?, _ page: inout Page) {
  guard let suspicion, !suspicion.isNull else { return }
  let side = suspicion.text("side") ?? unknownText
  let words =
    side == "cannotTell"
    ? "cannot tell"
    : "\(suspicion.text("hop").map { "hop \($0)" } ?? side), \(suspicion.text("confidence") ?? "")"
  fact("suspected", words, &page)
  for reason in suspicion.texts("reasons") { fact("because", reason, &page) }
  if let time = suspicion.text("asOf") {
    fact("as of", "\(timeText(time, page.display)), before recovery began", &page)
  }
}

private func renderIncident(_ incident: JSONNode, _ page: inout Page) {
  renderHead(incident, &page)
  // Of one that is over all that it had; those that it had last say little.
  let isOver = incident.text("status") == IncidentStatus.resolved.rawValue
  let members = incident.list("members").compactMap { $0.text("link") }
  let isLong = isOver && !members.isEmpty
  let links = isLong ? members : incident.texts("links")
  let count = isLong ? incident.figure("memberCount") ?? links.count : links.count
  for link in links.prefix(linksShown) { page.line(Cell("    \(link)")) }
  if count > linksShown { page.line(Cell("    ... and \(count - linksShown) more links")) }
}

/// Each link that an incident has or had, with its times.
private func renderMembers(_ incident: JSONNode, _ page: inout Page) {
  let members = incident.list("members")
  if members.isEmpty {
    for link in incident.texts("links").prefix(linksShown) { page.line(Cell("    \(link)")) }
  }
  for member in members.prefix(linksShown) {
    let joined = member.text("joinedAt").map { ", joined \(timeText($0, page.display))" } ?? ""
    let times = member.figure("times").map { $0 > 1 ? ", \($0) times" : "" } ?? ""
    let left = member.text("leftAt").map { ", left \(timeText($0, page.display))" } ?? ""
    page.line(
      Cell("    \(member.text("link") ?? unknownText)"), Cell("\(joined)\(times)\(left)", .faint),
      hang: 6)
  }
  let all = members.isEmpty ? incident.texts("links").count : members.count
  let count = max(all, incident.figure("memberCount") ?? 0)
  if count > linksShown { page.line(Cell("    ... and \(count - linksShown) more links")) }
}

private func renderHead(_ incident: JSONNode, _ page: inout Page) {
  page.line(
    Cell(incident.text("id") ?? unknownText, .strong), Cell("  "),
    stateCell(incident.text("status")), Cell("  "), stateCell(incident.text("severity")),
    Cell(incident.text("pattern").map { "  \($0)" } ?? ""))
  if let summary = incident.text("summary") { page.line(Cell("  \(summary)"), hang: 4) }
  page.line(Cell("  \(times(incident, page.display))", .faint))
  renderTelling(incident["telling"], &page)
  if let taken = incident["acknowledgement"], !taken.isNull {
    let note = taken.text("note").map { $0.isEmpty ? "" : ": \($0)" } ?? ""
    let time = timeText(taken.text("time") ?? unknownText, page.display)
    page.line(
      Cell("  taken up: ", .good), Cell("by \(taken.text("by") ?? unknownText) at \(time)\(note)"),
      hang: 4)
  }
}

/// What keeps an incident, or what comes of it, from being told.
private func renderTelling(_ telling: JSONNode?, _ page: inout Page) {
  guard let reason = untoldReason(telling, page.display) else { return }
  guard telling?.text("state") == "told" else {
    return page.line(Cell("  not told: ", .warning), Cell(reason), hang: 4)
  }
  let word = telling?.text("kind") == "maintenance" ? "in maintenance" : "silenced"
  page.line(
    Cell("  \(word): ", .warning), Cell("\(reason); it was told, what comes of it is not"), hang: 4)
}

/// Why something of an incident is not told; nil where everything is.
private func untoldReason(_ telling: JSONNode?, _ display: Display) -> String? {
  guard let telling, let words = telling.text("words") else { return nil }
  let until = telling.text("until").map { " until \(timeText($0, display))" } ?? ""
  if let kind = telling.text("kind"), let id = telling.text("id") {
    let changes = telling.text("state") == "changesQuiet" ? "what has changed since: " : ""
    let reason = telling.text("reason").map { $0.isEmpty ? "" : ": \($0)" } ?? ""
    let by = telling.text("by").map { " by \($0)" } ?? ""
    return "\(changes)\(kind) \(id)\(by)\(until)\(reason)"
  }
  return telling.text("state") == "gathers" ? "gathers\(until)" : words
}

/// An incident of a whole system may name hundreds.
private let linksShown = 10

private func times(_ incident: JSONNode, _ display: Display) -> String {
  var parts = ["opened \(timeText(incident.text("openedAt") ?? unknownText, display))"]
  if let count = incident.figure("reopenedCount"), count > 0 {
    parts.append("began again \(counted(count, "time"))")
    if let again = incident.text("reopenedAt") {
      parts.append("this time \(timeText(again, display))")
    }
  }
  if let resolved = incident.text("resolvedAt") {
    parts.append("resolved \(timeText(resolved, display))")
  } else if let updated = incident.text("updatedAt"), updated != incident.text("openedAt") {
    parts.append("changed \(timeText(updated, display))")
  }
  return parts.joined(separator: ", ")
}
