import Model
import Probes
import Wire

/// What a new catalogue changes, link by link and rule by rule: counted whole, listed up to a bound.
package struct ReloadPlan: Sendable {
  /// Entries of one sort: how many, and the first of them.
  package struct Part<Entry: Sendable>: Sendable {
    package private(set) var total = 0
    package private(set) var list: [Entry] = []

    mutating func add(_ entry: @autoclosure () -> Entry) {
      total += 1
      if list.count < Limits.planEntries { list.append(entry()) }
    }
  }

  package struct ChangedLink: Sendable, Hashable {
    package var link: LinkID
    /// What differs, in words of the catalogue: `probes`, `rules`, `route`, `names`, `endpoint`, ...
    package var changes: [String]
  }

  package struct RuleChange: Sendable, Hashable {
    package var link: LinkID
    package var rule: RuleKind
    /// As the catalogue would write it; nil where there was none.
    package var was: String?
    /// Nil where there is none any more.
    package var becomes: String?
  }

  /// How many links there will be, and how many there are.
  package var links = 0
  package var formerLinks = 0
  package var added = Part<LinkID>()
  package var removed = Part<LinkID>()
  /// Links that stay and lose all their probes, as when an address is taken out.
  package var silenced = Part<LinkID>()
  package var changed = Part<ChangedLink>()
  package var rulesAdded = Part<RuleChange>()
  package var rulesRemoved = Part<RuleChange>()
  package var rulesChanged = Part<RuleChange>()

  package var unchanged: Int { links - added.total - changed.total }

  /// Whether more than a third of the links would go or not be looked at any more: more likely a
  /// mistake than a wish.
  package var dropsTooMuch: Bool { (removed.total + silenced.total) * 3 > formerLinks }

  /// Compares two lists of links; each names a link once.
  package init(from former: [Link], to new: [Link]) {
    let comparison = CatalogueComparison(former, index: linkPlaces(former), new: new)
    self = ReloadPlan(from: former, to: new, comparison)
  }

  init(from former: [Link], to new: [Link], _ comparison: CatalogueComparison) {
    links = new.count
    formerLinks = former.count
    for (place, old) in comparison.formerPlaces.enumerated() {
      let link = new[place]
      if old < 0 {
        added.add(link.id)
        note(link.id, from: nil, to: link.alert)
      } else if former[Int(old)].fingerprint != link.fingerprint {
        let before = former[Int(old)]
        changed.add(ChangedLink(link: link.id, changes: changes(from: before, to: link)))
        if link.probes.isEmpty, !before.probes.isEmpty { silenced.add(link.id) }
        if before.alert != link.alert { note(link.id, from: before.alert, to: link.alert) }
      }
    }
    for place in comparison.removed {
      removed.add(former[place].id)
      note(former[place].id, from: former[place].alert, to: nil)
    }
  }

  private mutating func note(_ link: LinkID, from former: AlertRules?, to new: AlertRules?) {
    let before = former.map(words) ?? []
    let after = new.map(words) ?? []
    for (kind, was) in before {
      let becomes = after.first { $0.0 == kind }?.1
      let change = RuleChange(link: link, rule: kind, was: was, becomes: becomes)
      if becomes == nil {
        rulesRemoved.add(change)
      } else if becomes != was {
        rulesChanged.add(change)
      }
    }
    for (kind, becomes) in after where !before.contains(where: { $0.0 == kind }) {
      rulesAdded.add(RuleChange(link: link, rule: kind, was: nil, becomes: becomes))
    }
  }
}

/// Which links of a new catalogue were there before.
struct CatalogueComparison: Sendable {
  /// By the place of each new link: its former place, or -1.
  var formerPlaces: [Int32]
  /// The former places of links that are no more, in their order.
  var removed: [Int]

