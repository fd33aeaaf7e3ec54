/// Outcomes as people write them: `ok`, `connect.refused`, `http.status 503`.
extension Outcome {
  /// The names of all outcomes, by phase.
  package static let names = codesByName.map(\.name)

  /// Reads a name and, behind a blank, the detail of an outcome that has one; nil for anything else.
  package init?(words text: String) {
    let parts = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first,
      var code = Self.codesByName.first(where: { $0.name == first })?.code
    else { return nil }
    let detail = parts.count > 1 ? String(parts[1]) : ""
    if code == OutcomeCode(phase: Phase.http.rawValue, cause: 1) {
      guard let status = UInt16(detail), (100...599).contains(status) else { return nil }
      code.number = status
    } else {
      code.text = detail
    }
    guard let outcome = Outcome(code), outcome.detail == detail else { return nil }
    self = outcome
  }

  private static let codesByName: [(name: String, code: OutcomeCode)] = Phase.allCases.flatMap {
    phase in
    (UInt8.min...UInt8.max).compactMap { cause -> (name: String, code: OutcomeCode)? in
      let code = OutcomeCode(phase: phase.rawValue, cause: cause)
      // Of `ok` any cause is good.
      guard phase != .ok || cause == 0, let outcome = Outcome(code) else { return nil }
      return (outcome.name, code)
    }
  }
}
