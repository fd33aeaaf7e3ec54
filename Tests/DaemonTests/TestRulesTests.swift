import Base
import Testing
import Wire

extension DaemonTests {
  /// The program that runs operators' rehearsals, without a daemon.
  @Suite("linkhealthctl test-rules") struct TestRules {
    private let place: Workplace

    init() throws {
      place = try Workplace()
      try place.write(
        "provinces.json",
        #"[{ code: "46", slug: "hue", name_en: "Hue", name_vi: "Huế", agency_code: "H57" }]"#)
      try place.write(
        "linkhealth.json5",
        #"{ catalogue: ["portal.json5"], provinces: "provinces.json", politeness: "off" }"#)
      try place.write(
        "portal.json5",
        """
        {
          service: "portal", system: "portal", owner: "us", consumers: ["national"],
          probes: [{ kind: "tcp", every: "30s", target: "portal.example:443" }],
        }
        """)
    }

    /// A file with one rehearsal, in which the portal is down from 5m to 10m.
    private func rehearsal(_ expected: String, config: String = "linkhealth.json5") -> String {
      """
      { config: "\(config)", rehearsals: [{
        name: "a portal that is down", length: "20m",
        samples: [{ links: "portal/national", from: "5m", until: "10m", outcome: "connect.refused" }],
        expected: [\(expected)],
      }] }
      """
    }

    private func run(_ words: String...) throws -> (code: Int32, output: String) {
      let (end, output) = try ChildProcess.run([Programs.control, "test-rules"] + words)
      guard case .exited(let code) = end else { throw HarnessError("\(end)") }
      return (code, output)
    }

    private static let good = #"{ pattern: "point", of: "portal/national", state: "down" }"#

    @Test("a rehearsal that comes out as expected is told, with the configuration that it names")
    func good() throws {
      let file = try place.write("rules.json5", rehearsal(Self.good))
      let end = try run(file)
      #expect(end.code == 0)
      #expect(
        end.output == "ok     a portal that is down (1 incident)\n1 rehearsal: 1 ok, 0 wrong\n")
    }

    @Test("one that does not come out is told with the reason, and with its incidents if wanted")
    func wrong() throws {
      let file = try place.write(
        "rules/a.json5",
        rehearsal(#"{ pattern: "point", of: "portal/national", told: false }"#, config: "none"))
      let end = try run("--config", "\(place.path)/linkhealth.json5", "--verbose", file)
      #expect(end.code == 1)
      #expect(end.output.hasPrefix("WRONG  a portal that is down\n"), "\(end.output)")
      #expect(
        end.output.contains("\(file):4:14: point portal/national: it was told at "),
        "\(end.output)")
      #expect(end.output.contains("opened as a single link: portal/national"), "\(end.output)")
      let json = try run("--config", "\(place.path)/linkhealth.json5", "--json", file)
      #expect(json.code == 1)
      let root = parseJSON(Array(json.output.utf8), dialect: .json, limits: .catalogue).node
      #expect(root?["ok"]?.bool == false && root?["wrong"]?.int == 1, "\(json.output)")
    }

    @Test(
      "mistakes are told with their places, the good files are run, and the exit code is another")
    func mistakes() throws {
      let file = try place.write("rules.json5", rehearsal(Self.good))
      let other = try place.write("other.json5", rehearsal(#"{ patern: "point" }"#))
      let end = try run(other, file)
      #expect(end.code == 78)
      #expect(end.output.contains("\(other):4:16: rehearsals[0].expected[0]: unknown key"))
      #expect(end.output.contains("1 ok, 0 wrong"), "\(end.output)")
      let lost = try place.write("lost.json5", rehearsal(Self.good, config: "none.json5"))
      let missing = try run(lost)
      #expect(missing.code == 78)
      #expect(missing.output.contains("cannot read \(place.path)/none.json5"), "\(missing.output)")
      #expect(try run().code == 64)
      #expect(try run("/does/not/exist.json5").code == 78)
    }
  }
}
