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

/// A time of the daemon for people: `2025-11-07T01:02:03.004Z` as `2025-11-07 01:02:03Z`, with the
/// milliseconds if they are asked for. A text of another shape is handed back as it is.
package func timeText(_ text: String, milliseconds: Bool = false) -> String {
  let bytes = Array(text.utf8)
  guard bytes.count == 24, bytes[10] == UInt8(ascii: "T"), bytes[19] == UInt8(ascii: "."),
    bytes[23] == UInt8(ascii: "Z")
  else { return text }
  let clock = bytes[11..<(milliseconds ? 23 : 19)]
  return String(decoding: bytes[..<10] + [0x20] + clock + [0x5A], as: UTF8.self)
}
