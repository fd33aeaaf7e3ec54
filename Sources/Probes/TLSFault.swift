import Model
import Wire

/// Why a handshake failed, told more exactly than by the verdict of the TLS library, which names what
/// is wrong but not with which certificate.
struct TLSFault: Sendable, Hashable {
  var cause: TLSCause
  /// What there is to say of it, such as whose certificate has expired and when; may be empty.
  var note: String

  /// Whether the certificates that the server sent may tell more of such a failure.
  static func isWorthALook(_ failure: Outcome) -> Bool {
    switch failure {
    case .tls(.expired), .tls(.notYetValid), .tls(.wrongName), .tls(.selfSigned),
      .tls(.unknownIssuer), .tls(.weakKey), .tls(.handshake), .tls(.clientCertificate),
      .tls(.other):
      true
    default: false
    }
  }

  /// `name` is whom the certificate should be for; `options` how we asked.
  init(
    _ cause: TLSCause, _ handshake: Handshake, _ chain: ServedChain, name: String,
    _ options: TLSOptions
  ) {
    self.cause = cause
    note = ""
    switch cause {
    case .expired, .notYetValid: lookAtTimes(chain)
    case .unknownIssuer: lookAtIssuer(chain)
    case .selfSigned:
      if let leaf = chain.leaf { note = "\(leaf.subject.shortText) is signed by itself" }
    case .wrongName:
      if let leaf = chain.leaf { note = "the certificate is for \(names(leaf)), not for \(name)" }
    case .weakKey: lookAtKeys(chain)
    case .handshake, .reset, .clientCertificate:
      lookAtRequest(handshake, hasCertificate: options.clientCertificate != nil)
    default: break
    }
    if let problem = chain.problem, note.isEmpty { note = problem }
  }

  /// The library does not tell whose time it is that is over. Where it is none of those sent, it is a
  /// certificate above them, among those that we have.
  private mutating func lookAtTimes(_ chain: ServedChain) {
    guard let leaf = chain.leaf else { return }
    let isOver = cause == .expired
    func isAtFault(_ certificate: Certificate) -> Bool {
      isOver ? certificate.notAfter < chain.now : certificate.notBefore > chain.now
    }
    if isAtFault(leaf) {
      note = "\(chain.whose(leaf)), \(chain.whenNot(leaf))"
      return
    }
    cause = isOver ? .intermediateExpired : .intermediateNotYetValid
    let above = chain.path.dropFirst().map { chain.certificates[$0] }
    if let guilty = above.first(where: isAtFault) {
      note = "\(chain.whose(guilty)), \(chain.whenNot(guilty))"
    } else {
      note = "not one that the server sends, but one above \(chain.whose(leaf))"
    }
  }

  private mutating func lookAtIssuer(_ chain: ServedChain) {
    guard let leaf = chain.leaf else { return }
    // One that cannot be read may be the issuer's.
    if chain.lacksIssuer, chain.problem == nil {
      cause = .incompleteChain
      note =
        "the certificate of \(leaf.issuer.shortText), the issuer of "
        + "\(leaf.subject.shortText), is not sent"
      if let place = leaf.issuerLocations.first { note += "; it is at \(place)" }
      return
    }
    let top = chain.path.last.map { chain.certificates[$0] } ?? leaf
    note = "nobody whom we believe has signed \(top.subject.shortText)"
    if !top.isSelfIssued { note += ", issued by \(top.issuer.shortText)" }
    if let problem = chain.problem { note += "; \(problem)" }
  }

  /// The bounds of OpenSSL's security level 2, which Debian demands: 112 bits of strength.
  private mutating func lookAtKeys(_ chain: ServedChain) {
    for certificate in chain.certificates {
      let key = certificate.key
      let least = key.algorithm == "RSA" || key.algorithm == "DSA" ? 2_048 : 224
      let isWeak = key.bits > 0 && key.bits < least
      let algorithm = certificate.signatureAlgorithm
      let isOld =
        ["md", "sha1"].contains { algorithm.hasPrefix($0) } || algorithm.hasSuffix("SHA1")
      // Nobody relies on a root's own signature.
      guard isWeak || isOld && !certificate.isSelfIssued else { continue }
      note = "\(chain.whose(certificate)): \(isWeak ? key.text : algorithm)"
      return
    }
  }

  /// A server that wants a certificate and gets none may call it a failed handshake (RFC 5246 section
  /// 7.4.6), or say nothing and go.
  private mutating func lookAtRequest(_ handshake: Handshake, hasCertificate: Bool) {
    guard handshake.asksForCertificate else { return }
    if !hasCertificate { cause = .clientCertificate }
    guard cause == .clientCertificate else { return }
    note =
      hasCertificate
      ? "the server refuses our certificate" : "the server asks for one; we have none"
  }
}

/// The names that a certificate is good for. The subject's common name counts only where there are no
/// others (RFC 9525 section 2 has done away with it; libcurl still looks there).
private func names(_ certificate: Certificate) -> String {
  let names = certificate.dnsNames + certificate.addresses
  return list(names.isEmpty ? [certificate.subject.shortText] : names)
}
