import Base
import Model
import Testing
import Wire

@testable import Probes

@Suite("The TCP probe")
struct TCPProbeTests {
  private func options(
    _ target: String = "192.0.2.7:25", text: String? = nil, pattern: String? = nil,
    send: String? = nil, limit: Int = 64, slow: TimeAmount? = nil
  ) throws -> TCPOptions {
    TCPOptions(
      target: try HostPort(target),
      send: send.map { SecretText(text: Array($0.utf8), secrets: []) },
      text: text, pattern: try pattern.map { try Pattern($0) }, limitBytes: limit, slow: slow)
  }

  @Test("a connection alone is enough where no answer is expected")
  func connects() throws {
    var walk = Walk<TCPProbe>(try options())
    #expect(walk.target?.address == "192.0.2.7")
    #expect(walk.target?.port == 25)
    #expect(walk.target?.connectLimit == nil)
    walk.step(.connected(took: .milliseconds(3)))
    #expect(walk.outcome == .ok)
    #expect(walk.result?.timings.connectMicroseconds == 3_000)
  }

  @Test("what is to be said is sent, and the answer is read until it has what is expected")
  func exchange() throws {
    var walk = Walk<TCPProbe>(try options(text: "250 ok", send: "HELP\r\n"))
    walk.step(.connected(took: .milliseconds(3)))
    #expect(walk.sent == Array("HELP\r\n".utf8))
    walk.step(.sent)
    walk.receive("220 hello\r\n25", after: .milliseconds(5))
    #expect(walk.within == .milliseconds(3_995))
    walk.receive("0 ok\r\n", after: .milliseconds(2))
    #expect(walk.outcome == .ok)
    #expect(walk.result?.timings.firstByteMicroseconds == 5_000)
    #expect(walk.result?.timings.transferMicroseconds == 2_000)
    #expect(walk.result?.timings.totalMicroseconds == 10_000)
    #expect(walk.result?.bodyBytes == 19)
  }

  @Test("a slow answer is marked")
  func slow() throws {
    var walk = Walk<TCPProbe>(try options(text: "x", slow: .milliseconds(4)))
    walk.step(.connected(took: .zero))
    walk.receive("x", after: .milliseconds(5))
    #expect(walk.outcome == .ok)
    #expect(walk.result?.flags == .slow)
  }

  @Test("the addresses of a name are tried in turn, each with its share of the time")
  func addresses() throws {
    var walk = Walk<TCPProbe>(try options("portal.example:25"))
    guard case .resolve("portal.example", _) = walk.action else {
      Issue.record("expected a look-up")
      return
    }
    walk.step(.resolved(addresses: ["192.0.2.1", "192.0.2.2"], took: .milliseconds(1)))
    #expect(walk.target?.connectLimit == .seconds(2))
    walk.step(.socketFailed(.connect(.timedOut)), after: .seconds(2))
    #expect(walk.target?.address == "192.0.2.2")
    #expect(walk.target?.connectLimit == nil)
    walk.step(.socketFailed(.connect(.refused)))
    #expect(walk.outcome == .connect(.refused))
  }

  private static let ends: [(after: String, event: ProbeEvent, outcome: Outcome, why: String)] = [
    ("", .closed, .answer(.closed), "closed without a word"),
    ("no", .closed, .answer(.textMissing("yes")), "closed after other words"),
    ("", .socketFailed(.reset), .answer(.reset), "reset"),
    ("no", .socketFailed(.reset), .answer(.reset), "reset after words"),
    ("", .timedOut(waitingInOurQueue: false), .answer(.timedOut), "silence"),
    ("no", .receivedNothing, .answer(.textMissing("yes")), "other words, then silence"),
    ("", .socketFailed(.noRoom), .skipped(.tableFull), "our own want"),
  ]

  @Test("an answer that does not come is told by how it ended", arguments: ends)
  func endings(_ row: (after: String, event: ProbeEvent, outcome: Outcome, why: String)) throws {
    var walk = Walk<TCPProbe>(try options(text: "yes"))
    walk.step(.connected(took: .zero))
    if !row.after.isEmpty { walk.receive(row.after) }
    walk.step(row.event)
    #expect(walk.outcome == row.outcome, "\(row.why)")
  }

  @Test("a connection that never comes about is a time-out of the connection")
  func noConnection() throws {
    var walk = Walk<TCPProbe>(try options(text: "x"))
    walk.step(.timedOut(waitingInOurQueue: false), after: .seconds(4))
    #expect(walk.outcome == .connect(.timedOut))
  }

  @Test("a flood ends at the limit, but not if what is expected came first")
  func flood() throws {
    var walk = Walk<TCPProbe>(try options(text: "yes", limit: 8))
    walk.step(.connected(took: .zero))
    walk.receive("nonononono")
    #expect(walk.outcome == .answer(.tooLarge))
    walk = Walk<TCPProbe>(try options(pattern: "yes", limit: 8))
    walk.step(.connected(took: .zero))
    walk.receive("nonononono")
    #expect(walk.outcome == .answer(.tooLarge))
    walk = Walk<TCPProbe>(try options(text: "yes", limit: 4))
    walk.step(.connected(took: .zero))
    walk.receive("yes, yes, yes")
    #expect(walk.outcome == .ok)
  }

  @Test("a pattern is found however the answer is cut, and named when it is missing")
  func patterns() throws {
    var walk = Walk<TCPProbe>(try options(pattern: "^220 [a-z]+\\r\\n"))
    walk.step(.connected(took: .zero))
    for byte in Array("220 hello\r\n".utf8) { walk.receive([byte]) }
    #expect(walk.outcome == .ok)
    walk = Walk<TCPProbe>(try options(pattern: "^220"))
    walk.step(.connected(took: .zero))
    walk.receive("554 no\r\n")
    walk.step(.closed)
    #expect(walk.outcome == .answer(.patternMissing("^220")))
  }

