import Wire

/// The verdict of `status`. Raw values are the exit codes of the monitoring plug-ins' convention
/// (Monitoring Plugins Development Guidelines, "Plugin Return Codes").
package enum Health: Int32, Sendable, Hashable, CaseIterable {
  case ok = 0
  case warning = 1
  case critical = 2
  case unknown = 3

  package var word: String {
    switch self {
    case .ok: "OK"
    case .warning: "WARNING"
    case .critical: "CRITICAL"
    case .unknown: "UNKNOWN"
    }
  }

  var style: Style {
    switch self {
    case .ok: .good
    case .critical: .bad
    case .warning, .unknown: .warning
    }
  }
}

/// What the verdict rests on, as read from `/v1/status`.
package struct HealthFigures: Sendable, Hashable {
  package var up: Int
  package var degraded: Int
  package var down: Int
  package var unknown: Int
  package var openIncidents: Int
  package var criticalIncidents: Int
  /// Links in a maintenance window that are not up, of those above.
  package var maintenance: LinksInMaintenance
  package var isRecording: Bool
  /// Alerts reach the disk, and every receiver.
  package var isDelivering: Bool

  /// What is not up by arrangement.
  package struct LinksInMaintenance: Sendable, Hashable {
    package var all = 0
    package var down = 0
    package var degraded = 0
    /// Incidents all of whose links are in maintenance.
    package var incidents = 0
    package var criticalIncidents = 0

    package init() {}
  }

  package init(
    up: Int, degraded: Int = 0, down: Int = 0, unknown: Int = 0, openIncidents: Int = 0,
    criticalIncidents: Int = 0, maintenance: LinksInMaintenance = LinksInMaintenance(),
    isRecording: Bool = true, isDelivering: Bool = true
  ) {
    self.up = up
    self.degraded = degraded
    self.down = down
    self.unknown = unknown
    self.openIncidents = openIncidents
    self.criticalIncidents = criticalIncidents
    self.maintenance = maintenance
    self.isRecording = isRecording
    self.isDelivering = isDelivering
  }

  /// Nil when a figure is missing: without it nothing may be called well.
  package init?(_ status: JSONNode) {
    guard let links = status["links"], let incidents = status["incidents"],
      let up = links.figure("up"), let degraded = links.figure("degraded"),
      let down = links.figure("down"), let unknown = links.figure("unknown"),
      let open = incidents.figure("open"), let critical = incidents.figure("critical"),
      let isRecording = status["history"]?["recording"]?.bool
    else { return nil }
    let delivery = status["delivery"]
    let isDelivering =
      delivery?.text("problem") == nil
      && delivery?.list("receivers").contains { $0.text("lastError") != nil } != true
    // A daemon of an earlier version knows nothing of these: then all counts.
    var maintenance = LinksInMaintenance()
    maintenance.all = links.figure("maintenance") ?? 0
    maintenance.down = links.figure("maintenanceDown") ?? 0
    maintenance.degraded = links.figure("maintenanceDegraded") ?? 0
    maintenance.incidents = incidents.figure("maintenance") ?? 0
    maintenance.criticalIncidents = incidents.figure("maintenanceCritical") ?? 0
    self.init(
      up: up, degraded: degraded, down: down, unknown: unknown, openIncidents: open,
      criticalIncidents: critical, maintenance: maintenance, isRecording: isRecording,
      isDelivering: isDelivering)
  }

  /// Where no link at all is up, nothing is known to be well. A daemon that records nothing or whose
  /// alerts do not get through, and an incident that is open while its links are up again, are at
  /// least a warning. What is in maintenance was announced, and counts for nothing here.
  package var verdict: Health {
    if down > maintenance.down || criticalIncidents > maintenance.criticalIncidents {
      return .critical
    }
    let notUp = down + degraded + unknown - maintenance.all
    if notUp > 0 || openIncidents > maintenance.incidents || !isRecording || !isDelivering {
      return .warning
    }
    return up == 0 && maintenance.all == 0 ? .unknown : .ok
  }
}
