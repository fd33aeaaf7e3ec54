import Base
import History
import Model
import Reports
import Testing
import Wire

@Suite struct SeriesTests {
  static let place = link("civil-registry/hue")

  static func points(
    _ source: inout MadeHistory, _ link: Link = place, probe: String? = nil, hours: Int64 = 1,
    step: TimeAmount = .minutes(15), now: WallTime = midnight + .hours(24)
  ) throws -> [[JSONNode]] {
    let question = SeriesQuestion(
      link: ReportedLink(link), probe: probe,
      period: Period(from: midnight, to: midnight + .hours(hours)), step: step)
    let request = HistoryRequest(.series(question), now: now)
    return try parsed(historyBody(request, &source)).list("series").map { $0.list("points") }
  }

  @Test("a step tells attempts, failures, latencies and the time up and down")
  func step() throws {
    var source = MadeHistory()
    source.record(
      key(Self.place), every: .minutes(1),
      minutely(from: midnight, 0..<61) { !(20..<25).contains($0) })
    let series = try Self.points(&source)
    #expect(series.count == 1)
    #expect(series[0].count == 4)
    #expect(series[0][0].share("availability") == 1)
    #expect(series[0][0].whole("upMilliseconds") == 900_000)
    #expect(series[0][0].whole("minimumMicroseconds") == 20_000)
    let second = series[0][1]
    #expect(second.whole("attempts") == 15)
    #expect(second.whole("failures") == 5)
    #expect(second.whole("downMilliseconds") == 300_000)
    #expect(second.whole("upMilliseconds") == 600_000)
    #expect(second.whole("unknownMilliseconds") == 0)
  }

