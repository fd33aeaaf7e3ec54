import Base
import Model
import Wire

/// Reads a scenario file (JSON5). `provinces` are the consumers that `"all"` stands for unless the
/// file lists its own. What it says is added to `earlier`, the scenario of the files before it, whose
/// services it must not name again. The scenario is to be used only when there are no complaints.
package func readScenario(
  _ bytes: [UInt8], file: String, provinces: [String], addingTo earlier: Scenario = Scenario()
) -> (scenario: Scenario, complaints: Complaints) {
  var reader = ScenarioReader(file: file, provinces: provinces, scenario: earlier)
  let (node, errors) = parseJSON(bytes, dialect: .json5, limits: .catalogue)
  reader.complaints.add(errors, file: file)
  if let node { reader.readFile(node) }
  reader.complaints.sort()
  return (reader.scenario, reader.complaints)
}

/// Reads the slugs out of the list of provinces, in its order; what else it says of them is the
/// catalogue's to check.
package func readProvinceSlugs(
  _ bytes: [UInt8], file: String
) -> (slugs: [String], complaints: Complaints) {
  var complaints = Complaints()
  let (node, errors) = parseJSON(bytes, dialect: .json, limits: .catalogue)
  complaints.add(errors, file: file)
  let slugs = (node?.array ?? []).compactMap { $0["slug"]?.string }.filter(isSlug)
  if let node, slugs.isEmpty || slugs.count != node.array?.count {
    complaints.add(
      file: file, position: node.position, keyPath: "",
      message: "expected a list of provinces, each with a \"slug\"")
  }
  return (slugs, complaints)
}

private struct ScenarioReader {
  let file: String
  var provinces: [String]
  var scenario: Scenario
  var complaints = Complaints()

  init(file: String, provinces: [String], scenario: Scenario) {
    self.file = file
    self.provinces = provinces
    self.scenario = scenario
  }

  mutating func readFile(_ node: JSONNode) {
    guard var reader = FieldReader(node, file: file, path: "", complaints: &complaints) else {
      return
    }
    if let own = reader.strings("provinces", &complaints) { provinces = own }
    for name in provinces where !isSlug(name) {
      reader.complain("provinces", "\"\(printable(name, limit: 64))\" is no slug", &complaints)
    }
    reader.require("services", &complaints)
    for var service in reader.objects("services", &complaints) ?? [] {
      readService(&service)
    }
    checkSize(reader)
    for var incident in reader.objects("incidents", &complaints) ?? [] { readIncident(&incident) }
    if scenario.register != nil, reader.has("register") {
      reader.complain("register", "an earlier file has a register already", &complaints)
    }
    if var register = reader.object("register", &complaints) { readRegister(&register) }
    reader.finish(&complaints)
  }

  private mutating func checkSize(_ reader: FieldReader) {
    let links = scenario.services.reduce(0) { $0 + $1.links.count }
    if scenario.services.count > SimulatorLimits.services || links > SimulatorLimits.links {
      reader.complain(
        "services",
        "more than \(SimulatorLimits.services) services or \(SimulatorLimits.links) links",
        &complaints)
    }
  }

  // MARK: Services

  private mutating func readService(_ reader: inout FieldReader) {
    reader.require("service", &complaints)
    let name = slug("service", &reader) ?? ""
    if scenario.service(named: name) != nil {
      reader.complain("service", "the service \"\(name)\" is there already", &complaints)
    }
    let consumers = readServiceConsumers(&reader)
    var service = ScenarioService(
      name: name, system: slug("system", &reader) ?? name, owner: slug("owner", &reader) ?? "",
      links: readStates(&reader, consumers: consumers), style: readStyle(&reader, service: name),
      delay: readDelay("delay", &reader, complaints: &complaints))
    if let fault = reader.node("fault") {
      service.phases[0].rules = readFaultRules(
        fault, consumers: consumers, file: file, path: reader.keyPath("fault"),
        complaints: &complaints)
    }
    readChanges(&reader, of: &service, consumers: consumers)
    service.planned = reader.string("planned", &complaints)
    service.isOverdue = reader.bool("overdue", &complaints) ?? false
    service.problem = reader.string("problem", &complaints)
    _ = reader.string("source", &complaints)
    reader.finish(&complaints)
    scenario.services.append(service)
  }

  private mutating func slug(_ key: String, _ reader: inout FieldReader) -> String? {
    guard let text = reader.string(key, &complaints) else { return nil }
    if isSlug(text) { return text }
    reader.complain(key, "expected a slug: 1 to 64 of a-z, 0-9 and inner -", &complaints)
    return nil
  }

  private mutating func readServiceConsumers(_ reader: inout FieldReader) -> [String] {
    if reader.has("consumer") {
      if reader.has("provinces") {
        reader.complain("consumer", "either \"consumer\" or \"provinces\", not both", &complaints)
        _ = reader.node("provinces")
      }
      return slug("consumer", &reader).map { [$0] } ?? []
    }
    let named = readConsumers("provinces", &reader, known: provinces, complaints: &complaints)
    if let named { return named }
    if provinces.isEmpty {
      reader.complain(
        nil, "no provinces are known: name a file of them with --provinces", &complaints)
    }
    return provinces
  }