  init(_ former: [Link], index: [LinkID: Int], new: [Link]) {
    formerPlaces = []
    formerPlaces.reserveCapacity(new.count)
    var stays = [Bool](repeating: false, count: former.count)
    for (place, link) in new.enumerated() {
      // Mostly a link stands where it stood, or all behind a change are moved alike.
      let moved = formerPlaces.last.map { Int($0) + 1 } ?? place
      var old = -1
      if moved < former.count, former[moved].id == link.id {
        old = moved
      } else if let known = index[link.id] {
        old = known
      }
      formerPlaces.append(Int32(old))
      if old >= 0 { stays[old] = true }
    }
    removed = stays.indices.filter { !stays[$0] }
  }
}

func linkPlaces(_ links: [Link]) -> [LinkID: Int] {
  var places = [LinkID: Int](minimumCapacity: links.count)
  for (place, link) in links.enumerated() { places[link.id] = place }
  return places
}

/// What of a link differs, in words of the catalogue.
private func changes(from former: Link, to new: Link) -> [String] {
  var changes: [String] = []
  func note(_ word: String, _ differs: Bool) { if differs { changes.append(word) } }
  note(
    "names",
    former.serviceName != new.serviceName || former.consumerName != new.consumerName)
  note("system", former.system != new.system)
  note("owner", former.owner != new.owner)
  note("route", former.route != new.route || former.hops != new.hops)
  note("vendor", former.vendor != new.vendor)
  note("planned", former.planned != new.planned)
  note("rules", former.alert != new.alert)
  note("probes", probesDiffer(former.probes, new.probes))
  note("endpoint", endpoint(of: former) != endpoint(of: new))
  // Such as a header that all probes send.
  return changes.isEmpty ? ["settings"] : changes
}

/// Not their addresses: a link that got its first endpoint has new probes by that alone.
private func probesDiffer(_ former: [ProbeDefinition], _ new: [ProbeDefinition]) -> Bool {
  if former.isEmpty || new.isEmpty { return false }
  return !former.elementsEqual(new) { a, b in
    a.name == b.name && a.kind == b.kind && a.every == b.every && a.timeout == b.timeout
      && a.retryEvery == b.retryEvery && a.retryLimit == b.retryLimit
      && a.isRequired == b.isRequired && a.fingerprint == b.fingerprint
  }
}

private func endpoint(of link: Link) -> [String?] {
  link.probes.map(probeAddress)
}

/// The rules of a link as the catalogue writes them.
private func words(_ rules: AlertRules) -> [(RuleKind, String)] {
  let failures = rules.failures
  var list: [(RuleKind, String)] = [
    (
      .failures,
      "\(failures.failures) of \(failures.of), clear after \(failures.clearAfter)"
        + failures.grade.words(unless: .critical)
    )
  ]
  if let rule = rules.errorRate {
    list.append(
      (
        .errorRate,
        "\(percentText(rule.raisePermille)) over \(rule.window), clear below "
          + "\(percentText(rule.clearPermille)), minimum \(rule.minimumSamples)"
          + rule.grade.words()
      ))
  }
  if let rule = rules.latency {
    list.append(
      (
        .latency,
        "p\(tenths(rule.percentilePermille)) over \(rule.raiseAbove) over \(rule.window), clear at "
          + "\(rule.clearBelow), minimum \(rule.minimumSamples)" + rule.grade.words()
      ))
  }
  if let rule = rules.ownPast { list.append((.ownPast, rule.words)) }
  if let rule = rules.burnRate { list.append((.burnRate, rule.words)) }
  if rules.warnings != WarningRule() { list.append((.warnings, rules.warnings.words)) }
  if let rule = rules.noData { list.append((.noData, rule.words)) }
  if let rule = rules.flapping { list.append((.flapping, rule.words)) }
  return list
}

private func percentText(_ permille: Int) -> String { "\(tenths(permille))%" }

private func tenths(_ permille: Int) -> String {
  permille % 10 == 0 ? "\(permille / 10)" : "\(permille / 10).\(permille % 10)"
}
