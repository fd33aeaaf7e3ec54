import Base
import History
import Model

extension HistoryStore {
  /// Hands over what fills the windows of the rules again, that of each probe oldest first: counts of
  /// attempts, some of one probe at a time, then samples.
  ///
  /// Blocks have all that was written up to the last of them, the ring what was written since. They are
  /// parted by the numbers of what was written and not by its times, of which a clock that is set back
  /// shows some twice.
  package func recordedSamples(
    _ probes: [HistoryProbe], _ wanted: WantedSamples,
    counts: (ProbeKey, [AttemptCounts]) -> Void, each: (ProbeKey, Sample) -> Void
  ) throws(SystemError) {
    var keys: [ProbeKey] = []
    var starts: [WallTime] = []
    for probe in probes {
      guard let since = wanted.since(probe.key) else { continue }
      keys.append(probe.key)
      starts.append(since)
    }
    var blocks = snapshot
    blocks.recent = []
    var reader = HistoryReader(blocks, until: wanted.now)
    if let earliest = wanted.earliestCounts {
      let fine = max(earliest, wanted.fineSince)
      let hours = CellSpan.hour.start(of: earliest)..<fine
      try recordedCounts(keys, wanted, .hour, in: hours, &reader, counts)
      try recordedCounts(keys, wanted, .fiveMinutes, in: fine..<wanted.now, &reader, counts)
    }
    try reader.samples(ofEach: keys, since: starts, until: wanted.now) { each(keys[$0], $1) }
    // What failed before the monitor was found blind bears no flag in the ring.
    let blindness = Blindness(marksInNoBlock)
    let since = min(wanted.earliest, wanted.earliestCounts ?? wanted.earliest)
    let complaints = try ring.replay(since: since, from: nextInNoBlock) { record in
      guard case .sample(let key, var sample) = record, wanted.wants(key, sample.time) else {
        return
      }
      if blindness.covers(sample) { sample.flags.insert(.blind) }
      each(key, sample)
    }
    tell(complaints)
  }

  private func recordedCounts(
    _ keys: [ProbeKey], _ wanted: WantedSamples, _ span: CellSpan, in times: Range<WallTime>,
    _ reader: inout HistoryReader, _ body: (ProbeKey, [AttemptCounts]) -> Void
  ) throws(SystemError) {
    guard !times.isEmpty else { return }
    var counted: [(key: ProbeKey, times: Range<WallTime>)] = []
    for key in keys {
      if let times = wanted.counts(key) { counted.append((key, times)) }
    }
    // The cells of a probe follow each other in each block.
    var part: (index: Int, counts: [AttemptCounts]) = (0, [])
    func handOver() {
      if !part.counts.isEmpty { body(counted[part.index].key, part.counts) }
      part.counts.removeAll(keepingCapacity: true)
    }
    try reader.cells(ofEach: counted.map(\.key), in: times, span: span, withLatencies: false) {
      guard counted[$0].times.contains($1.start) else { return }
      if part.index != $0 {
        handOver()
        part.index = $0
      }
      part.counts.append(AttemptCounts($1))
    }
    handOver()
  }
}
