import Base
import Model
import Testing
import Wire

@testable import Probes

@Suite("The ping probe")
struct PingProbeTests {
  private func walk(
    packets: Int = 3, interval: TimeAmount = .seconds(1), loss: Int = 400,
    target: String = "192.0.2.7", slow: TimeAmount? = nil
  ) throws -> Walk<PingProbe> {
    Walk<PingProbe>(
      PingOptions(
        target: try HostPort(target, defaultPort: 7), packets: packets, interval: interval,
        lossPermille: loss, slow: slow), timeout: .seconds(10))
  }

  /// Sends what it wants sent and answers those of the sequences given.
  private func run(
    _ walk: inout Walk<PingProbe>, answered: Set<Int>, took: TimeAmount = .milliseconds(4),
    isIPv6: Bool = false
  ) throws {
    walk.step(.connected(took: .zero))
    var sequence = 0
    while let bytes = walk.sent {
      walk.step(.sent)
      if answered.contains(sequence) {
        walk.receive(try reply(to: bytes, isIPv6: isIPv6), after: took)
      }
      sequence += 1
      if let within = walk.within { walk.step(.receivedNothing, after: within) }
    }
  }

  private func reply(to bytes: [UInt8], isIPv6: Bool = false) throws -> [UInt8] {
    var copy = bytes
    copy[0] = isIPv6 ? 129 : 0
    if isIPv6 { return copy }
    let identifier = try #require(ICMPEcho.identifier(of: bytes))
    return ICMPEcho(
      identifier: identifier, sequence: UInt16(bytes[6]) << 8 | UInt16(bytes[7]),
      data: Array(bytes[8...])
    ).reply(isIPv6: false)
  }

  private func reading(_ name: String, _ result: ProbeResult?) -> Double? {
    result?.readings.first { $0.name == name }?.value
  }

  private static let shares: [(answered: Set<Int>, outcome: Outcome, loss: Double, why: String)] = [
    ([0, 1, 2], .ok, 0, "all came back"),
    ([0, 2], .warning(.packetLoss("1 of 3")), 33.3, "one lost"),
    ([1], .ping(.loss("2 of 3")), 66.6, "more lost than may be"),
    ([], .ping(.noReply), 100, "none"),
  ]

  @Test("the share of echoes that come back decides", arguments: shares)
  func losses(
    _ row: (answered: Set<Int>, outcome: Outcome, loss: Double, why: String)
  ) throws {
    for target in ["192.0.2.7", "2001:db8::7"] {
      var walk = try walk(target: target)
      try run(&walk, answered: row.answered, isIPv6: target.contains(":"))
      #expect(walk.outcome == row.outcome, "\(row.why)")
      #expect(reading("loss", walk.result) == row.loss)
    }
  }

  @Test("round trips are told, and a slow one is marked")
  func roundTrips() throws {
    var walk = try walk(packets: 2, slow: .milliseconds(3))
    try run(&walk, answered: [0, 1], took: .milliseconds(4))
    #expect(walk.outcome == .ok)
    #expect(walk.result?.flags == .slow)
    for name in ["roundTrip.min", "roundTrip.mean", "roundTrip.max"] {
      #expect(reading(name, walk.result) == 4)
    }
    #expect(walk.result?.timings.firstByteMicroseconds == 4_000)
  }

  @Test("nobody else's reply counts, nor the same one twice")
  func strangers() throws {
    var walk = try walk(packets: 1)
    walk.step(.connected(took: .zero))
    let bytes = try #require(walk.sent)
    walk.step(.sent)
    let right = try #require(ICMPEcho(reply: try reply(to: bytes), isIPv6: false))
    var strangers: [[UInt8]] = [[], bytes, [0, 0, 0]]
    var other = right
    other.identifier ^= 1
    strangers.append(other.reply(isIPv6: false))
    other = right
    other.sequence = 5
    strangers.append(other.reply(isIPv6: false))
    other = right
    other.data[0] ^= 1
    strangers.append(other.reply(isIPv6: false))
    strangers.append(right.reply(isIPv6: true))
    for stranger in strangers {
      walk.receive(stranger)
      #expect(walk.outcome == nil, "\(stranger.prefix(8))")
    }
    walk.receive(right.reply(isIPv6: false))
    #expect(walk.outcome == .ok)
    var two = try self.walk(packets: 2)
    two.step(.connected(took: .zero))
    let first = try #require(two.sent)
    two.step(.sent)
    two.receive(try reply(to: first))
    two.receive(try reply(to: first))
    two.step(.receivedNothing, after: .seconds(1))
    two.step(.sent)
    two.step(.timedOut(waitingInOurQueue: false), after: .seconds(9))
    #expect(two.outcome == .ping(.loss("1 of 2")))
  }

  @Test("echoes come closer together where the time-out leaves less, and all are sent")
  func interval() throws {
    var walk = try walk(packets: 20, interval: .seconds(5))
    try run(&walk, answered: Set(0..<20))
    #expect(walk.outcome == .ok)
    #expect(walk.now < Instant(nanoseconds: 1_000_000_000) + .seconds(8))
  }

