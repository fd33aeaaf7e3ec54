import Base
import Model
import Wire

/// Reads the key `clock`: for how long the machine's clock may be unsynchronised before that is told; nil where
/// it is turned off.
func readClockLimit(
  _ reader: inout FieldReader, _ complaints: inout Complaints
) -> TimeAmount? {
  let standard = Limits.clockUnsynchronisedFor
  guard var keys = reader.object("clock", &complaints) else { return standard }
  let key = "unsynchronisedFor"
  let isOff = keys.node(key)?.string == "off"
  let limit =
    isOff ? .zero : keys.duration(key, range: Ranges.clockUnsynchronisedFor, &complaints)
  keys.finish(&complaints)
  guard let limit else { return standard }
  return limit > .zero ? limit : nil
}
