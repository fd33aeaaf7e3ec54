import Base
import Model
import Wire

/// The names that incidents of a pattern can have.
struct SubjectNames {
  private var byPattern: [IncidentPattern: Set<String>] = [:]

  init(_ links: [Link]) {
    for link in links {
      byPattern[.point, default: []].insert("\(link.id)")
      byPattern[.system, default: []].formUnion([link.system, link.id.service])
      byPattern[.owner, default: []].insert(link.owner)
      if let vendor = link.vendor { byPattern[.vendor, default: []].insert(vendor) }
      byPattern[.route, default: []].formUnion(link.hops.map(\.description))
      if link.role == .hop { byPattern[.route, default: []].insert("\(link.id)") }
      guard link.id.consumer != nationalConsumer else { continue }
      byPattern[.province, default: []].insert(link.id.consumer)
      byPattern[.owner, default: []].insert("\(link.owner) in \(link.id.consumer)")
    }
  }

  /// What is wrong with a name; nil for a good one.
  func problem(_ name: String, _ pattern: IncidentPattern) -> String? {
    let known = byPattern[pattern] ?? []
    if known.contains(name) { return nil }
    let meant = nearest(name, among: known.sorted()).map { "; did you mean \"\($0)\"?" } ?? ""
    return "no incident of pattern \"\(pattern)\" can be of "
      + "\"\(printable(name, limit: 140))\"\(meant)"
  }
}

private let sides = [
  "consumer", "hop", "provider", "network", "resolver", "certificateAuthority", "us", "cannotTell",
]

/// The causes that are no outcome's.
private let otherCauses = ["slow", "noData", "flapping", "overdue"]

/// Reads what is expected of one incident.
func readExpectation(
  _ reader: inout FieldReader, _ length: TimeAmount, _ choice: LinkChoice, _ names: SubjectNames,
  _ complaints: inout Complaints
) -> Expectation? {
  let before = complaints.count
  reader.require("pattern", &complaints)
  let pattern: IncidentPattern? = word("pattern", &reader, &complaints)
  var expectation = Expectation(location: location(reader), pattern: pattern ?? .point)
  expectation.of = reader.string("of", &complaints)
  if let pattern { checkSubject(pattern, expectation.of, reader, names, &complaints) }
  expectation.state = word("state", &reader, &complaints)
  expectation.severity = word("severity", &reader, &complaints)
  expectation.rule = word("rule", &reader, &complaints)
  expectation.side = reader.choice("side", of: sides, &complaints)
  if let text = reader.string("hop", &complaints) {
    expectation.hop = LinkID(text)
    if names.problem(text, .route) != nil {
      reader.complain(
        "hop", names.problem(text, .route) ?? "expected a link such as \"lgsp/ha-noi\"",
        &complaints)
    }
  }
  expectation.cause = readCause(&reader, &complaints)
  readLinks(&expectation, &reader, choice, &complaints)
  readTimes(&expectation, &reader, length, &complaints)
  reader.finish(&complaints)
  return complaints.count == before ? expectation : nil
}

private func word<Word: RawRepresentable<String> & CaseIterable>(
  _ key: String, _ reader: inout FieldReader, _ complaints: inout Complaints
) -> Word? {
  reader.choice(key, of: Word.allCases.map(\.rawValue), &complaints).flatMap(Word.init(rawValue:))
}

private func checkSubject(
  _ pattern: IncidentPattern, _ name: String?, _ reader: FieldReader, _ names: SubjectNames,
  _ complaints: inout Complaints
) {
  if pattern == .clock {
    reader.complain("pattern", "the machine's clock takes no part in rehearsals", &complaints)
  } else if pattern == .vantage {
    if reader.has("of") {
      reader.complain("of", "expected no \"of\": blindness is of everything", &complaints)
    }
  } else if let name {
    if let problem = names.problem(name, pattern) { reader.complain("of", problem, &complaints) }
  } else {
    reader.require("of", &complaints)
  }
}

private func readCause(
  _ reader: inout FieldReader, _ complaints: inout Complaints
) -> String? {
  guard let text = reader.string("cause", &complaints) else { return nil }
  let known = Outcome.names + otherCauses
  let name = text.split(separator: " ").first.map(String.init) ?? ""
  if known.contains(name) { return text }
  let meant = nearest(name, among: known).map { "; did you mean \"\($0)\"?" } ?? ""
  reader.complain(
    "cause",
    "expected a cause such as \"connect.refused\", \"http.status 503\" or \"slow\", got "
      + "\"\(printable(text, limit: 80))\"\(meant)", &complaints)
  return nil
}

/// How many links, or which.
private func readLinks(
  _ expectation: inout Expectation, _ reader: inout FieldReader, _ choice: LinkChoice,
  _ complaints: inout Complaints
) {
  let copy = reader
  guard let node = reader.node("links") else { return }
  if node.int != nil {
    reader = copy
    expectation.linkCount = reader.int("links", range: 0...Limits.linksPerDaemon, &complaints)
  } else if let patterns = choice.words(&reader, "links", &complaints) {
    expectation.links = choice.places(patterns, "links", reader, &complaints)
      .map { choice.links[$0].id }
  }
}

private func readTimes(
  _ expectation: inout Expectation, _ reader: inout FieldReader, _ length: TimeAmount,
  _ complaints: inout Complaints
) {
  func bounds(_ word: String, _ complaints: inout Complaints) -> TimeBounds {
    let bounds = TimeBounds(
      after: reader.duration("\(word)After", range: .zero...length, &complaints),
      by: reader.duration("\(word)By", range: .zero...length, &complaints))
    if let after = bounds.after, let by = bounds.by, by < after {
      reader.complain("\(word)By", "expected a time not before \"\(word)After\"", &complaints)
    }
    return bounds
  }
  expectation.raised = bounds("raised", &complaints)
  expectation.told = bounds("told", &complaints)
  expectation.resolved = bounds("resolved", &complaints)
  expectation.isTold = reader.bool("told", &complaints) ?? true
  expectation.isOpen = reader.bool("open", &complaints)
  if !expectation.isTold, !expectation.told.isEmpty {
    reader.complain("told", "expected no \"toldAfter\" or \"toldBy\" beside it", &complaints)
  }
  if expectation.isOpen == true, !expectation.resolved.isEmpty {
    reader.complain(
      "open", "expected no \"resolvedAfter\" or \"resolvedBy\" beside it", &complaints)
  }
}
