import Base
import Incidents
import Model
import Testing

/// A matrix and a tracker that go through a history together; seconds since its start.
struct History {
  var matrix: Matrix
  var tracker: IncidentTracker

  init(_ picture: String, _ options: String = "", gatherSeconds: Int64 = 10) {
    matrix = Sketch(picture, options).matrix
    var settings = IncidentSettings()
    settings.gatherCritical = .seconds(gatherSeconds)
    settings.gatherWarning = .seconds(gatherSeconds)
    tracker = IncidentTracker(settings: settings)
  }

  mutating func set(_ links: String, _ state: CellState, sign: FailureSign = .serverError) {
    for name in links.split(separator: " ") {
      let link = matrix.places.firstIndex { $0.id.description == name }
      matrix.set(Int32(link ?? -1), state, sign: sign)
    }
  }

  /// What happens at an evaluation, in words.
  mutating func at(_ seconds: Int64, canaries: Canaries = .none) -> String {
    let now = Instant(nanoseconds: 0) + .seconds(seconds)
    return text(
      tracker.take(explain(matrix, canaries: canaries), matrix, canaries: canaries, at: now))
  }

  mutating func tick(_ seconds: Int64) -> String {
    text(tracker.tellGathered(matrix, at: Instant(nanoseconds: 0) + .seconds(seconds)))
  }

  private func text(_ actions: [TrackerAction]) -> String {
    actions.map(words).joined(separator: "; ")
  }

  private func words(_ action: TrackerAction) -> String {
    switch action {
    case .open(let id, let key, let links): "\(id) opens as \(name(key)) x\(links.count)"
    case .reopen(let id, let key, let links): "\(id) reopens as \(name(key)) x\(links.count)"
    case .split(let id, let other, let key, let links):
      "\(id) splits from \(other) as \(name(key)) x\(links.count)"
    case .join(let id, let links): "\(id) gains \(links.count)"
    case .leave(let id, let link, .recovered): "\(id) loses \(place(link))"
    case .leave(let id, let link, .notCounted): "\(id) no longer counts \(place(link))"
    case .leave(let id, let link, .moved(let to)): "\(id) gives \(place(link)) to \(to)"
    case .become(let id, let key, _): "\(id) becomes \(name(key))"
    case .rise(let id, let severity): "\(id) rises to \(severity)"
    case .absorb(let id, let into): "\(id) goes into \(into)"
    case .resolve(let id): "\(id) ends"
    case .tell(let id, .absorbed(let into)): "tell \(id) is in \(into)"
    case .tell(let id, let telling): "tell \(id) \(telling)"
    }
  }

  private func place(_ link: Int32) -> String { "\(matrix.places[Int(link)].id)" }

  private func name(_ key: PatternKey) -> String {
    key.kind == .point
      ? "point" : "\(key.kind) \(matrix.groups[Int(key.value)].name)"
  }
}

private let calm = "  a b c\np . . .\nq . . .\nr . . .\nt . . ."

@Suite("Incidents over time")
struct IncidentTrackerTests {
  @Test("An incident gathers before it is told, and its end is told")
  func gathers() {
    var history = History(calm)
    history.set("a/p", .failing)
    #expect(history.at(0) == "1 opens as point x1")
    #expect(history.tracker.nextDue == Instant(nanoseconds: 0) + .seconds(10))
    #expect(history.tick(9) == "")
    #expect(history.tick(10) == "tell 1 opened")
    #expect(history.tick(11) == "")
    history.set("a/p", .up)
    #expect(history.at(20) == "1 ends; tell 1 resolved")
    #expect(history.tracker.open.isEmpty)
  }

  @Test("With a gathering time of nothing it is told at once")
  func atOnce() {
    var history = History(calm, gatherSeconds: 0)
    history.set("a/p", .failing)
    #expect(history.at(0) == "1 opens as point x1; tell 1 opened")
  }

  @Test("Each severity gathers for its own time, and one that rises is told as the worse one is")
  func severities() {
    var settings = IncidentSettings()
    settings.gatherCritical = .zero
    settings.gatherWarning = .seconds(30)
    var history = History(calm)
    history.tracker = IncidentTracker(settings: settings)
    history.set("b/q", .failing)
    history.set("a/p", .degraded, sign: .slow)
    #expect(history.at(0) == "1 opens as point x1; 2 opens as point x1; tell 1 opened")
    history.set("a/p", .failing)
    #expect(history.at(5) == "2 becomes point; 2 rises to critical; tell 2 opened")
  }

