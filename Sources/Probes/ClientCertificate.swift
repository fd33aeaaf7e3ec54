import Base
import Model
import Wire

/// The certificate that the attempts of a probe show to the server, and when it expires.
package struct ClientCertificate: Sendable, Hashable {
  /// The name of the secret that holds it.
  package var secret: String
  package var end: WallTime

  /// The beginning of 2200.
  private static let latestSecond: Int64 = 7_258_118_400

  package init(secret: String, end: WallTime) {
    self.secret = secret
    self.end = end
  }

  /// Reads the first certificate of a PEM (RFC 7468 section 5); nil where there is none that can be
  /// read, which the server will tell.
  package init?(_ secret: Secret) {
    let lines = secret.bytes.split { $0 == 0x0A || $0 == 0x0D }
    let begin = Array("-----BEGIN CERTIFICATE-----".utf8)
    guard let first = lines.firstIndex(where: { $0.elementsEqual(begin) }) else { return nil }
    let body = lines[(first + 1)...].prefix { $0.first != UInt8(ascii: "-") }
    let text = String(decoding: body.joined().filter { $0 != 0x20 && $0 != 0x09 }, as: UTF8.self)
    guard let der = base64Decode(text), let certificate = try? Certificate(der) else { return nil }
    self.secret = secret.name
    // One that is for ever is for long enough.
    end = WallTime(milliseconds: min(certificate.notAfter, Self.latestSecond) * 1_000)
  }

  /// What is to be said of it, by steps in days with the most first; nil while there is time.
  package func warning(_ steps: [Int], at time: WallTime) -> (cause: WarningCause, note: String)? {
    let left = end - time
    guard let step = steps.last(where: { left <= .hours(24) * Int64($0) }) else { return nil }
    return (
      .clientCertificateExpires("\(step)"),
      "secret \(secret), valid until \(end.description.prefix(10))"
    )
  }
}

/// The certificates of many probes, each read once.
package struct ClientCertificates {
  private var known: [Secret: ClientCertificate?] = [:]

  package init() {}

  package mutating func certificate(of definition: ProbeDefinition) -> ClientCertificate? {
    guard let secret = probeClientCertificate(definition) else { return nil }
    if let former = known[secret] { return former }
    let certificate = ClientCertificate(secret)
    known.updateValue(certificate, forKey: secret)
    return certificate
  }
}
