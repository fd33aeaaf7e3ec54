/// A pattern as a tree.
indirect enum PatternTree: Sendable {
  case empty
  case scalars(ScalarSet)
  case startOfText
  case endOfText
  case sequence([PatternTree])
  case alternatives([PatternTree])
  /// `most` is nil without an upper bound; `offset` is the quantifier's place in the source.
  case repeated(PatternTree, least: Int, most: Int?, offset: Int)
}

/// Reads a pattern's source, by recursive descent with bounded depth.
struct PatternParser {
  static let depthLimit = 64

  private let scalars: [Unicode.Scalar]
  private var index = 0
  private var ignoresCase = false
  private var depth = 0

  private init(_ source: String) { scalars = Array(source.unicodeScalars) }

  static func parse(_ source: String) throws(PatternError) -> PatternTree {
    var parser = PatternParser(source)
    parser.ignoresCase = parser.take(prefix: "(?i)")
    let tree = try parser.alternatives()
    if parser.index < parser.scalars.count {
      throw parser.error("this ')' closes no group; write \\) for the character")
    }
    return tree
  }

  // MARK: - Structure

  private mutating func alternatives() throws(PatternError) -> PatternTree {
    var branches = [try sequence()]
    while take("|") { branches.append(try sequence()) }
    if branches.count == 1 { return branches[0] }
    // Alternatives of one scalar each are a class, which costs one state instead of many.
    var merged = ScalarSet([])
    for branch in branches {
      guard case .scalars(let set) = branch else { return .alternatives(branches) }
      merged = merged.union(set)
    }
    return .scalars(merged)
  }

  private mutating func sequence() throws(PatternError) -> PatternTree {
    var items: [PatternTree] = []
    while let scalar = peek, scalar != "|", scalar != ")" {
      let item = try atom()
      items.append(try quantified(item, isAnchor: scalar == "^" || scalar == "$"))
    }
    switch items.count {
    case 0: return .empty
    case 1: return items[0]
    default: return .sequence(items)
    }
  }

  private mutating func atom() throws(PatternError) -> PatternTree {
    let start = index
    let scalar = scalars[index]
    index += 1
    switch scalar {
    case "(": return try group(openedAt: start)
    case "[": return .scalars(try characterClass(openedAt: start))
    case ".": return .scalars(.anyButLineFeed)
    case "^": return .startOfText
    case "$": return .endOfText
    case "\\":
      switch try escape(startedAt: start) {
      case .scalar(let literal): return .scalars(cased(ScalarSet(literal)))
      case .set(let set): return .scalars(set)
      }
    case "*", "+", "?":
      throw error("nothing stands before '\(scalar)' to repeat", at: start)
    case "{":
      index = start
      if try counts() != nil {
        throw error("nothing stands before '{' to repeat", at: start)
      }
      index = start + 1
      return .scalars(ScalarSet(scalar))
    default: return .scalars(cased(ScalarSet(scalar)))
    }
  }

  private mutating func group(openedAt start: Int) throws(PatternError) -> PatternTree {
    if take("?"), !take(":") { throw groupError(openedAt: start) }
    depth += 1
    guard depth <= Self.depthLimit else {
      throw error("groups are nested more than \(Self.depthLimit) deep", at: start)
    }
    let tree = try alternatives()
    guard take(")") else { throw error("the group is not closed", at: start) }
    depth -= 1
    return tree
  }

  private func groupError(openedAt start: Int) -> PatternError {
    switch peek {
    case "=", "!": return error("look-ahead is not supported", at: start)
    case "<" where index + 1 < scalars.count && ["=", "!"].contains(scalars[index + 1]):
      return error("look-behind is not supported", at: start)
    case "<", "P": return error("named groups are not supported; use (?: )", at: start)
    case ">": return error("atomic groups are not supported", at: start)
    case "i": return error("(?i) may only stand at the start of the pattern", at: start)
    default: return error("only ( ) and (?: ) groups are supported", at: start)
    }
  }

  // MARK: - Quantifiers

  private mutating func quantified(
    _ item: PatternTree, isAnchor: Bool
  ) throws(PatternError) -> PatternTree {
    let start = index
    guard let bounds = try quantifier() else { return item }
    if isAnchor { throw error("an anchor cannot be repeated", at: start) }
    if peek == "?" { throw error("lazy quantifiers are not supported") }
    if peek == "+" { throw error("possessive quantifiers are not supported") }
    let second = index
    if try quantifier() != nil {
      throw error("a second quantifier; put the first and its part in a group", at: second)
    }
    return .repeated(item, least: bounds.least, most: bounds.most, offset: byteOffset(start))
  }

