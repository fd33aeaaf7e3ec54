import Base
import CLibcurl
import Glibc
import Model
import Probes

extension CurlHandle {
  /// The exchange as a value, after libcurl has finished it with `code`.
  func result(_ code: CURLcode, isTLS: Bool) -> TransferResult {
    let times = Times(self, isTLS: isTLS)
    let status = UInt16(clamping: long(CURLINFO_RESPONSE_CODE))
    var failure = code == CURLE_OK ? nil : outcome(of: code, status: status, times)
    if code == CURLE_OK, demandsHTTP2, long(CURLINFO_HTTP_VERSION) < Int(CURL_HTTP_VERSION_2_0) {
      failure = .http(.otherVersion)
    }
    if let glimpse {
      return TransferResult(
        failure: failure, timings: times.handshakePhases, handshake: glimpse.handshake)
    }
    var result = TransferResult(
      failure: failure, status: status, head: head, body: takeBody(),
      timings: times.phases, reusedConnection: code == CURLE_OK && times.connections == 0)
    result.wasDecoded = decodes
    return result
  }

  private func outcome(of code: CURLcode, status: UInt16, _ times: Times) -> Outcome {
    switch overflow {
    case .head: return .http(.headerTooLarge)
    case .body: return .body(.tooLarge)
    case .contentCodings: return .body(.badEncoding)
    case .transferCoding: return .http(.malformed)
    case nil: break
    }
    let inBody = status != 0 && !head.isEmpty && headIsWhole
    switch code {
    case CURLE_OPERATION_TIMEDOUT:
      switch times.phaseReached(inBody: inBody) {
      // Without a connection it is the proxy that does not answer; with one, the tunnel's end.
      case .connect: return .connect(usesProxy && times.connections == 0 ? .proxy : .timedOut)
      case .tls: return .tls(.timedOut)
      case .body: return .body(.timedOut)
      default: return .http(.timedOut)
      }
    case CURLE_COULDNT_CONNECT:
      // Of all failures only this one sets the errno; else it may be another transfer's.
      if socketError != 0 { return connectOutcome(errno: socketError, usesProxy: usesProxy) }
      let code = Int32(clamping: long(CURLINFO_OS_ERRNO))
      // By IPv6 it cannot be told whether this machine forbids the way or a router does.
      return connectOutcome(
        errno: isIPv6 ? errnoOfRouter(code) : code, usesProxy: usesProxy, isIPv6: isIPv6)
    case CURLE_COULDNT_RESOLVE_HOST: return .resolve(.other)
    case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY: return .connect(.proxy)
    case CURLE_INTERFACE_FAILED: return .connect(.noLocalAddress)
    case CURLE_PEER_FAILED_VERIFICATION: return .tls(verificationCause)
    case CURLE_SSL_CACERT_BADFILE: return caFileOutcome(caFile)
    case CURLE_SSL_CONNECT_ERROR: return .tls(handshakeCause)
    case CURLE_SSL_CERTPROBLEM, CURLE_SSL_CLIENTCERT: return .tls(.clientCertificate)
    case CURLE_SSL_CIPHER, CURLE_USE_SSL_FAILED: return .tls(.handshake)
    case CURLE_GOT_NOTHING: return .http(.closed)
    case CURLE_PARTIAL_FILE: return .body(.truncated)
    case CURLE_SEND_ERROR, CURLE_RECV_ERROR:
      return tunnelWasRefused ? .connect(.proxy) : received(inBody: inBody)
    case CURLE_BAD_CONTENT_ENCODING: return .body(.badEncoding)
    // libcurl gives up on a header line of more than 100 kB with "out of memory".
    case CURLE_OUT_OF_MEMORY: return inBody ? .body(.other) : .http(.headerTooLarge)
    case CURLE_HTTP2_STREAM: return inBody ? .body(.reset) : .http(.reset)
    case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_HTTP2:
      return .http(.malformed)
    default: return inBody ? .body(.other) : .http(.other)
    }
  }

  private func received(inBody: Bool) -> Outcome {
    let text = failureText
    if text.hasPrefix("Too large response headers") { return .http(.headerTooLarge) }
    // TLS 1.3 servers refuse a client certificate, or its absence, after the handshake has ended for us.
    if isRefusedCertificate(text) { return .tls(.clientCertificate) }
    if glimpse != nil { return .tls(handshakeCause) }
    // Said of transfer codings and chunks that break HTTP's own rules.
    if text.contains("chunk") || text.contains("ransfer") { return .http(.malformed) }
    if inBody { return .body(isReset ? .reset : .truncated) }
    return .http(isReset ? .reset : .closed)
  }

  private var isReset: Bool {
    let text = failureText
    return text.contains("reset") || text.contains("Broken pipe")
  }

  /// Whether a proxy has answered CONNECT with anything but success.
  private var tunnelWasRefused: Bool {
    let status = long(CURLINFO_HTTP_CONNECTCODE)
    return status != 0 && !(200...299).contains(status)
  }

  /// Whether the blank line after the headers has come.
  private var headIsWhole: Bool {
    head.suffix(4).elementsEqual([0x0D, 0x0A, 0x0D, 0x0A])
      || head.suffix(2).elementsEqual([0x0A, 0x0A])
  }

  /// OpenSSL's verdict on the chain (codes: its x509_vfy.h); a chain that is fine while the check
  /// failed means that the name did not fit, which libcurl checks itself, before it notes that the
  /// chain is fine: it then still says 1.
  private var verificationCause: TLSCause {
    switch long(CURLINFO_SSL_VERIFYRESULT) {
    case 0, 1, 62, 64: .wrongName
    case 9: .notYetValid
    case 10: .expired
    case 18: .selfSigned
    case 2, 19, 20, 21, 24: .unknownIssuer
    case 23: .revoked
    case 66, 67, 68: .weakKey
    default: .other
    }
  }

