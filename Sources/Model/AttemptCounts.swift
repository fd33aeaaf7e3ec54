import Base

/// How many regular attempts of a probe ran within a while, and how many of them failed.
package struct AttemptCounts: Hashable, Sendable {
  /// When the while began.
  package var time: WallTime
  package var total: UInt32
  package var failed: UInt32

  package init(time: WallTime, total: UInt32, failed: UInt32) {
    self.time = time
    self.total = total
    self.failed = failed
  }
}
