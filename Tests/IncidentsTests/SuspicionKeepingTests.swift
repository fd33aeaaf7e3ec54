import Base
import Model
import Testing

@testable import Incidents

@Suite("The suspected side while links recover") struct SuspicionKeepingTests {
  private let square = "  a b c\np . . .\nq . . .\nr . . .\nt . . ."

  /// A column that has been silent for a while, and of which the provider is suspected.
  private func silentColumn() throws -> CaseHistory {
    var history = CaseHistory(square)
    silence("a/p a/q a/r a/t", &history)
    history.pass(120)
    #expect(history.told.map(\.suspicion?.side) == ["provider"])
    #expect(history.told.last?.suspicion?.asOf == nil)
    return history
  }

  private func silence(_ links: String, _ history: inout CaseHistory) {
    history.set(
      links, .failing, sign: .connectTimedOut, evidence: "no connection",
      cause: "connect.timedOut")
  }

  @Test(
    "it stays while links recover one after the other, says of when it is, and is not told anew")
  func recovers() throws {
    var history = try silentColumn()
    let whole = history.now.wall
    let confidence = history.told.last?.suspicion?.confidence
    for link in ["a/p", "a/q", "a/r"] {
      history.set(link, .up)
      history.pass(120)
    }
    #expect(history.told.count == 1, "\(history.told.map(\.summary))")
    let kept = try #require(history.versions.last?.suspicion)
    #expect(history.versions.last?.links.map(\.description) == ["a/t"])
    #expect(kept.side == "provider" && kept.confidence == confidence)
    let asOf = try #require(kept.asOf)
    #expect(asOf <= whole, "what it is made of was seen while all failed")
    history.set("a/t", .up)
    history.pass(60)
    #expect(history.told.map(\.status) == [.open, .resolved])
  }

  @Test("it is of now again when all of its links fail again")
  func failsAgain() throws {
    var history = try silentColumn()
    history.set("a/p a/q", .up)
    history.pass(30)
    #expect(history.versions.last?.suspicion?.asOf != nil)
    silence("a/p a/q", &history)
    history.pass(30)
    let again = try #require(history.versions.last?.suspicion)
    #expect(again.asOf == nil && again.side == "provider")
  }

  @Test("a link that was not among them is new evidence: the side is of now again")
  func grows() throws {
    var history = CaseHistory(square + "\nu . . .")
    silence("a/p a/q a/r a/t", &history)
    history.pass(120)
    #expect(history.told.last?.suspicion?.side == "provider")
    history.set("a/p", .up)
    history.pass(30)
    #expect(history.versions.last?.suspicion?.asOf != nil)
    silence("a/u", &history)
    history.pass(120)
    let last = try #require(history.versions.last?.suspicion)
    #expect(last.asOf == nil)
  }

  @Test("other signs of all of its links are new evidence")
  func otherSigns() throws {
    var history = try silentColumn()
    history.set("a/p a/q a/r a/t", .failing, sign: .unreachable, cause: "connect.unreachable")
    history.pass(120)
    let last = try #require(history.versions.last?.suspicion)
    #expect(last.side == "cannotTell" && last.asOf == nil)
    #expect(history.told.last?.suspicion?.side == "cannotTell")
  }

  @Test("of a blind monitor it stays while the canaries return one after the other")
  func sightReturns() throws {
    var history = CaseHistory(square)
    history.book.set(Canaries(answering: 0, failing: 2), at: history.now)
    let all = ["a", "b", "c"].flatMap { service in ["p", "q", "r", "t"].map { "\(service)/\($0)" } }
    let links = all.joined(separator: " ")
    history.set(links, .failing, sign: .unreachable, cause: "connect.networkUnreachable")
    history.pass(60)
    #expect(history.told.map(\.pattern) == [.vantage])
    #expect(history.told.last?.suspicion?.side == "us")
    history.book.set(Canaries(answering: 1, failing: 1), at: history.now)
    history.pass(30)
    let open = try #require(history.versions.last { $0.pattern == .vantage })
    #expect(open.suspicion?.side == "us", "\(String(describing: open.suspicion))")
  }

  @Test("a start while links recover takes nothing from it")
  func restarts() throws {
    var first = try silentColumn()
    first.set("a/p a/q a/r", .up)
    first.pass(60)
    let before = try #require(first.versions.last?.suspicion)
    #expect(before.side == "provider" && before.asOf != nil)
    var second = CaseHistory(square.replacing(".", with: "?"))
    second.now = first.now
    second.take(second.book.restore(first.book.open, ended: [], at: second.now))
    silence("a/t", &second)
    second.set("a/p a/q a/r b/p b/q b/r b/t c/p c/q c/r c/t", .up)
    second.pass(200)
    #expect(second.told.isEmpty, "\(second.told.map(\.summary))")
    #expect(second.book.open.map(\.suspicion) == [before])
  }
}
