import Base
import Model
import Probes
import Wire

/// An `alert` of a single consumer, or of an owner, with where it is written.
struct ConsumerAlert: Sendable {
  var settings: AlertSettings
  var written: [EffectiveSetting]
  /// What stands for its words in the links' fingerprints.
  var digest: UInt64

  init(
    _ parent: inout FieldReader, _ key: String, _ node: JSONNode, every: TimeAmount?,
    _ complaints: inout Complaints
  ) {
    settings = readAlert(&parent, key, every: every, &complaints)
    written = writtenSettings(of: node, file: parent.file, under: "alert.")
    digest = Catalogue.digest(of: node)
  }
}

/// Reads `alerts: { "ha-noi": { failures: "5 of 10" } }`: what holds for single links of a service.
func readConsumerAlerts(
  _ parent: inout FieldReader, _ consumers: [Consumer], every: TimeAmount?,
  _ complaints: inout Complaints
) -> [String: ConsumerAlert] {
  guard var reader = parent.object("alerts", &complaints) else { return [:] }
  var alerts: [String: ConsumerAlert] = [:]
  let known = consumers.map(\.slug)
  for member in reader.allMembers() {
    if !known.contains(member.key) {
      reader.complain(
        member.key,
        "the service has no consumer \"\(printable(member.key, limit: 40))\""
          + suggestion(member.key, known, complaints), &complaints)
    }
    alerts[member.key] = ConsumerAlert(
      &reader, member.key, member.node, every: every, &complaints)
  }
  return alerts
}

/// The rules of the links of a service, each worked out once: most links have the same.
struct ServiceRules {
  /// What a link's alert comes from.
  struct Found {
    var rules: AlertRules
    var sources: SettingSources
    var expiry: ExpiryDays?
    var digest: UInt64
  }

  private let service: Service
  private let defaults: AlertSettings
  private let every: TimeAmount
  private let accelerate: Int
  private let organisations: Organisations?
  private var byOwner: [String: Found] = [:]

  init(
    _ service: Service, _ defaults: CatalogueDefaults, accelerate: Int,
    _ organisations: Organisations?
  ) {
    self.service = service
    self.defaults = defaults.alert
    every = service.probes.map(\.every).max() ?? defaults.every
    self.accelerate = accelerate
    self.organisations = organisations
  }

  mutating func rules(owner: String, consumer: String) -> Found {
    if let own = service.alerts[consumer] { return find(owner: owner, own) }
    // Of owners that say nothing all links share the same; no owner has an empty name.
    let name = organisations?.alert(of: owner) == nil ? "" : owner
    if let known = byOwner[name] { return known }
    let found = find(owner: owner, nil)
    byOwner[name] = found
    return found
  }

  private func find(owner: String, _ link: ConsumerAlert?) -> Found {
    let ofOwner = organisations?.alert(of: owner)
    var settings = service.systemAlert.over(defaults)
    if let ofOwner { settings = ofOwner.settings.over(settings) }
    settings = service.alert.over(settings)
    if let link { settings = link.settings.over(settings) }
    var sources = service.sources
    if ofOwner != nil || link != nil {
      var written = sources.settings
      written.insert(contentsOf: ofOwner?.written ?? [], at: service.ownSettings)
      sources = SettingSources((link?.written ?? []) + written)
    }
    return Found(
      rules: settings.rules(every: every, accelerate: accelerate), sources: sources,
      expiry: settings.expiry, digest: (ofOwner?.digest ?? 0) ^ (link?.digest ?? 0) &* 3)
  }
}
