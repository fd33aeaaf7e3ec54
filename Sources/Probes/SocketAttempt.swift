import Base
import Model
import Wire

/// What the kinds over plain sockets share: the time that is left, the way to an address, and what is
/// told of it.
struct SocketAttempt {
  /// So many of a name's addresses are tried when connections fail.
  static let addressesTried = 3

  let timeout: TimeAmount
  let tracing: Bool
  var mask = SecretMask()
  var result = ProbeResult(outcome: .ok)
  private(set) var deadline = Instant.distantFuture
  private(set) var addresses: [String] = []
  private(set) var isResolving = false
  private var waits = OwnWaits()
  private var resolvingSince = Instant(nanoseconds: 0)

  init(timeout: TimeAmount, tracing: Bool) {
    self.timeout = timeout
    self.tracing = tracing
  }

  mutating func start(at now: Instant) { deadline = now + timeout }

  func left(at now: Instant) -> TimeAmount { max(deadline - now, .milliseconds(1)) }

  // MARK: - The name

  /// The look-up of a host; nil where it is an address, which is then the only one to try.
  mutating func lookUp(
    _ host: String, isIPLiteral: Bool, _ family: AddressFamily, at now: Instant
  ) -> ProbeAction? {
    if isIPLiteral {
      addresses = [host]
      return nil
    }
    // Those of another name, such as the name server's before.
    addresses = []
    isResolving = true
    resolvingSince = now
    return .resolve(host: host, family: family)
  }

  mutating func resolved(_ found: [String], took: TimeAmount, waited: TimeAmount) {
    isResolving = false
    noteResolved(took, waited)
    addresses = Array(found.prefix(Self.addressesTried))
    if tracing { note("resolve: \(addresses.joined(separator: ", ")) (\(milliseconds(took)))") }
  }

  mutating func notResolved(took: TimeAmount, waited: TimeAmount) {
    isResolving = false
    noteResolved(took, waited)
  }

  private mutating func noteResolved(_ took: TimeAmount, _ waited: TimeAmount) {
    waits.inQueue = waits.inQueue + waited
    result.addLookup(took)
  }

  // MARK: - The connection

  /// The next address; while others are left a connection has its share of the time only.
  mutating func connect(
    _ transport: SocketTarget.Transport, port: UInt16, sourceAddress: String?,
    others: Int = 0, at now: Instant
  ) -> ProbeAction? {
    guard !addresses.isEmpty else { return nil }
    let address = addresses.removeFirst()
    result.address = address
    var target = SocketTarget(
      transport, address: address, port: port, sourceAddress: sourceAddress)
    let shares = addresses.count + others + 1
    if shares > 1 { target.connectLimit = left(at: now) / Int64(shares) }
    if tracing {
      let place = transport == .icmp ? address : "\(HostPort.bracketed(address)):\(port)"
      note("\(transport) \(place)")
    }
    return .connect(target)
  }

  mutating func connected(took: TimeAmount) {
    let microseconds = UInt32(clamping: took.microseconds)
    add(PhaseTimings(connectMicroseconds: microseconds, totalMicroseconds: microseconds))
    if tracing { note("connected (\(milliseconds(took)))") }
  }

  mutating func add(_ timings: PhaseTimings) { result.timings = result.timings + timings }

  // MARK: - The end

  mutating func finish(_ outcome: Outcome) -> ProbeAction {
    if tracing, outcome != .ok { note(outcome.sentence) }
    result.outcome = outcome
    return .finish(result)
  }

  /// The end for want of time: not the link's fault where waiting for something of ours used it up.
  mutating func finishLate(_ outcome: Outcome) -> ProbeAction {
    finish(waits.excuse(of: timeout).map { .skipped($0) } ?? outcome)
  }

  /// The end when the time is up while the name is looked up.
  mutating func resolvingRanOut(_ wait: QueueWait, at now: Instant) -> ProbeAction {
    if !wait.isOver { return finish(.skipped(.resolverBusy)) }
    notResolved(took: now - resolvingSince - wait.waited, waited: wait.waited)
    return finishLate(.resolve(.timedOut))
  }

  mutating func markSlow(_ limit: TimeAmount?) {
    guard let limit, Int64(result.timings.totalMicroseconds) > limit.microseconds else { return }
    result.flags.insert(.slow)
  }

  mutating func note(_ text: String) {
    result.addStep(printable(mask.masked(text)))
  }

  /// What goes beside the outcome, within its bound.
  mutating func say(_ text: String) {
    var note = ""
    for character in printable(mask.masked(text), limit: Limits.noteBytes) {
      guard note.utf8.count + character.utf8.count <= Limits.noteBytes else { break }
      note.append(character)
    }
    result.note = note
  }
}

/// The outcome of a socket that could not be opened or connected.
func outcome(of failure: SocketFailure, reset: Outcome) -> Outcome {
  switch failure {
  case .connect(let cause): .connect(cause)
  case .reset: reset
  case .notPermitted: .skipped(.notPermitted)
  case .noRoom: .skipped(.tableFull)
  case .tooMuch: .answer(.tooLarge)
  }
}

func milliseconds(_ amount: TimeAmount) -> String {
  "\(amount.milliseconds).\(amount.microseconds / 100 % 10) ms"
}
