import Base
import Delivery
import Glibc
import Host
import Model
import Wire

/// How long an alert takes from the decision to raise to its file and to its receiver.
func measureAlerts(_ workbench: Workbench, quick: Bool, _ report: inout Report) throws {
  let staggered = quick ? 30 : 200
  let single = try alertDelays(
    workbench, links: staggered, every: .milliseconds(500), gap: .milliseconds(97))
  report.add(
    Figure(
      "alerts.incidents", Double(min(single.files.count, single.webhooks.count)), "",
      .atLeast(Double(staggered)), digits: 0))
  report.add(Figure("alerts.file.p50", percentile(50, of: single.files), "ms"))
  report.add(Figure("alerts.file.p95", percentile(95, of: single.files), "ms", .below(50)))
  report.add(Figure("alerts.file.max", percentile(100, of: single.files), "ms"))
  report.add(Figure("alerts.webhook.p50", percentile(50, of: single.webhooks), "ms"))
  report.add(Figure("alerts.webhook.p95", percentile(95, of: single.webhooks), "ms", .below(100)))
  report.add(Figure("alerts.webhook.max", percentile(100, of: single.webhooks), "ms"))

  let burst = quick ? 30 : 100
  let together = try alertDelays(
    workbench, links: burst, every: .milliseconds(100), gap: .zero)
  report.add(
    Figure(
      "alerts.burst.incidents", Double(min(together.files.count, together.webhooks.count)), "",
      .atLeast(Double(burst)), digits: 0))
  report.add(Figure("alerts.burst.file.p95", percentile(95, of: together.files), "ms"))
  report.add(Figure("alerts.burst.webhook.p95", percentile(95, of: together.webhooks), "ms"))
  report.add(Figure("alerts.burst.webhook.max", percentile(100, of: together.webhooks), "ms"))
}

/// Milliseconds from the decision, one value for each incident.
private struct AlertDelays {
  var files: [Double]
  var webhooks: [Double]
}

/// Watches so many links with a daemon, makes one after the other fail, `gap` apart, and takes the
/// times at which the alert files and the webhooks arrive.
private func alertDelays(
  _ workbench: Workbench, links: Int, every: TimeAmount, gap: TimeAmount
) throws -> AlertDelays {
  let reactor = try Reactor()
  let server = try AnswerServer(reactor)
  var arrivals = AlertArrivals()
  server.onWebhook = { arrivals.addWebhook($0, at: $1) }
  let loop = WatchedLoop(workbench, reactor)
  let stopper = try reactor.add(workbench.signals.raw, .readable, handler: loop)
  defer { reactor.remove(stopper) }

  var catalogue = BenchCatalogue(port: server.port, links: links, every: every)
  catalogue.timeout = .seconds(5)
  let daemon = try DaemonUnderTest(
    workbench, catalogue,
    webhook: "http://127.0.0.1:\(server.port)\(AnswerServer.webhookPath)")
  defer { daemon.stop() }
  let watch = try AlertWatch(daemon.openAlerts, reactor) { arrivals.addFile($0, at: $1) }
  defer { withExtendedLifetime(watch) {} }
  say("\(links) links at \(every), failing \(gap == .zero ? "at once" : "\(gap) apart")")

  // The daemon is asked from here too, so it may only be asked for what it knows without us.
  try loop.run(for: every * 4 + .seconds(1)) { false }
  for number in 0..<links {
    server.failing.insert("/bench/\(BenchCatalogue.consumer(number))")
    if gap > .zero { try loop.run(for: gap) { false } }
  }
  try loop.run(for: .seconds(30)) { arrivals.isComplete(links) }
  guard arrivals.isComplete(links) else {
    throw BenchError.failed(
      "\(links) links failed, \(arrivals.fileCount) files and \(arrivals.webhookCount) webhooks "
        + "came within 30 s")
  }
  return try arrivals.delays(in: daemon.openAlerts)
}

/// The first arrival of each incident, by id.
private struct AlertArrivals {
  private var files: [(name: String, arrived: WallTime)] = []
  private var seenFiles: Set<String> = []
  private var webhooks: [(body: [UInt8], arrived: WallTime)] = []

  var fileCount: Int { files.count }
  var webhookCount: Int { webhooks.count }

  mutating func addFile(_ name: String, at arrived: WallTime) {
    guard name.hasSuffix(".json"), seenFiles.insert(name).inserted else { return }
    files.append((name, arrived))
  }

  /// The body is read later: reading takes time that belongs to nobody's delay.
  mutating func addWebhook(_ body: [UInt8], at arrived: WallTime) {
    webhooks.append((body, arrived))
  }

  func isComplete(_ links: Int) -> Bool { files.count >= links && webhooks.count >= links }

  func delays(in directory: String) throws -> AlertDelays {
    let fileDelays = try files.map { file in
      delay(try readFile("\(directory)/\(file.name)"), within: nil, arrived: file.arrived)
    }
    let webhookDelays = webhooks.map { delay($0.body, within: "data", arrived: $0.arrived) }
    return AlertDelays(
      files: fileDelays.compactMap { $0 }, webhooks: webhookDelays.compactMap { $0 })
  }

  /// Milliseconds since the incident of a document was opened; nil for a later version of it. The
  /// document has whole milliseconds, rounded down: a delay is up to one too long.
  private func delay(_ bytes: [UInt8], within key: String?, arrived: WallTime) -> Double? {
    guard let node = parseJSON(bytes, dialect: .json, limits: .body).node,
      let document = key.map({ node[$0] }) ?? node, document["sequence"]?.int == 1,
      let opened = document["openedAt"]?.string.flatMap(wallTime(rfc3339:))
    else { return nil }
    return (arrived - opened).seconds * 1_000
  }
}

/// Runs the reactor for a while, and ends at a signal or when a child has ended.
private final class WatchedLoop: ReadinessHandler {
  private let workbench: Workbench
  private let reactor: Reactor
  private var isInterrupted = false

  init(_ workbench: Workbench, _ reactor: Reactor) {
    self.workbench = workbench
    self.reactor = reactor
  }

  func ready(_ readiness: Readiness, key: Int32, token: Token) { isInterrupted = true }

  func run(for length: TimeAmount, until isDone: () -> Bool) throws {
    let end = Clock.instant + length
    while !isDone() {
      let left = end - Clock.instant
      guard left > .zero else { return }
      try reactor.round(longest: min(left, .milliseconds(500)))
      if isInterrupted { throw BenchError.interrupted }
      try workbench.checkChildren()
    }
  }
}
