import Base
import CLinux
import Glibc
import Model
import Probes
import Synchronization

/// Runs programs for attempts: each in a session and process group of its own, with nothing inherited,
/// within its time, its output bounded. It lives on the loop; threads of its own start the programs,
/// since the kernel reads them from the disk. Ends are noticed by pidfd. Whatever a program leaves
/// behind is ended and reaped (``Orphans``).
package final class Spawner: ReadinessHandler, LoopPart {
  private struct Start: Sendable {
    var place: Token
    var outcome: Result<StartedProgram, StartFailure>
  }

  /// Tells the starters that nothing more is to be started.
  private final class Closing: Sendable {
    let hasBegun = Atomic<Bool>(false)
  }

  /// How often orphans are looked for while programs run, and how soon after some were ended.
  private static let sweepEvery = TimeAmount.milliseconds(500)
  private static let sweepSoon = TimeAmount.milliseconds(5)

  /// How many programs run at once; the next one finds no room.
  package var atOnce: Int
  private let reactor: Reactor
  private let starters: Workers
  private let onExit: (Token, SpawnResult) -> Void
  private var receiver: MailboxReceiver<Start>?
  private var programs = SlotTable<RunningProgram>(capacity: Limits.pluginsAtOnceMaximum)
  private var placeOfAttempt: [Token: Token] = [:]
  private var placeOfRegistration: [Token: Token] = [:]
  private var running: Set<Int32> = []
  private var orphans: Orphans
  private var deadlines = TimerHeap<Token>()
  private var nextSweep = Instant.distantFuture
  private var sweepPause = sweepEvery
  private let closing = Closing()
  private var buffer = [UInt8](repeating: 0, count: 64 << 10)

  /// `orphanListBytes`: how much of the list of processes left behind is read at a time.
  /// `onExit` is called on the loop, and never within a call of this object's own methods.
  package init(
    reactor: Reactor, atOnce: Int = Limits.pluginsAtOnce, orphanListBytes: Int = 8 << 10,
    onExit: @escaping (Token, SpawnResult) -> Void
  ) throws(SystemError) {
    self.reactor = reactor
    self.atOnce = atOnce
    self.onExit = onExit
    orphans = Orphans(readBytes: orphanListBytes)
    starters = try Workers(
      threads: Limits.pluginStarters, capacity: Limits.pluginsAtOnceMaximum)
    receiver = try MailboxReceiver(reactor) { [unowned self] in started($0) }
    reactor.add(part: self)
  }

  /// Why programs that escape from their process group cannot be ended here, if so.
  package var problem: SystemError? { orphans.problem }

  /// Programs that have not been reaped, those that nobody waits for any more among them.
  package var count: Int { programs.count }

  /// Runs a program; its end comes through `onExit`. The result at once where there is no room.
  package func start(_ spawn: Spawn, token: Token, at now: Instant) -> SpawnResult? {
    let full = SpawnResult(end: .noRoom)
    guard programs.count < atOnce, let mailbox = receiver?.mailbox else { return full }
    let program = RunningProgram(spawn, token: token, at: now)
    guard let place = programs.insert(program) else { return full }
    let closing = self.closing
    let accepted = starters.submit {
      do throws(StartFailure) {
        if closing.hasBegun.load(ordering: .relaxed) { throw .noRoom }
        mailbox.post(Start(place: place, outcome: .success(try startProgram(spawn))))
      } catch {
        mailbox.post(Start(place: place, outcome: .failure(error)))
      }
    }
    guard accepted else {
      programs.remove(place)
      return full
    }
    placeOfAttempt[token] = place
    deadlines.push(place, due: program.due)
    return nil
  }

  /// Ends the program of an attempt that nobody waits for any more.
  package func cancel(_ token: Token) {
    guard let place = placeOfAttempt.removeValue(forKey: token), let program = programs[place]
    else { return }
    program.isAwaited = false
    killProgram(program, place, at: Clock.instant)
  }

  /// Ends all programs and waits, within bounds, until they are gone.
  package func close() {
    closing.hasBegun.store(true, ordering: .relaxed)
    for token in Array(placeOfAttempt.keys) { cancel(token) }
    _ = starters.stop(within: Limits.pluginStarterPatience)
    for start in receiver?.mailbox.takeAll() ?? [] { started(start) }
    for _ in 0..<1_000 where programs.count > 0 || orphans.isWaiting {
      for place in programs.tokens { reapIfEnded(place) }
      _ = orphans.sweep(running: running)
      if programs.count > 0 || orphans.isWaiting { usleep(1_000) }
    }
  }

  // MARK: - Events

  private func started(_ start: Start) {
    guard let program = programs[start.place] else { return }
    let now = Clock.instant
    switch start.outcome {
    case .failure(let failure):
      programs.remove(start.place)
      guard program.isAwaited else { return }
      program.isAwaited = false
      placeOfAttempt[program.token] = nil
      switch failure {
      case .noRoom: onExit(program.token, SpawnResult(end: .noRoom))
      case .refused(let reason): onExit(program.token, SpawnResult(end: .notStarted(reason)))
      }
    case .success(let started):
      program.start(started)
      running.insert(program.pid)
      orphans.began(program.pid)
      if nextSweep == .distantFuture { planSweep(at: now, in: Self.sweepEvery) }
      let isWatched = watch(program, start.place)
      if !isWatched { program.ourEnd = .noRoom }
      // Nobody waits for it any more, or its end could not be noticed.
      if !program.isAwaited || !isWatched { killProgram(program, start.place, at: now) }
    }
  }

  /// Whether the loop tells of its end and its outputs.
  private func watch(_ program: RunningProgram, _ place: Token) -> Bool {
    guard let output = program.output, let errors = program.errors else { return false }
    for (source, descriptor) in [program.processNumber, output.raw, errors.raw].enumerated() {
      guard
        let registration = try? reactor.add(
          descriptor, .readable, key: Int32(source), handler: self)
      else { return false }
      program.registrations[source] = registration
      placeOfRegistration[registration] = place
    }
    return true
  }

  package func ready(_ readiness: Readiness, key: Int32, token: Token) {
    guard let place = placeOfRegistration[token], let program = programs[place] else { return }
    if key == 0 { return reapIfEnded(place) }
    guard let output = program.output(key) else { return }
    if !output.read(&buffer) { return unwatch(program, source: Int(key)) }
    if output.isOverLimit { tooMuch(program, place, at: Clock.instant) }
  }

  private func unwatch(_ program: RunningProgram, source: Int) {
    guard let registration = program.registrations[source] else { return }
    program.registrations[source] = nil
    placeOfRegistration[registration] = nil
    reactor.remove(registration)
  }

  private func tooMuch(_ program: RunningProgram, _ place: Token, at now: Instant) {
    for source in 1...2 { unwatch(program, source: source) }
    guard program.step == .running else { return }
    program.ourEnd = .outputTooLarge
    killProgram(program, place, at: now)
  }

  // MARK: - Time

  package var nextDue: Instant? {
    min(deadlines.nextDue ?? .distantFuture, nextSweep)
  }

  package func runDue(at now: Now) {
    while let (due, place) = deadlines.popDue(at: now.instant) {
      // A step that is over has left its time in the heap.
      guard let program = programs[place], program.due == due else { continue }
      stepIsOver(program, place, at: now.instant)
    }
    if now.instant >= nextSweep { sweep(at: now.instant) }
  }

  private func stepIsOver(_ program: RunningProgram, _ place: Token, at now: Instant) {
    // It may have ended in time while the loop was held up.
    reapIfEnded(place)
    guard programs[place] != nil else { return }
    switch program.step {
    case .starting:
      // Still in our own queue, or its file does not come from the disk.
      report(program, .noRoom, leftBehind: 0, at: now)
    case .running:
      program.ourEnd = .timedOut(ignoredSIGTERM: false)
      program.signal(SIGTERM)
      program.step = .terminating
      program.due = now + Limits.pluginTerminationGrace
      deadlines.push(place, due: program.due)
    case .terminating:
      program.ourEnd = .timedOut(ignoredSIGTERM: true)
      killProgram(program, place, at: now)
    case .killed:
      // The kernel holds it: the attempt need not wait for that.
      report(program, .noRoom, leftBehind: 0, at: now)
    }
  }

  private func killProgram(_ program: RunningProgram, _ place: Token, at now: Instant) {
    guard program.step == .running || program.step == .terminating else { return }
    program.signal(SIGKILL)
    program.step = .killed
    program.due = now + Limits.pluginKillGrace
    deadlines.push(place, due: program.due)
    // A program whose end the loop cannot tell is reaped on the sweeps.
    planSweep(at: now, in: Self.sweepSoon)
  }

  private func sweep(at now: Instant) {
    for place in programs.tokens where programs[place]?.step == .killed { reapIfEnded(place) }
    let found = orphans.sweep(running: running)
    if found > 0 || orphans.isUnfinished { return planSweep(at: now, in: Self.sweepSoon) }
    if sweepPause < Self.sweepEvery { return planSweep(at: now, in: sweepPause * 2) }
    if running.isEmpty, !orphans.isWaiting {
      nextSweep = .distantFuture
    } else {
      planSweep(at: now, in: Self.sweepEvery)
    }
  }

  private func planSweep(at now: Instant, in pause: TimeAmount) {
    sweepPause = pause
    nextSweep = now + pause
  }

  // MARK: - The end

  private func reapIfEnded(_ place: Token) {
    guard let program = programs[place], program.pid > 0 else { return }
    var information = siginfo_t()
    // It stays unreaped, so that its number is nobody else's while its group is ended.
    let flags = WEXITED | WNOHANG | WNOWAIT
    guard waitid(P_PID, id_t(program.pid), &information, flags) == 0 else {
      if errno == ECHILD { forget(program, place) }
      return
    }
    guard information.si_signo == SIGCHLD else { return }
    let now = Clock.instant
    drain(program)
    running.remove(program.pid)
    let leftBehind = orphans.sweep(running: running, ended: program.pid)
    program.signal(SIGKILL)
    var status: Int32 = 0
    waitpid(program.pid, &status, 0)
    for source in 0...2 { unwatch(program, source: source) }
    programs.remove(place)
    if leftBehind > 0 || orphans.isUnfinished { planSweep(at: now, in: Self.sweepSoon) }
    report(program, end(status), leftBehind: leftBehind, at: now)
  }

  /// Lets go of a program that is no child of ours any more. Its number may be another's: it gets no
  /// signal.
  private func forget(_ program: RunningProgram, _ place: Token) {
    drain(program)
    running.remove(program.pid)
    for source in 0...2 { unwatch(program, source: source) }
    programs.remove(place)
    let reason = "how it ended is not known: something else has reaped it, or ignores SIGCHLD"
    report(program, .notStarted(reason), leftBehind: 0, at: Clock.instant)
  }

  /// Takes what it wrote before its end; others that still hold its outputs are not waited for.
  private func drain(_ program: RunningProgram) {
    for output in [program.output, program.errors].compactMap({ $0 }) {
      _ = output.read(&buffer)
      if output.isOverLimit, program.ourEnd == nil { program.ourEnd = .outputTooLarge }
    }
  }

  private func end(_ status: Int32) -> SpawnResult.End {
    let signal = status & 0x7F
    return signal == 0 ? .exited(code: status >> 8 & 0xFF) : .signalled(signal)
  }

  private func report(
    _ program: RunningProgram, _ end: SpawnResult.End, leftBehind: Int, at now: Instant
  ) {
    guard program.isAwaited else { return }
    program.isAwaited = false
    placeOfAttempt[program.token] = nil
    onExit(program.token, program.result(end, leftBehind: leftBehind, at: now))
  }
}
