import Base
import Delivery
import Engine
import History
import Judgement
import Model
import Wire

/// What a request comes to.
package enum ControlReply: Sendable {
  /// A whole answer.
  case answer(status: Int, contentType: String, body: [UInt8])
  /// An answer written piece by piece.
  case listing(LinkListing)
  /// An answer that needs the ring.
  case samples(SamplesRequest)
  /// Something to be done first; allowed already.
  case act(ControlAct)
}

/// A question to the ring.
package struct SamplesRequest: Sendable {
  package var link: LinkID
  package var keys: [ProbeKey]
  package var from: WallTime
  package var to: WallTime
  package var limit: Int
}

/// What an operator may have done.
package enum ControlAct: Sendable {
  /// `plan`: only say what would change; `yes`: even if more than a third of the links go.
  case reload(plan: Bool, yes: Bool)
  case trial(LinkID)
  case pause(LinkID, reason: String)
  case resume(LinkID)
  case resetSchedule

  /// The act in words, for the audit line.
  package var words: String {
    switch self {
    case .reload(let plan, let yes): "reload" + (plan ? " --plan" : "") + (yes ? " --yes" : "")
    case .trial(let link): "try \(link)"
    case .pause(let link, _): "pause \(link)"
    case .resume(let link): "resume \(link)"
    case .resetSchedule: "reset schedule figures"
    }
  }
}

/// Finds the answer to a request. `mayAct` says whether the caller is an operator.
package func route(
  _ request: HTTPRequestHead, body: [UInt8], _ engine: borrowing Engine, _ facts: () -> DaemonFacts,
  mayAct: Bool, at now: Now
) -> ControlReply {
  let segments = request.segments
  do throws(ControlError) {
    switch request.method {
    case "GET", "HEAD": return try read(segments, request, engine, facts, at: now)
    case "POST":
      let act = try act(segments, request, body, engine)
      guard mayAct else {
        throw ControlError(
          403, "forbidden",
          "you may read but not act: this needs root, or membership of a group named in"
            + " control.operators")
      }
      return .act(act)
    default:
      throw ControlError(405, "methodNotAllowed", "the methods are GET, HEAD and POST")
    }
  } catch {
    return error.reply
  }
}

/// A request that is refused: the status, the stable code, and words.
package struct ControlError: Error, Sendable {
  package var status: Int
  package var code: String
  package var message: String

  package init(_ status: Int, _ code: String, _ message: String) {
    self.status = status
    self.code = code
    self.message = message
  }

  package var reply: ControlReply {
    .answer(status: status, contentType: "application/json", body: body)
  }

  package var body: [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    write(to: &writer)
    writer.endObject()
    return writer.bytes
  }

  package func write(to writer: inout JSONWriter) {
    writer.key("error")
    writer.beginObject()
    writer.member("status", status)
    writer.member("code", code)
    writer.member("message", printable(message, limit: 500))
    writer.endObject()
  }
}

private func read(
  _ segments: [String], _ request: HTTPRequestHead, _ engine: borrowing Engine,
  _ facts: () -> DaemonFacts, at now: Now
) throws(ControlError) -> ControlReply {
  switch segments.count {
  case 1 where segments[0] == "healthz": return health(engine, facts())
  case 2 where segments == ["v1", "status"]:
    return json(statusBody(engine, facts(), at: now))
  case 2 where segments == ["v1", "links"]:
    do {
      let filter = try LinkFilter(query: request.query)
      return .listing(
        LinkListing(
          filter: filter, offset: try number("offset", request, 0...Limits.linksPerDaemon) ?? 0,
          limit: try number("limit", request, 0...Limits.linksPerDaemon)
            ?? Limits.linksPerDaemon))
    } catch let error as BadQuery {
      throw ControlError(400, "badRequest", error.message)
    } catch let error as ControlError {
      throw error
    } catch {
      throw ControlError(400, "badRequest", "\(error)")
    }
  case 2 where segments == ["v1", "incidents"]:
    return try incidents(request, engine)
  case 4 where segments[0] == "v1" && segments[1] == "links":
    return json(linkBody(try linkIndex(segments, engine), engine, at: now))
  case 5 where segments[0] == "v1" && segments[1] == "links" && segments[4] == "samples":
    return try samples(segments, request, engine)
  default: throw noSuchPath(segments)
  }
}

