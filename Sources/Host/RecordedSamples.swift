import History
import Model

extension HistoryStore {
  /// The samples that fill the windows of the rules again, the oldest first.
  package func recordedSamples(
    _ probes: [HistoryProbe], _ wanted: WantedSamples
  ) throws(SystemError) -> [(ProbeKey, Sample)] {
    let ringStart = ring.earliest
    var samples: [(ProbeKey, Sample)] = []
    // Of a probe that runs seldom, or has a long window, the ring has not enough.
    if let ringStart, wanted.earliest < ringStart {
      var blocks = snapshot
      blocks.recent = []
      var reader = HistoryReader(blocks, until: wanted.earliest)
      for probe in probes {
        guard let since = wanted.since(probe.key), since < ringStart else { continue }
        let found = try reader.samples(
          of: probe.key, in: since..<ringStart, limit: Limits.samplesPerAnswer)
        samples += found.lazy.map { (probe.key, $0) }
      }
    }
    // All blocks of the ring's time are left to the ring.
    _ = try ring.replay(since: wanted.earliest) { record in
      guard case .sample(let key, let sample) = record, wanted.wants(key, sample.time),
        ringStart.map({ sample.time >= $0 }) ?? true
      else { return }
      samples.append((key, sample))
    }
    return samples
  }
}
