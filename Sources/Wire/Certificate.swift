import Base

/// What is read of an X.509 certificate (RFC 5280 section 4.1). Nothing is verified here: whether a
/// signature holds and whom we believe is libcurl's matter.
package struct Certificate: Sendable {
  package private(set) var serial: [UInt8] = []
  package private(set) var subject: CertificateName
  package private(set) var issuer: CertificateName
  /// Seconds since 1970. A certificate "without end" lies beyond what ``Base/WallTime`` holds.
  package private(set) var notBefore: Int64
  /// The last second in which it holds.
  package private(set) var notAfter: Int64
  package private(set) var key: CertificateKey
  /// Such as `sha256WithRSA`; with dots where it is not known.
  package private(set) var signatureAlgorithm: String
  package internal(set) var dnsNames: [String] = []
  /// In numbers, as text.
  package internal(set) var addresses: [String] = []
  package internal(set) var isAuthority = false
  package internal(set) var subjectKeyID: [UInt8]?
  package internal(set) var authorityKeyID: [UInt8]?
  /// The name of the issuer's own issuer, where the certificate tells it.
  package internal(set) var authorityIssuer: CertificateName?
  /// Where the issuer's certificate can be fetched.
  package internal(set) var issuerLocations: [String] = []

  /// A larger one is not read.
  package static let bytesLimit = 64 << 10

  package init(_ der: [UInt8]) throws(DERError) {
    guard der.count <= Self.bytesLimit else {
      throw DERError("larger than \(Self.bytesLimit) bytes")
    }
    var top = DERReader(der[...])
    var outer = try top.next(DERTag.sequence, "the certificate").inside
    guard top.isAtEnd else { throw DERError("something follows the certificate") }
    var body = try outer.next(DERTag.sequence, "the certificate's body").inside
    _ = try outer.next(DERTag.sequence, "the signature's algorithm")
    _ = try outer.next(DERTag.bitString, "the signature")
    _ = try body.optional(DERTag.context(0, constructed: true))
    serial = Array(try body.next(DERTag.integer, "the serial number").content)
    var algorithm = try body.next(DERTag.sequence, "the signature's algorithm").inside
    signatureAlgorithm = signatureName(
      try algorithm.next(DERTag.objectIdentifier, "the signature's algorithm").identifier)
    issuer = try CertificateName(body.next(DERTag.sequence, "the issuer's name"))
    var validity = try body.next(DERTag.sequence, "the validity").inside
    notBefore = try seconds(validity.next())
    notAfter = try seconds(validity.next())
    subject = try CertificateName(body.next(DERTag.sequence, "the subject's name"))
    key = try CertificateKey(body.next(DERTag.sequence, "the public key"))
    _ = try body.optional(DERTag.context(1))
    _ = try body.optional(DERTag.context(2))
    if let extensions = try body.optional(DERTag.context(3, constructed: true)) {
      try readExtensions(extensions)
    }
  }

  /// Whether it names itself as its issuer, as a root does.
  package var isSelfIssued: Bool { subject == issuer }

  /// Whether `other` may have signed it, by names and, where both tell them, by the ids of the keys.
  package func mayBeIssued(by other: Certificate) -> Bool {
    guard issuer == other.subject else { return false }
    guard let wanted = authorityKeyID, let offered = other.subjectKeyID else { return true }
    return wanted == offered
  }
}

