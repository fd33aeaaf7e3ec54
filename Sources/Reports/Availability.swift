import Base
import History
import Model
import Wire

/// How well groups of links did over a period.
func availabilityBody(
  _ question: AvailabilityQuestion, _ request: HistoryRequest,
  _ source: inout some HistorySource, _ isCancelled: () -> Bool
) throws -> [UInt8] {
  let span = cellSpan(for: question.period, now: request.now, in: source)
  let period = question.period.widened(toMultiplesOf: span.length)
  let grouped = try GroupedLinks(
    question.choice, by: question.grouping, from: period.from, isCancelled)
  var rows: [AvailabilityRow] = []
  var links = grouped.links[...]
  // A tally with its latencies takes a kilobyte; a row takes little.
  for first in stride(from: 0, to: grouped.groups.count, by: Limits.reportGroupsAtOnce) {
    let groups = first..<min(grouped.groups.count, first + Limits.reportGroupsAtOnce)
    let end = links.firstIndex { $0.group >= groups.upperBound } ?? links.endIndex
    var sums = GroupSums(groups: groups, question, period, span)
    try sums.add(links[..<end], now: request.now, &source, isCancelled)
    links = links[end...]
    for group in groups {
      rows.append(AvailabilityRow(grouped.groups[group], sums.sums[group - first], question))
    }
  }
  let total = rows.count
  sort(&rows, question)
  return request.isCSV
    ? csv(rows, question, period) : json(rows, total, question, period, span)
}

/// The figures of a group.
private struct AvailabilityRow {
  var group: LinkGroup
  var figures: Figures
  var p95: UInt32?
  var unknownShare: Double?
  /// How long the group might be down by its objective, in the time that is known.
  var budgetMilliseconds: Int64?
  /// The share of that which is used; nil where there is none.
  var budgetUsed: Double?
  var isMet: Bool?

  init(_ group: LinkGroup, _ sum: GroupSums.Sum, _ question: AvailabilityQuestion) {
    self.group = group
    var figures = Figures(
      sum.tally, passedMilliseconds: sum.passedMilliseconds,
      withMaintenance: question.withMaintenance)
    p95 = sum.tally.latency(permille: 950)
    // The distribution is a kilobyte and no longer needed.
    figures.tally.latencies = LatencyDistribution()
    self.figures = figures
    if sum.passedMilliseconds > 0 {
      unknownShare = Double(figures.unknownMilliseconds) / Double(sum.passedMilliseconds)
    }
    guard let objective = question.objectivePercent, let availability = figures.availability else {
      return
    }
    isMet = availability * 100 >= objective
    let budget = Double(counted(question).up + counted(question).down) * (100 - objective) / 100
    budgetMilliseconds = Int64(budget.rounded())
    if budget > 0 { budgetUsed = Double(counted(question).down) / budget }
  }

  /// The time that counts, as the question wants maintenance in or out.
  func counted(_ question: AvailabilityQuestion) -> (up: Int64, down: Int64) {
    let tally = figures.tally
    return question.withMaintenance
      ? (
        tally.upMilliseconds + tally.maintenanceUpMilliseconds,
        tally.downMilliseconds + tally.maintenanceDownMilliseconds
      )
      : (tally.upMilliseconds, tally.downMilliseconds)
  }

  /// The larger the worse; nil when nothing is known.
  func badness(_ order: AvailabilityQuestion.Order) -> Double? {
    switch order {
    case .availability: figures.availability.map { 1 - $0 }
    case .errorRate: figures.tally.errorRate
    case .p95: p95.map(Double.init)
    case .name: 0
    }
  }
}

/// The worst first, those of which nothing is known last; by name among equals.
private func sort(_ rows: inout [AvailabilityRow], _ question: AvailabilityQuestion) {
  if question.onlyKnown { rows.removeAll { $0.badness(question.order) == nil } }
  rows.sort { a, b in
    let (left, right) = (a.badness(question.order) ?? -1, b.badness(question.order) ?? -1)
    return left != right ? left > right : a.group.key < b.group.key
  }
  if rows.count > question.limit { rows.removeLast(rows.count - question.limit) }
}

