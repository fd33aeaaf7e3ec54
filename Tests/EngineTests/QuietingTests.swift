import Base
import Judgement
import Model
import Probes
import Quiet
import Testing
import Wire

@testable import Engine

/// The bench's clocks stand at 2025-11-07 01:02:03 UTC, 08:02:03 in Viet Nam, a Friday.
@Suite struct QuietingTests {
  private static let id = LinkID(service: "service", consumer: "consumer")

  private static func bench(
    _ links: [Link] = [link()], _ result: TransferResult = right
  ) -> Bench {
    let bench = Bench(links)
    bench.network = { _ in result }
    bench.engine.configureQuiet(QuietSettings(zone: .hours(7)), at: bench.now)
    return bench
  }

  /// A window for one link, so long after now and so long.
  private static func window(
    _ bench: Bench, after start: TimeAmount = .zero, length: TimeAmount = .minutes(10),
    id: String = ""
  ) -> MaintenanceWindow {
    var links = LinkSelector()
    links.links = [Self.id]
    let from = bench.now.wall + start
    return MaintenanceWindow(
      id: id, links: links, times: .once(from: from, to: from + length),
      announced: CivilDay(bench.now.wall, zone: .hours(7)), reason: "new release")
  }

  private static func silence(
    _ bench: Bench, length: TimeAmount = .minutes(10), severities: [Severity] = []
  ) -> Silence {
    var links = LinkSelector()
    links.systems = ["system"]
    return Silence(
      id: "", links: links, severities: severities, by: "", reason: "ticket 12",
      created: bench.now.wall, expires: bench.now.wall + length)
  }

