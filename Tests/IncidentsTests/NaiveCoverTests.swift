import Base
import Incidents
import Model
import Testing

/// The choice made anew in the plainest way: after each choice every group is counted again over all
/// links, and the best is looked for among all of them. Groups, sums and thresholds written out again,
/// for one layer of failing links without canaries.
private struct Naive {
  let matrix: Matrix
  var left: [Int32]
  var chosen: [[Int32]] = []

  init(_ matrix: Matrix) {
    self.matrix = matrix
    left = (0..<Int32(matrix.count)).filter { matrix.states[Int($0)] == .failing }
  }

  private struct Choice {
    var cost: Double
    var isPart: Bool
    var rank: Int
    var group: Int
    var manner: Int
    var links: [Int32]
  }

  mutating func run() -> [[Int32]] {
    while let best = choices().min(by: Self.isBetter) {
      chosen.append(best.links)
      left.removeAll { best.links.contains($0) }
    }
    return chosen.sorted { $0[0] < $1[0] } + left.map { [$0] }
  }

  private static func isBetter(_ a: Choice, _ b: Choice) -> Bool {
    let mine = a.cost * Double(b.links.count)
    let theirs = b.cost * Double(a.links.count)
    if mine != theirs { return mine < theirs }
    if a.isPart != b.isPart { return b.isPart }
    if a.rank != b.rank { return a.rank < b.rank }
    if a.links.count != b.links.count { return a.links.count > b.links.count }
    return a.group != b.group ? a.group < b.group : a.manner < b.manner
  }

  private func choices() -> [Choice] {
    var list: [Choice] = []
    for (index, group) in matrix.groups.enumerated() {
      let links = left.filter { matrix.groups(of: $0).contains(Int32(index)) }
      let up = (0..<Int32(matrix.count)).count {
        matrix.groups(of: $0).contains(Int32(index)) && matrix.states[Int($0)] == .up
      }
      let isFailingHop =
        group.axis == .hop && group.hopLink >= 0
        && matrix.states[Int(group.hopLink)] == .failing
      let rank = isFailingHop ? 0 : 1 + Int(group.axis.rawValue)
      if links.count >= 2, let cost = cost(index, group, links, up), cost <= Double(links.count) {
        list.append(
          Choice(cost: cost, isPart: false, rank: rank, group: index, manner: 0, links: links))
      }
      guard group.axis == .service || group.axis == .system else { continue }
      for manner in FailureManner.allCases {
        let alike = links.filter { matrix.signs[Int($0)].manner == manner }
        guard alike.count >= 3, alike.count * 20 >= alike.count + up else { continue }
        list.append(
          Choice(
            cost: 3, isPart: true, rank: rank, group: index, manner: Int(manner.rawValue),
            links: alike))
      }
    }
    return list
  }

  private func cost(_ index: Int, _ group: Matrix.Group, _ links: [Int32], _ up: Int) -> Double? {
    let failing = links.count
    func reaches(_ permille: Int) -> Bool { failing * 1_000 / (failing + up) >= permille }
    let unknown = (0..<Int32(matrix.count)).contains {
      matrix.groups(of: $0).contains(Int32(index)) && matrix.states[Int($0)] == .unknown
    }
    let isMost = failing >= 3 ? reaches(600) : up == 0 && !unknown
    func spread(_ axis: Axis) -> Int { Set(links.map { matrix.group(of: $0, axis) }).count }
    let plain = 1 + 0.5 * Double(up)
    switch group.axis {
    case .service: return isMost ? min(plain, 3) : nil
    case .system: return isMost && spread(.service) > 1 ? min(plain, 3) : nil
    case .owner: return isMost && spread(.system) > 1 ? plain : nil
    case .province:
      return isMost && spread(.system) > 1 && (up == 0 || spread(.owner) > 1) ? plain : nil
    case .block: return isMost && failing >= 3 && spread(.system) > 1 ? 1 + plain : nil
    case .vendor:
      return reaches(800) && failing >= 3 && spread(.province) > 2 ? 1 + plain : nil
    case .everything:
      let unseen = matrix.states.count { $0 == .unknown }
      let isOfAll = failing * 1_000 >= 900 * (failing + up + unseen)
      return failing >= 6 && reaches(900) && isOfAll && spread(.owner) > 1 && spread(.province) > 1
        ? 1 + 0.05 * Double(up) : nil
    case .hop:
      let state = matrix.states[Int(group.hopLink)]
      if state == .failing { return reaches(300) ? 1 + 0.05 * Double(up) : nil }
      guard failing >= 3, reaches(900) else { return nil }
      if state == .up || state == .degraded {
        return spread(.system) > 2 && spread(.province) > 2 ? 1 + plain : nil
      }
      return spread(.system) > 1 ? plain : nil
    }
  }
}

@Suite("The choice against a naive one")
struct NaiveCoverTests {
  @Test("Both choose the same links together", arguments: 0..<20)
  func agrees(seed: Int) {
    var world = RandomWorld(seed: UInt64(1_000 + seed), services: 6, provinces: 6)
    for step in 0..<8 {
      for _ in 0..<3 { world.change() }
      var naive = Naive(world.matrix)
      // Blocks of one owner are joined after the choice: compared as they are told.
      let fast = explain(world.matrix).filter { $0.key.layer == .failing }
      let slow = naive.run()
      for pattern in fast where !(pattern.isPart && pattern.key.axis == .owner) {
        #expect(slow.contains(pattern.links), "seed \(seed), step \(step)")
      }
      #expect(
        fast.flatMap(\.links).sorted() == slow.flatMap { $0 }.sorted(),
        "seed \(seed), step \(step)")
    }
  }
}
