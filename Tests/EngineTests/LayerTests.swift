import Base
import Incidents
import Judgement
import Model
import Probes
import Testing
import Wire

@testable import Engine

/// A link of a system of its own behind a province's gateway, whose requests are known by its id.
private func passing(_ id: String, _ rules: AlertRules, over hop: String? = nil) -> Link {
  var link = link(
    id, [probe(every: .seconds(30), retryLimit: 4, url: "http://127.0.0.1/\(id)")], rules: rules)
  link.system = "system-\(link.id.service)"
  link.owner = "owner-\(link.id.service)"
  link.hops = [hop.flatMap { LinkID($0) }].compactMap { $0 }
  if hop == nil { link.role = .hop }
  return link
}

private let mild = AlertRules.standard.with {
  $0.failures = FailureRule(failures: 3, of: 5, grade: RuleGrade(.warning))
}

private let slowIsCritical = AlertRules.standard.with {
  $0.latency = LatencyRule(
    percentilePermille: 500, raiseAbove: .seconds(2), clearBelow: .seconds(1),
    window: .minutes(10), minimumSamples: 5, grade: RuleGrade(.critical))
}

private let slow: TransferResult = {
  var result = TransferResult(status: 200)
  result.timings.totalMicroseconds = 3_000_000
  return result
}()

@Suite("What is down, and how grave that is") struct LayerTests {
  private static let services = ["civil", "land", "tax"]
  private static let provinces = ["an-giang", "ca-mau", "hue"]

  private static func bench(_ rules: AlertRules) -> Bench {
    let bench = Bench(
      provinces.flatMap { province in
        [passing("lgsp/\(province)", rules)]
          + services.map { passing("\($0)/\(province)", rules, over: "lgsp/\(province)") }
      }, incidents: IncidentSettings())
    bench.network = { _ in right }
    bench.advance(by: .minutes(3))
    return bench
  }

  @Test("a province's gateway that is down is named by its incident, though its rules only warn")
  func mildGateway() throws {
    let bench = Self.bench(mild)
    bench.network = { $0.url.target.hasSuffix("/hue") ? refused : right }
    bench.advance(by: .minutes(5))
    let incident = try #require(bench.told.last)
    #expect(Set(bench.told.map(\.id)).count == 1, "\(bench.told.map(\.summary))")
    #expect(incident.pattern == .route && incident.links.count == 4)
    #expect(incident.severity == .warning && incident.subject?.layer == "failing")
    #expect(incident.suspicion?.hop == LinkID("lgsp/hue"))
    #expect(incident.summary.hasPrefix("what passes lgsp/hue is down"), "\(incident.summary)")
  }

  @Test("a system that is critically slow is degraded and critical, and not down")
  func criticallySlow() throws {
    let bench = Self.bench(slowIsCritical)
    bench.network = { $0.url.target.hasPrefix("/civil/") ? slow : right }
    bench.advance(by: .minutes(10))
    let incident = try #require(bench.told.last)
    #expect(Set(bench.told.map(\.id)).count == 1, "\(bench.told.map(\.summary))")
    #expect(incident.pattern == .system && incident.links.count == 3)
    #expect(incident.severity == .critical && incident.subject?.layer == "degraded")
    #expect(
      incident.summary.hasPrefix("service civil is degraded for 3 links"), "\(incident.summary)")
  }

  @Test("a gateway that is critically slow and answers is not what its links are down for")
  func slowGateway() throws {
    let bench = Self.bench(slowIsCritical)
    bench.network = {
      $0.url.target == "/lgsp/hue" ? slow : $0.url.target.hasSuffix("/hue") ? refused : right
    }
    bench.advance(by: .minutes(10))
    let incident = try #require(
      bench.told.last { $0.links.contains(LinkID("civil/hue")!) })
    #expect(incident.pattern == .province, "\(incident.summary)")
    #expect(incident.suspicion?.side == "consumer")
  }

  @Test("an incident rises when one of its links does, and who took it up is told")
  func rises() throws {
    let bench = Self.bench(
      mild.with {
        $0.errorRate = ErrorRateRule(
          raisePermille: 700, clearPermille: 100, window: .minutes(15), minimumSamples: 10,
          grade: RuleGrade(.critical))
      })
    bench.network = { $0.url.target == "/civil/hue" ? refused : right }
    bench.advance(by: .minutes(1))
    let warned = try #require(bench.told.last)
    #expect(warned.severity == .warning && warned.subject?.layer == "failing")
    _ = bench.engine.acknowledge(warned.id, by: "lan", note: "", at: bench.now)
    bench.take()
    bench.advance(by: .minutes(8))
    let risen = try #require(bench.told.last { $0.severity == .critical })
    #expect(risen.id == warned.id && risen.status == .open)
    #expect(risen.timeline.contains { $0.text == "rose to critical" })
  }

  @Test("a trouble that passes among more than can be looked at each by itself is an incident too")
  func passesAmongMany() throws {
    // Each minute, and confirmed within seconds; single links pass among them while the disk hangs.
    let many = (0..<540).map { number in
      var link = link(
        "many/c\(number)", [probe(url: "http://127.0.0.1/\(number < 520 ? "many" : "well")")])
      link.system = "many"
      return link
    }
    let few = ["first", "second"].map { name in
      var link = link(
        "\(name)/hue",
        [probe(every: .milliseconds(200), retryLimit: 0, url: "http://127.0.0.1/\(name)")])
      link.system = name
      return link
    }
    let bench = Bench(many + few, attemptsInFlight: 1_024, incidents: toldAtOnce)
    bench.network = { $0.url.target == "/many" ? wrong : right }
    bench.advance(by: .minutes(3))
    let badCount = bench.engine.casebook.matrix.badCount
    #expect(badCount == 520)
    bench.writesAtOnce = false
    for name in ["/first", "/second"] {
      bench.network = { $0.url.target == "/many" || $0.url.target == name ? wrong : right }
      bench.advance(by: .milliseconds(800))
      bench.network = { $0.url.target == "/many" ? wrong : right }
      bench.advance(by: .milliseconds(800))
    }
    bench.written(through: try #require(bench.writes.last))
    bench.writesAtOnce = true
    bench.advance(by: .seconds(2))
    for name in ["first/hue", "second/hue"] {
      let versions = bench.versions.filter { $0.members.map(\.link) == [LinkID(name)!] }
      #expect(versions.map(\.status) == [.open, .resolved], "\(name)")
    }
  }
}
