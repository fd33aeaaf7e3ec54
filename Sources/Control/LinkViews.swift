import Base
import Engine
import Judgement
import Model
import Wire

/// Which links are asked for; an empty set of values lets all pass.
package struct LinkFilter: Sendable {
  package var services: [String] = []
  package var consumers: [String] = []
  package var systems: [String] = []
  package var owners: [String] = []
  package var states: [String] = []

  package init() {}

  /// Reads the query's parameters; throws a message on one that is not known.
  package init(query: [(name: String, value: String)]) throws(BadQuery) {
    for (name, value) in query {
      let values = value.split(separator: ",").map(String.init)
      switch name {
      case "service": services = values
      case "consumer": consumers = values
      case "system": systems = values
      case "owner": owners = values
      case "state":
        states = values
        for state in values where LinkState(rawValue: state) == nil {
          let known = LinkState.allCases.map(\.rawValue)
          throw BadQuery("no state \(state); the states are \(known.joined(separator: ", "))")
        }
      case "limit", "offset": break
      default:
        let near = nearest(
          name,
          among: ["service", "consumer", "system", "owner", "state", "limit", "offset"])
        throw BadQuery(
          "no parameter \(name)" + (near.map { "; did you mean \($0)?" } ?? ""))
      }
    }
  }

  func passes(_ link: Link) -> Bool {
    (services.isEmpty || services.contains(link.id.service))
      && (consumers.isEmpty || consumers.contains(link.id.consumer))
      && (systems.isEmpty || systems.contains(link.system))
      && (owners.isEmpty || owners.contains(link.owner))
  }

  func passes(_ state: LinkState) -> Bool { states.isEmpty || states.contains(state.rawValue) }
}

/// A request's parameters are wrong; the message says what and how.
package struct BadQuery: Error, Sendable {
  package var message: String
  init(_ message: String) { self.message = printable(message, limit: 300) }
}

/// Writes the list of links piece by piece, so that a long one never holds the loop.
package struct LinkListing: Sendable {
  /// Links looked at in one piece: well under a millisecond of work.
  static let linksPerPiece = 128

  private let filter: LinkFilter
  private let offset: Int
  private let limit: Int
  private var next = 0
  private var matched = 0
  private var written = 0
  private var isBegun = false
  package private(set) var isDone = false

  package init(filter: LinkFilter, offset: Int, limit: Int) {
    self.filter = filter
    self.offset = offset
    self.limit = limit
  }

  /// The next piece of the answer's JSON; a reload in between may repeat or leave out links.
  package mutating func nextPiece(_ engine: borrowing Engine, at now: Now) -> [UInt8] {
    var bytes: [UInt8] = []
    if !isBegun {
      bytes += Array("{\"links\":[".utf8)
      isBegun = true
    }
    let end = min(engine.links.count, next + Self.linksPerPiece)
    while next < end {
      let index = next
      next += 1
      guard filter.passes(engine.links[index].link) else { continue }
      let state = engine.state(of: index, at: now)
      guard filter.passes(state) else { continue }
      matched += 1
      guard matched > offset, written < limit else { continue }
      if written > 0 { bytes.append(0x2C) }
      written += 1
      var writer = JSONWriter()
      writer.link(index, engine, state: state, at: now)
      bytes += writer.bytes
    }
    if next >= engine.links.count {
      bytes += Array("],\"total\":\(matched)}".utf8)
      isDone = true
    }
    return bytes
  }
}

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
    strings("route", link.route)
    member("state", state.rawValue)
    time("since", state == runtime.state ? runtime.stateSince : nil)
    strings("marks", pause == nil ? [] : ["paused"])
    member("incident", incident?.id)
    member("reason", reason(index, engine, pause: pause, incident: incident, state: state))
    let newest = newestSample(of: runtime, engine)
    key("lastSample")
    if let newest { sample(newest.sample, probe: newest.probe) } else { null() }
    member(
      "lastSampleAgeMilliseconds",
      newest.map { max(0, (now.wall - $0.sample.time).milliseconds) })
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
      endObject()
    }
    endArray()
    key("lastSample")
    if let last = runtime.judge.newest { sample(last, probe: definition.name) } else { null() }
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
  _ index: Int, _ engine: borrowing Engine, pause: Pause?, incident: Incident?, state: LinkState
) -> String? {
  if let pause {
    return "paused by \(pause.by)" + (pause.reason.isEmpty ? "" : ": \(pause.reason)")
  }
  let runtime = engine.links[index]
  if state == .notConnected { return "no endpoint is configured" }
  if let condition = incident?.conditions.first(where: { $0.rule == .failures })
    ?? incident?.conditions.first
  {
    return condition.evidence
  }
  for probe in runtime.probes {
    guard let last = engine.probes[probe].judge.last else { continue }
    if last.outcome.isFailure { return last.outcome.sentence + " (once, not confirmed)" }
    if last.isSlow { return "slow: \(last.timings.totalMicroseconds / 1_000) ms" }
  }
  if state == .unknown { return "no recent sample" }
  return nil
}
