/// The help on a command, or the overview of all of them.
package func renderHelp(_ command: Command?, _ display: Display) -> Page {
  var display = display
  display.columns = min(display.columns ?? textColumns, textColumns)
  var page = Page(display)
  if let command {
    renderHelp(on: command, &page)
  } else {
    renderOverview(&page)
  }
  return page
}

/// Prose is not set wider than this.
private let textColumns = 80

private func renderOverview(_ page: inout Page) {
  page.line(Cell("Asks linkhealthd how the links are, and tells it what to do."))
  page.blank()
  page.line(Cell("Usage: ", .strong), Cell("linkhealthctl COMMAND [OPTION...]"))
  page.blank()
  definitions(
    "Commands",
    Command.allCases.map { ($0.rawValue + spaced($0.spec.operands), $0.spec.summary) }, &page)
  page.blank()
  definitions("Options of every command", commonOptions.map(definition), &page)
  page.blank()
  page.line(
    Cell("Exit codes: ", .strong),
    Cell(
      "0 done, 1 refused or failed, 3 daemon not reachable, 64 wrong usage, 77 not permitted; "
        + "of status: 0 all up, 1 warning, 2 critical, 3 not known; of test-rules: 78 files with "
        + "mistakes."))
}

private func renderHelp(on command: Command, _ page: inout Page) {
  let spec = command.spec
  page.line(Cell(spec.summary))
  page.blank()
  page.line(
    Cell("Usage: ", .strong),
    Cell("linkhealthctl \(command.rawValue)\(spaced(spec.operands)) [OPTION...]"))
  if spec.operands == "LINK" {
    page.line(Cell("LINK is SERVICE/CONSUMER, such as land-database/ha-noi."))
  }
  if !spec.verbs.isEmpty {
    page.blank()
    definitions("Verbs", spec.verbs, &page)
  }
  if !spec.options.isEmpty {
    page.blank()
    definitions("Options", spec.options.map(definition), &page)
  }
  page.blank()
  definitions("Options of every command", commonOptions.map(definition), &page)
}

private func definition(_ option: OptionSpec) -> (term: String, text: String) {
  let more = option.isRepeatable ? " More than one: a,b or the option again." : ""
  return (option.name + spaced(option.value ?? ""), option.help + more)
}

private func spaced(_ text: String) -> String { text.isEmpty ? "" : " " + text }

private func definitions(
  _ title: String, _ list: [(term: String, text: String)], _ page: inout Page
) {
  page.line(Cell("\(title):", .strong))
  let width = list.map(\.term.count).max() ?? 0
  for (term, text) in list {
    let padding = String(repeating: " ", count: width - term.count + 2)
    page.line(Cell("  \(term)\(padding)\(text)"), hang: width + 4)
  }
}
