import Base
import Catalogue
import Model
import Probes
import Quiet
import Wire

/// The configuration that a file of rehearsals names for itself, as a path; nil where it names none.
/// What else is wrong with the file is told when it is read.
package func rehearsalConfiguration(_ bytes: [UInt8], file: String) -> String? {
  let members = parseJSON(bytes, dialect: .json5, limits: .catalogue).node?.object
  guard let path = members?.last(where: { $0.key == "config" })?.node.string, !path.isEmpty else {
    return nil
  }
  return resolve(path, from: directory(of: file))
}

/// Reads a file of rehearsals of a configuration's rules; after complaints there are fewer than there
/// should be. deploy/docs/test-rules.md describes the keys.
package func readRehearsals(
  _ bytes: [UInt8], file: String, over configuration: Configuration,
  _ complaints: inout Complaints
) -> [Rehearsal] {
  let (node, errors) = parseJSON(bytes, dialect: .json5, limits: .catalogue)
  complaints.add(errors, file: file)
  guard let node, var reader = FieldReader(node, file: file, path: "", complaints: &complaints)
  else { return [] }
  _ = reader.string("config", &complaints)
  reader.require("rehearsals", &complaints)
  let entries = reader.objects("rehearsals", &complaints) ?? []
  reader.finish(&complaints)
  guard entries.count <= Limits.rehearsals else {
    reader.complain(
      "rehearsals", "expected at most \(Limits.rehearsals) rehearsals, got \(entries.count)",
      &complaints)
    return []
  }
  let reading = RehearsalReading(configuration)
  var list: [Rehearsal] = []
  var attempts: Int64 = 0
  for var entry in entries {
    guard let rehearsal = reading.read(&entry, &complaints) else { continue }
    attempts += reading.attempts(rehearsal)
    guard attempts <= Limits.rehearsalAttempts else {
      entry.complain(
        "length",
        "expected at most \(Limits.rehearsalAttempts) attempts in all rehearsals of a file, got "
          + "\(attempts) up to here: make them shorter, or take another configuration",
        &complaints)
      return list
    }
    list.append(rehearsal)
  }
  return list
}

/// The keys of one rehearsal.
private struct RehearsalReading {
  let configuration: Configuration
  let choice: LinkChoice
  let names: SubjectNames
  private var zone: TimeAmount { configuration.quiet.rules.zone }

  init(_ configuration: Configuration) {
    self.configuration = configuration
    choice = LinkChoice(configuration.links)
    names = SubjectNames(configuration.links)
  }

  /// The regular attempts that it takes.
  func attempts(_ rehearsal: Rehearsal) -> Int64 {
    let length = (rehearsal.length + Limits.rehearsalWarmUp).nanoseconds
    return configuration.links.reduce(0) { sum, link in
      sum + link.probes.reduce(0) { $0 + length / $1.every.nanoseconds + 1 }
    }
  }

  func read(_ reader: inout FieldReader, _ complaints: inout Complaints) -> Rehearsal? {
    let before = complaints.count
    let name = readName(&reader, &complaints)
    let start = readStart(&reader, &complaints)
    reader.require("length", &complaints)
    let length =
      reader.duration("length", range: .minutes(1)...Limits.rehearsalLongest, &complaints)
      ?? Limits.rehearsalLongest
    let latency = reader.duration("latency", range: .zero...Limits.probeTimeout, &complaints)
    let plans = reader.bool("plans", &complaints)
    let samples = entries("samples", &reader, &complaints).compactMap { entry in
      var entry = entry
      return readSample(&entry, length, &complaints)
    }
    let maintenance = entries("maintenance", &reader, &complaints).compactMap { entry in
      var entry = entry
      let window = readWindow(&entry, .request(at: start), zone: zone, &complaints)
      check(window?.links, entry, &complaints)
      return window
    }
    let silences = entries("silences", &reader, &complaints).compactMap { entry in
      var entry = entry
      let silence = readSilence(&entry, .request(at: start), zone: zone, &complaints)
      check(silence?.links, entry, &complaints)
      return silence
    }
    // An empty list expects that nothing happens; none at all was forgotten.
    reader.require("expected", &complaints)
    let expected = entries("expected", &reader, &complaints).compactMap { entry in
      var entry = entry
      return readExpectation(&entry, length, choice, names, &complaints)
    }
    reader.finish(&complaints)
    guard complaints.count == before else { return nil }
    return Rehearsal(
      name: name, location: location(reader), start: start, length: length,
      latency: latency ?? .milliseconds(30), plans: plans ?? false, samples: samples,
      maintenance: maintenance, silences: silences, expected: expected)
  }

  private func readName(_ reader: inout FieldReader, _ complaints: inout Complaints) -> String {
    let name = printable(reader.requiredString("name", &complaints) ?? "", limit: 200)
    if reader.has("name"), !name.contains(where: { $0 != " " }) {
      reader.complain("name", "expected words that tell what is rehearsed", &complaints)
    }
    return name
  }

