import Base
import Glibc
import Probes

/// A program that an attempt waits for, from the moment it is asked for until it is reaped.
final class RunningProgram {
  /// Where it stands; each step but the first two has a time at which the next one follows.
  enum Step {
    case starting
    case running
    /// Asked to end by SIGTERM, its time being up.
    case terminating
    /// Ended by SIGKILL.
    case killed
  }

  let token: Token
  let timeLimit: TimeAmount
  let outputLimitBytes: Int
  let asked: Instant
  var step = Step.starting
  /// When the present step is over.
  var due: Instant
  /// Whether somebody still waits for the result.
  var isAwaited = true
  /// How it ends, where that is our doing.
  var ourEnd: SpawnResult.End?

  private(set) var pid: Int32 = 0
  private(set) var process: Descriptor?
  private(set) var output: ProgramOutput?
  private(set) var errors: ProgramOutput?
  private var began: Instant

  /// The places in the loop: of the process, of its output, of its errors.
  var registrations: [Token?] = [nil, nil, nil]

  init(_ spawn: Spawn, token: Token, at now: Instant) {
    self.token = token
    timeLimit = spawn.timeLimit
    outputLimitBytes = spawn.outputLimitBytes
    asked = now
    began = now
    due = now + spawn.timeLimit
  }

  /// Takes the descriptors over.
  func start(_ started: StartedProgram) {
    step = .running
    pid = started.pid
    began = started.began
    process = Descriptor(started.process)
    output = ProgramOutput(started.output, limitBytes: outputLimitBytes)
    errors = ProgramOutput(started.errors, limitBytes: outputLimitBytes)
  }

  /// The number of the pidfd.
  var processNumber: Int32 { process?.raw ?? -1 }

  func output(_ source: Int32) -> ProgramOutput? {
    source == 1 ? output : source == 2 ? errors : nil
  }

  /// Its standard output, or that of errors if there is none.
  private var written: [UInt8] {
    guard let output, output.bytes.isEmpty else { return output?.bytes ?? [] }
    return errors?.bytes ?? []
  }

  /// Sends a signal to its process group. Only while it has not been reaped: until then nobody else
  /// can have its number.
  func signal(_ number: Int32) {
    // 0 would mean our own group, and 1 everybody.
    precondition(pid > 1, "a program that runs")
    kill(-pid, number)
  }

  /// `end`: what the kernel tells of it. A program that was late because it waited for us has had no
  /// fair chance.
  func result(_ end: SpawnResult.End, leftBehind: Int, at now: Instant) -> SpawnResult {
    var end = ourEnd ?? end
    if case .timedOut = end, began - asked > timeLimit / 10 { end = .noRoom }
    return SpawnResult(end: end, output: written, took: now - began, leftBehind: leftBehind)
  }
}
