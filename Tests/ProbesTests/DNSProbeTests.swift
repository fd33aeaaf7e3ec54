import Base
import Model
import Testing
import Wire

@testable import Probes

@Suite("The DNS probe")
struct DNSProbeTests {
  private func options(
    _ name: String = "portal.example", _ type: DNSType = .a, servers: [String] = ["192.0.2.53"],
    transport: DNSOptions.Transport = .automatic, expect: DNSExpectations = .init()
  ) throws -> DNSOptions {
    DNSOptions(
      question: DNSQuestion(try #require(DNSName(name)), type),
      servers: try servers.map { try HostPort($0, defaultPort: 53) }, transport: transport,
      expectations: expect)
  }

  /// What a server says to a question: its own bytes with the flags and records given.
  private func answer(
    _ query: [UInt8], flags: UInt16 = 0x8180, _ records: [[UInt8]] = []
  ) -> [UInt8] {
    let end = questionEnd(query)
    return Array(query[..<2]) + [UInt8(flags >> 8), UInt8(flags & 0xFF), 0, 1, 0]
      + [UInt8(records.count), 0, 0, 0, 0] + Array(query[12..<end]) + records.flatMap { $0 }
  }

  private func questionEnd(_ query: [UInt8]) -> Int {
    var index = 12
    while query[index] != 0 { index += Int(query[index]) + 1 }
    return index + 5
  }

  /// A record; without a name of its own it is the question's.
  private func record(
    _ type: UInt8, _ data: [UInt8], name: String? = nil, ttl: UInt8 = 60
  ) -> [UInt8] {
    (name.map(wire) ?? [0xC0, 12]) + [0, type, 0, 1, 0, 0, 0, ttl, 0, UInt8(data.count)] + data
  }

  private func wire(_ name: String) -> [UInt8] {
    name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
  }

  /// A machine whose question is on its way, and the question.
  private func asked(
    _ options: DNSOptions, entropy: UInt64 = 0x1234_5678_9ABC
  ) throws -> (walk: Walk<DNSProbe>, query: [UInt8]) {
    var walk = Walk<DNSProbe>(options, entropy: entropy)
    walk.step(.connected(took: .zero))
    let query = try #require(walk.sent)
    walk.step(.sent)
    return (walk, query)
  }

  @Test("a server is asked over UDP, and its answer is told with its time")
  func good() throws {
    var (walk, query) = try asked(try options())
    walk.receive(
      answer(query, [record(1, [192, 0, 2, 7]), record(1, [192, 0, 2, 8], ttl: 30)]),
      after: .milliseconds(6))
    #expect(walk.outcome == .ok)
    #expect(walk.result?.timings.firstByteMicroseconds == 6_000)
    #expect(walk.result?.timings.connectMicroseconds == 0)
    #expect(walk.result?.note == "192.0.2.7, 192.0.2.8")
    #expect(
      walk.result?.readings == [
        Reading(name: "records", value: 2), Reading(name: "ttl", value: 30, unit: "s"),
      ])
  }

  @Test("the identifier is another for another random number")
  func identifiers() throws {
    let first = try asked(try options(), entropy: 1 << 24).query
    let second = try asked(try options(), entropy: 2 << 24).query
    #expect(first[..<2] != second[..<2])
    #expect(first[2...] == second[2...])
  }

  private static let judged: [(records: [[UInt8]], flags: UInt16, outcome: Outcome, why: String)] =
    [
      ([[192, 0, 2, 7]], 0x8180, .dns(.recordMissing("192.0.2.8")), "one is missing"),
      ([[192, 0, 2, 7], [192, 0, 2, 8]], 0x8180, .ok, "both are there"),
      (
        [[192, 0, 2, 8], [192, 0, 2, 7], [192, 0, 2, 9]], 0x8180,
        .dns(.unexpectedRecord("192.0.2.9")), "one too many"
      ),
      ([], 0x8180, .dns(.noRecords), "none"),
      ([], 0x8183, .dns(.responseCode("NXDOMAIN")), "no such name"),
      ([], 0x8182, .dns(.responseCode("SERVFAIL")), "the server failed"),
    ]

