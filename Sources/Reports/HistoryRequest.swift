import Base
import History
import Model

/// A question about the past, with all that it takes to answer it away from the loop.
package struct HistoryRequest: Sendable {
  package enum Question: Sendable {
    case series(SeriesQuestion)
    case availability(AvailabilityQuestion)
    case comparison(ComparisonQuestion)
    case export(ExportQuestion)
  }

  package var question: Question
  /// CSV instead of JSON, where the question is not paged.
  package var isCSV: Bool
  /// When it was asked: what lies behind is not unknown but still to come.
  package var now: WallTime

  package init(_ question: Question, isCSV: Bool = false, now: WallTime) {
    self.question = question
    self.isCSV = isCSV
    self.now = now
  }

  package var contentType: String {
    if case .export = question { return "application/json" }
    return isCSV ? "text/csv; charset=utf-8" : "application/json"
  }
}

/// From a time to another, which is not in it any more.
package struct Period: Sendable, Hashable {
  package var from: WallTime
  package var to: WallTime

  package init(from: WallTime, to: WallTime) {
    self.from = from
    self.to = max(from, to)
  }

  package var length: TimeAmount { to - from }

  /// The same, made longer on both sides until both ends are multiples of `step` since the epoch.
  package func widened(toMultiplesOf step: TimeAmount) -> Period {
    Period(from: from.roundedDown(to: step), to: to.roundedUp(to: step))
  }

  /// How much of it is over, in milliseconds.
  func passedMilliseconds(at now: WallTime, from start: WallTime) -> Int64 {
    max(0, min(to, now).milliseconds - max(from, start).milliseconds)
  }
}

extension WallTime {
  package func roundedDown(to step: TimeAmount) -> WallTime {
    let rest = nanoseconds % step.nanoseconds
    return WallTime(nanoseconds: nanoseconds - (rest < 0 ? rest + step.nanoseconds : rest))
  }

  package func roundedUp(to step: TimeAmount) -> WallTime {
    let down = roundedDown(to: step)
    return down == self ? self : down + step
  }
}

/// A link as far as reports need it.
package struct ReportedLink: Sendable {
  package struct Probe: Sendable, Hashable {
    package var name: String
    package var every: TimeAmount
    package var isRequired: Bool

    package init(name: String, every: TimeAmount, isRequired: Bool) {
      self.name = name
      self.every = every
      self.isRequired = isRequired
    }
  }

  package var id: LinkID
  package var probes: [Probe]
  /// What the application codes of the link's system mean.
  package var codes: CodeTable?

  package init(id: LinkID, probes: [Probe], codes: CodeTable? = nil) {
    self.id = id
    self.probes = probes
    self.codes = codes
  }

  package init(_ link: borrowing Link) {
    self.init(
      id: link.id,
      probes: link.probes.map {
        Probe(name: $0.name, every: $0.every, isRequired: $0.isRequired)
      },
      codes: link.codes)
  }

  func key(_ probe: Probe) -> ProbeKey { ProbeKey(link: id, probe: probe.name) }
}

/// The links that a question is about: all that are loaded, which costs the loop no copy, and which of
/// them are meant.
package struct LinkChoice: Sendable {
  package var links: [Link]
  /// Of links that were planned, by their places in ascending order: since when they count, which is
  /// when they connected; nil for those that have not, and do not count.
  package var starts: [(place: Int, time: WallTime?)]
  package var passes: @Sendable (borrowing Link) -> Bool

  package init(
    links: [Link], starts: [(place: Int, time: WallTime?)] = [],
    passes: @escaping @Sendable (borrowing Link) -> Bool = { _ in true }
  ) {
    self.links = links
    self.starts = starts
    self.passes = passes
  }
}

/// A question about one link at a step.
package struct SeriesQuestion: Sendable {
  package var link: ReportedLink
  /// One probe alone; nil for the link and each of its probes.
  package var probe: String?
  package var period: Period
  package var step: TimeAmount
  /// In permille, with the names under which they are shown.
  package var percentiles: [Percentile]

  package init(
    link: ReportedLink, probe: String? = nil, period: Period, step: TimeAmount,
    percentiles: [Percentile] = Percentile.standard
  ) {
    self.link = link
    self.probe = probe
    self.period = period
    self.step = step
    self.percentiles = percentiles
  }
}

/// How well links did, by groups.
package struct AvailabilityQuestion: Sendable {
  package enum Grouping: String, Sendable, CaseIterable {
    case ministry, province, system, service, route, vendor, link
  }

  package enum Order: String, Sendable, CaseIterable {
    case availability, errorRate, p95, name
  }

  package var choice: LinkChoice
  package var grouping: Grouping
  package var period: Period
  /// The share of the time that a link is to be up, in percent.
  package var objectivePercent: Double?
  package var withMaintenance = false
  /// Without them there is no p95, and it is much faster.
  package var withLatencies = true
  package var order = Order.availability
  package var limit: Int
  /// Groups that have no figure to order by are left out.
  package var onlyKnown = false

  package init(
    choice: LinkChoice, grouping: Grouping, period: Period, limit: Int = Limits.reportRows
  ) {
    self.choice = choice
    self.grouping = grouping
    self.period = period
    self.limit = limit
  }
}

/// A window and the same window of weeks before.
package struct ComparisonQuestion: Sendable {
  package var link: ReportedLink
  package var probe: String?
  package var period: Period
  package var weeks: Int
  package var percentiles: [Percentile]

  package init(
    link: ReportedLink, probe: String? = nil, period: Period, weeks: Int,
    percentiles: [Percentile] = Percentile.standard
  ) {
    self.link = link
    self.probe = probe
    self.period = period
    self.weeks = weeks
    self.percentiles = percentiles
  }
}

/// A page of samples or cells of many links.
package struct ExportQuestion: Sendable {
  package enum Rows: String, Sendable, CaseIterable {
    case samples, fiveMinutes, hours
  }

  package enum Format: String, Sendable, CaseIterable {
    case csv, jsonl
  }

  package var choice: LinkChoice
  package var probe: String?
  package var rows: Rows
  package var format: Format
  package var period: Period
  /// Where the page before ended; nil for the first.
  package var cursor: ExportCursor?

  package init(
    choice: LinkChoice, probe: String? = nil, rows: Rows, format: Format, period: Period,
    cursor: ExportCursor? = nil
  ) {
    self.choice = choice
    self.probe = probe
    self.rows = rows
    self.format = format
    self.period = period
    self.cursor = cursor
  }
}

/// A percentile as it is asked for: `p50`, `p99`, `p99.9`.
package struct Percentile: Sendable, Hashable {
  package let name: String
  package let permille: Int

  package static let standard = ["p50", "p90", "p95", "p99"].compactMap(Percentile.init)

  /// Nil unless the text is `p` and a number of percent above 0 and at most 100, with at most one decimal.
  package init?(_ name: String) {
    guard name.first == "p", name.utf8.count <= 5 else { return nil }
    let parts = name.dropFirst().split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), let whole = Self.digits(parts[0]),
      parts[0].first != "0"
        || parts[0].count == 1
    else { return nil }
    var permille = whole * 10
    if parts.count == 2 {
      guard parts[1].count == 1, let tenth = Self.digits(parts[1]) else { return nil }
      permille += tenth
    }
    guard (1...1_000).contains(permille) else { return nil }
    self.name = name
    self.permille = permille
  }

  private static func digits(_ text: Substring) -> Int? {
    text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
  }
}
