import Base
import Model
import Testing
import Wire

@testable import Probes

@Suite("The certificate that we show") struct ClientCertificateTests {
  /// A PEM as files have it: 64 characters a line, with something else around it.
  private func pem(_ certificate: DrawnCertificate, newline: String = "\n") -> Secret {
    var text = base64Encode(certificate.der)
    var lines = ["Bag Attributes", "-----BEGIN CERTIFICATE-----"]
    while !text.isEmpty {
      lines.append(String(text.prefix(64)))
      text = String(text.dropFirst(64))
    }
    lines += ["-----END CERTIFICATE-----", "-----BEGIN CERTIFICATE-----", "AAAA"]
    return Secret(name: "cert-pem", bytes: Array(lines.joined(separator: newline).utf8))
  }

  @Test("the end of the first certificate is read", arguments: ["\n", "\r\n"])
  func reading(newline: String) throws {
    let drawn = DrawnCertificate(subject: "us", issuer: "root", until: 10)
    let certificate = try #require(ClientCertificate(pem(drawn, newline: newline)))
    #expect(certificate.secret == "cert-pem")
    let days = (certificate.end - DrawnCertificate.today).milliseconds / 86_400_000
    #expect(days == 10 || days == 9)
  }

  @Test(
    "what is no certificate is none",
    arguments: ["", "-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END"])
  func broken(text: String) {
    #expect(ClientCertificate(Secret(name: "a", bytes: Array(text.utf8))) == nil)
  }

  @Test(
    "it is warned of at the step that it has reached",
    arguments: [(31, nil), (30, "30"), (15, "30"), (14, "14"), (3, "7"), (0, "7"), (-5, "7")]
      as [(Int64, String?)])
  func steps(days: Int64, step: String?) {
    let now = WallTime(milliseconds: 1_796_000_000_000)
    let certificate = ClientCertificate(secret: "cert-pem", end: now + .hours(24 * days))
    let warning = certificate.warning([30, 14, 7], at: now)
    #expect(warning?.cause == step.map { .clientCertificateExpires($0) })
    if let warning { #expect(warning.note.hasPrefix("secret cert-pem, valid until 20")) }
    #expect(certificate.warning([], at: now) == nil)
  }

  @Test("kinds that show one tell of it, and a certificate of many probes is read once")
  func kinds() throws {
    let secret = pem(DrawnCertificate(subject: "us", issuer: "root", until: 10))
    let settings = TransferSettings(
      tls: TLSOptions(clientCertificate: secret, clientKey: secret))
    let url = try URLParts("https://127.0.0.1/")
    func definition(_ settings: TransferSettings) -> ProbeDefinition {
      ProbeDefinition(
        name: "http", kind: "http", every: .seconds(60), timeout: .seconds(10),
        options: HTTPOptions(url: url, transfer: settings))
    }
    var certificates = ClientCertificates()
    #expect(certificates.certificate(of: definition(settings))?.secret == "cert-pem")
    #expect(certificates.certificate(of: definition(settings))?.secret == "cert-pem")
    #expect(certificates.certificate(of: definition(TransferSettings())) == nil)
  }
}
