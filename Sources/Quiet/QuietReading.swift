import Base
import Model
import Wire

// Windows and silences are written alike in files, in requests and in the state file: these read all
// three. deploy/docs/quiet.md describes the keys.

/// Reads which links are meant. `isRequired`: whether at least one condition must be written, so that a
/// word that was forgotten does not mean everything.
package func readSelector(
  _ reader: inout FieldReader, isRequired: Bool, _ complaints: inout Complaints
) -> LinkSelector? {
  var selector = LinkSelector()
  let before = complaints.count
  for (key, list) in LinkSelector.lists {
    guard let words = words(&reader, key, &complaints) else { continue }
    if let wrong = words.first(where: { !isSlug($0) }) {
      reader.complain(
        key, "expected names of a-z, 0-9 and inner \"-\", got \"\(printable(wrong, limit: 70))\"",
        &complaints)
    }
    selector[keyPath: list] = words
  }
  if let words = words(&reader, "links", &complaints) {
    for word in words {
      if let link = LinkID(word) {
        selector.links.append(link)
      } else {
        reader.complain(
          "links",
          "expected links such as \"land-database/ha-noi\", got "
            + "\"\(printable(word, limit: 140))\"", &complaints)
      }
    }
  }
  guard complaints.count == before else { return nil }
  if isRequired, selector.isEmpty {
    reader.complain(
      nil,
      "expected at least one of \"links\", \"services\", \"systems\", \"owners\", \"provinces\" and"
        + " \"routes\"", &complaints)
    return nil
  }
  return selector
}

/// A list of words that is not empty: an empty one would let everything through.
private func words(
  _ reader: inout FieldReader, _ key: String, _ complaints: inout Complaints
) -> [String]? {
  guard reader.has(key), let words = reader.strings(key, &complaints) else { return nil }
  if (1...Limits.selectorWords).contains(words.count) { return words }
  reader.complain(key, "expected 1 to \(Limits.selectorWords) names", &complaints)
  return nil
}

/// What stands beside the keys of a window, by where it is written.
package enum QuietForm: Sendable {
  /// A file of the catalogue: with an id and the day of the announcement.
  case file
  /// A request at a moment: without an id, and an end may be given by its length.
  case request(at: WallTime)
  /// The state file: with all that was made of a request.
  case state
}

package func readWindow(
  _ reader: inout FieldReader, _ form: QuietForm, zone: TimeAmount, _ complaints: inout Complaints
) -> MaintenanceWindow? {
  let before = complaints.count
  let id = readID(&reader, form, &complaints)
  let links = readSelector(&reader, isRequired: true, &complaints)
  let times = readTimes(&reader, form, zone: zone, &complaints)
  let announced = readDay(&reader, "announced", &complaints)
  let notice = reader.int(
    "noticeWorkingDays", range: 0...Limits.noticeWorkingDaysMaximum, &complaints)
  let reason = readReason(&reader, &complaints)
  var today: CivilDay?
  if case .request(let now) = form {
    today = CivilDay(now, zone: zone)
    if let announced, let today, announced > today {
      reader.complain("announced", "expected today or a day before: it tells what was", &complaints)
    }
  } else {
    reader.require("announced", &complaints)
  }
  let kept = readKept(&reader, form, &complaints)
  reader.finish(&complaints)
  guard complaints.count == before, let id, let links, let times,
    let announced = announced ?? today, let reason
  else { return nil }
  var window = MaintenanceWindow(
    id: id, links: links, times: times, announced: announced, noticeWorkingDays: notice,
    reason: reason, by: kept.by, created: kept.created)
  window.ended = kept.ended
  if case .file = form {
    window.location = SourceLocation(
      file: reader.file, line: reader.position.line, column: reader.position.column)
  }
  return window
}

