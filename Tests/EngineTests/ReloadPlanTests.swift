import Base
import Delivery
import Judgement
import Model
import Probes
import Testing
import Wire

@testable import Engine

private func marked(_ id: String, _ change: (inout Link) -> Void = { _ in }) -> Link {
  var link = link(id)
  change(&link)
  link.fingerprint = stableHash(
    "\(link.id) \(link.route) \(link.hops) \(link.alert) \(link.probes.map(\.every))"
      + "\(link.probes.map(\.fingerprint)) \(link.serviceName) \(link.planned as Any)"
      + "\(link.probes.map { ($0.options as? HTTPOptions)?.url.text ?? "" }) \(link.vendor ?? "")"
      + "\(link.system) \(link.owner)")
  return link
}

@Suite("What a reload would change") struct ReloadPlanTests {
  @Test("links that come, go and stay, in their order")
  func links() {
    let former = ["a/x", "b/x", "c/x", "d/x"].map { marked($0) }
    let new = ["d/x", "b/x", "e/x"].map { marked($0) }
    let plan = ReloadPlan(from: former, to: new)
    #expect(plan.added.list.map(\.description) == ["e/x"])
    #expect(plan.removed.list.map(\.description) == ["a/x", "c/x"])
    #expect(plan.changed.total == 0)
    #expect((plan.links, plan.formerLinks, plan.unchanged) == (3, 4, 2))
  }

  @Test("a changed link says what differs")
  func changes() {
    let cases: [(words: [String], (inout Link) -> Void)] = [
      (["names"], { $0.serviceName.vi = "Khác" }),
      (["system"], { $0.system = "other" }),
      (["owner"], { $0.owner = "other" }),
      (["route"], { $0.route = ["ndxp"] }),
      (["vendor"], { $0.vendor = "other" }),
      (
        ["planned"],
        { $0.planned = PlannedConnection(date: "2025-12-31", endsAt: WallTime(milliseconds: 1)) }
      ),
      (["rules"], { $0.alert = $0.alert.with { $0.failures.failures = 2 } }),
      (["probes"], { $0.probes[0].every = .seconds(30) }),
      (["probes"], { $0.probes[0].fingerprint = 1 }),
      (["probes", "endpoint"], { $0.probes.append(probe("more")) }),
      (["endpoint"], { $0.probes[0] = probe(url: "http://127.0.0.2/") }),
      (["endpoint"], { $0.probes = [] }),
      (
        ["route", "rules"],
        {
          $0.route = ["lgsp"]
          $0.alert = $0.alert.with { $0.failures.of = 6 }
        }
      ),
    ]
    for (words, change) in cases {
      let plan = ReloadPlan(from: [marked("a/x")], to: [marked("a/x", change)])
      #expect(plan.changed.list.first?.changes == words)
      #expect(plan.changed.total == 1)
    }
    var other = marked("a/x")
    other.fingerprint &+= 1
    let plan = ReloadPlan(from: [marked("a/x")], to: [other])
    #expect(plan.changed.list.first?.changes == ["settings"])
  }

