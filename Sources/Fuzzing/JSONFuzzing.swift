import Wire

/// A body that is accepted means the same after it was written and read again; a refusal tells a
/// place within the text.
func jsonViolation(_ bytes: [UInt8]) -> String? {
  violation(bytes, .json)
}

/// The same for the dialect of the catalogue. Whatever is JSON is JSON5 too.
func json5Violation(_ bytes: [UInt8]) -> String? {
  let plain = parseJSON(bytes, dialect: .json, limits: .catalogue)
  if plain.errors.isEmpty, let error = parseJSON(bytes, dialect: .json5).errors.first {
    return "JSON that is no JSON5: \(error)"
  }
  return violation(bytes, .json5)
}

/// A path that is accepted can be read again from its own text, and evaluated on anything.
func jsonPathViolation(_ bytes: [UInt8]) -> String? {
  let (path, text) = halves(bytes)
  guard let path = try? JSONPath(String(decoding: path, as: UTF8.self)) else { return nil }
  guard let again = try? JSONPath(path.text), again == path else {
    return "the path's own text is another path"
  }
  if let root = parseJSON(text, dialect: .json).node { _ = path.evaluate(root) }
  return nil
}

private func violation(_ bytes: [UInt8], _ dialect: JSONDialect) -> String? {
  let limits = JSONLimits.catalogue
  let parsed = parseJSON(bytes, dialect: dialect, limits: limits)
  for error in parsed.errors {
    if error.position.offset < 0 || error.position.offset > bytes.count {
      return "an error at byte \(error.position.offset) of \(bytes.count)"
    }
    if error.position.line < 1 || error.position.column < 1 {
      return "an error at \(error.position)"
    }
    if error.message.isEmpty { return "an error without words" }
  }
  guard let node = parsed.node else {
    return parsed.errors.isEmpty ? "neither a value nor an error" : nil
  }
  guard parsed.errors.isEmpty else { return nil }
  var writer = JSONWriter()
  write(node, to: &writer)
  let again = parseJSON(writer.bytes, dialect: .json, limits: limits)
  guard let second = again.node, again.errors.isEmpty else {
    return "what was written is not read: \(again.errors)"
  }
  return isSame(node, second) ? nil : "what was written is read as something else"
}

/// Numbers that JSON cannot write, such as `0x10` and `Infinity`, go as their text.
private func write(_ node: JSONNode, to writer: inout JSONWriter) {
  switch node.value {
  case .null: writer.null()
  case .bool(let value): writer.bool(value)
  case .number(let number): writer.string(number.text)
  case .string(let text): writer.string(text)
  case .array(let elements):
    writer.beginArray()
    for element in elements { write(element, to: &writer) }
    writer.endArray()
  case .object(let members):
    writer.beginObject()
    for member in members {
      writer.key(member.key)
      write(member.node, to: &writer)
    }
    writer.endObject()
  }
}

private func isSame(_ a: JSONNode, _ b: JSONNode) -> Bool {
  switch (a.value, b.value) {
  case (.null, .null): true
  case (.bool(let x), .bool(let y)): x == y
  case (.number(let x), .string(let y)): x.text == y
  case (.string(let x), .string(let y)): x.utf8.elementsEqual(y.utf8)
  case (.array(let x), .array(let y)): x.count == y.count && zip(x, y).allSatisfy(isSame)
  case (.object(let x), .object(let y)):
    x.count == y.count
      && zip(x, y).allSatisfy { $0.key.utf8.elementsEqual($1.key.utf8) && isSame($0.node, $1.node) }
  default: false
  }
}
