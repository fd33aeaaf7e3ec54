import Base
import Judgement
import Model
import Probes
import Testing
import Wire

@testable import Engine

private func routed(
  _ id: String, over hops: [String], every: TimeAmount = .seconds(60), path: String = "service"
) -> Link {
  var link = link(
    id, [probe(every: every, retryLimit: 0, url: "http://127.0.0.1/\(path)")])
  link.route = hops.compactMap { $0.split(separator: "/").first.map(String.init) }
  link.hops = hops.compactMap { LinkID($0) }
  link.fingerprint = stableHash("\(id) \(hops) \(every)")
  return link
}

private func hop(_ id: String, every: TimeAmount = .seconds(10)) -> Link {
  var link = link(
    id, [probe(every: every, retryLimit: 0, url: "http://127.0.0.1/hop")])
  link.role = .hop
  return link
}

/// The newest condition of a link in the incident that speaks of it.
private func newestCondition(_ id: String, _ bench: Bench) -> Condition? {
  let link = LinkID(id)!
  return bench.engine.shownIncidents.openIncident(of: link)?.conditions.first { $0.link == link }
}

@Suite("Routes and their hops") struct HopTests {
  @Test("a link that fails while its hop does names it, in the evidence and as a field")
  func names() throws {
    let bench = Bench([hop("lgsp/an-giang"), routed("civil/an-giang", over: ["lgsp/an-giang"])])
    bench.network = { _ in wrong }
    bench.advance(by: .minutes(10))
    let hopTrouble = try #require(bench.engine.troubles[LinkID("lgsp/an-giang")!])
    let condition = try #require(newestCondition("civil/an-giang", bench))
    #expect(condition.hops == [LinkID("lgsp/an-giang")!])
    let clock = hopTrouble.since.description.dropFirst(11).prefix(8)
    #expect(
      condition.evidence.hasSuffix("; hop lgsp/an-giang has been down since \(clock)Z"),
      "\(condition.evidence)")
    let states = bench.engine.hopStates(of: 1, at: bench.now)
    #expect(states.map(\.link) == [LinkID("lgsp/an-giang")!])
    #expect(states.map(\.state) == [.down])
    #expect(states.map(\.since) == [hopTrouble.since])
    #expect(states.map(\.wasFailing) == [true])
  }

  @Test("a hop that is well is shown and not blamed")
  func wellHop() throws {
    let bench = Bench([hop("lgsp/an-giang"), routed("civil/an-giang", over: ["lgsp/an-giang"])])
    bench.network = { $0.url.target == "/hop" ? right : wrong }
    bench.advance(by: .minutes(10))
    let incident = try #require(bench.told.last)
    #expect(incident.conditions.first?.hops == [])
    #expect(incident.conditions.first?.evidence.contains("hop") == false)
    let states = bench.engine.hopStates(of: 1, at: bench.now)
    #expect(states.map(\.state) == [.up])
    #expect(states.map(\.wasFailing) == [false])
  }

  @Test(
    "a hop that is asked more rarely than the link is named all the same once it is found failing")
  func rareHop() throws {
    let bench = Bench([
      hop("lgsp/an-giang", every: .seconds(150)),
      routed("civil/an-giang", over: ["lgsp/an-giang"], every: .seconds(10)),
    ])
    bench.network = { _ in right }
    bench.advance(by: .minutes(10))
    bench.network = { _ in wrong }
    bench.advance(by: .minutes(15))
    #expect(newestCondition("civil/an-giang", bench)?.hops == [LinkID("lgsp/an-giang")!])
  }

  @Test("a hop that begins to fail hours after the link is not blamed for it")
  func lateHop() throws {
    let bench = Bench([
      hop("lgsp/an-giang", every: .seconds(60)),
      routed("civil/an-giang", over: ["lgsp/an-giang"], every: .seconds(60)),
    ])
    bench.network = { $0.url.target == "/hop" ? right : wrong }
    bench.advance(by: .hours(3))
    bench.network = { _ in wrong }
    bench.advance(by: .hours(1))
    #expect(newestCondition("civil/an-giang", bench)?.hops == [])
  }

  @Test("a hop that is found failing within an interval of the link is named by an update")
  func hopFoundLater() throws {
    // The hop is asked too rarely to be found first.
    let bench = Bench([
      hop("lgsp/an-giang", every: .seconds(31)),
      routed("civil/an-giang", over: ["lgsp/an-giang"], every: .seconds(30)),
    ])
    bench.network = { _ in wrong }
    bench.advance(by: .minutes(5))
    #expect(newestCondition("civil/an-giang", bench)?.hops == [LinkID("lgsp/an-giang")!])
    #expect(bench.told.last?.pattern == .route, "they are one incident")
  }

  @Test("a hop that begins to fail much later is not blamed")
  func hopFailsLater() throws {
    let bench = Bench([hop("lgsp/an-giang"), routed("civil/an-giang", over: ["lgsp/an-giang"])])
    bench.network = { $0.url.target == "/hop" ? right : wrong }
    bench.advance(by: .minutes(10))
    bench.network = { _ in wrong }
    bench.advance(by: .minutes(10))
    #expect(newestCondition("civil/an-giang", bench)?.hops == [])
    #expect(bench.engine.hopStates(of: 1, at: bench.now).map(\.state) == [.down])
    #expect(bench.engine.hopStates(of: 1, at: bench.now).map(\.wasFailing) == [false])
  }

  @Test("a hop is asked once, however many links share it")
  func askedOnce() {
    let bench = Bench(
      [hop("lgsp/an-giang", every: .seconds(60))]
        + (0..<20).map { routed("s\($0)/an-giang", over: ["lgsp/an-giang"]) })
    bench.network = { _ in right }
    bench.advance(by: .minutes(10))
    #expect(bench.transfers.count { $0.transfer.url.target == "/hop" } == 10)
  }

  @Test("another route keeps a link's windows, state, phase and incident")
  func changedRoute() throws {
    let bench = Bench([
      hop("lgsp/an-giang"), hop("ndxp/national"),
      routed("civil/an-giang", over: ["lgsp/an-giang"]),
    ])
    bench.network = { $0.url.target == "/hop" ? right : wrong }
    bench.advance(by: .minutes(10))
    let before = bench.engine.probes[2]
    let told = bench.told.count
    let summary = bench.engine.load(
      [
        hop("lgsp/an-giang"), hop("ndxp/national"),
        routed("civil/an-giang", over: ["lgsp/an-giang", "ndxp/national"]),
      ], at: bench.now)
    bench.run()
    #expect(summary.changed == 1)
    #expect(bench.engine.probes[2].judge.bits == before.judge.bits)
    #expect(bench.engine.probes[2].nextDue == before.nextDue)
    #expect(bench.engine.state(of: 2, at: bench.now) == .down)
    #expect(bench.told.count == told)
    #expect(bench.engine.hopStates(of: 2, at: bench.now).count == 2)
  }
}
