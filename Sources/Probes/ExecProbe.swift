import Base
import Model
import Wire

/// The settings of a check by a program.
package final class ExecOptions: Sendable {
  /// An absolute path.
  package let program: String
  package let arguments: [String]
  package let environment: [(name: String, value: SecretText)]
  package let outputLimitBytes: Int
  package let slow: TimeAmount?
  let mask: SecretMask

  package init(
    program: String, arguments: [String] = [],
    environment: [(name: String, value: SecretText)] = [],
    outputLimitBytes: Int = Limits.pluginOutputBytes, slow: TimeAmount? = nil
  ) {
    self.program = program
    self.arguments = arguments
    self.environment = environment
    self.outputLimitBytes = outputLimitBytes
    self.slow = slow
    mask = SecretMask(environment.flatMap(\.value.secrets))
  }
}

/// Checks a link by a program that keeps to the convention of Nagios plugins: its exit code tells how
/// the link is, its first line why (Monitoring Plugins Development Guidelines, "Plugin Return Codes").
package struct ExecProbe: Probe {
  package static let kind = "exec"

  private let options: ExecOptions
  private let timeout: TimeAmount
  private let tracing: Bool
  private var result = ProbeResult(outcome: .ok)

  package static func target(of options: ExecOptions) -> String? { nil }

  package init(_ options: ExecOptions, timeout: TimeAmount, tracing: Bool) {
    self.options = options
    self.timeout = timeout
    self.tracing = tracing
  }

  package mutating func step(_ event: ProbeEvent, at now: Instant) -> ProbeAction {
    switch event {
    case .start:
      if tracing { note(([options.program] + options.arguments).joined(separator: " ")) }
      return .spawn(
        Spawn(
          program: options.program, arguments: options.arguments,
          environment: options.environment.map { variable in
            "\(variable.name)=\(String(decoding: variable.value.text.bytes, as: UTF8.self))"
          },
          timeLimit: timeout, outputLimitBytes: options.outputLimitBytes))
    case .exited(let ended): return judge(ended)
    case .timedOut:
      // Programs are ended on time; one that is not has not been started, for want of its file.
      return finish(.skipped(.notRunnable), "it was not started in time")
    default: return finish(.skipped(.unsupported), "")
    }
  }

  private mutating func judge(_ ended: SpawnResult) -> ProbeAction {
    result.timings.totalMicroseconds = UInt32(clamping: ended.took.microseconds)
    let kept = Array(ended.output.prefix(Limits.pluginOutputBytes))
    var isCut = kept.count < ended.output.count
    if case .exited = ended.end {} else { isCut = true }
    // Before it is taken apart: a secret may hold what divides it.
    let output = PluginOutput(options.mask.masked(kept, isCut: isCut))
    result.readings = output.readings
    let line = output.line.isEmpty ? "no output" : output.line
    let left = ended.leftBehind
    let behind = left == 0 ? "" : left == 1 ? "left a process behind" : "left \(left) behind"
    switch ended.end {
    case .exited(let code):
      let outcome = Self.outcome(ofExitCode: code)
      if outcome == .ok, let slow = options.slow, ended.took > slow { result.flags.insert(.slow) }
      return finish(outcome, line, behind)
    case .signalled(9):
      // No server can do that: it is the kernel, for want of memory, or somebody on this machine.
      let killed = "killed by SIGKILL, not by us; out of memory?"
      return finish(.skipped(.notRunnable), output.line, killed, behind)
    case .signalled(let number):
      return finish(.plugin(.signalled(signalName(number))), output.line, behind)
    case .timedOut(let ignored):
      return finish(.plugin(.timedOut), output.line, ignored ? "ignored SIGTERM" : "", behind)
    case .outputTooLarge: return finish(.plugin(.outputTooLarge), output.line, behind)
    case .notStarted(let reason):
      return finish(.skipped(.notRunnable), "\(options.program): \(reason)")
    case .noRoom:
      return finish(.skipped(.tableFull), "no room for one more program; see exec.atOnce")
    }
  }

  /// What an exit code means; 126 and 127 are a shell's words for a command that it cannot run.
  static func outcome(ofExitCode code: Int32) -> Outcome {
    switch code {
    case 0: .ok
    case 1: .warning(.plugin)
    case 2: .plugin(.critical)
    case 3: .skipped(.pluginUnknown)
    case 126, 127: .skipped(.notRunnable)
    default: .plugin(.exitCode("\(code)"))
    }
  }

  /// `remarks`: what is ours to say of it; it stands first, so that a long line does not push it out.
  private mutating func finish(
    _ outcome: Outcome, _ line: String, _ remarks: String...
  ) -> ProbeAction {
    result.outcome = outcome
    let remark = remarks.filter { !$0.isEmpty }.joined(separator: ", ")
    let parts = [remark.isEmpty ? "" : "(\(remark))", line].filter { !$0.isEmpty }
    result.note = noteText(options.mask.masked(parts.joined(separator: " ")))
    if tracing {
      note(outcome.sentence)
      if !result.note.isEmpty { note(result.note) }
    }
    return .finish(result)
  }

  private mutating func note(_ text: String) {
    result.steps.append(printable(options.mask.masked(text), limit: 1_000))
  }
}

/// Linux's names of signals (signal(7)), which are the same on all machines that Debian 12 and Swift
/// have in common.
private func signalName(_ number: Int32) -> String {
  let names = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
    "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
  ]
  let place = Int(number) - 1
  return names.indices.contains(place) ? "SIG\(names[place])" : "signal \(number)"
}
