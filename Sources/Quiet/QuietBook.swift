import Base
import Model

/// All windows and silences, what they hid, and which of them hold now.
///
/// Quieting is of telling alone: nothing here knows of outcomes, so that no answer of a server, whatever
/// it says of maintenance, can make itself quiet.
package struct QuietBook: Sendable, Hashable {
  package var rules: NoticeRules
  /// Written in files, in their order.
  package private(set) var written: [MaintenanceWindow] = []
  /// Entered by operators, the oldest first.
  package private(set) var entered: [MaintenanceWindow] = []
  /// The oldest first.
  package private(set) var silences: [Silence] = []
  private var hidden: [HiddenKey: HiddenLog] = [:]

  struct HiddenKey: Hashable {
    var kind: Quieting.Kind
    var id: String
  }

  package init(rules: NoticeRules) { self.rules = rules }

  package var windows: [MaintenanceWindow] { written + entered }

  package var isEmpty: Bool { written.isEmpty && entered.isEmpty && silences.isEmpty }

  package func window(_ id: String) -> MaintenanceWindow? {
    written.first { $0.id == id } ?? entered.first { $0.id == id }
  }

  package func silence(_ id: String) -> Silence? { silences.first { $0.id == id } }

  // MARK: What holds

  /// Which windows and silences are for a link at a moment: first those that last longest.
  package func quieting(of link: LinkFacts, at time: WallTime) -> [Quieting] {
    active(at: time).quieting(of: link, at: time)
  }

  package func isInMaintenance(_ link: LinkFacts, at time: WallTime) -> Bool {
    [written, entered].contains { windows in
      windows.contains { $0.isActive(at: time) && $0.links.matches(link) }
    }
  }

  package var hasNoWindows: Bool { written.isEmpty && entered.isEmpty }

  /// Those that hold at a moment, for whatever links.
  package func active(at time: WallTime) -> ActiveQuiet {
    ActiveQuiet(
      windows: windows.filter { $0.isActive(at: time) },
      silences: silences.filter { $0.isActive(at: time) })
  }

  /// When the next window or silence begins or ends; nil where nothing will.
  package func nextChange(after time: WallTime) -> WallTime? {
    var next: WallTime?
    func consider(_ other: WallTime?) {
      guard let other, other > time else { return }
      if next.map({ other < $0 }) ?? true { next = other }
    }
    for windows in [written, entered] {
      for window in windows {
        consider(window.activeUntil(at: time))
        consider(window.nextStart(after: time))
      }
    }
    for silence in silences {
      consider(silence.created)
      consider(silence.overAt)
    }
    return next
  }

  // MARK: Changes

  /// Takes the windows of the files and the rules, at the start or at a reload.
  package mutating func configure(_ windows: [MaintenanceWindow], rules: NoticeRules) {
    written = windows
    self.rules = rules
    forgetHiddenOfNobody()
  }

  /// Why one more cannot be entered; nil if it can.
  package func problemAddingWindow(at time: WallTime) -> String? {
    let live = entered.count { !$0.isOver(at: time) }
    guard live >= Limits.maintenanceWindows else { return nil }
    return "there are \(live) windows already, the most that can be entered; end some of them"
  }

  package func problemAddingSilence(at time: WallTime) -> String? {
    let live = silences.count { !$0.isOver(at: time) }
    guard live >= Limits.silences else { return nil }
    return "there are \(live) silences already, the most that there may be; end some of them"
  }

  /// Enters a window; false where it has no room, or where there is one with its id.
  package mutating func add(_ window: MaintenanceWindow, at time: WallTime) -> Bool {
    prune(at: time)
    guard problemAddingWindow(at: time) == nil, self.window(window.id) == nil else { return false }
    entered.append(window)
    return true
  }

  package mutating func add(_ silence: Silence, at time: WallTime) -> Bool {
    prune(at: time)
    guard problemAddingSilence(at: time) == nil, self.silence(silence.id) == nil else {
      return false
    }
    silences.append(silence)
    return true
  }

  /// Ends a window that was entered; false where there is none that goes on.
  package mutating func endWindow(_ id: String, at time: WallTime) -> Bool {
    guard let place = entered.firstIndex(where: { $0.id == id && !$0.isOver(at: time) }) else {
      return false
    }
    entered[place].ended = time
    return true
  }

  package mutating func endSilence(_ id: String, at time: WallTime) -> Bool {
    guard let place = silences.firstIndex(where: { $0.id == id && !$0.isOver(at: time) }) else {
      return false
    }
    silences[place].ended = time
    return true
  }

  /// Forgets what was over long ago, and the oldest of what is over where that is too much.
  package mutating func prune(at time: WallTime) {
    let before = entered.count + silences.count
    entered = kept(entered) { $0.overAt.flatMap { $0 <= time ? $0 : nil } }
    silences = kept(silences) { $0.overAt <= time ? $0.overAt : nil }
    if entered.count + silences.count < before { forgetHiddenOfNobody() }

    func kept<Item>(_ list: [Item], over: (Item) -> WallTime?) -> [Item] {
      var excess = list.count { over($0) != nil } - Limits.quietKeptMaximum
      return list.filter { item in
        guard let end = over(item) else { return true }
        excess -= 1
        return excess < 0 && end + Limits.quietKept > time
      }
    }
  }

  // MARK: What was hidden

  /// What hides an incident: each of its links must be quiet, or it is told. Of several the one that
  /// ends first is named, since the incident is to be looked at again then.
  package func hides(_ incident: IncidentFacts, at time: WallTime) -> Quieting? {
    active(at: time).hides(incident, at: time)
  }

  /// Remembers that an incident of a link was not told; says whether that is new.
  package mutating func noteHidden(
    _ incident: IncidentFacts, by quieting: Quieting, at time: WallTime
  ) -> Bool {
    hidden[HiddenKey(kind: quieting.kind, id: quieting.id), default: HiddenLog()]
      .add(incident: incident.id, incident.links.map(\.id), at: time)
  }

  package func hidden(by kind: Quieting.Kind, _ id: String) -> HiddenLog {
    hidden[HiddenKey(kind: kind, id: id)] ?? HiddenLog()
  }

  private mutating func forgetHiddenOfNobody() {
    let windows = Set(windows.map(\.id))
    let silences = Set(silences.map(\.id))
    hidden = hidden.filter { key, _ in
      key.kind == .maintenance ? windows.contains(key.id) : silences.contains(key.id)
    }
  }

  // MARK: Over restarts

  /// Takes what an earlier run kept.
  package mutating func restore(_ kept: QuietState, at time: WallTime) {
    entered = kept.windows
    silences = kept.silences
    hidden = Dictionary(
      kept.hidden.map { (HiddenKey(kind: $0.kind, id: $0.id), $0.log) },
      uniquingKeysWith: { first, _ in first })
    prune(at: time)
  }

  /// What has to outlive the daemon: the windows of files are read again.
  package var state: QuietState {
    QuietState(
      windows: entered, silences: silences,
      hidden: hidden.map { ($0.key.kind, $0.key.id, $0.value) }
        .sorted { ($0.0.rawValue, $0.1) < ($1.0.rawValue, $1.1) })
  }
}

