import Base
import Engine
import Model
import Quiet
import Wire

/// Where a window stands in time.
struct QuietPlace {
  var activeUntil: WallTime?
  var nextStart: WallTime?
  var isOver: Bool
  private var overAt: WallTime?

  init(_ window: MaintenanceWindow, at time: WallTime) {
    activeUntil = window.activeUntil(at: time)
    nextStart = window.nextStart(after: time)
    isOver = window.isOver(at: time)
    overAt = window.overAt
  }

  var word: String { activeUntil != nil ? "active" : isOver ? "over" : "planned" }

  /// Those that hold first, then those that come, the next first, then those that are over, the last
  /// first.
  func isBefore(_ other: QuietPlace) -> Bool {
    func rank(_ place: QuietPlace) -> Int {
      place.activeUntil != nil ? 0 : place.isOver ? 2 : 1
    }
    let (own, others) = (rank(self), rank(other))
    if own != others { return own < others }
    let latest = WallTime(nanoseconds: .max)
    switch own {
    case 0: return (activeUntil ?? latest) < (other.activeUntil ?? latest)
    case 1: return (nextStart ?? latest) < (other.nextStart ?? latest)
    default: return (overAt ?? latest) > (other.overAt ?? latest)
    }
  }
}

extension JSONWriter {
  mutating func window(
    _ window: MaintenanceWindow, _ place: QuietPlace, _ engine: borrowing Engine,
    _ services: [ServiceFacts], _ open: [Incident], hiddenListed: Int, at now: WallTime
  ) {
    beginObject()
    member("id", window.id)
    member("status", place.word)
    time("activeUntil", place.activeUntil)
    time("nextStart", place.nextStart)
    selector(window.links, whole: true)
    times(window.times, whole: true)
    member("reason", window.reason)
    member("by", window.by.isEmpty ? nil : window.by)
    time("created", window.created)
    time("ended", window.ended)
    member("location", window.location?.description)
    member("zone", zoneText(engine.quietBook.rules.zone))
    member("announced", window.announced.description)
    let notice = window.notice(engine.quietBook.rules, services: services)
    member("workingDaysAhead", notice?.workingDays)
    member("workingDaysRequired", notice?.required)
    member("late", notice?.isLate)
    member("holidaysUnknown", notice?.isGuessed)
    hidden(engine.quietBook.hidden(by: .maintenance, window.id), limit: hiddenListed)
    covers(
      place.activeUntil == nil ? nil : ActiveQuiet(windows: [window], silences: []), open, engine,
      limit: hiddenListed, at: now)
    endObject()
  }

  mutating func silence(
    _ silence: Silence, _ engine: borrowing Engine, _ open: [Incident], hiddenListed: Int,
    at time: WallTime
  ) {
    beginObject()
    member("id", silence.id)
    member("status", silence.isOver(at: time) ? "over" : "active")
    selector(silence.links, whole: true)
    strings("patterns", silence.patterns.map(\.rawValue))
    strings("severities", silence.severities.map(\.rawValue))
    member("reason", silence.reason)
    member("by", silence.by)
    self.time("created", silence.created)
    self.time("expires", silence.expires)
    self.time("ended", silence.ended)
    member("zone", zoneText(engine.quietBook.rules.zone))
    hidden(engine.quietBook.hidden(by: .silence, silence.id), limit: hiddenListed)
    covers(
      silence.isActive(at: time) ? ActiveQuiet(windows: [], silences: [silence]) : nil, open,
      engine, limit: hiddenListed, at: time)
    endObject()
  }

  /// The open incidents that a window or silence keeps quiet now, those that were told before included; of
  /// the newest that are looked at.
  private mutating func covers(
    _ quiet: ActiveQuiet?, _ open: [Incident], _ engine: borrowing Engine, limit: Int,
    at time: WallTime
  ) {
    var covered: [Incident] = []
    if let quiet {
      for incident in open where quiet.hides(engine.facts(of: incident), at: time) != nil {
        covered.append(incident)
      }
    }
    key("covers")
    beginObject()
    member("total", covered.count)
    key("newest")
    beginArray()
    for incident in covered.prefix(limit) {
      beginObject()
      member("incident", incident.id)
      member("told", incident.isTold)
      member("severity", incident.severity.rawValue)
      member("summary", incident.summary)
      endObject()
    }
    endArray()
    endObject()
  }

  /// What keeps a link quiet.
  mutating func quiet(_ list: [Quieting], zone: TimeAmount) {
    key("quiet")
    beginArray()
    for quieting in list {
      beginObject()
      member("kind", quieting.kind.rawValue)
      member("id", quieting.id)
      time("until", quieting.until)
      member("reason", quieting.reason)
      member("by", quieting.by.isEmpty ? nil : quieting.by)
      strings("patterns", quieting.patterns.map(\.rawValue))
      strings("severities", quieting.severities.map(\.rawValue))
      member("zone", zoneText(zone))
      endObject()
    }
    endArray()
  }
}

extension [Quieting] {
  /// The marks of a link: a silence for some incidents alone is none.
  var marks: [String] {
    (contains { $0.kind == .maintenance } ? ["maintenance"] : [])
      + (contains { $0.kind == .silence && $0.isWhole } ? ["silenced"] : [])
  }
}

/// The open incidents, the newest first, that `count` windows or silences are compared with: fewer where there
/// are many of those.
func openIncidents(_ engine: borrowing Engine, for count: Int) -> [Incident] {
  let limit = min(Limits.incidentsLookedAt, Limits.coveringCompared / max(1, count))
  return engine.shownIncidents.open(before: nil, limit: limit)
}

/// How many windows and silences hold, so that none is forgotten.
func writeQuietCounts(_ writer: inout JSONWriter, _ engine: borrowing Engine, at now: Now) {
  let active = engine.quietBook.active(at: now.wall)
  writer.key("quiet")
  writer.beginObject()
  writer.member("maintenance", active.windows.count)
  writer.member("silences", active.silences.count)
  writer.endObject()
}
