import Testing

@testable import Model

struct LinkIDTests {
  @Test(
    "a link's id is two slugs and one slash",
    arguments: [
      ("land-database/ha-noi", true, "as in the catalogue"),
      ("a/b", true, "the shortest"),
      ("0/9", true, "digits alone"),
      ("\(String(repeating: "a", count: 64))/b", true, "64 characters are allowed"),
      ("\(String(repeating: "a", count: 65))/b", false, "65 are not"),
      ("", false, "nothing"), ("/", false, "nothing and nothing"),
      ("a", false, "half of it"), ("a/", false, "no consumer"), ("/b", false, "no service"),
      ("a/b/c", false, "too many"), ("a//b", false, "a hole"),
      ("A/b", false, "a capital"), ("a_b/c", false, "an underscore"),
      ("-a/b", false, "a hyphen in front"), ("a-/b", false, "and behind"),
      ("a--b/c", true, "two hyphens within"),
      ("đ/b", false, "a letter beyond ASCII"), ("a\u{301}/b", false, "a mark over a letter"),
      ("a/b\n", false, "a line end"), ("a/b\0", false, "a NUL"), ("a/..", false, "a way out"),
      ("a b/c", false, "a blank"),
    ])
  func table(text: String, isRight: Bool, reason: String) {
    let id = LinkID(text)
    #expect((id != nil) == isRight, "\(reason)")
    if let id { #expect(id.description == text) }
  }

  @Test("ids sort by service, then by consumer")
  func order() {
    let ids = ["b/a", "a/c", "a-b/a", "a/b"].compactMap(LinkID.init).sorted()
    #expect(ids.map(\.description) == ["a/b", "a/c", "a-b/a", "b/a"])
  }
}
