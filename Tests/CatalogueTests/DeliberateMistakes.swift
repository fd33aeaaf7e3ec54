import Base
import Wire

/// A shipped file with one thing wrong in it, and the lines that a complaint may name.
struct DeliberateMistake {
  enum Kind: CaseIterable {
    case misspeltKey
    case wrongType
    case wrongUnit
    case wrongRange
    case lostBrace
  }

  var kind: Kind
  var path: String
  var bytes: [UInt8]
  /// What was changed, for people.
  var what: String
  var lines: [Int]
}

/// A key of a file with the keys on the way to it.
struct KeyPlace {
  var way: [String]
  var member: JSONMember
}

/// All keys of a file, from the outside in.
func allKeys(of node: JSONNode, way: [String] = []) -> [KeyPlace] {
  switch node.value {
  case .object(let members):
    members.flatMap { member in
      [KeyPlace(way: way, member: member)] + allKeys(of: member.node, way: way + [member.key])
    }
  case .array(let elements): elements.flatMap { allKeys(of: $0, way: way) }
  default: []
  }
}

/// Every mistake that can be made in a file: its keys misspelt, its values of another type, unit or
/// range, its braces lost.
struct MistakeMaker {
  private let path: String
  private let bytes: [UInt8]
  private let root: JSONNode
  private(set) var mistakes: [DeliberateMistake] = []

  init?(_ path: String, _ bytes: [UInt8]) {
    guard let root = parseJSON(bytes, dialect: .json5).node else { return nil }
    self.path = path
    self.bytes = bytes
    self.root = root
    for place in allKeys(of: root) {
      misspell(place)
      spoil(place)
    }
    loseBraces()
  }

  private mutating func add(
    _ kind: DeliberateMistake.Kind, _ what: String, at line: Int, _ changed: [UInt8]
  ) {
    mistakes.append(
      DeliberateMistake(
        kind: kind, path: path, bytes: changed, what: what, lines: [line]))
  }

  /// Codes, organisations and vendors have any name.
  private mutating func misspell(_ place: KeyPlace) {
    let key = place.member
    if place.way.last == "codes" || path.hasSuffix("organisations.json5") && place.way.isEmpty {
      return
    }
    var changed = bytes
    let offset = key.keyPosition.offset
    changed.insert(UInt8(ascii: "x"), at: bytes[offset] == UInt8(ascii: "\"") ? offset + 1 : offset)
    add(.misspeltKey, "x\(key.key)", at: key.keyPosition.line, changed)
  }

  private mutating func spoil(_ place: KeyPlace) {
    let node = place.member.node
    guard node.string != nil || node.int != nil || node.bool != nil else { return }
    let end = scalarEnd(node)
    func with(_ text: String) -> [UInt8] {
      var changed = bytes
      changed.replaceSubrange(node.position.offset..<end, with: text.utf8)
      return changed
    }
    // In the endpoints `null` is a value.
    let other = path.contains("endpoints") ? "7" : "null"
    add(.wrongType, "\(place.member.key): \(other)", at: node.position.line, with(other))
    if let text = node.string {
      if let unitless = withoutUnit(text) {
        add(
          .wrongUnit, "\(place.member.key): \(unitless)", at: node.position.line,
          with("\"\(unitless)\""))
      }
      if let outside = outOfRange(text, key: place.member.key) {
        add(
          .wrongRange, "\(place.member.key): \(outside)", at: node.position.line,
          with("\"\(outside)\""))
      }
    } else if node.int != nil {
      add(.wrongRange, "\(place.member.key): -1", at: node.position.line, with("-1"))
    }
  }

  private func scalarEnd(_ node: JSONNode) -> Int {
    var end = node.position.offset + 1
    if bytes[node.position.offset] == UInt8(ascii: "\"") {
      while bytes[end] != UInt8(ascii: "\"") { end += 1 }
      return end + 1
    }
    while bytes[end] == UInt8(ascii: "_") || (0x30...0x39).contains(bytes[end])
      || (0x61...0x7A).contains(bytes[end])
    {
      end += 1
    }
    return end
  }

