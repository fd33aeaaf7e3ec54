import Base
import Model
import Wire

/// The lowest TLS version that is accepted.
package enum TLSVersion: String, Sendable, Hashable, CaseIterable {
  case tls10 = "1.0"
  case tls11 = "1.1"
  case tls12 = "1.2"
  case tls13 = "1.3"
}

/// Which HTTP version is spoken.
package enum HTTPVersion: String, Sendable, Hashable, CaseIterable {
  /// HTTP/2 where the server offers it over TLS, else HTTP/1.1.
  case automatic
  case http1 = "1.1"
  case http2 = "2"
}

/// How a server proves who it is, and how we do.
package struct TLSOptions: Sendable, Hashable {
  package var verify: Bool
  /// A PEM bundle; nil means the system's.
  package var caFile: String?
  /// The name asked for and checked, when it is not the URL's host.
  package var serverName: String?
  package var minimumVersion: TLSVersion
  /// How we prove who we are: a certificate and its key, in PEM.
  package var clientCertificate: Secret?
  package var clientKey: Secret?

  package init(
    verify: Bool = true, caFile: String? = nil, serverName: String? = nil,
    minimumVersion: TLSVersion = .tls12, clientCertificate: Secret? = nil,
    clientKey: Secret? = nil
  ) {
    self.verify = verify
    self.caFile = caFile
    self.serverName = serverName
    self.minimumVersion = minimumVersion
    self.clientCertificate = clientCertificate
    self.clientKey = clientKey
  }
}

/// How a transfer reaches its host, and within which bounds; the part of it that is the same for
/// every attempt. A class so that drivers can recognise settings that they have applied before.
package final class TransferSettings: Sendable {
  package let headers: [(name: String, value: String)]
  /// Headers whose values hold secrets.
  package let secretHeaders: [(name: String, value: SecretText)]
  package let body: [UInt8]
  /// A body that holds secrets; `body` is empty then.
  package let secretBody: SecretText?
  package let authentication: Authentication
  package let tls: TLSOptions
  package let version: HTTPVersion
  package let proxy: String?
  package let sourceAddress: String?
  package let userAgent: String
  package let bodyLimitBytes: Int
  package let headerLimitBytes: Int
  package let connectTimeout: TimeAmount?
  package let reuse: Bool
  /// Whether a compressed answer is asked for; what comes out of it is bounded like any body.
  package let compressed: Bool
  /// Takes the secrets of these settings out of what is shown.
  package let mask: SecretMask

  /// `masked`: further secrets that an answer might repeat.
  package init(
    headers: [(name: String, value: String)] = [],
    secretHeaders: [(name: String, value: SecretText)] = [], body: [UInt8] = [],
    secretBody: SecretText? = nil, authentication: Authentication = .none,
    tls: TLSOptions = .init(),
    version: HTTPVersion = .automatic, proxy: String? = nil, sourceAddress: String? = nil,
    userAgent: String = "linkhealth", bodyLimitBytes: Int = Limits.bodyBytes,
    headerLimitBytes: Int = Limits.headerBytes, connectTimeout: TimeAmount? = nil,
    reuse: Bool = false, compressed: Bool = false, masked: [Secret] = []
  ) {
    self.headers = headers
    self.secretHeaders = secretHeaders
    self.body = body
    self.secretBody = secretBody
    self.authentication = authentication
    self.tls = tls
    self.version = version
    self.proxy = proxy
    self.sourceAddress = sourceAddress
    self.userAgent = userAgent
    self.bodyLimitBytes = bodyLimitBytes
    self.headerLimitBytes = headerLimitBytes
    self.connectTimeout = connectTimeout
    self.reuse = reuse
    self.compressed = compressed
    mask = SecretMask(
      secretHeaders.flatMap(\.value.secrets) + (secretBody?.secrets ?? [])
        + masked + authentication.secrets
        + [tls.clientCertificate, tls.clientKey].compactMap { $0 })
  }

  /// The same settings with another request; `masked`: what is not to be shown, beside what the
  /// settings mask already.
  convenience init(
    _ other: TransferSettings, headers: [(name: String, value: String)],
    secretHeaders: [(name: String, value: SecretText)], body: [UInt8], secretBody: SecretText?,
    masked: [Secret]
  ) {
    self.init(
      headers: headers, secretHeaders: secretHeaders, body: body, secretBody: secretBody,
      authentication: other.authentication, tls: other.tls, version: other.version,
      proxy: other.proxy, sourceAddress: other.sourceAddress, userAgent: other.userAgent,
      bodyLimitBytes: other.bodyLimitBytes, headerLimitBytes: other.headerLimitBytes,
      connectTimeout: other.connectTimeout, reuse: other.reuse, compressed: other.compressed,
      masked: masked)
  }

  /// What is sent as the body.
  package var bodyBytes: [UInt8] { secretBody?.text.bytes ?? body }

  /// Whether both say the same, so that a driver that has applied one has applied the other.
  package func isSame(as other: TransferSettings) -> Bool {
    self === other
      || (tls == other.tls && version == other.version && proxy == other.proxy
        && sourceAddress == other.sourceAddress && userAgent == other.userAgent
        && bodyLimitBytes == other.bodyLimitBytes && headerLimitBytes == other.headerLimitBytes
        && connectTimeout == other.connectTimeout && reuse == other.reuse
        && compressed == other.compressed && body == other.body
        && authentication == other.authentication && secretBody == other.secretBody
        && secretHeaders.elementsEqual(other.secretHeaders) {
          $0.name == $1.name && $0.value == $1.value
        }
        && headers.elementsEqual(other.headers) { $0.name == $1.name && $0.value == $1.value })
  }
}

