import Base
import Model
import Wire

/// What looking through a catalogue showed, for people and for programs.
package struct CheckReport: Sendable {
  package var complaints: Complaints
  /// What is no mistake of the files': secrets that this machine does not give, and what has no effect.
  package var notes: [Complaint] = []
  package var services = 0
  package var systems = 0
  package var links = 0
  package var probes = 0
  /// Links without probes: not connected, or their probes have mistakes.
  package var linksWithoutProbes = 0
  /// Those of them that have an endpoint, so that only a mistake can be why.
  private var linksLeftOut = 0

  package var ok: Bool { complaints.isEmpty }

  fileprivate init(_ links: [Link], _ complaints: Complaints) {
    self.complaints = complaints
    self.links = links.count
    var services: Set<String> = []
    var systems: Set<String> = []
    var former: String?
    for link in links {
      probes += link.probes.count
      if link.probes.isEmpty {
        linksWithoutProbes += 1
        if !ok, link.endpoint != nil { linksLeftOut += 1 }
      }
      // The links of a service follow each other.
      if link.id.service == former { continue }
      former = link.id.service
      services.insert(link.id.service)
      systems.insert(link.system)
    }
    self.services = services.count
    self.systems = systems.count
  }

  /// A line for each complaint, `file:line:column: key.path: message`, then what was read.
  package var lines: [String] {
    var lines = complaints.list.map { printable($0.description, limit: 2_000) }
    if complaints.unlisted > 0 { lines.append("and \(complaints.unlisted) more mistakes") }
    lines += notes.map { printable("\($0)", limit: 2_000) + " (a note, no mistake)" }
    var summary =
      "\(counted(services, "service")) of \(counted(systems, "system")), "
      + "\(counted(links, "link")), \(counted(probes, "probe"))"
    let others = linksWithoutProbes - linksLeftOut
    if others > 0 {
      // A probe that asks for no endpoint is left out by its mistakes alone.
      summary +=
        "; \(counted(others, "link")) without probes (no endpoint\(ok ? "" : ", or a mistake"))"
    }
    if linksLeftOut > 0 {
      summary += "; \(counted(linksLeftOut, "link")) whose probes have mistakes"
    }
    lines.append(ok ? "ok: \(summary)" : "\(counted(complaints.count, "mistake")) in \(summary)")
    return lines
  }

  /// The same as a JSON object, with a line end.
  package func json() -> [UInt8] {
    var writer = JSONWriter(pretty: true)
    writer.beginObject()
    writer.member("ok", ok)
    writer.member("services", services)
    writer.member("systems", systems)
    writer.member("links", links)
    writer.member("probes", probes)
    writer.member("linksWithoutProbes", linksWithoutProbes)
    writer.member("unlisted", complaints.unlisted)
    writer.key("complaints")
    writer.beginArray()
    for complaint in complaints.list { append(complaint, to: &writer) }
    writer.endArray()
    writer.key("notes")
    writer.beginArray()
    for note in notes { append(note, to: &writer) }
    writer.endArray()
    writer.endObject()
    return writer.bytes + [0x0A]
  }

  private func append(_ complaint: Complaint, to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("file", complaint.file)
    writer.member("line", complaint.position.line)
    writer.member("column", complaint.position.column)
    writer.member("keyPath", complaint.keyPath)
    writer.member("message", complaint.message)
    writer.endObject()
  }
}

/// Checks a configuration file with all that it names, or service files and directories of them.
/// A single file is taken for a configuration when it looks like one. A secret that cannot be read is
/// a note unless it is `secretsAreNeeded`: the files are often checked where nobody may read secrets.
package func checkReport(
  _ paths: [String], _ access: FileAccess, secretsAreNeeded: Bool = false
) -> CheckReport {
  var complaints = Complaints()
  var links: [Link] = []
  var reading = Complaints()
  if paths.count == 1, namesFile(paths[0]), NamedPath(paths[0]).parse(access, &reading) == nil {
    // What else there would be to say follows from that.
    complaints = reading
  } else if paths.count == 1, namesFile(paths[0]), looksLikeConfiguration(paths[0], access) {
    links = readConfiguration(paths[0], access, &complaints)?.links ?? []
  } else {
    let sources = CatalogueSources(services: paths.map { NamedPath($0) })
    links = readCatalogue(sources, access, &complaints)
    _ = readQuiet(QuietSources(), sources, links, access, &complaints)
  }
  complaints.sort()
  let notes = (secretsAreNeeded ? [] : complaints.take(.secret)) + complaints.take(.unused)
  var report = CheckReport(links, complaints)
  report.notes = notes
  return report
}

/// Whether a file has keys that only a configuration has, and none that only a service has.
private func looksLikeConfiguration(_ path: String, _ access: FileAccess) -> Bool {
  guard let bytes = try? access.read(path), bytes.count <= Limits.catalogueFileBytes,
    let members = parseJSON(bytes, dialect: .json5, limits: .catalogue).node?.object
  else { return false }
  let keys = Set(members.map(\.key))
  return keys.isDisjoint(with: ["service", "consumers", "probes"])
    && !keys.isDisjoint(with: [
      "catalogue", "endpoints", "exec", "history", "secrets", "socket", "state", "tokens",
      "vantage",
      "webhooks",
    ])
}

private func counted(_ count: Int, _ noun: String) -> String {
  count == 1 ? "1 \(noun)" : "\(count) \(noun)s"
}
