import Base
import Model
import Wire

/// What `pause` and `resume` did.
func renderPaused(_ answer: JSONNode, _ link: LinkID, reason: String?, _ display: Display) -> Page {
  var page = Page(display)
  let name = answer.text("link") ?? link.description
  switch answer["paused"]?.bool {
  case true?:
    page.line(Cell("\(name) is paused" + (reason.map { ": \($0)" } ?? "")))
    page.line(Cell("No traffic goes to it until: linkhealthctl resume \(name)"))
  case false?: page.line(Cell("\(name) is resumed"))
  case nil: page.line(Cell("\(name): the daemon does not say whether it is paused", .warning))
  }
  return page
}

/// The mistakes for which the daemon refused a configuration, one a line, as compilers tell them.
func renderComplaints(_ complaints: [JSONNode], _ display: Display) -> Page {
  var page = Page(display)
  for complaint in complaints {
    var place = complaint.text("file") ?? unknownText
    if let line = complaint.figure("line") { place += ":\(line)" }
    if let column = complaint.figure("column") { place += ":\(column)" }
    let keyPath = complaint.text("keyPath").map { $0.isEmpty ? "" : "\($0): " } ?? ""
    page.line(
      Cell("\(place): ", .strong), Cell("\(keyPath)\(complaint.text("message") ?? unknownText)"))
  }
  page.line(Cell("The configuration that was running goes on running."))
  return page
}

/// Both versions; `daemon` is nil with a reason where none answered.
func renderVersions(daemon: JSONNode?, problem: String?, _ display: Display) -> Page {
  var page = Page(display)
  page.line(Cell("linkhealthctl \(programVersion)"))
  if let daemon {
    page.line(
      Cell("linkhealthd \(daemon.text("version") ?? unknownText)"),
      Cell(daemon.text("startedAt").map { ", running since \(timeText($0, display))" } ?? ""))
  }
  if let problem { page.line(Cell("linkhealthd: \(problem)")) }
  return page
}

/// The version of this program.
package let programVersion = "0.1.0"

/// Both versions as JSON, the daemon's null where none answered.
func versionsJSON(daemon: String?) -> [UInt8] {
  var writer = JSONWriter()
  writer.beginObject()
  writer.member("linkhealthctl", programVersion)
  writer.key("linkhealthd")
  if let daemon { writer.string(daemon) } else { writer.null() }
  writer.endObject()
  return writer.bytes
}
