/// The phase of an attempt in which its outcome was decided. Raw values are part of the ring format.
package enum Phase: UInt8, Sendable, Hashable, CaseIterable {
  case ok = 0
  case resolve = 1
  case connect = 2
  case tls = 3
  case http = 4
  case body = 5
  case skipped = 6

  package var name: String { "\(self)" }
}

/// Why a name could not be turned into an address.
package enum ResolveCause: UInt8, Sendable, Hashable, CaseIterable {
  case noSuchName = 1
  case noAddress = 2
  case temporaryFailure = 3
  case timedOut = 4
  case other = 255
}

/// Why no connection came about.
package enum ConnectCause: UInt8, Sendable, Hashable, CaseIterable {
  case refused = 1
  case timedOut = 2
  case networkUnreachable = 3
  case hostUnreachable = 4
  case reset = 5
  case denied = 6
  case noLocalAddress = 7
  case proxy = 8
  case other = 255
}

/// Why no trusted, encrypted channel came about.
package enum TLSCause: UInt8, Sendable, Hashable, CaseIterable {
  case expired = 1
  case notYetValid = 2
  case wrongName = 3
  case selfSigned = 4
  case unknownIssuer = 5
  case revoked = 6
  case protocolVersion = 7
  case handshake = 8
  case timedOut = 9
  case reset = 10
  case clientCertificate = 11
  case caFile = 12
  case weakKey = 13
  case other = 255
}

/// What was wrong between the request and the end of the answer's head.
package enum HTTPCause: Sendable, Hashable {
  case status(UInt16)
  case timedOut
  case closed
  case reset
  case malformed
  case headerTooLarge
  case headerMissing(String)
  case headerMismatch(String)
  case tooManyRedirects
  case redirectRefused(String)
  /// HTTP/2 was demanded, and the server speaks another version.
  case otherVersion
  case other
}

/// What was wrong with an answer's body.
package enum BodyCause: Sendable, Hashable {
  /// A 200 whose body says otherwise, such as `"error_code": 106`.
  case applicationCode(String)
  case tooLarge
  case timedOut
  case reset
  case truncated
  case badEncoding
  case notJSON
  case textMissing(String)
  case patternMissing(String)
  case pathMissing(String)
  case pathMismatch(String)
  /// The answer is about somebody else: `01, not 15`.
  case wrongIdentity(String)
  /// Judging the answer takes more than our bounds allow, such as JSON that is nested too deeply.
  case tooComplex
  case other
}

/// Why a due run did not become an attempt. Never the link's fault.
package enum SkipCause: UInt8, Sendable, Hashable, CaseIterable {
  case stillRunning = 1
  case tableFull = 2
  case resolverBusy = 3
  case paused = 4
  case stopping = 5
  case missed = 6
  case unsupported = 7
  case backingOff = 8
  /// The token that the request needs could not be had; the token's own link says why.
  case noToken = 9
  /// The politeness budget of the target host was spent.
  case politeness = 10
  /// Our own workers had too many long answers to judge.
  case workersBusy = 11
}

/// What one attempt showed: the phase that decided, and the cause.
package enum Outcome: Sendable, Hashable {
  case ok
  case resolve(ResolveCause)
  case connect(ConnectCause)
  case tls(TLSCause)
  case http(HTTPCause)
  case body(BodyCause)
  case skipped(SkipCause)
}

extension Outcome {
  package var phase: Phase {
    switch self {
    case .ok: .ok
    case .resolve: .resolve
    case .connect: .connect
    case .tls: .tls
    case .http: .http
    case .body: .body
    case .skipped: .skipped
    }
  }

  /// Whether the attempt ran and showed the link failing. A skipped run is no failure.
  package var isFailure: Bool {
    switch self {
    case .ok, .skipped: false
    default: true
    }
  }

  package var isSkipped: Bool {
    if case .skipped = self { true } else { false }
  }

  /// The cause's name, without its detail: `refused`, `status`, `applicationCode`; empty for `ok`.
  package var causeName: String {
    switch self {
    case .ok: ""
    case .resolve(let cause): "\(cause)"
    case .connect(let cause): "\(cause)"
    case .tls(let cause): "\(cause)"
    case .http(let cause): cause.parts.name
    case .body(let cause): cause.parts.name
    case .skipped(let cause): "\(cause)"
    }
  }

  /// The cause's detail: the status `503`, the code `106`, the header's name; empty without one.
  /// It may hold bytes from the other side: show it only through `printable`.
  package var detail: String {
    switch self {
    case .http(let cause): cause.parts.detail
    case .body(let cause): cause.parts.detail
    default: ""
    }
  }

  /// The stable name used in JSON, logs and files: `ok`, `connect.refused`, `http.status`.
  package var name: String { self == .ok ? "ok" : "\(phase.name).\(causeName)" }
}

// MARK: - Codes for the ring

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
  fileprivate var parts: (code: UInt8, name: String, detail: String) {
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
  fileprivate var parts: (code: UInt8, name: String, detail: String) {
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
    case 255: self = .other
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
    }
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
    case nil: return nil
    }
  }
}
