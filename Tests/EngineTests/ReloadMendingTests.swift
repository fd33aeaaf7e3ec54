import Base
import Judgement
import Model
import Probes
import Testing
import Wire

@testable import Engine

private func watched(_ failures: Int = 3, every: TimeAmount = .seconds(60)) -> Link {
  var link = link(
    "civil/hue", [probe(every: every)],
    rules: AlertRules(failures: FailureRule(failures: failures, of: 5)))
  link.fingerprint = stableHash("\(failures) \(every)")
  return link
}

private func tokenLink(path: String, host: String = "issuer.example") throws -> Link {
  let definition = ProbeDefinition(
    name: "oauth2", kind: "oauth2", every: .minutes(30), timeout: .seconds(10),
    options: OAuth2Options(
      url: try URLParts("http://\(host)\(path)"), transfer: TransferSettings()))
  var link = link("token/lgsp", [definition])
  link.role = .token
  link.fingerprint = stableHash(path)
  return link
}

private func user(every: TimeAmount = .seconds(60)) throws -> Link {
  link(
    "civil/hue",
    [
      ProbeDefinition(
        name: "http", kind: "http", every: every, timeout: .seconds(10),
        options: HTTPOptions(
          url: try URLParts("http://127.0.0.1/"),
          transfer: TransferSettings(authentication: .token("lgsp"))))
    ])
}

