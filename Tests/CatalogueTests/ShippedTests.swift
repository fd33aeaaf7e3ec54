import Base
import Model
import Probes
import Testing
import Wire

@testable import Catalogue

/// The files of the shipped catalogue that hold systems.
let shippedSystems = [
  "budget-codes", "business-registry", "civil-registry", "document-store-new",
  "document-store-old", "eforms", "health-licences", "interconnected-services", "land-database",
  "lgsp", "merit-people", "national-portal", "ndxp", "population-database",
  "single-window-portal", "tax-payment", "tthc",
].map { "probes/systems/\($0).json5" }

let shippedConfiguration = "probes/linkhealth.example.json5"

/// The project's files, one of them replaced.
func replacing(_ path: String, with bytes: [UInt8]) -> FileAccess {
  FileAccess(
    read: { asked in
      if asked == path { return bytes }
      return try project.read(asked)
    }, list: project.list)
}

@Suite("The shipped catalogue")
struct ShippedTests {
  /// All links, as the directory itself gives them: without addresses.
  private func links() throws -> [Link] { try #require(loadCatalogue(["probes"], project).links) }

  /// All links, each with an address.
  private func connected() throws -> [Link] {
    let services = Set(try links().map(\.id.service)).sorted()
    let endpoints = services.map { "\"\($0)\": \"http://127.0.0.1/\($0)/{consumer}\"" }
    let access = replacing(
      "probes/endpoints.example.json5", with: Array("{\(endpoints.joined(separator: ","))}".utf8))
    let loaded = loadConfiguration(shippedConfiguration, access)
    #expect(loaded.complaints.list.map(\.description) == [])
    return try #require(loaded.configuration).links
  }

  @Test("it has no mistakes, and a link for each service and consumer")
  func noMistakes() throws {
    let report = checkReport(["probes"], project)
    #expect(report.lines.dropLast().isEmpty, "\(report.lines)")
    #expect((report.services, report.systems, report.links) == (18, 17, 546))
    #expect(report.probes == 0, "no addresses are shipped")
    let files = try project.list("probes/systems").map { "probes/systems/\($0)" }
    #expect(files == shippedSystems, "each is looked at below")
  }

  @Test("the canaries of the example can be watched beside it, as the rules' configuration does")
  func canaries() throws {
    let loaded = loadConfiguration("probes/rules-config.example.json5", project)
    #expect(loaded.complaints.list.map(\.description) == [])
    let links = try #require(loaded.configuration).links
    #expect(links.count { $0.role == .canary } == 2 && links.count { $0.role == .mustFail } == 1)
  }

  @Test("with an address for every service all 546 links are probed, and probes only read")
  func allConnected() throws {
    let links = try connected()
    #expect(links.count == 546)
    #expect(links.allSatisfy { $0.probes.count == 1 })
    let options = links.compactMap { $0.probes.first?.options as? HTTPOptions }
    #expect(options.count == 546)
    #expect(Set(options.map(\.method)) == ["GET"])
    // The operations that the field knows to change nothing.
    let operations = options.map {
      String($0.url.target.prefix { $0 != "?" }.split(separator: "/").last!)
    }
    #expect(Set(operations) == ["danhMuc", "LayDanhMucCoQuan", "tinhTrangHoSo"])
  }

  @Test("the example configuration and the example endpoints have no mistakes")
  func examples() throws {
    let loaded = loadConfiguration(shippedConfiguration, project)
    #expect(loaded.complaints.list.map(\.description) == [])
    let unconnected = try #require(loaded.configuration).links.filter(\.probes.isEmpty).map(\.id)
    #expect(
      Dictionary(grouping: unconnected, by: \.service).mapValues(\.count) == [
        "land-payment": 34, "business-registry": 34, "budget-codes": 34, "health-licences": 34,
        "land-database": 1,
      ])
    #expect(unconnected.contains(LinkID(service: "land-database", consumer: "ha-noi")))
  }

  @Test("the example configuration names the defaults")
  func exampleDefaults() throws {
    let example = loadConfiguration(shippedConfiguration, project).configuration
    let loaded = try #require(example)
    let plain = Configuration(file: "")
    #expect(loaded.vantage == plain.vantage)
    #expect(loaded.stateDirectory == plain.stateDirectory)
    #expect(loaded.socketPath == plain.socketPath)
    #expect(loaded.tick == plain.tick)
    #expect(loaded.historyBytes == plain.historyBytes)
    #expect(loaded.segmentBytes == plain.segmentBytes)
    #expect(loaded.retention == plain.retention)
    #expect(loaded.operators == plain.operators)
    #expect(loaded.webhooks == plain.webhooks)
    #expect(loaded.attemptsInFlight == plain.attemptsInFlight)
    #expect(loaded.resolver == plain.resolver)
    #expect(loaded.politeness == plain.politeness)
    #expect(loaded.accelerate == plain.accelerate)
    #expect(loaded.links.allSatisfy { $0.role != .token && $0.vendor == nil })
  }

  @Test("it has each service of the scenarios, of the same system and owner")
  func scenarios() throws {
    let links = Dictionary(grouping: try links(), by: \.id.service)
    var seen = 0
    for name in ["scenario-2025-11-07", "hubs"] {
      let bytes = try project.read("probes/scenario/\(name).json5")
      let services = try #require(parseJSON(bytes, dialect: .json5).node?["services"]?.array)
      for service in services {
        let id = try #require(service["service"]?.string)
        let own = try #require(links[id], "\(id) is in the catalogue")
        let owner = service["owner"]?.string
        #expect(own.allSatisfy { $0.system == service["system"]?.string }, "\(id)")
        #expect(own.allSatisfy { $0.owner == owner ?? $0.id.consumer }, "\(id)")
        #expect(own.count == (service["consumer"] == nil ? 34 : 1), "\(id)")
        #expect(own.allSatisfy { $0.planned?.date == service["planned"]?.string }, "\(id)")
        seen += own.count
      }
    }
    #expect(seen == 546)
  }

