import Base
import Model

/// A program to be run for an attempt: no shell, an environment of its own, a process group of its
/// own.
package struct Spawn: Sendable, Hashable {
  /// An absolute path.
  package var program: String
  /// Without the program's name.
  package var arguments: [String]
  /// `NAME=value`; nothing else of the daemon's environment is handed on.
  package var environment: [String]
  package var timeLimit: TimeAmount
  /// More output than this ends the program.
  package var outputLimitBytes: Int

  package init(
    program: String, arguments: [String] = [], environment: [String] = [], timeLimit: TimeAmount,
    outputLimitBytes: Int
  ) {
    self.program = program
    self.arguments = arguments
    self.environment = environment
    self.timeLimit = timeLimit
    self.outputLimitBytes = outputLimitBytes
  }
}

extension Spawn: CustomStringConvertible, CustomReflectable {
  package var description: String { "\(program) and \(arguments.count) arguments" }
  /// Without the environment, in which secrets stand.
  package var customMirror: Mirror { Mirror(self, children: ["program": program]) }
}

/// How a program ended.
package struct SpawnResult: Sendable, Hashable {
  package enum End: Sendable, Hashable {
    case exited(code: Int32)
    /// Ended by a signal that was not ours.
    case signalled(Int32)
    case timedOut(ignoredSIGTERM: Bool)
    case outputTooLarge
    /// It could not be started; why, in words for an operator.
    case notStarted(String)
    /// No descriptor or process was left, or too many run already: nobody's fault but ours.
    case noRoom
  }

  package var end: End
  /// What it wrote to its standard output, up to the limit; that of standard error if there was none.
  package var output: [UInt8]
  /// From the start to the end.
  package var took: TimeAmount
  /// Processes that it left behind and that were ended.
  package var leftBehind: Int

  package init(end: End, output: [UInt8] = [], took: TimeAmount = .zero, leftBehind: Int = 0) {
    self.end = end
    self.output = output
    self.took = took
    self.leftBehind = leftBehind
  }
}
