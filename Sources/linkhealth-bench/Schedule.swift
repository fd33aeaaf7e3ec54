import Base
import Wire

/// How punctual the daemon is with many links, and how much memory it takes.
func measureSchedule(_ workbench: Workbench, quick: Bool, _ report: inout Report) throws {
  let links = quick ? 1_000 : 10_000
  let every = TimeAmount.seconds(quick ? 6 : 60)
  let settling = every + .seconds(quick ? 2 : 15)
  let length = TimeAmount.seconds(quick ? 13 : 130)
  let server = try WebServer(workbench)
  var catalogue = BenchCatalogue(server, links: links, every: every)
  catalogue.window = every * 15
  let daemon = try DaemonUnderTest(workbench, catalogue)
  say("\(links) links at \(every): settling for \(settling), then measuring for \(length)")
  try workbench.pause(settling)
  try daemon.waitUntilUp(within: .seconds(10))
  try daemon.resetFigures()
  try workbench.pause(length)
  let status = try daemon.status()
  daemon.stop()
  server.stop(workbench)
  let expected = catalogue.startsPerSecond * length.seconds
  for figure in scheduleFigures(status, links: links, expectedAttempts: expected) {
    report.add(figure)
  }
}

/// The figures in a daemon's status; what is missing there is no number and so falls short.
func scheduleFigures(_ status: JSONNode, links: Int, expectedAttempts: Double) -> [Figure] {
  func number(_ path: String...) -> Double {
    var node: JSONNode? = status
    for key in path { node = node?[key] }
    return node?.number?.double ?? .nan
  }
  let mean = number("schedule", "startsPerTick", "mean")
  let most = number("schedule", "startsPerTick", "max")
  let lateness = ["p50", "p99", "max"].map {
    number("schedule", "latenessMicroseconds", $0) / 1_000
  }
  return [
    Figure("schedule.links.up", number("links", "up"), "", .atLeast(Double(links)), digits: 0),
    // A hundredth for the edges of the window.
    Figure(
      "schedule.attempts", number("schedule", "attempts"), "",
      .atLeast((expectedAttempts * 0.99).rounded(.down)), digits: 0),
    Figure("schedule.skipped", number("schedule", "skipped"), "", .atMost(0), digits: 0),
    Figure("schedule.lateness.p50", lateness[0], "ms"),
    Figure("schedule.lateness.p99", lateness[1], "ms", .below(20)),
    Figure("schedule.lateness.max", lateness[2], "ms"),
    Figure("schedule.startsPerTick.mean", mean, ""),
    Figure("schedule.startsPerTick.max", most, "", digits: 0),
    Figure("schedule.startsPerTick.maxToMean", most / mean, "x", .atMost(2.2)),
    Figure(
      "schedule.memory.withoutMappedFiles",
      number("memory", "residentWithoutMappedFilesBytes") / 1e6, "MB", .below(60), digits: 1),
  ]
}
