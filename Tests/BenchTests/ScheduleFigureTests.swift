import Base
import Catalogue
import Model
import Probes
import Testing
import Wire

@testable import linkhealth_bench

@Suite("Figures of the schedule")
struct ScheduleFigureTests {
  private func figures(_ status: String, links: Int, attempts: Double) throws -> [String: Figure] {
    let node = try #require(parseJSON(Array(status.utf8), dialect: .json).node)
    let figures = scheduleFigures(node, links: links, expectedAttempts: attempts)
    return Dictionary(uniqueKeysWithValues: figures.map { ($0.name, $0) })
  }

  @Test("they are read from the daemon's status, in the units of the bounds")
  func figures() throws {
    let status = """
      { "links": { "up": 10000 },
        "schedule": { "attempts": 21667, "skipped": 0,
          "latenessMicroseconds": { "p50": 900, "p99": 5120, "max": 7000 },
          "startsPerTick": { "mean": 16.5, "max": 33, "ticks": 1300 } },
        "memory": { "residentBytes": 90000000, "residentWithoutMappedFilesBytes": 45600000 } }
      """
    let figures = try figures(status, links: 10_000, attempts: 21_666.7)
    #expect(figures["schedule.lateness.p99"]?.value == 5.12)
    #expect(figures["schedule.startsPerTick.maxToMean"]?.value == 2)
    #expect(figures["schedule.memory.withoutMappedFiles"]?.value == 45.6)
    #expect(figures.values.filter { !$0.holds }.map(\.name) == [])
  }

  @Test(
    "each of them can fall short",
    arguments: [
      ("schedule.links.up", #""links": { "up": 99 }"#),
      ("schedule.attempts", #""schedule": { "attempts": 900 }"#),
      ("schedule.skipped", #""schedule": { "skipped": 1 }"#),
      ("schedule.lateness.p99", #""schedule": { "latenessMicroseconds": { "p99": 20000 } }"#),
      (
        "schedule.startsPerTick.maxToMean",
        #""schedule": { "startsPerTick": { "mean": 10.0, "max": 23 } }"#
      ),
      (
        "schedule.memory.withoutMappedFiles",
        #""memory": { "residentWithoutMappedFilesBytes": 60000000 }"#
      ),
    ])
  func short(name: String, members: String) throws {
    let figure = try #require(try figures("{\(members)}", links: 100, attempts: 1_000)[name])
    #expect(!figure.value.isNaN)
    #expect(figure.verdict == "short")
  }

  @Test("a status that lacks a field holds no bound")
  func missing() throws {
    let figures = try figures("{}", links: 1, attempts: 1)
    #expect(figures.values.filter { $0.bound != nil }.allSatisfy { !$0.holds })
  }
}

@Suite("The generated catalogue")
struct BenchCatalogueTests {
  @Test("the daemon's own reader takes it, with every link and all that is set")
  func accepted() throws {
    var catalogue = BenchCatalogue(port: 8_080, links: 120, every: .seconds(60))
    catalogue.services = 3
    catalogue.consumers = 40
    catalogue.window = .minutes(15)
    catalogue.reuse = true
    let files = [
      "/b/services.json5": catalogue.servicesFile,
      "/b/provinces.json": catalogue.provincesFile,
    ]
    struct NoFile: Error {}
    let access = FileAccess(
      read: { path in
        guard let bytes = files[path] else { throw NoFile() }
        return bytes
      }, list: { _ in [] })
    let (links, complaints) = loadCatalogue(["/b/services.json5"], access)
    #expect(complaints.list.map(\.description) == [])
    let found = try #require(links)
    #expect(found.count == catalogue.links)
    #expect("\(found[0].id)" == "bench-1/c00001")
    #expect(found[0].alert.errorRate?.window == .minutes(15))
    #expect(found[0].alert.latency?.percentilePermille == 950)
    let options = try #require(found[119].probes.first?.options as? HTTPOptions)
    #expect(options.url.text == "http://127.0.0.1:8080/bench/c00040")
    #expect(options.transfer.reuse)
    #expect(options.expectations.code != nil)
  }
}
