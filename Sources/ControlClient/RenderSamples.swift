import Wire

/// The screen of `samples`: one line per sample, oldest first.
func renderSamples(_ answer: JSONNode, _ display: Display) -> Page {
  var page = Page(display)
  let samples = answer.list("samples")
  if samples.isEmpty {
    page.line(Cell("no samples"))
    return page
  }
  let phases = Phases.all.enumerated().map {
    Column($1.title.uppercased(), .right, dropRank: $0)
  }
  let hasReadings = samples.contains { !$0.list("readings").isEmpty }
  var table = Table(
    [
      Column("TIME"), Column("PROBE"), Column("OUTCOME", isShrinkable: true),
      Column("MARKS", dropRank: 9),
    ]
      + phases + [Column("TOTAL", .right)]
      + (hasReadings ? [Column("READINGS", isShrinkable: true, dropRank: 8)] : []))
  for sample in samples {
    table.row(
      [
        Cell(
          sample.text("time").map { timeText($0, display, precision: .milliseconds) } ?? unknownText
        ),
        Cell(sample.text("probe") ?? unknownText),
        Cell(outcomeText(sample), sampleStyle(sample)), Cell(sampleMarks(sample)),
      ] + Phases.all.map { timeCell(sample, $0.key) } + [timeCell(sample, Phases.totalKey)]
        + (hasReadings ? [Cell(readingsText(sample))] : []))
  }
  page.table(table)
  return page
}

/// The phases of an attempt, in the order in which they happen.
enum Phases {
  static let all: [(title: String, key: String)] = [
    ("resolve", "resolveMicroseconds"), ("connect", "connectMicroseconds"),
    ("tls", "tlsMicroseconds"), ("first byte", "firstByteMicroseconds"),
    ("transfer", "transferMicroseconds"),
  ]
  static let totalKey = "totalMicroseconds"
}

/// A phase that did not happen has no time.
private func timeCell(_ sample: JSONNode, _ key: String) -> Cell {
  guard let time = sample.figure(key), time > 0 else { return Cell(unknownText, .faint) }
  return Cell(phaseText(microseconds: time))
}

func sampleStyle(_ sample: JSONNode) -> Style {
  if sample.flag("skipped") { return .faint }
  if !sample.flag("ok") { return .bad }
  return sample.flag("slow") || sample.flag("warning") ? .warning : .good
}

func sampleMarks(_ sample: JSONNode) -> String {
  ["warning", "slow", "skipped", "confirmation", "maintenance", "blind"].filter(sample.flag).joined(
    separator: ", ")
}
