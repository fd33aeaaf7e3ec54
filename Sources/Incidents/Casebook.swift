import Base
import Judgement
import Model

/// What a casebook wants done.
package enum CaseAction: Sendable {
  /// A new version of an incident. `isTold`: receivers are to hear of it; otherwise it is only kept.
  case version(Incident, isTold: Bool)
  /// Something has begun to fail: what would show its pattern is to be looked at soon.
  case gather([Int32])
  /// The vantage is suspected: from now on nothing that links show counts.
  case wentBlind([Int32])
  /// The vantage is well again; nothing is known of any link.
  case sawAgain
}

/// Keeps the incidents: takes how links stand, finds the patterns, and writes each incident's versions.
/// A value without a clock; the same calls give the same actions.
package struct Casebook: Sendable {
  /// An incident under its number in the tracker.
  struct Case: Sendable {
    var incident: Incident
    var isPart = false
    var versionAt: Instant
    var newsAt: Instant
    /// What its receivers know.
    var news: CaseNews?
    /// What they knew before the last telling, which may be taken back.
    var formerNews: CaseNews?
    /// Something keeps it quiet until then, unless it is released before.
    var heldUntil: Instant?
    /// Whose side it was suspected to be on when most of its links failed.
    var suspicion: KeptSuspicion?
    /// One of its links, by which the last line of a single link's incident finds its name.
    var link: Int32?
  }

  /// How a link stands after a trouble.
  private struct Passed: Sendable {
    var state: CellState
    var sign: FailureSign
    var endReason: String?
    var isSuspect: Bool
  }

  package private(set) var matrix: Matrix
  package private(set) var canaries = Canaries.none
  var tracker: IncidentTracker
  var cases: [Int: Case] = [:]
  var troubles: [Int32: LinkTrouble] = [:]
  var endReasons: [Int32: String] = [:]
  /// The cases' numbers by their incidents' ids.
  var numbers: [String: Int] = [:]
  private var generator: SeededGenerator
  /// Cases whose links say something else than their last versions, or something new to be told.
  private var unwritten: Set<Int> = []
  private var laterAt: Instant?
  /// Of those the ones that are to be told.
  private var tellsLeft: Set<Int> = []
  private var lastWritten = 0
  /// Cases that something kept from being told.
  var held: Set<Int> = []
  /// Links that are well again, and of whose trouble no evaluation has known: until one has they stand as
  /// badly as they did, so that none passes without an incident.
  private var passed: [Int32: Passed] = [:]
  private var evaluateAt: Instant?
  private var evaluatedAt: Instant?
  /// Sight has returned, and nothing has been seen yet.
  package private(set) var isRegaining = false
  /// Whether a link has answered since the vantage was suspected last. That a link is up in the matrix says
  /// nothing of that: most were seen so before.
  private var hasAnswered = false

  /// An empty casebook. `seed` makes the ids of this run different from those of any other.
  package init(_ matrix: Matrix, settings: IncidentSettings = IncidentSettings(), seed: UInt64) {
    self.matrix = matrix
    tracker = IncidentTracker(settings: settings)
    generator = SeededGenerator(seed: seed)
  }

  package var isBlind: Bool { tracker.isBlind }

  /// Open incidents in their newest versions, which others may not see yet; oldest first.
  package var open: [Incident] {
    cases.values.map(\.incident).filter { $0.status != .resolved }
      .sorted { ($0.openedAt, $0.id) < ($1.openedAt, $1.id) }
  }

  /// The incident that speaks of a link, in its newest version.
  package func openIncident(of link: Int32) -> Incident? {
    tracker.incident(of: link).flatMap { cases[$0]?.incident }
  }

  /// When an open incident that was not told is to be, and whether it waits until something is known of its
  /// links; nil for others.
  package func telling(of id: String) -> (at: Instant, isHeldBack: Bool)? {
    numbers[id].flatMap(tracker.incident(numbered:)).map { ($0.tellAt, $0.isHeldBack) }
  }

  /// Whether a link has an incident beside that of the vantage.
  package func hasOwnIncident(_ link: Int32) -> Bool {
    tracker.incident(of: link).flatMap { cases[$0] }.map { $0.incident.pattern != .vantage }
      ?? false
  }

  /// When ``evaluate(at:)`` is to be called next.
  package var nextDue: Instant? {
    [evaluateAt, tracker.nextDue, laterAt].compactMap { $0 }.min()
  }

  // MARK: - What is seen

  /// Takes how a link stands. `severity`: that of its trouble, unless it counts for less. `endReason`: why
  /// nothing is raised any more, where that is no recovery. `waitsUntilSeen`: a trouble that no evaluation
  /// has seen yet ends only after the next one.
  package mutating func set(
    _ link: Int32, _ state: CellState, sign: FailureSign = .slow, severity: Severity? = nil,
    trouble: LinkTrouble? = nil, endReason: String? = nil, isSuspect: Bool = false,
    waitsUntilSeen: Bool = false, at now: Now
  ) {
    if waitsUntilSeen, Layer(state) == nil, hasUnseenTrouble(link) {
      passed[link] = Passed(
        state: state, sign: sign, endReason: endReason, isSuspect: isSuspect)
      return wantEvaluation(at: now.instant)
    }
    if !passed.isEmpty { passed[link] = nil }
    let severity = severity ?? trouble?.severity
    let former = matrix.states[Int(link)]
    let isSame = matrix.stands(link, state, sign, severity, isSuspect: isSuspect)
    if Layer(state) != nil || troubles.keys.contains(link) {
      if troubles[link] != trouble {
        noteFlapping(link, before: troubles[link], now: trouble, at: now.wall)
        troubles[link] = trouble
        if let number = tracker.incident(of: link) {
          unwritten.insert(number)
          wantEvaluation(at: now.instant)
        }
      }
      if endReasons[link] != endReason { endReasons[link] = endReason }
    }
    guard !isSame else { return }
    matrix.set(
      link, state, sign: sign, severity: severity, since: trouble?.since ?? now.wall,
      isSuspect: isSuspect)
    // While nothing is bad, links that come up change nothing.
    if Layer(former) != nil || Layer(state) != nil || matrix.badCount > 0 || !cases.isEmpty {
      wantEvaluation(at: now.instant)
    }
  }

  /// Whether a link is in a trouble that no evaluation has seen yet: it must not pass without one.
  package func hasUnseenTrouble(_ link: Int32) -> Bool {
    Layer(matrix.states[Int(link)]) != nil && !isBlind && tracker.incident(of: link) == nil
  }

  /// Whether a trouble that no evaluation has seen yet is over.
  package var hasUnseenPassed: Bool { !passed.isEmpty }

  /// Makes ``evaluate(at:)`` due at once, whatever the time since the last.
  package mutating func hurry(at now: Instant) { evaluateAt = now }

  package mutating func set(_ canaries: Canaries, at now: Now) {
    guard canaries != self.canaries else { return }
    self.canaries = canaries
    wantEvaluation(at: now.instant)
  }

  /// Takes that a link has answered while the vantage is suspected.
  package mutating func noteAnswer(at now: Now) {
    guard tracker.isBlind, !hasAnswered else { return }
    hasAnswered = true
    wantEvaluation(at: now.instant)
  }

  mutating func wantEvaluation(at now: Instant) {
    guard evaluateAt == nil else { return }
    let spacing = max(
      Limits.evaluationEvery, Limits.evaluationPerBadLink * Int64(matrix.badCount))
    evaluateAt = evaluatedAt.map { max(now, $0 + spacing) } ?? now
  }

  // MARK: - Evaluation

  /// Finds the patterns if something has changed, tells what has gathered, and writes the versions
  /// that follow. Nothing is done before it is due.
  package mutating func evaluate(at now: Now) -> [CaseAction] {
    guard let due = nextDue, due <= now.instant else { return [] }
    let wasBlind = tracker.isBlind
    // What is to be told is looked at once more before it is.
    let isToTell = tracker.nextDue.map { $0 <= now.instant } ?? false
    var actions: [CaseAction] = []
    var tracked: [TrackerAction]
    var parts: [PatternKey: Bool] = [:]
    var isSeen = false
    if let at = evaluateAt, at <= now.instant || isToTell {
      evaluateAt = nil
      evaluatedAt = now.instant
      isSeen = true
      var patterns = explain(matrix, canaries: canaries)
      if patterns.contains(where: { $0.key.kind == .vantage }) {
        isRegaining = false
        hasAnswered = false
      }
      let hasSeen = seesAgain(patterns)
      if hasSeen {
        matrix.forgetStates()
        isRegaining = true
        actions.append(.sawAgain)
        patterns = explain(matrix, canaries: canaries)
      }
      for pattern in patterns { parts[pattern.key] = pattern.isPart }
      tracked = tracker.take(
        patterns, matrix, canaries: canaries,
        hasSeen: hasSeen || canaries.answering > 0 || hasAnswered, at: now.instant)
      if wasBlind, !tracker.isBlind, !isRegaining {
        // However it came to its end: what was seen meanwhile counts for nothing.
        matrix.forgetStates()
        actions.append(.sawAgain)
      }
      if !tracker.isBlind { isRegaining = false }
    } else {
      tracked = tracker.tellGathered(matrix, at: now.instant)
    }
    if let later = laterAt, later <= now.instant { laterAt = nil }
    carryOut(tracked, parts, &actions, at: now)
    if isSeen { letPass(at: now) }
    return actions
  }

  /// What has been seen now may end.
  private mutating func letPass(at now: Now) {
    let list = passed
    passed = [:]
    for (link, after) in list.sorted(by: { $0.key < $1.key }) {
      set(
        link, after.state, sign: after.sign, endReason: after.endReason,
        isSuspect: after.isSuspect, at: now)
    }
  }

  /// Whether the vantage was suspected and nothing speaks for that any more: something answers again.
  private func seesAgain(_ patterns: [Pattern]) -> Bool {
    guard tracker.isBlind, !isRegaining, !canaries.isBlind, !canaries.isUnsure,
      !patterns.contains(where: { $0.key.kind == .vantage })
    else { return false }
    return canaries.answering > 0 || hasAnswered
  }

  private mutating func carryOut(
    _ tracked: [TrackerAction], _ parts: [PatternKey: Bool], _ actions: inout [CaseAction],
    at now: Now
  ) {
    var touched = unwritten
    unwritten = []
    var tells: Set<Int> = []
    var ended: [Int] = []
    var heirs: [Int: Int] = [:]
    var left: [Int: [LinkID]] = [:]
    for action in tracked {
      let number = action.incident
      touched.insert(number)
      switch action {
      case .open(_, let key, let links), .reopen(_, let key, let links),
        .split(_, _, let key, let links):
        begin(action, key, links, at: now)
        join(number, links, at: now)
        if key.kind == .vantage {
          actions.append(.wentBlind(links))
        } else {
          actions.append(.gather(links))
        }
      case .tell: tells.insert(number)
      case .absorb(_, let heir):
        ended.append(number)
        heirs[number] = heir
        askAgain(heir, at: now.instant)
      case .resolve: ended.append(number)
      // What keeps one link quiet need not keep quiet what it has become.
      case .join(_, let links):
        join(number, links, at: now)
        askAgain(number, at: now.instant)
      case .become, .rise: askAgain(number, at: now.instant)
      case .leave(_, let link, _): left[number, default: []].append(matrix.places[Int(link)].id)
      }
    }
    for (number, links) in left { cases[number]?.incident.leave(links, at: now.wall) }
    for (number, text) in timeline(of: tracked, named: caseName, matrix) {
      cases[number]?.incident.add(TimelineEntry(time: now.wall, text: text))
    }
    for action in tracked { noteFlapping(of: action, at: now.wall) }
    let open = Dictionary(uniqueKeysWithValues: tracker.open.map { ($0.id, $0) })
    for number in touched {
      if let incident = open[number] {
        cases[number]?.incident.isRecovering = incident.isRecovering
      }
    }
    if tracker.isBlind { postponeTellsLeft(at: now.instant) }
    tells.formUnion(tellsLeft)
    tellsLeft = []
    var room = Limits.incidentVersionsAtOnce
    for number in inOrder(touched, tells) {
      if let incident = open[number] {
        if tracker.isBlind, !incident.isVantage,
          cases[number].map({ $0.incident.sequence > 0 }) ?? false
        {
          // What links show now says nothing of it.
          later(number, now.instant + Limits.incidentVersionsEvery)
          continue
        }
        if let isPart = parts[incident.key] { cases[number]?.isPart = isPart }
        // Words take most of an evaluation: those of very many incidents come one after the other.
        guard room > 0 else {
          if tells.contains(number) { tellsLeft.insert(number) }
          later(number, now.instant + Limits.evaluationEvery)
          continue
        }
        room -= 1
        lastWritten = number
        write(incident, isToBeTold: tells.contains(number), &actions, at: now)
      }
    }
    for number in ended {
      // What was still to be told when it ended is told to nobody.
      let isToBeTold = tells.contains(number) && cases[number]?.incident.isTold == true
      end(number, into: heirs[number], isToBeTold: isToBeTold, &actions, at: now)
    }
    if !ended.isEmpty { forgetEnded() }
  }

  /// What had no room before sight went waits until one of its links is seen badly again, like all that
  /// was not told; news of what was told shows when it is written.
  private mutating func postponeTellsLeft(at now: Instant) {
    for number in tellsLeft where cases[number].map({ !$0.incident.isTold }) ?? false {
      tracker.postpone(number, until: now)
      if cases[number]?.incident.timeline.last?.text == "told" {
        cases[number]?.incident.timeline.removeLast()
      }
    }
    tellsLeft = []
  }

  /// Takes links of which nothing has been seen since the start for well, those aside that are listed.
  mutating func assumeUp(except others: Set<Int32>) { matrix.assumeUp(except: others) }

  /// Incidents in the order in which they are written: if there are too many for one time, first those that
  /// are to be told, then those that have waited.
  private func inOrder(_ touched: Set<Int>, _ tells: Set<Int>) -> [Int] {
    let list = touched.sorted()
    guard list.count > Limits.incidentVersionsAtOnce else { return list }
    let rest = list.filter { !tells.contains($0) }
    return list.filter { tells.contains($0) } + rest.filter { $0 > lastWritten }
      + rest.filter { $0 <= lastWritten }
  }

  /// So that ids go on where those of another casebook stopped.
  mutating func continueNumbers(of former: Casebook) {
    generator = former.generator
    canaries = former.canaries
    isRegaining = former.isRegaining
    hasAnswered = former.hasAnswered
  }

  private mutating func join(_ number: Int, _ links: [Int32], at now: Now) {
    cases[number]?.incident.join(links.map { matrix.places[Int($0)].id }, at: now.wall)
  }

  private func caseName(_ number: Int) -> String { cases[number]?.incident.id ?? "another" }

  private mutating func begin(
    _ action: TrackerAction, _ key: PatternKey, _ links: [Int32], at now: Now
  ) {
    let number = action.incident
    let names = links.map { matrix.places[Int($0)].id }
    // Since when the first of its links is in trouble, as far as this run knows.
    // Blindness begins when it is found, whatever has failed before.
    let known = key.kind == .vantage ? nil : links.compactMap { troubles[$0]?.since }.min()
    let since = min(known ?? now.wall, now.wall)
    if var former = cases[number], former.incident.status == .resolved {
      former.incident.beginAgain(at: since)
      former.incident.links = names
      former.incident.subject = subject(of: key)
      former.incident.status = .open
      former.incident.resolvedAt = nil
      former.incident.absorbedBy = nil
      former.incident.acknowledgement = nil
      // It gathers anew, and is told as one that opens.
      former.incident.firstToldSequence = nil
      former.news = nil
      former.heldUntil = nil
      former.suspicion = nil
      cases[number] = former
      return
    }
    var incident = Incident(
      id: incidentID(&generator), sequence: 0, pattern: key.kind, status: .open,
      severity: tracker.incident(numbered: number)?.severity ?? .warning, links: names, summary: "",
      conditions: [], openedAt: since, updatedAt: now.wall)
    incident.firstToldSequence = nil
    // Its words may have to wait, and it may end or move before.
    incident.subject = subject(of: key)
    cases[number] = Case(
      incident: incident, versionAt: now.instant, newsAt: now.instant, link: links.first)
    numbers[incident.id] = number
  }

  /// Writes a new version of an open incident if it says something else than the last.
  private mutating func write(
    _ tracked: TrackedIncident, isToBeTold: Bool, _ actions: inout [CaseAction], at now: Now
  ) {
    guard var item = cases[tracked.id] else { return }
    let description = describe(tracked, item, at: now.wall)
    item.suspicion = description.suspicion
    cases[tracked.id]?.suspicion = item.suspicion
    var next = item.incident
    description.write(to: &next)
    let isWorse = next.severity == .critical && item.incident.severity != .critical
    let isOther = item.incident.sequence > 0 && next.pattern != item.incident.pattern
    if next.status == .acknowledged, isWorse || isOther {
      // Who took up the lesser trouble may not know of the worse one.
      next.status = .open
    }
    var isTold = isToBeTold
    let isHeld = item.heldUntil.map { now.instant < $0 } ?? false
    if !isTold, !isHeld, item.incident.isTold, description.news != item.news {
      let mayTell =
        tracked.key.kind == .point || now.instant >= item.newsAt + Limits.incidentNewsEvery
      if mayTell {
        isTold = true
      } else {
        later(tracked.id, item.newsAt + Limits.incidentNewsEvery)
      }
    }
    // What was kept quiet is told now, or is as receivers know it again.
    if !isHeld, isTold || description.news == item.news { next.hasHeldChanges = false }
    let isFirst = item.incident.sequence == 0
    if next == item.incident, !isTold { return }
    // News is told at once; who came and went may wait.
    let isRestful =
      tracked.key.kind == .point && !isHeld
      || now.instant >= item.versionAt + Limits.incidentVersionsEvery
    guard isTold || isFirst || isRestful || next.status != item.incident.status else {
      later(tracked.id, item.versionAt + Limits.incidentVersionsEvery)
      return
    }
    // Figures alone make no version of a single link's incident.
    if tracked.key.kind == .point, !isTold, !isFirst, description.news == item.news,
      item.incident.isTold, next.hasHeldChanges == item.incident.hasHeldChanges
    {
      return
    }
    next.sequence += 1
    next.updatedAt = now.wall
    if isTold {
      next.firstToldSequence = next.firstToldSequence ?? next.sequence
      item.formerNews = item.news
      item.news = description.news
      item.newsAt = now.instant
      item.heldUntil = nil
    }
    item.versionAt = now.instant
    item.incident = next
    cases[tracked.id] = item
    actions.append(.version(next, isTold: isTold))
  }

  mutating func later(_ number: Int, _ instant: Instant) {
    unwritten.insert(number)
    laterAt = min(laterAt ?? instant, instant)
  }

  private mutating func end(
    _ number: Int, into heir: Int?, isToBeTold: Bool, _ actions: inout [CaseAction], at now: Now
  ) {
    guard var item = cases[number] else { return }
    item.incident.end(at: now.wall)
    let other = heir.flatMap { cases[$0]?.incident }
    item.incident.absorbedBy = other?.id
    item.incident.summary = endSummary(item.incident, link: item.link, absorbedBy: other)
    item.versionAt = now.instant
    cases[number] = item
    actions.append(.version(item.incident, isTold: isToBeTold))
  }

  /// Lets go of ended incidents that cannot be reopened any more.
  private mutating func forgetEnded() {
    let kept = Set(tracker.reopenable.map(\.id))
    for (number, item) in cases
    where item.incident.status == .resolved && !kept.contains(number) {
      cases[number] = nil
      if numbers[item.incident.id] == number { numbers[item.incident.id] = nil }
    }
  }
}
