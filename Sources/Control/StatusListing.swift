import Base
import Engine
import Model
import Wire

/// Counts the links over as many turns as that takes, then writes the status. A state is a question of
/// the time as well as of events, so no counts are kept between answers.
package struct StatusListing: PiecewiseAnswer {
  /// Links counted in one turn: some 1.5 ms with 100,000 links.
  static let linksPerTurn = 1_024
  /// Services or owners written in one turn.
  static let groupsPerTurn = 128

  private enum Step {
    case count
    case head
    case list(Int)
    case tail
  }

  private let facts: DaemonFacts
  private var tally = LinkTally()
  private var loadAtStart: Int?
  private var step = Step.count
  /// The next link to be counted, or the next group of the list to be written.
  private var next = 0
  package private(set) var isDone = false

  package init(_ facts: DaemonFacts) { self.facts = facts }

  package mutating func nextPiece(_ engine: borrowing Engine, at now: Now) -> [UInt8] {
    switch step {
    case .count:
      guard count(engine, at: now) else { return [] }
      // Few links are told at once.
      return engine.links.count <= Self.linksPerTurn ? all(engine, at: now) : []
    case .head: return head(engine, at: now)
    case .list(let place): return list(place)
    case .tail: return tail(engine, at: now)
    }
  }

  private mutating func all(_ engine: borrowing Engine, at now: Now) -> [UInt8] {
    var bytes: [UInt8] = []
    while !isDone { bytes += nextPiece(engine, at: now) }
    return bytes
  }

  /// Whether all links have been counted. A reload in between begins anew.
  private mutating func count(_ engine: borrowing Engine, at now: Now) -> Bool {
    if loadAtStart != engine.loadNumber {
      tally = LinkTally()
      loadAtStart = engine.loadNumber
      next = 0
    }
    let end = min(engine.links.count, next + Self.linksPerTurn)
    while next < end {
      tally.add(next, engine, at: now)
      next += 1
    }
    guard next == engine.links.count else { return false }
    step = .head
    next = 0
    return true
  }

  private mutating func head(_ engine: borrowing Engine, at now: Now) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writeHead(&writer, engine, facts, at: now)
    writer.key("links")
    writer.counts(tally.services)
    writer.key("hops")
    writer.counts(tally.hops)
    writer.key("tokens")
    writer.counts(tally.tokens)
    writer.key("canaries")
    writer.counts(tally.canaries)
    writer.member("blind", engine.isBlind)
    writeClock(&writer, engine)
    writeIncidents(&writer, engine)
    writeQuietCounts(&writer, engine, at: now)
    writer.endObject()
    step = .list(0)
    // The object goes on.
    return Array(writer.bytes.dropLast())
  }

  private mutating func list(_ place: Int) -> [UInt8] {
    let (key, groups) = tally.lists[place]
    var bytes = next == 0 ? Array(",\"\(key)\":[".utf8) : []
    let end = min(groups.count, next + Self.groupsPerTurn)
    while next < end {
      if next > 0 { bytes.append(UInt8(ascii: ",")) }
      bytes += groups[next].json
      next += 1
    }
    if next == groups.count {
      bytes.append(UInt8(ascii: "]"))
      next = 0
      step = place + 1 < tally.lists.count ? .list(place + 1) : .tail
    }
    return bytes
  }

  private mutating func tail(_ engine: borrowing Engine, at now: Now) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writeHosts(&writer, engine, at: now)
    writeSchedule(&writer, engine, at: now)
    writeLoop(&writer, facts, at: now)
    writeHistory(&writer, engine, facts)
    writeDelivery(&writer, facts)
    writeMemory(&writer, facts)
    writer.endObject()
    isDone = true
    return [UInt8(ascii: ",")] + writer.bytes.dropFirst()
  }
}

/// The counts of all links, and by service and owner. Hops and tokens count apart: they are not what
/// anybody asks about, and one that is down shows in the links that need it.
private struct LinkTally: Sendable {
  /// The links of one service or owner.
  struct Group: Sendable {
    /// The members that name the group, as the beginning of an object.
    var title: [UInt8]
    /// The one owner of all its links; nil where they have several.
    var owner: String?
    var counts = StateCounts()

