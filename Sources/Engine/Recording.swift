import Base
import History
import Judgement
import Model

/// The way of samples to the ring: gathered over a tick, handed over as one group, and shown to
/// readers and judged only once they are written, so that nothing anybody saw is ever lost.
package struct Recording {
  struct Unwritten {
    var probe: Int
    var sample: Sample
    var group: UInt64
    var recordedAt: Instant
  }

  var encoder: RingEncoder
  var unwritten: [Unwritten] = []
  /// The group that now fills; groups are numbered from 1.
  var group: UInt64 = 1
  var firstUnflushed: Instant?
  var oldestHandedOver: Instant?
  package internal(set) var samplesWritten = 0
  /// The group up to which samples have been shown and judged, written or not.
  package internal(set) var shownGroup: UInt64 = 0
  /// Why samples are not being written; nil while they are.
  package internal(set) var problem: String?

  /// A group that is not written after this long is shown and judged all the same: silence would be
  /// worse. The problem is told.
  static let patience = TimeAmount.seconds(2)

  init(encoder: RingEncoder) { self.encoder = encoder }

  func nextDue(tickAfter: (Instant) -> Instant) -> Instant? {
    var due: Instant?
    if let first = firstUnflushed { due = tickAfter(first) }
    if let handed = oldestHandedOver {
      let limit = handed + Self.patience
      due = due.map { min($0, limit) } ?? limit
    }
    return due
  }

  mutating func add(_ mark: LifeMark, at now: Now) {
    switch mark {
    case .start: encoder.add(.started(now.wall))
    case .stop: encoder.add(.stopped(now.wall))
    }
    gather(at: now)
  }

  mutating func gather(at now: Now) {
    if firstUnflushed == nil { firstUnflushed = now.instant }
  }
}

/// What the ring is told of the daemon's own life.
enum LifeMark {
  case start
  case stop
}

extension Engine {
  /// Puts a sample on its way to the ring.
  mutating func record(probe: Int, _ sample: Sample, at now: Now) {
    let key = key(of: probe)
    var sample = marked(sample, probe: probe, at: now)
    if isBlindly(sample, probe, at: now) { sample.flags.insert(.blind) }
    recording.encoder.add(probe: UInt32(probe), key: key, sample: sample)
    recording.unwritten.append(
      Recording.Unwritten(
        probe: probe, sample: sample, group: recording.group, recordedAt: now.instant))
    probes[probe].unwritten += 1
    recording.gather(at: now)
  }

  package func key(of probe: Int) -> ProbeKey {
    ProbeKey(link: links[probes[probe].link].link.id, probe: definition(of: probe).name)
  }

  /// Hands over what the ticks up to now have gathered.
  mutating func flushSamples(at now: Now, force: Bool = false) {
    guard let first = recording.firstUnflushed else { return }
    guard force || schedule.tickAfter(first) <= now.instant else { return }
    let batches = recording.encoder.finish()
    recording.firstUnflushed = nil
    guard !batches.isEmpty else { return }
    act(.write(batches, group: recording.group))
    if recording.oldestHandedOver == nil { recording.oldestHandedOver = now.instant }
    recording.group += 1
  }

  /// The groups up to `group` are in the ring, or could not be written: now they count.
  package mutating func written(through group: UInt64, problem: String?, at now: Now) {
    if problem != recording.problem {
      if let problem {
        log(.error, "samples are not being recorded", [("problem", problem)])
      } else {
        log(.notice, "samples are being recorded again")
      }
      recording.problem = problem
    }
    // A lost batch may have been the one that defined a probe.
    if problem != nil { recording.encoder.forgetDefinitions() }
    recording.oldestHandedOver = group + 1 < recording.group ? now.instant : nil
    publish(through: group, wereWritten: problem == nil, at: now)
  }

  mutating func giveUpOnWriting(at now: Now) {
    guard let handed = recording.oldestHandedOver,
      now.instant >= handed + Recording.patience
    else { return }
    let problem = "the disk has not taken a write for \(Recording.patience)"
    if recording.problem == nil {
      recording.problem = problem
      log(.error, "samples are not being recorded", [("problem", problem)])
    }
    recording.oldestHandedOver = now.instant
    publish(through: recording.group - 1, wereWritten: false, at: now)
  }

  private mutating func publish(through group: UInt64, wereWritten: Bool, at now: Now) {
    recording.shownGroup = max(recording.shownGroup, group)
    var count = 0
    while count < recording.unwritten.count, recording.unwritten[count].group <= group {
      let entry = recording.unwritten[count]
      count += 1
      guard entry.probe >= 0 else { continue }
      probes[entry.probe].unwritten -= 1
      judge(entry.probe, entry.sample, recordedAt: entry.recordedAt, at: now)
    }
    if wereWritten { recording.samplesWritten += count }
    recording.unwritten.removeFirst(count)
    evaluateIncidents(at: now)
  }
}

extension Engine {
  /// Nothing is in flight, and the ring has what was recorded.
  package var isQuiet: Bool {
    attempts.count == 0 && recording.unwritten.isEmpty && connectionsDue == nil
      && quietWatch.saveDue == nil
  }

  /// The wall clock was set while the daemon ran.
  package mutating func clockStepped(by step: TimeAmount, at now: Now) {
    recording.encoder.add(.clockStepped(at: now.wall, by: step))
    recording.gather(at: now)
    recountDays(at: now)
    restartPast(at: now)
    lookWhatIsQuiet(at: now)
    log(.warning, "the wall clock was set", [("milliseconds", "\(step.milliseconds)")])
  }
}
