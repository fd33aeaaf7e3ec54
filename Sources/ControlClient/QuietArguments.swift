import Base
import Model
import Wire

extension ArgumentReader {
  /// Reads `maintenance` and `silence`: a verb, what it is for, and options that belong to the verb.
  func quietQuestion(_ kind: QuietQuestion.Kind) throws(UsageError) -> QuietQuestion {
    var words = operands[...]
    // `silence --system X ...` can only mean that one is to be entered.
    let isList = { (name: String) in ["--all", "--late"].contains(name) }
    let entering = (command?.spec.options ?? []).contains { !isList($0.name) && isOn($0.name) }
    var verb = words.first ?? (entering ? "add" : "list")
    if kind == .silence, LinkID(verb) != nil {
      // `silence LINK` is short for `silence add LINK`.
      verb = "add"
    } else {
      words = words.dropFirst()
    }
    switch verb {
    case "list":
      if let word = words.first { throw UsageError("too much: \(word)", command) }
      try allow(["--all", "--late"], verb)
      return QuietQuestion(kind, .list(all: isOn("--all"), late: isOn("--late")))
    case "show", "end":
      guard words.count == 1, let id = words.first else {
        throw UsageError("\(kind.rawValue) \(verb) needs the id of one \(kind.noun)", command)
      }
      try allow([], verb)
      return QuietQuestion(kind, verb == "show" ? .show(id) : .end(id))
    case "add":
      let others = ["--all", "--late"]
      try allow((command?.spec.options ?? []).map(\.name).filter { !others.contains($0) }, verb)
      return QuietQuestion(kind, .add(try quietBody(kind, links: Array(words))))
    default:
      let known = ["list", "show", "add", "end"]
      let meant = nearest(verb, among: known).map { "; did you mean \($0)?" } ?? ""
      throw UsageError(
        "\(kind.rawValue) \(verb): there are \(known.joined(separator: ", "))"
          + (kind == .silence ? ", or links" : "") + meant, command)
    }
  }

  private func allow(_ names: [String], _ verb: String) throws(UsageError) {
    let common = commonOptions.map(\.name)
    for option in (command?.spec.options ?? []) where isOn(option.name) {
      guard names.contains(option.name) || common.contains(option.name) else {
        throw UsageError(
          "\(option.name) does not belong to \(command?.rawValue ?? "") \(verb)"
            + (verb == "list" && option.name != "--late"
              ? "; to enter one: \(command?.rawValue ?? "") add \(option.name) ..." : ""),
          command)
      }
    }
  }

  // MARK: The body

  private func quietBody(
    _ kind: QuietQuestion.Kind, links: [String]
  ) throws(UsageError) -> [UInt8] {
    for text in links where LinkID(text) == nil {
      throw UsageError(
        "\(text) is no link; one is named SERVICE/CONSUMER, such as land-database/ha-noi", command)
    }
    guard let reason = value("--reason") else {
      throw UsageError("\(kind.rawValue) needs --reason: others will ask why", command)
    }
    var writer = JSONWriter()
    writer.beginObject()
    writer.list("links", links)
    writer.list("services", values("--service"))
    writer.list("systems", values("--system"))
    writer.list("owners", values("--owner"))
    writer.list("provinces", values("--province") + values("--consumer"))
    writer.list("routes", values("--route"))
    switch kind {
    case .maintenance: try writeWindow(&writer)
    case .silence:
      writer.list("patterns", values("--pattern"))
      writer.list("severities", values("--severity"))
      try writeEnd("--until", "expires", &writer)
    }
    writer.member("reason", reason)
    writer.endObject()
    return writer.bytes
  }

  private func writeWindow(_ writer: inout JSONWriter) throws(UsageError) {
    let recurring = ["--weekday", "--month-day", "--start", "--first", "--last"].filter(isOn)
    if let first = recurring.first {
      guard let start = value("--start"), let length = value("--for") else {
        throw UsageError(
          "\(first) is for a window that comes again, which needs --start and --for", command)
      }
      if let other = ["--from", "--to"].first(where: isOn) {
        throw UsageError(
          "\(other) does not go with \(first); there are --first and --last", command)
      }
      writer.key("every")
      writer.beginObject()
      writer.list("weekdays", values("--weekday"))
      try writeMonthDays(&writer)
      writer.member("start", start)
      writer.member("length", length)
      if let day = value("--first") { writer.member("from", day) }
      if let day = value("--last") { writer.member("until", day) }
      writer.endObject()
    } else {
      if let from = value("--from") { writer.member("from", from) }
      try writeEnd("--to", "to", &writer)
    }
    if let day = value("--announced") { writer.member("announced", day) }
    if let text = value("--notice") {
      writer.member("noticeWorkingDays", try wholeNumber("--notice", text))
    }
  }

  private func writeMonthDays(_ writer: inout JSONWriter) throws(UsageError) {
    guard isOn("--month-day") else { return }
    writer.key("daysOfMonth")
    writer.beginArray()
    for text in values("--month-day") { writer.int(try wholeNumber("--month-day", text)) }
    writer.endArray()
  }

  /// An end, as a length from the beginning or as a time.
  private func writeEnd(
    _ option: String, _ key: String, _ writer: inout JSONWriter
  ) throws(UsageError) {
    switch (value("--for"), value(option)) {
    case (let length?, nil):
      guard parseDuration(length) != nil else {
        throw UsageError("--for is a length of time such as 2h or 1h30m, not \(length)", command)
      }
      writer.member("length", length)
    case (nil, let end?): writer.member(key, end)
    case (nil, nil): throw UsageError("it needs an end: --for 2h, or \(option) TIME", command)
    case (_?, _?): throw UsageError("--for and \(option) say the same: give one of them", command)
    }
  }

  private func wholeNumber(_ name: String, _ text: String) throws(UsageError) -> Int {
    if let number = Int(text) { return number }
    throw UsageError("\(name) is a whole number, not \(text)", command)
  }
}

extension JSONWriter {
  /// A list where there is something in it.
  fileprivate mutating func list(_ key: String, _ words: [String]) {
    guard !words.isEmpty else { return }
    self.key(key)
    beginArray()
    for word in words { string(word) }
    endArray()
  }
}
