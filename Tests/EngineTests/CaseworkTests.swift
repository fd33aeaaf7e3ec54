import Base
import History
import Incidents
import Judgement
import Model
import Probes
import Quiet
import Testing
import Wire

@testable import Engine

/// A link of a system of its own, whose requests are known by its id.
private func watched(
  _ id: String, every: TimeAmount = .seconds(60), owner: String? = nil, role: LinkRole = .service
) -> Link {
  var link = link(id, [probe(every: every, retryLimit: 4, url: "http://127.0.0.1/\(id)")])
  link.system = "system-\(link.id.service)"
  link.owner = owner ?? "owner-\(link.id.service)"
  link.role = role
  link.fingerprint = stableHash(id)
  return link
}

@Suite("Incidents in the engine") struct CaseworkTests {
  private static let provinces = ["an-giang", "ca-mau", "hue"]

  /// Three services for three provinces, two canaries and a link that must fail.
  private static var country: [Link] {
    ["civil", "land", "tax"].flatMap { service in
      provinces.map { watched("\(service)/\($0)") }
    } + [
      watched("gateway/national", every: .seconds(30), role: .canary),
      watched("resolver/national", every: .seconds(30), role: .canary),
      watched("closed/national", every: .seconds(30), role: .mustFail),
    ]
  }

  private static func bench(_ incidents: IncidentSettings = IncidentSettings()) -> Bench {
    let bench = Bench(country, incidents: incidents)
    bench.network = { $0.url.target == "/closed/national" ? refused : right }
    bench.advance(by: .minutes(5))
    return bench
  }

  private static func states(_ bench: Bench) -> [LinkState] {
    (0..<9).map { bench.engine.state(of: $0, at: bench.now) }
  }

  private static func cut(_ bench: Bench, _ isCut: @escaping (String) -> Bool) {
    bench.network = { transfer in
      let id = String(transfer.url.target.dropFirst())
      return id == "closed/national" || isCut(id) ? refused : right
    }
  }

  @Test("a ministry that fails is one incident, told once, with the provider suspected")
  func oneMinistry() throws {
    let bench = Self.bench()
    let isSeeing = bench.engine.casebook.canaries.isSeeing
    #expect(bench.told.isEmpty && isSeeing)
    Self.cut(bench) { $0.hasPrefix("civil/") }
    bench.advance(by: .minutes(10))
    #expect(bench.told.count { $0.firstToldSequence == $0.sequence } == 1)
    let incident = try #require(bench.told.last)
    #expect(incident.pattern == .system && incident.links.count == 3)
    #expect(incident.suspicion?.side == "provider")
    bench.network = { $0.url.target == "/closed/national" ? refused : right }
    bench.advance(by: .minutes(10))
    #expect(bench.told.last?.status == .resolved)
    #expect(bench.engine.shownIncidents.open.isEmpty)
  }

  @Test("when all is cut off the monitor says that it is blind, and of links nothing")
  func blind() throws {
    let bench = Self.bench()
    Self.cut(bench) { _ in true }
    bench.advance(by: .minutes(10))
    #expect(bench.told.map(\.pattern) == [.vantage])
    #expect(bench.told.first?.suspicion?.side == "us")
    #expect(Self.states(bench) == Array(repeating: .unknown, count: 9))
    Self.cut(bench) { _ in false }
    bench.advance(by: .minutes(10))
    #expect(bench.told.map(\.status) == [.open, .resolved], "and no link is told of")
    #expect(Self.states(bench) == Array(repeating: .up, count: 9))
  }

  @Test("a canary that is not looked at any more is no answer: the monitor stays blind")
  func pausedCanary() throws {
    let bench = Self.bench()
    Self.cut(bench) { _ in true }
    bench.advance(by: .minutes(10))
    let wasBlind = bench.engine.isBlind
    let canary = try #require(LinkID("gateway/national"))
    bench.engine.pause(
      Pause(link: canary, by: "an", reason: "work", since: bench.now.wall), at: bench.now)
    bench.advance(by: .minutes(5))
    let isBlind = bench.engine.isBlind
    #expect(wasBlind && isBlind)
    #expect(bench.told.map(\.status) == [.open], "\(bench.told.map(\.summary))")
    Self.cut(bench) { _ in false }
    bench.advance(by: .minutes(5))
    #expect(bench.told.map(\.status) == [.open, .resolved], "\(bench.told.map(\.summary))")
  }

