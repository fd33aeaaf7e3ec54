import Base
import Model
import Wire

/// A key for signing webhooks. It has no readable form: printing, interpolating and dumping it show
/// that there is one, nothing else.
package struct WebhookSecret: Sendable {
  /// The lengths that the specification asks for ("Signature scheme").
  private static let keyBytes = 24...64
  private static let prefix = "whsec_"

  private let key: [UInt8]

  /// Reads `whsec_` and the key in base64, white space around it aside. The error says what is wrong
  /// without showing the text.
  package init(_ text: String) throws(WebhookSecretError) {
    let blanks: Set<Character> = [" ", "\t", "\n", "\r", "\r\n"]
    var trimmed = text.drop { blanks.contains($0) }
    while let last = trimmed.last, blanks.contains(last) { trimmed.removeLast() }
    guard trimmed.hasPrefix(Self.prefix) else { throw .prefixMissing }
    guard let key = base64Decode(String(trimmed.dropFirst(Self.prefix.count))) else {
      throw .notBase64
    }
    guard Self.keyBytes.contains(key.count) else { throw .wrongLength }
    self.key = key
  }

  /// `v1,` and the base64 of the HMAC-SHA256 over the signed content.
  fileprivate func signature(over content: [UInt8]) -> String {
    "v1," + base64Encode(hmacSHA256(key: key, message: content))
  }
}

extension WebhookSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "(a secret)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Why a text is no webhook secret.
package enum WebhookSecretError: Error, Sendable, Hashable, CustomStringConvertible {
  case prefixMissing
  case notBase64
  case wrongLength

  package var description: String {
    switch self {
    case .prefixMissing: "a webhook secret starts with \"whsec_\""
    case .notBase64: "what follows \"whsec_\" is not base64"
    case .wrongLength: "a webhook secret holds 24 to 64 bytes"
    }
  }
}

/// Tells a receiver by an HTTP POST that is signed after the Standard Webhooks specification 1.0.0
/// (standardwebhooks.com, "Signature scheme" and "Webhook headers").
package struct WebhookNotifier: Notifier {
  package static let kind = "webhook"

  package let name: String
  package let url: String
  /// The keys to sign with, the newest first; more than one while receivers change keys.
  private let secrets: [WebhookSecret]
  private let timeout: TimeAmount
  private let caFile: String?

  package init(
    name: String, url: String, secrets: [WebhookSecret],
    timeout: TimeAmount = Limits.webhookTimeout,
    caFile: String? = nil
  ) {
    precondition(!secrets.isEmpty, "a webhook is always signed")
    self.name = name
    self.url = url
    self.secrets = secrets
    self.timeout = timeout
    self.caFile = caFile
  }

  package func request(for attempt: DeliveryAttempt, at now: WallTime) -> NotifierRequest {
    let timestamp = String(now.seconds)
    let signature = signatures(id: attempt.webhookID, timestamp: timestamp, body: attempt.body)
    return NotifierRequest(
      method: "POST", url: url,
      headers: [
        ("content-type", "application/json"),
        ("webhook-id", attempt.webhookID), ("webhook-timestamp", timestamp),
        ("webhook-signature", signature),
      ],
      body: attempt.body, timeout: timeout, caFile: caFile)
  }

  private func signatures(id: String, timestamp: String, body: [UInt8]) -> String {
    let content = Array("\(id).\(timestamp).".utf8) + body
    return secrets.map { $0.signature(over: content) }.joined(separator: " ")
  }
}
