import Base
import Model
import Quiet
import Testing
import Wire

@testable import Catalogue

/// Calendars and windows in files.
@Suite struct QuietTests {
  private static let service =
    #"{ service: "land", system: "land-db", owner: "moae", route: ["lgsp"], consumers: "provinces","#
    + " probes: [] }"

  private static func load(
    _ settings: String = "", maintenance: String? = nil, calendars: [String: String] = [:],
    at now: String = "2025-11-07T00:00:00Z"
  ) -> (quiet: QuietSettings?, complaints: [String]) {
    var files = [
      "/etc/conf.json5": "{ catalogue: [\"all\"], \(settings) }",
      "/etc/all/systems/land.json5": service, "/etc/all/provinces.json": threeProvinces,
    ]
    files["/etc/all/maintenance.json5"] = maintenance
    for (name, text) in calendars { files["/etc/all/calendars/\(name).json5"] = text }
    var access = memory(files)
    let time = localTime(now, zone: .zero) ?? WallTime(nanoseconds: 0)
    access.now = { time }
    let (configuration, complaints) = loadConfiguration("/etc/conf.json5", access)
    return (configuration?.quiet, complaints.list.map(\.description))
  }

  private static func window(_ id: String = "w", _ keys: String = "systems: [\"land-db\"]")
    -> String
  {
    "{ id: \"\(id)\", \(keys), from: \"2025-11-10T22:00\", to: \"2025-11-11T04:00\","
      + " announced: \"2025-11-03\", reason: \"r\" }"
  }

  private static let country =
    #"{ calendar: "country", holidays: { "2025-11-05": "a day off" } }"#

