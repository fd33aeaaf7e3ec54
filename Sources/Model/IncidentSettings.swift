import Base

/// When incidents are told and how long they are remembered.
package struct IncidentSettings: Sendable, Hashable {
  /// How long telling waits for the pattern to show, by severity.
  package var gatherCritical = TimeAmount.seconds(10)
  package var gatherWarning = TimeAmount.seconds(10)
  /// Within so long after its end the same thing is the same incident.
  package var reopenWithin = TimeAmount.minutes(15)

  package init() {}

  /// How long telling waits for an incident of that severity.
  package func gather(_ severity: Severity) -> TimeAmount {
    severity == .critical ? gatherCritical : gatherWarning
  }
}
