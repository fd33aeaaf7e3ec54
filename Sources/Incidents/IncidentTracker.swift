import Base
import Model

/// Turns one evaluation after the other into incidents that live on: each keeps its id while its group
/// or most of its links go on being bad. A value without clock; the same calls give the same actions.
package struct IncidentTracker: Sendable {
  package let settings: IncidentSettings
  private var openByID: [Int: TrackedIncident] = [:]
  /// The incident of each link, that of the vantage aside; 0 without one.
  private var memberOf: [Int] = []
  private var lastID = 0
  private var closed: [Closed] = []
  private var vantageID: Int?

  private struct Closed: Sendable {
    var key: PatternKey
    var id: Int
    var at: Instant
  }

  package init(settings: IncidentSettings = IncidentSettings()) { self.settings = settings }

  /// Oldest first.
  package var open: [TrackedIncident] { openByID.values.sorted { $0.id < $1.id } }

  /// The incident that speaks of a link; while we are blind that of the vantage only for links that
  /// have none of their own.
  package func incident(of link: Int32) -> Int? {
    let own = memberOf.indices.contains(Int(link)) ? memberOf[Int(link)] : 0
    if own > 0 { return own }
    return vantageID.flatMap { openByID[$0] }.flatMap { $0.has(link) ? $0.id : nil }
  }

  /// An open incident.
  package func incident(numbered id: Int) -> TrackedIncident? { openByID[id] }

  /// Whether the vantage is suspected: then nothing that links show is told.
  package var isBlind: Bool { vantageID != nil }

  /// When ``take(_:_:canaries:at:)`` has something to tell although nothing has changed; kept, so that
  /// asking costs nothing.
  package private(set) var nextDue: Instant?

  private mutating func planTelling() {
    let isBlind = isBlind
    nextDue = nil
    for incident in openByID.values
    where !incident.isTold && !incident.isHeldBack && (!isBlind || incident.isVantage) {
      nextDue = min(nextDue ?? incident.tellAt, incident.tellAt)
    }
  }

  /// Tells what has gathered. While we are blind that is the vantage alone; and what was seen before is
  /// told only once one of its links has been seen badly again.
  package mutating func tellGathered(
    _ matrix: Matrix, at now: Instant
  ) -> [TrackerAction] {
    var actions: [TrackerAction] = []
    let isBlind = isBlind
    for incident in open where !incident.isTold && incident.tellAt <= now {
      if isBlind, !incident.isVantage { continue }
      let isSeen = incident.links.contains { matrix.states[Int($0)] != .unknown }
      openByID[incident.id]?.isHeldBack = !isSeen
      guard isSeen || incident.isVantage else { continue }
      openByID[incident.id]?.isTold = true
      actions.append(.tell(incident.id, .opened))
    }
    planTelling()
    return actions
  }

  /// An incident that was to be told is not, for some reason of quiet: it is to be told at a later time,
  /// if it goes on until then.
  mutating func postpone(_ id: Int, until instant: Instant) {
    guard openByID[id] != nil else { return }
    openByID[id]?.isTold = false
    openByID[id]?.isHeldBack = false
    openByID[id]?.tellAt = instant
    nextDue = min(nextDue ?? instant, instant)
  }

  // MARK: - After a start or under another catalogue

  /// Takes an incident over, with its former life, and gives it a number.
  package mutating func restore(
    _ key: PatternKey, severity: Severity, links: [Int32], openedAt: Instant, isTold: Bool,
    isRecovering: Bool = false, count: Int
  ) -> Int {
    lastID += 1
    let tellAt = openedAt + settings.gather(severity)
    openByID[lastID] = TrackedIncident(
      id: lastID, key: key, severity: severity, openedAt: openedAt, links: links, isTold: isTold,
      tellAt: tellAt, isRecovering: isRecovering)
    if memberOf.count < count { memberOf += Array(repeating: 0, count: count - memberOf.count) }
    if key.kind == .vantage {
      vantageID = lastID
    } else {
      for link in links { memberOf[Int(link)] = lastID }
    }
    if !isTold { nextDue = min(nextDue ?? tellAt, tellAt) }
    return lastID
  }

  /// Takes over one that ended lately, so that it can be reopened.
  package mutating func restoreClosed(_ key: PatternKey, at end: Instant) -> Int {
    lastID += 1
    closed.append(Closed(key: key, id: lastID, at: end))
    if closed.count > Limits.incidentsReopenable { closed.removeFirst() }
    return lastID
  }

  /// Ended incidents that may be reopened still, with their ends.
  package var reopenable: [(id: Int, endedAt: Instant)] { closed.map { ($0.id, $0.at) } }

  /// Takes the patterns of an evaluation, and the matrix and canaries that they were made of. `hasSeen`:
  /// whether something has been seen since sight went, so that blindness ends now, before what is seen
  /// blindly enters the matrix anew; nil where that is known by the matrix alone.
  package mutating func take(
    _ patterns: [Pattern], _ matrix: Matrix, canaries: Canaries = .none, hasSeen: Bool? = nil,
    at now: Instant
  ) -> [TrackerAction] {
    if memberOf.count < matrix.count {
      memberOf += Array(repeating: 0, count: matrix.count - memberOf.count)
    }
    closed.removeAll { $0.at + settings.reopenWithin < now }
    var actions: [TrackerAction] = []
    let vantage = patterns.first { $0.key.kind == .vantage }
    takeVantage(vantage, matrix, canaries, hasSeen, &actions, now)
    // While we are blind nothing that links show counts: what is open stays as it is.
    guard !isBlind else {
      return actions + tellGathered(matrix, at: now)
    }
    let running = open
    let plan = Assignment(patterns, running, memberOf: memberOf, matrix)
    carryOut(plan, patterns, running, matrix, &actions, now)
    return actions + tellGathered(matrix, at: now)
  }

  // MARK: - The vantage

  private mutating func takeVantage(
    _ pattern: Pattern?, _ matrix: Matrix, _ canaries: Canaries, _ hasSeen: Bool?,
    _ actions: inout [TrackerAction], _ now: Instant
  ) {
    let former = open.first { $0.isVantage }
    if let pattern {
      if let former {
        change(former, to: pattern.key, links: pattern.allLinks, matrix, [:], &actions)
      } else {
        start(pattern, from: nil, matrix, &actions, now)
      }
      return
    }
    guard let former else { return }
    // Knowing nothing is no recovery: something must have been seen.
    let everything = matrix.counts.last ?? GroupCounts()
    let hasSeen = hasSeen ?? (everything.up > 0)
    let isDark =
      canaries.isBlind || canaries.isUnsure
      || !hasSeen && !canaries.isSeeing && everything.unknown + everything.up > 0
    if !isDark { end(former, into: nil, &actions, now) }
  }

  // MARK: - Links

  private mutating func carryOut(
    _ plan: Assignment, _ patterns: [Pattern], _ running: [TrackedIncident], _ matrix: Matrix,
    _ actions: inout [TrackerAction], _ now: Instant
  ) {
    var holder: [Int32: Int] = [:]
    var holderOfPattern = plan.incidentOfPattern
    // New incidents first, so that those that end can say where their links went.
    for (index, pattern) in patterns.enumerated() where !plan.isSticky[index] {
      if holderOfPattern[index] == 0 {
        holderOfPattern[index] = start(pattern, from: origin(of: pattern), matrix, &actions, now)
      }
      for link in pattern.allLinks { holder[link] = holderOfPattern[index] }
    }
    for (index, pattern) in patterns.enumerated() where plan.isSticky[index] {
      for link in pattern.allLinks { holder[link] = plan.incidentOfPattern[index] }
    }
    var held: [Int: [Int32]] = [:]
    for link in holder.keys.sorted() { held[holder[link] ?? 0, default: []].append(link) }
    var ending: [(TrackedIncident, [Int32])] = []
    for incident in running {
      let unknown = incident.links.filter {
        holder[$0] == nil && matrix.states[Int($0)] == .unknown
      }
      let links = (held[incident.id] ?? []) + unknown
      let hasMoved = incident.links.contains { holder[$0] != nil && holder[$0] != incident.id }
      if links.isEmpty || held[incident.id] == nil && hasMoved {
        ending.append((incident, unknown))
      } else {
        let key = plan.key(of: incident, patterns)
        change(incident, to: key, links: links.sorted(), matrix, holder, &actions)
      }
    }
    for (incident, unknown) in ending {
      let heir = mostlyHeld(incident.links, by: holder)
      end(incident, into: heir, &actions, now)
      guard let heir, !unknown.isEmpty, var other = openByID[heir] else { continue }
      other.links = (other.links + unknown).sorted()
      openByID[heir] = other
      for link in unknown { memberOf[Int(link)] = heir }
      actions.append(.join(heir, links: unknown))
    }
    // Last, because a link may have been taken from an incident that was looked at later.
    for (link, id) in holder { memberOf[Int(link)] = id }
  }

  /// The open incident to which most of a new pattern's links belonged.
  private func origin(of pattern: Pattern) -> Int? {
    var counts: [Int: Int] = [:]
    for link in pattern.links where memberOf[Int(link)] > 0 {
      counts[memberOf[Int(link)], default: 0] += 1
    }
    return counts.filter { $0.value * 2 > pattern.links.count }.keys.min()
  }

  private func mostlyHeld(_ links: [Int32], by holder: [Int32: Int]) -> Int? {
    var counts: [Int: Int] = [:]
    for link in links { if let id = holder[link] { counts[id, default: 0] += 1 } }
    return counts.keys.sorted().max { (counts[$0] ?? 0, -$0) < (counts[$1] ?? 0, -$1) }
  }

  // MARK: - Life

  @discardableResult
  private mutating func start(
    _ pattern: Pattern, from origin: Int?, _ matrix: Matrix, _ actions: inout [TrackerAction],
    _ now: Instant
  ) -> Int {
    let links = pattern.allLinks
    let severity = severity(of: pattern.key, links, matrix)
    let again = closed.lastIndex { $0.key.isSameThing(as: pattern.key) }
    let id = again.map { closed.remove(at: $0).id } ?? lastID + 1
    lastID = max(lastID, id)
    openByID[id] = TrackedIncident(
      id: id, key: pattern.key, severity: severity, openedAt: now, links: links,
      tellAt: now + settings.gather(severity))
    if pattern.key.kind == .vantage { vantageID = id }
    if again != nil {
      actions.append(.reopen(id, pattern.key, links: links))
    } else if let origin {
      actions.append(.split(id, from: origin, pattern.key, links: links))
    } else {
      actions.append(.open(id, pattern.key, links: links))
    }
    return id
  }

  /// That of the worst of its links; not of blindness, while which what links show says nothing.
  private func severity(of key: PatternKey, _ links: [Int32], _ matrix: Matrix) -> Severity {
    guard key.kind == .vantage else { return matrix.severity(of: links) }
    return key.layer == .failing ? .critical : .warning
  }

  private mutating func change(
    _ incident: TrackedIncident, to key: PatternKey, links: [Int32], _ matrix: Matrix,
    _ holder: [Int32: Int], _ actions: inout [TrackerAction]
  ) {
    var new = incident
    new.key = key
    new.links = links
    let isOther = !key.isSameThing(as: incident.key)
    if key != incident.key { actions.append(.become(incident.id, key, from: incident.key)) }
    let joined = difference(links, incident.links)
    if !joined.isEmpty {
      actions.append(.join(incident.id, links: joined))
      new.isRecovering = false
    }
    for link in difference(incident.links, links) {
      let state = matrix.states[Int(link)]
      let reason: LeaveReason =
        if let other = holder[link], other != incident.id {
          .moved(to: other)
        } else if state
          == .excluded
        { .notCounted } else { .recovered }
      if joined.isEmpty, reason == .recovered { new.isRecovering = true }
      actions.append(.leave(incident.id, link: link, reason))
      if !incident.isVantage, memberOf[Int(link)] == incident.id { memberOf[Int(link)] = 0 }
    }
    let rises =
      incident.severity != .critical && severity(of: key, links, matrix) == .critical
    if rises {
      new.severity = .critical
      actions.append(.rise(incident.id, .critical))
      // One that has not been told may have less time to gather now.
      new.tellAt = min(new.tellAt, incident.openedAt + settings.gatherCritical)
    }
    if incident.isTold, rises || isOther { actions.append(.tell(incident.id, .changed)) }
    openByID[incident.id] = new
  }

  private mutating func end(
    _ incident: TrackedIncident, into heir: Int?, _ actions: inout [TrackerAction], _ now: Instant
  ) {
    openByID[incident.id] = nil
    if vantageID == incident.id { vantageID = nil }
    if !incident.isVantage {
      for link in incident.links where memberOf[Int(link)] == incident.id {
        memberOf[Int(link)] = 0
      }
    }
    if let heir {
      actions.append(.absorb(incident.id, into: heir))
      guard incident.isTold else { return }
      // Nobody may lose sight of what was told: the heir is told now.
      if openByID[heir]?.isTold == false {
        openByID[heir]?.isTold = true
        openByID[heir]?.isHeldBack = false
        actions.append(.tell(heir, .opened))
      }
      actions.append(.tell(incident.id, .absorbed(into: heir)))
      return
    }
    actions.append(.resolve(incident.id))
    if incident.isTold { actions.append(.tell(incident.id, .resolved)) }
    closed.append(Closed(key: incident.key, id: incident.id, at: now))
    if closed.count > Limits.incidentsReopenable { closed.removeFirst() }
  }

  private func difference(_ a: [Int32], _ b: [Int32]) -> [Int32] {
    let others = Set(b)
    return a.filter { !others.contains($0) }
  }
}