package func readSilence(
  _ reader: inout FieldReader, _ form: QuietForm, zone: TimeAmount, _ complaints: inout Complaints
) -> Silence? {
  let before = complaints.count
  let id = readID(&reader, form, &complaints)
  let patterns: [IncidentPattern] = readChoices(&reader, "patterns", &complaints)
  let severities: [Severity] = readChoices(&reader, "severities", &complaints)
  let links = readSelector(
    &reader, isRequired: patterns.isEmpty && severities.isEmpty, &complaints)
  let reason = readReason(&reader, &complaints)
  let kept = readKept(&reader, form, &complaints)
  var created = kept.created
  if case .request(let now) = form { created = now }
  let expires = readEnd(&reader, "expires", from: created, zone: zone, &complaints)
  reader.finish(&complaints)
  if let created, let expires {
    if expires <= created {
      reader.complain("expires", notToCome(expires, created, zone), &complaints)
    } else if expires - created > Limits.silenceLongest {
      reader.complain(
        "expires", "expected at most \(Limits.silenceLongest) from now: a silence is for a while",
        &complaints)
    }
  }
  guard complaints.count == before, let id, let links, let reason,
    let created, let expires
  else { return nil }
  var silence = Silence(
    id: id, links: links, patterns: patterns, severities: severities, by: kept.by,
    reason: reason, created: created, expires: expires)
  silence.ended = kept.ended
  return silence
}

// MARK: - Parts

/// A request has no id yet: empty.
private func readID(
  _ reader: inout FieldReader, _ form: QuietForm, _ complaints: inout Complaints
) -> String? {
  if case .request = form { return "" }
  guard let text = reader.requiredString("id", &complaints) else { return nil }
  if isSlug(text) { return text }
  reader.complain(
    "id", "expected 1 to 64 of a-z, 0-9 and inner \"-\", got \"\(printable(text, limit: 70))\"",
    &complaints)
  return nil
}

private func readReason(
  _ reader: inout FieldReader, _ complaints: inout Complaints
) -> String? {
  guard let text = reader.requiredString("reason", &complaints) else { return nil }
  let shown = printable(text, limit: Limits.quietReasonCharacters)
  if shown.contains(where: { $0 != " " }) { return shown }
  reader.complain("reason", "expected words that tell others why", &complaints)
  return nil
}

private struct Kept {
  var by = ""
  var created: WallTime?
  var ended: WallTime?
}

private func readKept(
  _ reader: inout FieldReader, _ form: QuietForm, _ complaints: inout Complaints
) -> Kept {
  guard case .state = form else { return Kept() }
  return Kept(
    by: reader.string("by", &complaints) ?? "",
    created: readTime(&reader, "created", zone: .zero, &complaints),
    ended: readTime(&reader, "ended", zone: .zero, &complaints))
}

private func readChoices<Word: RawRepresentable<String> & CaseIterable>(
  _ reader: inout FieldReader, _ key: String, _ complaints: inout Complaints
) -> [Word] {
  guard let texts = words(&reader, key, &complaints) else { return [] }
  let known = Word.allCases.map(\.rawValue)
  var list: [Word] = []
  for text in texts {
    if let word = Word(rawValue: text) {
      list.append(word)
    } else {
      let meant = nearest(text, among: known).map { "; did you mean \"\($0)\"?" } ?? ""
      reader.complain(
        key,
        "expected words among \(known.joined(separator: ", ")), got "
          + "\"\(printable(text, limit: 40))\"\(meant)", &complaints)
    }
  }
  return list
}

private func readDay(
  _ reader: inout FieldReader, _ key: String, _ complaints: inout Complaints
) -> CivilDay? {
  guard let text = reader.string(key, &complaints) else { return nil }
  if let day = CivilDay(text) { return day }
  reader.complain(
    key, "expected a day such as \"2025-12-31\", got \"\(printable(text, limit: 40))\"",
    &complaints)
  return nil
}

private func readTime(
  _ reader: inout FieldReader, _ key: String, zone: TimeAmount, _ complaints: inout Complaints
) -> WallTime? {
  guard let text = reader.string(key, &complaints) else { return nil }
  if let time = localTime(text, zone: zone) { return time }
  reader.complain(
    key,
    "expected a time such as \"2025-11-07T22:00\", by the clock of \(zoneText(zone)), got "
      + "\"\(printable(text, limit: 40))\"", &complaints)
  return nil
}

/// An end, written as a time or as `length` from a beginning.
private func readEnd(
  _ reader: inout FieldReader, _ key: String, from start: WallTime?, zone: TimeAmount,
  _ complaints: inout Complaints
) -> WallTime? {
  let longest = TimeAmount.minutes(1)...TimeAmount.hours(24 * 366)
  let length = reader.duration("length", range: longest, &complaints)
  let end = readTime(&reader, key, zone: zone, &complaints)
  switch (reader.has("length"), reader.has(key)) {
  case (true, true):
    reader.complain("length", "expected \"length\" or \"\(key)\", not both", &complaints)
  case (false, false):
    reader.complain(nil, "expected \"\(key)\", or a \"length\" such as \"2h\"", &complaints)
  case (true, false): return start.flatMap { start in length.map { start + $0 } }
  case (false, true): return end
  }
  return nil
}