private func noSuchPath(_ segments: [String]) -> ControlError {
  ControlError(
    404, "notFound",
    "no /\(segments.joined(separator: "/")); there are /healthz, /v1/status, /v1/links,"
      + " /v1/links/SERVICE/CONSUMER, its /samples, and /v1/incidents")
}

private func json(_ body: [UInt8]) -> ControlReply {
  .answer(status: 200, contentType: "application/json", body: body)
}

private func health(_ engine: borrowing Engine, _ facts: DaemonFacts) -> ControlReply {
  let problem =
    engine.recording.problem.map { "samples are not being recorded: \($0)" }
    ?? facts.deliveryProblem.map { "alerts are not being kept on the disk: \($0)" }
  return .answer(
    status: problem == nil ? 200 : 503, contentType: "text/plain; charset=utf-8",
    body: Array(((problem ?? "ok") + "\n").utf8))
}

private func number(_ name: String, _ request: HTTPRequestHead, _ range: ClosedRange<Int>)
  throws(ControlError) -> Int?
{
  guard let text = request.query(name) else { return nil }
  guard let value = Int(text), range.contains(value) else {
    throw ControlError(
      400, "badRequest",
      "\(name): expected a whole number from \(range.lowerBound) to \(range.upperBound)")
  }
  return value
}

private func linkIndex(_ segments: [String], _ engine: borrowing Engine) throws(ControlError)
  -> Int
{
  let text = "\(segments[2])/\(segments[3])"
  guard let id = LinkID(text) else {
    throw ControlError(400, "badRequest", "\(text) is no link's id; expected SERVICE/CONSUMER")
  }
  if let index = engine.linkIndex[id] { return index }
  // Only ids of the same service or consumer: a full comparison could take long.
  var candidates: [String] = []
  for link in engine.links where candidates.count < 200 {
    if link.link.id.service == id.service || link.link.id.consumer == id.consumer {
      candidates.append("\(link.link.id)")
    }
  }
  let near = nearest(text, among: candidates)
  throw ControlError(
    404, "noSuchLink", "no link \(text)" + (near.map { "; nearest: \($0)" } ?? ""))
}

private func linkBody(_ index: Int, _ engine: borrowing Engine, at now: Now) -> [UInt8] {
  var writer = JSONWriter()
  writer.beginObject()
  writer.key("link")
  writer.link(index, engine, state: engine.state(of: index, at: now), at: now)
  writer.member("location", engine.links[index].link.location?.description)
  writer.key("probes")
  writer.beginArray()
  for probe in engine.links[index].probes { writer.probe(probe, engine, at: now) }
  writer.endArray()
  writer.endObject()
  return writer.bytes
}

private func incidents(_ request: HTTPRequestHead, _ engine: borrowing Engine)
  throws(ControlError) -> ControlReply
{
  let status = request.query("status") ?? "open"
  guard ["open", "resolved", "all"].contains(status) else {
    throw ControlError(400, "badRequest", "status: expected open, resolved or all")
  }
  let limit = try number("limit", request, 0...ShownIncidents.resolvedKept * 100) ?? 1_000
  var list: [Incident] = []
  if status != "resolved" { list += engine.shownIncidents.open.reversed() }
  if status != "open" { list += engine.shownIncidents.resolved.reversed() }
  if status == "all" { list.sort { $0.openedAt > $1.openedAt } }
  var writer = JSONWriter()
  writer.beginObject()
  writer.key("incidents")
  writer.beginArray()
  for incident in list.prefix(limit) { IncidentDocument.write(incident, to: &writer) }
  writer.endArray()
  writer.member("total", list.count)
  writer.endObject()
  return json(writer.bytes)
}

