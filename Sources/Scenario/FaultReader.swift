import Base
import Wire

/// The key that names a fault, one per ``Fault`` case.
private let faultKeys = [
  "absent", "status", "code", "hang", "close", "reset", "drip", "endless", "wrongLength", "garbage",
  "redirect", "body",
]

/// Reads the value of a `fault` key, or the body of a request that sets one: an object, a list of
/// objects of which the first that strikes a link holds, or `null` for none. `consumers` are the
/// provinces that a rule may name.
package func readFaultRules(
  _ node: JSONNode, consumers: [String], file: String, path: String, complaints: inout Complaints
) -> [FaultRule] {
  if node.isNull { return [] }
  let nodes = node.array ?? [node]
  guard nodes.count <= SimulatorLimits.rulesPerService else {
    complaints.add(
      file: file, position: node.position, keyPath: path,
      message: "more than \(SimulatorLimits.rulesPerService) rules")
    return []
  }
  return nodes.enumerated().compactMap { index, element in
    let elementPath = node.array == nil ? path : "\(path)[\(index)]"
    guard
      var reader = FieldReader(element, file: file, path: elementPath, complaints: &complaints)
    else { return nil }
    return readFaultRule(&reader, consumers: consumers, complaints: &complaints)
  }
}

private func readFaultRule(
  _ reader: inout FieldReader, consumers: [String], complaints: inout Complaints
) -> FaultRule {
  var rule = FaultRule(turn: Turn())
  rule.consumers = readConsumers("provinces", &reader, known: consumers, complaints: &complaints)
  rule.turn = readTurn(&reader, complaints: &complaints)
  if let rate = readRate(&reader, complaints: &complaints) {
    rule.rate = rate
    if !reader.has("delay"), !faultKeys.contains(where: reader.has) {
      reader.complain("rate", "a rate needs a fault or a delay beside it", &complaints)
    }
  }
  if let word = reader.choice("spread", of: Spread.allCases.map(\.rawValue), &complaints) {
    rule.spread = Spread(rawValue: word)!
  }
  if var otherwise = reader.object("otherwise", &complaints) {
    rule.otherwise = readTurn(&otherwise, complaints: &complaints)
    otherwise.finish(&complaints)
  }
  reader.finish(&complaints)
  return rule
}

/// Reads `"all"` (nil, as when the key is absent) or a list of consumers that are known.
func readConsumers(
  _ key: String, _ reader: inout FieldReader, known: [String], complaints: inout Complaints
) -> [String]? {
  guard reader.node(key)?.string != "all", let names = reader.strings(key, &complaints) else {
    return nil
  }
  for name in names where !known.contains(name) {
    var message = "there is no consumer \"\(printable(name, limit: 64))\" here"
    if let meant = nearest(name, among: known) { message += "; did you mean \"\(meant)\"?" }
    reader.complain(key, message, &complaints)
  }
  return names
}

private func readRate(_ reader: inout FieldReader, complaints: inout Complaints) -> FaultRate? {
  guard let node = reader.node("rate") else { return nil }
  if let rate = node.number?.double.flatMap(FaultRate.init) { return rate }
  reader.complain("rate", "expected a number from 0 to 1", &complaints)
  return nil
}

// MARK: One turn

private func readTurn(_ reader: inout FieldReader, complaints: inout Complaints) -> Turn {
  let named = faultKeys.filter(reader.has)
  if named.count > 1 {
    reader.complain(
      named[1], "one fault at a time: \"\(named[0])\" is there already", &complaints)
  }
  var faults: [Fault] = []
  for key in faultKeys {
    if let fault = readFault(key, &reader, complaints: &complaints) { faults.append(fault) }
  }
  return Turn(
    fault: faults.first, delay: readDelay("delay", &reader, complaints: &complaints))
}