/// One HTTP exchange with one address; redirects are not followed.
package struct Transfer: Sendable {
  package enum Purpose: Sendable, Hashable {
    case request
    /// The TLS handshake alone, looked at: nothing is asked of the server, and the result has a
    /// ``TransferResult/handshake``. Method, headers and body say nothing then.
    case handshake
  }

  package var settings: TransferSettings
  package var method: String
  package var url: URLParts
  /// The numeric address to connect to, the proxy's where there is one.
  package var address: String?
  /// Whether the settings' headers, credentials and body go along; not so to another host after a
  /// redirect.
  package var sendsHeaders: Bool
  package var sendsBody: Bool
  /// A token to be sent; not to another host either.
  package var bearer: Secret?
  /// The cookies to be sent, as the value of the header; empty for none.
  package var cookies = ""
  /// All the time that is left.
  package var timeLimit: TimeAmount
  /// Less time for the connection, where other addresses are left to try.
  package var connectLimit: TimeAmount?
  /// Whether the URL's host is the one that the settings' TLS server name is meant for.
  package var usesServerName = true
  package var purpose = Purpose.request
  /// Whether the attempt can do without it: where there is no room for it, it is told so by a result
  /// and goes on.
  package var isOptional = false

  package init(
    settings: TransferSettings, method: String, url: URLParts, address: String?,
    sendsHeaders: Bool = true, sendsBody: Bool = true, bearer: Secret? = nil,
    timeLimit: TimeAmount
  ) {
    self.settings = settings
    self.method = method
    self.url = url
    self.address = address
    self.sendsHeaders = sendsHeaders
    self.sendsBody = sendsBody
    self.bearer = bearer
    self.timeLimit = timeLimit
  }
}

/// How an exchange went.
package struct TransferResult: Sendable {
  /// The failure, by phase and cause; nil when a whole answer came.
  package var failure: Outcome?
  package var status: UInt16
  /// The header lines of the last answer, as received, `\r\n` between them.
  package var head: [UInt8]
  package var body: [UInt8]
  package var timings: PhaseTimings
  package var reusedConnection: Bool
  /// Whether the body was packed, as we had asked for, and is now unpacked.
  package var wasDecoded = false
  /// Only where it was asked for.
  package var handshake: Handshake?

  package init(
    failure: Outcome? = nil, status: UInt16 = 0, head: [UInt8] = [], body: [UInt8] = [],
    timings: PhaseTimings = .init(), reusedConnection: Bool = false, handshake: Handshake? = nil
  ) {
    self.failure = failure
    self.status = status
    self.head = head
    self.body = body
    self.timings = timings
    self.reusedConnection = reusedConnection
    self.handshake = handshake
  }

  /// The values of a header, in order, trimmed; names compare without case.
  package func header(_ name: String) -> [String] {
    let wanted = Array(name.lowercased().utf8)
    var values: [String] = []
    for line in head.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
      guard let colon = line.firstIndex(of: 0x3A), colon - line.startIndex == wanted.count,
        zip(line[..<colon], wanted).allSatisfy({ lowercase($0) == $1 })
      else { continue }
      var value = line[(colon + 1)...]
      while let byte = value.first, byte == 0x20 || byte == 0x09 { value.removeFirst() }
      while let byte = value.last, byte == 0x20 || byte == 0x09 { value.removeLast() }
      values.append(String(decoding: value, as: UTF8.self))
    }
    return values
  }
}

private func lowercase(_ byte: UInt8) -> UInt8 {
  (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
}

extension PhaseTimings {
  /// The sum, phase by phase, for attempts of several exchanges.
  package static func + (a: PhaseTimings, b: PhaseTimings) -> PhaseTimings {
    func sum(_ x: UInt32, _ y: UInt32) -> UInt32 {
      let (value, overflow) = x.addingReportingOverflow(y)
      return overflow ? .max : value
    }
    return PhaseTimings(
      resolveMicroseconds: sum(a.resolveMicroseconds, b.resolveMicroseconds),
      connectMicroseconds: sum(a.connectMicroseconds, b.connectMicroseconds),
      tlsMicroseconds: sum(a.tlsMicroseconds, b.tlsMicroseconds),
      firstByteMicroseconds: sum(a.firstByteMicroseconds, b.firstByteMicroseconds),
      transferMicroseconds: sum(a.transferMicroseconds, b.transferMicroseconds),
      totalMicroseconds: sum(a.totalMicroseconds, b.totalMicroseconds))
  }
}
