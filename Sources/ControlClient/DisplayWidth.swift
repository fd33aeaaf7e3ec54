/// The columns of a terminal that a text takes: 0 for a combining mark, 2 for a wide letter, else 1.
/// A name in Vietnamese is as wide composed (NFC) as decomposed (NFD).
package func displayWidth(_ text: String) -> Int {
  text.unicodeScalars.reduce(0) { $0 + displayWidth($1) }
}

/// The columns of one scalar. Source of the wide ranges: Unicode Standard Annex #11, letters of
/// width W and F; emoji that show as pictures are wide by their own property.
package func displayWidth(_ scalar: Unicode.Scalar) -> Int {
  let value = scalar.value
  if value < 0x300 { return (0x20...0x7E).contains(value) || value >= 0xA0 ? 1 : 0 }
  switch scalar.properties.generalCategory {
  case .nonspacingMark, .enclosingMark, .format, .control: return 0
  default: break
  }
  if (0x1160...0x11FF).contains(value) { return 0 }
  if value < wideRanges[0].lowerBound { return 1 }
  if wideRanges.contains(where: { $0.contains(value) }) { return 2 }
  // Regional indicators are drawn in pairs, one column each.
  let isRegionalIndicator = (0x1F1E6...0x1F1FF).contains(value)
  return scalar.properties.isEmojiPresentation && !isRegionalIndicator ? 2 : 1
}

private let wideRanges: [ClosedRange<UInt32>] = [
  0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0x3247, 0x3250...0x4DBF,
  0x4E00...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19,
  0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF,
  0x1F200...0x1F265, 0x20000...0x3FFFD,
]

/// The text cut to at most `width` columns, with `mark` as its end where it was cut.
package func fitted(_ text: String, to width: Int, mark: String = "…") -> String {
  if text.utf8.count <= width || displayWidth(text) <= width { return text }
  let room = width - displayWidth(mark)
  return room < 0 ? "" : prefix(of: text, columns: room) + mark
}

/// As much of a text as fits into so many columns. A letter is never parted from its marks.
func prefix(of text: String, columns: Int) -> String {
  var kept = ""
  var room = columns
  for scalar in text.unicodeScalars {
    room -= displayWidth(scalar)
    if room < 0 { break }
    kept.unicodeScalars.append(scalar)
  }
  return kept
}
