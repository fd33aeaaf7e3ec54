import Base
import History
import Model

extension HistoryStore {
  /// Hands over what fills the windows of the rules again, that of each probe oldest first: counts of
  /// attempts, then samples.
  ///
  /// Blocks have all that was written up to the last of them, the ring what was written since. They are
  /// parted by the numbers of what was written and not by its times, of which a clock that is set back
  /// shows some twice.
  package func recordedSamples(
    _ probes: [HistoryProbe], _ wanted: WantedSamples, counts: (ProbeKey, AttemptCounts) -> Void,
    each: (ProbeKey, Sample) -> Void
  ) throws(SystemError) {
    var wanted = wanted
    if let ringTimes = recentTimes { wanted.countNothing(since: ringTimes.lowerBound) }
    let keys = probes.map(\.key).filter { wanted.since($0) != nil }
    var blocks = snapshot
    blocks.recent = []
    var reader = HistoryReader(blocks, until: wanted.now)
    if let earliest = wanted.earliestCounts {
      let counted = keys.filter { wanted.counts($0) != nil }
      // Long windows are counted in parts longer than an hour.
      let fine = CellSpan.hour.start(of: wanted.now - Self.finelyCounted)
      for (span, times) in [
        (CellSpan.hour, CellSpan.hour.start(of: earliest)..<max(earliest, fine)),
        (.fiveMinutes, max(earliest, fine)..<wanted.now),
      ] where !times.isEmpty {
        try reader.cells(ofEach: counted, in: times, span: span, withLatencies: false) {
          guard wanted.counts(counted[$0])?.contains($1.start) ?? false else { return }
          counts(counted[$0], AttemptCounts($1))
        }
      }
    }
    let times = wanted.earliest..<wanted.now + .milliseconds(1)
    try reader.samples(ofEach: keys, in: times) { index, sample in
      if wanted.wants(keys[index], sample.time) { each(keys[index], sample) }
    }
    let complaints = try ring.replay(since: wanted.earliest, from: nextInNoBlock) { record in
      if case .sample(let key, let sample) = record, wanted.wants(key, sample.time) {
        each(key, sample)
      }
    }
    tell(complaints)
  }

  /// So far back what happened is counted by five minutes.
  private static let finelyCounted = TimeAmount.hours(12)
}
