import Base
import History
import Model
import Reports
import Testing
import Wire

@Suite struct AvailabilityTests {
  static let period = Period(from: midnight, to: midnight + .hours(24))
  static let now = midnight + .hours(48)

  static func groups(
    _ links: [Link], _ source: inout MadeHistory,
    by grouping: AvailabilityQuestion.Grouping = .ministry,
    starts: [(place: Int, time: WallTime?)] = [],
    _ change: (inout AvailabilityQuestion) -> Void = { _ in }
  ) throws -> [JSONNode] {
    var question = AvailabilityQuestion(
      choice: LinkChoice(links: links, starts: starts), grouping: grouping, period: period)
    change(&question)
    return try parsed(
      historyBody(HistoryRequest(.availability(question), now: now), &source)
    ).list("groups")
  }

  /// Twelve links of three owners with one or two probes, failing at random.
  static func country() -> (links: [Link], source: MadeHistory) {
    var random = SeededGenerator(seed: 11)
    var source = MadeHistory()
    var links: [Link] = []
    for number in 0..<12 {
      let link = link(
        "s\(number % 4)/c\(number)", owner: "o\(number % 3)",
        probes: number % 2 == 0 ? [("http", true)] : [("http", true), ("tls", true)])
      links.append(link)
      for probe in link.probes {
        let samples = minutely(from: midnight, 0..<1_440) { _ in random.next(below: 20) > 0 }
          .filter { _ in random.next(below: 30) > 0 }
        source.record(key(link, probe.name), every: .minutes(1), samples)
      }
    }
    return (links, source)
  }

  static let sums = [
    "links", "upMilliseconds", "downMilliseconds", "unknownMilliseconds", "attempts", "failures",
  ]

  @Test(
    "a report over groups is the sum of its links",
    arguments: [AvailabilityQuestion.Grouping.ministry, .service, .province, .system])
  func sum(_ grouping: AvailabilityQuestion.Grouping) throws {
    var (links, source) = Self.country()
    let single = try Self.groups(links, &source, by: .link)
    let groups = try Self.groups(links, &source, by: grouping)
    #expect(single.count == 12)
    for group in groups {
      let members = links.filter {
        switch grouping {
        case .ministry: $0.owner == group.text("group")
        case .service: $0.id.service == group.text("group")
        case .province: $0.id.consumer == group.text("group")
        default: true
        }
      }.map { "\($0.id)" }
      let rows = single.filter { members.contains($0.text("group") ?? "") }
      #expect(rows.count == group.whole("links"))
      for name in Self.sums {
        #expect(rows.compactMap { $0.whole(name) }.reduce(0, +) == group.whole(name), "\(name)")
      }
    }
    #expect(groups.compactMap { $0.whole("links") }.reduce(0, +) == 12)
  }

  @Test("time down is held against the objective")
  func objective() throws {
    let link = link("a/b")
    var source = MadeHistory()
    source.record(
      key(link), every: .minutes(1), minutely(from: midnight, 0..<1_441) { $0 >= 36 })
    let row = try Self.groups([link], &source) { $0.objectivePercent = 95 }[0]
    #expect(row["met"]?.bool == true)
    #expect(row.share("availability") == 0.975)
    #expect(row.whole("downMilliseconds") == 36 * 60_000)
    #expect(row.whole("budgetMilliseconds") == 72 * 60_000)
    #expect(row.share("budgetUsed") == 0.5)
    let strict = try Self.groups([link], &source) { $0.objectivePercent = 100 }[0]
    #expect(strict["met"]?.bool == false)
    #expect(strict["budgetUsed"]?.isNull == true)
  }

  @Test("maintenance is left out, or taken in where it is asked for")
  func maintenance() throws {
    let link = link("a/b")
    var source = MadeHistory()
    source.record(
      key(link), every: .minutes(1),
      (0..<Int64(121)).map {
        sample(midnight + .minutes($0), ok: $0 >= 60, maintenance: $0 < 60)
      })
    let out = try Self.groups([link], &source)[0]
    #expect(out.share("availability") == 1)
    #expect(out.whole("maintenanceDownMilliseconds") == 3_600_000)
    let within = try Self.groups([link], &source) { $0.withMaintenance = true }[0]
    #expect(within.share("availability") ?? 0 < 0.51)
  }

