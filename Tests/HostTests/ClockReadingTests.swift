import Base
import CLinux
import Glibc
import Model
import Testing

@testable import Host

@Suite("Whether the clock is synchronised") struct ClockReadingTests {
  static let rows: [(state: Int32, status: Int32, expected: ClockReport.State, reason: String)] = [
    (0, 0x2001, .synchronised, "TIME_OK, STA_PLL and STA_NANO"),
    (5, 0x0040, .unsynchronised, "TIME_ERROR and STA_UNSYNC, as after the start of a machine"),
    (0, 0x0040, .unsynchronised, "STA_UNSYNC alone"),
    (5, 0x2001, .unsynchronised, "TIME_ERROR alone, as of a lost pulse"),
    (1, 0x0011, .synchronised, "TIME_INS: a leap second is to come"),
    (4, 0x0001, .synchronised, "TIME_WAIT: one was"),
  ]

  @Test("the kernel's word is taken for what it says", arguments: rows)
  func kernel(_ state: Int32, _ status: Int32, _ expected: ClockReport.State, _ reason: String) {
    let clock = KernelClock(state: state, status: status, maximumErrorMicroseconds: 12_500)
    let report = clockReport(.success(clock)) {
      Issue.record("the kernel has said it")
      return true
    }
    #expect(report.state == expected, "\(reason)")
    #expect(report.source == .kernel && report.maximumError == .microseconds(12_500))
  }

  @Test(
    "where the kernel may not be asked, the file of systemd-timesyncd tells; without it nobody does"
  )
  func refused() {
    let refusal = SystemError(operation: "adjtimex", code: EPERM)
    #expect(
      clockReport(.failure(refusal)) { true } == ClockReport(.synchronised, source: .timesyncd))
    let report = clockReport(.failure(refusal)) { false }
    #expect(report.state == .unknown && report.source == nil)
    #expect(report.problem.contains("adjtimex"))
  }

  @Test("this machine's kernel is asked without changing anything")
  func machine() {
    var clock = lh_clock_state()
    let answer = lh_read_clock_state(&clock)
    #expect(answer == 0 || errno == EPERM)
    if answer == 0 { #expect((0...5).contains(clock.state)) }
    let report = readClock()
    #expect((report.state == .unknown) == (report.source == nil))
  }
}