  @Test("a look-up that takes its time brings them closer together, and all are sent")
  func intervalAfterLookUp() throws {
    var walk = try walk(packets: 20, interval: .seconds(5), target: "host.example")
    walk.step(.resolved(addresses: ["192.0.2.7"], took: .seconds(7)), after: .seconds(7))
    try run(&walk, answered: Set(0..<20))
    #expect(walk.outcome == .ok)
    #expect(walk.now < Instant(nanoseconds: 1_000_000_000) + .seconds(9))
  }

  @Test(
    "what keeps the first echo from being sent is named as for any connection",
    arguments: [
      ConnectCause.networkUnreachable, .hostUnreachable, .denied, .noLocalAddress, .other,
    ])
  func noWayFromHere(_ cause: ConnectCause) throws {
    var walk = try walk()
    walk.step(.socketFailed(.connect(cause)))
    #expect(walk.outcome == .connect(cause))
    var sending = try self.walk()
    sending.step(.connected(took: .zero))
    sending.step(.socketFailed(.connect(cause)))
    #expect(sending.outcome == .connect(cause), "the kernel may find out as late as that")
  }

  @Test("a router that forbids the way tells of it as of one that is unreachable")
  func forbidden() throws {
    var walk = try walk(packets: 1)
    walk.step(.connected(took: .zero))
    walk.step(.sent)
    walk.step(.socketFailed(.connect(.denied)))
    #expect(walk.outcome == .ping(.unreachable))
  }

  @Test("a flood of other packets ends the attempt")
  func flood() throws {
    var walk = try walk(packets: 1)
    walk.step(.connected(took: .zero))
    walk.step(.sent)
    var count = 0
    while walk.outcome == nil, count < 10_000 {
      walk.receive([0, 0, 0, 0], after: .zero)
      count += 1
    }
    #expect(count <= Limits.packetsLookedAt + 1)
    #expect(walk.outcome == .ping(.noReply))
  }

  @Test("a host that is told to be unreachable is asked again, and named if it stays so")
  func unreachable() throws {
    var walk = try walk(packets: 2)
    walk.step(.connected(took: .zero))
    walk.step(.sent)
    walk.step(.socketFailed(.connect(.hostUnreachable)))
    #expect(walk.target?.transport == .icmp)
    walk.step(.connected(took: .zero))
    walk.step(.receivedNothing, after: .seconds(1))
    walk.step(.sent)
    walk.step(.socketFailed(.connect(.hostUnreachable)))
    #expect(walk.outcome == .ping(.unreachable))
  }

  @Test("a way that is lost meanwhile ends the attempt, and what could not be sent is lost")
  func wayIsLost() throws {
    var walk = try walk(packets: 3)
    walk.step(.connected(took: .zero))
    let first = try #require(walk.sent)
    walk.step(.sent)
    walk.receive(try reply(to: first))
    walk.step(.receivedNothing, after: .seconds(1))
    walk.step(.socketFailed(.connect(.networkUnreachable)))
    #expect(walk.target != nil, "once more")
    walk.step(.socketFailed(.connect(.networkUnreachable)))
    #expect(walk.outcome == .ping(.loss("2 of 3")))
  }

  @Test("echoes that the kernel refuses one by one keep their distance")
  func refusedOneByOne() throws {
    var walk = try walk(packets: 3)
    walk.step(.connected(took: .zero))
    walk.step(.sent)
    var count = 0
    while walk.outcome == nil, count < 100 {
      count += 1
      if let within = walk.within {
        walk.step(.receivedNothing, after: within)
      } else if walk.target != nil {
        walk.step(.connected(took: .zero))
      } else {
        walk.step(.socketFailed(.connect(.hostUnreachable)))
      }
    }
    #expect(walk.outcome == .ping(.unreachable))
    #expect(count < 12, "\(count)")
    #expect(walk.now >= Instant(nanoseconds: 1_000_000_000) + .seconds(2))
  }

  @Test("where echoes are not permitted nothing is said of the host, but what to do")
  func notPermitted() throws {
    var walk = try walk()
    walk.step(.socketFailed(.notPermitted))
    #expect(walk.outcome == .skipped(.notPermitted))
    let note = try #require(walk.result?.note)
    #expect(note.contains("net.ipv4.ping_group_range"))
    #expect(note.contains("AmbientCapabilities=CAP_NET_RAW"))
    #expect(note == PingProbe.permissionNote, "it is not cut")
  }

  @Test("settings are read")
  func decoding() throws {
    let (options, complaints) = try decodeKind(
      PingProbe.self,
      #"{ host: "{endpoint}", packets: 5, interval: "500ms", size: "64B", loss: "20%" }"#,
      placeholders: ["endpoint": "https://portal.example/a"])
    #expect(complaints == [])
    #expect(options?.target.host == "portal.example")
    #expect(options?.lossPermille == 200)
    #expect(options.flatMap(PingProbe.target) == "portal.example:icmp")
    for (json5, says) in [
      ("{}", "\"host\" is missing"), (#"{ host: "a", packets: 21 }"#, "from 1 to 20"),
      (#"{ host: "a", interval: "1ms" }"#, "at least 200ms"),
      (#"{ host: "a b" }"#, "expected a host"),
      (#"{ host: "a", loss: "100%" }"#, "at most 99.9%"),
      (#"{ host: "a", size: "9kB" }"#, "at most"),
    ] {
      let complaints = try decodeKind(PingProbe.self, json5).complaints
      #expect(complaints.contains { $0.contains(says) }, "\(complaints)")
    }
  }
}
