import Model

/// The incidents that ended last, so that the journal still knows them when it has been compacted and
/// the daemon has started anew: those that begin again soon go on, and the rest can be shown. Bounded by
/// their number and, about, by the bytes of their documents; the oldest go first.
struct EndedIncidents: Sendable {
  private(set) var list: [Incident] = []
  private var ids: Set<String> = []
  private var bytes = 0

  /// Takes an incident's newest version: an end comes in, one that is open again goes.
  mutating func take(_ incident: Incident) {
    if ids.remove(incident.id) != nil,
      let place = list.lastIndex(where: { $0.id == incident.id })
    {
      bytes -= list.remove(at: place).estimatedDocumentBytes
    }
    guard incident.status == .resolved else { return }
    list.append(incident)
    ids.insert(incident.id)
    bytes += incident.estimatedDocumentBytes
    while list.count > Limits.endedIncidents
      || bytes > Limits.endedIncidentsBytes && list.count > 1
    {
      let oldest = list.removeFirst()
      ids.remove(oldest.id)
      bytes -= oldest.estimatedDocumentBytes
    }
  }

  func contains(_ id: String) -> Bool { ids.contains(id) }
}

extension Incident {
  /// About how long its document is.
  var estimatedDocumentBytes: Int {
    768 + 320 * conditions.count + 40 * links.count + 128 * members.count + 128 * timeline.count
  }
}
