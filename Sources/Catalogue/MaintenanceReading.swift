import Base
import Model
import Quiet
import Wire

/// What a configuration says of windows and of how they are to be announced.
struct QuietSources {
  /// A file of windows, or a directory of such files.
  var maintenance: NamedPath?
  /// A file of a calendar, or a directory of such files.
  var calendars: NamedPath?
  /// The calendar that holds where no other does.
  var calendar: (name: String, origin: Origin)?
  var workingDays = NoticeRules(zone: .zero).workingDays
  var bySystem: [String: Int] = [:]
  var systemsOrigin: Origin?
}

/// Reads the calendars and the windows that are written in files, those of a whole catalogue unless the
/// configuration names others. `links`: all that are watched.
func readQuiet(
  _ quiet: QuietSources, _ sources: CatalogueSources, _ links: [Link], _ access: FileAccess,
  _ complaints: inout Complaints
) -> QuietSettings {
  // Links that could not be read would make their names look misspelt.
  let names = complaints.isEmpty ? LinkNames(links) : nil
  let layout = CatalogueLayout(sources, access)
  var settings = QuietSettings(zone: sources.defaults.timeZone)
  settings.rules.workingDays = quiet.workingDays
  settings.rules.bySystem = quiet.bySystem
  if let calendars = quiet.calendars ?? layout.calendars {
    var unheard = Complaints()
    let table = consumerTable(sources, layout, access, &unheard)
    settings.rules.calendars = readCalendars(
      calendars, standard: quiet.calendar, table, access, &complaints)
  } else if let (name, origin) = quiet.calendar {
    origin.complain(
      "there is no calendar \"\(name)\": say with \"calendars\" where they are", &complaints)
  }
  if let names, let origin = quiet.systemsOrigin {
    for system in quiet.bySystem.keys.sorted() {
      if let problem = names.problem(system, "systems") { origin.complain(problem, &complaints) }
    }
  }
  if let maintenance = quiet.maintenance ?? layout.maintenance {
    settings.windows = readWindows(
      maintenance, zone: settings.rules.zone, names, access, &complaints)
  }
  return settings
}

private func readWindows(
  _ path: NamedPath, zone: TimeAmount, _ names: LinkNames?, _ access: FileAccess,
  _ complaints: inout Complaints
) -> [MaintenanceWindow] {
  var windows: [MaintenanceWindow] = []
  var first: [String: Origin] = [:]
  let today = access.now()
  for file in filesOf(path, access, &complaints) {
    guard let root = file.parse(access, &complaints) else { continue }
    guard let entries = root.array else {
      complaints.add(
        file: file.path, position: root.position, keyPath: "",
        message: "expected a list of windows, got something else")
      continue
    }
    for (place, entry) in entries.enumerated() {
      guard
        var reader = FieldReader(
          entry, file: file.path, path: "[\(place)]", complaints: &complaints),
        let window = readWindow(&reader, .file, zone: zone, &complaints)
      else { continue }
      if let former = first.updateValue(Origin(reader, "id"), forKey: window.id) {
        reader.complain(
          "id", "window \"\(window.id)\" was given before, at \(former.location)", &complaints)
      }
      // What is over may be of links that are gone.
      if !window.isOver(at: today) { names?.check(window.links, reader, &complaints) }
      windows.append(window)
    }
  }
  if windows.count > Limits.maintenanceWindows {
    path.origin.complain(
      "expected at most \(Limits.maintenanceWindows) windows; leave out those that are over",
      &complaints)
  }
  return windows
}

/// The names that links have: one that no link has is misspelt, and would quiet nothing.
private struct LinkNames {
  private var byList: [String: Set<String>] = [:]
  private var ids: Set<LinkID> = []

  init(_ links: [Link]) {
    var names = (
      services: Set<String>(), systems: Set<String>(), owners: Set<String>(),
      provinces: Set<String>(), routes: Set<String>(["direct"])
    )
    for link in links {
      names.services.insert(link.id.service)
      names.systems.insert(link.system)
      names.owners.insert(link.owner)
      names.provinces.insert(link.id.consumer)
      for word in link.route { names.routes.insert(word) }
      if link.role == .hop { names.routes.insert(link.id.service) }
      ids.insert(link.id)
    }
    byList = [
      "services": names.services, "systems": names.systems, "owners": names.owners,
      "provinces": names.provinces, "routes": names.routes,
    ]
  }

  func problem(_ word: String, _ list: String) -> String? {
    guard let known = byList[list], !known.contains(word) else { return nil }
    let meant = nearest(word, among: known.sorted()).map { "; did you mean \"\($0)\"?" } ?? ""
    return "no link has the \(list.dropLast()) \"\(printable(word, limit: 70))\"\(meant)"
  }

  func check(_ links: LinkSelector, _ reader: FieldReader, _ complaints: inout Complaints) {
    func complain(_ list: String, _ place: Int, _ problem: String) {
      complaints.add(
        file: reader.file, position: reader.elementPosition(of: list, place),
        keyPath: "\(reader.keyPath(list))[\(place)]", message: problem)
    }
    for (list, words) in [
      ("services", links.services), ("systems", links.systems), ("owners", links.owners),
      ("provinces", links.provinces), ("routes", links.routes),
    ] {
      for (place, word) in words.enumerated() {
        if let problem = problem(word, list) { complain(list, place, problem) }
      }
    }
    for (place, id) in links.links.enumerated() where !ids.contains(id) {
      let service = ids.filter { $0.service == id.service }.map(\.description).sorted()
      let meant = nearest("\(id)", among: service).map { "; did you mean \"\($0)\"?" } ?? ""
      complain("links", place, "there is no link \"\(id)\"\(meant)")
    }
  }
}
