import Base
import Wire

/// The screen of `availability` and `worst`: a line for each group.
func renderAvailability(_ answer: JSONNode, _ display: Display) -> Page {
  var page = Page(display)
  let groups = answer.list("groups")
  let from = answer.text("from").map { timeText($0, display) } ?? unknownText
  let to = answer.text("to").map { timeText($0, display) } ?? unknownText
  page.line(Cell("from \(from) to \(to), maintenance \(maintenanceWord(answer))", .faint))
  if groups.isEmpty {
    page.line(Cell("nothing to tell of"))
    return page
  }
  let hasObjective = answer["objectivePercent"]?.number != nil
  let isOfLinks = answer.text("by") == "link"
  // An owner need be no ministry: a province has systems of its own.
  let by = answer.text("by") ?? "group"
  var columns = [
    Column((by == "ministry" ? "owner" : by).uppercased(), isShrinkable: true)
  ]
  if !isOfLinks { columns.append(Column("LINKS", .right, dropRank: 2)) }
  columns += [
    Column("AVAILABILITY", .right), Column("DOWN", .right), Column("UNKNOWN", .right),
  ]
  if hasObjective { columns.append(Column("BUDGET USED", .right, dropRank: 4)) }
  columns += [
    Column("ATTEMPTS", .right, dropRank: 1), Column("ERRORS", .right, dropRank: 3),
    Column("P95", .right, dropRank: 5),
  ]
  var table = Table(columns)
  for group in groups {
    var cells = [Cell(groupText(group, display))]
    if !isOfLinks { cells.append(Cell(group.figure("links").map(String.init) ?? unknownText)) }
    cells += timeCells(group, withMaintenance: answer.text("maintenance") == "include")
    if hasObjective { cells.append(shareCell(group, "budgetUsed")) }
    cells += [
      Cell(group.figure("attempts").map(String.init) ?? unknownText),
      shareCell(group, "errorRate"), latencyCell(group, "p95Microseconds"),
    ]
    table.row(cells)
  }
  page.table(table)
  if let total = answer.figure("total"), total > groups.count {
    page.line(Cell("\(groups.count) of \(total)", .faint))
  }
  let sums = isOfLinks ? "" : "down and unknown time are sums over the links of a group; "
  page.line(Cell(sums + "attempts and errors are of all time, maintenance too", .faint))
  if let objective = answer["objectivePercent"]?.number?.double {
    page.line(
      Cell(
        "budget used: of the time that \(valueText(objective)) % lets a group be down, counted in the known "
          + "time alone; unknown time is in neither", .faint))
  }
  return page
}

private func maintenanceWord(_ answer: JSONNode) -> String {
  answer.text("maintenance") == "include" ? "taken in" : "left out"
}

private func groupText(_ group: JSONNode, _ display: Display) -> String {
  let word = group.text("group") ?? unknownText
  guard let name = group.name("name", display.language), name != word else { return word }
  return "\(word) (\(name))"
}

private func timeCells(_ group: JSONNode, withMaintenance: Bool) -> [Cell] {
  let style: Style =
    switch group["met"]?.bool {
    case true?: .good
    case false?: .bad
    case nil: .plain
    }
  let share = group["availability"]?.number?.double
  let worked = withMaintenance ? group.figure("maintenanceDownMilliseconds") ?? 0 : 0
  let down = group.figure("downMilliseconds").map { $0 + worked }
  return [
    Cell(share.map(percentText) ?? "unknown", share == nil ? .warning : style),
    Cell(down.map { spanText(milliseconds: $0) } ?? unknownText),
    Cell(group.figure("unknownMilliseconds").map { spanText(milliseconds: $0) } ?? unknownText),
  ]
}

private func shareCell(_ node: JSONNode, _ key: String) -> Cell {
  Cell(node[key]?.number?.double.map(percentText) ?? unknownText)
}

private func latencyCell(_ node: JSONNode, _ key: String) -> Cell {
  Cell(node.figure(key).map { phaseText(microseconds: $0) } ?? unknownText)
}

/// The screen of `compare`: a line for each window, with how the present differs from it.
func renderComparison(_ answer: JSONNode, _ display: Display) -> Page {
  var page = Page(display)
  let percentiles = answer.texts("percentiles")
  var table = Table(
    [
      Column("WINDOW"), Column("FROM", dropRank: 1), Column("AVAILABILITY", .right),
      Column("ERRORS", .right),
    ]
      + percentiles.enumerated().map { Column($1.uppercased(), .right, dropRank: 10 + $0) }
      + [Column("ATTEMPTS", .right, dropRank: 2)])
  for window in answer.list("windows") {
    let weeks = window.figure("weeksAgo") ?? 0
    let share = window["availability"]?.number?.double
    table.row(
      [
        Cell(
          weeks == 0 ? "this one" : "\(counted(weeks, "week")) before",
          weeks == 0 ? .strong : .plain),
        Cell(window.text("from").map { timeText($0, display) } ?? unknownText),
        Cell(share.map(percentText) ?? "unknown", share == nil ? .warning : .plain),
        shareCell(window, "errorRate"),
      ]
        + percentiles.map { comparedLatency(window, $0) }
        + [Cell(window.figure("attempts").map(String.init) ?? unknownText)])
  }
  page.line(
    Cell(answer.text("link") ?? unknownText, .strong),
    Cell(answer.text("probe").map { "  probe \($0)" } ?? ""))
  page.table(table)
  page.line(Cell("in brackets: this window's, as a multiple of that one's", .faint))
  return page
}

private func comparedLatency(_ window: JSONNode, _ name: String) -> Cell {
  guard let latency = window.figure("\(name)Microseconds") else { return Cell(unknownText) }
  let text = phaseText(microseconds: latency)
  guard let ratio = window["change"]?["\(name)Ratio"]?.number?.double, ratio < 10_000 else {
    return Cell(text)
  }
  let hundredths = Int((ratio * 100).rounded())
  let rest = hundredths % 100
  return Cell(
    "\(text) (x\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest))",
    ratio >= 2 ? .warning : .plain)
}

/// Text of the daemon that is printed as it is; on a terminal nothing of it may act.
func shownText(_ bytes: [UInt8], _ display: Display) -> [UInt8] {
  guard display.columns != nil else { return bytes }
  var shown: [UInt8] = []
  for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
    let text = line.last == 0x0D ? line.dropLast() : line
    shown += printable(text, limit: .max / 8).utf8
    shown.append(0x0A)
  }
  // What follows the last line's end is no line.
  if !shown.isEmpty { shown.removeLast() }
  return shown
}
