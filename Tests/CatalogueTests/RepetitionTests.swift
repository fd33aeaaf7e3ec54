import Base
import Model
import Testing
import Wire

@testable import Catalogue

@Suite("Things given twice")
struct RepetitionTests {
  private func service(_ id: String, _ more: String = "") -> String {
    object(plainService, "service", "service: \"\(id)\", \(more)").text
  }

  @Test("a service given twice names the other place")
  func services() {
    let files = [
      "services/a.json5": service("one"), "services/b.json5": service("one"),
      "provinces.json": threeProvinces,
    ]
    let complaints = loadCatalogue(["services"], memory(files)).complaints
    #expect(
      complaints.list.map(\.description) == [
        "services/b.json5:2:12: service: service \"one\" was given before, at services/a.json5:2:12"
      ])
  }

  @Test("two probes of one name name the other place")
  func probes() {
    let text = """
      { service: "a", system: "a", owner: "o", consumers: ["hue"], probes: [
        { kind: "http", request: { url: "http://127.0.0.1/" } },
        { kind: "http", name: "http", request: { url: "http://127.0.0.1/" } },
      ] }
      """
    let complaints = load(text).complaints.list.map(\.description)
    #expect(
      complaints == [
        "services/a.json5:3:25: probes[1].name: another probe is named \"http\", at "
          + "services/a.json5:2:11; give this one a \"name\" of its own"
      ])
  }

  @Test("a key given twice names the other place")
  func keys() {
    let text = object(plainService, "owner", #"owner: "moj", owner: "mps","#).text
    let complaints = load(text).complaints.list.map(\.description)
    #expect(
      complaints == ["services/a.json5:4:17: the key \"owner\" was given before, at 4:3"])
  }

  @Test("a system that two services give different owners names the other place")
  func owners() {
    let files = [
      "services/a.json5": service("one"),
      "services/b.json5": object(plainService, "owner", #"owner: "mps","#).text
        .replacing("service: \"civil-registry\"", with: "service: \"two\""),
      "provinces.json": threeProvinces,
    ]
    let complaints = loadCatalogue(["services"], memory(files)).complaints.list.map(\.description)
    #expect(
      complaints == [
        "services/b.json5:4:10: owner: system \"civil-registry\" has another owner, \"moj\", at "
          + "services/a.json5:4:10"
      ])
  }

  @Test("a file named twice is read once and complained of")
  func files() {
    let access = memory(["services/a.json5": service("one"), "provinces.json": threeProvinces])
    let complaints = loadCatalogue(["services", "services/a.json5"], access).complaints
    #expect(complaints.list.map(\.message) == ["services/a.json5 is named twice"])
  }

  @Test("provinces are known once, by slug and by code")
  func provinces() {
    let provinces = """
      [{ slug: "a", code: "01", name_en: "A", name_vi: "A" },
       { slug: "a", code: "02", name_en: "A", name_vi: "A" },
       { slug: "b", code: "01", name_en: "B", name_vi: "B" },
       { slug: "national", name_en: "N", name_vi: "N" }]
      """
    let files = ["services/a.json5": service("one"), "provinces.json": provinces]
    let complaints = loadCatalogue(["services"], memory(files)).complaints
    #expect(
      complaints.list.map(\.description) == [
        "provinces.json:2:10: [1].slug: \"a\" was given before",
        "provinces.json:3:21: [2].code: 01 was given before, to a",
        "provinces.json:4:10: [3].slug: \"national\" stands for the national level, "
          + "not for a province",
      ])
  }
}
