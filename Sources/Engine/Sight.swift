import Base
import History
import Incidents
import Judgement
import Model

/// The links that have begun to fail since the last answer of any link, and when that was.
struct UnansweredLinks: Sendable {
  private(set) var links: Set<Int32> = []
  var since: WallTime?
  /// Their owners and provinces, by their groups in the matrix.
  private var owners: Set<Int32> = []
  private var provinces: Set<Int32> = []

  /// In how many owners' and provinces' links they lie, whichever are fewer.
  var spread: Int { min(owners.count, provinces.count) }

  mutating func insert(_ link: Int32, _ matrix: Matrix) {
    guard links.insert(link).inserted else { return }
    owners.insert(matrix.group(of: link, .owner))
    provinces.insert(matrix.group(of: link, .province))
  }

  mutating func removeAll() {
    if links.isEmpty { return }
    links.removeAll(keepingCapacity: true)
    owners.removeAll(keepingCapacity: true)
    provinces.removeAll(keepingCapacity: true)
  }
}

/// Whether the monitor itself sees: canaries ought to answer whatever happens to links, and one link
/// ought to fail. While it does not see, links are unknown and nothing is raised from their samples.
extension Engine {
  /// Whether the vantage is suspected, so that nothing is said of links.
  package var isBlind: Bool { casebook.isBlind }

  /// What the canaries show.
  func canaries(at now: Now) -> Canaries {
    var canaries = Canaries.none
    for link in canaryLinks {
      switch newestAnswer(of: link, at: now) {
      case true: canaries.answering += 1
      case false: canaries.failing += 1
      case nil: break
      }
    }
    if canaries.answering == 0 {
      canaries.unanswered = unanswered.links.count
      canaries.unansweredSpread = unanswered.spread
    }
    canaries.isDeceived = mustFailLinks.contains { newestAnswer(of: $0, at: now) == true }
    canaries.isUnsure = now.instant < unsureUntil && mustFailLinks.contains { isUnseen($0) }
    return canaries
  }

  /// Takes whether something answered, be it with an error: where no canary is configured, this alone tells
  /// that nothing does any more. Of links that are known to fail nothing new is shown.
  mutating func noteAnswer(of link: Int, _ probe: Int, _ outcome: Outcome, at now: Now) {
    guard !outcome.isSkipped, probes[probe].definition.isRequired, !isSightMark(link),
      !links[link].isQuiet
    else { return }
    if outcome.isFailure, FailureSign(outcome)?.isAnswered != true {
      if !links[link].hasTrouble { unanswered.insert(Int32(link), casebook.matrix) }
      return
    }
    unanswered.since = now.wall
    if unanswered.links.isEmpty { return }
    unanswered.removeAll()
    if casebook.isBlind { casebook.set(canaries(at: now), at: now) }
  }

  /// Whether a link is looked at, and has not been since the start.
  private func isUnseen(_ link: Int) -> Bool {
    guard pauses.isEmpty || pauses[links[link].link.id] == nil else { return false }
    return links[link].probes.contains {
      probes[$0].definition.isRequired && probes[$0].lastSampleAt == nil
    }
  }

  /// The state of a link that must fail: `up` while it does, `down` when it answers.
  func stateOfMustFail(_ link: Int, at now: Now) -> LinkState {
    switch newestAnswer(of: link, at: now) {
    case false: .up
    case true: .down
    case nil: .unknown
    }
  }

  /// Whether the newest attempts of a link's required probes were right; nil where there are none that
  /// say anything now.
  private func newestAnswer(of link: Int, at now: Now) -> Bool? {
    guard pauses.isEmpty || pauses[links[link].link.id] == nil else { return nil }
    var isAny = false
    for probe in links[link].probes where probes[probe].definition.isRequired {
      guard let last = probes[probe].lastSampleAt,
        now.instant - last <= staleAfter(probe, at: now), let sample = probes[probe].judge.last
      else { continue }
      if sample.outcome.isFailure { return false }
      isAny = true
    }
    return isAny ? true : nil
  }

  /// A sample that was taken while we may be blind: it is shown and recorded, and raises nothing.
  mutating func judgeBlindly(_ probe: Int, _ sample: Sample, at now: Now) {
    guard !sample.outcome.isSkipped else { return }
    probes[probe].judge.see(sample)
    guard probes[probe].definition.isRequired else { return }
    let link = probes[probe].link
    // One failure says little; while sight returns it says nothing.
    let isWell = newestAnswer(of: link, at: now) ?? false
    if isWell { casebook.noteAnswer(at: now) }
    let state: CellState = isWell ? .up : casebook.isRegaining ? .unknown : .failing
    casebook.set(
      Int32(link), state, sign: FailureSign(sample.outcome) ?? .slow,
      trouble: links[link].hasTrouble ? troubles[links[link].link.id] : nil, at: now)
  }