  /// A Monday morning, unless it is said.
  private func readStart(
    _ reader: inout FieldReader, _ complaints: inout Complaints
  ) -> WallTime {
    let standard = localTime("2026-03-02T08:00", zone: zone) ?? WallTime(nanoseconds: 0)
    guard let text = reader.string("start", &complaints) else { return standard }
    if let time = localTime(text, zone: zone) { return time }
    reader.complain(
      "start",
      "expected a time such as \"2026-03-02T08:00\", by the clock of \(zoneText(zone)), got "
        + "\"\(printable(text, limit: 40))\"", &complaints)
    return standard
  }

  private func entries(
    _ key: String, _ reader: inout FieldReader, _ complaints: inout Complaints
  ) -> [FieldReader] {
    let list = reader.objects(key, &complaints) ?? []
    guard list.count > Limits.rehearsalEntries else { return list }
    reader.complain(
      key, "expected at most \(Limits.rehearsalEntries) entries, got \(list.count)", &complaints)
    return []
  }

  /// What no link is would quiet nothing.
  private func check(
    _ selector: LinkSelector?, _ reader: FieldReader, _ complaints: inout Complaints
  ) {
    guard let selector, !configuration.links.contains(where: { selector.matches(LinkFacts($0)) })
    else { return }
    reader.complain(nil, "no link is all of that: \(selector.words)", &complaints)
  }

  // MARK: - Samples

  private func readSample(
    _ reader: inout FieldReader, _ length: TimeAmount, _ complaints: inout Complaints
  ) -> SampleStretch? {
    let before = complaints.count
    let links = choice.read(&reader, &complaints)
    let probe = reader.string("probe", &complaints)
    let from = reader.duration("from", range: .zero...length, &complaints) ?? .zero
    let until = reader.duration("until", range: .zero...length, &complaints) ?? length
    if until <= from, complaints.count == before {
      reader.complain("until", "expected a time after \"from\"", &complaints)
    }
    if !reader.has("outcome"), !reader.has("latency") {
      reader.complain(nil, "expected \"outcome\", \"latency\" or both", &complaints)
    }
    let outcome = readOutcome(&reader, &complaints)
    let latency = reader.duration("latency", range: .zero...longestLatency, &complaints)
    let share = reader.percent("share", range: 1...1_000, &complaints)
    let rhythm = readRhythm(&reader, length, &complaints)
    reader.finish(&complaints)
    guard complaints.count == before, let links else { return nil }
    let probes = links.flatMap { configuration.links[$0].probes }.filter {
      probe == nil || $0.name == probe
    }
    guard let soonest = probes.min(by: { $0.timeout < $1.timeout }) else {
      reader.complain(
        probe == nil ? nil : "probe",
        probe.map { "none of these links has a probe \"\(printable($0, limit: 70))\"" }
          ?? "none of these links has a probe: they have no endpoint, or are not connected",
        &complaints)
      return nil
    }
    if let latency, !outcome.isFailure, latency >= soonest.timeout {
      reader.complain(
        "latency",
        "expected less than \(soonest.timeout), when probe \"\(soonest.name)\" gives up: say how it "
          + "fails then, such as outcome: \"http.timedOut\"", &complaints)
      return nil
    }
    return SampleStretch(
      links: links, probe: probe, from: from, until: until, outcome: outcome, latency: latency,
      permille: share ?? 1_000, rhythm: rhythm)
  }

  private func readOutcome(
    _ reader: inout FieldReader, _ complaints: inout Complaints
  ) -> Outcome {
    guard let text = reader.string("outcome", &complaints) else { return .ok }
    if let outcome = Outcome(words: text) { return outcome }
    let name = text.split(separator: " ").first.map(String.init) ?? ""
    let meant =
      Outcome.names.contains(name)
      ? "" : nearest(name, among: Outcome.names).map { "; did you mean \"\($0)\"?" } ?? ""
    reader.complain(
      "outcome",
      "expected an outcome such as \"ok\", \"connect.refused\" or \"http.status 503\", got "
        + "\"\(printable(text, limit: 80))\"\(meant)", &complaints)
    return .ok
  }

  private func readRhythm(
    _ reader: inout FieldReader, _ length: TimeAmount, _ complaints: inout Complaints
  ) -> RehearsedProbe.Rhythm? {
    let range = TimeAmount.seconds(1)...length
    let on = reader.duration("on", range: range, &complaints)
    let off = reader.duration("off", range: range, &complaints)
    if reader.has("on") != reader.has("off") {
      reader.complain(nil, "expected both \"on\" and \"off\", or neither", &complaints)
    }
    guard let on, let off else { return nil }
    return RehearsedProbe.Rhythm(on: on, off: off)
  }
}

private let longestLatency = TimeAmount.hours(1)

func location(_ reader: FieldReader) -> SourceLocation {
  SourceLocation(file: reader.file, line: reader.position.line, column: reader.position.column)
}
