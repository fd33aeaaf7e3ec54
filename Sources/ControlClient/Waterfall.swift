import Wire

/// The screen of `try`: for each probe what came out, a bar for each phase, and the steps.
func renderAttempts(_ answer: JSONNode, _ display: Display) -> Page {
  var page = Page(display)
  let attempts = answer.list("attempts")
  if attempts.isEmpty { page.line(Cell("no probe was run")) }
  for (index, attempt) in attempts.enumerated() {
    if index > 0 { page.blank() }
    renderAttempt(attempt, &page)
  }
  return page
}

/// Whether every attempt was right; none at all is no success.
func attemptsSucceeded(_ answer: JSONNode) -> Bool {
  let attempts = answer.list("attempts")
  return !attempts.isEmpty && attempts.allSatisfy { $0["sample"]?.flag("ok") ?? false }
}

private func renderAttempt(_ attempt: JSONNode, _ page: inout Page) {
  let sample = attempt["sample"]
  var answered = attempt.text("address").map { ", \($0)" } ?? ""
  if let bytes = sample?.figure("bodyBytes"), bytes > 0 {
    answered += ", \(sizeText(bytes: bytes)) of body"
  }
  page.line(
    Cell("probe \(attempt.text("probe") ?? unknownText)", .strong), Cell("  "),
    Cell(sample.map(outcomeText) ?? unknownText, sample.map(sampleStyle) ?? .plain),
    Cell(answered))
  if let sample, !sample.flag("skipped") {
    for bar in waterfall(sample, page.display) { page.row(bar) }
    let readings = readingsText(sample)
    if !readings.isEmpty { page.line(Cell("  \(padded("readings"))"), Cell(readings), hang: 14) }
  }
  for step in attempt.texts("steps") { page.line(Cell("  \(step)", .faint), hang: 4) }
}

/// One line per phase: its name, its time, a bar that starts where the phase before it ended.
func waterfall(_ sample: JSONNode, _ display: Display) -> [[Cell]] {
  let times = Phases.all.map { sample.figure($0.key) ?? 0 }
  let total = sample.figure(Phases.totalKey)
  let scale = max(total ?? 0, times.reduce(0, +))
  let width = barWidth(display)
  let failed = sample.flag("ok") ? nil : failedPhase(sample.text("outcome") ?? "")
  var lines: [[Cell]] = []
  var start = 0
  for (index, phase) in Phases.all.enumerated() {
    let end = start + times[index]
    let isFailed = index == failed
    lines.append(
      [Cell("  \(padded(phase.title))"), timeCell(times[index])]
        + bar(start..<end, scale, width, isFailed ? .bad : .good, display)
        + (isFailed ? [Cell(display.isUnicode ? " ← " : " <- "), Cell("failed here", .bad)] : []))
    start = end
  }
  lines.append([Cell("  \(padded("total"))", .strong), timeCell(total)])
  return lines
}

private let titleWidth = 12
private let timeWidth = 9

/// The bar takes what the terminal leaves beside name, time and the remark on a failure.
private func barWidth(_ display: Display) -> Int {
  guard let columns = display.columns else { return 50 }
  return min(60, max(10, columns - 2 - titleWidth - timeWidth - 2 - " <- failed here".count))
}

private func padded(_ title: String) -> String {
  title + String(repeating: " ", count: max(0, titleWidth - title.count))
}

private func timeCell(_ microseconds: Int?) -> Cell {
  let text = microseconds.map { $0 > 0 ? phaseText(microseconds: $0) : unknownText } ?? unknownText
  return Cell(String(repeating: " ", count: max(0, timeWidth - text.count)) + text)
}

/// A phase that took time has at least one letter, within the width.
private func bar(
  _ span: Range<Int>, _ scale: Int, _ width: Int, _ style: Style, _ display: Display
) -> [Cell] {
  guard !span.isEmpty, scale > 0 else { return [] }
  let start = min(span.lowerBound * width / scale, width - 1)
  let end = min(width, max(start + 1, (span.upperBound * width + scale / 2) / scale))
  return [
    Cell(String(repeating: " ", count: 2 + start)),
    Cell(String(repeating: display.isUnicode ? "█" : "#", count: end - start), style),
  ]
}

/// The index of the phase in which an outcome such as `connect.refused` was decided.
private func failedPhase(_ outcome: String) -> Int? {
  switch outcome.prefix(while: { $0 != "." }) {
  case "resolve": 0
  case "connect": 1
  case "tls": 2
  case "http", "answer", "dns", "ping": 3
  case "body": 4
  default: nil
  }
}
