import Base
import History
import Model

/// A link that counts in a report.
struct CountedLink: Sendable {
  var place: Int
  var group: Int
  /// Cells that begin earlier do not count.
  var from: WallTime
}

/// A group of links.
struct LinkGroup: Sendable {
  var key: String
  var name: LocalizedName?
  /// Those that count.
  var links = 0
  /// Those that are not connected, and do not count.
  var notConnected = 0
}

/// The links of a choice sorted into groups: the links of a group follow each other.
struct GroupedLinks: Sendable {
  private(set) var groups: [LinkGroup] = []
  private(set) var links: [CountedLink] = []

  init(
    _ choice: LinkChoice, by grouping: AvailabilityQuestion.Grouping, from: WallTime,
    _ isCancelled: () -> Bool
  ) throws {
    var numbers: [String: Int] = [:]
    var starts = choice.starts[...]
    for place in choice.links.indices {
      if place % 4_096 == 0, isCancelled() { throw HistoryCancelled() }
      var start: WallTime? = from
      if let first = starts.first, first.place == place {
        start = first.time.map { max($0, from) }
        starts.removeFirst()
      }
      guard choice.passes(choice.links[place]) else { continue }
      let (key, name) = grouping.group(of: choice.links[place])
      let number = numbers[key] ?? groups.count
      if number == groups.count {
        numbers[key] = number
        groups.append(LinkGroup(key: key, name: name))
      }
      if let start, !choice.links[place].probes.isEmpty {
        groups[number].links += 1
        links.append(CountedLink(place: place, group: number, from: start))
      } else {
        groups[number].notConnected += 1
      }
    }
    links.sort { ($0.group, $0.place) < ($1.group, $1.place) }
  }
}

extension AvailabilityQuestion.Grouping {
  /// The word by which a link's group is told, and the name for people.
  func group(of link: borrowing Link) -> (key: String, name: LocalizedName?) {
    switch self {
    case .ministry: (link.owner, link.ownerName)
    case .province: (link.id.consumer, link.consumerName)
    case .system: (link.system, nil)
    case .service: (link.id.service, link.serviceName)
    // Whole routes: each link counts once.
    case .route: (link.route.isEmpty ? "direct" : link.route.joined(separator: ">"), nil)
    case .vendor: (link.vendor ?? "unknown", nil)
    case .link: ("\(link.id)", nil)
    }
  }
}

/// Adds up the cells of links by their groups.
struct GroupSums {
  struct Sum: Sendable {
    var tally = Tally()
    fileprivate(set) var time = TimeShares()
    /// How much of the period is over, over all links.
    var passedMilliseconds: Int64 = 0
  }

  /// By the groups' numbers, less the first's.
  private(set) var sums: [Sum]
  private let firstGroup: Int
  private let question: AvailabilityQuestion
  private let span: CellSpan
  private let period: Period

  init(
    groups: Range<Int>, _ question: AvailabilityQuestion, _ period: Period, _ span: CellSpan
  ) {
    firstGroup = groups.lowerBound
    sums = [Sum](repeating: Sum(), count: groups.count)
    self.question = question
    self.period = period
    self.span = span
  }

  /// Adds links, in stretches of at most ``Limits/reportCells`` cells of time and probes.
  mutating func add(
    _ links: ArraySlice<CountedLink>, now: WallTime, _ source: inout some HistorySource,
    _ isCancelled: () -> Bool
  ) throws {
    // Of these whole days can be taken; of others it is asked what coincided, hour by hour.
    let single = links.filter { isSingle($0) }
    let others = single.isEmpty ? Array(links) : links.filter { !isSingle($0) }
    let cellsPerDay = Int(TimeAmount.hours(24).nanoseconds / span.length.nanoseconds)
    for (links, isSingle) in [(single, true), (others, false)] {
      var rest = links[...]
      let probesPerBatch =
        isSingle ? Limits.reportProbesAtOnce : max(1, Limits.reportCells / cellsPerDay)
      while !rest.isEmpty {
        let batch = takeBatch(&rest, probesPerBatch, now: now)
        guard !batch.keys.isEmpty else { continue }
        let days = max(1, Limits.reportCells / cellsPerDay / batch.keys.count)
        var from = period.from
        while from < period.to {
          if isCancelled() { throw HistoryCancelled() }
          let day = TimeAmount.hours(24)
          let to = min(period.to, from.roundedDown(to: day) + day * Int64(days))
          if isSingle {
            try addSums(batch, from..<to, &source)
          } else {
            try add(batch, from..<to, &source)
          }
          from = to
        }
      }
    }
    for index in sums.indices { sums[index].tally.setTime(sums[index].time) }
  }

