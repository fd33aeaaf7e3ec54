import Base
import Engine
import Judgement
import Model
import Quiet
import Wire

/// Why a link stands as it does, line by line: what its rules see and when they would change their
/// minds, the incident that speaks of it, what keeps that quiet, and what happens next.
func explanation(
  of index: Int, _ engine: borrowing Engine, at now: Now
) -> [(topic: String, text: String)] {
  var lines: [(topic: String, text: String)] = []
  let link = engine.links[index].link
  let state = engine.state(of: index, at: now)
  let since = engine.links[index].stateSince.map { " since \($0)" } ?? ""
  let isExpected = link.role == .mustFail && (state == .up || state == .down)
  lines.append(
    (
      "state",
      state.rawValue + (state == engine.links[index].state ? since : "")
        + (isExpected ? ": \(mustFailReason(index, engine, state))" : "")
    ))
  if engine.isBlind, !engine.links[index].probes.isEmpty {
    lines.append(
      ("sight", "the monitor may be blind: samples are kept and raise nothing until it sees again"))
  }
  if let pause = engine.pauses[link.id] {
    lines.append(("paused", "by \(pause.by) since \(pause.since)" + colon(pause.reason)))
  }
  if let rule = link.alert.flapping {
    lines.append(("flapping", flappingWords(engine.links[index].flap, rule, at: now)))
  }
  for probe in engine.links[index].probes { explain(probe, engine, &lines, at: now) }
  explainIncident(link.id, engine, &lines, at: now)
  for quiet in engine.quieting(of: index, at: now) {
    let words = "\(quiet.kind) \(quiet.id)\(quiet.meantWords)"
    lines.append(("quiet", words + until(quiet.until) + colon(quiet.reason)))
  }
  return lines
}

/// How often the link's rules made it better or worse, and when that is too often, or few enough again.
private func flappingWords(
  _ flap: FlapWatch, _ rule: FlappingRule, at now: Now
) -> String {
  let count = flap.count(rule, at: now.instant)
  let seen = "\(count) change\(count == 1 ? "" : "s") for better or worse within \(rule.window)"
  guard let since = flap.since else { return "\(seen); it flaps at \(rule.changes)" }
  let calm = flap.calmAt(rule).map { max(.zero, $0 - now.instant) } ?? .zero
  return
    "it flaps since \(since): \(seen); calm in \(printableLength(calm)) unless it changes again"
}

private func explain(
  _ probe: Int, _ engine: borrowing Engine, _ lines: inout [(topic: String, text: String)],
  at now: Now
) {
  let runtime = engine.probes[probe]
  let definition = engine.definition(of: probe)
  let topic = "probe \(definition.name)"
  let needed = definition.isRequired ? "required" : "not required"
  let condition = engine.condition(of: probe, at: now).rawValue
  lines.append((topic, "\(condition), \(needed); last attempts \(runtime.judge.bits.text)"))
  for rule in runtime.judge.ruleViews(at: now.wall) { lines.append((topic, rule)) }
  if runtime.nextDue != .distantFuture {
    let wait = max(.zero, runtime.nextDue - now.instant)
    lines.append((topic, "next attempt in \(printableLength(wait))"))
  }
}

private func explainIncident(
  _ link: LinkID, _ engine: borrowing Engine, _ lines: inout [(topic: String, text: String)],
  at now: Now
) {
  guard let incident = engine.shownIncidents.openIncident(of: link) else {
    lines.append(("incident", "none is open"))
    return
  }
  lines.append(("incident", "\(incident.id), \(incident.status.rawValue): \(incident.summary)"))
  let others = incident.links.count - 1
  lines.append(
    (
      "pattern",
      incident.pattern.rawValue + (incident.subject.map(subjectWords) ?? "")
        + (others > 0 ? ", with \(others) other link\(others == 1 ? "" : "s")" : "")
    ))
  if let suspicion = incident.suspicion {
    lines.append(
      (
        "suspected",
        suspicion.side == "cannotTell"
          ? "cannot tell"
          : "\(suspicion.hop.map { "hop \($0)" } ?? suspicion.side), \(suspicion.confidence)"
      ))
    for reason in suspicion.reasons { lines.append(("because", reason)) }
    if let time = suspicion.asOf { lines.append(("as of", "\(time), before recovery began")) }
  }
  if incident.reopenedCount > 0 {
    lines.append(
      (
        "since",
        "\(incident.begunAt) this time; opened first at \(incident.openedAt), began again "
          + "\(incident.reopenedCount) time\(incident.reopenedCount == 1 ? "" : "s")"
      ))
  }
  let telling = engine.telling(of: incident, at: now)
  if let reason = telling.reason {
    if case .toldSilenced = telling {
      lines.append(("kept quiet", reason))
    } else {
      lines.append(("not told", reason))
    }
  }
  if let acknowledgement = incident.acknowledgement {
    lines.append(
      (
        "taken up",
        "by \(acknowledgement.by) at \(acknowledgement.time)" + colon(acknowledgement.note)
      ))
  }
}

/// The whole has no name of its own.
private func subjectWords(_ subject: IncidentSubject) -> String {
  ", \(subject.axis)" + (subject.name.isEmpty ? "" : " \(subject.name)")
}

private func colon(_ text: String) -> String { text.isEmpty ? "" : ": \(text)" }

private func until(_ time: WallTime?) -> String { time.map { " until \($0)" } ?? "" }
