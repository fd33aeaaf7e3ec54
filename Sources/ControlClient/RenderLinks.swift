import Wire

/// The screen of `links`.
func renderLinks(_ answer: JSONNode, offset: Int, _ display: Display) -> Page {
  var page = Page(display)
  let links = answer.list("links")
  let total = answer.figure("total")
  if links.isEmpty {
    page.line(Cell(total == 0 ? "no link matches" : "no link from number \(offset + 1) on"))
    return page
  }
  page.table(linkTable(links, display))
  if let total, total > offset + links.count {
    page.blank()
    page.line(
      Cell("\(links.count) of \(total) links; the next: --offset \(offset + links.count)"))
  } else if offset == 0 {
    page.blank()
    page.line(Cell(counted(links.count, "link")))
  }
  return page
}

/// Links with their state and, where it is not well, the reason.
func linkTable(_ links: [JSONNode], _ display: Display) -> Table {
  var table = Table([
    Column("LINK"), Column("STATE"), Column("OWNER", dropRank: 3), Column("SINCE", dropRank: 2),
    Column("LAST", .right, dropRank: 1),
    Column("REASON", isShrinkable: true),
  ])
  for link in links {
    let marks = link.texts("marks")
    table.row([
      Cell(link.text("id") ?? unknownText),
      Cell(
        ([link.text("state") ?? unknownText] + marks).joined(separator: ", "),
        style(ofState: link.text("state"))),
      Cell(link.text("owner") ?? unknownText),
      Cell(link.text("since").map { timeText($0, display) } ?? unknownText),
      Cell(
        link.figure("lastSampleAgeMilliseconds").map { spanText(milliseconds: $0) } ?? unknownText),
      Cell(link.text("reason") ?? ""),
    ])
  }
  return table
}
