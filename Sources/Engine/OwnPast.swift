import Base
import History
import Judgement
import Model
import Quiet

/// Where the asking for the weeks before stands: an hour of the present, and how many of the links
/// whose rules want it have been asked for. One question is under way at a time.
struct PastAsking: Sendable {
  /// The places of links that have the rule.
  var links: [Int] = []
  var hour: WallTime?
  var next = 0
  var number: UInt64 = 0
  var isWaiting = false
  var due: Instant?
}

/// Latency against the weeks before: what they were is asked for once an hour, ahead of it, beside the
/// loop, so that a sample costs a comparison.
extension Engine {
  /// After a load the links are others, after a step of the clock the hour may be: what holds now is
  /// asked for first.
  mutating func restartPast(at now: Now) { beginPast(Self.hour(of: now.wall), at: now.instant) }

  private mutating func beginPast(_ hour: WallTime, at due: Instant) {
    pastAsking.hour = hour
    pastAsking.next = 0
    // An answer under way is of other places, or of another hour.
    pastAsking.number += 1
    pastAsking.isWaiting = false
    pastAsking.due = pastAsking.links.isEmpty ? nil : due
  }

  /// Asks for the next links, if that is due.
  mutating func askPast(at now: Now) {
    guard let due = pastAsking.due, due <= now.instant, !pastAsking.isWaiting, !isStopping,
      let hour = pastAsking.hour
    else { return }
    guard pastAsking.next < pastAsking.links.count else { return planPast(after: hour, at: now) }
    var probes: [PastQuestion.Probe] = []
    var days: [String: [WallTime]] = [:]
    while pastAsking.next < pastAsking.links.count, probes.count < Limits.ownPastProbesAtOnce {
      let link = pastAsking.links[pastAsking.next]
      pastAsking.next += 1
      guard let rule = links[link].link.alert.ownPast else { continue }
      let calendar = quietBook.rules.calendars.calendar(of: links[link].link.id.consumer)
      let name = "\(calendar.name) \(rule.weeks)"
      let hours = days[name] ?? pastHours(before: hour, weeks: rule.weeks, calendar)
      days[name] = hours
      for probe in links[link].probes {
        probes.append(
          PastQuestion.Probe(
            link: links[link].link.id, probe: definition(of: probe).name,
            percentilePermille: rule.percentilePermille, hours: hours))
      }
    }
    pastAsking.number += 1
    pastAsking.isWaiting = true
    pastAsking.due = nil
    act(.lookBack(PastQuestion(number: pastAsking.number, hour: hour, probes: probes)))
  }

  /// Takes what was found; an answer that nobody waits for any more is dropped.
  package mutating func learn(_ answer: PastAnswer, at now: Now) {
    guard pastAsking.isWaiting, answer.number == pastAsking.number else { return }
    for found in answer.found {
      let key = ProbeKey(link: found.link, probe: found.probe)
      if let probe = probeIndex(of: key) { probes[probe].judge.learn(found.hour) }
    }
    pastAsking.isWaiting = false
    pastAsking.due = now.instant
  }

  /// The hour after the one that is done, some minutes ahead of it.
  private mutating func planPast(after hour: WallTime, at now: Now) {
    let next = max(hour + .hours(1), Self.hour(of: now.wall))
    let wait = max(.zero, next - now.wall - Limits.ownPastAhead)
    beginPast(next, at: now.instant + wait)
  }

  /// The same hour of the days of the same kind.
  private func pastHours(
    before hour: WallTime, weeks: Int, _ calendar: WorkingCalendar
  ) -> [WallTime] {
    let zone = quietBook.rules.zone
    let isWorking = calendar.isWorkingDay(CivilDay(hour, zone: zone))
    return (1...7 * Int64(weeks)).map { hour - .hours(24 * $0) }.filter {
      calendar.isWorkingDay(CivilDay($0, zone: zone)) == isWorking
    }
  }

  private static func hour(of time: WallTime) -> WallTime {
    let length = TimeAmount.hours(1).nanoseconds
    let rest = time.nanoseconds % length
    return WallTime(nanoseconds: time.nanoseconds - (rest < 0 ? rest + length : rest))
  }
}