private func samples(
  _ segments: [String], _ request: HTTPRequestHead, _ engine: borrowing Engine
) throws(ControlError) -> ControlReply {
  let index = try linkIndex(segments, engine)
  var keys: [ProbeKey] = []
  for probe in engine.links[index].probes { keys.append(engine.key(of: probe)) }
  if let name = request.query("probe") {
    let known = keys.map(\.probe).joined(separator: ", ")
    keys = keys.filter { $0.probe == name }
    if keys.isEmpty {
      throw ControlError(404, "notFound", "no probe \(name) here; there are: \(known)")
    }
  }
  return .samples(
    SamplesRequest(
      link: engine.links[index].link.id, keys: keys,
      from: try time("from", request) ?? WallTime(nanoseconds: 0),
      to: try time("to", request) ?? WallTime(nanoseconds: .max),
      limit: try number("limit", request, 1...Limits.samplesPerAnswer) ?? 100))
}

private func time(_ name: String, _ request: HTTPRequestHead) throws(ControlError) -> WallTime? {
  guard let text = request.query(name) else { return nil }
  guard let time = wallTime(rfc3339: text) else {
    throw ControlError(
      400, "badRequest", "\(name): expected a time such as 2025-11-07T01:02:03Z")
  }
  return time
}

private func act(
  _ segments: [String], _ request: HTTPRequestHead, _ body: [UInt8], _ engine: borrowing Engine
) throws(ControlError) -> ControlAct {
  switch segments.count {
  case 2 where segments == ["v1", "reload"]: return try reloadAct(request)
  case 3 where segments == ["v1", "schedule", "reset"]: return .resetSchedule
  case 5 where segments[0] == "v1" && segments[1] == "links":
    let link = engine.links[try linkIndex(segments, engine)].link.id
    switch segments[4] {
    case "try": return .trial(link)
    case "pause": return .pause(link, reason: try reason(body))
    case "resume": return .resume(link)
    default: break
    }
  default: break
  }
  throw ControlError(
    404, "notFound",
    "no act /\(segments.joined(separator: "/")); there are /v1/reload, /v1/schedule/reset, and"
      + " /try, /pause and /resume of a link")
}

private func reason(_ body: [UInt8]) throws(ControlError) -> String {
  guard !body.isEmpty else { return "" }
  let parsed = parseJSON(body, dialect: .json, limits: .request)
  guard let node = parsed.node, parsed.errors.isEmpty, node.object != nil else {
    throw ControlError(400, "badRequest", "the body is not a JSON object")
  }
  guard let reason = node["reason"] else { return "" }
  guard let text = reason.string else {
    throw ControlError(400, "badRequest", "reason: expected text")
  }
  return printable(text, limit: 300)
}

/// The answer to a question to the ring.
package func samplesBody(_ request: SamplesRequest, _ found: [(probe: String, samples: [Sample])])
  -> [UInt8]
{
  var all: [(probe: String, sample: Sample)] = []
  for (probe, samples) in found { all += samples.map { (probe, $0) } }
  if found.count > 1 { all.sort { $0.sample.time < $1.sample.time } }
  var writer = JSONWriter()
  writer.beginObject()
  writer.member("link", "\(request.link)")
  writer.key("samples")
  writer.beginArray()
  for entry in all.suffix(request.limit) { writer.sample(entry.sample, probe: entry.probe) }
  writer.endArray()
  writer.endObject()
  return writer.bytes
}

/// The answer to a finished trial.
package func trialBody(_ link: LinkID, _ attempts: [TrialAttempt]) -> [UInt8] {
  var writer = JSONWriter()
  writer.beginObject()
  writer.member("link", "\(link)")
  writer.key("attempts")
  writer.beginArray()
  for attempt in attempts {
    writer.beginObject()
    writer.member("probe", attempt.probe)
    writer.key("sample")
    writer.sample(attempt.sample, probe: attempt.probe)
    writer.member("address", attempt.address)
    writer.strings("steps", attempt.steps)
    writer.endObject()
  }
  writer.endArray()
  writer.endObject()
  return writer.bytes
}

/// The answer to a pause or its end.
package func pauseBody(_ link: LinkID, isPaused: Bool) -> [UInt8] {
  var writer = JSONWriter()
  writer.beginObject()
  writer.member("link", "\(link)")
  writer.member("paused", isPaused)
  writer.endObject()
  return writer.bytes
}
