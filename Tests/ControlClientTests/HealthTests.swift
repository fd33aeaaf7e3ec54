import Testing
import Wire

@testable import ControlClient

@Suite struct HealthTests {
  static let verdicts: [(HealthFigures, Health, String)] = [
    (HealthFigures(up: 3), .ok, "all up"),
    (HealthFigures(up: 3, degraded: 1), .warning, "one degraded"),
    (HealthFigures(up: 3, unknown: 1), .warning, "unknown is never up"),
    (HealthFigures(up: 3, openIncidents: 1), .warning, "an incident of severity warning"),
    (HealthFigures(up: 3, isRecording: false), .warning, "nothing is recorded"),
    (HealthFigures(up: 3, down: 1), .critical, "a link is down"),
    (HealthFigures(up: 3, degraded: 2, down: 1), .critical, "the worst counts"),
    (
      HealthFigures(up: 3, openIncidents: 1, criticalIncidents: 1), .critical,
      "a critical incident while no link is down"
    ),
    (maintenance(down: 2, of: 2), .ok, "what is down was announced"),
    (maintenance(down: 1, of: 2), .critical, "one that is down was not"),
    (HealthFigures(up: 0), .unknown, "nothing is up, so nothing is known to be well"),
    (HealthFigures(up: 0, unknown: 5), .warning, "all unknown is told as a warning"),
  ]

  private static func maintenance(down: Int, of all: Int) -> HealthFigures {
    var planned = HealthFigures.LinksInMaintenance()
    planned.all = down
    planned.down = down
    planned.incidents = 1
    planned.criticalIncidents = 1
    return HealthFigures(
      up: 3, down: all, openIncidents: 1, criticalIncidents: 1, maintenance: planned)
  }

  @Test("the verdict of status", arguments: verdicts)
  func verdict(_ figures: HealthFigures, _ health: Health, _ reason: String) {
    #expect(figures.verdict == health, "\(reason)")
  }

  @Test("the verdicts are the exit codes of monitoring plug-ins")
  func codes() {
    #expect(Health.allCases.map(\.rawValue) == [0, 1, 2, 3])
  }

  static let incomplete = [
    "{}", "[]", "null",
    #"{"links":{"up":1,"degraded":0,"down":0,"unknown":0},"incidents":{"open":0,"critical":0}}"#,
    #"{"links":{"up":1,"degraded":0,"down":null,"unknown":0},"incidents":{"open":0,"critical":0},"history":{"recording":true}}"#,
    #"{"links":{"up":1,"degraded":0,"down":-1,"unknown":0},"incidents":{"open":0,"critical":0},"history":{"recording":true}}"#,
    #"{"links":{"up":1,"degraded":0,"down":0.5,"unknown":0},"incidents":{"open":0,"critical":0},"history":{"recording":true}}"#,
  ]

  @Test("a missing figure is not taken for a good one", arguments: incomplete)
  func incompleteAnswers(_ text: String) throws {
    let node = try #require(parseJSON(Array(text.utf8), dialect: .json).node)
    #expect(HealthFigures(node) == nil)
  }
}
