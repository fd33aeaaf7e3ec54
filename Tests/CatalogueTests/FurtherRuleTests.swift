import Base
import Model
import Testing
import Wire

@testable import Catalogue

@Suite("Further alert rules")
struct FurtherRuleTests {
  static let cases: [KeyCase] = [
    .good("alert", #"alert: { failures: { raise: "3 of 5", severity: "warning" } },"#),
    .good("alert", #"alert: { failures: { raise: "3 of 5", clearAfter: "5m" } },"#),
    .good(
      "alert",
      #"alert: { failures: { raise: "3 of 5", raiseAfter: "2m", clearAfter: { attempts: 3, time: "5m" } } },"#
    ),
    .bad(
      "alert", #"alert: { failures: { raise: "3 of 5", severity: "notice" } },"#, at: #""notice""#,
      "alert.failures.severity", #"expected one of "warning", "critical""#),
    .bad(
      "alert", #"alert: { failures: { raise: "3 of 5", clearAfter: { attempts: 65 } } },"#,
      at: "65", "alert.failures.clearAfter.attempts", "from 1 to 64"),
    .bad(
      "alert", #"alert: { failures: { raise: "3 of 5", clearAfter: "25h" } },"#, at: #""25h""#,
      "alert.failures.clearAfter", "at most 1d"),
    .bad(
      "alert", #"alert: { errorRate: { raise: "20% over 15m", raiseAfter: 5 } },"#, at: "5 }",
      "alert.errorRate.raiseAfter", "a duration"),
    .good("alert", #"alert: { warnings: { severity: "critical", clearAfter: "1h" } },"#),
    .bad(
      "alert", #"alert: { warnings: "off" },"#, at: #""off""#, "alert.warnings",
      "expected an object"),
    .good("alert", #"alert: { expiry: { warn: ["30d", "7d"], critical: "3d" } },"#),
    .good("alert", #"alert: { expiry: { warn: [] } },"#),
    .bad(
      "alert", #"alert: { expiry: { warn: ["30d", "12h"] } },"#, at: #"["30d""#,
      "alert.expiry.warn", "whole days"),
    .bad(
      "alert", #"alert: { expiry: { critical: "soon" } },"#, at: #""soon""#,
      "alert.expiry.critical", #"got "soon""#),
    .good("alert", #"alert: { ownPast: "p95 over 2 times over 15m" },"#),
    .good(
      "alert",
      #"alert: { ownPast: { raise: "p50 over 1.5 times over 1h", clear: "1.2 times", floor: "1s", weeks: 8, minimumPast: 20 } },"#
    ),
    .bad(
      "alert", #"alert: { ownPast: "p95 over 1 times over 15m" },"#, at: #""p95"#, "alert.ownPast",
      "1.1 to 100 times"),
    .bad(
      "alert", #"alert: { ownPast: { raise: "p95 over 2 times over 15m", clear: "3 times" } },"#,
      at: #""3 times""#, "alert.ownPast.clear", #""1 times" to "2 times""#),
    .bad(
      "alert", #"alert: { ownPast: { raise: "p95 over 2 times over 15m", weeks: 9 } },"#, at: "9 }",
      "alert.ownPast.weeks", "from 1 to 8"),
    .good("alert", #"alert: { burnRate: "99.95%" },"#),
    .good(
      "alert",
      #"alert: { burnRate: { objective: "99%", pairs: [{ raise: "10 times over 2h and 10m", severity: "critical" }] } },"#
    ),
    .bad(
      "alert", #"alert: { burnRate: "100%" },"#, at: #""100%""#, "alert.burnRate",
      "within 50% to 99.999%"),
    .bad(
      "alert", #"alert: { burnRate: "99.99999%" },"#, at: #""99"#, "alert.burnRate",
      #"such as "99.5%""#),
    .bad(
      "alert",
      #"alert: { burnRate: { objective: "99%", pairs: [{ raise: "10 times over 5m and 1h" }] } },"#,
      at: #""10 times"#, "alert.burnRate.pairs[0].raise", "the longer window first"),
    .bad(
      "alert", #"alert: { burnRate: { objective: "99%", severity: "critical" } },"#,
      at: "severity", "alert.burnRate", "unknown key"),
    .good("alert", #"alert: { noData: "off", flapping: "off" },"#),
    .good("alert", #"alert: { noData: { raise: "10 intervals", severity: "critical" } },"#),
    .bad(
      "alert", #"alert: { noData: "3 intervals" },"#, at: #""3 "#, "alert.noData",
      "within 4 to 1000"),
    .good("alert", #"alert: { flapping: { raise: "10 changes over 2h", clear: 0 } },"#),
    .bad(
      "alert", #"alert: { flapping: "2 changes over 1h" },"#, at: #""2 "#, "alert.flapping",
      "within 3 to 32 changes"),
    .bad(
      "alert", #"alert: { flapping: { raise: "4 changes over 1h", clear: 4 } },"#, at: "4 }",
      "alert.flapping.clear", "from 0 to 3"),
    .good("alerts", #"alerts: { "ha-noi": { failures: "5 of 10" } },"#),
    .bad(
      "alerts", #"alerts: { "ha-nio": { failures: "5 of 10" } },"#, at: "{ failures",
      #"alerts.ha-nio"#, #"did you mean "ha-noi"?"#),
    .bad(
      "alerts", #"alerts: { hue: { failures: "6 of 5" } },"#, at: #""6 of"#, "alerts.hue.failures",
      #"such as "3 of 5""#),
  ]

  @Test("each form of a rule is read, or complained of at its place", arguments: cases)
  func form(_ row: KeyCase) {
    let (text, line) = object(plainService, row.key, row.text)
    row.expect(load(text).complaints, file: "services/a.json5", line: line)
  }

  private func rules(_ alert: String) -> AlertRules? {
    load(object(plainService, "alert", "alert: \(alert),").text).links?.first?.alert
  }

  @Test("what is written holds, and what is not has its usual value")
  func values() throws {
    let holds = try #require(
      rules(#"{ failures: { raise: "3 of 5", raiseAfter: "2m", clearAfter: "5m" } }"#))
    #expect(
      holds.failures
        == FailureRule(
          failures: 3, of: 5, clearAfter: 2,
          grade: RuleGrade(.critical, raiseAfter: .minutes(2), clearAfter: .minutes(5))))
    let past = try #require(rules(#"{ ownPast: "p95 over 2 times over 15m" }"#)?.ownPast)
    #expect(past.raiseTenths == 20 && past.clearTenths == 15)
    #expect(past.floor == .milliseconds(500) && past.weeks == 4 && past.minimumSamples == 10)
    let burn = try #require(rules(#"{ burnRate: "99.95%" }"#)?.burnRate)
    #expect(burn.objectiveMillionths == 999_500 && burn.budgetMillionths == 500)
    #expect(burn.pairs == BurnRateRule.standardPairs)
    #expect(burn.pairs.map(\.factorTenths) == [144, 60, 10])
    #expect(rules("{}")?.noData == .standard && rules("{}")?.flapping == .standard)
    let off = try #require(rules(#"{ noData: "off", flapping: "off" }"#))
    #expect(off.noData == nil && off.flapping == nil)
  }

  @Test("a burn rate whose longest window holds too few attempts is a mistake")
  func rareProbe() {
    let text = object(
      plainService, "probes",
      #"probes: [{ kind: "tcp", target: "h.invalid:80", every: "12h" }], alert: { burnRate: "99%" },"#
    ).text
    let complaints = load(text).complaints.list.map(\.description)
    #expect(complaints.count == 1)
    #expect(
      complaints.first?.contains(
        "runs every 12h, only 6 attempts fall within 3d, and 10 are needed")
        == true)
  }

  @Test("pairs that are critical come first, whatever their order in the file")
  func order() throws {
    let burn = try #require(
      rules(
        """
        { burnRate: { objective: "99%", pairs: [
          { raise: "1 times over 3d and 6h" },
          { raise: "10 times over 2h and 10m", severity: "critical" }] } }
        """)?.burnRate)
    #expect(burn.pairs.map(\.severity) == [.critical, .warning])
  }

  private static let system = """
    { system: "civil", owner: "moj",
      alert: { latency: "p95 over 1s over 15m", errorRate: "10% over 15m",
        failures: "2 of 4" },
      services: [
        { service: "birth", consumers: "provinces", alert: { errorRate: "30% over 15m" },
          alerts: { hue: { failures: "7 of 9" } },
          probes: [{ kind: "tcp", target: "h.invalid:80" }] },
        { service: "death", consumers: "provinces",
          probes: [{ kind: "tcp", target: "h.invalid:80" }] } ] }
    """

  private func catalogue(_ organisations: String) throws -> [Link] {
    let loaded = loadConfiguration(
      "linkhealth.json5",
      memory([
        "linkhealth.json5": """
        { catalogue: ["c"], defaults: { alert: {
            failures: "9 of 9", latency: "p50 over 9s over 15m", noData: "9 intervals" } } }
        """,
        "c/systems/a.json5": Self.system, "c/provinces.json": threeProvinces,
        "c/organisations.json5": organisations,
      ]))
    #expect(loaded.complaints.list.map(\.description) == [])
    return try #require(loaded.configuration?.links)
  }

  @Test("a link's rules go before its service's, its owner's, its system's and the defaults")
  func inheritance() throws {
    let links = try catalogue(
      #"{ moj: { name: { en: "J" }, alert: { latency: "p95 over 2s over 15m" } } }"#)
    func rules(_ id: String) throws -> AlertRules {
      try #require(links.first { "\($0.id)" == id }?.alert)
    }
    let plain = try rules("death/hue")
    #expect(plain.noData?.intervals == 9, "the defaults")
    #expect(plain.failures.failures == 2, "the system")
    #expect(plain.errorRate?.raisePermille == 100, "the system")
    #expect(plain.latency?.raiseAbove == .seconds(2), "the owner goes before the system")
    #expect(try rules("birth/ha-noi").errorRate?.raisePermille == 300, "the service")
    #expect(try rules("birth/hue").failures.failures == 7, "the link")
    #expect(try rules("birth/hue").errorRate?.raisePermille == 300, "the rest is the service's")
    #expect(try rules("birth/ha-noi").failures.failures == 2)
  }

  @Test("the place that decides is told, and an owner's change is a change of its links")
  func places() throws {
    let links = try catalogue(
      #"{ moj: { name: { en: "J" }, alert: { latency: "p95 over 2s over 15m" } } }"#)
    let hue = try #require(links.first { "\($0.id)" == "birth/hue" })
    let places = Dictionary(
      uniqueKeysWithValues: effectiveSettings(of: hue).map {
        ($0.key, $0.location.map { "\($0)" } ?? "built in")
      })
    #expect(places["alert.failures"] == "c/systems/a.json5:6:34")
    #expect(places["alert.errorRate"] == "c/systems/a.json5:5:69")
    #expect(places["alert.latency"] == "c/organisations.json5:1:47")
    #expect(places["alert.noData"] == "linkhealth.json5:2:66")
    #expect(!places.keys.contains { $0.hasPrefix("alerts") })
    let others = try catalogue(#"{ moj: { name: { en: "J" } } }"#)
    #expect(zip(links, others).allSatisfy { $0.fingerprint != $1.fingerprint })
  }

  @Test("probes warn of certificates by the steps of the alert, unless they have their own")
  func expiry() throws {
    func steps(_ alert: String, _ probe: String) throws -> String? {
      let text = object(
        plainService, "probes",
        #"alert: \#(alert), probes: [{ kind: "tls", target: "h.invalid:443" \#(probe) }],"#
      ).text
      let loaded = load(text)
      #expect(loaded.complaints.list.map(\.description) == [])
      let link = try #require(loaded.links?.first)
      return effectiveSettings(of: link).first { $0.key == "probes[0].warn" }?.value
    }
    #expect(try steps("{}", "") == "30d, 14d, 7d")
    #expect(try steps(#"{ expiry: { critical: "3d" } }"#, "") == "30d, 14d, 7d, 3d")
    #expect(
      try steps(#"{ expiry: { warn: ["60d", "20d"], critical: "5d" } }"#, "")
        == "60d, 20d, 5d")
    #expect(
      try steps(#"{ expiry: { warn: ["60d"], critical: "5d" } }"#, #", warn: ["10d"]"#)
        == "10d, 5d")
  }
}
