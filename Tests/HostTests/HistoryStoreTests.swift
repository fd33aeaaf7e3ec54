import Base
import Glibc
import History
import Model
import Testing

@testable import Host

/// A directory of a test's own, removed with all that is in it.
private final class HistoryDirectory {
  let path: String

  init() {
    var name = Array("/tmp/linkhealth-history-XXXXXX".utf8CString)
    let parent = name.withUnsafeMutableBufferPointer {
      String(cString: mkdtemp($0.baseAddress!)!)
    }
    path = parent + "/history"
  }

  deinit {
    let parent = String(path.dropLast("/history".count))
    for kind in BlockKind.allCases { empty("\(path)/\(kind.directory)") }
    empty(path)
    _ = rmdir(parent)
  }

  func names(in path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  private func empty(_ path: String) {
    for name in names(in: path) { _ = unlink("\(path)/\(name)") }
    _ = rmdir(path)
  }
}

/// Writes samples as the daemon does, hour after hour of simulated time, and remembers all of them.
private final class Recorder {
  let directory = HistoryDirectory()
  var probes: [HistoryProbe]
  var retention = HistoryRetention(
    samples: .hours(12), fiveMinutes: .hours(72), hours: .hours(240))
  private(set) var store: HistoryStore!
  private var encoder: RingEncoder!
  private(set) var written: [ProbeKey: [Sample]] = [:]
  var now: WallTime
  var messages: [String] = []
  /// In bytes; the ring's room is reckoned where there is none.
  private let ringSize: (ring: Int, segment: Int)?
  var ringID: UInt64 = 7
  private var onTheWay: [(due: WallTime, index: Int, sample: Sample)] = []

  init(
    probes count: Int, every: TimeAmount = .seconds(60), at start: WallTime,
    ringSize: (ring: Int, segment: Int)? = nil
  ) throws {
    self.ringSize = ringSize
    probes = (0..<count).map { HistoryProbe(key: key($0), every: every) }
    now = start
    try open()
  }

  func open() throws {
    store = nil
    store = try HistoryStore(
      directory: directory.path, room: room, probes: probes, newRingID: ringID)
    encoder = RingEncoder(resume: store.ring.resume)
    encoder.add(.started(now))
    try flush()
  }

  var room: HistoryRoom {
    HistoryRoom(
      retention, intervals: probes.map(\.every), ringBytes: ringSize?.ring,
      segmentBytes: ringSize?.segment)
  }

  /// One round of all probes, each at its own moment; then the time is that of the next round.
  func round(_ sample: (Int, WallTime) -> Sample?) throws {
    for (index, probe) in probes.enumerated() {
      let time = now + .milliseconds(Int64(index % 60) * 900)
      guard let sample = sample(index, time) else { continue }
      encoder.add(probe: UInt32(index), key: probe.key, sample: sample)
      written[probe.key, default: []].append(sample)
    }
    try flush()
    now = now + (probes.first?.every ?? .seconds(60))
  }

  /// A minute of all probes, of which each sample comes so long after its time, in batches of a second; what
  /// has not come then comes with the next minute.
  func lateMinute(_ sample: (Int, WallTime) -> Sample, late: (Int) -> TimeAmount) throws {
    for (index, probe) in probes.enumerated() {
      let sample = sample(index, now + .milliseconds(Int64(index % 60) * 1_000))
      onTheWay.append((sample.time + late(index), index, sample))
      written[probe.key, default: []].append(sample)
    }
    for _ in 0..<60 {
      now = now + .seconds(1)
      for (due, index, sample) in onTheWay where due <= now {
        encoder.add(probe: UInt32(index), key: probes[index].key, sample: sample)
      }
      onTheWay.removeAll { $0.due <= now }
      try flush()
    }
  }

  func mark(_ mark: RingMark) throws {
    encoder.add(mark)
    try flush()
  }

  /// Encodes a round that never gets to the disk.
  func loseRound(_ sample: (Int, WallTime) -> Sample) {
    for (index, probe) in probes.enumerated() {
      encoder.add(
        probe: UInt32(index), key: probe.key,
        sample: sample(index, now + .milliseconds(Int64(index % 60) * 900)))
    }
    _ = encoder.finish()
    now = now + (probes.first?.every ?? .seconds(60))
  }

  private func flush() throws {
    for batch in encoder.finish() {
      try store.write(batch)
      while store.hasWork { store.step() }
    }
    messages += store.takeMessages()
  }

  func want(_ probes: [HistoryProbe]) {
    self.probes = probes
    encoder.forgetDefinitions()
    store.want(probes, room: room)
  }

  func reader() -> HistoryReader {
    HistoryReader(store.snapshot, until: now)
  }