  /// Whether all of the period counts, and one probe alone says how the link was.
  private func isSingle(_ counted: CountedLink) -> Bool {
    guard span == .hour, counted.from <= period.from else { return false }
    var required = 0
    for probe in question.choice.links[counted.place].probes where probe.isRequired {
      required += 1
    }
    return required == 1
  }

  private mutating func takeBatch(
    _ rest: inout ArraySlice<CountedLink>, _ probesAtMost: Int, now: WallTime
  ) -> ProbeBatch {
    var batch = ProbeBatch()
    while let link = rest.first, batch.keys.isEmpty || batch.keys.count < probesAtMost {
      rest.removeFirst()
      sums[link.group - firstGroup].passedMilliseconds += period.passedMilliseconds(
        at: now, from: span.start(of: link.from))
      batch.add(link, question.choice.links[link.place], from: span.start(of: link.from))
    }
    return batch
  }

  /// Adds links that have one probe each.
  private mutating func addSums(
    _ batch: ProbeBatch, _ times: Range<WallTime>, _ source: inout some HistorySource
  ) throws {
    var hours = SparseHours(probes: batch.keys.count)
    let withLatencies = question.withLatencies
    try source.sums(
      ofEach: batch.keys, in: times, withLatencies: withLatencies
    ) { index, cell, isSum in
      let group = batch.groups[index] - firstGroup
      sums[group].tally.add(cell.tally, latencies: withLatencies)
      if isSum {
        sums[group].time.add(TimeShares(cell.tally))
      } else {
        hours.add(cell.tally, probe: index, start: cell.start)
      }
    }
    hours.forEachHour { sums[batch.groups[$0] - firstGroup].time.add($1) }
  }

  private mutating func add(
    _ batch: ProbeBatch, _ times: Range<WallTime>, _ source: inout some HistorySource
  ) throws {
    var grid = TimeGrid(probes: batch.keys.count, period: times, span: span)
    let withLatencies = question.withLatencies
    try source.cells(
      ofEach: batch.keys, in: times, span: span, withLatencies: withLatencies
    ) { index, cell in
      guard let place = grid.place(of: cell.start), cell.start >= batch.from[index] else { return }
      grid.add(cell.tally, probe: index, place: place)
      sums[batch.groups[index] - firstGroup].tally.add(cell.tally, latencies: withLatencies)
    }
    for (group, probes) in batch.links {
      for place in 0..<grid.cellCount {
        sums[group - firstGroup].time.add(grid.time(ofLink: probes, place: place))
      }
    }
  }
}

/// The required probes of some links.
private struct ProbeBatch {
  private(set) var keys: [ProbeKey] = []
  private(set) var groups: [Int] = []
  private(set) var from: [WallTime] = []
  private(set) var links: [(group: Int, probes: Range<Int>)] = []

  mutating func add(_ counted: CountedLink, _ link: borrowing Link, from start: WallTime) {
    let first = keys.count
    for probe in link.probes where probe.isRequired {
      keys.append(ProbeKey(link: link.id, probe: probe.name))
      groups.append(counted.group)
      from.append(start)
    }
    links.append((counted.group, first..<keys.count))
  }
}
