import Base
import Model

/// Whether a rehearsal came out as expected, and why not.
package struct Verdict: Sendable {
  package var name: String
  package var location: SourceLocation
  package var start: WallTime
  /// A line each; empty where all was as expected.
  package var problems: [String] = []
  package var course: RehearsalCourse

  package var isGood: Bool { problems.isEmpty }

  package init(_ rehearsal: Rehearsal, _ course: RehearsalCourse) {
    name = rehearsal.name
    location = rehearsal.location
    start = rehearsal.start
    self.course = course
    compare(rehearsal)
  }

  /// Each expected incident is matched with one that occurred: first those of which all is right, then
  /// those that are at least of the same thing. What is left on either side is wrong.
  private mutating func compare(_ rehearsal: Rehearsal) {
    let occurred = course.occurred
    var isFree = occurred.map { _ in true }
    var matches: [Int?] = Array(repeating: nil, count: rehearsal.expected.count)
    for isWhole in [true, false] {
      for (place, expected) in rehearsal.expected.enumerated() where matches[place] == nil {
        let match = occurred.indices.first {
          isFree[$0] && expected.isOfSameThing(occurred[$0])
            && (!isWhole || expected.problems(occurred[$0]).isEmpty)
        }
        guard let match else { continue }
        matches[place] = match
        isFree[match] = false
      }
    }
    for (expected, match) in zip(rehearsal.expected, matches) {
      guard let match else {
        problems.append(missing(expected, among: occurred.indices.filter { isFree[$0] }))
        continue
      }
      for problem in expected.problems(occurred[match]) {
        problems.append("\(expected.location): \(expected.subject): \(problem)")
      }
    }
    for place in occurred.indices where isFree[place] && !occurred[place].isStep {
      problems.append("not expected: \(occurred[place].line)")
    }
    if course.unlisted > 0 { problems.append("not expected: \(course.unlisted) more incidents") }
  }

  private func missing(_ expected: Expectation, among free: [Int]) -> String {
    let occurred = course.occurred
    let near =
      free.first { occurred[$0].name == expected.of && expected.of != nil }
      ?? free.first { occurred[$0].worst.pattern == expected.pattern } ?? free.first
    let instead =
      near.map { "; nearest to it: \(occurred[$0].line)" } ?? "; nothing like it occurred"
    return "\(expected.location): \(expected.subject) did not occur\(instead)"
  }
}

extension Expectation {
  func isOfSameThing(_ occurred: Occurred) -> Bool {
    occurred.worst.pattern == pattern && occurred.name == of
  }

  /// What is otherwise than expected.
  func problems(_ occurred: Occurred) -> [String] {
    var problems: [String] = []
    func expect(_ what: String, _ wanted: String?, _ found: String) {
      if let wanted, wanted != found { problems.append("\(what) \(found), expected \(wanted)") }
    }
    let layer = occurred.worst.subject.flatMap { ExpectedState(layer: $0.layer) }
    expect("state", state?.rawValue, layer?.rawValue ?? "none")
    expect("severity", severity?.rawValue, occurred.severity.rawValue)
    expect("side", side, occurred.worst.suspicion?.side ?? "none")
    expect("hop", hop?.description, occurred.worst.suspicion?.hop?.description ?? "none")
    let causes = occurred.causes
    if let cause, !causes.contains(where: { $0 == cause || $0.hasPrefix(cause + " ") }) {
      expect("cause", cause, causes.isEmpty ? "none" : causes.joined(separator: ", "))
    }
    if let rule, !occurred.rules.contains(rule) {
      let found = RuleKind.allCases.filter(occurred.rules.contains).map(\.rawValue)
      expect("rule", rule.rawValue, found.isEmpty ? "none" : found.joined(separator: ", "))
    }
    problems += linkProblems(occurred)
    if isTold != (occurred.toldAt != nil) {
      problems.append(
        occurred.toldAt.map { "it was told at \(relative($0))" }
          ?? "nobody was told of it\(occurred.quietEntry.map { ": \($0)" } ?? "")")
    }
    problems += [
      raised.problem("raised", occurred.raisedAt), told.problem("told", occurred.toldAt),
      resolved.problem("resolved", occurred.resolvedAt),
    ].compactMap { $0 }
    if let isOpen, isOpen != (occurred.resolvedAt == nil) {
      let end = occurred.resolvedAt.map { "resolved at \(relative($0))" } ?? "still open at the end"
      problems.append("\(end), expected it to be \(isOpen ? "open" : "resolved") then")
    }
    return problems
  }

  private func linkProblems(_ occurred: Occurred) -> [String] {
    if let linkCount, linkCount != occurred.linkCount {
      return ["links \(occurred.linkCount), expected \(linkCount)"]
    }
    guard let links else { return [] }
    let found = occurred.last.members.map(\.link)
    let missing = links.filter { !found.contains($0) }
    let more = found.filter { !links.contains($0) }
    return [(missing, "missing from it"), (more, "not expected in it")].filter { !$0.0.isEmpty }
      .map { list, words in
        let named = list.prefix(5).map(\.description).joined(separator: ", ")
        return "links \(words): \(named)" + (list.count > 5 ? " and \(list.count - 5) more" : "")
      }
  }
}

extension Occurred {
  /// The causes that its conditions had when it was at its worst, the most frequent first.
  var causes: [String] {
    var order: [String] = []
    var counts: [String: Int] = [:]
    for condition in worst.conditions {
      let detail = printable(condition.causeDetail, limit: 64)
      let cause = condition.cause + (detail.isEmpty ? "" : " \(detail)")
      if counts[cause] == nil { order.append(cause) }
      counts[cause, default: 0] += 1
    }
    return order.enumerated().sorted {
      let (a, b) = (counts[$0.element] ?? 0, counts[$1.element] ?? 0)
      return a != b ? a > b : $0.offset < $1.offset
    }.map(\.element)
  }

  /// `system civil-registry, 5m12s to 31m, told at 5m22s: system civil-registry is down for ...`.
  package var line: String {
    let end = resolvedAt.map { "to \(relative($0))" } ?? "and still open"
    let told = toldAt.map { "told at \(relative($0))" } ?? "not told"
    return "\(subject), \(relative(raisedAt)) \(end), \(told): \(worst.summary)"
  }

  /// What happened to it, a line each.
  package func timeline(from start: WallTime) -> [String] {
    last.timeline.map { "\(relative($0.time - start))  \($0.text)" }
  }
}
