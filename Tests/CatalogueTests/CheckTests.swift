import Base
import Model
import Testing
import Wire

@testable import Catalogue

@Suite("The check of a catalogue")
struct CheckTests {
  private let files = [
    "services/a.json5": object(plainService, "owner", #"owner: "moj","#).text,
    "services/b.json5": object(
      plainService, "service",
      #"service: "b", route: [], "#
    ).text.replacing("http://127.0.0.1/x", with: "{endpoint}"),
    "provinces.json": threeProvinces,
    "linkhealth.json5": #"{ catalogue: ["services"], endpoints: "e.json5" }"#,
    "e.json5": #"{ "b/hue": "http://h.example" }"#,
  ]

  @Test("a good catalogue is counted")
  func good() {
    let report = checkReport(["services"], memory(files))
    #expect(report.ok)
    #expect(
      report.lines == [
        "ok: 2 services of 1 system, 6 links, 3 probes; 3 links without probes (no endpoint)"
      ])
  }

  @Test("a single file that looks like a configuration is read as one")
  func configuration() {
    let report = checkReport(["linkhealth.json5"], memory(files))
    #expect(
      report.lines == [
        "ok: 2 services of 1 system, 6 links, 4 probes; 2 links without probes (no endpoint)"
      ])
    #expect(checkReport(["services/a.json5"], memory(files)).links == 3)
  }

  @Test("links whose probes are left out by a mistake are not counted as without an endpoint")
  func leftOut() {
    var files = self.files
    files["services/b.json5"] = files["services/b.json5"]?.replacing(
      "{endpoint}", with: "{endpoint}/{nothing}")
    let last = checkReport(["linkhealth.json5"], memory(files)).lines.last
    #expect(
      last
        == "1 mistake in 2 services of 1 system, 6 links, 3 probes; 2 links without probes"
        + " (no endpoint, or a mistake); 1 link whose probes have mistakes")
  }

  @Test("mistakes come as lines that editors understand, then the counts of what was read")
  func mistakes() {
    var files = self.files
    files["services/b.json5"] = "{\n  sevice: \"b\" }"
    let report = checkReport(["services"], memory(files))
    #expect(!report.ok)
    #expect(report.lines.first?.hasPrefix("services/b.json5:1:1: the key \"service\"") == true)
    #expect(
      report.lines.contains(
        "services/b.json5:2:3: unknown key \"sevice\"; did you mean \"service\"?"))
    #expect(
      report.lines.last?.hasPrefix("6 mistakes in 1 service of 1 system, 3 links, 3 probes") == true
    )
  }

  @Test("what follows from a file that cannot be read or parsed is not told beside it")
  func nothingThatFollows() {
    let missing = checkReport(["etc/linkhealth.json5"], memory([:])).lines
    #expect(missing.count == 2)
    #expect(missing[0].hasPrefix("etc/linkhealth.json5:1:1: cannot read"))
    let broken = checkReport(["l.json5"], memory(["l.json5": "{ catalogue: ["])).lines
    #expect(broken.allSatisfy { !$0.contains("provinces") })
    #expect(broken.count == 2)
    var files = self.files
    files["provinces.json"] = nil
    let lines = checkReport(["linkhealth.json5"], memory(files)).lines
    #expect(lines.count == 2, "no doubt of hue in the endpoints: \(lines)")
    #expect(lines[0].contains(#"the key "provinces" of the configuration"#))
  }

  @Test("the JSON form says the same")
  func json() throws {
    var files = self.files
    files["services/a.json5"] = object(plainService, "owner", "owner: 1,").text
    let report = checkReport(["services"], memory(files))
    let node = try #require(parseJSON(report.json(), dialect: .json).node)
    #expect(node["ok"]?.bool == false)
    #expect(node["links"]?.int == 6)
    let complaint = try #require(node["complaints"]?.array?.first)
    #expect(complaint["file"]?.string == "services/a.json5")
    #expect((complaint["line"]?.int, complaint["column"]?.int) == (4, 10))
    #expect(complaint["keyPath"]?.string == "owner")
    #expect(complaint["message"]?.string == "expected a string, got the number 1")
  }

  @Test("what is shown cannot steer a terminal")
  func escapes() {
    let files = [
      "services/a.json5": #"{ "\u001B[31m": 1 }"#, "provinces.json": threeProvinces,
    ]
    let report = checkReport(["services"], memory(files))
    #expect(report.lines.allSatisfy { line in !line.utf8.contains { $0 < 0x20 } })
  }

  @Test("an empty or missing directory is told")
  func directories() {
    #expect(
      checkReport(["empty"], memory([:])).lines.first
        == "empty:1:1: no *.json5 files in the directory empty")
    #expect(
      checkReport(["nowhere"], memory([:])).lines.first?
        .hasPrefix("nowhere:1:1: cannot list nowhere: No such file") == true)
  }
}
