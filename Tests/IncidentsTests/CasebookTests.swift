import Base
import Judgement
import Model
import Testing

@testable import Incidents

/// A casebook that goes through a history; seconds since its start.
struct CaseHistory {
  static let start = Now(
    instant: Instant(nanoseconds: 1_000_000_000_000),
    wall: WallTime(milliseconds: 1_762_477_323_000))

  var book: Casebook
  var now = Self.start
  var versions: [Incident] = []
  var told: [Incident] = []
  var asked: [CaseAction] = []

  init(_ picture: String, _ options: String = "", gatherSeconds: Int64 = 10) {
    let sketch = Sketch(picture, options)
    var settings = IncidentSettings()
    settings.gatherCritical = .seconds(gatherSeconds)
    settings.gatherWarning = .seconds(gatherSeconds)
    book = Casebook(Matrix(sketch.places), settings: settings, seed: 1)
    for (link, cell) in sketch.cells.enumerated() {
      book.set(Int32(link), cell.state, sign: cell.sign, at: now)
    }
    run()
  }

  mutating func set(
    _ links: String, _ state: CellState, sign: FailureSign = .serverError,
    evidence: String = "HTTP status 500", cause: String = "http.status"
  ) {
    for name in links.split(separator: " ") {
      let link = Int32(book.matrix.places.firstIndex { $0.id.description == name } ?? -1)
      var trouble: LinkTrouble?
      if Layer(state) != nil {
        let severity: Severity = state == .failing ? .critical : .warning
        trouble = LinkTrouble(
          severity: severity,
          conditions: [
            Condition(
              link: book.matrix.places[Int(link)].id, probe: "http",
              rule: state == .failing ? .failures : .errorRate, evidence: evidence, cause: cause,
              since: now.wall)
          ], since: now.wall)
      }
      if state == .up { book.noteAnswer(at: now) }
      book.set(link, state, sign: sign, trouble: trouble, at: now)
    }
    run()
  }

  mutating func pass(_ seconds: Int64) {
    let end = now.instant + .seconds(seconds)
    while let due = book.nextDue, due <= end {
      now = Now(instant: max(due, now.instant), wall: now.wall(at: max(due, now.instant)))
      run()
    }
    now = Now(instant: end, wall: now.wall(at: end))
  }

  mutating func run() {
    take(book.evaluate(at: now))
  }

  mutating func take(_ actions: [CaseAction]) {
    for action in actions {
      if case .version(let incident, let isTold) = action {
        versions.append(incident)
        if isTold { told.append(incident) }
      } else {
        asked.append(action)
      }
    }
  }
}

@Suite("The casebook") struct CasebookTests {
  private let square = "  a b c\np . . .\nq . . .\nr . . .\nt . . ."

  @Test("a single link's incident opens, changes and ends under one id, counted up by one")
  func life() throws {
    var history = CaseHistory(square, gatherSeconds: 0)
    history.set("a/p", .failing, evidence: "as seen")
    let opened = try #require(history.told.first)
    #expect(opened.sequence == 1 && opened.status == .open && opened.pattern == .point)
    #expect(opened.summary == "a/p is down: as seen")
    history.set("a/p", .failing, evidence: "other figures")
    history.pass(60)
    #expect(history.told.count == 1, "figures alone are not told")
    history.set("a/p", .failing, cause: "connect.refused")
    history.pass(1)
    #expect(history.told.map(\.sequence) == [1, 2], "another cause is")
    history.pass(250)
    history.set("a/p", .up)
    history.pass(1)
    let ended = try #require(history.told.last)
    #expect(ended.id == opened.id && ended.sequence == 3 && ended.status == .resolved)
    #expect(ended.summary.hasPrefix("a/p recovered after 5m "), "\(ended.summary)")
    #expect(ended.conditions.isEmpty && ended.links == opened.links)
  }

  @Test("what has not gathered is kept, and told only then")
  func gathering() {
    var history = CaseHistory(square)
    history.set("a/p", .failing)
    #expect(history.versions.map(\.isTold) == [false] && history.told.isEmpty)
    history.pass(9)
    #expect(history.told.isEmpty)
    history.pass(2)
    #expect(history.told.map(\.sequence) == [2])
    #expect(history.told.first?.firstToldSequence == 2)
  }

