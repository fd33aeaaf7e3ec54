import Base
import Model

/// Every setting that holds for a link, in the order of the catalogue's pages.
package func effectiveSettings(of link: Link) -> [EffectiveSetting] {
  func setting(_ key: String, _ value: String) -> EffectiveSetting {
    EffectiveSetting(key: key, value: value, location: link.location)
  }
  var settings = [
    setting("system", link.system), setting("owner", link.owner),
    setting("route", link.route.isEmpty ? "direct" : link.route.joined(separator: ", ")),
    setting("role", link.role.rawValue),
  ]
  if let vendor = link.vendor { settings.append(setting("vendor", vendor)) }
  if let planned = link.planned { settings.append(setting("planned", planned.date)) }
  let failures = link.alert.failures
  settings.append(setting("alert.failures", "\(failures.failures) of \(failures.of)"))
  for probe in link.probes {
    settings += [
      setting("probes.\(probe.name).kind", probe.kind),
      setting("probes.\(probe.name).every", "\(probe.every)"),
      setting("probes.\(probe.name).timeout", "\(probe.timeout)"),
    ]
  }
  return settings
}
