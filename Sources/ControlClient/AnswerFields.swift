import Wire

// The daemon's answers are read leniently: later versions add fields, and a field that is missing
// shows as unknown instead of spoiling the rest of the screen.
extension JSONNode {
  /// Counts and lengths of time above this are taken for nonsense and show as unknown.
  private static let figureMaximum = 1_000_000_000_000_000

  /// A text, nil when it is missing, null or no text.
  func text(_ key: String) -> String? { self[key]?.string }

  /// A whole number of 0 or more; nil when it is missing, null or out of range.
  func figure(_ key: String) -> Int? {
    guard let value = self[key]?.int, (0...Self.figureMaximum).contains(value) else { return nil }
    return value
  }

  func flag(_ key: String) -> Bool { self[key]?.bool ?? false }

  func list(_ key: String) -> [JSONNode] { self[key]?.array ?? [] }

  func texts(_ key: String) -> [String] { list(key).compactMap(\.string) }

  /// A name in the language of the reader, else in English.
  func name(_ key: String, _ language: Language) -> String? {
    self[key]?.text(language.rawValue) ?? self[key]?.text(Language.en.rawValue)
  }
}

/// What stands where the daemon told no value.
let unknownText = "-"

/// The colour in which a state, a probe's condition, an incident's status or severity is shown.
func style(ofState state: String?) -> Style {
  switch state {
  case "up", "ok", "resolved": .good
  case "degraded", "unknown", "impaired", "warning", "acknowledged": .warning
  case "down", "failing", "critical", "open": .bad
  default: .faint
  }
}

func stateCell(_ state: String?) -> Cell {
  Cell(state ?? unknownText, style(ofState: state))
}
