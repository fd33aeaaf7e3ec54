import Base
import Model
import Quiet
import Testing

@testable import Engine

@Suite("The machine's clock") struct ClockTests {
  private static let off = ClockReport(.unsynchronised, source: .kernel)
  private static let kept = ClockReport(.synchronised, source: .kernel)
  private static let unknown = ClockReport(.unknown, problem: "not permitted")

  private static func bench(limit: TimeAmount? = .hours(1)) -> Bench {
    let bench = Bench([link("land/hue", [probe(url: "http://127.0.0.1/land/hue")])])
    bench.network = { _ in right }
    bench.engine.configureClock(limit: limit, at: bench.now)
    return bench
  }

  /// What the machine says of its clock, once a minute for a while.
  private static func report(_ report: ClockReport, to bench: Bench, for length: TimeAmount) {
    for _ in 0..<(length.nanoseconds / TimeAmount.minutes(1).nanoseconds) {
      bench.engine.clockReported(report, at: bench.now)
      bench.advance(by: .minutes(1))
    }
  }

  @Test("one that is not synchronised is told after its time, once, and again when it is")
  func told() throws {
    let bench = Self.bench()
    Self.report(Self.kept, to: bench, for: .minutes(5))
    let begun = bench.now.wall
    Self.report(Self.off, to: bench, for: .minutes(60))
    #expect(bench.told.isEmpty)
    Self.report(Self.off, to: bench, for: .minutes(30))
    let told = try #require(bench.told.first)
    #expect(bench.told.count == 1)
    #expect(told.pattern == .clock && told.severity == .warning && told.status == .open)
    #expect(told.suspicion?.side == "us" && told.links.isEmpty && told.openedAt == begun)
    #expect(
      told.summary == "the clock of this monitor has not been synchronised for 1h 0m or longer: "
        + "times of samples and incidents may be wrong")
    #expect(told.timeline.map(\.text) == ["the clock is not synchronised", "told"])
    #expect(bench.engine.shownIncidents.open.map(\.id) == [told.id])
    Self.report(Self.kept, to: bench, for: .minutes(2))
    let last = try #require(bench.told.last)
    #expect(bench.told.count == 2 && last.id == told.id && last.status == .resolved)
    #expect(last.summary == "the clock of this monitor is synchronised again after 1h 30m")
    #expect(bench.engine.shownIncidents.open.isEmpty)
  }

  @Test("a short while without it is no incident, and the next one counts anew")
  func short() {
    let bench = Self.bench()
    for _ in 0..<3 {
      Self.report(Self.off, to: bench, for: .minutes(50))
      Self.report(Self.kept, to: bench, for: .minutes(1))
    }
    #expect(bench.versions.isEmpty)
  }

  @Test("what is not known is no incident, and does not end one")
  func notKnown() {
    let bench = Self.bench()
    Self.report(Self.unknown, to: bench, for: .minutes(90))
    #expect(bench.versions.isEmpty)
    #expect(bench.engine.clockWatch.report?.state == .unknown)
    Self.report(Self.off, to: bench, for: .minutes(62))
    Self.report(Self.unknown, to: bench, for: .minutes(5))
    #expect(bench.told.map(\.status) == [.open])
  }

  @Test("turned off it is never told, and an open one ends")
  func turnedOff() {
    let bench = Self.bench(limit: nil)
    Self.report(Self.off, to: bench, for: .minutes(90))
    #expect(bench.versions.isEmpty)
    bench.engine.configureClock(limit: .minutes(30), at: bench.now)
    bench.run()
    #expect(bench.told.map(\.status) == [.open], "it has been so for long enough already")
    bench.engine.configureClock(limit: nil, at: bench.now)
    bench.run()
    #expect(bench.told.last?.status == .resolved)
    #expect(
      bench.told.last?.summary.hasPrefix("the clock of this monitor is no longer watched") ?? false)
  }

  @Test("it keeps no incident of a link from being told")
  func others() {
    let bench = Self.bench()
    Self.report(Self.off, to: bench, for: .minutes(62))
    bench.network = { _ in refused }
    Self.report(Self.off, to: bench, for: .minutes(5))
    #expect(bench.told.map(\.pattern) == [.clock, .point])
    #expect(bench.engine.state(of: 0, at: bench.now) == .down)
  }

  @Test("it is taken up like any other, and found again after a start")
  func takenUp() throws {
    let bench = Self.bench()
    Self.report(Self.off, to: bench, for: .minutes(62))
    let id = try #require(bench.told.first?.id)
    guard
      case .acknowledged(let taken) = bench.engine.acknowledge(
        id, by: "lan", note: "the time server is being moved", at: bench.now)
    else {
      Issue.record("not acknowledged")
      return
    }
    #expect(taken.status == .acknowledged && taken.sequence == 2)
    #expect(
      taken.timeline.last?.text == "acknowledged by lan: the time server is being moved")
    let later = Self.bench()
    later.engine.restore([taken], at: later.now)
    later.run()
    #expect(later.engine.shownIncidents.open.map(\.id) == [id])
    Self.report(Self.off, to: later, for: .minutes(90))
    #expect(later.versions.isEmpty, "it goes on")
    Self.report(Self.kept, to: later, for: .minutes(1))
    #expect(later.told.map(\.id) == [id] && later.told.last?.status == .resolved)
  }

  @Test("a silence for the pattern hides it, and it is told when that is over")
  func silenced() throws {
    let bench = Self.bench()
    let silence = Silence(
      id: "", links: LinkSelector(), patterns: [.clock], by: "", reason: "known",
      created: bench.now.wall, expires: bench.now.wall + .hours(2))
    _ = bench.engine.addSilence(silence, by: "lan", at: bench.now)
    Self.report(Self.off, to: bench, for: .minutes(90))
    #expect(bench.told.isEmpty && bench.versions.count == 1)
    #expect(bench.versions.last?.timeline.last?.text.hasPrefix("kept quiet by silence ") ?? false)
    Self.report(Self.off, to: bench, for: .minutes(40))
    #expect(bench.told.count == 1 && bench.told.last?.sequence == 2)
    #expect(bench.told.last?.timeline.last?.text == "told")
  }

  private static func silence(_ bench: Bench, for length: TimeAmount) -> Silence? {
    let silence = Silence(
      id: "", links: LinkSelector(), patterns: [.clock], by: "", reason: "known",
      created: bench.now.wall, expires: bench.now.wall + length)
    return bench.engine.addSilence(silence, by: "lan", at: bench.now)
  }

  @Test(
    "within a quarter of an hour of its end it is the same incident, told at once, also after a start"
  )
  func again() throws {
    let bench = Self.bench()
    Self.report(Self.off, to: bench, for: .minutes(62))
    Self.report(Self.kept, to: bench, for: .minutes(10))
    let id = try #require(bench.told.first?.id)
    Self.report(Self.off, to: bench, for: .minutes(5))
    #expect(bench.told.map(\.status) == [.open, .resolved, .open])
    let again = try #require(bench.told.last)
    #expect(again.id == id && again.reopenedCount == 1 && again.sequence == 3)
    #expect(again.summary.hasPrefix("the clock of this monitor is not synchronised again: "))
    #expect(bench.engine.shownIncidents.resolved.isEmpty)
    Self.report(Self.kept, to: bench, for: .minutes(1))
    let ended = bench.engine.shownIncidents.resolved
    #expect(ended.map(\.id) == [id])
    let later = Bench(
      [link("land/hue", [probe(url: "http://127.0.0.1/land/hue")])], at: bench.now)
    later.network = { _ in right }
    later.engine.configureClock(limit: .hours(1), at: later.now)
    later.engine.restore([], ended: ended, at: later.now)
    Self.report(Self.off, to: later, for: .minutes(2))
    #expect(later.told.map(\.id) == [id] && later.told.last?.reopenedCount == 2)
  }

  @Test("a quarter of an hour after its end it is another, which waits")
  func another() {
    let bench = Self.bench()
    Self.report(Self.off, to: bench, for: .minutes(62))
    Self.report(Self.kept, to: bench, for: .minutes(20))
    Self.report(Self.off, to: bench, for: .minutes(50))
    #expect(bench.told.map(\.status) == [.open, .resolved])
    Self.report(Self.off, to: bench, for: .minutes(15))
    #expect(Set(bench.told.map(\.id)).count == 2)
  }

  @Test("that it is taken up is not told while a silence covers it, and is when that is over")
  func takenUpInSilence() throws {
    let bench = Self.bench()
    Self.report(Self.off, to: bench, for: .minutes(62))
    let id = try #require(bench.told.first?.id)
    _ = Self.silence(bench, for: .hours(1))
    _ = bench.engine.acknowledge(id, by: "lan", note: "", at: bench.now)
    bench.run()
    #expect(bench.told.count == 1)
    #expect(bench.versions.last?.status == .acknowledged)
    #expect(bench.versions.last?.hasHeldChanges == true)
    Self.report(Self.off, to: bench, for: .minutes(62))
    #expect(bench.told.map(\.status) == [.open, .acknowledged])
    #expect(bench.told.last?.hasHeldChanges == false)
  }

  @Test("a silence that ends while nothing is known of the clock releases the message")
  func releasedUnknown() throws {
    let bench = Self.bench()
    let silence = try #require(Self.silence(bench, for: .hours(5)))
    Self.report(Self.off, to: bench, for: .minutes(62))
    Self.report(Self.unknown, to: bench, for: .minutes(5))
    #expect(bench.told.isEmpty)
    _ = bench.engine.endSilence(silence.id, at: bench.now)
    bench.run()
    #expect(bench.told.map(\.status) == [.open])
  }

  @Test("what the first look shows may have been so for longer, and the summary's words stay true")
  func sinceStart() throws {
    let bench = Self.bench()
    let start = bench.now.wall
    Self.report(Self.off, to: bench, for: .minutes(1))
    #expect(bench.engine.clockWatch.isSinceStart)
    #expect(bench.engine.clockWatch.since == start)
    Self.report(Self.off, to: bench, for: .minutes(62))
    let told = try #require(bench.told.first)
    #expect(told.timeline.first?.text == "the clock is not synchronised when this monitor starts")
    let later = Self.bench()
    later.engine.restore([told], at: later.now)
    Self.report(Self.off, to: later, for: .minutes(1))
    #expect(!later.engine.clockWatch.isSinceStart)
    #expect(later.engine.clockWatch.since == told.openedAt)
    Self.report(Self.kept, to: later, for: .minutes(1))
    Self.report(Self.off, to: later, for: .minutes(1))
    #expect(!later.engine.clockWatch.isSinceStart)
  }
}
