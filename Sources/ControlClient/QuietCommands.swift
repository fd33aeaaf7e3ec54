/// The commands of maintenance and silences: a verb, then what it is for.
let maintenanceSpec = CommandSpec(
  command: .maintenance, operands: "[VERB ...]", operandCount: 0...Int.max,
  summary: "List, enter or end announced maintenance.",
  options: [
    OptionSpec(
      name: "--late", help: "list: those that were announced too late, past ones too."),
    OptionSpec(name: "--all", help: "list: those that are over too."),
    reasonOption,
    OptionSpec(
      name: "--from", value: "TIME",
      help: "add: when it begins, such as 2025-11-10T22:00 by the clock of the daemon's "
        + "timeZone; now, unless given."),
    OptionSpec(name: "--to", value: "TIME", help: "add: when it ends."),
    OptionSpec(name: "--for", value: "LENGTH", help: "add: how long, such as 2h or 1h30m."),
    OptionSpec(
      name: "--announced", value: "DAY",
      help: "add: when those concerned were told, such as 2025-11-03; today, unless given."),
    OptionSpec(
      name: "--notice", value: "N",
      help: "add: how many working days ahead it had to be announced; else what the "
        + "configuration says."),
    OptionSpec(
      name: "--weekday", value: "WORD", help: "add: it comes again, on monday and so on.",
      isRepeatable: true),
    OptionSpec(
      name: "--month-day", value: "N", help: "add: it comes again, on this day of the month.",
      isRepeatable: true),
    OptionSpec(
      name: "--start", value: "HH:MM",
      help: "add: when it begins on such days; every day, where none are given."),
    OptionSpec(name: "--first", value: "DAY", help: "add: the first day of one that comes again."),
    OptionSpec(name: "--last", value: "DAY", help: "add: its last day."),
  ] + selectorOptions,
  verbs: [
    ("list", "What holds and what is to come (so without a verb)."),
    ("show ID", "One window, with what it hid."),
    ("add [LINK...]", "Enter one: which links, when, and --reason."),
    ("end ID", "End one that was entered, now."),
  ])

let silenceSpec = CommandSpec(
  command: .silence, operands: "[VERB ...]", operandCount: 0...Int.max,
  summary: "List, enter or end silences: what is not told for a while.",
  options: [
    OptionSpec(name: "--all", help: "list: those that are over too."),
    reasonOption,
    OptionSpec(
      name: "--for", value: "LENGTH", help: "add: how long, such as 4h; at most 30d."),
    OptionSpec(
      name: "--until", value: "TIME",
      help: "add: when it ends, such as 2025-11-10T22:00 by the clock of the daemon's timeZone."),
    OptionSpec(
      name: "--pattern", value: "WORD",
      help: "add: only incidents of this pattern: point, province, system, owner, route, vendor, "
        + "vantage, clock.", isRepeatable: true),
    OptionSpec(
      name: "--severity", value: "WORD", help: "add: only these: notice, warning, critical.",
      isRepeatable: true),
  ] + selectorOptions,
  verbs: [
    ("list", "Those that hold, with how much each hid (so without a verb)."),
    ("show ID", "One silence, with what it hid."),
    ("add [LINK...]", "Enter one: which links or incidents, how long, and --reason."),
    ("LINK...", "The same as add LINK..."),
    ("end ID", "End one now."),
  ])

private let reasonOption = OptionSpec(
  name: "--reason", value: "TEXT", help: "add: why; shown to everybody and kept in the log.")

/// Which links: different options must all hold.
private let selectorOptions = [
  OptionSpec(
    name: "--service", value: "NAME", help: "add: links of this service.", isRepeatable: true),
  OptionSpec(
    name: "--system", value: "NAME", help: "add: links of this system.", isRepeatable: true),
  OptionSpec(
    name: "--owner", value: "NAME", help: "add: links of this owner.", isRepeatable: true),
  OptionSpec(
    name: "--province", value: "NAME", help: "add: links of this province.", isRepeatable: true),
  OptionSpec(
    name: "--consumer", value: "NAME", help: "The same as --province.", isRepeatable: true),
  OptionSpec(
    name: "--route", value: "WORD",
    help: "add: links whose route has this word, and the hop itself.", isRepeatable: true),
]
