import Base
import Delivery
import Engine
import Model
import Reports
import Wire

/// The questions about the past that are not of one link; nil for another path.
func historyOfMany(
  _ segments: [String], _ request: HTTPRequestHead, _ engine: borrowing Engine, at now: Now
) throws(ControlError) -> ControlReply? {
  let query = HistoryQuery(request, now: now.wall)
  switch segments[1] {
  case "availability": return .history(try query.availability(engine))
  case "worst": return .history(try query.worst(engine))
  case "export": return .history(try query.export(engine))
  default: return nil
  }
}

/// The series of a link.
func history(
  of link: ReportedLink, _ request: HTTPRequestHead, at now: Now
) throws(ControlError) -> ControlReply {
  .history(try HistoryQuery(request, now: now.wall).series(link))
}

/// A window of a link beside that of the weeks before.
func comparison(
  of link: ReportedLink, _ request: HTTPRequestHead, at now: Now
) throws(ControlError) -> ControlReply {
  .history(try HistoryQuery(request, now: now.wall).comparison(link))
}

/// What a question about the past of one link asks, for who has its history and no daemon.
package func historyRequest(
  of link: ReportedLink, _ request: HTTPRequestHead, now: WallTime
) throws(ControlError) -> HistoryRequest {
  let query = HistoryQuery(request, now: now)
  return request.segments.last == "compare"
    ? try query.comparison(link) : try query.series(link)
}

/// Reads the parameters of questions about the past.
private struct HistoryQuery {
  let request: HTTPRequestHead
  let now: WallTime

  init(_ request: HTTPRequestHead, now: WallTime) {
    self.request = request
    self.now = now
  }

  // MARK: - One link

  func series(_ link: ReportedLink) throws(ControlError) -> HistoryRequest {
    try checkNames(["from", "to", "step", "probe", "percentiles", "format"])
    let period = try period(standard: .hours(24))
    let question = SeriesQuestion(
      link: link, probe: try probe(of: link), period: period, step: try step(for: period),
      percentiles: try percentiles())
    return HistoryRequest(.series(question), isCSV: try isCSV(), now: now)
  }

  func comparison(_ link: ReportedLink) throws(ControlError) -> HistoryRequest {
    try checkNames(["from", "to", "weeks", "probe", "percentiles", "format"])
    // The last hour that is over, unless told otherwise.
    let hour = now.roundedDown(to: .hours(1))
    let from = try time("from")
    let to = try time("to") ?? from.map { $0 + .hours(1) } ?? hour
    let period = try checked(Period(from: from ?? to - .hours(1), to: to), from: from, to: to)
    guard period.length <= .hours(24) else {
      throw bad("from, to: what is compared is at most a day long")
    }
    let question = ComparisonQuestion(
      link: link, probe: try probe(of: link), period: period,
      weeks: try number("weeks", 1...Limits.comparedWeeks) ?? Limits.comparedWeeks,
      percentiles: try percentiles())
    return HistoryRequest(.comparison(question), isCSV: try isCSV(), now: now)
  }

  // MARK: - Many links

  func availability(_ engine: borrowing Engine) throws(ControlError) -> HistoryRequest {
    var question = AvailabilityQuestion(
      choice: try choice(
        ["from", "to", "by", "objective", "maintenance", "latency", "order", "limit", "format"],
        engine),
      grouping: try word("by") ?? .ministry, period: try period(standard: .hours(24 * 30)),
      limit: try number("limit", 1...Limits.reportRows) ?? Limits.reportRows)
    question.objectivePercent = try objective()
    question.withMaintenance = try isIncluded("maintenance", standard: false)
    question.withLatencies = try isIncluded("latency", standard: true)
    question.order = try word("order") ?? .availability
    if question.order == .p95, !question.withLatencies {
      throw bad("order: p95 needs latencies; leave out latency=exclude")
    }
    return HistoryRequest(.availability(question), isCSV: try isCSV(), now: now)
  }

