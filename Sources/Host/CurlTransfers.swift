import Base
import CLibcurl
import Glibc
import Model
import Probes
import Wire

/// Runs HTTP transfers on the loop through libcurl's multi interface: one multi per CA bundle,
/// because a multi keeps the parsed store of a single bundle only.
package final class CurlTransfers: LoopPart {
  package typealias Finish = (_ token: Token, _ result: TransferResult) -> Void

  private let reactor: Reactor
  private let systemBundle: String
  private let onFinish: Finish
  private var groups: [CurlGroup] = []
  private var groupOfBundle: [String: Int] = [:]
  private var running: [Token: Running] = [:]
  private var free: [CurlHandle] = []
  /// Handshakes that have ended for us, whose server may still refuse our certificate.
  private var verdicts: [Token: HandshakeVerdict] = [:]

  private struct Running {
    var handle: CurlHandle
    var group: CurlGroup
    var isTLS: Bool
    /// When a handshake must have come to its end, what the server says of it included.
    var deadline: Instant
  }

  /// Debian's bundle of trusted authorities.
  package static let debianBundle = "/etc/ssl/certs/ca-certificates.crt"

  /// `onFinish` is called on the loop, never from within ``start(_:token:)``.
  package init(
    reactor: Reactor, systemBundle: String = CurlTransfers.debianBundle,
    onFinish: @escaping Finish
  ) {
    self.reactor = reactor
    self.systemBundle = systemBundle
    self.onFinish = onFinish
    let code = curl_global_init(Int(CURL_GLOBAL_ALL))
    precondition(code == CURLE_OK, "libcurl starts")
    reactor.add(part: self)
  }

  /// libcurl's name and version, for the User-Agent and `version`.
  package static var libraryVersion: String { String(cString: curl_version()) }

  package var runningCount: Int { running.count }

  package func start(_ transfer: Transfer, token: Token) {
    let isTLS = transfer.url.scheme == "https"
    let bundle =
      isTLS && transfer.settings.tls.verify ? transfer.settings.tls.caFile ?? systemBundle : ""
    let group = self.group(for: bundle)
    let handle = free.popLast() ?? CurlHandle()
    handle.prepare(transfer, token: token, caFile: bundle)
    let deadline =
      transfer.purpose == .handshake ? Clock.instant + transfer.timeLimit : .distantFuture
    running[token] = Running(handle: handle, group: group, isTLS: isTLS, deadline: deadline)
    group.add(handle)
  }

  /// Ends a transfer without a result.
  package func cancel(_ token: Token) {
    guard let entry = running.removeValue(forKey: token) else { return }
    verdicts.removeValue(forKey: token)?.cancel()
    entry.group.remove(entry.handle)
    recycle(entry.handle)
  }

  /// Forgets parsed CA bundles, so that changed files are read again; transfers under way go on
  /// with what they have.
  package func renewBundles() {
    groupOfBundle.removeAll()
    groups.removeAll { $0.isIdle }
    for group in groups { group.isRetired = true }
  }

  package var nextDue: Instant? {
    var earliest: Instant?
    for group in groups {
      guard let due = group.nextDue else { continue }
      if earliest.map({ due < $0 }) ?? true { earliest = due }
    }
    for verdict in verdicts.values {
      if earliest.map({ verdict.nextDue < $0 }) ?? true { earliest = verdict.nextDue }
    }
    return earliest
  }

  package func runDue(at now: Now) {
    for group in groups {
      group.runDue(at: now.instant)
      // The rest is due at once, in the next turn.
      while Clock.instant - now.instant < Limits.turn, let (handle, code) = group.takeFinished() {
        if code == CURLE_OK, handle.glimpse?.awaitsVerdict ?? false,
          let deadline = running[handle.token]?.deadline,
          let verdict = HandshakeVerdict(
            handle, reactor: reactor,
            until: min(now.instant + Limits.handshakeVerdict, deadline))
        {
          verdicts[handle.token] = verdict
          continue
        }
        group.remove(handle)
        finish(handle, code)
      }
    }
    if !verdicts.isEmpty { takeVerdicts(at: now.instant) }
    if groups.contains(where: { $0.isRetired && $0.isIdle }) {
      groups.removeAll { $0.isRetired && $0.isIdle }
    }
  }

  private func finish(_ handle: CurlHandle, _ code: CURLcode) {
    guard let entry = running.removeValue(forKey: handle.token) else { return }
    let result = handle.result(code, isTLS: entry.isTLS)
    let token = handle.token
    recycle(handle)
    onFinish(token, result)
  }

  private func takeVerdicts(at now: Instant) {
    for (token, verdict) in verdicts where verdict.nextDue <= now {
      verdicts.removeValue(forKey: token)
      verdict.cancel()
      running[token]?.group.remove(verdict.handle)
      finish(verdict.handle, verdict.code)
    }
  }

  private func group(for bundle: String) -> CurlGroup {
    if let index = groupOfBundle[bundle], index < groups.count, groups[index].bundle == bundle,
      !groups[index].isRetired
    {
      return groups[index]
    }
    let group: CurlGroup
    if let index = groups.firstIndex(where: { $0.bundle == bundle && !$0.isRetired }) {
      groupOfBundle[bundle] = index
      group = groups[index]
    } else {
      group = CurlGroup(reactor: reactor, bundle: bundle)
      groups.append(group)
      groupOfBundle[bundle] = groups.count - 1
    }
    return group
  }

  private func recycle(_ handle: CurlHandle) {
    if free.count < 256 { free.append(handle) }
  }
}

