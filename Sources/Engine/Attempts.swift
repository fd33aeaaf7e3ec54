import Base
import Judgement
import Model
import Probes
import Wire

/// A trial of a link, waiting for its attempts.
struct Trial {
  var link: LinkID
  var waiting: Int
  var attempts: [TrialAttempt?]
}

extension Engine {
  /// Hands an event to the attempt that waits for it; one for an attempt that has ended is dropped.
  package mutating func deliver(_ event: ProbeEvent, to token: Token, at now: Now) {
    switch event {
    case .transferred(let result):
      if let host = attempts[token]?.host {
        politeness.transferred(result.head.count + result.body.count, host)
      }
    case .received(let bytes, _):
      if let host = attempts[token]?.host { politeness.transferred(bytes.count, host) }
    default: break
    }
    // In place: a copy of the attempt would copy the machine with it.
    guard let action = attempts[token]?.machine.step(event, at: now.instant) else { return }
    perform(action, token, at: now)
  }

  /// The resolver's queue was full: the attempt ends without blaming the link.
  package mutating func resolverWasBusy(_ token: Token, at now: Now) {
    deliver(.timedOut(waitingInOurQueue: true), to: token, at: now)
  }

  /// Runs each probe of a link once, now, beside the schedule, recording nothing; ends in
  /// `.trialEnded`. False when there is no such link, it has no probes, or the table is full.
  package mutating func startTrial(_ link: LinkID, id: UInt64, at now: Now) -> Bool {
    guard let index = linkIndex[link], !links[index].probes.isEmpty, !isStopping else {
      return false
    }
    let range = links[index].probes
    guard attempts.count + range.count <= attempts.capacity else { return false }
    trials[id] = Trial(
      link: link, waiting: range.count, attempts: Array(repeating: nil, count: range.count))
    for (position, probe) in range.enumerated() {
      start(probe, purpose: .trial(id: id, position: position), at: now)
    }
    return true
  }

  /// A released run: starts it, or records why not. True when an attempt was started.
  mutating func startDue(
    _ probe: Int, due: Instant, tick: Instant, kind: Schedule.Kind, at now: Now
  ) -> Bool {
    if kind == .regular { scheduleNext(probe, after: due, at: now) }
    if kind == .early, holdsFreshToken(probe, at: now) { return false }
    if let cause = reasonToSkip(probe, kind, at: now) {
      if kind == .early, cause == .tableFull || cause == .politeness {
        retryEarly(probe, at: now)
        return false
      }
      if kind == .regular || cause == .tableFull || cause == .politeness {
        skip(probe, cause, flags: kind == .confirmation ? .confirmation : [], due: due, at: now)
      }
      return false
    }
    figures.started(at: now.instant, tick: tick, isConfirmation: kind == .confirmation)
    start(probe, purpose: kind == .confirmation ? .confirmation : .regular, at: now)
    return true
  }

  /// Nothing is known of the probe yet and there was no room to look: soon again, until a run has told.
  private mutating func retryEarly(_ probe: Int, at now: Now) {
    guard probes[probe].lastSampleAt == nil else { return }
    let due = now.instant + Limits.earlyRetryEvery
    guard due < probes[probe].nextDue else { return }
    schedule.push(
      Schedule.Due(
        probe: Int32(probe), generation: probes[probe].generation, kind: .early), at: due)
  }

  mutating func reasonToSkip(_ probe: Int, _ kind: Schedule.Kind, at now: Now) -> SkipCause? {
    if !pauses.isEmpty, pauses[links[probes[probe].link].link.id] != nil { return .paused }
    if probes[probe].isRunning { return .stillRunning }
    if attempts.isFull { return .tableFull }
    if let until = probes[probe].backsOffUntil, now.instant < until { return .backingOff }
    let purpose = kind == .confirmation ? Politeness.Purpose.spare : .regular
    if !politeness.allows(probes[probe].host, purpose, at: now.instant) { return .politeness }
    return nil
  }

