import Base
import Glibc
import Testing

@testable import Model

/// Every outcome there is, with details of every sort.
private let everyOutcome: [Outcome] =
  [.ok] + ResolveCause.allCases.map { .resolve($0) } + ConnectCause.allCases.map { .connect($0) }
  + TLSCause.allCases.map { .tls($0) } + SkipCause.allCases.map { .skipped($0) }
  + ([
    .status(100), .status(503), .status(65_535), .timedOut, .closed, .reset, .malformed,
    .headerTooLarge, .headerMissing("Content-Type"), .headerMismatch("Sở"), .tooManyRedirects,
    .redirectRefused("to host b.example"), .redirectRefused(""),
    .otherVersion, .other,
  ] as [HTTPCause]).map { .http($0) }
  + ([
    .applicationCode("106"), .applicationCode(""), .tooLarge, .timedOut, .reset, .truncated,
    .badEncoding, .notJSON, .textMissing("Hà Nội"), .patternMissing("a+"),
    .pathMissing("a.b[0]"), .pathMismatch("$.status"), .wrongIdentity("01, not 15"),
    .tooComplex, .notXML, .fault("soap:Server"), .elementMissing("Envelope/Body"),
    .elementMismatch("a/b"), .other,
  ] as [BodyCause]).map { .body($0) }
  + ([
    .timedOut, .closed, .reset, .textMissing("220"), .patternMissing("^SSH"), .tooLarge,
    .captureMissing("session"), .other,
  ] as [AnswerCause]).map { .answer($0) }
  + ([
    .responseCode("NXDOMAIN"), .timedOut, .malformed("a loop of names"), .mismatched, .noRecords,
    .recordMissing("192.0.2.1"), .unexpectedRecord("192.0.2.2"), .truncated, .closed, .reset,
    .notAuthoritative, .other,
  ] as [DNSCause]).map { .dns($0) }
  + ([.noReply, .loss("3 of 5"), .unreachable, .other] as [PingCause]).map { .ping($0) }
  + ([
    .critical, .timedOut, .signalled("SIGSEGV"), .exitCode("64"), .outputTooLarge, .other,
  ] as [PluginCause]).map { .plugin($0) }
  + ([
    .certificateExpires("14"), .intermediateExpires("7"), .plugin, .packetLoss("1 of 5"),
    .untidyChain("wrong order"), .clientCertificateExpires("7"),
    .secretExpires("14"),
  ] as [WarningCause]).map { .warning($0) }

