import Base
import Model
import Wire

/// Reads `expect`.
func decodeExpectations(
  _ parent: inout FieldReader, _ context: ProbeContext, _ complaints: inout Complaints
) -> HTTPExpectations? {
  var expectations = HTTPExpectations()
  guard var reader = parent.object("expect", &complaints) else { return expectations }
  if let ranges = decodeStatus(&reader, &complaints) { expectations.status = ranges }
  let form = reader.choice(
    "body", of: HTTPExpectations.Form.allCases.map(\.rawValue), &complaints)
  expectations.form = form.flatMap(HTTPExpectations.Form.init(rawValue:)) ?? .json
  for var entry in reader.objects("headers", &complaints) ?? [] {
    let name = entry.requiredString("name", &complaints)
    let equals = entry.string("equals", &complaints)
    let matches = decodePattern(&entry, "matches", &complaints)
    entry.finish(&complaints)
    if let name {
      expectations.headers.append(.init(name: name, equals: equals, matches: matches))
    }
  }
  if var entry = reader.object("code", &complaints) {
    let path = decodeValuePath(&entry, expectations.form, &complaints)
    let ok = entry.strings("ok", &complaints)
    let refused = entry.strings("refused", &complaints) ?? []
    if ok == nil && !entry.has("ok") {
      entry.complain(nil, "expected a key \"ok\" with the codes that mean success", &complaints)
    }
    entry.finish(&complaints)
    if let path, let ok { expectations.code = .init(path: path, ok: ok, refused: refused) }
  }
  expectations.identity = decodeIdentity(
    &reader, expectations.form, context, &complaints)
  if expectations.form != .json, reader.has("json") {
    reader.complain(
      "json", "the body is \(expectations.form.rawValue): use \"xml\", with paths of elements",
      &complaints)
  }
  if expectations.form == .json, reader.has("xml") {
    reader.complain("xml", "needs \"body\": \"xml\" or \"soap\" beside it", &complaints)
  }
  for var entry in reader.objects("json", &complaints) ?? [] {
    let path = decodePath(&entry, "path", &complaints)
    let equals = decodeScalar(&entry, "equals", context, &complaints)
    let matches = decodePattern(&entry, "matches", &complaints)
    entry.finish(&complaints)
    if let path { expectations.json.append(.init(path: path, equals: equals, matches: matches)) }
  }
  for var entry in reader.objects("xml", &complaints) ?? [] {
    let path = decodeElementPath(&entry, "path", &complaints)
    let equals = decodeScalar(&entry, "equals", context, &complaints)
    let matches = decodePattern(&entry, "matches", &complaints)
    entry.finish(&complaints)
    if let path { expectations.xml.append(.init(path: path, equals: equals, matches: matches)) }
  }
  expectations.text = reader.strings("text", &complaints) ?? []
  if let pattern = decodePattern(&reader, "pattern", &complaints) {
    expectations.patterns = [pattern]
  }
  expectations.slow = reader.duration(
    "slow", range: .milliseconds(1)...Limits.probeIntervalMaximum, &complaints)
  reader.finish(&complaints)
  return expectations
}

/// Whose answer it must be: `{ path: "maTinh", equals: "{consumerCode}" }`, or `header` for `path`.
private func decodeIdentity(
  _ parent: inout FieldReader, _ form: HTTPExpectations.Form, _ context: ProbeContext,
  _ complaints: inout Complaints
) -> HTTPExpectations.Identity? {
  guard var reader = parent.object("identity", &complaints) else { return nil }
  let header = reader.string("header", &complaints)
  if reader.has("header") == reader.has("path") {
    reader.complain(nil, "expected either a \"path\" or a \"header\"", &complaints)
  }
  let path = reader.has("path") ? decodeValuePath(&reader, form, &complaints) : nil
  if path == nil { _ = reader.node("path") }
  reader.require("equals", &complaints)
  let equals = decodeScalar(&reader, "equals", context, &complaints)
  reader.finish(&complaints)
  guard let equals else { return nil }
  switch path {
  case .json(let path): return .init(place: .path(path), equals: equals)
  case .xml(let path): return .init(place: .element(path), equals: equals)
  case nil: break
  }
  return header.map { .init(place: .header($0), equals: equals) }
}

