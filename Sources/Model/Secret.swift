import Base

/// A value that is never printed: it comes from systemd's credentials or from a file of mode 0600,
/// and whatever prints it prints `{secret:NAME}` instead.
package struct Secret: Sendable, Hashable {
  /// The name in `{secret:NAME}`.
  package let name: String
  /// The secret itself: hand it to libcurl or to a digest, and to nothing that shows or keeps it.
  package let bytes: [UInt8]

  package init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
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
  package var description: String { "{secret:\(name)}" }
  package var debugDescription: String { description }
  /// Without the bytes, which `dump` would show.
  package var customMirror: Mirror { Mirror(self, children: ["name": name]) }
}
