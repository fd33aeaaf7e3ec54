import Base
import Model
import Wire

/// The bodies that own systems, by their ids.
struct Organisations: Sendable {
  private var names: [String: LocalizedName] = [:]

  /// Reads `{ mof: { name: { en: "...", vi: "..." } } }`.
  init(_ root: JSONNode, file: String, _ complaints: inout Complaints) {
    guard var reader = FieldReader(root, file: file, path: "", complaints: &complaints) else {
      return
    }
    for id in reader.allMembers().map(\.key) {
      if !isSlug(id) { reader.complain(id, slugExpected(id), &complaints) }
      guard var entry = reader.object(id, &complaints) else { continue }
      entry.require("name", &complaints)
      if let name = readName(&entry, &complaints) { names[id] = name }
      entry.finish(&complaints)
    }
  }

  func name(of id: String) -> LocalizedName? { names[id] }

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
