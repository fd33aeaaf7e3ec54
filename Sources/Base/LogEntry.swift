/// How urgent a log line is; raw values are syslog's (RFC 5424, section 6.2.1).
package enum LogLevel: Int, Sendable, Hashable, Comparable, CaseIterable {
  case error = 3
  case warning = 4
  case notice = 5
  case info = 6
  case debug = 7

  package static func < (a: LogLevel, b: LogLevel) -> Bool { a.rawValue < b.rawValue }
}

/// One line for the log: words, and fields by name for machines.
package struct LogEntry: Sendable {
  package var level: LogLevel
  package var message: String
  package var fields: [(name: String, value: String)]
  /// Whether the line must be kept however many there are: what somebody has done or tried to do.
  package var isAudit = false

  package init(
    _ level: LogLevel, _ message: String, _ fields: [(name: String, value: String)] = []
  ) {
    self.level = level
    self.message = message
    self.fields = fields
  }

  /// The line after its level: the message, then `name=value` for each field, values with blanks in
  /// quotes; control characters never pass.
  package var text: String {
    var text = printable(message, limit: 1_000)
    for (name, value) in fields {
      let shown = printable(value, limit: 1_000)
      let plain = !shown.isEmpty && !shown.contains { $0 == " " || $0 == "\"" || $0 == "=" }
      text += plain ? " \(name)=\(shown)" : " \(name)=\"\(quoted(shown))\""
    }
    return text
  }

  private func quoted(_ text: String) -> String {
    var result = ""
    for character in text {
      if character == "\"" || character == "\\" { result.append("\\") }
      result.append(character)
    }
    return result
  }
}
