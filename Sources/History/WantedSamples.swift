import Base
import Model

/// Which part of the history fills the windows of the rules again after a start: for each probe the samples
/// of its own longest window, so that one slow probe does not bring back a day of all others; and of burn
/// rates, whose windows are counted in parts, how many attempts there were, as cells tell it.
package struct WantedSamples: Sendable {
  private struct Past: Sendable {
    /// From here on each sample of a block is wanted.
    var samples: WallTime
    /// From here to where the samples begin counts are enough; nil where none are wanted.
    var counts: WallTime?
  }

  private var pasts: [ProbeKey: Past] = [:]
  /// When the daemon starts. What bears a later time was recorded before a clock was set back.
  package let now: WallTime
  /// No sample of a block before it is wanted of any probe.
  package private(set) var earliest: WallTime
  /// No count before it is; nil where none are wanted at all.
  package private(set) var earliestCounts: WallTime?
  /// Up to here counts by the hour are fine enough.
  package private(set) var fineSince: WallTime

  package init(_ links: [Link], at now: WallTime) {
    self.now = now
    earliest = now
    fineSince = CellSpan.hour.start(of: now)
    for link in links {
      // Beside the parts of a window one fills.
      let burning = (link.alert.burnRate?.pairs.flatMap { [$0.long, $0.short] } ?? [])
        .map { $0 + .nanoseconds($0.nanoseconds / Self.parts) }
      // The parts of shorter windows are shorter than a cell.
      let finest = burning.filter { $0 <= CellSpan.hour.length }.max()
      let fine = burning.filter { $0 < CellSpan.hour.length * Self.parts }.max()
      if let fine { fineSince = min(fineSince, CellSpan.hour.start(of: now - fine)) }
      let window = max(
        link.alert.errorRate?.window ?? .zero, link.alert.latency?.window ?? .zero,
        link.alert.ownPast?.window ?? .zero, finest ?? .zero)
      for probe in link.probes {
        // Enough attempts for a rule on single ones, and for the age of the last.
        let length = min(max(window, probe.every * 16), .hours(24))
        var past = Past(samples: now - length)
        if let longest = burning.max(), longest > length {
          past.samples = CellSpan.fiveMinutes.start(of: past.samples)
          past.counts = now - longest
          // Where samples begin no cell of an hour must reach over.
          fineSince = min(fineSince, CellSpan.hour.start(of: past.samples))
        }
        pasts[ProbeKey(link: link.id, probe: probe.name)] = past
        earliest = min(earliest, past.samples)
        if let counts = past.counts { earliestCounts = min(earliestCounts ?? counts, counts) }
      }
    }
  }

  private static let parts = Int64(Limits.burnRateParts)

  /// Whether a sample that is in no block, and so in no count, is wanted.
  package func wants(_ key: ProbeKey, _ time: WallTime) -> Bool {
    pasts[key].map { time >= $0.counts ?? $0.samples && time <= now } ?? false
  }

  /// Where the samples of blocks begin that are wanted of a probe; nil when nothing is.
  package func since(_ key: ProbeKey) -> WallTime? { pasts[key]?.samples }

  /// From when to when counts are wanted of a probe; nil when none are.
  package func counts(_ key: ProbeKey) -> Range<WallTime>? {
    guard let past = pasts[key], let start = past.counts, start < past.samples else { return nil }
    return start..<past.samples
  }
}
