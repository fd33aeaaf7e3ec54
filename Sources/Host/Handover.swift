import Synchronization

/// Hands one value from a thread to another so that only one of them ever holds it: who takes it may
/// change it without a copy, and who lets it go pays for that.
package final class Handover<Value: Sendable>: Sendable {
  private let value: Mutex<Value?>

  package init(_ value: consuming Value) { self.value = Mutex(consume value) }

  /// The value; nil when it has been taken before.
  package func take() -> Value? { value.withLock { $0.take() } }
}
