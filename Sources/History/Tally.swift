import Base
import Model

/// What a stretch of time showed, of one probe or of many: figures that can be added up in any order.
///
/// Time is split by what was known in it: the link was up, it was down, or nobody looked (*unknown*,
/// which is the rest and never stored). Time in announced maintenance is kept apart, so that a report
/// can take it in or leave it out.
package struct Tally: Hashable, Sendable {
  package var upMilliseconds: Int64 = 0
  package var downMilliseconds: Int64 = 0
  /// The same within maintenance; not contained in the two above.
  package var maintenanceUpMilliseconds: Int64 = 0
  package var maintenanceDownMilliseconds: Int64 = 0
  /// How many regular attempts ended in each phase, by ``Phase``'s number; confirmations are left
  /// out, since they would weigh outages more heavily than quiet hours.
  package private(set) var attempts: [UInt32] = []
  /// Regular attempts that were right but slow; contained in `attempts`.
  package var slow: UInt32 = 0
  /// Short-notice runs, of any outcome.
  package var confirmations: UInt32 = 0
  /// Regular attempts that met a server and came to their end well: they alone have a latency.
  package var latencySumMicroseconds: UInt64 = 0
  package var latencyMinimumMicroseconds: UInt32 = .max
  package var latencyMaximumMicroseconds: UInt32 = 0
  package var latencies = LatencyDistribution()

  package init() {}

  /// Counts attempts that ended in a phase.
  package mutating func count(_ phase: UInt8, by amount: UInt32 = 1) {
    if attempts.isEmpty { attempts = [UInt32](repeating: 0, count: Self.phases) }
    guard Int(phase) < Self.phases else { return }
    attempts[Int(phase)] &+= amount
  }

  /// Counts an attempt that succeeded, with the time it took.
  package mutating func addLatency(microseconds: UInt32) {
    latencySumMicroseconds += UInt64(microseconds)
    latencyMinimumMicroseconds = min(latencyMinimumMicroseconds, microseconds)
    latencyMaximumMicroseconds = max(latencyMaximumMicroseconds, microseconds)
    latencies.add(microseconds: microseconds)
  }

  /// Adds what another stretch or another probe showed.
  package mutating func add(_ other: borrowing Tally, latencies withLatencies: Bool = true) {
    upMilliseconds += other.upMilliseconds
    downMilliseconds += other.downMilliseconds
    maintenanceUpMilliseconds += other.maintenanceUpMilliseconds
    maintenanceDownMilliseconds += other.maintenanceDownMilliseconds
    for phase in 0..<other.attempts.count where other.attempts[phase] > 0 {
      count(UInt8(phase), by: other.attempts[phase])
    }
    slow &+= other.slow
    confirmations &+= other.confirmations
    guard withLatencies else { return }
    let (sum, isTooMuch) = latencySumMicroseconds.addingReportingOverflow(
      other.latencySumMicroseconds)
    latencySumMicroseconds = isTooMuch ? .max : sum
    latencyMinimumMicroseconds = min(latencyMinimumMicroseconds, other.latencyMinimumMicroseconds)
    latencyMaximumMicroseconds = max(latencyMaximumMicroseconds, other.latencyMaximumMicroseconds)
    latencies.merge(other.latencies)
  }

  /// Makes it empty and keeps its room.
  package mutating func clear() {
    upMilliseconds = 0
    downMilliseconds = 0
    maintenanceUpMilliseconds = 0
    maintenanceDownMilliseconds = 0
    for phase in attempts.indices where attempts[phase] != 0 { attempts[phase] = 0 }
    slow = 0
    confirmations = 0
    latencySumMicroseconds = 0
    latencyMinimumMicroseconds = .max
    latencyMaximumMicroseconds = 0
    latencies.clear()
  }

  /// One more than the greatest number of a phase.
  static let phases = Int(Phase.allCases.map(\.rawValue).max() ?? 0) + 1
}

// MARK: - Figures

extension Tally {
  package func attempts(in phase: Phase) -> UInt32 {
    Int(phase.rawValue) < attempts.count ? attempts[Int(phase.rawValue)] : 0
  }

  /// Regular attempts that ran; skipped ones did not.
  package var attemptsCounted: UInt64 {
    attempts.reduce(0) { $0 + UInt64($1) } - UInt64(attempts(in: .skipped))
  }

  /// Regular attempts that ran and showed the link failing.
  package var failures: UInt64 {
    attemptsCounted - UInt64(attempts(in: .ok)) - UInt64(attempts(in: .warning))
  }

  /// Failures per regular attempt; nil when none ran.
  package var errorRate: Double? {
    attemptsCounted > 0 ? Double(failures) / Double(attemptsCounted) : nil
  }

  /// How long anybody looked, maintenance included.
  package var observedMilliseconds: Int64 {
    upMilliseconds + downMilliseconds + maintenanceUpMilliseconds + maintenanceDownMilliseconds
  }

  /// The share of the observed time in which the link was up; nil when nobody looked: unknown is
  /// never up.
  package func availability(withMaintenance: Bool) -> Double? {
    let up = upMilliseconds + (withMaintenance ? maintenanceUpMilliseconds : 0)
    let down = downMilliseconds + (withMaintenance ? maintenanceDownMilliseconds : 0)
    return up + down > 0 ? Double(up) / Double(up + down) : nil
  }

  /// The mean latency in microseconds; nil without any.
  package var latencyMeanMicroseconds: UInt32? {
    latencies.isEmpty ? nil : UInt32(clamping: latencySumMicroseconds / latencies.total)
  }

  /// A percentile of the latencies; nil without any.
  package func latency(permille: Int) -> UInt32? {
    guard latencyMinimumMicroseconds <= latencyMaximumMicroseconds else { return nil }
    return latencies.percentile(
      permille: permille, within: latencyMinimumMicroseconds...latencyMaximumMicroseconds)
  }
}
