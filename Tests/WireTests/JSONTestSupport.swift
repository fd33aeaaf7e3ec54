import Testing

@testable import Wire

/// One text with what the parser must make of it.
struct JSONRow: Sendable, CustomTestStringConvertible {
  var bytes: [UInt8]
  /// The value as ``render(_:)`` shows it; nil where the text must be refused.
  var value: String?
  var reason: String

  var testDescription: String { reason }
}

func accept(_ text: String, as value: String, _ reason: String) -> JSONRow {
  JSONRow(bytes: Array(text.utf8), value: value, reason: reason)
}

func accept(bytes: [UInt8], as value: String, _ reason: String) -> JSONRow {
  JSONRow(bytes: bytes, value: value, reason: reason)
}

func refuse(_ text: String, _ reason: String) -> JSONRow {
  JSONRow(bytes: Array(text.utf8), value: nil, reason: reason)
}

func refuse(bytes: [UInt8], _ reason: String) -> JSONRow {
  JSONRow(bytes: bytes, value: nil, reason: reason)
}

/// Bytes within a string within an array, for broken UTF-8.
func inString(_ bytes: UInt8...) -> [UInt8] { Array("[\"".utf8) + bytes + Array("\"]".utf8) }

/// A value without its positions, written independently of ``JSONWriter``: numbers as their source
/// text, strings in quotes with `\u{..}` for what does not show.
func render(_ node: JSONNode) -> String {
  switch node.value {
  case .null: "null"
  case .bool(let flag): "\(flag)"
  case .number(let number): number.text
  case .string(let text): quoted(text)
  case .array(let elements): "[\(elements.map(render).joined(separator: ","))]"
  case .object(let members):
    "{\(members.map { "\(quoted($0.key)):\(render($0.node))" }.joined(separator: ","))}"
  }
}

private func quoted(_ text: String) -> String {
  var shown = "\""
  for scalar in text.unicodeScalars {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .nonspacingMark:
      shown += "\\u{\(String(scalar.value, radix: 16))}"
    default: shown += scalar == "\"" || scalar == "\\" ? "\\\(scalar)" : "\(scalar)"
    }
  }
  return shown + "\""
}

func check(_ row: JSONRow, _ dialect: JSONDialect) {
  let result = parseJSON(row.bytes, dialect: dialect)
  #expect(result.node.map(render) == row.value)
  #expect(result.errors.isEmpty == (row.value != nil), "\(result.errors)")
  if let error = result.errors.first {
    #expect(0...row.bytes.count ~= error.position.offset)
  }
}

func parsed(_ text: String, _ dialect: JSONDialect = .json5) throws -> JSONNode {
  let result = parseJSON(Array(text.utf8), dialect: dialect)
  #expect(result.errors == [])
  return try #require(result.node)
}

func errors(
  _ text: String, _ dialect: JSONDialect = .json5, limits: JSONLimits? = nil
) -> [String] {
  parseJSON(Array(text.utf8), dialect: dialect, limits: limits).errors.map {
    "\($0.position): \($0.message)"
  }
}