  func cells(
    _ key: ProbeKey, _ span: CellSpan, _ times: Range<WallTime>? = nil
  ) throws -> [Cell] {
    var reader = reader()
    var cells: [Cell] = []
    try reader.cells(
      of: key, in: times ?? always, span: span, withLatencies: true
    ) { cells.merge([copy $0]) }
    return cells
  }
}

private let always = WallTime(milliseconds: 0)..<WallTime(milliseconds: 4_000_000_000_000)
/// 2025-11-10T00:00:00Z.
private let midnight = WallTime(milliseconds: 1_762_732_800_000)

private func key(_ index: Int) -> ProbeKey {
  ProbeKey(
    link: LinkID(service: "land-database", consumer: "province-\(index)"), probe: "read")
}

private func sample(_ index: Int, _ time: WallTime) -> Sample {
  var random = SeededGenerator(seed: UInt64(index) &* 7_919 &+ UInt64(time.milliseconds))
  let total = UInt32(20_000 + random.next() % 60_000)
  let fails = random.next() % 10 == 0
  return Sample(
    time: time, outcome: fails ? .http(.status(503)) : .ok,
    timings: PhaseTimings(totalMicroseconds: total), httpStatus: fails ? 503 : 200,
    note: random.next() % 8 == 0 ? "node \(random.next() % 3)" : "")
}

/// Cells by another way: every pair of neighbours by itself.
private func naiveCells(
  _ samples: [Sample], every: TimeAmount, until end: WallTime
) -> [WallTime: (up: Int64, down: Int64, attempts: UInt64)] {
  var cells: [WallTime: (up: Int64, down: Int64, attempts: UInt64)] = [:]
  for (index, sample) in samples.enumerated() {
    let cell = CellSpan.fiveMinutes.start(of: sample.time)
    cells[cell, default: (0, 0, 0)].attempts += 1
    let next = index + 1 < samples.count ? samples[index + 1].time : end
    var at = sample.time.milliseconds
    let stop = min(next.milliseconds, sample.time.milliseconds + 2 * every.milliseconds)
    while at < stop {
      let cell = at / 300_000 * 300_000
      let to = min(stop, cell + 300_000)
      let start = WallTime(milliseconds: cell)
      if sample.outcome.isFailure {
        cells[start, default: (0, 0, 0)].down += to - at
      } else {
        cells[start, default: (0, 0, 0)].up += to - at
      }
      at = to
    }
  }
  return cells
}

private func expectSameCells(
  _ recorder: Recorder, _ key: ProbeKey, every: TimeAmount = .seconds(60)
) throws {
  let naive = naiveCells(recorder.written[key] ?? [], every: every, until: recorder.now)
  let cells = try recorder.cells(key, .fiveMinutes)
  #expect(cells.count == naive.count)
  for cell in cells {
    let expected = try #require(naive[cell.start])
    #expect(cell.tally.upMilliseconds == expected.up, "\(cell.start)")
    #expect(cell.tally.downMilliseconds == expected.down, "\(cell.start)")
    #expect(cell.tally.attemptsCounted == expected.attempts, "\(cell.start)")
  }
  let hours = try recorder.cells(key, .hour)
  #expect(hours == cells.hours)
}

@Suite("The store of the history")
struct HistoryStoreTests {
  @Test("two days of samples become blocks of hours and days, and give the same cells as by hand")
  func twoDays() throws {
    let recorder = try Recorder(probes: 7, at: midnight + .minutes(35))
    for _ in 0..<(60 * 50) { try recorder.round(sample) }
    let snapshot = recorder.store.snapshot
    #expect(snapshot.fiveMinutes.count == 2)
    #expect(snapshot.hours.count == 2)
    // A day and the twelve hours more that there is room for.
    #expect(snapshot.samples.count == 36)
    for index in [0, 3, 6] { try expectSameCells(recorder, key(index)) }
    #expect(recorder.messages == [])
  }

  @Test("samples come back as they were recorded, notes included, across blocks and the ring")
  func samples() throws {
    let recorder = try Recorder(probes: 3, at: midnight + .minutes(10))
    for _ in 0..<200 { try recorder.round(sample) }
    var reader = recorder.reader()
    let all = try #require(recorder.written[key(1)])
    #expect(try reader.samples(of: key(1), in: always, limit: 10_000) == all)
    #expect(try reader.samples(of: key(1), in: always, limit: 70) == all.suffix(70))
    let part = all[30].time..<all[150].time
    #expect(try reader.samples(of: key(1), in: part, limit: 1_000) == Array(all[30..<150]))
  }

  private func link(
    _ index: Int, every: TimeAmount, burnRate: BurnRateRule? = nil
  ) -> Link {
    let names = LocalizedName(en: "", vi: "")
    return Link(
      id: key(index).link, serviceName: names, consumerName: names, system: "", owner: "",
      route: [], alert: AlertRules(failures: AlertRules.standard.failures, burnRate: burnRate),
      probes: [
        ProbeDefinition(
          name: "read", kind: "http", every: every, timeout: .seconds(1), options: 0)
      ])
  }

  /// What a start at some time gets out of a store.
  private func recorded(
    _ recorder: Recorder, _ links: [Link], at now: WallTime
  ) throws -> (counts: [ProbeKey: [AttemptCounts]], samples: [ProbeKey: [Sample]]) {
    var counts: [ProbeKey: [AttemptCounts]] = [:]
    var samples: [ProbeKey: [Sample]] = [:]
    try recorder.store.recordedSamples(
      recorder.probes, WantedSamples(links, at: now),
      counts: {
        #expect(samples.isEmpty, "counts come before samples")
        counts[$0, default: []] += $1
      }, each: { samples[$0, default: []].append($1) })
    return (counts, samples)
  }

