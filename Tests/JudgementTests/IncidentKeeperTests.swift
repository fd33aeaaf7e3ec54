import Base
import Model
import Testing

@testable import Judgement

struct IncidentKeeperTests {
  private let link = LinkID(service: "land-database", consumer: "ha-noi")
  private let name = LocalizedName(en: "Land database", vi: "CSDL đất đai")

  private func findings(
    _ raised: [(RuleKind, String)], probe: String = "http", isRequired: Bool = true,
    evidence: String = "as seen"
  ) -> ProbeFindings {
    ProbeFindings(
      probe: probe, isRequired: isRequired,
      raised: raised.map {
        RaisedRule(rule: $0.0, since: testTime, evidence: evidence, cause: $0.1)
      })
  }

  @Test("an incident opens, changes and ends under one id, counted up by one")
  func life() throws {
    var keeper = IncidentKeeper(seed: 1)
    let down = [findings([(.failures, "connect.refused")])]
    let first = keeper.update(link, name: name, findings: down, at: testTime)
    let opened = try #require(first)
    #expect(opened.sequence == 1)
    #expect(opened.status == .open)
    #expect(opened.severity == .critical)
    #expect(opened.summary == "land-database/ha-noi is down: as seen (Land database)")
    #expect(opened.conditions.map(\.rule) == [.failures])
    #expect(keeper.openIncident(of: link) == opened)

    let same = keeper.update(link, name: name, findings: down, at: testTime + .seconds(1))
    #expect(same == nil, "nothing new is not told")

    let more = [findings([(.failures, "connect.refused"), (.errorRate, "connect.refused")])]
    let second = keeper.update(link, name: name, findings: more, at: testTime + .seconds(2))
    let changed = try #require(second)
    #expect(changed.id == opened.id)
    #expect(changed.sequence == 2)
    #expect(changed.openedAt == testTime)
    #expect(changed.updatedAt == testTime + .seconds(2))

    let third = keeper.update(
      link, name: name, findings: [findings([])], at: testTime + .seconds(250))
    let ended = try #require(third)
    #expect(ended.id == opened.id)
    #expect(ended.sequence == 3)
    #expect(ended.status == .resolved)
    #expect(ended.resolvedAt == testTime + .seconds(250))
    #expect(ended.conditions.isEmpty)
    #expect(ended.summary == "land-database/ha-noi recovered after 4m 10s: Land database")
    #expect(keeper.openCount == 0)

    let again = keeper.update(link, name: name, findings: down, at: testTime + .seconds(300))
    #expect(again?.sequence == 1)
    #expect(again?.id != opened.id, "a new failure is a new incident")
  }

  @Test(
    "how bad it is",
    arguments: [
      ([(RuleKind.failures, "a")], true, Severity.critical, "a required probe fails"),
      ([(.failures, "a")], false, .warning, "an optional one does"),
      ([(.errorRate, "a")], true, .warning, "too many errors"),
      ([(.latency, "slow")], true, .warning, "too slow"),
      ([(.latency, "slow"), (.failures, "a")], true, .critical, "the worst counts"),
    ])
  func severities(
    raised: [(RuleKind, String)], isRequired: Bool, severity: Severity, reason: String
  ) {
    var keeper = IncidentKeeper(seed: 1)
    let told = keeper.update(
      link, name: name, findings: [findings(raised, isRequired: isRequired)], at: testTime)
    #expect(told?.severity == severity, "\(reason)")
  }

  @Test(
    "what is worth another message",
    arguments: [
      ([(RuleKind.failures, "a")], "other figures", false, "the same with other figures is not"),
      ([(.failures, "b")], "as seen", true, "another cause is"),
      ([(.failures, "a"), (.latency, "slow")], "as seen", true, "one more rule is"),
      ([(.errorRate, "a")], "as seen", true, "another rule is"),
    ])
  func meaning(raised: [(RuleKind, String)], evidence: String, isTold: Bool, reason: String) {
    var keeper = IncidentKeeper(seed: 1)
    _ = keeper.update(link, name: name, findings: [findings([(.failures, "a")])], at: testTime)
    let told = keeper.update(
      link, name: name, findings: [findings(raised, evidence: evidence)], at: testTime)
    #expect((told != nil) == isTold, "\(reason)")
  }