  @Test("samples of a link in maintenance are marked, those of others and of other times are not")
  func marks() {
    let bench = Self.bench([link(), link("other/consumer")])
    _ = bench.engine.addMaintenance(
      Self.window(bench, after: .minutes(5)), by: "lan", at: bench.now)
    let (from, to) = (bench.now.wall + .minutes(5), bench.now.wall + .minutes(15))
    bench.advance(by: .minutes(30))
    var inside = 0
    for entry in bench.recorded {
      let isInside = entry.sample.time >= from && entry.sample.time < to
      let isMarked = entry.sample.flags.contains(.maintenance)
      #expect(
        isMarked == (isInside && entry.probe.hasPrefix("\(Self.id)")),
        "\(entry.probe) \(entry.sample.time)")
      if isMarked { inside += 1 }
    }
    #expect(inside == 10, "one a minute")
  }

  @Test("an attempt is marked that began or ended within the window")
  func straddling() throws {
    let bench = Self.bench()
    bench.network = { _ in nil }
    func nextAttempt() throws -> Token {
      let former = bench.transfers.count
      while bench.transfers.count == former { bench.advance(by: .milliseconds(100)) }
      return try #require(bench.transfers.last).token
    }
    func markAfterAnswer(_ token: Token) throws -> Bool {
      bench.answer(token)
      bench.advance(by: .milliseconds(200))
      return try #require(bench.recorded.last).sample.flags.contains(.maintenance)
    }
    let first = try nextAttempt()
    let window = try #require(bench.add(Self.window(bench, after: .seconds(1))))
    bench.advance(by: .seconds(2))
    #expect(try markAfterAnswer(first), "ended within")
    let second = try nextAttempt()
    bench.advance(by: .seconds(1))
    #expect(bench.end(window.id) != nil)
    bench.advance(by: .seconds(1))
    #expect(try markAfterAnswer(second), "began within")
    #expect(try !markAfterAnswer(try nextAttempt()), "neither")
  }

  @Test("what happens in maintenance is measured, judged and shown as it is")
  func measuredAllTheSame() {
    let bench = Self.bench([link()], wrong)
    _ = bench.engine.addMaintenance(Self.window(bench), by: "lan", at: bench.now)
    bench.advance(by: .minutes(5))
    #expect(bench.state == .down)
    #expect(bench.recorded.count > 5, "confirmations run too")
    #expect(bench.recorded.allSatisfy { $0.sample.outcome == .http(.status(503)) })
    #expect(bench.engine.probes[0].judge.raised.map(\.rule) == [.failures])
  }

  @Test("a page that says maintenance, without a window, is an outage like any other")
  func unannounced() throws {
    let page = TransferResult(
      status: 503, head: Array("Retry-After: 3600\r\n".utf8),
      body: Array("<h1>Hệ thống đang bảo trì / Under maintenance</h1>".utf8))
    let bench = Self.bench([link()], page)
    bench.advance(by: .minutes(5))
    #expect(bench.state == .down)
    #expect(bench.recorded.allSatisfy { $0.sample.outcome.isFailure })
    #expect(bench.recorded.allSatisfy { !$0.sample.flags.contains(.maintenance) })
    let incident = try #require(bench.told.last)
    #expect(incident.status == .open && incident.severity == .critical)
    #expect(bench.quieting(incident) == nil)
    #expect(bench.quieting(link: 0).isEmpty)
  }

  @Test("an incident of a quiet link is hidden while the quiet lasts, and not any more after it")
  func hides() throws {
    let bench = Self.bench([link()], wrong)
    let silence = bench.engine.addSilence(
      Self.silence(bench, length: .minutes(10)), by: "lan", at: bench.now)
    let id = try #require(silence).id
    bench.advance(by: .minutes(5))
    let incident = try #require(bench.versions.last)
    let quieting = try #require(bench.quieting(incident))
    #expect(quieting.kind == .silence && quieting.id == id && quieting.by == "lan")
    #expect(bench.told.isEmpty)
    #expect(bench.engine.quietBook.hidden(by: .silence, id).newest.map(\.link) == [Self.id])
    bench.advance(by: .minutes(6))
    #expect(bench.quieting(incident) == nil)
    #expect(bench.quieting(link: 0).isEmpty)
    #expect(bench.told.map(\.id) == [incident.id], "now it is told")
  }

  @Test(
    "a link that goes down in maintenance makes its told incident no worse before the work is over")
  func noWorse() throws {
    let bench = Self.bench([
      link(
        "service/consumer",
        [probe(), probe("extra", isRequired: false, url: "http://127.0.0.1/extra")])
    ])
    bench.network = { $0.url.target == "/extra" ? wrong : right }
    bench.advance(by: .minutes(5))
    #expect(bench.told.map(\.severity) == [.warning])
    _ = bench.engine.addMaintenance(Self.window(bench), by: "lan", at: bench.now)
    bench.network = { _ in wrong }
    bench.advance(by: .minutes(5))
    #expect(bench.state == .down, "it is shown as it is")
    #expect(bench.told.count == 1)
    #expect(bench.versions.allSatisfy { $0.severity == .warning })
    #expect(bench.engine.shownIncidents.openCounts[.critical] ?? 0 == 0)
    bench.advance(by: .minutes(6))
    #expect(bench.told.last?.severity == .critical, "the work is over, and it is down")
    #expect(bench.told.last?.id == bench.told.first?.id)
  }

  @Test("one that was critical before the work stays so, and its recovery is told")
  func staysCritical() {
    let bench = Self.bench([link()], wrong)
    bench.advance(by: .minutes(5))
    _ = bench.engine.addMaintenance(Self.window(bench), by: "lan", at: bench.now)
    bench.advance(by: .minutes(5))
    #expect(bench.versions.allSatisfy { $0.severity == .critical })
    bench.network = { _ in right }
    bench.advance(by: .minutes(3))
    #expect(bench.told.map(\.status) == [.open, .resolved])
  }

  @Test("of links of which one is in maintenance only the others make an incident critical")
  func othersRaise() {
    let bench = Self.bench([link(), link("service/other")], wrong)
    _ = bench.engine.addMaintenance(
      Self.window(bench, length: .hours(1)), by: "lan", at: bench.now)
    bench.advance(by: .minutes(5))
    #expect(bench.told.last?.severity == .critical)
  }

  @Test("an incident that was told says that a silence holds, whose it is and until when")
  func toldAndSilenced() throws {
    let bench = Self.bench([link()], wrong)
    bench.advance(by: .minutes(5))
    let incident = try #require(bench.told.last)
    let silence = bench.engine.addSilence(Self.silence(bench), by: "lan", at: bench.now)
    guard case .toldSilenced(let quieting) = bench.telling(incident) else {
      Issue.record("it shows nothing of the silence")
      return
    }
    #expect(quieting.id == silence?.id && quieting.by == "lan" && quieting.reason == "ticket 12")
    #expect(quieting.until == silence?.expires)
    _ = bench.engine.endSilence(try #require(silence).id, at: bench.now)
    #expect(bench.telling(incident) == .told)
  }

  @Test("what keeps an incident quiet is in its timeline once, however often it is asked")
  func quietOnce() throws {
    let bench = Self.bench([link(), link("service/other")], wrong)
    _ = bench.engine.addSilence(Self.silence(bench), by: "lan", at: bench.now)
    bench.advance(by: .minutes(5))
    let version = try #require(bench.versions.last)
    let entries = version.timeline.filter { $0.text.hasPrefix("kept quiet by ") }
    #expect(entries.count == 1, "\(version.timeline.map(\.text))")
  }

  @Test("an incident of a link that is gone is hidden by its id alone")
  func goneLink() throws {
    let bench = Self.bench([link()], wrong)
    _ = bench.engine.addMaintenance(Self.window(bench), by: "lan", at: bench.now)
    bench.advance(by: .minutes(5))
    let incident = try #require(bench.versions.last)
    bench.engine.load([link("other/consumer")], at: bench.now)
    #expect(bench.quieting(incident)?.kind == .maintenance)
  }

  @Test(
    "every change is handed over to be kept, and what was hidden together, at most once a second")
  func saved() throws {
    let bench = Self.bench([link()], wrong)
    let window = try #require(bench.add(Self.window(bench)))
    bench.take()
    #expect(bench.savedQuiet.map(\.windows.count) == [1])
    bench.advance(by: .minutes(5))
    let incident = try #require(bench.versions.last)
    let quieting = try #require(bench.quieting(incident))
    let saves = bench.savedQuiet.count
    for number in 0..<100 {
      var other = incident
      other.id = "inc-\(number)"
      bench.engine.noteHidden(other, by: quieting, at: bench.now)
    }
    bench.advance(by: .milliseconds(500))
    #expect(bench.savedQuiet.count == saves + 1)
    #expect(bench.savedQuiet.last?.hidden.first?.log.total == 101, "and the one that is open")
    var other = incident
    other.id = "inc-other"
    bench.engine.noteHidden(other, by: quieting, at: bench.now)
    bench.advance(by: .seconds(1))
    #expect(bench.savedQuiet.count == saves + 2)
    #expect(bench.end(window.id) != nil)
    #expect(bench.end(window.id) == nil)
    bench.take()
    #expect(bench.savedQuiet.count == saves + 3)
    #expect(bench.quieting(link: 0).isEmpty)
  }

  @Test("nothing that was hidden is lost at the end: the engine is not quiet before it is kept")
  func savedAtTheEnd() throws {
    let bench = Self.bench([link()], wrong)
    _ = bench.engine.addSilence(Self.silence(bench), by: "lan", at: bench.now)
    bench.advance(by: .minutes(5))
    let incident = try #require(bench.versions.last)
    let quieting = try #require(bench.quieting(incident))
    var other = incident
    other.id = "inc-other"
    bench.engine.noteHidden(other, by: quieting, at: bench.now)
    let isQuiet = bench.engine.isQuiet
    #expect(!isQuiet)
    bench.engine.stop(at: bench.now)
    bench.run()
    #expect(bench.savedQuiet.last?.hidden.first?.log.total == 2)
    let isQuietAtTheEnd = bench.engine.isQuiet
    #expect(isQuietAtTheEnd)
  }

  @Test("an earlier run's windows and silences go on, with their marks")
  func restored() throws {
    let first = Self.bench()
    _ = first.engine.addMaintenance(Self.window(first), by: "lan", at: first.now)
    _ = first.engine.addSilence(Self.silence(first), by: "hoa", at: first.now)
    first.take()
    let kept = try #require(first.savedQuiet.last)
    let second = Self.bench()
    second.engine.restore(quiet: kept, at: second.now)
    #expect(second.quieting(link: 0).map(\.kind) == [.maintenance, .silence])
    second.advance(by: .minutes(2))
    #expect(second.recorded.count > 0)
    #expect(second.recorded.allSatisfy { $0.sample.flags.contains(.maintenance) })
  }

  /// A daemon that starts with what another kept, so long after.
  private static func restarted(_ first: Bench, after pause: TimeAmount = .zero) throws -> Bench {
    let now = Now(instant: first.now.instant + pause, wall: first.now.wall + pause)
    let second = Bench([link()], at: now)
    second.network = first.network
    second.engine.configureQuiet(QuietSettings(zone: .hours(7)), at: now)
    second.engine.restore(quiet: try #require(first.savedQuiet.last), at: now)
    second.engine.restore(first.engine.shownIncidents.open, at: now)
    second.take()
    return second
  }

  @Test(
    "what was hidden when the daemon stopped is hidden by the next, and told when the quiet ends")
  func hiddenOverStart() throws {
    let first = Self.bench([link()], wrong)
    _ = first.engine.addSilence(
      Self.silence(first, length: .minutes(30)), by: "lan", at: first.now)
    first.advance(by: .minutes(10))
    #expect(first.told.isEmpty)
    let second = try Self.restarted(first)
    second.advance(by: .minutes(15))
    #expect(second.told.isEmpty)
    second.advance(by: .minutes(6))
    #expect(second.told.map(\.id) == first.engine.shownIncidents.open.map(\.id))
  }

  @Test(
    "a change that was kept quiet when the daemon stopped is told when the quiet ends, be it meanwhile",
    arguments: [0, 40] as [Int64])
  func heldChangeOverStart(stoppedMinutes: Int64) throws {
    let first = Self.bench([link()], wrong)
    first.advance(by: .minutes(5))
    #expect(first.told.count == 1)
    _ = first.engine.addSilence(
      Self.silence(first, length: .minutes(30)), by: "lan", at: first.now)
    first.network = { _ in refused }
    first.advance(by: .minutes(10))
    #expect(first.told.count == 1)
    #expect(first.engine.shownIncidents.open.first?.hasHeldChanges == true)
    let second = try Self.restarted(first, after: .minutes(stoppedMinutes))
    second.advance(by: .minutes(10))
    #expect(second.told.count == (stoppedMinutes == 0 ? 0 : 1))
    second.advance(by: .minutes(15))
    #expect(second.told.map { $0.conditions.first?.cause } == ["connect.refused"])
    #expect(second.told.last?.hasHeldChanges == false)
  }

  @Test("a reload takes the windows of the files and looks at the new links at once")
  func reload() {
    let bench = Self.bench([link("other/consumer")])
    var settings = QuietSettings(zone: .hours(7))
    settings.windows = [Self.window(bench, length: .hours(2), id: "release")]
    bench.engine.configureQuiet(settings, at: bench.now)
    bench.advance(by: .minutes(5))
    #expect(bench.recorded.allSatisfy { !$0.sample.flags.contains(.maintenance) })
    bench.engine.load([link("other/consumer"), link()], at: bench.now)
    bench.advance(by: .minutes(5))
    let own = bench.recorded.filter { $0.probe.hasPrefix("\(Self.id)") }
    #expect(own.count > 0 && own.allSatisfy { $0.sample.flags.contains(.maintenance) })
    bench.engine.configureQuiet(QuietSettings(zone: .hours(7)), at: bench.now)
    #expect(bench.quieting(link: 1).isEmpty)
  }

  @Test("a window of a file that a reload makes smaller hides no more what it no longer covers")
  func narrowed() throws {
    // A warning that goes on as it is: nothing but the reload makes anybody look at it again.
    let probes = [probe(), probe("extra", isRequired: false, url: "http://127.0.0.1/extra")]
    let bench = Self.bench([link("service/consumer", probes), link("other/consumer", probes)])
    bench.network = { $0.url.target == "/extra" ? wrong : right }
    var settings = QuietSettings(zone: .hours(7))
    settings.windows = [Self.window(bench, length: .hours(2), id: "release")]
    settings.windows[0].links.links.append(LinkID("other/consumer")!)
    bench.engine.configureQuiet(settings, at: bench.now)
    bench.advance(by: .minutes(5))
    #expect(bench.told.isEmpty && !bench.versions.isEmpty)
    settings.windows[0].links.links = [LinkID("other/consumer")!]
    bench.engine.configureQuiet(settings, at: bench.now)
    bench.advance(by: .seconds(30))
    #expect(bench.told.flatMap(\.links).contains(Self.id), "the work is not on it any more")
  }

  @Test("a link that a reload takes out of what a silence or window covers is told of at once")
  func movedAway() throws {
    for isWindow in [false, true] {
      let bench = Self.bench([link()], wrong)
      if isWindow {
        var window = Self.window(bench, length: .hours(2))
        window.links = LinkSelector()
        window.links.systems = ["system"]
        #expect(bench.add(window) != nil)
      } else {
        _ = bench.engine.addSilence(
          Self.silence(bench, length: .hours(2)), by: "lan", at: bench.now)
      }
      bench.advance(by: .minutes(5))
      #expect(bench.told.isEmpty && !bench.versions.isEmpty)
      bench.engine.load([link()], at: bench.now)
      bench.advance(by: .seconds(30))
      #expect(bench.told.isEmpty, "it is covered as before")
      var other = link()
      other.system = "elsewhere"
      other.fingerprint = 1
      bench.engine.load([other], at: bench.now)
      bench.advance(by: .seconds(30))
      #expect(
        Set(bench.told.map(\.id)).count == 1 && bench.told.allSatisfy { $0.status == .open },
        "window: \(isWindow)")
      #expect(bench.told.last?.severity == .critical)
    }
  }

  @Test("when the wall clock is set, what holds is looked at anew")
  func clockStep() {
    let bench = Self.bench()
    _ = bench.engine.addMaintenance(
      Self.window(bench, after: .hours(3), length: .hours(1)), by: "lan", at: bench.now)
    #expect(bench.quieting(link: 0).isEmpty)
    bench.now.wall = bench.now.wall + .hours(3) + .minutes(1)
    bench.engine.clockStepped(by: .hours(3) + .minutes(1), at: bench.now)
    #expect(bench.quieting(link: 0).count == 1)
  }

  @Test("the beginning and the end of a window are told in the log, with who asked and why")
  func logged() {
    let bench = Self.bench()
    _ = bench.engine.addMaintenance(
      Self.window(bench, after: .minutes(1), length: .minutes(2)), by: "lan", at: bench.now)
    bench.advance(by: .minutes(5))
    let lines = bench.logs.map(\.message)
    #expect(lines.filter { $0 == "maintenance begins" }.count == 1)
    #expect(lines.filter { $0 == "maintenance is over" }.count == 1)
  }

  @Test("each id is given once, and nobody's is taken from the caller")
  func ids() {
    let bench = Self.bench()
    var ids: Set<String> = []
    for _ in 0..<50 {
      let window = bench.engine.addMaintenance(
        Self.window(bench, id: "mine"), by: "lan", at: bench.now)
      ids.insert(window?.id ?? "")
    }
    #expect(ids.count == 50 && ids.allSatisfy { isSlug($0) && $0.hasPrefix("m-") })
  }
}

// The engine cannot be copied, which the macros of the tests would do.
extension Bench {
  fileprivate func add(_ window: MaintenanceWindow) -> MaintenanceWindow? {
    engine.addMaintenance(window, by: "lan", at: now)
  }

  fileprivate func end(_ id: String) -> MaintenanceWindow? {
    engine.endMaintenance(id, at: now)
  }

  fileprivate func quieting(_ incident: Incident) -> Quieting? {
    engine.quieting(of: incident, at: now)
  }

  fileprivate func telling(_ incident: Incident) -> TellingState {
    engine.telling(of: incident, at: now)
  }

  fileprivate func quieting(link: Int) -> [Quieting] { engine.quieting(of: link, at: now) }
}
