import Base
import Catalogue
import Model
import Testing
import Wire

@testable import Rehearsal

private struct NoSuchFile: Error {}

/// Three services of two ministries for four provinces behind their buses, and what the monitor's own
/// sight goes by.
private let files = [
  "linkhealth.json5": """
  {
    catalogue: ["systems"], provinces: "provinces.json", endpoints: "endpoints.json5",
    politeness: "off", timeZone: "+07:00",
  }
  """,
  "provinces.json": """
  [
    { code: "01", slug: "ha-noi", name_en: "Hanoi", name_vi: "Hà Nội", agency_code: "H26" },
    { code: "24", slug: "bac-ninh", name_en: "Bac Ninh", name_vi: "Bắc Ninh", agency_code: "H05" },
    { code: "46", slug: "hue", name_en: "Hue", name_vi: "Huế", agency_code: "H57" },
    { code: "48", slug: "da-nang", name_en: "Da Nang", name_vi: "Đà Nẵng", agency_code: "H17" },
  ]
  """,
  "endpoints.json5": """
  {
    "civil-registry": "https://{consumer}.example/civil", "land-database": "https://{consumer}.example/land",
    "tax": "https://{consumer}.example/tax", "lgsp": "https://{consumer}.example/",
    "land-database/da-nang": null,
  }
  """,
  "systems/civil.json5": service("civil-registry", "moj"),
  "systems/land.json5": service("land-database", "moae"),
  "systems/tax.json5": service("tax", "mof"),
  "systems/health.json5": """
  {
    service: "health", system: "health", owner: "moh", consumers: ["hue"], planned: "2026-02-01",
    probes: [{ kind: "http", every: "60s", request: { url: "{endpoint}/x" }, expect: { status: [200] } }],
  }
  """,
  "systems/lgsp.json5": service("lgsp", "{consumer}", more: "hop: true,", route: false),
  "systems/canary.json5": """
  {
    system: "sight", owner: "us",
    services: [
      { service: "canary-a", consumers: ["national"], canary: true, probes: [\(knock)] },
      { service: "canary-b", consumers: ["national"], canary: true, probes: [\(knock)] },
      { service: "closed", consumers: ["national"], mustFail: true, probes: [\(knock)] },
    ],
  }
  """,
]

private let knock = #"{ kind: "tcp", every: "30s", timeout: "3s", target: "gateway.example:22" }"#

private func service(
  _ name: String, _ owner: String, more: String = "", route: Bool = true
) -> String {
  """
  {
    service: "\(name)", system: "\(name)", owner: "\(owner)", consumers: "provinces",
    \(route ? "route: [\"lgsp\"]," : "") \(more)
    probes: [{
      kind: "http", every: "60s", timeout: "10s", request: { url: "{endpoint}/x" },
      expect: { status: [200], slow: "3s" },
    }],
    alert: { failures: "3 of 5", latency: { raise: "p95 over 3s over 15m", clear: "2s", minimum: 10 } },
  }
  """
}

/// The configuration that all tests rehearse.
func testConfiguration() throws -> Configuration {
  let access = FileAccess(
    read: { path in
      guard let text = files[path] else { throw NoSuchFile() }
      return Array(text.utf8)
    },
    list: { directory in
      let inside = files.keys.filter { $0.hasPrefix(directory + "/") && $0.hasSuffix(".json5") }
      guard !inside.isEmpty else { throw NoSuchFile() }
      return inside.map { String($0.dropFirst(directory.count + 1)) }.sorted()
    })
  let (configuration, complaints) = loadConfiguration("linkhealth.json5", access)
  #expect(complaints.isEmpty, "\(complaints.list)")
  return try #require(configuration)
}

/// The only rehearsal of a file, given as the text between its braces.
func onlyRehearsal(_ text: String, over configuration: Configuration) throws -> Rehearsal {
  var complaints = Complaints()
  let list = readRehearsals(
    Array("{ rehearsals: [{ name: \"a story\", \(text) }] }".utf8), file: "rules.json5",
    over: configuration, &complaints)
  #expect(complaints.isEmpty, "\(complaints.list)")
  return try #require(list.first)
}

/// What such a rehearsal comes to.
func verdict(_ text: String) throws -> Verdict {
  let configuration = try testConfiguration()
  let rehearsal = try onlyRehearsal(text, over: configuration)
  return Verdict(rehearsal, rehearse(rehearsal, over: configuration))
}

/// The complaints of a whole file.
func complaints(_ text: String) throws -> [String] {
  var complaints = Complaints()
  _ = readRehearsals(
    Array(text.utf8), file: "rules.json5", over: try testConfiguration(), &complaints)
  complaints.sort()
  return complaints.list.map(\.description)
}
