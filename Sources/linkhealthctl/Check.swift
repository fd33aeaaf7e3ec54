import Base
import Catalogue
import ControlClient
import Glibc
import Host

/// Checks the files of a catalogue or a configuration without a daemon and returns the exit code.
/// `arguments` is what followed the word `check`, options included.
func runCheck(arguments: [String]) -> Int32 {
  var paths: [String] = []
  var asJSON = false
  var secretsAreNeeded = false
  var showsSizes = false
  var onlyPaths = false
  for word in arguments {
    if onlyPaths || !word.hasPrefix("-") {
      paths.append(word)
    } else if word == "--json" {
      asJSON = true
    } else if word == "--secrets" {
      secretsAreNeeded = true
    } else if word == "--sizes" {
      showsSizes = true
    } else if word == "--" {
      onlyPaths = true
    } else {
      try? writeAll(
        Array(
          ("linkhealthctl check: unknown option \(printable(word)); there are --json, --secrets and"
            + " --sizes\n").utf8),
        to: STDERR_FILENO)
      return Exit.usage
    }
  }
  if paths.isEmpty { paths = [defaultConfiguration] }
  if showsSizes { return runSizes(paths, asJSON: asJSON) }
  let report = checkReport(paths, .system, secretsAreNeeded: secretsAreNeeded)
  let output = asJSON ? report.json() : Array((report.lines.joined(separator: "\n") + "\n").utf8)
  do {
    try writeAll(output, to: STDOUT_FILENO)
  } catch {
    return Exit.failed
  }
  return report.ok ? Exit.done : Exit.failed
}
