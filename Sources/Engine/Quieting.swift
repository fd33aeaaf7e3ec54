import Base
import Incidents
import Model
import Quiet

/// Which windows and silences hold now, kept so that a sample need not ask all of them.
struct QuietWatch: Sendable {
  var active = ActiveQuiet(windows: [], silences: [])
  /// When it was last looked what holds.
  var since = WallTime(nanoseconds: .min)
  var nextCheck: Instant?
  /// By the places of links, whether one is in maintenance; empty while no window holds.
  var memo: [Memo] = []
  /// When what was hidden is to be kept on the disk.
  var saveDue: Instant?
  var saveableAt = Instant(nanoseconds: 0)

  enum Memo: UInt8 {
    case notLooked
    case no
    case yes
  }
}

// MARK: - What is quiet

extension Engine {
  /// What keeps a link quiet now; of a silence for some patterns or severities it says which.
  package func quieting(of link: Int, at now: Now) -> [Quieting] {
    guard !quietWatch.active.isEmpty else { return [] }
    return quietWatch.active.quieting(of: LinkFacts(links[link].link), at: now.wall)
  }

  /// What hides an incident now; nil for one that is to be told.
  package func quieting(of incident: Incident, at now: Now) -> Quieting? {
    guard !quietWatch.active.isEmpty else { return nil }
    return quietWatch.active.hides(facts(of: incident), at: now.wall)
  }

  /// Remembers that an incident was not told; kept on the disk within a second or so.
  package mutating func noteHidden(_ incident: Incident, by quieting: Quieting, at now: Now) {
    guard quietBook.noteHidden(facts(of: incident), by: quieting, at: now.wall) else { return }
    if quietWatch.saveDue == nil { quietWatch.saveDue = max(now.instant, quietWatch.saveableAt) }
  }

  /// What windows and silences need to know of an incident.
  package func facts(of incident: Incident) -> IncidentFacts {
    IncidentFacts(
      id: incident.id, pattern: incident.pattern, severity: incident.severity,
      links: incident.links.map { id in
        // Of a link that is gone only the id is known.
        linkIndex[id].map { LinkFacts(links[$0].link) } ?? LinkFacts(id: id, system: "", owner: "")
      })
  }

  /// What windows tell services apart by: once for each service, or more where its links differ. None
  /// where no system has a rule of its own: then nobody needs them.
  package var serviceFacts: [ServiceFacts] {
    if quietBook.rules.bySystem.isEmpty { return [] }
    var list: [ServiceFacts] = []
    var last: ServiceFacts?
    for place in links.indices {
      // Links of one service follow each other.
      if let last, last.service == links[place].link.id.service,
        last.owner == links[place].link.owner
      {
        continue
      }
      let facts = ServiceFacts(
        service: links[place].link.id.service, system: links[place].link.system,
        owner: links[place].link.owner)
      list.append(facts)
      last = facts
    }
    return list
  }
}

// MARK: - Marks on samples

extension Engine {
  /// The sample with the mark of maintenance where it belongs: for an attempt that began or ended within
  /// a window. It is measured, recorded and judged like any other.
  mutating func marked(_ sample: Sample, probe: Int, at now: Now) -> Sample {
    let link = probes[probe].link
    guard noteMaintenance(of: link) || wasInMaintenance(link, at: sample.time) else {
      return sample
    }
    var sample = sample
    sample.flags.insert(.maintenance)
    return sample
  }

  /// Whether a link is in a maintenance window now; looked up, and remembered for the next sample.
  mutating func noteMaintenance(of link: Int) -> Bool {
    let isIn = isInMaintenance(link)
    if quietWatch.memo.indices.contains(link) { quietWatch.memo[link] = isIn ? .yes : .no }
    return isIn
  }

  /// Whether any maintenance window holds now.
  package var hasMaintenance: Bool { !quietWatch.active.windows.isEmpty }

  /// Whether a link is in a maintenance window now.
  package func isInMaintenance(_ link: Int) -> Bool {
    guard !quietWatch.active.windows.isEmpty else { return false }
    if quietWatch.memo.indices.contains(link), quietWatch.memo[link] != .notLooked {
      return quietWatch.memo[link] == .yes
    }
    return quietWatch.active.isInMaintenance(LinkFacts(links[link].link))
  }

  /// Whether each link of an incident is in a maintenance window now; of links that are gone nobody knows.
  package func isInMaintenance(_ incident: Incident) -> Bool {
    guard !quietWatch.active.windows.isEmpty, !incident.links.isEmpty else { return false }
    return incident.links.allSatisfy { linkIndex[$0].map { isInMaintenance($0) } ?? false }
  }

  /// Of a time before it was last looked what holds.
  private func wasInMaintenance(_ link: Int, at time: WallTime) -> Bool {
    guard time < quietWatch.since, !quietBook.hasNoWindows else { return false }
    return quietBook.isInMaintenance(LinkFacts(links[link].link), at: time)
  }
}

// MARK: - Changes

extension Engine {
  /// Takes the windows of the files and the rules of announcing, at the start and at a reload.
  package mutating func configureQuiet(_ settings: QuietSettings, at now: Now) {
    quietBook.configure(settings.windows, rules: settings.rules)
    // Which days are of one kind may have changed.
    restartPast(at: now)
    lookWhatIsQuiet(at: now)
  }

