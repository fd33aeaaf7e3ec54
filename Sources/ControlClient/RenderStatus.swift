import Model
import Wire

/// What `status` has learnt so far.
struct StatusAnswers: Sendable {
  /// An answer beside the figures, or why there is none.
  enum Part: Sendable {
    case had(JSONNode)
    case notHad(String)
  }

  var node: JSONNode
  var figures: HealthFigures
  var matrix: Part?
  /// The links that are not well, the first of them.
  var wrong: Part?

  /// Which links `status` asks for beside the figures.
  static var wrongLinks: LinkFilter {
    var filter = LinkFilter()
    filter.states = [.down, .degraded, .unknown]
    filter.limit = 50
    return filter
  }

  /// Whether no link is down, degraded or unknown, hops and tokens included.
  var isWell: Bool {
    ["links", "hops", "tokens", "canaries"].allSatisfy { group in
      StatusAnswers.wrongLinks.states.allSatisfy { node[group]?.figure($0.rawValue) ?? 0 == 0 }
    }
  }
}

/// The screen of `status`: a line for a monitoring plug-in's reader with performance data, the
/// services with their counts, the matrix, the links that are not well.
func renderStatus(_ answers: StatusAnswers, _ display: Display) -> Page {
  let (status, figures) = (answers.node, answers.figures)
  var page = Page(display)
  page.row([
    Cell("LINKHEALTH \(figures.verdict.word)", figures.verdict.style),
    Cell(" - \(summary(status, figures)) | \(performanceData(status))"),
  ])
  renderDaemon(status, &page)
  if status["blind"]?.bool == true {
    page.line(
      Cell("this monitor may be blind: nothing is said of links until it sees again", .bad))
  }
  renderApart("hops", status["hops"], &page)
  renderApart("tokens", status["tokens"], &page)
  renderApart("canaries", status["canaries"], &page)
  renderHosts(status.list("hosts"), &page)
  renderServices(status.list("services"), &page)
  if let matrix = answers.matrix { renderMatrix(matrix, &page) }
  if let wrong = answers.wrong { renderWrong(wrong, &page) }
  // A second bar would start performance data anew for the reader of plug-ins.
  page.replaceAfterFirstLine("|", with: "/")
  return page
}

/// The screen of `status` when there is nothing to show but the reason.
func renderNoStatus(_ message: String, _ display: Display) -> Page {
  var page = Page(display)
  page.line(
    Cell("LINKHEALTH \(Health.unknown.word)", Health.unknown.style),
    Cell(" - \(message)").replacing("|", with: "/"))
  return page
}

private func summary(_ status: JSONNode, _ figures: HealthFigures) -> String {
  var parts: [String] = []
  let total = status["links"]?.figure("total").map { counted($0, "link") } ?? "\(unknownText) links"
  parts.append("\(figures.up) of \(total) up")
  if figures.down > 0 { parts.append("\(figures.down) down") }
  if figures.degraded > 0 { parts.append("\(figures.degraded) degraded") }
  if figures.unknown > 0 { parts.append("\(figures.unknown) unknown") }
  for (key, words) in [("planned", "planned"), ("notConnected", "not connected")] {
    if let count = status["links"]?.figure(key), count > 0 { parts.append("\(count) \(words)") }
  }
  // Marks lie over the states: these links are counted above already.
  var marks: [String] = []
  for (key, words) in [
    ("overdue", "overdue"), ("paused", "paused"), ("maintenance", "not up in maintenance"),
  ] {
    if let count = status["links"]?.figure(key), count > 0 { marks.append("\(count) \(words)") }
  }
  if !marks.isEmpty { parts[parts.count - 1] += " (of these \(marks.joined(separator: ", ")))" }
  if figures.openIncidents > 0 {
    let incidents = counted(figures.openIncidents, "incident")
    let planned = figures.maintenance.incidents
    parts.append(
      "\(incidents) open (\(figures.criticalIncidents) critical"
        + (planned > 0 ? ", \(planned) in maintenance)" : ")"))
  }
  if !figures.isRecording { parts.append("samples are not recorded") }
  return parts.joined(separator: ", ")
}

