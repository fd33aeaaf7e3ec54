import Base
import Model
import Probes
import Wire

/// What links are made with beside their own service.
struct LinkSurroundings {
  var hops: HopTable
  /// Nil where the catalogue names none.
  var organisations: Organisations?
  /// Who built a province's side, by its slug.
  var vendors: [String: String]
  /// The tokens that probes may name; nil where no configuration is read.
  var tokens: [String]?
}

/// Spreads services over their consumers: makes the links, with probes whose placeholders have been
/// replaced.
struct LinkExpansion {
  let defaults: CatalogueDefaults
  let accelerate: Int
  var endpoints: EndpointTable
  private let surroundings: LinkSurroundings
  private var secrets: SecretTable
  private var caFiles: CAFileTable
  private var programs: ProgramTable
  private(set) var links: [Link] = []

  init(
    _ defaults: CatalogueDefaults, accelerate: Int, _ endpoints: EndpointTable,
    _ surroundings: LinkSurroundings, _ secrets: SecretTable, _ caFiles: CAFileTable,
    _ programs: ProgramTable
  ) {
    self.defaults = defaults
    self.accelerate = accelerate
    self.endpoints = endpoints
    self.surroundings = surroundings
    self.secrets = secrets
    self.caFiles = caFiles
    self.programs = programs
  }

  /// The names of the secrets that links use.
  var secretNames: Set<String> { secrets.names }

  /// Makes room for the links of services.
  mutating func reserve(_ services: [Service]) {
    let count = services.reduce(0) { $0 + $1.consumers.count }
    links.reserveCapacity(min(count, Limits.linksPerDaemon))
  }

  /// Adds the links of a service. What is wrong with its probes is told once, not for each consumer.
  mutating func add(_ service: Service, _ complaints: inout Complaints) {
    guard links.count + service.consumers.count <= Limits.linksPerDaemon else {
      service.origin.complain(
        "with this service there are more than \(Limits.linksPerDaemon) links", &complaints)
      return
    }
    let id = service.id ?? "service"
    var rules = ServiceRules(
      service, defaults, accelerate: accelerate, surroundings.organisations)
    var expiry: ExpiryDays?
    var decoders = service.probes.map(ProbeDecoder.init)
    let texts = (
      secrets: service.probes.flatMap(\.secretTexts),
      caFiles: service.probes.flatMap(\.caFileTexts),
      programs: service.probes.flatMap(\.programTexts)
    )
    for consumer in service.consumers {
      let owner = service.owner == ownerIsConsumer ? consumer.slug : service.owner
      let alert = rules.rules(owner: owner, consumer: consumer.slug)
      var link = link(service, id: id, consumer, owner: owner, alert)
      var context = context(service, id: id, consumer)
      context.defaults.expiry = alert.expiry
      if alert.expiry != expiry {
        // What was read for the links before warns at other days.
        for place in decoders.indices { decoders[place].forgetFormer() }
        expiry = alert.expiry
      }
      let endpoint = endpoints.address(
        of: link.id, context, writing: defaults.writing, &complaints)
      context.placeholders["endpoint"] = endpoint
      link.endpoint = endpoint
      link.endpointLocation = endpoints.location(of: link.id)
      findFiles(service, texts, &context)
      if endpoint != nil || !service.needsEndpoint {
        link.probes = decoders.indices.compactMap { place in
          var probe = decoders[place].probe(
            context, of: link.id, accelerate: accelerate, &complaints)
          probe?.expiringSecret = secrets.firstToExpire(
            decoders[place].template.secretTexts, context)
          return probe
        }
      }
      link.fingerprint = fingerprint(service, consumer, link, context) &+ alert.digest
      links.append(link)
    }
    for place in decoders.indices where !decoders[place].wasUsed {
      // No link has an endpoint yet, or there are no links: the template is looked at all the same.
      var context = context(service, id: id, service.consumers.first ?? .national)
      context.placeholders["endpoint"] = "http://endpoint.invalid"
      if service.consumers.isEmpty {
        context.placeholders["consumerCode"] = "00"
        context.placeholders["agencyCode"] = "H00"
      }
      findFiles(service, texts, &context)
      _ = decoders[place].probe(context, of: nil, accelerate: accelerate, &complaints)
    }
    for decoder in decoders { decoder.missing.complain(&complaints) }
  }

