import Base
import Judgement
import Model
import Probes
import Quiet
import Testing

@testable import Engine

@Suite("The weeks before, in the engine") struct OwnPastAskingTests {
  private static let rules = AlertRules(
    failures: FailureRule(failures: 3, of: 5),
    ownPast: OwnPastRule(
      percentilePermille: 950, raiseTenths: 20, clearTenths: 15, floor: .milliseconds(100),
      window: .minutes(10), minimumSamples: 3, weeks: 2))

  /// 2025-11-07, a Friday, 01:02 in UTC.
  private static func bench(_ rules: AlertRules = rules) -> Bench {
    let bench = Bench([link("land/hue", rules: rules), link("land/ha-noi")])
    bench.network = { _ in right }
    return bench
  }

  private static func hours(_ question: PastQuestion?) -> [String] {
    (question?.probes.first?.hours ?? []).map { String($0.description.prefix(13)) }
  }

  @Test(
    "the same hour of the working days of the weeks before is asked for, of the links that want it")
  func question() {
    let bench = Self.bench()
    bench.advance(by: .seconds(1))
    #expect(bench.questions.count == 1)
    #expect(bench.questions.first?.probes.map(\.link.description) == ["land/hue"])
    #expect(
      Self.hours(bench.questions.first) == [
        "2025-11-06T01", "2025-11-05T01", "2025-11-04T01", "2025-11-03T01", "2025-10-31T01",
        "2025-10-30T01", "2025-10-29T01", "2025-10-28T01", "2025-10-27T01", "2025-10-24T01",
      ])
  }

  @Test("days are those of the place, and holidays of another kind")
  func calendar() throws {
    let bench = Self.bench()
    var rules = NoticeRules(zone: .hours(7))
    var calendar = WorkingCalendar("vn")
    calendar.addHoliday(try #require(CivilDay("2025-11-05")))
    rules.calendars = CalendarTable(calendar)
    var settings = QuietSettings(zone: .hours(7))
    settings.rules = rules
    bench.engine.configureQuiet(settings, at: bench.now)
    bench.advance(by: .seconds(1))
    #expect(!Self.hours(bench.questions.last).contains("2025-11-05T01"))
    // 23:00 in UTC is Saturday there: the days before of its kind are few.
    bench.advance(by: .minutes(15))
    bench.jump(by: .hours(21))
    bench.engine.clockStepped(by: .zero, at: bench.now)
    bench.advance(by: .minutes(1))
    #expect(bench.questions.last?.hour.description.hasPrefix("2025-11-07T22") == true)
    let saturdays = Self.hours(bench.questions.last)
    #expect(saturdays.contains("2025-11-01T22") && saturdays.contains("2025-10-31T22"))
    #expect(!saturdays.contains("2025-11-06T22"), "a Friday there")
  }

  @Test("it is asked for once an hour, some minutes ahead, and one question at a time")
  func pace() throws {
    let bench = Self.bench()
    bench.advance(by: .hours(3))
    #expect(bench.questions.count == 1, "the first was not answered")
    let first = try #require(bench.questions.first)
    bench.engine.learn(PastAnswer(number: first.number), at: bench.now)
    bench.advance(by: .seconds(1))
    #expect(bench.questions.count == 2, "the hour that has begun meanwhile")
    for _ in 0..<3 {
      let last = try #require(bench.questions.last)
      bench.engine.learn(PastAnswer(number: last.number), at: bench.now)
      bench.advance(by: .hours(1))
    }
    #expect(bench.questions.count == 5)
    let times = bench.questions.dropFirst(2).map { String($0.hour.description.prefix(13)) }
    #expect(times == ["2025-11-07T05", "2025-11-07T06", "2025-11-07T07"])
  }

  @Test("what is learnt raises the rule, and a late answer to another question does not")
  func learning() throws {
    let bench = Self.bench()
    bench.network = { _ in
      var result = right
      result.timings.totalMicroseconds = 900_000
      return result
    }
    bench.advance(by: .minutes(1))
    let question = try #require(bench.questions.last)
    let asked = try #require(question.probes.first)
    let hour = PastHour(start: question.hour, percentileMicroseconds: 200_000, samples: 500)
    let found = PastAnswer.Found(link: asked.link, probe: asked.probe, hour: hour)
    bench.engine.learn(PastAnswer(number: question.number + 1, found: [found]), at: bench.now)
    bench.advance(by: .minutes(5))
    #expect(bench.told.isEmpty)
    bench.engine.learn(PastAnswer(number: question.number, found: [found]), at: bench.now)
    bench.advance(by: .minutes(5))
    let condition = try #require(bench.told.first?.conditions.first)
    #expect(condition.rule == .ownPast && condition.cause == "slow")
    #expect(condition.evidence.contains("at this hour it has been 200 ms (500 answers of 2 weeks)"))
    #expect(bench.told.first?.severity == .warning)
  }

  @Test("without the rule nothing is asked")
  func without() {
    let bench = Self.bench(.standard)
    bench.advance(by: .hours(2))
    #expect(bench.questions.isEmpty)
  }
}
