import Base
import History
import Host
import Model

/// A midnight in UTC, 2025-11-10: all made-up histories lie around it.
let historyMidnight = WallTime(milliseconds: 1_762_732_800_000)

/// The bytes of a sample's record, which what is written is compared with.
private let sampleBytes = 48.0

/// What recording costs under simulated time: a day and two hours, so that a whole day's hours become
/// blocks, and then the day.
func measureRecording(
  _ workbench: Workbench, quick: Bool, _ report: inout Report
) throws {
  let probes = quick ? 500 : 10_000
  let hours: Int64 = quick ? 3 : 24
  say("recording \(probes) probes for \(hours + 2) hours of simulated time")
  let directory = "\(workbench.directory)/recording"
  defer { removeTree(directory) }
  let recorder = try makeRecorder(directory, probes: probes, at: historyMidnight - .hours(1))
  // Behind the first blocks everything has its room.
  try recorder.run(until: historyMidnight + .minutes(30))
  try recorder.settle()
  recorder.costs = HistoryRecorder.Costs()
  let start = try DiskCounters(directory: directory)
  var last = 0.0
  var lastSamples = 0
  var perHour: [Double] = []
  let end = historyMidnight + .hours(hours)
  try recorder.run(until: end - .minutes(30)) {
    let samples = recorder.costs.samples - lastSamples
    perHour.append((recorder.costs.cpuMicroseconds - last) / Double(samples))
    (last, lastSamples) = (recorder.costs.cpuMicroseconds, recorder.costs.samples)
    try workbench.checkChildren()
  }
  let beforeDay = try DiskCounters(directory: directory)
  let samplesBeforeDay = Double(recorder.costs.samples)
  try recorder.run(until: end + .minutes(30))
  try recorder.settle()
  let whole = try DiskCounters(directory: directory)
  addCosts(recorder.costs, perHour: perHour, &report)
  let withoutDay = beforeDay.ratios(since: start, bytes: samplesBeforeDay * sampleBytes)
  let withDay = whole.ratios(since: start, bytes: Double(recorder.costs.samples) * sampleBytes)
  add("withoutDay", withoutDay, &report)
  // A quick run has so few probes that the ring's pages, which go to the disk every five seconds, are
  // mostly empty.
  add("withDay", withDay, bound: quick ? nil : .atMost(4), &report)
}

func makeRecorder(
  _ directory: String, probes: Int, at start: WallTime
) throws -> HistoryRecorder {
  let load = HistoryLoad(probes: probes)
  // The rest of the retention would only be files that nobody touches.
  let retention = HistoryRetention(
    samples: .hours(12), fiveMinutes: .hours(48), hours: .hours(48))
  let store = try HistoryStore(
    directory: directory, room: HistoryRoom(retention, intervals: load.probes.map(\.every)),
    probes: load.probes,
    newRingID: 1)
  return HistoryRecorder(store, load, at: start)
}

func addCosts(
  _ costs: HistoryRecorder.Costs, perHour: [Double], _ report: inout Report
) {
  let samples = Double(costs.samples)
  func perSample(_ nanoseconds: Int64) -> Double { Double(nanoseconds) / 1e3 / samples }
  for figure in [
    Figure("history.record.cpu", costs.cpuMicroseconds / samples, "us", .below(5)),
    Figure("history.record.cpu.medianHour", median(perHour), "us"),
    Figure("history.record.cpu.loop", perSample(costs.loopNanoseconds), "us"),
    Figure("history.record.cpu.disk", perSample(costs.diskNanoseconds), "us"),
    Figure("history.record.hold.max", costs.longestHold.seconds * 1e3, "ms", .atMost(5)),
    Figure("history.record.write.max", costs.longestWrite.seconds * 1e3, "ms"),
    Figure("history.record.step.p50", percentile(50, of: costs.steps), "ms"),
    Figure("history.record.step.p99", percentile(99, of: costs.steps), "ms"),
    Figure("history.record.step.max", costs.steps.max() ?? .nan, "ms"),
  ] {
    report.add(figure)
  }
}

func add(
  _ name: String, _ ratios: (process: Double, device: Double?), bound: Bound? = nil,
  _ report: inout Report
) {
  report.add(Figure("history.written.\(name).process", ratios.process, "x", bound))
  guard let device = ratios.device else {
    say("the kernel does not tell what was written to the device of the temporary directory")
    return
  }
  report.add(Figure("history.written.\(name).device", device, "x", bound))
}

/// How the cost of a sample grows with the number of probes: two hours and their blocks each.
func measureGrowth(_ workbench: Workbench, quick: Bool, _ report: inout Report) throws {
  var costs: [Double] = []
  for probes in quick ? [50, 500] : [1_000, 10_000] {
    var runs: [Double] = []
    for _ in 0..<(quick ? 1 : 3) {
      let directory = "\(workbench.directory)/growth"
      defer { removeTree(directory) }
      let start = historyMidnight + .minutes(30)
      let recorder = try makeRecorder(directory, probes: probes, at: start)
      try recorder.run(until: start + .hours(1))
      recorder.costs = HistoryRecorder.Costs()
      try recorder.run(until: start + .hours(2))
      runs.append(recorder.costs.cpuMicroseconds / Double(recorder.costs.samples))
      try workbench.checkChildren()
    }
    costs.append(median(runs))
    report.add(Figure("history.record.cpu.of\(probes)", median(runs), "us"))
  }
  report.add(Figure("history.record.cpu.growth", costs[1] / costs[0], "x", .below(2)))
}