/// The public key of a certificate.
package struct CertificateKey: Sendable, Hashable {
  /// `RSA`, `EC`, `Ed25519`, ...; with dots where it is not known.
  package let algorithm: String
  /// The curve of an elliptic one, such as `P-256`; empty for others.
  package let curve: String
  /// Of the modulus, or of the field; 0 where it is not known.
  package let bits: Int

  /// Such as `RSA 2048 bits` or `EC P-256`.
  package var text: String {
    if !curve.isEmpty { return "\(algorithm) \(curve)" }
    return bits > 0 && algorithm != "Ed25519" && algorithm != "Ed448"
      ? "\(algorithm) \(bits) bits" : algorithm
  }

  /// Reads a `SubjectPublicKeyInfo` (RFC 5280 section 4.1.2.7, RFC 3279, RFC 5480, RFC 8410).
  init(_ info: DERElement) throws(DERError) {
    var reader = info.inside
    var algorithm = try reader.next(DERTag.sequence, "the key's algorithm").inside
    let identifier = try algorithm.next(DERTag.objectIdentifier, "the key's algorithm").identifier
    // An identifier without a byte, or that ends within a number, names nothing.
    guard !identifier.isEmpty else { throw DERError("the key's algorithm has no name") }
    let bits = try reader.next(DERTag.bitString, "the key").wholeBits()
    switch identifier {
    case "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10":
      self.algorithm = "RSA"
      curve = ""
      var outer = DERReader(bits)
      var numbers = try outer.next(DERTag.sequence, "the RSA key").inside
      self.bits = try numbers.next(DERTag.integer, "the RSA modulus").bitCount
    case "1.2.840.10045.2.1":
      self.algorithm = "EC"
      let name = try algorithm.optional(DERTag.objectIdentifier)?.identifier ?? "of its own"
      let known = Self.curves[name]
      curve = known?.name ?? name
      // A point is its mark and two numbers of the field's size (RFC 5480 section 2.2).
      self.bits = known?.bits ?? max(0, bits.count - 1) / 2 * 8
    case "1.3.101.112": (self.algorithm, curve, self.bits) = ("Ed25519", "", 256)
    case "1.3.101.113": (self.algorithm, curve, self.bits) = ("Ed448", "", 456)
    case "1.2.840.10040.4.1":
      self.algorithm = "DSA"
      curve = ""
      var numbers = try algorithm.optional(DERTag.sequence)?.inside
      self.bits = try numbers?.next(DERTag.integer, "the DSA modulus").bitCount ?? 0
    default: (self.algorithm, curve, self.bits) = (identifier, "", 0)
    }
  }

  private static let curves: [String: (name: String, bits: Int)] = [
    "1.2.840.10045.3.1.1": ("P-192", 192), "1.3.132.0.33": ("P-224", 224),
    "1.2.840.10045.3.1.7": ("P-256", 256), "1.3.132.0.34": ("P-384", 384),
    "1.3.132.0.35": ("P-521", 521), "1.3.132.0.10": ("secp256k1", 256),
    "1.3.36.3.3.2.8.1.1.7": ("brainpoolP256r1", 256),
    "1.3.36.3.3.2.8.1.1.11": ("brainpoolP384r1", 384),
    "1.3.36.3.3.2.8.1.1.13": ("brainpoolP512r1", 512),
  ]
}

private func signatureName(_ identifier: String) -> String {
  switch identifier {
  case "1.2.840.113549.1.1.2": "md2WithRSA"
  case "1.2.840.113549.1.1.4": "md5WithRSA"
  case "1.2.840.113549.1.1.5": "sha1WithRSA"
  case "1.2.840.113549.1.1.10": "RSASSA-PSS"
  case "1.2.840.113549.1.1.11": "sha256WithRSA"
  case "1.2.840.113549.1.1.12": "sha384WithRSA"
  case "1.2.840.113549.1.1.13": "sha512WithRSA"
  case "1.2.840.113549.1.1.14": "sha224WithRSA"
  case "1.2.840.10040.4.3": "sha1WithDSA"
  case "1.2.840.10045.4.1": "ecdsaWithSHA1"
  case "1.2.840.10045.4.3.1": "ecdsaWithSHA224"
  case "1.2.840.10045.4.3.2": "ecdsaWithSHA256"
  case "1.2.840.10045.4.3.3": "ecdsaWithSHA384"
  case "1.2.840.10045.4.3.4": "ecdsaWithSHA512"
  case "1.3.101.112": "Ed25519"
  case "1.3.101.113": "Ed448"
  default: identifier
  }
}

/// A `Time` in seconds since 1970 (RFC 5280 section 4.1.2.5): years of two digits from 50 on are of the
/// 20th century; both forms have seconds and end in `Z`.
private func seconds(_ time: DERElement) throws(DERError) -> Int64 {
  var digits = time.content
  guard digits.popLast() == UInt8(ascii: "Z"), digits.allSatisfy(isDigit) else {
    throw DERError("a time that is not in UTC and to the second")
  }
  var year: Int64
  switch (time.tag, digits.count) {
  case (DERTag.utcTime, 12):
    year = number(digits.prefix(2))
    year += year >= 50 ? 1_900 : 2_000
    digits = digits.dropFirst(2)
  case (DERTag.generalizedTime, 14):
    year = number(digits.prefix(4))
    digits = digits.dropFirst(4)
  default: throw DERError("a time of an unknown form")
  }
  var parts: [Int64] = []
  while !digits.isEmpty {
    parts.append(number(digits.prefix(2)))
    digits = digits.dropFirst(2)
  }
  guard parts.count == 5, (1...12).contains(parts[0]), (1...31).contains(parts[1]), parts[2] <= 23,
    parts[3] <= 59, parts[4] <= 59,
    let days = daysSinceEpoch(year: year, month: parts[0], day: parts[1])
  else { throw DERError("a time that does not exist") }
  return days * 86_400 + parts[2] * 3_600 + parts[3] * 60 + parts[4]
}

private func number(_ digits: ArraySlice<UInt8>) -> Int64 {
  digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
}
