import Base
import Model
import Wire

@testable import Probes

/// A certificate in bytes, as short as it can be; nobody has signed it.
struct DrawnCertificate {
  var subject: String
  var issuer: String
  /// Days from ``today``.
  var from: Int64 = -100
  var until: Int64 = 400
  var names: [String] = []
  var rsaBits = 2_048
  var serial: UInt8 = 1
  /// Who has signed its issuer, as the certificate says.
  var authorityIssuer: String?

  static let today = WallTime(milliseconds: 1_796_000_000_000)

  static func root(_ name: String = "root") -> DrawnCertificate {
    DrawnCertificate(subject: name, issuer: name, until: 3_000)
  }

  var der: [UInt8] {
    let algorithm = element(0x30, oid([0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B]))
    let modulus = [0x00, 0x80] + [UInt8](repeating: 1, count: rsaBits / 8 - 1)
    let key = element(0x30, element(0x02, modulus) + element(0x02, [1, 0, 1]))
    let info = element(
      0x30,
      element(0x30, oid([0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01]))
        + element(0x03, [0] + key))
    let body =
      element(0xA0, element(0x02, [2])) + element(0x02, [serial]) + algorithm + name(issuer)
      + element(0x30, time(from) + time(until)) + name(subject) + info
      + element(0xA3, element(0x30, extensions))
    return element(0x30, element(0x30, body) + algorithm + element(0x03, [0, 0]))
  }

  private var extensions: [UInt8] {
    let alternatives = names.flatMap { element(0x82, Array($0.utf8)) }
    var list = element(
      0x30, oid([0x55, 0x1D, 0x11]) + element(0x04, element(0x30, alternatives)))
    if let authorityIssuer {
      let value = element(0x30, element(0xA1, element(0xA4, name(authorityIssuer))))
      list += element(0x30, oid([0x55, 0x1D, 0x23]) + element(0x04, value))
    }
    return list
  }

  private func name(_ text: String) -> [UInt8] {
    let pair = oid([0x55, 0x04, 0x03]) + element(0x0C, Array(text.utf8))
    return element(0x30, element(0x31, element(0x30, pair)))
  }

  private func time(_ days: Int64) -> [UInt8] {
    let text = (Self.today + .hours(24) * days).description.filter(\.isNumber).prefix(14)
    return element(0x18, Array(text.utf8) + [0x5A])
  }

  private func oid(_ bytes: [UInt8]) -> [UInt8] { element(0x06, bytes) }

  private func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
    let count = content.count
    if count < 0x80 { return [tag, UInt8(count)] + content }
    return [tag, 0x82, UInt8(count >> 8), UInt8(count & 255)] + content
  }
}

extension Handshake {
  static func of(
    _ certificates: [DrawnCertificate], version: TLSVersion? = .tls13, asks: Bool = false
  ) -> Handshake {
    Handshake(
      certificates: certificates.map(\.der), version: version, cipher: "SUITE",
      asksForCertificate: asks, time: DrawnCertificate.today)
  }
}
