import Base
import Model

/// In what links can belong together. Raw values are the order in which ties are broken, after a hop
/// that is itself failing.
package enum Axis: UInt8, Sendable, Hashable, CaseIterable {
  case service, system, owner, province, hop
  /// An owner's links of one province.
  case block
  case vendor, everything
}

/// How a link stands, as grouping sees it.
package enum CellState: UInt8, Sendable, Hashable, CaseIterable {
  /// Not measured lately, or we were blind: neither supports nor contradicts a pattern.
  case unknown
  case up
  /// Works, and is slow, warns, or fails too often.
  case degraded
  case failing
  /// A planned connection that has not come about by its day.
  case overdue
  /// Planned, not connected, paused or in maintenance: does not count.
  case excluded
}

/// Where a link stands on the axes; the engine makes one of each link of the catalogue.
package struct LinkPlace: Sendable, Hashable {
  package var id: LinkID
  /// The service's name, for people.
  package var name: String
  package var system: String
  package var owner: String
  /// Nil where the consumer is no province.
  package var province: String?
  package var vendor: String?
  /// The links of the route, in the order in which a request passes them.
  package var hops: [LinkID]

  package init(
    id: LinkID, name: String = "", system: String, owner: String, province: String?,
    vendor: String? = nil, hops: [LinkID] = []
  ) {
    self.id = id
    self.name = name
    self.system = system
    self.owner = owner
    self.province = province
    self.vendor = vendor
    self.hops = hops
  }
}

/// How many links of a group are in each state.
package struct GroupCounts: Sendable, Hashable {
  package var unknown: Int32 = 0
  package var up: Int32 = 0
  package var degraded: Int32 = 0
  package var failing: Int32 = 0
  package var overdue: Int32 = 0

  package mutating func add(_ state: CellState, _ change: Int32) {
    switch state {
    case .unknown: unknown += change
    case .up: up += change
    case .degraded: degraded += change
    case .failing: failing += change
    case .overdue: overdue += change
    case .excluded: break
    }
  }
}

