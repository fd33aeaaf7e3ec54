import Base
import Model
import Testing
import Wire

@testable import Probes

private let root = DrawnCertificate.root()
private let between = DrawnCertificate(subject: "between", issuer: "root", until: 1_000)
private let leaf = DrawnCertificate(
  subject: "server", issuer: "between", names: ["server.example"])

private func leaf(_ change: (inout DrawnCertificate) -> Void) -> DrawnCertificate {
  var changed = leaf
  change(&changed)
  return changed
}

private func between(_ change: (inout DrawnCertificate) -> Void) -> DrawnCertificate {
  var changed = between
  change(&changed)
  return changed
}

/// What came of a handshake and how it is to be told.
private struct Row: CustomTestStringConvertible {
  var reason: String
  var failure: Outcome?
  var chain: [DrawnCertificate]
  var outcome: Outcome
  /// What the note must have in it.
  var note = ""
  var asks = false

  var testDescription: String { reason }
}

@Suite("The TLS probe")
struct TLSProbeTests {
  private let start = Instant(nanoseconds: 1_000_000_000)

  private func probe(_ keys: String, tracing: Bool = true) throws -> TLSProbe {
    let (options, complaints) = try decode(TLSProbe.self, "{ \(keys) }", secrets: [:])
    #expect(complaints.map(\.description) == [])
    return TLSProbe(try #require(options), timeout: .seconds(10), tracing: tracing)
  }

  private func run(
    _ keys: String = #"target: "192.0.2.1:443", tls: { serverName: "server.example" }"#,
    _ handshake: Handshake, _ failure: Outcome? = nil
  ) throws -> ProbeResult {
    var probe = try probe(keys)
    guard case .transfer(let transfer) = probe.step(.start, at: start) else {
      Issue.record("expected a handshake")
      return ProbeResult(outcome: .skipped(.missed))
    }
    #expect(transfer.purpose == .handshake)
    #expect(!transfer.isOptional)
    let transferred = TransferResult(failure: failure, handshake: handshake)
    guard case .finish(let result) = probe.step(.transferred(transferred), at: start) else {
      Issue.record("expected the end")
      return ProbeResult(outcome: .skipped(.missed))
    }
    return result
  }

  private static let rows: [Row] = [
    Row(reason: "all is well", chain: [leaf, between], outcome: .ok),
    Row(
      reason: "the server's own has expired", failure: .tls(.expired),
      chain: [leaf { $0.until = -3 }, between], outcome: .tls(.expired),
      note: "server, issued by between, expired on"),
    Row(
      reason: "one between has expired", failure: .tls(.expired),
      chain: [leaf, between { $0.until = -3 }], outcome: .tls(.intermediateExpired),
      note: "between, issued by root, expired on"),
    Row(
      reason: "one that is not sent has expired", failure: .tls(.expired),
      chain: [leaf, between], outcome: .tls(.intermediateExpired), note: "one above server"),
    Row(
      reason: "the server's own is not valid yet", failure: .tls(.notYetValid),
      chain: [leaf { $0.from = 3 }, between], outcome: .tls(.notYetValid),
      note: "server, issued by between, not valid before"),
    Row(
      reason: "one between is not valid yet", failure: .tls(.notYetValid),
      chain: [leaf, between { $0.from = 3 }], outcome: .tls(.intermediateNotYetValid),
      note: "between, issued by root, not valid before"),
    Row(
      reason: "the issuer is not sent, and may be no root", failure: .tls(.unknownIssuer),
      chain: [leaf], outcome: .tls(.incompleteChain), note: "of between, the issuer of server"),
    Row(
      reason: "another than the issuer is sent", failure: .tls(.unknownIssuer),
      chain: [leaf, root], outcome: .tls(.incompleteChain), note: "of between"),
    Row(
      reason: "the issuer is not sent, and was not signed by itself", failure: .tls(.unknownIssuer),
      chain: [leaf { $0.authorityIssuer = "root" }], outcome: .tls(.incompleteChain)),
    Row(
      reason: "the issuer is not sent, and is a root", failure: .tls(.unknownIssuer),
      chain: [leaf { $0.authorityIssuer = "between" }], outcome: .tls(.unknownIssuer),
      note: "nobody whom we believe"),
    Row(
      reason: "the whole chain is sent", failure: .tls(.unknownIssuer),
      chain: [leaf, between, root], outcome: .tls(.unknownIssuer), note: "signed root"),
    Row(
      reason: "it is signed by itself", failure: .tls(.selfSigned),
      chain: [DrawnCertificate.root("server")], outcome: .tls(.selfSigned), note: "by itself"),
    Row(
      reason: "it is for another name", failure: .tls(.wrongName),
      chain: [leaf { $0.names = ["a.example", "b.example"] }, between],
      outcome: .tls(.wrongName), note: "for a.example, b.example, not for server.example"),
    Row(
      reason: "the key is short", failure: .tls(.weakKey),
      chain: [leaf { $0.rsaBits = 1_024 }, between], outcome: .tls(.weakKey),
      note: "RSA 1024 bits"),
    Row(
      reason: "a client certificate is asked for, and its absence called a failure",
      failure: .tls(.handshake), chain: [leaf, between], outcome: .tls(.clientCertificate),
      note: "we have none", asks: true),
    Row(
      reason: "the handshake failed otherwise", failure: .tls(.handshake),
      chain: [leaf, between], outcome: .tls(.handshake)),
    Row(
      reason: "nothing was asked, and it went on", chain: [leaf, between], outcome: .ok,
      asks: true),
    Row(
      reason: "the root is sent", chain: [leaf, between, root],
      outcome: .warning(.untidyChain("the root is sent"))),
    Row(
      reason: "the order is wrong",
      chain: [
        leaf, DrawnCertificate(subject: "upper", issuer: "root"), between { $0.issuer = "upper" },
      ],
      outcome: .warning(.untidyChain("wrong order"))),
    Row(
      reason: "one does not belong",
      chain: [leaf, between, DrawnCertificate(subject: "other", issuer: "root", serial: 9)],
      outcome: .warning(.untidyChain("one does not belong"))),
    Row(
      reason: "the server's own is sent twice", chain: [leaf, leaf, between],
      outcome: .warning(.untidyChain("one is sent twice"))),
    Row(
      reason: "more than a month is left", chain: [leaf { $0.until = 31 }, between], outcome: .ok),
    Row(
      reason: "a month is left", chain: [leaf { $0.until = 30 }, between],
      outcome: .warning(.certificateExpires("30")), note: "server, issued by between, valid until"),
    Row(
      reason: "a fortnight and a day", chain: [leaf { $0.until = 15 }, between],
      outcome: .warning(.certificateExpires("30"))),
    Row(
      reason: "a fortnight", chain: [leaf { $0.until = 14 }, between],
      outcome: .warning(.certificateExpires("14"))),
    Row(
      reason: "a week", chain: [leaf { $0.until = 7 }, between],
      outcome: .warning(.certificateExpires("7"))),
    Row(
      reason: "one between goes first", chain: [leaf { $0.until = 25 }, between { $0.until = 5 }],
      outcome: .warning(.intermediateExpires("7")), note: "between, issued by root"),
    Row(
      reason: "both have reached the same step",
      chain: [leaf { $0.until = 6 }, between { $0.until = 5 }],
      outcome: .warning(.certificateExpires("7"))),
    Row(
      reason: "what ends soon counts for more than the order",
      chain: [leaf { $0.until = 6 }, between, root], outcome: .warning(.certificateExpires("7"))),
    Row(
      reason: "one that is signed twice, the older signature expired: we have the newer root",
      chain: [leaf, between, DrawnCertificate(subject: "root", issuer: "elder", until: -30)],
      outcome: .warning(.untidyChain("an expired one is sent")),
      note: "root, issued by elder, expired on"),
    Row(
      reason: "it is trusted although the issuer that is sent has expired: we have another",
      chain: [leaf, between { $0.until = -3 }],
      outcome: .warning(.untidyChain("an expired one is sent")),
      note: "between, issued by root, expired on"),
    Row(
      reason: "an expired issuer beside its successor",
      chain: [leaf, between { $0.until = -3 }, between],
      outcome: .warning(.untidyChain("an expired one is sent"))),
    Row(
      reason: "the root is sent, and has expired",
      chain: [leaf, between, DrawnCertificate(subject: "root", issuer: "root", until: -1)],
      outcome: .warning(.untidyChain("an expired one is sent"))),
    Row(
      reason: "one that will be valid later is sent",
      chain: [leaf, between { $0.from = 3 }, between],
      outcome: .warning(.untidyChain("one is sent that is not valid yet"))),
    Row(
      reason: "what ends soon counts for more than what has ended and is not needed",
      chain: [leaf { $0.until = 6 }, between, between { $0.until = -3 }],
      outcome: .warning(.certificateExpires("7"))),
  ]

  @Test("a handshake is judged by what it showed", arguments: rows)
  private func judgement(_ row: Row) throws {
    let result = try run(Handshake.of(row.chain, asks: row.asks), row.failure)
    #expect(result.outcome == row.outcome)
    #expect(result.note.contains(row.note), "\(result.note)")
    #expect(result.note.utf8.count <= Limits.noteBytes)
  }

  private func run(_ handshake: Handshake, _ failure: Outcome?) throws -> ProbeResult {
    try run(
      #"target: "192.0.2.1:443", tls: { serverName: "server.example" }"#, handshake, failure)
  }

  @Test("days, bits and the chain's length are readings, of an expired certificate too")
  func readings() throws {
    let result = try run(
      .of([leaf { $0.until = -2 }, between { $0.until = 90 }, root]), .tls(.expired))
    #expect(
      result.readings == [
        Reading(name: "daysLeft", value: -2, unit: "days"),
        Reading(name: "intermediateDaysLeft", value: 90, unit: "days"),
        Reading(name: "keyBits", value: 2_048), Reading(name: "chainLength", value: 3),
      ])
  }

  @Test("one that has expired and is not needed is no intermediate whose days count")
  func spareDays() throws {
    let chain = Handshake.of([
      leaf, between, DrawnCertificate(subject: "root", issuer: "elder", until: -30),
    ])
    let days = try run(chain, nil).readings.first { $0.name == "intermediateDaysLeft" }
    #expect(days?.value == 1_000)
    let allowed = #"target: "192.0.2.1", allowUntidy: true"#
    #expect(try run(allowed, chain).outcome == .ok)
  }

  @Test("the steps tell of each certificate")
  func steps() throws {
    let result = try run(.of([leaf, between]), nil)
    #expect(result.steps.contains("TLS 1.3, SUITE"), "\(result.steps)")
    let first = try #require(result.steps.first { $0.hasPrefix("certificate 1: ") })
    for part in [
      "CN=server", "issued by CN=between", "400 days left", "RSA 2048 bits", "sha256WithRSA",
      "for server.example",
    ] {
      #expect(first.contains(part), "\(first)")
    }
    #expect(result.steps.contains { $0.hasPrefix("certificate 2: CN=between;") })
  }

  @Test("without verification the dates are judged all the same")
  func unverified() throws {
    let keys = #"target: "192.0.2.1", tls: { verify: false }"#
    let gone = Handshake.of([leaf { $0.until = -1 }])
    #expect(try run(keys, gone).outcome == .tls(.expired))
    let above = Handshake.of([leaf, between { $0.until = -1 }])
    #expect(try run(keys, above).outcome == .tls(.intermediateExpired))
    // Whether a client has a newer root in its place cannot be known.
    let cross = Handshake.of([
      leaf, between, DrawnCertificate(subject: "root", issuer: "elder", until: -30),
    ])
    #expect(try run(keys, cross).outcome == .tls(.intermediateExpired))
    let both = Handshake.of([leaf, between { $0.until = -3 }, between])
    #expect(
      try run(keys, both).outcome == .warning(.untidyChain("an expired one is sent")),
      "its successor is sent too")
    let early = Handshake.of([leaf { $0.from = 1 }])
    #expect(try run(keys, early).outcome == .tls(.notYetValid))
  }

