import Base
import Model
import Testing
import Wire

@testable import Probes

@Suite("When secrets stop being good") struct SecretExpiryTests {
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
    let expiry = try #require(secretExpiry(of: pem(drawn, newline: newline).bytes))
    #expect(expiry.isCertificate)
    let days = (expiry.end - DrawnCertificate.today).milliseconds / 86_400_000
    #expect(days == 10 || days == 9)
  }

  @Test("a web token says when it ends")
  func webToken() throws {
    // The example of RFC 7519 section 3.1.
    let text =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
      + ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
      + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    let expiry = try #require(secretExpiry(of: Array(text.utf8)))
    #expect(
      expiry == SecretExpiry(end: WallTime(milliseconds: 1_300_819_380_000), isCertificate: false))
  }

  /// A token with such a payload.
  private func webToken(_ payload: String) -> [UInt8] {
    let encoded = base64Encode(Array(payload.utf8)).filter { $0 != "=" }
    return Array(
      "e30.\(encoded.map { $0 == "+" ? "-" : $0 == "/" ? "_" : String($0) }.joined()).aa".utf8)
  }

  @Test(
    "what does not say when it ends is good until the server says otherwise",
    arguments: [
      "", "-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END",
      "a password", "a.b.c", "a.b", "..", "e30.e30.", "e30.!!!.aa",
    ])
  func silent(text: String) {
    #expect(secretExpiry(of: Array(text.utf8)) == nil)
  }

  @Test(
    "an end that is no time is none, and one far away is taken as far enough",
    arguments: [
      (#"{"exp":"tomorrow"}"#, nil), (#"{"exp":-1}"#, nil), (#"{"exp":1e300}"#, 7_258_118_400),
      (#"{"exp":12.9}"#, 12), (#"[{"exp":12}]"#, nil), (#"{"iat":12}"#, nil),
    ] as [(String, Int64?)])
  func oddEnds(payload: String, seconds: Int64?) {
    #expect(
      secretExpiry(of: webToken(payload))?.end == seconds.map { WallTime(milliseconds: $0 * 1_000) }
    )
  }

  @Test(
    "it is warned of at the step that it has reached",
    arguments: [(31, nil), (30, "30"), (15, "30"), (14, "14"), (3, "7"), (0, "0"), (-5, "0")]
      as [(Int64, String?)], [true, false])
  func steps(row: (days: Int64, step: String?), isCertificate: Bool) {
    let now = WallTime(milliseconds: 1_796_000_000_000)
    let secret = ExpiringSecret(
      name: "ours",
      expiry: SecretExpiry(end: now + .hours(24 * row.days), isCertificate: isCertificate))
    let warning = secret.warning([30, 14, 7], at: now)
    #expect(
      warning?.cause
        == row.step.map { isCertificate ? .clientCertificateExpires($0) : .secretExpires($0) })
    if let warning {
      #expect(
        warning.note.hasPrefix(
          row.days > 0 ? "secret ours, valid until 20" : "secret ours, ended on 20"))
    }
    #expect(secret.warning([], at: now) == nil)
  }
}
