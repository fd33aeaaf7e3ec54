import Base
import Model

/// The attempts of a probe within the windows of a burn rate, counted: right or failed. Each window is
/// counted in twelve parts, so it is up to a twelfth too long; it takes a hundred bytes, however many
/// attempts fall into it. What lies before the first attempt, as before a start, is taken as right: else a
/// single failure in the first hour would use up the budget of three days.
struct BurnCounts: Sendable {
  private struct Window: Sendable {
    var partMilliseconds: Int64
    /// The number of the newest part since the epoch.
    var newest: Int64 = .min
    var total: UInt32 = 0
    var failed: UInt32 = 0
  }

  /// Beside the twelve parts the one that fills.
  private static let parts = Limits.burnRateParts + 1

  private var windows: [Window]
  /// Of each window its parts, by their numbers modulo the count: all attempts, then those that failed.
  private var counts: [UInt32]
  /// The windows of each pair.
  private let places: [(long: Int, short: Int)]
  private let every: TimeAmount
  private var oldestTime: WallTime?
  private var newestTime: WallTime?

  /// What a window holds.
  struct Counts: Sendable, Hashable {
    var total: Int
    var failed: Int
    /// Attempts that the window would hold besides, had they been counted.
    var uncounted: Int
  }

  init(_ rule: BurnRateRule, every: TimeAmount) {
    self.every = every
    var lengths: [TimeAmount] = []
    func place(_ length: TimeAmount) -> Int {
      if let known = lengths.firstIndex(of: length) { return known }
      lengths.append(length)
      return lengths.count - 1
    }
    places = rule.pairs.map { (place($0.long), place($0.short)) }
    windows = lengths.map {
      Window(partMilliseconds: max(1, $0.milliseconds / Int64(Limits.burnRateParts)))
    }
    counts = Array(repeating: 0, count: windows.count * Self.parts * 2)
  }

  mutating func add(failed: Bool, at time: WallTime) {
    add(AttemptCounts(time: time, total: 1, failed: failed ? 1 : 0))
  }

  /// Adds attempts of which each counts as if it was at the time of all.
  mutating func add(_ attempts: AttemptCounts) {
    let time = attempts.time
    newestTime = time
    oldestTime = min(oldestTime ?? time, time)
    for place in windows.indices {
      let number = moveOn(place, to: time)
      let index = index(place, number)
      counts[index] &+= attempts.total
      windows[place].total &+= attempts.total
      guard attempts.failed > 0 else { continue }
      counts[index + 1] &+= attempts.failed
      windows[place].failed &+= attempts.failed
    }
  }

  /// The counts of a pair's windows.
  func counted(_ pair: Int) -> (long: Counts, short: Counts) {
    func of(_ place: Int) -> Counts {
      Counts(
        total: Int(windows[place].total), failed: Int(windows[place].failed),
        uncounted: uncounted(place))
    }
    return (of(places[pair].long), of(places[pair].short))
  }

  private func uncounted(_ place: Int) -> Int {
    guard let oldestTime, let newestTime else { return 0 }
    let length = windows[place].partMilliseconds * Int64(Limits.burnRateParts)
    let missing = length - (newestTime - oldestTime).milliseconds
    return missing <= 0 ? 0 : Int(missing / max(1, every.milliseconds))
  }

  /// Lets go of what has left the windows.
  mutating func expire(at time: WallTime) {
    for place in windows.indices { _ = moveOn(place, to: time) }
  }

  /// The failures of the last attempts, so long before the newest, count as right: we may have been
  /// blind.
  mutating func forgive(last length: TimeAmount) {
    guard let newestTime else { return }
    for place in windows.indices where windows[place].newest != .min {
      let part = windows[place].partMilliseconds
      let first = Self.number((newestTime - length).milliseconds, part)
      let newest = windows[place].newest
      for number in max(first, newest - Int64(Self.parts) + 1)...max(first, newest) {
        let index = index(place, number) + 1
        windows[place].failed -= counts[index]
        counts[index] = 0
      }
    }
  }

  mutating func removeAll() {
    for place in windows.indices {
      windows[place] = Window(partMilliseconds: windows[place].partMilliseconds)
    }
    for index in counts.indices { counts[index] = 0 }
    oldestTime = nil
    newestTime = nil
  }

  /// Makes the part in which a time lies the newest, and returns its number. A time somewhat before it
  /// counts in a part of its own; after a longer step of the clock back, counting begins anew.
  private mutating func moveOn(_ place: Int, to time: WallTime) -> Int64 {
    let parts = Int64(Self.parts)
    let number = Self.number(time.milliseconds, windows[place].partMilliseconds)
    let newest = windows[place].newest
    if newest != .min, number <= newest, number > newest - parts { return number }
    if newest == .min || number <= newest - parts || number >= newest + parts {
      let first = place * Self.parts * 2
      for index in first..<first + Self.parts * 2 { counts[index] = 0 }
      windows[place].total = 0
      windows[place].failed = 0
    } else {
      for passed in newest + 1...number {
        let index = index(place, passed)
        windows[place].total -= counts[index]
        windows[place].failed -= counts[index + 1]
        counts[index] = 0
        counts[index + 1] = 0
      }
    }
    windows[place].newest = number
    return number
  }

  private func index(_ place: Int, _ number: Int64) -> Int {
    let parts = Int64(Self.parts)
    let part = number % parts
    return (place * Self.parts + Int(part < 0 ? part + parts : part)) * 2
  }

  private static func number(_ milliseconds: Int64, _ part: Int64) -> Int64 {
    let whole = milliseconds / part
    return milliseconds % part < 0 ? whole - 1 : whole
  }
}
