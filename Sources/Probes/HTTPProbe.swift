import Base
import Model
import Wire

/// The settings of an HTTP check.
package final class HTTPOptions: Sendable {
  package let method: String
  package let url: URLParts
  package let transfer: TransferSettings
  /// The proxy of `transfer`, which the decoder has checked.
  let proxy: URLParts?
  package let family: AddressFamily
  package let redirectLimit: Int
  package let allowsOtherHosts: Bool
  package let expectations: HTTPExpectations

  package init(
    method: String = "GET", url: URLParts, transfer: TransferSettings = TransferSettings(),
    family: AddressFamily = .any, redirectLimit: Int = 3, allowsOtherHosts: Bool = false,
    expectations: HTTPExpectations = .init()
  ) {
    self.method = method
    self.url = url
    self.transfer = transfer
    proxy = transfer.proxy.flatMap { try? URLParts($0) }
    self.family = family
    self.redirectLimit = redirectLimit
    self.allowsOtherHosts = allowsOtherHosts
    self.expectations = expectations
  }

  /// The same for another address.
  init(_ other: HTTPOptions, url: URLParts) {
    self.url = url
    method = other.method
    transfer = other.transfer
    proxy = other.proxy
    family = other.family
    redirectLimit = other.redirectLimit
    allowsOtherHosts = other.allowsOtherHosts
    expectations = other.expectations
  }
}

