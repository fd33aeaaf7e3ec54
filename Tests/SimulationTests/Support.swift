import Base
import Glibc
import Incidents
import Model
import Simulation
import Testing

@testable import Engine

/// The seeds of a run: 50, or as many as `LINKHEALTH_SEEDS` says.
let seeds: Range<UInt64> = {
  let wanted = getenv("LINKHEALTH_SEEDS").flatMap { UInt64(String(cString: $0)) }
  return 0..<(wanted ?? 50)
}()

/// A fault that begins when all links have been seen, and lasts until each of them has been found out.
struct Outage {
  let start: TimeAmount
  let end: TimeAmount
  /// By then all is well again, and what was to be told has been told.
  var settled: TimeAmount { end + .minutes(5) }

  init(_ random: inout SeededGenerator) {
    start = .milliseconds(Int64(70_000 + random.below(40_000)))
    end = start + .milliseconds(Int64(200_000 + random.below(100_000)))
  }
}

/// One world in 25 is as large as the real one; the others are quicker.
func country(_ seed: UInt64) -> Country { Country(provinces: seed % 25 == 0 ? 34 : 6) }

extension World {
  /// The incidents that were told, each in its newest version that was, in the order of the first.
  var toldIncidents: [Incident] {
    var order: [String] = []
    var newest: [String: Incident] = [:]
    for telling in tellings {
      if newest[telling.incident.id] == nil { order.append(telling.incident.id) }
      newest[telling.incident.id] = telling.incident
    }
    return order.compactMap { newest[$0] }
  }

  /// What was told, a line each, for the words of a failed test.
  var story: String {
    tellings.map {
      "\n  \($0.at.milliseconds / 1_000)s \($0.incident.status) \($0.incident.pattern): "
        + $0.incident.summary
    }.joined()
  }
}

/// That no version of an incident was lost or written twice, and that all is well at the end, and told so.
func expectSoundVersions(_ world: World, seed: UInt64) {
  var last: [String: Int] = [:]
  for version in world.versions {
    let incident = version.incident
    #expect(
      incident.sequence == (last[incident.id] ?? 0) + 1,
      "seed \(seed): \(incident.id) at \(version.at)")
    last[incident.id] = incident.sequence
  }
  #expect(world.engine.casebook.open.isEmpty, "seed \(seed): all is well\(world.story)")
  #expect(
    world.toldIncidents.allSatisfy { $0.status == .resolved },
    "seed \(seed): what was told to begin is told to end\(world.story)")
}
