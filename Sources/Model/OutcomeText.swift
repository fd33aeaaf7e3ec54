import Base

extension Outcome {
  /// The outcome in words for people, safe to print: `connection refused`, `HTTP status 503`.
  package var sentence: String {
    let detail = printable(self.detail, limit: 80)
    switch self {
    case .ok: return "ok"
    case .resolve(let cause): return cause.sentence
    case .connect(let cause): return cause.sentence
    case .tls(let cause): return cause.sentence
    case .http(let cause): return cause.sentence(detail)
    case .body(let cause): return cause.sentence(detail)
    case .skipped(let cause): return cause.ran ? cause.sentence : "not run: " + cause.sentence
    case .answer(let cause): return cause.sentence(detail)
    case .dns(let cause): return cause.sentence(detail)
    case .ping(let cause): return cause.sentence(detail)
    case .plugin(let cause): return cause.sentence(detail)
    case .warning(let cause): return cause.sentence(detail)
    }
  }
}

/// An outcome in words, with the meaning of an application code where its system's table has it:
/// `application code 108 in the body: wrong province code`.
package func sentence(_ outcome: Outcome, codes: CodeTable?) -> String {
  guard let meaning = codeMeaning(outcome, codes: codes) else { return outcome.sentence }
  return "\(outcome.sentence): \(printable(meaning.en, limit: 80))"
}

/// The same with the note beside it: `HTTP status 503 (step 2 of 3 "session")`.
package func sentence(_ outcome: Outcome, note: String, codes: CodeTable?) -> String {
  let words = sentence(outcome, codes: codes)
  return note.isEmpty ? words : "\(words) (\(printable(note, limit: 160)))"
}

/// What an outcome's application code means; nil for other outcomes and for codes not in the table.
package func codeMeaning(_ outcome: Outcome, codes: CodeTable?) -> LocalizedName? {
  guard case .body(.applicationCode(let code)) = outcome else { return nil }
  return codes?.meaning(of: code)
}

extension ResolveCause {
  fileprivate var sentence: String {
    switch self {
    case .noSuchName: "the name does not exist"
    case .noAddress: "the name has no address of the wanted family"
    case .temporaryFailure: "the name server failed or did not answer"
    case .timedOut: "no answer to the name look-up in time"
    case .other: "the name look-up failed"
    }
  }
}

extension ConnectCause {
  fileprivate var sentence: String {
    switch self {
    case .refused: "connection refused"
    case .timedOut: "no connection in time"
    case .networkUnreachable: "network unreachable"
    case .hostUnreachable: "host unreachable"
    case .reset: "connection reset while connecting"
    case .denied: "connecting is not permitted here"
    case .noLocalAddress: "the configured source address or a local port is not available"
    case .proxy: "the proxy refused or failed"
    case .other: "the connection failed"
    }
  }
}

extension TLSCause {
  fileprivate var sentence: String {
    switch self {
    case .expired: "the certificate has expired"
    case .notYetValid: "the certificate is not valid yet"
    case .wrongName: "the certificate is for another name"
    case .selfSigned: "the certificate is self-signed"
    case .unknownIssuer: "the certificate's issuer is not known"
    case .revoked: "the certificate is revoked"
    case .protocolVersion: "no TLS version in common"
    case .handshake: "the TLS handshake failed"
    case .timedOut: "no TLS handshake in time"
    case .reset: "connection reset during the TLS handshake"
    case .clientCertificate: "the server asks for a client certificate"
    case .caFile: "the CA file cannot be used"
    case .weakKey: "the certificate's key or signature is too weak"
    case .incompleteChain:
      "the server does not send the certificate of its issuer, which is not a trusted one itself"
    case .intermediateExpired: "an intermediate certificate has expired"
    case .intermediateNotYetValid: "an intermediate certificate is not valid yet"
    case .notTLS: "what answers does not speak TLS"
    case .other: "TLS failed"
    }
  }
}

extension HTTPCause {
  fileprivate func sentence(_ detail: String) -> String {
    switch self {
    case .status: "HTTP status \(detail)"
    case .timedOut: "no answer in time"
    case .closed: "connection closed without an answer"
    case .reset: "connection reset before the answer"
    case .malformed: "the answer is not valid HTTP"
    case .headerTooLarge: "the answer's headers are too large"
    case .headerMissing: "header \(detail) is missing"
    case .headerMismatch: "header \(detail) has another value"
    case .tooManyRedirects: "too many redirects"
    case .redirectRefused: "redirect refused: \(detail)"
    case .otherVersion: "the server does not speak HTTP/2"
    case .other: "the request failed"
    }
  }
}

