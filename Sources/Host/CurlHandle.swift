import Base
import CLibcurl
import Glibc
import Model
import Probes
import Wire

/// One libcurl easy handle, used for one transfer after another, and what its callbacks collect.
final class CurlHandle {
  let easy: UnsafeMutableRawPointer
  /// Whose transfer this is.
  var token = Token(index: 0, generation: 0)
  private(set) var head: [UInt8] = []
  private(set) var body: [UInt8] = []
  private(set) var overflow: Overflow?
  /// Whether a tunnel through a proxy comes before TLS.
  private(set) var usesTunnel = false
  private(set) var usesProxy = false
  /// Whether an answer in another version is a failure.
  private(set) var demandsHTTP2 = false
  /// Whether the address that it connects to is one of IPv6.
  private(set) var isIPv6 = false
  /// The file of authorities that the server's certificate is checked by; empty for none.
  private(set) var caFile = ""
  /// Whether libcurl unpacks what is compressed.
  private(set) var decodes = false
  /// What is seen of the handshake; only where that is what the transfer is for.
  private(set) var glimpse: HandshakeGlimpse?
  /// All bytes of headers in this transfer, whichever answer they belong to.
  private var headBytes = 0
  private var headLines = 0
  private var codings = HTTPCodings()
  private var headLimit = 0
  private var bodyLimit = 0
  private var headerList: UnsafeMutablePointer<curl_slist>?
  private var connectToList: UnsafeMutablePointer<curl_slist>?
  private var applied: Shape?
  private var appliedTimeLimit = TimeAmount.zero
  private var appliedConnectLimit = TimeAmount.zero
  private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
  private let socketErrorPlace = UnsafeMutablePointer<Int32>.allocate(capacity: 1)

  /// Which bound an answer went past.
  enum Overflow {
    case head
    case body
    /// Packed more than once.
    case contentCodings
    /// Packed on the way, which was not asked for.
    case transferCoding
  }

  init() {
    guard let easy = curl_easy_init() else { preconditionFailure("libcurl gives a handle") }
    self.easy = easy
    errorText.pointee = 0
    socketErrorPlace.pointee = 0
  }

  deinit {
    curl_easy_cleanup(easy)
    curl_slist_free_all(headerList)
    curl_slist_free_all(connectToList)
    errorText.deallocate()
    socketErrorPlace.deallocate()
  }

  /// libcurl's own words on the last failure; for telling causes apart, never shown as they are.
  var failureText: String { String(cString: errorText) }

  /// Why no socket could be had for a connection, as an errno; 0 when one could.
  var socketError: Int32 { socketErrorPlace.pointee }

  func prepare(_ transfer: Transfer, token: Token, caFile: String) {
    self.token = token
    head.removeAll(keepingCapacity: head.capacity <= 65_536)
    body.removeAll(keepingCapacity: body.capacity <= 65_536)
    overflow = nil
    codings = HTTPCodings()
    headBytes = 0
    headLines = 0
    errorText.pointee = 0
    socketErrorPlace.pointee = 0
    isIPv6 = (transfer.address ?? transfer.url.host).contains(":")
    self.caFile = caFile
    decodes = transfer.settings.compressed
    demandsHTTP2 = transfer.settings.version == .http2 && transfer.purpose == .request
    glimpse = transfer.purpose == .handshake ? HandshakeGlimpse() : nil
    headLimit = transfer.settings.headerLimitBytes
    bodyLimit = transfer.settings.bodyLimitBytes
    let shape = Shape(transfer, caFile: caFile)
    if let applied, applied.covers(shape) {
      prepareTimes(transfer)
      prepareTarget(transfer)
      return
    }
    curl_easy_reset(easy)
    appliedTimeLimit = .zero
    appliedConnectLimit = .zero
    prepareCallbacks()
    if glimpse == nil { prepareRequest(transfer) } else { prepareHandshake(transfer) }
    prepareTimes(transfer)
    prepareRoute(transfer)
    if shape.isTLS { prepareTLS(transfer.settings.tls, caFile: caFile) }
    if transfer.sendsHeaders {
      if glimpse == nil { prepareAuthentication(transfer.settings) }
      if shape.isTLS { prepareClientCertificate(transfer.settings.tls) }
    }
    applied = shape.isReusable ? shape : nil
  }

  /// Gives the body away without a copy.
  func takeBody() -> [UInt8] {
    let taken = body
    body = []
    return taken
  }