  private mutating func skip(
    _ probe: Int, _ cause: SkipCause, flags: SampleFlags, due: Instant, at now: Now
  ) {
    figures.skip(cause)
    record(
      probe: probe, Sample(time: now.wall(at: due), outcome: .skipped(cause), flags: flags),
      at: now)
  }

  mutating func start(_ probe: Int, purpose: Attempt.Purpose, at now: Now) {
    let definition = probes[probe].definition
    var tracing = false
    if case .trial = purpose { tracing = true }
    guard let machine = makeProbe(definition, tracing: tracing, entropy: entropy.next())
    else {
      return finishUnsupported(probe, purpose, at: now)
    }
    let attempt = Attempt(
      probe: probe, options: definition.options, machine: machine, purpose: purpose,
      host: probes[probe].host,
      started: now.wall,
      deadline: now.instant + definition.timeout)
    guard let token = attempts.insert(attempt) else { return }
    if !tracing { probes[probe].attempt = token }
    noteTokenStart(probe, isTrial: tracing)
    pushDeadline(attempt.deadline, token, timeout: definition.timeout)
    deliver(.start, to: token, at: now)
  }

  /// Gathered on the tick before the deadline where that costs little of a long time-out; a
  /// transfer keeps its own, exact time.
  private mutating func pushDeadline(_ deadline: Instant, _ token: Token, timeout: TimeAmount) {
    let isExact = timeout < schedule.tick * 10
    deadlines.push(token, due: isExact ? deadline : schedule.tickAtOrBefore(deadline))
  }

  private mutating func perform(_ action: ProbeAction, _ token: Token, at now: Now) {
    switch action {
    case .resolve(let host, let family):
      attempts[token]?.waiting = .resolve
      act(.resolve(token, host: host, family: family))
    case .transfer(let transfer):
      guard isPolite(transfer, token, at: now) else {
        return transfer.isOptional
          ? deliver(
            .transferred(TransferResult(failure: .skipped(.politeness))), to: token, at: now)
          : endForPoliteness(token, at: now)
      }
      attempts[token]?.waiting = .transfer
      act(.transfer(token, transfer))
    case .examine(let examination):
      attempts[token]?.waiting = .examine
      act(.examine(token, examination))
    case .token(let name):
      attempts[token]?.waiting = .token
      attempts[token]?.tokenName = name
      needToken(name, token, at: now)
    case .connect(let target):
      guard isPolite(target, token, at: now) else { return endForPoliteness(token, at: now) }
      attempts[token]?.waiting = .socket
      attempts[token]?.hasSocket = true
      act(.connect(token, target))
    case .send(let bytes):
      attempts[token]?.waiting = .socket
      if let host = attempts[token]?.host { politeness.transferred(bytes.count, host) }
      act(.send(token, bytes))
    case .receive(let limit, let within):
      attempts[token]?.waiting = .socket
      act(.receive(token, limit: limit, within: within))
    case .wait(let time):
      attempts[token]?.waiting = .timer
      act(.wait(token, time))
    case .spawn(let spawn):
      attempts[token]?.waiting = .program
      act(.spawn(token, spawn))
    case .finish(let result):
      guard let attempt = attempts.remove(token) else { return }
      if attempt.hasSocket { act(.cancel(token)) }
      finish(attempt, result, at: now)
      noteTokenEnd(attempt, result, at: now)
    }
  }

  /// Whether the budget of the probe's host has room for a connection, which is then counted.
  private mutating func isPolite(_ target: SocketTarget, _ token: Token, at now: Now) -> Bool {
    guard let attempt = attempts[token] else { return true }
    var purpose = Politeness.Purpose.spare
    if case .regular = attempt.purpose { purpose = .regular }
    guard politeness.allows(attempt.host, purpose, at: now.instant) else { return false }
    politeness.requested(attempt.host, purpose, at: now.instant)
    return true
  }

