import Base
import Judgement
import Model
import Testing

@testable import Incidents

@Suite("The life of an incident") struct CaseLifeTests {
  private let square = "  a b c\np . . .\nq . . .\nr . . .\nt . . ."

  private static func seconds(_ time: WallTime?) -> String {
    time.map { "\(($0 - CaseHistory.start.wall).milliseconds / 1_000)" } ?? "still"
  }

  @Test("an incident lists every link that it ever had, with when it joined and left")
  func members() throws {
    var history = CaseHistory(square, gatherSeconds: 0)
    history.pass(10)
    history.set("a/p a/q a/r", .failing)
    history.pass(50)
    history.set("a/t", .failing)
    history.pass(60)
    history.set("a/p", .up)
    history.pass(60)
    let open = try #require(history.book.open.first)
    #expect(open.links.map(\.description) == ["a/q", "a/r", "a/t"])
    #expect(
      open.members.first?.leftAt != nil, "what has recovered is listed while the rest goes on")
    history.set("a/p", .failing)
    history.pass(60)
    history.set("a/p a/q a/r a/t", .up)
    history.pass(60)
    let last = try #require(history.told.last)
    #expect(last.status == .resolved)
    let words = last.members.map {
      "\($0.link) \(Self.seconds($0.joinedAt)) \(Self.seconds($0.leftAt)) \($0.times)"
    }
    #expect(words == ["a/p 10 240 2", "a/q 10 240 1", "a/r 10 240 1", "a/t 60 240 1"])
    #expect(last.unlistedMembers == 0)
  }

  @Test("the list of links is bounded, and tells how many are not in it")
  func boundedMembers() {
    var incident = Incident(
      id: "inc-a", sequence: 1, pattern: .system, status: .open, severity: .critical, links: [],
      summary: "", conditions: [], openedAt: CaseHistory.start.wall,
      updatedAt: CaseHistory.start.wall)
    let links = (0..<Limits.incidentMembers + 5).map {
      LinkID(service: "s", consumer: "c\($0)")
    }
    incident.join(links, at: CaseHistory.start.wall)
    #expect(incident.members.count == Limits.incidentMembers && incident.unlistedMembers == 5)
    incident.leave(links, at: CaseHistory.start.wall)
    incident.join(Array(links.prefix(3)), at: CaseHistory.start.wall)
    #expect(incident.members.count { $0.leftAt == nil } == 3)
    #expect(incident.unlistedMembers == 5, "those that are listed are not counted again")
  }

  @Test("a hop that answers again is blamed no longer for what goes on failing behind it")
  func hopAnswersAgain() throws {
    var history = CaseHistory(
      "  g a b c\np . . . .\nq . . . .\nr . . . .\nt . . . .", "gateway g", gatherSeconds: 0)
    history.pass(10)
    history.set("g/p a/p b/p c/p", .failing, sign: .gatewayError)
    history.pass(60)
    let first = try #require(history.book.open.first)
    #expect(first.pattern == .route && first.suspicion?.side == "hop")
    history.set("a/p", .up)
    history.pass(60)
    #expect(
      history.book.open.first?.suspicion?.side == "hop", "less speaks for it, nothing against")
    history.set("g/p", .up)
    history.pass(60)
    let later = try #require(history.book.open.first)
    #expect(later.id == first.id && later.suspicion?.hop == nil, "\(later.summary)")
  }

  @Test("an incident that begins again tells both openings, and the time between is no duration")
  func reopened() throws {
    var history = CaseHistory(square, gatherSeconds: 0)
    history.pass(10)
    history.set("a/p", .failing)
    history.pass(60)
    history.set("a/p", .up)
    history.pass(300)
    history.set("a/p", .failing)
    history.pass(1)
    let again = try #require(history.told.last)
    #expect(again.reopenedCount == 1)
    #expect(Self.seconds(again.openedAt) == "10" && Self.seconds(again.reopenedAt) == "370")
    history.pass(29)
    history.set("a/p", .up)
    history.pass(1)
    let last = try #require(history.told.last)
    #expect(last.status == .resolved && last.openFor(until: last.resolvedAt!) == .seconds(90))
    #expect(last.summary == "a/p recovered after 30s (began again 1 time, 1m 30s in all)")
    #expect(last.members.map(\.times) == [2])
  }

  @Test("a start and a reload keep what came before an incident began again")
  func reopenedOverStart() throws {
    var first = CaseHistory(square, gatherSeconds: 0)
    first.set("a/p", .failing)
    first.pass(60)
    first.set("a/p", .up)
    first.pass(60)
    var second = CaseHistory(square, gatherSeconds: 0)
    second.now = first.now
    let ended = first.told.filter { $0.status == .resolved }
    second.take(second.book.restore([], ended: ended, at: second.now))
    second.set("a/p", .failing)
    second.pass(30)
    second.take(
      second.book.move(
        to: Matrix(Sketch(square).places), settings: IncidentSettings(), at: second.now))
    second.set("a/p", .failing)
    second.pass(30)
    second.set("a/p", .up)
    second.pass(10)
    let last = try #require(second.told.last)
    #expect(last.status == .resolved && last.reopenedCount == 1)
    let open = last.openFor(until: try #require(last.resolvedAt))
    #expect((TimeAmount.seconds(119)...TimeAmount.seconds(121)).contains(open), "\(open)")
  }

  @Test(
    "whether an incident recovers is the same after a start and a reload",
    arguments: ["a/p up", "a/p up, a/q up, a/q failing", "a/p up, a/p failing, a/q up"])
  func recoveringOverStart(changes: String) throws {
    var first = CaseHistory(square, gatherSeconds: 0)
    first.set("a/p a/q a/r a/t", .failing)
    first.pass(70)
    for change in changes.split(separator: ",") {
      let words = change.split(separator: " ").map(String.init)
      first.set(words[0], words[1] == "up" ? .up : .failing)
      first.pass(70)
    }
    let live = first.book.tracker.open.map(\.isRecovering)
    #expect(live == [changes.hasSuffix("up")])
    var second = CaseHistory(square.replacing(".", with: "?"), gatherSeconds: 0)
    second.now = first.now
    let kept = try #require(first.versions.last { $0.status != .resolved })
    second.take(second.book.restore([kept], ended: [], at: second.now))
    #expect(second.book.tracker.open.map(\.isRecovering) == live, "after a start")
    first.take(
      first.book.move(
        to: Matrix(Sketch(square).places), settings: IncidentSettings(), at: first.now))
    #expect(first.book.tracker.open.map(\.isRecovering) == live, "after a reload")
  }

  @Test("the summary of several causes counts them, the most frequent first, and not all of many")
  func causes() throws {
    var history = CaseHistory("  a\np .\nq .\nr .\nt .\nu .\nv .\nw .", gatherSeconds: 0)
    history.set("a/p a/q", .failing, cause: "http.status")
    history.set("a/r a/t a/u", .failing, cause: "connect.timedOut")
    history.pass(10)
    let two = try #require(history.book.open.first)
    #expect(
      two.summary.contains(": 3 connect.timedOut, 2 http.status; suspected")
        || two.summary.hasSuffix(": 3 connect.timedOut, 2 http.status"), "\(two.summary)")
    history.set("a/v", .failing, cause: "tls.expired")
    history.set("a/w", .failing, cause: "resolve.timedOut")
    history.pass(10)
    let four = try #require(history.book.open.first)
    #expect(
      four.summary.contains(
        ": 3 connect.timedOut, 2 http.status, 1 tls.expired, 1 of other causes"),
      "\(four.summary)")
  }

  @Test("of one cause the summary tells the evidence")
  func oneCause() throws {
    var history = CaseHistory(square, gatherSeconds: 0)
    history.set("a/p a/q a/r a/t", .failing)
    history.pass(10)
    let incident = try #require(history.book.open.first)
    #expect(incident.summary.contains("(p, q, r, t): HTTP status 500"))
  }

  @Test("a change that was kept quiet is told by the next run, and not taken for known")
  func heldOverStart() throws {
    var first = CaseHistory(square, gatherSeconds: 0)
    first.set("a/p", .degraded)
    first.pass(10)
    #expect(first.told.count == 1)
    first.set("a/p", .failing)
    first.pass(10)
    let risen = try #require(first.told.last)
    let held = first.book.hold(
      risen, until: first.now.instant + .hours(1), because: "kept quiet by silence s-1")
    #expect(held.hasHeldChanges && held.isTold)
    var second = CaseHistory(square.replacing(".", with: "?"), gatherSeconds: 0)
    second.now = first.now
    second.take(second.book.restore([held], ended: [], at: second.now))
    second.set("a/p", .failing)
    second.pass(10)
    #expect(second.told.map(\.severity) == [.critical])
    #expect(second.told.last?.hasHeldChanges == false)
  }

  @Test("what was kept quiet counts as such until it is told, though news must wait for its turn")
  func heldUntilTold() throws {
    var history = CaseHistory(square, gatherSeconds: 0)
    history.set("a/p a/q a/r a/t", .failing)
    history.pass(70)
    history.set("a/p a/q a/r a/t", .failing, cause: "connect.refused")
    history.pass(5)
    let changed = try #require(history.told.last)
    _ = history.book.hold(
      changed, until: history.now.instant + .hours(1), because: "kept quiet by silence s-1")
    history.book.releaseHeld(at: history.now.instant)
    history.pass(6)
    let told = history.told.count
    #expect(history.book.open.first?.hasHeldChanges == true)
    history.pass(60)
    #expect(history.told.count == told + 1)
    #expect(history.told.last?.hasHeldChanges == false)
  }

  @Test("when nothing keeps it quiet and it is as it was told, that is no news, and held no more")
  func heldAndBack() throws {
    var history = CaseHistory(square, gatherSeconds: 0)
    history.set("a/p", .failing)
    history.pass(10)
    history.set("a/p", .failing, cause: "connect.refused")
    history.pass(10)
    let changed = try #require(history.told.last)
    _ = history.book.hold(
      changed, until: history.now.instant + .hours(1), because: "kept quiet by silence s-1")
    history.set("a/p", .failing)
    history.pass(10)
    let told = history.told.count
    history.book.releaseHeld(at: history.now.instant)
    history.pass(10)
    #expect(history.told.count == told)
    #expect(history.versions.last?.hasHeldChanges == false, "its file may be written again")
  }
}