  private func prepareCallbacks() {
    let context = Unmanaged.passUnretained(self).toOpaque()
    set(CURLOPT_PRIVATE, context)
    set(CURLOPT_WRITEDATA, context)
    set(CURLOPT_HEADERDATA, context)
    set(CURLOPT_ERRORBUFFER, errorText)
    check(lh_setopt_open_socket(easy, socketErrorPlace))
    check(
      lh_setopt_data(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
        guard let bytes, let context else { return 0 }
        let handle = Unmanaged<CurlHandle>.fromOpaque(context).takeUnretainedValue()
        return handle.receiveBody(UnsafeRawBufferPointer(start: bytes, count: size * count))
      })
    check(
      lh_setopt_data(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
        guard let bytes, let context else { return 0 }
        let handle = Unmanaged<CurlHandle>.fromOpaque(context).takeUnretainedValue()
        return handle.receiveHead(UnsafeRawBufferPointer(start: bytes, count: size * count))
      })
  }

  /// A handshake and nothing more, all of whose messages are shown.
  private func prepareHandshake(_ transfer: Transfer) {
    set(CURLOPT_NOSIGNAL, 1)
    set(CURLOPT_PROTOCOLS_STR, "https")
    set(CURLOPT_NOPROGRESS, 1)
    set(CURLOPT_CONNECT_ONLY, 1)
    // The connection is closed with the handle; told that it must not be used again, libcurl would
    // close it before the server's last word could be read.
    set(CURLOPT_FRESH_CONNECT, 1)
    // What is spoken within is not known, and need not be HTTP.
    set(CURLOPT_SSL_ENABLE_ALPN, 0)
    set(CURLOPT_VERBOSE, 1)
    set(CURLOPT_DEBUGDATA, Unmanaged.passUnretained(self).toOpaque())
    check(
      lh_setopt_debug(easy) { _, kind, bytes, count, context in
        guard let bytes, let context else { return 0 }
        let handle = Unmanaged<CurlHandle>.fromOpaque(context).takeUnretainedValue()
        handle.glimpse?.take(kind, UnsafeRawBufferPointer(start: bytes, count: count))
        return 0
      })
  }

  private func receiveBody(_ bytes: UnsafeRawBufferPointer) -> Int {
    if body.count + bytes.count > bodyLimit || (decodes && isBomb(body.count + bytes.count)) {
      overflow = .body
      return 0
    }
    // Growing a long array copies it, again and again. Room that is not used costs nothing.
    if body.count + bytes.count > max(body.capacity, 65_536) { body.reserveCapacity(bodyLimit) }
    body.append(contentsOf: bytes)
    return bytes.count
  }

  /// Whether so many bytes are far more than what came can honestly unpack to.
  private func isBomb(_ unpacked: Int) -> Bool {
    guard unpacked > Limits.unpackedBytesUnchecked else { return false }
    var packed: curl_off_t = 0
    _ = lh_getinfo_offset(easy, CURLINFO_SIZE_DOWNLOAD_T, &packed)
    return unpacked - Limits.unpackedBytesUnchecked > Int(packed) * Limits.unpackedTimesMaximum
  }

  private func receiveHead(_ bytes: UnsafeRawBufferPointer) -> Int {
    // A new status line starts a new head: after 1xx, and after a proxy's answer to CONNECT.
    if bytes.count >= 5, bytes.starts(with: [0x48, 0x54, 0x54, 0x50, 0x2F]) {
      head.removeAll(keepingCapacity: true)
      body.removeAll(keepingCapacity: true)
      codings = HTTPCodings()
    }
    headBytes += bytes.count
    headLines += 1
    if headBytes > headLimit || headLines > Limits.headerLines {
      overflow = .head
      return 0
    }
    if HTTPCodings.mayTell(bytes.first) { codings.take(Array(bytes)) }
    if codings.transfer > 0 { overflow = .transferCoding }
    if codings.content > 1, decodes { overflow = .contentCodings }
    if overflow != nil { return 0 }
    head.append(contentsOf: bytes)
    return bytes.count
  }

  private func prepareRequest(_ transfer: Transfer) {
    let settings = transfer.settings
    set(CURLOPT_NOSIGNAL, 1)
    set(CURLOPT_PROTOCOLS_STR, transfer.url.scheme == "https" ? "https" : "http")
    set(CURLOPT_NOPROGRESS, 1)
    set(CURLOPT_USERAGENT, settings.userAgent)
    switch settings.version {
    case .automatic: set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
    case .http1: set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
    case .http2:
      let plain = transfer.url.scheme == "http"
      set(
        CURLOPT_HTTP_VERSION,
        Int(plain ? CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE : CURL_HTTP_VERSION_2TLS))
    }
    if settings.compressed {
      // All that this libcurl can unpack. It unpacks whole buffers at a time, and a buffer of zeros
      // becomes a thousand times as much: a small one keeps that short.
      set(CURLOPT_ACCEPT_ENCODING, "")
      set(CURLOPT_BUFFERSIZE, 1_024)
    }
    if !settings.reuse {
      set(CURLOPT_FRESH_CONNECT, 1)
      set(CURLOPT_FORBID_REUSE, 1)
    }
    prepareMethod(transfer)
    prepareHeaders(transfer)
  }

