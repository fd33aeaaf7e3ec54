import Base

/// Parses one JSON or JSON5 text, keeping the position of every key and value.
///
/// The first error of syntax, or the first limit exceeded, ends the parse: `node` is nil and the
/// error is the last of `errors`. Duplicate keys, where refused, are all told and the node is still
/// handed over. A text is accepted when `errors` is empty. Time and memory are linear in the text.
/// Without `limits` those of ``JSONLimits/body`` hold for JSON and ``JSONLimits/catalogue`` for
/// JSON5. Grammars: RFC 8259 sections 2 to 8 and JSON5 1.0.0 sections 2 to 8.
package func parseJSON(
  _ bytes: [UInt8], dialect: JSONDialect, limits: JSONLimits? = nil
) -> (node: JSONNode?, errors: [JSONError]) {
  var parser = JSONParser(
    bytes, dialect: dialect, limits: limits ?? (dialect == .json ? .body : .catalogue))
  return parser.parse()
}

/// The parser's state: a cursor that knows its line, and the brackets that are open around it.
/// This file holds the structure; the tokens are in the files beside it.
struct JSONParser {
  private struct Opener {
    var position: Position
    var bracket: UInt8
    var lineStart: Int
  }

  let bytes: [UInt8]
  let isJSON5: Bool
  let limits: JSONLimits

  var index = 0
  private var line = 1
  private var lineStart = 0
  /// UTF-8 continuation bytes between the start of the line and the cursor: with them the column
  /// comes by subtraction, however long the line.
  var continuationBytes = 0

  private var openers: [Opener] = []
  /// The first bracket whose partner stands at another depth of indentation: where people indent, it
  /// has probably lost its own.
  private var suspect: Opener?
  private var nodes = 0
  private var duplicates: [JSONError] = []

  init(_ bytes: [UInt8], dialect: JSONDialect, limits: JSONLimits) {
    self.bytes = bytes
    self.isJSON5 = dialect == .json5
    self.limits = limits
  }

  /// The position of the cursor.
  var here: Position {
    Position(line: line, column: index - lineStart - continuationBytes + 1, offset: index)
  }

  /// The byte under the cursor; nil at the end.
  var current: UInt8? { index < bytes.count ? bytes[index] : nil }

  /// Says that the cursor stands at the start of a line.
  mutating func startLine() {
    line += 1
    lineStart = index
    continuationBytes = 0
  }

  mutating func parse() -> (node: JSONNode?, errors: [JSONError]) {
    let node: JSONNode?
    var syntaxErrors: [JSONError] = []
    do throws(JSONError) {
      node = try text()
    } catch {
      node = nil
      syntaxErrors = [error]
    }
    // An object's repetitions are found when it closes, after those of the objects within it.
    duplicates.sort { $0.position.offset < $1.position.offset }
    return (node, duplicates + syntaxErrors)
  }

