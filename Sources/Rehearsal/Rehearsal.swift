import Base
import Model
import Probes
import Quiet

/// A story that an operator has written: what attempts show, and which incidents are to come of it.
/// Times count from its start.
package struct Rehearsal: Sendable {
  package var name: String
  package var location: SourceLocation
  package var start: WallTime
  package var length: TimeAmount
  /// How long an attempt takes where nothing else is said.
  var latency: TimeAmount
  /// Whether planned connections count as planned; otherwise they are links like others.
  var plans: Bool
  /// Of those for one link that hold at once the last decides.
  var samples: [SampleStretch]
  var maintenance: [MaintenanceWindow]
  var silences: [Silence]
  var expected: [Expectation]
}

/// What the attempts of some links show for a while.
struct SampleStretch: Sendable {
  /// By the links' places in the configuration.
  var links: [Int]
  /// Nil for all probes of the links.
  var probe: String?
  var from: TimeAmount
  var until: TimeAmount
  var outcome: Outcome
  var latency: TimeAmount?
  var permille: Int
  var rhythm: RehearsedProbe.Rhythm?
}

/// What of an incident an operator expects; nil and empty for what may be anything.
struct Expectation: Sendable {
  var location: SourceLocation
  var pattern: IncidentPattern
  /// What it is of: the system, the province, of a single link the link; of blindness nothing.
  var of: String?
  var state: ExpectedState?
  var severity: Severity?
  var side: String?
  var hop: LinkID?
  var cause: String?
  var rule: RuleKind?
  var linkCount: Int?
  var links: [LinkID]?
  var isTold = true
  var raised = TimeBounds()
  var told = TimeBounds()
  var resolved = TimeBounds()
  /// Whether it is still open at the end of the rehearsal.
  var isOpen: Bool?

  /// `system civil-registry`.
  var subject: String { subjectWords(pattern, of) }
}

/// How links stand: the layer of an incident, in the words that summaries have for it.
enum ExpectedState: String, Sendable, CaseIterable {
  case down
  case degraded
  case overdue

  /// The name of the incident's layer.
  var layer: String { self == .down ? "failing" : rawValue }

  init?(layer: String) {
    guard let state = Self.allCases.first(where: { $0.layer == layer }) else { return nil }
    self = state
  }
}

/// Something is to happen after a time, by a time, or between them.
struct TimeBounds: Sendable, Hashable {
  var after: TimeAmount?
  var by: TimeAmount?

  var isEmpty: Bool { after == nil && by == nil }

  /// What is wrong with a time, or with there being none; nil where it is as expected.
  func problem(_ what: String, _ time: TimeAmount?) -> String? {
    if isEmpty { return nil }
    guard let time else { return "it was not \(what), expected \(words)" }
    let isGood = (after.map { $0 <= time } ?? true) && (by.map { time <= $0 } ?? true)
    return isGood ? nil : "\(what) at \(relative(time)), expected \(words)"
  }

  private var words: String {
    [after.map { "after \(relative($0))" }, by.map { "by \(relative($0))" }].compactMap { $0 }
      .joined(separator: " and ")
  }
}

/// `system civil-registry`, `point civil-registry/hue`, `vantage`.
func subjectWords(_ pattern: IncidentPattern, _ name: String?) -> String {
  pattern.rawValue + (name.map { " \($0)" } ?? "")
}

/// A time in a rehearsal, to the second: `5m12s`, before the start `-9m`.
func relative(_ time: TimeAmount) -> String {
  let seconds = (time.nanoseconds + (time < .zero ? -500_000_000 : 500_000_000)) / 1_000_000_000
  if seconds == 0 { return "0s" }
  let all = abs(seconds)
  let parts = [(all / 86_400, "d"), (all / 3_600 % 24, "h"), (all / 60 % 60, "m"), (all % 60, "s")]
  return (seconds < 0 ? "-" : "")
    + parts.filter { $0.0 > 0 }.map { "\($0.0)\($0.1)" }.joined()
}
