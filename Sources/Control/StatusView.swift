import Base
import Engine
import Judgement
import Model
import Wire

/// What the daemon knows of itself beside the engine.
package struct DaemonFacts: Sendable {
  package struct Receiver: Sendable {
    package var name: String
    package var pending: Int
    package var lastError: String?

    package init(name: String, pending: Int, lastError: String?) {
      self.name = name
      self.pending = pending
      self.lastError = lastError
    }
  }

  package var version: String
  package var vantage: String
  package var startedAt: Now
  package var configurationFile: String
  package var loadedAt: WallTime
  package var historyBytes: Int
  package var deliveryPending: Int
  package var deliveryProblem: String?
  package var receivers: [Receiver]
  package var residentBytes: Int
  package var mappedFileBytes: Int

  package init(
    version: String, vantage: String, startedAt: Now, configurationFile: String,
    loadedAt: WallTime, historyBytes: Int, deliveryPending: Int, deliveryProblem: String?,
    receivers: [Receiver], residentBytes: Int, mappedFileBytes: Int
  ) {
    self.version = version
    self.vantage = vantage
    self.startedAt = startedAt
    self.configurationFile = configurationFile
    self.loadedAt = loadedAt
    self.historyBytes = historyBytes
    self.deliveryPending = deliveryPending
    self.deliveryProblem = deliveryProblem
    self.receivers = receivers
    self.residentBytes = residentBytes
    self.mappedFileBytes = mappedFileBytes
  }
}

/// The body of `GET /v1/status`.
package func statusBody(_ engine: borrowing Engine, _ facts: DaemonFacts, at now: Now) -> [UInt8] {
  var writer = JSONWriter()
  writer.beginObject()
  writer.member("version", facts.version)
  writer.member("vantage", facts.vantage)
  writer.time("startedAt", facts.startedAt.wall)
  writer.time("now", now.wall)
  writer.member("uptimeMilliseconds", (now.instant - facts.startedAt.instant).milliseconds)
  writer.key("configuration")
  writer.beginObject()
  writer.member("file", facts.configurationFile)
  writer.time("loadedAt", facts.loadedAt)
  writer.member("links", engine.links.count)
  writer.member("probes", engine.probes.count)
  writer.endObject()
  writeLinks(&writer, engine, at: now)
  writeSchedule(&writer, engine, at: now)
  writer.key("history")
  writer.beginObject()
  writer.member("recording", engine.recording.problem == nil)
  writer.member("problem", engine.recording.problem)
  writer.member("samplesWritten", engine.recording.samplesWritten)
  writer.member("bytes", facts.historyBytes)
  writer.endObject()
  writeDelivery(&writer, facts)
  writer.key("memory")
  writer.beginObject()
  writer.member("residentBytes", facts.residentBytes)
  writer.member("residentWithoutMappedFilesBytes", facts.residentBytes - facts.mappedFileBytes)
  writer.endObject()
  writer.endObject()
  return writer.bytes
}

private struct ServiceCounts {
  var link: Int
  var counts = StateCounts()
}

private func writeLinks(_ writer: inout JSONWriter, _ engine: borrowing Engine, at now: Now) {
  var all = StateCounts()
  var services: [ServiceCounts] = []
  var placeOfService: [String: Int] = [:]
  for index in engine.links.indices {
    let id = engine.links[index].link.id
    let state = engine.state(of: index, at: now)
    let isPaused = !engine.pauses.isEmpty && engine.pauses[id] != nil
    all.add(state, isPaused: isPaused)
    let place: Int
    if let known = placeOfService[id.service] {
      place = known
    } else {
      place = services.count
      placeOfService[id.service] = place
      services.append(ServiceCounts(link: index))
    }
    services[place].counts.add(state, isPaused: isPaused)
  }
  writer.key("links")
  writer.counts(all)
  let open = engine.shownIncidents.open
  let critical = open.count { $0.severity == .critical }
  writer.key("incidents")
  writer.beginObject()
  writer.member("open", open.count)
  writer.member("critical", critical)
  writer.member("warning", open.count - critical)
  writer.endObject()
  writer.key("services")
  writer.beginArray()
  for service in services {
    let link = engine.links[service.link].link
    writer.beginObject()
    writer.member("service", link.id.service)
    writer.name("name", link.serviceName)
    writer.member("system", link.system)
    writer.member("owner", link.owner)
    writer.key("links")
    writer.counts(service.counts)
    writer.endObject()
  }
  writer.endArray()
}

private func writeSchedule(_ writer: inout JSONWriter, _ engine: borrowing Engine, at now: Now) {
  let figures = engine.figures
  writer.key("schedule")
  writer.beginObject()
  writer.member("tickMilliseconds", engine.schedule.tick.milliseconds)
  writer.member("attempts", figures.attempts)
  writer.member("confirmations", figures.confirmations)
  writer.member("skipped", figures.skippedCount)
  writer.key("skippedBy")
  writer.beginObject()
  for cause in SkipCause.allCases {
    if let count = figures.skipped[cause] { writer.member("\(cause)", count) }
  }
  writer.endObject()
  writer.member("inFlight", engine.inFlightCount)
  writer.key("latenessMicroseconds")
  writer.beginObject()
  writer.member("p50", figures.lateness.quantile(permille: 500))
  writer.member("p99", figures.lateness.quantile(permille: 990))
  writer.member("max", figures.lateness.count > 0 ? figures.lateness.maximum : nil)
  writer.endObject()
  let ticks = figures.ticks(at: now.instant, tick: engine.schedule.tick)
  writer.key("startsPerTick")
  writer.beginObject()
  writer.member("mean", Double(figures.attempts) / Double(ticks))
  writer.member("max", figures.startsPerTickMaximum)
  writer.member("ticks", ticks)
  writer.endObject()
  writer.endObject()
}

private func writeDelivery(_ writer: inout JSONWriter, _ facts: DaemonFacts) {
  writer.key("delivery")
  writer.beginObject()
  writer.member("pending", facts.deliveryPending)
  writer.member("problem", facts.deliveryProblem)
  writer.key("receivers")
  writer.beginArray()
  for receiver in facts.receivers {
    writer.beginObject()
    writer.member("name", receiver.name)
    writer.member("pending", receiver.pending)
    writer.member("lastError", receiver.lastError)
    writer.endObject()
  }
  writer.endArray()
  writer.endObject()
}
