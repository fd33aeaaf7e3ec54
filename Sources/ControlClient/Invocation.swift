import Base
import Model

/// A command line that was understood.
package struct Invocation: Sendable, Hashable {
  package var action: Action
  package var common: CommonSettings

  package init(_ action: Action, _ common: CommonSettings = .init()) {
    self.action = action
    self.common = common
  }

  /// How long to wait for the daemon: acts that wait for work to be done are given longer.
  package var timeout: TimeAmount {
    if let timeout = common.timeout { return timeout }
    switch action {
    case .attempt, .reload, .past: return .seconds(60)
    default: return .seconds(10)
    }
  }
}

/// What is asked for.
package enum Action: Sendable, Hashable {
  case status
  case links(LinkFilter)
  case show(LinkID)
  case explain(LinkID)
  case samples(LinkID, SampleFilter)
  case past(PastQuestion)
  case incidents(IncidentFilter)
  case incident(String)
  case acknowledge(String, note: String?)
  /// The arguments after the command's word, untouched.
  case check([String])
  /// `configuration`: nil for what each file names, or the usual one.
  case testRules([String], configuration: String?, isVerbose: Bool)
  case attempt(LinkID)
  case pause(LinkID, reason: String?)
  case resume(LinkID)
  case quiet(QuietQuestion)
  /// `plan`: change nothing; `yes`: also where more than a third of the links would go.
  case reload(plan: Bool = false, yes: Bool = false)
  case version
  case help(Command?)
}

/// The options that every command takes.
package struct CommonSettings: Sendable, Hashable {
  package var socket: String
  package var isJSON: Bool
  package var color: ColorChoice
  package var timeout: TimeAmount?

  package init(
    socket: String = defaultSocket, isJSON: Bool = false, color: ColorChoice = .auto,
    timeout: TimeAmount? = nil
  ) {
    self.socket = socket
    self.isJSON = isJSON
    self.color = color
    self.timeout = timeout
  }
}

/// Which links to list; an empty list of values lets all through.
package struct LinkFilter: Sendable, Hashable {
  package var services: [String] = []
  package var consumers: [String] = []
  package var systems: [String] = []
  package var owners: [String] = []
  package var states: [LinkState] = []
  /// Marks, asked for by the same option as states: either lets a link through.
  package var marks: [LinkMark] = []
  package var routes: [String] = []
  package var vendors: [String] = []
  package var roles: [LinkRole] = []
  package var limit: Int?
  package var offset: Int?

  package init() {}

  /// How many links are asked for at once: at some 900 bytes each, the most of them stay well
  /// within ``Limits/controlResponseBytes``.
  package static let limitStandard = 10_000
  package static let limitMaximum = 50_000
}

/// What a link may bear beside its state.
package enum LinkMark: String, Sendable, Hashable, CaseIterable {
  case paused
  case overdue
  case maintenance
  case silenced
  case flapping
}

/// Which incidents to list; an empty list of values lets all through.
package struct IncidentFilter: Sendable, Hashable {
  /// The resolved ones too.
  package var all: Bool
  package var services: [String] = []
  package var consumers: [String] = []
  package var systems: [String] = []
  package var owners: [String] = []
  package var severities: [Severity] = []

  package init(all: Bool) { self.all = all }

  var isNarrowed: Bool {
    !severities.isEmpty || ![services, consumers, systems, owners].allSatisfy(\.isEmpty)
  }
}

/// Which samples to list.
package struct SampleFilter: Sendable, Hashable {
  package var limit: Int?
  package var probe: String?
  /// Times as the daemon is to read them.
  package var from: String?
  package var to: String?

  package init() {}
}

/// A command line that was not understood.
package struct UsageError: Error, Sendable, Hashable {
  package var message: String
  /// The command whose help would tell more.
  package var command: Command?

  package init(_ message: String, _ command: Command? = nil) {
    self.message = message
    self.command = command
  }

  /// What to print on the error stream, newline-terminated and safe for a terminal.
  package var text: String {
    let help = command.map { "linkhealthctl help \($0.rawValue)" } ?? "linkhealthctl help"
    return "linkhealthctl: \(printable(message, limit: 1_000))\nHow to use it: \(help)\n"
  }
}