  @Test("rules that come, go and change, with what they were and become")
  func rules() {
    let rate = ErrorRateRule(
      raisePermille: 200, clearPermille: 100, window: .minutes(15), minimumSamples: 10)
    let former = [
      marked("a/x") { $0.alert = $0.alert.with { $0.errorRate = rate } }, marked("b/x"),
      marked("c/x"), marked("gone/x"),
    ]
    let new = [
      marked("a/x"), marked("b/x") { $0.alert = $0.alert.with { $0.errorRate = rate } },
      marked("c/x") { $0.alert = $0.alert.with { $0.failures = FailureRule(failures: 2, of: 3) } },
      marked("new/x"),
    ]
    let plan = ReloadPlan(from: former, to: new)
    #expect(
      plan.rulesRemoved.list.map { "\($0.link) \($0.rule)" } == [
        "a/x errorRate", "gone/x failures", "gone/x noData", "gone/x flapping",
      ])
    #expect(
      plan.rulesAdded.list.map { "\($0.link) \($0.rule)" } == [
        "b/x errorRate", "new/x failures", "new/x noData", "new/x flapping",
      ])
    #expect(plan.rulesAdded.list.first?.becomes == "20% over 15m, clear below 10%, minimum 10")
    #expect(plan.rulesAdded.list.first?.was == nil)
    #expect(plan.rulesChanged.list.count == 1)
    #expect(plan.rulesChanged.list.first?.was == "3 of 5, clear after 2")
    #expect(plan.rulesChanged.list.first?.becomes == "2 of 3, clear after 2")
  }

  @Test("lists are bounded, counts are not")
  func bounded() {
    let plan = ReloadPlan(from: [], to: (0..<1_000).map { marked("a/c\($0)") })
    #expect(plan.added.total == 1_000)
    #expect(plan.added.list.count == Limits.planEntries)
    #expect(!plan.dropsTooMuch, "nothing was there that could be dropped")
  }

  @Test(
    "more than a third of the links is too much to drop",
    arguments: [
      (3, 1, false), (3, 2, true), (9, 3, false), (9, 4, true), (1, 1, true), (100, 33, false),
      (100, 34, true),
    ])
  func dropsTooMuch(links: Int, drops: Int, isTooMuch: Bool) {
    let former = (0..<links).map { marked("a/c\($0)") }
    let plan = ReloadPlan(from: former, to: Array(former.dropFirst(drops)))
    #expect(plan.dropsTooMuch == isTooMuch)
  }
}

@Suite("What a reload keeps") struct ReloadKeepsTests {
  @Test(
    "links that stay keep windows, phase, attempt, confirmation and next run, wherever they stand",
    arguments: 0..<10)
  func keeps(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let all = (0..<60).map { number in marked("s\(number % 7)/c\(number)") }
    let bench = Bench(all, attemptsInFlight: 200)
    bench.network = { _ in random.below(3) == 0 ? nil : random.below(3) == 0 ? wrong : right }
    for _ in 0..<10 {
      bench.advance(by: .seconds(Int64(random.below(60))))
      struct Kept: Equatable {
        var bits: String
        var next: Instant
        var isRunning: Bool
        var state: LinkState
        var since: WallTime?
      }
      func snapshot() -> [LinkID: Kept] {
        var kept: [LinkID: Kept] = [:]
        for link in bench.engine.links {
          let probe = bench.engine.probes[link.probes.lowerBound]
          kept[link.link.id] = Kept(
            bits: probe.judge.bits.text, next: probe.nextDue, isRunning: probe.isRunning,
            state: link.state, since: link.stateSince)
        }
        return kept
      }
      let before = snapshot()
      let told = bench.told.count
      // Also those that no evaluation has seen yet.
      let failing = Set(
        bench.engine.links.map(\.link.id).filter { bench.engine.troubles[$0] != nil })
      var new = all.filter { _ in random.below(4) != 0 }
      if random.below(2) == 0 { new.reverse() }
      bench.engine.load(new, at: bench.now)
      bench.run()
      let after = snapshot()
      #expect(bench.engine.links.map(\.link.id) == new.map(\.id))
      for (id, kept) in after where before[id] != nil {
        #expect(kept == before[id], "seed \(seed), \(id)")
      }
      let opened = bench.told.dropFirst(told).filter { $0.changeKind == .opened }
      #expect(opened.flatMap(\.links).allSatisfy(failing.contains), "nothing new fails")
    }
    bench.network = { _ in right }
    for transfer in bench.transfers { bench.answer(transfer.token) }
    let count = bench.recorded.count
    bench.advance(by: .seconds(61))
    #expect(bench.recorded.count - count >= bench.engine.links.count, "all go on")
  }

