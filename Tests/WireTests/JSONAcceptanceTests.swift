import Testing

@testable import Wire

/// What RFC 8259 accepts and refuses, and what this parser chooses where the RFC leaves it open.
struct JSONAcceptanceTests {
  @Test("structure is read as RFC 8259 sections 2, 4 and 5 say", arguments: structure)
  func structureRows(_ row: JSONRow) { check(row, .json) }

  @Test("numbers are read as RFC 8259 section 6 says", arguments: numbers)
  func numberRows(_ row: JSONRow) { check(row, .json) }

  @Test("strings are read as RFC 8259 section 7 says", arguments: strings)
  func stringRows(_ row: JSONRow) { check(row, .json) }

  @Test("a text that is no UTF-8 is refused", arguments: encoding)
  func encodingRows(_ row: JSONRow) { check(row, .json) }

  @Test("broken UTF-8 in a string is refused in JSON5 as well", arguments: brokenSequences)
  func brokenInJSON5(_ row: JSONRow) { check(row, .json5) }

  @Test("what JSON accepts, JSON5 reads as the same value", arguments: structure + strings)
  func jsonIsJSON5(_ row: JSONRow) {
    guard let value = row.value else { return }
    let result = parseJSON(row.bytes, dialect: .json5, limits: .body)
    #expect(result.node.map(render) == value)
    #expect(result.errors.isEmpty)
  }

