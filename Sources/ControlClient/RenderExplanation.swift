import Wire

/// The screen of `explain`: each setting that holds, its value, and where that was written.
func renderExplanation(_ answer: JSONNode, _ display: Display) -> Page {
  var page = Page(display)
  let settings = answer.list("settings").map { node in
    (
      key: Cell(node.text("key") ?? unknownText), value: Cell(node.text("value") ?? unknownText),
      origin: Cell(node.text("location") ?? "built in", .faint)
    )
  }
  page.line(Cell(answer.text("link") ?? unknownText, .strong))
  for line in answer.list("why") {
    let topic = line.text("topic") ?? unknownText
    page.line(Cell("  \(topic): ", .faint), Cell(line.text("text") ?? ""), hang: 6)
  }
  if !answer.list("why").isEmpty { page.blank() }
  if settings.isEmpty {
    page.line(Cell("no settings"))
    return page
  }
  let keyWidth = settings.map(\.key.width).max() ?? 0
  // One long value must not push all origins to the right.
  let valueWidth = min(valueColumns, settings.map(\.value.width).max() ?? 0)
  let widest = settings.map { $0.origin.width + max($0.value.width, valueWidth) }.max() ?? 0
  let isTable = display.columns.map { 2 + keyWidth + 2 + widest + 2 <= $0 } ?? true
  for setting in settings {
    let key = [Cell("  "), setting.key, blanks(keyWidth - setting.key.width + 2)]
    if isTable {
      page.row(
        key + [setting.value, blanks(max(2, valueWidth - setting.value.width + 2)), setting.origin])
    } else {
      page.line(Cell("  "), setting.key, Cell("  "), setting.value, hang: 6)
      page.line(Cell("      "), setting.origin, hang: 8)
    }
  }
  return page
}

private let valueColumns = 48

func blanks(_ count: Int) -> Cell { Cell(String(repeating: " ", count: max(0, count))) }
