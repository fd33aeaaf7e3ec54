import Base

/// Whether the machine's wall clock follows a source of time, and by what that is known.
package struct ClockReport: Sendable, Hashable {
  package enum State: String, Sendable, Hashable, CaseIterable {
    case synchronised
    case unsynchronised
    /// Nobody here can tell.
    case unknown
  }

  package enum Source: String, Sendable, Hashable, CaseIterable {
    /// The kernel's own word, adjtimex(2).
    case kernel
    /// The file that systemd-timesyncd leaves when it has set the clock.
    case timesyncd
  }

  package var state: State
  /// Nil where nothing tells.
  package var source: Source?
  /// How wrong the clock may be by the kernel's reckoning; nil where that is not known.
  package var maximumError: TimeAmount?
  /// Why it is not known; empty where it is.
  package var problem: String

  package init(
    _ state: State, source: Source? = nil, maximumError: TimeAmount? = nil, problem: String = ""
  ) {
    self.state = state
    self.source = source
    self.maximumError = maximumError
    self.problem = problem
  }
}
