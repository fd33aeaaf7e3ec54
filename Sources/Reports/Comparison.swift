import Base
import History
import Model
import Wire

/// A window of a link beside the same window of the weeks before.
func comparisonBody(
  _ question: ComparisonQuestion, _ request: HistoryRequest, _ source: inout some HistorySource,
  _ isCancelled: () -> Bool
) throws -> [UInt8] {
  let week = TimeAmount.hours(24 * 7)
  let oldest = Period(
    from: question.period.from - week * Int64(question.weeks), to: question.period.to)
  // All windows from cells of one length, so that they compare.
  let isFine =
    question.period.length <= .hours(48) && source.isFinelyKept(from: oldest.from, now: request.now)
  let span: CellSpan = isFine ? .fiveMinutes : .hour
  let period = question.period.widened(toMultiplesOf: span.length)
  let probes = question.link.probes.filter { probe in
    question.probe.map { $0 == probe.name } ?? probe.isRequired
  }
  var windows: [ComparedWindow] = []
  for weeks in 0...question.weeks {
    let back = week * Int64(weeks)
    let window = Period(from: period.from - back, to: period.to - back)
    let reader = StretchReader(question.link, window, span, step: window.length)
    let tally =
      window.length > .zero
      ? try reader.tallies(of: probes, &source, isCancelled).first ?? Tally() : Tally()
    let passed = window.passedMilliseconds(at: request.now, from: window.from)
    windows.append(
      ComparedWindow(
        weeksAgo: weeks, period: window, figures: Figures(tally, passedMilliseconds: passed)))
  }
  return request.isCSV ? csv(windows, question) : json(windows, question)
}

private struct ComparedWindow {
  var weeksAgo: Int
  var period: Period
  var figures: Figures
}

private func csv(_ windows: [ComparedWindow], _ question: ComparisonQuestion) -> [UInt8] {
  var csv = CSVWriter()
  csv.row(["link", "probe", "weeksAgo", "from", "to"] + Figures.columns(question.percentiles))
  for window in windows {
    csv.text("\(question.link.id)")
    csv.text(question.probe)
    csv.int(window.weeksAgo)
    csv.text("\(window.period.from)")
    csv.text("\(window.period.to)")
    window.figures.write(question.percentiles, to: &csv)
    csv.endRow()
  }
  return csv.bytes
}

private func json(_ windows: [ComparedWindow], _ question: ComparisonQuestion) -> [UInt8] {
  var writer = JSONWriter()
  writer.beginObject()
  writer.member("link", "\(question.link.id)")
  writer.member("probe", question.probe)
  writer.key("percentiles")
  writer.beginArray()
  for percentile in question.percentiles { writer.string(percentile.name) }
  writer.endArray()
  writer.key("windows")
  writer.beginArray()
  for window in windows {
    writer.beginObject()
    writer.member("weeksAgo", window.weeksAgo)
    writer.member(window.period)
    window.figures.write(question.percentiles, to: &writer)
    if window.weeksAgo > 0 {
      writer.key("change")
      change(from: window.figures, to: windows[0].figures, question.percentiles, &writer)
    }
    writer.endObject()
  }
  writer.endArray()
  writer.endObject()
  return writer.bytes
}

/// How the present differs from a window before: shares as differences, latencies as ratios; null where
/// either is not known.
private func change(
  from former: Figures, to present: Figures, _ percentiles: [Percentile],
  _ writer: inout JSONWriter
) {
  func difference(_ a: Double?, _ b: Double?) -> Double? {
    if let a, let b { b - a } else { nil }
  }
  writer.beginObject()
  writer.member("availability", difference(former.availability, present.availability))
  writer.member("errorRate", difference(former.tally.errorRate, present.tally.errorRate))
  for percentile in percentiles {
    let before = former.tally.latency(permille: percentile.permille)
    let after = present.tally.latency(permille: percentile.permille)
    var ratio: Double?
    if let before, let after, before > 0 { ratio = Double(after) / Double(before) }
    writer.member("\(percentile.name)Ratio", ratio)
  }
  writer.endObject()
}
