import Base
import Model

/// How the entries begin that say what keeps an incident quiet.
package let quietPrefix = "kept quiet by "

/// What operators do to incidents: they are taken up, and kept from being told for a while.
extension Casebook {
  /// Takes back that a version is told: something keeps it quiet until `instant`, or until
  /// ``releaseHeld(at:)``; then it is told if the incident goes on. Returns the version as it is to be
  /// kept. Ends are not held.
  package mutating func hold(
    _ incident: Incident, until instant: Instant, because reason: String
  ) -> Incident {
    guard let number = numbers[incident.id], var item = cases[number],
      item.incident.status != .resolved
    else { return incident }
    if item.incident.firstToldSequence == incident.sequence {
      item.incident.firstToldSequence = nil
      tracker.postpone(number, until: instant)
    }
    item.incident.hasHeldChanges = item.incident.isTold
    if item.incident.timeline.last?.text == "told" { item.incident.timeline.removeLast() }
    let text = printable(reason, limit: 400)
    // Asked again, as after a start or when a link has joined, the answer is often the same.
    if item.incident.timeline.last(where: { $0.text == "told" || $0.text.hasPrefix(quietPrefix) })?
      .text != text
    {
      item.incident.add(TimelineEntry(time: incident.updatedAt, text: text))
    }
    item.news = item.formerNews
    item.heldUntil = instant
    cases[number] = item
    held.insert(number)
    later(number, instant)
    return item.incident
  }

  /// What keeps incidents quiet has changed: those that were held are looked at again.
  package mutating func releaseHeld(at now: Instant) {
    for number in held where cases[number].map({ $0.incident.status != .resolved }) ?? false {
      cases[number]?.heldUntil = nil
      if cases[number]?.incident.isTold == false { tracker.postpone(number, until: now) }
      later(number, now)
    }
    held = []
  }

  /// One that is held has become another: whether it is to be kept quiet is asked again.
  mutating func askAgain(_ number: Int, at now: Instant) {
    guard held.remove(number) != nil else { return }
    cases[number]?.heldUntil = nil
    if cases[number]?.incident.isTold == false { tracker.postpone(number, until: now) }
    later(number, now)
  }

  /// Goes on holding a case that was held under another catalogue.
  mutating func goOnHolding(_ number: Int, until instant: Instant) {
    held.insert(number)
    if cases[number]?.incident.isTold == false { tracker.postpone(number, until: instant) }
    later(number, instant)
  }

  /// Has a new version written of a case whose links have changed otherwise.
  mutating func rewrite(_ number: Int, at now: Instant) { later(number, now) }

  /// Notes who has taken an incident up; the new version is to be told. Nil for one that is not open.
  package mutating func acknowledge(
    _ id: String, _ acknowledgement: Acknowledgement, at now: Now
  ) -> Incident? {
    guard let number = numbers[id], var item = cases[number], item.incident.status != .resolved
    else { return nil }
    item.incident.acknowledge(acknowledgement, at: now.wall)
    item.versionAt = now.instant
    cases[number] = item
    return item.incident
  }
}
