import History
import Model

extension HistoryStore {
  /// Hands over the samples that fill the windows of the rules again, those of each probe oldest first.
  package func recordedSamples(
    _ probes: [HistoryProbe], _ wanted: WantedSamples, each: (ProbeKey, Sample) -> Void
  ) throws(SystemError) {
    let ringStart = ring.earliest
    // Of a probe that runs seldom, or has a long window, the ring has not enough.
    if let ringStart, wanted.earliest < ringStart {
      var blocks = snapshot
      blocks.recent = []
      var reader = HistoryReader(blocks, until: wanted.earliest)
      for probe in probes {
        guard let since = wanted.since(probe.key), since < ringStart else { continue }
        let found = try reader.samples(
          of: probe.key, in: since..<ringStart, limit: Limits.samplesAtStart)
        for sample in found { each(probe.key, sample) }
      }
    }
    // All blocks of the ring's time are left to the ring.
    _ = try ring.replay(since: wanted.earliest) { record in
      guard case .sample(let key, let sample) = record, wanted.wants(key, sample.time),
        ringStart.map({ sample.time >= $0 }) ?? true
      else { return }
      each(key, sample)
    }
  }
}