/// Statuses as numbers (`200`), classes (`"2xx"`) or ranges (`"200-204"`).
private func decodeStatus(_ reader: inout FieldReader, _ complaints: inout Complaints)
  -> [ClosedRange<UInt16>]?
{
  guard let node = reader.node("status") else { return nil }
  let nodes = node.array ?? [node]
  var ranges: [ClosedRange<UInt16>] = []
  for entry in nodes {
    if let number = entry.int, (100...599).contains(number) {
      ranges.append(UInt16(number)...UInt16(number))
    } else if let text = entry.string, let range = statusRange(text) {
      ranges.append(range)
    } else {
      reader.complain(
        "status", "expected HTTP statuses such as 200, \"2xx\" or \"200-204\"", &complaints)
      return nil
    }
  }
  if ranges.isEmpty { reader.complain("status", "expected at least one status", &complaints) }
  return ranges.isEmpty ? nil : ranges
}

private func statusRange(_ text: String) -> ClosedRange<UInt16>? {
  if text.count == 3, text.hasSuffix("xx"), let first = text.first.flatMap({ UInt16(String($0)) }),
    (1...5).contains(first)
  {
    return (first * 100)...(first * 100 + 99)
  }
  let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
  guard let low = parts.first ?? nil, let high = parts.last ?? nil, parts.count <= 2, low <= high,
    (100...599).contains(low), high <= 599
  else { return nil }
  return low...high
}

/// A path that fits the body's form.
private func decodeValuePath(
  _ reader: inout FieldReader, _ form: HTTPExpectations.Form, _ complaints: inout Complaints
) -> HTTPExpectations.ValuePath? {
  form == .json
    ? decodePath(&reader, "path", &complaints).map { .json($0) }
    : decodeElementPath(&reader, "path", &complaints).map { .xml($0) }
}

func decodeElementPath(
  _ reader: inout FieldReader, _ key: String, _ complaints: inout Complaints
) -> XMLPath? {
  guard let text = reader.requiredString(key, &complaints) else { return nil }
  do {
    return try XMLPath(text)
  } catch {
    reader.complain(
      key, "expected a path such as \"Envelope/Body/response/status\": \(error.message)",
      &complaints)
    return nil
  }
}

func decodePath(
  _ reader: inout FieldReader, _ key: String, _ complaints: inout Complaints
) -> JSONPath? {
  guard let text = reader.requiredString(key, &complaints) else { return nil }
  do {
    return try JSONPath(text)
  } catch {
    reader.complain(
      key, "expected a path such as \"data.items[0].code\": \(error.message)", &complaints)
    return nil
  }
}

func decodePattern(
  _ reader: inout FieldReader, _ key: String, _ complaints: inout Complaints
) -> Pattern? {
  guard let text = reader.string(key, &complaints) else { return nil }
  do {
    return try Pattern(text)
  } catch {
    reader.complain(
      key, "not a pattern: \(error.message) (at character \(error.offset + 1))", &complaints)
    return nil
  }
}

/// A scalar as its text; placeholders in a string are replaced.
private func decodeScalar(
  _ reader: inout FieldReader, _ key: String, _ context: ProbeContext,
  _ complaints: inout Complaints
) -> String? {
  guard let node = reader.node(key) else { return nil }
  switch node.value {
  case .string: return expandedString(&reader, key, context, &complaints)
  case .number(let number): return number.text
  case .bool(let value): return value ? "true" : "false"
  case .null: return "null"
  case .array, .object:
    reader.complain(key, "expected a text, a number, true, false or null", &complaints)
    return nil
  }
}
