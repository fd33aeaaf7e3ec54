/// What the texts of a segment may take: an eighth of it, and so many of one run, so that no server's
/// whims push the samples out. Notes, which may differ from sample to sample, leave a part of that to
/// the rest; those of right samples leave more, so that the notes of failures are kept.
struct TextBudget {
  /// What a text is needed for.
  enum Use {
    /// An outcome's detail, or the name or the unit of a reading.
    case detail
    case note
    case noteOfRight
  }

  /// Texts of one segment and run: bounds the table.
  static let textsMaximum = 8_192

  private let words: Int
  private(set) var wordsLeft: Int

  init(segmentBytes: Int) {
    words = segmentBytes / 8 / 8
    wordsLeft = words
  }

  /// Takes room for a text of so many words; false when there is none. `known`: how many texts there
  /// are already.
  mutating func take(_ size: Int, _ use: Use, known: Int) -> Bool {
    let quartersKept =
      switch use {
      case .detail: 0
      case .note: 1
      case .noteOfRight: 2
      }
    guard known < Self.textsMaximum / 4 * (4 - quartersKept),
      size <= wordsLeft - words / 4 * quartersKept
    else { return false }
    wordsLeft -= size
    return true
  }
}

/// A text cut to so many code points.
func clipped(_ text: String, characters limit: Int) -> String {
  text.utf8.count <= limit ? text : String(text.unicodeScalars.prefix(limit))
}

/// A text cut to so many bytes of UTF-8, between two code points.
func clipped(_ text: String, bytes limit: Int) -> String {
  guard text.utf8.count > limit else { return text }
  var end = text.unicodeScalars.startIndex
  var count = 0
  for index in text.unicodeScalars.indices {
    let size = text.unicodeScalars[index].utf8.count
    guard count + size <= limit else { break }
    count += size
    end = text.unicodeScalars.index(after: index)
  }
  return String(text.unicodeScalars[..<end])
}
