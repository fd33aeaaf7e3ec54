/// Text that came from outside, made safe to show on a terminal or in a log: control characters,
/// the C1 range, line separators, and the marks that reorder text are written as `\u{..}`; the
/// result is at most `limit` characters, with `…` where it was cut.
package func printable(_ text: String, limit: Int = 200) -> String {
  var shown = ""
  var count = 0
  for scalar in text.unicodeScalars {
    if count == limit {
      shown += "…"
      break
    }
    count += 1
    switch scalar.value {
    case 0x09: shown += "\\t"
    case 0x0A: shown += "\\n"
    case 0x0D: shown += "\\r"
    case 0x00...0x1F, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069, 0x200B, 0x200E, 0x200F,
      0x061C, 0xFEFF, 0xE0000...0xE007F:
      shown += "\\u{\(String(scalar.value, radix: 16))}"
    default: shown.unicodeScalars.append(scalar)
    }
  }
  return shown
}

/// The same for bytes: broken UTF-8 shows as U+FFFD.
package func printable(_ bytes: some Collection<UInt8>, limit: Int = 200) -> String {
  printable(String(decoding: bytes.prefix(limit * 4), as: UTF8.self), limit: limit)
}
