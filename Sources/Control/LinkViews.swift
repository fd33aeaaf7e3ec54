import Base
import Engine
import Judgement
import Model
import Quiet
import Reports
import Wire

extension JSONWriter {
  package mutating func link(
    _ index: Int, _ engine: borrowing Engine, state: LinkState, at now: Now
  ) {
    let runtime = engine.links[index]
    let link = runtime.link
    let pause = engine.pauses[link.id]
    let incident = engine.shownIncidents.openIncident(of: link.id)
    beginObject()
    member("id", "\(link.id)")
    member("service", link.id.service)
    member("consumer", link.id.consumer)
    name("name", link.serviceName)
    name("consumerName", link.consumerName)
    member("system", link.system)
    member("owner", link.owner)
    name("ownerName", link.ownerName)
    member("role", link.role.rawValue)
    member("vendor", link.vendor)
    strings("route", link.route)
    hops(link.hops, engine, at: now)
    member("state", state.rawValue)
    time("since", state == runtime.state ? runtime.stateSince : nil)
    let isOverdue = engine.isOverdue(index, state, at: now)
    let quieting = engine.quieting(of: index, at: now)
    strings(
      "marks",
      (pause == nil ? [] : ["paused"]) + (isOverdue ? ["overdue"] : []) + quieting.marks
        + (engine.isFlapping(index) ? ["flapping"] : []))
    quiet(quieting, zone: engine.quietBook.rules.zone)
    self.pause(pause)
    planned(link.planned, isOverdue: isOverdue, at: now)
    time("connectedAt", engine.connectedAt(index))
    member("incident", incident?.id)
    member("reason", reason(index, engine, pause: pause, incident: incident, state: state, at: now))
    let newest = newestSample(of: runtime, engine)
    name("codeMeaning", newest.flatMap { codeMeaning($0.sample.outcome, codes: link.codes) })
    key("lastSample")
    if let newest {
      sample(newest.sample, probe: newest.probe, codes: link.codes)
    } else {
      null()
    }
    member(
      "lastSampleAgeMilliseconds",
      newest.map { max(0, (now.wall - $0.sample.time).milliseconds) })
    endObject()
  }

  /// The hops that a link stands on, with their states.
  private mutating func hops(_ hops: [LinkID], _ engine: borrowing Engine, at now: Now) {
    key("hops")
    beginArray()
    for hop in hops {
      guard let index = engine.linkIndex[hop] else { continue }
      let state = engine.state(of: index, at: now)
      let runtime = (state: engine.links[index].state, since: engine.links[index].stateSince)
      beginObject()
      member("link", "\(hop)")
      member("state", state.rawValue)
      time("since", state == runtime.state ? runtime.since : nil)
      endObject()
    }
    endArray()
  }

  private mutating func pause(_ pause: Pause?) {
    key("pause")
    guard let pause else { return null() }
    beginObject()
    time("since", pause.since)
    member("by", pause.by)
    member("reason", pause.reason)
    endObject()
  }

  private mutating func planned(_ planned: PlannedConnection?, isOverdue: Bool, at now: Now) {
    key("planned")
    guard let planned else { return null() }
    beginObject()
    member("date", planned.date)
    member("daysOverdue", isOverdue ? planned.daysOverdue(at: now.wall) : 0)
    endObject()
  }

  package mutating func probe(_ index: Int, _ engine: borrowing Engine, at now: Now) {
    let runtime = engine.probes[index]
    let definition = engine.definition(of: index)
    beginObject()
    member("name", definition.name)
    member("kind", definition.kind)
    member("condition", engine.condition(of: index, at: now).rawValue)
    member("required", definition.isRequired)
    member("everyMilliseconds", definition.every.milliseconds)
    member("timeoutMilliseconds", definition.timeout.milliseconds)
    let isPlanned = runtime.nextDue != .distantFuture
    member(
      "nextInMilliseconds", isPlanned ? max(0, (runtime.nextDue - now.instant).milliseconds) : nil)
    member("running", runtime.isRunning)
    let backsOff = runtime.backsOffUntil.map { max(0, ($0 - now.instant).milliseconds) }
    member("backsOffMilliseconds", backsOff)
    member("window", runtime.judge.bits.text)
    key("raised")
    beginArray()
    for rule in runtime.judge.raised {
      beginObject()
      member("rule", rule.rule.rawValue)
      time("since", rule.since)
      member("cause", rule.cause)
      member("evidence", rule.evidence)
      member("severity", rule.severity.rawValue)
      endObject()
    }
    endArray()
    key("lastSample")
    if let last = runtime.judge.newest {
      sample(last, probe: definition.name, codes: runtime.judge.codes)
    } else {
      null()
    }
    key("lastSkipped")
    if let skipped = runtime.lastSkipped {
      sample(skipped, probe: definition.name, codes: runtime.judge.codes)
    } else {
      null()
    }
    endObject()
  }
}

