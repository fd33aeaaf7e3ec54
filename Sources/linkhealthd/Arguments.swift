import Base
import Glibc
import Wire

/// What the command line asks for.
struct Arguments {
  enum Action {
    case run
    case help
    case version
  }

  struct Mistake: Error {
    var message: String
  }

  static let help = """
    linkhealthd watches links between public bodies and tells which is failing.

    Usage: linkhealthd [--config FILE] [--debug]

      --config FILE   the configuration (/etc/linkhealth/linkhealth.json5)
      --debug         log more
      --version       print the version
      --help          print this text

    It runs in the foreground and logs to standard error. SIGHUP reloads the configuration, SIGTERM
    ends the daemon. Exit codes: 0 ended as asked, 64 wrong usage, 71 an error of the system, 73 the
    state directory cannot be used, 75 another daemon uses it, 78 the configuration has mistakes.
    """

  var action = Action.run
  var configuration = "/etc/linkhealth/linkhealth.json5"
  var isDebugging = false

  init(_ words: [String]) throws(Mistake) {
    var rest = words[...]
    while let word = rest.popFirst() {
      let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
      switch parts.first ?? "" {
      case "--config", "-c":
        guard let value = parts.count == 2 ? parts[1] : rest.popFirst(), !value.isEmpty else {
          throw Mistake(message: "\(word) needs a file")
        }
        configuration = value
      case "--debug": isDebugging = true
      case "--help", "-h": action = .help
      case "--version", "-V": action = .version
      default:
        let near = nearest(word, among: ["--config", "--debug", "--help", "--version"])
        throw Mistake(
          message: "unknown argument \(printable(word))"
            + (near.map { "; did you mean \($0)?" } ?? ""))
      }
    }
  }
}

/// Writes lines to standard error.
func say(_ text: String) {
  let bytes = Array((text + "\n").utf8)
  _ = write(2, bytes, bytes.count)
}
