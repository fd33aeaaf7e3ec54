import Base
import History

/// How the time of a cell, or of many, was spent, in milliseconds; what is missing is unknown.
struct TimeShares: Sendable, Hashable {
  var up: Int64 = 0
  var down: Int64 = 0
  var maintenanceUp: Int64 = 0
  var maintenanceDown: Int64 = 0

  mutating func add(_ tally: borrowing Tally) {
    up += tally.upMilliseconds
    down += tally.downMilliseconds
    maintenanceUp += tally.maintenanceUpMilliseconds
    maintenanceDown += tally.maintenanceDownMilliseconds
  }

  mutating func add(_ other: TimeShares) {
    up += other.up
    down += other.down
    maintenanceUp += other.maintenanceUp
    maintenanceDown += other.maintenanceDown
  }
}

extension TimeShares {
  init(_ tally: borrowing Tally) {
    self.init()
    add(tally)
  }
}

/// How a link spent the time of one cell, from how its required probes did, each of which has an entry.
///
/// As ``combinedState(of:)`` has it, a link is down while any required probe is, and up only while all
/// are. Cells do not tell which minutes coincide, so within a cell they are taken to coincide as far as
/// they can: the link was down as long as the probe that was down longest, up as long as the one that
/// was up shortest. The rest is unknown. A clock that was set back tells a time twice: no more than the
/// cell's length counts, time down first.
func combinedTime(of probes: some Sequence<TimeShares>, lengthMilliseconds: Int64) -> TimeShares {
  var result: TimeShares?
  for probe in probes {
    guard var link = result else {
      result = probe
      continue
    }
    link.up = min(link.up, probe.up)
    link.down = max(link.down, probe.down)
    link.maintenanceUp = min(link.maintenanceUp, probe.maintenanceUp)
    link.maintenanceDown = max(link.maintenanceDown, probe.maintenanceDown)
    result = link
  }
  guard var link = result else { return TimeShares() }
  var room = lengthMilliseconds
  func take(_ share: inout Int64) {
    share = min(max(0, share), room)
    room -= share
  }
  take(&link.down)
  take(&link.maintenanceDown)
  take(&link.up)
  take(&link.maintenanceUp)
  return link
}

/// The time of each cell of each of some probes.
struct TimeGrid {
  let start: WallTime
  let span: CellSpan
  let cellCount: Int
  private var shares: [TimeShares]

  init(probes: Int, period: Range<WallTime>, span: CellSpan) {
    start = period.lowerBound
    self.span = span
    let length = (period.upperBound - period.lowerBound).nanoseconds
    cellCount = Int(length / span.length.nanoseconds)
    shares = [TimeShares](repeating: TimeShares(), count: probes * cellCount)
  }

  /// Which cell begins at a time; nil when none of the period does.
  func place(of time: WallTime) -> Int? {
    guard time >= start else { return nil }
    let place = Int((time - start).nanoseconds / span.length.nanoseconds)
    return place < cellCount ? place : nil
  }

  mutating func add(_ tally: borrowing Tally, probe: Int, place: Int) {
    shares[probe * cellCount + place].add(tally)
  }

  /// The time of a link in one cell; its required probes follow each other.
  func time(ofLink probes: Range<Int>, place: Int) -> TimeShares {
    combinedTime(
      of: probes.lazy.map { shares[$0 * cellCount + place] },
      lengthMilliseconds: span.length.milliseconds)
  }
}

/// The same of hours, with room for those days alone of which there is anything.
struct SparseHours {
  private static let day = TimeAmount.hours(24)
  private let probes: Int
  private var days: [Int64: TimeGrid] = [:]

  init(probes: Int) { self.probes = probes }

  mutating func add(_ tally: borrowing Tally, probe: Int, start: WallTime) {
    let midnight = start.roundedDown(to: Self.day)
    let period = midnight..<midnight + Self.day
    if days[midnight.milliseconds] == nil {
      days[midnight.milliseconds] = TimeGrid(probes: probes, period: period, span: .hour)
    }
    let place = Int((start - midnight).nanoseconds / CellSpan.hour.length.nanoseconds)
    days[midnight.milliseconds]?.add(tally, probe: probe, place: place)
  }

  /// The time of each of the probes, as of a link that has it alone, hour by hour.
  func forEachHour(_ body: (_ probe: Int, TimeShares) -> Void) {
    // The order does not matter: it is all added up.
    for grid in days.values {
      for probe in 0..<probes {
        for place in 0..<grid.cellCount {
          body(probe, grid.time(ofLink: probe..<probe + 1, place: place))
        }
      }
    }
  }
}

extension Tally {
  mutating func setTime(_ time: TimeShares) {
    upMilliseconds = time.up
    downMilliseconds = time.down
    maintenanceUpMilliseconds = time.maintenanceUp
    maintenanceDownMilliseconds = time.maintenanceDown
  }
}
