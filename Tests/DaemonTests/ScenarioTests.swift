import Base
import Glibc
import Host
import Testing
import Wire

/// The states that the scenario of 7 November 2025 expects, read from its file.
private struct ExpectedWorld {
  struct Cell: Hashable {
    var link: String
    var owner: String
    var state: String
    var isOverdue: Bool
  }

  private(set) var cells: [Cell] = []
  /// The services that have an address in the simulated world.
  private(set) var answering: [String] = []
  private(set) var withoutEndpoint: [String] = []

  init(_ scenario: String, provinces file: String) throws {
    let provinces = try Self.read(file).array?.compactMap { $0["slug"]?.string } ?? []
    let services = try #require(try Self.read(scenario)["services"]?.array)
    for service in services {
      let name = try #require(service["service"]?.string)
      let owner = try #require(service["owner"]?.string)
      let consumers = service["consumer"]?.string.map { [$0] } ?? provinces
      for consumer in consumers {
        let state =
          service["state"]?.string ?? service["state"]?[consumer]?.string
          ?? service["state"]?["otherwise"]?.string
        cells.append(
          Cell(
            link: "\(name)/\(consumer)", owner: owner, state: try #require(state),
            isOverdue: service["overdue"]?.bool ?? false))
        if state == "notConnected" { withoutEndpoint.append("\(name)/\(consumer)") }
      }
      if service["state"]?.string != "notConnected" { answering.append(name) }
    }
  }

  private static func read(_ path: String) throws -> JSONNode {
    let bytes = try readFile(path, limitBytes: 1 << 20)
    return try #require(parseJSON(bytes, dialect: .json5).node)
  }

  /// The cells of services that a catalogue has.
  func cells(of services: Set<String>) -> [Cell] {
    cells.filter { services.contains(String($0.link.split(separator: "/")[0])) }
  }

  /// The addresses of the simulated world, for the services that a catalogue has.
  func endpoints(port: UInt16, of services: Set<String>) -> String {
    var lines = answering.filter(services.contains).map {
      "\"\($0)\": \"http://127.0.0.1:\(port)/\($0)/{consumer}\","
    }
    for link in withoutEndpoint {
      let service = String(link.split(separator: "/")[0])
      if answering.contains(service), services.contains(service) {
        lines.append("\"\(link)\": null,")
      }
    }
    return "{\n\(lines.joined(separator: "\n"))\n}\n"
  }
}

extension DaemonTests {
  @Suite("The situation of 7 November 2025") struct Situation {
    private static let probes: String = {
      let parts = #filePath.split(separator: "/").dropLast(3)
      return "/" + parts.joined(separator: "/") + "/probes"
    }()
    private static let scenario = "\(probes)/scenario/scenario-2025-11-07.json5"
    private func catalogueServices() -> Set<String> {
      var services: Set<String> = []
      for name in fileNames("\(Self.probes)/systems") where name.hasSuffix(".json5") {
        guard let bytes = try? readFile("\(Self.probes)/systems/\(name)", limitBytes: 1 << 20),
          let root = parseJSON(bytes, dialect: .json5).node
        else { continue }
        for node in root["services"]?.array ?? root.array ?? [root] {
          if let service = node["service"]?.string { services.insert(service) }
        }
      }
      return services
    }

    @Test(
      "the shipped catalogue against the simulated world: every state, and the numbers per owner")
    func states() throws {
      let world = try ExpectedWorld(Self.scenario, provinces: "\(Self.probes)/provinces.json")
      #expect(world.cells.count == 307)
      let services = catalogueServices()
      let expected = world.cells(of: services)
      #expect(expected.count == 307, "the catalogue has all services")
      #expect(expected.count(where: \.isOverdue) == 34)
      let simulator = try SimulatorProcess(scenario: Self.scenario)
      defer { simulator.stop() }
      let daemon = try Daemon(
        settings: "accelerate: 60, endpoints: \"endpoints.json5\","
          + " provinces: \"\(Self.probes)/provinces.json\",")
      daemon.catalogue = "[\"\(Self.probes)\"]"
      try daemon.place.write(
        "endpoints.json5", world.endpoints(port: simulator.port, of: services))
      try daemon.start()
      var differences: [String] = ["not looked at"]
      let limit = Clock.instant + .seconds(150)
      while !differences.isEmpty, Clock.instant < limit {
        usleep(500_000)
        differences = try compare(expected, daemon)
      }
      #expect(differences == [], "\(differences.count) of \(expected.count)")
      #expect(try daemon.incidents().allSatisfy { $0["severity"]?.string != "notice" })
      try daemon.stop()
    }