extension BodyCause {
  fileprivate func sentence(_ detail: String) -> String {
    switch self {
    case .applicationCode: "application code \(detail) in the body"
    case .tooLarge: "the body is too large"
    case .timedOut: "the body did not end in time"
    case .reset: "connection reset within the body"
    case .truncated: "the body ended too early"
    case .badEncoding: "the body's content encoding is broken"
    case .notJSON: "the body is not JSON"
    case .textMissing: "text is missing: \(detail)"
    case .patternMissing: "nothing matches the pattern \(detail)"
    case .pathMissing: "\(detail) is missing in the body"
    case .pathMismatch: "\(detail) has another value"
    case .wrongIdentity: "the answer is for another unit: \(detail)"
    case .tooComplex: "the answer takes too much work to judge"
    case .notXML: "the body is not XML"
    case .fault: "the answer is a SOAP fault: \(detail)"
    case .elementMissing: "element \(detail) is missing in the body"
    case .elementMismatch: "element \(detail) has another value"
    case .other: "the body could not be read"
    }
  }
}

extension AnswerCause {
  fileprivate func sentence(_ detail: String) -> String {
    switch self {
    case .timedOut: "no answer, or no whole one, in time"
    case .closed: "the connection was closed before the answer was whole"
    case .reset: "connection reset before the answer was whole"
    case .textMissing: "text is missing in the answer: \(detail)"
    case .patternMissing: "nothing in the answer matches the pattern \(detail)"
    case .tooLarge: "the answer is too large"
    case .captureMissing: "the answer has no value for \(detail)"
    case .other: "the answer could not be read"
    }
  }
}

extension DNSCause {
  fileprivate func sentence(_ detail: String) -> String {
    switch self {
    case .responseCode: "the name server answers \(detail)"
    case .timedOut: "the name server did not answer in time"
    case .malformed: "the name server's answer breaks the rules: \(detail)"
    case .mismatched: "the name server answers another question"
    case .noRecords: "the name has no record of the wanted type"
    case .recordMissing: "record \(detail) is missing in the name server's answer"
    case .unexpectedRecord: "the name server's answer has the unexpected record \(detail)"
    case .truncated: "the name server's answer is cut short"
    case .closed: "the name server closed the connection without an answer"
    case .reset: "the name server reset the connection"
    case .notAuthoritative: "the name server does not answer for the zone by itself"
    case .other: "the name server could not be asked"
    }
  }
}

extension PingCause {
  fileprivate func sentence(_ detail: String) -> String {
    switch self {
    case .noReply: "no echo came back"
    case .loss: "\(detail) echoes were lost"
    case .unreachable: "a router or the host tells that it cannot be reached"
    case .other: "echoes could not be sent"
    }
  }
}

extension PluginCause {
  fileprivate func sentence(_ detail: String) -> String {
    switch self {
    case .critical: "the plugin reports CRITICAL"
    case .timedOut: "the plugin did not end in time and was ended"
    case .signalled: "the plugin was ended by signal \(detail)"
    case .exitCode: "the plugin ended with exit code \(detail), which means nothing"
    case .outputTooLarge: "the plugin wrote too much and was ended"
    case .other: "the plugin failed"
    }
  }
}

extension WarningCause {
  fileprivate func sentence(_ detail: String) -> String {
    switch self {
    case .certificateExpires: "the certificate expires \(within(detail))"
    case .intermediateExpires: "an intermediate certificate expires \(within(detail))"
    case .plugin: "the plugin reports WARNING"
    case .packetLoss: detail.isEmpty ? "echoes were lost" : "\(detail) echoes were lost"
    case .untidyChain:
      "the certificates that the server sends are untidy" + (detail.isEmpty ? "" : ": \(detail)")
    case .clientCertificateExpires:
      detail == "0"
        ? "our client certificate has expired" : "our client certificate expires \(within(detail))"
    case .secretExpires:
      detail == "0" ? "our secret has expired" : "our secret expires \(within(detail))"
    }
  }

  /// Where no number of days is known, as in a story of `test-rules`, none is said.
  private func within(_ days: String) -> String {
    days.isEmpty ? "soon" : days == "1" ? "within 1 day" : "within \(days) days"
  }
}

extension SkipCause {
  package var sentence: String {
    switch self {
    case .stillRunning: "the attempt before it was still running"
    case .tableFull: "too many attempts in flight, or no descriptor left"
    case .resolverBusy: "our own name look-ups were all busy"
    case .paused: "paused by an operator"
    case .stopping: "the daemon was stopping"
    case .missed: "the daemon was held up or asleep"
    case .unsupported: "this kind of check is not available here"
    case .backingOff: "backing off after a refused credential"
    case .noToken: "no token could be had for the request"
    case .politeness: "the budget of requests to the target host was spent"
    case .workersBusy: "our own workers had too many long answers to judge"
    case .notPermitted: "this machine does not permit it"
    case .notRunnable: "the plugin could not be run"
    case .pluginUnknown: "the plugin reports UNKNOWN"
    }
  }

  /// Whether something ran all the same, which could not tell.
  fileprivate var ran: Bool { self == .pluginUnknown }
}
