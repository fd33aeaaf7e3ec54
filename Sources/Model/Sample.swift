import Base

/// How long each phase of an attempt took, in microseconds; 0 where a phase did not happen. Time
/// spent waiting in this daemon is in none of them. Over redirects the phases are summed.
package struct PhaseTimings: Sendable, Hashable {
  package var resolveMicroseconds: UInt32
  package var connectMicroseconds: UInt32
  package var tlsMicroseconds: UInt32
  /// From the request sent to the first byte of the answer.
  package var firstByteMicroseconds: UInt32
  /// From the first byte to the end of the answer.
  package var transferMicroseconds: UInt32
  /// The whole attempt.
  package var totalMicroseconds: UInt32

  package init(
    resolveMicroseconds: UInt32 = 0, connectMicroseconds: UInt32 = 0, tlsMicroseconds: UInt32 = 0,
    firstByteMicroseconds: UInt32 = 0, transferMicroseconds: UInt32 = 0,
    totalMicroseconds: UInt32 = 0
  ) {
    self.resolveMicroseconds = resolveMicroseconds
    self.connectMicroseconds = connectMicroseconds
    self.tlsMicroseconds = tlsMicroseconds
    self.firstByteMicroseconds = firstByteMicroseconds
    self.transferMicroseconds = transferMicroseconds
    self.totalMicroseconds = totalMicroseconds
  }
}

/// Marks on a sample. Raw bits are part of the ring format.
package struct SampleFlags: OptionSet, Sendable, Hashable {
  package var rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The answer was right but took longer than the probe's `slow` limit.
  package static let slow = SampleFlags(rawValue: 1)
  /// A short-notice run that confirms a failure; it does not count in rates, which would
  /// otherwise weigh outages more heavily than quiet hours.
  package static let confirmation = SampleFlags(rawValue: 2)
  /// The other side refused our credential; no short-notice run follows.
  package static let credentialRefused = SampleFlags(rawValue: 4)
  /// The connection was one kept from an earlier attempt.
  package static let reusedConnection = SampleFlags(rawValue: 8)
  /// It was taken within announced maintenance, so reports can leave its time out.
  package static let maintenance = SampleFlags(rawValue: 16)
  /// It was taken while the monitor itself may not have seen: it says nothing of the link, whose time is
  /// unknown.
  package static let blind = SampleFlags(rawValue: 32)
}

/// A figure that an attempt brought home beside its times, such as a plugin's performance data or the
/// days that a certificate has left.
package struct Reading: Sendable, Hashable {
  /// At most `Limits.readingNameBytes`.
  package var name: String
  package var value: Double
  /// `s`, `%`, `B`, `c` as Nagios plugins write them, `days`; empty for a plain number.
  package var unit: String

  package init(name: String, value: Double, unit: String = "") {
    self.name = name
    self.value = value
    self.unit = unit
  }
}

/// One recorded run of a probe.
package struct Sample: Sendable, Hashable {
  /// When the attempt started (or was due, if it was skipped), to the millisecond.
  package var time: WallTime
  package var outcome: Outcome
  package var flags: SampleFlags
  package var timings: PhaseTimings
  /// The last HTTP status received, 0 without one.
  package var httpStatus: UInt16
  /// Bytes of body received, saturating.
  package var bodyBytes: UInt32
  /// What there is to say beside the outcome, such as which step of a transaction failed or a
  /// plugin's first line; at most `Limits.noteBytes`. It may hold bytes from the other side: show it
  /// only through `printable`.
  package var note: String
  /// At most `Limits.readings`.
  package var readings: [Reading]

  package init(
    time: WallTime, outcome: Outcome, flags: SampleFlags = [], timings: PhaseTimings = .init(),
    httpStatus: UInt16 = 0, bodyBytes: UInt32 = 0, note: String = "", readings: [Reading] = []
  ) {
    self.time = time
    self.outcome = outcome
    self.flags = flags
    self.timings = timings
    self.httpStatus = httpStatus
    self.bodyBytes = bodyBytes
    self.note = note
    self.readings = readings
  }

  package var isSlow: Bool { flags.contains(.slow) }
  package var isBlind: Bool { flags.contains(.blind) }
}
