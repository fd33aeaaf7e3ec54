import Base
import Model
import Probes

/// Of a plugin's output a line and figures are kept, within their bounds, and safe to show; the line is
/// the first one's, whatever follows; figures are numbers, each name once, and the same when they are
/// written by the convention and read again.
func pluginOutputViolation(_ bytes: [UInt8]) -> String? {
  let output = PluginOutput(bytes)
  if output.line.utf8.count > Limits.noteBytes { return "a long line" }
  if let problem = unsafePart(output.line) { return "the line shows \(problem)" }
  let first = Array(bytes.prefix { $0 != 0x0A })
  if PluginOutput(first).line != output.line { return "further lines change the first" }
  if output.readings.count > Limits.readings { return "\(output.readings.count) figures" }
  for reading in output.readings {
    if let problem = violation(reading) { return "\(reading): \(problem)" }
  }
  if Set(output.readings.map(\.name)).count < output.readings.count { return "a name twice" }
  let written = output.readings.map(written).joined(separator: " ")
  let again = PluginOutput(Array("OK | \(written)".utf8)).readings
  return again == output.readings ? nil : "written again they are others: \(written)"
}

private func violation(_ reading: Reading) -> String? {
  if !reading.value.isFinite { return "no number" }
  if reading.name.isEmpty { return "no name" }
  if reading.name.utf8.count > Limits.readingNameBytes { return "a long name" }
  if reading.unit.utf8.count > Limits.readingUnitBytes { return "a long unit" }
  return unsafePart(reading.name) ?? unsafePart(reading.unit)
}

private func written(_ reading: Reading) -> String {
  "'\(reading.name.replacing("'", with: "''"))'=\(reading.value)\(reading.unit)"
}

/// What must not reach a terminal.
private func unsafePart(_ text: String) -> String? {
  for scalar in text.unicodeScalars {
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator:
      return "U+\(String(scalar.value, radix: 16))"
    default: continue
    }
  }
  return printable(text, limit: .max) == text ? nil : "what is to be escaped"
}
