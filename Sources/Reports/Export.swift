import Base
import History
import Model
import Wire

/// Where a page of an export ended: the probe, the time of the first row that was not written, and how
/// many rows of that very time were.
package struct ExportCursor: Sendable, Hashable, CustomStringConvertible {
  package var link: LinkID
  package var probe: String
  package var time: WallTime
  package var skip: Int

  package init(link: LinkID, probe: String, time: WallTime, skip: Int) {
    self.link = link
    self.probe = probe
    self.time = time
    self.skip = skip
  }

  /// Times in milliseconds, as samples and cells have them: `civil-registry/hue:1762477323000:0:http`.
  package var description: String { "\(link):\(time.milliseconds):\(skip):\(probe)" }

  /// Nil for a text that no page ended with.
  package init?(_ text: String) {
    let parts = text.split(separator: ":", maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 4, let link = LinkID(String(parts[0])),
      let milliseconds = Int64(parts[1]), (0...Self.latestMilliseconds).contains(milliseconds),
      let skip = Int(parts[2]), (0...Limits.samplesPerAnswer).contains(skip),
      (1...256).contains(parts[3].utf8.count)
    else { return nil }
    self.init(
      link: link, probe: String(parts[3]), time: WallTime(milliseconds: milliseconds), skip: skip)
  }

  /// The year 2200: no time behind it overflows when a period is added.
  private static let latestMilliseconds: Int64 = 7_258_118_400_000
}

/// A page of an export: rows as text, and the cursor of the next page, null after the last row.
func exportBody(
  _ question: ExportQuestion, _ request: HistoryRequest, _ source: inout some HistorySource,
  _ isCancelled: () -> Bool
) throws -> [UInt8] {
  var page = ExportPage(question, now: request.now)
  try page.fill(from: &source, isCancelled)
  var writer = JSONWriter()
  writer.beginObject()
  writer.member("format", question.format.rawValue)
  writer.member("next", page.next.map { "\($0)" })
  writer.member("text", String(decoding: page.bytes, as: UTF8.self))
  writer.endObject()
  return writer.bytes
}

/// Links in the order of their ids, of each its probes in the order of theirs, of each its rows in the
/// order of time: so a page begins where the one before ended, whatever a reload did in between.
private struct ExportPage {
  let question: ExportQuestion
  private let now: WallTime
  private(set) var next: ExportCursor?
  private(set) var bytes: [UInt8] = []
  /// Questions to the source that were answered for this page, a bound on its time.
  private var windows = 0

  init(_ question: ExportQuestion, now: WallTime) {
    self.question = question
    self.now = now
    if question.cursor == nil, question.format == .csv {
      var csv = CSVWriter()
      csv.row(question.rows == .samples ? sampleColumns : cellColumns)
      bytes = csv.bytes
    }
  }

  mutating func fill(
    from source: inout some HistorySource, _ isCancelled: () -> Bool
  ) throws {
    for place in places() {
      let link = ReportedLink(question.choice.links[place])
      for probe in link.probes.sorted(by: { $0.name < $1.name }) {
        if let name = question.probe, name != probe.name { continue }
        guard let start = start(of: probe, of: link) else { continue }
        let walk = ProbeWalk(link: link, probe: probe, start: start)
        next =
          question.rows == .samples
          ? try addSamples(walk, &source, isCancelled) : try addCells(walk, &source, isCancelled)
        if next != nil { return }
      }
    }
  }

  /// The links that are still to come.
  private func places() -> [Int] {
    let links = question.choice.links
    let places = links.indices.filter { place in
      if let cursor = question.cursor, links[place].id < cursor.link { return false }
      return question.choice.passes(links[place])
    }
    return places.sorted { links[$0].id < links[$1].id }
  }

  /// Where to begin; nil for a probe that was exported before the cursor.
  private func start(
    of probe: ReportedLink.Probe, of link: ReportedLink
  ) -> (time: WallTime, skip: Int)? {
    guard let cursor = question.cursor, cursor.link == link.id, probe.name <= cursor.probe else {
      return (question.period.from, 0)
    }
    if probe.name < cursor.probe { return nil }
    return cursor.time >= question.period.from
      ? (cursor.time, cursor.skip) : (question.period.from, 0)
  }

  private var isFull: Bool {
    bytes.count >= Limits.exportPageBytes || windows >= Limits.exportPageWindows
  }

  // MARK: - Samples

  private mutating func addSamples(
    _ walk: ProbeWalk, _ source: inout some HistorySource, _ isCancelled: () -> Bool
  ) throws -> ExportCursor? {
    var (from, skip) = walk.start
    var length = min(max(walk.probe.every * 128, .minutes(5)), .hours(24))
    let end = min(question.period.to, now + .hours(24))
    while from < end {
      if isCancelled() { throw HistoryCancelled() }
      if isFull { return walk.cursor(from, skip) }
      let to = min(end, from + length)
      let limit = Limits.exportSamplesAtOnce
      windows += 1
      var samples = try source.samples(of: walk.key, in: from..<to, limit: limit + 1)
      if samples.count > limit {
        // The source hands over the last ones; these are too many, so the window is cut.
        if to - from > .milliseconds(1) {
          length = max(.milliseconds(1), TimeAmount.milliseconds((to - from).milliseconds / 4))
          continue
        }
        samples = try source.samples(of: walk.key, in: from..<to, limit: Limits.samplesPerAnswer)
      }
      if let cursor = add(samples, walk, skip: skip, at: from) { return cursor }
      skip = 0
      from = to
      if samples.count < limit / 4 { length = min(length * 2, .hours(24 * 32)) }
    }
    return nil
  }

  /// Adds rows until the page is full.
  private mutating func add(
    _ samples: [Sample], _ walk: ProbeWalk, skip: Int, at from: WallTime
  ) -> ExportCursor? {
    // A clock that was set back leaves them out of order; those of one time stay in theirs.
    let order = samples.indices.sorted {
      (samples[$0].time.milliseconds, $0) < (samples[$1].time.milliseconds, $1)
    }
    var sameTime = (milliseconds: from.milliseconds, count: 0)
    for index in order {
      let milliseconds = samples[index].time.milliseconds
      if milliseconds != sameTime.milliseconds { sameTime = (milliseconds, 0) }
      defer { sameTime.count += 1 }
      if milliseconds == from.milliseconds, sameTime.count < skip { continue }
      if bytes.count >= Limits.exportPageBytes {
        return walk.cursor(WallTime(milliseconds: milliseconds), sameTime.count)
      }
      bytes +=
        question.format == .csv
        ? sampleLine(csv: samples[index], walk)
        : sampleLine(json: samples[index], walk)
    }
    return nil
  }

  // MARK: - Cells

  private mutating func addCells(
    _ walk: ProbeWalk, _ source: inout some HistorySource, _ isCancelled: () -> Bool
  ) throws -> ExportCursor? {
    let span: CellSpan = question.rows == .hours ? .hour : .fiveMinutes
    let length = span.length * Int64(Limits.exportCellsAtOnce)
    let end = min(question.period.to, now + .hours(24))
    var from = walk.start.time
    while from < end {
      if isCancelled() { throw HistoryCancelled() }
      if isFull { return walk.cursor(from, 0) }
      let to = min(end, from + length)
      windows += 1
      var cells: [Cell] = []
      try source.cells(of: walk.key, in: from..<to, span: span, withLatencies: true) { cell in
        cells.merge([copy cell])
      }
      for cell in cells {
        if bytes.count >= Limits.exportPageBytes { return walk.cursor(cell.start, 0) }
        bytes += question.format == .csv ? line(csv: cell, walk) : line(json: cell, walk)
      }
      from = to
    }
    return nil
  }

  private func line(csv cell: Cell, _ walk: ProbeWalk) -> [UInt8] {
    var csv = CSVWriter()
    csv.text("\(walk.link.id)")
    csv.text(walk.probe.name)
    csv.text("\(cell.start)")
    csv.text("\(cell.end)")
    figures(of: cell).write(Percentile.standard, to: &csv)
    csv.endRow()
    return csv.bytes
  }

  private func line(json cell: Cell, _ walk: ProbeWalk) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("link", "\(walk.link.id)")
    writer.member("probe", walk.probe.name)
    writer.member(Period(from: cell.start, to: cell.end))
    figures(of: cell).write(Percentile.standard, to: &writer)
    writer.endObject()
    return writer.bytes + [0x0A]
  }

  private func figures(of cell: Cell) -> Figures {
    let period = Period(from: cell.start, to: cell.end)
    return Figures(
      cell.tally, passedMilliseconds: period.passedMilliseconds(at: now, from: cell.start))
  }
}

private let cellColumns =
  ["link", "probe", "from", "to"] + Figures.columns(Percentile.standard)

/// A probe on its way through its rows.
struct ProbeWalk {
  var link: ReportedLink
  var probe: ReportedLink.Probe
  var start: (time: WallTime, skip: Int)

  var key: ProbeKey { link.key(probe) }

  func cursor(_ time: WallTime, _ skip: Int) -> ExportCursor {
    ExportCursor(link: link.id, probe: probe.name, time: time, skip: skip)
  }
}
