import Base
import Model
import Wire

/// What an HTTP answer must look like. The checks run in the order of the fields; the first that
/// fails names the outcome.
package struct HTTPExpectations: Sendable {
  package struct Header: Sendable {
    package var name: String
    package var equals: String?
    package var matches: Pattern?
  }

  package struct Path: Sendable {
    package var path: JSONPath
    /// A scalar, in its JSON text without quotes: `0`, `true`, `done`.
    package var equals: String?
    package var matches: Pattern?
  }

  /// Where the answer says by a code of its own how it went.
  package struct Code: Sendable {
    package var path: JSONPath
    /// Codes that mean success.
    package var ok: [String]
    /// Codes by which the other side refuses our credential.
    package var refused: [String]
  }

  /// Where the answer says whom it is about, and who was asked for. A reused code reaches another
  /// province, which answers 200 and success.
  package struct Identity: Sendable {
    package enum Place: Sendable {
      case path(JSONPath)
      case header(String)
    }
    package var place: Place
    package var equals: String

    var isInBody: Bool {
      if case .path = place { true } else { false }
    }
  }

  package var status: [ClosedRange<UInt16>]
  package var headers: [Header]
  package var code: Code?
  package var identity: Identity?
  package var json: [Path]
  package var text: [String]
  package var patterns: [Pattern]
  /// An answer that takes longer is slow, not failed.
  package var slow: TimeAmount?

  package init(
    status: [ClosedRange<UInt16>] = [200...299], headers: [Header] = [], code: Code? = nil,
    identity: Identity? = nil, json: [Path] = [], text: [String] = [], patterns: [Pattern] = [],
    slow: TimeAmount? = nil
  ) {
    self.status = status
    self.headers = headers
    self.code = code
    self.identity = identity
    self.json = json
    self.text = text
    self.patterns = patterns
    self.slow = slow
  }

  var readsBody: Bool { readsJSON || !text.isEmpty || !patterns.isEmpty }
  var readsJSON: Bool { code != nil || !json.isEmpty || identity?.isInBody == true }
}

/// What looking at an answer showed.
package struct Examined: Sendable, Hashable {
  package var outcome: Outcome
  package var credentialRefused: Bool

  package init(outcome: Outcome, credentialRefused: Bool = false) {
    self.outcome = outcome
    self.credentialRefused = credentialRefused
  }
}

