import Base
import Engine
import Model
import Wire

// The parts of the status that do not depend on how many links there are.

func writeHead(
  _ writer: inout JSONWriter, _ engine: borrowing Engine, _ facts: DaemonFacts, at now: Now
) {
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
}

func writeIncidents(_ writer: inout JSONWriter, _ engine: borrowing Engine) {
  let open = engine.shownIncidents.openCounts
  writer.key("incidents")
  writer.beginObject()
  writer.member("open", open.values.reduce(0, +))
  writer.member("critical", open[.critical] ?? 0)
  writer.member("warning", open[.warning] ?? 0)
  let planned = incidentsInMaintenance(engine)
  writer.member("maintenance", planned.all)
  writer.member("maintenanceCritical", planned.critical)
  writer.endObject()
}

/// Open incidents all of whose links are in maintenance, among the newest ``Limits/incidentsLookedAt``.
private func incidentsInMaintenance(_ engine: borrowing Engine) -> (all: Int, critical: Int) {
  guard engine.hasMaintenance else { return (0, 0) }
  var count = (all: 0, critical: 0)
  for incident in engine.shownIncidents.open(before: nil, limit: Limits.incidentsLookedAt)
  where engine.isInMaintenance(incident) {
    count.all += 1
    if incident.severity == .critical { count.critical += 1 }
  }
  return count
}

/// Whether the machine's clock is synchronised, by whose word, and since when as far as this run knows.
func writeClock(_ writer: inout JSONWriter, _ engine: borrowing Engine) {
  let report = engine.clockWatch.report ?? ClockReport(.unknown, problem: "not asked yet")
  writer.key("clock")
  writer.beginObject()
  writer.member("state", report.state.rawValue)
  writer.member("source", report.source?.rawValue)
  writer.time("since", engine.clockWatch.since)
  writer.member("sinceStart", engine.clockWatch.isSinceStart)
  writer.member("maximumErrorMilliseconds", report.maximumError?.milliseconds)
  writer.member("problem", report.problem.isEmpty ? nil : report.problem)
  writer.member("toldAfterMilliseconds", engine.clockWatch.limit?.milliseconds)
  writer.endObject()
}

/// The hosts that were refused something first, then the busiest.
func writeHosts(_ writer: inout JSONWriter, _ engine: borrowing Engine, at now: Now) {
  let hosts = engine.hosts(at: now).sorted { a, b in
    if a.refused != b.refused { return a.refused > b.refused }
    if a.requestsLastMinute != b.requestsLastMinute {
      return a.requestsLastMinute > b.requestsLastMinute
    }
    return a.host < b.host
  }
  writer.key("hosts")
  writer.beginArray()
  for host in hosts.prefix(Limits.hostsPerAnswer) {
    writer.beginObject()
    writer.member("host", host.host)
    writer.member("requestsLastMinute", host.requestsLastMinute)
    writer.member("budgetPerMinute", host.budget?.requestsPerMinute)
    writer.member("refused", host.refused)
    writer.endObject()
  }
  writer.endArray()
  writer.member("hostsTotal", hosts.count)
}

func writeHistory(_ writer: inout JSONWriter, _ engine: borrowing Engine, _ facts: DaemonFacts) {
  writer.key("history")
  writer.beginObject()
  writer.member("recording", engine.recording.problem == nil)
  writer.member("problem", engine.recording.problem)
  writer.member("samplesWritten", engine.recording.samplesWritten)
  writer.member("bytes", facts.historyBytes)
  writer.endObject()
}

func writeMemory(_ writer: inout JSONWriter, _ facts: DaemonFacts) {
  writer.key("memory")
  writer.beginObject()
  writer.member("residentBytes", facts.residentBytes)
  writer.member("residentWithoutMappedFilesBytes", facts.residentBytes - facts.mappedFileBytes)
  writer.endObject()
}

func writeSchedule(_ writer: inout JSONWriter, _ engine: borrowing Engine, at now: Now) {
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
  writer.quantiles("latenessMicroseconds", figures.lateness)
  let ticks = figures.ticks(at: now.instant, tick: engine.schedule.tick)
  writer.key("startsPerTick")
  writer.beginObject()
  writer.member("mean", Double(figures.attempts) / Double(ticks))
  writer.member("max", figures.startsPerTickMaximum)
  writer.member("ticks", ticks)
  writer.endObject()
  writer.endObject()
}

func writeLoop(_ writer: inout JSONWriter, _ facts: DaemonFacts, at now: Now) {
  let loop = facts.loop
  writer.key("loop")
  writer.beginObject()
  writer.member("turns", Int(clamping: loop.held.count))
  writer.quantiles("heldMicroseconds", loop.held)
  writer.quantiles("heldCPUMicroseconds", loop.heldCPU)
  writer.time("longestAt", loop.longestAt.map { now.wall - (now.instant - $0) })
  writer.endObject()
}

extension JSONWriter {
  fileprivate mutating func quantiles(_ key: String, _ histogram: MicrosecondHistogram) {
    self.key(key)
    beginObject()
    member("p50", histogram.quantile(permille: 500))
    member("p99", histogram.quantile(permille: 990))
    member("max", histogram.count > 0 ? histogram.maximum : nil)
    endObject()
  }
}

func writeDelivery(_ writer: inout JSONWriter, _ facts: DaemonFacts) {
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
