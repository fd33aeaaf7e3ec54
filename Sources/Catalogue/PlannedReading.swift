import Base
import Model
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
  guard let text = node.string, let day = dayNumber(text) else {
    let got = node.string.map { ", got \"\(printable($0, limit: 40))\"" } ?? ""
    reader.complain(key, "expected a day such as \"2025-12-31\"\(got)", &complaints)
    return nil
  }
  let midnight = WallTime(nanoseconds: (day + 1) * TimeAmount.hours(24).nanoseconds)
  return PlannedConnection(date: text, endsAt: midnight - timeZone)
}

/// The day of `2025-12-31`, counted from 1970-01-01; nil for anything else. From 1970 to 2199, so that
/// every moment of the day is a wall time.
func dayNumber(_ text: String) -> Int64? {
  let parts = text.split(separator: "-", omittingEmptySubsequences: false)
  guard parts.map(\.utf8.count) == [4, 2, 2], text.utf8.allSatisfy({ isDigit($0) || $0 == 0x2D }),
    let year = Int64(parts[0]), let month = Int64(parts[1]), let day = Int64(parts[2]),
    (1_970...2_199).contains(year)
  else { return nil }
  return daysSinceEpoch(year: year, month: month, day: day)
}

/// Reads `timeZone`, the distance from UTC: `"+07:00"`.
func readTimeZone(_ reader: inout FieldReader, _ complaints: inout Complaints) -> TimeAmount {
  guard let node = reader.node("timeZone") else { return Defaults.timeZone }
  guard let text = node.string, let zone = timeZone(text) else {
    reader.complain(
      "timeZone", "expected a distance from UTC such as \"+07:00\", up to 14 hours", &complaints)
    return Defaults.timeZone
  }
  return zone
}

private func timeZone(_ text: String) -> TimeAmount? {
  let bytes = Array(text.utf8)
  guard bytes.count == 6, bytes[0] == 0x2B || bytes[0] == 0x2D, bytes[3] == 0x3A,
    [1, 2, 4, 5].allSatisfy({ isDigit(bytes[$0]) })
  else { return nil }
  let hours = Int64(bytes[1] - 0x30) * 10 + Int64(bytes[2] - 0x30)
  let minutes = Int64(bytes[4] - 0x30) * 10 + Int64(bytes[5] - 0x30)
  guard minutes < 60, hours * 60 + minutes <= 14 * 60 else { return nil }
  return .minutes((hours * 60 + minutes) * (bytes[0] == 0x2D ? -1 : 1))
}

private func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
