import Wire

/// What `reload` did.
func renderReloaded(_ answer: JSONNode, _ display: Display) -> Page {
  var page = Page(display)
  page.line(Cell("reloaded: \(changes(answer))"))
  return page
}

/// What `reload --plan` would do: how many links, then which.
func renderPlan(_ answer: JSONNode, _ display: Display) -> Page {
  var page = Page(display)
  let unchanged = answer.figure("unchanged").map { ", \($0) unchanged" } ?? ""
  page.line(Cell("plan: ", .strong), Cell("\(changes(answer))\(unchanged)"))
  renderPart("added", answer["added"], .good, &page)
  renderPart("removed", answer["removed"], .bad, &page)
  renderPart("changed", answer["changed"], .warning, &page)
  renderPart("without probes from now on", answer["silenced"], .bad, &page)
  renderRules(answer["rules"], &page)
  let warnings = answer["warnings"] == nil ? [] : answer.texts("warnings")
  if !warnings.isEmpty { page.blank() }
  for warning in warnings { page.line(Cell("warning: \(warning)", .warning), hang: 9) }
  page.blank()
  if answer.flag("dropsTooMuch") {
    page.line(
      Cell(
        "More than a third of the links would go or lose their probes. Nothing was changed; to do it "
          + "all the same: linkhealthctl reload --yes", .warning))
  } else if answer.flag("applied") {
    page.line(Cell("The daemon says that this has been done.", .warning))
  } else {
    page.line(Cell("Nothing was changed; to do it: linkhealthctl reload"))
  }
  return page
}

/// The rules that come, go and change, each as the catalogue would write it.
private func renderRules(_ rules: JSONNode?, _ page: inout Page) {
  for (key, style) in [("added", Style.good), ("removed", .bad), ("changed", .warning)] {
    guard let part = rules?[key] else { continue }
    let list = part.list("rules")
    guard !list.isEmpty else { continue }
    page.blank()
    page.line(Cell("rules \(key)", style))
    for rule in list {
      let link = rule["link"]?.string ?? unknownText
      let name = rule["rule"]?.string ?? unknownText
      let words = ruleWords(rule["was"]?.string, rule["becomes"]?.string)
      page.line(Cell("  \(link)  \(name): \(words)"), hang: 6)
    }
    let rest = (total(part) ?? 0) - list.count
    if rest > 0 { page.line(Cell("  ... and \(rest) more")) }
  }
}

/// What comes or goes is said once, of what changes both.
private func ruleWords(_ was: String?, _ becomes: String?) -> String {
  switch (was, becomes) {
  case (let was?, let becomes?): "\(becomes); was: \(was)"
  case (let was?, nil): "none; was: \(was)"
  case (nil, let becomes?): becomes
  case (nil, nil): unknownText
  }
}

private func changes(_ answer: JSONNode) -> String {
  func figure(_ key: String) -> String {
    total(answer[key]).map(String.init) ?? unknownText
  }
  let links = answer.figure("links").map { counted($0, "link") } ?? "\(unknownText) links"
  let former = answer.figure("formerLinks").map { ", now \($0)" } ?? ""
  return "\(links)\(former): \(figure("added")) added, \(figure("removed")) removed, "
    + "\(figure("changed")) changed"
}

/// A part is a figure, or a figure with the links behind it.
private func total(_ part: JSONNode?) -> Int? {
  guard let part else { return nil }
  if let total = part.figure("total") { return total }
  return part.int.flatMap { $0 >= 0 ? $0 : nil }
}

private func renderPart(_ title: String, _ part: JSONNode?, _ style: Style, _ page: inout Page) {
  let links = part?.list("links") ?? []
  guard !links.isEmpty else { return }
  page.blank()
  page.line(Cell(title, style))
  let names = links.map { $0.string ?? $0.text("link") ?? unknownText }
  let width = names.map(displayWidth).max() ?? 0
  for (link, name) in zip(links, names) {
    let changes = link["changes"] == nil ? [] : link.texts("changes")
    let padding = String(repeating: " ", count: width - displayWidth(name) + 2)
    page.line(
      Cell("  \(name)"), Cell(changes.isEmpty ? "" : padding + changes.joined(separator: ", ")),
      hang: 6)
  }
  let rest = (total(part) ?? 0) - links.count
  if rest > 0 { page.line(Cell("  ... and \(rest) more")) }
}
