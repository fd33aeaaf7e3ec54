import Base
import Wire

/// How late probes are while a daemon with very many links takes a new catalogue.
func measureReload(_ workbench: Workbench, quick: Bool, _ report: inout Report) throws {
  let links = quick ? 10_000 : 100_000
  let every = TimeAmount.seconds(quick ? 60 : 600)
  let server = try WebServer(workbench)
  var catalogue = BenchCatalogue(server, links: links, every: every)
  catalogue.window = every * 15
  let daemon = try DaemonUnderTest(workbench, catalogue)
  // The first minute brings every link its first run: no fair time.
  let settling = TimeAmount.seconds(70)
  say("\(links) links at \(every): settling for \(settling)")
  try workbench.pause(settling)
  for step in ReloadStep.allCases {
    step.change(&catalogue)
    try daemon.write(catalogue)
    say("reload: \(step.rawValue)")
    try workbench.pause(.seconds(2))
    try daemon.resetFigures()
    let answer = try daemon.reload()
    try workbench.pause(.seconds(3))
    for figure in reloadFigures(step, answer, try daemon.status(), links: links) {
      report.add(figure)
    }
  }
  daemon.stop()
  server.stop(workbench)
}

/// The reloads that are measured, one after the other.
enum ReloadStep: String, CaseIterable {
  case unchanged
  /// Another time-out for every probe.
  case allChanged
  /// One link in a hundred goes, as many come, and all places move.
  case moved

  func change(_ catalogue: inout BenchCatalogue) {
    switch self {
    case .unchanged: break
    case .allChanged: catalogue.timeout = .seconds(9)
    case .moved: catalogue.firstConsumer += catalogue.consumers / 100
    }
  }

  /// How many links are added, removed and changed.
  func expected(links: Int) -> (added: Int, removed: Int, changed: Int) {
    switch self {
    case .unchanged: (0, 0, 0)
    case .allChanged: (0, 0, links)
    case .moved: (links / 100, links / 100, 0)
    }
  }
}

/// The figures of one reload; what is missing in the answers is no number and so falls short.
func reloadFigures(
  _ step: ReloadStep, _ answer: JSONNode, _ status: JSONNode, links: Int
) -> [Figure] {
  let expected = step.expected(links: links)
  let schedule = status["schedule"]
  func milliseconds(_ name: String) -> Double {
    (schedule?["latenessMicroseconds"]?[name]?.number?.double ?? .nan) / 1_000
  }
  func told(_ name: String, _ count: Int) -> Bool { answer[name]?.int == count }
  let isAsMeant =
    told("added", expected.added) && told("removed", expected.removed)
    && told("changed", expected.changed)
  let name = "reload.\(step.rawValue)"
  return [
    Figure("\(name).asMeant", isAsMeant ? 1 : 0, "", .atLeast(1), digits: 0),
    Figure(
      "\(name).attempts", schedule?["attempts"]?.number?.double ?? .nan, "", .atLeast(1),
      digits: 0),
    Figure(
      "\(name).skipped", schedule?["skipped"]?.number?.double ?? .nan, "", .atMost(0), digits: 0),
    Figure("\(name).lateness.p99", milliseconds("p99"), "ms"),
    Figure("\(name).lateness.max", milliseconds("max"), "ms", .atMost(100)),
  ]
}
