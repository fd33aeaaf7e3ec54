import Wire

/// A search ends within its bound of work, finds the same however it is sliced, and what a pattern
/// matches it also finds with text around it, unless it is tied to an end.
func patternViolation(_ bytes: [UInt8]) -> String? {
  let (source, text) = halves(bytes)
  let pattern: Pattern
  do throws(PatternError) {
    pattern = try Pattern(String(decoding: source, as: UTF8.self))
  } catch {
    return error.offset < 0 || error.offset > max(source.count * 3, 1)
      ? "an error at byte \(error.offset) of \(source.count)" : nil
  }
  let whole = pattern.matches(text)
  var run = PatternRun(pattern)
  var index = 0
  // What one byte may cost at most, by the weights that PatternRun gives to its steps.
  let bound = (text.count + 2) * (12 * pattern.stateCount + 160)
  while case .more = run.advance(text, from: index, work: 7) {
    guard case .more(let next) = run.result else { break }
    if next < index || next > text.count { return "a slice ends at \(next) of \(text.count)" }
    if run.spent > bound { return "\(run.spent) steps for \(text.count) bytes" }
    index = next
  }
  return (run.result == .matched) == whole ? nil : "slices find something else"
}
