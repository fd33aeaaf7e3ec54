import Model
import Wire

/// The screen of `show`: the link, then each of its probes.
func renderLink(_ answer: JSONNode, _ display: Display) -> Page {
  var page = Page(display)
  let link = answer["link"] ?? answer
  page.line(
    Cell(link.text("id") ?? unknownText, .strong), Cell("  "), stateCell(link.text("state")),
    Cell(link.text("since").map { " since \(timeText($0, display))" } ?? ""))
  renderFacts(link, location: answer.text("location"), &page)
  let isPaused = link.texts("marks").contains("paused")
  for probe in answer.list("probes") {
    page.blank()
    renderProbe(probe, isPaused: isPaused, &page)
  }
  return page
}

private func renderFacts(_ link: JSONNode, location: String?, _ page: inout Page) {
  let language = page.display.language
  let names = [link.name("name", language), link.name("consumerName", language)]
  fact("name", names.compactMap { $0 }.joined(separator: " - "), &page)
  fact("system", link.text("system"), &page)
  let owner = link.text("owner")
  fact(
    "owner", link.name("ownerName", language).map { "\($0) (\(owner ?? unknownText))" } ?? owner,
    &page)
  fact("vendor", link.text("vendor"), &page)
  if let role = link.text("role"), role != LinkRole.service.rawValue {
    fact("role", role, &page)
  }
  fact("route", routeCells(link, page.display), &page)
  renderLifeCycle(link, &page)
  let marks = link.texts("marks")
  if !marks.isEmpty { fact("marks", marks.joined(separator: ", "), .warning, &page) }
  renderLinkQuiet(link, &page)
  // In English the reason says it already.
  if language != .en { fact("code", link.name("codeMeaning", language), &page) }
  if let pause = link["pause"], !pause.isNull {
    // The reason says the same, but not since when.
    fact("paused", pauseText(pause, page.display), .warning, &page)
  } else {
    fact("reason", link.text("reason"), style(ofState: link.text("state")), &page)
  }
  fact("incident", link.text("incident"), &page)
  fact("written in", location, &page)
}

func fact(_ title: String, _ text: String?, _ style: Style = .plain, _ page: inout Page) {
  guard let text, !text.isEmpty else { return }
  let padding = String(repeating: " ", count: max(1, 12 - title.count))
  page.line(Cell("  \(title)\(padding)", .faint), Cell(text, style), hang: 14)
}

func fact(_ title: String, _ text: String?, _ page: inout Page) {
  fact(title, text, .plain, &page)
}

private func fact(_ title: String, _ cells: [Cell], _ page: inout Page) {
  let padding = String(repeating: " ", count: max(1, 12 - title.count))
  page.line([Cell("  \(title)\(padding)", .faint)] + cells, hang: 14)
}

/// The words of the route in order, each with the state of the hop that stands for it.
private func routeCells(_ link: JSONNode, _ display: Display) -> [Cell] {
  let hops = link.list("hops")
  let words = link.texts("route")
  if words.isEmpty { return [Cell("direct")] }
  return words.enumerated().flatMap { place, word in
    let hop = hops.first { $0.text("link")?.hasPrefix("\(word)/") ?? false }
    return (place == 0 ? [] : [Cell(" -> ")]) + [Cell(word)]
      + (hop.map { hopCells($0, display) } ?? [])
  }
}

private func hopCells(_ hop: JSONNode, _ display: Display) -> [Cell] {
  let state = hop.text("state") ?? unknownText
  let isUp = state == LinkState.up.rawValue
  let since = isUp ? "" : hop.text("since").map { " since \(timeText($0, display))" } ?? ""
  return [Cell(" ("), Cell(state + since, style(ofState: state)), Cell(")")]
}

private func renderLifeCycle(_ link: JSONNode, _ page: inout Page) {
  if let planned = link["planned"], let date = planned.text("date") {
    let days = planned.figure("daysOverdue") ?? 0
    fact(
      "planned", "by \(date)" + (days > 0 ? ", overdue by \(counted(days, "day"))" : ""),
      days > 0 ? .warning : .plain, &page)
  }
  fact("connected", link.text("connectedAt").map { "since \(timeText($0, page.display))" }, &page)
}

private func pauseText(_ pause: JSONNode, _ display: Display) -> String {
  let since = pause.text("since").map { "since \(timeText($0, display)) " } ?? ""
  let reason = pause.text("reason") ?? ""
  return "\(since)by \(pause.text("by") ?? unknownText)" + (reason.isEmpty ? "" : ": \(reason)")
}

private func renderProbe(_ probe: JSONNode, isPaused: Bool, _ page: inout Page) {
  let name = probe.text("name") ?? unknownText
  let kind = probe.text("kind").map { $0 == name ? "" : " (\($0))" } ?? ""
  let required = probe["required"]?.bool == false ? ", not required" : ""
  page.line(
    Cell("probe \(name)\(kind)\(required)", .strong), Cell("  "),
    stateCell(probe.text("condition")))
  fact("runs", runsText(probe, isPaused: isPaused), &page)
  let window = probe.text("window") ?? ""
  if !window.isEmpty {
    page.line([Cell("  window      ", .faint)] + windowStrip(window), hang: 14)
  }
  fact("last", probe["lastSample"].flatMap { sampleText($0, page.display) }, &page)
  fact("readings", probe["lastSample"].map(readingsText), &page)
  fact("skipped", probe["lastSkipped"].flatMap { sampleText($0, page.display) }, .warning, &page)
  for rule in probe.list("raised") {
    let since = rule.text("since").map { " since \(timeText($0, page.display))" } ?? ""
    fact(
      "raised", "\(rule.text("rule") ?? unknownText)\(since): \(rule.text("evidence") ?? "")",
      rule.text("rule") == RuleKind.warnings.rawValue && rule.text("severity") != "critical"
        ? .warning : .bad, &page)
  }
}

private func runsText(_ probe: JSONNode, isPaused: Bool) -> String {
  var parts: [String] = []
  if let every = probe.figure("everyMilliseconds") {
    parts.append("every \(spanText(milliseconds: every))")
  }
  if let timeout = probe.figure("timeoutMilliseconds") {
    parts.append("time-out \(spanText(milliseconds: timeout))")
  }
  if probe.flag("running") { parts.append("running now") }
  if let wait = probe.figure("backsOffMilliseconds"), wait > 0 {
    parts.append("backs off for \(spanText(milliseconds: wait))")
  }
  // Its turns come, and nothing is sent.
  if isPaused {
    parts.append("none while the link is paused")
  } else if let next = probe.figure("nextInMilliseconds") {
    parts.append("next in \(spanText(milliseconds: next))")
  } else if !probe.flag("running") {
    parts.append("no next run")
  }
  return parts.joined(separator: ", ")
}

/// The window of the last attempts, oldest first: one cell per run of equal letters.
func windowStrip(_ window: String) -> [Cell] {
  var strip: [Cell] = []
  var run = ""
  for letter in window {
    if let last = run.last, last != letter {
      strip.append(Cell(run, windowStyle(last)))
      run = ""
    }
    run.append(letter)
  }
  if let last = run.last { strip.append(Cell(run, windowStyle(last))) }
  return strip
}

private func windowStyle(_ letter: Character) -> Style {
  switch letter {
  case "o": .good
  case "s", "w": .warning
  case "x": .bad
  default: .plain
  }
}
