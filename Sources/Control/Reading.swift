import Base
import Catalogue
import Delivery
import Engine
import History
import Judgement
import Model
import Reports
import Wire

/// Finds the answer to a request that changes nothing.
func read(
  _ segments: [String], _ request: HTTPRequestHead, _ engine: borrowing Engine,
  _ facts: () -> DaemonFacts, at now: Now
) throws(ControlError) -> ControlReply {
  if let body = try readQuiet(segments, request, engine, at: now) { return json(body) }
  switch segments.count {
  case 1 where segments[0] == "healthz": return health(engine, facts())
  case 2 where segments == ["v1", "status"]: return .pieces(StatusListing(facts()))
  case 2 where segments == ["v1", "links"]:
    let all = Limits.linksPerDaemon
    return .pieces(
      LinkListing(
        filter: try filter(request, others: ["limit", "offset"], engine),
        offset: try number("offset", request, 0...all) ?? 0,
        limit: try number("limit", request, 0...all) ?? all))
  case 2 where segments == ["v1", "matrix"]:
    return .pieces(MatrixListing(filter: try filter(request, others: [], engine)))
  case 2 where segments == ["v1", "incidents"]: return try incidents(request, engine)
  case 3 where segments[0] == "v1" && segments[1] == "incidents":
    return json(try incidentBody(segments[2], engine, at: now))
  case 2 where segments[0] == "v1":
    if let reply = try historyOfMany(segments, request, engine, at: now) { return reply }
    throw noSuchPath(segments)
  case 4 where segments[0] == "v1" && segments[1] == "links":
    return json(linkBody(try linkIndex(segments, engine), engine, at: now))
  case 5 where segments[0] == "v1" && segments[1] == "links":
    switch segments[4] {
    case "samples": return try samples(segments, request, engine)
    case "explain":
      return json(explainBody(try linkIndex(segments, engine), engine, at: now))
    case "history": return try history(of: reported(segments, engine), request, at: now)
    case "compare": return try comparison(of: reported(segments, engine), request, at: now)
    default: throw noSuchPath(segments)
    }
  default: throw noSuchPath(segments)
  }
}

private func reported(
  _ segments: [String], _ engine: borrowing Engine
) throws(ControlError) -> ReportedLink {
  do throws(ControlError) {
    return ReportedLink(engine.links[try linkIndex(segments, engine)].link)
  } catch {
    guard error.code == "noSuchLink" else { throw error }
    throw ControlError(
      error.status, error.code,
      error.message
        + "; of one that was configured once, history and compare read what is kept with"
        + " --file and the directory of the history, usually /var/lib/linkhealth/history")
  }
}

