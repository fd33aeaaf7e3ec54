import Base
import Model
import Testing
import Wire

@testable import Catalogue

@Suite("Fingerprints of links")
struct FingerprintTests {
  private static let asking =
    #"probes: [{ kind: "http", request: { url: "{endpoint}/status" } }],"#
  private static let endpoints = #"{ "civil-registry": "http://h.example/{consumer}" }"#

  private func fingerprints(
    _ service: String = object(plainService, "probes", asking).text,
    configuration: String = "", endpoints: String = endpoints, provinces: String = threeProvinces
  ) throws -> [UInt64] {
    let loaded = ConfigurationTests.load(
      "{ catalogue: [\"services\"], endpoints: \"endpoints.json5\", \(configuration) }",
      service: service,
      more: ["etc/endpoints.json5": endpoints, "etc/provinces.json": provinces])
    #expect(loaded.complaints.list.map(\.description) == [])
    return try #require(loaded.configuration).links.map(\.fingerprint)
  }

  @Test("layout, comments and the order of keys change nothing")
  func layout() throws {
    let service = """
      // The same in other words.
      { "probes": [{ request: { "url": '{endpoint}/status' }, kind: "http" }], owner: "moj",
        consumers: "provinces", system: "civil-registry",

        service: "civil-registry" }
      """
    #expect(try fingerprints(service) == fingerprints())
  }

  @Test("links of one service differ from each other")
  func distinct() throws {
    #expect(Set(try fingerprints()).count == 3)
  }

  @Test("whatever the catalogue says of a link counts")
  func changes() throws {
    let former = try fingerprints()
    for line in [#"owner: "mps","#, #"name: { en: "X" },"#, #"route: ["lgsp"],"#] {
      let service = object(plainService, "probes", Self.asking).text
        .replacing(
          "owner: \"moj\",", with: line.hasPrefix("owner") ? line : "owner: \"moj\", \(line)")
      #expect(Set(try fingerprints(service)).isDisjoint(with: former), "\(line)")
    }
    let configurations = ["accelerate: 2", #"defaults: { userAgent: "x" }"#]
    for configuration in configurations {
      let changed = try fingerprints(configuration: configuration)
      #expect(Set(changed).isDisjoint(with: former), "\(configuration)")
    }
  }

  @Test("a change that concerns one link changes one fingerprint")
  func one() throws {
    let former = try fingerprints()
    let moved = try fingerprints(
      endpoints: """
        { "civil-registry": "http://h.example/{consumer}",
          "civil-registry/hue": "http://other.example" }
        """)
    #expect(zip(former, moved).map { $0 == $1 } == [true, true, false])
    let renamed = try fingerprints(
      provinces: threeProvinces.replacing("\"Hanoi\"", with: "\"Ha Noi\""))
    #expect(zip(former, renamed).map { $0 == $1 } == [false, true, true])
    let fewer = try fingerprints(
      object(plainService, "probes", Self.asking).text
        .replacing("\"provinces\"", with: "[\"ha-noi\", \"bac-ninh\"]"))
    #expect(fewer == Array(former.prefix(2)))
  }
}
