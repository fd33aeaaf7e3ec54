import Base
import Model

/// Which of the recorded samples fill the windows of the rules again after a start: for each probe
/// those of its own longest window, so that one slow probe does not bring back a day of all others.
package struct WantedSamples: Sendable {
  private var starts: [ProbeKey: WallTime] = [:]
  /// Nothing older is wanted of any probe.
  package private(set) var earliest: WallTime

  package init(_ links: [Link], at now: WallTime) {
    earliest = now
    for link in links {
      let burning = link.alert.burnRate?.pairs.map(\.long).max()
      let window = max(
        link.alert.errorRate?.window ?? .zero, link.alert.latency?.window ?? .zero,
        link.alert.ownPast?.window ?? .zero, burning ?? .zero)
      for probe in link.probes {
        // Enough attempts for a rule on single ones, and for the age of the last.
        let length = min(max(window, probe.every * 16), .hours(24))
        starts[ProbeKey(link: link.id, probe: probe.name)] = now - length
        earliest = min(earliest, now - length)
      }
    }
  }

  /// Whether a sample of a probe is wanted that was taken at a time.
  package func wants(_ key: ProbeKey, _ time: WallTime) -> Bool {
    starts[key].map { time >= $0 } ?? false
  }

  /// Where the samples begin that are wanted of a probe; nil when none are.
  package func since(_ key: ProbeKey) -> WallTime? { starts[key] }
}
