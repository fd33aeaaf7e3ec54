import Base
import Model

/// How far ahead work has to be announced, by the rules that hold where the links are.
package struct NoticeRules: Sendable, Hashable {
  package var workingDays = 5
  /// For systems of which other rules hold.
  package var bySystem: [String: Int] = [:]
  package var calendars = CalendarTable()
  /// The distance from UTC by which days are meant.
  package var zone: TimeAmount

  package init(zone: TimeAmount) { self.zone = zone }
}

/// A service as far as windows tell services apart; see ``MaintenanceWindow/touches(_:)``.
package struct ServiceFacts: Sendable, Hashable {
  package var service: String
  package var system: String
  package var owner: String

  package init(service: String, system: String, owner: String) {
    self.service = service
    self.system = system
    self.owner = owner
  }
}

/// How a window was announced.
package struct Notice: Sendable, Hashable {
  /// Working days from the announcement, which does not count, to the day of the first start.
  package var workingDays: Int
  package var required: Int
  /// Whether the calendar knows no holiday of that year.
  package var isGuessed: Bool

  package var isLate: Bool { workingDays < required }
}

extension MaintenanceWindow {
  /// Whether links of a service may be meant, whosever province they are of.
  func touches(_ service: ServiceFacts) -> Bool {
    (links.services.isEmpty || links.services.contains(service.service))
      && (links.systems.isEmpty || links.systems.contains(service.system))
      && (links.owners.isEmpty || links.owners.contains(service.owner))
      && (links.links.isEmpty || links.links.contains { $0.service == service.service })
  }

  /// Compares the announcement with what the rules require. `services`: all that are watched; a window
  /// for several systems needs as many days as that of them that needs most. Nil for one that never
  /// begins.
  package func notice(_ rules: NoticeRules, services: [ServiceFacts]) -> Notice? {
    guard let start = firstStart else { return nil }
    let day = CivilDay(start, zone: rules.zone)
    let provinces = links.provinces + links.links.map(\.consumer)
    return Notice(
      workingDays: rules.calendars.workingDays(
        from: announced, to: day, provinces: provinces),
      required: noticeWorkingDays ?? requiredByRules(rules, services),
      isGuessed: rules.calendars.standard.isGuessing(day))
  }

  private func requiredByRules(_ rules: NoticeRules, _ services: [ServiceFacts]) -> Int {
    guard !rules.bySystem.isEmpty else { return rules.workingDays }
    var most: Int?
    for service in services where touches(service) {
      let days = rules.bySystem[service.system] ?? rules.workingDays
      most = max(most ?? days, days)
    }
    return most ?? rules.workingDays
  }
}