  /// Whether the budget of the host asked has room for an exchange, which is then counted. Redirects
  /// and further addresses of a name are exchanges of their own.
  private mutating func isPolite(_ transfer: Transfer, _ token: Token, at now: Now) -> Bool {
    guard let attempt = attempts[token] else { return true }
    var host = probes[attempt.probe].host
    if !politeness.isNamed(transfer.url.hostAndPort, host) {
      guard let other = politeness.follow(transfer.url.hostAndPort, at: now.instant) else {
        return false
      }
      host = other
    }
    attempts[token]?.host = host
    var purpose = Politeness.Purpose.spare
    if case .regular = attempt.purpose { purpose = .regular }
    guard politeness.allows(host, purpose, at: now.instant) else { return false }
    politeness.requested(host, purpose, at: now.instant)
    if transfer.sendsBody { politeness.transferred(transfer.settings.body.count, host) }
    return true
  }

  /// The budget has run out within an attempt: it says nothing about the link.
  private mutating func endForPoliteness(_ token: Token, at now: Now) {
    guard let attempt = attempts.remove(token) else { return }
    if attempt.hasSocket { act(.cancel(token)) }
    let step = "the budget of politeness for the host is spent; try again in some seconds"
    let result = ProbeResult(outcome: .skipped(.politeness), steps: [step])
    finish(attempt, result, at: now)
    noteTokenEnd(attempt, result, at: now)
  }

  /// A transfer and a program end themselves on time; should they not, they are ended here so much
  /// later.
  static let transferGrace = TimeAmount.milliseconds(250)
  /// An attempt that ends this long after its deadline was held up by this machine: asleep, or far
  /// too busy. What it shows is no fault of the link.
  static let heldUp = TimeAmount.milliseconds(1_250)

  /// Attempts whose time is up.
  mutating func expireAttempts(at now: Now, queueWait: (Token) -> QueueWait) {
    while let (_, token) = deadlines.popDue(at: now.instant) {
      guard let attempt = attempts[token] else { continue }
      let backstop = attempt.deadline + Self.transferGrace
      if attempt.waiting == .transfer || attempt.waiting == .program, now.instant < backstop {
        deadlines.push(token, due: backstop)
        continue
      }
      let wait = attempt.waiting == .resolve ? queueWait(token) : QueueWait()
      act(.cancel(token))
      deliver(
        .timedOut(waitingInOurQueue: !wait.isOver, waited: wait.waited), to: token, at: now)
    }
  }

  private mutating func finish(_ attempt: Attempt, _ result: ProbeResult, at now: Now) {
    var sample = Sample(
      time: attempt.started, outcome: result.outcome, flags: result.flags,
      timings: result.timings, httpStatus: result.httpStatus,
      bodyBytes: UInt32(clamping: result.bodyBytes), note: result.note,
      readings: result.readings)
    if sample.outcome.isFailure, now.instant > attempt.deadline + Self.heldUp {
      sample.outcome = .skipped(.missed)
      sample.flags = []
    }
    if let secret = probes[attempt.probe].definition.expiringSecret {
      warnOfExpiry(secret, attempt.probe, &sample)
    }
    switch attempt.purpose {
    case .trial(let id, let position):
      finishTrial(
        id, position,
        TrialAttempt(
          probe: definition(of: attempt.probe).name, sample: sample, address: result.address,
          steps: result.steps))
      return
    case .confirmation: sample.flags.insert(.confirmation)
    case .regular: break
    }
    probes[attempt.probe].attempt = nil
    record(probe: attempt.probe, sample, at: now)
    if case .skipped(let cause) = sample.outcome { figures.skip(cause) }
    planAfter(sample, probe: attempt.probe, at: now)
  }

