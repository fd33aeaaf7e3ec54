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
  /// some 10 ns a byte; a pattern may cost as many steps as it has characters for each byte.
  package var isLong: Bool {
    let headSteps = expectations.headers.reduce(0) {
      $0 + 1 + ($1.matches?.source.utf8.count ?? 0)
    }
    if result.head.count * headSteps > Self.stepsOnTheLoop { return true }
    guard expectations.readsBody else { return false }
    var stepsPerByte = 1 + expectations.text.count
    for pattern in expectations.patterns { stepsPerByte += pattern.source.utf8.count }
    for path in expectations.json { stepsPerByte += path.matches?.source.utf8.count ?? 0 }
    return result.body.count * stepsPerByte > Self.stepsOnTheLoop
  }

  private static let stepsOnTheLoop = 65_536

  /// Judges the answer.
  package func run() -> Examined {
    guard expectations.status.contains(where: { $0.contains(result.status) }) else {
      return Examined(
        outcome: .http(.status(result.status)),
        credentialRefused: [401, 403, 407].contains(result.status))
    }
    if let outcome = judgeHeaders() { return Examined(outcome: outcome) }
    if expectations.readsJSON, let examined = judgeJSON() { return examined }
    for text in expectations.text where !contains(result.body, Array(text.utf8)) {
      return Examined(outcome: .body(.textMissing(shown(text))))
    }
    for pattern in expectations.patterns where !pattern.matches(result.body) {
      return Examined(outcome: .body(.patternMissing(shown(pattern.source))))
    }
    return Examined(outcome: .ok)
  }

  /// A detail of the outcome: without secrets, and not longer than it may be.
  private func shown(_ text: String) -> String {
    mask.masked(text, limit: Limits.outcomeDetailCharacters)
  }

  private func judgeHeaders() -> Outcome? {
    for header in expectations.headers {
      let values = result.header(header.name)
      if values.isEmpty { return .http(.headerMissing(shown(header.name))) }
      let fits = values.contains { value in
        (header.equals.map { $0 == value } ?? true)
          && (header.matches.map { $0.matches(Array(value.utf8)) } ?? true)
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

  private func judgeJSON() -> Examined? {
    let parsed = parseJSON(result.body, dialect: .json, limits: .body)
    guard let root = parsed.node, parsed.errors.isEmpty else {
      return Examined(outcome: .body(.notJSON))
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
        guard let text = scalarText(found), pattern.matches(Array(text.utf8)) else {
          return Examined(outcome: .body(.pathMismatch(shown(expected.path.text))))
        }
      }
    }
    return nil
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

/// Whether `bytes` holds `wanted`; linear in practice because the texts sought are short and the
/// first byte is looked for first.
private func contains(_ bytes: [UInt8], _ wanted: [UInt8]) -> Bool {
  guard let first = wanted.first else { return true }
  guard bytes.count >= wanted.count else { return false }
  var index = 0
  let last = bytes.count - wanted.count
  while index <= last {
    if bytes[index] == first {
      var offset = 1
      while offset < wanted.count && bytes[index + offset] == wanted[offset] { offset += 1 }
      if offset == wanted.count { return true }
    }
    index += 1
  }
  return false
}
