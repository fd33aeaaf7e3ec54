import Model
import Wire

/// Reads why a service is watched: `hop`, `canary` or `mustFail`, one of them at most. Nil where nothing
/// is said.
func readRole(_ reader: inout FieldReader, _ complaints: inout Complaints) -> LinkRole? {
  var role: LinkRole?
  for (key, meant) in [
    ("hop", LinkRole.hop), ("canary", .canary), ("mustFail", .mustFail),
  ] {
    guard let isSo = reader.bool(key, &complaints) else { continue }
    if isSo, let role, role != .service {
      reader.complain(
        key, "a service is one of hop, canary and mustFail; \(role.rawValue) is said already",
        &complaints)
    }
    if isSo { role = meant } else if role == nil { role = .service }
  }
  return role
}
