import Base
import Model
import Wire

/// The settings of a token's issue by client credentials (RFC 6749 section 4.4).
package final class OAuth2Options: Sendable {
  package let url: URLParts
  package let transfer: TransferSettings
  package let family: AddressFamily
  /// How long before its end a token is fetched anew; nil for the usual.
  package let refreshBefore: TimeAmount?
  let proxy: URLParts?

  package init(
    url: URLParts, transfer: TransferSettings, family: AddressFamily = .any,
    refreshBefore: TimeAmount? = nil
  ) {
    self.url = url
    self.transfer = transfer
    self.family = family
    self.refreshBefore = refreshBefore
    proxy = transfer.proxy.flatMap { try? URLParts($0) }
  }

  /// Whether a token issued under the other settings may be used under these.
  package func isSame(as other: OAuth2Options) -> Bool {
    url.text == other.url.text && refreshBefore == other.refreshBefore
      && transfer.isSame(as: other.transfer)
  }
}

/// Fetches a token: resolve, one POST, look at the answer (RFC 6749 sections 5.1 and 5.2).
package struct OAuth2Probe: Probe {
  package static let kind = "oauth2"

  private enum Stage {
    case idle
    case resolving
    case transferring
  }

  private let options: OAuth2Options
  private let timeout: TimeAmount
  private let tracing: Bool
  private var deadline = Instant.distantFuture
  private var stage = Stage.idle
  private var addresses: [String] = []
  private var waits = OwnWaits()
  private var resolvingSince = Instant(nanoseconds: 0)
  private var result = ProbeResult(outcome: .ok)

  /// So many of a name's addresses are tried when connections fail.
  private static let addressesTried = 3

  package init(_ options: OAuth2Options, timeout: TimeAmount, tracing: Bool) {
    self.options = options
    self.timeout = timeout
    self.tracing = tracing
  }

  package mutating func step(_ event: ProbeEvent, at now: Instant) -> ProbeAction {
    switch event {
    case .start:
      deadline = now + timeout
      if peer.isIPLiteral {
        addresses = [peer.host]
        return transfer(at: now)
      }
      stage = .resolving
      resolvingSince = now
      return .resolve(host: peer.host, family: options.family)
    case .resolved(let found, let took, let waited):
      noteResolved(took, waited: waited)
      addresses = Array(found.prefix(Self.addressesTried))
      return addresses.isEmpty ? notResolved(.noAddress) : transfer(at: now)
    case .notResolved(let cause, let took, let waited):
      noteResolved(took, waited: waited)
      return notResolved(cause)
    case .transferred(let transferred): return received(transferred, at: now)
    case .timedOut(let waitingInOurQueue, let waited):
      return ranOut(QueueWait(isOver: !waitingInOurQueue, waited: waited), at: now)
    default: return finish(.skipped(.unsupported))
    }
  }

  private var peer: URLParts { options.proxy ?? options.url }

  private mutating func notResolved(_ cause: ResolveCause) -> ProbeAction {
    finish(options.proxy == nil ? .resolve(cause) : .connect(.proxy))
  }

  private mutating func transfer(at now: Instant) -> ProbeAction {
    stage = .transferring
    let address = addresses.isEmpty ? nil : addresses.removeFirst()
    result.address = address
    let left = max(deadline - now, .milliseconds(1))
    note("POST \(options.url.text)" + (address.map { " at \($0)" } ?? ""))
    var transfer = Transfer(
      settings: options.transfer, method: "POST", url: options.url, address: address,
      timeLimit: left)
    if !addresses.isEmpty { transfer.connectLimit = left / Int64(addresses.count + 1) }
    return .transfer(transfer)
  }

  private mutating func received(_ transferred: TransferResult, at now: Instant) -> ProbeAction {
    result.timings = result.timings + transferred.timings
    result.httpStatus = transferred.status
    result.bodyBytes = transferred.body.count
    if let failure = transferred.failure {
      let isWorthAnother = failure.phase == .connect || failure == .tls(.timedOut)
      if isWorthAnother, !addresses.isEmpty, now < deadline {
        note("\(failure.sentence); trying the next address")
        return transfer(at: now)
      }
      return finish(blamed(failure))
    }
    note("answer \(transferred.status), \(transferred.body.count) bytes of body")
    let answer = parseJSON(transferred.body, dialect: .json, limits: .body)
    let root = answer.errors.isEmpty ? answer.node : nil
    guard transferred.status == 200 else { return refused(transferred.status, root) }
    if answer.errors.last?.isLimit ?? false { return finish(.body(.tooComplex)) }
    guard let root, root.object != nil else { return finish(.body(.notJSON)) }
    return issued(root)
  }

  /// An answer with `access_token`, `token_type` and `expires_in`.
  private mutating func issued(_ root: JSONNode) -> ProbeAction {
    // Some servers tell a failure with 200.
    if root["access_token"] == nil, root["error"] != nil { return refused(200, root) }
    guard let token = root["access_token"] else {
      return finish(.body(.pathMissing("access_token")))
    }
    guard let text = token.string, (1...Limits.tokenBytes).contains(text.utf8.count),
      text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else { return finish(.body(.pathMismatch("access_token"))) }
    guard let type = root["token_type"] else { return finish(.body(.pathMissing("token_type"))) }
    guard type.string?.lowercased() == "bearer" else {
      return finish(.body(.pathMismatch("token_type")))
    }
    guard let lifetime = lifetime(root["expires_in"]) else {
      return finish(.body(.pathMismatch("expires_in")))
    }
    result.grant = TokenGrant(
      token: Secret(name: "token", bytes: Array(text.utf8)), lifetime: lifetime)
    note("a token for \(lifetime)")
    return finish(.ok)
  }

  /// Whole seconds; some servers write them as a string. Nil when it is neither.
  private func lifetime(_ node: JSONNode?) -> TimeAmount? {
    guard let node else { return Limits.tokenLifetimeAssumed }
    guard let seconds = node.int ?? node.string.flatMap({ Int($0) }), seconds > 0 else {
      return nil
    }
    let most = Int(Limits.tokenLifetimeMaximum.nanoseconds / 1_000_000_000)
    return .seconds(Int64(min(seconds, most)))
  }

  /// An answer that gives none: `error` says why, as RFC 6749 section 5.2 names it.
  private mutating func refused(_ status: UInt16, _ root: JSONNode?) -> ProbeAction {
    let code = root?["error"]?.string
    let refusals = ["invalid_client", "invalid_grant", "unauthorized_client", "access_denied"]
    if code.map(refusals.contains) ?? false || [401, 403].contains(status) {
      result.flags.insert(.credentialRefused)
    }
    guard let code, !code.isEmpty else { return finish(.http(.status(status))) }
    let shown = options.transfer.mask.masked(code, limit: Limits.outcomeDetailCharacters)
    return finish(.body(.applicationCode(shown)))
  }

  private mutating func ranOut(_ wait: QueueWait, at now: Instant) -> ProbeAction {
    switch stage {
    case .idle: return finish(.skipped(.missed))
    case .resolving:
      guard wait.isOver else { return finish(.skipped(.resolverBusy)) }
      noteResolved(now - resolvingSince - wait.waited, waited: wait.waited)
      if let excuse = waits.excuse(of: timeout) { return finish(.skipped(excuse)) }
      return notResolved(.timedOut)
    case .transferring: return finish(blamed(.http(.timedOut)))
    }
  }

  private func blamed(_ failure: Outcome) -> Outcome {
    switch failure {
    case .connect(.timedOut), .tls(.timedOut), .http(.timedOut), .body(.timedOut):
      waits.excuse(of: timeout).map { .skipped($0) } ?? failure
    default: failure
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
    if tracing { result.addStep(printable(options.transfer.mask.masked(text))) }
  }
}
