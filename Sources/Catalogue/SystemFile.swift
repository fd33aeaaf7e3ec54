import Base
import Model
import Wire

/// What the services of one system have in common: written once, inherited by each.
struct SystemPart: Sendable {
  var system: String?
  var owner: String?
  var name: LocalizedName?
  var route: Route?
  var vendors: Vendors
  var codes: CodeTable?
  var role: LinkRole
  var alert: AlertSettings
  var systemOrigin: Origin
  var ownerOrigin: Origin
  /// What stands for the system's words in the links' fingerprints.
  var digest: UInt64
  /// Where each of its settings was written.
  var written: [EffectiveSetting]
}

/// Reads the services of a file: one service, a list of them, or a system with its services.
func readServices(
  _ root: JSONNode, file: String, _ table: ConsumerTable?, _ defaults: CatalogueDefaults,
  _ complaints: inout Complaints
) -> [Service] {
  if let members = root.object, members.contains(where: { $0.key == "services" }) {
    return readSystem(root, file: file, table, defaults, &complaints)
  }
  return readServiceList(
    root.array ?? [root], file: file, path: root.array == nil ? nil : "", nil, table, defaults,
    &complaints)
}

/// `path`: the way to the list; nil where the one element is the whole file.
private func readServiceList(
  _ entries: [JSONNode], file: String, path: String?, _ inherited: SystemPart?,
  _ table: ConsumerTable?, _ defaults: CatalogueDefaults, _ complaints: inout Complaints
) -> [Service] {
  entries.enumerated().compactMap { place, entry in
    readService(
      entry, file: file, path: path.map { "\($0)[\(place)]" } ?? "", inherited, table, defaults,
      &complaints)
  }
}

private func readSystem(
  _ root: JSONNode, file: String, _ table: ConsumerTable?, _ defaults: CatalogueDefaults,
  _ complaints: inout Complaints
) -> [Service] {
  guard var reader = FieldReader(root, file: file, path: "", complaints: &complaints) else {
    return []
  }
  let system = requiredSlug(&reader, "system", &complaints)
  let owner = readOwner(&reader, &complaints)
  let part = SystemPart(
    system: system, owner: owner, name: readName(&reader, &complaints),
    route: readRoute(&reader, &complaints), vendors: readVendors(&reader, table, &complaints),
    codes: readCodes(&reader, &complaints), role: readRole(&reader, &complaints) ?? .service,
    alert: readAlert(&reader, every: nil, &complaints),
    systemOrigin: Origin(reader, "system"), ownerOrigin: Origin(reader, "owner"),
    digest: digest(of: root, leavingOut: "services"),
    written: writtenSettings(of: root, file: file, leavingOut: ["services"]))
  var services: [Service] = []
  if let node = reader.node("services") {
    if let entries = node.array, !entries.isEmpty {
      services = readServiceList(
        entries, file: file, path: "services", part, table, defaults, &complaints)
    } else {
      reader.complain("services", "expected a list of services", &complaints)
    }
  }
  complainOfServiceKeys(root, &reader, &complaints)
  reader.finish(&complaints)
  return services
}

/// Keys that a service has and a system has not: services inherit no such thing.
private func complainOfServiceKeys(
  _ root: JSONNode, _ reader: inout FieldReader, _ complaints: inout Complaints
) {
  for key in ["alerts", "consumers", "planned", "probes"] {
    guard root.object?.contains(where: { $0.key == key }) == true else { continue }
    _ = reader.node(key)
    reader.complain(key, "belongs in each of the services", &complaints)
  }
}

/// The organisation that owns a system: its id, or `{consumer}` where each province has its own.
func readOwner(_ reader: inout FieldReader, _ complaints: inout Complaints) -> String? {
  if reader.node("owner")?.string == ownerIsConsumer { return ownerIsConsumer }
  return requiredSlug(&reader, "owner", &complaints)
}

let ownerIsConsumer = "{consumer}"

/// A name in one language or in both; nil where there is none.
func readName(_ parent: inout FieldReader, _ complaints: inout Complaints) -> LocalizedName? {
  guard var reader = parent.object("name", &complaints) else { return nil }
  let name = readLocalized(&reader, &complaints)
  reader.finish(&complaints)
  return name
}