  func worst(_ engine: borrowing Engine) throws(ControlError) -> HistoryRequest {
    var question = AvailabilityQuestion(
      choice: try choice(
        ["from", "to", "objective", "maintenance", "order", "limit", "format"], engine),
      grouping: .link, period: try period(standard: .hours(24)),
      limit: try number("limit", 1...Limits.reportRows) ?? 10)
    question.objectivePercent = try objective()
    question.withMaintenance = try isIncluded("maintenance", standard: false)
    question.order = try word("order") ?? .availability
    guard question.order != .name else {
      throw bad("order: expected availability, errorRate or p95")
    }
    question.withLatencies = true
    question.onlyKnown = true
    return HistoryRequest(.availability(question), isCSV: try isCSV(), now: now)
  }

  func export(_ engine: borrowing Engine) throws(ControlError) -> HistoryRequest {
    let names = ["from", "to", "rows", "format", "cursor", "probe", "link"]
    var cursor: ExportCursor?
    if let text = request.query("cursor") {
      cursor = ExportCursor(text)
      if cursor == nil { throw bad("cursor: expected the next of the page before") }
    }
    let question = ExportQuestion(
      choice: try choice(names, engine, allRoles: true), probe: request.query("probe"),
      rows: try word("rows") ?? .samples, format: try word("format") ?? .csv,
      period: try period(standard: .hours(24)), cursor: cursor)
    return HistoryRequest(.export(question), now: now)
  }

  /// The links that the filters let through; hops and tokens only where they are asked for.
  private func choice(
    _ others: [String], _ engine: borrowing Engine, allRoles: Bool = false
  ) throws(ControlError) -> LinkChoice {
    var filter: LinkFilter
    do throws(BadQuery) {
      filter = try LinkFilter(query: request.query, others: others)
      try filter.checkNames(engine)
    } catch {
      throw ControlError(400, "badRequest", error.message)
    }
    guard filter.states.isEmpty else {
      throw bad("state: a state is of now; the past is chosen by from and to")
    }
    let link = try oneLink(others, engine)
    if filter.roles.isEmpty, !allRoles, link == nil { filter.roles = [LinkRole.service.rawValue] }
    let chosen = filter
    return LinkChoice(links: engine.loadBase.catalogue, starts: starts(engine)) { candidate in
      (link == nil || candidate.id == link) && chosen.passes(candidate)
    }
  }

  private func oneLink(
    _ names: [String], _ engine: borrowing Engine
  ) throws(ControlError) -> LinkID? {
    guard names.contains("link"), let text = request.query("link") else { return nil }
    guard let id = LinkID(text) else {
      throw bad("link: \(text) is no link's id; expected SERVICE/CONSUMER")
    }
    guard engine.linkIndex[id] != nil else {
      throw ControlError(404, "noSuchLink", "no link \(text)")
    }
    return id
  }

  /// Since when the links count that were planned.
  private func starts(_ engine: borrowing Engine) -> [(place: Int, time: WallTime?)] {
    var starts: [(place: Int, time: WallTime?)] = []
    for place in engine.links.indices where engine.links[place].link.planned != nil {
      starts.append((place, engine.links[place].connectedAt))
    }
    return starts
  }

  // MARK: - Times

  /// From `from` to `to`: to now unless told otherwise, and `standard` long.
  private func period(standard: TimeAmount) throws(ControlError) -> Period {
    let from = try time("from")
    let to = try time("to") ?? now
    return try checked(Period(from: from ?? to - standard, to: to), from: from, to: to)
  }

  private func checked(
    _ period: Period, from: WallTime?, to: WallTime
  ) throws(ControlError) -> Period {
    if let from, from >= to { throw bad("from: expected a time before to, which is \(to)") }
    guard period.length <= Limits.reportPeriodMaximum else {
      throw bad("from, to: they are more than \(Limits.reportPeriodMaximum) apart")
    }
    return period
  }

  private func time(_ name: String) throws(ControlError) -> WallTime? {
    guard let text = request.query(name) else { return nil }
    guard let time = wallTime(rfc3339: text) else {
      throw bad("\(name): expected a time such as 2025-11-07T01:02:03Z")
    }
    // Between 1980 and 2200 nothing that is added to it overflows.
    guard (315_532_800...7_258_118_400).contains(time.seconds) else {
      throw bad("\(name): expected a time from 1980 to 2199")
    }
    return time
  }

