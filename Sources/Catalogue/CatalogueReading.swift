import Base
import Model
import Probes
import Wire

/// What a catalogue is read from.
struct CatalogueSources {
  /// Service files and directories of them.
  var services: [NamedPath]
  /// The provinces; nil means `provinces.json` near the service files.
  var provinces: NamedPath?
  /// Nil means that no service has an endpoint.
  var endpoints: NamedPath?
  /// Who built what in which province; nil means that this is not known.
  var vendors: NamedPath?
  var defaults = CatalogueDefaults()
  var accelerate = 1
  var accelerateOrigin: Origin?
  /// Where secrets are looked for besides the service manager's credentials.
  var secretsDirectory: String?
  /// When secrets stop being good that do not say it themselves.
  var secretExpiries: [String: WrittenExpiry] = [:]
  /// The secrets that tokens use.
  var secretsOfTokens: Set<String> = []
  /// The names of the tokens that probes may ask for; nil when they are not known.
  var tokens: [String]?
}

/// Reads a catalogue without a configuration: service files and directories of them, with
/// `provinces.json` beside them or in the directory above. No link has an endpoint then, so no link
/// has probes that need one, but they are checked all the same. Nil links after any complaint.
package func loadCatalogue(
  _ paths: [String], _ access: FileAccess
) -> (links: [Link]?, complaints: Complaints) {
  var complaints = Complaints()
  let sources = CatalogueSources(services: paths.map { NamedPath($0) })
  let links = readCatalogue(sources, access, &complaints)
  complaints.sort()
  return (complaints.isEmpty ? links : nil, complaints)
}

/// Reads the links of a catalogue; after complaints there are fewer than there should be.
func readCatalogue(
  _ sources: CatalogueSources, _ access: FileAccess, _ complaints: inout Complaints
) -> [Link] {
  let layout = CatalogueLayout(sources, access)
  let files = serviceFiles(layout.services, access, &complaints)
  // Without services nobody asks for the provinces, and that there are none is told already.
  let table = files.isEmpty ? nil : consumerTable(sources, layout, access, &complaints)
  var services: [Service] = []
  // Without the provinces no consumer is known.
  var readAll = files.count > 0 && table != nil
  // Whether every service is known by its name, and of which its consumers may not be.
  var namedAll = readAll
  var unsure: Set<String> = []
  for file in files {
    guard let root = file.parse(access, &complaints) else {
      readAll = false
      namedAll = false
      continue
    }
    let before = complaints.count
    let read = readServices(root, file: file.path, table, sources.defaults, &complaints)
    services += read
    guard complaints.count > before else { continue }
    readAll = false
    unsure.formUnion(read.compactMap(\.id))
    if read.isEmpty || read.contains(where: { $0.id == nil })
      || read.count < serviceCount(of: root)
    {
      namedAll = false
    }
  }
  services = withoutRepetitions(services, &complaints)
  checkOwners(services, &complaints)
  var organisations: Organisations?
  if let file = layout.organisations, let root = file.parse(access, &complaints) {
    organisations = Organisations(root, file: file.path, &complaints)
    organisations?.check(services, &complaints)
  }
  let hops = HopTable(services)
  if readAll { hops.check(services, &complaints) }
  checkIntervals(services, sources, &complaints)
  var endpoints = EndpointTable()
  if let file = sources.endpoints, let root = file.parse(access, &complaints) {
    endpoints = EndpointTable(root, file: file.path, &complaints)
    // A service that could not be read would make its endpoints look misspelt.
    if table != nil {
      endpoints.checkNames(services, unsure: unsure, areAllNamed: namedAll, &complaints)
    }
  }
  var vendors: [String: String] = [:]
  if let file = sources.vendors, let root = file.parse(access, &complaints) {
    vendors = readVendorTable(root, file: file.path, path: "", table, &complaints)
  }
  var expansion = LinkExpansion(
    sources.defaults, accelerate: sources.accelerate, endpoints,
    LinkSurroundings(
      hops: hops, organisations: organisations, vendors: vendors, tokens: sources.tokens),
    SecretTable(access, sources), CAFileTable(access),
    ProgramTable(access, sources.defaults.probe.exec.directories))
  expansion.reserve(services)
  for service in services { expansion.add(service, &complaints) }
  expansion.endpoints.checkOthers(writing: sources.defaults.writing, &complaints)
  // Of what could not be read nobody knows which secrets it uses.
  if readAll || files.isEmpty {
    noteUnusedExpiries(
      sources, used: expansion.secretNames.union(sources.secretsOfTokens), access, &complaints)
  }
  return expansion.links
}

