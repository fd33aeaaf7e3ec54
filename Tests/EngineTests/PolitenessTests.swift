import Base
import Model
import Probes
import Testing
import Wire

@testable import Engine

private let budget = PolitenessBudget(requestsPerMinute: 120, bytesPerMinute: 1 << 20)
private let start = Instant(nanoseconds: 1_000_000_000_000)

private func allowed(
  _ politeness: inout Politeness, _ host: Int32, _ purpose: Politeness.Purpose, at now: Instant
) -> Bool { politeness.allows(host, purpose, at: now) }

private func links(_ count: Int, every: TimeAmount, host: String = "127.0.0.1") -> [Link] {
  (0..<count).map { link("s/c\($0)", [probe(every: every, url: "http://\(host)/\($0)")]) }
}

@Suite("The budget of politeness") struct PolitenessTests {
  @Test(
    "in no minute is more asked than the budget and a twelfth, however much is wanted",
    arguments: 0..<20)
  func bound(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var politeness = Politeness(budget: budget)
    let host = politeness.name("h:80", at: start)
    var taken: [Instant] = []
    var now = start
    while now < start + .minutes(10) {
      now = now + .milliseconds(Int64(random.below(400)))
      for _ in 0..<random.below(12) where politeness.allows(host, .regular, at: now) {
        politeness.requested(host, .regular, at: now)
        taken.append(now)
      }
    }
    for first in taken.indices {
      let within = taken[first...].prefix { $0 < taken[first] + .minutes(1) }.count
      #expect(within <= 120 + 120 / 12, "seed \(seed)")
    }
    #expect(taken.count >= 10 * 120 * 95 / 100, "what the budget allows is given")
  }

  @Test(
    "what may wait takes at most half of what a minute brings, and leaves half of what is there")
  func spare() {
    var politeness = Politeness(budget: budget)
    let host = politeness.name("h:80", at: start)
    var spare = 0
    var now = start
    for _ in 0..<6_000 {
      now = now + .milliseconds(100)
      while politeness.allows(host, .spare, at: now) {
        politeness.requested(host, .spare, at: now)
        spare += 1
      }
      do {
        let isAllowed = allowed(&politeness, host, .regular, at: now)
        #expect(isAllowed, "regular runs always find room")
      }
    }
    #expect(spare <= 10 * 60 + 5)
    #expect(spare >= 10 * 60 * 9 / 10)
  }

  @Test("bytes are a debt that is paid before the next request")
  func bytes() {
    var politeness = Politeness(budget: budget)
    let host = politeness.name("h:80", at: start)
    do {
      let isAllowed = allowed(&politeness, host, .regular, at: start)
      #expect(isAllowed)
    }
    politeness.transferred(2 << 20, host)
    do {
      let isAllowed = allowed(&politeness, host, .regular, at: start)
      #expect(!isAllowed)
    }
    do {
      let isAllowed = allowed(&politeness, host, .regular, at: start + .seconds(110))
      #expect(!isAllowed)
    }
    do {
      let isAllowed = allowed(&politeness, host, .regular, at: start + .seconds(116))
      #expect(isAllowed)
    }
  }

  @Test("hosts have budgets of their own; without a budget nothing is refused, and requests count")
  func hosts() {
    var politeness = Politeness(budget: budget)
    let one = politeness.name("one:80", at: start)
    let two = politeness.name("two:80", at: start)
    let again = politeness.name("one:80", at: start)
    #expect(again == one)
    while politeness.allows(one, .regular, at: start) {
      politeness.requested(one, .regular, at: start)
    }
    do {
      let isAllowed = allowed(&politeness, two, .regular, at: start)
      #expect(isAllowed)
    }
    let figures = politeness.figures(at: start)
    #expect(figures.map(\.host) == ["one:80", "two:80"])
    #expect(figures.map(\.requestsLastMinute) == [10, 0])
    #expect(figures.map(\.refused) == [1, 0])
    #expect(politeness.figures(at: start + .seconds(61)).map(\.requestsLastMinute) == [0, 0])
    var none = Politeness()
    let host = none.name("h:80", at: start)
    for _ in 0..<1_000 {
      do {
        let isAllowed = allowed(&none, host, .regular, at: start)
        #expect(isAllowed)
      }
      none.requested(host, .regular, at: start)
    }
    #expect(none.figures(at: start).first?.requestsLastMinute == 1_000)
  }

