import Base
import Model
import Wire

/// Reads the command line (without the program's name). `now` turns `--from 2h` into a time.
package func parseArguments(
  _ arguments: [String], environment: Environment, now: WallTime
) throws(UsageError) -> Invocation {
  var reader = ArgumentReader(arguments)
  try reader.readAll()
  let common = try commonSettings(reader, environment)
  if reader.isOn("--help") { return Invocation(.help(reader.command), common) }
  guard let command = reader.command else { throw UsageError("a command is missing") }
  return Invocation(try action(command, reader, now), common)
}

/// Sorts arguments into the command, its operands and its options.
struct ArgumentReader {
  private let arguments: [String]
  private var index = 0
  private(set) var command: Command?
  private(set) var operands: [String] = []
  /// In the order of the command line; an option without a value has an empty one.
  private var options: [(name: String, value: String)] = []

  init(_ arguments: [String]) { self.arguments = arguments }

  func isOn(_ name: String) -> Bool { options.contains { $0.name == name } }
  /// The last value of an option.
  func value(_ name: String) -> String? { options.last { $0.name == name }?.value }
  /// All values of an option, also those separated by commas.
  func values(_ name: String) -> [String] {
    options.filter { $0.name == name }
      .flatMap { $0.value.split(separator: ",").map(String.init) }
  }

  mutating func readAll() throws(UsageError) {
    while index < arguments.count {
      let argument = arguments[index]
      index += 1
      if argument == "--" {
        for rest in arguments[index...] { try takeWord(rest) }
        break
      }
      if argument == "-h" {
        options.append(("--help", ""))
      } else if argument.hasPrefix("-"), argument != "-" {
        try takeOption(argument)
      } else {
        try takeWord(argument)
        // What follows `check` is its own to read, save a wish for help.
        if command == .check, operands.isEmpty { return takeRest() }
      }
    }
    try checkOperands()
  }

  private mutating func takeRest() {
    operands = Array(arguments[index...])
    let beforeEnd = operands.prefix { $0 != "--" }
    if beforeEnd.contains("--help") || beforeEnd.contains("-h") { options.append(("--help", "")) }
  }

  private mutating func takeWord(_ word: String) throws(UsageError) {
    guard command != nil else {
      command = Command(rawValue: word)
      if command == nil {
        throw UsageError(
          "unknown command \(word)" + suggestion(word, among: Command.allCases.map(\.rawValue)))
      }
      return
    }
    operands.append(word)
  }

  private mutating func takeOption(_ argument: String) throws(UsageError) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts[0])
    let known = commonOptions + (command?.spec.options ?? [])
    guard let option = known.first(where: { $0.name == name }) else {
      throw unknownOption(name, known)
    }
    guard option.value != nil else {
      if parts.count > 1 { throw UsageError("\(name) takes no value", command) }
      options.append((name, ""))
      return
    }
    let value = parts.count > 1 ? String(parts[1]) : try nextValue(name)
    // A list of nothing must not pass for no filter at all.
    if value.allSatisfy({ $0 == "," }) { throw UsageError("\(name) needs a value", command) }
    options.append((name, value))
  }

  private func unknownOption(_ name: String, _ known: [OptionSpec]) -> UsageError {
    if let command {
      return UsageError(
        "unknown option \(name) of \(command.rawValue)"
          + suggestion(name, among: known.map(\.name)), command)
    }
    let belongsToCommand = Command.allCases.contains {
      $0.spec.options.contains { $0.name == name }
    }
    return belongsToCommand
      ? UsageError("\(name) belongs after its command")
      : UsageError("unknown option \(name)" + suggestion(name, among: known.map(\.name)))
  }

  private mutating func nextValue(_ name: String) throws(UsageError) -> String {
    guard index < arguments.count, !arguments[index].hasPrefix("--") else {
      throw UsageError("\(name) needs a value; one that starts with -- as \(name)=VALUE", command)
    }
    index += 1
    return arguments[index - 1]
  }

  private func checkOperands() throws(UsageError) {
    guard let command, !isOn("--help") else { return }
    let spec = command.spec
    if operands.count < spec.operandCount.lowerBound {
      throw UsageError("\(command.rawValue) needs \(spec.operands)", command)
    }
    if operands.count > spec.operandCount.upperBound {
      throw UsageError(
        "too much: \(operands[spec.operandCount.upperBound])", command)
    }
  }
}

