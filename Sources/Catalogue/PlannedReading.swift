import Base
import Model
import Quiet
import Wire

/// By when the links of a service are to be connected: one day for all, or a day for each.
struct PlannedDays: Sendable {
  var all: PlannedConnection?
  var byConsumer: [String: PlannedConnection] = [:]

  func day(of consumer: String) -> PlannedConnection? { byConsumer[consumer] ?? all }
}

/// Reads `planned`: a day, `"2025-12-31"`; a day with more, `{ date: "...", successes: 5 }`; or days by
/// consumer, `{ "ha-noi": "2025-09-15", otherwise: "2025-12-31" }`.
func readPlanned(
  _ parent: inout FieldReader, _ table: ConsumerTable?, timeZone: TimeAmount,
  _ complaints: inout Complaints
) -> PlannedDays {
  guard let node = parent.node("planned") else { return PlannedDays() }
  guard node.object != nil else {
    return PlannedDays(all: readDay(&parent, "planned", timeZone, &complaints))
  }
  guard var reader = parent.object("planned", &complaints) else { return PlannedDays() }
  defer { reader.finish(&complaints) }
  if reader.has("date") {
    var day = readDay(&reader, "date", timeZone, &complaints)
    if let count = reader.int("successes", range: Ranges.attemptsRemembered, &complaints) {
      day?.successes = count
    }
    return PlannedDays(all: day)
  }
  var days = PlannedDays()
  for consumer in reader.allMembers().map(\.key) {
    if consumer == "otherwise" {
      days.all = readDay(&reader, consumer, timeZone, &complaints)
    } else {
      complainOfStranger(consumer, reader, table, &complaints)
      days.byConsumer[consumer] = readDay(&reader, consumer, timeZone, &complaints)
    }
  }
  return days
}

private func readDay(
  _ reader: inout FieldReader, _ key: String, _ timeZone: TimeAmount,
  _ complaints: inout Complaints
) -> PlannedConnection? {
  guard let node = reader.node(key) else { return nil }
  guard let text = node.string, let day = CivilDay(text) else {
    let got = node.string.map { ", got \"\(printable($0, limit: 40))\"" } ?? ""
    reader.complain(key, "expected a day such as \"2025-12-31\"\(got)", &complaints)
    return nil
  }
  return PlannedConnection(date: text, endsAt: (day + 1).start(zone: timeZone))
}

/// Reads `timeZone`, the distance from UTC: `"+07:00"`.
func readTimeZone(_ reader: inout FieldReader, _ complaints: inout Complaints) -> TimeAmount {
  guard let node = reader.node("timeZone") else { return Defaults.timeZone }
  guard let text = node.string, let zone = zoneDistance(text) else {
    reader.complain(
      "timeZone", "expected a distance from UTC such as \"+07:00\", up to 14 hours", &complaints)
    return Defaults.timeZone
  }
  return zone
}