  private mutating func quantifier() throws(PatternError) -> (least: Int, most: Int?)? {
    if take("*") { return (0, nil) }
    if take("+") { return (1, nil) }
    if take("?") { return (0, 1) }
    return try counts()
  }

  /// Reads `{m}`, `{m,}` or `{m,n}`; nil, and nothing read, where a brace begins no count: bodies
  /// are often JSON, and a brace in a pattern then stands for itself.
  private mutating func counts() throws(PatternError) -> (least: Int, most: Int?)? {
    let start = index
    guard take("{") else { return nil }
    let least = try number()
    let hasComma = take(",")
    let most = try hasComma ? number() : least
    guard take("}"), least != nil || most != nil else {
      index = start
      return nil
    }
    guard let least else { throw error("a count needs its lower bound: {0,n}", at: start) }
    if let most, most < least { throw error("the count's bounds are reversed", at: start) }
    return (least, most)
  }

  private mutating func number() throws(PatternError) -> Int? {
    let start = index
    var value: Int?
    while let scalar = peek, ScalarSet.digits.contains(scalar.value) {
      value = (value ?? 0) * 10 + Int(scalar.value - 0x30)
      if let value, value > 9_999 { throw error("the count is too large", at: start) }
      index += 1
    }
    return value
  }

  // MARK: - Classes and escapes

  private enum Escape {
    case scalar(Unicode.Scalar)
    case set(ScalarSet)
  }

  private mutating func escape(startedAt start: Int) throws(PatternError) -> Escape {
    guard let scalar = peek else { throw error("a backslash ends the pattern", at: start) }
    index += 1
    switch scalar {
    case "d": return .set(.digits)
    case "D": return .set(ScalarSet.digits.inverted)
    case "w": return .set(.wordScalars)
    case "W": return .set(ScalarSet.wordScalars.inverted)
    case "s": return .set(.spaces)
    case "S": return .set(ScalarSet.spaces.inverted)
    case "n": return .scalar("\n")
    case "r": return .scalar("\r")
    case "t": return .scalar("\t")
    case "0"..."9", "k": throw error("back-references are not supported", at: start)
    case "b", "B": throw error("word boundaries are not supported", at: start)
    case "A", "z", "Z": throw error("not supported; use ^ and $", at: start)
    case "a"..."z", "A"..."Z":
      throw error("the escape \\\(scalar) is not supported", at: start)
    default: return .scalar(scalar)
    }
  }

  private mutating func characterClass(openedAt start: Int) throws(PatternError) -> ScalarSet {
    let isNegated = take("^")
    if peek == "]" { throw error("an empty class; write \\] for the character", at: start) }
    var ranges: [ClosedRange<UInt32>] = []
    while !take("]") {
      guard index < scalars.count else { throw error("the class is not closed", at: start) }
      if peek == "[", index + 1 < scalars.count, scalars[index + 1] == ":" {
        throw error("named classes such as [:alpha:] are not supported")
      }
      ranges += try classItem()
    }
    let set = cased(ScalarSet(ranges))
    return isNegated ? set.inverted : set
  }

  private mutating func classItem() throws(PatternError) -> [ClosedRange<UInt32>] {
    let start = index
    let lower: Unicode.Scalar
    switch try classMember() {
    case .set(let set): return set.ranges
    case .scalar(let scalar): lower = scalar
    }
    guard peek == "-", index + 1 < scalars.count, scalars[index + 1] != "]" else {
      return [lower.value...lower.value]
    }
    index += 1
    guard case .scalar(let upper) = try classMember() else {
      throw error("a range must end in one character", at: start)
    }
    guard lower <= upper else { throw error("the range is reversed", at: start) }
    return [lower.value...upper.value]
  }

  private mutating func classMember() throws(PatternError) -> Escape {
    let start = index
    let scalar = scalars[index]
    index += 1
    return scalar == "\\" ? try escape(startedAt: start) : .scalar(scalar)
  }

  private func cased(_ set: ScalarSet) -> ScalarSet { ignoresCase ? set.withBothCases : set }

  // MARK: - Reading

  private var peek: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

  private mutating func take(_ wanted: Unicode.Scalar) -> Bool {
    guard peek == wanted else { return false }
    index += 1
    return true
  }

  private mutating func take(prefix: String) -> Bool {
    guard scalars.starts(with: prefix.unicodeScalars) else { return false }
    index = prefix.unicodeScalars.count
    return true
  }

  private func error(_ message: String, at place: Int? = nil) -> PatternError {
    PatternError(message: message, offset: byteOffset(place ?? index))
  }

  private func byteOffset(_ place: Int) -> Int {
    scalars.prefix(place).reduce(0) { $0 + UTF8.width($1) }
  }
}
