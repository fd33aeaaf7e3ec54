import Base
import Model
import Probes
import Testing
import Wire

@testable import Catalogue

@Suite("Endpoints")
struct EndpointTests {
  private static let asking =
    #"probes: [{ kind: "http", request: { url: "{endpoint}/status" } }],"#

  private func load(
    _ endpoints: String, service: String = object(plainService, "probes", asking).text
  ) -> (configuration: Configuration?, complaints: Complaints) {
    ConfigurationTests.load(
      #"{ catalogue: ["services"], endpoints: "endpoints.json5" }"#, service: service,
      more: ["etc/endpoints.json5": endpoints])
  }

  /// The URL of each link; `-` for those without probes.
  private func urls(_ endpoints: String) -> [String] {
    let loaded = load(endpoints)
    #expect(loaded.complaints.list.map(\.description) == [])
    return loaded.configuration?.links.map { link in
      (link.probes.first?.options as? HTTPOptions)?.url.text ?? "-"
    } ?? []
  }

  @Test("an address for the service serves every link, placeholders replaced")
  func service() {
    #expect(
      urls(#"{ "civil-registry": "http://h.example/{consumer}/{consumerCode}/{agencyCode}" }"#)
        == [
          "http://h.example/ha-noi/01/H26/status", "http://h.example/bac-ninh/24/H05/status",
          "http://h.example/hue/46/H57/status",
        ])
  }

