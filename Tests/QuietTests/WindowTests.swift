import Base
import Model
import Testing

@testable import Quiet

@Suite struct WindowTests {
  @Test("a window holds from its beginning on, and not any more at its end")
  func once() {
    let window = window()
    #expect(!window.isActive(at: at("2025-11-10T21:59:59")))
    #expect(window.activeUntil(at: at("2025-11-10T22:00")) == at("2025-11-11T04:00"))
    #expect(window.isActive(at: at("2025-11-11T03:59:59")))
    #expect(!window.isActive(at: at("2025-11-11T04:00")))
    #expect(window.nextStart(after: at("2025-11-01T00:00")) == at("2025-11-10T22:00"))
    #expect(window.nextStart(after: at("2025-11-10T22:00")) == nil)
    #expect(window.isOver(at: at("2025-11-11T04:00")))
  }

  @Test("a window that is ended before its time is over at once, and does not come again")
  func ended() {
    var once = window()
    once.ended = at("2025-11-10T23:00")
    #expect(once.activeUntil(at: at("2025-11-10T22:30")) == at("2025-11-10T23:00"))
    #expect(!once.isActive(at: at("2025-11-10T23:00")))
    var weekly = recurring(.weekdays([.sunday]))
    weekly.ended = at("2025-11-12T00:00")
    #expect(weekly.nextStart(after: at("2025-11-10T00:00")) == nil)
    #expect(weekly.isOver(at: at("2025-11-12T00:00")))
  }

  /// From 22:00, four hours, past midnight.
  private func recurring(
    _ days: Recurrence.Days, first: String? = nil, last: String? = nil
  ) -> MaintenanceWindow {
    var window = window()
    window.times = .recurring(
      Recurrence(
        days, start: .hours(22), length: .hours(4), first: first.map(day), last: last.map(day),
        zone: zone))
    return window
  }

  @Test("a weekly window goes on past midnight of its day, by the clock of its place")
  func weekly() {
    let window = recurring(.weekdays([.sunday]))
    #expect(!window.isActive(at: at("2025-11-09T21:59")))
    #expect(window.activeUntil(at: at("2025-11-10T01:00")) == at("2025-11-10T02:00"))
    #expect(!window.isActive(at: at("2025-11-10T02:00")), "the Monday")
    #expect(!window.isActive(at: at("2025-11-10T23:00")), "the Monday's evening")
    #expect(window.nextStart(after: at("2025-11-10T00:00")) == at("2025-11-16T22:00"))
    #expect(
      window.isActive(at: at("2025-11-09T15:30Z")), "22:30 of Sunday there, whatever it is here")
  }

  @Test("a daily window comes again the same day or the next")
  func daily() {
    let window = recurring(.daily)
    #expect(window.nextStart(after: at("2025-11-10T21:00")) == at("2025-11-10T22:00"))
    #expect(window.nextStart(after: at("2025-11-10T22:00")) == at("2025-11-11T22:00"))
  }

  @Test("a month without the day is passed over")
  func monthly() {
    let window = recurring(.daysOfMonth([31]))
    #expect(window.nextStart(after: at("2025-08-31T22:00")) == at("2025-10-31T22:00"))
    #expect(window.nextStart(after: at("2025-12-31T22:00")) == at("2026-01-31T22:00"))
    #expect(window.nextStart(after: at("2026-01-31T22:00")) == at("2026-03-31T22:00"))
    #expect(recurring(.daysOfMonth([1, 15])).isActive(at: at("2025-11-16T01:00")))
  }

  @Test("the first and the last day bound it, and it is over after the last")
  func bounds() {
    let window = recurring(.daily, first: "2027-01-05", last: "2027-01-06")
    #expect(window.nextStart(after: at("2025-11-10T00:00")) == at("2027-01-05T22:00"))
    #expect(!window.isActive(at: at("2027-01-04T23:00")))
    #expect(window.isActive(at: at("2027-01-07T01:00")), "begun on the last day")
    #expect(!window.isActive(at: at("2027-01-07T23:00")))
    #expect(window.overAt == at("2027-01-07T02:00"))
    #expect(recurring(.daily).overAt == nil)
  }

  @Test("what is active and what begins next agree, minute by minute over three weeks")
  func agreesWithNaive() {
    let lists: [Recurrence.Days] = [
      .daily, .weekdays([.monday, .saturday]), .daysOfMonth([1, 9, 31]),
    ]
    for days in lists {
      let window = recurring(days)
      var time = at("2025-10-25T00:00")
      var wasActive = window.isActive(at: time)
      var next = window.nextStart(after: time)
      let end = time + .hours(24 * 21)
      while time < end {
        time = time + .minutes(1)
        let isActive = window.isActive(at: time)
        if isActive, !wasActive { #expect(next == time) }
        if !isActive || wasActive { #expect(next != time, "\(days) \(time)") }
        wasActive = isActive
        next = window.nextStart(after: time)
      }
    }
  }

  // MARK: Notice

  static let notices: [(announced: String, required: Int?, system: String, late: Bool)] = [
    ("2025-11-03", nil, "national-portal", false),  // five working days, five needed
    ("2025-11-04", nil, "national-portal", true),  // four
    ("2025-11-03", nil, "land-database", true),  // seven needed
    ("2025-10-30", nil, "land-database", false),
    ("2025-11-03", 7, "national-portal", true),  // the window says so itself
    ("2025-11-10", 0, "land-database", false),  // nothing needed
    ("2025-11-12", nil, "national-portal", true),  // told afterwards
  ]

  @Test(
    "a window is late when its announcement was, by what its system requires", arguments: notices)
  func late(_ announced: String, _ required: Int?, _ system: String, _ late: Bool) throws {
    var rules = NoticeRules(zone: zone)
    rules.bySystem = ["land-database": 7]
    var window = window(announced: announced)
    window.links.systems = [system]
    window.noticeWorkingDays = required
    let services = ["national-portal", "land-database"].map {
      ServiceFacts(service: $0, system: $0, owner: "moae")
    }
    let notice = try #require(window.notice(rules, services: services))
    #expect(notice.isLate == late, "\(notice)")
  }

  @Test("a window for several systems needs as many days as that of them that needs most")
  func severalSystems() throws {
    var rules = NoticeRules(zone: zone)
    rules.bySystem = ["land-database": 7, "portal": 3]
    let services = [
      ServiceFacts(service: "land", system: "land-database", owner: "moae"),
      ServiceFacts(service: "portal", system: "portal", owner: "gov"),
      ServiceFacts(service: "other", system: "other", owner: "gov"),
    ]
    func required(_ links: LinkSelector) throws -> Int {
      try #require(window("w", links).notice(rules, services: services)).required
    }
    #expect(try required(selector { $0.provinces = ["ha-noi"] }) == 7)
    #expect(try required(selector { $0.owners = ["gov"] }) == 5)
    #expect(try required(selector { $0.services = ["portal"] }) == 3)
    #expect(
      try required(selector { $0.links = [LinkID(service: "land", consumer: "hue")] }) == 7)
    #expect(try required(selector { $0.systems = ["gone"] }) == 5)
  }

  @Test("one that comes again had to be announced before its first time")
  func recurringNotice() throws {
    let rules = NoticeRules(zone: zone)
    var window = recurring(.weekdays([.sunday]), first: "2025-11-10")
    window.announced = day("2025-11-07")
    // The first Sunday is the 16th: Monday to Friday lie between.
    #expect(try #require(window.notice(rules, services: [])).workingDays == 5)
    window.announced = day("2025-11-11")
    #expect(try #require(window.notice(rules, services: [])).isLate)
  }
}
