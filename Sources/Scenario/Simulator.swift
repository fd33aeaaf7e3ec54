import Base
import Model
import Wire

/// Answers every request: `/SERVICE/CONSUMER/...` by the scenario, `/_test/KIND` by its kind, and
/// `/_sim/...` about the simulator itself.
package struct Simulator {
  private var run: ScenarioRun
  private var strangers = 0

  package init(_ run: ScenarioRun) { self.run = run }

  package mutating func reply(to request: SimulatedRequest, at now: Instant) -> Reply {
    let path = request.head.segments
    switch path.first {
    case "_test": return TestEndpoints.reply(to: request)
    case "_sim": return control(request, path.count > 1 ? path[1] : "")
    default: break
    }
    if path.count >= 2 {
      let id = LinkID(service: path[0], consumer: path[1])
      if let reply = run.reply(to: request, for: id, at: now) { return reply }
    }
    strangers += 1
    return plain(request).error(404, "no such service or consumer")
  }

  private func plain(_ request: SimulatedRequest) -> AnswerContext {
    AnswerContext(style: .usual(for: ""), unit: "", request: request)
  }

  // MARK: The simulator's own endpoints

  private mutating func control(_ request: SimulatedRequest, _ verb: String) -> Reply {
    switch (verb, request.head.method) {
    case ("counts", "GET"), ("counts", "HEAD"): plain(request).json(200, countsBody())
    case ("set", "POST"): set(request)
    case ("clear", "POST"): clear(request)
    case ("counts", _), ("set", _), ("clear", _):
      plain(request).error(405, "GET counts, POST set, POST clear")
    default: plain(request).error(404, "there are counts, set and clear")
    }
  }

  private mutating func set(_ request: SimulatedRequest) -> Reply {
    let context = plain(request)
    guard let service = request.head.query("service"), let known = run.consumers(of: service) else {
      return context.error(404, "set needs ?service= with a service of the scenario")
    }
    let consumer = request.head.query("consumer")
    if let consumer, !known.contains(consumer) {
      return context.error(404, "the service has no such consumer")
    }
    var complaints = Complaints()
    let (node, errors) = parseJSON(request.body, dialect: .json5, limits: .request)
    complaints.add(errors, file: "body")
    var rules: [FaultRule] = []
    if let node {
      rules = readFaultRules(
        node, consumers: known, file: "body", path: "", complaints: &complaints)
    }
    guard complaints.isEmpty else {
      return context.error(400, complaints.list.map(\.description).joined(separator: "\n"))
    }
    return changed(run.set(rules, service: service, consumer: consumer), request)
  }

  private mutating func clear(_ request: SimulatedRequest) -> Reply {
    let count = run.clear(
      service: request.head.query("service"), consumer: request.head.query("consumer"))
    return changed(count, request)
  }

  private func changed(_ links: Int, _ request: SimulatedRequest) -> Reply {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("links", links)
    writer.endObject()
    return plain(request).json(200, writer.bytes)
  }

  private func countsBody() -> [UInt8] {
    let counts = run.counts
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("requests", counts.reduce(0) { $0 + $1.requests })
    writer.member("faults", counts.reduce(0) { $0 + $1.faults })
    writer.member("strangers", strangers)
    writer.key("links")
    writer.beginObject()
    for count in counts {
      writer.key(count.link.description)
      writer.beginObject()
      writer.member("requests", count.requests)
      writer.member("faults", count.faults)
      writer.endObject()
    }
    writer.endObject()
    writer.endObject()
    return writer.bytes
  }
}