private func filter(
  _ request: HTTPRequestHead, others: [String], _ engine: borrowing Engine
) throws(ControlError) -> LinkFilter {
  do throws(BadQuery) {
    let filter = try LinkFilter(query: request.query, others: others)
    try filter.checkNames(engine)
    return filter
  } catch {
    throw ControlError(400, "badRequest", error.message)
  }
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

// MARK: - What is not there

private func noSuchPath(_ segments: [String]) -> ControlError {
  let known = [
    "/healthz", "/v1/status", "/v1/links", "/v1/matrix", "/v1/incidents", "/v1/availability",
    "/v1/worst", "/v1/export", "/v1/maintenance", "/v1/silences",
  ]
  return ControlError(
    404, "notFound",
    "no /\(segments.joined(separator: "/"))"
      + suggestion(segments, known, ofLink: ["samples", "explain", "history", "compare"])
      + "; there are /healthz, /v1/status, /v1/links, /v1/links/SERVICE/CONSUMER, its /samples,"
      + " /explain, /history and /compare, /v1/matrix, /v1/incidents, /v1/availability, /v1/worst,"
      + " /v1/export, /v1/maintenance and /v1/silences")
}

func noSuchAct(_ segments: [String]) -> ControlError {
  ControlError(
    404, "notFound",
    "no act /\(segments.joined(separator: "/"))"
      + suggestion(
        segments, ["/v1/reload", "/v1/schedule/reset", "/v1/maintenance", "/v1/silences"],
        ofLink: ["try", "pause", "resume"])
      + "; there are /v1/reload, /v1/schedule/reset, /v1/maintenance, /v1/silences, /end of one of"
      + " these, and /try, /pause and /resume of a link")
}

/// The nearest of the known paths; of a path below a link only the last part is compared.
private func suggestion(_ segments: [String], _ known: [String], ofLink: [String]) -> String {
  if segments.count == 5, segments[1] == "links" {
    return suggestion(segments[4], among: ofLink)
  }
  return suggestion("/" + segments.joined(separator: "/"), among: known)
}

func linkIndex(_ segments: [String], _ engine: borrowing Engine) throws(ControlError) -> Int {
  let text = "\(segments[2])/\(segments[3])"
  guard let id = LinkID(text) else {
    throw ControlError(400, "badRequest", "\(text) is no link's id; expected SERVICE/CONSUMER")
  }
  if let index = engine.linkIndex[id] { return index }
  // Only ids of the same service or consumer: a full comparison could take long.
  var candidates: [String] = []
  for index in engine.links.indices where candidates.count < 200 {
    if engine.links[index].link.id.service == id.service
      || engine.links[index].link.id.consumer == id.consumer
    {
      candidates.append("\(engine.links[index].link.id)")
    }
  }
  let near = nearest(text, among: candidates)
  throw ControlError(
    404, "noSuchLink", "no link \(text)" + (near.map { "; nearest: \($0)" } ?? ""))
}

// MARK: - One link

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

private func explainBody(_ index: Int, _ engine: borrowing Engine, at now: Now) -> [UInt8] {
  let link = engine.links[index].link
  var writer = JSONWriter()
  writer.beginObject()
  writer.member("link", "\(link.id)")
  writer.key("why")
  writer.beginArray()
  for line in explanation(of: index, engine, at: now) {
    writer.beginObject()
    writer.member("topic", line.topic)
    writer.member("text", printable(line.text, limit: 600))
    writer.endObject()
  }
  writer.endArray()
  writer.key("settings")
  writer.beginArray()
  for setting in effectiveSettings(of: link) {
    writer.beginObject()
    writer.member("key", setting.key)
    writer.member("value", setting.value)
    writer.member("location", setting.location?.description)
    writer.endObject()
  }
  writer.endArray()
  writer.endObject()
  return writer.bytes
}

// MARK: - Incidents and samples

private func incidentBody(
  _ id: String, _ engine: borrowing Engine, at now: Now
) throws(ControlError) -> [UInt8] {
  guard let incident = engine.shownIncidents.incident(id) else {
    throw ControlError(
      404, "noSuchIncident",
      "no incident that is open or ended lately has the id \(printable(id, limit: 80)); older ones are"
        + " files in alerts/closed of the state directory")
  }
  var writer = JSONWriter()
  writer.incident(incident, engine, at: now)
  return writer.bytes
}

private func incidents(_ request: HTTPRequestHead, _ engine: borrowing Engine)
  throws(ControlError) -> ControlReply
{
  let text = request.query("status") ?? "open"
  guard let status = IncidentListing.Status(rawValue: text) else {
    throw ControlError(400, "badRequest", "status: expected open, resolved or all")
  }
  let limit = try number("limit", request, 0...ShownIncidents.resolvedKept * 100) ?? 1_000
  if request.query("state") != nil {
    throw ControlError(
      400, "badRequest", "no parameter state of incidents; there is severity, and links?state=")
  }
  var choice = IncidentListing.Choice(
    links: try filter(request, others: ["status", "limit", "severity"], engine))
  for word in (request.query("severity") ?? "").split(separator: ",") {
    guard let severity = Severity(rawValue: String(word)) else {
      let known = Severity.allCases.map(\.rawValue)
      throw ControlError(
        400, "badRequest",
        "no severity \(word); there are \(known.joined(separator: ", "))"
          + suggestion(String(word), among: known))
    }
    choice.severities.append(severity)
  }
  return .pieces(IncidentListing(status, choice, limit: limit, engine.shownIncidents))
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
      limit: try number("limit", request, 1...Limits.samplesPerAnswer) ?? 100,
      codes: engine.links[index].link.codes))
}

private func time(_ name: String, _ request: HTTPRequestHead) throws(ControlError) -> WallTime? {
  guard let text = request.query(name) else { return nil }
  guard let time = wallTime(rfc3339: text) else {
    throw ControlError(
      400, "badRequest", "\(name): expected a time such as 2025-11-07T01:02:03Z")
  }
  return time
}

/// The answer to a question to the ring.
package func samplesBody(_ request: SamplesRequest, _ found: [(probe: String, samples: [Sample])])
  -> [UInt8]
{
  var all: [(probe: String, sample: Sample)] = []
  for (probe, samples) in found { all += samples.map { (probe, $0) } }
  // The ring holds them in the order in which they ended.
  all.sort { $0.sample.time < $1.sample.time }
  var writer = JSONWriter()
  writer.beginObject()
  writer.member("link", "\(request.link)")
  writer.key("samples")
  writer.beginArray()
  for entry in all.suffix(request.limit) {
    writer.sample(entry.sample, probe: entry.probe, codes: request.codes)
  }
  writer.endArray()
  writer.endObject()
  return writer.bytes
}
