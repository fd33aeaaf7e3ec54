import Wire

/// A certificate that is accepted is refused with its last byte gone, has dates that people can write,
/// and may be issued by itself exactly where it names itself and its keys' ids do not differ.
func certificateViolation(_ bytes: [UInt8]) -> String? {
  guard let certificate = try? Certificate(bytes) else { return nil }
  if (try? Certificate(Array(bytes.dropLast()))) != nil { return "its start is a certificate too" }
  let years: ClosedRange<Int64> = -62_167_219_200...253_402_300_799
  if !years.contains(certificate.notBefore) || !years.contains(certificate.notAfter) {
    return "a date beyond the years 0 to 9999"
  }
  if certificate.key.bits < 0 || certificate.key.text.isEmpty { return "a key of no sort" }
  let differ =
    certificate.authorityKeyID != nil && certificate.subjectKeyID != nil
    && certificate.authorityKeyID != certificate.subjectKeyID
  if certificate.mayBeIssued(by: certificate) != (certificate.isSelfIssued && !differ) {
    return "its issuer is itself and is not"
  }
  return nil
}

/// No more certificates come of a message than may, and no more bytes than it has.
func tlsMessageViolation(_ bytes: [UInt8]) -> String? {
  var transcript = TLSTranscript(bytesLimit: 4_096, certificatesLimit: 8)
  transcript.take(bytes)
  if transcript.certificates.count > 8 { return "more certificates than may be" }
  if transcript.certificates.reduce(0, { $0 + $1.count }) > bytes.count {
    return "more bytes than the message has"
  }
  let once = transcript
  transcript.take(bytes)
  return transcript == once ? nil : "the same message again says something else"
}
