import Wire

/// The screen of `maintenance` and `silence`.
func renderQuiet(_ question: QuietQuestion, _ answer: JSONNode, _ display: Display) -> Page {
  var page = Page(display)
  switch (question.kind, question.verb) {
  case (.maintenance, .list(_, let late)): renderWindows(answer, late: late, &page)
  case (.silence, .list(let all, _)): renderSilences(answer, all: all, &page)
  case (.maintenance, .show): renderWindow(answer["window"] ?? answer, &page)
  case (.silence, .show): renderSilence(answer["silence"] ?? answer, &page)
  case (.maintenance, .add): renderAddedWindow(answer["window"] ?? answer, &page)
  case (.silence, .add):
    let silence = answer["silence"] ?? answer
    page.line(
      Cell("\(id(silence)) hides \(selectorText(silence)) until \(time(silence, "expires", page))"))
    renderCovers(silence, &page)
    page.line(Cell("Everything goes on being measured; recoveries are told."))
    page.line(Cell("To end it before: linkhealthctl silence end \(id(silence))"))
  case (let kind, .end(let id)):
    let item = answer[kind.noun] ?? answer
    page.line(Cell("\(item.text("id") ?? id) is ended"))
    renderHiddenFailures(item, &page)
  }
  return page
}

// MARK: - Lists

private func renderWindows(_ answer: JSONNode, late: Bool, _ page: inout Page) {
  let windows = answer.list("windows")
  if windows.isEmpty {
    return page.line(
      Cell(late ? "no window was announced too late" : "no maintenance, now or to come"))
  }
  var table = Table([
    Column("ID"), Column("WHEN"), Column("FOR", isShrinkable: true),
    Column("ANNOUNCED", dropRank: 2), Column("HIDDEN", .right, dropRank: 1),
    Column("OPEN", .right, dropRank: 1), Column("REASON", isShrinkable: true, dropRank: 3),
  ])
  for window in windows {
    table.row([
      Cell(id(window)), whenCell(window, page), Cell(selectorText(window)), noticeCell(window),
      hiddenCell(window), coversCell(window), Cell(window.text("reason") ?? ""),
    ])
  }
  page.table(table)
  page.blank()
  page.line(Cell(counted(windows.count, "window")))
}

private func renderSilences(_ answer: JSONNode, all: Bool, _ page: inout Page) {
  let silences = answer.list("silences")
  if silences.isEmpty { return page.line(Cell(all ? "no silences" : "no silence holds")) }
  var table = Table([
    Column("ID"), Column("WHEN"), Column("FOR", isShrinkable: true), Column("BY", dropRank: 1),
    Column("HIDDEN", .right), Column("OPEN", .right, dropRank: 3),
    Column("REASON", isShrinkable: true, dropRank: 2),
  ])
  for silence in silences {
    table.row([
      Cell(id(silence)), whenCell(silence, page), Cell(selectorText(silence)),
      Cell(silence.text("by") ?? unknownText), hiddenCell(silence), coversCell(silence),
      Cell(silence.text("reason") ?? ""),
    ])
  }
  page.table(table)
  page.blank()
  page.line(Cell(counted(silences.count, "silence")))
}

private func statusCell(_ item: JSONNode) -> Cell {
  let status = item.text("status")
  return Cell(status ?? unknownText, status == "active" ? .warning : .faint)
}

/// What was hidden stands out: somebody may have to look at it.
private func hiddenCell(_ item: JSONNode) -> Cell {
  let total = item["hidden"]?.figure("total")
  return Cell(total.map(String.init) ?? unknownText, (total ?? 0) > 0 ? .warning : .plain)
}

/// The open incidents that are kept quiet now.
private func coversCell(_ item: JSONNode) -> Cell {
  let total = item["covers"]?.figure("total")
  return Cell(total.map(String.init) ?? unknownText, (total ?? 0) > 0 ? .warning : .plain)
}

private func noticeCell(_ window: JSONNode) -> Cell {
  let day = window.text("announced") ?? unknownText
  return window.flag("late") ? Cell("\(day), late", .bad) : Cell(day)
}