  private mutating func readStyle(
    _ reader: inout FieldReader, service: String
  ) -> AnswerStyle {
    var style = AnswerStyle.usual(for: service)
    guard var answer = reader.object("answer", &complaints) else { return style }
    if let key = answer.requiredString("codeKey", &complaints) { style.codeKey = key }
    if let ok = answer.node("ok") {
      style.codesAreText = ok.string != nil
      style.okCode = readCode("ok", &answer, complaints: &complaints) ?? style.okCode
    }
    answer.finish(&complaints)
    style.extra.removeAll { $0.key == style.codeKey }
    return style
  }

  // MARK: States

  /// One state for all, or an object of states by consumer with `otherwise` for the rest.
  private mutating func readStates(
    _ reader: inout FieldReader, consumers: [String]
  ) -> [ScenarioLink] {
    guard reader.node("state")?.object != nil else {
      let state = self.state("state", &reader) ?? .up
      return consumers.map { link($0, state) }
    }
    guard var states = reader.object("state", &complaints) else { return [] }
    let otherwise = state("otherwise", &states) ?? .up
    let links = consumers.map { link($0, state($0, &states) ?? otherwise) }
    states.finish(&complaints)
    return links
  }

  private mutating func state(_ key: String, _ reader: inout FieldReader) -> LinkState? {
    reader.choice(key, of: LinkState.allCases.map(\.rawValue), &complaints)
      .flatMap(LinkState.init(rawValue:))
  }

  private func link(_ consumer: String, _ state: LinkState) -> ScenarioLink {
    let isConnected = state != .notConnected && state != .planned
    return ScenarioLink(
      consumer: consumer, state: state, connectedAt: isConnected ? .zero : nil)
  }

  // MARK: Changes

  private mutating func readChanges(
    _ reader: inout FieldReader, of service: inout ScenarioService, consumers: [String]
  ) {
    let changes = reader.objects("changes", &complaints) ?? []
    if changes.count > SimulatorLimits.changesPerService {
      reader.complain(
        "changes", "more than \(SimulatorLimits.changesPerService) changes", &complaints)
    }
    for var change in changes.prefix(SimulatorLimits.changesPerService) {
      readChange(&change, of: &service, consumers: consumers)
    }
  }

  private mutating func readChange(
    _ change: inout FieldReader, of service: inout ScenarioService, consumers: [String]
  ) {
    change.require("at", &complaints)
    let range = TimeAmount.nanoseconds(1)...TimeAmount.hours(24 * 366)
    let at = change.duration("at", range: range, &complaints) ?? service.phases.last!.at
    if at <= service.phases.last!.at, change.has("at") {
      change.complain("at", "expected a later time than the change before", &complaints)
    }
    if let fault = change.node("fault") {
      let rules = readFaultRules(
        fault, consumers: consumers, file: file, path: change.keyPath("fault"),
        complaints: &complaints)
      service.phases.append(FaultPhase(at: at, rules: rules))
    } else {
      service.phases.append(FaultPhase(at: at, rules: service.phases.last!.rules))
      if !change.has("connect") {
        change.complain(nil, "expected \"fault\" or \"connect\"", &complaints)
      }
    }
    let connects = change.has("connect")
    let named = readConsumers("connect", &change, known: consumers, complaints: &complaints)
    if connects {
      for index in service.links.indices
      where service.links[index].connectedAt == nil
        && named?.contains(service.links[index].consumer) ?? true
      {
        service.links[index].connectedAt = at
      }
    }
    change.finish(&complaints)
  }

  // MARK: Expected answers

  private mutating func readIncident(_ reader: inout FieldReader) {
    reader.require("pattern", &complaints)
    let patterns = ["point", "province", "system", "owner", "route", "vendor", "vantage"]
    var incident = ExpectedIncident(
      pattern: reader.choice("pattern", of: patterns, &complaints) ?? "",
      service: reader.string("service", &complaints),
      system: reader.string("system", &complaints), links: nil,
      cause: reader.string("cause", &complaints), side: reader.string("side", &complaints))
    if reader.node("links")?.array != nil {
      incident.links = reader.strings("links", &complaints).map { .consumers($0) }
    } else {
      let range = 1...SimulatorLimits.links
      incident.links = reader.int("links", range: range, &complaints).map { .count($0) }
    }
    _ = reader.string("note", &complaints)
    reader.finish(&complaints)
    scenario.incidents.append(incident)
  }

  private mutating func readRegister(_ reader: inout FieldReader) {
    let range = 0...1_000_000
    var register = ExpectedRegister(
      recorded: reader.int("recorded", range: range, &complaints) ?? 0,
      open: reader.int("open", range: range, &complaints) ?? 0,
      resolvedNotItemised: reader.int("resolvedNotItemised", range: range, &complaints) ?? 0,
      openByOwner: [])
    if var owners = reader.object("byOwner", &complaints) {
      for owner in owners.allMembers().map(\.key) {
        let count = owners.int(owner, range: range, &complaints) ?? 0
        register.openByOwner.append(.init(owner: owner, count: count))
      }
    }
    reader.finish(&complaints)
    scenario.register = register
  }
}