  private func step(for period: Period) throws(ControlError) -> TimeAmount {
    guard let text = request.query("step") else { return standardStep(for: period) }
    let unit = TimeAmount.minutes(5)
    guard let step = parseDuration(text), step >= unit, step <= Limits.reportPeriodMaximum,
      step.nanoseconds % unit.nanoseconds == 0
    else {
      throw bad("step: expected a multiple of \(unit), such as 15m")
    }
    let points = period.widened(toMultiplesOf: step).length.nanoseconds / step.nanoseconds
    guard points <= Limits.seriesPoints else {
      throw bad(
        "step: \(points) steps are more than \(Limits.seriesPoints);"
          + " take \(standardStep(for: period)) or a shorter time")
    }
    return step
  }

  /// The shortest of the usual steps that makes no more points than a terminal can show.
  private func standardStep(for period: Period) -> TimeAmount {
    let minutes: [Int64] = [5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880, 10_080, 43_200]
    return minutes.map(TimeAmount.minutes).first {
      period.length.nanoseconds / $0.nanoseconds <= Int64(Limits.seriesPointsWanted)
    } ?? .hours(24 * 60)
  }

  // MARK: - Words and numbers

  private func probe(of link: ReportedLink) throws(ControlError) -> String? {
    guard let name = request.query("probe") else { return nil }
    guard link.probes.contains(where: { $0.name == name }) else {
      throw ControlError(
        404, "notFound",
        "no probe \(name) here; there are: \(link.probes.map(\.name).joined(separator: ", "))")
    }
    return name
  }

  private func percentiles() throws(ControlError) -> [Percentile] {
    guard let text = request.query("percentiles") else { return Percentile.standard }
    var percentiles: [Percentile] = []
    for word in text.split(separator: ",") {
      guard let percentile = Percentile(String(word)) else {
        throw bad("percentiles: \(word) is none; expected such as p50,p95,p99.9")
      }
      if !percentiles.contains(percentile) { percentiles.append(percentile) }
    }
    guard (1...Limits.percentilesPerAnswer).contains(percentiles.count) else {
      throw bad("percentiles: expected 1 to \(Limits.percentilesPerAnswer) of them")
    }
    return percentiles
  }

  private func objective() throws(ControlError) -> Double? {
    guard let text = request.query("objective") else { return nil }
    let isPlain = text.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E }
    guard isPlain, text.utf8.count <= 12, let value = Double(text), value > 0, value <= 100 else {
      throw bad("objective: expected percent above 0 and at most 100, such as 99.5")
    }
    return value
  }

  private func isIncluded(_ name: String, standard: Bool) throws(ControlError) -> Bool {
    switch request.query(name) {
    case nil: standard
    case "include": true
    case "exclude": false
    default: throw bad("\(name): expected include or exclude")
    }
  }

  private func isCSV() throws(ControlError) -> Bool {
    switch request.query("format") {
    case nil, "json": false
    case "csv": true
    default: throw bad("format: expected json or csv")
    }
  }

  private func word<Word: RawRepresentable<String> & CaseIterable>(
    _ name: String
  ) throws(ControlError) -> Word? {
    // The two names of what a ministry owns.
    guard let text = request.query(name).map(Self.synonym) else { return nil }
    guard let word = Word(rawValue: text) else {
      let known = Word.allCases.map(\.rawValue)
      throw bad(
        "\(name): expected one of \(known.joined(separator: ", "))"
          + suggestion(text, among: known))
    }
    return word
  }

  private static func synonym(_ word: String) -> String {
    switch word {
    case "owner": "ministry"
    case "consumer": "province"
    // What these cells are called in the configuration, and were once called here.
    case "minutes": "fiveMinutes"
    default: word
    }
  }

  private func number(_ name: String, _ range: ClosedRange<Int>) throws(ControlError) -> Int? {
    guard let text = request.query(name) else { return nil }
    guard let value = Int(text), range.contains(value) else {
      throw bad(
        "\(name): expected a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// Refuses parameters that nobody reads, so that a misspelt one is not passed over.
  private func checkNames(_ known: [String]) throws(ControlError) {
    for (name, _) in request.query where !known.contains(name) {
      throw bad("no parameter \(name)" + suggestion(name, among: known))
    }
  }

  private func bad(_ message: String) -> ControlError { ControlError(400, "badRequest", message) }
}
