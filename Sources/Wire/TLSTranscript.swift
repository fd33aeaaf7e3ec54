/// What the plain messages of a handshake tell that came from the server (RFC 5246 section 7.4,
/// RFC 8446 section 4). It is handed whatever a TLS library shows of them, message by message, and
/// picks out what it knows by its form: a record's head and pieces of other things are passed over.
package struct TLSTranscript: Sendable, Hashable {
  /// The version that the server chose, `0x0303` for TLS 1.2; 0 before it did.
  package private(set) var version: UInt16 = 0
  /// Its certificates in DER, in the order in which it sent them.
  package private(set) var certificates: [[UInt8]] = []
  /// Whether it asks for a certificate of ours.
  package private(set) var asksForCertificate = false
  /// The number of the last alert of it (RFC 8446 section 6).
  package private(set) var alert: UInt8?

  private let bytesLimit: Int
  private let certificatesLimit: Int

  package init(bytesLimit: Int, certificatesLimit: Int) {
    self.bytesLimit = bytesLimit
    self.certificatesLimit = certificatesLimit
  }

  /// How long a message may be to be looked at.
  package func isWorthTaking(count: Int, first: UInt8) -> Bool {
    count <= bytesLimit && (count == 2 || (count >= 4 && [2, 11, 13].contains(first)))
  }

  package mutating func take(_ message: [UInt8]) {
    if message.count == 2, message[0] == 1 || message[0] == 2 {
      alert = message[1]
      return
    }
    guard message.count >= 4, message.count <= bytesLimit,
      number(message[1..<4]) == message.count - 4
    else { return }
    let body = message[4...]
    switch message[0] {
    case 2: takeServerHello(body)
    case 11: takeCertificates(body)
    case 13: asksForCertificate = true
    default: break
    }
  }

  /// The version stands in an extension since TLS 1.3 (RFC 8446 section 4.2.1).
  private mutating func takeServerHello(_ body: ArraySlice<UInt8>) {
    var reader = body
    guard let legacy = reader.taken(2), reader.taken(32) != nil, let session = reader.taken(1),
      reader.taken(Int(session[session.startIndex])) != nil, reader.taken(3) != nil
    else { return }
    version = UInt16(number(legacy))
    guard let size = reader.taken(2), var extensions = reader.taken(number(size)) else { return }
    while let type = extensions.taken(2), let size = extensions.taken(2),
      let value = extensions.taken(number(size))
    {
      if number(type) == 0x2B, value.count == 2 { version = UInt16(number(value)) }
    }
  }

  /// In TLS 1.3 a context stands before the list, empty here, and extensions behind each certificate
  /// (RFC 8446 section 4.4.2); before that neither did (RFC 5246 section 7.4.2).
  private mutating func takeCertificates(_ body: ArraySlice<UInt8>) {
    var reader = body
    let isOld = body.count >= 3 && number(body.prefix(3)) == body.count - 3
    if !isOld {
      guard let context = reader.taken(1), context.first == 0 else { return }
    }
    guard let size = reader.taken(3), var list = reader.taken(number(size)) else { return }
    var found: [[UInt8]] = []
    while found.count < certificatesLimit, let size = list.taken(3),
      let certificate = list.taken(number(size))
    {
      found.append(Array(certificate))
      if !isOld {
        guard let size = list.taken(2), list.taken(number(size)) != nil else { break }
      }
    }
    certificates = found
  }
}

private func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }

extension ArraySlice<UInt8> {
  /// The next bytes, which are gone then; nil, and nothing gone, when there are not so many.
  fileprivate mutating func taken(_ count: Int) -> ArraySlice<UInt8>? {
    guard count <= self.count else { return nil }
    let part = prefix(count)
    removeFirst(count)
    return part
  }
}
