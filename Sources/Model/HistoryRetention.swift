import Base

/// How long the history keeps what.
package struct HistoryRetention: Hashable, Sendable {
  package var samples: TimeAmount
  package var fiveMinutes: TimeAmount
  package var hours: TimeAmount

  package init(
    samples: TimeAmount = .hours(7 * 24), fiveMinutes: TimeAmount = .hours(62 * 24),
    hours: TimeAmount = .hours(400 * 24)
  ) {
    self.samples = samples
    self.fiveMinutes = fiveMinutes
    self.hours = hours
  }
}