  /// Reads what the probes of a link name beside their own file.
  private mutating func findFiles(
    _ service: Service, _ texts: (secrets: [String], caFiles: [String], programs: [String]),
    _ context: inout ProbeContext
  ) {
    context.secrets = secrets.find(texts.secrets, context)
    context.programs = programs.find(texts.programs)
    guard !texts.caFiles.isEmpty else { return }
    context.caFiles = caFiles.find(
      texts.caFiles, context, from: directory(of: service.origin.file))
  }

  private func link(
    _ service: Service, id: String, _ consumer: Consumer, owner: String, _ alert: ServiceRules.Found
  ) -> Link {
    let ownsItself = service.owner == ownerIsConsumer
    var link = Link(
      id: LinkID(service: id, consumer: consumer.slug), serviceName: service.name,
      consumerName: consumer.name, system: service.system,
      owner: owner, route: service.route.words, alert: alert.rules, probes: [],
      location: service.origin.location)
    link.ownerName =
      ownsItself ? consumer.fullName : surroundings.organisations?.name(of: service.owner)
    link.role = service.role
    link.hops = surroundings.hops.links(service.route.words, of: consumer.slug)
    link.vendor = service.vendors.vendor(of: consumer.slug) ?? surroundings.vendors[consumer.slug]
    link.planned = service.planned.day(of: consumer.slug)
    link.codes = service.codes
    link.sources = alert.sources
    return link
  }

  private func context(_ service: Service, id: String, _ consumer: Consumer) -> ProbeContext {
    var values = ["service": id, "system": service.system, "consumer": consumer.slug]
    values["consumerCode"] = consumer.code
    values["agencyCode"] = consumer.agencyCode
    return ProbeContext(placeholders: values, defaults: defaults.probe, tokens: surroundings.tokens)
  }

  private func fingerprint(
    _ service: Service, _ consumer: Consumer, _ link: Link, _ context: ProbeContext
  ) -> UInt64 {
    let hops = link.hops.map(\.description).joined(separator: ",")
    let asksSystemsServers = service.probes.contains { $0.kind.kind == DNSProbe.kind }
    let servers = asksSystemsServers ? context.defaults.nameServers.joined(separator: ",") : ""
    return stableHash(
      """
      \(service.digest) \(defaults.digest) \(accelerate) \(consumer.slug) \(consumer.code ?? "-") \
      \(consumer.agencyCode ?? "-") \(link.endpoint ?? "-") \(link.vendor ?? "-") \(hops) \
      \(link.planned?.endsAt.nanoseconds ?? 0) \(link.ownerName?.vi ?? "-") \
      \(consumer.name.en)\n\(consumer.name.vi)\(context.secretsDigest)\(servers)
      """)
  }
}

/// Reads one probe of a service for link after link.
private struct ProbeDecoder {
  let template: ProbeTemplate
  private(set) var wasUsed = false
  private var told: Set<Complaint> = []
  private var failures = 0
  private(set) var missing = MissingSecrets()
  /// The settings of the first link that had nothing wrong with it. All links share them when nothing
  /// in them can differ.
  private var former: (any Sendable)?

  /// Once so many links have shown a probe to be wrong, the others are not asked.
  private static let failuresLookedAt = 64

  init(_ template: ProbeTemplate) { self.template = template }

  /// Reads the probe anew for the next link, whatever it was for the last.
  mutating func forgetFormer() { former = nil }

  mutating func probe(
    _ context: ProbeContext, of link: LinkID?, accelerate: Int, _ complaints: inout Complaints
  ) -> ProbeDefinition? {
    wasUsed = true
    if template.varying.isEmpty, let former {
      return template.definition(former, accelerate: accelerate)
    }
    guard failures < Self.failuresLookedAt else { return nil }
    var own = Complaints()
    var context = context
    context.former = former
    context.varying = template.varying
    let options = template.decode(context, &own)
    let secretsMissing = own.take(.secret)
    for complaint in secretsMissing { missing.add(complaint, of: link) }
    if !own.isEmpty { failures += 1 }
    for complaint in own.list where told.insert(complaint).inserted { complaints.add(complaint) }
    guard let options else { return nil }
    if former == nil, own.isEmpty, secretsMissing.isEmpty { former = options }
    return template.definition(options, accelerate: accelerate)
  }
}
