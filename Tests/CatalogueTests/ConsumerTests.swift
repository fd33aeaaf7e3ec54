import Base
import Model
import Probes
import Testing
import Wire

@testable import Catalogue

@Suite("Consumers and placeholders")
struct ConsumerTests {
  static let cases: [KeyCase] = [
    .bad(
      "consumers", #"consumers: "national","#, at: #""national""#, "consumers",
      #"expected "provinces", a list such as ["national"]"#),
    .bad("consumers", "consumers: [],", at: "[", "consumers", "at least one consumer"),
    .bad(
      "consumers", #"consumers: ["ha-noy"],"#, at: #""ha-noy""#, "consumers[0]",
      #"no province "ha-noy"; did you mean "ha-noi"?"#),
    .bad(
      "consumers", #"consumers: ["hue", "natonal"],"#, at: #""natonal""#, "consumers[1]",
      #"did you mean "national"?"#),
    .bad("consumers", "consumers: [1],", at: "1", "consumers[0]", "the name of a consumer"),
    .bad(
      "consumers", #"consumers: ["hue", "hue"],"#, at: #""hue"],"#, "consumers[1]",
      #""hue" was given before, at 5:15"#),
    .bad("consumers", "consumers: {},", at: "{", "consumers", #"the key "provinces" is missing"#),
    .bad(
      "consumers", #"consumers: { provinces: "al" },"#, at: #""al""#, "consumers.provinces",
      #"expected "all" or a list"#),
    .bad(
      "consumers", #"consumers: { provinces: "all", except: ["hu"] },"#, at: #""hu""#,
      "consumers.except[0]", #"did you mean "hue"?"#),
    .bad(
      "consumers", #"consumers: { provinces: "all", except: ["national"] },"#, at: #""national""#,
      "consumers.except[0]", "no province"),
    .bad(
      "consumers", #"consumers: { provinces: ["hue"], except: ["hue"] },"#, at: #"["hue"] },"#,
      "consumers.except", "leaves no consumer"),
    .bad(
      "consumers", #"consumers: { provinces: "all", expect: [] },"#, at: "expect", "consumers",
      #"did you mean "except"?"#),
  ]

  @Test("a wrong consumer is complained of at its place", arguments: cases)
  func wrong(_ row: KeyCase) {
    let (text, line) = object(plainService, row.key, row.text)
    row.expect(load(text).complaints, file: "services/a.json5", line: line)
  }

  @Test(
    "consumers are spread in the order of the file of provinces or of the list",
    arguments: [
      (#"consumers: "provinces","#, ["ha-noi", "bac-ninh", "hue"]),
      (#"consumers: ["national"],"#, ["national"]),
      (#"consumers: ["hue", "national", "ha-noi"],"#, ["hue", "national", "ha-noi"]),
      (#"consumers: { provinces: "all" },"#, ["ha-noi", "bac-ninh", "hue"]),
      (#"consumers: { provinces: "all", except: ["bac-ninh"] },"#, ["ha-noi", "hue"]),
      (#"consumers: { provinces: ["hue", "ha-noi"], except: ["hue"] },"#, ["ha-noi"]),
    ])
  func spread(_ line: String, _ expected: [String]) {
    let links = load(object(plainService, "consumers", line).text).links
    #expect(links?.map(\.id.consumer) == expected)
  }

  @Test("the 34 provinces of the shipped file each get a link, in its order")
  func allProvinces() throws {
    let provinces = String(decoding: try project.read("probes/provinces.json"), as: UTF8.self)
    let files = [
      "services/a.json5": object(plainService, "owner", #"owner: "moj","#).text,
      "provinces.json": provinces,
    ]
    let links = try #require(loadCatalogue(["services"], memory(files)).links)
    #expect(links.count == 34)
    #expect(links.first?.id.description == "civil-registry/ha-noi")
    #expect(links.last?.consumerName == LocalizedName(en: "Ca Mau", vi: "Cà Mau"))
    #expect(Set(links.map(\.id)).count == 34)
  }

  @Test("each placeholder is replaced by what the link is")
  func placeholders() throws {
    let url = "http://127.0.0.1/{service}/{system}/{consumer}/{consumerCode}/{agencyCode}"
    let line = "probes: [{ kind: \"http\", request: { url: \"\(url)\" } }],"
    let links = try #require(load(object(plainService, "probes", line).text).links)
    let targets = links.compactMap { ($0.probes.first?.options as? HTTPOptions)?.url.target }
    #expect(
      targets == [
        "/civil-registry/civil-registry/ha-noi/01/H26",
        "/civil-registry/civil-registry/bac-ninh/24/H05",
        "/civil-registry/civil-registry/hue/46/H57",
      ])
  }

  @Test("a code that a consumer does not have is told for that consumer, once")
  func missingCode() {
    let text = """
      { service: "a", system: "a", owner: "o", consumers: ["ha-noi", "hue", "national"], probes: [
        { kind: "http", request: { url: "http://127.0.0.1/{consumerCode}" } } ] }
      """
    let complaints = load(text).complaints.list
    #expect(complaints.count == 1)
    #expect(complaints.first?.message.contains("no value for {consumerCode}") == true)
  }

  @Test("a mistake in a template is told once, not for each consumer")
  func once() {
    let line = #"probes: [{ kind: "http", request: { url: "http://{nobody}/", heders: {} } }],"#
    let complaints = load(object(plainService, "probes", line).text).complaints.list
    #expect(complaints.map(\.keyPath) == ["probes[0].request.url", "probes[0].request"])
  }

  @Test("provinces that cannot be read are told once, and slugs are not doubted then")
  func noProvinces() {
    let files = ["services/a.json5": object(plainService, "owner", #"owner: "moj","#).text]
    let complaints = loadCatalogue(["services"], memory(files)).complaints.list
    #expect(
      complaints.map(\.description) == [
        "services:1:1: cannot read services/provinces.json nor provinces.json; say where the "
          + "provinces are with the key \"provinces\" of the configuration"
      ])
  }
}
