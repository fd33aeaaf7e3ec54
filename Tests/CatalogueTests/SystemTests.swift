import Base
import Model
import Probes
import Testing
import Wire

@testable import Catalogue

/// The links of systems, each in a file of a whole catalogue.
func loadSystems(
  _ systems: [String], organisations: String? = nil, endpoints: String = "{}",
  configuration: String = "", vendors: String? = nil
) -> (links: [Link], complaints: [String]) {
  var files = [
    "c/provinces.json": threeProvinces, "c/endpoints.json5": endpoints,
    "c/linkhealth.json5":
      "{ catalogue: [\".\"], endpoints: \"endpoints.json5\", \(configuration) }",
  ]
  for (number, text) in systems.enumerated() { files["c/systems/\(number).json5"] = text }
  files["c/organisations.json5"] = organisations
  files["c/vendors.json5"] = vendors
  let loaded = loadConfiguration("c/linkhealth.json5", memory(files))
  return (loaded.configuration?.links ?? [], loaded.complaints.list.map(\.description))
}

@Suite("Systems, hops and what hangs on them")
struct SystemTests {
  private let bus = """
    { system: "lgsp", owner: "{consumer}", hop: true, services: [
      { service: "lgsp", consumers: ["hue"], probes: [] }] }
    """
  private let exchange = """
    { service: "ndxp", system: "ndxp", owner: "most", hop: true, consumers: ["national"], probes: [] }
    """
  @Test(
    "what services do not inherit is refused in a system with the place where it belongs",
    arguments: ["alerts: {},", "consumers: [],", "planned: \"2025-12-31\",", "probes: [],"])
  func notInherited(_ member: String) {
    let complaints = loadSystems([civil(system: member)]).complaints
    #expect(complaints.count == 1, "\(complaints)")
    #expect(complaints.first?.contains("belongs in each of the services") == true)
  }

  private func civil(_ more: String = "", system: String = "") -> String {
    """
    { system: "civil", owner: "moj", route: ["lgsp", "ndxp"], \(system)
      services: [
        { service: "civil", consumers: "provinces", probes: [], \(more) },
      ],
    }
    """
  }

  @Test("a service has what its system says and it does not say itself")
  func inherited() throws {
    let text = """
      { system: "a", owner: "moj", name: { en: "System", vi: "Hệ thống" }, vendor: "v-a",
        route: ["x"], codes: { "106": { en: "wrong unit" } },
        services: [
          { service: "one", consumers: ["hue"], probes: [] },
          { service: "two", consumers: ["hue"], probes: [], name: { en: "Two" }, vendor: "v-b",
            route: [], codes: { "7": { vi: "bảy" } } },
        ] }
      """
    let (links, complaints) = loadSystems([text])
    #expect(complaints == [])
    let one = try #require(links.first)
    #expect((one.system, one.owner, one.vendor) == ("a", "moj", "v-a"))
    #expect(one.serviceName == LocalizedName(en: "System", vi: "Hệ thống"))
    #expect(one.route == ["x"])
    #expect(one.codes?.meaning(of: "106")?.vi == "wrong unit")
    let two = try #require(links.last)
    #expect((two.system, two.owner, two.vendor) == ("a", "moj", "v-b"))
    #expect(two.serviceName == LocalizedName(en: "Two", vi: "Two"))
    #expect(two.route == [])
    #expect(two.codes?.meaning(of: "106") == nil)
    #expect(two.codes?.meaning(of: "7")?.en == "bảy")
  }

  @Test("a link stands on its consumer's own hop, else on the nation's, else on none")
  func hops() {
    let (links, complaints) = loadSystems([bus, exchange, civil()])
    #expect(complaints == [])
    let hops = links.filter { $0.role == .service }.map { $0.hops.map(\.description) }
    #expect(hops == [["ndxp/national"], ["ndxp/national"], ["lgsp/hue", "ndxp/national"]])
    #expect(links.filter { $0.role == .hop }.map(\.owner) == ["hue", "most"])
  }

