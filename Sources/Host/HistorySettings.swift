import Base
import Catalogue
import History
import Model

/// What the configuration says of the history.
package struct HistorySettings: Sendable {
  package var retention: HistoryRetention
  package var room: HistoryRoom
  /// Every probe, with the interval at which it really runs.
  package var probes: [HistoryProbe]

  package init(_ configuration: Configuration) {
    retention = configuration.retention
    probes = configuration.links.flatMap { link in
      link.probes.map {
        HistoryProbe(key: ProbeKey(link: link.id, probe: $0.name), every: $0.every)
      }
    }
    // Where intervals have been divided, the room stays that of the intervals as they are written: a
    // demonstration needs no week of samples taken twenty times as often.
    let factor = Int64(configuration.accelerate)
    room = HistoryRoom(
      configuration.retention, intervals: probes.lazy.map { $0.every * factor },
      ringBytes: configuration.historyBytes, segmentBytes: configuration.segmentBytes)
  }
}
