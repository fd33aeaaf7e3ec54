import Base
import CLinux
import Glibc
import Model

/// What the kernel says of its wall clock.
package struct KernelClock: Sendable, Hashable {
  /// What adjtimex(2) returned: `TIME_OK` and others.
  package var state: Int32
  /// The bits `STA_...`.
  package var status: Int32
  package var maximumErrorMicroseconds: Int64

  package init(state: Int32, status: Int32, maximumErrorMicroseconds: Int64) {
    self.state = state
    self.status = status
    self.maximumErrorMicroseconds = maximumErrorMicroseconds
  }

  /// `STA_UNSYNC` of <sys/timex.h>: nobody keeps the clock right.
  private static let unsynchronised: Int32 = 0x0040
  /// `TIME_ERROR`: the same as a state.
  private static let error: Int32 = 5

  var isSynchronised: Bool { status & Self.unsynchronised == 0 && state != Self.error }
}

/// What is to be made of the kernel's word, or of its refusal, and of the file of systemd-timesyncd, which is
/// asked for only then. That the file is missing says nothing: others keep clocks, too.
package func clockReport(
  _ kernel: Result<KernelClock, SystemError>, timesyncd: () -> Bool
) -> ClockReport {
  switch kernel {
  case .success(let clock):
    return ClockReport(
      clock.isSynchronised ? .synchronised : .unsynchronised, source: .kernel,
      maximumError: .microseconds(max(0, clock.maximumErrorMicroseconds)))
  case .failure(let error):
    return timesyncd()
      ? ClockReport(.synchronised, source: .timesyncd)
      : ClockReport(.unknown, problem: "\(error)")
  }
}

/// Asks the kernel whether its clock is synchronised; it changes nothing.
package func readClock() -> ClockReport {
  var clock = lh_clock_state()
  let kernel: Result<KernelClock, SystemError> =
    lh_read_clock_state(&clock) == 0
    ? .success(
      KernelClock(
        state: clock.state, status: clock.status,
        maximumErrorMicroseconds: clock.maximum_error_microseconds))
    : .failure(SystemError.last("adjtimex"))
  return clockReport(kernel) { access("/run/systemd/timesync/synchronized", F_OK) == 0 }
}