  @Test("what ends before it is told is told to nobody, and kept")
  func passing() {
    var history = CaseHistory(square)
    history.set("a/p", .failing)
    history.pass(4)
    history.set("a/p", .up)
    history.pass(60)
    #expect(history.told.isEmpty)
    #expect(history.versions.map(\.status) == [.open, .resolved])
    #expect(history.versions.last?.isTold == false)
  }

  @Test("the first message of a column names the column, and the points it grew from tell nothing")
  func grows() throws {
    var history = CaseHistory(square)
    history.set("a/p", .failing)
    history.pass(2)
    history.set("a/q", .failing)
    history.pass(2)
    history.set("a/r a/t", .failing)
    history.pass(20)
    #expect(history.told.count == 1)
    let incident = try #require(history.told.first)
    #expect(incident.pattern == .system && incident.links.count == 4)
    #expect(
      incident.summary.hasPrefix("service a is down for 4 links (p, q, r, t): HTTP status 500"),
      "\(incident.summary)")
    #expect(incident.suspicion?.side == "provider")
  }

  @Test("while an owner's services recover one after the other, nobody hears of another incident")
  func recoversInParts() throws {
    var history = CaseHistory(square, "owner o = a b")
    history.set("a/p a/q a/r a/t b/p b/q b/r b/t", .failing)
    history.pass(20)
    #expect(history.told.map(\.pattern) == [.owner])
    history.set("a/p", .up)
    history.pass(5)
    history.set("a/q a/r", .up)
    history.pass(5)
    history.set("a/t b/p", .up)
    history.pass(5)
    history.set("b/q b/r b/t", .up)
    history.pass(60)
    #expect(Set(history.told.map(\.id)).count == 1, "\(history.told.map(\.summary))")
    #expect(history.told.last?.status == .resolved)
  }

  @Test("links that come and go make versions that are kept, and no message")
  func comeAndGo() {
    var history = CaseHistory(square)
    history.set("a/p a/q a/r", .failing)
    history.pass(20)
    let told = history.told.count
    history.set("a/t", .failing)
    history.pass(10)
    history.set("a/p", .up)
    history.pass(10)
    #expect(history.told.count == told)
    let last = history.versions.last
    #expect(last?.links.map(\.consumer) == ["q", "r", "t"])
    #expect(last?.timeline.map(\.text).contains("joined: a/t") == true)
    #expect(last?.timeline.map(\.text).contains("recovered: a/p") == true)
  }

  @Test("the same thing soon after is the same incident, open again")
  func reopens() throws {
    var history = CaseHistory(square, gatherSeconds: 0)
    history.set("a/p", .failing)
    history.pass(1)
    history.set("a/p", .up)
    history.pass(60)
    history.set("a/p", .failing)
    history.pass(1)
    #expect(Set(history.told.map(\.id)).count == 1)
    #expect(history.told.map(\.status) == [.open, .resolved, .open])
    #expect(history.told.map(\.sequence) == [1, 2, 3])
    history.set("a/p", .up)
    history.pass(16 * 60)
    history.set("a/p", .failing)
    history.pass(1)
    #expect(Set(history.told.map(\.id)).count == 2, "later it is another")
  }

  @Test(
    "what begins again gathers anew, is told once as one that opens, and its end if it was told",
    arguments: [(5, []), (20, [.open, .resolved])] as [(Int64, [IncidentStatus])])
  func reopensGathering(seconds: Int64, again: [IncidentStatus]) {
    var history = CaseHistory(square)
    history.set("a/p", .failing)
    history.pass(20)
    history.set("a/p", .up)
    history.pass(20)
    #expect(history.told.map(\.status) == [.open, .resolved])
    history.set("a/p", .failing)
    history.pass(seconds)
    history.set("a/p", .up)
    history.pass(60)
    #expect(Array(history.told.dropFirst(2).map(\.status)) == again)
    #expect(Set(history.told.map(\.id)).count == 1)
  }

  @Test("links that have failed once show what a failing one is a part of, and are in no incident")
  func suspects() throws {
    var history = CaseHistory(square)
    func suspect(_ name: String) {
      let link = Int32(history.book.matrix.places.firstIndex { $0.id.description == name } ?? -1)
      history.book.set(link, .unknown, sign: .serverError, isSuspect: true, at: history.now)
      history.run()
    }
    for name in ["a/q", "a/r", "a/t", "b/q"] { suspect(name) }
    history.pass(60)
    #expect(history.versions.isEmpty, "alone they are nothing")
    history.set("a/p", .failing)
    history.pass(12)
    let told = try #require(history.told.first)
    #expect(told.pattern == .system && told.links.map(\.description) == ["a/p"])
    history.set("a/q a/r a/t", .failing)
    history.pass(12)
    #expect(history.told.count == 1 && history.book.open.map(\.links.count) == [4])
  }

  @Test("failures that nothing confirmed leave a single link what it is")
  func passingSuspects() {
    var history = CaseHistory(square)
    for name in ["b/q", "c/r"] {
      let link = Int32(history.book.matrix.places.firstIndex { $0.id.description == name } ?? -1)
      history.book.set(link, .unknown, sign: .serverError, isSuspect: true, at: history.now)
    }
    history.set("a/p", .failing)
    history.pass(12)
    #expect(history.told.map(\.pattern) == [.point])
  }

  @Test("what is held is asked for again once it has become another, and held no version twice")
  func held() throws {
    var history = CaseHistory(square, gatherSeconds: 0)
    history.set("a/p", .failing)
    let first = try #require(history.told.last)
    _ = history.book.hold(
      first, until: history.now.instant + .hours(700), because: "kept quiet by silence s-1")
    let versions = history.versions.count
    history.pass(3_600)
    #expect(history.versions.count == versions, "nothing is written while nothing changes")
    history.set("a/q a/r a/t", .failing)
    history.pass(5)
    #expect(history.told.last?.pattern == .system, "the column is not what was silenced")
    #expect(history.told.last?.id == first.id)
  }

  @Test("blindness lasts while no canary answers, whatever links show")
  func blindWhileCanariesFail() {
    var history = CaseHistory(square, gatherSeconds: 0)
    history.book.set(Canaries(answering: 0, failing: 2), at: history.now)
    history.set("a/p", .failing)
    history.pass(1)
    #expect(history.book.isBlind)
    history.set("a/p", .up)
    history.pass(60)
    #expect(history.book.isBlind)
    #expect(history.told.map(\.status) == [.open])
    history.book.set(Canaries(answering: 2, failing: 0), at: history.now)
    history.pass(1)
    #expect(!history.book.isBlind)
    #expect(history.asked.count { if case .sawAgain = $0 { true } else { false } } == 1)
  }

  @Test("who has taken an incident up is told, and a rise opens it again")
  func acknowledges() throws {
    var history = CaseHistory(square, gatherSeconds: 0)
    history.set("a/p", .degraded)
    history.pass(1)
    let id = try #require(history.told.first?.id)
    let acknowledgement = Acknowledgement(by: "linh", note: "calling them", time: history.now.wall)
    let version = history.book.acknowledge(id, acknowledgement, at: history.now)
    #expect(version?.status == .acknowledged && version?.sequence == 2)
    #expect(version?.timeline.last?.text == "acknowledged by linh: calling them")
    #expect(history.book.acknowledge("inc-none", acknowledgement, at: history.now) == nil)
    history.set("a/p", .failing)
    history.pass(1)
    #expect(history.told.last?.severity == .critical && history.told.last?.status == .open)
  }

  @Test("while the monitor is blind nothing else is told, and afterwards what was real")
  func blind() throws {
    let picture = "  a b c\np . . .\nq . . .\nr . . .\nt . . ."
    var history = CaseHistory(picture, "owner o = a b")
    history.set("a/p", .failing)
    history.pass(3)
    history.book.set(Canaries(answering: 0, failing: 2), at: history.now)
    history.set("a/q b/p b/q c/p c/q", .failing, sign: .connectTimedOut)
    history.pass(60)
    #expect(history.told.map(\.pattern) == [.vantage])
    #expect(history.told.first?.suspicion?.side == "us")
    #expect(history.book.isBlind)
    history.book.set(Canaries(answering: 2, failing: 0), at: history.now)
    history.pass(30)
    #expect(!history.book.isBlind)
    #expect(history.asked.contains { if case .sawAgain = $0 { true } else { false } })
    #expect(
      history.told.map(\.status) == [.open, .resolved], "one that nobody has seen again waits")
    history.set("a/q b/p b/q c/p c/q b/r a/r", .up)
    history.pass(30)
    #expect(history.told.count == 2)
    history.set("a/p", .failing)
    history.pass(1)
    #expect(history.told.last?.links.map(\.description) == ["a/p"])
  }

  @Test("sight that returns by halves returns at once, and what was seen blindly ends nothing")
  func halfSight() {
    let picture = "  a b c\np . . .\nq . . .\nr . . .\nt . . ."
    var history = CaseHistory(picture, gatherSeconds: 0)
    history.set("a/p", .failing)
    history.pass(1)
    history.book.set(Canaries(answering: 0, failing: 2), at: history.now)
    history.pass(1)
    #expect(history.book.isBlind)
    history.book.set(Canaries(answering: 1, failing: 1), at: history.now)
    history.pass(1)
    #expect(!history.book.isBlind)
    history.pass(60)
    #expect(history.told.map(\.pattern) == [.point, .vantage, .vantage])
    #expect(history.book.open.map(\.pattern) == [.point], "nobody has seen it well")
  }

  @Test("an incident of an earlier run goes on under its id and number, whatever its pattern")
  func restore() throws {
    var first = CaseHistory(square)
    first.set("a/p a/q a/r a/t b/p", .failing)
    first.pass(20)
    #expect(first.told.count == 2)
    var second = CaseHistory(square.replacing(".", with: "?"))
    second.now = first.now
    second.take(second.book.restore(first.book.open, ended: [], at: second.now))
    second.pass(60)
    #expect(second.told.isEmpty, "what nobody has looked at yet is as it was")
    #expect(second.book.open.map(\.id) == first.book.open.map(\.id))
    second.set("a/p a/q a/r a/t b/p", .failing)
    second.pass(60)
    #expect(second.told.isEmpty, "and what fails still is not told again")
    second.set("a/p a/q a/r a/t b/p", .up)
    second.pass(10)
    #expect(second.told.map(\.status) == [.resolved, .resolved])
    #expect(Set(second.told.map(\.id)) == Set(first.told.map(\.id)))
  }

  @Test("one that had not been told when the daemon stopped is told by the next")
  func restoreUntold() {
    var first = CaseHistory(square)
    first.set("a/p", .failing)
    #expect(first.told.isEmpty)
    var second = CaseHistory(square)
    second.now = Now(instant: first.now.instant, wall: first.now.wall + .seconds(30))
    second.take(second.book.restore(first.book.open, ended: [], at: second.now))
    second.set("a/p", .failing)
    second.pass(1)
    #expect(second.told.map(\.id) == first.versions.map(\.id))
  }

  @Test("under another catalogue incidents go on with the links that are left, or end")
  func moves() {
    var history = CaseHistory(square)
    history.set("a/p a/q a/r a/t c/p", .failing)
    history.pass(20)
    let ids = Set(history.told.map(\.id))
    let smaller = Sketch("  b a\nq . .\np . .\nr . .")
    history.take(
      history.book.move(
        to: Matrix(smaller.places), settings: IncidentSettings(), at: history.now))
    #expect(history.told.last?.summary.hasPrefix("c/p is no longer watched") == true)
    history.set("a/q a/p a/r", .failing)
    history.set("b/q b/p b/r", .up)
    history.pass(30)
    #expect(Set(history.told.map(\.id)) == ids)
    #expect(history.book.open.map(\.links.count) == [3])
  }

  @Test("hostile evidence cannot act on the screen that shows the summary")
  func hostile() {
    var history = CaseHistory(square, gatherSeconds: 0)
    history.set("a/p", .failing, evidence: "x\u{202E}y\n\u{1B}[2J")
    #expect(history.told.first?.summary == "a/p is down: x\\u{202e}y\\n\\u{1b}[2J")
  }

  @Test("a timeline is bounded, and keeps its beginning")
  func timeline() {
    var history = CaseHistory(square, gatherSeconds: 0)
    for _ in 0..<200 {
      history.set("a/p", .failing)
      history.pass(1)
      history.set("a/p", .up)
      history.pass(1)
    }
    let last = history.versions.last
    #expect(last?.timeline.count == Limits.incidentTimeline)
    #expect(last?.timeline.first?.text == "opened as a single link: a/p")
  }
}