    var json: [UInt8] {
      var writer = JSONWriter()
      writer.counts(counts)
      var bytes = title + ownerMember
      bytes += Array(",\"links\":".utf8)
      bytes += writer.bytes
      bytes.append(UInt8(ascii: "}"))
      return bytes
    }

    private var ownerMember: [UInt8] {
      var writer = JSONWriter()
      writer.beginObject()
      writer.member("owner", owner)
      writer.endObject()
      return [UInt8(ascii: ",")] + writer.bytes.dropFirst().dropLast()
    }
  }

  /// Groups in the order in which their links come; those of one often follow one another.
  struct Groups: Sendable {
    private(set) var list: [Group] = []
    private var places: [String: Int] = [:]
    private var last: (name: String, place: Int)?

    /// Counts a link; false when its group has to be added first.
    mutating func add(_ name: String, of owner: String, _ shown: Shown) -> Bool {
      let place: Int
      if let last, last.name == name {
        place = last.place
      } else if let known = places[name] {
        place = known
        last = (name, known)
      } else {
        return false
      }
      if list[place].owner != owner { list[place].owner = nil }
      list[place].counts.add(
        shown.state, isPaused: shown.isPaused, isOverdue: shown.isOverdue,
        isInMaintenance: shown.isInMaintenance)
      return true
    }

    mutating func append(_ name: String, of owner: String, titled title: JSONWriter) {
      places[name] = list.count
      list.append(Group(title: Array(title.bytes.dropLast()), owner: owner))
    }
  }

  /// What a link shows.
  struct Shown {
    var state: LinkState
    var isPaused: Bool
    var isOverdue: Bool
    var isInMaintenance: Bool
  }

  private(set) var services = StateCounts()
  private(set) var hops = StateCounts()
  private(set) var tokens = StateCounts()
  private(set) var canaries = StateCounts()
  private var byService = Groups()
  private var byHopService = Groups()
  private var byOwner = Groups()

  var lists: [(key: String, groups: [Group])] {
    [
      ("services", byService.list), ("hopServices", byHopService.list), ("owners", byOwner.list),
    ]
  }

  mutating func add(_ index: Int, _ engine: borrowing Engine, at now: Now) {
    let state = engine.state(of: index, at: now)
    let shown = Shown(
      state: state, isPaused: engine.isPaused(index),
      isOverdue: engine.isOverdue(index, state, at: now),
      // Most are up, and need not be asked.
      isInMaintenance: state != .up && engine.isInMaintenance(index))
    switch engine.links[index].link.role {
    case .service:
      Self.count(shown, &services)
      Self.add(shown, to: &byService, index, engine)
      addToOwner(shown, index, engine)
    case .hop:
      Self.count(shown, &hops)
      Self.add(shown, to: &byHopService, index, engine)
    case .token: Self.count(shown, &tokens)
    case .canary: Self.count(shown, &canaries)
    // That it is down is as it should be.
    case .mustFail: break
    }
  }

  private static func count(_ shown: Shown, _ counts: inout StateCounts) {
    counts.add(
      shown.state, isPaused: shown.isPaused, isOverdue: shown.isOverdue,
      isInMaintenance: shown.isInMaintenance)
  }

  private static func add(
    _ shown: Shown, to groups: inout Groups, _ index: Int, _ engine: borrowing Engine
  ) {
    let name = engine.links[index].link.id.service
    let owner = engine.links[index].link.owner
    if groups.add(name, of: owner, shown) { return }
    let link = engine.links[index].link
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("service", name)
    writer.name("name", link.serviceName)
    writer.member("system", link.system)
    writer.member("role", link.role.rawValue)
    writer.endObject()
    groups.append(name, of: owner, titled: writer)
    _ = groups.add(name, of: owner, shown)
  }

  private mutating func addToOwner(_ shown: Shown, _ index: Int, _ engine: borrowing Engine) {
    let name = engine.links[index].link.owner
    if byOwner.add(name, of: name, shown) { return }
    var writer = JSONWriter()
    writer.beginObject()
    writer.name("name", engine.links[index].link.ownerName)
    writer.endObject()
    byOwner.append(name, of: name, titled: writer)
    _ = byOwner.add(name, of: name, shown)
  }
}
