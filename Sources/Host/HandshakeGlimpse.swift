import Base
import CLibcurl
import Model
import Probes
import Wire

/// Gathers what libcurl shows of a handshake while it goes on. With `CURLOPT_VERBOSE` it hands over every
/// message of the server in plain bytes before it judges them: so the certificates are known even where
/// they are refused, which `CURLINFO_CERTINFO` does not tell.
struct HandshakeGlimpse {
  private var transcript = TLSTranscript(
    bytesLimit: Limits.chainBytes, certificatesLimit: Limits.chainCertificates)
  private var cipher = ""

  mutating func take(_ kind: curl_infotype, _ bytes: UnsafeRawBufferPointer) {
    switch kind {
    case CURLINFO_SSL_DATA_IN:
      guard let first = bytes.first,
        transcript.isWorthTaking(count: bytes.count, first: first)
      else { return }
      transcript.take(Array(bytes))
    case CURLINFO_TEXT:
      // "SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384"
      guard bytes.count < 200, bytes.starts(with: Self.cipherMark) else { return }
      let text = String(decoding: bytes, as: UTF8.self)
      let words = text.split(whereSeparator: { $0 == " " || $0 == "\n" })
      cipher = words.last.map(String.init) ?? ""
    default: break
    }
  }

  private static let cipherMark = Array("SSL connection using ".utf8)

  /// Whether the server has not said yet what it thinks of our certificate, or of its absence: in TLS
  /// 1.3 it does so after the handshake has ended for us (RFC 8446 section 4.4.2.4).
  var awaitsVerdict: Bool {
    transcript.asksForCertificate && TLSVersion(number: transcript.version) == .tls13
  }

  var handshake: Handshake {
    Handshake(
      certificates: transcript.certificates, version: TLSVersion(number: transcript.version),
      cipher: cipher, asksForCertificate: transcript.asksForCertificate, time: Clock.now.wall)
  }
}

/// Waits for the first thing that a server sends after the handshake: an alert, or anything else, such as
/// a ticket, which means that it is content. Silence means so too, after a while.
final class HandshakeVerdict: ReadinessHandler {
  let handle: CurlHandle
  private(set) var code = CURLE_OK
  private(set) var nextDue: Instant
  private let reactor: Reactor
  private var registration: Token?

  /// Nil when the connection cannot be watched.
  init?(_ handle: CurlHandle, reactor: Reactor, until due: Instant) {
    self.handle = handle
    self.reactor = reactor
    nextDue = due
    guard let socket = handle.activeSocket,
      let token = try? reactor.add(socket, .readable, key: socket, handler: self)
    else { return nil }
    registration = token
  }

  func ready(_ readiness: Readiness, key: Int32, token: Token) {
    cancel()
    code = handle.receiveAfterHandshake()
    nextDue = Instant(nanoseconds: 0)
  }

  /// Stops watching; the connection is libcurl's.
  func cancel() {
    if let registration { reactor.remove(registration) }
    registration = nil
  }
}

extension CurlHandle {
  /// The connection of a transfer that made nothing but that.
  fileprivate var activeSocket: curl_socket_t? {
    var socket: curl_socket_t = CURL_SOCKET_BAD
    let code = lh_getinfo_socket(easy, CURLINFO_ACTIVESOCKET, &socket)
    return code == CURLE_OK && socket != CURL_SOCKET_BAD ? socket : nil
  }

  /// Lets TLS read what has come; `CURLE_OK` unless the server ends it.
  fileprivate func receiveAfterHandshake() -> CURLcode {
    var byte: UInt8 = 0
    var count = 0
    let code = curl_easy_recv(easy, &byte, 1, &count)
    // A close in good order is no refusal.
    return code == CURLE_AGAIN ? CURLE_OK : code
  }
}
