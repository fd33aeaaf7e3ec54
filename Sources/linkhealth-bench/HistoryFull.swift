import Base
import Glibc
import History
import Host
import Model
import Synchronization

/// A state directory's history as it is after more than thirteen months: every block of every kind
/// written, and the ring with what has come since the last full hour.
///
/// The blocks are made directly, not by recording so long: some patterns of cells and samples, made
/// once, stand in them for all days and for the probes that are asked about. Others have that of the last
/// days, which a start reads, and one cell each in older blocks, so that tables are as long as they are and
/// making it does not take half an hour.
struct FullHistory {
  static let ringID: UInt64 = 1
  /// Ten batches a second.
  private static let batchesPerHour: UInt64 = 36_000
  /// So many probes, the first ones, have all that was recorded.
  static let probesAsked = 1_000
  /// Up to here all hours are in blocks.
  static let lastHour = historyMidnight + .hours(12)
  /// As much is in the ring alone.
  static let sinceLastHour = TimeAmount.minutes(50)
  static let now = lastHour + sinceLastHour

  let directory: String
  let load: HistoryLoad
  let retention = HistoryRetention()
  let room: HistoryRoom

  init(_ directory: String, probes: Int) {
    self.directory = directory
    load = HistoryLoad(probes: probes)
    room = HistoryRoom(HistoryRetention(), intervals: load.probes.map(\.every))
  }

  /// So many of the links; each service is its own ministry's.
  func links(_ count: Int, burnRate: BurnRateRule? = nil) -> [Link] {
    load.probes.prefix(count).map { probe in
      let id = probe.key.link
      let names = [id.service, id.consumer].map { LocalizedName(en: $0, vi: $0) }
      return Link(
        id: id, serviceName: names[0], consumerName: names[1], system: id.service,
        owner: id.service, route: [],
        alert: AlertRules(failures: AlertRules.standard.failures, burnRate: burnRate),
        probes: [
          ProbeDefinition(
            name: probe.key.probe, kind: "http", every: probe.every, timeout: .seconds(10),
            options: 0)
        ])
    }
  }

  func open() throws -> HistoryStore {
    try HistoryStore(
      directory: directory, room: room, probes: load.probes,
      newRingID: Self.ringID)
  }

  /// Makes it: the kinds beside each other, then the ring.
  func make() throws {
    _ = try open()
    let workers = try Workers(threads: 2, capacity: 3)
    let failures = Failures()
    for kind in [BlockKind.fiveMinutes, .hours, .samples] {
      _ = workers.submit {
        do { try write(kind) } catch { failures.add("\(error)") }
      }
    }
    workers.stopAndWait()
    if let failure = failures.first { throw BenchError.failed(failure) }
    let sequence = Self.sequence(of: Self.lastHour)
    let store = try open()
    let recorder = HistoryRecorder(store, load, at: Self.lastHour, nextSequence: sequence)
    try recorder.run(until: Self.now)
    try store.sync()
  }

  private final class Failures: Sendable {
    private let list = Mutex<[String]>([])
    func add(_ text: String) { list.withLock { $0.append(text) } }
    var first: String? { list.withLock { $0.first } }
  }

  private static func sequence(of time: WallTime) -> UInt64 {
    let origin = historyMidnight - .hours(1_000 * 24)
    return 1 + UInt64((time - origin).nanoseconds / 3_600_000_000_000) * batchesPerHour
  }

  /// Writes all blocks of a kind, the oldest first.
  private func write(_ kind: BlockKind) throws {
    var messages: [String] = []
    let files = try BlockFiles(
      kind: kind, directory: directory, room: room.blocks(kind), messages: &messages)
    let patterns = HistoryPatterns(kind, load)
    let length = kind == .samples ? TimeAmount.hours(1) : .hours(24)
    let end = kind == .samples ? Self.lastHour : historyMidnight
    let share = BlockShare.share(kind, every: HistoryLoad.every)
    // A start looks back for three days and a quarter.
    let recentBlocks = [BlockKind.samples: 12, .fiveMinutes: 1, .hours: 4][kind] ?? 0
    let order = load.probes.enumerated().sorted { $0.element.key < $1.element.key }
    for number in (1...room.blocks(kind).count).reversed() {
      let start = end - length * Int64(number)
      var builder = try files.begin(ringID: Self.ringID)
      for (index, (place, probe)) in order.enumerated() {
        var (samples, cells) = patterns.content(index + number, at: start)
        if place >= Self.probesAsked, number > recentBlocks {
          samples = []
          cells.removeSubrange(1...)
        }
        builder.add(
          probe.key, every: probe.every, samples: samples, cells: cells, standing: nil,
          share: (share.samples, share.cells))
        if let write = builder.take(atLeast: 32 << 10) {
          try files.write(write, of: builder)
        }
      }
      guard builder.chunksLeft == 0, builder.samplesLeft == 0 else {
        throw BenchError.failed("a block of \(kind) has no room for its probes")
      }
      try files.commit(
        &builder, sequences: Self.sequence(of: start)..<Self.sequence(of: start + length),
        closed: start + length)
    }
  }
}

/// Some hours or days of some probes, to be moved to any time.
private struct HistoryPatterns {
  private var patterns: [(samples: [Sample], cells: [Cell])] = []

  init(_ kind: BlockKind, _ load: HistoryLoad) {
    var load = load
    let hours = kind == .samples ? 1 : 24
    for number in 0..<32 {
      let probe = number * load.probes.count / 32
      var builder = CellBuilder(every: HistoryLoad.every)
      var samples: [Sample] = []
      for minute in 0..<(hours * 60) {
        let time = historyMidnight + .minutes(Int64(minute)) + .milliseconds(700)
        let sample = load.sample(probe, at: time)
        builder.add(sample)
        samples.append(sample)
      }
      let end = historyMidnight + .hours(Int64(hours))
      builder.close(at: end)
      switch kind {
      case .samples: patterns.append((samples, builder.cells.hours + builder.cells))
      case .fiveMinutes: patterns.append(([], builder.cells))
      case .hours: patterns.append(([], builder.cells.hours))
      }
    }
  }

  func content(_ number: Int, at start: WallTime) -> ([Sample], [Cell]) {
    var (samples, cells) = patterns[number % patterns.count]
    let shift = start - historyMidnight
    for index in samples.indices { samples[index].time = samples[index].time + shift }
    for index in cells.indices { cells[index].start = cells[index].start + shift }
    return (samples, cells)
  }
}
