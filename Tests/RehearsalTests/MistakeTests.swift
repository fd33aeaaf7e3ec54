import Base
import Model
import Testing

@testable import Rehearsal

@Suite("Mistakes in files of rehearsals") struct MistakeTests {
  /// What stands between the braces of the only rehearsal, and the complaint of it, with its place.
  static let mistakes: [(text: String, complaint: String)] = [
    (
      #"length: "1h", expected: [], sample: []"#, #"1:57: rehearsals[0]: unknown key "sample"; did"#
    ),
    (#"expected: []"#, #"1:16: rehearsals[0]: the key "length" is missing"#),
    (#"length: "1h""#, #"1:16: rehearsals[0]: the key "expected" is missing"#),
    (#"length: "40d", expected: []"#, "rehearsals[0].length: expected a duration of at most 31d"),
    (#"length: "1h", start: "soon", expected: []"#, "rehearsals[0].start: expected a time such as"),
    (
      sample(#"links: "civil-registri/hue", outcome: "ok""#),
      #"samples[0].links: there is no link "civil-registri/hue"; did you mean "civil-registry/hue"?"#
    ),
    (
      sample(#"links: "civil-registry", outcome: "ok""#), "samples[0].links: expected links such as"
    ),
    (
      sample(#"systems: ["taxs"], outcome: "ok""#),
      #"samples[0].systems: no link has the system "taxs"; did you mean "tax"?"#
    ),
    (
      sample(#"systems: ["tax"], owners: ["moj"], outcome: "ok""#),
      "samples[0]: no link is all of that"
    ),
    (sample(#"outcome: "ok""#), #"samples[0]: expected at least one of "links", "services""#),
    (sample(#"links: "*""#), #"samples[0]: expected "outcome", "latency" or both"#),
    (
      sample(#"links: "land-database/da-nang", outcome: "ok""#),
      "samples[0]: none of these links has a probe: they have no endpoint"
    ),
    (
      sample(#"links: "tax/*", probe: "tls", outcome: "ok""#),
      #"samples[0].probe: none of these links has a probe "tls""#
    ),
    (
      sample(#"links: "*", outcome: "connect.refuse""#),
      #"got "connect.refuse"; did you mean "connect.refused"?"#
    ),
    (sample(#"links: "*", outcome: "http.status""#), "samples[0].outcome: expected an outcome"),
    (
      sample(#"links: "*", outcome: "connect.refused 5""#),
      "samples[0].outcome: expected an outcome"
    ),
    (
      sample(#"links: "tax/*", latency: "10s""#),
      #"samples[0].latency: expected less than 10s, when probe "http" gives up"#
    ),
    (
      sample(#"links: "*", outcome: "connect.refused", from: "5m", until: "5m""#),
      #"samples[0].until: expected a time after "from""#
    ),
    (
      sample(#"links: "*", outcome: "connect.refused", until: "2h""#),
      "samples[0].until: expected a duration of at most 1h"
    ),
    (
      sample(#"links: "*", outcome: "connect.refused", on: "5m""#),
      #"samples[0]: expected both "on" and "off", or neither"#
    ),
    (
      #"length: "1h", silences: [{ systems: ["none"], length: "5m", reason: "x" }], expected: []"#,
      "silences[0]: no link is all of that: system none"
    ),
    (
      #"length: "1h", maintenance: [{ systems: ["tax"], length: "5m" }], expected: []"#,
      #"maintenance[0]: the key "reason" is missing"#
    ),
    (expected(#"of: "tax""#), #"expected[0]: the key "pattern" is missing"#),
    (expected(#"pattern: "column", of: "tax""#), "expected[0].pattern: expected one of"),
    (expected(#"pattern: "system""#), #"expected[0]: the key "of" is missing"#),
    (
      expected(#"pattern: "system", of: "taxi""#),
      #"expected[0].of: no incident of pattern "system" can be of "taxi"; did you mean "tax"?"#
    ),
    (expected(#"pattern: "vantage", of: "tax""#), #"expected[0].of: expected no "of""#),
    (
      expected(#"pattern: "system", of: "tax", cause: "connect.refuse""#),
      #"expected[0].cause: expected a cause such as"#
    ),
    (
      expected(#"pattern: "system", of: "tax", hop: "lgsp/huu""#),
      #"expected[0].hop: no incident of pattern "route" can be of "lgsp/huu"; did you mean "lgsp/hue"?"#
    ),
    (
      expected(#"pattern: "system", of: "tax", raisedAfter: "9m", raisedBy: "8m""#),
      #"expected[0].raisedBy: expected a time not before "raisedAfter""#
    ),
    (
      expected(#"pattern: "system", of: "tax", told: false, toldBy: "8m""#),
      #"expected[0].told: expected no "toldAfter" or "toldBy" beside it"#
    ),
    (
      expected(#"pattern: "system", of: "tax", open: true, resolvedBy: "8m""#),
      #"expected[0].open: expected no "resolvedAfter" or "resolvedBy" beside it"#
    ),
  ]

  private static func sample(_ text: String) -> String {
    "length: \"1h\", samples: [{ \(text) }], expected: []"
  }

  private static func expected(_ text: String) -> String {
    "length: \"1h\", expected: [{ \(text) }]"
  }

  @Test("each mistake is told with file, line and column", arguments: mistakes)
  func mistake(_ text: String, _ complaint: String) throws {
    let found = try complaints("{ rehearsals: [{ name: \"x\", \(text) }] }")
    #expect(found.count == 1, "\(found)")
    #expect(found.first?.hasPrefix("rules.json5:1:") ?? false)
    #expect(found.first?.contains(complaint) ?? false, "\(found)")
  }

  @Test("a file that is none, or that has no rehearsals, is told")
  func whole() throws {
    #expect(try complaints("{ rehearsals: [").first?.hasPrefix("rules.json5:1:16:") ?? false)
    #expect(try complaints("[]") == ["rules.json5:1:1: expected an object, got a list"])
    #expect(
      try complaints("{}") == [#"rules.json5:1:1: the key "rehearsals" is missing"#])
  }

  @Test("what would take too long is refused, with the bound")
  func bounds() throws {
    let month = #"{ name: "x", length: "31d", expected: [] },"#
    // 17 probes, most of them once a minute.
    let found = try complaints(
      "{ rehearsals: [\(String(repeating: month, count: 20))] }")
    #expect(found.count == 1 && found[0].contains("expected at most 10000000 attempts"), "\(found)")
    let many = String(repeating: #"{ name: "x", length: "1h", expected: [] },"#, count: 201)
    #expect(
      try complaints("{ rehearsals: [\(many)] }").first?
        .contains("expected at most 200 rehearsals, got 201") ?? false)
    let samples = String(repeating: #"{ links: "*", outcome: "ok" },"#, count: 201)
    #expect(
      try complaints(
        "{ rehearsals: [{ name: \"x\", length: \"1h\", samples: [\(samples)], expected: [] }] }"
      ).first?.contains("samples: expected at most 200 entries, got 201") ?? false)
  }

  @Test("a file names its configuration as seen from its own directory")
  func configuration() {
    let bytes = Array(#"{ config: "../linkhealth.json5", rehearsals: [] }"#.utf8)
    #expect(
      rehearsalConfiguration(bytes, file: "/etc/linkhealth/rules/a.json5")
        == "/etc/linkhealth/rules/../linkhealth.json5")
    #expect(rehearsalConfiguration(Array("{}".utf8), file: "a.json5") == nil)
  }
}
