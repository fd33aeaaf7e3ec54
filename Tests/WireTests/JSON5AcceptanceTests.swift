import Testing

@testable import Wire

/// What the specification JSON5 1.0.0 accepts and refuses beyond JSON.
struct JSON5AcceptanceTests {
  @Test("keys are read as JSON5 section 3 says", arguments: keys)
  func keyRows(_ row: JSONRow) { check(row, .json5) }

  @Test("strings are read as JSON5 section 5 says", arguments: strings)
  func stringRows(_ row: JSONRow) { check(row, .json5) }

  @Test("numbers are read as JSON5 section 6 says", arguments: numbers)
  func numberRows(_ row: JSONRow) { check(row, .json5) }

  @Test("commas, comments and blanks are read as JSON5 sections 3, 4, 7 and 8 say", arguments: gaps)
  func gapRows(_ row: JSONRow) { check(row, .json5) }

  @Test("what only JSON5 accepts, JSON refuses", arguments: keys + strings + numbers + gaps)
  func refusedByJSON(_ row: JSONRow) {
    let result = parseJSON(row.bytes, dialect: .json)
    #expect(result.node == nil && !result.errors.isEmpty)
  }

  static let keys: [JSONRow] = [
    accept("{a:1}", as: #"{"a":1}"#, "a letter"),
    accept("{$_:1,_$:2,a$b_c9:3}", as: #"{"$_":1,"_$":2,"a$b_c9":3}"#, "dollar and underscore"),
    accept("{ùńîċõďë:9}", as: #"{"ùńîċõďë":9}"#, "letters beyond ASCII"),
    accept("{tỉnh:1}", as: #"{"tỉnh":1}"#, "a Vietnamese letter within"),
    accept("{đ:1}", as: #"{"đ":1}"#, "a Vietnamese letter alone"),
    accept("{ti\u{0309}nh:1}", as: #"{"ti\u{309}nh":1}"#, "a combining mark"),
    accept("{名前:1}", as: #"{"名前":1}"#, "ideographs"),
    accept("{Ⅷ:1}", as: #"{"Ⅷ":1}"#, "a letter number"),
    accept("{a٣:1}", as: #"{"a٣":1}"#, "a digit of another script, not first"),
    accept("{a‿b:1}", as: #"{"a‿b":1}"#, "a connector"),
    accept("{a\u{200D}b:1}", as: #"{"a\u{200d}b":1}"#, "a joiner, not first"),
    accept(#"{\u0061b:1}"#, as: #"{"ab":1}"#, "an escape at the start"),
    accept(#"{sig\u03A3ma:1}"#, as: #"{"sigΣma":1}"#, "an escape within"),
    accept("{𝒳:1}", as: #"{"𝒳":1}"#, "a letter beyond U+FFFF (wider than the specification)"),
    accept(
      "{null:1,true:2,while:3,Infinity:4,NaN:5}",
      as: #"{"null":1,"true":2,"while":3,"Infinity":4,"NaN":5}"#, "reserved words"),
    accept("{'a':1}", as: #"{"a":1}"#, "single quotes"),
    accept("{a /**/ : 1}", as: #"{"a":1}"#, "a comment before the colon"),
    accept("{a\u{00A0}:1}", as: #"{"a":1}"#, "a foreign blank before the colon"),
    refuse("{1a:1}", "a digit first"),
    refuse("{10:1}", "a number"),
    refuse("{a-b:1}", "a hyphen"),
    refuse("{a.b:1}", "a point"),
    refuse("{a b:1}", "two words"),
    refuse("{٣:1}", "a digit of another script, first"),
    refuse("{\u{0309}a:1}", "a combining mark, first"),
    refuse("{‿a:1}", "a connector, first"),
    refuse("{\u{200D}a:1}", "a joiner, first"),
    refuse("{a€:1}", "a currency sign"),
    refuse("{a😀:1}", "a pictogram"),
    refuse(#"{\u0031a:1}"#, "an escaped digit first"),
    refuse(#"{a\u002Db:1}"#, "an escaped hyphen"),
    refuse(#"{a\nb:1}"#, "an escape that is no \\u"),
    refuse(#"{\uD800a:1}"#, "half a surrogate pair"),
    refuse("{:1}", "no key"),
    refuse("{,}", "a comma alone"),
    refuse("{a:1,,b:2}", "two commas"),
    refuse("{a 1}", "no colon"),
    refuse("{a:b}", "a value without quotes"),
    refuse("{a}", "a key alone"),
    refuse("{[a]:1}", "a computed key"),
    refuse("{a:1 b:2}", "no comma"),
  ]

  static let strings: [JSONRow] = [
    accept("'a'", as: #""a""#, "single quotes"),
    accept(#"'say "hi"'"#, as: #""say \"hi\"""#, "double quotes within single ones"),
    accept(#"'it\'s'"#, as: #""it's""#, "an escaped single quote"),
    accept(#"'\v\0'"#, as: #""\u{b}\u{0}""#, "vertical tab and NUL"),
    accept(#"'\0a'"#, as: #""\u{0}a""#, "NUL before a letter"),
    accept(#"'\x41\x7a\xE9'"#, as: #""Azé""#, "two hexadecimal digits"),
    accept(#"'\A\C\/\D\C'"#, as: #""AC/DC""#, "letters that stand for themselves"),
    accept(#"'\ế'"#, as: #""ế""#, "a letter beyond ASCII that stands for itself"),
    accept("'a\\\nb'", as: #""ab""#, "a line continued by LF"),
    accept("'a\\\r\nb'", as: #""ab""#, "a line continued by CR LF"),
    accept("'a\\\rb'", as: #""ab""#, "a line continued by CR"),
    accept("'a\\\u{2028}b\\\u{2029}c'", as: #""abc""#, "lines continued by the separators"),
    accept("'\\\n'", as: #""""#, "nothing but a continuation"),
    accept("'a\u{2028}b'", as: #""a\u{2028}b""#, "a line separator as it is"),
    accept("'a\tb\u{1}'", as: #""a\u{9}b\u{1}""#, "control characters as they are"),
    refuse("'a\"", "quotes that do not match"),
    refuse("'a", "a string never closed"),
    refuse("'a\nb'", "a line end"),
    refuse("'a\rb'", "a carriage return"),
    refuse(#"'\1'"#, "an octal escape"),
    refuse(#"'\9'"#, "a digit that is not even octal"),
    refuse(#"'\01'"#, "NUL before a digit"),
    refuse(#"'\x4'"#, "one hexadecimal digit"),
    refuse(#"'\xg0'"#, "no hexadecimal digit"),
    refuse(#"'\u{41}'"#, "an escape in braces"),
    refuse(#"'\uD83D'"#, "half a surrogate pair (narrower than the specification)"),
    refuse("`a`", "backquotes"),
  ]

  static let numbers: [JSONRow] = [
    accept("+5", as: "+5", "a plus sign"),
    accept(".5", as: ".5", "a leading point"),
    accept("-.5e1", as: "-.5e1", "a sign, a point and an exponent"),
    accept("5.", as: "5.", "a trailing point"),
    accept("5.e2", as: "5.e2", "a trailing point with an exponent"),
    accept("+0.", as: "+0.", "zero with a sign and a point"),
    accept("0xC8", as: "0xC8", "hexadecimal"),
    accept("-0XdecAF", as: "-0XdecAF", "hexadecimal with a sign and in either case"),
    accept("[Infinity,-Infinity,+Infinity]", as: "[Infinity,-Infinity,+Infinity]", "Infinity"),
    accept("[NaN,-NaN,+NaN]", as: "[NaN,-NaN,+NaN]", "NaN"),
    accept("+1.5/**/", as: "+1.5", "a comment behind a number"),
    refuse(".", "a point alone"),
    refuse("+", "a sign alone"),
    refuse("+-1", "two signs"),
    refuse("+ 1", "a blank behind the sign"),
    refuse(".e1", "an exponent without digits before it"),
    refuse("5.e", "an empty exponent"),
    refuse("010", "a leading zero"),
    refuse("-00", "two zeros"),
    refuse("0x", "no hexadecimal digit"),
    refuse("0xg", "a letter that is no digit"),
    refuse("0x1.8", "a hexadecimal fraction"),
    refuse("0b1", "binary"),
    refuse("1x", "a letter behind the digits"),
    refuse("infinity", "Infinity in small letters"),
    refuse("Infinity1", "Infinity with a tail"),
    refuse("Inf", "Infinity cut short"),
    refuse("nan", "NaN in small letters"),
    refuse("1n", "a suffix"),
  ]

  static let gaps: [JSONRow] = [
    accept("[1,]", as: "[1]", "a trailing comma in an array"),
    accept("{a:1,}", as: #"{"a":1}"#, "a trailing comma in an object"),
    accept("[1 , /* none */ ]", as: "[1]", "a trailing comma before a comment"),
    accept("// first\n1", as: "1", "a line comment ended by LF"),
    accept("1 // last", as: "1", "a line comment ended by the end"),
    accept("1 //", as: "1", "an empty line comment"),
    accept("//a\r1", as: "1", "a line comment ended by CR"),
    accept("//a\u{2028}1", as: "1", "a line comment ended by U+2028"),
    accept("//a\u{2029}1", as: "1", "a line comment ended by U+2029"),
    accept("//Sở Y tế\n1", as: "1", "Vietnamese in a comment"),
    accept("/* a\n * b */1", as: "1", "a block comment of two lines"),
    accept("/**/1/***/", as: "1", "block comments of asterisks"),
    accept("/*/ */1", as: "1", "a block comment that opens like it closes"),
    accept("[/*a*/1/*b*/,/*c*/2//d\n]", as: "[1,2]", "comments in every gap"),
    accept("\u{FEFF}1", as: "1", "a byte order mark"),
    accept("[\u{0B}\u{0C}\u{A0}\u{FEFF}\u{2028}\u{2029}1]", as: "[1]", "the named blanks"),
    accept("[\u{1680}\u{2003}\u{202F}\u{3000}1]", as: "[1]", "the other space separators"),
    refuse("[,]", "a comma alone"),
    refuse("[1,,]", "two trailing commas"),
    refuse("/* a", "a block comment never closed"),
    refuse("1 /*/", "a block comment that only opens"),
    refuse("/* /* */ */ 1", "a block comment within another"),
    refuse("/ 1", "half a comment sign"),
    refuse("// only", "a comment alone"),
    refuse("# a\n1", "a comment of another language"),
    refuse("[\u{200B}1]", "a zero-width space"),
    refuse("[\u{85}1]", "a next-line character"),
    refuse("[\u{0}1]", "a NUL"),
    refuse(
      bytes: Array("//".utf8) + [0xE1, 0xBA] + Array("\n1".utf8), "broken UTF-8, line comment"),
    refuse(bytes: Array("/*".utf8) + [0xFF] + Array("*/1".utf8), "broken UTF-8, block comment"),
    refuse(bytes: [0x5B, 0xC0, 0xA0, 0x31, 0x5D], "an overlong blank"),
    refuse(bytes: [0x7B, 0x61, 0xED, 0xA0, 0x80, 0x3A, 0x31, 0x7D], "a surrogate in a key"),
  ]
}
