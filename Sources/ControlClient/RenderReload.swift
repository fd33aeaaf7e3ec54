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
  page.blank()
  if answer.flag("dropsTooMuch") {
    page.line(
      Cell(
        "More than a third of the links would go. Nothing was changed; to do it all the same: "
          + "linkhealthctl reload --yes", .warning))
  } else if answer.flag("applied") {
    page.line(Cell("The daemon says that this has been done.", .warning))
  } else {
    page.line(Cell("Nothing was changed; to do it: linkhealthctl reload"))
  }
  return page
}

private func changes(_ answer: JSONNode) -> String {
  func figure(_ key: String) -> String {
    total(answer[key]).map(String.init) ?? unknownText
  }
  let links = answer.figure("links").map { counted($0, "link") } ?? "\(unknownText) links"
  return "\(links), \(figure("added")) added, \(figure("removed")) removed, "
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
