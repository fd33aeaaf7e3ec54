import Base
import Model
import Wire

/// When a secret stops being good, where it says so itself: the first certificate of a PEM (RFC 7468
/// section 5), or a JSON Web Token with `exp` (RFC 7519 section 4.1.4). Nil for all others, and for what
/// cannot be read, which the server will tell.
package func secretExpiry(of bytes: [UInt8]) -> SecretExpiry? {
  if let end = certificateEnd(bytes) { return SecretExpiry(end: end, isCertificate: true) }
  return webTokenEnd(bytes).map { SecretExpiry(end: $0, isCertificate: false) }
}

/// The beginning of 2200: what is for ever is for long enough.
private let latestSecond: Int64 = 7_258_118_400

private func certificateEnd(_ bytes: [UInt8]) -> WallTime? {
  let lines = bytes.split { $0 == 0x0A || $0 == 0x0D }
  let begin = Array("-----BEGIN CERTIFICATE-----".utf8)
  guard let first = lines.firstIndex(where: { $0.elementsEqual(begin) }) else { return nil }
  let body = lines[(first + 1)...].prefix { $0.first != UInt8(ascii: "-") }
  let text = String(decoding: body.joined().filter { $0 != 0x20 && $0 != 0x09 }, as: UTF8.self)
  guard let der = base64Decode(text), let certificate = try? Certificate(der) else { return nil }
  return WallTime(milliseconds: min(certificate.notAfter, latestSecond) * 1_000)
}

private func webTokenEnd(_ bytes: [UInt8]) -> WallTime? {
  let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
  guard parts.count == 3, let payload = base64URLDecode(parts[1]),
    let end = parseJSON(payload, dialect: .json).node?["exp"]?.number?.double, end >= 0
  else { return nil }
  return WallTime(milliseconds: Int64(min(end, Double(latestSecond))) * 1_000)
}

/// Base64 with the alphabet for URLs and without padding (RFC 7515 section 2).
private func base64URLDecode(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
  var text = bytes.map { byte in
    switch byte {
    case UInt8(ascii: "-"): UInt8(ascii: "+")
    case UInt8(ascii: "_"): UInt8(ascii: "/")
    default: byte
    }
  }
  while text.count % 4 != 0 { text.append(UInt8(ascii: "=")) }
  return base64Decode(String(decoding: text, as: UTF8.self))
}
