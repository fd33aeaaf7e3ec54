import Base
import Glibc
import History
import Host
import Model
import Synchronization

/// A full history, and what is asked of it.
func measureFullHistory(_ workbench: Workbench, quick: Bool, _ report: inout Report) throws {
  var counts = quick ? [50, 500] : [1_000, 10_000]
  let room = HistoryRoom(
    HistoryRetention(), intervals: repeatElement(HistoryLoad.every, count: counts[1])
  ).total
  if freeBytes(workbench.directory) < room + room / 2 {
    counts = [200, 2_000]
    say("only \(freeBytes(workbench.directory) >> 30) GiB are free: 2,000 probes, not \(counts[1])")
  }
  var starts: [Double] = []
  for probes in counts {
    let directory = "\(workbench.directory)/full"
    defer { removeTree(directory) }
    say("making the full history of \(probes) probes")
    let history = FullHistory(directory, probes: probes)
    try history.make()
    try workbench.checkChildren()
    starts.append(try measureStart(workbench, history, isLargest: probes == counts[1], &report))
    guard probes == counts[1] else { continue }
    addRoom(history, &report)
    try measureQuestions(workbench, history, quick: quick, &report)
  }
  report.add(Figure("history.start.growth", starts[1] / starts[0], "x", .below(2)))
}

private func measureQuestions(
  _ workbench: Workbench, _ history: FullHistory, quick: Bool, _ report: inout Report
) throws {
  let store = try history.open()
  let rounds = quick ? 3 : 21
  let question = HistoryQuestion(store: store, history: history)
  func time(_ name: String, _ bound: Bound?, rounds: Int, _ ask: (Int) throws -> Void) throws {
    var times: [Double] = []
    for round in 0...rounds {
      let began = Clock.instant
      try ask(round)
      // The first one brings the files into memory.
      if round > 0 { times.append((Clock.instant - began).seconds * 1e3) }
    }
    report.add(Figure("history.ask.\(name)", median(times), "ms", bound))
    try workbench.checkChildren()
  }
  func cold(_ name: String, _ ask: () throws -> Void) throws {
    dropFromMemory(history.directory)
    let began = Clock.instant
    try ask()
    report.add(Figure("history.ask.\(name).cold", (Clock.instant - began).seconds * 1e3, "ms"))
  }
  // One probe again and again: other probes' pages would have to be fetched from the disk.
  try time("samplesOfADay", .below(2), rounds: rounds) { _ in try question.samplesOfADay(7) }
  try time("hoursOf400Days", .below(10), rounds: rounds) { _ in try question.hoursOf400Days(7) }
  let links = Array(0..<min(1_000, history.load.probes.count))
  try time("reportOf30Days", .below(300), rounds: quick ? 1 : 5) { _ in
    try question.reportOf30Days(links, withLatencies: false)
  }
  try time("p95Of30Days", nil, rounds: quick ? 1 : 5) { _ in
    try question.reportOf30Days(links, withLatencies: true)
  }
  report.add(
    Figure("history.ask.recentPast.max", question.longestGathering.seconds * 1e3, "ms", .atMost(5)))
  try cold("samplesOfADay") { try question.samplesOfADay(7) }
  try cold("hoursOf400Days") { try question.hoursOf400Days(7) }
  try cold("reportOf30Days") { try question.reportOf30Days(links, withLatencies: false) }
  try measureWritingBesideQuestions(question, links, quick: quick, &report)
}

/// Questions as the daemon answers them: what the ring alone has is gathered some probes at a time, on
/// the thread that writes; the rest is read on another.
private final class HistoryQuestion {
  /// As many probes as the daemon gathers in one job.
  private static let probesPerJob = 16

  let store: HistoryStore
  let history: FullHistory
  private(set) var longestGathering = TimeAmount.zero

  init(store: HistoryStore, history: FullHistory) {
    self.store = store
    self.history = history
  }

  func recentPast(_ probes: [Int]) throws -> [ProbeKey: RecentPast] {
    var recent: [ProbeKey: RecentPast] = [:]
    for start in stride(from: 0, to: probes.count, by: Self.probesPerJob) {
      let began = Clock.instant
      for probe in probes[start..<min(probes.count, start + Self.probesPerJob)] {
        let key = history.load.probes[probe].key
        recent[key] = try store.recentPast(of: key, until: FullHistory.now)
      }
      longestGathering = max(longestGathering, Clock.instant - began)
    }
    return recent
  }

  private func reader(_ probes: [Int]) throws -> HistoryReader {
    HistoryReader(store.snapshot, recent: try recentPast(probes))
  }

  func samplesOfADay(_ probe: Int) throws {
    var reader = try reader([probe])
    let samples = try reader.samples(
      of: history.load.probes[probe].key,
      in: (FullHistory.now - .hours(24))..<FullHistory.now, limit: Limits.samplesPerAnswer)
    try expect(samples.count, 1_440)
  }

