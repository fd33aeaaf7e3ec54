import Base
import Judgement
import Model

/// Runs of a probe since its last sample that were skipped, and the last of them with its cause. Few
/// probes have any, and a sample is large.
indirect enum SkippedRuns: Sendable {
  case none
  case some(count: Int, SkipCause, newest: Sample)

  var isEmpty: Bool { if case .none = self { true } else { false } }
  var count: Int { if case .some(let count, _, _) = self { count } else { 0 } }
  var cause: SkipCause? { if case .some(_, let cause, _) = self { cause } else { nil } }
  var newest: Sample? { if case .some(_, _, let newest) = self { newest } else { nil } }
}

/// Probes of which nothing has been recorded though they should run. What was skipped says nothing of
/// a link, and for a while that is as it should be; for long it means that nobody looks.
extension Engine {
  /// Raises `noData` where it is due.
  mutating func missData(of link: Int, at now: Now) {
    guard !isStopping, !links[link].isQuiet, links[link].link.role != .mustFail else { return }
    guard let rule = links[link].link.alert.noData else { return }
    var isNew = false
    for probe in links[link].probes {
      // First what is cheap: of most probes there is a young sample.
      let since = watchedSince(probe)
      let definition = probes[probe].definition
      guard !probes[probe].judge.isRaised(.noData),
        now.instant - since > definition.every * Int64(rule.intervals),
        isMissed(probe, rule, since: since, at: now)
      else { continue }
      let skipped = probes[probe].skipped
      let length = now.instant - since
      let evidence =
        "nothing was recorded for \(printableLength(length)), it runs every \(definition.every)"
        + skippedWords(skipped)
      if probes[probe].judge.missData(
        at: now.wall, evidence: evidence, detail: skipped.cause.map { "\($0)" } ?? "")
      {
        isNew = true
      }
    }
    if isNew { updateIncident(of: links[link].link.id, at: now) }
  }

  /// Since when something should have been recorded of a probe.
  private func watchedSince(_ probe: Int) -> Instant {
    max(probes[probe].lastSampleAt ?? probes[probe].watchedSince, probes[probe].watchedSince)
  }

  private func isMissed(
    _ probe: Int, _ rule: NoDataRule, since: Instant, at now: Now
  ) -> Bool {
    // Where we did not see, or nobody was to look, nothing is missed; nor what a token's own link tells.
    guard sightSince <= now.instant, probes[probe].skipped.cause != .noToken,
      pauses.isEmpty || pauses[links[probes[probe].link].link.id] == nil
    else { return false }
    let definition = probes[probe].definition
    var limit = max(definition.every * Int64(rule.intervals), rule.atLeast) + definition.timeout
    if let until = probes[probe].backsOffUntil, until + limit > now.instant {
      limit = limit + Limits.credentialBackoffMaximum
    }
    return now.instant - max(since, sightSince) > limit
  }

  private func skippedWords(_ skipped: SkippedRuns) -> String {
    guard skipped.count > 0, let cause = skipped.cause else { return "" }
    return "; runs that told nothing: \(skipped.count), the last \(Outcome.skipped(cause).sentence)"
  }
}
