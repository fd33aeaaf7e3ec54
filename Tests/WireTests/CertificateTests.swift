import Base
import Testing

@testable import Wire

@Suite("Certificates")
struct CertificateTests {
  private func der(_ text: String) throws -> [UInt8] {
    try #require(base64Decode(String(text.filter { !$0.isWhitespace })))
  }

  /// Noon of a day has its number of seconds by the calendar of `Base`.
  private func seconds(_ year: Int64, _ month: Int64, _ day: Int64, _ rest: Int64 = 0) -> Int64 {
    (daysSinceEpoch(year: year, month: month, day: day) ?? 0) * 86_400 + rest
  }

  @Test("a certificate with a key of RSA is read as openssl reads it")
  func rsa() throws {
    let certificate = try Certificate(der(CertificateFixtures.rsa))
    #expect(certificate.subject.text == "C=VN, O=Văn phòng\\, Example, CN=server.example")
    #expect(certificate.subject.shortText == "server.example")
    #expect(certificate.issuer.text == "C=VN, O=Example Office, CN=Root")
    #expect(hexadecimal(certificate.serial) == "7879ef83a2224090babb590a51fbe059e27b9f38")
    #expect(certificate.notBefore == seconds(2020, 1, 1))
    #expect(certificate.notAfter == seconds(2099, 12, 31, 86_399))
    #expect(certificate.key.text == "RSA 3072 bits")
    #expect(certificate.signatureAlgorithm == "sha256WithRSA")
    #expect(certificate.dnsNames == ["server.example", "*.server.example"])
    #expect(certificate.addresses == ["192.0.2.7", "2001:db8::7"])
    #expect(!certificate.isAuthority)
    #expect(
      certificate.subjectKeyID.map(hexadecimal) == "90df9ff870720c5f8aaaa71a3657a7964686ca33")
    #expect(
      certificate.authorityKeyID.map(hexadecimal) == "99a1842105785dd516a159fa36ca88d99d2e9075")
    #expect(certificate.authorityIssuer == certificate.issuer)
    #expect(certificate.issuerLocations == ["http://ca.example/root.crt"])
    #expect(!certificate.isSelfIssued)
  }

  @Test("so is one with a key of an elliptic curve")
  func curve() throws {
    let certificate = try Certificate(der(CertificateFixtures.curve))
    #expect(certificate.subject.text == "CN=ec.example")
    #expect(certificate.isSelfIssued)
    #expect(certificate.isAuthority)
    #expect(certificate.key.text == "EC P-384")
    #expect(certificate.key.bits == 384)
    #expect(certificate.signatureAlgorithm == "ecdsaWithSHA256")
    #expect(certificate.notBefore == seconds(2026, 11, 28, 17 * 3_600 + 56 * 60 + 3))
    #expect(certificate.notAfter == seconds(2026, 12, 18, 17 * 3_600 + 56 * 60 + 3))
    #expect(certificate.mayBeIssued(by: certificate))
  }

  @Test("so is one of Ed25519 without extensions, and a date that no clock of ours shows")
  func edwards() throws {
    let certificate = try Certificate(der(CertificateFixtures.edwards))
    #expect(certificate.key.text == "Ed25519")
    #expect(certificate.notBefore == 0)
    #expect(certificate.notAfter == seconds(9999, 12, 31, 86_399))
    #expect(certificate.dnsNames.isEmpty)
  }

  private enum Fixture: CaseIterable {
    case rsa
    case curve
    case edwards

    var text: String {
      switch self {
      case .rsa: CertificateFixtures.rsa
      case .curve: CertificateFixtures.curve
      case .edwards: CertificateFixtures.edwards
      }
    }
  }

  @Test("one that is cut short anywhere is refused with a reason", arguments: Fixture.allCases)
  private func prefixes(fixture: Fixture) throws {
    let bytes = try der(fixture.text)
    for count in 0..<bytes.count {
      do throws(DERError) {
        _ = try Certificate(Array(bytes.prefix(count)))
        Issue.record("\(count) of \(bytes.count) bytes were taken for a certificate")
      } catch {
        #expect(!error.message.isEmpty)
      }
    }
  }

  @Test(
    "no changed bit leads astray: it is read, or refused with a reason", arguments: Fixture.allCases
  )
  private func bits(fixture: Fixture) throws {
    let bytes = try der(fixture.text)
    var refused = 0
    for index in bytes.indices {
      for bit in 0..<8 {
        var changed = bytes
        changed[index] ^= 1 << bit
        do throws(DERError) {
          let certificate = try Certificate(changed)
          _ = [certificate.subject.shortText, certificate.issuer.text, certificate.key.text]
        } catch {
          refused += 1
          #expect(!error.message.isEmpty)
        }
      }
    }
    #expect(refused > 0)
  }

  @Test("bytes of chance are refused")
  func noise() {
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<2_000 {
      var bytes = (0..<Int(generator.below(200))).map { _ in UInt8(generator.below(256)) }
      if !bytes.isEmpty { bytes[0] = 0x30 }
      #expect(throws: DERError.self) { try Certificate(bytes) }
    }
  }

  @Test(
    "what is not DER is refused",
    arguments: [
      ([0x30, 0x80, 0, 0], "an indefinite length"),
      ([0x30, 0x85, 0, 0, 0, 0, 1, 0], "a length of five bytes"),
      ([0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF], "a length beyond the end"),
      ([0x3F, 0x81, 0x01, 0], "a tag of several bytes"),
      ([0x30, 0], "nothing within"),
      ([UInt8](repeating: 0x30, count: 70_000), "too large"),
    ] as [([UInt8], String)])
  func notDER(bytes: [UInt8], reason: String) {
    #expect(throws: DERError.self, "\(reason)") { try Certificate(bytes) }
  }

  @Test("something behind a certificate is refused")
  func behind() throws {
    let bytes = try der(CertificateFixtures.curve)
    #expect(throws: DERError.self) { try Certificate(bytes + [0]) }
  }
}

