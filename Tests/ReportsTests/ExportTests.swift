import Base
import History
import Model
import Reports
import Testing
import Wire

@Suite struct ExportTests {
  static let now = midnight + .hours(24)
  static let period = Period(from: midnight, to: now)

  /// All pages of an export, and how large the largest was.
  static func export(
    _ links: [Link], _ source: inout MadeHistory, _ rows: ExportQuestion.Rows,
    _ format: ExportQuestion.Format
  ) throws -> (text: String, pages: Int, largest: Int) {
    var text = ""
    var cursor: ExportCursor?
    var pages = 0
    var largest = 0
    repeat {
      let question = ExportQuestion(
        choice: LinkChoice(links: links), rows: rows, format: format, period: period,
        cursor: cursor)
      let body = try historyBody(HistoryRequest(.export(question), now: now), &source)
      largest = max(largest, body.count)
      let page = try parsed(body)
      text += try #require(page.text("text"))
      cursor = page.text("next").flatMap(ExportCursor.init)
      #expect((cursor == nil) == (page["next"]?.isNull == true))
      pages += 1
      try #require(pages < 1_000)
    } while cursor != nil
    return (text, pages, largest)
  }

  static func busy() -> (links: [Link], source: MadeHistory, count: Int) {
    var source = MadeHistory()
    var count = 0
    // Not in the order of their ids.
    let links = ["b/x", "a/z", "a/b", "c/c"].map {
      link($0, probes: [("tls", true), ("http", true), ("none", true)])
    }
    for link in links {
      for probe in ["http", "tls"] {
        var samples: [Sample] = []
        for minute in Int64(0)..<1_440 {
          var one = sample(midnight + .minutes(minute))
          one.note = "\(probe) \(minute)"
          samples.append(one)
          // A burst of the very same time.
          if minute == 700 { samples += [Sample](repeating: one, count: 40) }
        }
        source.record(key(link, probe), every: .minutes(1), samples)
        count += samples.count
      }
    }
    return (links, source, count)
  }

  @Test("pages lose no sample and double none", arguments: ExportQuestion.Format.allCases)
  func samples(_ format: ExportQuestion.Format) throws {
    var (links, source, count) = Self.busy()
    let (text, pages, largest) = try Self.export(links, &source, .samples, format)
    var lines = text.split(whereSeparator: \.isNewline).map(String.init)
    if format == .csv { lines.removeFirst() }
    #expect(lines.count == count)
    #expect(pages > 2)
    #expect(largest < 1 << 20)
    // All but those of the burst differ.
    #expect(Set(lines).count == count - 40 * 8)
    if format == .csv {
      #expect(lines.map { $0.prefix(3) } == lines.map { $0.prefix(3) }.sorted())
    }
  }

  @Test("pages lose no cell and double none", arguments: [ExportQuestion.Rows.fiveMinutes, .hours])
  func cells(_ rows: ExportQuestion.Rows) throws {
    var (links, source, _) = Self.busy()
    let (text, _, _) = try Self.export(links, &source, rows, .jsonl)
    let lines = text.split(whereSeparator: \.isNewline)
    #expect(lines.count == 8 * (rows == .hours ? 24 : 288))
    #expect(Set(lines).count == lines.count)
  }

  @Test("a page that ends anywhere is gone on with there, also when its link is gone")
  func cursors() throws {
    var (links, source, _) = Self.busy()
    let cursor = ExportCursor(
      link: try #require(LinkID("a/m")), probe: "http", time: midnight, skip: 0)
    links.removeAll { "\($0.id)" == "c/c" }
    let question = ExportQuestion(
      choice: LinkChoice(links: links), rows: .hours, format: .csv, period: Self.period,
      cursor: cursor)
    let page = try parsed(
      historyBody(HistoryRequest(.export(question), now: Self.now), &source))
    let text = try #require(page.text("text"))
    // Without the head, which the first page has.
    #expect(text.hasPrefix("a/z,http,2025-11-07T00:00:00.000Z,"))
    #expect(!text.contains("a/b,"))
    #expect(text.contains("b/x,tls,"))
  }

  @Test(
    "a cursor that no page ended with is refused",
    arguments: [
      "", "a/b", "a/b:1:0", "A/b:1:0:http", "a/b:-1:0:http", "a/b:99999999999999999:0:http",
      "a/b:1:-1:http", "a/b:1:0:", "a/b:x:0:http", "a/b:1:99999999999999999999:http",
    ])
  func hostileCursors(_ text: String) {
    #expect(ExportCursor(text) == nil)
  }

  @Test("a cursor reads back as it was, whatever the probe is called")
  func readsBack() throws {
    let cursor = ExportCursor(
      link: try #require(LinkID("a/b")), probe: "http:2, \"x\"", time: midnight, skip: 3)
    #expect(ExportCursor("\(cursor)") == cursor)
  }

  static let fields: [(text: String, field: String, why: String)] = [
    ("plain", "plain", "as it is"), ("a,b", "\"a,b\"", "a comma"),
    ("say \"x\"", "\"say \"\"x\"\"\"", "quotes are doubled"),
    ("two\r\nlines", "two\\r\\nlines", "control characters are shown"),
    ("=1+1", "'=1+1", "a formula"), ("+84", "'+84", "a formula"), ("-x", "'-x", "a formula"),
    ("@sum(a)", "'@sum(a)", "a formula"), ("＝1", "'＝1", "a wide formula"),
    ("=a,b", "\"'=a,b\"", "both"), (" x", "\" x\"", "a blank that must stay"),
    ("Hà Nội", "Hà Nội", "letters stay"), ("\u{1B}[2J", "\\u{1b}[2J", "harmless on a terminal"),
    ("", "", "nothing"), ("\t=1", "\\t=1", "a tab before a formula"),
  ]

  @Test("a field of CSV is quoted where it must be, and no formula", arguments: fields)
  func field(_ text: String, _ field: String, _ why: String) {
    var csv = CSVWriter()
    csv.text(text)
    csv.int(-5)
    csv.endRow()
    #expect(String(decoding: csv.bytes, as: UTF8.self) == "\(field),-5\r\n", "\(why)")
  }
}

@Suite struct ComparisonTests {
  @Test("a window stands beside the same window of the weeks before")
  func weeks() throws {
    let link = link("a/b")
    var source = MadeHistory()
    let week = TimeAmount.hours(24 * 7)
    source.record(
      key(link), every: .minutes(1),
      minutely(from: midnight - week, 0..<61) + minutely(from: midnight, 0..<61) { $0 >= 30 })
    let question = ComparisonQuestion(
      link: ReportedLink(link), period: Period(from: midnight, to: midnight + .hours(1)), weeks: 2)
    let node = try parsed(
      historyBody(HistoryRequest(.comparison(question), now: midnight + .hours(3)), &source))
    let windows = node.list("windows")
    #expect(windows.map { $0.whole("weeksAgo") } == [0, 1, 2])
    #expect(windows[0].share("availability") == 0.5)
    #expect(windows[1].share("availability") == 1)
    #expect(windows[1]["change"]?.share("availability") == -0.5)
    #expect(windows[1]["change"]?.share("errorRate") == 0.5)
    #expect(windows[1]["change"]?.share("p50Ratio") == 1)
    #expect(windows[2]["availability"]?.isNull == true)
    #expect(windows[2]["change"]?["availability"]?.isNull == true)
    #expect(windows[1].text("from") == "2025-10-31T00:00:00.000Z")
  }
}