  /// Whether a sample that is being recorded says nothing of its link: the attempt began, or ended, while
  /// we may be blind. Of those that tell of our sight only the failures of canaries are our own blindness.
  func isBlindly(_ sample: Sample, _ probe: Int, at now: Now) -> Bool {
    guard !sample.outcome.isSkipped else { return false }
    let link = probes[probe].link
    if isSightMark(link) {
      return casebook.isBlind && links[link].link.role == .canary && sample.outcome.isFailure
    }
    if casebook.isBlind { return true }
    // Before the first blindness there is nothing to compare with.
    guard sightSince.nanoseconds != .min else { return false }
    return now.wall - sample.time > now.instant - sightSince
  }

  /// The last moment at which we are known to have seen, from what gave our blindness away: when the last of
  /// the failing canaries, or the link that must fail, was last as it ought to be. Where links alone show
  /// it, that is the last answer of any of them; or each was right an interval before its first failure, and most
  /// of them lost their answer at once.
  private func lastSight(_ failing: [Int32], at now: Now) -> WallTime {
    var sawAt = lastRight(canaryLinks).max()
    if sawAt == nil {
      for link in mustFailLinks {
        for probe in links[link].probes {
          guard let last = probes[probe].judge.last, !last.outcome.isFailure else { continue }
          let before = last.time - probes[probe].definition.every
          sawAt = max(sawAt ?? before, before)
        }
      }
    }
    if sawAt == nil, unanswered.links.count >= Thresholds.leastUnanswered {
      sawAt = unanswered.since
    }
    if sawAt == nil {
      let times = lastRight(failing.map { Int($0) }).sorted()
      if !times.isEmpty { sawAt = times[times.count / 2] }
    }
    return min(now.wall, max(now.wall - Limits.blindnessLookBack, sawAt ?? now.wall))
  }

  /// When the required probes that fail now were right before, of some links.
  private func lastRight(_ list: [Int]) -> [WallTime] {
    var times: [WallTime] = []
    for link in list {
      for probe in links[link].probes where probes[probe].definition.isRequired {
        guard let since = probes[probe].judge.failingSince else { continue }
        times.append(since - probes[probe].definition.every)
      }
    }
    return times
  }

  /// What links have shown since sight went counts for nothing, nor do the failures that gave it away;
  /// what was told before stays as it was.
  mutating func goBlind(_ failing: [Int32], at now: Now) {
    sightSince = .distantFuture
    recording.encoder.add(.wentBlind(at: now.wall, sawAt: lastSight(failing, at: now)))
    recording.gather(at: now)
    log(.error, "the monitor may be blind: links are unknown", [("failing", "\(failing.count)")])
    // Also of links that another pattern explains: all that was seen lately is in doubt.
    for link in links.indices where links[link].hasTrouble && !isSightMark(link) {
      let place = Int32(link)
      if casebook.hasOwnIncident(place), casebook.openIncident(of: place)?.isTold == true {
        continue
      }
      if links[link].isQuiet { continue }
      for probe in links[link].probes { probes[probe].judge.withdrawRules() }
      troubles.drop(links[link].link.id)
      links[link].hasTrouble = false
      links[link].flap = FlapWatch()
    }
    for link in links.indices { noteState(of: link, isSilent: true, at: now) }
  }

  /// Sight has returned: every link is looked at anew before anything is raised.
  mutating func seeAgain(at now: Now) {
    sightSince = now.instant
    log(.notice, "the monitor sees again: all links are looked at anew")
    for link in canaryLinks {
      // That they failed was our own blindness.
      for probe in links[link].probes { probes[probe].judge.withdrawRules() }
      troubles.drop(links[link].link.id)
      links[link].hasTrouble = false
      links[link].flap = FlapWatch()
      place(link, at: now)
    }
    for link in links.indices where !isSightMark(link) {
      for probe in links[link].probes {
        probes[probe].judge.forgiveUnraised()
        guard !links[link].isQuiet, !probes[probe].isRunning else { continue }
        let spread = Limits.lookAnewWithin.nanoseconds
        let delay = TimeAmount(nanoseconds: probes[probe].phase.nanoseconds % spread)
        guard probes[probe].nextDue - now.instant > delay else { continue }
        schedule.push(
          Schedule.Due(
            probe: Int32(probe), generation: probes[probe].generation, kind: .early),
          at: now.instant + delay)
      }
    }
  }

  /// Whether a link tells of our own sight, and is judged even without it.
  func isSightMark(_ link: Int) -> Bool {
    let role = links[link].link.role
    return role == .canary || role == .mustFail
  }
}