/// A whole answer and what is expected of it: a value that any thread can judge.
package struct Examination: Sendable {
  package var expectations: HTTPExpectations
  package var result: TransferResult
  /// Takes our secrets out of what the outcome tells, should the answer repeat them.
  package var mask = SecretMask()

  /// Whether judging may take longer than the loop can spare (about a millisecond). JSON costs
  /// some 10 ns a byte; a pattern may cost some steps for each of its states and each byte.
  package var isLong: Bool {
    let headSteps = expectations.headers.reduce(0) { $0 + 1 + ($1.matches?.stateCount ?? 0) }
    if result.head.count * headSteps > Self.stepsOnTheLoop { return true }
    guard expectations.readsBody else { return false }
    var stepsPerByte = 1 + expectations.text.count
    for pattern in expectations.patterns { stepsPerByte += pattern.stateCount }
    for path in expectations.json { stepsPerByte += path.matches?.stateCount ?? 0 }
    let textBytes = expectations.text.reduce(0) { $0 + $1.utf8.count }
    return result.body.count * stepsPerByte + textBytes > Self.stepsOnTheLoop
  }

  private static let stepsOnTheLoop = 65_536

  /// Judges the answer, within bounded work.
  package func run() -> Examined {
    guard expectations.status.contains(where: { $0.contains(result.status) }) else {
      return Examined(
        outcome: .http(.status(result.status)),
        credentialRefused: [401, 403, 407].contains(result.status))
    }
    var budget = PatternBudget()
    do throws(TooMuchWork) {
      return try judge(&budget) ?? Examined(outcome: .ok)
    } catch {
      return Examined(outcome: .body(.tooComplex))
    }
  }

  private func judge(_ budget: inout PatternBudget) throws(TooMuchWork) -> Examined? {
    if let outcome = try judgeHeaders(&budget) { return Examined(outcome: outcome) }
    if expectations.readsJSON, let examined = try judgeJSON(&budget) { return examined }
    for text in expectations.text where !contains(result.body, Array(text.utf8)) {
      return Examined(outcome: .body(.textMissing(shown(text))))
    }
    for pattern in expectations.patterns {
      if try budget.matches(pattern, result.body) { continue }
      return Examined(outcome: .body(.patternMissing(shown(pattern.source))))
    }
    return nil
  }

  /// A detail of the outcome: without secrets, and not longer than it may be.
  private func shown(_ text: String) -> String {
    mask.masked(text, limit: Limits.outcomeDetailCharacters)
  }

  private func judgeHeaders(_ budget: inout PatternBudget) throws(TooMuchWork) -> Outcome? {
    for header in expectations.headers {
      let values = result.header(header.name)
      if values.isEmpty { return .http(.headerMissing(shown(header.name))) }
      var fits = false
      for value in values where !fits && header.equals ?? value == value {
        guard let pattern = header.matches else {
          fits = true
          continue
        }
        fits = try budget.matches(pattern, Array(value.utf8))
      }
      if !fits { return .http(.headerMismatch(shown(header.name))) }
    }
    guard let identity = expectations.identity, case .header(let name) = identity.place else {
      return nil
    }
    guard let found = result.header(name).first else { return .http(.headerMissing(shown(name))) }
    return found == identity.equals ? nil : wrongIdentity(identity.equals, found)
  }

  private func wrongIdentity(_ wanted: String, _ found: String) -> Outcome {
    .body(.wrongIdentity(shown("asked for \(wanted), got \(found)")))
  }

  private func judgeJSON(_ budget: inout PatternBudget) throws(TooMuchWork) -> Examined? {
    let parsed = parseJSON(result.body, dialect: .json, limits: .body)
    guard let root = parsed.node, parsed.errors.isEmpty else {
      let isLimit = parsed.errors.last?.isLimit ?? false
      return Examined(outcome: .body(isLimit ? .tooComplex : .notJSON))
    }
    if let code = expectations.code {
      guard let found = code.path.evaluate(root).flatMap(scalarText) else {
        return Examined(outcome: .body(.pathMissing(shown(code.path.text))))
      }
      if !code.ok.contains(found) {
        return Examined(
          outcome: .body(.applicationCode(shown(found))),
          credentialRefused: code.refused.contains(found))
      }
    }
    if let identity = expectations.identity, case .path(let path) = identity.place {
      guard let found = path.evaluate(root).flatMap(scalarText) else {
        return Examined(outcome: .body(.pathMissing(shown(path.text))))
      }
      if found != identity.equals {
        return Examined(outcome: wrongIdentity(identity.equals, found))
      }
    }
    for expected in expectations.json {
      guard let found = expected.path.evaluate(root) else {
        return Examined(outcome: .body(.pathMissing(shown(expected.path.text))))
      }
      if let equals = expected.equals, scalarText(found) != equals {
        return Examined(outcome: .body(.pathMismatch(shown(expected.path.text))))
      }
      if let pattern = expected.matches {
        guard let text = scalarText(found), try budget.matches(pattern, Array(text.utf8)) else {
          return Examined(outcome: .body(.pathMismatch(shown(expected.path.text))))
        }
      }
    }
    return nil
  }
}

/// Patterns need more work than one answer may take.
private struct TooMuchWork: Error {}

/// The work that is left for an answer's patterns: one that is made to be costly must not keep a
/// worker.
private struct PatternBudget {
  private var left = Limits.examinationWork

  mutating func matches(_ pattern: Pattern, _ bytes: [UInt8]) throws(TooMuchWork) -> Bool {
    guard left > 0 else { throw TooMuchWork() }
    var run = PatternRun(pattern)
    let result = run.advance(bytes, from: 0, work: left)
    left -= run.spent
    if case .more = result { throw TooMuchWork() }
    return result == .matched
  }
}

/// A scalar's text as the catalogue writes it; nil for arrays and objects.
private func scalarText(_ node: JSONNode) -> String? {
  switch node.value {
  case .string(let text): text
  case .number(let number): number.text
  case .bool(let value): value ? "true" : "false"
  case .null: "null"
  case .array, .object: nil
  }
}
