import Base
import Engine
import Glibc
import History
import Host
import Model

/// What a full history takes on the disk, and what a link more would.
func addRoom(_ history: FullHistory, _ report: inout Report) {
  let probes = Double(history.load.probes.count)
  let perProbe = Double(history.room.total) / probes
  // A link has one probe here.
  let many = HistoryRoom(
    history.retention, intervals: repeatElement(HistoryLoad.every, count: 100_000))
  report.add(Figure("history.disk.perProbe", perProbe / 1_048_576, "MiB", .atMost(3)))
  report.add(
    Figure(
      "history.disk.perProbe.taken",
      Double(takenBytes(history.directory)) / probes / 1_048_576, "MiB", .atMost(3)))
  report.add(
    Figure("history.disk.of100000Links", Double(many.total) / 1_073_741_824, "GiB", digits: 0))
}

/// Has this program open the history in a process of its own, as the daemon does when it starts.
func measureStart(
  _ workbench: Workbench, _ history: FullHistory, isLargest: Bool, _ report: inout Report
) throws -> Double {
  let program = try ownProgram("linkhealth-bench")
  let probes = history.load.probes.count
  typealias Opening = (milliseconds: Double, ofStore: Double, megabytes: Double)
  func open(_ rules: OpeningRules = .standard) throws -> Opening {
    let output = try workbench.run(
      [program, historyOpening, history.directory, "\(probes)", rules.rawValue], name: "opening",
      within: .seconds(60))
    let words = String(decoding: output, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    guard words.count == 3, let time = Double(words[0]), let store = Double(words[1]),
      let memory = Double(words[2])
    else {
      throw BenchError.failed("the process that opens the history told nothing")
    }
    return (time, store, memory)
  }
  let runs = try (0..<5).map { _ in try open() }
  let start = median(runs.map(\.milliseconds))
  let bound = isLargest ? Bound.below(1_000) : nil
  report.add(Figure("history.start.of\(probes)", start, "ms", bound, digits: 1))
  report.add(
    Figure(
      "history.start.of\(probes).withoutSamples", median(runs.map(\.ofStore)), "ms", digits: 1))
  let burning = try (0..<3).map { _ in try open(.burnRates) }
  report.add(
    Figure(
      "history.start.of\(probes).withBurnRates", median(burning.map(\.milliseconds)), "ms", bound,
      digits: 1))
  guard isLargest else { return start }
  report.add(
    Figure(
      "history.start.withBurnRates.memory", median(burning.map(\.megabytes)), "MB", .below(100),
      digits: 1))
  report.add(
    Figure(
      "history.start.memory", median(runs.map(\.megabytes)), "MB", .below(100), digits: 1))
  dropFromMemory(history.directory)
  report.add(Figure("history.start.cold", try open().milliseconds, "ms", digits: 1))
  return start
}

/// The word that makes this program open a history as the daemon does, the samples that fill the windows
/// of the rules included, and tell how long it took, how long without those samples, in milliseconds, and
/// its memory without mapped pages, in millions of bytes.
let historyOpening = "open-history"

/// The rules of the links of a history that is opened.
enum OpeningRules: String {
  case standard
  /// With the windows of Google's SRE workbook besides, up to three days long.
  case burnRates
}

func openHistory(_ words: [String]) throws {
  guard words.count == 3, let probes = Int(words[1]), let rules = OpeningRules(rawValue: words[2])
  else {
    throw BenchError.failed("\(historyOpening) DIRECTORY PROBES RULES")
  }
  let history = FullHistory(words[0], probes: probes)
  let links = history.links(
    probes, burnRate: rules == .burnRates ? BurnRateRule(objectiveMillionths: 995_000) : nil)
  let began = Clock.instant
  let store = try history.open()
  let opened = Clock.instant
  var earlier = EarlierRun(links, connections: [:])
  var count = 0
  try store.recordedSamples(
    history.load.probes, WantedSamples(links, at: FullHistory.now),
    counts: { key, attempts in
      earlier.add(key, attempts)
      count += attempts.reduce(0) { $0 + Int($1.total) }
    },
    each: { key, sample in
      earlier.add(key, sample)
      count += 1
    })
  let end = Clock.instant
  defer { withExtendedLifetime(earlier) {} }
  let status = String(decoding: try readFile("/proc/self/status"), as: UTF8.self)
  let line = status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
  let kilobytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first
  guard let kilobytes = kilobytes.flatMap({ Double($0) }), store.recentCount > 0 else {
    throw BenchError.failed("the history that was opened has nothing in its ring")
  }
  // Sixteen rounds, as the rules that hold where nothing is written have it; or those of three days.
  let rounds = rules == .burnRates ? 78 * 60 : 16
  guard abs(count - rounds * probes) <= probes * rounds / 16 else {
    throw BenchError.failed("\(count) attempts fill the windows of \(probes) probes")
  }
  writeLine(
    "\((end - began).seconds * 1e3) \((opened - began).seconds * 1e3) \(kilobytes * 1_024 / 1e6)")
}
