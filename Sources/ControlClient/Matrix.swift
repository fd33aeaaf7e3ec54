import Model
import Wire

/// What a cell of the matrix shows. Raw values are the letters of `GET /v1/matrix`.
enum MatrixMark: String, Sendable, CaseIterable {
  case up = "u"
  case degraded = "g"
  case down = "x"
  case unknown = "?"
  case planned = "p"
  case notConnected = "n"
  case overdue = "o"
  case paused = "z"
  case maintenance = "m"
  case none = "."

  /// A letter that this version does not know is not known to be well.
  init(letter: Character) { self = MatrixMark(rawValue: String(letter)) ?? .unknown }

  /// One column wide, and told apart without colour; what is well is the least of them, so that the
  /// rest stands out.
  func symbol(_ display: Display) -> String {
    switch self {
    case .up: display.isUnicode ? "·" : "."
    case .degraded: display.isUnicode ? "▲" : "^"
    case .down: display.isUnicode ? "✗" : "X"
    case .unknown: "?"
    case .planned: display.isUnicode ? "○" : "o"
    case .notConnected: "-"
    case .overdue: "!"
    case .paused: "="
    case .maintenance: "M"
    case .none: " "
    }
  }

  var words: String {
    switch self {
    case .notConnected: "not connected"
    // Such a link is shown by this mark alone.
    case .overdue: "not connected, overdue"
    case .maintenance: "not up, in maintenance"
    default: "\(self)"
    }
  }

  var style: Style {
    switch self {
    case .up: .good
    case .degraded, .unknown, .overdue, .paused, .maintenance: .warning
    case .down: .bad
    case .planned, .notConnected, .none: .faint
    }
  }

  func cell(_ display: Display) -> Cell { Cell(symbol(display), style) }
}

/// The matrix as the daemon told it: columns of services, then of hops, and a row a consumer.
struct Matrix: Sendable {
  struct Service: Sendable {
    var id: String
    var isHop: Bool
    /// What each consumer shows, in the order of the rows.
    var marks: [MatrixMark]
  }

  var services: [Service]
  var consumers: [String]

  init(_ node: JSONNode) {
    let rows = node.list("consumers").prefix(Limits.matrixConsumers)
    consumers = rows.map { $0.text("consumer") ?? unknownText }
    let letters = rows.map { Array($0.text("cells") ?? "") }
    let columns = node.list("services").prefix(Limits.matrixServices).enumerated().map {
      place, service in
      Service(
        id: service.text("service") ?? unknownText,
        isHop: service.text("role") == LinkRole.hop.rawValue,
        marks: letters.map { place < $0.count ? MatrixMark(letter: $0[place]) : .none })
    }
    services = columns.filter { !$0.isHop } + columns.filter(\.isHop)
  }

  var isEmpty: Bool { services.isEmpty || consumers.isEmpty }

  /// How many cells of links, or of hops, bear each mark, in the marks' order, without those that none bears.
  func counts(ofHops: Bool) -> [(mark: MatrixMark, count: Int)] {
    let services = services.filter { $0.isHop == ofHops }
    return MatrixMark.allCases.filter { $0 != .none }.compactMap { mark in
      let count = services.reduce(0) { $0 + $1.marks.count { $0 == mark } }
      return count == 0 ? nil : (mark, count)
    }
  }
}