/// The windows and silences that hold at one moment.
package struct ActiveQuiet: Sendable {
  package var windows: [MaintenanceWindow]
  package var silences: [Silence]

  package init(windows: [MaintenanceWindow], silences: [Silence]) {
    self.windows = windows
    self.silences = silences
  }

  package var isEmpty: Bool { windows.isEmpty && silences.isEmpty }

  package func isInMaintenance(_ link: LinkFacts) -> Bool {
    windows.contains { $0.links.matches(link) }
  }

  /// What is for a link, of what still holds: first what lasts longest.
  package func quieting(of link: LinkFacts, at time: WallTime) -> [Quieting] {
    var list: [Quieting] = []
    for window in windows where window.links.matches(link) {
      if let until = window.activeUntil(at: time) { list.append(Quieting(window, until: until)) }
    }
    for silence in silences where silence.isActive(at: time) && silence.links.matches(link) {
      // An incident of the clock is of no link.
      if !silence.patterns.isEmpty, silence.patterns.allSatisfy({ $0 == .clock }) { continue }
      list.append(Quieting(silence))
    }
    return list.sorted { $0.until > $1.until }
  }

  /// What hides an incident; see ``QuietBook/hides(_:at:)``.
  package func hides(_ incident: IncidentFacts, at time: WallTime) -> Quieting? {
    guard !isEmpty else { return nil }
    let silences = self.silences.filter {
      $0.isActive(at: time) && $0.isFor(incident.pattern, incident.severity)
    }
    if incident.links.isEmpty {
      // One of no link is hidden by what names no links: its pattern or its severity alone.
      return silences.filter { $0.links.isEmpty }.map { Quieting($0) }.max { $0.until < $1.until }
    }
    var first: Quieting?
    for link in incident.links {
      guard let quieting = longest(link, silences, at: time) else { return nil }
      if first.map({ quieting.until < $0.until }) ?? true { first = quieting }
    }
    return first
  }

  /// What keeps one link quiet for the longest time.
  private func longest(
    _ link: LinkFacts, _ silences: [Silence], at time: WallTime
  ) -> Quieting? {
    var best: Quieting?
    func consider(_ quieting: Quieting) {
      if best.map({ quieting.until > $0.until }) ?? true { best = quieting }
    }
    for window in windows where window.links.matches(link) {
      if let until = window.activeUntil(at: time) { consider(Quieting(window, until: until)) }
    }
    for silence in silences where silence.links.matches(link) { consider(Quieting(silence)) }
    return best
  }
}

extension Quieting {
  init(_ window: MaintenanceWindow, until: WallTime) {
    self.init(
      kind: .maintenance, id: window.id, until: until, reason: window.reason, by: window.by)
  }

  init(_ silence: Silence) {
    self.init(
      kind: .silence, id: silence.id, until: silence.overAt, reason: silence.reason,
      by: silence.by, patterns: silence.patterns, severities: silence.severities)
  }
}
