import Base
import Model
import Probes
import Wire

/// Reads the configuration file and the catalogue that it names. The configuration is nil when
/// there is any complaint; complaints are in the order of files and lines. Unless the secrets are needed,
/// those that cannot be read are passed over, and the probes that need them are left out.
package func loadConfiguration(
  _ path: String, _ access: FileAccess, secretsAreNeeded: Bool = true
) -> (configuration: Configuration?, complaints: Complaints) {
  var complaints = Complaints()
  let configuration = readConfiguration(path, access, &complaints)
  complaints.sort()
  let unused = complaints.take(.unused)
  if !secretsAreNeeded { _ = complaints.take(.secret) }
  guard complaints.isEmpty, var configuration else { return (nil, complaints) }
  configuration.notes = unused.map(\.description)
  return (configuration, complaints)
}

/// The same with what could be read in spite of complaints.
func readConfiguration(
  _ path: String, _ access: FileAccess, _ complaints: inout Complaints
) -> Configuration? {
  guard let root = NamedPath(path).parse(access, &complaints),
    let reader = FieldReader(root, file: path, path: "", complaints: &complaints)
  else { return nil }
  var reading = ConfigurationReading(reader, access)
  var configuration = Configuration(file: path)
  reading.readPlace(&configuration, &complaints)
  reading.readRuntime(&configuration, &complaints)
  reading.readControl(&configuration, &complaints)
  configuration.exec = reading.readPrograms(&complaints)
  var sources = reading.readSources(&complaints)
  configuration.webhooks = reading.readWebhooks(&complaints)
  sources.secretsDirectory = configuration.secretsDirectory
  sources.secretExpiries = readSecretExpiries(
    &reading.reader, timeZone: sources.defaults.timeZone, access,
    directory: configuration.secretsDirectory, &complaints)
  var secretsOfTokens: Set<String> = []
  let tokens = readTokens(
    &reading.reader, sources, access, secrets: &secretsOfTokens, &complaints)
  sources.secretsOfTokens = secretsOfTokens
  sources.tokens = tokens.map(\.id.consumer)
  let quiet = reading.readQuiet(&complaints)
  reading.reader.finish(&complaints)
  configuration.accelerate = sources.accelerate
  configuration.links = readCatalogue(sources, access, &complaints)
  complainOfServiceNamedToken(configuration.links, tokens, &complaints)
  configuration.links += tokens
  configuration.quiet = readQuiet(quiet, sources, configuration.links, access, &complaints)
  checkWebhookSecrets(configuration, access, &complaints)
  return configuration
}

private func checkWebhookSecrets(
  _ configuration: Configuration, _ access: FileAccess, _ complaints: inout Complaints
) {
  for webhook in configuration.webhooks {
    let found = access.secret(webhook.secretName, configuration.secretsDirectory)
    guard case .failure(let problem) = found else { continue }
    complaints.add(
      Complaint(
        file: configuration.file, position: webhook.position,
        keyPath: "webhooks.\(webhook.name).secret", message: problem.message, kind: .secret))
  }
}

/// The keys of the configuration file, by subject.
private struct ConfigurationReading {
  var reader: FieldReader
  /// Relative paths are seen from here.
  private let home: String
  private var defaults = CatalogueDefaults()
  private var caFiles: CAFileTable
  private let access: FileAccess
  private var execDigest: UInt64?

  init(_ reader: FieldReader, _ access: FileAccess) {
    self.reader = reader
    self.access = access
    caFiles = CAFileTable(access)
    home = directory(of: reader.file)
    if let bytes = try? access.read("/etc/resolv.conf") {
      defaults.probe.nameServers = nameServers(resolverConfiguration: bytes)
    }
  }