  @Test("an address for a link goes before that of its service, and null means none")
  func link() {
    let endpoints = """
      { "civil-registry": "http://h.example", "civil-registry/hue": "http://hue.example/{system}",
        "civil-registry/ha-noi": null }
      """
    #expect(
      urls(endpoints)
        == ["-", "http://h.example/status", "http://hue.example/civil-registry/status"])
    #expect(
      urls(#"{ "civil-registry": null, "civil-registry/hue": "http://hue.example" }"#)
        == ["-", "-", "http://hue.example/status"])
  }

  @Test("a link without an address has no probes, which is no mistake")
  func none() {
    #expect(urls("{}") == ["-", "-", "-"])
  }

  @Test("one probe that needs an address is enough for the link to have none")
  func mixed() {
    let probes = """
      probes: [{ kind: "http", name: "gateway", request: { url: "http://127.0.0.1/" } },
        { kind: "http", request: { url: "{endpoint}/status" } }],
      """
    let loaded = load("{}", service: object(plainService, "probes", probes).text)
    #expect(loaded.configuration?.links.map(\.probes.count) == [0, 0, 0])
    let connected = load(
      #"{ "civil-registry/hue": "http://h.example" }"#,
      service: object(plainService, "probes", probes).text)
    #expect(connected.configuration?.links.map(\.probes.count) == [0, 0, 2])
  }

  @Test("a doubled brace is no placeholder, so the probe needs no address")
  func braces() {
    #expect(mentions("endpoint", in: "a {endpoint}"))
    #expect(mentions("endpoint", in: "{{{endpoint}"))
    #expect(!mentions("endpoint", in: "a {{endpoint}}"))
    #expect(!mentions("endpoint", in: "{endpoints}"))
    #expect(!mentions("endpoint", in: "{"))
  }

  @Test("the probes of a service that is not connected anywhere are checked all the same")
  func unconnected() {
    let probes = #"probes: [{ kind: "http", request: { url: "{endpoint}/", methd: 1 } }],"#
    let complaints = load("{}", service: object(plainService, "probes", probes).text).complaints
    #expect(complaints.list.map(\.message) == [#"unknown key "methd"; did you mean "method"?"#])
  }

  static let mistakes: [(text: String, at: String, path: String, says: String)] = [
    (
      #"{ "civil-registri": "http://h.example" }"#, #""http"#, "civil-registri",
      #"no service "civil-registri" in the catalogue; did you mean "civil-registry"?"#
    ),
    (
      #"{ "civil-registri/hue": null }"#, "null", #"["civil-registri/hue"]"#,
      #"did you mean "civil-registry"?"#
    ),
    (
      #"{ "civil-registry/hueh": "http://h.example" }"#, #""http"#, #"["civil-registry/hueh"]"#,
      #"service "civil-registry" has no consumer "hueh"; did you mean "hue"?"#
    ),
    (
      #"{ "civil registry": "http://h.example" }"#, #""civil"#, "",
      "expected SERVICE or SERVICE/CONSUMER"
    ),
    (
      #"{ "civil-registry": "htp://h.example" }"#, #""htp"#, "civil-registry",
      "expected an http or https address"
    ),
    (
      #"{ "civil-registry": "http://h.example/{consumr}" }"#, #""http"#, "civil-registry",
      "no value for {consumr}; known here: {agencyCode}, {consumer}, {consumerCode}, {service}, "
        + "{system}"
    ),
    (
      #"{ "civil-registry": "http://h.example/{endpoint}" }"#, #""http"#, "civil-registry",
      "no value for {endpoint}"
    ),
    (
      #"{ "civil-registry": ["http://h.example"] }"#, "[", "civil-registry",
      "expected an http or https address, or null"
    ),
    ("[]", "[", "", "expected an object"),
    ("{", "{", "", "the end of the text"),
  ]

  @Test(
    "mistakes among the endpoints are told together with those of services, and none is made up")
  func mistakesOfBoth() {
    let services = [
      "services/a.json5": """
      { service: "civil-registry", system: "civil-registry", owner: "moj", consumers: "provinces",
        probes: [{ kind: "http", requst: { url: "{endpoint}/status" } }] }
      """,
      "services/b.json5": """
      { service: "land", system: "land", owner: "mae", consumers: ["ha-noi", "nowhere"],
        probes: [{ kind: "http", request: { url: "{endpoint}/status" } }] }
      """,
      "provinces.json": threeProvinces,
      "linkhealth.json5": #"{ catalogue: ["services"], endpoints: "endpoints.json5" }"#,
      "endpoints.json5": """
      { "civil-registry": "htp://a.example",
        "land/nowhere": "http://b.example",
        "lnad": "http://c.example" }
      """,
    ]
    let lines = checkReport(["linkhealth.json5"], memory(services)).complaints.list.map {
      "\($0.file) \($0.keyPath)"
    }
    #expect(lines.contains("endpoints.json5 civil-registry"), "\(lines)")
    #expect(lines.contains("endpoints.json5 lnad"), "\(lines)")
    #expect(!lines.contains { $0.hasPrefix("endpoints.json5 land") }, "\(lines)")
    #expect(lines.contains { $0.hasPrefix("services/a.json5") })
    #expect(lines.contains { $0.hasPrefix("services/b.json5") })
  }

  @Test("a mistake among the endpoints is told there, once", arguments: mistakes.indices)
  func mistake(_ row: Int) {
    let (text, at, path, says) = Self.mistakes[row]
    let loaded = load(text)
    #expect(loaded.configuration == nil)
    #expect(loaded.complaints.list.count == 1, "\(loaded.complaints.list.map(\.description))")
    guard let complaint = loaded.complaints.list.first else { return }
    #expect(complaint.file == "etc/endpoints.json5")
    #expect(complaint.keyPath == path)
    #expect(complaint.message.contains(says), "\(complaint)")
    let column =
      complaint.message.contains("end of the text") ? 2 : text.range(of: at).map { $0 + 1 }
    #expect(complaint.position.column == column, "\(complaint)")
  }

  @Test("names are not doubted while a service file cannot be read")
  func brokenService() {
    let loaded = load(#"{ "civil-registry": "http://h.example" }"#, service: "{ service: }")
    #expect(loaded.complaints.list.map(\.file) == ["etc/services/a.json5"])
  }
}
