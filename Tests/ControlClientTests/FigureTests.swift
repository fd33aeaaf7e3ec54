import Testing

@testable import ControlClient

@Suite struct FigureTests {
  static let spans: [(Int, String)] = [
    (0, "0ms"), (999, "999ms"), (1_000, "1s"), (3_250, "3.2s"), (9_999, "9.9s"), (10_000, "10s"),
    (59_999, "59s"), (60_000, "1m"), (185_000, "3m 5s"), (3_600_000, "1h"), (11_109_250, "3h 5m"),
    (86_400_000, "1d"), (187_200_000, "2d 4h"), (-1_500, "-1.5s"),
    (.min, "-106751991167d 7h"),
  ]

  @Test("a length of time in two units at most", arguments: spans)
  func span(_ milliseconds: Int, _ text: String) {
    #expect(spanText(milliseconds: milliseconds) == text)
  }

  static let phases: [(Int, String)] = [
    (0, "0.00 ms"), (9, "0.00 ms"), (120, "0.12 ms"), (9_999, "9.99 ms"), (10_000, "10.0 ms"),
    (45_360, "45.3 ms"), (999_999, "999.9 ms"), (1_000_000, "1.00 s"), (12_345_678, "12.34 s"),
  ]

  @Test("a phase's time", arguments: phases)
  func phase(_ microseconds: Int, _ text: String) {
    #expect(phaseText(microseconds: microseconds) == text)
  }

  static let values: [(Double, String)] = [
    (0, "0"), (13, "13"), (-2, "-2"), (0.0123456789, "0.0123457"), (12.5, "12.5"),
    (99.99999999, "100"), (1_234_567.891, "1234568"), (0.00001, "1e-05"), (1e20, "1e+20"),
    (.infinity, "-"), (.nan, "-"),
  ]

  @Test("a reading's value, with as many digits as tell something", arguments: values)
  func value(_ value: Double, _ text: String) {
    #expect(valueText(value) == text)
  }

  static let sizes: [(Int, String)] = [
    (0, "0 B"), (1_023, "1023 B"), (1_536, "1.5 KiB"), (268_435_456, "256.0 MiB"),
    (1 << 41, "2.0 TiB"),
  ]

  @Test("an amount of bytes", arguments: sizes)
  func size(_ bytes: Int, _ text: String) {
    #expect(sizeText(bytes: bytes) == text)
  }

  static let localTimes: [(String, String?, String)] = [
    ("2025-11-07T01:02:03.004Z", "+07:00", "2025-11-07 08:02:03 +07:00"),
    ("2025-11-07T18:02:03.004Z", "+07:00", "2025-11-08 01:02:03 +07:00"),
    ("2025-11-07T01:02:03.004Z", "-03:30", "2025-11-06 21:32:03 -03:30"),
    ("2025-11-07T01:02:03.004Z", "+00:00", "2025-11-07 01:02:03 +00:00"),
    ("2025-11-07T01:02:03.004Z", nil, "2025-11-07 01:02:03Z"),
    ("2025-11-07T01:02:03.004Z", "Asia/Hanoi", "2025-11-07 01:02:03Z"),
    ("2025-11-07T01:02:03.004Z", "+99:00", "2025-11-07 01:02:03Z"),
    ("2025-11-07", "+07:00", "2025-11-07"),
    ("2025-13-07T01:02:03.004Z", "+07:00", "2025-13-07T01:02:03.004Z"),
    ("2025-11-07T0x:02:03.004Z", "+07:00", "2025-11-07T0x:02:03.004Z"),
    ("", "+07:00", ""),
  ]

  @Test("a time by the clock of a zone, where both can be read", arguments: localTimes)
  func localTime(_ text: String, _ zone: String?, _ shown: String) {
    #expect(timeText(text, Display(zone: zone)) == shown)
  }

  static let times: [(String, Bool, String)] = [
    ("2025-11-07T01:02:03.004Z", false, "2025-11-07 01:02:03Z"),
    ("2025-11-07T01:02:03.004Z", true, "2025-11-07 01:02:03.004Z"),
    ("2025-11-07T01:02:03Z", false, "2025-11-07T01:02:03Z"),
    ("soon", false, "soon"), ("", true, ""),
  ]

  @Test("a time is shortened, and left alone where it has another shape", arguments: times)
  func time(_ text: String, _ milliseconds: Bool, _ shown: String) {
    #expect(
      timeText(text, Display(), precision: milliseconds ? .milliseconds : .seconds) == shown)
  }

  @Test("times within a sentence are told by the same clock, and nothing else is touched")
  func sentences() {
    let text =
      "gathers until 2025-11-07T18:02:03.004Z: Thử 2025-11-07T1, since 2025-11-07T01:02:03.004Z"
    let shown =
      "gathers until 2025-11-08 01:02:03 +07:00: Thử 2025-11-07T1, since 2025-11-07 08:02:03 +07:00"
    #expect(localised(text, Display(zone: "+07:00")) == shown)
    #expect(localised(text, Display()) == text)
  }
}
