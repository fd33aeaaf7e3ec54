/// What the place that is written to can show.
package struct Display: Sendable, Hashable {
  /// The columns of the terminal; nil when the output is no terminal, so that nothing is cut.
  package var columns: Int?
  package var hasColor: Bool
  /// Whether bars and the mark of a cut may be drawn with letters outside ASCII.
  package var isUnicode: Bool
  package var language: Language
  /// The zone by whose clock times are shown, such as `+07:00`: that of the daemon's configuration, which tells
  /// it with each answer. Nil where nobody has told it: then it is UTC.
  package var zone: String?

  package init(
    columns: Int? = nil, hasColor: Bool = false, isUnicode: Bool = true, language: Language = .en,
    zone: String? = nil
  ) {
    self.columns = columns
    self.hasColor = hasColor
    self.isUnicode = isUnicode
    self.language = language
    self.zone = zone
  }

  var cutMark: String { isUnicode ? "…" : "..." }
}

/// The language in which names of services and consumers are shown.
package enum Language: String, Sendable, Hashable, CaseIterable {
  case en
  case vi
}

/// When colour is used.
package enum ColorChoice: String, Sendable, Hashable, CaseIterable {
  /// On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`.
  case auto
  case always
  case never
}

/// The variables of the environment that this program heeds; nil where one is not set.
package struct Environment: Sendable, Hashable {
  package var socket: String?
  package var noColor: String?
  package var terminal: String?
  /// The first that is set and not empty of `LC_ALL`, `LC_CTYPE` and `LANG`.
  package var locale: String?

  package init(
    socket: String? = nil, noColor: String? = nil, terminal: String? = nil, locale: String? = nil
  ) {
    self.socket = socket
    self.noColor = noColor
    self.terminal = terminal
    self.locale = locale
  }
}

extension Display {
  /// Decides how to show things. `columns` is nil when the output is no terminal. An empty
  /// `NO_COLOR` counts as not set (no-color.org); `--color always` outweighs it.
  package init(columns: Int?, color: ColorChoice, environment: Environment) {
    let noColor = !(environment.noColor ?? "").isEmpty
    let hasColor =
      switch color {
      case .always: true
      case .never: false
      case .auto: columns != nil && !noColor && environment.terminal != "dumb"
      }
    let locale = (environment.locale ?? "").lowercased()
    self.init(
      columns: columns, hasColor: hasColor,
      isUnicode: locale.hasSuffix("utf-8") || locale.hasSuffix("utf8")
        || locale.contains(".utf-8@") || locale.contains(".utf8@"),
      language: locale == "vi" || locale.hasPrefix("vi_") || locale.hasPrefix("vi.") ? .vi : .en)
  }
}
