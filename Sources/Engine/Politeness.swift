import Base
import Model

/// How a target host fares under the budget.
package struct HostFigures: Sendable, Hashable {
  /// `host:port`
  package var host: String
  /// To within five seconds.
  package var requestsLastMinute: Int
  /// Nil where there is no budget.
  package var budget: PolitenessBudget?
  /// Requests that were not made because the budget was spent, since the host was first named.
  package var refused: Int
}

/// Keeps what each target host is asked within a budget, whatever goes on. Probes name their host by
/// its place; only a redirect to another host is looked up by name.
package struct Politeness: Sendable {
  /// For what a request is made.
  enum Purpose: Sendable {
    case regular
    /// Confirmations and trials: they may use half of what a minute brings, and none of the last half
    /// of what is there.
    case spare
  }

  struct Host: Sendable {
    let name: String
    var requests: TokenBucket
    var spare: TokenBucket
    var bytes: TokenBucket
    var recent = RecentCount()
    var refused = 0
  }

  /// The place of a probe that asks no host in particular.
  static let nowhere: Int32 = -1

  package private(set) var budget: PolitenessBudget?
  private var requestRate = TokenBucket.Rate(perMinute: 1)
  private var spareRate = TokenBucket.Rate(perMinute: 1)
  private var byteRate = TokenBucket.Rate(perMinute: 1)
  private(set) var hosts: [Host] = []
  private(set) var placeByName: [String: Int32] = [:]
  /// How many of the hosts probes name; those behind them were met in redirects.
  private(set) var namedCount = 0

  init(budget: PolitenessBudget? = nil) { set(budget) }

  private mutating func set(_ budget: PolitenessBudget?) {
    self.budget = budget
    guard let budget else { return }
    requestRate = TokenBucket.Rate(perMinute: budget.requestsPerMinute)
    spareRate = TokenBucket.Rate(perMinute: budget.requestsPerMinute / 2)
    byteRate = TokenBucket.Rate(perMinute: budget.bytesPerMinute)
  }

  /// The place of a host that probes name. Its buckets are full from `now` on.
  mutating func name(_ host: String, at now: Instant) -> Int32 {
    if let place = placeByName[host] { return place }
    let place = add(host, at: now)
    namedCount = hosts.count
    return place
  }

  private mutating func add(_ host: String, at now: Instant) -> Int32 {
    let place = Int32(hosts.count)
    hosts.append(
      Host(
        name: host, requests: TokenBucket(requestRate, at: now),
        spare: TokenBucket(spareRate, at: now), bytes: TokenBucket(byteRate, at: now)))
    placeByName[host] = place
    return place
  }

  /// The place of a host that a redirect leads to; nil when there have been too many of them.
  mutating func follow(_ host: String, at now: Instant) -> Int32? {
    if let place = placeByName[host] { return place }
    guard hosts.count - namedCount < Limits.hostsFollowed else { return nil }
    return add(host, at: now)
  }

  /// Whether a place is a host's of that name.
  func isNamed(_ host: String, _ place: Int32) -> Bool {
    place >= 0 && hosts[Int(place)].name == host
  }

  /// Goes on from what the same hosts had before a reload: `formerPlaces` by the new places.
  mutating func keep(_ former: Politeness, formerPlaces: [Int32]) {
    for (place, old) in formerPlaces.enumerated() where old >= 0 {
      hosts[place].recent = former.hosts[Int(old)].recent
      hosts[place].refused = former.hosts[Int(old)].refused
      guard former.budget == budget else { continue }
      hosts[place].requests = former.hosts[Int(old)].requests
      hosts[place].spare = former.hosts[Int(old)].spare
      hosts[place].bytes = former.hosts[Int(old)].bytes
    }
  }

  /// Whether a request may be made now; a refusal is counted.
  mutating func allows(_ place: Int32, _ purpose: Purpose, at now: Instant) -> Bool {
    guard budget != nil, place >= 0 else { return true }
    let index = Int(place)
    hosts[index].requests.refill(requestRate, at: now)
    hosts[index].bytes.refill(byteRate, at: now)
    var isAllowed =
      hosts[index].requests.has(requestRate, fromUpperHalf: purpose == .spare)
      && hosts[index].bytes.isAfloat(byteRate, upperHalf: purpose == .spare)
    if purpose == .spare {
      hosts[index].spare.refill(spareRate, at: now)
      isAllowed = isAllowed && hosts[index].spare.has(spareRate, fromUpperHalf: false)
    }
    if !isAllowed { hosts[index].refused += 1 }
    return isAllowed
  }

  /// A request is made.
  mutating func requested(_ place: Int32, _ purpose: Purpose, at now: Instant) {
    guard place >= 0 else { return }
    hosts[Int(place)].recent.add(at: now)
    guard budget != nil else { return }
    hosts[Int(place)].requests.take(1)
    if purpose == .spare { hosts[Int(place)].spare.take(1) }
  }

  /// So many bytes went to and fro.
  mutating func transferred(_ bytes: Int, _ place: Int32) {
    guard budget != nil, place >= 0 else { return }
    hosts[Int(place)].bytes.take(bytes)
  }

  /// The hosts that probes name or redirects led to, in the order in which they were first named.
  package func figures(at now: Instant) -> [HostFigures] {
    hosts.map { host in
      HostFigures(
        host: host.name, requestsLastMinute: host.recent.lastMinute(at: now), budget: budget,
        refused: host.refused)
    }
  }
}

/// How often something happened within the last minute, in twelve parts of five seconds.
struct RecentCount: Sendable {
  private static let part = TimeAmount.seconds(5).nanoseconds
  private var counts = SIMD16<UInt32>()
  private var current: Int64 = 0

  mutating func add(at now: Instant) {
    advance(to: now)
    counts[Int(current % 12)] &+= 1
  }

  func lastMinute(at now: Instant) -> Int {
    var copy = self
    copy.advance(to: now)
    return Int(copy.counts.wrappedSum())
  }

  private mutating func advance(to now: Instant) {
    let part = now.nanoseconds / Self.part
    guard part > current else { return }
    if part - current >= 12 {
      counts = SIMD16()
    } else {
      for step in (current + 1)...part { counts[Int(step % 12)] = 0 }
    }
    current = part
  }
}
