import Base
import Judgement
import Model
import Probes
import Testing
import Wire

@testable import Engine

/// The day of these tests begins at the bench's time; in its time zone it ends so much later.
private let untilEnd = TimeAmount.minutes(30)
private let begin = WallTime(milliseconds: 1_762_477_323_000)

private func planned(
  _ id: String = "land/ha-noi", successes: Int = 3, endsIn: TimeAmount = untilEnd,
  date: String = "2025-11-07", probes: [ProbeDefinition] = [probe(every: .seconds(60))]
) -> Link {
  var link = link(id, probes)
  link.planned = PlannedConnection(date: date, endsAt: begin + endsIn, successes: successes)
  // As the catalogue makes it: another plan is another fingerprint.
  link.fingerprint = stableHash("\(date) \(endsIn) \(successes) \(probes.count)")
  return link
}

@Suite("The life of a planned link") struct LifeCycleTests {
  private func notices(_ bench: Bench) -> [Incident] {
    bench.told.filter { $0.severity == .notice }
  }

  @Test("before its day ends a failing link is planned, recorded, and raises nothing")
  func quiet() {
    let bench = Bench([planned()])
    bench.network = { _ in refused }
    #expect(bench.state == .planned, "before the first attempt too")
    bench.advance(by: .minutes(20))
    #expect(bench.outcomes("land/ha-noi http").count == 20)
    #expect(bench.outcomes("land/ha-noi http").allSatisfy { $0 == .connect(.refused) })
    #expect(bench.told.isEmpty)
    #expect(bench.state == .planned)
    #expect(
      !bench.recorded.contains { $0.sample.flags.contains(.confirmation) }, "nothing to confirm")
  }

  @Test("so many right attempts in a row connect it, which is told once and resolved at once")
  func connects() throws {
    let bench = Bench([planned()])
    var answers = [right, right, wrong, right, right, right, right, right]
    bench.network = { _ in answers.isEmpty ? right : answers.removeFirst() }
    bench.advance(by: .minutes(5))
    #expect(bench.state == .planned, "a wrong answer in between begins the row anew")
    #expect(bench.told.isEmpty)
    bench.advance(by: .minutes(10))
    #expect(bench.state == .up)
    #expect(bench.told.count == 1)
    let notice = try #require(bench.told.first)
    #expect(notice.severity == .notice)
    #expect(notice.status == .resolved)
    #expect(notice.links == [LinkID("land/ha-noi")!])
    #expect(notice.summary.contains("is connected: 3 right attempts in a row"))
    #expect(bench.engine.shownIncidents.open.isEmpty)
    #expect(bench.savedConnections.last?[LinkID("land/ha-noi")!] != nil)
  }

  @Test("once connected it is judged like any other, without what came before")
  func judgedAfterwards() {
    let bench = Bench([planned(probes: [probe(every: .seconds(60), retryLimit: 0)])])
    var answers = [wrong, wrong, right, right, right, wrong, wrong, wrong]
    bench.network = { _ in answers.isEmpty ? wrong : answers.removeFirst() }
    bench.advance(by: .minutes(7))
    #expect(notices(bench).count == 1)
    #expect(bench.told.count == 1, "two failures since: those before do not count")
    bench.advance(by: .minutes(1))
    #expect(bench.told.count == 2)
    #expect(bench.told.last?.severity == .critical)
    #expect(bench.state == .down)
  }

  @Test("each required probe must succeed, those that are not required need not")
  func required() {
    let link = planned(probes: [
      probe("one", every: .seconds(60), url: "http://127.0.0.1/one"),
      probe("two", every: .seconds(60), url: "http://127.0.0.1/two"),
      probe("extra", every: .seconds(60), isRequired: false, url: "http://127.0.0.1/extra"),
    ])
    let bench = Bench([link])
    bench.network = { $0.url.target == "/one" ? right : wrong }
    bench.advance(by: .minutes(10))
    #expect(bench.state == .planned)
    bench.network = { $0.url.target == "/extra" ? wrong : right }
    bench.advance(by: .minutes(5))
    #expect(notices(bench).count == 1)
    #expect(bench.state == .degraded)
  }

  @Test("a skipped run neither counts nor breaks the row")
  func skipped() {
    let bench = Bench([planned(successes: 4)])
    bench.network = { _ in right }
    bench.advance(by: .minutes(2))
    bench.engine.pause(
      Pause(link: LinkID("land/ha-noi")!, by: "test", reason: "", since: bench.now.wall),
      at: bench.now)
    bench.advance(by: .minutes(5))
    #expect(bench.state == .planned, "paused, and planned all the same")
    bench.engine.resume(LinkID("land/ha-noi")!, at: bench.now)
    bench.advance(by: .minutes(2))
    #expect(notices(bench).count == 1)
  }

  @Test(
    "when the day ends it is overdue: told once, with the days in the evidence; the figure counts on"
  )
  func overdue() throws {
    let bench = Bench([planned(probes: [probe(every: .minutes(10))])])
    bench.network = { _ in refused }
    bench.advance(by: untilEnd - .seconds(1))
    #expect(bench.told.isEmpty)
    bench.advance(by: .seconds(2))
    let incident = try #require(bench.told.first)
    #expect(incident.severity == .warning)
    #expect(incident.status == .open)
    let condition = try #require(incident.conditions.first)
    #expect((condition.rule, condition.cause, condition.probe) == (.overdue, "overdue", ""))
    #expect(condition.evidence == "planned for 2025-11-07, 1 day overdue")
    #expect(condition.since == begin + untilEnd)
    #expect(incident.summary.contains("is overdue"))
    #expect(bench.state == .notConnected)
    #expect(bench.engine.lifeCycle(of: 0).stage(at: bench.now.wall) == .overdue)
    bench.advance(by: .hours(24 * 3))
    #expect(bench.told.count == 1, "once")
    #expect(bench.engine.lifeCycle(of: 0).daysOverdue(at: bench.now.wall) == 4)
    #expect(bench.state == .notConnected)
  }

  @Test("a late connection is told, and the overdue incident ends")
  func late() throws {
    let bench = Bench([planned()])
    bench.network = { _ in refused }
    bench.advance(by: untilEnd + .hours(30))
    #expect(bench.told.count == 1)
    bench.network = { _ in right }
    bench.advance(by: .minutes(5))
    #expect(bench.told.count == 3)
    #expect(notices(bench).first?.summary.contains("2 days late") == true)
    let end = try #require(bench.told.last)
    #expect(end.id == bench.told[0].id)
    #expect(end.status == .resolved)
    #expect(end.summary.contains("connected after"))
    #expect(bench.state == .up)
    #expect(bench.engine.lifeCycle(of: 0).daysOverdue(at: bench.now.wall) == 0)
  }

  @Test("a planned link without an endpoint is planned, then overdue, and never asked")
  func withoutEndpoint() {
    let bench = Bench([planned(probes: [])])
    #expect(bench.state == .planned)
    bench.advance(by: untilEnd + .seconds(1))
    #expect(bench.state == .notConnected)
    #expect(bench.told.map { $0.conditions.first?.rule } == [.overdue])
    #expect(bench.transfers.isEmpty)
  }

  @Test("a day that ended before the start is told at the first run, and not after a restart")
  func restartOverdue() throws {
    let first = Bench([planned(endsIn: .hours(-50))])
    #expect(first.state == .notConnected)
    first.run()
    let incident = try #require(first.told.first)
    #expect(incident.conditions.first?.evidence == "planned for 2025-11-07, 3 days overdue")
    let second = Bench([planned(endsIn: .hours(-50))])
    second.engine.restore([incident], at: second.now)
    second.network = { _ in refused }
    second.advance(by: .minutes(10))
    #expect(second.told.isEmpty)
    #expect(second.engine.shownIncidents.open.map(\.id) == [incident.id])
  }

  @Test("what is connected stays connected over a restart, and its failures are failures")
  func restartConnected() {
    let id = LinkID("land/ha-noi")!
    let bench = Bench([planned()], connections: [id: begin - .hours(1)])
    bench.network = { _ in refused }
    #expect(bench.engine.lifeCycle(of: 0).connectedAt == begin - .hours(1))
    bench.advance(by: .minutes(5))
    #expect(bench.state == .down)
    #expect(notices(bench).isEmpty)
  }

  @Test("a crash between telling and remembering tells again under the same id")
  func sameID() {
    func run() -> String? {
      let bench = Bench([planned()])
      bench.network = { _ in right }
      bench.advance(by: .minutes(5))
      return notices(bench).first?.id
    }
    let first = run()
    #expect(first != nil)
    #expect(first == run())
    let time = begin
    let other = connectionNotice(
      of: LinkID("land/hue")!, name: LocalizedName(en: "", vi: ""),
      PlannedConnection(date: "2025-11-07", endsAt: time), at: time)
    #expect(other.id != first)
  }

  @Test("a plan whose day changes or goes leaves a connected link connected")
  func planChanges() {
    let bench = Bench([planned()])
    bench.network = { _ in right }
    bench.advance(by: .minutes(5))
    bench.engine.load([planned(endsIn: .minutes(1), date: "2025-11-06")], at: bench.now)
    bench.advance(by: .minutes(5))
    #expect(bench.state == .up)
    var plain = link("land/ha-noi")
    plain.fingerprint = 7
    bench.engine.load([plain], at: bench.now)
    bench.advance(by: .minutes(5))
    #expect(bench.state == .up)
    bench.engine.load([planned(endsIn: .minutes(1), date: "2025-11-06")], at: bench.now)
    bench.advance(by: .minutes(5))
    #expect(bench.state == .up)
    #expect(bench.told.count == 1, "told once")
  }

  @Test("a reload that plans a failing link ends its incident; a later day ends an overdue one")
  func becomesPlanned() {
    let bench = Bench([link("land/ha-noi")])
    bench.network = { _ in refused }
    bench.advance(by: .minutes(2))
    #expect(bench.state == .down)
    bench.engine.load([planned()], at: bench.now)
    bench.run()
    #expect(bench.state == .planned)
    #expect(bench.told.last?.status == .resolved)
    #expect(bench.told.last?.summary.contains("is planned for 2025-11-07") == true)
    bench.advance(by: untilEnd)
    #expect(bench.told.last?.conditions.first?.rule == .overdue)
    bench.engine.load([planned(endsIn: .hours(48), date: "2025-11-09")], at: bench.now)
    bench.run()
    #expect(bench.told.last?.status == .resolved)
    #expect(bench.state == .planned)
    #expect(bench.told.count == 4)
  }

  @Test("a thousand days that end at once are told in slices, and every one")
  func manyAtOnce() {
    let bench = Bench((0..<1_000).map { planned("land/c\($0)", probes: []) })
    bench.jump(by: untilEnd)
    bench.run()
    #expect(bench.told.map(\.links.count) == [Limits.plannedDaysPerSlice])
    bench.advance(by: .seconds(10))
    #expect(bench.versions.last?.links.count == 1_000)
    #expect(bench.told.count == 1, "it is one service that is overdue")
  }

  @Test("a clock that is set back takes back what was told too early")
  func clockStep() {
    let bench = Bench([planned(probes: [])])
    bench.now.wall = bench.now.wall + .hours(100)
    bench.engine.clockStepped(by: .hours(100), at: bench.now)
    bench.run()
    #expect(bench.state == .notConnected)
    #expect(bench.told.count == 1)
    bench.now.wall = bench.now.wall - .hours(100)
    bench.engine.clockStepped(by: .hours(-100), at: bench.now)
    bench.advance(by: .seconds(1))
    #expect(bench.state == .planned)
    #expect(bench.told.map(\.status) == [.open, .resolved])
    bench.advance(by: untilEnd + .seconds(1))
    #expect(bench.told.count == 3)
  }

  @Test("no tick looks at the days: the engine sleeps until the next run or hour")
  func cheap() {
    let bench = Bench([planned(endsIn: .hours(1_000), probes: [])])
    let due = bench.engine.nextDue ?? .distantFuture
    #expect(due >= bench.now.instant + .hours(1))
  }
}
