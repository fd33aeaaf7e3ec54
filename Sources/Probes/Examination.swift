import Base
import Model
import Wire

/// What looking at an answer showed.
package struct Examined: Sendable, Hashable {
  package var outcome: Outcome
  package var credentialRefused: Bool
  /// What there is to say beside the outcome, without secrets.
  package var note: String
  /// What was taken from the answer, in the order of the captures; empty unless it was right.
  package var captured: [String]

  package init(
    outcome: Outcome, credentialRefused: Bool = false, note: String = "", captured: [String] = []
  ) {
    self.outcome = outcome
    self.credentialRefused = credentialRefused
    self.note = note
    self.captured = captured
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
    for element in expectations.xml { stepsPerByte += element.matches?.stateCount ?? 0 }
    for capture in expectations.captures { stepsPerByte += 1 + capture.source.stateCount }
    // XML is read a byte at a time, and twice.
    if expectations.readsXML { stepsPerByte += 4 }
    let textBytes = expectations.text.reduce(0) { $0 + $1.utf8.count }
    return result.body.count * stepsPerByte + textBytes > Self.stepsOnTheLoop
  }

  private static let stepsOnTheLoop = 65_536

  /// Judges the answer, within bounded work.
  package func run() -> Examined {
    guard expectations.status.contains(where: { $0.contains(result.status) }) else {
      let isRefusal = [401, 403, 407].contains(result.status)
      // SOAP sends its faults with status 500: they tell more than the status.
      if expectations.form == .soap, !isRefusal, let fault = soapFault() { return fault }
      return Examined(outcome: .http(.status(result.status)), credentialRefused: isRefusal)
    }
    var budget = PatternBudget()
    do throws(TooMuchWork) {
      return try judge(&budget)
    } catch {
      return Examined(outcome: .body(.tooComplex))
    }
  }

  private func judge(_ budget: inout PatternBudget) throws(TooMuchWork) -> Examined {
    if let outcome = try judgeHeaders(&budget) { return Examined(outcome: outcome) }
    if isCompressed, expectations.readsBody {
      return Examined(
        outcome: .body(.badEncoding), note: "the answer is compressed, which was not asked for")
    }
    var json: JSONNode?
    var xml: XMLElement?
    if expectations.readsXML {
      do throws(XMLError) {
        xml = try parseXML(result.body)
      } catch {
        if error.isLimit { throw TooMuchWork() }
        return Examined(
          outcome: .body(.notXML), note: noteText(mask.masked(error.description)))
      }
      if let xml, let examined = try judgeXML(xml, &budget) { return examined }
    } else if expectations.readsJSON {
      let parsed = parseJSON(result.body, dialect: .json, limits: .body)
      guard let root = parsed.node, parsed.errors.isEmpty else {
        let isLimit = parsed.errors.last?.isLimit ?? false
        return Examined(outcome: .body(isLimit ? .tooComplex : .notJSON))
      }
      json = root
      if let examined = try judgeJSON(root, &budget) { return examined }
    }
    for text in expectations.text where !contains(result.body, Array(text.utf8)) {
      return Examined(outcome: .body(.textMissing(shown(text))))
    }
    for pattern in expectations.patterns {
      if try budget.matches(pattern, result.body) { continue }
      return Examined(outcome: .body(.patternMissing(shown(pattern.source))))
    }
    return try capture(json, xml, &budget)
  }

  /// Whether the body is still as the server packed it: what was asked for has been unpacked.
  private var isCompressed: Bool {
    guard !result.wasDecoded else { return false }
    return result.header("content-encoding").contains { $0.lowercased() != "identity" }
  }

  /// Takes what a right answer has for later use.
  private func capture(
    _ json: JSONNode?, _ xml: XMLElement?, _ budget: inout PatternBudget
  ) throws(TooMuchWork) -> Examined {
    var captured: [String] = []
    for capture in expectations.captures {
      let value: String?
      switch capture.source {
      case .json(let path): value = json.flatMap { path.evaluate($0) }.flatMap(scalarText)
      case .xml(let path): value = xml.flatMap { path.evaluate($0) }
      case .header(let name): value = result.header(name).first
      case .pattern(let pattern): value = try pattern.value(in: result.body, &budget)
      }
      guard let value, !value.isEmpty, value.utf8.count <= Limits.captureBytes else {
        let isLong = (value?.utf8.count ?? 0) > Limits.captureBytes
        return Examined(
          outcome: .answer(.captureMissing(shown(capture.name))),
          note: isLong ? "the value is longer than \(Limits.captureBytes) bytes" : "")
      }
      captured.append(value)
    }
    return Examined(outcome: .ok, captured: captured)
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

  private func judgeCode(
    _ code: HTTPExpectations.Code, _ found: String?, missing: BodyCause
  ) -> Examined? {
    guard let found else { return Examined(outcome: .body(missing)) }
    if code.ok.contains(found) { return nil }
    return Examined(
      outcome: .body(.applicationCode(shown(found))),
      credentialRefused: code.refused.contains(found))
  }

  /// The fault in an answer whose status is none that was expected; nil if there is none.
  private func soapFault() -> Examined? {
    guard let root = try? parseXML(result.body), let fault = SOAPAnswer(root)?.fault else {
      return nil
    }
    return examined(fault)
  }

  private func examined(_ fault: SOAPAnswer.Fault) -> Examined {
    Examined(
      outcome: .body(.fault(shown(fault.code))),
      credentialRefused: expectations.code?.refused.contains(fault.code) ?? false,
      note: noteText(mask.masked(fault.reason)))
  }

  private func judgeXML(
    _ root: XMLElement, _ budget: inout PatternBudget
  ) throws(TooMuchWork) -> Examined? {
    if expectations.form == .soap {
      guard let answer = SOAPAnswer(root) else {
        return Examined(outcome: .body(.notXML), note: "the document is no SOAP envelope")
      }
      if let fault = answer.fault { return examined(fault) }
    }
    if let code = expectations.code, case .xml(let path) = code.path,
      let examined = judgeCode(
        code, path.evaluate(root), missing: .elementMissing(shown(path.text)))
    {
      return examined
    }
    if let identity = expectations.identity, case .element(let path) = identity.place {
      guard let found = path.evaluate(root) else {
        return Examined(outcome: .body(.elementMissing(shown(path.text))))
      }
      if found != identity.equals {
        return Examined(outcome: wrongIdentity(identity.equals, found))
      }
    }
    for expected in expectations.xml {
      guard let found = expected.path.evaluate(root) else {
        return Examined(outcome: .body(.elementMissing(shown(expected.path.text))))
      }
      var fits = expected.equals ?? found == found
      if fits, let pattern = expected.matches {
        fits = try budget.matches(pattern, Array(found.utf8))
      }
      if !fits { return Examined(outcome: .body(.elementMismatch(shown(expected.path.text)))) }
    }
    return nil
  }

  private func judgeJSON(
    _ root: JSONNode, _ budget: inout PatternBudget
  ) throws(TooMuchWork) -> Examined? {
    if let code = expectations.code, case .json(let path) = code.path,
      let examined = judgeCode(
        code, path.evaluate(root).flatMap(scalarText), missing: .pathMissing(shown(path.text)))
    {
      return examined
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
struct TooMuchWork: Error {}

/// The work that is left for an answer's patterns: one that is made to be costly must not keep a
/// worker.
struct PatternBudget {
  private var left = Limits.examinationWork

  mutating func matches(_ pattern: Pattern, _ bytes: [UInt8]) throws(TooMuchWork) -> Bool {
    try firstEnd(of: pattern, in: bytes) != nil
  }

  /// The first index up to which the text has a match; nil without one.
  mutating func firstEnd(of pattern: Pattern, in bytes: [UInt8]) throws(TooMuchWork) -> Int? {
    guard left > 0 else { throw TooMuchWork() }
    var run = PatternRun(pattern)
    let result = run.advance(bytes, from: 0, work: left)
    left -= run.spent
    if case .more = result { throw TooMuchWork() }
    return result == .matched ? run.matchedThrough : nil
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