  /// A right attempt warns when what it showed to the server will not last, and so does one that warns of
  /// what lasts longer. A warning that passes by itself stands: there will be an attempt without it.
  private func warnOfExpiry(_ secret: ExpiringSecret, _ probe: Int, _ sample: inout Sample) {
    let steps = links[probes[probe].link].link.alert.warnings.expiryDays
    guard let warning = secret.warning(steps, at: sample.time) else { return }
    switch sample.outcome {
    case .ok, .warning(.untidyChain): break
    case .warning(.certificateExpires(let days)), .warning(.intermediateExpires(let days)):
      guard (Int(Outcome.warning(warning.cause).detail) ?? 0) < (Int(days) ?? 0) else { return }
      sample.note = ""
    default: return
    }
    sample.outcome = .warning(warning.cause)
    if sample.note.isEmpty { sample.note = warning.note }
  }

  private mutating func finishUnsupported(_ probe: Int, _ purpose: Attempt.Purpose, at now: Now) {
    let sample = Sample(time: now.wall, outcome: .skipped(.unsupported))
    if case .trial(let id, let position) = purpose {
      finishTrial(
        id, position,
        TrialAttempt(probe: definition(of: probe).name, sample: sample, address: nil, steps: []))
    } else {
      figures.skip(.unsupported)
      record(probe: probe, sample, at: now)
    }
  }

  private mutating func finishTrial(_ id: UInt64, _ position: Int, _ attempt: TrialAttempt) {
    guard var trial = trials.removeValue(forKey: id) else { return }
    trial.attempts[position] = attempt
    trial.waiting -= 1
    if trial.waiting == 0 {
      act(.trialEnded(id: id, link: trial.link, trial.attempts.compactMap { $0 }))
    } else {
      trials[id] = trial
    }
  }

  /// After a failure a short-notice run confirms it, within bounds; after a refused credential none
  /// does, and from the third refusal on the regular runs come at doubled distances, so that no
  /// account is locked by this program.
  private mutating func planAfter(_ sample: Sample, probe: Int, at now: Now) {
    if sample.outcome.isSkipped { return }
    let definition = probes[probe].definition
    if sample.flags.contains(.credentialRefused) {
      probes[probe].refusals += 1
      let doublings = min(16, probes[probe].refusals - 2)
      if doublings > 0 {
        let wait = min(definition.every * (1 << Int64(doublings)), Limits.credentialBackoffMaximum)
        probes[probe].backsOffUntil = now.instant + wait - definition.every / 2
      }
      return
    }
    probes[probe].refusals = 0
    probes[probe].backsOffUntil = nil
    guard sample.outcome.isFailure else {
      probes[probe].retriesLeft = definition.retryLimit
      return
    }
    let due = now.instant + definition.retryEvery
    guard probes[probe].retriesLeft > 0, !probes[probe].judge.isRaised(.failures),
      due < probes[probe].nextDue, !isStopping,
      // Of a link that is not connected yet failures are expected: there is nothing to confirm.
      !links[probes[probe].link].isQuiet
    else { return }
    probes[probe].retriesLeft -= 1
    schedule.push(
      Schedule.Due(
        probe: Int32(probe), generation: probes[probe].generation, kind: .confirmation), at: due)
  }

  /// The next regular run, one interval after the last; runs that the daemon slept through are
  /// recorded as one missed run each, up to a bound, and the phase stays.
  private mutating func scheduleNext(_ probe: Int, after due: Instant, at now: Now) {
    let every = probes[probe].definition.every
    var next = due + every
    if next <= now.instant - every {
      let missed = (now.instant - next).nanoseconds / every.nanoseconds
      figures.skip(.missed, count: Int(missed))
      for step in 0..<min(missed, 64) {
        let time = now.wall(at: next + every * step)
        record(probe: probe, Sample(time: time, outcome: .skipped(.missed)), at: now)
      }
      next = next + every * missed
    }
    probes[probe].nextDue = next
    schedule.push(
      Schedule.Due(
        probe: Int32(probe), generation: probes[probe].generation, kind: .regular),
      at: next)
  }
}