struct OutcomeTests {
  @Test(
    "an application code is told with its meaning where the table has it, other outcomes as ever")
  func meanings() {
    let codes = CodeTable(["106": LocalizedName(en: "wrong unit\u{1B} code", vi: "sai mã đơn vị")])
    let known = Outcome.body(.applicationCode("106"))
    #expect(
      sentence(known, codes: codes) == "application code 106 in the body: wrong unit\\u{1b} code")
    #expect(codeMeaning(known, codes: codes)?.vi == "sai mã đơn vị")
    for outcome in everyOutcome where outcome != known {
      #expect(sentence(outcome, codes: codes) == outcome.sentence)
    }
    #expect(sentence(known, codes: nil) == known.sentence)
  }

  @Test("every outcome comes back from its code", arguments: everyOutcome)
  func roundTrip(outcome: Outcome) {
    #expect(Outcome(outcome.code) == outcome)
    #expect(outcome.code.phase == outcome.phase.rawValue)
  }

  @Test("no two outcomes share a code, and no two kinds share a name")
  func unique() {
    #expect(Set(everyOutcome.map(\.code)).count == everyOutcome.count)
    var nameOfCode: [UInt16: String] = [:]
    for outcome in everyOutcome {
      let code = UInt16(outcome.code.phase) << 8 | UInt16(outcome.code.cause)
      let known = nameOfCode.updateValue(outcome.name, forKey: code)
      #expect(known == nil || known == outcome.name)
    }
    #expect(Set(nameOfCode.values).count == nameOfCode.count)
  }

  @Test("every outcome is on its reference page, and the page names no other")
  func referencePage() throws {
    let page = try #require(outcomePage())
    let words = Set(page.split(separator: "`").map(String.init))
    let names = Set(everyOutcome.map(\.name))
    for name in names { #expect(words.contains(name), "\(name)") }
    let phases = Phase.allCases.map { "\($0.name)." }
    for word in words where phases.contains(where: { word.hasPrefix($0) }) {
      #expect(names.contains(word), "\(word)")
    }
  }

  @Test("codes in the ring never change their meaning")
  func golden() {
    // One line a kind; a change here breaks the reading of rings already written.
    let lines = Set(everyOutcome.map { "\($0.code.phase).\($0.code.cause) \($0.name)" }).sorted()
    #expect(lines.joined(separator: "\n") == goldenCodes)
  }

  @Test(
    "a code that this version does not know is none",
    arguments: [
      OutcomeCode(phase: 7, cause: 0), OutcomeCode(phase: 12, cause: 1),
      OutcomeCode(phase: 255, cause: 1),
      OutcomeCode(phase: 1, cause: 0), OutcomeCode(phase: 2, cause: 200),
      OutcomeCode(phase: 3, cause: 99), OutcomeCode(phase: 4, cause: 0),
      OutcomeCode(phase: 4, cause: 12), OutcomeCode(phase: 5, cause: 18),
      OutcomeCode(phase: 6, cause: 0), OutcomeCode(phase: 6, cause: 15),
    ])
  func unknownCodes(code: OutcomeCode) {
    #expect(Outcome(code) == nil)
  }

  @Test(
    "only an attempt that ran and went wrong is a failure, and a warning is none",
    arguments: everyOutcome)
  func failures(outcome: Outcome) {
    switch outcome {
    case .ok:
      #expect(!outcome.isFailure && !outcome.isSkipped)
    case .skipped:
      #expect(!outcome.isFailure && outcome.isSkipped)
    case .warning:
      #expect(!outcome.isFailure && !outcome.isSkipped && outcome.isWarning)
    default:
      #expect(outcome.isFailure && !outcome.isSkipped)
    }
  }

  @Test("a figure that is missing leaves no gap in the words")
  func missingFigures() {
    let causes: [WarningCause] = [
      .certificateExpires(""), .intermediateExpires(""), .clientCertificateExpires(""),
      .secretExpires(""), .packetLoss(""), .untidyChain(""),
    ]
    for cause in causes {
      let words = Outcome.warning(cause).sentence
      #expect(!words.contains("  ") && !words.hasPrefix(" "), "\(words)")
      #expect(!words.hasSuffix(" ") && !words.hasSuffix(":"), "\(words)")
    }
    #expect(Outcome.warning(.secretExpires("")).sentence == "our secret expires soon")
    #expect(Outcome.warning(.secretExpires("7")).sentence == "our secret expires within 7 days")
  }

  @Test("every outcome has words that are safe to print", arguments: everyOutcome)
  func sentences(outcome: Outcome) {
    #expect(!outcome.sentence.isEmpty)
    #expect(printable(outcome.sentence, limit: 1_000) == outcome.sentence)
  }

  @Test("a detail from the other side cannot act on a terminal")
  func hostileDetail() {
    let outcome = Outcome.body(.applicationCode("\u{1B}[2J\n" + String(repeating: "x", count: 500)))
    #expect(outcome.sentence.hasPrefix("application code \\u{1b}[2J\\nxxx"))
    #expect(outcome.sentence.count < 130)
  }

  @Test(
    "names and details are apart",
    arguments: [
      (.ok, "ok", ""), (.connect(.refused), "connect.refused", ""),
      (.http(.status(503)), "http.status", "503"),
      (.body(.applicationCode("106")), "body.applicationCode", "106"),
      (.skipped(.stillRunning), "skipped.stillRunning", ""),
    ] as [(Outcome, String, String)])
  func names(outcome: Outcome, name: String, detail: String) {
    #expect(outcome.name == name)
    #expect(outcome.detail == detail)
  }
}

