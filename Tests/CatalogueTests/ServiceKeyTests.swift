import Base
import Model
import Probes
import Testing
import Wire

@testable import Catalogue

@Suite("The keys of a service file")
struct ServiceKeyTests {
  static let slug = "expected 1 to 64 of a-z, 0-9"
  static let service: [KeyCase] = [
    .good("service", #"service: "a","#),
    .bad("service", #"service: "Civil","#, at: #""Civil""#, "service", slug),
    .bad("service", "service: 7,", at: "7", "service", "expected a string, got the number 7"),
    .bad("system", #"system: "civil registry","#, at: #""civil r"#, "system", slug),
    .bad("owner", "owner: null,", at: "null", "owner", "expected a string, got null"),
    .good("name", #"name: { en: "Civil status", vi: "Hộ tịch" },"#),
    .good("name", #"name: { vi: "Hộ tịch" },"#),
    .bad("name", #"name: "Civil status","#, at: #""Civil"#, "name", "expected an object"),
    .bad("name", #"name: { en: "" },"#, at: #""""#, "name.en", "1 to 200 characters"),
    .bad("name", #"name: { vi: "Ho\u0323 tịch" },"#, at: #""Ho"#, "name.vi", "composed letters"),
    .bad("name", #"name: { en: "a\u001Bb" },"#, at: #""a\u"#, "name.en", "control characters"),
    .bad("name", #"name: { eng: "a" },"#, at: "eng", "name", #"did you mean "en"?"#),
    .good("route", "route: [],"),
    .good("route", #"route: ["lgsp", "ndxp"],"#),
    .bad("route", #"route: "lgsp","#, at: #""lgsp""#, "route", "a list of strings"),
    .bad("route", #"route: ["lgsp", 1],"#, at: "1", "route[1]", "expected a string"),
    .bad("route", #"route: ["LGSP"],"#, at: "[", "route", slug),
    .bad("route", #"route: ["a", "a"],"#, at: "[", "route", "named twice"),
    .bad(
      "route", #"route: ["a", "b", "c", "d", "e", "f", "g", "h", "i"],"#, at: "[", "route",
      "at most 8"),
    .good("probes", "probes: [],"),
    .bad("probes", "probes: {},", at: "{", "probes", "a list of probes"),
    .bad("probes", "probes: [5],", at: "5", "probes[0]", "expected an object"),
    .bad("alert", "alert: [],", at: "[", "alert", "expected an object"),
    .bad("alert", "alert: { failure: 1 },", at: "failure", "alert", #"mean "failures"?"#),
    .bad(
      "sytem", #"sytem: "a","#, at: "sytem", "", #"unknown key "sytem"; did you mean "system"?"#),
  ]

  @Test("each key of a service is read, or complained of at its place", arguments: service)
  func serviceKey(_ row: KeyCase) {
    let (text, line) = object(plainService, row.key, row.text)
    row.expect(load(text).complaints, file: "services/a.json5", line: line)
  }

  @Test(
    "each key that a service must have is missed at the service",
    arguments: ["service", "system", "owner", "consumers", "probes"])
  func missingKey(_ key: String) {
    let (text, _) = object(plainService, key, "")
    let complaints = load(text).complaints
    #expect(
      complaints.list.map(\.description)
        == ["services/a.json5:1:1: the key \"\(key)\" is missing"])
  }

  static func probe(_ keys: String) -> String {
    "probes: [{ kind: \"http\", \(keys), request: { url: \"http://127.0.0.1/x\" } }],"
  }
  static func request(_ keys: String) -> String {
    "probes: [{ kind: \"http\", request: { \(keys), url: \"http://127.0.0.1/x\" } }],"
  }
  static let probeKeys: [KeyCase] = [
    .good("probes", probe(#"name: "front""#)),
    .bad("probes", probe(#"name: "Front""#), at: #""Front""#, "probes[0].name", slug),
    .good("probes", probe(#"every: "100ms""#)),
    .good("probes", probe(#"every: "24h""#)),
    .bad("probes", probe(#"every: "99ms""#), at: #""99ms""#, "probes[0].every", "at least 100ms"),
    .bad("probes", probe(#"every: "25h""#), at: #""25h""#, "probes[0].every", "at most 1d"),
    .bad("probes", probe("every: 60"), at: "60", "probes[0].every", #"a duration such as "5s""#),
    .good("probes", probe(#"timeout: "1ms""#)),
    .good("probes", probe(#"every: "1s", timeout: "1m""#)),
    .bad("probes", probe(#"timeout: "0s""#), at: #""0s""#, "probes[0].timeout", "at least 1ms"),
    .bad("probes", probe(#"timeout: "10""#), at: #""10""#, "probes[0].timeout", "a duration"),
    .good("probes", probe(#"retryEvery: "1s""#)),
    .bad(
      "probes", probe(#"retryEvery: "5ms""#), at: #""5ms""#, "probes[0].retryEvery",
      "at least 100ms"),
    .good("probes", probe("retries: 0")),
    .bad("probes", probe("retries: 65"), at: "65", "probes[0].retries", "from 0 to 64"),
    .good("probes", probe("required: false")),
    .bad("probes", probe("required: 1"), at: "1,", "probes[0].required", "true or false"),
    .bad("probes", probe(#"evry: "1s""#), at: "evry", "probes[0]", #"did you mean "every"?"#),
    .bad("probes", probe("expects: {}"), at: "expects", "probes[0]", #"did you mean "expect"?"#),
    .bad(
      "probes", probe(#"expect: { slow: "3" }"#), at: #""3""#, "probes[0].expect.slow",
      "a duration"),
    .bad(
      "probes", #"probes: [{ kind: "htpp" }],"#, at: #""htpp""#, "probes[0].kind",
      #"did you mean "http"?"#),
    .bad(
      "probes", "probes: [{ every: \"1s\" }],", at: "{", "probes[0]", #"the key "kind" is missing"#),
    .bad(
      "probes", #"probes: [{ kind: "http", request: { url: "{endpiont}/x" } }],"#,
      at: #""{endpiont}"#, "probes[0].request.url", "no value for {endpiont}; known here:"),
    .good("probes", probe(#"tls: { caFile: "ca.pem" }"#)),
    .bad(
      "probes", probe(#"tls: { caFile: "other.pem" }"#), at: #""other"#, "probes[0].tls.caFile",
      "cannot read services/other.pem: No such file"),
    .bad(
      "probes", probe(#"tls: { caFile: "{service}.pem" }"#), at: #""{service}"#,
      "probes[0].tls.caFile", "cannot read services/civil-registry.pem"),
    .good("probes", request(#"sourceAddress: "2001:db8::7""#)),
    .bad(
      "probes", request(#"sourceAddress: "gateway.example""#), at: #""gateway"#,
      "probes[0].request.sourceAddress", "expected a numeric address"),
    .bad(
      "probes", request(#"sourceAddress: "eth0""#), at: #""eth0"#,
      "probes[0].request.sourceAddress", "expected a numeric address"),
  ]

  @Test("each key of a probe is read, or complained of at its place", arguments: probeKeys)
  func probeKey(_ row: KeyCase) {
    let (text, line) = object(plainService, row.key, row.text)
    row.expect(load(text).complaints, file: "services/a.json5", line: line)
  }

  @Test("a CA file is seen from the file that names it, and a wrong one is told once")
  func caFiles() throws {
    let right = object(plainService, "probes", Self.probe(#"tls: { caFile: "ca.pem" }"#)).text
    let links = try #require(load(right).links)
    #expect(links.count == 3)
    for link in links {
      let options = try #require(link.probes.first?.options as? HTTPOptions)
      #expect(options.transfer.tls.caFile == "services/ca.pem")
    }
    let wrong = object(plainService, "probes", Self.probe(#"tls: { caFile: "{system}.pem" }"#)).text
    #expect(load(wrong).complaints.list.count == 1, "though three links name it")
  }

  @Test("what is written is what a link has")
  func values() throws {
    let text = """
      {
        service: "civil-registry", system: "registers", owner: "moj",
        name: { en: "Civil status", vi: "Hộ tịch" }, consumers: ["hue"], route: ["lgsp", "ndxp"],
        probes: [
          { kind: "http", name: "front", every: "30s", timeout: "4s", retryEvery: "2s", retries: 3,
            required: false, request: { url: "http://127.0.0.1/x", method: "HEAD" } },
          { kind: "http", request: { url: "http://127.0.0.1/y" } },
        ],
      }
      """
    let link = try #require(load(text).links?.first)
    #expect(link.id == LinkID(service: "civil-registry", consumer: "hue"))
    #expect(link.serviceName == LocalizedName(en: "Civil status", vi: "Hộ tịch"))
    #expect(link.consumerName == LocalizedName(en: "Hue", vi: "Huế"))
    #expect((link.system, link.owner) == ("registers", "moj"))
    #expect(link.route == ["lgsp", "ndxp"])
    #expect(link.location == SourceLocation(file: "services/a.json5", line: 2, column: 12))
    #expect(link.alert == .standard)
    let first = try #require(link.probes.first)
    #expect((first.name, first.kind) == ("front", "http"))
    #expect((first.every, first.timeout) == (.seconds(30), .seconds(4)))
    #expect((first.retryEvery, first.retryLimit) == (.seconds(2), 3))
    #expect(first.isRequired == false)
    #expect((first.options as? HTTPOptions)?.method == "HEAD")
    let second = try #require(link.probes.last)
    #expect((second.name, second.every, second.timeout) == ("http", .seconds(60), .seconds(10)))
    #expect((second.retryEvery, second.retryLimit) == (.seconds(5), 4))
    #expect(second.isRequired)
  }

  @Test("a name that is missing in one language is taken from the other, or from the service")
  func names() throws {
    func name(_ line: String) -> LocalizedName? {
      load(object(plainService, "name", line).text).links?.first?.serviceName
    }
    #expect(name(#"name: { vi: "Hộ tịch" },"#) == LocalizedName(en: "Hộ tịch", vi: "Hộ tịch"))
    #expect(name(#"name: { en: "Civil" },"#) == LocalizedName(en: "Civil", vi: "Civil"))
    #expect(name("") == LocalizedName(en: "civil-registry", vi: "civil-registry"))
  }

  @Test("every mistake of a file is told at once, in the order of the lines")
  func allAtOnce() {
    let text = """
      {
        service: "Civil", owner: 1,
        system: "a", consumers: ["hanoi"],
        probes: [{ kind: "http", every: "1", request: { url: "ftp://x/", methud: "GET" } }],
        alert: { failures: "6 of 5", latency: "p95" },
      }
      """
    let places = load(text).complaints.list.map { "\($0.position) \($0.keyPath)" }
    #expect(
      places == [
        "2:12 service", "2:28 owner", "3:28 consumers[0]", "4:35 probes[0].every",
        "4:56 probes[0].request.url", "4:68 probes[0].request", "5:22 alert.failures",
        "5:41 alert.latency",
      ])
  }

  @Test("a file that cannot be parsed is complained of where it breaks, and the others are read")
  func syntax() {
    let files = [
      "services/a.json5": "{ service: }", "services/b.json5": "{ service: 1 }",
      "provinces.json": threeProvinces,
    ]
    let complaints = loadCatalogue(["services"], memory(files)).complaints
    #expect(complaints.list.first?.file == "services/a.json5")
    #expect(complaints.list.first?.position.column == 12)
    #expect(complaints.list.contains { $0.file == "services/b.json5" && $0.keyPath == "service" })
  }

  @Test("a file may hold a list of services")
  func list() {
    let one = object(plainService, "service", #"service: "a","#).text
    let two = object(plainService, "service", #"service: "b","#).text
    #expect(load("[\(one), \(two)]").links?.count == 6)
    let wrong = load("[\(one), { service: 1 }]").complaints.list.first
    #expect(wrong?.keyPath == "[1].service" || wrong?.keyPath == "[1]")
  }
}