private func readFault(
  _ key: String, _ reader: inout FieldReader, complaints: inout Complaints
) -> Fault? {
  func word<Word: RawRepresentable<String> & CaseIterable>(_: Word.Type) -> Word? {
    reader.choice(key, of: Word.allCases.map(\.rawValue), &complaints)
      .flatMap(Word.init(rawValue:))
  }
  switch key {
  case "absent": return readMark(key, &reader, &complaints) ? .absent : nil
  case "hang": return readMark(key, &reader, &complaints) ? .hang : nil
  case "close": return readMark(key, &reader, &complaints) ? .close : nil
  case "garbage": return readMark(key, &reader, &complaints) ? .garbage : nil
  case "status": return reader.int(key, range: 200...599, &complaints).map(Fault.status)
  case "code": return readCode(key, &reader, complaints: &complaints).map(Fault.code)
  case "reset": return word(ResetPlace.self).map(Fault.reset)
  case "drip":
    let range = TimeAmount.milliseconds(1)...SimulatorLimits.longestDelay
    return reader.duration(key, range: range, &complaints).map(Fault.drip)
  case "endless": return word(EndlessPart.self).map(Fault.endless)
  case "wrongLength": return word(LengthLie.self).map(Fault.wrongLength)
  case "redirect": return readRedirect(key, &reader, complaints: &complaints)
  case "body": return word(HostileBody.self).map(Fault.body)
  default: preconditionFailure("every fault key is read")
  }
}

/// Reads `true`, the only value of a key that is a mark.
private func readMark(
  _ key: String, _ reader: inout FieldReader, _ complaints: inout Complaints
) -> Bool {
  guard let mark = reader.bool(key, &complaints) else { return false }
  if !mark { reader.complain(key, "expected true; leave the key out otherwise", &complaints) }
  return mark
}

/// An application code; services write it as a string or as a number, and so may scenarios.
func readCode(
  _ key: String, _ reader: inout FieldReader, complaints: inout Complaints
) -> String? {
  guard let node = reader.node(key) else { return nil }
  if let code = node.string ?? node.int.map(String.init), (1...64).contains(code.utf8.count) {
    return code
  }
  reader.complain(key, "expected a code such as \"108\", of at most 64 bytes", &complaints)
  return nil
}

private func readRedirect(
  _ key: String, _ reader: inout FieldReader, complaints: inout Complaints
) -> Fault? {
  guard let text = reader.string(key, &complaints) else { return nil }
  switch text {
  case "loop": return .redirect(.loop)
  case "host": return .redirect(.host)
  case "protocol": return .redirect(.protocol)
  default: break
  }
  // Nothing that could end the header field early.
  let isClean = text.utf8.count <= 1_024 && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
  if isClean, text.hasPrefix("/") || text.contains("://") { return .redirect(.reference(text)) }
  reader.complain(
    key, "expected \"loop\", \"host\", \"protocol\", a path from \"/\" or a URL", &complaints)
  return nil
}

// MARK: Delays

/// Reads `"4s"` or an object with the figures of a distribution.
func readDelay(
  _ key: String, _ reader: inout FieldReader, complaints: inout Complaints
) -> Delay? {
  let range = TimeAmount.zero...SimulatorLimits.longestDelay
  guard reader.node(key)?.object != nil else {
    return reader.duration(key, range: range, &complaints).map(Delay.constant)
  }
  guard var figures = reader.object(key, &complaints) else { return nil }
  let least = figures.duration("min", range: range, &complaints)
  let most = figures.duration("max", range: range, &complaints)
  let mean = figures.duration("mean", range: range, &complaints)
  let deviation = figures.duration("deviation", range: range, &complaints)
  let median = figures.duration("median", range: range, &complaints)
  figures.finish(&complaints)
  switch (least, most, mean, deviation, median) {
  case (let least?, let most?, nil, nil, nil) where least <= most:
    return .uniform(min: least, max: most)
  case (nil, nil, let mean?, let deviation?, nil):
    return .normal(mean: mean, deviation: deviation)
  case (nil, let most?, nil, nil, let median?) where median <= most:
    return .heavyTail(median: median, max: most)
  default:
    figures.complain(
      nil, "expected min and max, mean and deviation, or median and max, in rising order",
      &complaints)
    return nil
  }
}
