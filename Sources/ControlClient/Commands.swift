/// The commands of the program. Raw values are what is typed.
package enum Command: String, Sendable, Hashable, CaseIterable {
  case status
  case links
  case show
  case explain
  case samples
  case history
  case compare
  case availability
  case worst
  case export
  case incidents
  case ack
  case check
  case testRules = "test-rules"
  case attempt = "try"
  case pause
  case resume
  case maintenance
  case silence
  case reload
  case version
  case help
}

/// An option as it is typed, and its line in the help.
package struct OptionSpec: Sendable, Hashable {
  /// With both dashes.
  package var name: String
  /// What stands for the value in the help; nil for an option without a value.
  package var value: String?
  package var help: String
  /// Whether values of further uses are added to the first's.
  package var isRepeatable = false
}

/// What a command takes and does: the one source of the parser, the help and the test of the
/// manual page.
package struct CommandSpec: Sendable {
  package var command: Command
  /// What stands for the operands in the help, such as `LINK`.
  package var operands: String
  package var operandCount: ClosedRange<Int>
  package var summary: String
  package var options: [OptionSpec]
  /// What the first operand may be, where it is a verb.
  package var verbs: [(term: String, text: String)] = []
}

extension Command {
  package var spec: CommandSpec {
    switch self {
    case .status: spec("How everything is, as a monitoring plug-in tells it.")
    case .links: spec("List the links, all or those that match.", options: linkOptions)
    case .show: spec("LINK", "Show one link: its probes, their last attempts and rules.")
    case .explain:
      spec(
        "LINK", "Tell why a link stands as it does, and where each of its settings was written.")
    case .samples:
      spec("LINK", "List the newest samples of a link, oldest first.", options: sampleOptions)
    case .history:
      spec("LINK", "Draw how a link was: latency, state, errors.", options: historyOptions)
    case .compare:
      spec(
        "LINK", "Compare an hour of a link with the same hour of the weeks before.",
        options: compareOptions)
    case .availability:
      spec("Tell how available groups of links were.", options: availabilityOptions)
    case .worst: spec("List the links that did worst.", options: worstOptions)
    case .export:
      spec(
        "Write samples or figures of any time and links, as CSV or JSON lines.",
        options: exportOptions)
    case .incidents:
      CommandSpec(
        command: self, operands: "[ID]", operandCount: 0...1,
        summary: "List the incidents that are open, or show one with all that happened to it.",
        options: incidentOptions)
    case .ack:
      spec(
        "ID", "Take up an incident: tell others that somebody sees to it.", options: [noteOption])
    case .check:
      CommandSpec(
        command: self, operands: "[FILE...]", operandCount: 0...Int.max,
        summary: "Check a catalogue or configuration; needs no daemon.",
        options: [
          OptionSpec(
            name: "--secrets", value: nil,
            help: "Count secrets that cannot be read as mistakes; else they are notes."),
          OptionSpec(
            name: "--sizes", value: nil,
            help: "Tell what the history of a configuration takes on the disk."),
        ])
    case .testRules:
      CommandSpec(
        command: self, operands: "FILE...", operandCount: 1...Int.max,
        summary: "Try the rules on stories with expected incidents; needs no daemon.",
        options: [
          OptionSpec(
            name: "--config", value: "FILE",
            help: "The configuration whose rules are tried; else what the file names, else "
              + "\(defaultConfiguration)."),
          OptionSpec(name: "--verbose", help: "Also tell what happened to each incident."),
        ])
    case .attempt:
      spec("LINK", "Run each probe of a link once, now, and show where the time went.")
    case .pause: spec("LINK", "Send a link no more traffic.", options: [reasonOption])
    case .resume: spec("LINK", "Take up a paused link again.")
    case .maintenance: maintenanceSpec
    case .silence: silenceSpec
    case .reload:
      spec("Read the configuration and the catalogue anew.", options: reloadOptions)
    case .version: spec("Tell the versions of this program and of the daemon.")
    case .help:
      CommandSpec(
        command: self, operands: "[COMMAND]", operandCount: 0...1,
        summary: "Tell how to use this program, or one command.", options: [])
    }
  }

  private func spec(_ summary: String, options: [OptionSpec] = []) -> CommandSpec {
    CommandSpec(
      command: self, operands: "", operandCount: 0...0, summary: summary, options: options)
  }