  @Test("an answer in drips is searched for a pattern a few times, not at every drip")
  func drips() throws {
    var walk = Walk<TCPProbe>(try options(pattern: "(a|b)*z", limit: 60_000))
    walk.step(.connected(took: .zero))
    var examinations = 0
    for _ in 0..<60_000 {
      walk.receive("a", after: .zero)
      guard case .examine(let examination) = walk.action else { continue }
      examinations += 1
      walk.step(.examined(Examined(outcome: examination.run().outcome)))
    }
    #expect((1...8).contains(examinations), "\(examinations)")
    walk.receive("z", after: .zero)
    guard case .examine(let last) = walk.action else {
      Issue.record("expected a last look, off the loop")
      return
    }
    walk.step(.examined(last.run()))
    #expect(walk.outcome == .ok)
  }

  @Test("time that runs out while our own workers look is not the link's fault")
  func workersAreLate() throws {
    var walk = Walk<TCPProbe>(try options(pattern: "(a|b)*z", limit: 60_000))
    walk.step(.connected(took: .zero))
    walk.receive([UInt8](repeating: 0x61, count: 20_000))
    guard case .examine = walk.action else {
      Issue.record("expected a look, off the loop")
      return
    }
    walk.step(.timedOut(waitingInOurQueue: false), after: .seconds(4))
    #expect(walk.outcome == .skipped(.workersBusy))
  }

  /// An answer of drips that has been looked at often enough to be looked at seldom now, and a last
  /// drip that has not been looked at.
  private func dripping(_ last: String) throws -> Walk<TCPProbe> {
    var walk = Walk<TCPProbe>(try options(pattern: "(a|b)*z", limit: 60_000))
    walk.step(.connected(took: .zero))
    for _ in 0..<20 {
      walk.receive([UInt8](repeating: 0x61, count: 1_000), after: .zero)
      guard case .examine(let examination) = walk.action else { continue }
      walk.step(.examined(examination.run()))
    }
    walk.receive(last)
    return walk
  }

  @Test("what came since the last look is looked at while there is time for it")
  func lastLook() throws {
    for (last, outcome) in [
      ("z", Outcome.ok), ("a", .answer(.patternMissing("(a|b)*z"))),
    ] {
      var walk = try dripping(last)
      let within = try #require(walk.within)
      #expect(within < .milliseconds(3_700), "time is kept back for the look")
      var steady = walk
      walk.step(.receivedNothing, after: within)
      guard case .examine(let examination) = walk.action else {
        Issue.record("expected a last look")
        return
      }
      walk.step(.examined(examination.run()))
      #expect(walk.outcome == outcome)
      steady.receive("a", after: within)
      guard case .examine = steady.action else {
        Issue.record("expected a last look although more comes")
        return
      }
    }
  }

  @Test("a long answer that was looked at and lacks the pattern is told so when the time is up")
  func longAndWrong() throws {
    for event in [ProbeEvent.receivedNothing, .timedOut(waitingInOurQueue: false)] {
      var walk = Walk<TCPProbe>(try options(pattern: "(a|b)*z", limit: 60_000))
      walk.step(.connected(took: .zero))
      walk.receive([UInt8](repeating: 0x61, count: 20_000))
      guard case .examine(let examination) = walk.action else {
        Issue.record("expected a look, off the loop")
        return
      }
      walk.step(.examined(examination.run()))
      walk.step(event, after: .seconds(4))
      #expect(walk.outcome == .answer(.patternMissing("(a|b)*z")))
    }
  }

  @Test("settings are read, the target in each of its forms")
  func decoding() throws {
    for text in [
      #"target: "portal.example:25""#, #"target: "tcp://portal.example:25""#,
      #"target: { host: "portal.example", port: 25 }"#, #"target: "{endpoint}""#,
      #"target: { host: "{name}", port: 25 }"#,
    ] {
      let (options, complaints) = try decodeKind(
        TCPProbe.self, "{ \(text), send: \"a\\r\\n\", expect: { text: \"b\" } }",
        placeholders: ["endpoint": "tcp://portal.example:25", "name": "portal.example"])
      #expect(complaints == [])
      #expect(options?.target.text == "portal.example:25")
      #expect(options?.send?.text.bytes == Array("a\r\n".utf8))
      #expect(options.flatMap(TCPProbe.target) == "portal.example:25")
    }
  }

  private static let mistakes: [(json5: String, says: String)] = [
    ("{}", "\"target\" is missing"), (#"{ target: "portal.example" }"#, "a port is missing"),
    (#"{ target: { host: "a.example" } }"#, "\"port\" is missing"),
    (#"{ target: { host: "a.example:1", port: 2 } }"#, "without a port"),
    (#"{ target: "a.example:1", expect: { text: "" } }"#, "1 to 1024 bytes"),
    (#"{ target: "a.example:1", expect: { pattern: "(" } }"#, "not a pattern"),
    (#"{ target: "a.example:1", limits: { body: "1MiB" } }"#, "at most"),
    (#"{ target: "a.example:1", sourceAddress: "lo" }"#, "numeric address"),
    (#"{ target: "a.example:1", sned: "x" }"#, "did you mean \"send\""),
  ]

  @Test("mistakes are told", arguments: mistakes)
  func complaints(_ row: (json5: String, says: String)) throws {
    let (_, complaints) = try decodeKind(TCPProbe.self, row.json5)
    #expect(complaints.contains { $0.contains(row.says) }, "\(complaints)")
  }
}