private func suggestion(_ word: String, among known: [String]) -> String {
  nearest(word, among: known).map { "; did you mean \($0)?" } ?? ""
}

// MARK: - Meaning

private func commonSettings(
  _ reader: ArgumentReader, _ environment: Environment
) throws(UsageError) -> CommonSettings {
  var common = CommonSettings()
  if let socket = environment.socket, !socket.isEmpty { common.socket = socket }
  if let socket = reader.value("--socket") { common.socket = socket }
  common.isJSON = reader.isOn("--json")
  if let text = reader.value("--color") {
    guard let choice = ColorChoice(rawValue: text) else {
      throw UsageError("--color is auto, always or never, not \(text)", reader.command)
    }
    common.color = choice
  }
  if let text = reader.value("--timeout") {
    guard let timeout = parseDuration(text), timeout >= .milliseconds(1), timeout <= .hours(1)
    else {
      throw UsageError(
        "--timeout is a time from 1ms to 1h, such as 3s, not \(text)", reader.command)
    }
    common.timeout = timeout
  }
  return common
}

private func action(
  _ command: Command, _ reader: ArgumentReader, _ now: WallTime
) throws(UsageError) -> Action {
  switch command {
  case .status: .status
  case .links: .links(try linkFilter(reader))
  case .show: .show(try link(reader))
  case .explain: .explain(try link(reader))
  case .samples: try samples(reader, now)
  case .history: .past(try reader.pastQuestion(.history, try link(reader), now: now))
  case .compare: .past(try reader.pastQuestion(.compare, try link(reader), now: now))
  case .availability: .past(try reader.pastQuestion(.availability, nil, now: now))
  case .worst: .past(try reader.pastQuestion(.worst, nil, now: now))
  case .export: .past(try reader.pastQuestion(.export, nil, now: now))
  case .incidents:
    if let id = reader.operands.first {
      .incident(try incidentID(id, reader))
    } else {
      .incidents(try incidentFilter(reader))
    }
  case .ack:
    .acknowledge(try incidentID(reader.operands[0], reader), note: reader.value("--note"))
  case .check: .check(reader.operands)
  case .testRules:
    .testRules(
      reader.operands, configuration: reader.value("--config"),
      isVerbose: reader.isOn("--verbose"))
  case .attempt: .attempt(try link(reader))
  case .pause: .pause(try link(reader), reason: reader.value("--reason"))
  case .resume: .resume(try link(reader))
  case .maintenance: .quiet(try reader.quietQuestion(.maintenance))
  case .silence: .quiet(try reader.quietQuestion(.silence))
  case .reload: .reload(plan: reader.isOn("--plan"), yes: reader.isOn("--yes"))
  case .version: .version
  case .help: .help(try helpTopic(reader))
  }
}

private func link(_ reader: ArgumentReader) throws(UsageError) -> LinkID {
  let text = reader.operands[0]
  guard let link = LinkID(text) else {
    throw UsageError(
      "\(text) is no link; one is named SERVICE/CONSUMER, such as land-database/ha-noi",
      reader.command)
  }
  return link
}

private func incidentID(
  _ text: String, _ reader: ArgumentReader
) throws(UsageError) -> String {
  let isID =
    text.hasPrefix("inc-") && text.utf8.count <= 64
    && text.utf8.allSatisfy { $0 == 0x2D || $0 < 0x80 && isLetterOrDigit($0) }
  guard isID else {
    throw UsageError(
      "\(text) is no incident; one is named inc- and letters, as incidents lists it",
      reader.command)
  }
  return text
}