/// How many services a file has, readable or not.
private func serviceCount(of root: JSONNode) -> Int {
  if root.object?.contains(where: { $0.key == "services" }) == true {
    return root["services"]?.array?.count ?? 1
  }
  return root.array?.count ?? 1
}

/// The service files in order, each once.
private func serviceFiles(
  _ named: [NamedPath], _ access: FileAccess, _ complaints: inout Complaints
) -> [NamedPath] {
  var files: [NamedPath] = []
  var seen: Set<String> = []
  for entry in named {
    var found = [entry]
    if !namesFile(entry.path) {
      do {
        found = try access.list(entry.path).map {
          NamedPath(resolve($0, from: entry.path), origin: entry.origin)
        }
      } catch {
        entry.origin.complain("cannot list \(entry.path): \(printable("\(error)"))", &complaints)
        continue
      }
      if found.isEmpty {
        entry.origin.complain("no *.json5 files in the directory \(entry.path)", &complaints)
      }
    }
    for file in found {
      if seen.insert(file.path).inserted {
        files.append(file)
      } else {
        entry.origin.complain("\(file.path) is named twice", &complaints)
      }
    }
  }
  return files
}

/// Nil when the provinces could not be read.
func consumerTable(
  _ sources: CatalogueSources, _ layout: CatalogueLayout, _ access: FileAccess,
  _ complaints: inout Complaints
) -> ConsumerTable? {
  guard
    let file = sources.provinces ?? layout.provinces
      ?? usualProvinces(sources, access, &complaints)
  else { return nil }
  guard let root = file.parse(access, &complaints) else { return nil }
  let before = complaints.count
  let today = access.now() + sources.defaults.timeZone
  let table = readProvinces(root, file: file.path, day: today.seconds / 86_400, &complaints)
  return complaints.count > before ? nil : table
}

/// `provinces.json` in the first entry's directory or, where that cannot be read, in the one above.
private func usualProvinces(
  _ sources: CatalogueSources, _ access: FileAccess, _ complaints: inout Complaints
) -> NamedPath? {
  guard let first = sources.services.first else { return nil }
  let beside = namesFile(first.path) ? directory(of: first.path) : first.path
  let above = directoryAbove(beside)
  let near = resolve("provinces.json", from: beside)
  if (try? access.read(near)) != nil { return NamedPath(near, origin: first.origin) }
  let far = resolve("provinces.json", from: above)
  if (try? access.read(far)) != nil { return NamedPath(far, origin: first.origin) }
  first.origin.complain(
    "cannot read \(near) nor \(far); say where the provinces are with the key \"provinces\" of the"
      + " configuration", &complaints)
  return nil
}

/// Where a service is given twice, the later one is complained of and left out.
private func withoutRepetitions(
  _ services: [Service], _ complaints: inout Complaints
) -> [Service] {
  var first: [String: Origin] = [:]
  return services.filter { service in
    guard let id = service.id else { return true }
    if let former = first[id] {
      service.origin.complain(
        "service \"\(id)\" was given before, at \(former.location)", &complaints)
      return false
    }
    first[id] = service.origin
    return true
  }
}

/// A system has one owner, whichever of its services says so.
private func checkOwners(_ services: [Service], _ complaints: inout Complaints) {
  var owners: [String: (owner: String, origin: Origin)] = [:]
  for service in services where !service.system.isEmpty && !service.owner.isEmpty {
    guard let former = owners[service.system] else {
      owners[service.system] = (service.owner, service.ownerOrigin)
      continue
    }
    if former.owner != service.owner {
      service.ownerOrigin.complain(
        "system \"\(service.system)\" has another owner, \"\(former.owner)\", at "
          + "\(former.origin.location)", &complaints)
    }
  }
}

/// Accelerated intervals stay within what the schedule can keep.
private func checkIntervals(
  _ services: [Service], _ sources: CatalogueSources, _ complaints: inout Complaints
) {
  guard sources.accelerate > 1, let origin = sources.accelerateOrigin else { return }
  let shortest = services.flatMap(\.probes).min { $0.every < $1.every }
  guard let shortest else { return }
  let most = shortest.every.nanoseconds / Ranges.every.lowerBound.nanoseconds
  if Int64(sources.accelerate) > most {
    origin.complain(
      "expected at most \(most): the probe at \(shortest.origin.location) runs every "
        + "\(shortest.every), and \(Ranges.every.lowerBound) is the least", &complaints)
  }
}