  @Test("answers are judged by code and records", arguments: judged)
  func judging(
    _ row: (records: [[UInt8]], flags: UInt16, outcome: Outcome, why: String)
  ) throws {
    let expect = DNSExpectations(answers: ["192.0.2.7", "192.0.2.8"])
    var (walk, query) = try asked(try options(expect: expect))
    walk.receive(answer(query, flags: row.flags, row.records.map { record(1, $0) }))
    #expect(walk.outcome == row.outcome, "\(row.why)")
  }

  @Test("another code may be what is expected; one of several records may be enough")
  func otherExpectations() throws {
    var (walk, query) = try asked(try options(expect: DNSExpectations(responseCode: 3)))
    walk.receive(answer(query, flags: 0x8183))
    #expect(walk.outcome == .ok)
    let anyOf = DNSExpectations(anyOf: ["192.0.2.1", "192.0.2.7"])
    (walk, query) = try asked(try options(expect: anyOf))
    walk.receive(answer(query, [record(1, [192, 0, 2, 7])]))
    #expect(walk.outcome == .ok)
    (walk, query) = try asked(try options(expect: anyOf))
    walk.receive(answer(query, [record(1, [192, 0, 2, 9])]))
    #expect(walk.outcome == .dns(.recordMissing("192.0.2.1 or 192.0.2.7")))
    (walk, query) = try asked(try options(expect: DNSExpectations(authoritative: true)))
    walk.receive(answer(query, [record(1, [192, 0, 2, 7])]))
    #expect(walk.outcome == .dns(.notAuthoritative))
  }

  @Test("aliases are followed within the answer, and records of other names do not count")
  func aliases() throws {
    var (walk, query) = try asked(try options())
    let records = [
      record(1, [192, 0, 2, 66], name: "other.example"),
      record(5, wire("b.example")), record(5, wire("c.example"), name: "b.example"),
      record(1, [192, 0, 2, 7], name: "C.example"),
    ]
    walk.receive(answer(query, records))
    #expect(walk.outcome == .ok)
    #expect(walk.result?.note == "192.0.2.7")
    (walk, query) = try asked(try options())
    walk.receive(answer(query, [record(5, wire("portal.example"))]))
    #expect(walk.outcome == .dns(.malformed("aliases without an end")))
    (walk, query) = try asked(try options("portal.example", .cname))
    walk.receive(answer(query, [record(5, wire("b.example"))]))
    #expect(walk.outcome == .ok)
  }

  @Test("what answers another question is passed over, and named if nothing better comes")
  func mismatched() throws {
    var (walk, query) = try asked(try options())
    let good = answer(query, [record(1, [192, 0, 2, 7])])
    var otherID = good
    otherID[1] ^= 1
    var otherName = good
    otherName[13] ^= 2
    var otherType = good
    otherType[questionEnd(query) - 3] = 28
    for bytes in [otherID, otherName, otherType, query, [], [1]] {
      walk.receive(bytes)
      #expect(walk.outcome == nil, "\(bytes.prefix(20))")
    }
    var late = walk
    walk.receive(good)
    #expect(walk.outcome == .ok)
    late.step(.timedOut(waitingInOurQueue: false), after: .seconds(4))
    #expect(late.outcome == .dns(.mismatched))
  }

  @Test("a flood of wrong answers ends the attempt")
  func flood() throws {
    var (walk, query) = try asked(try options())
    query[0] ^= 1
    var count = 0
    while walk.outcome == nil, count < 10_000 {
      walk.receive(query, after: .zero)
      count += 1
    }
    #expect(count == Limits.packetsLookedAt)
    #expect(walk.outcome == .dns(.mismatched))
  }

