import Base
import Model
import Wire

/// The settings of a check of a server's certificates.
package final class TLSProbeOptions: Sendable {
  /// Host and port, as an https address without a path.
  package let target: URLParts
  package let transfer: TransferSettings
  package let family: AddressFamily
  /// How many days before the end of a certificate a warning is due, the most first.
  package let warnDays: [Int]
  /// Whether a chain that is trusted may be sent in an untidy way.
  package let allowsUntidyChain: Bool
  /// Names that the certificate must be good for, beside the one asked for.
  package let names: [String]
  /// The least bits of a key of RSA, and of an elliptic curve; nil for whatever TLS accepts.
  package let rsaBits: Int?
  package let curveBits: Int?
  let proxy: URLParts?

  package static let usualWarnDays = [30, 14, 7]

  package init(
    target: URLParts, transfer: TransferSettings = TransferSettings(),
    family: AddressFamily = .any, warnDays: [Int] = TLSProbeOptions.usualWarnDays,
    allowsUntidyChain: Bool = false, names: [String] = [], rsaBits: Int? = nil,
    curveBits: Int? = nil
  ) {
    self.target = target
    self.transfer = transfer
    self.family = family
    self.warnDays = warnDays.sorted(by: >)
    self.allowsUntidyChain = allowsUntidyChain
    self.names = names
    self.rsaBits = rsaBits
    self.curveBits = curveBits
    proxy = transfer.proxy.flatMap { try? URLParts($0) }
  }

  /// Whom the certificate must be for.
  package var name: String { transfer.tls.serverName ?? target.host }
}

/// Checks what a server shows in the TLS handshake: resolve, one handshake without a request, look at
/// the certificates.
package struct TLSProbe: Probe {
  package static let kind = "tls"

  private enum Stage {
    case idle
    case resolving
    case shakingHands
  }

  /// So many of a name's addresses are tried when connections fail.
  private static let addressesTried = 3

  private let options: TLSProbeOptions
  private let timeout: TimeAmount
  private let tracing: Bool
  private var deadline = Instant.distantFuture
  private var stage = Stage.idle
  private var addresses: [String] = []
  private var waits = OwnWaits()
  private var resolvingSince = Instant(nanoseconds: 0)
  private var result = ProbeResult(outcome: .ok)

  package static func target(of options: TLSProbeOptions) -> String? { options.target.hostAndPort }

  package static func usesTLS(_ options: Options) -> Bool { true }

  package init(_ options: TLSProbeOptions, timeout: TimeAmount, tracing: Bool) {
    self.options = options
    self.timeout = timeout
    self.tracing = tracing
  }

  package mutating func step(_ event: ProbeEvent, at now: Instant) -> ProbeAction {
    switch event {
    case .start:
      deadline = now + timeout
      return begin(at: now)
    case .resolved(let found, let took, let waited):
      noteResolved(took, waited: waited)
      addresses = Array(found.prefix(Self.addressesTried))
      return addresses.isEmpty ? notResolved(.noAddress) : shakeHands(at: now)
    case .notResolved(let cause, let took, let waited):
      noteResolved(took, waited: waited)
      return notResolved(cause)
    case .transferred(let transferred): return shown(transferred, at: now)
    case .timedOut(let waitingInOurQueue, let waited):
      return ranOut(QueueWait(isOver: !waitingInOurQueue, waited: waited), at: now)
    default: return finish(.skipped(.unsupported))
    }
  }

  private var peer: URLParts { options.proxy ?? options.target }

  private mutating func begin(at now: Instant) -> ProbeAction {
    if peer.isIPLiteral {
      addresses = [peer.host]
      return shakeHands(at: now)
    }
    stage = .resolving
    resolvingSince = now
    return .resolve(host: peer.host, family: options.family)
  }

  /// A proxy's name that does not resolve says nothing about the server's.
  private mutating func notResolved(_ cause: ResolveCause) -> ProbeAction {
    finish(options.proxy == nil ? .resolve(cause) : .connect(.proxy))
  }

  private mutating func shakeHands(at now: Instant) -> ProbeAction {
    stage = .shakingHands
    let address = addresses.isEmpty ? nil : addresses.removeFirst()
    result.address = address
    let left = max(deadline - now, .milliseconds(1))
    note("handshake with \(options.target.hostAndPort)" + (address.map { " at \($0)" } ?? ""))
    var transfer = Transfer(
      settings: options.transfer, method: "GET", url: options.target, address: address,
      sendsBody: false, timeLimit: left)
    transfer.purpose = .handshake
    if !addresses.isEmpty { transfer.connectLimit = left / Int64(addresses.count + 1) }
    return .transfer(transfer)
  }

  private mutating func shown(_ transferred: TransferResult, at now: Instant) -> ProbeAction {
    result.timings = result.timings + transferred.timings
    let failure = transferred.failure
    if let failure, failure.phase == .connect || failure == .tls(.timedOut), !addresses.isEmpty,
      now < deadline
    {
      note("\(failure.sentence); trying the next address")
      return shakeHands(at: now)
    }
    guard let handshake = transferred.handshake else {
      return finish(failure.map(blamed) ?? .tls(.other))
    }
    let judgement = TLSJudgement(handshake, failure, options)
    result.readings = judgement.readings
    result.note = boundedNote(options.transfer.mask.masked(judgement.note))
    for line in judgement.lines { note(line) }
    return finish(blamed(judgement.outcome))
  }

  private mutating func ranOut(_ wait: QueueWait, at now: Instant) -> ProbeAction {
    switch stage {
    case .idle: return finish(.skipped(.missed))
    case .resolving:
      guard wait.isOver else { return finish(.skipped(.resolverBusy)) }
      noteResolved(now - resolvingSince - wait.waited, waited: wait.waited)
      if let excuse = waits.excuse(of: timeout) { return finish(.skipped(excuse)) }
      return notResolved(.timedOut)
    case .shakingHands: return finish(blamed(.tls(.timedOut)))
    }
  }

  /// Not the link's fault, if waiting for something of ours left it too little time.
  private func blamed(_ outcome: Outcome) -> Outcome {
    switch outcome {
    case .connect(.timedOut), .tls(.timedOut):
      waits.excuse(of: timeout).map { .skipped($0) } ?? outcome
    default: outcome
    }
  }

  private mutating func noteResolved(_ took: TimeAmount, waited: TimeAmount) {
    waits.inQueue = waits.inQueue + waited
    result.addLookup(took)
  }

  private mutating func finish(_ outcome: Outcome) -> ProbeAction {
    if outcome != .ok { note(outcome.sentence) }
    result.outcome = outcome
    return .finish(result)
  }

  private mutating func note(_ text: String) {
    if tracing { result.addStep(printable(options.transfer.mask.masked(text), limit: 500)) }
  }
}