@Suite("The messages of a TLS handshake")
struct TLSTranscriptTests {
  private func transcript() -> TLSTranscript {
    TLSTranscript(bytesLimit: 1_000, certificatesLimit: 3)
  }

  private func message(_ type: UInt8, _ body: [UInt8]) -> [UInt8] {
    [type, 0, UInt8(body.count >> 8), UInt8(body.count & 255)] + body
  }

  private func long(_ count: Int) -> [UInt8] { [0, UInt8(count >> 8), UInt8(count & 255)] }

  @Test("the version is the extension's where there is one, else the old field's")
  func version() {
    let hello: [UInt8] = [3, 3] + [UInt8](repeating: 7, count: 32) + [2, 9, 9, 0x13, 0x02, 0]
    var old = transcript()
    old.take(message(2, hello))
    #expect(old.version == 0x0303)
    var new = transcript()
    new.take(message(2, hello + [0, 10, 0, 0x33, 0, 0, 0, 0x2B, 0, 2, 3, 4]))
    #expect(new.version == 0x0304)
  }

  @Test("certificates come in order, in the form of TLS 1.2 and of TLS 1.3")
  func certificates() {
    let first: [UInt8] = [1, 2, 3]
    let second: [UInt8] = [4, 5]
    let old = long(3) + first + long(2) + second
    let new = long(3) + first + [0, 1, 9] + long(2) + second + [0, 0]
    var seen = transcript()
    seen.take(message(11, long(old.count) + old))
    #expect(seen.certificates == [first, second])
    seen = transcript()
    seen.take(message(11, [0] + long(new.count) + new))
    #expect(seen.certificates == [first, second])
    seen = transcript()
    let many = (0..<9).flatMap { long(1) + [UInt8($0)] }
    seen.take(message(11, long(many.count) + many))
    #expect(seen.certificates.count == 3, "no more than may be")
  }

  @Test("a request for a certificate and an alert are noted; heads of records are nothing")
  func others() {
    var seen = transcript()
    seen.take([0x16, 3, 3, 0, 122])
    seen.take([0x16])
    #expect(seen == transcript())
    seen.take(message(13, [0, 0]))
    seen.take([2, 40])
    #expect(seen.asksForCertificate)
    #expect(seen.alert == 40)
  }

  @Test("messages that are cut or changed tell less and do no harm")
  func broken() {
    let list = long(3) + [1, 2, 3] + [0, 0]
    let whole = message(11, [0] + long(list.count) + list)
    for index in whole.indices {
      for bit in 0..<8 {
        var changed = whole
        changed[index] ^= 1 << bit
        var seen = transcript()
        seen.take(changed)
        seen.take(Array(changed.prefix(index)))
        #expect(seen.certificates.count <= 3)
      }
    }
  }
}