private func newestSample(of link: LinkRuntime, _ engine: borrowing Engine)
  -> (sample: Sample, probe: String)?
{
  var newest: (sample: Sample, probe: String)?
  for probe in link.probes {
    guard let last = engine.probes[probe].judge.newest else { continue }
    if newest.map({ $0.sample.time < last.time }) ?? true {
      newest = (last, engine.definition(of: probe).name)
    }
  }
  return newest
}

/// Why a link is not simply up, in words; nil when there is nothing to say.
private func reason(
  _ index: Int, _ engine: borrowing Engine, pause: Pause?, incident: Incident?, state: LinkState,
  at now: Now
) -> String? {
  if let pause {
    return "paused by \(pause.by)" + (pause.reason.isEmpty ? "" : ": \(pause.reason)")
  }
  switch state {
  case .notConnected, .planned: return lifeCycleReason(index, engine, state, at: now)
  case .up, .degraded, .down, .unknown: break
  }
  if engine.links[index].link.role == .mustFail, state != .unknown {
    return mustFailReason(index, engine, state)
  }
  // An incident's evidence names the hops that were failing when it began; one that fails now may have
  // begun hours later.
  let hop =
    state == .up || incident != nil
    ? nil : brokenHop(of: engine.links[index].link, engine, at: now)
  guard let reason = ownReason(index, engine, incident: incident, state: state) else {
    return hop
  }
  return reason + (hop.map { "; \($0)" } ?? "")
}

/// What a link that must fail does, in words.
func mustFailReason(_ index: Int, _ engine: borrowing Engine, _ state: LinkState) -> String {
  guard state == .up else {
    return "answers, and must fail: somebody may answer in everybody's place"
  }
  for probe in engine.links[index].probes {
    guard let last = engine.probes[probe].judge.last, last.outcome.isFailure else { continue }
    let codes = engine.links[index].link.codes
    return "fails as it must: \(sentence(last.outcome, note: last.note, codes: codes))"
  }
  return "fails as it must"
}

private func lifeCycleReason(
  _ index: Int, _ engine: borrowing Engine, _ state: LinkState, at now: Now
) -> String {
  guard let planned = engine.links[index].link.planned, engine.links[index].connectedAt == nil
  else { return "no endpoint is configured" }
  let days = planned.daysOverdue(at: now.wall)
  guard state == .notConnected, days > 0 else { return "to be connected by \(planned.date)" }
  return "was to be connected by \(planned.date), \(days) day\(days == 1 ? "" : "s") ago"
}

/// What the link's own probes say.
private func ownReason(
  _ index: Int, _ engine: borrowing Engine, incident: Incident?, state: LinkState
) -> String? {
  if engine.isBlind, state == .unknown, incident.map({ $0.pattern == .vantage }) ?? true {
    return "not judged: this monitor may be blind"
  }
  let id = engine.links[index].link.id
  let conditions = incident?.conditions.filter { $0.link == id } ?? []
  if let condition = conditions.first(where: { $0.rule == .failures }) ?? conditions.first {
    return condition.evidence
  }
  if state == .unknown, let words = skippedWords(index, engine) { return words }
  for probe in engine.links[index].probes {
    guard let last = engine.probes[probe].judge.last else { continue }
    if last.outcome.isFailure || last.outcome.isWarning {
      let codes = engine.links[index].link.codes
      return sentence(last.outcome, note: last.note, codes: codes)
        + (last.outcome.isFailure ? " (once, not confirmed)" : "")
    }
    if last.isSlow { return "slow: \(last.timings.totalMicroseconds / 1_000) ms" }
  }
  return state == .unknown ? "no recent sample" : nil
}

/// Why the newest run of a link's required probe could not tell how it is, a plugin's own words before what
/// is lacking here.
private func skippedWords(_ index: Int, _ engine: borrowing Engine) -> String? {
  var words: String?
  for probe in engine.links[index].probes where engine.definition(of: probe).isRequired {
    guard let skipped = engine.probes[probe].lastSkipped else { continue }
    let text = sentence(skipped.outcome, note: skipped.note, codes: nil)
    if skipped.outcome == .skipped(.pluginUnknown) { return text }
    words = words ?? "no recent sample: \(text)"
  }
  return words
}

/// The first hop of a link's route that is down itself, in words.
private func brokenHop(
  of link: borrowing Link, _ engine: borrowing Engine, at now: Now
) -> String? {
  for hop in link.hops {
    if let index = engine.linkIndex[hop], engine.state(of: index, at: now) == .down {
      return "hop \(hop) is down"
    }
  }
  return nil
}