  @Test("What comes and goes while it gathers is told to nobody")
  func cameAndWent() {
    var history = History(calm)
    history.set("a/p", .failing)
    _ = history.at(0)
    history.set("a/p", .up)
    #expect(history.at(5) == "1 ends")
    #expect(history.tick(20) == "")
  }

  @Test("A point that grows into a column while it gathers is told once, as the column")
  func grows() {
    var history = History(calm)
    history.set("a/p", .failing)
    _ = history.at(0)
    history.set("a/q a/r a/t", .failing)
    #expect(history.at(5) == "1 becomes system a; 1 gains 3")
    #expect(history.tick(10) == "tell 1 opened")
    #expect(history.tracker.open.count == 1)
  }

  @Test("A told point that grows keeps its id, and the change is told")
  func growsTold() {
    var history = History(calm, gatherSeconds: 0)
    history.set("a/p", .failing)
    _ = history.at(0)
    history.set("a/q a/r", .failing)
    #expect(history.at(60) == "1 becomes system a; 1 gains 2; tell 1 changed")
  }

  @Test("Two points go into one column: the older goes on, the other is absorbed, and that is told")
  func absorbs() {
    var history = History(calm, gatherSeconds: 0)
    history.set("a/p", .failing)
    _ = history.at(0)
    history.set("a/q", .failing)
    #expect(history.at(10) == "2 opens as point x1; tell 2 opened")
    history.set("a/r", .failing)
    #expect(
      history.at(20)
        == "1 becomes system a; 1 gains 2; tell 1 changed; 2 goes into 1; tell 2 is in 1")
    history.set("a/p a/q a/r", .up)
    #expect(history.at(30) == "1 ends; tell 1 resolved")
  }

  @Test("Links join and leave a column; what is left of it stays one incident")
  func shrinks() {
    var history = History(calm, gatherSeconds: 0)
    history.set("a/p a/q a/r", .failing)
    _ = history.at(0)
    history.set("a/t", .failing)
    #expect(history.at(10) == "1 gains 1")
    history.set("a/p a/q", .up)
    #expect(history.at(20) == "1 loses a/p; 1 loses a/q")
    history.set("a/r a/t", .up)
    #expect(history.at(30) == "1 ends; tell 1 resolved")
  }

  @Test("A column and then a row: the crossing cell stays with the column")
  func crossing() {
    var history = History(calm, gatherSeconds: 0)
    history.set("a/p a/q a/r a/t", .failing)
    _ = history.at(0)
    history.set("b/p c/p", .failing)
    #expect(history.at(10) == "2 opens as province p x2; tell 2 opened")
    history.set("a/q a/r a/t", .up)
    // The column is gone and its last cell is the row's.
    #expect(history.at(20) == "2 gains 1; 1 goes into 2; tell 1 is in 2")
  }

  @Test("The same thing soon again is reopened; later it is new")
  func reopens() {
    var history = History(calm, gatherSeconds: 0)
    history.set("a/p", .failing)
    _ = history.at(0)
    history.set("a/p", .up)
    _ = history.at(10)
    history.set("a/p", .failing)
    #expect(history.at(60) == "1 reopens as point x1; tell 1 opened")
    history.set("a/p", .up)
    _ = history.at(70)
    history.set("a/p", .failing)
    #expect(history.at(2_000) == "2 opens as point x1; tell 2 opened")
  }

  @Test("A link of which nothing is known does not recover")
  func unknown() {
    var history = History(calm, gatherSeconds: 0)
    history.set("a/p", .failing)
    _ = history.at(0)
    history.set("a/p", .unknown)
    #expect(history.at(10) == "")
    history.set("a/p", .failing)
    #expect(history.at(20) == "")
    history.set("a/p", .up)
    #expect(history.at(30) == "1 ends; tell 1 resolved")
  }

  @Test("A link in maintenance leaves, and ends an incident that was its alone")
  func maintenance() {
    var history = History(calm, gatherSeconds: 0)
    history.set("a/p a/q a/r", .failing)
    _ = history.at(0)
    history.set("a/p", .excluded)
    #expect(history.at(10) == "1 no longer counts a/p")
    history.set("a/q a/r", .excluded)
    #expect(history.at(20) == "1 ends; tell 1 resolved")
  }

  @Test("While we are blind there is one incident, and what was open before stays as it was")
  func blind() {
    let dark = Canaries(answering: 0, failing: 2)
    let light = Canaries(answering: 2, failing: 0)
    var history = History(calm, gatherSeconds: 0)
    history.set("a/p", .failing)
    _ = history.at(0, canaries: light)
    history.set("a/q b/p b/q c/r", .failing, sign: .connectTimedOut)
    #expect(history.at(10, canaries: dark) == "2 opens as vantage  x5; tell 2 opened")
    history.set("a/p", .up)
    #expect(history.at(20, canaries: dark) == "2 loses a/p")
    #expect(history.tracker.open.map(\.id) == [1, 2])
    // Sight returns, and nothing has been probed again: no link is accused, none is well.
    history.set("a/p a/q b/p b/q c/r", .unknown)
    #expect(history.at(30, canaries: light) == "2 ends; tell 2 resolved")
    history.set("a/q b/p b/q c/r", .up)
    #expect(history.at(40, canaries: light) == "")
    history.set("a/p", .up)
    #expect(history.at(50, canaries: light) == "1 ends; tell 1 resolved")
  }

  @Test("Knowing nothing at all does not end blindness")
  func dark() {
    var history = History(calm, gatherSeconds: 0)
    let all = "a/p a/q a/r a/t b/p b/q b/r b/t c/p c/q c/r c/t"
    history.set(all, .failing)
    #expect(history.at(0) == "1 opens as vantage  x12; tell 1 opened")
    history.set(all, .unknown)
    #expect(history.at(10) == "")
    history.set("a/p", .up)
    #expect(history.at(20) == "1 ends; tell 1 resolved")
  }

  @Test("A slow column that fails is the same incident, and its severity rises")
  func rises() {
    var history = History(calm, gatherSeconds: 0)
    history.set("a/p a/q a/r", .degraded, sign: .slow)
    _ = history.at(0)
    history.set("a/p a/q a/r", .failing)
    #expect(history.at(10) == "1 becomes system a; 1 rises to critical; tell 1 changed")
    history.set("a/p a/q a/r", .degraded, sign: .slow)
    #expect(history.at(20) == "1 becomes system a")
    #expect(history.tracker.open.map(\.severity) == [.critical])
  }

  @Test("An owner's incident of which two systems are left is that owner's still, and no two")
  func keepsParts() {
    let wide = "  a b c d\np . . . .\nq . . . .\nr . . . .\nt . . . ."
    var history = History(wide, "owner o = a b c", gatherSeconds: 0)
    let three = "a/p a/q a/r a/t b/p b/q b/r b/t c/p c/q c/r c/t"
    history.set(three, .failing)
    #expect(history.at(0) == "1 opens as owner o x12; tell 1 opened")
    history.set("c/p c/q c/r c/t b/t", .up)
    #expect(
      history.at(10)
        == "1 loses c/p; 1 loses c/q; 1 loses c/r; 1 loses b/t; 1 loses c/t")
    history.set("b/p b/q b/r", .up)
    #expect(history.at(20) == "1 loses b/p; 1 loses b/q; 1 loses b/r", "it is told already")
    history.set("a/p", .up)
    #expect(history.at(30) == "1 loses a/p")
    history.set("d/q d/r d/t", .failing)
    #expect(history.at(40) == "2 opens as system d x3; tell 2 opened")
    history.set("a/p", .failing)
    #expect(history.at(50) == "1 becomes system a; 1 gains 1; tell 1 changed", "one fails anew")
  }

  @Test("A route's incident whose hop recovers first stays the route's, and no province is told")
  func hopFirst() {
    let rows = "  g a b c\np . . . .\nq . . . .\nr . . . ."
    var history = History(rows, "gateway g", gatherSeconds: 0)
    history.set("g/p a/p b/p c/p", .failing)
    #expect(history.at(0) == "1 opens as route g/p x4; tell 1 opened")
    history.set("g/p", .up)
    #expect(history.at(10) == "1 loses g/p")
    #expect(history.at(20) == "")
    history.set("a/p", .up)
    #expect(history.at(30) == "1 loses a/p")
    history.set("b/p c/p", .up)
    #expect(history.at(40) == "1 ends; tell 1 resolved")
  }

  @Test("What has not been told yet is told as what is left of it")
  func hopFirstUntold() {
    let rows = "  g a b c\np . . . .\nq . . . .\nr . . . ."
    var history = History(rows, "gateway g")
    history.set("g/p a/p b/p c/p", .failing)
    #expect(history.at(0) == "1 opens as route g/p x4")
    history.set("g/p", .up)
    #expect(history.at(5) == "1 becomes province p; 1 loses g/p")
    #expect(history.tick(10) == "tell 1 opened")
  }

  @Test("Overdue connections and failures of one system are two incidents")
  func overdue() {
    var history = History(calm, gatherSeconds: 0)
    history.set("a/p a/q a/r a/t", .overdue, sign: .overdue)
    _ = history.at(0)
    history.set("a/p a/q a/r", .failing)
    _ = history.at(10)
    #expect(history.tracker.open.map(\.severity) == [.warning, .critical])
  }
}
