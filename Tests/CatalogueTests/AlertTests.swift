import Base
import Model
import Testing
import Wire

@testable import Catalogue

@Suite("Alert rules")
struct AlertTests {
  static let cases: [KeyCase] = [
    .good("alert", #"alert: { failures: "1 of 1" },"#),
    .good("alert", #"alert: { failures: "64 of 64" },"#),
    .bad(
      "alert", #"alert: { failures: "0 of 5" },"#, at: #""0 of 5""#, "alert.failures",
      #"such as "3 of 5""#),
    .bad(
      "alert", #"alert: { failures: "6 of 5" },"#, at: #""6 of 5""#, "alert.failures",
      #"got "6 of 5""#),
    .bad(
      "alert", #"alert: { failures: "3 of 65" },"#, at: #""3 of 65""#, "alert.failures",
      "64 of 64"),
    .bad("alert", "alert: { failures: 3 },", at: "3", "alert.failures", #"such as "3 of 5""#),
    .bad(
      "alert", #"alert: { failures: "off" },"#, at: #""off""#, "alert.failures", #"got "off""#),
    .bad(
      "alert", "alert: { failures: { clearAfter: 2 } },", at: "{ clear", "alert.failures",
      #"the key "raise" is missing"#),
    .bad(
      "alert", #"alert: { failures: { raise: "3 of 5", clearAfter: 0 } },"#, at: "0 }",
      "alert.failures.clearAfter", "from 1 to 64"),
    .bad(
      "alert", #"alert: { failures: { raise: "3 of 5", clear: 2 } },"#, at: "clear",
      "alert.failures", #"unknown key "clear""#),
    .good("alert", #"alert: { errorRate: "off", latency: "off" },"#),
    .good("alert", #"alert: { errorRate: "0.1% over 1s" },"#),
    .good("alert", #"alert: { errorRate: "100% over 1d" },"#),
    .bad(
      "alert", #"alert: { errorRate: "101% over 15m" },"#, at: #""101"#, "alert.errorRate",
      #"such as "20% over 15m""#),
    .bad(
      "alert", #"alert: { errorRate: "0% over 15m" },"#, at: #""0%"#, "alert.errorRate",
      "within 0.1% to 100%"),
    .bad(
      "alert", #"alert: { errorRate: "20% in 15m" },"#, at: #""20%"#, "alert.errorRate",
      #"got "20% in 15m""#),
    .bad(
      "alert", #"alert: { errorRate: "20% over 25h" },"#, at: #""20%"#, "alert.errorRate",
      "over 1s to 1d"),
    .bad(
      "alert", #"alert: { errorRate: { raise: "20% over 15m", clear: "21%" } },"#, at: #""21%""#,
      "alert.errorRate.clear", "at most 20%"),
    .bad(
      "alert", #"alert: { errorRate: { raise: "20% over 15m", clear: "0%" } },"#, at: #""0%""#,
      "alert.errorRate.clear", "at least 0.1%"),
    .bad(
      "alert", #"alert: { errorRate: { raise: "20% over 15m", minimum: 0 } },"#, at: "0 }",
      "alert.errorRate.minimum", "from 1 to 4096"),
    .bad(
      "alert", #"alert: { errorRate: { raise: "20% over 15m", minimum: 16 } },"#, at: "16",
      "alert.errorRate.minimum", "runs every 1m, only 15 attempts fall within 15m"),
    .bad(
      "alert", #"alert: { errorRate: { raise: "off" } },"#, at: #""off""#,
      "alert.errorRate.raise", "expected a rule"),
    .bad(
      "alert", #"alert: { errorRate: { raise: "20% over 15m", minimun: 3 } },"#, at: "minimun",
      "alert.errorRate", #"did you mean "minimum"?"#),
    .good("alert", #"alert: { latency: "p99.9 over 1ms over 1m" },"#),
    .bad(
      "alert", #"alert: { latency: "p100 over 3s over 15m" },"#, at: #""p100"#, "alert.latency",
      "p0.1 to p99.9"),
    .bad(
      "alert", #"alert: { latency: "95 over 3s over 15m" },"#, at: #""95"#, "alert.latency",
      #"such as "p95 over 3s over 15m""#),
    .bad(
      "alert", #"alert: { latency: "p95 over 3s" },"#, at: #""p95"#, "alert.latency",
      #"got "p95 over 3s""#),
    .bad(
      "alert", #"alert: { latency: { raise: "p95 over 3s over 15m", clear: "4s" } },"#,
      at: #""4s""#, "alert.latency.clear", "at most 3s"),
    .bad(
      "alert", #"alert: { latency: { raise: "p95 over 3s over 15m", minimum: 40 } },"#, at: "40",
      "alert.latency.minimum", "could never raise"),
  ]

  @Test("each form of a rule is read, or complained of at its place", arguments: cases)
  func form(_ row: KeyCase) {
    let (text, line) = object(plainService, row.key, row.text)
    row.expect(load(text).complaints, file: "services/a.json5", line: line)
  }

  private func rules(_ alert: String, every: String = "60s") -> AlertRules? {
    let probes =
      "probes: [{ kind: \"http\", every: \"\(every)\", request: { url: \"http://127.0.0.1/\" } }],"
    let text = object(plainService, "probes", "alert: \(alert), \(probes)").text
    return load(text).links?.first?.alert
  }

  @Test("a short form and its long form are one rule")
  func forms() {
    let short =
      #"{ failures: "4 of 6", errorRate: "20% over 15m", latency: "p95 over 3s over 15m" }"#
    let long = """
      { failures: { raise: "4 of 6", clearAfter: 2 },
        errorRate: { raise: "20% over 15m", clear: "10%", minimum: 10 },
        latency: { raise: "p95 over 3s over 15m", clear: "2400ms", minimum: 10 } }
      """
    let expected = AlertRules(
      failures: FailureRule(failures: 4, of: 6, clearAfter: 2),
      errorRate: ErrorRateRule(
        raisePermille: 200, clearPermille: 100, window: .minutes(15), minimumSamples: 10),
      latency: LatencyRule(
        percentilePermille: 950, raiseAbove: .seconds(3), clearBelow: .milliseconds(2_400),
        window: .minutes(15), minimumSamples: 10),
      noData: .standard, flapping: .standard)
    #expect(rules(short) == expected)
    #expect(rules(long) == expected)
  }

  @Test("what is written in the long form holds")
  func longForm() {
    let alert = """
      { failures: { raise: "5 of 8", clearAfter: 7 },
        errorRate: { raise: "12.5% over 1h", clear: "0.5%", minimum: 60 },
        latency: { raise: "p99.9 over 250ms over 10m", clear: "250ms", minimum: 3 } }
      """
    #expect(
      rules(alert)
        == AlertRules(
          failures: FailureRule(failures: 5, of: 8, clearAfter: 7),
          errorRate: ErrorRateRule(
            raisePermille: 125, clearPermille: 5, window: .hours(1), minimumSamples: 60),
          latency: LatencyRule(
            percentilePermille: 999, raiseAbove: .milliseconds(250),
            clearBelow: .milliseconds(250), window: .minutes(10), minimumSamples: 3),
          noData: .standard, flapping: .standard))
  }

  @Test("without a number, a rule waits for no more attempts than its window holds")
  func fittingMinimum() {
    let alert = #"{ errorRate: "20% over 15m" }"#
    #expect(rules(alert, every: "60s")?.errorRate?.minimumSamples == 10)
    #expect(rules(alert, every: "5m")?.errorRate?.minimumSamples == 3)
    #expect(rules(alert, every: "1h")?.errorRate?.minimumSamples == 1)
    #expect(rules(#"{ errorRate: "0.1% over 15m" }"#)?.errorRate?.clearPermille == 1)
  }

  @Test("a service's rules go before the defaults, one by one")
  func defaults() throws {
    func rules(_ alert: String) throws -> AlertRules {
      let service = object(plainService, "alert", "alert: \(alert),").text
      let configuration = """
        { catalogue: ["services"], provinces: "provinces.json", defaults: { alert: {
            failures: "2 of 2", errorRate: { raise: "50% over 1h", minimum: 500 },
            latency: "p50 over 1s over 1h" } } }
        """
      let loaded = loadConfiguration(
        "linkhealth.json5",
        memory([
          "linkhealth.json5": configuration, "services/a.json5": service,
          "provinces.json": threeProvinces,
        ]))
      #expect(loaded.complaints.list.map(\.description) == [])
      return try #require(loaded.configuration?.links.first?.alert)
    }
    let inherited = try rules("{}")
    #expect(inherited.failures == FailureRule(failures: 2, of: 2))
    #expect(inherited.errorRate?.raisePermille == 500)
    #expect(inherited.errorRate?.minimumSamples == 60, "no more than an hour of minutes holds")
    #expect(inherited.latency?.raiseAbove == .seconds(1))
    let own = try rules(#"{ failures: "9 of 9", errorRate: "off" }"#)
    #expect(own.failures == FailureRule(failures: 9, of: 9))
    #expect(own.errorRate == nil)
    #expect(own.latency == inherited.latency)
  }
}
