import Base

/// A value that is never printed: it comes from systemd's credentials or from a file of mode 0600,
/// and whatever prints it prints `{secret:NAME}` instead.
package struct Secret: Sendable, Hashable {
  /// The name in `{secret:NAME}`.
  package let name: String
  /// What stands for it wherever text is shown: `{secret:NAME}`, of a captured value `{capture:NAME}`.
  package var label: String {
    name.hasPrefix(Self.capturePrefix) ? "{\(name)}" : "{secret:\(name)}"
  }

  /// The name of a value that was captured from an answer: no secret of ours, and shown as little.
  package static func captureName(_ name: String) -> String { capturePrefix + name }

  private static let capturePrefix = "capture:"

  /// The secret itself: hand it to libcurl or to a digest, and to nothing that shows or keeps it.
  package let bytes: [UInt8]
  /// When it stops being good, where that is known.
  package let expiry: SecretExpiry?

  package init(name: String, bytes: [UInt8], expiry: SecretExpiry? = nil) {
    self.name = name
    self.bytes = bytes
    self.expiry = expiry
  }
}

/// When a secret stops being good.
package struct SecretExpiry: Sendable, Hashable {
  package var end: WallTime
  /// Whether it is a certificate.
  package var isCertificate: Bool

  /// The distance from UTC of the clock by which people name its last day.
  package var zone = TimeAmount.zero

  /// The day that people call its last, by the clock of its zone: of what ends at midnight the day before.
  package var lastDay: CivilDay { CivilDay(end - .milliseconds(1), zone: zone) }

  package init(end: WallTime, isCertificate: Bool, zone: TimeAmount = .zero) {
    self.end = end
    self.isCertificate = isCertificate
    self.zone = zone
  }
}

/// A secret of a probe by its name, and when it stops being good.
package struct ExpiringSecret: Sendable, Hashable {
  package var name: String
  package var expiry: SecretExpiry

  package init(name: String, expiry: SecretExpiry) {
    self.name = name
    self.expiry = expiry
  }

  /// What is to be said of it, by steps in days with the most first; nil while there is time.
  package func warning(_ steps: [Int], at time: WallTime) -> (cause: WarningCause, note: String)? {
    let left = expiry.end - time
    guard let step = steps.last(where: { left <= .hours(24) * Int64($0) }) else { return nil }
    // Of what is over no number of days is left.
    let days = left <= .zero ? "0" : "\(step)"
    return (
      expiry.isCertificate ? .clientCertificateExpires(days) : .secretExpires(days),
      "secret \(name), \(left <= .zero ? "ended on" : "valid until") "
        + expiry.lastDay.description
    )
  }
}

/// Why a secret cannot be had: where it was looked for and what to do, never the secret.
package struct SecretProblem: Error, Sendable, Hashable {
  package var message: String

  package init(_ message: String) { self.message = message }
}

/// A token that a server has issued, and how long it is good for.
package struct TokenGrant: Sendable, Hashable {
  package var token: Secret
  package var lifetime: TimeAmount

  package init(token: Secret, lifetime: TimeAmount) {
    self.token = token
    self.lifetime = lifetime
  }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { label }
  package var debugDescription: String { description }
  /// Without the bytes, which `dump` would show.
  package var customMirror: Mirror { Mirror(self, children: ["name": name]) }
}
