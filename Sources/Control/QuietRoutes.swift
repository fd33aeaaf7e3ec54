import Base
import Engine
import Model
import Quiet
import Wire

/// Which windows or silences are asked for by `status`.
private enum QuietStatus: String, CaseIterable {
  case active
  /// Windows that have not begun, or begin again.
  case planned
  /// Those that hold or will.
  case current
  case over
  case all
}

/// `GET /v1/maintenance`, `/v1/maintenance/ID`, `/v1/silences` and `/v1/silences/ID`; nil for another
/// path.
func readQuiet(
  _ segments: [String], _ request: HTTPRequestHead, _ engine: borrowing Engine, at now: Now
) throws(ControlError) -> [UInt8]? {
  guard segments.count >= 2, segments[0] == "v1" else { return nil }
  switch (segments[1], segments.count) {
  case ("maintenance", 2): return try windowsBody(request, engine, at: now)
  case ("maintenance", 3):
    return quietBody(of: try window(segments[2], engine), engine, at: now)
  case ("silences", 2): return try silencesBody(request, engine, at: now)
  case ("silences", 3):
    return quietBody(of: try silence(segments[2], engine), engine, at: now)
  default: return nil
  }
}

/// `POST /v1/maintenance` and the like; nil for another path.
func quietAct(
  _ segments: [String], _ body: [UInt8], _ engine: borrowing Engine, at now: Now
) throws(ControlError) -> ControlAct? {
  guard segments.count >= 2, segments[0] == "v1" else { return nil }
  switch (segments[1], segments.count) {
  case ("maintenance", 2): return .addMaintenance(try newWindow(body, engine, at: now))
  case ("silences", 2): return .addSilence(try newSilence(body, engine, at: now))
  case ("maintenance", 4) where segments[3] == "end":
    let window = try window(segments[2], engine)
    if let location = window.location {
      throw ControlError(
        409, "writtenInFile",
        "\(window.id) is written at \(location): change it there, then linkhealthctl reload")
    }
    if window.isOver(at: now.wall) { throw isOver(window.id) }
    return .endMaintenance(window.id)
  case ("silences", 4) where segments[3] == "end":
    let silence = try silence(segments[2], engine)
    if silence.isOver(at: now.wall) { throw isOver(silence.id) }
    return .endSilence(silence.id)
  default: return nil
  }
}

private func isOver(_ id: String) -> ControlError {
  ControlError(409, "isOver", "\(id) is over already")
}

private func window(
  _ id: String, _ engine: borrowing Engine
) throws(ControlError) -> MaintenanceWindow {
  if let window = engine.quietBook.window(id) { return window }
  throw noSuch("window", id, among: engine.quietBook.windows.map(\.id))
}

private func silence(_ id: String, _ engine: borrowing Engine) throws(ControlError) -> Silence {
  if let silence = engine.quietBook.silence(id) { return silence }
  throw noSuch("silence", id, among: engine.quietBook.silences.map(\.id))
}

private func noSuch(_ noun: String, _ id: String, among known: [String]) -> ControlError {
  let near = nearest(id, among: known).map { "; nearest: \($0)" } ?? ""
  return ControlError(404, "notFound", "no \(noun) \(printable(id, limit: 70))\(near)")
}

// MARK: - Lists

private func windowsBody(
  _ request: HTTPRequestHead, _ engine: borrowing Engine, at now: Now
) throws(ControlError) -> [UInt8] {
  try checkParameters(request, ["status", "late"])
  let late = try flag("late", request)
  // Late ones are a record: those that are over belong to it.
  let status = try status(request, QuietStatus.allCases, otherwise: late ? .all : .current)
  let services = engine.serviceFacts
  var list: [(window: MaintenanceWindow, place: QuietPlace)] = []
  for window in engine.quietBook.windows {
    let place = QuietPlace(window, at: now.wall)
    let passes =
      switch status {
      case .active: place.activeUntil != nil
      case .planned: place.activeUntil == nil && !place.isOver
      case .current: !place.isOver
      case .over: place.isOver
      case .all: true
      }
    guard passes else { continue }
    if late, !(window.notice(engine.quietBook.rules, services: services)?.isLate ?? false) {
      continue
    }
    list.append((window, place))
  }
  list.sort { $0.place.isBefore($1.place) }
  var writer = JSONWriter()
  writer.beginObject()
  writer.key("windows")
  writer.beginArray()
  let open = openIncidents(engine, for: list.count { $0.place.activeUntil != nil })
  for (window, place) in list {
    writer.window(
      window, place, engine, services, open, hiddenListed: hiddenInLists, at: now.wall)
  }
  writer.endArray()
  writer.member("total", list.count)
  writer.endObject()
  return writer.bytes
}

private func silencesBody(
  _ request: HTTPRequestHead, _ engine: borrowing Engine, at now: Now
) throws(ControlError) -> [UInt8] {
  try checkParameters(request, ["status"])
  let status = try status(request, [.active, .over, .all], otherwise: .active)
  var writer = JSONWriter()
  writer.beginObject()
  writer.key("silences")
  writer.beginArray()
  var total = 0
  let open = openIncidents(
    engine, for: engine.quietBook.silences.count { $0.isActive(at: now.wall) })
  for silence in engine.quietBook.silences {
    let isOver = silence.isOver(at: now.wall)
    guard status == .all || isOver == (status == .over) else { continue }
    total += 1
    writer.silence(silence, engine, open, hiddenListed: hiddenInLists, at: now.wall)
  }
  writer.endArray()
  writer.member("total", total)
  writer.endObject()
  return writer.bytes
}

