import Base
import Model
import Probes

/// Every setting that holds for a link, with its value and where it was written: what the link and its
/// kinds of check say of themselves first, then what else its files say.
package func effectiveSettings(of link: Link) -> [EffectiveSetting] {
  var list = SettingList(link)
  list.add("service", link.id.service)
  // Of the many that a service's list names; the whole list would say little.
  list.add("consumer", link.id.consumer, at: link.location)
  list.add("system", link.system)
  list.add("owner", link.owner)
  list.add(
    "role", link.role.rawValue, writtenAs: link.role == .service ? "hop" : link.role.rawValue)
  list.add("route", link.route.isEmpty ? "direct" : link.route.joined(separator: ", "))
  if let vendor = link.vendor { list.add("vendor", vendor) }
  if let planned = link.planned { list.add("planned", planned.date) }
  list.add("endpoint", link.endpoint ?? "none", at: link.endpointLocation)
  list.addAlert(link.alert)
  for (place, probe) in link.probes.enumerated() { list.addProbe(probe, place) }
  list.addRest()
  return list.settings
}

/// Gathers settings, each with the place that decides it.
private struct SettingList {
  private(set) var settings: [EffectiveSetting] = []
  private let written: [EffectiveSetting]
  private var used: Set<String> = []

  init(_ link: Link) { written = link.sources?.settings ?? [] }

  /// The place where a key, or anything below it, is written; keys of services go before those of
  /// their systems, and those before defaults.
  private func location(_ key: String) -> SourceLocation? {
    let inside = "\(key)."
    return written.first { $0.key == key || $0.key.hasPrefix(inside) }?.location
  }

  mutating func add(_ key: String, _ value: String, at location: SourceLocation?) {
    used.insert(key)
    settings.append(
      EffectiveSetting(key: key, value: printable(value, limit: 300), location: location))
  }

  mutating func add(_ key: String, _ value: String, writtenAs other: String? = nil) {
    if let other { used.insert(other) }
    add(key, value, at: location(other ?? key) ?? location("defaults.\(other ?? key)"))
  }

  mutating func addAlert(_ rules: AlertRules) {
    let failures = rules.failures
    add(
      "alert.failures",
      "\(failures.failures) of \(failures.of), clear after \(failures.clearAfter)"
        + failures.grade.words(unless: .critical))
    var rate = "off"
    if let rule = rules.errorRate {
      rate =
        "\(percentText(rule.raisePermille)) over \(rule.window), clear below "
        + "\(percentText(rule.clearPermille)), at least \(rule.minimumSamples) attempts"
        + rule.grade.words()
    }
    add("alert.errorRate", rate)
    var latency = "off"
    if let rule = rules.latency {
      latency =
        "p\(percentText(rule.percentilePermille).dropLast()) over \(rule.raiseAbove) over "
        + "\(rule.window), clear at \(rule.clearBelow), at least \(rule.minimumSamples) answers"
        + rule.grade.words()
    }
    add("alert.latency", latency)
    add("alert.ownPast", rules.ownPast?.words ?? "off")
    add("alert.burnRate", rules.burnRate?.words ?? "off")
    add("alert.noData", rules.noData?.words ?? "off")
    add("alert.flapping", rules.flapping?.words ?? "off")
    if rules.warnings.grade != RuleGrade() { add("alert.warnings", rules.warnings.words) }
    if let days = rules.warnings.criticalDays {
      add("alert.expiry", "critical within \(days) days")
    }
  }

  mutating func addProbe(_ probe: ProbeDefinition, _ place: Int) {
    let path = "probes[\(place)]"
    func key(_ name: String) -> String { "\(path).\(name)" }
    add(key("kind"), probe.kind)
    add(key("name"), probe.name)
    for (name, value) in [("every", probe.every), ("timeout", probe.timeout)] {
      add(key(name), "\(value)", at: location(key(name)) ?? location("defaults.\(name)"))
    }
    add(key("retryEvery"), "\(probe.retryEvery)")
    add(key("retries"), "\(probe.retryLimit)")
    add(key("required"), probe.isRequired ? "true" : "false")
    for (name, value) in probeSettings(probe) {
      let last = name.split(separator: ".").last.map(String.init) ?? name
      add(key(name), value, at: location(key(name)) ?? location("defaults.\(last)"))
    }
  }

  /// What the files say beside all this, such as names and expectations.
  mutating func addRest() {
    let parents = used.map { "\($0)." }.filter { $0.hasPrefix("alert.") }
    for setting in written
    where !setting.key.hasPrefix("defaults.") && !used.contains(setting.key)
      && !parents.contains(where: setting.key.hasPrefix)
    {
      used.insert(setting.key)
      settings.append(setting)
    }
  }
}

/// `20%` for 200, `12.5%` for 125.
private func percentText(_ permille: Int) -> String {
  permille % 10 == 0 ? "\(permille / 10)%" : "\(permille / 10).\(permille % 10)%"
}
