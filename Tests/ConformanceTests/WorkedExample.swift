import Base
import Model
import Wire

@testable import Probes

/// Asks a host for the time of day (RFC 867): connects, and is content with a line of text.
package struct DaytimeProbe: Probe {
  package struct Options: Sendable {
    var host: String
    var port: UInt16
  }

  package static let kind = "daytime"

  package static func decode(
    _ reader: inout FieldReader, _ context: ProbeContext, _ complaints: inout Complaints
  ) -> Options? {
    let host = expandedString(&reader, "host", context, &complaints, required: true)
    let port = reader.int("port", range: 1...65_535, &complaints) ?? 13
    return host.map { Options(host: $0, port: UInt16(port)) }
  }

  package static func settings(of options: Options) -> [(key: String, value: String)] {
    [("host", options.host), ("port", "\(options.port)")]
  }

  package static func target(of options: Options) -> String? { "\(options.host):\(options.port)" }

  /// The standard knows no longer answer.
  private static let answerBytes = 512

  private enum Stage { case resolving, connecting, reading }

  private let options: Options
  private let timeout: TimeAmount
  private var stage = Stage.resolving
  private var started = Instant(nanoseconds: 0)
  private var result = ProbeResult(outcome: .ok)
  private var answer: [UInt8] = []

  package init(_ options: Options, timeout: TimeAmount, tracing: Bool) {
    self.options = options
    self.timeout = timeout
  }

  package mutating func step(_ event: ProbeEvent, at now: Instant) -> ProbeAction {
    switch event {
    case .start:
      started = now
      return .resolve(host: options.host, family: .any)
    case .resolved(let addresses, let took, _):
      result.timings.resolveMicroseconds = UInt32(clamping: took.microseconds)
      guard let address = addresses.first else { return end(.resolve(.noAddress), now) }
      stage = .connecting
      result.address = address
      return .connect(SocketTarget(.tcp, address: address, port: options.port))
    case .notResolved(let cause, _, _): return end(.resolve(cause), now)
    case .connected(let took):
      result.timings.connectMicroseconds = UInt32(clamping: took.microseconds)
      stage = .reading
      return read(now)
    case .received(let bytes, _):
      answer += bytes
      if answer.contains(0x0A) { return end(.ok, now) }
      return answer.count < Self.answerBytes ? read(now) : end(.answer(.tooLarge), now)
    case .closed: return end(answer.isEmpty ? .answer(.closed) : .ok, now)
    case .receivedNothing: return end(.answer(.timedOut), now)
    case .socketFailed(let failure): return end(outcome(of: failure), now)
    case .timedOut(let waitingInOurQueue, _):
      return end(waitingInOurQueue ? .skipped(.resolverBusy) : lateOutcome, now)
    default: return end(.skipped(.unsupported), now)
    }
  }

  private func read(_ now: Instant) -> ProbeAction {
    .receive(limit: Self.answerBytes - answer.count, within: started + timeout - now)
  }

  private var lateOutcome: Outcome {
    switch stage {
    case .resolving: .resolve(.timedOut)
    case .connecting: .connect(.timedOut)
    case .reading: .answer(.timedOut)
    }
  }

  /// What is lacking here is not blamed on the link.
  private func outcome(of failure: SocketFailure) -> Outcome {
    switch failure {
    case .connect(let cause): .connect(cause)
    case .reset: .answer(.reset)
    case .tooMuch: .answer(.tooLarge)
    case .notPermitted: .skipped(.notPermitted)
    case .noRoom: .skipped(.tableFull)
    }
  }

  private mutating func end(_ outcome: Outcome, _ now: Instant) -> ProbeAction {
    result.outcome = outcome
    result.bodyBytes = answer.count
    // Shown only through `printable`, and bounded: an answer may hold anything.
    result.note = printable(answer.prefix { $0 != 0x0A && $0 != 0x0D }, limit: 60)
    result.timings.totalMicroseconds = UInt32(clamping: (now - started).microseconds)
    return .finish(result)
  }
}