/// Performance data of plug-ins, `'label'=value[unit];warn;crit;min;max`, `U` where not known
/// (Monitoring Plugins Development Guidelines, "Performance data").
private func performanceData(_ status: JSONNode) -> String {
  let links = status["links"]
  let total = links?.figure("total").map(String.init) ?? ""
  var data = [
    "up", "degraded", "down", "unknown", "planned", "notConnected", "paused", "overdue",
    "maintenance",
  ]
  .map {
    "\($0)=\(value(links?.figure($0)));;;0;\(total)"
  }
  func add(_ label: String, _ figure: Int?, unit: String = "") {
    data.append("\(label)=\(value(figure, unit));;;0;")
  }
  add("hopsDown", status["hops"]?.figure("down"))
  add("tokensDown", status["tokens"]?.figure("down"))
  add("incidents", status["incidents"]?.figure("open"))
  add("inFlight", status["schedule"]?.figure("inFlight"))
  add("skipped", status["schedule"]?.figure("skipped"), unit: "c")
  add("latenessP99", status["schedule"]?["latenessMicroseconds"]?.figure("p99"), unit: "us")
  add("deliveryPending", status["delivery"]?.figure("pending"))
  add("resident", status["memory"]?.figure("residentBytes"), unit: "B")
  return data.joined(separator: " ")
}

private func value(_ figure: Int?, _ unit: String = "") -> String {
  figure.map { "\($0)\(unit)" } ?? "U"
}

private func renderDaemon(_ status: JSONNode, _ page: inout Page) {
  var daemon = "linkhealthd \(status.text("version") ?? unknownText)"
  if let vantage = status.text("vantage") { daemon += ", vantage \(vantage)" }
  if let uptime = status.figure("uptimeMilliseconds") {
    daemon += ", up for \(spanText(milliseconds: uptime))"
  }
  page.line(Cell(daemon))
  if let configuration = status["configuration"] {
    page.line(
      Cell("configuration \(configuration.text("file") ?? unknownText)"),
      Cell(", read \(timeText(configuration.text("loadedAt") ?? unknownText, page.display))"))
  }
  if let history = status["history"], !history.flag("recording") {
    page.line(Cell("not recording: \(history.text("problem") ?? "no reason told")", .bad))
  }
  if let problem = status["delivery"]?.text("problem") {
    page.line(Cell("delivery: \(problem)", .bad))
  }
  if let clock = status["clock"] { renderClock(clock, &page) }
  renderQuietCounts(status, &page)
  for receiver in status["delivery"]?.list("receivers") ?? [] {
    guard let problem = receiver.text("lastError") else { continue }
    let pending = receiver.figure("pending").map(String.init) ?? unknownText
    page.line(
      Cell(
        "receiver \(receiver.text("name") ?? unknownText): \(pending) pending, \(problem)",
        .warning))
  }
}

/// A clock that is right is no news.
private func renderClock(_ clock: JSONNode, _ page: inout Page) {
  switch clock.text("state") {
  case "unsynchronised":
    let since = clock.text("since").map { time in
      let before = clock.flag("sinceStart") ? ", when the daemon began to look, or longer" : ""
      return " since \(timeText(time, page.display))\(before)"
    }
    page.line(Cell("clock: not synchronised\(since ?? ""): times may be wrong", .warning))
  case "unknown":
    let problem = clock.text("problem").map { ": \($0)" } ?? ""
    page.line(Cell("clock: not known whether it is synchronised\(problem)", .faint))
  default: break
  }
}

/// The counts of links that stand apart from those of services, in one line.
private func renderApart(_ noun: String, _ counts: JSONNode?, _ page: inout Page) {
  guard let counts, let total = counts.figure("total"), total > 0 else { return }
  var cells = [Cell("\(noun): \(counts.figure("up") ?? 0) of \(total) up")]
  for state in LinkState.allCases where state != .up {
    guard let count = counts.figure(state.rawValue), count > 0 else { continue }
    let words = state == .notConnected ? "not connected" : state.rawValue
    cells += [Cell(", "), Cell("\(count) \(words)", style(ofState: state.rawValue))]
  }
  page.line(cells)
}