/// Of what each hid; one alone lists all that is kept.
private let hiddenInLists = 3

/// The body about one window, also after an act.
package func quietBody(
  of window: MaintenanceWindow, _ engine: borrowing Engine, at now: Now
) -> [UInt8] {
  var writer = JSONWriter()
  writer.beginObject()
  writer.key("window")
  writer.window(
    window, QuietPlace(window, at: now.wall), engine, engine.serviceFacts,
    openIncidents(engine, for: 1), hiddenListed: Limits.hiddenListed, at: now.wall)
  writer.endObject()
  return writer.bytes
}

/// The same of one silence.
package func quietBody(
  of silence: Silence, _ engine: borrowing Engine, at now: Now
) -> [UInt8] {
  var writer = JSONWriter()
  writer.beginObject()
  writer.key("silence")
  writer.silence(
    silence, engine, openIncidents(engine, for: 1), hiddenListed: Limits.hiddenListed,
    at: now.wall)
  writer.endObject()
  return writer.bytes
}

private func checkParameters(
  _ request: HTTPRequestHead, _ known: [String]
) throws(ControlError) {
  for (name, _) in request.query where !known.contains(name) {
    throw ControlError(
      400, "badRequest", "no parameter \(name)" + suggestion(name, among: known))
  }
}

private func status(
  _ request: HTTPRequestHead, _ known: [QuietStatus], otherwise: QuietStatus
) throws(ControlError) -> QuietStatus {
  guard let text = request.query("status") else { return otherwise }
  if let status = QuietStatus(rawValue: text), known.contains(status) { return status }
  let words = known.map(\.rawValue)
  throw ControlError(
    400, "badRequest",
    "status: expected one of \(words.joined(separator: ", "))" + suggestion(text, among: words))
}

private func flag(_ name: String, _ request: HTTPRequestHead) throws(ControlError) -> Bool {
  switch request.query(name) {
  case nil, "false": return false
  case "true": return true
  default: throw ControlError(400, "badRequest", "\(name): expected true or false")
  }
}

// MARK: - New ones

private func newWindow(
  _ body: [UInt8], _ engine: borrowing Engine, at now: Now
) throws(ControlError) -> MaintenanceWindow {
  let zone = engine.quietBook.rules.zone
  let window = try readBody(body) { reader, complaints in
    readWindow(&reader, .request(at: now.wall), zone: zone, &complaints)
  }
  try check(window.links, engine)
  if let problem = engine.quietBook.problemAddingWindow(at: now.wall) {
    throw ControlError(409, "tooMany", problem)
  }
  return window
}

private func newSilence(
  _ body: [UInt8], _ engine: borrowing Engine, at now: Now
) throws(ControlError) -> Silence {
  let zone = engine.quietBook.rules.zone
  let silence = try readBody(body) { reader, complaints in
    readSilence(&reader, .request(at: now.wall), zone: zone, &complaints)
  }
  try check(silence.links, engine)
  if let problem = engine.quietBook.problemAddingSilence(at: now.wall) {
    throw ControlError(409, "tooMany", problem)
  }
  return silence
}

private func readBody<Value>(
  _ body: [UInt8], _ read: (inout FieldReader, inout Complaints) -> Value?
) throws(ControlError) -> Value {
  let parsed = parseJSON(body, dialect: .json, limits: .request)
  var complaints = Complaints()
  guard let node = parsed.node, parsed.errors.isEmpty,
    var reader = FieldReader(node, file: "request", path: "", complaints: &complaints)
  else { throw ControlError(400, "badRequest", "the body is not a JSON object") }
  if let value = read(&reader, &complaints), complaints.isEmpty { return value }
  let words = complaints.list.prefix(5).map { complaint in
    (complaint.keyPath.isEmpty ? "" : complaint.keyPath + ": ") + complaint.message
  }
  throw ControlError(400, "badRequest", words.joined(separator: "; "))
}

/// A name that no link has would quiet nothing, and nobody would notice until it is too late.
private func check(_ links: LinkSelector, _ engine: borrowing Engine) throws(ControlError) {
  var names = LinkFilter()
  names.services = links.services
  names.consumers = links.provinces
  names.systems = links.systems
  names.owners = links.owners
  do throws(BadQuery) {
    try names.checkNames(engine)
  } catch {
    throw ControlError(400, "badRequest", error.message)
  }
  for id in links.links where engine.linkIndex[id] == nil {
    throw ControlError(404, "noSuchLink", "no link \(id)")
  }
  guard links.routes.contains(where: { $0 != "direct" }) else { return }
  var known: Set<String> = ["direct"]
  for index in engine.links.indices {
    for word in engine.links[index].link.route { known.insert(word) }
    if engine.links[index].link.role == .hop {
      known.insert(engine.links[index].link.id.service)
    }
  }
  for word in links.routes where !known.contains(word) {
    throw ControlError(
      400, "badRequest",
      "no link has the route \(word)" + suggestion(word, among: known.sorted()))
  }
}