  private func prepareTimes(_ transfer: Transfer) {
    let total = transfer.timeLimit
    let connection = min(
      total, transfer.settings.connectTimeout ?? total, transfer.connectLimit ?? total)
    if total != appliedTimeLimit {
      appliedTimeLimit = total
      set(CURLOPT_TIMEOUT_MS, Int(max(1, total.milliseconds)))
    }
    if connection != appliedConnectLimit {
      appliedConnectLimit = connection
      set(CURLOPT_CONNECTTIMEOUT_MS, Int(max(1, connection.milliseconds)))
    }
  }

  private func prepareMethod(_ transfer: Transfer) {
    let body = transfer.sendsBody ? transfer.settings.bodyBytes : []
    if transfer.method == "HEAD" {
      set(CURLOPT_NOBODY, 1)
    } else if !body.isEmpty || transfer.method == "POST" {
      check(lh_setopt_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count)))
      body.withUnsafeBytes { bytes in
        // An empty array may have no address, and a null pointer would mean the read callback.
        if let start = bytes.baseAddress, !bytes.isEmpty {
          check(lh_setopt_pointer(easy, CURLOPT_COPYPOSTFIELDS, start))
        } else {
          set(CURLOPT_COPYPOSTFIELDS, "")
        }
      }
      if transfer.method != "POST" { set(CURLOPT_CUSTOMREQUEST, transfer.method) }
    } else if transfer.method != "GET" {
      set(CURLOPT_CUSTOMREQUEST, transfer.method)
    }
  }

  private func prepareHeaders(_ transfer: Transfer) {
    curl_slist_free_all(headerList)
    headerList = nil
    let settings = transfer.settings
    var lines: [String] = []
    if transfer.sendsHeaders {
      for (name, value) in settings.headers {
        // libcurl's form for a header without a value.
        lines.append(value.isEmpty ? "\(name);" : "\(name): \(value)")
      }
      lines += credentialLines(transfer)
    }
    if !transfer.cookies.isEmpty { lines.append("Cookie: \(transfer.cookies)") }
    if transfer.method == "POST" || (transfer.sendsBody && !settings.bodyBytes.isEmpty) {
      // libcurl would name a form; the catalogue says what the body is, if it wants to.
      let named = settings.headers.contains { $0.name.lowercased() == "content-type" }
      if !named || !transfer.sendsHeaders { lines.append("Content-Type:") }
    }
    if usesOtherServerName(transfer), transfer.url.scheme == "https" {
      lines.append("Host: \(transfer.url.authority)")
    }
    for line in lines { headerList = curl_slist_append(headerList, line) }
    if headerList != nil { check(lh_setopt_list(easy, CURLOPT_HTTPHEADER, headerList)) }
  }

  private func credentialLines(_ transfer: Transfer) -> [String] {
    var lines = transfer.settings.secretHeaders.map { name, value in
      "\(name): \(String(decoding: value.text.bytes, as: UTF8.self))"
    }
    var bearer = transfer.bearer
    if case .bearer(let secret) = transfer.settings.authentication { bearer = secret }
    if let bearer {
      lines.append("Authorization: Bearer \(String(decoding: bearer.bytes, as: UTF8.self))")
    }
    return lines
  }

  /// Where the connection goes: a literal address for this handle alone, so that libcurl never
  /// looks a name up itself.
  private func prepareRoute(_ transfer: Transfer) {
    let settings = transfer.settings
    set(CURLOPT_PATH_AS_IS, 1)
    if let proxy = settings.proxy {
      var address = proxy
      if let parts = try? URLParts(proxy), let numeric = transfer.address {
        address = "\(parts.scheme)://\(bracketed(numeric)):\(parts.port)"
      }
      set(CURLOPT_PROXY, address)
      set(CURLOPT_NOPROXY, "")
    } else {
      set(CURLOPT_PROXY, "")
    }
    // Said to be an address, so that it is never taken for an interface's name.
    if let source = settings.sourceAddress { set(CURLOPT_INTERFACE, "host!\(source)") }
    prepareTarget(transfer)
  }

  private func prepareTarget(_ transfer: Transfer) {
    let url = transfer.url
    usesProxy = transfer.settings.proxy != nil
    usesTunnel = usesProxy && url.scheme == "https"
    let hasOtherName = usesOtherServerName(transfer)
    if hasOtherName, let name = transfer.settings.tls.serverName {
      // The name that TLS asks for and checks is the URL's; the Host header keeps the right one.
      set(CURLOPT_URL, "\(url.scheme)://\(name):\(url.port)\(url.target)")
    } else {
      set(CURLOPT_URL, url.text)
    }
    let former = connectToList
    connectToList = nil
    if let host = connectionHost(transfer, hasOtherName: hasOtherName) {
      connectToList = curl_slist_append(nil, "::\(bracketed(host)):\(url.port)")
    }
    if former != nil || connectToList != nil {
      check(lh_setopt_list(easy, CURLOPT_CONNECT_TO, connectToList))
    }
    curl_slist_free_all(former)
  }

  /// Whom to connect to, or to ask the proxy for, where that is not the host of libcurl's URL.
  private func connectionHost(_ transfer: Transfer, hasOtherName: Bool) -> String? {
    if usesProxy { return hasOtherName ? transfer.url.host : nil }
    guard let address = transfer.address else { return nil }
    return address != transfer.url.host || hasOtherName ? address : nil
  }

  private func prepareTLS(_ options: TLSOptions, caFile: String) {
    set(CURLOPT_SSL_VERIFYPEER, options.verify ? 1 : 0)
    set(CURLOPT_SSL_VERIFYHOST, options.verify ? 2 : 0)
    if options.verify {
      set(CURLOPT_CAINFO, caFile)
      // With a directory beside the bundle the store is read anew for every connection.
      check(lh_setopt_string(easy, CURLOPT_CAPATH, nil))
    }
    // A resumed session would not show the certificate again, and so hide its end.
    set(CURLOPT_SSL_SESSIONID_CACHE, 0)
    let version =
      switch options.minimumVersion {
      case .tls10: CURL_SSLVERSION_TLSv1_0
      case .tls11: CURL_SSLVERSION_TLSv1_1
      case .tls12: CURL_SSLVERSION_TLSv1_2
      case .tls13: CURL_SSLVERSION_TLSv1_3
      }
    set(CURLOPT_SSLVERSION, Int(version))
  }

  /// A user and a password go along with each request.
  private func prepareAuthentication(_ settings: TransferSettings) {
    switch settings.authentication {
    case .basic(let user, let password):
      prepareUser(user, password, Int(lh_auth_basic))
    case .digest(let user, let password):
      prepareUser(user, password, Int(lh_auth_digest))
    case .none, .bearer, .token: break
    }
  }

  /// libcurl keeps connections with different certificates apart.
  private func prepareClientCertificate(_ options: TLSOptions) {
    guard let certificate = options.clientCertificate, let key = options.clientKey else { return }
    // A key with a passphrase must fail: OpenSSL would ask for it on a terminal.
    set(CURLOPT_KEYPASSWD, "")
    set(CURLOPT_SSLCERT_BLOB, certificate)
    set(CURLOPT_SSLKEY_BLOB, key)
  }

  private func prepareUser(_ user: String, _ password: Secret, _ way: Int) {
    set(CURLOPT_HTTPAUTH, way)
    set(CURLOPT_USERNAME, user)
    set(CURLOPT_PASSWORD, String(decoding: password.bytes, as: UTF8.self))
  }

  private func set(_ option: CURLoption, _ secret: Secret) {
    secret.bytes.withUnsafeBytes { bytes in
      check(lh_setopt_blob(easy, option, bytes.baseAddress, bytes.count))
    }
  }

  private func usesOtherServerName(_ transfer: Transfer) -> Bool {
    guard transfer.usesServerName, let name = transfer.settings.tls.serverName else {
      return false
    }
    return transfer.url.scheme == "https" && name != transfer.url.host
  }

  private func set(_ option: CURLoption, _ value: Int) {
    check(lh_setopt_long(easy, option, value))
  }
  private func set(_ option: CURLoption, _ value: String) {
    check(lh_setopt_string(easy, option, value))
  }
  private func set(_ option: CURLoption, _ value: UnsafeRawPointer) {
    check(lh_setopt_pointer(easy, option, value))
  }

  private func check(_ code: CURLcode) {
    precondition(
      code == CURLE_OK || code == CURLE_OUT_OF_MEMORY, "libcurl takes the options we give it")
  }

  func long(_ info: CURLINFO) -> Int {
    var value = 0
    _ = lh_getinfo_long(easy, info, &value)
    return value
  }

  /// A time of libcurl's, in microseconds from the transfer's start.
  func microseconds(_ info: CURLINFO) -> Int64 {
    var value: curl_off_t = 0
    _ = lh_getinfo_offset(easy, info, &value)
    return Int64(value)
  }
}

private func bracketed(_ address: String) -> String {
  address.utf8.contains(0x3A) ? "[\(address)]" : address
}
