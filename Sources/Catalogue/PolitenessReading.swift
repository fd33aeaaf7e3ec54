import Model
import Wire

/// Reads the key `politeness`: `"off"`, or an object with bounds. What is not said is the standard's.
func readPoliteness(
  _ reader: inout FieldReader, _ complaints: inout Complaints
) -> PolitenessBudget? {
  guard reader.has("politeness") else { return .standard }
  let copy = reader
  if let word = reader.node("politeness")?.string {
    if word != "off" {
      reader.complain(
        "politeness", "expected \"off\", or an object with requestsPerMinute and bytesPerMinute",
        &complaints)
    }
    return nil
  }
  reader = copy
  var budget = PolitenessBudget.standard
  guard var keys = reader.object("politeness", &complaints) else { return budget }
  if let count = keys.int("requestsPerMinute", range: Ranges.requestsPerMinute, &complaints) {
    budget.requestsPerMinute = count
  }
  if let bytes = keys.size("bytesPerMinute", range: Ranges.bytesPerMinute, &complaints) {
    budget.bytesPerMinute = bytes
  }
  keys.finish(&complaints)
  return budget
}
