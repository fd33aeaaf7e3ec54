import Wire

/// What a figure is held to.
enum Bound: Hashable {
  case below(Double)
  case atMost(Double)
  case atLeast(Double)

  func holds(_ value: Double) -> Bool {
    switch self {
    case .below(let limit): value < limit
    case .atMost(let limit): value <= limit
    case .atLeast(let limit): value >= limit
    }
  }

  var relation: String {
    switch self {
    case .below: "<"
    case .atMost: "<="
    case .atLeast: ">="
    }
  }

  var limit: Double {
    switch self {
    case .below(let limit), .atMost(let limit), .atLeast(let limit): limit
    }
  }
}

/// One measured value. Without a bound it is told for information.
struct Figure {
  var name: String
  var value: Double
  var unit: String
  var bound: Bound?
  /// Digits after the point that are worth printing.
  var digits: Int

  init(_ name: String, _ value: Double, _ unit: String, _ bound: Bound? = nil, digits: Int = 2) {
    self.name = name
    self.value = value
    self.unit = unit
    self.bound = bound
    self.digits = digits
  }

  /// A value that is no number holds no bound.
  var holds: Bool { bound.map { $0.holds(value) } ?? true }

  var verdict: String { bound == nil ? "-" : holds ? "ok" : "short" }

  /// Name, value, unit, bound and verdict in columns.
  var line: String {
    let bound = bound.map { "\($0.relation) \(decimal($0.limit, digits: digits))" } ?? "-"
    return [
      padded(name, 38), padded(decimal(value, digits: digits), 10, right: true), padded(unit, 4),
      padded(bound, 10), verdict,
    ].joined(separator: "  ")
  }

  func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("name", name)
    writer.member("value", value)
    writer.member("unit", unit)
    writer.key("bound")
    if let bound {
      writer.beginObject()
      writer.member("relation", bound.relation)
      writer.member("limit", bound.limit)
      writer.endObject()
    } else {
      writer.null()
    }
    writer.member("verdict", bound == nil ? nil : verdict)
    writer.endObject()
  }
}

/// The figures of a run: as lines, each printed once it is known, or as one document at the end.
struct Report {
  private let subject: Subject
  private let isQuick: Bool
  private let isJSON: Bool
  private(set) var figures: [Figure] = []

  init(_ arguments: Arguments) {
    subject = arguments.subject
    isQuick = arguments.isQuick
    isJSON = arguments.isJSON
  }

  var holds: Bool { figures.allSatisfy(\.holds) }

  mutating func add(_ figure: Figure) {
    figures.append(figure)
    if !isJSON { writeLine(figure.line) }
  }

  func finish() {
    if isJSON { writeLine(String(decoding: json, as: UTF8.self)) }
  }

  var json: [UInt8] {
    var writer = JSONWriter(pretty: true)
    writer.beginObject()
    writer.member("subject", subject.rawValue)
    writer.member("quick", isQuick)
    writer.key("figures")
    writer.beginArray()
    for figure in figures { figure.write(to: &writer) }
    writer.endArray()
    writer.member("holds", holds)
    writer.endObject()
    return writer.bytes
  }
}

/// A number with so many digits after the point, rounded half away from zero.
func decimal(_ value: Double, digits: Int) -> String {
  guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
  var scale = 1
  for _ in 0..<digits { scale *= 10 }
  let scaled = Int((abs(value) * Double(scale)).rounded())
  let sign = value < 0 && scaled > 0 ? "-" : ""
  guard digits > 0 else { return "\(sign)\(scaled)" }
  let fraction = String(scaled % scale)
  return "\(sign)\(scaled / scale).\(String(repeating: "0", count: digits - fraction.utf8.count))"
    + fraction
}

private func padded(_ text: String, _ width: Int, right: Bool = false) -> String {
  let blanks = String(repeating: " ", count: max(0, width - text.count))
  return right ? blanks + text : text + blanks
}