  @Test("samples that fill windows again come of blocks, and of the ring what is in no block")
  func recordedSamples() throws {
    let recorder = try Recorder(probes: 4, at: midnight, ringSize: (8 * 16_384, 16_384))
    for _ in 0..<(60 * 30 + 20) { try recorder.round(sample) }
    // Sixteen rounds, and at most a day; of the third nothing is wanted.
    let windows = [TimeAmount.hours(24), .minutes(16), nil, .hours(8)]
    let links = windows.indices.compactMap { index in
      windows[index].map { link(index, every: .nanoseconds($0.nanoseconds / 16)) }
    }
    let start = try #require(recorder.store.ring.earliest)
    #expect(start > recorder.now - .hours(24) && start < recorder.now - .minutes(16))
    let found = try recorded(recorder, links, at: recorder.now)
    for (index, window) in windows.enumerated() {
      let expected = (recorder.written[key(index)] ?? []).filter { sample in
        window.map { sample.time >= recorder.now - $0 } ?? false
      }
      #expect(found.samples[key(index), default: []] == expected, "probe \(index)")
      #expect(expected.isEmpty == (window == nil))
    }
    #expect(found.counts.isEmpty)
    #expect(recorder.messages.allSatisfy { $0.contains("Leave history.size out") })
  }

