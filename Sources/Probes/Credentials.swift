import Base
import Model
import Wire

/// How a request shows who we are.
package enum Authentication: Sendable, Hashable {
  case none
  case bearer(Secret)
  case basic(user: String, password: Secret)
  case digest(user: String, password: Secret)
  /// By a token that is fetched and kept for all links that need it, under its name in the
  /// configuration.
  case token(String)

  /// The secrets in it, also in the form in which they are sent and might be repeated.
  package var secrets: [Secret] {
    switch self {
    case .none, .token: []
    case .bearer(let secret): [secret]
    case .digest(_, let password): [password]
    case .basic(let user, let password):
      [
        password,
        Secret(
          name: password.name,
          bytes: Array(base64Encode(Array("\(user):".utf8) + password.bytes).utf8)),
      ]
    }
  }
}

/// A text that may hold secrets: the whole of it, which is as secret as they are, and each of them.
package struct SecretText: Sendable, Hashable {
  package let text: Secret
  package let secrets: [Secret]

  package init(text: [UInt8], secrets: [Secret]) {
    self.text = Secret(name: secrets.first?.name ?? "", bytes: text)
    self.secrets = secrets
  }

  package var hasSecrets: Bool { !secrets.isEmpty }
}

/// Whether the bytes can name a secret: 1 to 64 of letters, digits, `-`, `_` and inner `.`, so that
/// they cannot lead out of its directory.
package func isSecretName(_ bytes: [UInt8]) -> Bool {
  (1...64).contains(bytes.count) && bytes.first != 0x2E && bytes.last != 0x2E
    && bytes.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F, 0x2E: true
      default: false
      }
    }
}