  @Test("no step is finer than what is kept of that time")
  func coarse() throws {
    var source = MadeHistory()
    source.record(key(Self.place), every: .minutes(1), minutely(from: midnight, 0..<121))
    source.finelyKeptSince = midnight + .hours(5)
    let points = try Self.points(&source, hours: 2)[0]
    #expect(points.map { $0.whole("attempts") } == [60, 60])
    source.finelyKeptSince = midnight
    #expect(try Self.points(&source, hours: 2)[0].count == 8)
    // A year and more ago, where so much is kept.
    #expect(
      try Self.points(&source, hours: 2, now: midnight + .hours(24 * 400))[0].count == 8)
  }

  @Test("a step without a cell is unknown, neither up nor zero")
  func gap() throws {
    var source = MadeHistory()
    source.record(key(Self.place), every: .minutes(1), minutely(from: midnight, 0..<16))
    let third = try Self.points(&source)[0][2]
    #expect(third["availability"]?.isNull == true)
    #expect(third["errorRate"]?.isNull == true)
    #expect(third["p95Microseconds"]?.isNull == true)
    #expect(third.whole("unknownMilliseconds") == 900_000)
    #expect(third.whole("upMilliseconds") == 0)
  }

  @Test("what is still to come is not told, and the step that is running counts up to now")
  func future() throws {
    var source = MadeHistory()
    let points = try Self.points(&source, now: midnight + .minutes(20))[0]
    #expect(points.count == 2)
    #expect(points[1].whole("unknownMilliseconds") == 300_000)
  }

  @Test("a link is down while any required probe is, and an optional one changes nothing")
  func probes() throws {
    let link = link(
      "a/b", probes: [("http", true), ("tls", true), ("ping", false)])
    var source = MadeHistory()
    source.record(key(link, "http"), every: .minutes(1), minutely(from: midnight, 0..<16))
    source.record(
      key(link, "tls"), every: .minutes(1), minutely(from: midnight, 0..<16) { $0 >= 5 })
    source.record(
      key(link, "ping"), every: .minutes(1), minutely(from: midnight, 0..<16) { _ in false })
    let series = try Self.points(&source, link)
    #expect(series.count == 4)
    #expect(series[0][0].whole("downMilliseconds") == 300_000)
    #expect(series[0][0].whole("upMilliseconds") == 600_000)
    #expect(series[1][0].share("availability") == 1)
    #expect(series[3][0].share("availability") == 0)
  }

  @Test("a link is not up while a required probe is unknown")
  func unknownProbe() throws {
    let link = link("a/b", probes: [("http", true), ("tls", true)])
    var source = MadeHistory()
    source.record(key(link, "http"), every: .minutes(1), minutely(from: midnight, 0..<16))
    let point = try Self.points(&source, link)[0][0]
    #expect(point.whole("upMilliseconds") == 0)
    #expect(point["availability"]?.isNull == true)
    #expect(point.whole("unknownMilliseconds") == 900_000)
  }

  @Test("time that a clock told twice counts once, time down first")
  func twice() throws {
    var source = MadeHistory()
    var cell = Cell(span: .fiveMinutes, start: midnight)
    cell.tally.upMilliseconds = 300_000
    cell.tally.downMilliseconds = 100_000
    source.cells[key(Self.place)] = [cell]
    let point = try Self.points(&source, step: .minutes(5))[0][0]
    #expect(point.whole("downMilliseconds") == 100_000)
    #expect(point.whole("upMilliseconds") == 200_000)
  }

  @Test("the whole of the time is up, down, in maintenance or unknown, whatever is recorded")
  func wholeTime() throws {
    var random = SeededGenerator(seed: 5)
    let link = link("a/b", probes: [("http", true), ("tls", true)])
    for _ in 0..<100 {
      var source = MadeHistory()
      var observed: [String: Int64] = [:]
      for probe in ["http", "tls"] {
        var samples: [Sample] = []
        for minute in 0..<Int64(60) where random.next(below: 3) > 0 {
          samples.append(
            sample(
              midnight + .minutes(minute), ok: random.next(below: 4) > 0,
              maintenance: random.next(below: 5) == 0))
        }
        source.record(key(link, probe), every: .minutes(1), samples)
        observed[probe] = (source.cells[key(link, probe)] ?? []).reduce(0) {
          $0 + $1.tally.upMilliseconds + $1.tally.maintenanceUpMilliseconds
        }
      }
      let points = try Self.points(&source, link, step: .hours(1))[0]
      let point = points[0]
      let parts = [
        "upMilliseconds", "downMilliseconds", "maintenanceUpMilliseconds",
        "maintenanceDownMilliseconds", "unknownMilliseconds",
      ].compactMap(point.whole)
      #expect(parts.count == 5)
      #expect(parts.reduce(0, +) == 3_600_000)
      let up = parts[0] + parts[2]
      #expect(up <= Int(observed.values.min() ?? 0), "unknown became up")
    }
  }

  static let percentileCases: [(name: String, values: [UInt32])] = [
    ("constant", [UInt32](repeating: 40_000, count: 500)),
    ("bimodal", (0..<600).map { $0 % 3 == 0 ? 2_000_000 : 15_000 }),
    ("rising", (0..<1_000).map { 1_000 + UInt32($0) * 2_000 }),
    ("heavy tail", (1...1_000).map { 10_000_000 / UInt32($0) + 1_000 }),
  ]

  @Test(
    "percentiles over several cells are within 5 % of the exact ones", arguments: percentileCases)
  func percentiles(_ name: String, _ values: [UInt32]) throws {
    var source = MadeHistory()
    var cells: [Cell] = []
    for (index, value) in values.enumerated() {
      let start = midnight + .minutes(5) * Int64(index % 12)
      if !cells.contains(where: { $0.start == start }) {
        cells.append(Cell(span: .fiveMinutes, start: start))
      }
      guard let place = cells.firstIndex(where: { $0.start == start }) else { continue }
      cells[place].tally.count(0)
      cells[place].tally.addLatency(microseconds: value)
    }
    source.cells[key(Self.place)] = cells
    let point = try Self.points(&source, step: .hours(1))[0][0]
    let sorted = values.sorted()
    for percentile in Percentile.standard {
      let rank = max(1, (sorted.count * percentile.permille + 999) / 1_000)
      let exact = Double(sorted[rank - 1])
      let told = try #require(point.share("\(percentile.name)Microseconds"))
      #expect(abs(told - exact) <= exact * 0.05, "\(name) \(percentile.name)")
    }
  }

  @Test("as CSV there is a line for each step")
  func csv() throws {
    var source = MadeHistory()
    source.record(key(Self.place), every: .minutes(1), minutely(from: midnight, 0..<16))
    let question = SeriesQuestion(
      link: ReportedLink(Self.place),
      period: Period(from: midnight, to: midnight + .minutes(30)), step: .minutes(15))
    let body = try historyBody(
      HistoryRequest(.series(question), isCSV: true, now: midnight + .hours(2)), &source)
    let lines = String(decoding: body, as: UTF8.self).split(separator: "\r\n")
    #expect(lines.count == 3)
    #expect(lines[0].hasPrefix("link,probe,from,to,availability,upMilliseconds,"))
    #expect(
      lines[1].hasPrefix(
        "civil-registry/hue,,2025-11-07T00:00:00.000Z,2025-11-07T00:15:00.000Z,1.0,900000,0,"))
    // The sixteenth sample ran, and nothing behind it tells for how long what it showed held.
    #expect(
      lines[2].hasSuffix(
        ",,0,0,0,0,900000,1,0,0.0,0,20000,20000,20000,20000,20000,20000,20000"))
  }

  @Test("a question that nobody waits for any more ends")
  func cancelled() throws {
    var source = MadeHistory()
    let question = SeriesQuestion(
      link: ReportedLink(Self.place),
      period: Period(from: midnight, to: midnight + .hours(1)), step: .minutes(15))
    #expect(throws: HistoryCancelled.self) {
      try historyBody(HistoryRequest(.series(question), now: midnight), &source) { true }
    }
    #expect(source.asked == 0)
  }

  @Test(
    "percentiles have names",
    arguments: [
      ("p50", 500), ("p99.9", 999), ("p100", 1_000), ("p0.1", 1), ("p0", nil), ("p101", nil),
      ("p", nil), ("50", nil), ("p5.55", nil), ("p-5", nil), ("p+5", nil), ("p٥", nil),
      ("p.5", nil), ("p05", nil), ("p99999", nil), ("p5.", nil),
    ] as [(String, Int?)])
  func names(_ text: String, _ permille: Int?) {
    #expect(Percentile(text)?.permille == permille)
  }
}