/// What holds stands out; a list is told to the minute.
private func whenCell(_ item: JSONNode, _ page: Page) -> Cell {
  func minute(_ key: String) -> String {
    item.text(key).map { timeText($0, page.display, precision: .minutes) } ?? unknownText
  }
  var every = ""
  if let node = item["every"], !node.isNull { every = ", every \(recurrenceText(node))" }
  if item.text("activeUntil") != nil {
    return Cell("until \(minute("activeUntil"))\(every)", .warning)
  }
  if item.text("nextStart") != nil {
    return Cell("\(every.isEmpty ? "from" : "next") \(minute("nextStart"))\(every)")
  }
  // A window has `to`, a silence `expires`.
  let end = item.text("to") == nil ? "expires" : "to"
  if item.text("status") == "active" { return Cell("until \(minute(end))", .warning) }
  return Cell("ended \(minute(item.text("ended") == nil ? end : "ended"))", .faint)
}

// MARK: - One

private func renderWindow(_ window: JSONNode, _ page: inout Page) {
  page.line(Cell(id(window), .strong), Cell("  "), statusCell(window))
  fact("for", selectorText(window), &page)
  if let every = window["every"], !every.isNull {
    fact("every", recurrenceText(every), &page)
  } else {
    fact("from", "\(time(window, "from", page)) to \(time(window, "to", page))", &page)
  }
  fact("until", optionalTime(window, "activeUntil", page), .warning, &page)
  fact("next", optionalTime(window, "nextStart", page), &page)
  fact("announced", announcedText(window), window.flag("late") ? .bad : .plain, &page)
  renderOrigin(window, &page)
  renderHidden(window, &page)
}

private func renderSilence(_ silence: JSONNode, _ page: inout Page) {
  page.line(Cell(id(silence), .strong), Cell("  "), statusCell(silence))
  fact("for", selectorText(silence), &page)
  fact("until", time(silence, "expires", page), &page)
  renderOrigin(silence, &page)
  renderHidden(silence, &page)
}

private func renderOrigin(_ item: JSONNode, _ page: inout Page) {
  fact("reason", item.text("reason"), &page)
  if let by = item.text("by") {
    fact("entered", "by \(by), \(time(item, "created", page))", &page)
  }
  fact("ended", optionalTime(item, "ended", page), &page)
  fact("written in", item.text("location"), &page)
}

private func renderHidden(_ item: JSONNode, _ page: inout Page) {
  renderCovers(item, &page)
  page.blank()
  renderHiddenFailures(item, &page)
}

private func renderHiddenFailures(_ item: JSONNode, _ page: inout Page) {
  hiddenLine(item, &page)
  let entries = item["hidden"]?.list("newest") ?? []
  guard !entries.isEmpty else { return }
  var table = Table([
    Column("TIME"), Column("LINK", isShrinkable: true), Column("INCIDENT", dropRank: 1),
  ])
  for entry in entries {
    table.row([
      Cell(time(entry, "time", page)), Cell(entry.text("link") ?? unknownText),
      Cell(entry.text("incident") ?? unknownText),
    ])
  }
  page.table(table)
}

/// The open incidents that it keeps quiet, and of each whether it was told before.
private func renderCovers(_ item: JSONNode, _ page: inout Page) {
  guard let covers = item["covers"], let total = covers.figure("total"), total > 0 else { return }
  page.blank()
  page.line(Cell("It keeps \(counted(total, "open incident")) quiet:", .warning))
  var table = Table([
    Column("INCIDENT"), Column("TOLD"), Column("SEVERITY", dropRank: 1),
    Column("SUMMARY", isShrinkable: true),
  ])
  let listed = covers.list("newest")
  for incident in listed {
    table.row([
      Cell(incident.text("incident") ?? unknownText),
      Cell(incident.flag("told") ? "before, changes are not" : "no"),
      stateCell(incident.text("severity")), Cell(incident.text("summary") ?? ""),
    ])
  }
  page.table(table)
  if total > listed.count { page.line(Cell("... and \(total - listed.count) more")) }
}

private func hiddenLine(_ item: JSONNode, _ page: inout Page) {
  guard let total = item["hidden"]?.figure("total") else { return }
  let listed = item["hidden"]?.list("newest").count ?? 0
  if total == 0 { return page.line(Cell("It has hidden nothing.")) }
  let newest = total > listed && listed > 0 ? "; the newest \(listed):" : listed > 0 ? ":" : "."
  page.line(Cell("It has hidden \(counted(total, "failure"))\(newest)", .warning))
}