  private var handshakeCause: TLSCause {
    let text = failureText.lowercased()
    if isReset { return .reset }
    // What came is no record of TLS (OpenSSL's own words).
    if ["wrong version number", "packet length too long", "http request"].contains(
      where: text.contains)
    {
      return .notTLS
    }
    if text.contains("protocol version") || text.contains("unsupported protocol")
      || text.contains("version too low")
    {
      return .protocolVersion
    }
    if text.contains("key too small") || text.contains("md too weak") { return .weakKey }
    if isRefusedCertificate(text) { return .clientCertificate }
    return .handshake
  }
}

/// Whether the server's alert is about our certificate (RFC 8446 section 6.2).
private func isRefusedCertificate(_ text: String) -> Bool {
  text.contains("certificate required")
    || (text.contains("alert")
      && [
        "bad certificate", "unsupported certificate", "certificate revoked", "certificate expired",
        "certificate unknown", "unknown ca", "access denied",
      ].contains(where: text.contains))
}

/// What it means that libcurl could not use a file of authorities. It says the same of one that it had no
/// descriptor or memory left to read, which says nothing of the file nor of the server.
func caFileOutcome(_ path: String) -> Outcome {
  do throws(SystemError) {
    let bytes = try readFile(path, limitBytes: Limits.catalogueFileBytes)
    return secretExpiry(of: bytes)?.isCertificate == true ? .skipped(.tableFull) : .tls(.caFile)
  } catch {
    return [EMFILE, ENFILE, ENOMEM].contains(error.code) ? .skipped(.tableFull) : .tls(.caFile)
  }
}

/// What a router of IPv6 that forbids the way has told (ICMPv6 type 1, codes 1, 5 and 6: RFC 4443 section
/// 3.1) the kernel hands on as "permission denied", which of a call of our own means this machine.
func errnoOfRouter(_ code: Int32) -> Int32 { code == EACCES ? EHOSTUNREACH : code }

/// What a connection that did not come about means. That we have no socket, or no local port, left is our
/// own fault; a proxy that cannot be reached says nothing about the server behind it.
///
/// `isIPv6`: without any address of IPv6 the kernel says the same as without a port.
func connectOutcome(errno code: Int32, usesProxy: Bool, isIPv6: Bool = false) -> Outcome {
  let cause: ConnectCause
  switch code {
  case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .skipped(.tableFull)
  case EACCES, EPERM: return .connect(.denied)
  case EADDRNOTAVAIL, EADDRINUSE:
    return isIPv6 ? .connect(.noLocalAddress) : .skipped(.tableFull)
  case ECONNREFUSED: cause = .refused
  case ETIMEDOUT: cause = .timedOut
  case ENETUNREACH, ENETDOWN, EAFNOSUPPORT: cause = .networkUnreachable
  case EHOSTUNREACH, EHOSTDOWN: cause = .hostUnreachable
  case ECONNRESET: cause = .reset
  default: cause = .other
  }
  return .connect(usesProxy ? .proxy : cause)
}

/// libcurl's time marks of one transfer, split into phases. A mark that was never reached is 0.
/// libcurl marks the connection together with the end of the TLS handshake: when that fails, only
/// the count of connections tells that there was one.
private struct Times {
  var connect: Int64
  var tls: Int64
  var preTransfer: Int64
  var firstByte: Int64
  var total: Int64
  var connections: Int
  let isTLS: Bool
  /// False while a proxy has not answered CONNECT.
  let hasTunnel: Bool

  init(_ handle: CurlHandle, isTLS: Bool) {
    connect = handle.microseconds(CURLINFO_CONNECT_TIME_T)
    tls = isTLS ? handle.microseconds(CURLINFO_APPCONNECT_TIME_T) : 0
    preTransfer = handle.microseconds(CURLINFO_PRETRANSFER_TIME_T)
    firstByte = handle.microseconds(CURLINFO_STARTTRANSFER_TIME_T)
    total = handle.microseconds(CURLINFO_TOTAL_TIME_T)
    connections = handle.long(CURLINFO_NUM_CONNECTS)
    self.isTLS = isTLS
    hasTunnel = !handle.usesTunnel || handle.long(CURLINFO_HTTP_CONNECTCODE) != 0
  }

  func phaseReached(inBody: Bool) -> Phase {
    if connections > 0 || preTransfer == 0 {
      if connect == 0 && (connections == 0 || !hasTunnel) { return .connect }
      if isTLS && tls == 0 { return .tls }
    }
    return inBody ? .body : .http
  }

  /// Without a request.
  var handshakePhases: PhaseTimings {
    var phases = self.phases
    phases.firstByteMicroseconds = 0
    phases.transferMicroseconds = 0
    return phases
  }

  var phases: PhaseTimings {
    // A phase that was begun and not ended has lasted until the end.
    let failedInTLS = isTLS && hasTunnel && connect == 0 && connections > 0
    let reached = connect > 0 ? connect : failedInTLS ? 0 : total
    let secured = tls > 0 ? tls : failedInTLS ? total : reached
    let sent = preTransfer > 0 ? preTransfer : secured
    let answered = firstByte > 0 ? firstByte : (preTransfer > 0 ? total : sent)
    return PhaseTimings(
      connectMicroseconds: UInt32(clamping: connections > 0 || connect == 0 ? reached : 0),
      tlsMicroseconds: UInt32(clamping: max(0, secured - reached)),
      firstByteMicroseconds: UInt32(clamping: max(0, answered - sent)),
      transferMicroseconds: UInt32(clamping: firstByte > 0 ? max(0, total - firstByte) : 0),
      totalMicroseconds: UInt32(clamping: total))
  }
}