@Suite("Very many incidents at once") struct ManyIncidentsTests {
  /// 900 links that have nothing in common, all failing.
  private struct Many {
    var book: Casebook
    var now = CaseHistory.start
    var told: [String: [IncidentStatus]] = [:]
    var ends: [String: Incident] = [:]
    var most = 0

    init() {
      var settings = IncidentSettings()
      settings.gatherCritical = .zero
      let places = (0..<900).map { number in
        LinkPlace(
          id: LinkID(service: "s\(number)", consumer: "c"), system: "s\(number)",
          owner: "o\(number)", province: nil)
      }
      book = Casebook(Matrix(places), settings: settings, seed: 1)
      book.set(Canaries(answering: 2, failing: 0), at: now)
      for (link, place) in places.enumerated() {
        let condition = Condition(
          link: place.id, probe: "http", rule: .failures, evidence: "HTTP status 500",
          cause: "http.status", since: now.wall)
        book.set(
          Int32(link), .failing, sign: .serverError,
          trouble: LinkTrouble(severity: .critical, conditions: [condition], since: now.wall),
          at: now)
      }
    }

    mutating func evaluate(_ count: Int) {
      for _ in 0..<count {
        var written = 0
        for case .version(let incident, let isTold) in book.evaluate(at: now) {
          if incident.status == .resolved { ends[incident.id] = incident } else { written += 1 }
          if isTold { told[incident.id, default: []].append(incident.status) }
        }
        most = max(most, written)
        now = Now(instant: now.instant + .milliseconds(100), wall: now.wall + .milliseconds(100))
      }
    }
  }

