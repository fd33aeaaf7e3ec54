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
  renderIncident(incident, &page)
  renderSuspicion(incident["suspicion"], &page)
  if let taken = incident["acknowledgement"], !taken.isNull {
    let note = taken.text("note").map { $0.isEmpty ? "" : ": \($0)" } ?? ""
    let time = timeText(taken.text("time") ?? unknownText)
    fact("taken up", "by \(taken.text("by") ?? unknownText) at \(time)\(note)", &page)
  }
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
      Cell("  \(timeText(entry.text("time") ?? unknownText))  ", .faint),
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
    fact("as of", "\(timeText(time)), before links recovered", &page)
  }
}

private func renderIncident(_ incident: JSONNode, _ page: inout Page) {
  page.line(
    Cell(incident.text("id") ?? unknownText, .strong), Cell("  "),
    stateCell(incident.text("status")), Cell("  "), stateCell(incident.text("severity")),
    Cell(incident.text("pattern").map { "  \($0)" } ?? ""))
  if let summary = incident.text("summary") { page.line(Cell("  \(summary)"), hang: 4) }
  page.line(Cell("  \(times(incident))", .faint))
  let links = incident.texts("links")
  for link in links.prefix(linksShown) { page.line(Cell("    \(link)")) }
  if links.count > linksShown {
    page.line(Cell("    ... and \(links.count - linksShown) more links"))
  }
}

/// An incident of a whole system may name hundreds.
private let linksShown = 10

private func times(_ incident: JSONNode) -> String {
  var parts = ["opened \(timeText(incident.text("openedAt") ?? unknownText))"]
  if let resolved = incident.text("resolvedAt") {
    parts.append("resolved \(timeText(resolved))")
  } else if let updated = incident.text("updatedAt"), updated != incident.text("openedAt") {
    parts.append("changed \(timeText(updated))")
  }
  return parts.joined(separator: ", ")
}
