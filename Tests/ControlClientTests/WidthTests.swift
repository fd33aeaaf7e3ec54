import Testing

@testable import ControlClient

@Suite struct WidthTests {
  static let widths: [(text: String, width: Int, reason: String)] = [
    ("", 0, "nothing"),
    ("land-database", 13, "ASCII"),
    ("H\u{E0} N\u{1ED9}i", 6, "Vietnamese composed (NFC)"),
    ("Ha\u{300} No\u{323}\u{302}i", 6, "the same decomposed (NFD), two marks on one letter"),
    ("Đồng Nai", 8, "a letter with a stroke has no decomposition"),
    ("Th\u{1EEB}a Thi\u{EA}n Hu\u{1EBF}", 14, "horn and grave in one letter"),
    ("Th\u{1B0}\u{300}a Thie\u{302}n Hue\u{302}\u{301}", 14, "a mix of composed and marks"),
    ("河內", 4, "ideographs are wide"),
    ("한국", 4, "composed Hangul is wide"),
    ("\u{1112}\u{1161}\u{11AB}", 2, "Hangul in parts: only the first takes room"),
    ("ｆｕｌｌ", 8, "full-width forms"),
    ("😀", 2, "an emoji"),
    ("🇻🇳", 2, "a flag of two letters, one column each"),
    ("a\u{200D}b", 2, "a joiner takes no room"),
    ("soft\u{AD}", 5, "a soft hyphen shows as a hyphen"),
    ("← █ …", 5, "arrows, blocks and the ellipsis are narrow"),
  ]

  @Test("a text is as wide as a terminal draws it", arguments: widths)
  func width(_ text: String, _ width: Int, _ reason: String) {
    #expect(displayWidth(text) == width, "\(reason)")
  }

  static let cuts: [(text: String, width: Int, cut: String, reason: String)] = [
    ("Hà Nội", 6, "Hà Nội", "what fits is left alone"),
    ("Hà Nội", 5, "Hà N…", "the mark takes one column"),
    ("Ha\u{300} No\u{323}\u{302}i", 6, "Ha\u{300} No\u{323}\u{302}i", "marks take no room"),
    (
      "Ha\u{300} No\u{323}\u{302}i x", 6, "Ha\u{300} No\u{323}\u{302}…",
      "a letter keeps its marks at the cut"
    ),
    ("河內河內", 6, "河內…", "half a wide letter is never shown"),
    ("Hà Nội", 1, "…", "room for the mark alone"),
    ("Hà Nội", 0, "", "no room at all"),
  ]

  @Test("a text is cut to a width", arguments: cuts)
  func cut(_ text: String, _ width: Int, _ cut: String, _ reason: String) {
    let shown = fitted(text, to: width)
    // Swift's == would call the two normal forms the same.
    #expect(Array(shown.unicodeScalars) == Array(cut.unicodeScalars), "\(reason)")
    #expect(displayWidth(shown) <= width)
  }

  @Test("columns stand in line whichever normal form the names have")
  func normalForms() {
    func screen(_ name: String) -> [Int] {
      var table = Table([Column("NAME"), Column("X")])
      table.row([Cell(name), Cell("|")])
      table.row([Cell("Can Tho City"), Cell("|")])
      var page = Page(Display())
      page.table(table)
      return page.text.split(separator: "\n").dropFirst().map {
        displayWidth(String($0.prefix { $0 != "|" }))
      }
    }
    #expect(screen("H\u{E0} N\u{1ED9}i") == [14, 14])
    #expect(screen("Ha\u{300} No\u{323}\u{302}i") == [14, 14])
  }
}
