import Base
import History
import Model
import Wire

/// The series of a link, and of each of its probes where there are several, or of one probe.
func seriesBody(
  _ question: SeriesQuestion, _ request: HistoryRequest, _ source: inout some HistorySource,
  _ isCancelled: () -> Bool
) throws -> [UInt8] {
  var question = question
  if !source.isFinelyKept(from: question.period.from, now: request.now) {
    // No finer than what is kept.
    let hour = CellSpan.hour.length
    let hours = (question.step.nanoseconds + hour.nanoseconds - 1) / hour.nanoseconds
    question.step = hour * hours
  }
  let period = question.period.widened(toMultiplesOf: question.step)
  let span: CellSpan =
    question.step.nanoseconds % CellSpan.hour.length.nanoseconds == 0 ? .hour : .fiveMinutes
  var answer = SeriesAnswer(question, request, period, span)
  let reader = StretchReader(question.link, period, span, step: question.step)
  if let name = question.probe {
    let probes = question.link.probes.filter { $0.name == name }
    answer.write(probe: name, try reader.tallies(of: probes, &source, isCancelled))
  } else {
    let required = question.link.probes.filter(\.isRequired)
    answer.write(probe: nil, try reader.tallies(of: required, &source, isCancelled))
    if question.link.probes.count > 1 {
      for probe in question.link.probes {
        answer.write(probe: probe.name, try reader.tallies(of: [probe], &source, isCancelled))
      }
    }
  }
  return answer.finish()
}

/// Reads stretches of equal length of some probes of one link.
struct StretchReader {
  let link: ReportedLink
  let period: Period
  let span: CellSpan
  let step: TimeAmount

  /// - Parameter step: a multiple of the span's length; the period is a multiple of it.
  init(_ link: ReportedLink, _ period: Period, _ span: CellSpan, step: TimeAmount) {
    self.link = link
    self.period = period
    self.span = span
    self.step = step
  }

  /// What the probes showed together: attempts and latencies of all, time as a link has it of which
  /// all of these are required.
  func tallies(
    of probes: [ReportedLink.Probe], _ source: inout some HistorySource, _ isCancelled: () -> Bool
  ) throws -> [Tally] {
    let count = Int(period.length.nanoseconds / step.nanoseconds)
    var tallies = [Tally](repeating: Tally(), count: count)
    guard count > 0, !probes.isEmpty else { return tallies }
    let cellsPerStep = Int(step.nanoseconds / span.length.nanoseconds)
    var grid = TimeGrid(probes: probes.count, period: period.from..<period.to, span: span)
    for (index, probe) in probes.enumerated() {
      if isCancelled() { throw HistoryCancelled() }
      try source.cells(
        of: link.key(probe), in: period.from..<period.to, span: span, withLatencies: true
      ) { cell in
        guard let place = grid.place(of: cell.start) else { return }
        grid.add(cell.tally, probe: index, place: place)
        tallies[place / cellsPerStep].add(cell.tally)
      }
    }
    for step in tallies.indices {
      var time = TimeShares()
      for place in step * cellsPerStep..<(step + 1) * cellsPerStep {
        time.add(grid.time(ofLink: probes.indices, place: place))
      }
      tallies[step].setTime(time)
    }
    return tallies
  }
}

/// The answer while it is written.
private struct SeriesAnswer {
  private let question: SeriesQuestion
  private let request: HistoryRequest
  private let period: Period
  private var writer = JSONWriter()
  private var csv = CSVWriter()

  init(
    _ question: SeriesQuestion, _ request: HistoryRequest, _ period: Period, _ span: CellSpan
  ) {
    self.question = question
    self.request = request
    self.period = period
    csv.row(["link", "probe", "from", "to"] + Figures.columns(question.percentiles))
    writer.beginObject()
    writer.member("link", "\(question.link.id)")
    writer.member(period)
    writer.member("step", "\(question.step)")
    writer.member("stepMilliseconds", question.step.milliseconds)
    writer.member("cells", "\(span.length)")
    writer.key("percentiles")
    writer.beginArray()
    for percentile in question.percentiles { writer.string(percentile.name) }
    writer.endArray()
    writer.key("series")
    writer.beginArray()
  }

  mutating func write(probe: String?, _ tallies: [Tally]) {
    if !request.isCSV {
      writer.beginObject()
      writer.member("probe", probe)
      writer.key("points")
      writer.beginArray()
    }
    for (place, tally) in tallies.enumerated() {
      let from = period.from + question.step * Int64(place)
      write(probe, Period(from: from, to: from + question.step), tally)
    }
    if !request.isCSV {
      writer.endArray()
      writer.endObject()
    }
  }

  private mutating func write(_ probe: String?, _ stretch: Period, _ tally: Tally) {
    // A step that is still to come says nothing.
    guard stretch.from < request.now else { return }
    let figures = Figures(
      tally, passedMilliseconds: stretch.passedMilliseconds(at: request.now, from: stretch.from))
    if request.isCSV {
      csv.text("\(question.link.id)")
      csv.text(probe)
      csv.text("\(stretch.from)")
      csv.text("\(stretch.to)")
      figures.write(question.percentiles, to: &csv)
      csv.endRow()
    } else {
      writer.beginObject()
      writer.member("from", "\(stretch.from)")
      figures.write(question.percentiles, to: &writer)
      writer.endObject()
    }
  }

  mutating func finish() -> [UInt8] {
    if request.isCSV { return csv.bytes }
    writer.endArray()
    writer.endObject()
    return writer.bytes
  }
}