  @Test(
    "more links than the budget bears: the rest is recorded as skipped, up or down",
    arguments: [true, false])
  func holds(isDown: Bool) {
    let bench = Bench(
      links(40, every: .seconds(10)), attemptsInFlight: 500, politeness: budget)
    bench.network = { _ in isDown ? refused : right }
    bench.advance(by: .minutes(5))
    #expect(bench.transfers.count <= 5 * 120 + 10)
    #expect(bench.transfers.count >= 5 * 120 * 9 / 10)
    let skipped = bench.recorded.count { $0.sample.outcome == .skipped(.politeness) }
    #expect(skipped > 500)
    #expect(bench.engine.figures.skipped[.politeness] == skipped)
    let host = bench.engine.hosts(at: bench.now).first
    #expect(host?.host == "127.0.0.1:80")
    #expect(host?.budget == budget)
    #expect((100...130).contains(host?.requestsLastMinute ?? 0))
    #expect((host?.refused ?? 0) >= skipped)
  }

  @Test("confirmations do not take regular runs their places")
  func confirmations() {
    // 90 regular runs a minute, and each asks for four more.
    let bench = Bench(
      (0..<15).map {
        link(
          "s/c\($0)", [probe(every: .seconds(10), retryEvery: .seconds(1))],
          rules: AlertRules(failures: FailureRule(failures: 64, of: 64)))
      }, attemptsInFlight: 500, politeness: budget)
    bench.network = { _ in refused }
    bench.advance(by: .minutes(5))
    let regular = bench.recorded.filter { !$0.sample.flags.contains(.confirmation) }
    let refusedRuns = regular.count { $0.sample.outcome == .skipped(.politeness) }
    #expect(refusedRuns <= regular.count / 50, "\(refusedRuns) of \(regular.count)")
    #expect(bench.transfers.count <= 5 * 120 + 10)
    let confirmations = bench.recorded.filter { $0.sample.flags.contains(.confirmation) }
    #expect(confirmations.contains { $0.sample.outcome == .skipped(.politeness) })
    #expect(confirmations.contains { $0.sample.outcome == .connect(.refused) })
  }

  @Test("redirects count, against the host that they lead to")
  func redirects() throws {
    let options = HTTPOptions(
      url: try URLParts("http://127.0.0.1/"), redirectLimit: 3, allowsOtherHosts: true)
    var definition = probe(every: .seconds(10))
    definition.options = options
    let bench = Bench([link("s/c", [definition])], politeness: budget)
    let head = Array("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2:81/\r\n".utf8)
    bench.network = {
      $0.url.host == "127.0.0.1" ? TransferResult(status: 302, head: head) : right
    }
    bench.advance(by: .seconds(55))
    let figures = bench.engine.hosts(at: bench.now)
    #expect(figures.map(\.host) == ["127.0.0.1:80", "127.0.0.2:81"])
    #expect(figures[0].requestsLastMinute == figures[1].requestsLastMinute)
    #expect(figures[1].requestsLastMinute >= 5)
  }

