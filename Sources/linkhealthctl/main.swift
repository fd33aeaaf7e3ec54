import Base
import CLinux
import ControlClient
import Glibc
import Host

// A reader that goes away shows as an error of the write, not as a signal.
lh_ignore_sigpipe()
exit(run(Array(CommandLine.arguments.dropFirst())))

/// Runs one command line and returns the exit code.
func run(_ arguments: [String]) -> Int32 {
  let environment = readEnvironment()
  let invocation: Invocation
  do throws(UsageError) {
    invocation = try parseArguments(arguments, environment: environment, now: Clock.wall)
  } catch {
    return deliver(Report(errors: Array(error.text.utf8), exitCode: Exit.usage))
  }
  if case .check(let arguments) = invocation.action { return runCheck(arguments: arguments) }
  if case .testRules(let files, let configuration, let isVerbose) = invocation.action {
    return testRules(
      files, configuration: configuration, isVerbose: isVerbose,
      asJSON: invocation.common.isJSON)
  }
  let display = Display(
    columns: terminalColumns(), color: invocation.common.color, environment: environment)
  return deliver(converse(Conversation(invocation, display), invocation))
}

/// Carries a conversation to its report: sends what it asks to send, tells it what came back.
private func converse(_ conversation: Conversation, _ invocation: Invocation) -> Report {
  var conversation = conversation
  func connection() -> ControlConnection {
    ControlConnection(
      path: invocation.common.socket, timeout: invocation.timeout, startedAt: Clock.instant)
  }
  var copy: HistoryCopy?
  if case .past(let question) = invocation.action, let directory = question.copy {
    copy = HistoryCopy(directory: directory, now: Clock.wall)
  }
  var current = connection()
  var step = conversation.begin()
  while true {
    switch step {
    case .finish(let report): return report
    case .send(let request):
      step = conversation.receive(copy?.answer(to: request) ?? current.answer(to: request))
    case .write(let bytes, let request):
      do throws(SystemError) {
        try writeAll(bytes, to: STDOUT_FILENO)
      } catch {
        // A reader who has read enough is no error.
        return error.code == EPIPE
          ? Report(exitCode: Exit.done)
          : Report(
            errors: Array("linkhealthctl: \(error)\n".utf8), exitCode: Exit.failed)
      }
      // Each page has the whole time.
      current = connection()
      step = conversation.receive(current.answer(to: request))
    }
  }
}

/// Writes a report to the two streams. A reader who has read enough is no error.
private func deliver(_ report: Report) -> Int32 {
  do throws(SystemError) {
    try writeAll(report.output, to: STDOUT_FILENO)
    try writeAll(report.errors, to: STDERR_FILENO)
  } catch {
    if error.code == EPIPE { return report.exitCode }
    try? writeAll(Array("linkhealthctl: \(error)\n".utf8), to: STDERR_FILENO)
    return report.exitCode == Exit.done ? Exit.failed : report.exitCode
  }
  return report.exitCode
}
