/// An outcome as the ring stores it: the raw phase, a cause number that never changes its meaning,
/// an HTTP status or 0, and a detail text.
package struct OutcomeCode: Sendable, Hashable {
  package var phase: UInt8
  package var cause: UInt8
  package var number: UInt16
  package var text: String

  package init(phase: UInt8, cause: UInt8, number: UInt16 = 0, text: String = "") {
    self.phase = phase
    self.cause = cause
    self.number = number
    self.text = text
  }
}

extension HTTPCause {
  var parts: (code: UInt8, name: String, detail: String) {
    switch self {
    case .status(let status): (1, "status", String(status))
    case .timedOut: (2, "timedOut", "")
    case .closed: (3, "closed", "")
    case .reset: (4, "reset", "")
    case .malformed: (5, "malformed", "")
    case .headerTooLarge: (6, "headerTooLarge", "")
    case .headerMissing(let name): (7, "headerMissing", name)
    case .headerMismatch(let name): (8, "headerMismatch", name)
    case .tooManyRedirects: (9, "tooManyRedirects", "")
    case .redirectRefused(let target): (10, "redirectRefused", target)
    case .otherVersion: (11, "otherVersion", "")
    case .other: (255, "other", "")
    }
  }

  fileprivate init?(code: UInt8, number: UInt16, text: String) {
    switch code {
    case 1: self = .status(number)
    case 2: self = .timedOut
    case 3: self = .closed
    case 4: self = .reset
    case 5: self = .malformed
    case 6: self = .headerTooLarge
    case 7: self = .headerMissing(text)
    case 8: self = .headerMismatch(text)
    case 9: self = .tooManyRedirects
    case 10: self = .redirectRefused(text)
    case 11: self = .otherVersion
    case 255: self = .other
    default: return nil
    }
  }
}

extension BodyCause {
  var parts: (code: UInt8, name: String, detail: String) {
    switch self {
    case .applicationCode(let code): (1, "applicationCode", code)
    case .tooLarge: (2, "tooLarge", "")
    case .timedOut: (3, "timedOut", "")
    case .reset: (4, "reset", "")
    case .truncated: (5, "truncated", "")
    case .badEncoding: (6, "badEncoding", "")
    case .notJSON: (7, "notJSON", "")
    case .textMissing(let text): (8, "textMissing", text)
    case .patternMissing(let pattern): (9, "patternMissing", pattern)
    case .pathMissing(let path): (10, "pathMissing", path)
    case .pathMismatch(let path): (11, "pathMismatch", path)
    case .wrongIdentity(let found): (12, "wrongIdentity", found)
    case .tooComplex: (13, "tooComplex", "")
    case .notXML: (14, "notXML", "")
    case .fault(let code): (15, "fault", code)
    case .elementMissing(let path): (16, "elementMissing", path)
    case .elementMismatch(let path): (17, "elementMismatch", path)
    case .other: (255, "other", "")
    }
  }

  fileprivate init?(code: UInt8, text: String) {
    switch code {
    case 1: self = .applicationCode(text)
    case 2: self = .tooLarge
    case 3: self = .timedOut
    case 4: self = .reset
    case 5: self = .truncated
    case 6: self = .badEncoding
    case 7: self = .notJSON
    case 8: self = .textMissing(text)
    case 9: self = .patternMissing(text)
    case 10: self = .pathMissing(text)
    case 11: self = .pathMismatch(text)
    case 12: self = .wrongIdentity(text)
    case 13: self = .tooComplex
    case 14: self = .notXML
    case 15: self = .fault(text)
    case 16: self = .elementMissing(text)
    case 17: self = .elementMismatch(text)
    case 255: self = .other
    default: return nil
    }
  }
}

extension AnswerCause {
  var parts: (code: UInt8, name: String, detail: String) {
    switch self {
    case .timedOut: (1, "timedOut", "")
    case .closed: (2, "closed", "")
    case .reset: (3, "reset", "")
    case .textMissing(let text): (4, "textMissing", text)
    case .patternMissing(let pattern): (5, "patternMissing", pattern)
    case .tooLarge: (6, "tooLarge", "")
    case .captureMissing(let name): (7, "captureMissing", name)
    case .other: (255, "other", "")
    }
  }

  fileprivate init?(code: UInt8, text: String) {
    switch code {
    case 1: self = .timedOut
    case 2: self = .closed
    case 3: self = .reset
    case 4: self = .textMissing(text)
    case 5: self = .patternMissing(text)
    case 6: self = .tooLarge
    case 7: self = .captureMissing(text)
    case 255: self = .other
    default: return nil
    }
  }
}

extension DNSCause {
  var parts: (code: UInt8, name: String, detail: String) {
    switch self {
    case .responseCode(let code): (1, "responseCode", code)
    case .timedOut: (2, "timedOut", "")
    case .malformed(let problem): (3, "malformed", problem)
    case .mismatched: (4, "mismatched", "")
    case .noRecords: (5, "noRecords", "")
    case .recordMissing(let record): (6, "recordMissing", record)
    case .unexpectedRecord(let record): (7, "unexpectedRecord", record)
    case .truncated: (8, "truncated", "")
    case .closed: (9, "closed", "")
    case .reset: (10, "reset", "")
    case .notAuthoritative: (11, "notAuthoritative", "")
    case .other: (255, "other", "")
    }
  }

