import Testing

@testable import Wire

/// Where things stand, and what the complaints say.
struct JSONErrorTests {
  @Test("an error says what was wanted, what was found and where", arguments: mistakes)
  func messages(_ row: Mistake) {
    #expect(errors(row.text, row.dialect, limits: .catalogue) == [row.error])
  }

  struct Mistake: Sendable, CustomTestStringConvertible {
    var text: String
    var dialect: JSONDialect = .json5
    var error: String
    var testDescription: String { error }
  }

  static let mistakes: [Mistake] = [
    Mistake(text: "", error: "1:1: expected a value, found the end of the text"),
    Mistake(text: "\n\r\n\r  ?", error: #"4:3: expected a value, found "?""#),
    Mistake(text: "[1,\n 2", error: endOfText(#"expected "," or "]""#, at: "2:3", "[", "1:1")),
    Mistake(
      text: "{a: {\n  b: [1, 2],\n}",
      error: endOfText(#"expected "," or "}""#, at: "3:2", "{", "1:1")
    ),
    Mistake(text: "{a: ", error: endOfText("expected a value", at: "1:5", "{", "1:1")),
    Mistake(
      text: "[\n  {id: 'a', on: true,\n  {id: 'b'},\n]",
      error: #"3:3: expected a key or "}", found "{"; the "{" opened at 2:3 is not closed"#),
    Mistake(
      text: "{list: [1, 2}",
      error: #"1:13: expected "," or "]", found "}"; the "[" opened at 1:8 is not closed"#),
    Mistake(
      text: "[{a: 1]",
      error: #"1:7: expected "," or "}", found "]"; the "{" opened at 1:2 is not closed"#),
    Mistake(text: "[{} {}]", error: #"1:5: expected "," or "]", found "{""#),
    Mistake(text: "{a: 1\n b: 2}", error: #"2:2: expected "," or "}", found "b""#),
    Mistake(text: "{a: fast}", error: #"1:5: expected a value, found "fast""#),
    Mistake(text: "{timeout 5}", error: #"1:10: expected ":" after the key, found "5""#),
    Mistake(text: "{a-b: 1}", error: #"1:3: expected ":" after the key, found "-""#),
    Mistake(text: "{1a: 1}", error: #"1:2: "1" cannot stand in a key without quotes"#),
    Mistake(
      text: "{a: 1}", dialect: .json, error: #"1:2: expected a key in double quotes, found "a""#),
    Mistake(text: "[1,]", dialect: .json, error: #"1:4: expected a value, found "]""#),
    Mistake(text: "[] \u{202E}", error: #"1:4: expected the end of the text, found "\u{202e}""#),
    Mistake(text: "[1 \"a\"]", error: #"1:4: expected "," or "]", found a double quote"#),
    Mistake(
      text: "{a: 'ế\n'}", error: "1:7: the string opened at 1:5 is not closed on its line"),
    Mistake(
      text: "[\"a\u{1}\"]", dialect: .json,
      error: "1:4: the control character 0x1 in a string must be escaped"),
    Mistake(text: "1 /* a\n", error: "2:1: the comment opened at 1:3 is not closed"),
    Mistake(text: "[1, 012]", error: "1:5: a number must not start with a needless 0"),
    Mistake(
      text: "[1.x]", dialect: .json, error: #"1:4: expected a digit after the point, found "x""#),
    Mistake(text: "['ab\\u00g']", error: "1:5: this escape needs 4 hexadecimal digits"),
    Mistake(text: "['ab\\uD800']", error: "1:5: half a surrogate pair is not a character"),
    Mistake(text: "['\\1']", error: "1:3: JSON5 has no octal escapes"),
    Mistake(text: "\u{FEFF}[]", dialect: .json, error: "1:1: a byte order mark is not JSON"),
  ]

  static func endOfText(
    _ expected: String, at position: String, _ bracket: String, _ opener: String
  ) -> String {
    "\(position): \(expected), found the end of the text; "
      + "the \"\(bracket)\" opened at \(opener) is not closed"
  }

  @Test("broken UTF-8 is told with its position, counted in scalars")
  func brokenUTF8() {
    let bytes = Array("// Huế\n{tỉnh: 'Huế ".utf8) + [0xC3, 0x28] + Array("'}".utf8)
    let result = parseJSON(bytes, dialect: .json5)
    #expect(result.node == nil)
    #expect(
      result.errors == [
        JSONError(
          message: "broken UTF-8, starting with the byte 0xC3",
          position: Position(line: 2, column: 13, offset: 25))
      ])
  }

  @Test("every key and value knows line, column and offset")
  func positions() throws {
    let text = "\u{FEFF}{ // tỉnh\r\n  'tên': 'Huế\\\n', b: [1,\r\t{c: null}],\n}"
    let node = try parsed(text)
    let members = try #require(node.object)
    let inner = try #require(node["b"]?.array?.last)
    #expect(node.position == Position(line: 1, column: 1, offset: 3))
    #expect(members[0].keyPosition == Position(line: 2, column: 3, offset: 18))
    #expect(members[0].node.position == Position(line: 2, column: 10, offset: 26))
    #expect(members[1].keyPosition == Position(line: 3, column: 4, offset: 37))
    #expect(inner.position == Position(line: 4, column: 2, offset: 45))
    #expect(inner["c"]?.position == Position(line: 4, column: 6, offset: 49))
  }

  @Test("U+2028 does not start a line, since editors do not start one")
  func separatorsAreNoLines() throws {
    let node = try parsed("[\u{2028}1]")
    #expect(node.array?[0].position == Position(line: 1, column: 3, offset: 4))
  }

  @Test("each repetition of a key is told with the first place, and the node is handed over")
  func duplicateKeys() throws {
    let text = "{a: 1, b: {c: 1, 'c': 2},\n \"a\": 3, a: 4}"
    let result = parseJSON(Array(text.utf8), dialect: .json5)
    #expect(result.node?["a"]?.int == 4)
    #expect(
      result.errors.map { "\($0.position): \($0.message)" } == [
        #"1:18: the key "c" was given before, at 1:12"#,
        #"2:2: the key "a" was given before, at 1:2"#,
        #"2:10: the key "a" was given before, at 1:2"#,
      ])
  }

  @Test("repetitions are told in the order of the text, however nested")
  func duplicatesInOrder() {
    #expect(
      errors("{a: 1, a: {c: 1, c: 2}, a: 3}") == [
        #"1:8: the key "a" was given before, at 1:2"#,
        #"1:18: the key "c" was given before, at 1:12"#,
        #"1:25: the key "a" was given before, at 1:2"#,
      ])
  }

  @Test("repetitions are found in large objects, and told before a later error of syntax")
  func duplicatesInLargeObjects() {
    let members = (0..<100).map { "k\($0 % 99): \($0)" }.joined(separator: ", ")
    let expected = #"1:873: the key "k0" was given before, at 1:2"#
    #expect(errors("{\(members)}") == [expected])
    #expect(
      errors("[{\(members)},\n?") == [
        #"1:874: the key "k0" was given before, at 1:3"#, #"2:1: expected a value, found "?""#,
      ])
  }

  @Test("in a body the last of equal keys is the one found")
  func lastKeyWins() {
    let result = parseJSON(Array(#"{"a":1,"b":2,"a":3}"#.utf8), dialect: .json)
    #expect(result.errors.isEmpty)
    #expect(result.node?["a"]?.int == 3)
    #expect(result.node?.object?.count == 3)
  }
}
