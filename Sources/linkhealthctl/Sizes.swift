import Base
import Catalogue
import ControlClient
import Glibc
import History
import Host
import Model
import Wire

/// Tells what the history of a configuration takes on the disk, before anything is allocated.
func runSizes(_ paths: [String], asJSON: Bool) -> Int32 {
  guard paths.count == 1 else {
    return refuse("linkhealthctl check: --sizes needs one configuration file\n")
  }
  var (_, complaints) = loadConfiguration(paths[0], .system)
  let secrets = complaints.take(.secret)
  // Without its secrets a probe is left out; what there is is told, and what is not.
  let read = loadConfiguration(paths[0], .system, secretsAreNeeded: false).configuration
  guard let configuration = read, complaints.isEmpty else {
    let lines = (complaints.list + secrets).map { printable($0.description, limit: 2_000) }
    let reason =
      lines.isEmpty ? "\(printable(paths[0])) is no configuration" : lines.joined(separator: "\n")
    return refuse(reason + "\n", code: Exit.failed)
  }
  if !secrets.isEmpty {
    let lines = secrets.map { printable($0.description, limit: 2_000) + " (a note, no mistake)" }
    _ = refuse(
      lines.joined(separator: "\n")
        + "\nThe probes that need these secrets are not counted below; root, or the daemon's user, may "
        + "read them.\n")
  }
  let settings = HistorySettings(configuration)
  let sizes = Sizes(settings)
  let output = asJSON ? sizes.json() : Array(sizes.text.utf8)
  do {
    try writeAll(output, to: STDOUT_FILENO)
  } catch {
    return Exit.failed
  }
  return Exit.done
}

private func refuse(_ words: String, code: Int32 = Exit.usage) -> Int32 {
  try? writeAll(Array(words.utf8), to: STDERR_FILENO)
  return code
}

/// The figures, for people and for programs.
private struct Sizes {
  struct Row {
    var name: String
    var kept: TimeAmount?
    var files: Int
    var fileBytes: Int
    var total: Int { files * fileBytes }
  }

  var rows: [Row]
  var probes: Int
  var links: Int

  init(_ settings: HistorySettings) {
    let room = settings.room
    let retention = settings.retention
    rows = [
      Row(
        name: "samples", kept: retention.samples, files: room.samples.count,
        fileBytes: room.samples.byteCount),
      Row(
        name: "fiveMinutes", kept: retention.fiveMinutes, files: room.fiveMinutes.count,
        fileBytes: room.fiveMinutes.byteCount),
      Row(
        name: "hours", kept: retention.hours, files: room.hours.count,
        fileBytes: room.hours.byteCount),
      Row(
        name: "ring", kept: nil, files: room.ringBytes / room.segmentBytes,
        fileBytes: room.segmentBytes),
    ]
    probes = settings.probes.count
    links = Set(settings.probes.map(\.key.link)).count
  }

  var total: Int { rows.reduce(0) { $0 + $1.total } }

  var text: String {
    var lines = ["             kept    files   each        all"]
    for row in rows {
      lines.append(
        padded(row.name, 13) + padded(row.kept.map { "\($0)" } ?? "", 8)
          + padded("\(row.files)", 8) + padded(bytes(row.fileBytes), 12) + bytes(row.total))
    }
    lines.append("")
    lines.append(
      "\(bytes(total)) for \(links) links with \(probes) probes"
        + (probes > 0 ? ", \(bytes(total / probes)) a probe" : ""))
    return lines.joined(separator: "\n") + "\n"
  }

  func json() -> [UInt8] {
    var writer = JSONWriter(pretty: true)
    writer.beginObject()
    for row in rows {
      writer.key(row.name)
      writer.beginObject()
      if let kept = row.kept { writer.member("kept", "\(kept)") }
      writer.member("files", row.files)
      writer.member("fileBytes", row.fileBytes)
      writer.member("bytes", row.total)
      writer.endObject()
    }
    writer.member("links", links)
    writer.member("probes", probes)
    writer.member("bytes", total)
    writer.endObject()
    return writer.bytes + [0x0A]
  }

  private func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }

  /// A size to three figures: `2.94 MiB`.
  private func bytes(_ count: Int) -> String {
    var value = Double(count)
    var unit = 0
    let units = ["B", "KiB", "MiB", "GiB", "TiB"]
    while value >= 1_024, unit < units.count - 1 {
      value /= 1_024
      unit += 1
    }
    let scale = unit == 0 || value >= 100 ? 1.0 : value >= 10 ? 10.0 : 100.0
    let rounded = (value * scale).rounded() / scale
    return (unit == 0 || value >= 100 ? "\(Int(rounded))" : "\(rounded)") + " " + units[unit]
  }
}
