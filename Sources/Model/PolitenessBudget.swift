/// How much a target host is asked within a minute, whatever goes on: links that share a host share
/// its budget.
package struct PolitenessBudget: Sendable, Hashable {
  package var requestsPerMinute: Int
  /// Bodies in both directions and the heads of answers.
  package var bytesPerMinute: Int

  package init(requestsPerMinute: Int, bytesPerMinute: Int) {
    self.requestsPerMinute = requestsPerMinute
    self.bytesPerMinute = bytesPerMinute
  }

  package static let standard = PolitenessBudget(
    requestsPerMinute: 600, bytesPerMinute: 64 << 20)
}
