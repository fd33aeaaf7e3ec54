import CLinux
import Glibc

/// Measures, prints figures against their bounds, and tells by the exit code whether they hold.

// A part of `history`, in a process of its own.
if CommandLine.arguments.dropFirst().first == historyOpening {
  do { try openHistory(Array(CommandLine.arguments.dropFirst(2))) } catch {
    say("linkhealth-bench: \(error)")
    exit(ExitCode.notMeasured)
  }
  exit(ExitCode.held)
}

let arguments: Arguments
do {
  arguments = try Arguments(Array(CommandLine.arguments.dropFirst()))
} catch {
  say("linkhealth-bench: \(error.message)\nTry: linkhealth-bench --help")
  exit(ExitCode.usage)
}
if arguments.wantsHelp {
  print(Arguments.help)
  exit(ExitCode.held)
}
lh_ignore_sigpipe()
exit(runBench(arguments))