  fileprivate init?(code: UInt8, text: String) {
    switch code {
    case 1: self = .responseCode(text)
    case 2: self = .timedOut
    case 3: self = .malformed(text)
    case 4: self = .mismatched
    case 5: self = .noRecords
    case 6: self = .recordMissing(text)
    case 7: self = .unexpectedRecord(text)
    case 8: self = .truncated
    case 9: self = .closed
    case 10: self = .reset
    case 11: self = .notAuthoritative
    case 255: self = .other
    default: return nil
    }
  }
}

extension PingCause {
  var parts: (code: UInt8, name: String, detail: String) {
    switch self {
    case .noReply: (1, "noReply", "")
    case .loss(let share): (2, "loss", share)
    case .unreachable: (3, "unreachable", "")
    case .other: (255, "other", "")
    }
  }

  fileprivate init?(code: UInt8, text: String) {
    switch code {
    case 1: self = .noReply
    case 2: self = .loss(text)
    case 3: self = .unreachable
    case 255: self = .other
    default: return nil
    }
  }
}

extension PluginCause {
  var parts: (code: UInt8, name: String, detail: String) {
    switch self {
    case .critical: (1, "critical", "")
    case .timedOut: (2, "timedOut", "")
    case .signalled(let signal): (3, "signalled", signal)
    case .exitCode(let code): (4, "exitCode", code)
    case .outputTooLarge: (5, "outputTooLarge", "")
    case .other: (255, "other", "")
    }
  }

  fileprivate init?(code: UInt8, text: String) {
    switch code {
    case 1: self = .critical
    case 2: self = .timedOut
    case 3: self = .signalled(text)
    case 4: self = .exitCode(text)
    case 5: self = .outputTooLarge
    case 255: self = .other
    default: return nil
    }
  }
}

extension WarningCause {
  var parts: (code: UInt8, name: String, detail: String) {
    switch self {
    case .certificateExpires(let days): (1, "certificateExpires", days)
    case .intermediateExpires(let days): (2, "intermediateExpires", days)
    case .plugin: (3, "plugin", "")
    case .packetLoss(let share): (4, "packetLoss", share)
    case .untidyChain(let problem): (5, "untidyChain", problem)
    case .clientCertificateExpires(let days): (6, "clientCertificateExpires", days)
    case .secretExpires(let days): (7, "secretExpires", days)
    }
  }

  fileprivate init?(code: UInt8, text: String) {
    switch code {
    case 1: self = .certificateExpires(text)
    case 2: self = .intermediateExpires(text)
    case 3: self = .plugin
    case 4: self = .packetLoss(text)
    case 5: self = .untidyChain(text)
    case 6: self = .clientCertificateExpires(text)
    case 7: self = .secretExpires(text)
    default: return nil
    }
  }
}

extension Outcome {
  package var code: OutcomeCode {
    switch self {
    case .ok: OutcomeCode(phase: 0, cause: 0)
    case .resolve(let cause): OutcomeCode(phase: 1, cause: cause.rawValue)
    case .connect(let cause): OutcomeCode(phase: 2, cause: cause.rawValue)
    case .tls(let cause): OutcomeCode(phase: 3, cause: cause.rawValue)
    case .http(.status(let status)): OutcomeCode(phase: 4, cause: 1, number: status)
    case .http(let cause):
      OutcomeCode(phase: 4, cause: cause.parts.code, text: cause.parts.detail)
    case .body(let cause):
      OutcomeCode(phase: 5, cause: cause.parts.code, text: cause.parts.detail)
    case .skipped(let cause): OutcomeCode(phase: 6, cause: cause.rawValue)
    case .answer(let cause): Self.code(.answer, cause.parts)
    case .dns(let cause): Self.code(.dns, cause.parts)
    case .ping(let cause): Self.code(.ping, cause.parts)
    case .plugin(let cause): Self.code(.plugin, cause.parts)
    case .warning(let cause): Self.code(.warning, cause.parts)
    }
  }

  private static func code(
    _ phase: Phase, _ parts: (code: UInt8, name: String, detail: String)
  ) -> OutcomeCode {
    OutcomeCode(phase: phase.rawValue, cause: parts.code, text: parts.detail)
  }

  /// Reads a stored code back; nil for a phase or cause that this version does not know.
  package init?(_ code: OutcomeCode) {
    switch Phase(rawValue: code.phase) {
    case .ok: self = .ok
    case .resolve:
      guard let cause = ResolveCause(rawValue: code.cause) else { return nil }
      self = .resolve(cause)
    case .connect:
      guard let cause = ConnectCause(rawValue: code.cause) else { return nil }
      self = .connect(cause)
    case .tls:
      guard let cause = TLSCause(rawValue: code.cause) else { return nil }
      self = .tls(cause)
    case .http:
      guard let cause = HTTPCause(code: code.cause, number: code.number, text: code.text)
      else { return nil }
      self = .http(cause)
    case .body:
      guard let cause = BodyCause(code: code.cause, text: code.text) else { return nil }
      self = .body(cause)
    case .skipped:
      guard let cause = SkipCause(rawValue: code.cause) else { return nil }
      self = .skipped(cause)
    case .answer:
      guard let cause = AnswerCause(code: code.cause, text: code.text) else { return nil }
      self = .answer(cause)
    case .dns:
      guard let cause = DNSCause(code: code.cause, text: code.text) else { return nil }
      self = .dns(cause)
    case .ping:
      guard let cause = PingCause(code: code.cause, text: code.text) else { return nil }
      self = .ping(cause)
    case .plugin:
      guard let cause = PluginCause(code: code.cause, text: code.text) else { return nil }
      self = .plugin(cause)
    case .warning:
      guard let cause = WarningCause(code: code.cause, text: code.text) else { return nil }
      self = .warning(cause)
    case nil: return nil
    }
  }
}