    @Test("the shipped catalogue against the simulated world: four incidents, and no other")
    func incidents() throws {
      let world = try ExpectedWorld(Self.scenario, provinces: "\(Self.probes)/provinces.json")
      let services = catalogueServices()
      let simulator = try SimulatorProcess(scenario: Self.scenario)
      defer { simulator.stop() }
      let daemon = try Daemon(
        settings: "accelerate: 60, endpoints: \"endpoints.json5\","
          + " provinces: \"\(Self.probes)/provinces.json\",")
      daemon.catalogue = "[\"\(Self.probes)\"]"
      // Long enough for each link to have been asked and asked again.
      daemon.gather = "20s"
      try daemon.place.write(
        "endpoints.json5", world.endpoints(port: simulator.port, of: services))
      try daemon.start()
      let partly = ["an-giang", "bac-ninh", "can-tho", "dong-nai"].map { "civil-registry/\($0)" }
      let all = world.cells.map(\.link)
      func links(of services: String...) -> [String] {
        all.filter { services.contains(String($0.split(separator: "/")[0])) }
      }
      let expected: [String: [String]] = [
        "point": links(of: "single-window"), "system overdue": links(of: "health-licences"),
        "system in part": partly, "system": links(of: "birth-bundle", "death-bundle"),
      ]
      var found: Set<[String]> = []
      let wanted = Set(expected.values.map { $0.sorted() })
      let limit = Clock.instant + .seconds(150)
      while found != wanted, Clock.instant < limit {
        usleep(500_000)
        found = Set(try daemon.incidents().filter(isTold).map(linksOf))
      }
      #expect(found == wanted)
      // Those that came and went, as failures at random do, spoke of nothing else either.
      let told = try daemon.incidents("all").filter(isTold)
      for incident in told {
        let links = Set(linksOf(incident))
        #expect(
          expected.values.contains { links.isSubset(of: $0) },
          "\(incident["summary"]?.string ?? "")")
      }
      try daemon.stop()
    }

    private func isTold(_ incident: JSONNode) -> Bool {
      incident["firstToldSequence"].map { !$0.isNull } ?? false
    }

    private func linksOf(_ incident: JSONNode) -> [String] {
      incident["links"]?.array?.compactMap(\.string).sorted() ?? []
    }

    /// What differs, cell by cell and in the sums of each owner.
    private func compare(_ expected: [ExpectedWorld.Cell], _ daemon: Daemon) throws -> [String] {
      let links = try daemon.get("/v1/links").json?["links"]?.array ?? []
      var shown: [String: (owner: String, state: String, isOverdue: Bool)] = [:]
      for link in links {
        shown[link["id"]?.string ?? ""] = (
          link["owner"]?.string ?? "", link["state"]?.string ?? "",
          isOverdue(link)
        )
      }
      var differences = try differencesOfOwners(links, daemon)
      let wanted = Set(expected.map(\.link))
      for (link, cell) in shown where cell.isOverdue && !wanted.contains(link) {
        differences.append("\(link) is overdue, and the scenario does not know it")
      }
      var expectedSums: [String: Int] = [:]
      var shownSums: [String: Int] = [:]
      for cell in expected {
        let found = shown[cell.link]
        expectedSums["\(cell.owner) \(cell.state)", default: 0] += 1
        if let found { shownSums["\(found.owner) \(found.state)", default: 0] += 1 }
        if found?.state != cell.state {
          differences.append("\(cell.link): \(found?.state ?? "absent"), not \(cell.state)")
        }
        if found?.isOverdue != cell.isOverdue {
          differences.append("\(cell.link): overdue is \(found?.isOverdue ?? false)")
        }
      }
      for (owner, count) in expectedSums where shownSums[owner] != count {
        differences.append("\(owner): \(shownSums[owner] ?? 0), not \(count)")
      }
      return differences.sorted()
    }

    /// What the status says of each owner, against the sums of the links that it lists: services alone.
    private func differencesOfOwners(
      _ links: [JSONNode], _ daemon: Daemon
    ) throws -> [String] {
      var sums: [String: [String: Int]] = [:]
      for link in links where link["role"]?.string == "service" {
        guard let owner = link["owner"]?.string, let state = link["state"]?.string else { continue }
        sums[owner, default: [:]][state, default: 0] += 1
        if isOverdue(link) { sums[owner, default: [:]]["overdue", default: 0] += 1 }
      }
      var differences: [String] = []
      let owners = try daemon.status()["owners"]?.array ?? []
      if owners.count != sums.count {
        differences.append("\(owners.count) owners, not \(sums.count)")
      }
      for owner in owners {
        let name = owner["owner"]?.string ?? ""
        for state in ["up", "degraded", "down", "unknown", "planned", "notConnected", "overdue"] {
          let told = owner["links"]?[state]?.int ?? 0
          let counted = sums[name]?[state] ?? 0
          if told != counted {
            differences.append("\(name): \(told) \(state) in the status, \(counted) in the list")
          }
        }
      }
      return differences
    }
  }
}

private func isOverdue(_ link: JSONNode) -> Bool {
  link["marks"]?.array?.contains { $0.string == "overdue" } ?? false
}
