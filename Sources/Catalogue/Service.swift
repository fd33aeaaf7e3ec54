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
  var timeZone = Defaults.timeZone
  /// What probes may not ask for, and what of it an operator allows.
  var writing = WritingOperations()
  /// What stands for all this in the links' fingerprints.
  var digest: UInt64 = 0
  /// Where the configuration says it, under `defaults.`.
  var written: [EffectiveSetting] = []
}

/// One service as its file has it, before it is spread over its consumers.
struct Service: Sendable {
  /// Nil when the name was missing or wrong.
  var id: String?
  var system: String
  /// An organisation, or `{consumer}` for the consumer itself.
  var owner: String
  var name: LocalizedName
  var consumers: [Consumer]
  var route: Route
  var role: LinkRole
  var vendors: Vendors
  var codes: CodeTable?
  var planned: PlannedDays
  var alert: AlertSettings
  /// What its system says of alerts, which its owner goes before.
  var systemAlert: AlertSettings
  /// What is said of single consumers.
  var alerts: [String: ConsumerAlert]
  var probes: [ProbeTemplate]
  var origin: Origin
  /// Where the system and its owner are named.
  var systemOrigin: Origin
  var ownerOrigin: Origin
  /// What stands for the files' words about the service in the links' fingerprints.
  var digest: UInt64
  var sources: SettingSources
  /// How many of these the service itself says: an owner's come behind them.
  var ownSettings: Int

  var needsEndpoint: Bool { probes.contains(where: \.needsEndpoint) }
}

/// Reads one service; what it has from its system is not written again in it.
func readService(
  _ node: JSONNode, file: String, path: String, _ inherited: SystemPart?, _ table: ConsumerTable?,
  _ defaults: CatalogueDefaults, _ complaints: inout Complaints
) -> Service? {
  guard var reader = FieldReader(node, file: file, path: path, complaints: &complaints) else {
    return nil
  }
  let id = requiredSlug(&reader, "service", &complaints)
  let system =
    inherited?.system ?? (inherited == nil ? requiredSlug(&reader, "system", &complaints) : nil)
  let owner = inherited?.owner ?? (inherited == nil ? readOwner(&reader, &complaints) : nil)
  let name = readName(&reader, &complaints) ?? inherited?.name
  let consumers = readConsumers(&reader, table, &complaints)
  let route = readRoute(&reader, &complaints) ?? inherited?.route ?? .direct
  let role = readRole(&reader, &complaints) ?? inherited?.role ?? .service
  let vendors = readVendors(&reader, table, &complaints).over(inherited?.vendors ?? Vendors())
  let codes = readCodes(&reader, &complaints) ?? inherited?.codes
  let planned = readPlanned(&reader, table, timeZone: defaults.timeZone, &complaints)
  let probes = readProbes(&reader, defaults, &complaints)
  let every = probes.map(\.every).max()
  let alert = readAlert(&reader, every: every, &complaints)
  let alerts = readConsumerAlerts(&reader, consumers, every: every, &complaints)
  let written = writtenSettings(of: node, file: file, leavingOut: ["consumers", "alerts"])
  let service = Service(
    id: id, system: system ?? "", owner: owner ?? "",
    name: name ?? LocalizedName(en: id ?? "service", vi: id ?? "service"), consumers: consumers,
    route: route, role: role, vendors: vendors, codes: codes, planned: planned, alert: alert,
    systemAlert: inherited?.alert ?? AlertSettings(), alerts: alerts, probes: probes,
    origin: Origin(reader, "service"),
    systemOrigin: inherited?.systemOrigin ?? Origin(reader, "system"),
    ownerOrigin: inherited?.ownerOrigin ?? Origin(reader, "owner"),
    digest: stableHash(
      "\(digest(of: node, leavingOut: "consumers", "alerts")) \(inherited?.digest ?? 0)"),
    sources: SettingSources(written + (inherited?.written ?? []) + defaults.written),
    ownSettings: written.count)
  reader.finish(&complaints)
  return service
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
