import Base
import Model
import Testing
import Wire

@testable import Catalogue

@Suite("Bounds of the catalogue")
struct BoundTests {
  /// A list of so many provinces.
  private func provinces(_ count: Int) -> String {
    "["
      + (0..<count).map { number in
        "{ slug: \"p-\(number)\", code: \"\(number)\", name_en: \"P\", name_vi: \"P\" }"
      }.joined(separator: ",\n") + "]"
  }

  @Test("links beyond what a daemon holds are refused at the service that brings them")
  func links() {
    let empty = object(plainService, "probes", "probes: [],").text
    let services = (0..<6).map { number in
      empty.replacing("service: \"civil-registry\"", with: "service: \"s-\(number)\"")
    }
    let files = [
      "services/a.json5": "[\(services.joined(separator: ", "))]",
      "provinces.json": provinces(20_000),
    ]
    let complaints = loadCatalogue(["services"], memory(files)).complaints.list
    #expect(complaints.map(\.keyPath) == ["[5].service"])
    #expect(complaints.first?.message.contains("more than 100000 links") == true)
  }

  @Test("a template that is wrong for every link of many is one complaint")
  func manyWrong() {
    let line = #"probes: [{ kind: "http", request: { url: "http://{nobody}/" } }],"#
    let files = [
      "services/a.json5": object(plainService, "probes", line).text,
      "provinces.json": provinces(5_000),
    ]
    #expect(loadCatalogue(["services"], memory(files)).complaints.list.count == 1)
  }

  @Test("the list of complaints is bounded, and the rest are counted")
  func complaints() {
    let consumers = (0..<1_500).map { "\"x\($0)\"" }.joined(separator: ", ")
    let complaints = load(object(plainService, "consumers", "consumers: [\(consumers)],").text)
      .complaints
    #expect(complaints.list.count == 1_000)
    #expect(complaints.unlisted == 500)
  }

  @Test("a probe too many is refused")
  func probes() {
    let probes = (0..<17).map { number in
      "{ kind: \"http\", name: \"p\(number)\", request: { url: \"http://127.0.0.1/\" } }"
    }
    let line = "probes: [\(probes.joined(separator: ", "))],"
    let complaints = load(object(plainService, "probes", line).text).complaints.list
    #expect(complaints.map(\.message) == ["expected at most 16 probes"])
  }
}
