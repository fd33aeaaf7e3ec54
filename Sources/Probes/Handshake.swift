import Base
import Wire

/// What a TLS handshake that was looked at showed, whether or not it came to its end. A class, so that
/// results of ordinary exchanges stay small.
package final class Handshake: Sendable {
  /// In DER, in the order in which the server sent them; empty when it did not come to that.
  package let certificates: [[UInt8]]
  /// The version that the server chose; nil before it did.
  package let version: TLSVersion?
  /// The cipher suite, where the handshake came to its end.
  package let cipher: String
  /// Whether the server asked for a certificate of ours.
  package let asksForCertificate: Bool
  package let time: WallTime

  package init(
    certificates: [[UInt8]] = [], version: TLSVersion? = nil, cipher: String = "",
    asksForCertificate: Bool = false, time: WallTime
  ) {
    self.certificates = certificates
    self.version = version
    self.cipher = cipher
    self.asksForCertificate = asksForCertificate
    self.time = time
  }
}

extension TLSVersion {
  /// By its number in the protocol (RFC 8446 appendix B.3.1.1); nil for one that nobody should speak.
  package init?(number: UInt16) {
    switch number {
    case 0x0301: self = .tls10
    case 0x0302: self = .tls11
    case 0x0303: self = .tls12
    case 0x0304: self = .tls13
    default: return nil
    }
  }
}
