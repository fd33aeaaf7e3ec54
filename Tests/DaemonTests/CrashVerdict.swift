import Wire

/// Compares what was shown over all lives of a daemon with what there is at the end.
struct CrashVerdict {
  private(set) var problems: [String] = []
  private(set) var summary = ""
  private(set) var wasUnderLoad = false
  private let ledger: CrashLedger
  private let ring: [String: [TakenSample]]

  init(ledger: CrashLedger, ring: [String: [TakenSample]], daemon: Daemon) {
    self.ledger = ledger
    self.ring = ring
    problems = ledger.problems
    checkSamples()
    for receiver in CrashSite.receivers { checkDeliveries(receiver) }
    checkIncidents()
    checkFailures()
    checkFiles(daemon)
    summarize()
  }

  private mutating func complain(_ problem: String) {
    if problems.count < 200 { problems.append(problem) }
  }

  private mutating func summarize() {
    let accepted = ledger.arrivals.count { $0.isAccepted }
    let distinct = Set(ledger.arrivals.map { "\($0.receiver) \($0.incident) \($0.sequence)" })
    let recorded = ring.values.reduce(0) { $0 + $1.count }
    let incidents = ledger.versions.count
    summary =
      "\(ledger.sampleCount) of \(recorded) samples shown, \(incidents) incidents in "
      + "\(ledger.versionCount) versions, \(ledger.arrivals.count) webhooks "
      + "(\(ledger.arrivals.count - accepted) refused, \(ledger.arrivals.count - distinct.count) "
      + "again), \(ledger.alertFilesRead) alert files read"
    let lives = ledger.life
    wasUnderLoad = ledger.sampleCount > 20 * lives && incidents > lives
  }

  /// Every sample that was shown is in the ring, and no sample is there twice.
  private mutating func checkSamples() {
    for number in 0..<CrashSite.linkCount {
      let link = CrashSite.link(number)
      let kept = (ring[link] ?? []).map { sampleText($0.node) }
      let distinct = Set(kept)
      if distinct.count < kept.count { complain("\(link): the ring holds a sample twice") }
      for (sample, life) in ledger.samples[link] ?? [:] where !distinct.contains(sample) {
        complain("\(link): a sample was shown in life \(life) and is gone: \(sample)")
      }
    }
  }

  /// A receiver is told of each version of each incident, in order and to the end.
  private mutating func checkDeliveries(_ receiver: String) {
    /// By incident: the newest version that the receiver has accepted, and that it has seen.
    var accepted: [String: Int] = [:]
    var newest: [String: Int] = [:]
    for arrival in ledger.arrivals where arrival.receiver == receiver {
      let (id, sequence) = (arrival.incident, arrival.sequence)
      if sequence > newest[id, default: 0] {
        if sequence != newest[id, default: 0] + 1 || sequence != accepted[id, default: 0] + 1 {
          complain(
            "\(receiver) got version \(sequence) of \(id) when it had accepted "
              + "\(accepted[id, default: 0]) and seen \(newest[id, default: 0])")
        }
        newest[id] = sequence
      }
      if arrival.isAccepted { accepted[id] = max(accepted[id, default: 0], sequence) }
    }
    for (id, versions) in ledger.versions {
      for (sequence, version) in versions where sequence > accepted[id, default: 0] {
        complain(
          "\(receiver) was never told of version \(sequence) of \(id), shown by \(version.source)"
            + " in life \(version.life): \(version.text)")
      }
    }
  }

  /// Each incident ends once, as its last version, and the next of the same link begins after it.
  private mutating func checkIncidents() {
    var byLink: [String: [(openedAt: String, resolvedAt: String, id: String)]] = [:]
    for (id, versions) in ledger.versions {
      let last = versions.keys.max() ?? 0
      for (sequence, version) in versions
      where (version.status == "resolved") != (sequence == last) {
        complain("\(id): version \(sequence) of \(last) is \(version.status)")
      }
      guard let end = versions[last], let resolvedAt = end.resolvedAt else { continue }
      byLink[end.link, default: []].append((end.openedAt, resolvedAt, id))
    }
    // Times are of one width and in UTC: their order is that of the texts.
    for (link, incidents) in byLink {
      let sorted = incidents.sorted { $0 < $1 }
      for (former, next) in zip(sorted, sorted.dropFirst())
      where next.openedAt < former.resolvedAt {
        complain(
          "\(link): \(next.id) was opened at \(next.openedAt), before \(former.id) ended at "
            + former.resolvedAt)
      }
    }
  }

  /// Whatever lives it took: six failures in a row make an incident, opened within the ten samples
  /// that follow and open to the last failure.
  private mutating func checkFailures() {
    var byLink: [String: [CrashLedger.Version]] = [:]
    for versions in ledger.versions.values {
      guard let last = versions.keys.max(), let end = versions[last] else { continue }
      byLink[end.link, default: []].append(end)
    }
    for (link, kept) in ring {
      let samples = kept.filter { !$0.isSkipped }.sorted { $0.time < $1.time }
      var start = 0
      while let first = samples[start...].firstIndex(where: { !$0.isOK }) {
        let end = samples[first...].firstIndex(where: \.isOK) ?? samples.count
        start = end
        guard end - first >= 6 else { continue }
        let openedBy = first + 16 < samples.count ? samples[first + 16].time : nil
        let wasTold = (byLink[link] ?? []).contains { incident in
          openedBy.map { incident.openedAt <= $0 } ?? true
            && incident.resolvedAt.map { $0 >= samples[end - 1].time } ?? true
        }
        if !wasTold {
          complain(
            "\(link): nobody was told of \(end - first) failures from \(samples[first].time) to "
              + samples[end - 1].time)
        }
      }
    }
  }

  /// Nothing is left in `open/`, and `closed/` has the last version of each incident.
  private mutating func checkFiles(_ daemon: Daemon) {
    for name in fileNames("\(daemon.state)/alerts/open") { complain("alerts/open/\(name) is left") }
    let closed = fileNames("\(daemon.state)/alerts/closed")
    for name in closed where !name.hasSuffix(".json") { complain("alerts/closed/\(name) is left") }
    for (id, versions) in ledger.versions {
      guard let last = versions.keys.max(), let end = versions[last] else { continue }
      guard let text = fileText("\(daemon.state)/alerts/closed/\(id).json"),
        let node = parseJSON(Array(text.utf8), dialect: .json).node
      else {
        complain("alerts/closed/\(id).json is not there, or not JSON")
        continue
      }
      if jsonText(node) != end.text {
        complain("alerts/closed/\(id).json differs from version \(last): \(text)")
      }
      if node["note"] != nil { complain("alerts/closed/\(id).json was moved at a start: \(text)") }
    }
    if closed.count != ledger.versions.count {
      complain("\(closed.count) files in closed/ for \(ledger.versions.count) incidents")
    }
  }
}
