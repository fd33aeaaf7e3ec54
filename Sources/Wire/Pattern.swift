/// Why a pattern was refused, and at which byte of its source.
package struct PatternError: Error, Sendable, Hashable, CustomStringConvertible {
  package var message: String
  package var offset: Int

  package init(message: String, offset: Int) {
    self.message = message
    self.offset = offset
  }

  package var description: String { "\(message) (at byte \(offset) of the pattern)" }
}

/// A regular expression that is searched for in time linear in the text, whatever the text is.
///
/// The subset: literals; `.` (any scalar but a line feed); classes `[a-z]` and `[^a-z]`; `\d \w \s`
/// and `\D \W \S` (ASCII); `\n \r \t`, and a backslash before any punctuation; groups `( )` and
/// `(?: )`; `|`; `*`, `+`, `?`, `{m}`, `{m,}`, `{m,n}`; `^` and `$` for the start and the end of the
/// whole text; `(?i)` at the very start to ignore case. A brace that begins no count stands for
/// itself. Back-references, look-around, lazy and possessive quantifiers, word boundaries and named
/// groups are refused.
///
/// The text is UTF-8. A byte that belongs to no valid scalar counts as one scalar of its own, which
/// only `.`, negated classes and `\D \W \S` match. Scalars are compared as they stand: a composed
/// letter does not match its decomposed form.
package struct Pattern: Sendable, Hashable {
  package static let sourceBytesLimit = 1_024
  package static let stateLimit = 2_048

  package let source: String
  let program: PatternProgram

  /// The automaton's states. A byte of text costs at most some steps for each of them.
  package var stateCount: Int { program.nodes.count }

  /// Compiles a pattern; one that is longer than `sourceBytesLimit` or needs more states than
  /// `stateLimit` is refused.
  package init(_ source: String) throws(PatternError) {
    guard source.utf8.count <= Self.sourceBytesLimit else {
      throw PatternError(
        message: "the pattern is longer than \(Self.sourceBytesLimit) bytes",
        offset: Self.sourceBytesLimit)
    }
    self.source = source
    program = try PatternProgram(PatternParser.parse(source), stateLimit: Self.stateLimit)
  }

  /// Whether the pattern matches anywhere in the text. Takes as long as it takes; a caller that must
  /// not be held up slices the work with ``PatternRun``.
  package func matches(_ bytes: [UInt8]) -> Bool {
    var run = PatternRun(self)
    var index = 0
    while case .more(let next) = run.advance(bytes, from: index, work: .max) { index = next }
    return run.result == .matched
  }

  package static func == (a: Self, b: Self) -> Bool { a.source == b.source }
  package func hash(into hasher: inout Hasher) { hasher.combine(source) }
}
