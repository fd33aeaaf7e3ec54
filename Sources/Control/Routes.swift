import Base
import Delivery
import Engine
import History
import Judgement
import Model
import Quiet
import Reports
import Wire

/// What a request comes to.
package enum ControlReply: Sendable {
  /// A whole answer.
  case answer(status: Int, contentType: String, body: [UInt8])
  /// An answer written piece by piece.
  case pieces(any PiecewiseAnswer)
  /// An answer that needs the ring.
  case samples(SamplesRequest)
  /// An answer that needs the history; ``historyBody(_:_:isCancelled:)`` makes it.
  case history(HistoryRequest)
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
  /// What the application codes of the link's system mean.
  package var codes: CodeTable?
}

/// What an operator may have done.
package enum ControlAct: Sendable {
  /// `plan`: only say what would change; `yes`: even if more than a third of the links go.
  case reload(plan: Bool, yes: Bool)
  case trial(LinkID)
  case pause(LinkID, reason: String)
  case resume(LinkID)
  case resetSchedule
  case acknowledge(String, note: String)
  case addMaintenance(MaintenanceWindow)
  case endMaintenance(String)
  case addSilence(Silence)
  case endSilence(String)

  /// The act in words, for the audit line.
  package var words: String {
    switch self {
    case .reload(let plan, let yes): "reload" + (plan ? " --plan" : "") + (yes ? " --yes" : "")
    case .trial(let link): "try \(link)"
    case .pause(let link, _): "pause \(link)"
    case .resume(let link): "resume \(link)"
    case .resetSchedule: "reset schedule figures"
    case .acknowledge(let incident, _): "ack \(incident)"
    case .addMaintenance(let window): "maintenance add \(window.links.words)"
    case .endMaintenance(let id): "maintenance end \(id)"
    case .addSilence(let silence): "silence add \(silence.links.words)\(silence.meantWords)"
    case .endSilence(let id): "silence end \(id)"
    }
  }

  /// Why, in the words of whoever asks; nil where no reason was given.
  package var reason: String? {
    switch self {
    case .pause(_, let words), .acknowledge(_, let words): words.isEmpty ? nil : words
    case .addMaintenance(let window): window.reason
    case .addSilence(let silence): silence.reason
    default: nil
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
      let act = try act(segments, request, body, engine, at: now)
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

private func act(
  _ segments: [String], _ request: HTTPRequestHead, _ body: [UInt8], _ engine: borrowing Engine,
  at now: Now
) throws(ControlError) -> ControlAct {
  if let act = try quietAct(segments, body, engine, at: now) { return act }
  switch segments.count {
  case 2 where segments == ["v1", "reload"]: return try reloadAct(request)
  case 3 where segments == ["v1", "schedule", "reset"]: return .resetSchedule
  case 4 where segments[0] == "v1" && segments[1] == "incidents" && segments[3] == "ack":
    return try acknowledgeAct(segments[2], body, engine)
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
  throw noSuchAct(segments)
}

/// Only one that is open can be taken up.
private func acknowledgeAct(
  _ id: String, _ body: [UInt8], _ engine: borrowing Engine
) throws(ControlError) -> ControlAct {
  let note = try words("note", of: body)
  if engine.shownIncidents.incident(id)?.status == .resolved {
    throw ControlError(409, "resolved", "incident \(printable(id)) is over; nothing to take up")
  }
  guard engine.shownIncidents.incident(id) != nil else {
    throw ControlError(
      404, "noSuchIncident", "no incident has the id \(printable(id, limit: 80)); see incidents")
  }
  return .acknowledge(id, note: note)
}

private func reason(_ body: [UInt8]) throws(ControlError) -> String {
  try words("reason", of: body)
}

/// A text of the request's body; empty where nothing is said.
private func words(_ key: String, of body: [UInt8]) throws(ControlError) -> String {
  guard !body.isEmpty else { return "" }
  let parsed = parseJSON(body, dialect: .json, limits: .request)
  guard let node = parsed.node, parsed.errors.isEmpty, node.object != nil else {
    throw ControlError(400, "badRequest", "the body is not a JSON object")
  }
  guard let value = node[key] else { return "" }
  guard let text = value.string else {
    throw ControlError(400, "badRequest", "\(key): expected text")
  }
  return printable(text, limit: 300)
}

/// The answer to a finished trial.
package func trialBody(_ link: LinkID, _ attempts: [TrialAttempt], codes: CodeTable?) -> [UInt8] {
  var writer = JSONWriter()
  writer.beginObject()
  writer.member("link", "\(link)")
  writer.key("attempts")
  writer.beginArray()
  for attempt in attempts {
    writer.beginObject()
    writer.member("probe", attempt.probe)
    writer.key("sample")
    writer.sample(attempt.sample, probe: attempt.probe, codes: codes)
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