/// What libcurl is told of a socket. With nothing but an error it gives up without asking what the error is,
/// and a reset, of which the kernel may tell the error before the end, is no more than a connection that has
/// gone: so it is told to read, which tells.
func selectBits(_ readiness: Readiness) -> Int32 {
  var mask: Int32 = 0
  if readiness.contains(.readable) { mask |= Int32(CURL_CSELECT_IN) }
  if readiness.contains(.writable) { mask |= Int32(CURL_CSELECT_OUT) }
  if !readiness.intersection(.failed).isEmpty {
    mask |= Int32(CURL_CSELECT_ERR) | Int32(CURL_CSELECT_IN)
  }
  return mask
}

/// One libcurl multi and its sockets and timer on the loop. The callbacks only record and register;
/// libcurl is called from ``ready(_:key:token:)`` and ``runDue(at:)``.
private final class CurlGroup: ReadinessHandler {
  let bundle: String
  var isRetired = false
  private let reactor: Reactor
  private let multi: UnsafeMutableRawPointer
  private var timerDue: Instant?
  private var handles = 0
  private var mayHaveFinished = false

  init(reactor: Reactor, bundle: String) {
    self.reactor = reactor
    self.bundle = bundle
    guard let multi = curl_multi_init() else { preconditionFailure("libcurl gives a multi") }
    self.multi = multi
    let context = Unmanaged.passUnretained(self).toOpaque()
    let socketCode = lh_multi_setopt_socket(
      multi,
      { _, socket, what, context, assigned in
        guard let context else { return 0 }
        Unmanaged<CurlGroup>.fromOpaque(context).takeUnretainedValue()
          .socketChanged(socket, what, assigned)
        return 0
      }, context)
    let timerCode = lh_multi_setopt_timer(
      multi,
      { _, milliseconds, context in
        guard let context else { return 0 }
        let group = Unmanaged<CurlGroup>.fromOpaque(context).takeUnretainedValue()
        group.timerDue =
          milliseconds < 0 ? nil : Clock.instant + .milliseconds(Int64(milliseconds))
        return 0
      }, context)
    let cacheCode = lh_multi_setopt_long(multi, CURLMOPT_MAXCONNECTS, Limits.attemptsInFlight)
    precondition(
      socketCode == CURLM_OK && timerCode == CURLM_OK && cacheCode == CURLM_OK,
      "libcurl takes the callbacks")
  }

  deinit { curl_multi_cleanup(multi) }

  var isIdle: Bool { handles == 0 }

  var nextDue: Instant? { mayHaveFinished ? Instant(nanoseconds: 0) : timerDue }

  func add(_ handle: CurlHandle) {
    handles += 1
    let code = curl_multi_add_handle(multi, handle.easy)
    precondition(code == CURLM_OK, "libcurl takes a handle that is in no multi")
  }

  func remove(_ handle: CurlHandle) {
    handles -= 1
    curl_multi_remove_handle(multi, handle.easy)
  }

  func runDue(at now: Instant) {
    guard let due = timerDue, due <= now else { return }
    timerDue = nil
    act(CURL_SOCKET_BAD, 0)
  }

  func ready(_ readiness: Readiness, key: Int32, token: Token) {
    act(key, selectBits(readiness))
  }

  /// The next transfer that libcurl has ended, yet to be removed.
  func takeFinished() -> (CurlHandle, CURLcode)? {
    guard mayHaveFinished else { return nil }
    var left: Int32 = 0
    while let message = curl_multi_info_read(multi, &left) {
      guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else {
        continue
      }
      let code = lh_message_result(message)
      var context: UnsafeMutableRawPointer?
      _ = lh_getinfo_pointer(easy, CURLINFO_PRIVATE, &context)
      guard let context else { continue }
      return (Unmanaged<CurlHandle>.fromOpaque(context).takeUnretainedValue(), code)
    }
    mayHaveFinished = false
    return nil
  }

  private func act(_ socket: curl_socket_t, _ mask: Int32) {
    var running: Int32 = 0
    curl_multi_socket_action(multi, socket, mask, &running)
    if Int(running) < handles { mayHaveFinished = true }
  }

  /// libcurl tells what it waits for on a socket. The registration's token is kept with the socket
  /// in libcurl; descriptors are reused, tokens are not.
  private func socketChanged(
    _ socket: curl_socket_t, _ what: Int32, _ assigned: UnsafeMutableRawPointer?
  ) {
    let known = assigned.map { Token(rawValue: UInt64(UInt(bitPattern: $0))) }
    if what == CURL_POLL_REMOVE {
      if let known { reactor.remove(known) }
      curl_multi_assign(multi, socket, nil)
      return
    }
    var interest: Readiness = []
    if what & CURL_POLL_IN != 0 { interest.insert(.readable) }
    if what & CURL_POLL_OUT != 0 { interest.insert(.writable) }
    if let known {
      try? reactor.modify(known, interest)
    } else if let token = try? reactor.add(socket, interest, key: socket, handler: self) {
      curl_multi_assign(multi, socket, UnsafeMutableRawPointer(bitPattern: UInt(token.rawValue)))
    }
  }
}
