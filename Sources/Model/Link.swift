import Base

/// Names a link: `SERVICE/CONSUMER`, such as `land-database/ha-noi`.
package struct LinkID: Sendable, Hashable, Comparable, CustomStringConvertible {
  package var service: String
  package var consumer: String

  package init(service: String, consumer: String) {
    self.service = service
    self.consumer = consumer
  }

  /// Reads `SERVICE/CONSUMER`; nil unless both are slugs.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, isSlug(parts[0]), isSlug(parts[1]) else { return nil }
    self.init(service: String(parts[0]), consumer: String(parts[1]))
  }

  package var description: String { "\(service)/\(consumer)" }

  package static func < (a: LinkID, b: LinkID) -> Bool {
    a.service != b.service ? a.service < b.service : a.consumer < b.consumer
  }
}

/// Whether a text can be an identifier: 1 to 64 of `a-z`, `0-9` and inner `-`.
package func isSlug(_ text: some StringProtocol) -> Bool {
  let bytes = Array(text.utf8)
  guard (1...64).contains(bytes.count), bytes.first != 0x2D, bytes.last != 0x2D else {
    return false
  }
  return bytes.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
}

/// A name for people in both languages of the field; `vi` in Unicode NFC.
package struct LocalizedName: Sendable, Hashable {
  package var en: String
  package var vi: String

  package init(en: String, vi: String) {
    self.en = en
    self.vi = vi
  }
}

/// Where a setting was written: a file, a line and a column, both from 1 (columns count characters).
package struct SourceLocation: Sendable, Hashable, CustomStringConvertible {
  package var file: String
  package var line: Int
  package var column: Int

  package init(file: String, line: Int, column: Int) {
    self.file = file
    self.line = line
    self.column = column
  }

  package var description: String { "\(file):\(line):\(column)" }
}

/// Why a link is watched. Raw values are stable names.
package enum LinkRole: String, Sendable, Hashable, CaseIterable {
  /// For its own sake.
  case service
  /// Because other links pass through it, such as a province's data bus.
  case hop
  /// Because it ought to answer whatever happens to links: if none of these does, it is we who do not
  /// see.
  case canary
  /// Because it must fail: if it does not, somebody answers in everybody's place.
  case mustFail
  /// Because other links need the tokens that it issues.
  case token
}

/// The consumer that is no province.
package let nationalConsumer = "national"

/// The service of the links that stand for tokens: `token/NAME`.
package let tokenService = "token"

/// One service of a system for one consumer: the thing whose state is told.
package struct Link: Sendable {
  package var id: LinkID
  package var serviceName: LocalizedName
  package var consumerName: LocalizedName
  /// The information system that offers the service.
  package var system: String
  /// The organisation that owns the system.
  package var owner: String
  /// The owner's name; nil where the catalogue names no organisations.
  package var ownerName: LocalizedName?
  /// The intermediaries in the order in which a request passes them; empty when direct.
  package var route: [String]
  /// The links that stand for the intermediaries of `route`, in its order; those that the catalogue
  /// does not watch are left out.
  package var hops: [LinkID] = []
  package var role = LinkRole.service
  /// Who built the consumer's side, or the system; nil when it is not known.
  package var vendor: String?
  /// Nil for a link that is expected to work, or not to exist, as its endpoint says.
  package var planned: PlannedConnection?
  /// What the system's application codes mean; nil when it is not known.
  package var codes: CodeTable?
  package var alert: AlertRules
  package var probes: [ProbeDefinition]
  package var location: SourceLocation?
  /// The address that `{endpoint}` stands for, and where it was written.
  package var endpoint: String?
  package var endpointLocation: SourceLocation?
  /// What the files say of the link; shared by all links of a service.
  package var sources: SettingSources?
  /// Differs when anything that the catalogue says of the link differs.
  package var fingerprint: UInt64 = 0

  package init(
    id: LinkID, serviceName: LocalizedName, consumerName: LocalizedName, system: String,
    owner: String, route: [String], alert: AlertRules, probes: [ProbeDefinition],
    location: SourceLocation? = nil
  ) {
    self.id = id
    self.serviceName = serviceName
    self.consumerName = consumerName
    self.system = system
    self.owner = owner
    self.route = route
    self.alert = alert
    self.probes = probes
    self.location = location
  }
}

/// What the files say of a service's links, those that decide first. A class, so that a hundred
/// thousand links share a few.
package final class SettingSources: Sendable {
  package let settings: [EffectiveSetting]

  package init(_ settings: [EffectiveSetting]) { self.settings = settings }
}

/// One scheduled check of a link.
package struct ProbeDefinition: Sendable {
  /// Unique within the link; the kind's word unless the catalogue says otherwise.
  package var name: String
  /// The word under which the kind is registered, such as `http`.
  package var kind: String
  package var every: TimeAmount
  package var timeout: TimeAmount
  /// How soon a failure is confirmed.
  package var retryEvery: TimeAmount
  /// How many short-notice runs may follow one failure.
  package var retryLimit: Int
  /// Whether the link can be up without this probe.
  package var isRequired: Bool
  /// The kind's own settings, decoded by the kind; shared between links where nothing differs.
  package var options: any Sendable
  /// Differs when anything that the catalogue says of the probe differs, the link's own placeholders
  /// aside.
  package var fingerprint: UInt64 = 0
  /// The same for what is asked and what is expected, whatever the times.
  package var checkFingerprint: UInt64 = 0
  /// Of the secrets that its attempts show, the one that stops being good first.
  package var expiringSecret: ExpiringSecret?

  package init(
    name: String, kind: String, every: TimeAmount, timeout: TimeAmount,
    retryEvery: TimeAmount = .seconds(5), retryLimit: Int = 4, isRequired: Bool = true,
    options: any Sendable
  ) {
    self.name = name
    self.kind = kind
    self.every = every
    self.timeout = timeout
    self.retryEvery = retryEvery
    self.retryLimit = retryLimit
    self.isRequired = isRequired
    self.options = options
  }
}
