import Base
import Model
import Wire

extension JSONWriter {
  package mutating func texts(_ name: String, _ list: [String]) {
    key(name)
    beginArray()
    for text in list { string(text) }
    endArray()
  }

  /// The keys that ``readSelector(_:isRequired:_:)`` reads; `whole`: those too that let all through.
  package mutating func selector(_ selector: LinkSelector, whole: Bool) {
    if whole || !selector.links.isEmpty { texts("links", selector.links.map(\.description)) }
    for (name, list) in LinkSelector.lists where whole || !selector[keyPath: list].isEmpty {
      texts(name, selector[keyPath: list])
    }
  }

  /// The keys of a window's times; `whole`: those too that say nothing.
  package mutating func times(_ times: MaintenanceWindow.Times, whole: Bool) {
    switch times {
    case .once(let from, let to):
      member("from", from.description)
      member("to", to.description)
      if whole {
        key("every")
        null()
      }
    case .recurring(let recurrence):
      if whole {
        member("from", nil as String?)
        member("to", nil as String?)
      }
      key("every")
      beginObject()
      switch recurrence.days {
      case .daily: break
      case .weekdays(let days): texts("weekdays", days.map(\.rawValue))
      case .daysOfMonth(let days):
        key("daysOfMonth")
        beginArray()
        for day in days { int(day) }
        endArray()
      }
      member("start", clockText(recurrence.start))
      member("length", recurrence.length.description)
      if let first = recurrence.first { member("from", first.description) }
      if let last = recurrence.last { member("until", last.description) }
      member("zone", zoneText(recurrence.zone))
      endObject()
    }
  }

  package mutating func hidden(_ log: HiddenLog, limit: Int) {
    key("hidden")
    beginObject()
    member("total", log.total)
    key("newest")
    beginArray()
    for entry in log.newest.suffix(limit) {
      beginObject()
      member("incident", entry.incident)
      member("link", entry.link.description)
      member("time", entry.time.description)
      endObject()
    }
    endArray()
    endObject()
  }
}