  @Test("for burn rates every attempt of the longest window comes once, as a sample or in a count")
  func recordedCounts() throws {
    let every = TimeAmount.seconds(120)
    let recorder = try Recorder(probes: 2, every: every, at: midnight)
    // Of the second, samples are wanted from further back than five minutes are counted.
    let links = [every, .minutes(50)].enumerated().map {
      link($0, every: $1, burnRate: BurnRateRule(objectiveMillionths: 990_000))
    }
    for minutes in [60 * 81 + 4, 36, 18] {
      for _ in 0..<(minutes / 2) { try recorder.round(sample) }
      let found = try recorded(recorder, links, at: recorder.now)
      for index in 0..<2 {
        let samples = try #require(found.samples[key(index)])
        let counts = try #require(found.counts[key(index)])
        #expect(counts.map(\.time) == counts.map(\.time).sorted())
        let first = try #require(samples.first?.time)
        // The window of half an hour is counted in parts shorter than a cell.
        let least = TimeAmount.minutes(index == 0 ? 30 : 16 * 50)
        #expect(
          first < recorder.now - least + .seconds(2) && first > recorder.now - least - .minutes(72))
        let all = try #require(recorder.written[key(index)])
        // Beside the twelve parts of a window one fills.
        let since = recorder.now - .hours(78)
        #expect(counts[0].time > since - .minutes(1) && counts[0].time < since + .hours(1))
        #expect(counts.count <= 15 * 12 + 72)
        let expected = all.filter { $0.time >= counts[0].time }
        #expect(Int(counts.reduce(0) { $0 + $1.total }) + samples.count == expected.count)
        let failed = samples.count { $0.outcome.isFailure }
        #expect(
          Int(counts.reduce(0) { $0 + $1.failed }) + failed
            == expected.count { $0.outcome.isFailure })
        #expect(samples == all.filter { $0.time >= first })
      }
    }
  }

  @Test(
    "after the clock was set back behind the ring's start, a start takes what was recorded since")
  func recordedAfterStep() throws {
    let recorder = try Recorder(probes: 2, at: midnight, ringSize: (8 * 16_384, 16_384))
    for _ in 0..<(60 * 40 + 10) { try recorder.round(sample) }
    recorder.now = recorder.now - .hours(20)
    try recorder.mark(.clockStepped(at: recorder.now, by: .hours(-20)))
    for _ in 0..<8 { try recorder.round(sample) }
    let start = try #require(recorder.store.ring.earliest)
    #expect(start > recorder.now, "as if the ring held nothing but the future")
    let fresh = try #require(recorder.written[key(0)]).suffix(8)
    try recorder.open()
    let found = try recorded(recorder, [link(0, every: .seconds(60))], at: recorder.now)
    let samples = try #require(found.samples[key(0)])
    #expect(samples.suffix(8) == fresh)
    #expect(samples.allSatisfy { $0.time <= recorder.now })
  }

  @Test("a start does not take for failures of links what failed while the monitor was blind")
  func recordedBlindly() throws {
    let recorder = try Recorder(probes: 1, at: midnight + .minutes(10))
    func rounds(_ count: Int, _ outcome: Outcome) throws {
      for _ in 0..<count { try recorder.round { Sample(time: $1, outcome: outcome) } }
    }
    try rounds(4, .ok)
    let sawAt = recorder.now
    try rounds(3, .connect(.timedOut))
    try recorder.mark(.wentBlind(at: recorder.now, sawAt: sawAt))
    try recorder.open()
    let found = try recorded(recorder, [link(0, every: .seconds(60))], at: recorder.now)
    let samples = try #require(found.samples[key(0)])
    #expect(samples.map(\.isBlind) == (0..<7).map { $0 >= 4 })
  }

  @Test("a clock that is set by two months, while attempts are under way, costs no block")
  func farStep() throws {
    let recorder = try Recorder(probes: 3, at: midnight + .minutes(10))
    for _ in 0..<30 { try recorder.round(sample) }
    let before = recorder.now
    for days in [60, -60] as [Int64] {
      recorder.now = recorder.now + .hours(24 * days)
      try recorder.mark(.clockStepped(at: recorder.now, by: .hours(24 * days)))
      // The last of the three began before the clock was set.
      try recorder.round { index, time in
        sample(index, index < 2 ? time : time - .hours(24 * days))
      }
      for _ in 0..<(60 * 11) { try recorder.round(sample) }
    }
    let blocks = recorder.store.snapshot.samples
    #expect((20...26).contains(blocks.count), "\(blocks.count)")
    #expect(blocks.allSatisfy { $0.times != .always })
    #expect(blocks.contains { $0.times.lowerBound > before + .hours(24 * 59) })
    #expect(recorder.messages == [])
    var reader = recorder.reader()
    for index in 0..<3 {
      let written = try #require(recorder.written[key(index)])
      #expect(try reader.samples(of: key(index), in: always, limit: 10_000) == written)
      try expectSameAttempts(recorder, key(index), UInt64(written.count))
    }
  }

  @Test("what stood before batches that are lost is told no further: what was in them is unknown")
  func lostBatches() throws {
    let recorder = try Recorder(probes: 2, at: midnight + .minutes(10))
    for _ in 0..<10 { try recorder.round { Sample(time: $1, outcome: .ok) } }
    recorder.loseRound { Sample(time: $1, outcome: .connect(.refused)) }
    for _ in 0..<10 { try recorder.round { Sample(time: $1, outcome: .ok) } }
    let observed = try #require(recorder.cells(key(1), .hour).first?.tally)
    #expect(observed.attemptsCounted == 20)
    // Nine minutes up to the last record before, and ten behind.
    #expect(observed.upMilliseconds == Int64(19 * 60_000 - 900))
  }

  @Test("a file that cannot be written is left alone, and the history goes on in others")
  func badFile() throws {
    let recorder = try Recorder(probes: 2, at: midnight + .minutes(10))
    let path = "\(recorder.directory.path)/samples/block-0000.cells"
    #expect(unlink(path) == 0 && mkdir(path, 0o700) == 0)
    defer { rmdir(path) }
    for _ in 0..<(60 * 4) { try recorder.round(sample) }
    #expect(recorder.store.snapshot.samples.count == 4)
    #expect(recorder.messages.count == 1)
    #expect(recorder.messages.first?.contains("the history takes another file") == true)
    try expectSameAttempts(recorder, key(0), 60 * 4)
  }

  @Test("probes for which the ring is too small are told of")
  func smallRing() throws {
    let recorder = try Recorder(probes: 1, at: midnight)
    recorder.want((0..<2_000).map { HistoryProbe(key: key($0), every: .seconds(60)) })
    try recorder.round { index, time in index == 0 ? sample(0, time) : nil }
    #expect(recorder.messages.first?.contains("and restart linkhealthd") == true)
    try recorder.open()
    #expect(recorder.store.takeMessages().allSatisfy { !$0.contains("ring of the newest") })
  }

  @Test("days of a ring that is no more do not push out newer ones")
  func formerDays() throws {
    let recorder = try Recorder(probes: 1, every: .minutes(5), at: midnight)
    recorder.retention = HistoryRetention(
      samples: .hours(24 * 8), fiveMinutes: .hours(48), hours: .hours(240))
    try recorder.open()
    for _ in 0..<(12 * 24 * 3 + 1) { try recorder.round(sample) }
    recorder.ringID += 1
    for name in recorder.directory.names(in: recorder.directory.path) where name.contains(".") {
      _ = unlink("\(recorder.directory.path)/\(name)")
    }
    try recorder.open()
    for _ in 0..<(12 * 24 * 5) { try recorder.round(sample) }
    let days = recorder.store.snapshot.fiveMinutes
    #expect(days.count == 4 && Set(days.map(\.closed)).count == 4)
    #expect(days.allSatisfy { $0.closed > recorder.now - .hours(24 * 5) })
    let cells = try recorder.cells(key(0), .fiveMinutes, recorder.now - .hours(72)..<recorder.now)
    #expect(cells.reduce(0) { $0 + $1.tally.attemptsCounted } == 12 * 72)
  }

  @Test("hours of a ring that is no more are put together to days too, and nothing is told twice")
  func hoursOfALostRing() throws {
    let recorder = try Recorder(probes: 3, at: midnight)
    for _ in 0..<(60 * 6 + 1) { try recorder.round(sample) }
    let before = try recorder.cells(key(1), .hour)
    recorder.ringID += 1
    for name in recorder.directory.names(in: recorder.directory.path) where name.contains(".") {
      _ = unlink("\(recorder.directory.path)/\(name)")
    }
    try recorder.open()
    #expect(recorder.store.snapshot.fiveMinutes.count == 1)
    // So long that the hours of the former ring are written over.
    for _ in 0..<(60 * 40) { try recorder.round(sample) }
    let oldest = try #require(recorder.store.snapshot.samples.first)
    #expect(oldest.times.lowerBound > midnight + .hours(6))
    let after = try recorder.cells(key(1), .hour)
    // The last minute was in the ring alone.
    #expect(after.prefix(6) == before.prefix(6))
    #expect(after[6].tally.attemptsCounted == 59, "the hour goes on in the new ring")
  }

  @Test("many probes at once give the same cells as one by one")
  func many() throws {
    let recorder = try Recorder(probes: 12, at: midnight)
    for _ in 0..<(60 * 26) { try recorder.round(sample) }
    let keys = (0..<12).map(key) + [key(999)]
    for count in [1, 13] {
      let asked = Array(keys.suffix(count))
      var reader = recorder.reader()
      var found = [[Cell]](repeating: [], count: count)
      try reader.cells(ofEach: asked, in: always, span: .hour, withLatencies: true) {
        found[$0].merge([copy $1])
      }
      for (index, key) in asked.enumerated() {
        #expect(found[index] == (try recorder.cells(key, .hour)))
      }
      #expect(found.last == [])
    }
  }

  @Test(
    "time in which the monitor was blind is unknown, also before it was found out, in ring and block"
  )
  func blind() throws {
    let recorder = try Recorder(probes: 3, at: midnight + .minutes(5))
    func rounds(_ count: Int, _ outcome: Outcome, _ flags: SampleFlags = []) throws {
      for _ in 0..<count {
        try recorder.round { Sample(time: $1, outcome: outcome, flags: flags) }
      }
    }
    try rounds(5, .ok)
    let sawAt = recorder.now
    try rounds(4, .connect(.timedOut))
    try recorder.mark(.wentBlind(at: recorder.now, sawAt: sawAt))
    try rounds(6, .connect(.timedOut), .blind)
    try rounds(5, .ok)
    func expect(_ place: Comment) throws {
      var reader = recorder.reader()
      let samples = try reader.samples(of: key(1), in: midnight..<midnight + .hours(1), limit: 30)
      #expect(samples.map(\.isBlind) == (0..<20).map { (5..<15).contains($0) }, place)
      let hour = try #require(try recorder.cells(key(1), .hour).first?.tally)
      #expect(hour.downMilliseconds == 0 && hour.failures == 0, place)
      #expect(hour.attemptsCounted == 10, place)
      // Five minutes each; the last right sample before is told until the first that failed.
      #expect((9 * 60_000...11 * 60_000).contains(hour.upMilliseconds), place)
    }
    try expect("in the ring")
    // Nothing is recorded until the hour is over, so that its last sample stands for two minutes.
    recorder.now = midnight + .hours(1)
    try rounds(2, .ok)
    #expect(recorder.store.snapshot.samples.count == 1)
    try expect("in a block")
  }

  @Test("sums of days give what their hours do, at the edges of a period and with latencies too")
  func sums() throws {
    let recorder = try Recorder(probes: 7, at: midnight + .minutes(35))
    for _ in 0..<(60 * 60) { try recorder.round(sample) }
    let keys = (0..<7).map(key) + [key(99)]
    var reader = recorder.reader()
    for (from, to, days) in [
      (midnight, midnight + .hours(96), 2), (midnight + .hours(2), midnight + .hours(96), 1),
      (midnight, midnight + .hours(30), 1), (midnight + .hours(3), midnight + .hours(20), 0),
    ] {
      for withLatencies in [false, true] {
        var hours = [Tally](repeating: Tally(), count: keys.count)
        try reader.cells(
          ofEach: keys, in: from..<to, span: .hour, withLatencies: withLatencies
        ) { hours[$0].add($1.tally, latencies: withLatencies) }
        var sums = [Tally](repeating: Tally(), count: keys.count)
        var found = 0
        try reader.sums(ofEach: keys, in: from..<to, withLatencies: withLatencies) {
          sums[$0].add($1.tally, latencies: withLatencies)
          if $2 { found += 1 }
        }
        #expect(sums == hours)
        #expect(found == days * 7)
      }
    }
  }

  @Test("a sum that is damaged is made up for by its hours")
  func damagedSum() throws {
    let recorder = try Recorder(probes: 2, at: midnight)
    for _ in 0..<(60 * 26) { try recorder.round(sample) }
    let day = try #require(recorder.store.snapshot.hours.first)
    var access = BlockAccess(directory: recorder.directory.path)
    let entry = try #require(try access.entry(probeHash(key(1)), in: day))
    #expect(!entry.samples.isEmpty)
    let path = "\(recorder.directory.path)/hours/block-0000.cells"
    let file = Descriptor(Glibc.open(path, O_RDWR))
    let last = off_t(entry.samples.upperBound * 8 - 8)
    #expect(pwrite(file.raw, [UInt8](repeating: 0x55, count: 8), 8, last) == 8)
    var reader = recorder.reader()
    var attempts: [UInt64] = [0, 0]
    var found: [Int] = []
    try reader.sums(
      ofEach: [key(0), key(1)], in: midnight..<midnight + .hours(24), withLatencies: true
    ) {
      attempts[$0] += $1.tally.attemptsCounted
      if $2 { found.append($0) }
    }
    #expect(attempts == [1_440, 1_440])
    #expect(found == [0])
  }

  @Test("where a clock was set back over a day, hours are told and no sums")
  func setBack() throws {
    let recorder = try Recorder(probes: 2, at: midnight)
    for _ in 0..<(60 * 26) { try recorder.round(sample) }
    #expect(recorder.store.snapshot.hours.count == 1)
    recorder.now = recorder.now - .hours(10)
    try recorder.mark(.clockStepped(at: recorder.now, by: .hours(-10)))
    for _ in 0..<30 { try recorder.round(sample) }
    var reader = recorder.reader()
    var isAnySum = false
    try reader.sums(
      ofEach: [key(0)], in: midnight..<midnight + .hours(48), withLatencies: false
    ) { isAnySum = isAnySum || $2 }
    #expect(!isAnySum)
  }

  @Test("with memory for few samples the ring is read several times, and gives the same")
  func littleMemory() throws {
    let recorder = try Recorder(probes: 9, at: midnight + .minutes(20))
    recorder.store.samplesAtOnce = 100
    for _ in 0..<(60 * 3) { try recorder.round(sample) }
    for index in [0, 4, 8] {
      try expectSameCells(recorder, key(index))
      var reader = recorder.reader()
      #expect(
        try reader.samples(of: key(index), in: always, limit: 1_000)
          == recorder.written[key(index)])
    }
    var reader = recorder.reader()
    var attempts = [UInt64](repeating: 0, count: 9)
    try reader.cells(
      ofEach: (0..<9).map(key), in: always, span: .fiveMinutes, withLatencies: false
    ) { attempts[$0] += $1.tally.attemptsCounted }
    #expect(attempts == [UInt64](repeating: 180, count: 9))
  }

  @Test("a question goes on with what there was when it was asked, whatever is written meanwhile")
  func snapshot() throws {
    let recorder = try Recorder(probes: 3, at: midnight + .minutes(20))
    for _ in 0..<30 { try recorder.round(sample) }
    let asked = recorder.now
    let all = try #require(recorder.written[key(1)])
    var reader = HistoryReader(recorder.store.snapshot, until: asked)
    // Over the end of the hour: what was in the ring alone is in a block now, too.
    for _ in 0..<60 { try recorder.round(sample) }
    #expect(try reader.samples(of: key(1), in: always, limit: 1_000) == all)
    var attempts: UInt64 = 0
    try reader.cells(of: key(1), in: always, span: .hour, withLatencies: false) {
      attempts += $0.tally.attemptsCounted
    }
    #expect(attempts == 30)
  }

  @Test("a new start, in order or not, goes on where the ring ends and loses nothing")
  func restart() throws {
    let recorder = try Recorder(probes: 4, at: midnight + .minutes(7))
    for round in 0..<600 {
      try recorder.round(sample)
      // At any moment: within an hour, and right behind its end.
      if [20, 53, 54, 300].contains(round) { try recorder.open() }
    }
    var reader = recorder.reader()
    #expect(
      try reader.samples(of: key(2), in: always, limit: 10_000) == recorder.written[key(2)])
    let cells = try recorder.cells(key(2), .fiveMinutes)
    #expect(cells.reduce(0) { $0 + $1.tally.attemptsCounted } == 600)
  }

  @Test("hours that no block has when the daemon starts are made up for, each as its own block")
  func catchingUp() throws {
    let recorder = try Recorder(probes: 2, at: midnight + .minutes(30))
    for _ in 0..<200 { try recorder.round(sample) }
    let before = recorder.store.snapshot.samples
    // As if the daemon had never come to write them.
    for header in before {
      let name =
        "\(recorder.directory.path)/samples/"
        + recorder.directory.names(in: "\(recorder.directory.path)/samples")[Int(header.slot)]
      let file = Descriptor(Glibc.open(name, O_RDWR))
      #expect(pwrite(file.raw, [UInt8](repeating: 0, count: 512), 512, 0) == 512)
    }
    try recorder.open()
    #expect(recorder.store.snapshot.samples.map(\.closed) == before.map(\.closed))
    try expectSameAttempts(recorder, key(1), 200)
  }

  @Test("what a loss of power takes of the ring behind a block costs nothing that comes after")
  func lostRing() throws {
    let recorder = try Recorder(probes: 2, at: midnight)
    for _ in 0..<70 { try recorder.round(sample) }
    #expect(recorder.store.snapshot.samples.count == 1)
    // The batches were not on the disk yet; the block was.
    let file = Descriptor(Glibc.open("\(recorder.directory.path)/segment-0000.ring", O_RDWR))
    let zeros = [UInt8](repeating: 0, count: 128 << 10)
    #expect(pwrite(file.raw, zeros, zeros.count, 4_096) == zeros.count)
    try recorder.open()
    for _ in 0..<70 { try recorder.round(sample) }
    var reader = recorder.reader()
    let found = try reader.samples(of: key(0), in: always, limit: 1_000)
    let all = try #require(recorder.written[key(0)])
    #expect(found == Array(all[..<60] + all[70...]))
    try expectSameAttempts(recorder, key(1), 130)
  }

  @Test("an hour is told by its first minute, also where samples began at its end")
  func lateStart() throws {
    let recorder = try Recorder(probes: 1, at: midnight + .minutes(50))
    for _ in 0..<40 { try recorder.round(sample) }
    let hours = try recorder.cells(key(0), .hour, midnight..<(midnight + .minutes(30)))
    #expect(hours.map(\.tally.attemptsCounted) == [10])
  }

  @Test(
    "samples that come when the next hour has begun make no blocks of their own, and none is lost")
  func lateSamples() throws {
    let recorder = try Recorder(probes: 60, at: midnight)
    for _ in 0..<(4 * 60) {
      // Some answer at once, some take their time-out.
      try recorder.lateMinute(sample) { .milliseconds($0 % 3 == 0 ? 10_000 : 40) }
    }
    try recorder.lateMinute(sample) { _ in .zero }
    #expect(recorder.store.snapshot.samples.count == 4)
    for index in [0, 49, 54, 57, 59] {
      var reader = recorder.reader()
      let all = recorder.written[key(index)] ?? []
      #expect(try reader.samples(of: key(index), in: always, limit: 10_000) == all)
      // How the link was from the moment of a late sample to the end of its hour is told by the one before; how
      // long it was seen, and how often it was asked, is right.
      let naive = naiveCells(all, every: .seconds(60), until: recorder.now)
      let cells = try recorder.cells(key(index), .fiveMinutes)
      #expect(cells.count == naive.count)
      for cell in cells {
        let expected = try #require(naive[cell.start])
        #expect(cell.tally.attemptsCounted == expected.attempts, "\(cell.start)")
        #expect(cell.tally.observedMilliseconds == expected.up + expected.down, "\(cell.start)")
        #expect(abs(cell.tally.upMilliseconds - expected.up) <= 10_000, "\(cell.start)")
      }
    }
  }

  private func expectSameAttempts(_ recorder: Recorder, _ key: ProbeKey, _ count: UInt64) throws {
    let cells = try recorder.cells(key, .fiveMinutes)
    #expect(cells.reduce(0) { $0 + $1.tally.attemptsCounted } == count)
  }

  @Test("time in which the daemon was stopped is unknown, in every figure")
  func stopped() throws {
    let recorder = try Recorder(probes: 1, at: midnight)
    for _ in 0..<30 { try recorder.round { Sample(time: $1, outcome: .ok) } }
    try recorder.mark(.stopped(recorder.now))
    recorder.now = midnight + .minutes(90)
    try recorder.open()
    for _ in 0..<30 { try recorder.round { Sample(time: $1, outcome: .ok) } }
    let hours = try recorder.cells(key(0), .hour)
    #expect(hours.map(\.tally.upMilliseconds) == [1_800_000, 1_800_000])
    #expect(hours.map(\.unknownMilliseconds) == [1_800_000, 1_800_000])
  }

  @Test("a clock that is set back or forward neither loses nor doubles samples")
  func clockSteps() throws {
    let recorder = try Recorder(probes: 1, at: midnight + .minutes(50))
    for _ in 0..<30 { try recorder.round(sample) }
    recorder.now = recorder.now - .hours(2)
    try recorder.mark(.clockStepped(at: recorder.now, by: .hours(-2)))
    for _ in 0..<100 { try recorder.round(sample) }
    recorder.now = recorder.now + .hours(30)
    try recorder.mark(.clockStepped(at: recorder.now, by: .hours(30)))
    for _ in 0..<100 { try recorder.round(sample) }
    var reader = recorder.reader()
    #expect(
      try reader.samples(of: key(0), in: always, limit: 1_000) == recorder.written[key(0)])
    try expectSameAttempts(recorder, key(0), 230)
    let observed = try recorder.cells(key(0), .fiveMinutes)
      .reduce(0) { $0 + $1.tally.observedMilliseconds }
    // All but what stood at the two steps, at most two intervals each.
    #expect(observed <= 230 * 60_000)
    #expect(observed >= 226 * 60_000)
  }

  @Test("probes come and go: what fits stays, and the new ones have room")
  func otherProbes() throws {
    let recorder = try Recorder(probes: 5, at: midnight)
    for _ in 0..<90 { try recorder.round(sample) }
    let kept = Array(recorder.probes[0..<2])
    recorder.want(kept + (5..<20).map { HistoryProbe(key: key($0), every: .seconds(60)) })
    for _ in 0..<(60 * 30) { try recorder.round(sample) }
    #expect(recorder.messages == [])
    try expectSameAttempts(recorder, key(0), 90 + 60 * 30)
    try expectSameAttempts(recorder, key(3), 90)
    try expectSameAttempts(recorder, key(19), 60 * 30)
  }

  @Test("a shorter retention removes the oldest blocks, a longer one adds room")
  func retention() throws {
    let recorder = try Recorder(probes: 2, at: midnight)
    recorder.retention.samples = .hours(30)
    try recorder.open()
    for _ in 0..<(60 * 41) { try recorder.round(sample) }
    #expect(recorder.store.snapshot.samples.count == 40)
    recorder.retention.samples = .hours(24)
    try recorder.open()
    let left = recorder.store.snapshot.samples
    #expect(left.count == 36)
    #expect(left.last?.closed == midnight + .hours(40) + .milliseconds(3_540_900))
    recorder.retention.samples = .hours(30)
    try recorder.open()
    #expect(recorder.store.snapshot.samples == left)
  }

  @Test("it is known from when on there are cells of five minutes, whatever their retention")
  func finelyKept() throws {
    let recorder = try Recorder(probes: 1, every: .minutes(5), at: midnight)
    recorder.retention.fiveMinutes = .hours(24)
    try recorder.open()
    for _ in 0..<100 { try recorder.round(sample) }
    let young = try #require(recorder.reader().finelyKeptSince)
    #expect(young < midnight, "all that there is")
    for _ in 0..<(12 * 24 * 6) { try recorder.round(sample) }
    let since = try #require(recorder.reader().finelyKeptSince)
    #expect(since > midnight + .hours(24) && since <= recorder.now - .hours(24))
    #expect(try recorder.cells(key(0), .fiveMinutes, midnight..<(since - .hours(1))).isEmpty)
    #expect(try !recorder.cells(key(0), .hour, midnight..<(since - .hours(1))).isEmpty)
    #expect(try recorder.cells(key(0), .fiveMinutes, since..<(since + .hours(1))).count == 12)
  }

  @Test("a damaged block is set aside under another name, and the daemon goes on")
  func damaged() throws {
    let recorder = try Recorder(probes: 2, at: midnight)
    for _ in 0..<150 { try recorder.round(sample) }
    let path = "\(recorder.directory.path)/samples/block-0000.cells"
    let file = Descriptor(Glibc.open(path, O_RDWR))
    #expect(pwrite(file.raw, [UInt8](repeating: 0xAA, count: 40), 40, 20) == 40)
    recorder.messages = []
    try recorder.open()
    #expect(
      recorder.messages == [
        "\(path): the header's checksum is wrong; set aside as block-0000.cells.damaged-1"
      ])
    for _ in 0..<150 { try recorder.round(sample) }
    #expect(recorder.store.snapshot.samples.count == 3)
  }

  @Test("an outage's confirmations never push out what was regularly recorded")
  func storm() throws {
    let recorder = try Recorder(probes: 2, at: midnight)
    for _ in 0..<61 {
      try recorder.round(sample)
      for second in 1..<12 {
        let back = recorder.now
        recorder.now = recorder.now - .seconds(60) + .seconds(Int64(second) * 5)
        try recorder.round {
          var sample = sample($0, $1)
          sample.flags = [.confirmation]
          sample.outcome = .connect(.refused)
          return sample
        }
        recorder.now = back
      }
    }
    var reader = recorder.reader()
    let found = try reader.samples(of: key(0), in: always, limit: 10_000)
    let regular = found.filter { !$0.flags.contains(.confirmation) }
    #expect(regular.count == 61)
    #expect(recorder.messages.count == 1)
    #expect(recorder.messages.first?.contains("found no room") == true)
  }

  @Test(
    "where no block can be begun samples are recorded all the same, and the next start makes them up"
  )
  func noBlocks() throws {
    let recorder = try Recorder(probes: 2, at: midnight + .minutes(30))
    let blocks = "\(recorder.directory.path)/samples"
    for name in recorder.directory.names(in: blocks) { #expect(unlink("\(blocks)/\(name)") == 0) }
    for _ in 0..<100 { try recorder.round(sample) }
    // Once an hour, not with every batch.
    #expect(recorder.messages.count == 2)
    #expect(recorder.messages.first?.contains("no block of the history can be begun") == true)
    var reader = recorder.reader()
    #expect(
      try reader.samples(of: key(1), in: always, limit: 1_000) == recorder.written[key(1)])
    try recorder.open()
    #expect(recorder.store.snapshot.samples.count == 2)
    try expectSameAttempts(recorder, key(1), 100)
  }

  @Test("probes that run more often than there is room for make more blocks, and lose nothing")
  func faster() throws {
    let recorder = try Recorder(probes: 2, every: .seconds(60), at: midnight)
    for _ in 0..<900 {
      try recorder.round(sample)
      recorder.now = recorder.now - .seconds(52)
    }
    #expect(recorder.store.snapshot.samples.count > 4)
    #expect(recorder.messages == [])
    var reader = recorder.reader()
    #expect(
      try reader.samples(of: key(0), in: always, limit: 10_000) == recorder.written[key(0)])
  }

  @Test("a copy taken while the daemon runs is read without one, and tells the same")
  func copy() throws {
    let recorder = try Recorder(probes: 3, at: midnight + .minutes(20))
    for _ in 0..<(60 * 30 + 25) { try recorder.round(sample) }
    let names = recorder.directory.names(in: recorder.directory.path)
    let copy = try HistoryStore(copy: recorder.directory.path)
    #expect(recorder.directory.names(in: recorder.directory.path) == names)
    #expect(try copy.probes() == recorder.probes.sorted { $0.key < $1.key })
    var reader = HistoryReader(copy.snapshot, until: recorder.now)
    var cells: [Cell] = []
    try reader.cells(of: key(1), in: always, span: .hour, withLatencies: true) {
      cells.merge([copy $0])
    }
    #expect(cells == (try recorder.cells(key(1), .hour)))
    let all = try #require(recorder.written[key(1)])
    #expect(try reader.samples(of: key(1), in: always, limit: 10_000) == all)
  }

  @Test("the disk holds what was announced, and no more")
  func room() throws {
    let recorder = try Recorder(probes: 5, at: midnight)
    let room = recorder.room
    #expect(recorder.store.byteCount == room.total)
    for _ in 0..<(60 * 27) { try recorder.round(sample) }
    #expect(recorder.store.byteCount == room.total)
  }
}

@Suite("The room of the history")
struct HistoryRoomTests {
  @Test("a probe every minute takes less than 3 MiB for a week, two months and thirteen months")
  func perProbe() {
    let many = HistoryRoom(
      HistoryRetention(), intervals: repeatElement(TimeAmount.seconds(60), count: 10_000))
    #expect(many.total / 10_000 <= 3 << 20)
  }
}