  private mutating func text() throws(JSONError) -> JSONNode {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
      guard isJSON5 else {
        throw JSONError(message: "a byte order mark is not JSON", position: here)
      }
      index = 3
      lineStart = 3
    }
    try skipBlank()
    let node = try value()
    try skipBlank()
    if index < bytes.count { throw unexpected(wanted: "the end of the text") }
    return node
  }

  // MARK: Values

  private mutating func value() throws(JSONError) -> JSONNode {
    let position = here
    nodes += 1
    guard nodes <= limits.totalNodes else {
      throw JSONError(
        message: "more than \(limits.totalNodes) values", position: position, isLimit: true)
    }
    return JSONNode(value: try bareValue(), position: position)
  }

  private mutating func bareValue() throws(JSONError) -> JSONNode.Value {
    switch current {
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "{"): return .object(try members())
    case UInt8(ascii: "["): return .array(try elements())
    case UInt8(ascii: "-"), .some(0x30...0x39): return .number(try number())
    case UInt8(ascii: "t") where takeWord("true"): return .bool(true)
    case UInt8(ascii: "f") where takeWord("false"): return .bool(false)
    case UInt8(ascii: "n") where takeWord("null"): return .null
    case UInt8(ascii: "'") where isJSON5: return .string(try string())
    case UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "I"), UInt8(ascii: "N"):
      guard isJSON5 else { throw unexpected(wanted: "a value") }
      return .number(try number())
    default: throw unexpected(wanted: "a value")
    }
  }

  private mutating func elements() throws(JSONError) -> [JSONNode] {
    try open()
    var elements: [JSONNode] = []
    while true {
      try skipBlank()
      if current == UInt8(ascii: "]"), elements.isEmpty || isJSON5 { break }
      if elements.isEmpty { elements.reserveCapacity(4) }
      elements.append(try value())
      try skipBlank()
      if take(UInt8(ascii: ",")) { continue }
      if current == UInt8(ascii: "]") { break }
      throw unexpected(wanted: "\",\" or \"]\"")
    }
    close()
    return elements
  }

  private mutating func members() throws(JSONError) -> [JSONMember] {
    try open()
    var members: [JSONMember] = []
    while true {
      try skipBlank()
      if current == UInt8(ascii: "}"), members.isEmpty || isJSON5 { break }
      if members.isEmpty { members.reserveCapacity(4) }
      if let last = members.last, current == UInt8(ascii: "{") { throw lostList(after: last) }
      members.append(try member())
      try skipBlank()
      if take(UInt8(ascii: ",")) { continue }
      if current == UInt8(ascii: "}") { break }
      throw unexpected(wanted: "\",\" or \"}\"")
    }
    close()
    if limits.duplicateKeys == .refused { noteDuplicates(members) }
    return members
  }

  private mutating func member() throws(JSONError) -> JSONMember {
    let keyPosition = here
    let key = try self.key()
    try skipBlank()
    guard take(UInt8(ascii: ":")) else { throw unexpected(wanted: "\":\" after the key") }
    try skipBlank()
    return JSONMember(key: key, keyPosition: keyPosition, node: try value())
  }

  private mutating func key() throws(JSONError) -> String {
    switch current {
    case UInt8(ascii: "\""): return try string()
    case UInt8(ascii: "'") where isJSON5: return try string()
    default:
      guard isJSON5 else { throw unexpected(wanted: "a key in double quotes") }
      return try identifier()
    }
  }

  // MARK: Brackets

  private mutating func open() throws(JSONError) {
    guard openers.count < min(limits.depth, JSONLimits.depthMaximum) else {
      throw JSONError(
        message: "nested deeper than \(openers.count) levels", position: here, isLimit: true)
    }
    openers.append(Opener(position: here, bracket: bytes[index], lineStart: lineStart))
    index += 1
  }

  private mutating func close() {
    let opener = openers.removeLast()
    if opener.lineStart != lineStart, suspect == nil,
      indentation(at: opener.lineStart) != indentation(at: lineStart)
    {
      suspect = opener
    }
    index += 1
  }

  /// How many blanks a line starts with.
  private func indentation(at start: Int) -> Int {
    var end = start
    while end < bytes.count, bytes[end] == 0x20 || bytes[end] == 0x09 { end += 1 }
    return end - start
  }

  /// Steps over a byte if it stands here.
  private mutating func take(_ byte: UInt8) -> Bool {
    guard current == byte else { return false }
    index += 1
    return true
  }

  // MARK: Complaints

  private mutating func noteDuplicates(_ members: [JSONMember]) {
    // Most objects are small, and comparing a few short keys is cheaper than hashing them.
    if members.count <= 12 {
      for later in members.indices.dropFirst() {
        if let first = members[..<later].first(where: { $0.key == members[later].key }) {
          noteDuplicate(members[later], of: first.keyPosition)
        }
      }
      return
    }
    var first: [String: Position] = [:]
    first.reserveCapacity(members.count)
    for member in members {
      if let position = first[member.key] {
        noteDuplicate(member, of: position)
      } else {
        first[member.key] = member.keyPosition
      }
    }
  }

  private mutating func noteDuplicate(_ member: JSONMember, of first: Position) {
    guard duplicates.count < limits.errors else { return }
    duplicates.append(
      JSONError(
        message: "the key \"\(printable(member.key, limit: 64))\" was given before, at \(first)",
        position: member.keyPosition))
  }

  /// The error that something else was wanted at the cursor. Where what stands there suggests a
  /// lost bracket, it names the one that is still open.
  func unexpected(wanted: String) -> JSONError {
    guard let (scalar, _) = scalar(at: index) else {
      if index < bytes.count { return brokenUTF8() }
      return JSONError(
        message: "expected \(wanted), found the end of the text\(openBracket)", position: here)
    }
    var message = "expected \(wanted), found \(found(scalar))"
    if hintsAtLostBracket(bytes[index]) { message += openBracket }
    return JSONError(message: message, position: here)
  }

  /// The error that one object follows another where a key was wanted, as in a list without its `[`.
  private func lostList(after last: JSONMember) -> JSONError {
    var error = unexpected(wanted: "a key or \"}\"")
    if last.node.object != nil {
      error.message +=
        ", or a \"[\" is missing after the key \"\(printable(last.key, limit: 64))\" at "
        + "\(last.keyPosition)"
    }
    return error
  }

  private func hintsAtLostBracket(_ found: UInt8) -> Bool {
    let innermost = openers.last?.bracket
    return switch found {
    case UInt8(ascii: "]"), UInt8(ascii: "{"): innermost == UInt8(ascii: "{")
    case UInt8(ascii: "}"): innermost == UInt8(ascii: "[")
    // Where a value is wanted a word is the key of the object around.
    case _ where isWordByte(found): isJSON5 && innermost == UInt8(ascii: "[")
    default: false
    }
  }

  private var openBracket: String {
    guard let opener = openers.last else { return "" }
    let bracket = Unicode.Scalar(opener.bracket)
    let told = "; the \"\(bracket)\" opened at \(opener.position) is not closed"
    guard let suspect else { return told }
    let other = Unicode.Scalar(suspect.bracket)
    return "\(told), or the \"\(other)\" opened at \(suspect.position), as the lines are indented"
  }

  /// How what stands at the cursor is shown: a whole word where one starts there.
  private func found(_ scalar: Unicode.Scalar) -> String {
    var end = index
    while end < bytes.count, end - index < 24, isWordByte(bytes[end]) { end += 1 }
    if end > index { return "\"\(String(decoding: bytes[index..<end], as: UTF8.self))\"" }
    return scalar == "\"" ? "a double quote" : "\"\(printable(String(scalar)))\""
  }
}

/// Whether a byte is an ASCII letter or digit, `_` or `$`.
func isWordByte(_ byte: UInt8) -> Bool {
  switch byte {
  case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "$"): true
  default: false
  }
}
