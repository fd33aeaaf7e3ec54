import Base
import Incidents
import Judgement
import Model

/// Links that go up and down: told once, and kept in one incident until they are calm.
extension Engine {
  /// Whether a link gets better or worse too often to tell each time.
  package func isFlapping(_ link: Int) -> Bool { links[link].flap.isFlapping }

  /// Counts that a link's rules have changed, where that makes it better or worse.
  mutating func countChange(of link: Int, at now: Now) {
    guard let rule = links[link].link.alert.flapping, !links[link].isQuiet,
      let verdict = findings(of: link, endReason: nil, at: now).verdict
    else { return }
    let id = links[link].link.id
    // A link that is not measured has got neither better nor worse.
    let former = links[link].hasTrouble ? troubles[id]?.verdict : .well
    guard let former = links[link].flap.isFlapping ? .well : former else { return }
    guard links[link].flap.note(verdict, after: former, rule, at: now) else { return }
    log(
      .notice, "link flaps: its changes are not told one by one",
      [("link", "\(id)"), ("rule", rule.words)])
    watchCalm(link, rule)
  }

  /// Has the link looked at again when it may be calm.
  mutating func watchCalm(_ link: Int, _ rule: FlappingRule) {
    guard let due = links[link].flap.calmAt(rule) else { return }
    lookForCalm(link, at: due)
  }

  private mutating func lookForCalm(_ link: Int, at due: Instant) {
    links[link].flap.lookAt = due
    flappingDue.push(links[link].link.id, due: due)
  }

  /// Looks at links that may be calm now.
  mutating func endFlapping(at now: Now) {
    guard !isStopping else { return }
    while let (due, id) = flappingDue.popDue(at: now.instant) {
      guard let link = linkIndex[id], links[link].flap.isFlapping, links[link].flap.lookAt == due
      else { continue }
      guard let rule = links[link].link.alert.flapping else {
        becomeCalm(link, at: now)
        continue
      }
      if let due = links[link].flap.calmAt(rule), due > now.instant {
        lookForCalm(link, at: due)
      } else if casebook.isBlind || state(of: link, at: now) == .unknown {
        // Nobody has seen that it is calm.
        lookForCalm(link, at: now.instant + rule.window)
      } else {
        becomeCalm(link, at: now)
      }
    }
  }

  private mutating func becomeCalm(_ link: Int, at now: Now) {
    links[link].flap.calm()
    log(.notice, "link is calm again", [("link", "\(links[link].link.id)")])
    updateIncident(of: links[link].link.id, at: now)
    noteState(of: link, at: now)
  }

  /// Goes on with a link that flapped when the daemon last stopped.
  mutating func restoreFlapping(_ link: Int, since: WallTime, at now: Now) {
    guard let rule = links[link].link.alert.flapping else { return }
    links[link].flap = FlapWatch(flappingSince: since, rule, at: now.instant)
    watchCalm(link, rule)
  }

  /// A link whose rule has changed, or that is not judged any more.
  mutating func settleFlapping(_ link: Int, at now: Now) {
    let flap = links[link].flap
    guard let since = flap.since else { return }
    links[link].flap = FlapWatch()
    if !links[link].isQuiet, !links[link].probes.isEmpty {
      restoreFlapping(link, since: since, at: now)
    }
  }
}
