import Model

/// Gives every name of every axis a number, in the order of names.
struct GroupBuilder {
  private let places: [LinkPlace]
  private var indexByID: [LinkID: Int32] = [:]
  private var isHop: Set<LinkID> = []

  init(_ places: [LinkPlace]) {
    self.places = places
    indexByID.reserveCapacity(places.count)
    for (index, place) in places.enumerated() {
      indexByID[place.id] = Int32(index)
      for hop in place.hops { isHop.insert(hop) }
    }
  }

  mutating func build() -> (groups: [Matrix.Group], start: [Int32], links: [Int32]) {
    var groups: [Matrix.Group] = []
    var ids: [[String: Int32]] = []
    for axis in Axis.allCases {
      var names: Set<String> = []
      for place in places { for name in self.names(of: place, axis) { names.insert(name) } }
      var numbers: [String: Int32] = [:]
      for name in names.sorted() {
        numbers[name] = Int32(groups.count)
        groups.append(Matrix.Group(axis: axis, name: name))
      }
      ids.append(numbers)
    }
    var start: [Int32] = [0]
    var links: [Int32] = []
    for place in places {
      for axis in Axis.allCases {
        for name in names(of: place, axis) {
          guard let group = ids[Int(axis.rawValue)][name] else { continue }
          links.append(group)
          if axis == .block {
            groups[Int(group)].owner = ids[Int(Axis.owner.rawValue)][place.owner] ?? -1
          }
        }
      }
      start.append(Int32(links.count))
    }
    enterSystems(&groups, ids)
    for (index, group) in groups.enumerated() where group.axis == .hop {
      groups[index].hopLink = LinkID(group.name).flatMap { indexByID[$0] } ?? -1
    }
    return (groups, start, links)
  }

  private func enterSystems(_ groups: inout [Matrix.Group], _ ids: [[String: Int32]]) {
    var seen: Set<UInt64> = []
    for place in places {
      guard let owner = ids[Int(Axis.owner.rawValue)][place.owner],
        let system = ids[Int(Axis.system.rawValue)][place.system],
        seen.insert(UInt64(owner) << 32 | UInt64(system)).inserted
      else { continue }
      groups[Int(owner)].systems.append(system)
    }
  }

  private func names(of place: LinkPlace, _ axis: Axis) -> [String] {
    switch axis {
    case .service: [place.id.service]
    case .system: [place.system]
    case .owner: [place.owner]
    case .province: place.province.map { [$0] } ?? []
    // A hop's own link stands or falls with those that pass it.
    case .hop: describe(place.hops + (isHop.contains(place.id) ? [place.id] : []))
    case .block: place.province.map { ["\(place.owner) in \($0)"] } ?? []
    case .vendor: place.vendor.map { [$0] } ?? []
    case .everything: [""]
    }
  }

  private func describe(_ hops: [LinkID]) -> [String] {
    var names: [String] = []
    for hop in hops where !names.contains(hop.description) { names.append(hop.description) }
    return names
  }
}
