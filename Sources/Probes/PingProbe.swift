import Base
import Model
import Wire

/// The settings of a check by echoes.
package final class PingOptions: Sendable {
  package let target: HostPort
  package let family: AddressFamily
  package let sourceAddress: String?
  package let packets: Int
  package let interval: TimeAmount
  package let dataBytes: Int
  /// More than this share lost is a failure.
  package let lossPermille: Int
  package let slow: TimeAmount?

  package init(
    target: HostPort, family: AddressFamily = .any, sourceAddress: String? = nil, packets: Int = 3,
    interval: TimeAmount = .seconds(1), dataBytes: Int = 56, lossPermille: Int = 400,
    slow: TimeAmount? = nil
  ) {
    self.target = target
    self.family = family
    self.sourceAddress = sourceAddress
    self.packets = packets
    self.interval = interval
    self.dataBytes = dataBytes
    self.lossPermille = lossPermille
    self.slow = slow
  }
}

/// Checks a host by echoes of ICMP or ICMPv6: how many come back, and how fast.
package struct PingProbe: Probe {
  package static let kind = "ping"

  /// What to do where echoes are not permitted.
  package static let permissionNote =
    "echoes are not permitted: sysctl -w net.ipv4.ping_group_range=\"0 2147483647\", or "
    + "AmbientCapabilities=CAP_NET_RAW and CapabilityBoundingSet=CAP_NET_RAW in a drop-in"

  private let options: PingOptions
  private var attempt: SocketAttempt
  private var generator = SeededGenerator(seed: 0)
  private var identifier: UInt16 = 0
  private var data: [UInt8] = []
  private var isIPv6 = false
  private var interval = TimeAmount.zero
  private var nextSend = Instant(nanoseconds: 0)
  /// When each echo was sent, by its sequence.
  private var sentAt: [Instant] = []
  private var roundTrips: [TimeAmount?] = []
  private var looked = 0
  private var wasUnreachable = false
  private var isConnected = false
  private var isSending = false
  private var address = ""

  package init(_ options: PingOptions, timeout: TimeAmount, tracing: Bool) {
    self.options = options
    attempt = SocketAttempt(timeout: timeout, tracing: tracing)
    seed(0)
  }

  package mutating func seed(_ entropy: UInt64) {
    generator = SeededGenerator(seed: entropy)
    identifier = UInt16(truncatingIfNeeded: generator.next())
    data = (0..<options.dataBytes).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
  }

  package mutating func step(_ event: ProbeEvent, at now: Instant) -> ProbeAction {
    switch event {
    case .start:
      attempt.start(at: now)
      let target = options.target
      return attempt.lookUp(
        target.host, isIPLiteral: target.isIPLiteral, options.family, at: now) ?? connect(at: now)
    case .resolved(let found, let took, let waited):
      attempt.resolved(found, took: took, waited: waited)
      return found.isEmpty ? attempt.finish(.resolve(.noAddress)) : connect(at: now)
    case .notResolved(let cause, let took, let waited):
      attempt.notResolved(took: took, waited: waited)
      return attempt.finish(.resolve(cause))
    case .connected:
      isConnected = true
      return proceed(at: now)
    case .sent:
      noteSent(at: now)
      return proceed(at: now)
    case .received(let bytes, let time):
      take(bytes, at: time)
      return proceed(at: now)
    case .receivedNothing, .waited, .closed: return proceed(at: now)
    case .socketFailed(let failure): return failed(failure, at: now)
    case .timedOut(let waitingInOurQueue, let waited):
      if attempt.isResolving {
        return attempt.resolvingRanOut(
          QueueWait(isOver: !waitingInOurQueue, waited: waited), at: now)
      }
      return conclude()
    default: return attempt.finish(.skipped(.unsupported))
    }
  }

  /// The first address of the host, whose echoes are to be told.
  private mutating func connect(at now: Instant) -> ProbeAction {
    guard
      case .connect(var target) = attempt.connect(
        .icmp, port: 0, sourceAddress: options.sourceAddress, at: now)
    else { return attempt.finish(.resolve(.noAddress)) }
    target.connectLimit = nil
    address = target.address
    isIPv6 = address.utf8.contains(UInt8(ascii: ":"))
    // Closer together where the look-up and the time-out leave less: the last one needs time to come
    // back.
    interval = min(
      options.interval, attempt.left(at: now) * 2 / (Int64(options.packets) * 3))
    nextSend = now
    return .connect(target)
  }

  private mutating func noteSent(at now: Instant) {
    isSending = false
    sentAt.append(now)
    roundTrips.append(nil)
    nextSend = now + interval
  }

  /// Sends what is due, waits for what is out, or ends.
  private mutating func proceed(at now: Instant) -> ProbeAction {
    if sentAt.count == options.packets, !roundTrips.contains(where: { $0 == nil }) {
      return conclude()
    }
    guard now < attempt.deadline, looked <= Limits.packetsLookedAt else { return conclude() }
    if sentAt.count < options.packets {
      if now >= nextSend {
        let echo = ICMPEcho(
          identifier: identifier, sequence: UInt16(sentAt.count), data: data)
        isSending = true
        return .send(echo.request(isIPv6: isIPv6))
      }
      return .receive(limit: Self.packetBytes, within: nextSend - now)
    }
    return .receive(limit: Self.packetBytes, within: attempt.left(at: now))
  }

  private static let packetBytes = 2_048

  /// Counts a reply if it is one to an echo of ours, and the first.
  private mutating func take(_ bytes: [UInt8], at time: Instant) {
    looked += 1
    guard let reply = ICMPEcho(reply: bytes, isIPv6: isIPv6), reply.identifier == identifier,
      reply.data == data, sentAt.indices.contains(Int(reply.sequence)),
      roundTrips[Int(reply.sequence)] == nil
    else { return }
    let took = max(.zero, time - sentAt[Int(reply.sequence)])
    roundTrips[Int(reply.sequence)] = took
    if attempt.tracing { attempt.note("reply \(reply.sequence + 1) (\(milliseconds(took)))") }
  }

  /// Before any echo is on its way it is this machine that knows no way or permits none, which is named as
  /// for any connection. Later an echo that a router or the host refuses is a lost one; the others are sent
  /// all the same.
  private mutating func failed(_ failure: SocketFailure, at now: Instant) -> ProbeAction {
    switch failure {
    case .notPermitted:
      attempt.say(Self.permissionNote)
      return attempt.finish(.skipped(.notPermitted))
    case .connect(let cause) where sentAt.isEmpty: return attempt.finish(.connect(cause))
    case .connect(.hostUnreachable), .connect(.networkUnreachable), .connect(.refused),
      .connect(.denied):
      wasUnreachable = true
      if attempt.tracing { attempt.note("told to be unreachable") }
      // The kernel knows no way any more: what is left to send is lost.
      while !isConnected, sentAt.count < options.packets { noteSent(at: now) }
      if isSending { noteSent(at: now) }
      guard sentAt.count < options.packets, now < attempt.deadline else { return conclude() }
      isConnected = false
      return .connect(
        SocketTarget(.icmp, address: address, sourceAddress: options.sourceAddress))
    case .connect, .reset: return attempt.finish(.ping(.other))
    case .noRoom, .tooMuch: return attempt.finish(.skipped(.tableFull))
    }
  }

  private mutating func conclude() -> ProbeAction {
    let took = roundTrips.compactMap { $0 }.sorted()
    let sent = max(sentAt.count, 1)
    let lost = sent - took.count
    let permille = lost * 1_000 / sent
    attempt.result.readings.append(
      Reading(name: "loss", value: Double(permille) / 10, unit: "%"))
    guard let least = took.first, let most = took.last else {
      return attempt.finishLate(.ping(wasUnreachable ? .unreachable : .noReply))
    }
    let mean = took.reduce(.zero, +) / Int64(took.count)
    for (name, value) in [("min", least), ("mean", mean), ("max", most)] {
      attempt.result.readings.append(
        Reading(name: "roundTrip.\(name)", value: Double(value.microseconds) / 1_000, unit: "ms"))
    }
    let microseconds = UInt32(clamping: mean.microseconds)
    attempt.add(
      PhaseTimings(firstByteMicroseconds: microseconds, totalMicroseconds: microseconds))
    attempt.markSlow(options.slow)
    let share = "\(lost) of \(sent)"
    if lost * 1_000 > options.lossPermille * sent { return attempt.finish(.ping(.loss(share))) }
    return attempt.finish(lost > 0 ? .warning(.packetLoss(share)) : .ok)
  }
}