  @Test(
    "in a catalogue with hops a route leads through them alone, in one without through any word")
  func unknownHop() {
    let wrong = civil().replacing("\"ndxp\"", with: "\"ndpx\"")
    #expect(
      loadSystems([bus, exchange, wrong]).complaints == [
        "c/systems/2.json5:1:50: route[1]: no service with hop: true is named \"ndpx\"; "
          + "did you mean \"ndxp\"?"
      ])
    let alone = loadSystems([wrong])
    #expect(alone.complaints == [])
    #expect(alone.links.allSatisfy { $0.hops.isEmpty && $0.route == ["lgsp", "ndpx"] })
  }

  @Test("a hop does not lead through itself, not even by way of another")
  func circles() {
    let a = "{ service: \"a\", system: \"a\", owner: \"o\", hop: true, consumers: [\"national\"], "
    let b = a.replacing("\"a\"", with: "\"b\"")
    let complaints = loadSystems([
      a + "probes: [], route: [\"b\"] }", b + "probes: [], route: [\"a\"] }",
    ]).complaints
    #expect(complaints.count == 2)
    #expect(complaints.allSatisfy { $0.contains("leads through itself") })
  }

  @Test("with a file of organisations an owner is one of them")
  func owners() {
    let organisations = "{ moj: { name: { en: \"Justice\", vi: \"Tư pháp\" } } }"
    #expect(loadSystems([civil(), bus], organisations: organisations).complaints.count == 1)
    #expect(
      loadSystems([civil().replacing("moj", with: "mjo")], organisations: organisations).complaints
        == ["c/systems/0.json5:1:27: owner: no organisation \"mjo\"; did you mean \"moj\"?"])
    #expect(loadSystems([civil().replacing("moj", with: "mjo")]).complaints == [])
  }

  static let zone = #"timeZone: "+07:00""#
  @Test("a planned day is one for all, one with a number of successes, or one for each consumer")
  func planned() throws {
    func days(_ text: String) -> [String] {
      let loaded = loadSystems([civil("planned: \(text)")], configuration: Self.zone)
      #expect(loaded.complaints == [])
      return loaded.links.map { link in
        link.planned.map { "\($0.date) \($0.endsAt.seconds) \($0.successes)" } ?? "-"
      }
    }
    let end = 1_767_200_400  // 2025-12-31T17:00:00Z
    #expect(days(#""2025-12-31""#) == Array(repeating: "2025-12-31 \(end) 3", count: 3))
    #expect(
      days(#"{ date: "2025-12-31", successes: 5 }"#)
        == Array(repeating: "2025-12-31 \(end) 5", count: 3))
    #expect(
      days(#"{ "ha-noi": "2026-01-01", otherwise: "2025-12-31" }"#) == [
        "2026-01-01 \(end + 86_400) 3", "2025-12-31 \(end) 3", "2025-12-31 \(end) 3",
      ])
    #expect(days(#"{ "ha-noi": "2026-01-01" }"#).dropFirst() == ["-", "-"])
  }

  @Test(
    "a wrong planned day is complained of at its place",
    arguments: [
      (#"planned: "31/12/2025""#, "planned", "expected a day"),
      ("planned: 5", "planned", "expected a day"),
      (#"planned: { hanoi: "2025-12-31" }"#, "planned.hanoi", #"mean "ha-noi"?"#),
      (#"planned: { date: "2025-02-30" }"#, "planned.date", "got \"2025-02-30\""),
      (#"planned: { date: "2025-12-31", successes: 0 }"#, "planned.successes", "from 1 to 64"),
    ])
  func wrongPlanned(text: String, path: String, says: String) throws {
    let complaints = loadSystems([civil(text)]).complaints
    #expect(complaints.count == 1)
    let complaint = try #require(complaints.first)
    #expect(complaint.hasPrefix("c/systems/0.json5:3:"), "\(complaint)")
    #expect(
      complaint.contains(" services[0].\(path): ") && complaint.contains(says), "\(complaint)")
  }

  @Test("the nearest word on the vendor holds")
  func vendors() {
    func vendors(_ service: String, _ system: String) -> [String] {
      loadSystems(
        [civil(service, system: system)], configuration: #"vendors: "vendors.json5""#,
        vendors: #"{ "ha-noi": "v-file", "hue": "v-file" }"#
      ).links.map { $0.vendor ?? "-" }
    }
    #expect(vendors("", "") == ["v-file", "-", "v-file"])
    #expect(vendors("", #"vendor: "v-system","#) == ["v-system", "v-system", "v-system"])
    #expect(
      vendors(#"vendors: { hue: "v-hue" }"#, #"vendor: "v-system","#)
        == ["v-system", "v-system", "v-hue"])
    #expect(
      vendors(#"vendor: "v-own""#, #"vendors: { hue: "v-hue" },"#) == ["v-own", "v-own", "v-own"])
  }

  @Test("facts about a province hold from their day on")
  func facts() throws {
    let provinces = """
      [{ slug: "a", name_en: "A", name_vi: "Á", type: "province",
         full_name_vi: "Tỉnh Á",
         changes: [{ effective: "2026-04-30", type: "city", full_name_vi: "Thành phố Á",
                     legal_basis: "a resolution" }] }]
      """
    let node = try #require(parseJSON(Array(provinces.utf8), dialect: .json5).node)
    func name(_ day: String) throws -> LocalizedName? {
      var complaints = Complaints()
      let table = readProvinces(
        node, file: "p", day: try #require(CivilDay(day)).number, &complaints)
      #expect(complaints.isEmpty)
      return table.province("a")?.fullName
    }
    #expect(try name("2026-04-29") == LocalizedName(en: "A province", vi: "Tỉnh Á"))
    #expect(try name("2026-04-30") == LocalizedName(en: "A city", vi: "Thành phố Á"))
    #expect(try name("2028-01-01") == LocalizedName(en: "A city", vi: "Thành phố Á"))
  }

  @Test("the budget of a host is read, or off")
  func politeness() {
    func budget(_ text: String) -> PolitenessBudget? {
      let files = [
        "linkhealth.json5": "{ catalogue: [\"services\"], \(text) }",
        "services/a.json5": object(plainService, "owner", #"owner: "moj","#).text,
        "provinces.json": threeProvinces,
      ]
      let loaded = loadConfiguration("linkhealth.json5", memory(files))
      #expect(loaded.complaints.list.map(\.description) == [])
      return loaded.configuration?.politeness
    }
    #expect(budget("") == PolitenessBudget(requestsPerMinute: 600, bytesPerMinute: 64 << 20))
    #expect(budget(#"politeness: "off","#) == nil)
    #expect(
      budget(#"politeness: { requestsPerMinute: 5, bytesPerMinute: "2KiB" },"#)
        == PolitenessBudget(requestsPerMinute: 5, bytesPerMinute: 2_048))
    #expect(loadSystems([civil()], configuration: "politeness: 1").complaints.count == 1)
  }
}