  @Test("each is told once, and no evaluation puts more into words than its share")
  func share() {
    var many = Many()
    many.evaluate(20)
    #expect(many.most == Limits.incidentVersionsAtOnce)
    #expect(many.told.count == 900 && many.told.values.allSatisfy { $0 == [.open] })
  }

  @Test("what ends before it could be told has its end in the journal, and is told to nobody")
  func endsBefore() {
    var many = Many()
    many.evaluate(1)
    #expect(many.told.count == Limits.incidentVersionsAtOnce)
    for link in 0..<900 { many.book.set(Int32(link), .up, at: many.now) }
    many.evaluate(60)
    #expect(many.ends.count == 900)
    #expect(many.told.count == Limits.incidentVersionsAtOnce)
    #expect(many.told.values.allSatisfy { $0 == [.open, .resolved] })
    #expect(
      many.ends.values.allSatisfy { end in
        end.links.count == 1 && end.subject?.name == end.links[0].description
          && end.summary.hasPrefix("\(end.links[0]) recovered after")
      }, "also of those that nobody has put into words")
  }

  @Test("what waits for its words goes on under another catalogue")
  func movesBefore() {
    var many = Many()
    many.evaluate(1)
    let matrix = Matrix(many.book.matrix.places)
    let actions = many.book.move(to: matrix, settings: IncidentSettings(), at: many.now)
    #expect(actions.isEmpty, "none of them has gone")
    #expect(many.book.open.count == 900)
  }

  @Test(
    "what could not be told before the monitor went blind is told to nobody until it is seen again")
  func blindBefore() {
    var many = Many()
    many.evaluate(1)
    #expect(many.told.count == Limits.incidentVersionsAtOnce)
    let before = Set(many.told.keys)
    many.book.set(Canaries(answering: 0, failing: 2), at: many.now)
    many.evaluate(60)
    #expect(many.book.isBlind)
    #expect(Set(many.told.keys).subtracting(before).count == 1, "the monitor's own")
    many.book.set(Canaries(answering: 2, failing: 0), at: many.now)
    many.evaluate(60)
    #expect(!many.book.isBlind)
    #expect(Set(many.told.keys).subtracting(before).count == 1, "nobody has seen them again")
    for link in 0..<899 { many.book.set(Int32(link), .up, at: many.now) }
    let last = many.book.openIncident(of: 899)
    #expect(last?.isTold == false)
    let place = many.book.matrix.places[899]
    many.book.set(
      899, .failing, sign: .serverError,
      trouble: LinkTrouble(
        severity: .critical,
        conditions: [
          Condition(
            link: place.id, probe: "http", rule: .failures, evidence: "HTTP status 500",
            cause: "http.status", since: many.now.wall)
        ], since: many.now.wall), at: many.now)
    many.evaluate(60)
    let told = Set(many.told.keys).subtracting(before)
    #expect(told.count == 2 && last.map { told.contains($0.id) } == true, "what fails still is")
    let entries = many.book.openIncident(of: 899)?.timeline.filter { $0.text == "told" }
    #expect(entries?.count == 1)
  }
}