/// All links with their places and states. The counts of every group are kept with each change, so an
/// evaluation looks at the failing links and their groups alone.
package struct Matrix: Sendable {
  package struct Group: Sendable, Hashable {
    package var axis: Axis
    package var name: String
    /// The link that stands for a hop; -1 where it is not watched, and for other axes.
    package var hopLink: Int32 = -1
    /// The owner of a block.
    package var owner: Int32 = -1
    /// The systems of an owner.
    var systems: [Int32] = []
  }

  package let places: [LinkPlace]
  /// Ordered by axis, then by name, so that no order of loading shows.
  package let groups: [Group]
  let groupStart: [Int32]
  let linkGroups: [Int32]
  package private(set) var counts: [GroupCounts]
  package private(set) var states: [CellState]
  package private(set) var signs: [FailureSign]
  package private(set) var since: [WallTime]
  /// A bit a link, for failing, degraded and overdue.
  private var bits: [[UInt64]]
  /// Those of them whose trouble is critical.
  private var criticalBits: [UInt64]
  /// Links that have failed and of which nothing has confirmed it: unknown, and they may show what a
  /// confirmed failure is a part of.
  private var suspectBits: [UInt64]
  package private(set) var suspectCount = 0
  /// Links of which nothing has been seen since a start, and that were well before it as far as is known; empty
  /// where nobody knows of a time before. By groups, how many there are.
  private var assumedUp: [Bool] = []
  private var assumedCounts: [Int32] = []

  package var count: Int { places.count }

  package init(_ places: [LinkPlace]) {
    self.places = places
    var builder = GroupBuilder(places)
    (groups, groupStart, linkGroups) = builder.build()
    counts = Array(repeating: GroupCounts(), count: groups.count)
    states = Array(repeating: .excluded, count: places.count)
    signs = Array(repeating: .slow, count: places.count)
    since = Array(repeating: WallTime(nanoseconds: 0), count: places.count)
    bits = Array(
      repeating: Array(repeating: 0, count: (places.count + 63) / 64), count: Layer.allCases.count)
    suspectBits = Array(repeating: 0, count: (places.count + 63) / 64)
    criticalBits = suspectBits
    for link in places.indices { set(Int32(link), .unknown) }
  }

  /// Takes a link's new state; the work goes by the number of its groups. `severity`: how grave it is,
  /// which is another matter than whether it answers; nil where only the state is known.
  package mutating func set(
    _ link: Int32, _ state: CellState, sign: FailureSign = .slow, severity: Severity? = nil,
    since time: WallTime = WallTime(nanoseconds: 0), isSuspect: Bool = false
  ) {
    let index = Int(link)
    suspect(index, isSuspect && state == .unknown)
    note(index, isCritical: isCritical(state, severity))
    let former = states[index]
    signs[index] = sign
    since[index] = time
    guard former != state else { return }
    if !assumedUp.isEmpty { stopAssuming(link) }
    states[index] = state
    for place in groupRange(link) {
      let group = Int(linkGroups[place])
      counts[group].add(former, -1)
      counts[group].add(state, 1)
    }
    let bit = UInt64(1) << UInt64(index & 63)
    if let layer = Layer(former) { bits[Int(layer.rawValue)][index >> 6] &= ~bit }
    if let layer = Layer(state) { bits[Int(layer.rawValue)][index >> 6] |= bit }
  }

  /// Takes links of which nothing is known for as well as they were before a start, those aside that are listed.
  package mutating func assumeUp(except others: Set<Int32>) {
    assumedUp = states.indices.map { states[$0] == .unknown && !others.contains(Int32($0)) }
    assumedCounts = Array(repeating: 0, count: groups.count)
    for link in assumedUp.indices where assumedUp[link] {
      for group in groups(of: Int32(link)) { assumedCounts[Int(group)] += 1 }
    }
  }

  private mutating func stopAssuming(_ link: Int32) {
    guard assumedUp[Int(link)] else { return }
    assumedUp[Int(link)] = false
    for group in groups(of: link) { assumedCounts[Int(group)] -= 1 }
  }

  /// How many links of a group are taken for well without having been seen.
  func assumedUp(in group: Int32) -> Int32 {
    assumedCounts.isEmpty ? 0 : assumedCounts[Int(group)]
  }

  private mutating func suspect(_ index: Int, _ isSuspect: Bool) {
    let bit = UInt64(1) << UInt64(index & 63)
    guard (suspectBits[index >> 6] & bit != 0) != isSuspect else { return }
    suspectBits[index >> 6] ^= bit
    suspectCount += isSuspect ? 1 : -1
  }

  private func isCritical(_ state: CellState, _ severity: Severity?) -> Bool {
    guard let layer = Layer(state) else { return false }
    return severity.map { $0 == .critical } ?? (layer == .failing)
  }

  private mutating func note(_ index: Int, isCritical: Bool) {
    let bit = UInt64(1) << UInt64(index & 63)
    if isCritical { criticalBits[index >> 6] |= bit } else { criticalBits[index >> 6] &= ~bit }
  }

  /// How grave the trouble of a link is; warning where it is in none.
  package func severity(of link: Int32) -> Severity {
    criticalBits[Int(link) >> 6] & UInt64(1) << UInt64(link & 63) != 0 ? .critical : .warning
  }

  /// That of the worst of some links.
  package func severity(of links: [Int32]) -> Severity {
    links.contains { severity(of: $0) == .critical } ? .critical : .warning
  }

  /// Whether a state that is set would change nothing.
  func stands(
    _ link: Int32, _ state: CellState, _ sign: FailureSign, _ severity: Severity?, isSuspect: Bool
  ) -> Bool {
    guard states[Int(link)] == state, self.isSuspect(link) == isSuspect else { return false }
    if Layer(state) == nil { return !isSuspect || signs[Int(link)] == sign }
    return signs[Int(link)] == sign
      && (self.severity(of: link) == .critical) == isCritical(state, severity)
  }

  /// Whether a link has failed lately without being confirmed.
  package func isSuspect(_ link: Int32) -> Bool {
    suspectBits[Int(link) >> 6] & UInt64(1) << UInt64(link & 63) != 0
  }

  func groupRange(_ link: Int32) -> Range<Int> {
    Int(groupStart[Int(link)])..<Int(groupStart[Int(link) + 1])
  }

  /// The groups of a link, in the order of axes.
  package func groups(of link: Int32) -> ArraySlice<Int32> { linkGroups[groupRange(link)] }

  /// The group of a link on an axis; of several hops the first. -1 without one.
  package func group(of link: Int32, _ axis: Axis) -> Int32 {
    groups(of: link).first { groups[Int($0)].axis == axis } ?? -1
  }

  /// Forgets how all links stand, those aside that do not count or are waited for.
  package mutating func forgetStates() {
    (assumedUp, assumedCounts) = ([], [])
    for link in places.indices where states[link] != .excluded && states[link] != .overdue {
      set(Int32(link), .unknown, sign: signs[link], since: since[link])
    }
  }

  /// How many links fail, are degraded or overdue.
  package var badCount: Int {
    let all = counts.last ?? GroupCounts()
    return Int(all.failing + all.degraded + all.overdue)
  }

  /// The links of a layer, in their order.
  package func links(in layer: Layer) -> [Int32] { places(bits[Int(layer.rawValue)]) }

  /// Those that fail, and those that have failed without being confirmed.
  package var failingOrSuspect: [Int32] {
    let failing = bits[Int(Layer.failing.rawValue)]
    return places(zip(failing, suspectBits).map { $0 | $1 })
  }

  private func places(_ bits: [UInt64]) -> [Int32] {
    var list: [Int32] = []
    for (index, word) in bits.enumerated() {
      var rest = word
      while rest != 0 {
        list.append(Int32(index << 6 + rest.trailingZeroBitCount))
        rest &= rest - 1
      }
    }
    return list
  }
}

/// Links that stand badly in ways that do not mix: a slow link does not prove a system down, and a
/// connection that was never made is no failure of one that was.
package enum Layer: UInt8, Sendable, Hashable, CaseIterable {
  case failing, degraded, overdue

  package init?(_ state: CellState) {
    switch state {
    case .failing: self = .failing
    case .degraded: self = .degraded
    case .overdue: self = .overdue
    case .unknown, .up, .excluded: return nil
    }
  }
}
