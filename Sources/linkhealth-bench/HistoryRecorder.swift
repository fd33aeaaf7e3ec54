import Base
import Glibc
import History
import Host
import Model

/// Records as the daemon does, tick by tick of simulated time: the loop's part, then that of the disk's
/// thread, with one step of the work on blocks between two writes.
final class HistoryRecorder {
  /// What was recorded since the last reset, and what it cost.
  struct Costs {
    var samples = 0
    /// CPU time of the loop's part and of the disk's.
    var loopNanoseconds: Int64 = 0
    var diskNanoseconds: Int64 = 0
    var longestHold = TimeAmount.zero
    var longestWrite = TimeAmount.zero
    var steps: [Double] = []

    var cpuMicroseconds: Double { Double(loopNanoseconds + diskNanoseconds) / 1e3 }
  }

  /// As often as the daemon asks the disk to hold what was written.
  private static let syncEvery = TimeAmount.seconds(5)

  let store: HistoryStore
  var costs = Costs()
  private(set) var now: WallTime
  private var load: HistoryLoad
  private var encoder: RingEncoder
  private var nextSync: WallTime
  private var ticks = 0
  /// Attempts by the tick at which they end, modulo their number: a sample bears the time at which its
  /// attempt began, and comes when that has ended.
  private var running = [[(probe: Int, sample: Sample)]](repeating: [], count: 128)

  init(_ store: HistoryStore, _ load: HistoryLoad, at now: WallTime, nextSequence: UInt64? = nil) {
    self.store = store
    self.load = load
    self.now = now
    nextSync = now
    var resume = store.ring.resume
    if let nextSequence { resume.nextSequence = nextSequence }
    encoder = RingEncoder(resume: resume)
    encoder.add(.started(now))
  }

  /// Records up to a time; `body` is called once an hour.
  func run(until end: WallTime, hourly body: () throws -> Void = {}) throws {
    var hour = CellSpan.hour.start(of: now)
    while now < end {
      try tick()
      guard CellSpan.hour.start(of: now) != hour else { continue }
      hour = CellSpan.hour.start(of: now)
      try body()
    }
  }

  /// Finishes what work on blocks is left.
  func settle() throws {
    while store.hasWork { try step() }
  }

  func tick() throws {
    for probe in load.probes(atTick: ticks) {
      let sample = load.sample(probe, at: now)
      let length = Int(sample.timings.totalMicroseconds / 100_000)
      running[(ticks + min(length, running.count - 1)) % running.count].append((probe, sample))
    }
    let place = ticks % running.count
    let batches = encode(running[place])
    try write(batches)
    costs.samples += running[place].count
    running[place].removeAll(keepingCapacity: true)
    ticks += 1
    now = now + HistoryLoad.tick
    guard store.takeMessages().isEmpty else {
      throw BenchError.failed("the history had something to tell")
    }
  }

  /// What the loop does.
  private func encode(_ ended: [(probe: Int, sample: Sample)]) -> [EncodedBatch] {
    let (began, cpu) = (Clock.instant, threadNanoseconds())
    for (probe, sample) in ended {
      encoder.add(probe: UInt32(probe), key: load.probes[probe].key, sample: sample)
    }
    let batches = encoder.finish()
    costs.loopNanoseconds += threadNanoseconds() - cpu
    costs.longestHold = max(costs.longestHold, Clock.instant - began)
    return batches
  }

  /// What the disk's thread does.
  private func write(_ batches: [EncodedBatch]) throws {
    let cpu = threadNanoseconds()
    for batch in batches {
      let began = Clock.instant
      try store.write(batch)
      costs.longestWrite = max(costs.longestWrite, Clock.instant - began)
    }
    if store.hasWork { try step() }
    if now >= nextSync {
      nextSync = now + Self.syncEvery
      try store.sync()
    }
    costs.diskNanoseconds += threadNanoseconds() - cpu
  }

  private func step() throws {
    let began = Clock.instant
    store.step()
    costs.steps.append((Clock.instant - began).seconds * 1e3)
  }
}

/// CPU time of the thread that asks.
func threadNanoseconds() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