  private func spec(
    _ operand: String, _ summary: String, options: [OptionSpec] = []
  ) -> CommandSpec {
    CommandSpec(
      command: self, operands: operand, operandCount: 1...1, summary: summary, options: options)
  }
}

/// The options that every command takes.
package let commonOptions = [
  OptionSpec(name: "--json", help: "Print the daemon's JSON answer as it is."),
  OptionSpec(
    name: "--socket", value: "PATH",
    help: "The daemon's socket; else $LINKHEALTH_SOCKET, else \(defaultSocket)."),
  OptionSpec(
    name: "--timeout", value: "TIME",
    help: "How long to wait for an answer, such as 3s (10s; 60s for try and reload)."),
  OptionSpec(
    name: "--color", value: "WHEN",
    help: "auto (on a terminal, unless NO_COLOR is set), always, never."),
  OptionSpec(name: "--help", help: "Tell how to use the command."),
]

/// Where the daemon listens unless it is told otherwise.
package let defaultSocket = "/run/linkhealth/control.sock"

/// Where the daemon's configuration is unless another file is named.
package let defaultConfiguration = "/etc/linkhealth/linkhealth.json5"

let linkOptions = [
  OptionSpec(
    name: "--service", value: "NAME", help: "Only links of this service.", isRepeatable: true),
  OptionSpec(
    name: "--consumer", value: "NAME", help: "Only links of this consumer.", isRepeatable: true),
  OptionSpec(
    name: "--province", value: "NAME", help: "The same as --consumer.", isRepeatable: true),
  OptionSpec(
    name: "--system", value: "NAME", help: "Only links of this system.", isRepeatable: true),
  OptionSpec(name: "--owner", value: "NAME", help: "Only links of this owner.", isRepeatable: true),
  OptionSpec(
    name: "--state", value: "STATE",
    help: "Only links in this state: planned, notConnected, up, degraded, down, unknown; or with "
      + "this mark: paused, overdue, maintenance, silenced, flapping.",
    isRepeatable: true),
  OptionSpec(
    name: "--route", value: "WORD", help: "Only links whose route has this word.",
    isRepeatable: true),
  OptionSpec(
    name: "--vendor", value: "NAME", help: "Only links of this vendor.", isRepeatable: true),
  OptionSpec(
    name: "--role", value: "ROLE",
    help: "Only links of this role: service, hop, canary, mustFail, token.",
    isRepeatable: true),
  OptionSpec(name: "--limit", value: "N", help: "At most so many links (10000; 50000 at most)."),
  OptionSpec(name: "--offset", value: "N", help: "Leave out the first so many."),
]

private let sampleOptions = [
  OptionSpec(name: "--limit", value: "N", help: "At most so many samples (100; 10000 at most)."),
  OptionSpec(name: "--probe", value: "NAME", help: "Only samples of this probe."),
  OptionSpec(
    name: "--from", value: "TIME",
    help: "Not older than this: 2025-11-07T01:02:03.004Z, or 2h for two hours ago."),
  OptionSpec(name: "--to", value: "TIME", help: "Not newer than this."),
  OptionSpec(name: "--since", value: "TIME", help: "The same as --from."),
  OptionSpec(name: "--csv", help: "Print comma-separated values, as many as there are."),
]

private let reloadOptions = [
  OptionSpec(name: "--plan", help: "Show what would change, and change nothing."),
  OptionSpec(name: "--yes", help: "Also where more than a third of the links would go."),
]

private let incidentOptions = [
  OptionSpec(name: "--all", help: "The resolved ones too."),
  OptionSpec(
    name: "--service", value: "NAME", help: "Only those of links of this service.",
    isRepeatable: true),
  OptionSpec(
    name: "--consumer", value: "NAME", help: "Only those of links of this consumer.",
    isRepeatable: true),
  OptionSpec(
    name: "--province", value: "NAME", help: "The same as --consumer.", isRepeatable: true),
  OptionSpec(
    name: "--system", value: "NAME", help: "Only those of links of this system.",
    isRepeatable: true),
  OptionSpec(
    name: "--owner", value: "NAME", help: "Only those of links of this owner.", isRepeatable: true),
  OptionSpec(
    name: "--severity", value: "WORD", help: "Only these: notice, warning, critical.",
    isRepeatable: true),
]

private let noteOption = OptionSpec(
  name: "--note", value: "TEXT", help: "What others should know; kept with the incident.")

private let reasonOption = OptionSpec(
  name: "--reason", value: "TEXT", help: "Why; kept with the pause and in the log.")
