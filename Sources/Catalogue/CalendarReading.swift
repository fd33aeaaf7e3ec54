import Base
import Model
import Quiet
import Wire

/// One calendar as its file has it, before it is put over the one that it names.
private struct WrittenCalendar {
  var name: String
  var base: String?
  var provinces: [String]
  var week: [Weekday]?
  var holidays: [CivilDay] = []
  var workingDays: [CivilDay] = []
  var origin: Origin
  var baseOrigin: Origin
  var provincesOrigin: Origin
}

/// Reads the working calendars: a file of one, or a directory of them. `standard`: the name of the one
/// that holds where no other does. `table`: the provinces, where they are known.
func readCalendars(
  _ path: NamedPath, standard: (name: String, origin: Origin)?, _ table: ConsumerTable?,
  _ access: FileAccess, _ complaints: inout Complaints
) -> CalendarTable {
  var written: [WrittenCalendar] = []
  let before = complaints.count
  for file in filesOf(path, access, &complaints) {
    guard let root = file.parse(access, &complaints),
      var reader = FieldReader(root, file: file.path, path: "", complaints: &complaints)
    else { continue }
    if let calendar = readCalendar(&reader, table, &complaints) { written.append(calendar) }
  }
  if written.count > Limits.calendars {
    path.origin.complain("expected at most \(Limits.calendars) calendars", &complaints)
  }
  // A calendar that could not be read would be missed by those that name it.
  guard complaints.count == before else { return CalendarTable() }
  return calendarTable(written, standard: standard, path, &complaints)
}

/// The files that a path stands for: itself, or those of the directory.
func filesOf(
  _ path: NamedPath, _ access: FileAccess, _ complaints: inout Complaints
) -> [NamedPath] {
  if namesFile(path.path) { return [path] }
  do {
    return try access.list(path.path).map {
      NamedPath(resolve($0, from: path.path), origin: path.origin)
    }
  } catch {
    path.origin.complain("cannot list \(path.path): \(printable("\(error)"))", &complaints)
    return []
  }
}

private func readCalendar(
  _ reader: inout FieldReader, _ table: ConsumerTable?, _ complaints: inout Complaints
) -> WrittenCalendar? {
  let before = complaints.count
  let name = requiredSlug(&reader, "calendar", &complaints)
  var calendar = WrittenCalendar(
    name: name ?? "", base: slug(&reader, "base", &complaints),
    provinces: reader.strings("provinces", &complaints) ?? [],
    origin: Origin(reader, "calendar"), baseOrigin: Origin(reader, "base"),
    provincesOrigin: Origin(reader, "provinces"))
  for province in calendar.provinces where table != nil && table?.province(province) == nil {
    let meant = nearest(province, among: table?.provinceSlugs ?? [])
    reader.complain(
      "provinces",
      "there is no province \"\(printable(province, limit: 40))\""
        + (meant.map { "; did you mean \"\($0)\"?" } ?? ""), &complaints)
  }
  calendar.week = readWeek(&reader, &complaints)
  calendar.holidays = readDays(&reader, "holidays", &complaints)
  calendar.workingDays = readDays(&reader, "workingDays", &complaints)
  let holidays = Set(calendar.holidays)
  if let both = calendar.workingDays.first(where: holidays.contains) {
    reader.complain("workingDays", "\(both) is a holiday above", &complaints)
  }
  reader.finish(&complaints)
  return complaints.count == before ? calendar : nil
}

private func readWeek(
  _ reader: inout FieldReader, _ complaints: inout Complaints
) -> [Weekday]? {
  guard let words = reader.strings("week", &complaints) else { return nil }
  let days = words.compactMap(Weekday.init(rawValue:))
  if days.count == words.count, !days.isEmpty { return days }
  let known = Weekday.allCases.map(\.rawValue)
  let wrong = words.first { Weekday(rawValue: $0) == nil }
  let meant = wrong.flatMap { nearest($0, among: known) }.map { "; did you mean \"\($0)\"?" }
  reader.complain(
    "week", "expected the days that are worked on, such as [\"monday\", \"friday\"]\(meant ?? "")",
    &complaints)
  return nil
}

/// `{ "2026-01-01": "New Year's Day" }`: what each day is, is for the reader of the file.
private func readDays(
  _ parent: inout FieldReader, _ key: String, _ complaints: inout Complaints
) -> [CivilDay] {
  guard var reader = parent.object(key, &complaints) else { return [] }
  let members = reader.allMembers()
  if members.count > Limits.calendarDays {
    parent.complain(key, "expected at most \(Limits.calendarDays) days", &complaints)
    return []
  }
  var days: [CivilDay] = []
  for member in members {
    if let day = CivilDay(member.key) {
      days.append(day)
    } else {
      complaints.add(
        file: reader.file, position: member.keyPosition, keyPath: reader.path,
        message: "expected a day such as \"2026-01-01\", got "
          + "\"\(printable(member.key, limit: 40))\"")
    }
    _ = reader.string(member.key, &complaints)
  }
  return days
}

// MARK: - Putting them together

private func calendarTable(
  _ written: [WrittenCalendar], standard: (name: String, origin: Origin)?, _ path: NamedPath,
  _ complaints: inout Complaints
) -> CalendarTable {
  var byName: [String: WrittenCalendar] = [:]
  for calendar in written {
    if let former = byName.updateValue(calendar, forKey: calendar.name) {
      calendar.origin.complain(
        "calendar \"\(calendar.name)\" was given before, at \(former.origin.location)",
        &complaints)
    }
  }
  var table = CalendarTable()
  var claimed: [String: Origin] = [:]
  for calendar in written {
    guard let whole = put(calendar, over: byName, &complaints) else { continue }
    for province in calendar.provinces {
      if let former = claimed.updateValue(calendar.origin, forKey: province) {
        calendar.provincesOrigin.complain(
          "\"\(province)\" has a calendar already, at \(former.location)", &complaints)
      }
      table.byProvince[province] = whole
    }
  }
  let general = written.filter(\.provinces.isEmpty)
  if let standard {
    if let calendar = byName[standard.name] {
      table.standard = put(calendar, over: byName, &complaints) ?? .plain
    } else {
      let meant = nearest(standard.name, among: written.map(\.name))
      standard.origin.complain(
        "there is no calendar \"\(standard.name)\"" + (meant.map { "; nearest: \($0)" } ?? ""),
        &complaints)
    }
  } else if general.count == 1 {
    table.standard = put(general[0], over: byName, &complaints) ?? .plain
  } else if general.count > 1 {
    path.origin.complain(
      "several calendars name no provinces (\(general.map(\.name).joined(separator: ", "))); say"
        + " with the key \"calendar\" of the configuration which holds for all others", &complaints)
  }
  return table
}

/// A calendar with what it has from the one that it names; nil after a complaint.
private func put(
  _ calendar: WrittenCalendar, over byName: [String: WrittenCalendar],
  _ complaints: inout Complaints
) -> WorkingCalendar? {
  var chain = [calendar]
  while let last = chain.last, let base = last.base {
    guard let next = byName[base] else {
      last.baseOrigin.complain("there is no calendar \"\(base)\"", &complaints)
      return nil
    }
    guard !chain.contains(where: { $0.name == base }) else {
      calendar.baseOrigin.complain("calendar \"\(base)\" stands on itself", &complaints)
      return nil
    }
    chain.append(next)
  }
  var whole = WorkingCalendar(calendar.name)
  for part in chain.reversed() {
    if let week = part.week { whole.setWeek(week) }
    for day in part.holidays { whole.addHoliday(day) }
    for day in part.workingDays { whole.addWorkingDay(day) }
  }
  return whole
}