  func hoursOf400Days(_ probe: Int) throws {
    var reader = try reader([probe])
    var cells = 0
    var tally = Tally()
    try reader.cells(
      of: history.load.probes[probe].key,
      in: (FullHistory.now - .hours(400 * 24))..<FullHistory.now, span: .hour,
      withLatencies: false
    ) { cell in
      cells += 1
      tally.add(cell.tally, latencies: false)
    }
    try expect(cells, 9_600)
    guard let up = tally.availability(withMaintenance: true), up > 0.9, up < 1 else {
      throw BenchError.failed("the link was up for \(tally.upMilliseconds) ms: not as it was made")
    }
  }

  func reportOf30Days(_ probes: [Int], withLatencies: Bool) throws {
    var reader = try reader(probes)
    let keys = probes.map { history.load.probes[$0].key }
    try report30Days(&reader, keys, withLatencies: withLatencies)
  }
}

private func expect(_ count: Int, _ about: Int) throws(BenchError) {
  // An hour that has begun, and a round at its edge, make the difference.
  guard abs(count - about) <= 2 else {
    throw .failed("the history answered \(count) of \(about)")
  }
}

/// The figures of each ministry and each province over 30 days.
private func report30Days(
  _ reader: inout HistoryReader, _ keys: [ProbeKey], withLatencies: Bool
) throws {
  var groups: [String: Int] = [:]
  func group(_ name: String) -> Int {
    groups[name, default: groups.count]
  }
  var places: [(ministry: Int, province: Int)] = []
  for key in keys {
    let ministry = group(key.link.service)
    groups[key.link.service] = ministry
    let province = group(key.link.consumer)
    groups[key.link.consumer] = province
    places.append((ministry, province))
  }
  var tallies = [Tally](repeating: Tally(), count: groups.count)
  var cells = 0
  try reader.cells(
    ofEach: keys, in: (FullHistory.now - .hours(30 * 24))..<FullHistory.now, span: .hour,
    withLatencies: withLatencies
  ) { index, cell in
    cells += 1
    tallies[places[index].ministry].add(cell.tally, latencies: withLatencies)
    tallies[places[index].province].add(cell.tally, latencies: withLatencies)
  }
  guard abs(cells - keys.count * 720) <= keys.count * 2 else {
    throw BenchError.failed("30 days of \(keys.count) links are \(cells) cells")
  }
  guard tallies.allSatisfy({ ($0.availability(withMaintenance: true) ?? 0) > 0.9 }) else {
    throw BenchError.failed("a group was not up as it was made")
  }
  guard !withLatencies || tallies.allSatisfy({ $0.latency(permille: 950) != nil }) else {
    throw BenchError.failed("a group has no latencies")
  }
}

/// The slowest write while a long question is answered, and without one.
private func measureWritingBesideQuestions(
  _ question: HistoryQuestion, _ links: [Int], quick: Bool, _ report: inout Report
) throws {
  let keys = links.map { question.history.load.probes[$0].key }
  let recorder = HistoryRecorder(question.store, question.history.load, at: FullHistory.now)
  var slowest: [Bool: [Double]] = [:]
  for round in 0..<(quick ? 2 : 10) {
    // Alternating, so that what slows the machine for a while meets both.
    let isAsked = round % 2 == 0
    let answer = Answer()
    let workers = try Workers(threads: 1, capacity: 1)
    if isAsked {
      let (snapshot, recent) = (question.store.snapshot, try question.recentPast(links))
      _ = workers.submit {
        var reader = HistoryReader(snapshot, recent: recent)
        do { try report30Days(&reader, keys, withLatencies: true) } catch {
          answer.fail("\(error)")
        }
        answer.end()
      }
    }
    recorder.costs = HistoryRecorder.Costs()
    let end = Clock.instant + .milliseconds(500)
    while isAsked ? !answer.hasEnded : Clock.instant < end {
      try recorder.tick()
      usleep(2_000)
    }
    workers.stopAndWait()
    if let failure = answer.failure { throw BenchError.failed(failure) }
    slowest[isAsked, default: []].append(recorder.costs.longestWrite.seconds * 1e3)
  }
  report.add(
    Figure(
      "history.write.besideReport.max", slowest[true]?.max() ?? .nan, "ms", .atMost(5)))
  report.add(Figure("history.write.alone.max", slowest[false]?.max() ?? .nan, "ms"))
}

private final class Answer: Sendable {
  private let state = Mutex<(hasEnded: Bool, failure: String?)>((false, nil))
  var hasEnded: Bool { state.withLock { $0.hasEnded } }
  var failure: String? { state.withLock { $0.failure } }
  func end() { state.withLock { $0.hasEnded = true } }
  func fail(_ text: String) { state.withLock { $0.failure = text } }
}