private let issued = TransferResult(
  status: 200,
  body: Array(#"{"access_token":"t","token_type":"Bearer","expires_in":3600}"#.utf8))

@Suite("What a reload must not lose") struct ReloadMendingTests {
  @Test("a changed rule leaves state and attempts as they are, and holds for them at once")
  func changedRule() {
    let bench = Bench([watched()])
    bench.network = { _ in right }
    bench.advance(by: .minutes(5))
    #expect(bench.state == .up)
    bench.engine.load([watched(2)], at: bench.now)
    bench.take()
    #expect(bench.state == .up, "nothing was seen that would make it unknown")
    #expect(bench.engine.probes[0].judge.bits.count > 0)
  }

  @Test("a link that is down stays down, and its incident open, when a rule changes")
  func changedRuleWhileDown() {
    let bench = Bench([watched()])
    bench.network = { _ in wrong }
    bench.advance(by: .minutes(5))
    #expect(bench.state == .down)
    bench.engine.load([watched(2)], at: bench.now)
    bench.take()
    #expect(bench.state == .down)
    #expect(bench.told.map(\.status).last == .open)
  }

  @Test(
    "a sample that is on its way to the disk does not count for an address that a reload brings")
  func sampleOfFormerAddress() {
    func sending(to url: String) -> Link {
      var definition = probe(url: url)
      definition.checkFingerprint = stableHash(url)
      var link = link(
        "civil/hue", [definition], rules: AlertRules(failures: FailureRule(failures: 1, of: 1)))
      link.fingerprint = stableHash(url)
      return link
    }
    let bench = Bench([sending(to: "http://127.0.0.1/")])
    bench.writesAtOnce = false
    bench.network = { $0.url.host == "127.0.0.1" ? wrong : right }
    while bench.writes.isEmpty { bench.advance(by: .milliseconds(100)) }
    bench.engine.load([sending(to: "http://127.0.0.2/")], at: bench.now)
    bench.take()
    bench.written(through: bench.engine.recording.group - 1)
    #expect(bench.engine.probes[0].judge.bits.count == 0)
    #expect(bench.state == .unknown)
    #expect(bench.told.isEmpty)
    bench.writesAtOnce = true
    bench.advance(by: .minutes(2))
    #expect(bench.state == .up)
  }

  @Test(
    "a trouble that has passed and that no evaluation has seen yet is an incident over a reload")
  func unseenTrouble() {
    let rules = AlertRules(failures: FailureRule(failures: 1, of: 1, clearAfter: 1))
    func watched(_ id: String, _ system: String, every: TimeAmount) -> Link {
      let url = "http://127.0.0.1/\(id)"
      var link = link(
        id, [probe(every: every, retryEvery: .milliseconds(200), url: url)], rules: rules)
      link.system = system
      link.owner = system
      return link
    }
    // So many are down that not each that ends has an evaluation of its own.
    let links =
      ["one/hue", "two/hue"].map { watched($0, $0, every: .milliseconds(400)) }
      + (0..<Limits.hurriedBadLinks).map { watched("wall/c\($0)", "wall", every: .minutes(1)) }
    let bench = Bench(links)
    bench.network = { $0.url.target.hasPrefix("/wall/") ? wrong : right }
    bench.advance(by: .minutes(2))
    bench.writesAtOnce = false
    // One fails and recovers, then the other does, and the disk takes all of it at once.
    var ones = 0
    var twos = 0
    bench.network = { transfer in
      if transfer.url.target.hasPrefix("/wall/") { return wrong }
      if transfer.url.target == "/one/hue" {
        ones += 1
        return ones == 1 ? wrong : right
      }
      guard ones > 1 else { return right }
      twos += 1
      return twos == 1 ? wrong : right
    }
    while twos < 2 { bench.advance(by: .milliseconds(100)) }
    bench.advance(by: .milliseconds(200))
    bench.written(through: bench.engine.recording.group - 1)
    let unseen = LinkID("two/hue")!
    #expect(!bench.versions.contains { $0.links.contains(unseen) })
    bench.engine.load(links, at: bench.now)
    bench.writesAtOnce = true
    bench.written(through: bench.engine.recording.group - 1)
    bench.advance(by: .minutes(1))
    let two = bench.versions.filter { $0.links.contains(unseen) }
    #expect(two.map(\.status).last == .resolved)
  }

  @Test("another interval keeps what was seen too")
  func changedInterval() {
    let bench = Bench([watched()])
    bench.network = { _ in right }
    bench.advance(by: .minutes(5))
    bench.engine.load([watched(3, every: .seconds(30))], at: bench.now)
    bench.take()
    #expect(bench.state == .up)
  }

  @Test("a token's fetch that the budget ends is no fetch any more: the next user starts another")
  func fetchWithoutBudget() throws {
    // Two exchanges a minute at first, one for each address of the name: the second is refused.
    let bench = Bench(
      [try tokenLink(path: "/token"), try user()],
      politeness: PolitenessBudget(requestsPerMinute: 12, bytesPerMinute: 1 << 20))
    bench.network = {
      $0.url.host == "issuer.example" ? TransferResult(failure: .connect(.refused)) : right
    }
    for _ in 0..<60 {
      bench.advance(by: .seconds(10))
      for lookup in bench.lookups.suffix(1) {
        bench.engine.deliver(
          .resolved(addresses: ["127.0.0.1", "127.0.0.2", "127.0.0.3"], took: .zero),
          to: lookup.token, at: bench.now)
        bench.take()
      }
    }
    bench.network = { $0.url.host == "issuer.example" ? issued : right }
    for _ in 0..<90 {
      bench.advance(by: .seconds(10))
      for lookup in bench.lookups.suffix(1) {
        bench.engine.deliver(
          .resolved(addresses: ["127.0.0.1"], took: .zero), to: lookup.token, at: bench.now)
        bench.take()
      }
    }
    #expect(bench.outcomes("civil/hue http").last == .ok)
  }

  @Test("a reload that takes a token's fetch away starts another for those who wait")
  func fetchTakenAway() throws {
    let bench = Bench([try tokenLink(path: "/token", host: "127.0.0.1"), try user()])
    bench.network = { $0.url.text.contains("token") ? nil : right }
    bench.advance(by: .seconds(61))
    let before = bench.transfers.count { $0.transfer.url.text.contains("/token") }
    #expect(before >= 1, "a fetch is under way")
    bench.network = { $0.url.text.contains("other") ? issued : right }
    bench.engine.load(
      [try tokenLink(path: "/token-other", host: "127.0.0.1"), try user()], at: bench.now)
    bench.take()
    bench.advance(by: .seconds(70))
    #expect(bench.outcomes("civil/hue http").last == .ok)
  }

  @Test("first runs that the budget had no room for are made up soon, not an interval later")
  func earlyRuns() {
    let many = (0..<60).map { link("s/c\($0)", [probe(every: .hours(12))]) }
    let bench = Bench(
      many, politeness: PolitenessBudget(requestsPerMinute: 12, bytesPerMinute: 1 << 20))
    bench.network = { _ in right }
    bench.advance(by: .minutes(15))
    let unknown = many.indices.count { bench.engine.state(of: $0, at: bench.now) == .unknown }
    #expect(unknown == 0)
  }

  @Test("links that would lose all their probes count like links that would go")
  func silenced() {
    func links(_ silent: Int) -> [Link] {
      (0..<9).map { number in
        var link = link("s/c\(number)", number < silent ? [] : [probe()])
        link.fingerprint = number < silent ? 1 : 2
        return link
      }
    }
    let some = ReloadPlan(from: links(0), to: links(3))
    #expect(some.silenced.total == 3 && !some.dropsTooMuch)
    #expect(ReloadPlan(from: links(0), to: links(4)).dropsTooMuch)
    #expect(!ReloadPlan(from: links(4), to: links(4)).dropsTooMuch)
  }
}
