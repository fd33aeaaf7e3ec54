import Base
import Model
import Wire

/// The bodies that own systems, by their ids.
struct Organisations: Sendable {
  private var names: [String: LocalizedName] = [:]
  private var alerts: [String: ConsumerAlert] = [:]

  /// Reads `{ mof: { name: { en: "...", vi: "..." }, alert: { ... } } }`.
  init(_ root: JSONNode, file: String, _ complaints: inout Complaints) {
    guard var reader = FieldReader(root, file: file, path: "", complaints: &complaints) else {
      return
    }
    for member in reader.allMembers() {
      let id = member.key
      if !isSlug(id) { reader.complain(id, slugExpected(id), &complaints) }
      guard var entry = reader.object(id, &complaints) else { continue }
      entry.require("name", &complaints)
      if let name = readName(&entry, &complaints) { names[id] = name }
      if entry.has("alert"), let node = entry.node("alert") {
        alerts[id] = ConsumerAlert(&entry, "alert", node, every: nil, &complaints)
      }
      entry.finish(&complaints)
    }
  }

  func name(of id: String) -> LocalizedName? { names[id] }

  /// What holds for the links of the systems that an organisation owns.
  func alert(of id: String) -> ConsumerAlert? { alerts[id] }

  /// Complains of owners that are none of the organisations.
  func check(_ services: [Service], _ complaints: inout Complaints) {
    let known = names.keys.sorted()
    var told: Set<String> = []
    for service in services
    where service.owner != ownerIsConsumer && !service.owner.isEmpty && names[service.owner] == nil
    {
      let origin = service.ownerOrigin
      guard told.insert("\(origin.location)").inserted else { continue }
      origin.complain(
        "no organisation \"\(service.owner)\"" + suggestion(service.owner, known, complaints),
        &complaints)
    }
  }
}
