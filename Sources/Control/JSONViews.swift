import Base
import Engine
import History
import Model
import Wire

/// Fields shared by the answers; names and shapes are those of `deploy/docs/control-api.md`.
extension JSONWriter {
  package mutating func name(_ key: String, _ name: LocalizedName) {
    self.key(key)
    beginObject()
    member("en", name.en)
    member("vi", name.vi)
    endObject()
  }

  package mutating func time(_ key: String, _ time: WallTime?) {
    member(key, time.map { $0.description })
  }

  package mutating func strings(_ key: String, _ values: [String]) {
    self.key(key)
    beginArray()
    for value in values { string(value) }
    endArray()
  }

  package mutating func sample(_ sample: Sample, probe: String) {
    beginObject()
    time("time", sample.time)
    member("probe", probe)
    member("outcome", sample.outcome.name)
    member("detail", sample.outcome.detail)
    member("sentence", sample.outcome.sentence)
    member("ok", !sample.outcome.isFailure && !sample.outcome.isSkipped)
    member("slow", sample.isSlow)
    member("skipped", sample.outcome.isSkipped)
    member("confirmation", sample.flags.contains(.confirmation))
    member("httpStatus", sample.httpStatus == 0 ? nil : Int(sample.httpStatus))
    member("bodyBytes", Int(sample.bodyBytes))
    let timings = sample.timings
    member("resolveMicroseconds", Int(timings.resolveMicroseconds))
    member("connectMicroseconds", Int(timings.connectMicroseconds))
    member("tlsMicroseconds", Int(timings.tlsMicroseconds))
    member("firstByteMicroseconds", Int(timings.firstByteMicroseconds))
    member("transferMicroseconds", Int(timings.transferMicroseconds))
    member("totalMicroseconds", Int(timings.totalMicroseconds))
    endObject()
  }

  /// The counts of links by state, with every state named.
  package mutating func counts(_ counts: StateCounts) {
    beginObject()
    member("total", counts.total)
    for state in LinkState.allCases { member(state.rawValue, counts[state]) }
    member("paused", counts.paused)
    endObject()
  }
}

/// How many links are in each state.
package struct StateCounts: Sendable {
  private var counts = [Int](repeating: 0, count: LinkState.allCases.count)
  package private(set) var total = 0
  package private(set) var paused = 0

  package init() {}

  package mutating func add(_ state: LinkState, isPaused: Bool) {
    counts[LinkState.allCases.firstIndex(of: state) ?? 0] += 1
    total += 1
    if isPaused { paused += 1 }
  }

  package subscript(state: LinkState) -> Int {
    counts[LinkState.allCases.firstIndex(of: state) ?? 0]
  }
}