/// Reads `en` and `vi`; one may be left out and stands for the other.
func readLocalized(
  _ reader: inout FieldReader, _ complaints: inout Complaints
) -> LocalizedName? {
  let english = reader.string("en", &complaints)
  let vietnamese = reader.string("vi", &complaints)
  if let english { checkName(english, &reader, "en", &complaints) }
  if let vietnamese { checkName(vietnamese, &reader, "vi", &complaints) }
  guard let either = english ?? vietnamese else { return nil }
  return LocalizedName(en: english ?? either, vi: vietnamese ?? either)
}

/// Reads `codes`: what the application codes of a system mean, `{ "108": { en: "..." } }`.
func readCodes(_ parent: inout FieldReader, _ complaints: inout Complaints) -> CodeTable? {
  guard var reader = parent.object("codes", &complaints) else { return nil }
  var meanings: [String: LocalizedName] = [:]
  for code in reader.allMembers().map(\.key) {
    if !(1...Limits.outcomeDetailCharacters).contains(code.count)
      || printable(code, limit: .max) != code
    {
      reader.complain(
        code, "expected a code of 1 to \(Limits.outcomeDetailCharacters) characters", &complaints)
    }
    guard var entry = reader.object(code, &complaints) else { continue }
    if let meaning = readLocalized(&entry, &complaints) {
      meanings[code] = meaning
    } else if !entry.has("en") && !entry.has("vi") {
      entry.complain(nil, "expected what the code means, in \"en\" or \"vi\"", &complaints)
    }
    entry.finish(&complaints)
  }
  return meanings.isEmpty ? nil : CodeTable(meanings)
}

/// Who built what: one for all consumers, or one for each.
struct Vendors: Sendable {
  var all: String?
  var byConsumer: [String: String] = [:]

  func vendor(of consumer: String) -> String? { byConsumer[consumer] ?? all }

  /// These where they say something, else the others.
  func over(_ other: Vendors) -> Vendors {
    // One for all leaves nothing for the others to say.
    if all != nil { return self }
    return Vendors(all: other.all, byConsumer: other.byConsumer.merging(byConsumer) { $1 })
  }
}

/// Reads `vendor` and `vendors`.
func readVendors(
  _ reader: inout FieldReader, _ table: ConsumerTable?, _ complaints: inout Complaints
) -> Vendors {
  var vendors = Vendors()
  if let text = reader.string("vendor", &complaints) {
    checkName(text, &reader, "vendor", &complaints)
    vendors.all = text
  }
  if let node = reader.node("vendors") {
    vendors.byConsumer = readVendorTable(
      node, file: reader.file, path: reader.keyPath("vendors"), table, &complaints)
  }
  return vendors
}

/// Reads `{ "ha-noi": "..." }`, within a service or as a file of its own.
func readVendorTable(
  _ node: JSONNode, file: String, path: String, _ table: ConsumerTable?,
  _ complaints: inout Complaints
) -> [String: String] {
  guard var reader = FieldReader(node, file: file, path: path, complaints: &complaints) else {
    return [:]
  }
  var vendors: [String: String] = [:]
  for consumer in reader.allMembers().map(\.key) {
    complainOfStranger(consumer, reader, table, &complaints)
    guard let text = reader.string(consumer, &complaints) else { continue }
    checkName(text, &reader, consumer, &complaints)
    vendors[consumer] = text
  }
  return vendors
}

/// Complains of a key that should be a consumer and is none.
func complainOfStranger(
  _ consumer: String, _ reader: FieldReader, _ table: ConsumerTable?,
  _ complaints: inout Complaints
) {
  guard let table, consumer != Consumer.national.slug, table.province(consumer) == nil else {
    return
  }
  let meant = nearest(consumer, among: table.provinceSlugs).map { "; did you mean \"\($0)\"?" }
  reader.complain(
    consumer, "there is no province \"\(printable(consumer, limit: 40))\"\(meant ?? "")",
    &complaints)
}
