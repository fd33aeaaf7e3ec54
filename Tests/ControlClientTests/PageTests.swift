import Testing

@testable import ControlClient

@Suite struct PageTests {
  @Test("a table that does not fit loses the columns of the lowest rank, then shrinks the others")
  func drops() {
    var table = Table([
      Column("ID"), Column("SINCE", dropRank: 2), Column("N", .right, dropRank: 1),
      Column("REASON", isShrinkable: true),
    ])
    let reason = "four of the last five attempts"
    table.row([Cell("a/b"), Cell("today"), Cell("12"), Cell(reason)])
    #expect(text(table, columns: 46) == ["a/b  today  12  \(reason)"])
    #expect(text(table, columns: 40) == ["a/b  today  12  four of the last five a…"])
    #expect(text(table, columns: 39) == ["a/b  today  four of the last five atte…"])
    #expect(text(table, columns: 35) == ["a/b  \(reason)"])
    #expect(text(table, columns: 27) == ["a/b  four of the last five…"])
  }

  @Test("a table gives from its widest shrinkable column first, and lines are cut at last")
  func shrinks() {
    var table = Table([Column("ID"), Column("REASON", isShrinkable: true), Column("N", .right)])
    table.row([Cell("a/b"), Cell("four of the last five attempts"), Cell("12")])
    #expect(text(table, columns: nil) == ["a/b  four of the last five attempts  12"])
    #expect(text(table, columns: 40) == ["a/b  four of the last five attempts  12"])
    #expect(text(table, columns: 34) == ["a/b  four of the last five at…  12"])
    #expect(text(table, columns: 12) == ["a/b  four o…"])
  }

  private func text(_ table: Table, columns: Int?) -> [String] {
    var page = Page(Display(columns: columns))
    page.table(table)
    let lines = page.text.split(separator: "\n").map(String.init)
    for line in lines { #expect(displayWidth(line) <= columns ?? .max) }
    return Array(lines.dropFirst())
  }

  static let prose: [(text: String, columns: Int, lines: [String], reason: String)] = [
    ("one two three", 13, ["one two three"], "what fits stays one line"),
    ("one two three", 9, ["one two", "  three"], "broken between words"),
    ("one  two", 5, ["one", "  two"], "the blanks at the break are dropped"),
    ("abcdefghij", 6, ["abcdef", "  ghij"], "a long word is broken where it must be"),
    ("x abcdefghij", 6, ["x", "  abcd", "  efgh", "  ij"], "a long word after a short one"),
    ("Tha\u{300}nh pho\u{302}\u{301}", 6, ["Tha\u{300}nh", "  pho\u{302}\u{301}"], "marks stay"),
    ("abc", 2, ["a…"], "too narrow to hang: cut as a row is"),
  ]

  @Test("prose goes on below on a narrow terminal", arguments: prose)
  func wraps(_ text: String, _ columns: Int, _ lines: [String], _ reason: String) {
    var page = Page(Display(columns: columns))
    page.line(Cell(text))
    #expect(page.text == lines.map { $0 + "\n" }.joined(), "\(reason)")
  }

  @Test("colour is around the text only, and only where it is wanted")
  func color() {
    func text(_ display: Display) -> String {
      var page = Page(display)
      page.line(Cell("a "), Cell("down", .bad), Cell("", .good), Cell("  ", .strong))
      return page.text
    }
    #expect(text(Display(hasColor: true)) == "a \u{1B}[31mdown\u{1B}[0m\n")
    #expect(text(Display(hasColor: false)) == "a down\n")
  }

  static let displays: [(Int?, ColorChoice, Environment, Bool, String)] = [
    (80, .auto, Environment(terminal: "xterm"), true, "a terminal has colour"),
    (nil, .auto, Environment(terminal: "xterm"), false, "a pipe has none"),
    (80, .auto, Environment(noColor: "1", terminal: "xterm"), false, "NO_COLOR is heeded"),
    (80, .auto, Environment(noColor: "", terminal: "xterm"), true, "an empty NO_COLOR is not set"),
    (80, .auto, Environment(terminal: "dumb"), false, "a dumb terminal has none"),
    (80, .never, Environment(terminal: "xterm"), false, "never"),
    (nil, .always, Environment(noColor: "1", terminal: "dumb"), true, "always outweighs the rest"),
  ]

  @Test("whether colour is used", arguments: displays)
  func chooses(
    _ columns: Int?, _ color: ColorChoice, _ environment: Environment, _ expected: Bool,
    _ reason: String
  ) {
    let display = Display(columns: columns, color: color, environment: environment)
    #expect(display.hasColor == expected, "\(reason)")
  }

  static let locales: [(String?, isUnicode: Bool, Language)] = [
    (nil, false, .en), ("C", false, .en), ("POSIX", false, .en), ("C.UTF-8", true, .en),
    ("en_GB.utf8", true, .en), ("vi_VN.UTF-8", true, .vi), ("vi_VN", false, .vi),
    ("vi_VN.UTF-8@x", true, .vi), ("vic_XX.UTF-8", true, .en), ("en_GB.ISO-8859-1", false, .en),
  ]

  @Test("letters and language follow the locale", arguments: locales)
  func locale(_ locale: String?, _ isUnicode: Bool, _ language: Language) {
    let display = Display(
      columns: nil, color: .auto, environment: Environment(locale: locale))
    #expect(display.isUnicode == isUnicode)
    #expect(display.language == language)
  }
}
