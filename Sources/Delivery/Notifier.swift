import Base

/// A way to tell a receiver of an event. A kind is one file and its word in ``notifierKinds``; what it
/// needs it holds itself, and it decides what one try looks like.
package protocol Notifier: Sendable {
  /// The word for the kind in the configuration.
  static var kind: String { get }
  /// The receiver's name in the configuration, unique among all kinds.
  var name: String { get }
  /// What to send for a try that starts now.
  func request(for attempt: DeliveryAttempt, at now: WallTime) -> NotifierRequest
}

/// Every kind there is.
package let notifierKinds: [any Notifier.Type] = [WebhookNotifier.self]

/// An HTTP request to a receiver. Redirects are not followed: they are answers like others.
package struct NotifierRequest: Sendable {
  package var method: String
  package var url: String
  package var headers: [(name: String, value: String)]
  package var body: [UInt8]
  package var timeout: TimeAmount
  /// The CA bundle to verify the receiver with; nil for the one that probes use.
  package var caFile: String?
}