  @Test("further names and a stronger key can be expected, and an untidy chain allowed")
  func expectations() throws {
    let chain = Handshake.of([
      leaf { $0.names = ["server.example", "*.b.example"] }, between, root,
    ])
    func outcome(_ more: String) throws -> Outcome {
      try run(#"target: "192.0.2.1", allowUntidy: true, \#(more)"#, chain).outcome
    }
    #expect(try outcome("") == .ok)
    #expect(try outcome(#"expect: { names: ["server.example", "a.B.example"] }"#) == .ok)
    #expect(try outcome(#"expect: { names: ["b.example"] }"#) == .tls(.wrongName))
    #expect(try outcome(#"expect: { names: ["x.a.b.example"] }"#) == .tls(.wrongName))
    #expect(try outcome("expect: { rsaBits: 3072 }") == .tls(.weakKey))
    #expect(try outcome("expect: { rsaBits: 2048, curveBits: 256 }") == .ok)
  }

  @Test("a certificate that cannot be read is no reason to call all well")
  func unreadable() throws {
    let handshake = Handshake(
      certificates: [[0x30, 3, 1, 2, 3]], version: .tls12, time: DrawnCertificate.today)
    let result = try run(handshake, nil)
    #expect(result.outcome == .warning(.untidyChain("one cannot be read")))
    #expect(result.note.contains("certificate 1 cannot be read"))
  }

  @Test("one that cannot be read, beside those that can, hides nothing of them")
  func unreadableBesides() throws {
    func outcome(
      _ keys: String, _ own: DrawnCertificate = leaf, failure: Outcome? = nil
    ) throws -> ProbeResult {
      let handshake = Handshake(
        certificates: [own.der, between.der, [0x30, 3, 1, 2, 3]], version: .tls13,
        time: DrawnCertificate.today)
      return try run(
        #"target: "192.0.2.1", tls: { serverName: "server.example" }, \#(keys)"#, handshake, failure
      )
    }
    #expect(try outcome(#"expect: { names: ["b.example"] }"#).outcome == .tls(.wrongName))
    #expect(try outcome("expect: { rsaBits: 4096 }").outcome == .tls(.weakKey))
    let soon = try outcome("", leaf { $0.until = 5 })
    #expect(soon.outcome == .warning(.certificateExpires("7")))
    let fine = try outcome("allowUntidy: true")
    #expect(fine.outcome == .warning(.untidyChain("one cannot be read")))
    #expect(fine.note.contains("certificate 3 cannot be read"))
  }

  @Test("an issuer that may be the one that cannot be read is not said to be missing")
  func unreadableIssuer() throws {
    let handshake = Handshake(
      certificates: [leaf.der, [0x30, 3, 1, 2, 3]], version: .tls13, time: DrawnCertificate.today)
    let result = try run(handshake, .tls(.unknownIssuer))
    #expect(result.outcome == .tls(.unknownIssuer))
    #expect(result.note.contains("certificate 2 cannot be read"))
  }

  @Test("names with marks that reorder text are shown, not obeyed")
  func hostileNames() throws {
    let result = try run(
      .of([leaf { $0.subject = "a\u{202E}\u{1B}[31m\n" + String(repeating: "ệ", count: 400) }]),
      .tls(.unknownIssuer))
    #expect(!result.note.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202E })
    #expect(result.note.utf8.count <= Limits.noteBytes)
    for step in result.steps {
      #expect(!step.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202E })
    }
  }

  @Test("the next address is tried when a connection fails; then the failure is told")
  func addresses() throws {
    var probe = try probe(#"target: "server.example""#)
    guard case .resolve(let host, _) = probe.step(.start, at: start) else {
      Issue.record("expected a look-up")
      return
    }
    #expect(host == "server.example")
    let refused = ProbeEvent.transferred(TransferResult(failure: .connect(.refused)))
    _ = probe.step(.resolved(addresses: ["127.0.0.1", "127.0.0.2"], took: .zero), at: start)
    guard case .transfer(let second) = probe.step(refused, at: start) else {
      Issue.record("expected another address")
      return
    }
    #expect(second.address == "127.0.0.2")
    #expect(second.url.port == 443)
    guard case .finish(let result) = probe.step(refused, at: start) else {
      Issue.record("expected the end")
      return
    }
    #expect(result.outcome == .connect(.refused))
  }

  @Test("a time-out is told by what was waited for")
  func timeouts() throws {
    var resolving = try probe(#"target: "server.example""#)
    _ = resolving.step(.start, at: start)
    let late = ProbeEvent.timedOut(waitingInOurQueue: false)
    guard case .finish(let first) = resolving.step(late, at: start + .seconds(10)) else {
      Issue.record("expected the end")
      return
    }
    #expect(first.outcome == .resolve(.timedOut))
    var shaking = try probe(#"target: "127.0.0.1""#)
    _ = shaking.step(.start, at: start)
    guard case .finish(let second) = shaking.step(late, at: start + .seconds(10)) else {
      Issue.record("expected the end")
      return
    }
    #expect(second.outcome == .tls(.timedOut))
  }

  @Test(
    "a target is a host, with a port or without, or an https address",
    arguments: [
      ("a.example", "a.example:443"), ("a.example:8443", "a.example:8443"),
      ("[2001:db8::7]:636", "[2001:db8::7]:636"), ("https://a.example/path?x=1", "a.example:443"),
      ("https://a.example:444", "a.example:444"),
    ])
  func targets(text: String, target: String) throws {
    let (options, complaints) = try decode(
      TLSProbe.self, #"{ target: "\#(text)" }"#, secrets: [:])
    #expect(complaints.map(\.description) == [])
    #expect(options.flatMap(TLSProbe.target) == target)
  }

  @Test(
    "a mistake is told with what was expected",
    arguments: [
      (#"target: "http://a.example/""#, "there is no TLS behind http://"),
      (#"target: "a.example/path""#, "without a path"),
      (#"target: "a b""#, "expected \"host:port\""), ("", "the key \"target\" is missing"),
      (#"target: "a.example", warn: ["30d", "5h"]"#, "different whole days"),
      (#"target: "a.example", warn: ["7d", "7d"]"#, "different whole days"),
      (#"target: "a.example", expect: { rsaBits: 512 }"#, "from 1024 to 16384"),
      (#"target: "a.example", expect: { name: "x" }"#, "did you mean \"names\""),
      (
        #"target: "a.example", expect: { names: [\#((0...64).map { "\"\($0).example\"" }.joined(separator: ","))] }"#,
        "at most 64 names, got 65"
      ),
      (
        #"target: "a.example", expect: { names: ["\#(String(repeating: "a", count: 254))"] }"#,
        "names of 1 to 253 bytes, got 254"
      ),
      (#"target: "a.example", expect: { names: [""] }"#, "names of 1 to 253 bytes, got 0"),
    ])
  func mistakes(keys: String, complaint: String) throws {
    let (_, complaints) = try decode(TLSProbe.self, "{ \(keys) }", secrets: [:])
    #expect(complaints.contains { $0.message.contains(complaint) }, "\(complaints)")
  }
}