  @Test("the windows and calendars of a whole catalogue are read by themselves")
  func wholeCatalogue() throws {
    let (quiet, complaints) = Self.load(
      maintenance: "[\(Self.window())]", calendars: ["country": Self.country])
    #expect(complaints == [])
    let settings = try #require(quiet)
    #expect(settings.windows.map(\.id) == ["w"])
    #expect(settings.windows.first?.location?.description == "/etc/all/maintenance.json5:1:2")
    #expect(settings.rules.calendars.standard.name == "country")
    #expect(settings.rules.workingDays == 5)
    #expect(
      settings.windows.first?.times
        == .once(
          from: WallTime(milliseconds: 1_762_786_800_000),
          to: WallTime(milliseconds: 1_762_808_400_000)), "by the clock of Viet Nam")
  }

  @Test("the rules of announcing are read, and a system that nobody has is a mistake")
  func notice() throws {
    let (quiet, complaints) = Self.load(
      "timeZone: \"+09:00\", notice: { workingDays: 7, systems: { \"land-db\": 3 } }")
    #expect(complaints == [])
    #expect(quiet?.rules.workingDays == 7)
    #expect(quiet?.rules.bySystem == ["land-db": 3])
    #expect(quiet?.rules.zone == .hours(9))
    let wrong = Self.load("notice: { systems: { \"land-bd\": 3 } }").complaints
    #expect(
      wrong == [
        "/etc/conf.json5:1:42: notice.systems: no link has the system \"land-bd\"; did you mean"
          + " \"land-db\"?"
      ])
  }

  static let windowMistakes: [(keys: String, says: String)] = [
    ("systems: [\"land-bd\"]", "[0].systems[0]: no link has the system \"land-bd\""),
    ("provinces: [\"hue\", \"ha-noy\"]", "[0].provinces[1]: no link has the province \"ha-noy\""),
    ("routes: [\"lgps\"]", "did you mean \"lgsp\"?"),
    ("links: [\"land/hui\"]", "there is no link \"land/hui\"; did you mean \"land/hue\"?"),
    ("owners: [\"moea\"]", "did you mean \"moae\"?"),
    ("provincess: [\"hue\"]", "unknown key \"provincess\""),
  ]

  @Test("a name that no link has is a mistake with its place", arguments: windowMistakes)
  func names(_ keys: String, _ says: String) {
    let complaints = Self.load(maintenance: "[\(Self.window("w", keys))]").complaints
    #expect(complaints.contains { $0.contains(says) }, "\(complaints)")
    #expect(complaints.allSatisfy { $0.hasPrefix("/etc/all/maintenance.json5:1:") })
  }

  @Test("a window that is over may be of links that are gone")
  func over() {
    let text = "[\(Self.window("w", "systems: [\"gone\"]"))]"
    #expect(Self.load(maintenance: text).complaints.count == 1)
    #expect(Self.load(maintenance: text, at: "2025-11-12T00:00:00Z").complaints == [])
  }

  @Test("an id is given once, and a file holds a list")
  func repetition() {
    let twice = Self.load(maintenance: "[\(Self.window()), \(Self.window())]").complaints
    #expect(twice.count == 1)
    #expect(twice.first?.contains("window \"w\" was given before, at /etc/all/m") ?? false)
    #expect(
      Self.load(maintenance: Self.window()).complaints.first?.contains("expected a list of windows")
        ?? false)
  }

  @Test("a calendar stands on another, and holds for the provinces that it names")
  func provinces() throws {
    let local =
      #"{ calendar: "local", base: "country", provinces: ["hue"],"#
      + #" holidays: { "2025-11-06": "a day of its own" }, workingDays: { "2025-11-08": "for it" } }"#
    let (quiet, complaints) = Self.load(
      calendars: ["country": Self.country, "local": local])
    #expect(complaints == [])
    let table = try #require(quiet).rules.calendars
    let days = ["2025-11-05", "2025-11-06", "2025-11-07", "2025-11-08"].compactMap { CivilDay($0) }
    #expect(days.map(table.standard.isWorkingDay) == [false, true, true, false])
    #expect(days.map(table.calendar(of: "hue").isWorkingDay) == [false, false, true, true])
    #expect(table.calendar(of: "ha-noi").name == "country")
  }

  @Test("which calendar holds for all is said where several could")
  func standard() {
    let other = #"{ calendar: "other", week: ["monday"] }"#
    let calendars = ["country": Self.country, "other": other]
    #expect(
      Self.load(calendars: calendars).complaints.first?
        .contains("several calendars name no provinces (country, other)") ?? false)
    let (quiet, complaints) = Self.load("calendar: \"other\"", calendars: calendars)
    #expect(complaints == [])
    #expect(quiet?.rules.calendars.standard.name == "other")
    #expect(
      Self.load("calendar: \"othr\"", calendars: calendars).complaints.first?
        .contains("there is no calendar \"othr\"; nearest: other") ?? false)
    #expect(Self.load("calendar: \"other\"").complaints.count == 1)
  }

  static let calendarMistakes: [(text: String, says: String)] = [
    (#"{ holidays: {} }"#, "the key \"calendar\" is missing"),
    (#"{ calendar: "c", holidays: { "2025-02-29": "x" } }"#, "holidays: expected a day such as"),
    (#"{ calendar: "c", week: ["mondai"] }"#, "did you mean \"monday\"?"),
    (#"{ calendar: "c", base: "c" }"#, "base: calendar \"c\" stands on itself"),
    (#"{ calendar: "c", base: "d" }"#, "base: there is no calendar \"d\""),
    (#"{ calendar: "c", provinces: ["hui"] }"#, "there is no province \"hui\"; did you mean"),
    (
      #"{ calendar: "c", holidays: { "2025-11-05": "x" }, workingDays: { "2025-11-05": "y" } }"#,
      "workingDays: 2025-11-05 is a holiday above"
    ),
    (#"{ calendar: "c", holiday: {} }"#, "unknown key \"holiday\"; did you mean \"holidays\"?"),
    (#"{ calendar: "c", holidays: ["2025-11-05"] }"#, "holidays: expected an object"),
  ]

  @Test("a mistake in a calendar is told with its place", arguments: calendarMistakes)
  func calendarMistake(_ text: String, _ says: String) {
    let complaints = Self.load(calendars: ["c": text]).complaints
    #expect(complaints.contains { $0.contains(says) }, "\(complaints)")
    #expect(complaints.allSatisfy { $0.hasPrefix("/etc/all/calendars/c.json5:1:") })
  }

  @Test("a province has one calendar")
  func claimedTwice() {
    let complaints = Self.load(
      calendars: [
        "a": #"{ calendar: "a", provinces: ["hue"] }"#,
        "b": #"{ calendar: "b", provinces: ["hue"] }"#,
      ]).complaints
    #expect(complaints.count == 1)
    #expect(complaints.first?.contains("\"hue\" has a calendar already") ?? false)
  }

  @Test("the shipped calendar knows the days off and the Saturdays worked of 2025 and 2026")
  func shipped() throws {
    let (configuration, complaints) = loadConfiguration(shippedConfiguration, project)
    #expect(complaints.list.map(\.description) == [])
    let quiet = try #require(configuration).quiet
    let calendar = quiet.rules.calendars.standard
    #expect(calendar.name == "viet-nam")
    #expect(calendar.years == 2_025...2_026)
    for text in ["2025-01-29", "2025-05-02", "2026-02-17", "2026-09-02"] {
      #expect(!calendar.isWorkingDay(try #require(CivilDay(text))), "\(text)")
    }
    for text in ["2025-04-26", "2026-08-22", "2025-11-07"] {
      #expect(calendar.isWorkingDay(try #require(CivilDay(text))), "\(text)")
    }
    // Both years have 261 weekdays; eleven holidays each, one more exchanged in 2025, two in 2026.
    for (year, days) in [(2_025, 261 - 12 + 1), (2_026, 261 - 13 + 2)] {
      let (first, last) = (CivilDay("\(year - 1)-12-31"), CivilDay("\(year)-12-31"))
      #expect(
        calendar.workingDays(from: try #require(first), to: try #require(last)) == days, "\(year)")
    }
    #expect(quiet.windows.map(\.id).count == 3)
  }
}
