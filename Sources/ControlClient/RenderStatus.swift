import Model
import Wire

/// The links that are not well, for the end of `status`: the first of them, or why there are none.
enum WrongLinks {
  case listed(JSONNode)
  case notListed(String)

  /// Which links `status` asks for beside the figures.
  static var filter: LinkFilter {
    var filter = LinkFilter()
    filter.states = [.down, .degraded, .unknown]
    filter.limit = 50
    return filter
  }
}

/// The screen of `status`: a line for a monitoring plug-in's reader with performance data, the
/// services with their counts, the links that are not well.
func renderStatus(
  _ status: JSONNode, _ figures: HealthFigures, _ wrong: WrongLinks?, _ display: Display
) -> Page {
  var page = Page(display)
  page.row([
    Cell("LINKHEALTH \(figures.verdict.word)", figures.verdict.style),
    Cell(" - \(summary(status, figures)) | \(performanceData(status))"),
  ])
  renderDaemon(status, &page)
  renderServices(status.list("services"), &page)
  if let wrong { renderWrong(wrong, &page) }
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
  if figures.openIncidents > 0 {
    let incidents = counted(figures.openIncidents, "incident")
    parts.append("\(incidents) open (\(figures.criticalIncidents) critical)")
  }
  if !figures.isRecording { parts.append("samples are not recorded") }
  return parts.joined(separator: ", ")
}

/// Performance data of plug-ins, `'label'=value[unit];warn;crit;min;max`, `U` where not known
/// (Monitoring Plugins Development Guidelines, "Performance data").
private func performanceData(_ status: JSONNode) -> String {
  let links = status["links"]
  let total = links?.figure("total").map(String.init) ?? ""
  var data = ["up", "degraded", "down", "unknown", "planned", "notConnected", "paused"].map {
    "\($0)=\(value(links?.figure($0)));;;0;\(total)"
  }
  func add(_ label: String, _ figure: Int?, unit: String = "") {
    data.append("\(label)=\(value(figure, unit));;;0;")
  }
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
      Cell(", read \(timeText(configuration.text("loadedAt") ?? unknownText))"))
  }
  if let history = status["history"], !history.flag("recording") {
    page.line(Cell("not recording: \(history.text("problem") ?? "no reason told")", .bad))
  }
  if let problem = status["delivery"]?.text("problem") {
    page.line(Cell("delivery: \(problem)", .bad))
  }
  for receiver in status["delivery"]?.list("receivers") ?? [] {
    guard let problem = receiver.text("lastError") else { continue }
    let pending = receiver.figure("pending").map(String.init) ?? unknownText
    page.line(
      Cell(
        "receiver \(receiver.text("name") ?? unknownText): \(pending) pending, \(problem)",
        .warning))
  }
}

private func renderServices(_ services: [JSONNode], _ page: inout Page) {
  guard !services.isEmpty else { return }
  let counts = serviceCounts.filter { column in
    column.isAlwaysShown || services.contains { $0["links"]?.figure(column.key) != 0 }
  }
  var table = Table(
    [
      Column("SERVICE", isShrinkable: true), Column("NAME", isShrinkable: true, dropRank: 3),
      Column("OWNER", dropRank: 4),
    ] + counts.map { Column($0.title, .right, dropRank: $0.dropRank) })
  for service in services {
    let texts = [
      service.text("service"), service.name("name", page.display.language), service.text("owner"),
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
  ServiceCount("PAUSED", "paused", .warning, dropRank: 5),
  ServiceCount("PLANNED", "planned", .plain, dropRank: 2),
  ServiceCount("NOT CONNECTED", "notConnected", .plain, dropRank: 1),
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

private func renderWrong(_ wrong: WrongLinks, _ page: inout Page) {
  switch wrong {
  case .notListed(let reason):
    page.blank()
    page.line(Cell("The links that are not well could not be listed: \(reason)", .warning))
  case .listed(let answer):
    let links = answer.list("links")
    guard !links.isEmpty else { return }
    page.blank()
    page.table(linkTable(links))
    let rest = (answer.figure("total") ?? 0) - links.count
    if rest > 0 {
      let states = WrongLinks.filter.states.map(\.rawValue).joined(separator: ",")
      page.line(Cell("... and \(rest) more: linkhealthctl links --state \(states)"))
    }
  }
}