  @Test("a second handshake counts; where there is no room for it, the attempt keeps its outcome")
  func optionalHandshake() {
    let tiny = PolitenessBudget(requestsPerMinute: 2, bytesPerMinute: 1 << 20)
    let links = ["a", "b"].map {
      link("s/\($0)", [probe(every: .minutes(10), retryLimit: 0, url: "https://127.0.0.1/\($0)")])
    }
    let bench = Bench(links, politeness: tiny)
    let untrusted = TransferResult(failure: .tls(.unknownIssuer))
    bench.network = { _ in untrusted }
    bench.advance(by: .minutes(12))
    let looks = bench.transfers.filter { $0.transfer.purpose == .handshake }
    #expect(!looks.isEmpty)
    #expect(looks.allSatisfy { $0.transfer.isOptional })
    let outcomes = bench.recorded.map(\.sample.outcome)
    #expect(outcomes.contains(.tls(.unknownIssuer)))
    #expect(bench.transfers.count < outcomes.count { $0 == .tls(.unknownIssuer) } * 2)
    #expect(bench.engine.inFlightCount == 0)
  }

  @Test("further addresses of a name count too, and end the attempt when the budget is spent")
  func addresses() {
    let tiny = PolitenessBudget(requestsPerMinute: 2, bytesPerMinute: 1 << 20)
    let bench = Bench(
      [link("s/c", [probe(every: .minutes(10), url: "http://name.example/")])], politeness: tiny)
    bench.network = { _ in refused }
    while bench.lookups.isEmpty { bench.advance(by: .seconds(1)) }
    bench.engine.deliver(
      .resolved(addresses: ["127.0.0.1", "127.0.0.2", "127.0.0.3"], took: .zero),
      to: bench.lookups[0].token, at: bench.now)
    bench.take()
    bench.advance(by: .seconds(1))
    #expect(bench.transfers.count == 2)
    #expect(bench.outcomes("s/c http").contains(.skipped(.politeness)))
    #expect(bench.engine.inFlightCount == 0)
    #expect(bench.engine.hosts(at: bench.now).map(\.host) == ["name.example:80"])
  }

  @Test("a trial leaves the last half to the regular runs and says why it was not made")
  func trials() throws {
    let bench = Bench(links(1, every: .minutes(10)), politeness: budget)
    bench.network = { _ in right }
    var outcomes: [Outcome] = []
    for id in 1...10 {
      let started = bench.engine.startTrial(LinkID("s/c0")!, id: UInt64(id), at: bench.now)
      #expect(started)
      bench.take()
      outcomes += bench.trials.last?.attempts.map(\.sample.outcome) ?? []
    }
    #expect(outcomes.contains(.ok))
    #expect(outcomes.last == .skipped(.politeness))
    #expect(bench.trials.last?.attempts.first?.steps.isEmpty == false)
    #expect(bench.transfers.count == 5)
  }

  @Test("a reload keeps what hosts have been asked; another budget begins anew")
  func reload() {
    let bench = Bench(links(40, every: .seconds(10)), attemptsInFlight: 500, politeness: budget)
    bench.network = { _ in right }
    bench.advance(by: .minutes(2))
    let before = bench.engine.hosts(at: bench.now)
    bench.engine.load(
      links(40, every: .seconds(10)).reversed(), politeness: budget, at: bench.now)
    bench.take()
    #expect(bench.engine.hosts(at: bench.now) == before)
    let count = bench.transfers.count
    bench.advance(by: .seconds(30))
    #expect(bench.transfers.count - count <= 60 + 10)
    bench.engine.load(links(40, every: .seconds(10)), politeness: nil, at: bench.now)
    bench.take()
    let free = bench.transfers.count
    bench.advance(by: .minutes(1))
    #expect(bench.transfers.count - free >= 239)
  }

  @Test("links whose regular runs alone exceed the budget are told at the load")
  func warned() throws {
    let bench = Bench(
      links(40, every: .seconds(10)) + [link("other/c", [probe(url: "http://127.0.0.9/")])],
      politeness: budget)
    bench.run()
    let warnings = bench.logs.filter { $0.level == .warning }.map(\.message)
    #expect(warnings.count == 1)
    let warning = try #require(warnings.first)
    for part in [
      "127.0.0.1:80", "40 links", "s/c0", "240 requests a minute", "the budget is 120",
      "politeness.requestsPerMinute to 240", "\"every\"",
    ] { #expect(warning.contains(part), "\(part): \(warning)") }
  }
}