  /// `60s` as `60`, `20% over 15m` as `20 over 15m`, `6 changes over 1h` as `6 changes over 1`, `5 intervals`
  /// as `5`; nil for a text without a unit.
  private func withoutUnit(_ text: String) -> String? {
    guard isDigit(text), text.last.map({ $0.isLetter || $0 == "%" }) == true else { return nil }
    let words = text.split(separator: " ")
    if words.count == 1 { return String(text.prefix { $0.isNumber || $0 == "." }) }
    let number = words[0].prefix { $0.isNumber }
    if number == words[0] {
      let end = words[words.count - 1].prefix { $0.isNumber }
      return (words.dropLast() + (end.isEmpty ? [] : [end])).joined(separator: " ")
    }
    return ([number] + words.dropFirst()).joined(separator: " ")
  }

  private func isDigit(_ text: String) -> Bool { text.utf8.first.map { $0 &- 0x30 < 10 } ?? false }

  private func outOfRange(_ text: String, key: String) -> String? {
    if parseDuration(text) != nil { return "9999d" }
    if parseSize(text) != nil { return "0B" == text ? nil : "9999999GB" }
    if parsePercent(text) != nil { return "2000%" }
    if isDigit(text), text.contains(" of ") { return "99 of 5" }
    if text.hasPrefix("p95") { return "p101 over 3s over 15m" }
    if text.contains("% over") { return "2000% over 15m" }
    if text.split(separator: "-").map(\.count) == [4, 2, 2] { return "2025-02-30" }
    if text.hasPrefix("+0") { return "+25:00" }
    if key == "url" { return "ftp://host.example/" }
    if ["service", "system", "owner", "vantage"].contains(key) {
      return String(repeating: "a", count: 65)
    }
    return nil
  }

  // MARK: Braces

  /// Right is the line of the bracket that is left without its partner, or of what stands where the
  /// lost one stood: there the parser cannot go on.
  private mutating func loseBraces() {
    let tokens = structure
    var open: [Int] = []
    for (index, token) in tokens.enumerated() {
      guard let byte = token.bracket else { continue }
      if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
        open.append(index)
      } else if let opener = open.popLast() {
        lose(opener, leaving: tokens[index], of: tokens)
        lose(index, leaving: tokens[opener], of: tokens)
      }
    }
  }

  private mutating func lose(_ index: Int, leaving partner: Token, of tokens: [Token]) {
    var changed = bytes
    let shown = Unicode.Scalar(changed.remove(at: tokens[index].offset))
    let next = index + 1 < tokens.count ? tokens[index + 1] : tokens[index]
    mistakes.append(
      DeliberateMistake(
        kind: .lostBrace, path: path, bytes: changed,
        what: "without \(shown) of line \(tokens[index].line)",
        lines: [tokens[index].line, partner.line, next.line]))
  }

  private struct Token {
    var offset: Int
    var line: Int
    /// Nil for whatever else is no blank.
    var bracket: UInt8?
  }

  /// The brackets that are not in texts and comments, and the starts of the words between them.
  private var structure: [Token] {
    var tokens: [Token] = []
    var line = 1
    var index = 0
    while index < bytes.count {
      switch bytes[index] {
      case 0x0A: line += 1
      case 0x20: break
      case UInt8(ascii: "\""):
        tokens.append(Token(offset: index, line: line))
        index += 1
        while bytes[index] != UInt8(ascii: "\"") { index += 1 }
      case UInt8(ascii: "/"):
        while index < bytes.count, bytes[index] != 0x0A { index += 1 }
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "["), UInt8(ascii: "]"):
        tokens.append(Token(offset: index, line: line, bracket: bytes[index]))
      default: tokens.append(Token(offset: index, line: line))
      }
      index += 1
    }
    return tokens
  }
}
