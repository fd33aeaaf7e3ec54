import Model

/// What the rules go by, counted once.
struct SuspicionFacts {
  let kind: IncidentPattern
  let isPart: Bool
  let canaries: Canaries
  /// The pattern's bad links, hops among them aside unless there are no others.
  let bad: Int
  let systems: Int
  let provinces: Int
  let owners: Int
  private let signCounts: [Int]
  /// Links of the same services for other provinces, and of other services for the same provinces.
  let sameServicesUp: Int
  let sameProvincesUp: Int
  /// The hop that most of the bad links share, and how it stands; nil without one.
  let hop: LinkID?
  let hopStanding: HopStanding

  /// What a hop says of the links that pass it.
  enum HopStanding {
    case failing
    /// It is slow as they are.
    case alike
    /// It may be slow, but it answers, and they do not.
    case answering
    case unknown
  }

  init(_ pattern: Pattern, _ matrix: Matrix, _ canaries: Canaries) {
    kind = pattern.key.kind
    isPart = pattern.isPart
    self.canaries = canaries
    let passing = pattern.links.filter { !Self.isHop($0, matrix) }
    let links = passing.isEmpty ? pattern.links : passing
    bad = links.count
    let services = Self.groups(of: links, .service, matrix)
    let rows = Self.groups(of: links, .province, matrix)
    systems = Self.groups(of: links, .system, matrix).count
    owners = Self.groups(of: links, .owner, matrix).count
    provinces = rows.count
    var counts = Array(repeating: 0, count: FailureSign.allCases.count)
    for link in links { counts[Int(matrix.signs[Int(link)].rawValue)] += 1 }
    signCounts = counts
    sameServicesUp = services.reduce(0) { $0 + Int(matrix.counts[Int($1)].up) }
    sameProvincesUp = rows.reduce(0) { $0 + Int(matrix.counts[Int($1)].up) }
    let group = Self.sharedHop(of: links, pattern, matrix)
    hop = group.flatMap { LinkID(matrix.groups[Int($0)].name) }
    let link = group.map { matrix.groups[Int($0)].hopLink } ?? -1
    hopStanding = link >= 0 ? Self.standing(link, pattern.key.layer, matrix) : .unknown
  }

  private static func standing(_ hop: Int32, _ layer: Layer, _ matrix: Matrix) -> HopStanding {
    switch matrix.states[Int(hop)] {
    case .failing: .failing
    case .up: .answering
    case .degraded where matrix.signs[Int(hop)] != .notMeasured:
      layer == .degraded ? .alike : .answering
    case .degraded, .unknown, .overdue, .excluded: .unknown
    }
  }

  private static func isHop(_ link: Int32, _ matrix: Matrix) -> Bool {
    matrix.groups(of: link).contains { matrix.groups[Int($0)].hopLink == link }
  }

  private static func groups(of links: [Int32], _ axis: Axis, _ matrix: Matrix) -> [Int32] {
    var seen: Set<Int32> = []
    for link in links {
      let group = matrix.group(of: link, axis)
      if group >= 0 { seen.insert(group) }
    }
    return seen.sorted()
  }

  /// That of the pattern; else one that three quarters of the links pass, a failing one first.
  private static func sharedHop(
    of links: [Int32], _ pattern: Pattern, _ matrix: Matrix
  ) -> Int32? {
    if pattern.key.axis == .hop { return pattern.key.value }
    var counts: [Int32: Int] = [:]
    for link in links {
      for group in matrix.groups(of: link)
      where matrix.groups[Int(group)].axis == .hop && matrix.groups[Int(group)].hopLink != link {
        counts[group, default: 0] += 1
      }
    }
    let shared = counts.keys.filter { (counts[$0] ?? 0) * 4 >= links.count * 3 }.sorted()
    let failing = shared.first { group in
      let link = matrix.groups[Int(group)].hopLink
      return link >= 0 && matrix.states[Int(link)] == .failing
    }
    return failing ?? shared.first
  }

  func count(_ signs: FailureSign...) -> Int {
    signs.reduce(0) { $0 + signCounts[Int($1.rawValue)] }
  }

  /// Whether at least three quarters of the links show one of these.
  func mostly(_ signs: FailureSign...) -> Bool {
    bad > 0 && signs.reduce(0) { $0 + signCounts[Int($1.rawValue)] } * 4 >= bad * 3
  }

  var isMostlyAnswered: Bool { share(\.isAnswered) }
  var isMostlySilent: Bool { share(\.isSilent) }

  private func share(_ property: (FailureSign) -> Bool) -> Bool {
    bad > 0
      && FailureSign.allCases.reduce(0) { property($1) ? $0 + signCounts[Int($1.rawValue)] : $0 }
        * 4 >= bad * 3
  }
}