  /// Who we are and where we write.
  mutating func readPlace(_ configuration: inout Configuration, _ complaints: inout Complaints) {
    if let vantage = slug(&reader, "vantage", &complaints) {
      configuration.vantage = vantage
    }
    if let path = path("state", &complaints) { configuration.stateDirectory = path }
    if let path = path("socket", &complaints) {
      configuration.socketPath = path
      if path.utf8.count > Ranges.socketPathBytes {
        reader.complain(
          "socket", "expected at most \(Ranges.socketPathBytes) bytes, the directory included",
          &complaints)
      }
    }
    configuration.secretsDirectory = path("secrets", &complaints)
  }

  /// The tick, the ring, and bounds of what runs at a time.
  mutating func readRuntime(_ configuration: inout Configuration, _ complaints: inout Complaints) {
    if let tick = reader.duration("tick", range: Ranges.tick, &complaints) {
      configuration.tick = tick
    }
    if var history = reader.object("history", &complaints) {
      readHistory(&history, &configuration, &complaints)
      history.finish(&complaints)
    }
    if var attempts = reader.object("attempts", &complaints) {
      if let count = attempts.int("inFlight", range: Ranges.attemptsInFlight, &complaints) {
        configuration.attemptsInFlight = count
      }
      attempts.finish(&complaints)
    }
    if var resolver = reader.object("resolver", &complaints) {
      if let threads = resolver.int("threads", range: Ranges.resolverThreads, &complaints) {
        configuration.resolver.threads = threads
      }
      if let time = resolver.duration("lifetime", range: Ranges.resolverLifetime, &complaints) {
        configuration.resolver.lifetime = time
      }
      resolver.finish(&complaints)
    }
    configuration.politeness = readPoliteness(&reader, &complaints)
    configuration.incidents = readIncidentSettings(&reader, &complaints)
    configuration.clockUnsynchronisedFor = readClockLimit(&reader, &complaints)
  }

  private func readHistory(
    _ reader: inout FieldReader, _ configuration: inout Configuration,
    _ complaints: inout Complaints
  ) {
    if let time = reader.duration("samples", range: Ranges.samplesKept, &complaints) {
      configuration.retention.samples = time
    }
    if let time = reader.duration("fiveMinutes", range: Ranges.cellsKept, &complaints) {
      configuration.retention.fiveMinutes = time
    }
    if let time = reader.duration("hours", range: Ranges.cellsKept, &complaints) {
      configuration.retention.hours = time
    }
    if let size = reader.size("size", range: Ranges.historyBytes, &complaints) {
      configuration.historyBytes = size
      // A ring with no segment size of its own gets one that fits.
      configuration.segmentBytes = min(
        8 << 20, max(Ranges.segmentBytes.lowerBound, size / 4 / 65_536 * 65_536))
    }
    guard let segment = reader.size("segment", range: Ranges.segmentBytes, &complaints) else {
      return
    }
    if segment % Ranges.segmentBlockBytes != 0 {
      reader.complain("segment", "expected a whole number of 4KiB blocks", &complaints)
    } else if let size = configuration.historyBytes, segment * 2 > size {
      reader.complain(
        "segment", "expected at most half of the ring's size, " + sizeDescription(size),
        &complaints)
    } else if configuration.historyBytes == nil {
      reader.complain(
        "segment", "expected \"size\" beside it: it is a part of a ring of that size", &complaints)
    } else {
      configuration.segmentBytes = segment
    }
  }

  /// What programs may be run, and how. Probes need it to be read.
  mutating func readPrograms(_ complaints: inout Complaints) -> ExecSettings {
    let node = reader.node("exec")
    let settings = readExec(&reader, access, &complaints)
    defaults.probe.exec = settings.defaults
    // How many run at once changes no link.
    execDigest = node.map { digest(of: $0, leavingOut: "atOnce") }
    return settings
  }

