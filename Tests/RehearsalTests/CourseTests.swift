import Base
import Catalogue
import Model
import Testing

@testable import Rehearsal

/// Stories whose incidents are known: they come out as expected, and nothing else occurs.
@Suite("Rehearsals that come out as expected") struct CourseTests {
  static let stories: [(story: String, text: String)] = [
    ("nothing happens", #"length: "30m", expected: []"#),
    (
      "a ministry's system is down for all provinces",
      """
      length: "40m",
      samples: [{ links: "civil-registry/*", from: "5m", until: "20m", outcome: "connect.refused" }],
      expected: [{
        pattern: "system", of: "civil-registry", state: "down", severity: "critical",
        side: "provider", cause: "connect.refused", rule: "failures", links: 4,
        raisedAfter: "5m", toldBy: "8m", resolvedAfter: "20m", resolvedBy: "24m",
      }]
      """
    ),
    (
      "a province's bus is down, and all that passes it",
      """
      length: "40m",
      samples: [
        { routes: "lgsp", provinces: ["hue"], from: "5m", until: "20m", outcome: "connect.timedOut" },
      ],
      expected: [{
        pattern: "route", of: "lgsp/hue", state: "down", side: "hop", hop: "lgsp/hue",
        links: ["civil-registry/hue", "land-database/hue", "tax/hue", "lgsp/hue"],
      }]
      """
    ),
    (
      "a single link is slow",
      """
      length: "1h", latency: "40ms",
      samples: [{ links: ["tax/hue"], from: "5m", until: "30m", latency: "4s" }],
      expected: [{
        pattern: "point", of: "tax/hue", state: "degraded", severity: "warning", cause: "slow",
        rule: "latency", open: false,
      }]
      """
    ),
    (
      "the later of two stretches decides",
      """
      length: "30m",
      samples: [
        { services: ["civil-registry"], outcome: "http.status 503" },
        { services: ["civil-registry"], outcome: "ok" },
      ],
      expected: []
      """
    ),
    (
      "two things fail at once: a column and a row are two incidents",
      """
      length: "30m",
      samples: [
        { links: "*/ha-noi", from: "5m", outcome: "connect.timedOut" },
        { systems: ["tax"], from: "5m", outcome: "http.status 500" },
      ],
      expected: [
        { pattern: "system", of: "tax", cause: "http.status", open: true },
        { pattern: "route", of: "lgsp/ha-noi", open: true },
      ]
      """
    ),
    (
      "the monitor itself is cut off",
      """
      length: "40m",
      samples: [{ links: "*", from: "5m", until: "15m", outcome: "connect.networkUnreachable" }],
      expected: [{ pattern: "vantage", side: "us", toldBy: "8m", resolvedBy: "18m" }]
      """
    ),
    (
      "a link flaps",
      """
      length: "3h",
      samples: [
        { links: "tax/hue", from: "5m", until: "80m", on: "4m", off: "4m", outcome: "connect.refused" },
      ],
      expected: [{ pattern: "point", of: "tax/hue", rule: "flapping", open: false }]
      """
    ),
    (
      "announced work is not told",
      """
      start: "2026-03-02T22:00", length: "1h",
      maintenance: [{ systems: ["tax"], from: "2026-03-02T22:00", length: "50m", reason: "release" }],
      samples: [{ systems: ["tax"], from: "5m", until: "30m", outcome: "http.status 503" }],
      expected: [{ pattern: "system", of: "tax", told: false, resolvedBy: "35m" }]
      """
    ),
    (
      "what a silence hides is not told",
      """
      length: "1h",
      silences: [{ systems: ["tax"], length: "50m", reason: "known" }],
      samples: [{ links: ["tax/hue"], from: "5m", until: "30m", outcome: "http.status 503" }],
      expected: [{ pattern: "point", of: "tax/hue", told: false }]
      """
    ),
    (
      "a share of the attempts fails",
      """
      length: "2h",
      samples: [{ links: ["tax/hue"], from: "5m", until: "1h", share: "90%", outcome: "connect.reset" }],
      expected: [{ pattern: "point", of: "tax/hue", state: "down" }]
      """
    ),
  ]

  @Test("every incident is expected, and every expected one occurs", arguments: stories)
  func good(_ story: String, _ text: String) throws {
    let verdict = try verdict(text)
    #expect(verdict.isGood, "\(story): \(verdict.lines(isVerbose: true).joined(separator: "\n"))")
  }

  @Test("the same file gives the same course, to the identifiers")
  func same() throws {
    let text = """
      length: "40m", expected: [],
      samples: [{ links: "civil-registry/*", from: "5m", share: "50%", outcome: "connect.refused" }],
      """
    let (first, second) = (try verdict(text), try verdict(text))
    #expect(!first.course.occurred.isEmpty)
    #expect(first.lines(isVerbose: true) == second.lines(isVerbose: true))
    #expect(first.course.occurred.map(\.last) == second.course.occurred.map(\.last))
  }

  @Test("with plans a connection that is overdue is an incident of its own; without there is none")
  func plans() throws {
    let overdue = """
      length: "10m", plans: true, start: "2026-03-02T08:00",
      expected: [{
        pattern: "point", of: "health/hue", state: "overdue", cause: "overdue", rule: "overdue",
        severity: "warning", open: true,
      }]
      """
    let verdict = try verdict(overdue)
    #expect(verdict.isGood, "\(verdict.lines(isVerbose: true))")
    #expect(try RehearsalTests.verdict(#"length: "10m", expected: []"#).isGood)
  }

  @Test("that a secret ends soon is no part of a story that does not say so")
  func secretsThatEnd() throws {
    var configuration = try testConfiguration()
    for link in configuration.links.indices {
      for probe in configuration.links[link].probes.indices {
        configuration.links[link].probes[probe].expiringSecret = ExpiringSecret(
          name: "key",
          expiry: SecretExpiry(end: WallTime(milliseconds: 1_000), isCertificate: false))
      }
    }
    let rehearsal = try onlyRehearsal(#"length: "30m", expected: []"#, over: configuration)
    let verdict = Verdict(rehearsal, rehearse(rehearsal, over: configuration))
    #expect(verdict.problems == [])
  }
}
