import Model
import Wire

/// A value that is taken from an answer, to be used in a later request.
package struct Capture: Sendable {
  package enum Source: Sendable {
    case json(JSONPath)
    case xml(XMLPath)
    case header(String)
    case pattern(CapturePattern)

    var isInBody: Bool {
      if case .header = self { false } else { true }
    }

    var isJSON: Bool {
      if case .json = self { true } else { false }
    }

    var stateCount: Int {
      if case .pattern(let pattern) = self { pattern.before.stateCount } else { 0 }
    }
  }

  package var name: String
  package var source: Source

  package init(name: String, source: Source) {
    self.name = name
    self.source = source
  }
}

/// A pattern that ends in one group of one sort of characters, such as `name="csrf" value="([^"]+)`:
/// what stands before the group is searched for, and from its first end on all characters of the
/// sort are taken. So a value is found in one pass, which a group anywhere in a pattern would not
/// allow.
package struct CapturePattern: Sendable {
  package let source: String
  let before: Pattern
  private let character: Pattern

  /// - Throws: what is wrong with the text, in words for a complaint.
  package init(_ source: String) throws(PatternError) {
    self.source = source
    guard source.hasSuffix("+)"), let open = Self.groupStart(source) else {
      throw PatternError(
        message: "it must end in one group of characters, such as ([A-Za-z0-9]+) or ([^\"]+)",
        offset: max(0, source.utf8.count - 1))
    }
    let sort = source[source.index(after: open)...].dropLast(2)
    let before = String(source[..<open])
    guard !before.isEmpty else {
      throw PatternError(message: "something must stand before the group", offset: 0)
    }
    self.before = try Pattern(before)
    character = try Pattern("^\(sort)$")
  }

  /// Where the last group opens, if a class or an escape such as `\w` is all that is in it.
  private static func groupStart(_ source: String) -> String.Index? {
    let inner = source.dropLast(2)
    guard let last = inner.last else { return nil }
    var open: String.Index?
    if last == "]" {
      // The last "([" opens the class: a bracket within it would have to be escaped.
      var search = inner.endIndex
      while search > inner.startIndex {
        search = inner.index(before: search)
        if inner[search...].hasPrefix("([") {
          open = search
          break
        }
      }
    } else if inner.count >= 3, inner.suffix(3).hasPrefix("(\\") {
      open = inner.index(inner.endIndex, offsetBy: -3)
    }
    guard let open else { return nil }
    let isEscaped = inner[..<open].reversed().prefix { $0 == "\\" }.count % 2 == 1
    return isEscaped ? nil : open
  }

  /// The value in a body; nil where there is none.
  func value(in body: [UInt8], _ budget: inout PatternBudget) throws(TooMuchWork) -> String? {
    guard let start = try budget.firstEnd(of: before, in: body) else { return nil }
    var end = start
    var known: [UInt8: Bool] = [:]
    while end < body.count, end - start <= Limits.captureBytes {
      let length = scalarLength(body[end])
      let scalar = Array(body[end..<min(body.count, end + length)])
      let fits: Bool
      if length == 1, let answer = known[body[end]] {
        fits = answer
      } else {
        fits = try budget.matches(character, scalar)
        if length == 1 { known[body[end]] = fits }
      }
      if !fits { break }
      end += scalar.count
    }
    return end == start ? nil : String(decoding: body[start..<end], as: UTF8.self)
  }
}

/// How many bytes a scalar has whose first byte this is (RFC 3629 section 3).
private func scalarLength(_ first: UInt8) -> Int {
  switch first {
  case 0xC2...0xDF: 2
  case 0xE0...0xEF: 3
  case 0xF0...0xF4: 4
  default: 1
  }
}
