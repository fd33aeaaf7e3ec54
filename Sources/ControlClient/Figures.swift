import Base

/// A length of time for people, from whole milliseconds: `250ms`, `3.2s`, `45s`, `3m 5s`, `2d 4h`.
package func spanText(milliseconds: Int) -> String {
  let seconds = milliseconds / 1_000
  switch milliseconds {
  case ..<0: return "-" + spanText(milliseconds: milliseconds == .min ? .max : -milliseconds)
  case ..<1_000: return "\(milliseconds)ms"
  case ..<10_000:
    let tenth = milliseconds % 1_000 / 100
    return tenth == 0 ? "\(seconds)s" : "\(seconds).\(tenth)s"
  case ..<60_000: return "\(seconds)s"
  case ..<3_600_000: return twoUnits(seconds, 60, "m", 1, "s")
  case ..<86_400_000: return twoUnits(seconds, 3_600, "h", 60, "m")
  default: return twoUnits(seconds, 86_400, "d", 3_600, "h")
  }
}

private func twoUnits(
  _ seconds: Int, _ large: Int, _ largeUnit: String, _ small: Int, _ smallUnit: String
) -> String {
  let rest = seconds % large / small
  return "\(seconds / large)\(largeUnit)" + (rest == 0 ? "" : " \(rest)\(smallUnit)")
}

/// A phase's time for people, from whole microseconds: `0.12 ms`, `45.3 ms`, `1.25 s`.
package func phaseText(microseconds: Int) -> String {
  switch microseconds {
  case ..<10_000: "\(microseconds / 1_000).\(padded(microseconds % 1_000 / 10)) ms"
  case ..<1_000_000: "\(microseconds / 1_000).\(microseconds % 1_000 / 100) ms"
  default: "\(microseconds / 1_000_000).\(padded(microseconds % 1_000_000 / 10_000)) s"
  }
}

private func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : String(value) }

/// A number with its noun: `1 link`, `2 links`.
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

/// An amount of memory or disk for people: `512 B`, `3.4 MiB`.
package func sizeText(bytes: Int) -> String {
  let units = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
  for (unit, size) in units where bytes >= size {
    return "\(bytes / size).\(bytes % size * 10 / size) \(unit)"
  }
  return "\(bytes) B"
}

/// How much of a time is shown.
enum TimePrecision: Int {
  case minutes = 5
  case seconds = 8
  case milliseconds = 12
}

/// A time of the daemon for people, by the clock of the display's zone and with that zone: of
/// `2025-11-07T01:02:03.004Z` at `+07:00` it is `2025-11-07 08:02:03 +07:00`, and `2025-11-07 01:02:03Z` where
/// none is known. A text of another shape is handed back as it is.
func timeText(
  _ text: String, _ display: Display, precision: TimePrecision = .seconds
) -> String {
  guard let time = wallTime(text) else { return text }
  let shift: TimeAmount? = display.zone.flatMap(distance)
  let shown = (time + (shift ?? .zero)).description
  let clock = "\(shown.prefix(10)) \(shown.dropFirst(11).prefix(precision.rawValue))"
  return shift == nil ? clock + "Z" : "\(clock) \(display.zone ?? "")"
}
