import Base
import History
import Model
import Probes
import Testing
import Wire

@testable import Engine
@testable import Judgement

@Suite("What an earlier run recorded") struct EarlierRunTests {
  @Test("fills the judges, without what was seen blindly or before the link was connected")
  func filled() throws {
    let rules = AlertRules(
      failures: FailureRule(failures: 3, of: 5),
      errorRate: ErrorRateRule(
        raisePermille: 200, clearPermille: 100, window: .minutes(15), minimumSamples: 10),
      burnRate: BurnRateRule(objectiveMillionths: 995_000))
    let links = [link("land/hue", rules: rules), link("land/ha-noi", rules: rules)]
    let bench = Bench(links)
    let start = bench.now.wall - .minutes(10)
    var earlier = EarlierRun(links, connections: [links[0].id: start + .minutes(2)])
    for id in links.map(\.id) {
      earlier.add(
        ProbeKey(link: id, probe: "http"),
        [AttemptCounts(time: start - .minutes(30), total: 30, failed: 4)])
      for minute in 0..<5 as Range<Int64> {
        earlier.add(
          ProbeKey(link: id, probe: "http"),
          Sample(
            time: start + .minutes(minute), outcome: minute == 4 ? .ok : .connect(.refused),
            flags: minute == 3 ? .blind : []))
      }
    }
    let stranger = ProbeKey(link: links[0].id, probe: "gone")
    earlier.add(stranger, Sample(time: start, outcome: .ok))
    bench.engine.restore(earlier)
    #expect(bench.engine.probes.map(\.judge.bits.text) == ["xo", "xxxo"])
    #expect(bench.engine.probes.map(\.judge.rates?.total) == [2, 4])
    #expect(bench.engine.probes.map(\.judge.rates?.failed) == [1, 3])
    #expect(bench.engine.probes.map { $0.judge.burn?.counted(0).long.failed } == [1, 7])
    #expect(bench.engine.probes.map { $0.judge.burn?.counted(0).long.total } == [2, 34])
    #expect(bench.engine.probes.map { $0.judge.burn?.counted(0).short.total } == [2, 4])
    #expect(bench.engine.probes[1].judge.newest?.time == start + .minutes(4))
  }

  /// Forty consumers of two services of one system. The links are named of which a secret ends in a month and
  /// ten minutes, so that each is warned of once all have been seen: one in twenty is no part of a system.
  private static func system(_ ending: Set<String>, at now: Now? = nil) -> Bench {
    let links = links(ending, consumers: 40)
    let bench = now.map { Bench(links, at: $0) } ?? Bench(links)
    bench.network = { _ in right }
    return bench
  }

  private static func links(_ ending: Set<String>, consumers: Int) -> [Link] {
    ["births", "deaths"].flatMap { service in
      (0..<consumers).map { number in
        let id = "\(service)/c\(number)"
        var own = probe(every: .minutes(5), url: "http://127.0.0.1/\(id)")
        if ending.contains(id) {
          own.expiringSecret = ExpiringSecret(
            name: "of-\(service)-c\(number)",
            expiry: SecretExpiry(
              end: WallTime(milliseconds: 1_762_477_323_000) + .hours(24 * 30) + .minutes(10),
              isCertificate: false))
        }
        return link(id, [own])
      }
    }
  }

  @Test("warnings that were told one by one stay what they are over a start")
  func warningsOverStart() throws {
    let ending: Set = ["births/c1", "births/c4", "deaths/c7"]
    let first = Self.system(ending)
    first.advance(by: .minutes(20))
    let open = first.engine.shownIncidents.open
    #expect(open.map(\.pattern) == [.point, .point, .point], "\(open.map(\.summary))")
    let second = Self.system(ending, at: first.now)
    second.engine.restore(open, at: second.now)
    second.take()
    second.advance(by: .minutes(20))
    #expect(second.told.isEmpty, "\(second.told.map(\.summary))")
    let after = second.engine.shownIncidents.open
    #expect(after.map(\.id) == open.map(\.id))
    #expect(after.map(\.links) == open.map(\.links))
  }

  @Test("an incident of a system that holds a link of another service is not named after the one")
  func nameOfMixed() throws {
    let ending: Set = ["births/c1", "births/c4", "births/c5"]
    let stranger = LinkID(service: "deaths", consumer: "c7")
    let links = Self.links(ending, consumers: 10).map { one in
      guard one.id == stranger else { return one }
      let extra = probe(
        "extra", every: .minutes(5), isRequired: false, url: "http://127.0.0.1/extra")
      return link("\(stranger)", one.probes + [extra])
    }
    let bench = Bench(links)
    bench.network = { $0.url.target == "/extra" ? wrong : right }
    let held = links.map(\.id).filter { ending.contains("\($0)") || $0 == stranger }
    var earlier = Incident(
      id: "inc-earlier", sequence: 1, pattern: .system, status: .open, severity: .warning,
      links: held, summary: "system system is degraded for 4 links",
      conditions: held.map { id in
        Condition(
          link: id, probe: id == stranger ? "extra" : "http",
          rule: id == stranger ? .failures : .warnings, evidence: "as before",
          cause: id == stranger ? "http.status" : "warning.secretExpires",
          since: bench.now.wall - .minutes(30))
      }, openedAt: bench.now.wall - .minutes(30), updatedAt: bench.now.wall - .minutes(30))
    earlier.subject = IncidentSubject(layer: "degraded", axis: "system", name: "system")
    bench.engine.restore([earlier], at: bench.now)
    bench.take()
    for _ in 0..<30 {
      bench.advance(by: .minutes(1))
      for incident in bench.engine.shownIncidents.open where incident.subject?.axis == "service" {
        #expect(
          incident.links.allSatisfy { $0.service == incident.subject?.name },
          "\(incident.summary): \(incident.links)")
      }
    }
    #expect(bench.engine.shownIncidents.open.contains { $0.links.contains(stranger) })
  }
}