private func renderAddedWindow(_ window: JSONNode, _ page: inout Page) {
  if let until = optionalTime(window, "activeUntil", page) {
    page.line(Cell("\(id(window)) holds for \(selectorText(window)) until \(until)"))
  } else {
    page.line(
      Cell("\(id(window)) is for \(selectorText(window)), from \(time(window, "nextStart", page))"))
  }
  renderCovers(window, &page)
  if window.flag("late") { page.line(Cell(announcedText(window), .warning)) }
  page.line(Cell("Everything goes on being measured, with a mark; recoveries are told."))
  page.line(Cell("To end it before: linkhealthctl maintenance end \(id(window))"))
}

// MARK: - Words

private func id(_ item: JSONNode) -> String { item.text("id") ?? unknownText }

private func optionalTime(_ item: JSONNode, _ key: String, _ page: Page) -> String? {
  item.text(key).map { timeText($0, page.display) }
}

private func time(_ item: JSONNode, _ key: String, _ page: Page) -> String {
  optionalTime(item, key, page) ?? unknownText
}

private func announcedText(_ window: JSONNode) -> String {
  var text = "announced \(window.text("announced") ?? unknownText)"
  if let ahead = window.figure("workingDaysAhead") {
    text += ", \(counted(ahead, "working day")) ahead"
  }
  if let required = window.figure("workingDaysRequired") {
    text += window.flag("late") ? ": late, \(required) are required" : " (\(required) required)"
  }
  if window.flag("holidaysUnknown") { text += "; no holidays are known of that year" }
  return text
}

private func recurrenceText(_ every: JSONNode) -> String {
  let weekdays = every.texts("weekdays")
  let monthDays = every.list("daysOfMonth").compactMap(\.int)
  var text = "day"
  if !weekdays.isEmpty {
    text = weekdays.joined(separator: ", ")
  } else if !monthDays.isEmpty {
    text = "month on day " + monthDays.map(String.init).joined(separator: ", ")
  }
  text += " at \(every.text("start") ?? unknownText)"
  if let zone = every.text("zone") { text += " (\(zone))" }
  text += " for \(every.text("length") ?? unknownText)"
  if let first = every.text("from") { text += ", from \(first)" }
  if let last = every.text("until") { text += ", until \(last)" }
  return text
}

/// What a window or a silence is for: `system land-database, province ha-noi or hue`.
private func selectorText(_ item: JSONNode) -> String {
  var parts: [String] = []
  for key in [
    "links", "services", "systems", "owners", "provinces", "routes", "patterns",
  ] {
    let words = item.texts(key)
    if words.isEmpty { continue }
    parts.append("\(key.dropLast()) \(alternatives(words))")
  }
  let severities = item.texts("severities")
  if !severities.isEmpty { parts.append("severity \(alternatives(severities))") }
  return parts.isEmpty ? unknownText : parts.joined(separator: ", ")
}

private func alternatives(_ words: [String]) -> String {
  guard words.count > 4 else { return words.joined(separator: " or ") }
  return words.prefix(3).joined(separator: " or ") + " or \(words.count - 3) more"
}

/// What keeps a link quiet, a line each, on the screen of `show`.
func renderLinkQuiet(_ link: JSONNode, _ page: inout Page) {
  for quieting in link.list("quiet") {
    var text = "\(quieting.text("kind") ?? unknownText) \(id(quieting))"
    let only = quieting.texts("patterns") + quieting.texts("severities")
    if !only.isEmpty { text += " (\(only.joined(separator: ", ")) only)" }
    text += " until \(time(quieting, "until", page)): \(quieting.text("reason") ?? unknownText)"
    fact("quiet", text, .warning, &page)
  }
}

/// How much is quiet now, on the screen of `status`: a silence that nobody remembers hides outages.
func renderQuietCounts(_ status: JSONNode, _ page: inout Page) {
  let windows = status["quiet"]?.figure("maintenance") ?? 0
  let silences = status["quiet"]?.figure("silences") ?? 0
  if windows > 0 {
    let figures = HealthFigures(status)
    let links = counted(figures?.maintenance.all ?? 0, "link")
    let incidents = counted(figures?.maintenance.incidents ?? 0, "incident")
    page.line(
      Cell(
        "\(counted(windows, "maintenance window")) now, in which \(links) not up and \(incidents) "
          + "open: linkhealthctl maintenance"))
  }
  if silences > 0 {
    page.line(Cell("\(counted(silences, "silence")) now: linkhealthctl silence", .warning))
  }
}