/// The hosts that the politeness budget kept something from.
private func renderHosts(_ hosts: [JSONNode], _ page: inout Page) {
  let refused = hosts.filter { $0.figure("refused") ?? 0 > 0 }
  for host in refused.prefix(hostsShown) {
    let budget = host.figure("budgetPerMinute").map { " of \($0)" } ?? ""
    page.line(
      Cell(
        "host \(host.text("host") ?? unknownText): \(host.figure("refused") ?? 0) put off, its "
          + "budget was spent (\(host.figure("requestsLastMinute") ?? 0)\(budget) requests in the "
          + "last minute)", .warning))
  }
  if refused.count > hostsShown {
    page.line(Cell("... and \(counted(refused.count - hostsShown, "more host"))", .warning))
  }
}

private let hostsShown = 5

private func renderServices(_ services: [JSONNode], _ page: inout Page) {
  guard !services.isEmpty else { return }
  let counts = serviceCounts.filter { column in
    column.isAlwaysShown || services.contains { ($0["links"]?.figure(column.key) ?? 0) != 0 }
  }
  var table = Table(
    [
      Column("SERVICE", isShrinkable: true), Column("NAME", isShrinkable: true, dropRank: 1),
      Column("OWNER", dropRank: 4),
    ] + counts.map { Column($0.title, .right, dropRank: $0.dropRank) })
  for service in services {
    let texts = [
      service.text("service"), service.name("name", page.display.language),
      // Where each consumer has a system of its own there is no one owner.
      service["owner"]?.isNull == true ? "each its own" : service.text("owner"),
    ]
    table.row(
      texts.map { Cell($0 ?? unknownText) }
        + counts.map { countCell(service["links"]?.figure($0.key), $0.style) })
  }
  page.blank()
  page.table(table)
}

/// The counts of a service's links. Those that are 0 for all services are left out, save the first.
private let serviceCounts = [
  ServiceCount("LINKS", "total", .plain, isAlwaysShown: true),
  ServiceCount("UP", "up", .good, isAlwaysShown: true),
  ServiceCount("DOWN", "down", .bad, isAlwaysShown: true),
  ServiceCount("DEGRADED", "degraded", .warning),
  ServiceCount("UNKNOWN", "unknown", .warning),
  ServiceCount("PLANNED", "planned", .plain, dropRank: 5),
  ServiceCount("NOT CONNECTED", "notConnected", .plain, dropRank: 6),
  // Marks: their links are in the columns before as well.
  ServiceCount("(PAUSED)", "paused", .warning, dropRank: 2),
  ServiceCount("(OVERDUE)", "overdue", .warning, dropRank: 3),
  ServiceCount("(MAINTENANCE)", "maintenance", .warning, dropRank: 1),
]

private struct ServiceCount {
  let title: String
  let key: String
  let style: Style
  let isAlwaysShown: Bool
  let dropRank: Int?

  init(
    _ title: String, _ key: String, _ style: Style, isAlwaysShown: Bool = false,
    dropRank: Int? = nil
  ) {
    self.title = title
    self.key = key
    self.style = style
    self.isAlwaysShown = isAlwaysShown
    self.dropRank = dropRank
  }
}

private func countCell(_ count: Int?, _ style: Style) -> Cell {
  guard let count else { return Cell(unknownText, .faint) }
  return Cell(String(count), count == 0 ? .faint : style)
}

private func renderWrong(_ wrong: StatusAnswers.Part, _ page: inout Page) {
  switch wrong {
  case .notHad(let reason):
    page.blank()
    page.line(Cell("The links that are not well could not be listed: \(reason)", .warning))
  case .had(let answer):
    let links = answer.list("links")
    guard !links.isEmpty else { return }
    page.blank()
    let total = answer.figure("total") ?? links.count
    page.line(
      Cell(
        "\(counted(total, "link")) down, degraded or unknown, hops, tokens and canaries among them"
          + (total > links.count ? "; the first \(links.count):" : ":"), .faint))
    page.table(linkTable(links, page.display))
    let rest = (answer.figure("total") ?? 0) - links.count
    if rest > 0 {
      let states = StatusAnswers.wrongLinks.states.map(\.rawValue).joined(separator: ",")
      page.line(Cell("... and \(rest) more: linkhealthctl links --state \(states)"))
    }
  }
}
