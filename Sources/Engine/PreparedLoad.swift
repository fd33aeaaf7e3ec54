import Base
import Catalogue
import Incidents
import Judgement
import Model
import Probes

/// What a new catalogue is compared with: values that the loop does not change while it goes on.
package struct LoadBase: Sendable {
  let number: Int
  package let catalogue: [Link]
  let linkIndex: [LinkID: Int]
  let hostPlaces: [String: Int32]
}

/// The tables of a new catalogue, made beside the loop, where 100,000 links may take their time. What
/// the loop does with them is to move over what the links have lived through.
package struct PreparedLoad: Sendable {
  package let plan: ReloadPlan
  /// What an operator should know although the catalogue is good.
  package let warnings: [String]
  let baseNumber: Int
  let catalogue: [Link]
  var links: [LinkRuntime] = []
  var probes: [ProbeRuntime] = []
  let linkIndex: [LinkID: Int]
  /// The former places of links and probes by their new ones, -1 for new ones.
  let formerLinks: [Int32]
  var formerProbes: [Int32] = []
  /// By a probe's new place: whether its windows stay, and its times.
  var keepsJudge: [Bool] = []
  var keepsTimes: [Bool] = []
  /// By a probe's new place: whether it asks the same of the same address, and with the same
  /// credentials.
  var keepsCheck: [Bool] = []
  var keepsRefusals: [Bool] = []
  /// The new places of probes by their former ones.
  var newProbes: [Int32]
  /// The new places of links that stay and differ.
  var changed: [Int] = []
  let removed: [LinkID]
  /// The tokens that links issue, by name.
  let tokens: [(name: String, options: OAuth2Options)]
  /// Those whose settings, secrets included, are others than before.
  private let changedTokens: Set<String>
  var politeness: Politeness
  let formerHosts: [Int32]
  let dependents: [LinkID: [Int32]]
  let plannedDays: PlannedDays
  let matrix: Matrix
  let canaryLinks: [Int]
  let mustFailLinks: [Int]
  /// Links that are held against their own past.
  let ownPastLinks: [Int]

  /// Compares a catalogue with the running one and makes its tables. Long: for a worker thread.
  package init(
    _ catalogue: [Link], politeness budget: PolitenessBudget?, over base: LoadBase, at now: Now
  ) {
    let comparison = CatalogueComparison(
      base.catalogue, index: base.linkIndex, new: catalogue)
    plan = ReloadPlan(from: base.catalogue, to: catalogue, comparison)
    baseNumber = base.number
    self.catalogue = catalogue
    linkIndex = linkPlaces(catalogue)
    formerLinks = comparison.formerPlaces
    removed = comparison.removed.map { base.catalogue[$0].id }
    dependents = dependentLinks(catalogue, linkIndex)
    plannedDays = PlannedDays(catalogue)
    matrix = Engine.matrix(of: catalogue)
    canaryLinks = catalogue.indices.filter { catalogue[$0].role == .canary }
    mustFailLinks = catalogue.indices.filter { catalogue[$0].role == .mustFail }
    ownPastLinks = catalogue.indices.filter {
      catalogue[$0].alert.ownPast != nil && !catalogue[$0].probes.isEmpty
    }
    tokens = issuedTokens(catalogue)
    let formerTokens = issuedTokens(base.catalogue)
    changedTokens = Set(
      tokens.filter { token in
        !formerTokens.contains { $0.name == token.name && $0.options.isSame(as: token.options) }
      }.map(\.name))
    var politeness = Politeness(budget: budget)
    var load = RegularLoad()
    for (place, link) in catalogue.enumerated() {
      for definition in link.probes {
        let host = probeTarget(definition).map { politeness.name($0, at: now.instant) }
        load.add(definition, host: host ?? Politeness.nowhere, link: place, id: link.id)
      }
    }
    warnings = load.warnings(politeness)
    formerHosts = politeness.hosts.map { base.hostPlaces[$0.name] ?? -1 }
    self.politeness = politeness
    newProbes = []
    makeTables(base.catalogue)
  }

  private mutating func makeTables(_ former: [Link]) {
    var firstProbes: [Int32] = []
    var count: Int32 = 0
    for link in former {
      firstProbes.append(count)
      count += Int32(link.probes.count)
    }
    newProbes = Array(repeating: -1, count: Int(count))
    links.reserveCapacity(catalogue.count)
    for (place, link) in catalogue.enumerated() {
      let first = probes.count
      let old = Int(formerLinks[place])
      for (position, definition) in link.probes.enumerated() {
        var probe = ProbeRuntime(
          link: place, position: position, definition: definition, of: link)
        probe.host =
          probeTarget(definition).flatMap { politeness.placeByName[$0] } ?? Politeness.nowhere
        probes.append(probe)
        if old >= 0 {
          keep(position, of: link, former[old], firstProbe: Int(firstProbes[old]))
        } else {
          isNew()
        }
      }
      links.append(LinkRuntime(link: link, probes: first..<probes.count))
      if old >= 0, former[old].fingerprint != link.fingerprint { changed.append(place) }
    }
  }

  private mutating func isNew() {
    formerProbes.append(-1)
    keepsJudge.append(false)
    keepsTimes.append(false)
    keepsCheck.append(false)
    keepsRefusals.append(false)
  }

  /// A probe goes on where that of the same name stood.
  private mutating func keep(_ position: Int, of link: Link, _ former: Link, firstProbe: Int) {
    let definition = link.probes[position]
    let isSamePlace =
      position < former.probes.count && former.probes[position].name == definition.name
    let old =
      isSamePlace ? position : former.probes.firstIndex { $0.name == definition.name }
    guard let old else { return isNew() }
    newProbes[firstProbe + old] = Int32(formerProbes.count)
    formerProbes.append(Int32(firstProbe + old))
    let isSameInterval = former.probes[old].every == definition.every
    // What was seen at another address, or of another request, says nothing of this one.
    let isSameCheck =
      former.probes[old].checkFingerprint == definition.checkFingerprint
      && former.endpoint == link.endpoint
    keepsCheck.append(isSameCheck)
    keepsTimes.append(isSameInterval && isSameCheck)
    keepsJudge.append(isSameInterval && isSameCheck && former.alert == link.alert)
    // A token that is got otherwise from now on may no longer be refused.
    let usesChanged = !changedTokens.isDisjoint(with: probeTokens(definition))
    keepsRefusals.append(former.fingerprint == link.fingerprint && !usesChanged)
  }
}

private func issuedTokens(_ catalogue: [Link]) -> [(name: String, options: OAuth2Options)] {
  catalogue.compactMap { link in
    guard link.role == .token, let options = link.probes.first?.options as? OAuth2Options else {
      return nil
    }
    return (link.id.consumer, options)
  }
}

/// Which links, by their places, name a link among their hops.
private func dependentLinks(
  _ catalogue: [Link], _ index: [LinkID: Int]
) -> [LinkID: [Int32]] {
  var dependents: [LinkID: [Int32]] = [:]
  for (place, link) in catalogue.enumerated() {
    for hop in link.hops where index[hop] != nil {
      dependents[hop, default: []].append(Int32(place))
    }
  }
  return dependents
}
