import Base
import Model
import Testing
import Wire

@testable import Quiet

/// Viet Nam's distance from UTC.
let zone = TimeAmount.hours(7)

func at(_ text: String) -> WallTime {
  guard let time = localTime(text, zone: zone) else { preconditionFailure("a time: \(text)") }
  return time
}

func day(_ text: String) -> CivilDay {
  guard let day = CivilDay(text) else { preconditionFailure("a day: \(text)") }
  return day
}

func link(
  _ id: String, system: String = "land-database", owner: String = "moae", route: [String] = [],
  isHop: Bool = false
) -> LinkFacts {
  guard let id = LinkID(id) else { preconditionFailure("an id: \(id)") }
  return LinkFacts(id: id, system: system, owner: owner, route: route, isHop: isHop)
}

func selector(_ change: (inout LinkSelector) -> Void) -> LinkSelector {
  var selector = LinkSelector()
  change(&selector)
  return selector
}

let landDatabase = selector { $0.systems = ["land-database"] }

func window(
  _ id: String = "w", _ links: LinkSelector = landDatabase, from: String = "2025-11-10T22:00",
  to: String = "2025-11-11T04:00", announced: String = "2025-11-03"
) -> MaintenanceWindow {
  MaintenanceWindow(
    id: id, links: links, times: .once(from: at(from), to: at(to)), announced: day(announced),
    reason: "new release")
}

func silence(
  _ id: String = "s", _ links: LinkSelector = landDatabase, patterns: [IncidentPattern] = [],
  severities: [Severity] = [], created: String = "2025-11-10T08:00",
  expires: String = "2025-11-10T20:00"
) -> Silence {
  Silence(
    id: id, links: links, patterns: patterns, severities: severities, by: "lan",
    reason: "known: ticket 12", created: at(created), expires: at(expires))
}

func incident(
  _ links: [LinkFacts], id: String = "inc-1", _ pattern: IncidentPattern = .point,
  _ severity: Severity = .critical
) -> IncidentFacts {
  IncidentFacts(id: id, pattern: pattern, severity: severity, links: links)
}

/// Reads one window as it stands in a file or a request.
func read(
  _ text: String, _ form: QuietForm = .file
) -> (window: MaintenanceWindow?, complaints: [String]) {
  var complaints = Complaints()
  let window = reader(text, &complaints).flatMap { reader in
    var reader = reader
    return readWindow(&reader, form, zone: zone, &complaints)
  }
  return (window, complaints.list.map(\.description))
}

func readSilence(_ text: String, at now: WallTime) -> (silence: Silence?, complaints: [String]) {
  var complaints = Complaints()
  let silence = reader(text, &complaints).flatMap { reader in
    var reader = reader
    return Quiet.readSilence(&reader, .request(at: now), zone: zone, &complaints)
  }
  return (silence, complaints.list.map(\.description))
}

private func reader(_ text: String, _ complaints: inout Complaints) -> FieldReader? {
  let parsed = parseJSON(Array(text.utf8), dialect: .json5, limits: .catalogue)
  complaints.add(parsed.errors, file: "m.json5")
  return parsed.node.flatMap {
    FieldReader($0, file: "m.json5", path: "", complaints: &complaints)
  }
}