private func json(
  _ rows: [AvailabilityRow], _ total: Int, _ question: AvailabilityQuestion, _ period: Period,
  _ span: CellSpan
) -> [UInt8] {
  var writer = JSONWriter()
  writer.beginObject()
  writer.member(period)
  writer.member("by", question.grouping.rawValue)
  writer.member("order", question.order.rawValue)
  writer.member("objectivePercent", question.objectivePercent)
  writer.member("maintenance", question.withMaintenance ? "include" : "exclude")
  writer.member("cells", "\(span.length)")
  writer.member("total", total)
  writer.key("groups")
  writer.beginArray()
  for row in rows { write(row, question, &writer) }
  writer.endArray()
  writer.endObject()
  return writer.bytes
}

private func write(
  _ row: AvailabilityRow, _ question: AvailabilityQuestion, _ writer: inout JSONWriter
) {
  let tally = row.figures.tally
  writer.beginObject()
  writer.member("group", row.group.key)
  writer.key("name")
  if let name = row.group.name {
    writer.beginObject()
    writer.member("en", name.en)
    writer.member("vi", name.vi)
    writer.endObject()
  } else {
    writer.null()
  }
  writer.member("links", row.group.links)
  writer.member("notConnected", row.group.notConnected)
  writer.member("availability", row.figures.availability)
  writer.member("met", row.isMet)
  writer.member("upMilliseconds", tally.upMilliseconds)
  writer.member("downMilliseconds", tally.downMilliseconds)
  writer.member("maintenanceUpMilliseconds", tally.maintenanceUpMilliseconds)
  writer.member("maintenanceDownMilliseconds", tally.maintenanceDownMilliseconds)
  writer.member("unknownMilliseconds", row.figures.unknownMilliseconds)
  writer.member("unknownShare", row.unknownShare)
  writer.member("budgetMilliseconds", row.budgetMilliseconds)
  writer.member("budgetUsed", row.budgetUsed)
  writer.member("attempts", tally.attemptsCounted)
  writer.member("failures", tally.failures)
  writer.member("errorRate", tally.errorRate)
  writer.member("p95Microseconds", row.p95)
  writer.endObject()
}

private func csv(
  _ rows: [AvailabilityRow], _ question: AvailabilityQuestion, _ period: Period
) -> [UInt8] {
  var csv = CSVWriter()
  csv.row([
    question.grouping.rawValue, "nameEn", "nameVi", "from", "to", "links", "notConnected",
    "availability", "objectivePercent", "met", "upMilliseconds", "downMilliseconds",
    "maintenanceUpMilliseconds", "maintenanceDownMilliseconds", "unknownMilliseconds",
    "unknownShare", "budgetMilliseconds", "budgetUsed", "attempts", "failures", "errorRate",
    "p95Microseconds",
  ])
  for row in rows {
    let tally = row.figures.tally
    csv.text(row.group.key)
    csv.text(row.group.name?.en)
    csv.text(row.group.name?.vi)
    csv.text("\(period.from)")
    csv.text("\(period.to)")
    csv.int(row.group.links)
    csv.int(row.group.notConnected)
    csv.double(row.figures.availability)
    csv.double(question.objectivePercent)
    csv.text(row.isMet.map { $0 ? "true" : "false" })
    csv.int(tally.upMilliseconds)
    csv.int(tally.downMilliseconds)
    csv.int(tally.maintenanceUpMilliseconds)
    csv.int(tally.maintenanceDownMilliseconds)
    csv.int(row.figures.unknownMilliseconds)
    csv.double(row.unknownShare)
    csv.int(row.budgetMilliseconds)
    csv.double(row.budgetUsed)
    csv.int(tally.attemptsCounted)
    csv.int(tally.failures)
    csv.double(tally.errorRate)
    csv.int(row.p95)
    csv.endRow()
  }
  return csv.bytes
}