  @Test("what is not known is told apart, with its share, and meets no objective")
  func unknown() throws {
    var source = MadeHistory()
    let row = try Self.groups([link("a/b")], &source) { $0.objectivePercent = 1 }[0]
    #expect(row["availability"]?.isNull == true)
    #expect(row["met"]?.isNull == true)
    #expect(row.share("unknownShare") == 1)
    #expect(row.whole("unknownMilliseconds") == 86_400_000)
  }

  @Test("a planned link counts from the time at which it connected, and not before")
  func planned() throws {
    let links = [link("a/b"), link("a/c"), link("a/d", probes: [])]
    var source = MadeHistory()
    for link in links.prefix(2) {
      source.record(
        key(link), every: .minutes(1), minutely(from: midnight, 0..<1_441) { $0 >= 720 })
    }
    let row = try Self.groups(
      links, &source, starts: [(place: 0, time: nil), (place: 1, time: midnight + .hours(12))])[0]
    #expect(row.whole("links") == 1)
    #expect(row.whole("notConnected") == 2)
    #expect(row.share("availability") == 1)
    #expect(row.whole("upMilliseconds") == 43_200_000)
    #expect(row.whole("unknownMilliseconds") == 0)
  }

  @Test("the worst come first, those of which nothing is known last")
  func order() throws {
    let links = ["a/good", "a/bad", "a/dark"].map { link($0) }
    var source = MadeHistory()
    source.record(key(links[0]), every: .minutes(1), minutely(from: midnight, 0..<100))
    source.record(
      key(links[1]), every: .minutes(1), minutely(from: midnight, 0..<100) { $0 % 2 == 0 })
    func ids(_ change: (inout AvailabilityQuestion) -> Void) throws -> [String] {
      try Self.groups(links, &source, by: .link, change).compactMap { $0.text("group") }
    }
    #expect(try ids { _ in } == ["a/bad", "a/good", "a/dark"])
    #expect(try ids { $0.order = .errorRate } == ["a/bad", "a/good", "a/dark"])
    #expect(try ids { $0.order = .name } == ["a/bad", "a/dark", "a/good"])
    #expect(try ids { $0.onlyKnown = true } == ["a/bad", "a/good"])
    #expect(try ids { $0.limit = 1 } == ["a/bad"])
  }

  @Test(
    "a report from sums of days is that from hours, whatever links need hours", arguments: [1, 2])
  func daySums(_ probes: Int) throws {
    var random = SeededGenerator(seed: 5)
    var source = MadeHistory()
    var links: [Link] = []
    for number in 0..<9 {
      let link = link(
        "s/c\(number)", owner: "o\(number % 2)",
        probes: Array([("http", true), ("tls", number % 3 > 0)].prefix(probes)))
      links.append(link)
      for probe in link.probes {
        let samples = minutely(from: midnight, 0..<(4 * 1_440)) { _ in random.next(below: 9) > 0 }
        source.record(key(link, probe.name), every: .minutes(1), samples)
      }
    }
    var summed = SummedHistory(hours: source)
    let period = Period(from: midnight + .hours(5), to: midnight + .hours(93))
    var question = AvailabilityQuestion(
      choice: LinkChoice(
        links: links, starts: [(place: 3, time: midnight + .hours(30)), (place: 4, time: nil)]),
      grouping: .ministry, period: period)
    question.objectivePercent = 90
    let request = HistoryRequest(.availability(question), now: midnight + .hours(100 * 24))
    #expect(try historyBody(request, &summed) == historyBody(request, &source))
    #expect(summed.sumsGiven > 0)
  }

  @Test("many probes over many days are added up in stretches, and come out the same")
  func stretches() throws {
    var source = MadeHistory()
    var links: [Link] = []
    // More than a stretch holds: 120 days of hours, 400 links.
    for number in 0..<400 {
      let link = link("s/c\(number)")
      links.append(link)
      source.cells[key(link)] = (0..<Int64(120)).map { day in
        var cell = Cell(span: .fiveMinutes, start: midnight + .hours(24) * day + .hours(5))
        cell.tally.upMilliseconds = 200_000
        cell.tally.downMilliseconds = 100_000
        return cell
      }
    }
    let row = try Self.groups(links, &source) {
      $0.period = Period(from: midnight, to: midnight + .hours(24 * 120))
    }[0]
    #expect(400 * 120 * 24 > Limits.reportCells)
    #expect(row.whole("upMilliseconds") == 400 * 120 * 200_000)
    #expect(row.whole("downMilliseconds") == 400 * 120 * 100_000)
  }
}
