import Base
import Model
import Probes
import Wire

/// What the configuration says for all services.
struct CatalogueDefaults: Sendable {
  var probe = ProbeDefaults()
  var every = Defaults.every
  var timeout = Limits.probeTimeout
  var alert = AlertSettings()
  /// What stands for all this in the links' fingerprints.
  var digest: UInt64 = 0
}

/// One service as its file has it, before it is spread over its consumers.
struct Service: Sendable {
  /// Nil when the name was missing or wrong.
  var id: String?
  var system: String
  var owner: String
  var name: LocalizedName
  var consumers: [Consumer]
  var route: [String]
  var alert: AlertSettings
  var probes: [ProbeTemplate]
  var origin: Origin
  /// Where the system and its owner are named.
  var systemOrigin: Origin
  var ownerOrigin: Origin
  /// What stands for the file's words about the service in the links' fingerprints.
  var digest: UInt64

  var needsEndpoint: Bool { probes.contains(where: \.needsEndpoint) }
}

/// Reads the services of a file: one object or a list of them.
func readServices(
  _ root: JSONNode, file: String, _ table: ConsumerTable?, _ defaults: CatalogueDefaults,
  _ complaints: inout Complaints
) -> [Service] {
  guard let entries = root.array else {
    return readService(root, file: file, path: "", table, defaults, &complaints).map { [$0] } ?? []
  }
  var services: [Service] = []
  for (place, entry) in entries.enumerated() {
    if let service = readService(
      entry, file: file, path: "[\(place)]", table, defaults, &complaints)
    {
      services.append(service)
    }
  }
  return services
}

private func readService(
  _ node: JSONNode, file: String, path: String, _ table: ConsumerTable?,
  _ defaults: CatalogueDefaults, _ complaints: inout Complaints
) -> Service? {
  guard var reader = FieldReader(node, file: file, path: path, complaints: &complaints) else {
    return nil
  }
  let id = requiredSlug(&reader, "service", &complaints)
  let system = requiredSlug(&reader, "system", &complaints)
  let owner = requiredSlug(&reader, "owner", &complaints)
  let name = readServiceName(&reader, otherwise: id ?? "service", &complaints)
  let consumers = readConsumers(&reader, table, &complaints)
  let route = readRoute(&reader, &complaints)
  let probes = readProbes(&reader, defaults, &complaints)
  let alert = readAlert(&reader, every: probes.map(\.every).max(), &complaints)
  let service = Service(
    id: id, system: system ?? "", owner: owner ?? "", name: name, consumers: consumers,
    route: route, alert: alert, probes: probes, origin: Origin(reader, "service"),
    systemOrigin: Origin(reader, "system"), ownerOrigin: Origin(reader, "owner"),
    digest: digest(of: node, leavingOut: "consumers"))
  reader.finish(&complaints)
  return service
}

/// A name may be left out in one language or in both.
private func readServiceName(
  _ parent: inout FieldReader, otherwise id: String, _ complaints: inout Complaints
) -> LocalizedName {
  guard var reader = parent.object("name", &complaints) else {
    return LocalizedName(en: id, vi: id)
  }
  let english = reader.string("en", &complaints)
  let vietnamese = reader.string("vi", &complaints)
  if let english { checkName(english, &reader, "en", &complaints) }
  if let vietnamese { checkName(vietnamese, &reader, "vi", &complaints) }
  reader.finish(&complaints)
  return LocalizedName(en: english ?? vietnamese ?? id, vi: vietnamese ?? english ?? id)
}

private func readRoute(_ reader: inout FieldReader, _ complaints: inout Complaints) -> [String] {
  guard let route = reader.strings("route", &complaints) else { return [] }
  if let wrong = route.first(where: { !isSlug($0) }) {
    reader.complain("route", slugExpected(wrong), &complaints)
  } else if route.count > Ranges.routeSteps {
    reader.complain(
      "route", "expected at most \(Ranges.routeSteps) intermediaries", &complaints)
  } else if Set(route).count < route.count {
    reader.complain("route", "an intermediary is named twice", &complaints)
  }
  return route
}

private func readProbes(
  _ parent: inout FieldReader, _ defaults: CatalogueDefaults, _ complaints: inout Complaints
) -> [ProbeTemplate] {
  parent.require("probes", &complaints)
  guard let node = parent.node("probes") else { return [] }
  guard let elements = node.array else {
    parent.complain("probes", "expected a list of probes (it may be empty)", &complaints)
    return []
  }
  if elements.count > Limits.probesPerLink {
    parent.complain("probes", "expected at most \(Limits.probesPerLink) probes", &complaints)
  }
  var probes: [ProbeTemplate] = []
  for (place, element) in elements.enumerated() {
    let path = "\(parent.keyPath("probes"))[\(place)]"
    guard
      let reader = FieldReader(element, file: parent.file, path: path, complaints: &complaints),
      let probe = ProbeTemplate(reader, element, defaults, &complaints)
    else { continue }
    if let former = probes.first(where: { $0.name == probe.name }) {
      probe.origin.complain(
        "another probe is named \"\(probe.name)\", at \(former.origin.location); "
          + "give this one a \"name\" of its own", &complaints)
    }
    probes.append(probe)
  }
  return probes
}