  /// Takes what operators entered in an earlier run; call after the first load.
  package mutating func restore(quiet state: QuietState, at now: Now) {
    quietBook.restore(state, at: now.wall)
    lookWhatIsQuiet(at: now)
  }

  /// Enters a window and returns it with its id; nil where there is no room.
  package mutating func addMaintenance(
    _ window: MaintenanceWindow, by: String, at now: Now
  ) -> MaintenanceWindow? {
    var window = window
    repeat { window.id = quietID("m-") } while quietBook.window(window.id) != nil
    window.by = by
    window.created = now.wall
    guard quietBook.add(window, at: now.wall) else { return nil }
    quietChanged(at: now)
    return window
  }

  /// Ends a window that was entered; nil where there is none that goes on.
  package mutating func endMaintenance(_ id: String, at now: Now) -> MaintenanceWindow? {
    guard quietBook.endWindow(id, at: now.wall) else { return nil }
    quietChanged(at: now)
    return quietBook.window(id)
  }

  package mutating func addSilence(_ silence: Silence, by: String, at now: Now) -> Silence? {
    var silence = silence
    repeat { silence.id = quietID("s-") } while quietBook.silence(silence.id) != nil
    silence.by = by
    guard quietBook.add(silence, at: now.wall) else { return nil }
    quietChanged(at: now)
    return silence
  }

  package mutating func endSilence(_ id: String, at now: Now) -> Silence? {
    guard quietBook.endSilence(id, at: now.wall) else { return nil }
    quietChanged(at: now)
    return quietBook.silence(id)
  }

  /// Eight characters that are easily told apart when read aloud.
  private mutating func quietID(_ prefix: String) -> String {
    let letters = Array("0123456789abcdefghjkmnpqrstvwxyz")
    var text = prefix
    for _ in 0..<8 { text.append(letters[Int(entropy.below(32))]) }
    return text
  }

  private mutating func quietChanged(at now: Now) {
    lookWhatIsQuiet(at: now)
    saveQuiet(at: now)
  }

  private mutating func saveQuiet(at now: Now) {
    quietWatch.saveDue = nil
    quietWatch.saveableAt = now.instant + Limits.quietSavedEvery
    act(.saveQuiet(quietBook.state))
  }
}

// MARK: - Time

extension Engine {
  /// When windows or silences want to be looked at next.
  var quietDue: Instant? {
    guard let check = quietWatch.nextCheck else { return quietWatch.saveDue }
    return quietWatch.saveDue.map { min($0, check) } ?? check
  }

  /// Notices what begins and ends, and keeps what was hidden.
  mutating func watchQuiet(at now: Now) {
    if let check = quietWatch.nextCheck, check <= now.instant { lookWhatIsQuiet(at: now) }
    if let due = quietWatch.saveDue, due <= now.instant || isStopping { saveQuiet(at: now) }
  }

  /// Looks anew what holds: after a change of the book, of the links or of the wall clock, and when
  /// something begins or ends. At least every hour: the two clocks drift.
  mutating func lookWhatIsQuiet(at now: Now) {
    let former = quietWatch.active
    quietWatch.active = quietBook.active(at: now.wall)
    quietWatch.since = now.wall
    quietWatch.memo =
      quietWatch.active.windows.isEmpty
      ? [] : Array(repeating: .notLooked, count: links.count)
    // A window of a file may keep its name and cover other links.
    let isOtherWork = quietWatch.active.windows != former.windows
    let isOther = isOtherWork || quietWatch.active.silences != former.silences
    if isOther {
      casebook.releaseHeld(at: now.instant)
      releaseClock(at: now)
    }
    // In maintenance a link counts as a warning at most.
    if isOtherWork { placeTroubled(at: now) }
    quietWatch.nextCheck = quietBook.nextChange(after: now.wall).map { change in
      now.instant + min(change - now.wall, .hours(1))
    }
    logQuiet(former, at: now)
  }

  /// Enters anew how links stand that are in trouble.
  private mutating func placeTroubled(at now: Now) {
    for link in links.indices
    where links[link].hasTrouble && (!casebook.isBlind || isSightMark(link)) {
      place(link, at: now)
    }
  }

  private mutating func logQuiet(_ former: ActiveQuiet, at now: Now) {
    let active = quietWatch.active
    for window in active.windows where !former.windows.contains(where: { $0.id == window.id }) {
      let until = window.activeUntil(at: now.wall)?.description ?? ""
      log(
        .notice, "maintenance begins",
        [
          ("window", window.id), ("links", window.links.words), ("until", until),
          ("reason", window.reason),
        ])
    }
    for window in former.windows where !active.windows.contains(where: { $0.id == window.id }) {
      log(.notice, "maintenance is over", [("window", window.id)])
    }
    for silence in former.silences where !active.silences.contains(where: { $0.id == silence.id }) {
      let hidden = quietBook.hidden(by: .silence, silence.id).total
      log(.notice, "silence is over", [("silence", silence.id), ("hidden", "\(hidden)")])
    }
  }
}