extension PingProbe {
  package static func target(of options: PingOptions) -> String? {
    "\(HostPort.bracketed(options.target.host)):icmp"
  }

  package static func settings(of options: PingOptions) -> [(key: String, value: String)] {
    [
      ("host", options.target.host),
      ("family", options.family.rawValue),
      ("sourceAddress", options.sourceAddress ?? "any"),
      ("packets", "\(options.packets)"),
      ("interval", "\(options.interval)"),
      ("size", sizeDescription(options.dataBytes)),
      ("loss", percentDescription(permille: options.lossPermille)),
      ("expect.slow", options.slow.map { "\($0)" } ?? "never"),
    ]
  }

  /// Reads `host`, `packets`, `interval`, `size`, `loss` and `expect.slow`.
  package static func decode(
    _ reader: inout FieldReader, _ context: ProbeContext, _ complaints: inout Complaints
  ) -> PingOptions? {
    reader.require("host", &complaints)
    // The port, which an address may have, does not count.
    let target = decodeHostPort(&reader, "host", 7, context, &complaints)
    let way = decodeWay(&reader, context, &complaints)
    let packets = reader.int("packets", range: 1...Limits.pingPackets, &complaints)
    let interval = reader.duration(
      "interval", range: Limits.pingIntervalMinimum...TimeAmount.minutes(1), &complaints)
    let size = reader.size("size", range: 16...Limits.pingDataBytes, &complaints)
    let loss = reader.percent("loss", range: 0...999, &complaints)
    var slow: TimeAmount?
    if var expect = reader.object("expect", &complaints) {
      slow = decodeSlow(&expect, &complaints)
      expect.finish(&complaints)
    }
    guard let target else { return nil }
    return PingOptions(
      target: target, family: way.family, sourceAddress: way.sourceAddress, packets: packets ?? 3,
      interval: interval ?? .seconds(1), dataBytes: size ?? 56, lossPermille: loss ?? 400,
      slow: slow)
  }
}
