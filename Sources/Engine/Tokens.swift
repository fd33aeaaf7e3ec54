import Base
import Model
import Probes

/// The tokens that links share: each kept until shortly before it ends, fetched by one attempt at a
/// time, and never written anywhere. A value; ``Engine`` does what its answers say.
package struct Tokens: Sendable {
  /// What an attempt that needs a token is told.
  package enum Answer: Sendable, Hashable {
    case token(Secret)
    /// The token is being fetched; the attempt has been noted.
    case wait
    /// The same, and the fetch is yet to be started.
    case fetch
    case none
  }

  fileprivate struct Entry: Sendable {
    var options: OAuth2Options
    var token: Secret?
    var refreshAt = Instant(nanoseconds: 0)
    var endsAt = Instant(nanoseconds: 0)
    /// Attempts that wait for the fetch.
    var waiters: [Token] = []
    var isFetching = false
    /// Failed fetches in a row, and until when none is made on demand.
    var failures = 0
    var restsUntil = Instant(nanoseconds: 0)
    /// Tokens in a row that a resource server refused, and until when the next one is not given up.
    var rejections = 0
    var keptUntil = Instant(nanoseconds: 0)
  }

  fileprivate var entries: [String: Entry] = [:]

  package init() {}

  package var names: [String] { entries.keys.sorted() }

  /// Whether a token is held that is not about to end.
  package func isFresh(_ name: String, at now: Instant) -> Bool {
    guard let entry = entries[name] else { return false }
    return entry.token != nil && now < entry.refreshAt
  }

  // MARK: Settings

  /// Takes the tokens of a catalogue. One whose settings are the same is kept; of one that has gone
  /// the waiting attempts are returned, for which there is none.
  package mutating func configure(_ list: [(name: String, options: OAuth2Options)]) -> [Token] {
    var former = entries
    entries = [:]
    for (name, options) in list {
      var entry = former.removeValue(forKey: name) ?? Entry(options: options)
      if !entry.options.isSame(as: options) {
        // A fetch under way was made with the former settings: what it brings does not count.
        let waiters = entry.waiters
        let isFetching = entry.isFetching
        entry = Entry(options: options, waiters: waiters, isFetching: isFetching)
      }
      entry.options = options
      entries[name] = entry
    }
    return former.keys.sorted().flatMap { former[$0]?.waiters ?? [] }
  }

  // MARK: Needing one

  /// An attempt needs the token of that name.
  package mutating func need(_ name: String, _ attempt: Token, at now: Instant) -> Answer {
    guard let entry = entries[name] else { return .none }
    if let token = entry.token, now < entry.refreshAt { return .token(token) }
    if entry.isFetching {
      entries[name]?.waiters.append(attempt)
      return .wait
    }
    if now < entry.restsUntil { return lastResort(entry, at: now).map(Answer.token) ?? .none }
    entries[name]?.waiters.append(attempt)
    return .fetch
  }

  /// A token that is to be renewed but has not ended.
  private func lastResort(_ entry: Entry, at now: Instant) -> Secret? {
    now < entry.endsAt ? entry.token : nil
  }

  // MARK: Fetching

  package mutating func fetchBegan(_ name: String) { entries[name]?.isFetching = true }

  /// A fetch cannot begin now, which is no failure of the server's: what its waiters get.
  package mutating func fetchImpossible(
    _ name: String, at now: Instant
  ) -> (waiters: [Token], token: Secret?) {
    guard let entry = entries[name] else { return ([], nil) }
    entries[name]?.isFetching = false
    entries[name]?.waiters = []
    return (entry.waiters, lastResort(entry, at: now))
  }

  /// A fetch has ended: what its waiters get. `options`: those that it was made
  /// with. Nil when it was made with settings that no longer hold, so that another is wanted.
  package mutating func fetchEnded(
    _ name: String, _ grant: TokenGrant?, options: OAuth2Options?, at now: Instant
  ) -> (waiters: [Token], token: Secret?)? {
    guard var entry = entries[name] else { return ([], nil) }
    entry.isFetching = false
    if let options, !options.isSame(as: entry.options) {
      entries[name] = entry
      return nil
    }
    if let grant { entry.take(grant, at: now) } else { entry.noteFailure(at: now) }
    let waiters = entry.waiters
    entry.waiters = []
    entries[name] = entry
    return (waiters, lastResort(entry, at: now))
  }

  /// Takes a token beside the schedule's own, from a trial.
  package mutating func take(_ name: String, _ grant: TokenGrant, at now: Instant) {
    entries[name]?.take(grant, at: now)
  }

  // MARK: Refusals

  /// A resource server has refused a request with this token: the token is given up, unless another
  /// has taken its place or tokens have been refused over and over.
  package mutating func rejected(_ name: String, _ token: Secret, at now: Instant) -> Bool {
    guard var entry = entries[name], entry.token == token, now >= entry.keptUntil else {
      return false
    }
    entry.token = nil
    if now > entry.keptUntil + Limits.credentialBackoffMaximum { entry.rejections = 0 }
    entry.rejections += 1
    let pause = Limits.tokenRejectionFirst * (1 << Int64(min(16, entry.rejections - 1)))
    entry.keptUntil = now + min(pause, Limits.credentialBackoffMaximum)
    entries[name] = entry
    return true
  }
}

extension Tokens.Entry {
  fileprivate mutating func take(_ grant: TokenGrant, at now: Instant) {
    let usual = min(Limits.tokenRefreshBefore, grant.lifetime / 10)
    let before = min(options.refreshBefore ?? usual, grant.lifetime / 2)
    token = grant.token
    endsAt = now + grant.lifetime
    refreshAt = endsAt - before
    failures = 0
    restsUntil = Instant(nanoseconds: 0)
  }

  fileprivate mutating func noteFailure(at now: Instant) {
    failures += 1
    let rest = Limits.tokenRetryFirst * (1 << Int64(min(16, failures - 1)))
    restsUntil = now + min(rest, Limits.tokenRetryLongest)
  }
}
