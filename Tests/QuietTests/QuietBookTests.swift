import Base
import Model
import Testing

@testable import Quiet

@Suite struct QuietBookTests {
  private var book = QuietBook(rules: NoticeRules(zone: zone))
  private let night = at("2025-11-10T23:00")
  private let noon = at("2025-11-10T12:00")
  private let haNoi = link("land-database/ha-noi")
  private let hue = link("land-database/hue")
  private let other = link("merit-people/hue", system: "merit-people", owner: "moha")

  @Test("a link is quiet by the windows and silences that are for it, and only while they hold")
  mutating func quieting() {
    book.configure([window("in-file")], rules: book.rules)
    let entered = book.add(window("entered"), at: noon)
    let silenced = book.add(silence(), at: noon)
    #expect(entered && silenced)
    #expect(book.quieting(of: haNoi, at: noon).map(\.id) == ["s"])
    #expect(book.quieting(of: haNoi, at: night).map(\.id) == ["in-file", "entered"])
    #expect(book.quieting(of: other, at: night).isEmpty)
    #expect(book.quieting(of: haNoi, at: at("2025-11-12T00:00")).isEmpty)
    #expect(
      book.quieting(of: haNoi, at: noon).first
        == Quieting(
          kind: .silence, id: "s", until: at("2025-11-10T20:00"), reason: "known: ticket 12",
          by: "lan"))
  }

  @Test(
    "a silence of the clock's incident quietens no link, and one for some incidents says for which")
  mutating func meant() {
    _ = book.add(silence("clock", LinkSelector(), patterns: [.clock]), at: noon)
    #expect(book.quieting(of: haNoi, at: noon).isEmpty)
    #expect(book.hides(incident([], .clock, .warning), at: noon)?.id == "clock")
    let some = silence("some", patterns: [.point, .clock], severities: [.warning])
    _ = book.add(some, at: noon)
    #expect(
      book.quieting(of: haNoi, at: noon).map(\.meantWords)
        == [", only of pattern point, clock and severity warning"])
    #expect(some.meantWords == book.quieting(of: haNoi, at: noon).first?.meantWords)
    #expect(silence().meantWords.isEmpty)
  }

  @Test("an incident is hidden when each of its links is quiet, and told when one is not")
  mutating func hides() {
    book.configure([window()], rules: book.rules)
    #expect(book.hides(incident([haNoi, hue], .system), at: night)?.id == "w")
    #expect(book.hides(incident([haNoi, other], .province), at: night) == nil)
    #expect(book.hides(incident([haNoi]), at: noon) == nil)
    #expect(book.hides(incident([]), at: night) == nil, "of no link nothing can be quiet")
  }

  @Test("of several that hide an incident the one is named that ends first")
  mutating func endsFirst() {
    let short = selector { $0.provinces = ["hue"] }
    let long = selector { $0.links = [haNoi.id] }
    _ = book.add(silence("short", short, expires: "2025-11-10T13:00"), at: noon)
    _ = book.add(silence("long", long, expires: "2025-11-10T18:00"), at: noon)
    #expect(book.hides(incident([haNoi, hue], .system), at: noon)?.id == "short")
    _ = book.add(silence("longer", expires: "2025-11-10T17:00"), at: noon)
    #expect(
      book.hides(incident([haNoi, hue], .system), at: noon)?.id == "longer",
      "each link is quiet for as long as the longest of its own says")
  }

  @Test("a silence for a severity hides no incident that has become worse")
  mutating func severity() {
    _ = book.add(silence("s", severities: [.warning]), at: noon)
    #expect(book.hides(incident([haNoi], .point, .warning), at: noon) != nil)
    #expect(book.hides(incident([haNoi], .point, .critical), at: noon) == nil)
    #expect(book.quieting(of: haNoi, at: noon).map(\.isWhole) == [false])
  }

  @Test("a silence for a pattern hides that pattern alone")
  mutating func pattern() {
    _ = book.add(silence("s", LinkSelector(), patterns: [.province]), at: noon)
    #expect(book.hides(incident([haNoi, other], .province), at: noon) != nil)
    #expect(book.hides(incident([haNoi], .point), at: noon) == nil)
  }

  @Test("what was hidden is listed once for each link of an incident, and counted beyond the list")
  mutating func hidden() throws {
    _ = book.add(silence(), at: noon)
    let quieting = try #require(book.hides(incident([haNoi]), at: noon))
    let first = book.noteHidden(incident([haNoi]), by: quieting, at: noon)
    let again = book.noteHidden(incident([haNoi]), by: quieting, at: noon + .minutes(1))
    #expect(first && !again)
    #expect(
      book.hidden(by: .silence, "s").newest
        == [HiddenLog.Entry(incident: "inc-1", link: haNoi.id, time: noon)])
    for number in 0..<80 {
      _ = book.noteHidden(incident([hue], id: "inc-h\(number)"), by: quieting, at: noon)
    }
    #expect(book.hidden(by: .silence, "s").total == 81)
    #expect(book.hidden(by: .silence, "s").newest.count == Limits.hiddenListed)
    #expect(book.hidden(by: .silence, "s").newest.last?.incident == "inc-h79")
    #expect(book.hidden(by: .maintenance, "s").total == 0)
    let country = (0..<306).map { link("land-database/p\($0)") }
    for _ in 0..<2 { _ = book.noteHidden(incident(country, id: "inc-c"), by: quieting, at: noon) }
    #expect(book.hidden(by: .silence, "s").total == 81 + 306, "all links of a large one, once")
    #expect(book.hidden(by: .silence, "s").newest.count == Limits.hiddenListed)
  }

  @Test("it says when something begins or ends next")
  mutating func nextChange() {
    book.configure([window()], rules: book.rules)
    _ = book.add(silence(), at: noon)
    #expect(book.nextChange(after: noon) == at("2025-11-10T20:00"))
    #expect(book.nextChange(after: at("2025-11-10T20:00")) == at("2025-11-10T22:00"))
    #expect(book.nextChange(after: at("2025-11-10T22:00")) == at("2025-11-11T04:00"))
    #expect(book.nextChange(after: at("2025-11-11T04:00")) == nil)
  }

  @Test("between two changes nothing changes, whatever is in the book")
  mutating func nothingBetweenChanges() {
    var weekly = window("weekly")
    weekly.times = .recurring(
      Recurrence(.weekdays([.tuesday]), start: .hours(1), length: .hours(3), zone: zone))
    book.configure([window(), weekly], rules: book.rules)
    _ = book.add(silence(), at: noon)
    var time = at("2025-11-09T00:00")
    var next = book.nextChange(after: time)
    var ids = book.quieting(of: haNoi, at: time).map(\.id)
    for _ in 0..<(24 * 60 * 14) {
      time = time + .minutes(1)
      let now = book.quieting(of: haNoi, at: time).map(\.id)
      if now != ids { #expect(next == time) }
      ids = now
      if next.map({ $0 <= time }) ?? false { next = book.nextChange(after: time) }
    }
  }

  @Test("what was entered can be ended once; what is in a file cannot")
  mutating func ends() {
    book.configure([window("in-file")], rules: book.rules)
    _ = book.add(window("entered"), at: noon)
    _ = book.add(silence(), at: noon)
    let results = [
      book.endWindow("entered", at: night), book.endWindow("entered", at: night),
      book.endWindow("in-file", at: night), book.endSilence("s", at: noon),
      book.endSilence("s", at: noon), book.endSilence("unheard-of", at: noon),
    ]
    #expect(results == [true, false, false, true, false, false])
    #expect(book.quieting(of: haNoi, at: night).map(\.id) == ["in-file"])
    #expect(book.quieting(of: haNoi, at: noon).isEmpty)
  }

  @Test("there is a bound, and what is over makes room")
  mutating func bounds() {
    for number in 0..<Limits.silences {
      let added = book.add(silence("s\(number)"), at: noon)
      #expect(added)
    }
    let oneMore = book.add(silence("more"), at: noon)
    #expect(!oneMore)
    #expect(book.problemAddingSilence(at: noon)?.contains("500 silences") ?? false)
    let later = book.add(silence("more", expires: "2025-11-12T00:00"), at: night)
    #expect(later)
    let twice = book.add(silence("more", expires: "2025-11-12T00:00"), at: night)
    #expect(!twice, "an id is given once")
  }

  @Test("what is over is kept for the record, for a while and not all of it")
  mutating func prunes() throws {
    _ = book.add(silence(), at: noon)
    let quieting = try #require(book.hides(incident([haNoi]), at: noon))
    _ = book.noteHidden(incident([haNoi]), by: quieting, at: noon)
    book.prune(at: noon + .hours(24 * 399))
    #expect(book.silence("s") != nil)
    #expect(book.hidden(by: .silence, "s").total == 1)
    book.prune(at: noon + .hours(24 * 401))
    #expect(book.silence("s") == nil)
    #expect(book.hidden(by: .silence, "s").total == 0)
    for number in 0..<(Limits.quietKeptMaximum + 20) {
      _ = book.add(window("w\(number)"), at: at("2025-11-12T00:00"))
    }
    book.prune(at: at("2025-11-12T00:00"))
    #expect(book.entered.count == Limits.quietKeptMaximum)
    #expect(book.entered.first?.id == "w20", "the oldest gave way")
  }

  @Test("a reload exchanges the windows of the files and leaves the others")
  mutating func reload() {
    book.configure([window("a"), window("b")], rules: book.rules)
    _ = book.add(window("mine"), at: noon)
    book.configure([window("b")], rules: book.rules)
    #expect(book.windows.map(\.id) == ["b", "mine"])
  }
}
