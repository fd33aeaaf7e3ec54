import Model

/// What a failure shows, as far as it helps to find what failures have in common. The outcome itself is
/// finer; two links with one sign fail in the same way.
package enum FailureSign: UInt8, Sendable, Hashable, CaseIterable {
  case nameUnknown, resolverSilent, nameServer
  case refused, unreachable, connectTimedOut, connectReset, connectOther, proxy, noEcho
  /// This machine itself does not permit it, or lacks what it takes.
  case deniedHere
  case certificateExpired, certificateUntrusted, intermediateExpired, handshake, ourCertificate
  case answerTimedOut, answerBroken, serverError, gatewayError
  case credentialRefused, otherStatus, applicationCode
  case wrongAnswer, wrongIdentity, plugin
  case slow, warning, overdue
  /// Its runs told nothing: most were skipped, and nothing was seen to fail.
  case notMeasured
  /// What we show to the server will not last.
  case ourSecret
}

/// Signs that are one way of failing: 504 of a gateway and our own time-out are the same trouble seen
/// from two places, so a column whose server is overwhelmed is one and not three.
package enum FailureManner: UInt8, Sendable, Hashable, CaseIterable {
  case name, path, trust, server, refusal, content, here, plugin, slow, warning, overdue
}

extension FailureSign {
  /// Nil for an outcome that shows nothing failing.
  package init?(_ outcome: Outcome) {
    switch outcome {
    case .ok, .skipped: return nil
    case .resolve(let cause):
      self = cause == .noSuchName || cause == .noAddress ? .nameUnknown : .resolverSilent
    case .connect(let cause): self = Self(cause)
    case .tls(let cause): self = Self(cause)
    case .http(let cause): self = Self(cause)
    case .body(let cause): self = Self(cause)
    case .answer(.timedOut): self = .answerTimedOut
    case .answer(.closed), .answer(.reset): self = .answerBroken
    case .answer: self = .wrongAnswer
    case .dns: self = .nameServer
    case .ping: self = .noEcho
    case .plugin: self = .plugin
    case .warning(.clientCertificateExpires), .warning(.secretExpires): self = .ourSecret
    case .warning: self = .warning
    }
  }

  private init(_ cause: ConnectCause) {
    switch cause {
    case .refused: self = .refused
    case .timedOut: self = .connectTimedOut
    case .networkUnreachable, .hostUnreachable: self = .unreachable
    case .reset: self = .connectReset
    case .denied, .noLocalAddress: self = .deniedHere
    case .proxy: self = .proxy
    case .other: self = .connectOther
    }
  }

  private init(_ cause: TLSCause) {
    switch cause {
    case .expired, .notYetValid: self = .certificateExpired
    case .intermediateExpired, .intermediateNotYetValid: self = .intermediateExpired
    case .wrongName, .selfSigned, .unknownIssuer, .revoked, .weakKey, .incompleteChain:
      self = .certificateUntrusted
    case .clientCertificate: self = .ourCertificate
    case .caFile: self = .deniedHere
    case .protocolVersion, .handshake, .timedOut, .reset, .notTLS, .other: self = .handshake
    }
  }

  private init(_ cause: HTTPCause) {
    switch cause {
    case .status(let status):
      switch status {
      case 502, 504: self = .gatewayError
      case 500...599: self = .serverError
      case 401, 403, 407: self = .credentialRefused
      default: self = .otherStatus
      }
    case .timedOut: self = .answerTimedOut
    case .closed, .reset: self = .answerBroken
    default: self = .wrongAnswer
    }
  }

  private init(_ cause: BodyCause) {
    switch cause {
    case .applicationCode, .fault: self = .applicationCode
    case .timedOut: self = .answerTimedOut
    case .reset, .truncated: self = .answerBroken
    case .wrongIdentity: self = .wrongIdentity
    default: self = .wrongAnswer
    }
  }

  package var manner: FailureManner {
    switch self {
    case .nameUnknown, .resolverSilent, .nameServer: .name
    case .refused, .unreachable, .connectTimedOut, .connectReset, .connectOther, .proxy, .noEcho:
      .path
    case .certificateExpired, .certificateUntrusted, .intermediateExpired, .handshake,
      .ourCertificate:
      .trust
    case .answerTimedOut, .answerBroken, .serverError, .gatewayError: .server
    case .credentialRefused, .otherStatus, .applicationCode: .refusal
    case .wrongAnswer, .wrongIdentity: .content
    case .deniedHere, .notMeasured, .ourSecret: .here
    case .plugin: .plugin
    case .slow: .slow
    case .warning: .warning
    case .overdue: .overdue
    }
  }

  /// Whether something at the other end spoke: then the network carries.
  package var isAnswered: Bool {
    switch self {
    case .certificateExpired, .certificateUntrusted, .intermediateExpired, .serverError,
      .gatewayError, .credentialRefused, .otherStatus, .applicationCode, .wrongAnswer,
      .wrongIdentity:
      true
    default: false
    }
  }

  /// Whether nothing came back at all.
  package var isSilent: Bool {
    switch self {
    case .unreachable, .connectTimedOut, .noEcho, .answerTimedOut: true
    default: false
    }
  }
}
