import Base
import History
import Judgement
import Model

/// What the probes of a catalogue showed in an earlier run of the daemon, as their judges remember it. It is
/// filled sample by sample while the history is read, before there is an engine: the samples of long windows,
/// of many probes, are more than should be held at once.
package struct EarlierRun: Sendable {
  private var judges: [ProbeKey: ProbeJudge] = [:]
  private let connections: [LinkID: WallTime]

  /// `connections`: when planned connections came about; what was before does not count.
  package init(_ links: [Link], connections: [LinkID: WallTime]) {
    self.connections = connections
    for link in links {
      for probe in link.probes {
        judges[ProbeKey(link: link.id, probe: probe.name)] = ProbeJudge(
          rules: link.alert, every: probe.every, codes: link.codes)
      }
    }
  }

  /// Takes a sample; those of a probe come oldest first.
  package mutating func add(_ key: ProbeKey, _ sample: Sample) {
    guard !sample.isBlind else { return }
    if let since = connections[key.link], sample.time < since { return }
    judges[key]?.restore(sample)
  }

  /// Takes how many attempts there were before the samples of a probe; they come oldest first.
  package mutating func add(_ key: ProbeKey, _ attempts: [AttemptCounts]) {
    let since = connections[key.link]
    judges[key]?.restore(attempts.filter { count in since.map { count.time >= $0 } ?? true })
  }

  fileprivate mutating func takeJudge(of key: ProbeKey) -> ProbeJudge? {
    judges.removeValue(forKey: key)
  }
}

extension Engine {
  /// Goes on from an earlier run of the same catalogue; call before the first run.
  package mutating func restore(_ earlier: consuming EarlierRun) {
    for probe in probes.indices {
      if let judge = earlier.takeJudge(of: key(of: probe)) { probes[probe].judge = judge }
    }
  }
}