  /// Who may act.
  mutating func readControl(_ configuration: inout Configuration, _ complaints: inout Complaints) {
    guard var control = reader.object("control", &complaints) else { return }
    if let groups = control.strings("operators", &complaints) {
      configuration.operators = groups
      let wrong = groups.first { name in
        !(1...32).contains(name.utf8.count) || !name.utf8.allSatisfy(isFileNameByte)
      }
      if let wrong {
        control.complain(
          "operators", "expected names of groups, got \"\(printable(wrong, limit: 40))\"",
          &complaints)
      } else if groups.count > Ranges.operators {
        control.complain(
          "operators", "expected at most \(Ranges.operators) groups", &complaints)
      }
    }
    control.finish(&complaints)
  }

  // MARK: The catalogue

  mutating func readSources(_ complaints: inout Complaints) -> CatalogueSources {
    readDefaults(&complaints)
    if let execDigest { defaults.digest = stableHash("\(defaults.digest) \(execDigest)") }
    defaults.timeZone = readTimeZone(&reader, &complaints)
    defaults.writing = WritingOperations(&reader, &complaints)
    reader.require("catalogue", &complaints)
    var services: [NamedPath] = []
    if let paths = reader.strings("catalogue", &complaints) {
      let origin = Origin(reader, "catalogue")
      services = paths.map { NamedPath(resolve($0, from: home), origin: origin) }
      if paths.isEmpty || paths.contains("") {
        origin.complain("expected files or directories", &complaints)
        services = []
      }
    }
    let provinces = path("provinces", &complaints)
    let vendors = path("vendors", &complaints)
    let endpoints = path("endpoints", &complaints)
    let accelerate = reader.int("accelerate", range: Ranges.accelerate, &complaints) ?? 1
    return CatalogueSources(
      services: services,
      provinces: provinces.map { NamedPath($0, origin: Origin(reader, "provinces")) },
      endpoints: endpoints.map { NamedPath($0, origin: Origin(reader, "endpoints")) },
      vendors: vendors.map { NamedPath($0, origin: Origin(reader, "vendors")) },
      defaults: defaults, accelerate: accelerate, accelerateOrigin: Origin(reader, "accelerate"))
  }

  private mutating func readDefaults(_ complaints: inout Complaints) {
    guard let node = reader.node("defaults"), var keys = reader.object("defaults", &complaints)
    else { return }
    defaults.digest = digest(of: node)
    defaults.written = writtenSettings(of: node, file: keys.file, under: "defaults.")
    if let text = plainText(&keys, "userAgent", &complaints) { defaults.probe.userAgent = text }
    defaults.probe.caFile = caFile(&keys, &complaints)
    defaults.probe.proxy = plainText(&keys, "proxy", &complaints)
    defaults.probe.sourceAddress = plainText(&keys, "sourceAddress", &complaints)
    if let source = defaults.probe.sourceAddress, !isIPAddress(source) {
      keys.complain("sourceAddress", sourceAddressExpected, &complaints)
    }
    let family = keys.choice("family", of: AddressFamily.allCases.map(\.rawValue), &complaints)
    defaults.probe.family = family.flatMap(AddressFamily.init(rawValue:)) ?? .any
    if let every = keys.duration("every", range: Ranges.every, &complaints) {
      defaults.every = every
    }
    if let timeout = keys.duration("timeout", range: Ranges.timeout, &complaints) {
      defaults.timeout = timeout
    }
    defaults.alert = readAlert(&keys, every: nil, &complaints)
    keys.finish(&complaints)
  }

  /// Windows, calendars, and how far ahead work is to be announced.
  mutating func readQuiet(_ complaints: inout Complaints) -> QuietSources {
    var quiet = QuietSources()
    if let path = path("maintenance", &complaints) {
      quiet.maintenance = NamedPath(path, origin: Origin(reader, "maintenance"))
    }
    if let path = path("calendars", &complaints) {
      quiet.calendars = NamedPath(path, origin: Origin(reader, "calendars"))
    }
    if let name = slug(&reader, "calendar", &complaints) {
      quiet.calendar = (name, Origin(reader, "calendar"))
    }
    guard var notice = reader.object("notice", &complaints) else { return quiet }
    if let days = notice.int("workingDays", range: Ranges.noticeWorkingDays, &complaints) {
      quiet.workingDays = days
    }
    if var systems = notice.object("systems", &complaints) {
      quiet.systemsOrigin = Origin(notice, "systems")
      for system in systems.allMembers().map(\.key) {
        quiet.bySystem[system] = systems.int(
          system, range: Ranges.noticeWorkingDays, &complaints)
      }
    }
    notice.finish(&complaints)
    return quiet
  }

