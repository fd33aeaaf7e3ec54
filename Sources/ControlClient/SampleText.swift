import Wire

/// An outcome in words with the note beside it: `HTTP status 503 (step 2 of 3 "session")`.
func outcomeText(_ sample: JSONNode) -> String {
  let words = sample.text("sentence") ?? unknownText
  let note = sample.text("note") ?? ""
  return note.isEmpty ? words : "\(words) (\(note))"
}

/// A sample in one line; nil for a null.
func sampleText(_ sample: JSONNode, _ display: Display) -> String? {
  guard let time = sample.text("time") else { return nil }
  var text = "\(timeText(time, display, precision: .milliseconds)) \(outcomeText(sample))"
  if let total = sample.figure("totalMicroseconds"), !sample.flag("skipped") {
    text += " after \(phaseText(microseconds: total))"
  }
  let marks = sampleMarks(sample)
  return marks.isEmpty ? text : "\(text) (\(marks))"
}

/// The figures that a sample brought beside its times: `time 0.012 s, users 3`; empty without any.
func readingsText(_ sample: JSONNode) -> String {
  sample.list("readings").map { reading in
    let unit = reading.text("unit") ?? ""
    let value = reading["value"]?.number?.double.map(valueText) ?? unknownText
    return "\(reading.text("name") ?? unknownText) \(value)" + (unit.isEmpty ? "" : " \(unit)")
  }.joined(separator: ", ")
}

/// A number with up to six digits that tell something: `13`, `0.0123457`, `1200000`.
package func valueText(_ value: Double) -> String {
  guard value.isFinite else { return unknownText }
  let size = value.magnitude
  if value == value.rounded(), size < 1e15 { return String(Int(value)) }
  guard size >= 1e-4, size < 1e15 else { return value.description }
  var scale = 1.0
  while size * scale < 1e5 { scale *= 10 }
  let rounded = (value * scale).rounded() / scale
  return rounded == rounded.rounded() ? String(Int(rounded)) : rounded.description
}
