import ControlClient
import Glibc

/// The columns of the terminal that the output goes to; nil when it goes elsewhere.
func terminalColumns() -> Int? {
  guard isatty(STDOUT_FILENO) == 1 else { return nil }
  var size = winsize()
  let answered = withUnsafeMutablePointer(to: &size) {
    ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), UnsafeMutableRawPointer($0)) == 0
  }
  // A terminal that does not know its size tells 0.
  return answered && size.ws_col > 0 ? Int(size.ws_col) : 80
}

func readEnvironment() -> Environment {
  let locales = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap(variable)
  return Environment(
    socket: variable("LINKHEALTH_SOCKET"), noColor: variable("NO_COLOR"),
    terminal: variable("TERM"), locale: locales.first { !$0.isEmpty })
}

private func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
