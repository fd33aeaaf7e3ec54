import Base
import Model
import Wire

extension StepsProbe {
  /// Reads `steps` and `slow`.
  package static func decode(
    _ reader: inout FieldReader, _ context: ProbeContext, _ complaints: inout Complaints
  ) -> StepsOptions? {
    reader.require("steps", &complaints)
    let slow = reader.duration(
      "slow", range: .milliseconds(1)...Limits.probeIntervalMaximum, &complaints)
    guard let entries = reader.objects("steps", &complaints) else { return nil }
    if entries.isEmpty || entries.count > Limits.stepsMaximum {
      reader.complain(
        "steps", "expected 1 to \(Limits.stepsMaximum) steps, got \(entries.count)", &complaints)
    }
    var known: [String] = []
    var steps: [StepsOptions.Step] = []
    var names: Set<String> = []
    for (number, entry) in entries.enumerated() {
      guard
        let step = decodeStep(entry, number: number + 1, known: &known, context, &complaints)
      else { continue }
      if !names.insert(step.name).inserted {
        entry.complain("name", "two steps have the name \"\(step.name)\"", &complaints)
      }
      steps.append(step)
    }
    guard !entries.isEmpty, steps.count == entries.count else { return nil }
    return StepsOptions(steps: Array(steps.prefix(Limits.stepsMaximum)), slow: slow)
  }

  package static func settings(of options: StepsOptions) -> [(key: String, value: String)] {
    var settings: [(key: String, value: String)] = [
      ("slow", options.slow.map { "\($0)" } ?? "never")
    ]
    for (number, step) in options.steps.enumerated() {
      settings.append(("steps[\(number)].name", step.name))
      settings.append(("steps[\(number)].timeout", step.timeout.map { "\($0)" } ?? "none"))
      for (key, value) in HTTPProbe.settings(of: step.request) {
        settings.append(("steps[\(number)].\(key)", withNames(value, step.uses)))
      }
    }
    return settings
  }
}

/// Reads one step. What it captures is known to the steps behind it.
private func decodeStep(
  _ source: FieldReader, number: Int, known: inout [String], _ context: ProbeContext,
  _ complaints: inout Complaints
) -> StepsOptions.Step? {
  var reader = source
  var context = context
  context.former = nil
  for name in known { context.placeholders["capture:\(name)"] = captureMark(name) }
  let name = reader.string("name", &complaints) ?? "step-\(number)"
  if name.isEmpty || name.utf8.count > Limits.readingNameBytes {
    reader.complain(
      "name", "expected 1 to \(Limits.readingNameBytes) bytes of a name", &complaints)
  }
  let timeout = reader.duration(
    "timeout", range: .milliseconds(1)...Limits.probeIntervalMaximum, &complaints)
  let request = HTTPProbe.decode(&reader, context, &complaints)
  let captures = decodeCaptures(
    &reader, form: request?.expectations.form ?? .json, &complaints)
  reader.finish(&complaints)
  let before = known
  for capture in captures where !known.contains(capture.name) { known.append(capture.name) }
  guard let request else { return nil }
  for name in before where request.url.host.contains(captureMark(name).lowercased()) {
    reader.complain(
      "request",
      "{capture:\(name)} may stand in the path and the query of \"url\", not in its host",
      &complaints)
  }
  var expectations = request.expectations
  expectations.captures = captures
  let whole = HTTPOptions(
    method: request.method, url: request.url, transfer: request.transfer, family: request.family,
    redirectLimit: request.redirectLimit, allowsOtherHosts: request.allowsOtherHosts,
    expectations: expectations)
  let uses = before.filter(whole.mentionsMark)
  return StepsOptions.Step(
    name: name, request: whole, timeout: timeout, uses: uses,
    bodyEncoding: uses.isEmpty ? .plain : whole.bodyEncoding(captures: uses))
}

private func decodeCaptures(
  _ parent: inout FieldReader, form: HTTPExpectations.Form, _ complaints: inout Complaints
) -> [Capture] {
  guard var reader = parent.object("capture", &complaints) else { return [] }
  let names = reader.allMembers().map(\.key)
  if names.count > Limits.capturesPerStep {
    parent.complain(
      "capture", "expected at most \(Limits.capturesPerStep) values, got \(names.count)",
      &complaints)
  }
  var captures: [Capture] = []
  for name in names {
    let isName =
      !name.isEmpty && name.utf8.count <= 64
      && name.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
        default: false
        }
      }
    guard isName else {
      reader.complain(name, "expected a name of letters, digits, \"-\" and \"_\"", &complaints)
      continue
    }
    guard var entry = reader.object(name, &complaints) else { continue }
    let source = decodeSource(&entry, form, &complaints)
    entry.finish(&complaints)
    if let source { captures.append(Capture(name: name, source: source)) }
  }
  return captures
}

/// Where a value is: exactly one of `json`, `xml`, `header` and `pattern`.
private func decodeSource(
  _ reader: inout FieldReader, _ form: HTTPExpectations.Form, _ complaints: inout Complaints
) -> Capture.Source? {
  let given = ["json", "xml", "header", "pattern"].filter(reader.has)
  guard given.count == 1 else {
    for key in given { _ = reader.node(key) }
    reader.complain(
      nil, "expected exactly one of \"json\", \"xml\", \"header\" and \"pattern\"", &complaints)
    return nil
  }
  switch given[0] {
  case "json":
    if form != .json {
      reader.complain("json", "the body is \(form.rawValue): use \"xml\"", &complaints)
    }
    return decodePath(&reader, "json", &complaints).map { .json($0) }
  case "xml":
    if form == .json {
      reader.complain("xml", "needs \"body\": \"xml\" or \"soap\" in \"expect\"", &complaints)
    }
    return decodeElementPath(&reader, "xml", &complaints).map { .xml($0) }
  case "header": return reader.string("header", &complaints).map { .header($0) }
  default:
    guard let text = reader.string("pattern", &complaints) else { return nil }
    do throws(PatternError) {
      return .pattern(try CapturePattern(text))
    } catch {
      reader.complain("pattern", "not a pattern to capture with: \(error.message)", &complaints)
      return nil
    }
  }
}

/// The text of a setting as the catalogue has it.
private func withNames(_ text: String, _ names: [String]) -> String {
  var result = text
  for name in names {
    while let range = result.firstRange(of: captureMark(name)) {
      result.replaceSubrange(range, with: "{capture:\(name)}")
    }
  }
  return result
}