  @Test("the probes of a link share one incident")
  func severalProbes() {
    var keeper = IncidentKeeper(seed: 1)
    let told = keeper.update(
      link, name: name,
      findings: [
        findings([(.latency, "slow")], probe: "page"),
        findings([(.failures, "tls.expired")], probe: "api", isRequired: false),
      ], at: testTime)
    #expect(told?.conditions.map(\.probe) == ["page", "api"])
    #expect(told?.severity == .warning)
    #expect(keeper.openCount == 1)
  }

  @Test("an incident of an earlier run goes on under its id and number")
  func restore() {
    var earlier = IncidentKeeper(seed: 1)
    let opened = earlier.update(
      link, name: name, findings: [findings([(.failures, "a")])], at: testTime)
    guard let opened else { return #expect(opened != nil) }
    var keeper = IncidentKeeper(seed: 2)
    keeper.restore(opened)
    #expect(
      keeper.update(link, name: name, findings: [findings([(.failures, "a")])], at: testTime)
        == nil)
    let ended = keeper.update(link, name: name, findings: [], at: testTime + .seconds(1))
    #expect(ended?.id == opened.id)
    #expect(ended?.sequence == 2)
  }

  @Test("a link that is no longer watched ends its incident, once")
  func drop() {
    var keeper = IncidentKeeper(seed: 1)
    _ = keeper.update(link, name: name, findings: [findings([(.failures, "a")])], at: testTime)
    let told = keeper.drop(link, reason: "is no longer watched", at: testTime + .seconds(59))
    #expect(told?.status == .resolved)
    #expect(told?.summary == "land-database/ha-noi is no longer watched after 59s")
    #expect(keeper.drop(link, reason: "is no longer watched", at: testTime) == nil)
  }

  @Test("open incidents are listed oldest first, whatever the order of their links")
  func order() {
    var keeper = IncidentKeeper(seed: 1)
    for index in [5, 2, 9, 1, 7] {
      _ = keeper.update(
        LinkID(service: "s\(index)", consumer: "c"), name: name,
        findings: [findings([(.failures, "a")])], at: testTime + .seconds(Int64(index)))
    }
    #expect(keeper.open.map { $0.links[0].service } == ["s1", "s2", "s5", "s7", "s9"])
  }

  @Test("ids have the form that files and receivers rely on, and differ between runs")
  func ids() {
    var ids: Set<String> = []
    for seed in 0..<4 {
      var keeper = IncidentKeeper(seed: UInt64(seed))
      for index in 0..<50 {
        let told = keeper.update(
          LinkID(service: "s\(index)", consumer: "c"), name: name,
          findings: [findings([(.failures, "a")])], at: testTime)
        let id = told?.id ?? ""
        #expect(id.hasPrefix("inc-") && id.utf8.count == 24)
        #expect(id.dropFirst(4).allSatisfy { "0123456789abcdefghjkmnpqrstvwxyz".contains($0) })
        ids.insert(id)
      }
    }
    #expect(ids.count == 200)
  }

  @Test("hostile evidence cannot act on the screen that shows the summary")
  func hostile() {
    var keeper = IncidentKeeper(seed: 1)
    let told = keeper.update(
      link, name: LocalizedName(en: "a\u{1B}[2J", vi: ""),
      findings: [findings([(.failures, "a")], evidence: "x\u{202E}y\n")], at: testTime)
    #expect(
      told?.summary == "land-database/ha-noi is down: x\\u{202e}y\\n (a\\u{1b}[2J)")
  }

  @Test(
    "lengths of time in words",
    arguments: [
      (-5, "0s"), (0, "0s"), (59, "59s"), (60, "1m 0s"), (3_599, "59m 59s"), (3_600, "1h 0m"),
      (86_399, "23h 59m"), (86_400, "1d 0h"), (90_061, "1d 1h"),
    ] as [(Int64, String)])
  func lengths(seconds: Int64, text: String) {
    #expect(printableLength(.seconds(seconds)) == text)
  }
}