  // MARK: Receivers

  /// Call after ``readSources(_:)``, which reads the defaults.
  mutating func readWebhooks(_ complaints: inout Complaints) -> [WebhookSettings] {
    guard let entries = reader.objects("webhooks", &complaints) else { return [] }
    if entries.count > Ranges.webhooks {
      reader.complain("webhooks", "expected at most \(Ranges.webhooks) receivers", &complaints)
    }
    var webhooks: [WebhookSettings] = []
    var first: [String: Origin] = [:]
    for entry in entries {
      var entry = entry
      let name = requiredSlug(&entry, "name", &complaints)
      if let name, let former = first.updateValue(Origin(entry, "name"), forKey: name) {
        entry.complain(
          "name", "webhook \"\(name)\" was given before, at \(former.location)", &complaints)
      }
      let url = webhookURL(&entry, &complaints)
      let secret = webhookSecret(&entry, &complaints)
      let position = entry.position(of: "secret")
      let caFile = caFile(&entry, &complaints)
      let timeout = entry.duration("timeout", range: Ranges.webhookTimeout, &complaints)
      entry.finish(&complaints)
      guard let name, let url, let secret else { continue }
      webhooks.append(
        WebhookSettings(
          name: name, url: url, secretName: secret, caFile: caFile ?? defaults.probe.caFile,
          timeout: timeout ?? Limits.webhookTimeout, position: position))
    }
    return webhooks
  }

  private func webhookURL(
    _ entry: inout FieldReader, _ complaints: inout Complaints
  ) -> URLParts? {
    guard let text = entry.requiredString("url", &complaints) else { return nil }
    do throws(URLError) {
      return try URLParts(text)
    } catch {
      entry.complain("url", "expected an http or https address: \(error.message)", &complaints)
      return nil
    }
  }

  /// Complaints do not repeat what was written: it may be a secret.
  private func webhookSecret(
    _ entry: inout FieldReader, _ complaints: inout Complaints
  ) -> String? {
    entry.require("secret", &complaints)
    guard let node = entry.node("secret") else { return nil }
    if let name = node.string.flatMap(secretName) { return name }
    entry.complain(
      "secret",
      "expected \"{secret:NAME}\": a secret is not written in this file but in a file NAME among "
        + "the service's credentials (LoadCredential=NAME:PATH) or in the directory \"secrets\"",
      &complaints)
    return nil
  }

  // MARK: Helpers

  /// A file of authorities, which must be there.
  private mutating func caFile(
    _ keys: inout FieldReader, _ complaints: inout Complaints
  ) -> String? {
    guard let text = plainText(&keys, "caFile", &complaints) else { return nil }
    let file = caFiles.find(text, from: home)
    if let problem = file.problem {
      keys.complain("caFile", "cannot read \(printable(file.path)): \(problem)", &complaints)
    }
    return file.path
  }

  /// A path, relative ones seen from the configuration file.
  private mutating func path(_ key: String, _ complaints: inout Complaints) -> String? {
    plainText(&reader, key, &complaints).map { resolve($0, from: home) }
  }
}

/// A text that is not empty and has no control characters.
private func plainText(
  _ reader: inout FieldReader, _ key: String, _ complaints: inout Complaints
) -> String? {
  guard let text = reader.string(key, &complaints) else { return nil }
  if !text.isEmpty, !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) { return text }
  reader.complain(key, "expected a text without control characters", &complaints)
  return nil
}
