import Base
import Model
import Testing

@testable import Judgement

@Suite("What is wrong with a link") struct TroubleKeeperTests {
  private let link = LinkID(service: "land-database", consumer: "ha-noi")

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

  private func trouble(_ probes: [ProbeFindings]) -> LinkTrouble? {
    var keeper = TroubleKeeper()
    _ = keeper.update(link, findings: LinkFindings(probes: probes), at: testTime)
    return keeper[link]
  }

  @Test("it begins with the first rule, changes with others, and ends with the last")
  func life() {
    var keeper = TroubleKeeper()
    let down = LinkFindings(probes: [findings([(.failures, "connect.refused")])])
    #expect(keeper.update(link, findings: down, at: testTime) == .began)
    #expect(keeper[link]?.since == testTime)
    #expect(keeper[link]?.severity == .critical)
    #expect(
      keeper.update(link, findings: down, at: testTime + .seconds(1)) == nil, "nothing is new")
    let more = LinkFindings(
      probes: [findings([(.failures, "connect.refused"), (.errorRate, "connect.refused")])])
    #expect(keeper.update(link, findings: more, at: testTime + .seconds(2)) == .changed)
    #expect(keeper[link]?.since == testTime)
    let well = LinkFindings(probes: [findings([])])
    #expect(
      keeper.update(link, findings: well, at: testTime + .seconds(9))
        == .ended(reason: "recovered"))
    #expect(keeper[link] == nil)
    #expect(keeper.update(link, findings: well, at: testTime) == nil)
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
    #expect(
      trouble([findings(raised, isRequired: isRequired)])?.severity == severity, "\(reason)")
  }

  @Test(
    "what has another meaning",
    arguments: [
      ([(RuleKind.failures, "a")], "other figures", false, "the same with other figures has not"),
      ([(.failures, "b")], "as seen", true, "another cause has"),
      ([(.failures, "a"), (.latency, "slow")], "as seen", true, "one more rule has"),
      ([(.errorRate, "a")], "as seen", true, "another rule has"),
    ])
  func meaning(raised: [(RuleKind, String)], evidence: String, isOther: Bool, reason: String) {
    let first = trouble([findings([(.failures, "a")])])
    let second = trouble([findings(raised, evidence: evidence)])
    #expect((first?.meaning != second?.meaning) == isOther, "\(reason)")
  }

  @Test("the probes of a link share it")
  func severalProbes() {
    let trouble = trouble([
      findings([(.latency, "slow")], probe: "page"),
      findings([(.failures, "tls.expired")], probe: "api", isRequired: false),
    ])
    #expect(trouble?.conditions.map(\.probe) == ["page", "api"])
    #expect(trouble?.severity == .warning)
    #expect(trouble?.first?.probe == "api", "what fails tells more than what is slow")
  }

  @Test("one of an earlier run goes on, and ends when its rules clear")
  func restore() throws {
    let before = try #require(trouble([findings([(.failures, "a")])]))
    var keeper = TroubleKeeper()
    keeper.restore(link, before)
    let same = LinkFindings(probes: [findings([(.failures, "a")])])
    #expect(keeper.update(link, findings: same, at: testTime + .seconds(5)) == nil)
    let well = LinkFindings(probes: [], endReason: "is watched otherwise")
    #expect(
      keeper.update(link, findings: well, at: testTime + .seconds(9))
        == .ended(reason: "is watched otherwise"))
  }

  @Test("ids have the form that files and receivers rely on, and differ between runs")
  func ids() {
    var ids: Set<String> = []
    for seed in 0..<4 {
      var generator = SeededGenerator(seed: UInt64(seed))
      for _ in 0..<50 {
        let id = incidentID(&generator)
        #expect(id.hasPrefix("inc-") && id.utf8.count == 24)
        #expect(id.dropFirst(4).allSatisfy { "0123456789abcdefghjkmnpqrstvwxyz".contains($0) })
        ids.insert(id)
      }
    }
    #expect(ids.count == 200)
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
