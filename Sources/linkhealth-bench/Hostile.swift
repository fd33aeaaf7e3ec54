import Base
import Wire

/// How long servers that mean harm hold the daemon's loop, each beside ordinary links.
func measureHostile(_ workbench: Workbench, quick: Bool, _ report: inout Report) throws {
  let server = try WebServer(workbench)
  let run = HostileRun(workbench: workbench, server: server, length: .seconds(quick ? 2 : 8))
  try run.measure(nil, &report)
  var mistaken: [String] = []
  for make in hostileCases {
    let hostile = try make(workbench)
    defer { hostile.stop() }
    do { try run.measure(hostile, &report) } catch BenchError.failed(let message) {
      // The others can be measured all the same.
      mistaken.append(message)
    }
  }
  server.stop(workbench)
  guard mistaken.isEmpty else { throw BenchError.failed(mistaken.joined(separator: "; ")) }
}

/// Ordinary links beside a hostile one.
private struct HostileRun {
  let workbench: Workbench
  let server: WebServer
  let length: TimeAmount

  private static let every = TimeAmount.seconds(1)
  /// A link is asked so often a second by each consumer.
  private static let consumers = 4
  private static let ordinary = consumers * WebServer.addresses
  private static let service = WebServer.addresses + 1

  func measure(_ hostile: HostileCase?, _ report: inout Report) throws {
    var catalogue = BenchCatalogue(server, links: Self.ordinary, every: Self.every)
    catalogue.timeout = .milliseconds(900)
    catalogue.pluginDirectory = hostile?.pluginDirectory
    if let hostile {
      catalogue.services = Self.service
      catalogue.otherProbe = { $0 == Self.service - 1 ? hostile.probe : nil }
    }
    let daemon = try DaemonUnderTest(workbench, catalogue)
    defer { daemon.stop() }
    try workbench.pause(Self.every * 5 / 2)
    try daemon.resetFigures()
    try workbench.pause(length)
    let status = try daemon.status()
    let up = status["links"]?["up"]?.int ?? 0
    guard up >= Self.ordinary else {
      throw BenchError.failed(
        "\(hostile?.name ?? "alone"): only \(up) of \(Self.ordinary) ordinary links are up")
    }
    if let hostile { try check(hostile, daemon) }
    for figure in loopFigures(status, "hostile.\(hostile?.name ?? "none")") { report.add(figure) }
  }

  /// It must have been told for what it is, by every consumer's attempts.
  private func check(_ hostile: HostileCase, _ daemon: DaemonUnderTest) throws {
    for consumer in 0..<Self.consumers {
      let link = "bench-\(Self.service)/\(BenchCatalogue.consumer(consumer))"
      let sample = try daemon.control.get("/v1/links/\(link)")["link"]?["lastSample"]
      let outcome = sample?["outcome"]?.string ?? "nothing"
      guard hostile.outcomes.contains(outcome) else {
        throw BenchError.failed(
          "\(hostile.name): expected \(hostile.outcomes.joined(separator: " or ")), found "
            + "\(outcome): \(sample?["sentence"]?.string ?? "")")
      }
    }
  }
}

/// What a daemon's status says of its loop; what is missing there is no number and so falls short. Judged
/// is the CPU time of a turn: on a machine that does other things too, time alone says little.
func loopFigures(_ status: JSONNode, _ name: String) -> [Figure] {
  func milliseconds(_ key: String, _ quantile: String) -> Double {
    (status["loop"]?[key]?[quantile]?.number?.double ?? .nan) / 1_000
  }
  return [
    Figure(
      "\(name).heldCPU.max", milliseconds("heldCPUMicroseconds", "max"), "ms", .atMost(5)),
    Figure("\(name).held.max", milliseconds("heldMicroseconds", "max"), "ms"),
  ]
}
