import Base
import Glibc
import History
import Host
import Model
import Reports
import Synchronization
import Wire

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
  let perProbe = starts.indices.map { starts[$0] / Double(counts[$0]) }
  report.add(Figure("history.start.growth.perProbe", perProbe[1] / perProbe[0], "x"))
}

func measureQuestions(
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
  let links = history.links(min(FullHistory.probesAsked, history.load.probes.count))
  for grouping in [AvailabilityQuestion.Grouping.ministry, .province] {
    try time("reportOf30Days.\(grouping)", nil, rounds: quick ? 1 : 5) { _ in
      try question.reportOf30Days(links, by: [grouping])
    }
  }
  try time("reportOf30Days", .below(300), rounds: quick ? 1 : 5) { _ in
    try question.reportOf30Days(links, by: [.ministry, .province])
  }
  try time("reportOf30Days.withoutLatencies", nil, rounds: quick ? 1 : 5) { _ in
    try question.reportOf30Days(links, by: [.ministry, .province], withLatencies: false)
  }
  try cold("samplesOfADay") { try question.samplesOfADay(7) }
  try cold("hoursOf400Days") { try question.hoursOf400Days(7) }
  try cold("reportOf30Days") {
    try question.reportOf30Days(links, by: [.ministry, .province])
  }
  try measureWritingBesideQuestions(question, links, quick: quick, &report)
}

/// Questions as the daemon answers them: the thread that writes tells what there is, and another reads
/// it.
final class HistoryQuestion {
  let store: HistoryStore
  let history: FullHistory

  init(store: HistoryStore, history: FullHistory) {
    self.store = store
    self.history = history
  }

  private func reader() -> HistoryReader {
    HistoryReader(store.snapshot, until: FullHistory.now)
  }

  func samplesOfADay(_ probe: Int) throws {
    var reader = reader()
    let samples = try reader.samples(
      of: history.load.probes[probe].key,
      in: (FullHistory.now - .hours(24))..<FullHistory.now, limit: Limits.samplesPerAnswer)
    try expect(samples.count, 1_440)
  }

  func hoursOf400Days(_ probe: Int) throws {
    var reader = reader()
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

  /// As `/v1/availability` answers it, once for each grouping.
  func reportOf30Days(
    _ links: [Link], by groupings: [AvailabilityQuestion.Grouping], withLatencies: Bool = true
  ) throws {
    var reader = reader()
    try report30Days(&reader, links, by: groupings, withLatencies: withLatencies)
  }
}

private func expect(_ count: Int, _ about: Int) throws(BenchError) {
  // An hour that has begun, and a round at its edge, make the difference.
  guard abs(count - about) <= 2 else {
    throw .failed("the history answered \(count) of \(about)")
  }
}

/// The figures of each group of links over 30 days.
private func report30Days(
  _ reader: inout HistoryReader, _ links: [Link], by groupings: [AvailabilityQuestion.Grouping],
  withLatencies: Bool = true
) throws {
  let period = Period(from: FullHistory.now - .hours(30 * 24), to: FullHistory.now)
  for grouping in groupings {
    var question = AvailabilityQuestion(
      choice: LinkChoice(links: links), grouping: grouping, period: period)
    question.withLatencies = withLatencies
    let request = HistoryRequest(.availability(question), now: FullHistory.now)
    let body = parseJSON(try historyBody(request, &reader), dialect: .json).node
    var attempts = 0
    for group in body?["groups"]?.array ?? [] {
      attempts += group["attempts"]?.int ?? 0
      guard let share = group["availability"]?.number?.double, share > 0.9, share < 1,
        (group["p95Microseconds"]?.number != nil) == withLatencies
      else { throw BenchError.failed("a group is not as it was made: \(grouping)") }
    }
    // A sample a minute, some rounds more or less at the edges.
    let expected = links.count * 30 * 24 * 60
    guard abs(attempts - expected) <= links.count * 120 else {
      throw BenchError.failed("30 days of \(links.count) links have \(attempts) attempts")
    }
  }
}

/// The slowest write while a long question is answered, and without one.
private func measureWritingBesideQuestions(
  _ question: HistoryQuestion, _ links: [Link], quick: Bool, _ report: inout Report
) throws {
  let recorder = HistoryRecorder(question.store, question.history.load, at: FullHistory.now)
  var slowest: [Bool: [Double]] = [:]
  for round in 0..<(quick ? 2 : 10) {
    // Alternating, so that what slows the machine for a while meets both.
    let isAsked = round % 2 == 0
    let answer = Answer()
    let workers = try Workers(threads: 1, capacity: 1, givingWay: true)
    if isAsked {
      let snapshot = question.store.snapshot
      _ = workers.submit {
        var reader = HistoryReader(snapshot, until: FullHistory.now)
        do { try report30Days(&reader, links, by: [.ministry, .province]) } catch {
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
