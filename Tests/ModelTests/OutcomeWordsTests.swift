import Testing

@testable import Model

@Suite("Outcomes as people write them") struct OutcomeWordsTests {
  @Test("every name reads back, those of a status with one alone")
  func names() {
    #expect(Outcome.names.count > 100 && Set(Outcome.names).count == Outcome.names.count)
    for name in Outcome.names where name != "http.status" {
      #expect(Outcome(words: name)?.name == name)
    }
    #expect(Outcome(words: "http.status") == nil)
  }

  static let rows: [(words: String, outcome: Outcome?, reason: String)] = [
    ("ok", .ok, "the right one"),
    ("http.status 503", .http(.status(503)), "a status"),
    ("http.status 99", nil, "no status is that low"),
    ("http.status 5xx", nil, "a status is a number"),
    ("body.applicationCode 108", .body(.applicationCode("108")), "a detail that is a text"),
    ("body.textMissing a b", .body(.textMissing("a b")), "a detail with a blank"),
    ("connect.refused 3", nil, "it has no detail"),
    ("ok really", nil, "nor has this"),
    ("connect.refuse", nil, "no such name"),
    ("refused", nil, "the phase is a part of the name"),
    ("", nil, "nothing"),
  ]

  @Test("a detail stands behind a blank, where the outcome has one", arguments: rows)
  func details(_ words: String, _ outcome: Outcome?, _ reason: String) {
    #expect(Outcome(words: words) == outcome, "\(reason)")
  }
}
