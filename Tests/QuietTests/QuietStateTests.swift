import Base
import Model
import Testing

@testable import Quiet

@Suite struct QuietStateTests {
  private let noon = at("2025-11-10T12:00")

  private func full() -> QuietBook {
    var book = QuietBook(rules: NoticeRules(zone: zone))
    var once = window("once", selector { $0.links = [link("land-database/ha-noi").id] })
    once.noticeWorkingDays = 7
    once.by = "lan"
    once.created = noon
    var weekly = window("weekly", selector { $0.routes = ["lgsp"] })
    weekly.times = .recurring(
      Recurrence(
        .weekdays([.sunday, .monday]), start: .hours(22) + .minutes(30), length: .minutes(90),
        first: day("2025-11-01"), last: day("2026-11-01"), zone: zone))
    var monthly = weekly
    monthly.id = "monthly"
    monthly.times = .recurring(
      Recurrence(.daysOfMonth([1, 31]), start: .zero, length: .hours(2), zone: zone))
    var over = silence("over", patterns: [.point, .system], severities: [.warning])
    over.ended = noon
    for window in [once, weekly, monthly] { _ = book.add(window, at: noon) }
    for silence in [silence("s"), over] { _ = book.add(silence, at: noon) }
    let facts = incident([link("land-database/ha-noi")])
    if let quieting = book.hides(facts, at: noon) {
      _ = book.noteHidden(facts, by: quieting, at: noon)
    }
    return book
  }

  @Test("what was entered, and what was hidden by it, comes back as it was")
  func roundTrip() throws {
    let book = full()
    let state = try QuietState(book.state.document, file: "quiet.json")
    #expect(state.problems == [])
    var restored = QuietBook(rules: NoticeRules(zone: zone))
    restored.restore(state, at: noon)
    #expect(restored == book)
    #expect(restored.hidden(by: .silence, "s").total == 1)
    #expect(restored.state.document == book.state.document)
  }

  @Test("windows of files are not kept: the files are read again")
  func withoutFiles() throws {
    var book = full()
    book.configure([window("in-file")], rules: book.rules)
    let state = try QuietState(book.state.document, file: "quiet.json")
    #expect(state.windows.map(\.id) == ["once", "weekly", "monthly"])
  }

  @Test("an entry that cannot be read is left out and told; the others hold")
  func damagedEntry() throws {
    let text = String(decoding: full().state.document, as: UTF8.self)
      .replacing(
        "\"announced\": \"2025-11-03\"", with: "\"announced\": \"soon\"", maxReplacements: 1)
    let state = try QuietState(Array(text.utf8), file: "quiet.json")
    #expect(state.windows.map(\.id) == ["weekly", "monthly"])
    #expect(state.silences.count == 2)
    #expect(state.problems.count == 1)
    #expect(state.problems.first?.contains("windows[0].announced: expected a day") ?? false)
  }

  @Test(
    "a document that is none, or of a later version, is refused as a whole",
    arguments: ["", "[]", "{\"windows\": [", "{\"version\": 2, \"windows\": []}"])
  func refused(_ text: String) {
    #expect(throws: QuietStateError.self) { try QuietState(Array(text.utf8), file: "x") }
  }
}
