import Base
import Catalogue
import Engine
import Glibc
import Host
import Model
import Wire

/// Where the pauses are kept over restarts.
func pausesPath(_ stateDirectory: String) -> String { "\(stateDirectory)/incidents/pauses.json" }

func pausesDocument(_ pauses: [Pause]) -> [UInt8] {
  var writer = JSONWriter(pretty: true)
  writer.beginObject()
  writer.key("pauses")
  writer.beginArray()
  for pause in pauses {
    writer.beginObject()
    writer.member("link", "\(pause.link)")
    writer.member("by", pause.by)
    writer.member("reason", pause.reason)
    writer.member("sinceMilliseconds", pause.since.milliseconds)
    writer.endObject()
  }
  writer.endArray()
  writer.endObject()
  return writer.bytes + [0x0A]
}

/// The pauses of an earlier run; what cannot be read is told, and nothing is paused by it.
func readPauses(_ path: String) -> (pauses: [Pause], problem: String?) {
  let bytes: [UInt8]
  do {
    bytes = try readFile(path, limitBytes: 16 << 20)
  } catch {
    return ([], isMissing(path) ? nil : "\(error): no link is paused")
  }
  let parsed = parseJSON(
    bytes, dialect: .json,
    limits: JSONLimits(
      depth: 4, stringBytes: 1 << 16, totalNodes: 8 * Limits.linksPerDaemon,
      duplicateKeys: .refused))
  guard let list = parsed.node?["pauses"]?.array, parsed.errors.isEmpty else {
    return ([], "\(path) cannot be read: no link is paused")
  }
  let pauses = list.compactMap { entry -> Pause? in
    guard let text = entry["link"]?.string, let link = LinkID(text) else { return nil }
    return Pause(
      link: link, by: entry["by"]?.string ?? "", reason: entry["reason"]?.string ?? "",
      since: WallTime(milliseconds: milliseconds(entry["sinceMilliseconds"])))
  }
  return (pauses, pauses.count == list.count ? nil : "\(path): an entry without a link is left out")
}

/// Within what a wall time holds; 0 for anything else.
private func milliseconds(_ node: JSONNode?) -> Int64 {
  let value = Int64(node?.int ?? 0)
  return (0...4_102_444_800_000).contains(value) ? value : 0
}

func isMissing(_ path: String) -> Bool { access(path, F_OK) != 0 && errno == ENOENT }
