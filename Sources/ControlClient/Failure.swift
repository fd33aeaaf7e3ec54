import Base

/// Why the daemon gave no answer.
package enum ClientFailure: Error, Sendable, Hashable {
  /// There is no socket at the path; `reason` is the failed call in words.
  case noSocket(reason: String)
  /// There is a socket, but nobody listens on it: a daemon that died left it.
  case staleSocket(reason: String)
  /// The socket may not be opened; `group` is the group to be in, nil when it is not known.
  case notPermitted(reason: String, group: String?)
  /// Another failure of a call to the operating system.
  case system(reason: String)
  case timedOut(path: String, after: TimeAmount)
  /// The connection ended, or brought something that is no answer.
  case brokenAnswer(path: String, problem: String)
}

extension ClientFailure {
  /// What happened and what to do about it, safe for a terminal.
  package var message: String {
    switch self {
    case .noSocket(let reason):
      "linkhealthd is not running, or its socket is elsewhere: \(safe(reason)). "
        + "Start it with: systemctl start linkhealthd"
    case .staleSocket(let reason):
      "linkhealthd is not running; it left its socket behind: \(safe(reason)). "
        + "Start it with: systemctl start linkhealthd"
    case .notPermitted(let reason, let group):
      "you may not open the daemon's socket: \(safe(reason)). "
        + (group.map { "Become a member of the group \(safe($0)) and log in anew, or be root" }
          ?? "Its owner, and root, may")
    case .system(let reason): "the daemon cannot be reached: \(safe(reason))"
    case .timedOut(let path, let length):
      "linkhealthd gave no answer on \(safe(path)) within \(length). "
        + "See: systemctl status linkhealthd; a longer wait: --timeout"
    case .brokenAnswer(let path, let problem):
      "what answers on \(safe(path)) does not speak as linkhealthd does: \(safe(problem))"
    }
  }

  package var exitCode: Int32 {
    switch self {
    case .noSocket, .staleSocket, .system, .timedOut: Exit.unreachable
    case .notPermitted: Exit.forbidden
    case .brokenAnswer: Exit.failed
    }
  }

  private func safe(_ text: String) -> String { printable(text, limit: 400) }
}
