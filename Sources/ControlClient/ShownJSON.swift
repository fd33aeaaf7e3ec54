/// The daemon's answer as it is, newline-terminated. On a terminal the letters that could act on it
/// are written as JSON escapes, which changes no value.
func shownJSON(_ body: [UInt8], _ display: Display) -> [UInt8] {
  var shown = display.columns == nil ? body : escapedForTerminal(body)
  if shown.last != 0x0A { shown.append(0x0A) }
  return shown
}

/// Raw control characters of ASCII cannot stand in valid JSON; what is left are those beyond it.
private func escapedForTerminal(_ body: [UInt8]) -> [UInt8] {
  var shown = ""
  for scalar in String(decoding: body, as: UTF8.self).unicodeScalars {
    switch scalar.value {
    case 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069, 0x200B, 0x200E, 0x200F, 0x061C, 0xFEFF:
      let digits = String(scalar.value, radix: 16)
      shown += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: shown.unicodeScalars.append(scalar)
    }
  }
  return Array(shown.utf8)
}
