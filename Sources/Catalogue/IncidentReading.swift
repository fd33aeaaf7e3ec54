import Base
import Model
import Wire

/// Reads the key `incidents`: how long telling waits for a pattern, and when the same thing is the same
/// incident. What is not said is the standard's.
func readIncidentSettings(
  _ reader: inout FieldReader, _ complaints: inout Complaints
) -> IncidentSettings {
  var settings = IncidentSettings()
  guard var keys = reader.object("incidents", &complaints) else { return settings }
  if let time = keys.duration("gather", range: Ranges.gather, &complaints) {
    settings.gatherCritical = time
    settings.gatherWarning = time
  }
  if let time = keys.duration("gatherCritical", range: Ranges.gather, &complaints) {
    settings.gatherCritical = time
  }
  if let time = keys.duration("gatherWarning", range: Ranges.gather, &complaints) {
    settings.gatherWarning = time
  }
  if let time = keys.duration("reopenWithin", range: Ranges.reopenWithin, &complaints) {
    settings.reopenWithin = time
  }
  keys.finish(&complaints)
  return settings
}