/// What a time that is past was taken for, and what time it is: most often the clock of another zone was meant.
private func notToCome(_ time: WallTime, _ now: WallTime, _ zone: TimeAmount) -> String {
  "expected a time to come: it was taken for \(clockTime(time, zone: zone)), and it is "
    + "\(clockTime(now, zone: zone)) now; another clock is named behind the time, as in "
    + "2025-11-10T15:00Z"
}

private func readTimes(
  _ reader: inout FieldReader, _ form: QuietForm, zone: TimeAmount, _ complaints: inout Complaints
) -> MaintenanceWindow.Times? {
  if reader.has("every") {
    for key in ["from", "to", "length"] where reader.has(key) {
      _ = reader.node(key)
      reader.complain(
        key, "expected no \"\(key)\" beside \"every\", which says when it is", &complaints)
    }
    return readRecurrence(&reader, zone: zone, &complaints).map { .recurring($0) }
  }
  var from = readTime(&reader, "from", zone: zone, &complaints)
  if !reader.has("from") {
    if case .request(let now) = form {
      from = now
    } else {
      reader.complain(
        nil, "expected \"from\" and \"to\", or \"every\" for one that comes again", &complaints)
    }
  }
  let to = readEnd(&reader, "to", from: from, zone: zone, &complaints)
  guard let from, let to else { return nil }
  guard to > from else {
    reader.complain("to", "expected a time after \"from\"", &complaints)
    return nil
  }
  if to - from > Limits.maintenanceLongest {
    reader.complain(
      reader.has("to") ? "to" : "length",
      "expected at most \(Limits.maintenanceLongest): what is longer is no maintenance", &complaints
    )
    return nil
  }
  if case .request(let now) = form, to <= now {
    reader.complain("to", notToCome(to, now, zone), &complaints)
    return nil
  }
  return .once(from: from, to: to)
}

private func readRecurrence(
  _ parent: inout FieldReader, zone: TimeAmount, _ complaints: inout Complaints
) -> Recurrence? {
  guard var reader = parent.object("every", &complaints) else { return nil }
  let before = complaints.count
  let weekdays: [Weekday] = readChoices(&reader, "weekdays", &complaints)
  let monthDays = readDaysOfMonth(&reader, &complaints)
  if reader.has("weekdays"), reader.has("daysOfMonth") {
    reader.complain(
      "daysOfMonth", "expected \"weekdays\" or \"daysOfMonth\", not both", &complaints)
  }
  var start: TimeAmount?
  if let text = reader.requiredString("start", &complaints) {
    start = timeOfDay(text)
    if start == nil {
      reader.complain("start", "expected a time of day such as \"22:00\"", &complaints)
    }
  }
  reader.require("length", &complaints)
  let length = reader.duration(
    "length", range: Limits.maintenanceShortest...Limits.maintenanceLongestRecurring, &complaints)
  let first = readDay(&reader, "from", &complaints)
  let last = readDay(&reader, "until", &complaints)
  if let first, let last, last < first {
    reader.complain("until", "expected a day not before \"from\"", &complaints)
  }
  let ownZone = reader.string("zone", &complaints)
  if let ownZone, zoneDistance(ownZone) == nil {
    reader.complain("zone", "expected a distance from UTC such as \"+07:00\"", &complaints)
  }
  reader.finish(&complaints)
  guard complaints.count == before, let start, let length else {
    return nil
  }
  let days: Recurrence.Days =
    !weekdays.isEmpty ? .weekdays(weekdays) : monthDays.map { .daysOfMonth($0) } ?? .daily
  return Recurrence(
    days, start: start, length: length, first: first, last: last,
    zone: ownZone.flatMap(zoneDistance) ?? zone)
}

private func readDaysOfMonth(
  _ reader: inout FieldReader, _ complaints: inout Complaints
) -> [Int]? {
  guard let node = reader.node("daysOfMonth") else { return nil }
  let days = node.array?.compactMap(\.int) ?? []
  if days.count == node.array?.count, (1...31).contains(days.count),
    days.allSatisfy({ (1...31).contains($0) })
  {
    return days
  }
  reader.complain("daysOfMonth", "expected a list of days from 1 to 31", &complaints)
  return nil
}