/// Checks a link by one HTTP request: resolve, transfer, follow redirects as new exchanges, judge.
package struct HTTPProbe: Probe {
  package static let kind = "http"

  private enum Stage {
    case idle
    case waitingForToken
    case resolving
    case transferring
    case examining
    /// A second handshake shows why the first one failed, so.
    case lookingAtChain(Outcome)
  }

  /// So many of a name's addresses are tried when connections fail.
  private static let addressesTried = 3

  private let options: HTTPOptions
  private let timeout: TimeAmount
  private var deadline = Instant.distantFuture
  private var stage = Stage.idle
  private var url: URLParts
  private var method: String
  private var sendsBody = true
  private var sendsHeaders = true
  private var redirects = 0
  private var addresses: [String] = []
  private var result = ProbeResult(outcome: .ok)
  private var token: Secret?
  private(set) var waits = OwnWaits()
  /// Where the attempt is a part of a transaction whose time it shares: what was waited before it,
  /// and the time of the whole.
  var before: (waits: OwnWaits, timeout: TimeAmount)?
  private var resolvingSince = Instant(nanoseconds: 0)
  private var mask: SecretMask
  private let tracing: Bool
  /// The cookies of the transaction that this is a part of; nil where none are kept.
  var cookies: CookieJar?
  private var maskedCookies: Set<String> = []
  /// What was taken from the answer, once it was judged right.
  private(set) var captured: [String] = []

  package static func target(of options: HTTPOptions) -> String? { options.url.hostAndPort }
  package static func tokens(of options: HTTPOptions) -> [String] {
    if case .token(let name) = options.transfer.authentication { [name] } else { [] }
  }

  package static func address(of options: HTTPOptions) -> String? { options.url.text }
  package static func usesTLS(_ options: HTTPOptions) -> Bool { options.url.scheme == "https" }

  package init(_ options: HTTPOptions, timeout: TimeAmount, tracing: Bool) {
    self.options = options
    self.timeout = timeout
    self.tracing = tracing
    url = options.url
    method = options.method
    mask = options.transfer.mask
  }

  package mutating func step(_ event: ProbeEvent, at now: Instant) -> ProbeAction {
    switch event {
    case .start:
      deadline = now + timeout
      guard case .token(let name) = options.transfer.authentication else { return begin(at: now) }
      stage = .waitingForToken
      return .token(name)
    case .token(let token):
      take(token, at: now)
      return now < deadline ? begin(at: now) : fail(.skipped(.noToken))
    case .noToken: return fail(.skipped(.noToken))
    case .resolved(let found, let took, let waited):
      noteResolved(took, waited: waited)
      addresses = Array(found.prefix(Self.addressesTried))
      if tracing {
        let list = addresses.joined(separator: ", ")
        note("resolve \(peer.host): \(list) (\(milliseconds(took)))")
      }
      if addresses.isEmpty { return notResolved(.noAddress) }
      return now < deadline ? transfer(at: now) : resolvedTooLate()
    case .notResolved(let cause, let took, let waited):
      noteResolved(took, waited: waited)
      return notResolved(cause)
    case .transferred(let transferred):
      return received(transferred, at: now)
    case .examined(let examined):
      return judged(examined)
    case .timedOut(let waitingInOurQueue, let waited):
      return ranOut(QueueWait(isOver: !waitingInOurQueue, waited: waited), at: now)
    default: return fail(.skipped(.unsupported))
    }
  }

  private mutating func take(_ token: Secret, at now: Instant) {
    self.token = token
    mask.add(token)
    waits.forToken = now + timeout - deadline
    if tracing { note("token \(token.name)") }
  }

  /// Whom the connection is made to: the proxy, which then looks the URL's name up, or the server.
  private var peer: URLParts { options.proxy ?? url }

  /// Starts on the current URL: by name look-up unless the peer's host is numeric.
  private mutating func begin(at now: Instant) -> ProbeAction {
    if peer.isIPLiteral {
      addresses = [peer.host]
      return transfer(at: now)
    }
    stage = .resolving
    resolvingSince = now
    return .resolve(host: peer.host, family: options.family)
  }

  /// The time went by before there was an address: nothing was asked of the server.
  private mutating func resolvedTooLate() -> ProbeAction {
    if let excuse { return fail(.skipped(excuse)) }
    return notResolved(.timedOut)
  }

  /// What to tell instead of a time-out; nil where the time was not ours.
  private var excuse: SkipCause? {
    waits.excuse(of: timeout) ?? before.flatMap { ($0.waits + waits).excuse(of: $0.timeout) }
  }

  /// A proxy's name that does not resolve says nothing about the server's.
  private mutating func notResolved(_ cause: ResolveCause) -> ProbeAction {
    fail(options.proxy == nil ? .resolve(cause) : .connect(.proxy))
  }

  /// While other addresses are left, a connection may take no more than its share of the time: a
  /// dead one must leave time for those that live.
  private mutating func transfer(at now: Instant) -> ProbeAction {
    stage = .transferring
    let address = addresses.isEmpty ? nil : addresses.removeFirst()
    let left = max(deadline - now, .milliseconds(1))
    result.address = address
    if tracing {
      let way = options.proxy == nil ? "at" : "through the proxy at"
      note("\(method) \(url.text)" + (address.map { " \(way) \($0)" } ?? ""))
    }
    var transfer = Transfer(
      settings: options.transfer, method: method, url: url, address: address,
      sendsHeaders: sendsHeaders, sendsBody: sendsBody, bearer: sendsHeaders ? token : nil,
      timeLimit: left)
    if !addresses.isEmpty { transfer.connectLimit = left / Int64(addresses.count + 1) }
    transfer.usesServerName = url.host == options.url.host
    if let cookies { transfer.cookies = cookies.header(for: url) }
    return .transfer(transfer)
  }

  private mutating func received(_ transferred: TransferResult, at now: Instant) -> ProbeAction {
    if case .lookingAtChain(let failure) = stage { return explained(failure, by: transferred) }
    result.timings = result.timings + transferred.timings
    result.httpStatus = transferred.status
    result.bodyBytes = transferred.body.count
    if transferred.reusedConnection { result.flags.insert(.reusedConnection) }
    if let failure = transferred.failure {
      if isWorthAnotherAddress(failure), !addresses.isEmpty, now < deadline {
        if tracing { note("\(failure.sentence); trying the next address") }
        return transfer(at: now)
      }
      return lookAtChain(failure, at: now) ?? fail(blamed(failure, at: now))
    }
    if tracing { note("answer \(transferred.status), \(transferred.body.count) bytes of body") }
    takeCookies(transferred)
    if options.redirectLimit > 0, [301, 302, 303, 307, 308].contains(transferred.status),
      let location = transferred.header("location").first
    {
      return redirect(to: location, status: transferred.status, at: now)
    }
    let examination = Examination(
      expectations: options.expectations, result: transferred, mask: mask)
    if examination.isLong {
      stage = .examining
      return .examine(examination)
    }
    return judged(examination.run())
  }

  /// A session's cookie is as good as a password for as long as it lives. A short one, such as
  /// `lang=vi`, is none, and would blot out codes and numbers that have to be read.
  private mutating func takeCookies(_ transferred: TransferResult) {
    guard cookies != nil else { return }
    cookies?.take(transferred.header("set-cookie"), from: url)
    for value in cookies?.values ?? [] where value.utf8.count >= Limits.maskedCookieBytes {
      guard maskedCookies.insert(value).inserted else { continue }
      mask.add(Secret(name: "cookie", bytes: Array(value.utf8)))
    }
  }

  /// The share of the time that a connection has while addresses are left includes TLS.
  private func isWorthAnotherAddress(_ failure: Outcome) -> Bool {
    failure.phase == .connect || failure == .tls(.timedOut)
  }

  /// Follows a redirect as a new exchange: within its bound, to the same host unless allowed, and
  /// never from HTTPS to HTTP. A request becomes a GET as RFC 9110 section 15.4 describes.
  private mutating func redirect(to location: String, status: UInt16, at now: Instant)
    -> ProbeAction
  {
    redirects += 1
    if redirects > options.redirectLimit { return fail(.http(.tooManyRedirects)) }
    guard let target = url.resolving(location) else {
      return refuseRedirect("not an http or https address")
    }
    if url.scheme == "https" && target.scheme == "http" {
      return refuseRedirect("from https to http")
    }
    if target.host != options.url.host, !options.allowsOtherHosts {
      return refuseRedirect("to host \(target.host)")
    }
    if !isSameServer(target) {
      sendsHeaders = false
      sendsBody = false
      method = method == "HEAD" ? "HEAD" : "GET"
    }
    if status == 303 || (status < 303 && method == "POST") {
      method = method == "HEAD" ? "HEAD" : "GET"
      sendsBody = false
    }
    if tracing { note("redirect \(status) to \(target.text)") }
    url = target
    return begin(at: now)
  }

  /// Whether a target may get what was meant for the first: the same host and port, or the same
  /// host's usual step from HTTP to HTTPS. Another port may be another server.
  private func isSameServer(_ target: URLParts) -> Bool {
    let first = options.url
    guard target.host == first.host else { return false }
    let isUpgrade =
      first.scheme == "http" && first.port == 80 && target.scheme == "https" && target.port == 443
    return isUpgrade || (target.port == first.port && target.scheme == first.scheme)
  }

  private mutating func refuseRedirect(_ reason: String) -> ProbeAction {
    fail(.http(.redirectRefused(mask.masked(reason, limit: Limits.outcomeDetailCharacters))))
  }

  private mutating func judged(_ examined: Examined) -> ProbeAction {
    result.outcome = examined.outcome
    result.note = examined.note
    captured = examined.captured
    if examined.credentialRefused { result.flags.insert(.credentialRefused) }
    if examined.credentialRefused, result.httpStatus == 401, sendsHeaders {
      result.rejectedToken = token
    }
    if examined.outcome == .ok, let slow = options.expectations.slow,
      Int64(result.timings.totalMicroseconds) > slow.microseconds
    {
      result.flags.insert(.slow)
    }
    return .finish(result)
  }

  private mutating func ranOut(_ wait: QueueWait, at now: Instant) -> ProbeAction {
    switch stage {
    case .idle: return fail(.skipped(.missed))
    case .waitingForToken: return fail(.skipped(.noToken))
    case .resolving:
      guard wait.isOver else { return fail(.skipped(.resolverBusy)) }
      noteResolved(now - resolvingSince - wait.waited, waited: wait.waited)
      return resolvedTooLate()
    case .transferring: return fail(blamed(.http(.timedOut), at: now))
    case .examining: return fail(.skipped(.workersBusy))
    case .lookingAtChain(let failure): return fail(failure)
    }
  }

  /// A further handshake, without a request, where the server's certificates may tell more of why the
  /// first one failed; nil where they cannot, or no time is left.
  private mutating func lookAtChain(_ failure: Outcome, at now: Instant) -> ProbeAction? {
    let left = deadline - now
    guard TLSFault.isWorthALook(failure), left > Limits.handshakeLeast else { return nil }
    stage = .lookingAtChain(failure)
    if tracing { note("\(failure.sentence); a second handshake, to look at the certificates") }
    var transfer = Transfer(
      settings: options.transfer, method: "GET", url: url, address: result.address,
      sendsHeaders: sendsHeaders, sendsBody: false, timeLimit: left)
    transfer.purpose = .handshake
    transfer.isOptional = true
    transfer.usesServerName = url.host == options.url.host
    return .transfer(transfer)
  }

  /// The failure, told more exactly where the second handshake failed alike. Its time is in no phase.
  private mutating func explained(
    _ failure: Outcome, by transferred: TransferResult
  ) -> ProbeAction {
    guard case .tls(let cause) = failure, transferred.failure == failure,
      let handshake = transferred.handshake
    else {
      if tracing { note("the second handshake shows nothing of it") }
      return fail(failure)
    }
    let tls = options.transfer.tls
    let name = url.host == options.url.host ? tls.serverName ?? url.host : url.host
    let chain = ServedChain(handshake)
    let fault = TLSFault(cause, handshake, chain, name: name, tls)
    result.note = boundedNote(mask.masked(fault.note))
    if tracing {
      for line in chain.lines { note(line) }
      if !fault.note.isEmpty { note(fault.note) }
    }
    return fail(.tls(fault.cause))
  }

  /// Not the link's fault, if waiting for something of ours left it too little time. A proxy that
  /// is late is told like one that refuses.
  private func blamed(_ failure: Outcome, at now: Instant) -> Outcome {
    let isLate = deadline - now < .milliseconds(10)
    switch failure {
    case .connect(.proxy) where isLate, .connect(.timedOut), .tls(.timedOut), .http(.timedOut),
      .body(.timedOut):
      return excuse.map { .skipped($0) } ?? failure
    default: return failure
    }
  }

  private mutating func noteResolved(_ took: TimeAmount, waited: TimeAmount) {
    waits.inQueue = waits.inQueue + waited
    result.addLookup(took)
  }

  private mutating func fail(_ outcome: Outcome) -> ProbeAction {
    if tracing { note(outcome.sentence) }
    result.outcome = outcome
    return .finish(result)
  }

  private mutating func note(_ text: String) {
    result.addStep(printable(mask.masked(text)))
  }
}
