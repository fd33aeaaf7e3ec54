import Base
import Model
import Probes

// How the engine serves attempts with tokens. A token's own link fetches it: each run of that link's
// probe is a refresh, one on demand as well as those of the schedule, and is recorded like any other.

extension Engine {
  /// Takes the tokens of the links that were just loaded, which the loading has gathered: looking at
  /// all links here would hold the loop. Attempts that wait for one that has gone are told.
  mutating func configureTokens(_ list: [(name: String, options: OAuth2Options)], at now: Now) {
    for waiter in tokens.configure(list) { deliver(.noToken, to: waiter, at: now) }
  }

  /// A reload has taken away the run that was to fetch the token: those who wait for it need another.
  mutating func fetchWasTakenAway(_ name: String, at now: Now) {
    let (waiters, _) = tokens.fetchImpossible(name, at: now.instant)
    for waiter in waiters { needToken(name, waiter, at: now) }
  }

  /// An attempt asks for a token.
  mutating func needToken(_ name: String, _ attempt: Token, at now: Now) {
    switch tokens.need(name, attempt, at: now.instant) {
    case .token(let token): deliver(.token(token), to: attempt, at: now)
    case .none: deliver(.noToken, to: attempt, at: now)
    case .wait: break
    case .fetch: fetchToken(name, at: now)
    }
  }

  /// Starts a run of the token's own link, or tells the waiting attempts that there is none: while
  /// the link is paused, backs off after refusals, or there is no room.
  private mutating func fetchToken(_ name: String, at now: Now) {
    guard let probe = tokenProbe(name) else { return giveUpFetch(name, at: now) }
    // The schedule's own run may be under way.
    if probes[probe].isRunning { return tokens.fetchBegan(name) }
    guard !isStopping, reasonToSkip(probe, .regular, at: now) == nil else {
      return giveUpFetch(name, at: now)
    }
    start(probe, purpose: .regular, at: now)
  }

  /// Whether a run ahead of the schedule has nothing to bring: somebody has needed the token before.
  func holdsFreshToken(_ probe: Int, at now: Now) -> Bool {
    let link = probes[probe].link
    return links[link].link.role == .token
      && tokens.isFresh(links[link].link.id.consumer, at: now.instant)
  }

  private func tokenProbe(_ name: String) -> Int? {
    guard let link = linkIndex[LinkID(service: tokenService, consumer: name)],
      links[link].link.role == .token
    else { return nil }
    return links[link].probes.first
  }

  private mutating func endFetch(
    _ name: String, _ grant: TokenGrant?, _ options: OAuth2Options?, at now: Now
  ) {
    guard
      let (waiters, token) = tokens.fetchEnded(
        name, grant, options: options, at: now.instant)
    else { return fetchToken(name, at: now) }
    serve(waiters, token, at: now)
  }

  private mutating func giveUpFetch(_ name: String, at now: Now) {
    let (waiters, token) = tokens.fetchImpossible(name, at: now.instant)
    serve(waiters, token, at: now)
  }

  private mutating func serve(_ waiters: [Token], _ token: Secret?, at now: Now) {
    for waiter in waiters {
      deliver(token.map(ProbeEvent.token) ?? .noToken, to: waiter, at: now)
    }
  }

  /// An attempt is about to begin: a run of a token's link is what others wait for.
  mutating func noteTokenStart(_ probe: Int, isTrial: Bool) {
    guard !isTrial, links[probes[probe].link].link.role == .token else { return }
    tokens.fetchBegan(links[probes[probe].link].link.id.consumer)
  }

  /// An attempt has ended: its token, if it was to fetch one, and the refusal of one that it used.
  mutating func noteTokenEnd(_ attempt: Attempt, _ result: ProbeResult, at now: Now) {
    if let rejected = result.rejectedToken, let name = attempt.tokenName,
      tokens.rejected(name, rejected, at: now.instant)
    {
      log(.notice, "a token was refused and is given up", [("token", name)])
    }
    // In place: a copy of the link, at every attempt, would count all its references.
    let link = probes[attempt.probe].link
    guard links[link].link.role == .token else { return }
    let name = links[link].link.id.consumer
    if case .trial = attempt.purpose {
      if let grant = result.grant { tokens.take(name, grant, at: now.instant) }
      return
    }
    // A run that was not made says nothing of the server.
    if result.outcome.isSkipped { return giveUpFetch(name, at: now) }
    endFetch(name, result.grant, attempt.options as? OAuth2Options, at: now)
  }
}
