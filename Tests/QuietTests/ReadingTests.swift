import Base
import Model
import Testing

@testable import Quiet

@Suite struct ReadingTests {
  private static let now = at("2025-11-07T08:00")

  @Test("a window of a file, once")
  func once() throws {
    let (window, complaints) = read(
      """
      { id: "upgrade", systems: ["land-database"], provinces: ["ha-noi", "hue"],
        from: "2025-11-10T22:00", to: "2025-11-11T04:00", announced: "2025-11-03",
        noticeWorkingDays: 7, reason: "bảo trì" }
      """)
    #expect(complaints == [])
    let read = try #require(window)
    #expect(read.times == .once(from: at("2025-11-10T22:00"), to: at("2025-11-11T04:00")))
    #expect(read.links.provinces == ["ha-noi", "hue"])
    #expect(read.reason == "bảo trì")
    #expect(read.noticeWorkingDays == 7)
    #expect(read.location?.description == "m.json5:1:1")
  }

  @Test("a window that comes again, on days of the week, of the month, or every day")
  func recurring() throws {
    func times(_ every: String) throws -> Recurrence {
      let (window, complaints) = read(
        "{ id: \"w\", routes: [\"lgsp\"], announced: \"2025-11-03\", reason: \"r\","
          + " every: { \(every) } }")
      #expect(complaints == [])
      guard case .recurring(let recurrence) = try #require(window).times else {
        preconditionFailure("it comes again")
      }
      return recurrence
    }
    let weekly = try times(
      "weekdays: [\"sunday\"], start: \"01:30\", length: \"90m\", from: \"2026-01-01\","
        + " until: \"2026-12-31\"")
    #expect(
      weekly
        == Recurrence(
          .weekdays([.sunday]), start: .minutes(90), length: .minutes(90),
          first: day("2026-01-01"), last: day("2026-12-31"), zone: zone))
    #expect(
      try times("daysOfMonth: [1, 31], start: \"00:00\", length: \"2h\"").days
        == .daysOfMonth([1, 31]))
    #expect(try times("start: \"00:00\", length: \"2h\"").days == .daily)
  }

  static let mistakes: [(text: String, says: String)] = [
    ("id: \"Up grade\"", "id: expected 1 to 64 of a-z"),
    ("systems: []", "systems: expected 1 to 200 names"),
    ("systems: [\"Land\"]", "systems: expected names of a-z"),
    ("links: [\"land-database\"]", "links: expected links such as \"land-database/ha-noi\""),
    ("to: \"2025-11-10T21:00\"", "to: expected a time after \"from\""),
    ("to: \"2025-12-31T21:00\"", "to: expected at most 31d"),
    (
      "from: \"10/11/2025 22:00\"",
      "from: expected a time such as \"2025-11-07T22:00\", by the clock"
    ),
    ("announced: \"03/11/2025\"", "announced: expected a day such as"),
    ("reason: \" \"", "reason: expected words"),
    ("noticeWorkingDays: 61", "noticeWorkingDays: expected a whole number from 0 to 60"),
    ("length: \"2h\"", "length: expected \"length\" or \"to\", not both"),
    ("every: { start: \"1:00\", length: \"2h\" }", "expected no \"from\" beside \"every\""),
    ("annnounced: \"2025-11-03\"", "unknown key \"annnounced\""),
  ]

  @Test("a mistake is told with its place and what was expected", arguments: mistakes)
  func mistake(_ text: String, _ says: String) {
    var keys = [
      "id: \"upgrade\"", "systems: [\"land-database\"]", "from: \"2025-11-10T22:00\"",
      "to: \"2025-11-11T04:00\"", "announced: \"2025-11-03\"", "reason: \"r\"",
    ]
    let key = text.prefix { $0 != ":" }
    keys.removeAll { $0.hasPrefix("\(key):") }
    let (window, complaints) = read("{ \((keys + [text]).joined(separator: ", ")) }")
    #expect(window == nil || complaints.contains { $0.contains("unknown key") })
    #expect(complaints.contains { $0.contains(says) }, "\(complaints)")
    #expect(complaints.allSatisfy { $0.hasPrefix("m.json5:1:") })
  }

  static let recurrenceMistakes: [(text: String, says: String)] = [
    ("start: \"24:00\", length: \"1h\"", "every.start: expected a time of day"),
    ("start: \"01:00\"", "the key \"length\" is missing"),
    ("start: \"01:00\", length: \"8d\"", "every.length: expected a duration of at most 7d"),
    ("start: \"01:00\", length: \"1h\", weekdays: [\"sunnday\"]", "did you mean \"sunday\"?"),
    ("start: \"01:00\", length: \"1h\", daysOfMonth: [32]", "expected a list of days from 1 to 31"),
    (
      "start: \"01:00\", length: \"1h\", weekdays: [\"sunday\"], daysOfMonth: [1]",
      "\"weekdays\" or \"daysOfMonth\", not both"
    ),
    (
      "start: \"01:00\", length: \"1h\", from: \"2026-02-01\", until: \"2026-01-01\"",
      "every.until: expected a day not before"
    ),
  ]

  @Test("mistakes of times that come again", arguments: recurrenceMistakes)
  func recurrenceMistake(_ text: String, _ says: String) {
    let (window, complaints) = read(
      "{ id: \"w\", routes: [\"lgsp\"], announced: \"2025-11-03\", reason: \"r\","
        + " every: { \(text) } }")
    #expect(window == nil)
    #expect(complaints.contains { $0.contains(says) }, "\(complaints)")
  }

  @Test("a window for nothing in particular is refused: it would quiet the whole country")
  func everything() {
    let (window, complaints) = read(
      "{ id: \"w\", from: \"2025-11-10T22:00\", to: \"2025-11-11T04:00\","
        + " announced: \"2025-11-03\", reason: \"r\" }")
    #expect(window == nil)
    #expect(complaints.first?.contains("expected at least one of \"links\"") ?? false)
  }

  @Test("a request begins now unless it says otherwise, and counts as announced today")
  func request() throws {
    let (window, complaints) = read(
      "{ systems: [\"land-database\"], length: \"2h\", reason: \"r\" }", .request(at: Self.now))
    #expect(complaints == [])
    let read = try #require(window)
    #expect(read.times == .once(from: Self.now, to: Self.now + .hours(2)))
    #expect(read.announced == day("2025-11-07"))
    #expect(read.location == nil)
  }

  static let requests: [(text: String, says: String)] = [
    ("length: \"2h\", announced: \"2025-11-08\"", "announced: expected today or a day before"),
    ("from: \"2025-11-06T00:00\", to: \"2025-11-07T00:00\"", "to: expected a time to come"),
    ("from: \"2025-11-08T00:00\"", "expected \"to\", or a \"length\""),
    ("length: \"2h\", id: \"mine\"", "unknown key \"id\""),
    ("length: \"2h\", by: \"somebody\"", "unknown key \"by\""),
  ]

  @Test("a request cannot say who made it, nor begin in vain", arguments: requests)
  func refusedRequest(_ text: String, _ says: String) {
    let (_, complaints) = read(
      "{ systems: [\"land-database\"], reason: \"r\", \(text) }", .request(at: Self.now))
    #expect(complaints.contains { $0.contains(says) }, "\(complaints)")
  }

  @Test("a silence needs a reason and an end within thirty days")
  func silences() throws {
    let (silence, complaints) = readSilence(
      "{ links: [\"land-database/ha-noi\"], severities: [\"warning\"], length: \"4h\","
        + " reason: \"ticket 12\" }", at: Self.now)
    #expect(complaints == [])
    #expect(try #require(silence).expires == Self.now + .hours(4))
    #expect(try #require(silence).severities == [.warning])
    func refusal(_ text: String) -> String {
      readSilence("{ \(text) }", at: Self.now).complaints.joined(separator: "\n")
    }
    let link = "links: [\"land-database/ha-noi\"]"
    #expect(refusal("\(link), length: \"4h\"").contains("the key \"reason\" is missing"))
    #expect(refusal("\(link), reason: \"r\"").contains("expected \"expires\", or a \"length\""))
    #expect(refusal("\(link), reason: \"r\", length: \"31d\"").contains("expected at most 30d"))
    #expect(
      refusal("\(link), reason: \"r\", expires: \"2025-11-01T00:00\"").contains("a time to come"))
    #expect(refusal("reason: \"r\", length: \"4h\"").contains("expected at least one of"))
    #expect(
      refusal("\(link), patterns: [\"provinz\"], reason: \"r\", length: \"4h\"")
        .contains("did you mean \"province\"?"))
    #expect(
      readSilence("{ patterns: [\"vantage\"], reason: \"r\", length: \"4h\" }", at: Self.now)
        .silence != nil, "a pattern is a condition too")
  }

  static let times: [(text: String, utc: String?)] = [
    ("2025-11-07T22:00", "2025-11-07T15:00:00.000Z"),
    ("2025-11-07T22:00:30", "2025-11-07T15:00:30.000Z"),
    ("2025-11-07T22:00Z", "2025-11-07T22:00:00.000Z"),
    ("2025-11-07T22:00:00.25+02:00", "2025-11-07T20:00:00.250Z"),
    ("2025-11-07T22:00-14:00", "2025-11-08T12:00:00.000Z"),
    ("2025-11-07T24:00", nil), ("2025-11-07 22:00", nil), ("2025-11-31T22:00", nil),
    ("2025-11-07T22:00+15:00", nil), ("2025-11-07T22", nil), ("2025-11-07T22:00:00.", nil),
    ("2025-11-07T2a:00", nil), ("2025-11-07T22:00+0700", nil), ("T22:00", nil), ("", nil),
  ]

  @Test("a time is read by the clock of the place, or by a distance of its own", arguments: times)
  func time(_ text: String, _ utc: String?) {
    #expect(localTime(text, zone: zone)?.description == utc)
  }
}