  @Test("a compression loop is named at once")
  func loop() throws {
    var (walk, query) = try asked(try options("a.example"))
    walk.receive(answer(query, [record(5, [0xC0, 39])]))
    #expect(
      walk.outcome == .dns(.malformed("a name's pointer leads forward or in a loop")))
  }

  @Test("a refusal without the question is an answer, success without it is none")
  func withoutQuestion() throws {
    var (walk, query) = try asked(try options())
    walk.receive(Array(query[..<2]) + [0x81, 0x80] + [UInt8](repeating: 0, count: 8))
    #expect(walk.outcome == nil)
    walk.receive(Array(query[..<2]) + [0x81, 0x85] + [UInt8](repeating: 0, count: 8))
    #expect(walk.outcome == .dns(.responseCode("REFUSED")))
  }

  @Test("the same question is sent again, at doubled distances, and a late answer to it counts")
  func resends() throws {
    var (walk, query) = try asked(try options())
    #expect(walk.within == .seconds(1))
    walk.step(.receivedNothing, after: .seconds(1))
    #expect(walk.sent == query)
    walk.step(.sent)
    #expect(walk.within == .seconds(2))
    var silent = walk
    walk.receive(answer(query, [record(1, [192, 0, 2, 7])]), after: .milliseconds(500))
    #expect(walk.outcome == .ok)
    #expect(walk.result?.timings.firstByteMicroseconds == 1_500_000)
    silent.step(.receivedNothing, after: .seconds(2))
    silent.step(.sent)
    silent.step(.receivedNothing, after: .seconds(1))
    #expect(silent.outcome == .dns(.timedOut))
  }

  @Test("the next server is asked when one refuses the connection or is silent")
  func servers() throws {
    let two = try options(servers: ["192.0.2.53", "192.0.2.54:5353"])
    var (walk, query) = try asked(two)
    walk.step(.socketFailed(.connect(.refused)))
    #expect(walk.target == SocketTarget(.udp, address: "192.0.2.54", port: 5_353))
    walk.step(.connected(took: .zero))
    #expect(walk.sent == query)
    walk.step(.socketFailed(.connect(.refused)))
    #expect(walk.outcome == .connect(.refused))
    (walk, query) = try asked(two)
    walk.step(.receivedNothing, after: .seconds(1))
    walk.step(.sent)
    walk.step(.receivedNothing, after: .seconds(1))
    #expect(walk.target?.address == "192.0.2.54", "half of the time is over")
  }

  @Test("the addresses of one server's name are not those of the next one's")
  func serversByName() throws {
    var walk = Walk<DNSProbe>(try options(servers: ["a.example", "b.example:5353"]))
    walk.step(.resolved(addresses: ["192.0.2.1", "192.0.2.2"], took: .zero))
    #expect(walk.target?.address == "192.0.2.1")
    // Its share of the time is over before its other address was tried.
    walk.step(.socketFailed(.connect(.timedOut)), after: .seconds(2))
    guard case .resolve("b.example", _) = walk.action else {
      Issue.record("expected a look-up of the next server")
      return
    }
    walk.step(.notResolved(.noSuchName, took: .zero))
    #expect(walk.target == nil, "the first server's address is not asked at the second's port")
    #expect(walk.outcome == .resolve(.noSuchName))
  }

  @Test("what is cut short is asked for over TCP, in whatever parts it comes")
  func overTCP() throws {
    var (walk, query) = try asked(try options())
    walk.receive(answer(query, flags: 0x8380))
    #expect(walk.target == SocketTarget(.tcp, address: "192.0.2.53", port: 53))
    walk.step(.connected(took: .milliseconds(2)))
    #expect(walk.sent == [0, UInt8(query.count)] + query)
    walk.step(.sent)
    let whole = answer(query, [record(1, [192, 0, 2, 7])])
    var parts = walk
    for byte in [0, UInt8(whole.count)] + whole { parts.receive([byte]) }
    #expect(parts.outcome == .ok)
    #expect(parts.result?.timings.connectMicroseconds == 2_000)
    var again = walk
    let cut = answer(query, flags: 0x8380)
    again.receive([0, UInt8(cut.count)] + cut)
    #expect(again.outcome == .dns(.truncated))
    for (event, outcome) in [
      (ProbeEvent.closed, Outcome.dns(.closed)), (.socketFailed(.reset), .dns(.reset)),
      (.timedOut(waitingInOurQueue: false), .dns(.timedOut)),
    ] {
      var other = walk
      other.receive([0])
      other.step(event)
      #expect(other.outcome == outcome)
    }
  }

  @Test("a server to which TCP does not get through leaves its share of the time to the next one")
  func blockedTCP() throws {
    var (walk, query) = try asked(try options(servers: ["192.0.2.53", "192.0.2.54"]))
    walk.receive(answer(query, flags: 0x8380), after: .milliseconds(5))
    #expect(walk.target?.address == "192.0.2.53" && walk.target?.transport == .tcp)
    let limit = try #require(walk.target?.connectLimit)
    #expect(limit > .zero && limit < .seconds(10))
    walk.step(.socketFailed(.connect(.timedOut)), after: limit)
    #expect(walk.target?.address == "192.0.2.54" && walk.target?.transport == .udp)
    #expect(walk.target?.connectLimit == nil, "the last one has all that is left")
  }

  @Test("the answer counts that came in one piece with others")
  func together() throws {
    var (walk, query) = try asked(try options(transport: .tcp))
    query = Array(query[2...])
    let good = answer(query, [record(1, [192, 0, 2, 7])])
    var other = good
    other[1] ^= 1
    func framed(_ message: [UInt8]) -> [UInt8] { [0, UInt8(message.count)] + message }
    var flood = walk
    walk.receive(framed(other) + framed([]) + framed(good))
    #expect(walk.outcome == .ok)
    flood.receive((0...Limits.packetsLookedAt).flatMap { _ in framed(other) } + framed(good))
    #expect(flood.outcome == .dns(.mismatched), "a flood is no answer")
  }

  @Test("where UDP alone is wanted, an answer that is cut short is a failure")
  func onlyUDP() throws {
    var (walk, query) = try asked(try options(transport: .udp))
    walk.receive(answer(query, flags: 0x8380))
    #expect(walk.outcome == .dns(.truncated))
  }

  @Test("settings are read, expected records in whatever form they are written")
  func decoding() throws {
    let (options, complaints) = try decodeKind(
      DNSProbe.self,
      #"{ query: "{consumer}.example", type: "AAAA", expect: { answers: ["2001:DB8::0:7"] } }"#,
      placeholders: ["consumer": "ha-noi"], nameServers: ["192.0.2.1", "2001:db8::53"])
    #expect(complaints == [])
    #expect(options?.question.name.description == "ha-noi.example")
    #expect(options?.servers.map(\.text) == ["192.0.2.1:53", "[2001:db8::53]:53"])
    #expect(options?.expectations.answers == ["2001:db8::7"])
    #expect(options.flatMap(DNSProbe.target) == "192.0.2.1:53")
    for (json5, says) in [
      ("{}", "\"query\" is missing"), (#"{ query: "a..b" }"#, "expected a domain name"),
      (#"{ query: "a", type: "ANY" }"#, "expected one of"),
      (#"{ query: "a", server: [] }"#, "1 to 3 servers"),
      (#"{ query: "a", server: "b c" }"#, "expected a host"),
      (#"{ query: "a", expect: { answers: ["b"] } }"#, "\"b\" is no A record"),
      (#"{ query: "a", expect: { code: "NXDOMAIN", answers: ["192.0.2.1"] } }"#, "has no records"),
      (#"{ query: "a", expect: { code: "NODOMAIN" } }"#, "did you mean \"NXDOMAIN\""),
    ] {
      let complaints = try decodeKind(DNSProbe.self, json5).complaints
      #expect(complaints.contains { $0.contains(says) }, "\(complaints)")
    }
  }
}
