import Testing

@testable import Wire

struct PatternRow: Sendable, CustomTestStringConvertible {
  var pattern: String
  var text: String
  var matches: Bool
  var reason: String

  init(_ pattern: String, _ text: String, _ matches: Bool, _ reason: String) {
    (self.pattern, self.text, self.matches, self.reason) = (pattern, text, matches, reason)
  }
  var testDescription: String { reason }
}

private let matchingRows: [PatternRow] = [
  .init("ok", "status: ok.", true, "a literal is found anywhere"),
  .init("ok", "o k", false, "a literal must stand in one piece"),
  .init("", "", true, "the empty pattern matches the empty text"),
  .init("a|b|", "z", true, "an empty alternative matches anything"),
  .init("^ok", "not ok", false, "^ is the start of the text"),
  .init("^ok", "\nok", false, "^ is not the start of a line"),
  .init("ok$", "ok\n", false, "$ is the end of the text, not of the line before it"),
  .init("ok$", "ok ok", true, "$ holds for a later occurrence"),
  .init("^$", "", true, "both anchors hold in the empty text"),
  .init("$^", "", true, "both anchors hold in the empty text in either order"),
  .init("^$", "a", false, "the empty text is not any text"),
  .init("a^b", "ab", false, "^ never holds after a character"),
  .init("a$b", "ab", false, "$ never holds before a character"),
  .init("(^a|b)c", "ac", true, "an anchor in one alternative, at the start"),
  .init("(^a|b)c", "xac", false, "an anchor in one alternative binds that alternative"),
  .init("(^a|b)c", "xbc", true, "an anchor in one alternative leaves the other free"),
  .init("a.c", "a\nc", false, ". does not match a line feed"),
  .init("a[^x]c", "a\nc", true, "a negated class matches a line feed"),
  .init("a.c", "aộc", true, ". matches a scalar of several bytes whole"),
  .init("^..$", "ộ", false, ". does not match half a scalar"),
  .init("^[^a]$", "ộ", true, "a negated class matches a scalar of several bytes whole"),
  .init("[à-ỹ]+$", "Hà Nội", false, "a range of scalars: the text ends in ASCII"),
  .init("H[à-ỹ]", "Hà Nội", true, "a range of scalars"),
  .init("Hà Nội", "tỉnh Hà Nội", true, "a literal of several scripts' bytes"),
  .init("(?i)hà nội", "HÀ NỘI", true, "ignoring case covers Vietnamese letters"),
  .init("(?i)[a-c]+z", "xABCZ", true, "ignoring case covers classes"),
  .init("(?i)[^a]", "A", false, "ignoring case folds before a class is negated"),
  .init("(?i)^[ς]Σ$", "σσ", true, "ignoring case covers letters that share a capital"),
  .init("(?i)đ", "Đ", true, "ignoring case covers Đ"),
  .init("hà", "HÀ", false, "case counts without (?i)"),
  .init("^a{3}$", "aaa", true, "a count"),
  .init("^a{3}$", "aa", false, "a count too low"),
  .init("^a{2,}$", "aaaaa", true, "a count without upper bound"),
  .init("^a{2,3}$", "aaaa", false, "a count above the upper bound"),
  .init("^(ab){0,2}c", "ababc", true, "a counted group"),
  .init("^a{0}b", "ab", false, "a count of none"),
  .init("^(a*)*b", "aab", true, "a loop within a loop"),
  .init("^(a?){3}$", "aa", true, "a counted part that may be empty"),
  .init("^(|a)+$", "aaa", true, "a loop whose body may be empty"),
  .init("(?:){9999}a", "a", true, "an empty group repeated costs nothing"),
  .init(#"{"status":\s*"ok"}"#, #"{"status": "ok"}"#, true, "braces stand for themselves"),
  .init("a{x}", "a{x}", true, "a brace that begins no count stands for itself"),
  .init(#"\d+\.\d+"#, "v 10.25", true, "digits and an escaped dot"),
  .init(#"^\w+$"#, "Hà", false, #"\w is ASCII"#),
  .init(#"^\W$"#, "à", true, #"\W is everything else"#),
  .init(#"^\S\s\S$"#, "a\tb", true, "space and no space"),
  .init(#"[\d-]{3}"#, "1-2", true, "an escape and a hyphen at the end of a class"),
  .init(#"[a\-c]"#, "b", false, "an escaped hyphen makes no range"),
  .init(#"^[\]\\^]+$"#, #"^\]"#, true, "escapes in a class"),
  .init("[[]", "[", true, "an opening bracket in a class"),
  .init("a]}", "a]}", true, "closing marks stand for themselves"),
  .init(#"\n\r\t"#, "\n\r\t", true, "escapes of control characters"),
  .init("(a|ab)(c|bcd)$", "abcd", true, "every alternative is followed"),
]

@Suite("Pattern")
struct PatternTests {
  @Test("a pattern matches as documented", arguments: matchingRows)
  func matching(row: PatternRow) throws {
    let pattern = try Pattern(row.pattern)
    #expect(pattern.matches(Array(row.text.utf8)) == row.matches)
  }

  @Test(
    "a byte that belongs to no scalar is one unit, and only wide sets match it",
    arguments: [
      ("^.$", [0xFF], true, ". takes a broken byte"),
      ("^[^a]$", [0x80], true, "a negated class takes a stray continuation"),
      (#"^\D$"#, [0xC3], true, "a negated escape takes a cut sequence"),
      ("^...$", [0xE1, 0xBB, 0x61], true, "a cut sequence is a unit a byte"),
      ("^..$", [0xC0, 0x80], true, "an overlong form is two units"),
      ("^.{3}$", [0xE0, 0x80, 0x80], true, "an overlong form of three bytes is three units"),
      ("^.{4}$", [0xF0, 0x8F, 0x80, 0x80], true, "an overlong form of four bytes is four units"),
      ("^.{3}$", [0xED, 0xA0, 0x80], true, "a surrogate is three units"),
      ("^.{4}$", [0xF4, 0x90, 0x80, 0x80], true, "beyond the last scalar: four units"),
      ("[\u{80}-\u{10FFFF}]", [0xFF], false, "a range of scalars holds no broken byte"),
      ("ộ", [0xE1, 0xBB, 0x00], false, "a cut sequence is not the scalar"),
      ("a", [0xE1, 0x61], true, "the byte after a cut sequence is read"),
    ] as [(String, [UInt8], Bool, String)])
  func brokenBytes(source: String, text: [UInt8], matches: Bool, reason: String) throws {
    #expect(try Pattern(source).matches(text) == matches, "\(reason)")
  }

  @Test(
    "what is outside the subset is refused with its place",
    arguments: [
      (#"(a)\1"#, 3, "back-references"), (#"a\k<x>"#, 1, "back-references"),
      ("a(?=b)", 1, "look-ahead"), ("a(?!b)", 1, "look-ahead"), ("(?<=a)b", 0, "look-behind"),
      ("(?<!a)b", 0, "look-behind"), ("(?<n>a)", 0, "named groups"),
      ("(?P<n>a)", 0, "named groups"),
      ("(?>a)", 0, "atomic"), ("a(?i)b", 1, "only stand at the start"), ("(?s)a", 0, "only ( )"),
      ("a+?", 2, "lazy"), ("a*?", 2, "lazy"), ("a??", 2, "lazy"), ("a{2}?", 4, "lazy"),
      ("a++", 2, "possessive"), ("a**", 2, "second quantifier"),
      ("a{2}{3}", 4, "second quantifier"),
      ("*a", 0, "nothing stands before"), ("(|+)", 2, "nothing stands before"),
      ("{3}", 0, "nothing stands before"), ("^*", 1, "anchor"), ("a{3,2}", 1, "reversed"),
      ("a{,3}", 1, "lower bound"), ("a{99999}", 2, "too large"), ("(a", 0, "not closed"),
      ("a)", 1, "closes no group"), ("[a", 0, "not closed"), ("[]a]", 0, "empty class"),
      ("[^]", 0, "empty class"), ("[b-a]", 1, "reversed"), (#"[a-\d]"#, 1, "end in one character"),
      ("[[:alpha:]]", 1, "named classes"), (#"a\"#, 1, "backslash"), (#"\bword"#, 0, "boundaries"),
      (#"\Aa"#, 0, "use ^ and $"), (#"\q"#, 0, "not supported"), ("ộộ)", 6, "closes no group"),
      ("a{2048}", 1, "2048 states"), ("(a{100}){100}", 2, "2048 states"),
      ("x((a?){500}){500}", 4, "2048 states"),
    ])
  func refused(source: String, offset: Int, message: String) {
    let error = #expect(throws: PatternError.self) { try Pattern(source) }
    #expect(error?.offset == offset)
    #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
  }

  @Test("length and depth are bounded")
  func bounds() throws {
    #expect(throws: PatternError.self) { try Pattern(String(repeating: "a", count: 1_025)) }
    _ = try Pattern(String(repeating: "a", count: 1_024))
    _ = try Pattern("a{2047}")
    let deep = { (depth: Int) in
      String(repeating: "(", count: depth) + "a" + String(repeating: ")", count: depth)
    }
    _ = try Pattern(deep(64))
    #expect(throws: PatternError.self) { try Pattern(deep(65)) }
  }

  @Test("equal sources are equal patterns")
  func equality() throws {
    #expect(try Pattern("a+") == Pattern("a+"))
    #expect(try Pattern("a+") != Pattern("a*"))
    #expect(try Set([Pattern("a+"), Pattern("a+")]).count == 1)
  }

  @Test(
    "any slicing of the work gives the same result",
    arguments: ["(a|b)*a(a|b){9}c", "^(ộ|x)+$", "b.b.b", "abab$"])
  func slices(source: String) throws {
    let pattern = try Pattern(source)
    let text = Array("abaabbộbaxbabbaabộabbaabababbabaabbabababbbababab".utf8)
    let whole = pattern.matches(text)
    for budget in [0, 1, 2, 3, 7, 50, 1_000] {
      var run = PatternRun(pattern)
      var index = 0
      while case .more(let next) = run.advance(text, from: index, work: budget) {
        #expect(next > index, "every slice makes progress")
        index = next
      }
      #expect((run.result == .matched) == whole)
      #expect(run.advance(text, from: text.count, work: 1) == run.result, "a result stays")
    }
  }

  @Test("a slice reads no more bytes than its budget")
  func sliceBudget() throws {
    let text = [UInt8](repeating: 0x61, count: 100_000)
    var run = PatternRun(try Pattern("(a+)+b"))
    guard case .more(let first) = run.advance(text, from: 0, work: 1_000) else {
      Issue.record("the text is longer than the budget")
      return
    }
    #expect(first > 0 && first <= 1_000)
  }

  @Test("the work done is told, whatever it is cut into")
  func spentWork() throws {
    let text = [UInt8](repeating: 0x61, count: 10_000)
    var whole = PatternRun(try Pattern("(a+)+b"))
    #expect(whole.advance(text, from: 0, work: .max) == .noMatch)
    #expect(whole.spent >= text.count)
    var sliced = PatternRun(try Pattern("(a+)+b"))
    var index = 0
    while case .more(let next) = sliced.advance(text, from: index, work: 700) { index = next }
    #expect(sliced.spent == whole.spent)
  }

  @Test("a pattern knows how many states it has, however short its source is")
  func stateCount() throws {
    #expect(try Pattern("abc").stateCount == 4)
    #expect(try Pattern("a(?:[ab]d?){600}c").stateCount == 1_803)
  }

  @Test("counts of more states than a word has bits are exact")
  func wideCounts() throws {
    for count in [62, 63, 64, 65, 127, 128, 129, 500] {
      let pattern = try Pattern("^a{\(count)}b$")
      for length in [count - 1, count, count + 1] {
        let text = [UInt8](repeating: 0x61, count: length) + [0x62]
        #expect(pattern.matches(text) == (length == count), "\(length) letters for \(count)")
      }
    }
  }

  @Test("the table of states is emptied when full and the search goes on")
  func fullTable() throws {
    var generator = SeededBits(seed: 5)
    var text: [UInt8] = []
    for _ in 0..<40 {
      text += [UInt8](repeating: 0x62, count: 1_000)
      for _ in 0..<40 { text.append(generator.next() ? 0x61 : 0x62) }
    }
    let pattern = try Pattern("a[ab]{40}c")
    #expect(!pattern.matches(text))
    let tail = [UInt8](repeating: 0x62, count: 40) + [0x63]
    #expect(pattern.matches(text + [0x61] + tail))
    #expect(!pattern.matches(text + [UInt8](repeating: 0x62, count: 50) + tail))
  }

  @Test("a text that leads to ever new states is searched without keeping them")
  func manyStates() throws {
    var generator = SeededBits(seed: 11)
    var text: [UInt8] = (0..<20_000).map { _ in generator.next() ? 0x61 : 0x62 }
    let pattern = try Pattern("a[ab]{40}c")
    #expect(!pattern.matches(text))
    text[text.count - 42] = 0x61
    text[text.count - 1] = 0x63
    #expect(pattern.matches(text))
    text[text.count - 42] = 0x62
    #expect(!pattern.matches(text))
  }
}

private struct SeededBits {
  var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> Bool {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 63 == 1
  }
}
