import Base
import Model

/// What the regular runs of all links ask of each host, added up at a load.
struct RegularLoad {
  private struct Part {
    var thousandthsPerMinute: Int64 = 0
    var links = 0
    var lastLink = -1
    var examples: [LinkID] = []
  }

  private var parts: [Part] = []

  mutating func add(_ definition: ProbeDefinition, host: Int32, link: Int, id: LinkID) {
    guard host >= 0 else { return }
    while parts.count <= Int(host) { parts.append(Part()) }
    let every = max(1, definition.every.milliseconds)
    parts[Int(host)].thousandthsPerMinute += 60_000_000 / every
    guard parts[Int(host)].lastLink != link else { return }
    parts[Int(host)].lastLink = link
    parts[Int(host)].links += 1
    if parts[Int(host)].examples.count < 3 { parts[Int(host)].examples.append(id) }
  }

  /// Words for each host whose links alone ask for more than its budget; a bounded list.
  func warnings(_ politeness: Politeness) -> [String] {
    guard let budget = politeness.budget else { return [] }
    var warnings: [String] = []
    var unlisted = 0
    for (place, part) in parts.enumerated() {
      let perMinute = (part.thousandthsPerMinute + 999) / 1_000
      guard perMinute > Int64(budget.requestsPerMinute) else { continue }
      guard warnings.count < Limits.busyHostsTold else {
        unlisted += 1
        continue
      }
      let named = part.examples.map(\.description).joined(separator: ", ")
      warnings.append(
        "\(politeness.hosts[place].name): its \(part.links) links (\(named)"
          + (part.links > part.examples.count ? ", ..." : "") + ") ask for \(perMinute) requests a"
          + " minute, and the budget is \(budget.requestsPerMinute): some runs will be skipped; set"
          + " politeness.requestsPerMinute to \(perMinute) or more, or probe them less often with"
          + " \"every\"")
    }
    if unlisted > 0 { warnings.append("\(unlisted) more hosts are asked for more than the budget") }
    return warnings
  }
}
