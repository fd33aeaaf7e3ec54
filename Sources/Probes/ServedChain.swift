import Base
import Model
import Wire

/// The certificates that a server sent, put in order: what can be said of them without knowing whom we
/// believe.
package struct ServedChain: Sendable {
  /// As they were sent; those that cannot be read are left out.
  package let certificates: [Certificate]
  /// Why one could not be read, with its place.
  package let problem: String?
  /// The places in ``certificates`` from the server's own up, each the issuer of the one before.
  package let path: [Int]
  /// Seconds since 1970: when they were shown.
  package let now: Int64
  /// Whether it was verified and is trusted: what has expired then is not needed.
  package let isTrusted: Bool

  package init(_ handshake: Handshake, isTrusted: Bool = false) {
    var certificates: [Certificate] = []
    var problem: String?
    for (place, bytes) in handshake.certificates.prefix(Limits.chainCertificates).enumerated() {
      do {
        certificates.append(try Certificate(bytes))
      } catch {
        problem = problem ?? "certificate \(place + 1) cannot be read: \(error.message)"
        // Without the first the others have no place.
        if place == 0 { break }
      }
    }
    self.certificates = certificates
    self.problem = problem
    now = handshake.time.seconds
    self.isTrusted = isTrusted
    path = Self.path(certificates, at: handshake.time.seconds)
  }

  /// Of several that may be the issuer one whose time it is goes first, as with those who verify.
  private static func path(_ certificates: [Certificate], at now: Int64) -> [Int] {
    guard !certificates.isEmpty else { return [] }
    var path = [0]
    while let last = path.last, !certificates[last].isSelfIssued {
      let issuers = certificates.indices.filter {
        !path.contains($0) && certificates[last].mayBeIssued(by: certificates[$0])
      }
      guard let next = issuers.first(where: { certificates[$0].holds(at: now) }) ?? issuers.first
      else { break }
      path.append(next)
    }
    return path
  }

  /// The server's own.
  package var leaf: Certificate? { certificates.first }

  /// Those between the server's own and a root, in order. Of a chain that is trusted only those whose
  /// time it is: in place of another there is one that we have, such as a root of the same name.
  package var intermediates: [Certificate] {
    path.dropFirst().map { certificates[$0] }.filter {
      !$0.isSelfIssued && (!isTrusted || $0.holds(at: now))
    }
  }

  /// The first that is sent although its time is over or has not come and nothing needs it, where that
  /// is known.
  package var outOfTime: Certificate? {
    certificates.indices.dropFirst().first {
      !certificates[$0].holds(at: now) && (isTrusted || !path.contains($0))
    }.map { certificates[$0] }
  }

  /// Whether the issuer of the server's own certificate should have been sent and was not: it is not
  /// among those sent, and nothing says that it is a root, which needs not be sent. Such a root names
  /// itself as its issuer, which the leaf may tell.
  package var lacksIssuer: Bool {
    guard let leaf, !leaf.isSelfIssued, path.count == 1 else { return false }
    return leaf.authorityIssuer != leaf.issuer
  }

  /// What is not as it should be about the order and the choice of certificates (RFC 8446 section
  /// 4.4.2: each certifies the one before it, the root may be left out); nil when nothing is.
  package var untidiness: String? {
    if let outOfTime {
      return outOfTime.notAfter < now
        ? "an expired one is sent" : "one is sent that is not valid yet"
    }
    let strangers = certificates.indices.filter { !path.contains($0) }
    if let first = strangers.first {
      let isRepeated = certificates[..<first].contains {
        $0.subject == certificates[first].subject && $0.serial == certificates[first].serial
          && $0.issuer == certificates[first].issuer
      }
      return isRepeated ? "one is sent twice" : "one does not belong"
    }
    if path != path.sorted() { return "wrong order" }
    if let last = path.last, path.count > 1, certificates[last].isSelfIssued {
      return "the root is sent"
    }
    return nil
  }

  /// Days that a certificate has left, to the hundredth; negative when it has expired.
  package func daysLeft(_ certificate: Certificate) -> Double {
    let seconds = certificate.notAfter - now
    return (Double(seconds) / 864).rounded(.down) / 100
  }

  /// The intermediate that expires first.
  package var firstToExpire: Certificate? {
    intermediates.min { $0.notAfter < $1.notAfter }
  }
}

extension ServedChain {
  /// What `linkhealthctl try` shows of each, a line for a certificate.
  package var lines: [String] {
    var lines = certificates.enumerated().map { place, certificate in
      "certificate \(place + 1): \(describe(certificate))"
    }
    if let problem { lines.append(problem) }
    return lines
  }

  private func describe(_ certificate: Certificate) -> String {
    var parts = [
      certificate.subject.text.isEmpty ? "no subject" : certificate.subject.text,
      "issued by \(certificate.isSelfIssued ? "itself" : certificate.issuer.text)",
      "valid from \(date(certificate.notBefore)) to \(date(certificate.notAfter)), "
        + remaining(certificate),
      certificate.key.text, certificate.signatureAlgorithm,
    ]
    let names = certificate.dnsNames + certificate.addresses
    if !names.isEmpty { parts.append("for \(list(names))") }
    if certificate.isAuthority { parts.append("an authority") }
    return parts.joined(separator: "; ")
  }

  private func remaining(_ certificate: Certificate) -> String {
    let days = (certificate.notAfter - now) / 86_400
    return certificate.notAfter < now ? "expired" : "\(days) days left"
  }

  /// When its time was over, or when it will begin, for a note.
  func whenNot(_ certificate: Certificate) -> String {
    certificate.notAfter < now
      ? "expired on \(date(certificate.notAfter))"
      : "not valid before \(date(certificate.notBefore))"
  }

  /// Whose it is and whose word it bears, for a note.
  func whose(_ certificate: Certificate) -> String {
    "\(certificate.subject.shortText), issued by \(certificate.issuer.shortText)"
  }
}

extension Certificate {
  fileprivate func holds(at now: Int64) -> Bool { notBefore <= now && notAfter >= now }
}

/// A few names, and how many more there are.
func list(_ names: [String]) -> String {
  if names.isEmpty { return "no name" }
  let shown = names.prefix(5).joined(separator: ", ")
  return names.count > 5 ? "\(shown) and \(names.count - 5) more" : shown
}

/// A day, as people write it: `2026-11-28`.
func date(_ seconds: Int64) -> String {
  let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
  let (year, month, day) = civilDate(daysSinceEpoch: days)
  func pad(_ value: Int64, _ width: Int) -> String {
    let text = "\(value)"
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }
  return "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))"
}

/// A note that is safe to show and within its bound.
func boundedNote(_ text: String) -> String {
  var note = ""
  for character in printable(text, limit: Limits.noteBytes).unicodeScalars {
    guard note.utf8.count + 4 <= Limits.noteBytes else { break }
    note.unicodeScalars.append(character)
  }
  return note
}