  @Test("a confirmation that was due comes after the reload too")
  func confirmation() {
    let bench = Bench([marked("a/x"), marked("b/x")])
    bench.network = { _ in wrong }
    bench.advance(by: .seconds(60))
    bench.jump(by: .zero)
    let confirmations = bench.recorded.count { $0.sample.flags.contains(.confirmation) }
    let other = Bench([marked("a/x"), marked("b/x")])
    other.network = { _ in wrong }
    for _ in 0..<60 {
      other.advance(by: .seconds(1))
      other.engine.load([marked("b/x"), marked("a/x")], at: other.now)
      other.take()
      other.engine.load([marked("a/x"), marked("b/x")], at: other.now)
      other.take()
    }
    #expect(other.recorded.count { $0.sample.flags.contains(.confirmation) } == confirmations)
    #expect(confirmations > 0)
  }

  @Test("another interval takes effect at once, and the former one is gone")
  func interval() {
    let bench = Bench([marked("a/x")])
    bench.network = { _ in right }
    bench.advance(by: .minutes(2))
    bench.engine.load([marked("a/x") { $0.probes[0].every = .seconds(10) }], at: bench.now)
    let count = bench.transfers.count
    bench.advance(by: .minutes(2))
    #expect(bench.transfers.count - count == 12)
  }

  @Test("a plan is made beside the engine, and what it says is what is taken")
  func prepared() {
    let bench = Bench([marked("a/x")])
    let base = bench.engine.loadBase
    let first = PreparedLoad([marked("b/x")], politeness: nil, over: base, at: bench.now)
    #expect(first.plan.removed.total == 1)
    bench.engine.load(first, at: bench.now)
    bench.run()
    #expect(bench.engine.links.map(\.link.id.description) == ["b/x"])
  }
}

@Suite("What a reload leaves of the past") struct ReloadPastTests {
  private func at(_ address: String) -> Link {
    var result = link("a/x", [probe(url: "http://\(address)/")])
    result.endpoint = "http://\(address)"
    result.fingerprint = stableHash(address)
    return result
  }

  @Test("a link that asks another address is unknown until it has been asked there")
  func anotherAddress() {
    let bench = Bench([at("127.0.0.1")])
    bench.network = { _ in right }
    bench.advance(by: .minutes(2))
    #expect(bench.state == .up)
    bench.network = { _ in nil }
    bench.advance(by: .minutes(1))
    #expect(bench.engine.inFlightCount == 1)
    bench.engine.load([at("127.0.0.2")], at: bench.now)
    bench.run()
    #expect(bench.state == .unknown)
    #expect(bench.engine.inFlightCount == 0, "what comes from the former address does not count")
    bench.network = { _ in right }
    bench.advance(by: .minutes(1))
    #expect(bench.state == .up)
    #expect(bench.transfers.last?.transfer.url.host == "127.0.0.2")
  }

  @Test("an incident that a reload ends has not recovered")
  func noRecovery() throws {
    let bench = Bench([at("127.0.0.1")])
    bench.network = { _ in refused }
    bench.advance(by: .minutes(2))
    #expect(bench.state == .down)
    var gone = at("127.0.0.1")
    gone.probes = []
    gone.endpoint = nil
    gone.fingerprint = 1
    bench.engine.load([gone], at: bench.now)
    bench.run()
    let last = try #require(bench.told.last)
    #expect(last.status == .resolved)
    #expect(last.summary.contains("is no longer connected"), "\(last.summary)")
    #expect(!last.summary.contains("recovered"))
  }

  @Test("credentials that were changed are tried at once")
  func changedCredential() {
    let bench = Bench([at("127.0.0.1")])
    bench.network = { _ in unauthorised }
    bench.advance(by: .minutes(12))
    let before = bench.transfers.count
    bench.advance(by: .minutes(2))
    #expect(bench.transfers.count == before, "it backs off")
    var other = at("127.0.0.1")
    other.fingerprint = 2
    bench.engine.load([other], at: bench.now)
    bench.advance(by: .minutes(1))
    #expect(bench.transfers.count == before + 1)
  }
}