  @Test("each system belongs to an organisation that is named, or to the province itself")
  func owners() throws {
    for link in try links() {
      let name = try #require(link.ownerName, "\(link.id)")
      #expect(name.en != link.owner && name.vi != link.owner, "\(link.id)")
      let isProvinces = ["lgsp", "tthc", "document-store-old", "document-store-new"]
        .contains(link.system)
      #expect((link.owner == link.id.consumer) == isProvinces, "\(link.id)")
    }
  }

  @Test("the files of the quick start fit together")
  func quickStart() throws {
    let lines = String(decoding: try project.read("README.md"), as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false)
    var files: [String: [UInt8]] = [:]
    var path: String?
    for line in lines {
      let words = line.split(separator: " ")
      if words.contains("<<'TEXT'"), let place = words.firstIndex(of: "tee") {
        path = String(words[place + 1])
      } else if words == ["TEXT"] {
        path = nil
      } else if let path {
        files[path, default: []] += Array(line.utf8) + [0x0A]
      }
    }
    #expect(files.count == 2)
    let written = files
    let share = "/usr/share/linkhealth/"
    let access = FileAccess(
      read: { asked in
        if let bytes = written[asked] { return bytes }
        return try project.read(
          asked.hasPrefix(share) ? String(asked.dropFirst(share.count)) : asked)
      }, list: project.list)
    let report = checkReport(["/etc/linkhealth/linkhealth.json5"], access)
    #expect(report.ok && report.notes.isEmpty, "\(report.lines)")
    #expect(report.links == 68 && report.probes == 35)
  }

  @Test("a province is not called a city twice")
  func cityOnce() throws {
    let names = try links().filter { $0.owner == "ho-chi-minh" }.compactMap(\.ownerName?.en)
    #expect(Set(names) == ["Ho Chi Minh City"])
  }

  @Test("an owner that is misspelt is complained of, with the one that was meant")
  func strangeOwner() throws {
    let path = "probes/systems/merit-people.json5"
    let text = String(decoding: try project.read(path), as: UTF8.self)
    let parts = text.split(separator: "\"moha\"", omittingEmptySubsequences: false)
    try #require(parts.count == 2)
    let changed = replacing(path, with: Array(parts.joined(separator: "\"mohaa\"").utf8))
    let complaints = checkReport(["probes"], changed).complaints.list
    #expect(complaints.map(\.file) == [path])
    #expect(
      complaints.first?.message == "no organisation \"mohaa\"; did you mean \"moha\"?")
  }

  @Test("services and consumers are named in both languages, with composed letters")
  func names() throws {
    for link in try links() {
      #expect(link.serviceName.en != link.id.service, "\(link.id)")
      #expect(link.serviceName.vi != link.serviceName.en, "\(link.id)")
      #expect(link.serviceName.vi.utf8.contains { $0 >= 0x80 }, "\(link.id)")
    }
    for path in shippedSystems + ["probes/organisations.json5", "probes/provinces.json"] {
      let text = String(decoding: try project.read(path), as: UTF8.self)
      #expect(!text.unicodeScalars.contains { (0x300...0x36F).contains($0.value) }, "\(path)")
    }
  }

  @Test("each link stands on its province's data bus and the national exchange, which are watched")
  func hops() throws {
    let links = try links()
    #expect(Set(links.filter { $0.role == .hop }.map(\.id.service)) == ["lgsp", "ndxp"])
    for link in links {
      #expect(link.hops.map(\.service) == link.route, "\(link.id)")
      let consumers = link.hops.map(\.consumer)
      switch link.route {
      case []: #expect(link.owner == link.id.consumer || link.id.service == "ndxp", "\(link.id)")
      case ["ndxp"]: #expect(consumers == ["national"] && link.id.service == "single-window")
      default:
        #expect(link.route == ["lgsp", "ndxp"], "\(link.id)")
        #expect(consumers == [link.id.consumer, "national"], "\(link.id)")
      }
    }
  }

  @Test("the answer's own code is looked at, under the key that each system uses, and is explained")
  func codes() throws {
    for link in try connected() {
      let options = try #require(link.probes.first?.options as? HTTPOptions)
      let code = try #require(options.expectations.code, "\(link.id)")
      let isBusiness = link.id.service == "business-registry"
      #expect(code.ok == [isBusiness ? "1" : "0"], "\(link.id)")
      #expect(code.refused == (isBusiness ? [] : ["100"]), "\(link.id)")
      switch link.id.service {
      case "civil-registry": #expect(code.path.text == "status")
      case "business-registry": #expect(code.path.text == "Status")
      default:
        #expect(code.path.text == "error_code", "\(link.id)")
        for known in ["100", "101", "106", "108", "201"] {
          let meaning = try #require(link.codes?.meaning(of: known), "\(link.id) \(known)")
          #expect(meaning.en != meaning.vi, "\(link.id) \(known)")
        }
      }
    }
  }

  @Test("every answer has a time above which it is slow, and every link the rules that tell of it")
  func slowness() throws {
    for link in try connected() {
      let options = try #require(link.probes.first?.options as? HTTPOptions)
      #expect(options.expectations.slow == .seconds(3), "\(link.id)")
      #expect(link.alert.errorRate != nil && link.alert.latency != nil, "\(link.id)")
    }
  }
}
