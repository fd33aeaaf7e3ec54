import Base
import Wire

/// The screen of `history`: a chart for the link, and one for each probe where there are several.
func renderHistory(_ answer: JSONNode, _ display: Display) -> Page {
  var page = Page(display)
  let series = answer.list("series").filter { !$0.list("points").isEmpty }
  if series.isEmpty { page.line(Cell("no time that is over")) }
  for (index, one) in series.enumerated() {
    if index > 0 { page.blank() }
    let title = one.text("probe").map { "probe \($0)" } ?? answer.text("link") ?? unknownText
    page.line(
      Cell(title, .strong),
      Cell(
        "  one column for \(chartStep(answer, one, display)), times by the clock of \(display.zone ?? "UTC")"
      ))
    renderChart(
      one.list("points"), answer.texts("percentiles"),
      stepMilliseconds: answer.figure("stepMilliseconds"), &page)
  }
  return page
}

/// Some points drawn as one column.
private struct ChartColumn {
  var from: String?
  var low: Int?
  var high: Int?
  var up = 0
  var down = 0
  var maintenance = 0
  var unknown = 0
  var attempts = 0
  var failures = 0

  init(_ points: ArraySlice<JSONNode>, low lowKey: String, high highKey: String) {
    from = points.first?.text("from")
    for point in points {
      if let value = point.figure(lowKey) { low = max(low ?? 0, value) }
      if let value = point.figure(highKey) { high = max(high ?? 0, value) }
      up += point.figure("upMilliseconds") ?? 0
      down += point.figure("downMilliseconds") ?? 0
      maintenance += point.figure("maintenanceUpMilliseconds") ?? 0
      maintenance += point.figure("maintenanceDownMilliseconds") ?? 0
      unknown += point.figure("unknownMilliseconds") ?? 0
      attempts += point.figure("attempts") ?? 0
      failures += point.figure("failures") ?? 0
    }
  }

  /// Any time down shows; a column is well only where it was mostly watched.
  var state: (letter: String, style: Style) {
    if down > 0 { return ("x", .bad) }
    if maintenance > up { return ("m", .faint) }
    if unknown > up || up == 0 { return ("?", .warning) }
    return ("u", .good)
  }

  /// Tenths of the attempts that failed, rounded up; `.` for none.
  var errors: (letter: String, style: Style) {
    guard attempts > 0 else { return (" ", .plain) }
    guard failures > 0 else { return (".", .faint) }
    let tenths = (min(failures, attempts) * 10 + attempts - 1) / attempts
    return (tenths >= 10 ? "X" : "\(tenths)", .bad)
  }
}

private let axisWidth = 11
private let chartHeight = 8

private func chartWidth(_ display: Display) -> Int {
  max(10, (display.columns ?? 132) - axisWidth - 1)
}

private func pointsPerColumn(_ count: Int, _ display: Display) -> Int {
  let width = chartWidth(display)
  return max(1, (count + width - 1) / width)
}

private func chartStep(_ answer: JSONNode, _ series: JSONNode, _ display: Display) -> String {
  guard let step = answer.figure("stepMilliseconds") else { return unknownText }
  return spanText(
    milliseconds: step * pointsPerColumn(series.list("points").count, display))
}

private func renderChart(
  _ points: [JSONNode], _ percentiles: [String], stepMilliseconds: Int?, _ page: inout Page
) {
  let low = percentiles.first ?? "p50"
  let high = percentiles.contains("p95") ? "p95" : percentiles.last ?? "p95"
  let each = pointsPerColumn(points.count, page.display)
  let columns = stride(from: 0, to: points.count, by: each).map {
    ChartColumn(
      points[$0..<min(points.count, $0 + each)], low: "\(low)Microseconds",
      high: "\(high)Microseconds")
  }
  renderBand(columns, &page)
  page.row([axis("state")] + columns.map { Cell($0.state.letter, $0.state.style) })
  page.row([axis("errors")] + columns.map { Cell($0.errors.letter, $0.errors.style) })
  let first = columns.first?.from.map { timeText($0, page.display) } ?? unknownText
  let last = points.last.flatMap { end(of: $0, stepMilliseconds, page.display) } ?? unknownText
  page.line(Cell("\(first) to \(last); band from \(low) to \(high)", .faint))
  page.line(
    Cell(
      "u up, x down, m maintenance, ? unknown; errors in tenths: . none, X all", .faint))
  page.line(Cell(summary(columns)))
}

/// When a point's time is over: the chart's end is that of its last point, not its beginning.
private func end(of point: JSONNode, _ stepMilliseconds: Int?, _ display: Display) -> String? {
  guard let from = point.text("from") else { return nil }
  // A step is no longer than a period, which is no longer than some years.
  guard let stepMilliseconds, stepMilliseconds <= 1 << 40, let start = wallTime(from) else {
    return timeText(from, display)
  }
  let end: WallTime = start + TimeAmount.milliseconds(Int64(stepMilliseconds))
  return timeText(end.description, display)
}

/// The latencies as a band, on a scale from nothing to the greatest.
private func renderBand(_ columns: [ChartColumn], _ page: inout Page) {
  guard let top = columns.compactMap(\.high).max(), top > 0 else {
    return page.line(Cell("no latencies"))
  }
  let full = page.display.isUnicode ? "█" : "#"
  func row(of value: Int) -> Int { min(chartHeight - 1, value * chartHeight / max(1, top + 1)) }
  for level in (0..<chartHeight).reversed() {
    let label =
      level == chartHeight - 1
      ? phaseText(microseconds: top) : level == 0 ? phaseText(microseconds: 0) : ""
    page.row(
      [axis(label)]
        + columns.map { column in
          guard let low = column.low, let high = column.high else {
            return level == 0 && column.state.letter == "?" ? Cell("?", .warning) : Cell(" ")
          }
          return (row(of: low)...max(row(of: low), row(of: high))).contains(level)
            ? Cell(full, .plain) : Cell(" ")
        })
  }
}

private func axis(_ text: String) -> Cell {
  Cell(String(repeating: " ", count: max(0, axisWidth - 1 - text.count)) + text + " ", .faint)
}

private func summary(_ columns: [ChartColumn]) -> String {
  let up = columns.reduce(0) { $0 + $1.up }
  let down = columns.reduce(0) { $0 + $1.down }
  let attempts = columns.reduce(0) { $0 + $1.attempts }
  let failures = columns.reduce(0) { $0 + $1.failures }
  let share = up + down > 0 ? percentText(Double(up) / Double(up + down)) : "not known"
  return "availability \(share), down \(spanText(milliseconds: down)), unknown "
    + spanText(milliseconds: columns.reduce(0) { $0 + $1.unknown })
    + ", \(failures) of \(counted(attempts, "attempt")) failed"
}

/// A share for people, cut and not rounded, so that 100 % is said only of the whole: `99.986 %`.
func percentText(_ share: Double) -> String {
  guard share.isFinite, share >= 0, share < 1_000 else { return unknownText }
  let thousandths = Int(share * 100_000 + 1e-7)
  let rest = String(thousandths % 1_000)
  return "\(thousandths / 1_000).\(String(repeating: "0", count: 3 - rest.count))\(rest) %"
}