/// deploy/docs/outcomes.md, found from the place of this file.
private func outcomePage() -> String? {
  let top = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
  guard let file = fopen("/\(top)/deploy/docs/outcomes.md", "r") else { return nil }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  while case let byte = getc(file), byte != EOF { bytes.append(UInt8(byte)) }
  return String(decoding: bytes, as: UTF8.self)
}

private let goldenCodes = """
  0.0 ok
  1.1 resolve.noSuchName
  1.2 resolve.noAddress
  1.255 resolve.other
  1.3 resolve.temporaryFailure
  1.4 resolve.timedOut
  10.1 plugin.critical
  10.2 plugin.timedOut
  10.255 plugin.other
  10.3 plugin.signalled
  10.4 plugin.exitCode
  10.5 plugin.outputTooLarge
  11.1 warning.certificateExpires
  11.2 warning.intermediateExpires
  11.3 warning.plugin
  11.4 warning.packetLoss
  11.5 warning.untidyChain
  11.6 warning.clientCertificateExpires
  11.7 warning.secretExpires
  2.1 connect.refused
  2.2 connect.timedOut
  2.255 connect.other
  2.3 connect.networkUnreachable
  2.4 connect.hostUnreachable
  2.5 connect.reset
  2.6 connect.denied
  2.7 connect.noLocalAddress
  2.8 connect.proxy
  3.1 tls.expired
  3.10 tls.reset
  3.11 tls.clientCertificate
  3.12 tls.caFile
  3.13 tls.weakKey
  3.14 tls.incompleteChain
  3.15 tls.intermediateExpired
  3.16 tls.notTLS
  3.17 tls.intermediateNotYetValid
  3.2 tls.notYetValid
  3.255 tls.other
  3.3 tls.wrongName
  3.4 tls.selfSigned
  3.5 tls.unknownIssuer
  3.6 tls.revoked
  3.7 tls.protocolVersion
  3.8 tls.handshake
  3.9 tls.timedOut
  4.1 http.status
  4.10 http.redirectRefused
  4.11 http.otherVersion
  4.2 http.timedOut
  4.255 http.other
  4.3 http.closed
  4.4 http.reset
  4.5 http.malformed
  4.6 http.headerTooLarge
  4.7 http.headerMissing
  4.8 http.headerMismatch
  4.9 http.tooManyRedirects
  5.1 body.applicationCode
  5.10 body.pathMissing
  5.11 body.pathMismatch
  5.12 body.wrongIdentity
  5.13 body.tooComplex
  5.14 body.notXML
  5.15 body.fault
  5.16 body.elementMissing
  5.17 body.elementMismatch
  5.2 body.tooLarge
  5.255 body.other
  5.3 body.timedOut
  5.4 body.reset
  5.5 body.truncated
  5.6 body.badEncoding
  5.7 body.notJSON
  5.8 body.textMissing
  5.9 body.patternMissing
  6.1 skipped.stillRunning
  6.10 skipped.politeness
  6.11 skipped.workersBusy
  6.12 skipped.notPermitted
  6.13 skipped.notRunnable
  6.14 skipped.pluginUnknown
  6.2 skipped.tableFull
  6.3 skipped.resolverBusy
  6.4 skipped.paused
  6.5 skipped.stopping
  6.6 skipped.missed
  6.7 skipped.unsupported
  6.8 skipped.backingOff
  6.9 skipped.noToken
  7.1 answer.timedOut
  7.2 answer.closed
  7.255 answer.other
  7.3 answer.reset
  7.4 answer.textMissing
  7.5 answer.patternMissing
  7.6 answer.tooLarge
  7.7 answer.captureMissing
  8.1 dns.responseCode
  8.10 dns.reset
  8.11 dns.notAuthoritative
  8.2 dns.timedOut
  8.255 dns.other
  8.3 dns.malformed
  8.4 dns.mismatched
  8.5 dns.noRecords
  8.6 dns.recordMissing
  8.7 dns.unexpectedRecord
  8.8 dns.truncated
  8.9 dns.closed
  9.1 ping.noReply
  9.2 ping.loss
  9.255 ping.other
  9.3 ping.unreachable
  """