  @Test("every proper beginning of a text is refused")
  func prefixes() {
    let text = Array(#"{"a": [1, -2.5e3, "x\u00e9ế", true, null, {}], "b": false}"#.utf8)
    for length in 0..<text.count {
      let result = parseJSON(Array(text[..<length]), dialect: .json)
      #expect(result.node == nil && result.errors.count == 1, "the first \(length) bytes")
    }
    #expect(parseJSON(text, dialect: .json).errors.isEmpty)
  }

  static let structure: [JSONRow] = [
    accept("null", as: "null", "null alone"),
    accept("true", as: "true", "true alone"),
    accept("false", as: "false", "false alone"),
    accept("42", as: "42", "a number alone"),
    accept("-0.1", as: "-0.1", "a negative number alone"),
    accept(#""asd""#, as: #""asd""#, "a string alone"),
    accept(#""""#, as: #""""#, "an empty string alone"),
    accept("[]", as: "[]", "an empty array"),
    accept("{}", as: "{}", "an empty object"),
    accept("[[]   ]", as: "[[]]", "blanks before a bracket"),
    accept(" [1]\n", as: "[1]", "blanks around the text"),
    accept(" \t\r\n[ \t\r\n1 \t\r\n] \t\r\n", as: "[1]", "all four blanks in every gap"),
    accept("[1,null,null,null,2]", as: "[1,null,null,null,2]", "several nulls"),
    accept(#"[null, 1, "1", {}]"#, as: #"[null,1,"1",{}]"#, "values of several kinds"),
    accept(#"{"a":"b"}"#, as: #"{"a":"b"}"#, "one member"),
    accept(#"{"":0}"#, as: #"{"":0}"#, "an empty key"),
    accept(#"{"a":{"b":[{}]}}"#, as: #"{"a":{"b":[{}]}}"#, "objects within objects"),
    accept(#"{"a":"b","a":"c"}"#, as: #"{"a":"b","a":"c"}"#, "a key twice: the last will win"),
    accept("{\n\"a\"\n:\n1\n}", as: #"{"a":1}"#, "line ends between the tokens"),
    refuse("", "nothing"),
    refuse(" ", "a blank only"),
    refuse("[", "an array never closed"),
    refuse("{", "an object never closed"),
    refuse("]", "a bracket never opened"),
    refuse("[1", "an array that ends behind an element"),
    refuse("[1,", "an array that ends behind a comma"),
    refuse("[1}", "an array closed as an object"),
    refuse(#"{"a":1]"#, "an object closed as an array"),
    refuse("[1]]", "one bracket too many"),
    refuse("[][]", "two values"),
    refuse("1 2", "two numbers"),
    refuse("[1,]", "a trailing comma in an array"),
    refuse("[,1]", "a leading comma"),
    refuse("[1,,2]", "two commas"),
    refuse("[,]", "a comma alone"),
    refuse("[1 2]", "no comma"),
    refuse("[1:2]", "a colon in an array"),
    refuse(#"["a": 1]"#, "a member in an array"),
    refuse(#"{"a":1,}"#, "a trailing comma in an object"),
    refuse(#"{,"a":1}"#, "a leading comma in an object"),
    refuse(#"{"a":1,,"b":2}"#, "two commas in an object"),
    refuse(#"{"a" 1}"#, "no colon"),
    refuse(#"{"a"::1}"#, "two colons"),
    refuse(#"{"a":}"#, "no value"),
    refuse(#"{:1}"#, "no key"),
    refuse(#"{"a"}"#, "a key alone"),
    refuse(#"{"a":1 "b":2}"#, "no comma between members"),
    refuse("{a:1}", "a key without quotes"),
    refuse("{'a':1}", "a key in single quotes"),
    refuse("{1:1}", "a number for a key"),
    refuse("{null:1}", "a word for a key"),
    refuse("{[]:1}", "an array for a key"),
    refuse("['a']", "a string in single quotes"),
    refuse("[a]", "an unknown word"),
    refuse("[True]", "a word in capitals"),
    refuse("[nul]", "a word cut short"),
    refuse("[nullx]", "a word with a tail"),
    refuse("[truefalse]", "two words in one"),
    refuse("[1]// comment", "a line comment"),
    refuse("[1/* comment */]", "a block comment"),
    refuse("# comment\n[]", "a comment of another language"),
    refuse("[\u{0C}]", "a form feed between tokens"),
    refuse("[\u{0B}]", "a vertical tab between tokens"),
    refuse("[\u{00A0}]", "a no-break space between tokens"),
    refuse("[\u{2060}]", "a word joiner between tokens"),
    refuse("[\u{0}]", "a NUL between tokens"),
    refuse("[]\u{0}", "a NUL behind the text"),
    refuse("\u{FEFF}{}", "a byte order mark (the RFC allows either)"),
    refuse("\u{FEFF}", "a byte order mark alone"),
    refuse("<.>", "markup"),
    refuse("*", "an asterisk"),
    refuse(#"{"a":"b"}#"#, "something behind the object"),
    refuse("[\\n]", "an escape outside of a string"),
    refuse("[1\u{FF0C}2]", "a full-width comma"),
  ]

  static let numbers: [JSONRow] = [
    accept("[0]", as: "[0]", "zero"),
    accept("[-0]", as: "[-0]", "negative zero"),
    accept("[0.0]", as: "[0.0]", "zero with a fraction"),
    accept("[123]", as: "[123]", "an integer"),
    accept("[-123]", as: "[-123]", "a negative integer"),
    accept("[123.456789]", as: "[123.456789]", "a fraction"),
    accept("[0.5e0]", as: "[0.5e0]", "a fraction with an exponent"),
    accept("[1E22]", as: "[1E22]", "a capital E"),
    accept("[1e+2]", as: "[1e+2]", "an exponent with plus"),
    accept("[1E-2]", as: "[1E-2]", "an exponent with minus"),
    accept("[1e007]", as: "[1e007]", "an exponent with leading zeros"),
    accept("[0e1]", as: "[0e1]", "zero with an exponent"),
    accept("[1e400]", as: "[1e400]", "too large for Double: the text is kept"),
    accept("[1e-400]", as: "[1e-400]", "too small for Double"),
    accept(
      "[123456789012345678901234567890]", as: "[123456789012345678901234567890]",
      "more digits than 64 bits hold"),
    refuse("[+1]", "a plus sign"),
    refuse("[-]", "a sign alone"),
    refuse("[--1]", "two signs"),
    refuse("[- 1]", "a blank behind the sign"),
    refuse("[01]", "a leading zero"),
    refuse("[-012]", "a leading zero behind the sign"),
    refuse("[00]", "two zeros"),
    refuse("[1.]", "no digit behind the point"),
    refuse("[.5]", "no digit before the point"),
    refuse("[-.5]", "a sign and a point"),
    refuse("[1.e1]", "no digit between point and exponent"),
    refuse("[1.2.3]", "two points"),
    refuse("[1e]", "an empty exponent"),
    refuse("[1e+]", "an exponent of a sign"),
    refuse("[1e1.5]", "a fraction in the exponent"),
    refuse("[1ee2]", "two exponents"),
    refuse("[0x1F]", "hexadecimal"),
    refuse("[1_000]", "an underscore"),
    refuse("[1 000]", "a blank between digits"),
    refuse("[1,000.0.0]", "a second point behind a comma"),
    refuse("[Infinity]", "Infinity"),
    refuse("[-Infinity]", "negative Infinity"),
    refuse("[NaN]", "NaN"),
    refuse("[1a]", "a letter behind the digits"),
    refuse("[\u{FF11}]", "a full-width digit"),
    refuse("[1.5f]", "a suffix"),
  ]

  static let strings: [JSONRow] = [
    accept(
      #"["\"\\\/\b\f\n\r\t"]"#, as: #"["\"\\/\u{8}\u{c}\u{a}\u{d}\u{9}"]"#, "every short escape"),
    accept(#"["\u0041\u00e9\u1EBF"]"#, as: #"["Aéế"]"#, "escapes of one unit in either case"),
    accept(#"["\uD83D\uDE00"]"#, as: #"["😀"]"#, "a surrogate pair"),
    accept(#"["\ud801\udc37x"]"#, as: "[\"\u{10437}x\"]", "a surrogate pair in small letters"),
    accept(#"["\u0000"]"#, as: #"["\u{0}"]"#, "NUL, escaped"),
    accept(#"["\uFFFF\uFDD0"]"#, as: #"["\u{ffff}\u{fdd0}"]"#, "noncharacters"),
    accept(#"["a\\u0041"]"#, as: #"["a\\u0041"]"#, "an escaped backslash before a u"),
    accept("[\"\u{7F}\"]", as: #"["\u{7f}"]"#, "DEL as it is"),
    accept("[\"\u{2028}\u{2029}\"]", as: #"["\u{2028}\u{2029}"]"#, "separators"),
    accept("[\"\u{10FFFF}\"]", as: #"["\u{10ffff}"]"#, "the last scalar"),
    accept("[\"\u{FEFF}\"]", as: #"["\u{feff}"]"#, "a byte order mark within"),
    accept(#"["/* no */ // comment"]"#, as: #"["/* no */ // comment"]"#, "comment signs"),
    accept(#"["Thừa Thiên Huế"]"#, as: #"["Thừa Thiên Huế"]"#, "Vietnamese"),
    accept(#"{"tỉnh\n":"'"}"#, as: #"{"tỉnh\u{a}":"'"}"#, "an escape in a key"),
    refuse(#"["a]"#, "a string never closed"),
    refuse(#"["a\"]"#, "the closing quote escaped"),
    refuse(#"["\"#, "a text that ends behind a backslash"),
    refuse(#"["\x41"]"#, "an escape of JSON5"),
    refuse(#"["\'"]"#, "an escaped single quote"),
    refuse(#"["\a"]"#, "an escape of C"),
    refuse(#"["\0"]"#, "an octal escape"),
    refuse(#"["\U0041"]"#, "a capital U"),
    refuse(#"["\u"]"#, "no digits"),
    refuse(#"["\u00A"]"#, "three digits"),
    refuse(#"["\u00G0"]"#, "a letter that is no digit"),
    refuse(#"["\u+041"]"#, "a sign among the digits"),
    refuse(#"["\uD800"]"#, "a first half alone (the RFC leaves it open)"),
    refuse(#"["\uDC00"]"#, "a second half alone (the RFC leaves it open)"),
    refuse(#"["\uD800\uD800"]"#, "two first halves"),
    refuse(#"["\uDC00\uDC00"]"#, "two second halves"),
    refuse(#"["\uDC00\uD800"]"#, "the halves swapped"),
    refuse(#"["\uD800\u0041"]"#, "a first half before a letter"),
    refuse(#"["\uD800\n"]"#, "a first half before another escape"),
    refuse(#"["\uD800\u"]"#, "a first half before half an escape"),
    refuse("[\"a\nb\"]", "a line end in a string"),
    refuse("[\"a\tb\"]", "a tab in a string"),
    refuse("[\"a\u{0}b\"]", "a NUL in a string"),
    refuse("[\"a\u{1F}b\"]", "the last control character in a string"),
    refuse("[\"a\\\nb\"]", "a continued line"),
    refuse("[\\u0022a\"]", "an escaped opening quote"),
    refuse("[“a”]", "typographic quotes"),
    refuse("[`a`]", "backquotes"),
  ]

  static let encoding: [JSONRow] =
    brokenSequences + [
      refuse(bytes: [0x5B, 0xFF, 0x5D], "0xFF outside of a string"),
      refuse(bytes: [0xE5], "one byte that leads nothing"),
      refuse(bytes: [0x5B, 0x31, 0xE5, 0x5D], "a broken byte behind a digit"),
      refuse(bytes: [0x7B, 0x22, 0xB9, 0x22, 0x3A, 0x30, 0x7D], "a broken key"),
      refuse(bytes: [0xFE, 0xFF, 0x00, 0x5B, 0x00, 0x5D], "UTF-16, big end first"),
      refuse(bytes: [0xFF, 0xFE, 0x5B, 0x00, 0x5D, 0x00], "UTF-16, little end first"),
      refuse(bytes: [0x5B, 0x00, 0x5D, 0x00], "UTF-16 without a mark"),
      refuse(bytes: [0xEF, 0xBB], "half a byte order mark"),
    ]

  static let brokenSequences: [JSONRow] = [
    refuse(bytes: inString(0x80), "a continuation byte alone"),
    refuse(bytes: inString(0xBF, 0xBF), "two continuation bytes"),
    refuse(bytes: inString(0xC0, 0xAF), "an overlong solidus of two bytes"),
    refuse(bytes: inString(0xC1, 0xBF), "an overlong DEL"),
    refuse(bytes: inString(0xE0, 0x80, 0xAF), "an overlong solidus of three bytes"),
    refuse(bytes: inString(0xE0, 0x9F, 0xBF), "the largest overlong of three bytes"),
    refuse(bytes: inString(0xF0, 0x80, 0x80, 0xAF), "an overlong solidus of four bytes"),
    refuse(bytes: inString(0xF0, 0x8F, 0xBF, 0xBF), "the largest overlong of four bytes"),
    refuse(bytes: inString(0xED, 0xA0, 0x80), "the first surrogate"),
    refuse(bytes: inString(0xED, 0xBF, 0xBF), "the last surrogate"),
    refuse(bytes: inString(0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80), "a pair of surrogates (CESU-8)"),
    refuse(bytes: inString(0xF4, 0x90, 0x80, 0x80), "one above the last scalar"),
    refuse(bytes: inString(0xF5, 0x80, 0x80, 0x80), "a lead byte too large"),
    refuse(bytes: inString(0xF8, 0x88, 0x80, 0x80, 0x80), "five bytes"),
    refuse(bytes: inString(0xFE), "0xFE"),
    refuse(bytes: inString(0xFF), "0xFF"),
    refuse(bytes: inString(0xC3), "two bytes cut by the quote"),
    refuse(bytes: inString(0xE1, 0xBA), "three bytes cut by the quote"),
    refuse(bytes: inString(0xF0, 0x9F, 0x98), "four bytes cut by the quote"),
    refuse(bytes: [0x22, 0xE1, 0xBA], "three bytes cut by the end"),
    refuse(bytes: inString(0xE9), "Latin-1"),
    refuse(bytes: inString(0xC3, 0x28), "a letter where a continuation belongs"),
  ]
}