  /// Five services of owners of their own for four provinces, and nothing that tells of our sight.
  private static var uncertainCountry: [Link] {
    ["civil", "land", "tax", "health", "school"].flatMap { service in
      (provinces + ["lai-chau"]).map { watched("\(service)/\($0)") }
    }
  }

  private static func uncertain() -> Bench {
    let bench = Bench(uncertainCountry, incidents: IncidentSettings())
    bench.network = { _ in right }
    bench.advance(by: .minutes(5))
    return bench
  }

  @Test("without canaries, that nothing answers any more is told as blindness, and nothing else is")
  func blindWithoutCanaries() {
    let bench = Self.uncertain()
    bench.network = { _ in refused }
    let cutAt = bench.now.wall
    bench.advance(by: .minutes(10))
    #expect(bench.told.map(\.pattern) == [.vantage], "\(bench.told.map(\.summary))")
    // As it was found; by the time it is told they have failed for themselves.
    let words = " links began to fail and no canary is configured that would tell otherwise"
    #expect(
      bench.versions.first { $0.pattern == .vantage }.map { $0.summary.contains(words) } == true,
      "\(bench.versions.map(\.summary))")
    let sawAt = bench.index.marks.compactMap { mark in
      if case .wentBlind(_, let sawAt) = mark.mark { sawAt } else { nil }
    }
    #expect(sawAt.allSatisfy { $0 <= cutAt && $0 > cutAt - .seconds(10) } && sawAt.count == 1)
    bench.network = { _ in right }
    bench.advance(by: .minutes(10))
    #expect(bench.told.map(\.status) == [.open, .resolved], "\(bench.told.map(\.summary))")
    #expect(bench.versions.filter { $0.pattern != .vantage }.allSatisfy { !$0.isTold })
  }

  @Test(
    "a start in the midst of an outage is no blindness, though only what failed before is known")
  func startInOutage() {
    let bench = Self.uncertain()
    let isWell = { (transfer: Transfer) in
      ["/school/", "/health/"].contains { transfer.url.target.hasPrefix($0) }
    }
    bench.network = { isWell($0) ? right : refused }
    bench.advance(by: .minutes(10))
    let open = bench.engine.shownIncidents.open
    #expect(open.flatMap(\.links).count == 12)
    let again = Bench(Self.uncertainCountry, at: bench.now)
    again.network = bench.network
    again.engine.restore(open, at: again.now)
    again.advance(by: .minutes(10))
    #expect(
      !again.versions.contains { $0.pattern == .vantage }, "\(again.versions.map(\.summary))")
    #expect(again.index.marks.allSatisfy { if case .wentBlind = $0.mark { false } else { true } })
    #expect(again.engine.shownIncidents.open.map(\.id).sorted() == open.map(\.id).sorted())
  }

  @Test("without canaries, most owners that fail while one answers are no blindness")
  func mostOwnersWithoutCanaries() {
    let bench = Self.uncertain()
    bench.network = { $0.url.target.hasPrefix("/school/") ? right : refused }
    bench.advance(by: .minutes(10))
    #expect(!bench.told.contains { $0.pattern == .vantage }, "\(bench.told.map(\.summary))")
    #expect(bench.told.contains { $0.pattern == .system })
  }

  @Test("without canaries, errors of servers are answers")
  func errorsWithoutCanaries() {
    let bench = Self.uncertain()
    bench.network = { _ in wrong }
    for _ in 0..<12 {
      bench.advance(by: .seconds(5))
      let unanswered = bench.engine.casebook.canaries.unanswered
      #expect(unanswered == 0)
    }
  }

  @Test(
    "without canaries, what one owner's links lose says nothing of our sight, whatever failed before"
  )
  func oneOwnerWithoutCanaries() {
    let services = ["civil", "land", "tax", "health"]
    let bench = Bench(
      services.map { watched("\($0)/hue") }
        + (0..<14).map { watched("school/place-\($0)", owner: "education") }
        + (0..<60).map { watched("register/place-\($0)", every: .minutes(60), owner: "justice") })
    bench.network = { _ in right }
    bench.advance(by: .minutes(5))
    bench.network = { transfer in
      services.contains { transfer.url.target.hasPrefix("/\($0)/") } ? refused : right
    }
    bench.advance(by: .minutes(5))
    bench.network = { _ in refused }
    bench.advance(by: .minutes(4))
    #expect(!bench.versions.contains { $0.pattern == .vantage }, "\(bench.versions.map(\.summary))")
  }

  @Test("samples of the time in which the monitor is blind are marked, and its beginning is")
  func blindSamples() throws {
    let bench = Self.bench()
    bench.advance(by: .minutes(5))
    let cutAt = bench.now.wall
    Self.cut(bench) { _ in true }
    bench.advance(by: .minutes(10))
    let marks = bench.index.marks.compactMap { mark -> (at: WallTime, sawAt: WallTime)? in
      if case .wentBlind(let at, let sawAt) = mark.mark { (at, sawAt) } else { nil }
    }
    #expect(marks.count == 1)
    let mark = try #require(marks.first)
    #expect(mark.sawAt <= cutAt && mark.sawAt > cutAt - .minutes(2), "an interval before, or less")
    #expect(mark.at > cutAt)
    let blindness = Blindness(bench.index.marks.map(\.mark))
    let links = bench.recorded.filter { !$0.probe.hasPrefix("closed/") && $0.sample.time > cutAt }
    #expect(links.allSatisfy { $0.sample.isBlind || blindness.covers($0.sample) })
    Self.cut(bench) { _ in false }
    bench.advance(by: .minutes(10))
    let after = try #require(bench.recorded.lastIndex { $0.sample.isBlind })
    #expect(after < bench.recorded.count - 9, "what is seen again counts")
    let isSeeing = !bench.engine.isBlind
    #expect(isSeeing)
  }

  @Test("what failed before the monitor went blind, and fails still, is told when it sees again")
  func realAfterBlind() throws {
    let bench = Self.bench()
    Self.cut(bench) { _ in true }
    bench.advance(by: .minutes(5))
    Self.cut(bench) { $0 == "land/hue" }
    bench.advance(by: .minutes(5))
    #expect(bench.told.map(\.pattern) == [.vantage, .vantage, .point])
    #expect(bench.told.last?.links.map(\.description) == ["land/hue"])
  }

  @Test("a link that must fail and does not makes the monitor doubt what it sees")
  func deceived() {
    let bench = Self.bench()
    bench.network = { $0.url.target.hasPrefix("/civil/") ? wrong : right }
    bench.advance(by: .minutes(5))
    #expect(bench.told.map(\.pattern) == [.vantage])
    #expect(bench.told.first?.summary.contains("the link that must fail does not") == true)
  }

  @Test(
    "a link that must fail and answers is told of though nothing else fails, until it fails again")
  func deceivedAlone() throws {
    let bench = Self.bench()
    bench.network = { _ in right }
    bench.advance(by: .minutes(2))
    #expect(bench.told.map(\.pattern) == [.vantage])
    let first = try #require(bench.told.first)
    #expect(first.severity == .critical && first.links.isEmpty)
    #expect(
      first.summary
        == "this monitor may be blind: the link that must fail does not; nothing is said"
        + " of links until it sees again")
    #expect(first.suspicion?.side == "us")
    #expect(first.timeline.first?.text == "opened as blindness of this monitor")
    #expect(Self.states(bench) == Array(repeating: .unknown, count: 9))
    Self.cut(bench) { _ in false }
    bench.advance(by: .minutes(2))
    #expect(bench.told.map(\.status) == [.open, .resolved])
    #expect(Self.states(bench) == Array(repeating: .up, count: 9))
  }

  @Test("a daemon that was deceived goes on being so after a start, until the link fails again")
  func deceivedOverStart() throws {
    let bench = Self.bench()
    bench.network = { _ in right }
    bench.advance(by: .minutes(2))
    let second = Bench(Self.country, incidents: IncidentSettings(), at: bench.now)
    second.network = { _ in right }
    second.engine.restore(bench.engine.shownIncidents.open, at: second.now)
    second.take()
    second.advance(by: .minutes(5))
    let isBlind = second.engine.isBlind
    #expect(isBlind && second.told.isEmpty, "nothing has changed: \(second.told.map(\.summary))")
    Self.cut(second) { _ in false }
    second.advance(by: .minutes(2))
    #expect(second.told.map(\.status) == [.resolved])
    #expect(second.told.first?.id == bench.told.first?.id)
  }

  @Test("a link that must fail is up while it does, and down when it answers")
  func mustFailState() {
    let bench = Self.bench()
    let failing = bench.engine.state(of: 11, at: bench.now)
    #expect(failing == .up)
    bench.network = { _ in right }
    bench.advance(by: .minutes(2))
    let answering = bench.engine.state(of: 11, at: bench.now)
    #expect(answering == .down)
  }

  @Test("a link that joins an incident which was told is logged by name")
  func joined() throws {
    let provinces = ["an-giang", "ca-mau", "hue", "lai-chau"]
    let bench = Bench(
      ["civil", "land"].flatMap { service in provinces.map { watched("\(service)/\($0)") } },
      incidents: IncidentSettings())
    bench.network = { _ in right }
    bench.advance(by: .minutes(5))
    Self.cut(bench) { $0.hasPrefix("civil/") && $0 != "civil/hue" }
    bench.advance(by: .minutes(3))
    Self.cut(bench) { $0.hasPrefix("civil/") }
    bench.advance(by: .minutes(3))
    let id = try #require(bench.engine.shownIncidents.openIncident(of: LinkID("civil/hue")!)).id
    let last = bench.logs.last { $0.message == "links joined an incident" }
    let words = last?.fields.map { "\($0.name)=\($0.value)" }
    #expect(words == ["incident=\(id)", "joined=1", "links=civil/hue", "all=4"])
  }

  @Test("an incident that is not told yet says until when it gathers; one that is told says so")
  func gatheringTold() throws {
    let bench = Self.bench()
    Self.cut(bench) { $0 == "civil/hue" }
    while bench.engine.shownIncidents.open.isEmpty { bench.advance(by: .seconds(1)) }
    let open = try #require(bench.engine.shownIncidents.open.first)
    let waiting = bench.engine.telling(of: open, at: bench.now)
    guard case .gathers(let until) = waiting else {
      Issue.record("\(waiting)")
      return
    }
    #expect(until > bench.now.wall && until <= bench.now.wall + .seconds(10))
    bench.advance(by: .seconds(15))
    let told = try #require(bench.told.last)
    let then = bench.engine.telling(of: told, at: bench.now)
    #expect(then == .told)
  }

  @Test("incidents that ended in an earlier run are shown, the old ones not")
  func endedBefore() throws {
    let bench = Self.bench()
    Self.cut(bench) { $0 == "civil/hue" }
    bench.advance(by: .minutes(5))
    Self.cut(bench) { _ in false }
    bench.advance(by: .minutes(5))
    let ended = bench.engine.shownIncidents.resolved
    #expect(ended.count == 1)
    for (age, count) in [(TimeAmount.hours(24), 1), (.hours(24 * 31), 0)] {
      let now = Now(instant: bench.now.instant, wall: bench.now.wall + age)
      let second = Bench(Self.country, at: now)
      second.engine.restore([], ended: ended, at: now)
      let shown = second.engine.shownIncidents.resolved
      #expect(shown.count == count)
    }
  }

  @Test("a canary that is taken out of the catalogue ends the blindness that it made")
  func canariesGo() {
    let bench = Self.bench()
    bench.network = { $0.url.target.hasPrefix("/civil/") ? wrong : right }
    bench.advance(by: .minutes(5))
    let wasBlind = bench.engine.isBlind
    #expect(wasBlind, "the link that must fail does not")
    bench.network = { _ in right }
    bench.engine.load(Self.country.filter { $0.role == .service }, at: bench.now)
    bench.advance(by: .minutes(5))
    let isBlind = bench.engine.isBlind
    #expect(!isBlind)
    #expect(Self.states(bench) == Array(repeating: .up, count: 9))
  }

  @Test("a daemon that starts while it is blind goes on being blind, and raises nothing afterwards")
  func restartWhileBlind() {
    let bench = Self.bench()
    Self.cut(bench) { _ in true }
    bench.advance(by: .minutes(5))
    let second = Bench(Self.country, incidents: IncidentSettings(), at: bench.now)
    second.engine.restore(bench.engine.shownIncidents.open, at: second.now)
    Self.cut(second) { _ in true }
    second.advance(by: .minutes(3))
    #expect(Self.states(second) == Array(repeating: .unknown, count: 9))
    Self.cut(second) { _ in false }
    second.advance(by: .minutes(10))
    #expect(second.told.map(\.pattern) == [.vantage])
    #expect(second.told.map(\.status) == [.resolved])
    #expect(Self.states(second) == Array(repeating: .up, count: 9))
  }

  @Test("a trouble that begins and ends while the disk hangs is an incident all the same")
  func passesAtOnce() throws {
    let definition = probe(every: .milliseconds(200), retryLimit: 0)
    let bench = Bench([link("civil/hue", [definition])], incidents: toldAtOnce)
    bench.network = { _ in right }
    bench.advance(by: .seconds(2))
    bench.writesAtOnce = false
    bench.network = { _ in wrong }
    bench.advance(by: .milliseconds(800))
    bench.network = { _ in right }
    bench.advance(by: .milliseconds(800))
    #expect(bench.told.isEmpty, "nothing is judged before it is written")
    bench.written(through: try #require(bench.writes.last))
    bench.writesAtOnce = true
    bench.advance(by: .seconds(1))
    #expect(bench.told.map(\.status) == [.open, .resolved])
  }

  @Test("the first failure brings forward canaries and siblings, within seconds")
  func gathers() throws {
    let bench = Self.bench()
    Self.cut(bench) { $0.hasPrefix("civil/") }
    while bench.versions.isEmpty { bench.advance(by: .seconds(1)) }
    let begun = bench.now.instant - .seconds(1)
    bench.advance(by: .seconds(10))
    let asked = Set(
      bench.transfers.filter { $0.at.instant >= begun && $0.at.instant < begun + .seconds(4) }
        .map(\.transfer.url.target))
    for province in Self.provinces where asked.contains("/civil/\(province)") == false {
      let recent = bench.transfers.last {
        $0.transfer.url.target == "/civil/\(province)" && $0.at.instant < begun
      }
      #expect(recent.map { begun - $0.at.instant < .seconds(10) } == true, "\(province)")
    }
    #expect(!asked.isEmpty)
  }

  @Test("what is quiet is kept and told when the quiet ends, if it goes on; its end is told always")
  func quiet() throws {
    let bench = Self.bench(toldAtOnce)
    bench.engine.configureQuiet(QuietSettings(zone: .hours(7)), at: bench.now)
    var links = LinkSelector()
    links.systems = ["system-civil"]
    let silence = Silence(
      id: "", links: links, by: "", reason: "ticket 12", created: bench.now.wall,
      expires: bench.now.wall + .minutes(20))
    _ = bench.engine.addSilence(silence, by: "lan", at: bench.now)
    Self.cut(bench) { $0 == "civil/hue" || $0 == "land/hue" }
    bench.advance(by: .minutes(10))
    #expect(bench.told.allSatisfy { $0.links.map(\.service) != ["civil"] })
    #expect(bench.engine.shownIncidents.openIncident(of: LinkID("civil/hue")!) != nil)
    bench.advance(by: .minutes(15))
    let told = bench.told.filter { $0.links.contains(LinkID("civil/hue")!) }
    #expect(told.count == 1, "\(told.map(\.summary))")
    Self.cut(bench) { _ in false }
    bench.advance(by: .minutes(5))
    #expect(bench.engine.shownIncidents.open.isEmpty)
    #expect(bench.told.last?.status == .resolved)
  }
}
