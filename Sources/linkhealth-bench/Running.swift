import Glibc

enum ExitCode {
  static let held: Int32 = 0
  static let short: Int32 = 1
  static let notMeasured: Int32 = 2
  static let usage: Int32 = 64
  static let interrupted: Int32 = 130
}

/// Why nothing could be measured.
enum BenchError: Error {
  case interrupted
  case failed(String)
}

/// Measures a subject, tells the figures, and leaves nothing behind. Returns the exit code.
func runBench(_ arguments: Arguments) -> Int32 {
  #if DEBUG
    say("linkhealth-bench: this is a debug build: its figures say nothing; build with -c release")
  #endif
  if arguments.isQuick {
    say("linkhealth-bench: a quick run: too small and too short for its figures to count")
  }
  var report = Report(arguments)
  do {
    let workbench = try Workbench()
    defer { workbench.close() }
    switch arguments.subject {
    case .schedule: try measureSchedule(workbench, quick: arguments.isQuick, &report)
    case .probes: try measureProbes(workbench, quick: arguments.isQuick, &report)
    case .alerts: try measureAlerts(workbench, quick: arguments.isQuick, &report)
    case .reload: try measureReload(workbench, quick: arguments.isQuick, &report)
    case .history:
      try measureHistory(workbench, part: arguments.part, quick: arguments.isQuick, &report)
    case .kinds: try measureKinds(workbench, quick: arguments.isQuick, &report)
    case .judgement: try measureJudgement(workbench, quick: arguments.isQuick, &report)
    case .hostile: try measureHostile(workbench, quick: arguments.isQuick, &report)
    case .catalogue: try measureCatalogue(workbench, quick: arguments.isQuick, &report)
    }
  } catch BenchError.interrupted {
    say("linkhealth-bench: interrupted")
    return ExitCode.interrupted
  } catch BenchError.failed(let reason) {
    say("linkhealth-bench: \(reason)")
    return ExitCode.notMeasured
  } catch {
    say("linkhealth-bench: \(error)")
    return ExitCode.notMeasured
  }
  report.finish()
  return report.holds ? ExitCode.held : ExitCode.short
}

/// Writes a line to standard error.
func say(_ text: String) { writeBytes(Array((text + "\n").utf8), to: STDERR_FILENO) }

/// Writes a line to standard output, at once.
func writeLine(_ text: String) { writeBytes(Array((text + "\n").utf8), to: STDOUT_FILENO) }

private func writeBytes(_ bytes: [UInt8], to descriptor: Int32) {
  var rest = bytes[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    guard count > 0 else { return }
    rest = rest.dropFirst(count)
  }
}
