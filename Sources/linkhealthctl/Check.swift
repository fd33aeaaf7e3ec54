import ControlClient
import Glibc

/// Checks the files of a catalogue or a configuration without a daemon and returns the exit code.
/// `arguments` is what followed the word `check`, options included.
func runCheck(arguments: [String]) -> Int32 {
  try? writeAll(Array("linkhealthctl: check is not part of this build\n".utf8), to: STDERR_FILENO)
  return Exit.failed
}
