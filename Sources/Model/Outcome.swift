/// The phase of an attempt in which its outcome was decided. Raw values are part of the ring format.
package enum Phase: UInt8, Sendable, Hashable, CaseIterable {
  case ok = 0
  case resolve = 1
  case connect = 2
  case tls = 3
  case http = 4
  case body = 5
  case skipped = 6
  /// What came back over a plain connection, or was to be taken from an answer for the next step.
  case answer = 7
  case dns = 8
  case ping = 9
  case plugin = 10
  /// The link works, and something of it will not for long, or not well.
  case warning = 11

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
  /// The server sends its own certificate without the one that signed it.
  case incompleteChain = 14
  /// A certificate between the server's and the trusted one has expired.
  case intermediateExpired = 15
  /// What answers does not speak TLS.
  case notTLS = 16
  /// A certificate between the server's and the trusted one is not valid yet.
  case intermediateNotYetValid = 17
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
  case notXML
  /// A SOAP fault, by its code.
  case fault(String)
  /// An expected element of the XML, by its path.
  case elementMissing(String)
  case elementMismatch(String)
  case other
}

/// What was wrong with what came back over a plain connection, or with what was to be taken from an
/// answer.
package enum AnswerCause: Sendable, Hashable {
  case timedOut
  case closed
  case reset
  case textMissing(String)
  case patternMissing(String)
  case tooLarge
  /// A value that the next step needs is not in the answer, by its name.
  case captureMissing(String)
  case other
}

/// What was wrong with a name server's answer.
package enum DNSCause: Sendable, Hashable {
  /// The server's own word: `NXDOMAIN`, `SERVFAIL`, `REFUSED`.
  case responseCode(String)
  case timedOut
  /// The message breaks the rules of RFC 1035; what is wrong with it.
  case malformed(String)
  /// It answers another question than the one asked.
  case mismatched
  case noRecords
  /// An expected record is not among the answers.
  case recordMissing(String)
  /// A record that was not expected is among the answers.
  case unexpectedRecord(String)
  /// Cut short, over TCP too.
  case truncated
  case closed
  case reset
  case notAuthoritative
  case other
}

/// What the echoes of a host showed.
package enum PingCause: Sendable, Hashable {
  case noReply
  /// More were lost than may be: `3 of 5`.
  case loss(String)
  /// A router, or the host itself, tells that it cannot be reached.
  case unreachable
  case other
}

/// How a program that checks a link ended.
package enum PluginCause: Sendable, Hashable {
  case critical
  case timedOut
  /// Ended by a signal, by its name.
  case signalled(String)
  /// An exit code that the convention does not have.
  case exitCode(String)
  case outputTooLarge
  case other
}

/// What will not work for long, or does not work well.
package enum WarningCause: Sendable, Hashable {
  /// The server's certificate expires within so many days.
  case certificateExpires(String)
  /// One of the certificates that signed it does.
  case intermediateExpires(String)
  case plugin
  /// Some were lost, fewer than may be: `1 of 5`.
  case packetLoss(String)
  /// The root certificate needs not be sent, or the order is wrong, or one does not belong.
  case untidyChain(String)
  /// The certificate that we show to the server expires within so many days.
  case clientCertificateExpires(String)
  /// A secret that we show to the server, other than a certificate, stops being good within so many days.
  case secretExpires(String)
}

extension WarningCause {
  /// Whether what is warned of stays as it is until somebody does something: one attempt is as good as
  /// three.
  package var isLasting: Bool {
    switch self {
    case .certificateExpires, .intermediateExpires, .untidyChain, .clientCertificateExpires,
      .secretExpires:
      true
    case .plugin, .packetLoss: false
    }
  }
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
  /// This machine does not permit the daemon to do it, such as to send echoes.
  case notPermitted = 12
  /// The program of the check could not be started, or could not run.
  case notRunnable = 13
  /// The program of the check ran and could not tell.
  case pluginUnknown = 14
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
  case answer(AnswerCause)
  case dns(DNSCause)
  case ping(PingCause)
  case plugin(PluginCause)
  case warning(WarningCause)
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
    case .answer: .answer
    case .dns: .dns
    case .ping: .ping
    case .plugin: .plugin
    case .warning: .warning
    }
  }

  /// Whether the attempt ran and showed the link failing. A skipped run is no failure, a warning
  /// neither.
  package var isFailure: Bool {
    switch self {
    case .ok, .skipped, .warning: false
    default: true
    }
  }

  package var isSkipped: Bool {
    if case .skipped = self { true } else { false }
  }

  package var isWarning: Bool {
    if case .warning = self { true } else { false }
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
    case .answer(let cause): cause.parts.name
    case .dns(let cause): cause.parts.name
    case .ping(let cause): cause.parts.name
    case .plugin(let cause): cause.parts.name
    case .warning(let cause): cause.parts.name
    }
  }

  /// The cause's detail: the status `503`, the code `106`, the header's name; empty without one.
  /// It may hold bytes from the other side: show it only through `printable`.
  package var detail: String {
    switch self {
    case .http(let cause): cause.parts.detail
    case .body(let cause): cause.parts.detail
    case .answer(let cause): cause.parts.detail
    case .dns(let cause): cause.parts.detail
    case .ping(let cause): cause.parts.detail
    case .plugin(let cause): cause.parts.detail
    case .warning(let cause): cause.parts.detail
    case .ok, .resolve, .connect, .tls, .skipped: ""
    }
  }

  /// The stable name used in JSON, logs and files: `ok`, `connect.refused`, `http.status`.
  package var name: String { self == .ok ? "ok" : "\(phase.name).\(causeName)" }
}