private func isLetterOrDigit(_ byte: UInt8) -> Bool {
  (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
}

private func linkFilter(_ reader: ArgumentReader) throws(UsageError) -> LinkFilter {
  var filter = LinkFilter()
  filter.services = reader.values("--service")
  filter.consumers = reader.values("--consumer") + reader.values("--province")
  filter.systems = reader.values("--system")
  filter.owners = reader.values("--owner")
  let (states, marks) = try statesAndMarks(reader)
  filter.states = states
  filter.marks = marks
  filter.routes = reader.values("--route")
  filter.vendors = reader.values("--vendor")
  filter.roles = try words("--role", "role", reader)
  filter.limit = try number("--limit", 1...LinkFilter.limitMaximum, reader)
  filter.offset = try number("--offset", 0...Limits.linksPerDaemon, reader)
  return filter
}

private func statesAndMarks(
  _ reader: ArgumentReader
) throws(UsageError) -> ([LinkState], [LinkMark]) {
  var states: [LinkState] = []
  var marks: [LinkMark] = []
  for text in reader.values("--state") {
    if let state = LinkState(rawValue: text) {
      states.append(state)
    } else if let mark = LinkMark(rawValue: text) {
      marks.append(mark)
    } else {
      let known = LinkState.allCases.map(\.rawValue) + LinkMark.allCases.map(\.rawValue)
      throw UsageError(
        "unknown state \(text)" + suggestion(text, among: known)
          + "; there are \(known.joined(separator: ", "))", reader.command)
    }
  }
  return (states, marks)
}

private func incidentFilter(_ reader: ArgumentReader) throws(UsageError) -> IncidentFilter {
  var filter = IncidentFilter(all: reader.isOn("--all"))
  filter.services = reader.values("--service")
  filter.consumers = reader.values("--consumer") + reader.values("--province")
  filter.systems = reader.values("--system")
  filter.owners = reader.values("--owner")
  filter.severities = try words("--severity", "severity", reader)
  return filter
}

/// The values of an option that takes words of a closed list.
private func words<Word: RawRepresentable<String> & CaseIterable>(
  _ name: String, _ noun: String, _ reader: ArgumentReader
) throws(UsageError) -> [Word] {
  var words: [Word] = []
  for text in reader.values(name) {
    guard let word = Word(rawValue: text) else {
      throw UsageError(
        "unknown \(noun) \(text)" + suggestion(text, among: Word.allCases.map(\.rawValue)),
        reader.command)
    }
    words.append(word)
  }
  return words
}

private func samples(_ reader: ArgumentReader, _ now: WallTime) throws(UsageError) -> Action {
  let link = try link(reader)
  return reader.isOn("--csv")
    ? .past(try reader.samplesAsCSV(link, now: now))
    : .samples(link, try sampleFilter(reader, now))
}

private func sampleFilter(
  _ reader: ArgumentReader, _ now: WallTime
) throws(UsageError) -> SampleFilter {
  var filter = SampleFilter()
  filter.limit = try number("--limit", 1...Limits.samplesPerAnswer, reader)
  filter.probe = reader.value("--probe")
  filter.from = try reader.time(either: "--from", "--since", now)
  filter.to = try reader.time("--to", now)
  return filter
}

extension ArgumentReader {
  /// A length of time becomes the time so long ago; what begins like a date is left to the daemon.
  func time(_ name: String, _ now: WallTime) throws(UsageError) -> String? {
    guard let text = value(name) else { return nil }
    if let length = parseDuration(text) { return (now - length).description }
    let year = text.utf8.prefix(5)
    guard year.count == 5, year.last == UInt8(ascii: "-"),
      year.dropLast().allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else {
      throw UsageError(
        "\(name) is a time such as 2025-11-07T01:02:03Z, or a length such as 2h for two hours ago,"
          + " not \(text)", command)
    }
    return text
  }
}

private func number(
  _ name: String, _ range: ClosedRange<Int>, _ reader: ArgumentReader
) throws(UsageError) -> Int? {
  guard let text = reader.value(name) else { return nil }
  guard let value = Int(text), range.contains(value) else {
    throw UsageError(
      "\(name) is a whole number from \(range.lowerBound) to \(range.upperBound), not \(text)",
      reader.command)
  }
  return value
}

private func helpTopic(_ reader: ArgumentReader) throws(UsageError) -> Command? {
  guard let word = reader.operands.first else { return nil }
  guard let command = Command(rawValue: word) else {
    throw UsageError(
      "unknown command \(word)" + suggestion(word, among: Command.allCases.map(\.rawValue)))
  }
  return command
}
