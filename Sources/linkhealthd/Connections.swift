import Base
import Glibc
import Host
import Model
import Wire

/// Where it is kept over restarts which planned connections have come about.
func connectionsPath(_ stateDirectory: String) -> String {
  "\(stateDirectory)/incidents/connections.json"
}

/// The file's content, in the order of the links. Long for many links: for the disk thread.
func connectionsDocument(_ connections: [LinkID: WallTime]) -> [UInt8] {
  var writer = JSONWriter(pretty: true)
  writer.beginObject()
  writer.key("connections")
  writer.beginArray()
  for (link, time) in connections.sorted(by: { $0.key < $1.key }) {
    writer.beginObject()
    writer.member("link", "\(link)")
    writer.member("connectedAt", time.description)
    writer.member("connectedAtMilliseconds", time.milliseconds)
    writer.endObject()
  }
  writer.endArray()
  writer.endObject()
  return writer.bytes + [0x0A]
}

/// Keeps a file that cannot be read from being written over; says where it is then.
private func setAside(_ path: String) -> String {
  let place = path + ".damaged"
  return rename(path, place) == 0 ? "; the file is kept as \(place)" : ""
}

/// What an earlier run saw come about. Of what cannot be read the links are waited for anew, and told
/// again under the same ids.
func readConnections(_ path: String) -> (connections: [LinkID: WallTime], problem: String?) {
  let bytes: [UInt8]
  do {
    bytes = try readFile(path, limitBytes: 64 << 20)
  } catch {
    if isMissing(path) { return ([:], nil) }
    return ([:], "\(error): no planned link counts as connected yet\(setAside(path))")
  }
  let limits = JSONLimits(
    depth: 4, stringBytes: 256, totalNodes: 8 * Limits.connectionsRemembered,
    duplicateKeys: .refused)
  let parsed = parseJSON(bytes, dialect: .json, limits: limits)
  guard let list = parsed.node?["connections"]?.array, parsed.errors.isEmpty else {
    return (
      [:],
      "\(path) cannot be read: no planned link counts as connected yet\(setAside(path))"
    )
  }
  var connections: [LinkID: WallTime] = [:]
  for entry in list {
    guard let link = entry["link"]?.string.flatMap(LinkID.init),
      let time = entry["connectedAtMilliseconds"]?.int
    else { continue }
    connections[link] = WallTime(milliseconds: Int64(time))
  }
  return (
    connections,
    connections.count == list.count
      ? nil : "\(path): an entry without a link or a time is left out"
  )
}
