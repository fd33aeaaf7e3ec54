import Base
import Model
import Probes
import Testing
import Wire

@testable import Catalogue

@Suite("The shipped catalogue")
struct ShippedTests {
  static let services = [
    "birth-bundle", "civil-registry", "death-bundle", "land-database", "merit-people",
    "single-window",
  ]

  /// The project's files, one of them replaced.
  private func replacing(_ path: String, with bytes: [UInt8]) -> FileAccess {
    FileAccess(
      read: { asked in
        if asked == path { return bytes }
        return try project.read(asked)
      }, list: project.list)
  }

  @Test("it has no mistakes, and a link for each service and consumer")
  func noMistakes() {
    let report = checkReport(["probes/services"], project)
    #expect(report.lines.dropLast().isEmpty, "\(report.lines)")
    #expect((report.services, report.systems, report.links) == (6, 5, 171))
    #expect(report.probes == 0, "no addresses are shipped")
  }

  @Test("with an address for every service all 171 links are probed")
  func allConnected() throws {
    let endpoints = Self.services.map { "\"\($0)\": \"http://127.0.0.1/\($0)/{consumer}\"" }
    let access = replacing(
      "probes/endpoints.example.json5", with: Array("{\(endpoints.joined(separator: ","))}".utf8))
    let loaded = loadConfiguration("probes/linkhealth.example.json5", access)
    #expect(loaded.complaints.list.map(\.description) == [])
    let links = try #require(loaded.configuration).links
    #expect(links.count == 171)
    #expect(links.allSatisfy { $0.probes.count == 1 })
    let methods = Set(
      links.compactMap { ($0.probes.first?.options as? HTTPOptions)?.method })
    #expect(methods == ["GET"], "probes only read")
  }

  @Test("the example configuration and the example endpoints have no mistakes")
  func examples() throws {
    let loaded = loadConfiguration("probes/linkhealth.example.json5", project)
    #expect(loaded.complaints.list.map(\.description) == [])
    let links = try #require(loaded.configuration).links
    #expect(links.filter(\.probes.isEmpty).map(\.id.description) == ["land-database/ha-noi"])
  }

  @Test("the example configuration names the defaults")
  func exampleDefaults() throws {
    let example = loadConfiguration("probes/linkhealth.example.json5", project).configuration
    let loaded = try #require(example)
    let plain = Configuration(file: "")
    #expect(loaded.vantage == plain.vantage)
    #expect(loaded.stateDirectory == plain.stateDirectory)
    #expect(loaded.socketPath == plain.socketPath)
    #expect(loaded.tick == plain.tick)
    #expect(loaded.historyBytes == plain.historyBytes)
    #expect(loaded.segmentBytes == plain.segmentBytes)
    #expect(loaded.operators == plain.operators)
    #expect(loaded.webhooks == plain.webhooks)
    #expect(loaded.attemptsInFlight == plain.attemptsInFlight)
    #expect(loaded.resolver == plain.resolver)
    #expect(loaded.accelerate == plain.accelerate)
  }

  @Test("the answer's own code is looked at, under the key that each system uses")
  func codes() throws {
    let links = try #require(
      loadConfiguration("probes/linkhealth.example.json5", project).configuration
    ).links
    for link in links where !link.probes.isEmpty {
      let options = try #require(link.probes.first?.options as? HTTPOptions)
      let code = try #require(options.expectations.code)
      #expect(code.path.text == (link.id.service == "civil-registry" ? "status" : "error_code"))
      #expect(code.ok == ["0"])
      #expect(code.refused == ["100"])
    }
  }

  /// The places of all keys of a file, from the outside in.
  private static func keys(of node: JSONNode) -> [JSONMember] {
    switch node.value {
    case .object(let members): members.flatMap { [$0] + keys(of: $0.node) }
    case .array(let elements): elements.flatMap(keys)
    default: []
    }
  }

  @Test(
    "any key of a shipped file that is misspelt is complained of on its line",
    arguments: services.map { "probes/services/\($0).json5" } + ["probes/linkhealth.example.json5"])
  func misspelt(_ path: String) throws {
    let bytes = try project.read(path)
    let root = try #require(parseJSON(bytes, dialect: .json5).node)
    let keys = Self.keys(of: root)
    #expect(keys.count > 15)
    for key in keys {
      var changed = bytes
      changed.insert(UInt8(ascii: "x"), at: key.keyPosition.offset)
      let complaints = checkReport([path], replacing(path, with: changed)).complaints.list
      let told = complaints.contains { complaint in
        complaint.file == path && complaint.position == key.keyPosition
          && complaint.message.contains("unknown key \"x\(key.key)\"")
      }
      #expect(told, "\(key.key) at \(key.keyPosition): \(complaints.map(\.description))")
    }
  }

  @Test(
    "any value of a shipped file that has the wrong type is complained of on its line",
    arguments: services.map { "probes/services/\($0).json5" } + ["probes/linkhealth.example.json5"])
  func wrongType(_ path: String) throws {
    let bytes = try project.read(path)
    let root = try #require(parseJSON(bytes, dialect: .json5).node)
    for key in Self.keys(of: root) {
      guard key.node.string != nil || key.node.int != nil || key.node.bool != nil else { continue }
      // `null` where a value stood, padded so that nothing else moves.
      var end = key.node.position.offset
      let closing = bytes[end] == UInt8(ascii: "\"") ? bytes[end] : nil
      repeat {
        end += 1
      } while closing != nil
        ? bytes[end] != closing : (0x30...0x39).contains(bytes[end])
      if closing != nil { end += 1 }
      var changed = bytes
      changed.replaceSubrange(key.node.position.offset..<end, with: "null".utf8)
      let complaints = checkReport([path], replacing(path, with: changed)).complaints.list
      #expect(
        complaints.contains { $0.file == path && $0.position == key.node.position },
        "\(key.key): \(complaints.map(\.description))")
    }
  }

  @Test("the reference page has every key that the tests and the shipped files know")
  func reference() throws {
    let page = String(decoding: try project.read("deploy/docs/configuration.md"), as: UTF8.self)
    var keys = Set<String>()
    for path in Self.services.map({ "probes/services/\($0).json5" })
      + ["probes/linkhealth.example.json5"]
    {
      let root = try #require(parseJSON(try project.read(path), dialect: .json5).node)
      keys.formUnion(Self.keys(of: root).map(\.key))
    }
    keys.formUnion(["caFile", "proxy", "sourceAddress", "secrets", "secret", "required", "name"])
    keys.formUnion(["otherHosts", "connectTimeout", "minimumVersion", "serverName", "redirects"])
    let missing = keys.sorted().filter { key in
      !["`\(key)`", ".\(key)`", "`\(key).", "`\(key)[]."].contains(where: page.contains)
    }
    #expect(missing == [])
  }
}
