import Base
import Testing

@testable import Rehearsal

/// The system of one ministry is down from 5m to 20m; what is expected is something else.
@Suite("Rehearsals that do not come out") struct WrongTests {
  private static func column(_ expected: String) -> String {
    """
    length: "40m",
    samples: [{ links: "civil-registry/*", from: "5m", until: "20m", outcome: "http.status 503" }],
    expected: [\(expected)]
    """
  }

  /// The same for all: only what is expected differs.
  private static let course: RehearsalCourse? = {
    guard let configuration = try? testConfiguration(),
      let rehearsal = try? onlyRehearsal(column(""), over: configuration)
    else { return nil }
    return rehearse(rehearsal, over: configuration)
  }()

  private func verdict(_ expected: String) throws -> Verdict {
    let rehearsal = try onlyRehearsal(Self.column(expected), over: testConfiguration())
    return Verdict(rehearsal, try #require(Self.course))
  }

  private static let whole = #"pattern: "system", of: "civil-registry""#

  static let expectations: [(expected: String, message: String)] = [
    ("{ \(whole), state: \"degraded\" }", "state down, expected degraded"),
    ("{ \(whole), severity: \"warning\" }", "severity critical, expected warning"),
    ("{ \(whole), side: \"network\" }", "side provider, expected network"),
    ("{ \(whole), hop: \"lgsp/hue\" }", "hop none, expected lgsp/hue"),
    ("{ \(whole), cause: \"slow\" }", "cause http.status 503, expected slow"),
    ("{ \(whole), cause: \"http.status 500\" }", "cause http.status 503, expected http.status 500"),
    ("{ \(whole), rule: \"latency\" }", "rule failures, expected latency"),
    ("{ \(whole), links: 3 }", "links 4, expected 3"),
    (
      "{ \(whole), links: [\"civil-registry/hue\", \"tax/hue\"] }",
      "links missing from it: tax/hue"
    ),
    ("{ \(whole), links: \"civil-registry/hue\" }", "links not expected in it: civil-registry/"),
    ("{ \(whole), told: false }", "it was told at "),
    ("{ \(whole), raisedAfter: \"10m\" }", ", expected after 10m"),
    ("{ \(whole), raisedBy: \"5m\" }", ", expected by 5m"),
    ("{ \(whole), toldAfter: \"12m\", toldBy: \"14m\" }", ", expected after 12m and by 14m"),
    ("{ \(whole), resolvedBy: \"19m\" }", "resolved at "),
    ("{ \(whole), open: true }", "expected it to be open then"),
    (
      "{ pattern: \"point\", of: \"civil-registry/hue\" }",
      "point civil-registry/hue did not occur; nearest to it: system civil-registry, "
    ),
    ("", "not expected: system civil-registry, "),
    ("{ \(whole) }, { \(whole) }", "system civil-registry did not occur; nothing like it occurred"),
  ]

  @Test("each wrong expectation is told with what was seen", arguments: expectations)
  func wrong(_ expected: String, _ message: String) throws {
    let verdict = try verdict(expected)
    #expect(!verdict.isGood)
    #expect(
      verdict.problems.contains { $0.contains(message) },
      "\(message)\n\(verdict.lines(isVerbose: false).joined(separator: "\n"))")
  }

  @Test("what is expected of an incident is told with the place where it is written")
  func place() throws {
    let verdict = try verdict("{ \(Self.whole), links: 3 }")
    #expect(verdict.problems == ["rules.json5:3:12: system civil-registry: links 4, expected 3"])
  }

  @Test("of one that nobody was told of it is said what kept it quiet")
  func quiet() throws {
    let verdict = try RehearsalTests.verdict(
      """
      length: "30m", silences: [{ systems: ["tax"], length: "1h", reason: "known" }],
      samples: [{ links: ["tax/hue"], from: "5m", outcome: "http.status 503" }],
      expected: [{ pattern: "point", of: "tax/hue" }]
      """)
    #expect(
      verdict.problems.count == 1
        && verdict.problems[0].contains("nobody was told of it: kept quiet by silence"),
      "\(verdict.problems)")
  }

  @Test("one that is open at the end is not resolved")
  func open() throws {
    let verdict = try RehearsalTests.verdict(
      """
      length: "30m", samples: [{ links: ["tax/hue"], from: "5m", outcome: "http.status 503" }],
      expected: [{ pattern: "point", of: "tax/hue", resolvedBy: "20m", open: false }]
      """)
    #expect(
      verdict.problems.map { String($0.drop { $0 != " " }) } == [
        " point tax/hue: it was not resolved, expected by 20m",
        " point tax/hue: still open at the end, expected it to be resolved then",
      ])
  }
}
