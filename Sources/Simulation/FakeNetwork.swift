import Base
import History
import Model
import Probes

/// Something that fails for a while. Times count from the beginning of the world.
package struct ScheduledFault: Sendable {
  package enum Scope: Sendable {
    case everything
    /// A hop, and all that passes it.
    case hop(LinkID)
    case system(String)
    case owner(String)
    case link(LinkID)
    /// A service for some of its consumers.
    case part(service: String, consumers: [String])
  }

  package enum Manner: Sendable {
    /// Nothing comes back until the time is up.
    case silence
    case refusal
    case status(UInt16)
  }

  package var scope: Scope
  package var manner: Manner
  package var start: TimeAmount
  package var end: TimeAmount

  package init(_ scope: Scope, _ manner: Manner, from start: TimeAmount, to end: TimeAmount) {
    self.scope = scope
    self.manner = manner
    self.start = start
    self.end = end
  }

  package func strikes(_ link: Link) -> Bool {
    switch scope {
    case .everything: true
    case .hop(let hop): link.id == hop || link.hops.contains(hop)
    case .system(let system): link.system == system
    case .owner(let owner): link.owner == owner
    case .link(let id): link.id == id
    case .part(let service, let consumers):
      link.id.service == service && consumers.contains(link.id.consumer)
    }
  }
}

/// A network whose answers are a function of the link, the time and the seed: asked again, at whatever
/// time and in whatever order, it answers the same.
package struct FakeNetwork: Sendable {
  package struct Answer: Sendable {
    package var result: TransferResult
    package var delay: TimeAmount
  }

  package let seed: UInt64
  package private(set) var faults: [ScheduledFault]
  /// By a link's name: which faults strike it. The later of two that hold at once decides.
  private var faultsOf: [LinkID: [Int]] = [:]
  private let roles: [LinkID: LinkRole]
  /// What is answered instead, where a world is replayed: by the link, and when it is asked.
  private var recorded: [LinkID: [WallTime: Sample]]?
  private let timeout = TimeAmount.seconds(5)

  /// Single attempts fail or are slow now and then, too rarely to raise anything: at most one moment of
  /// failing in each stretch, shorter than the time to a confirmation, and in its first half, so that
  /// no five attempts hold three.
  package static let noiseStretch = TimeAmount.minutes(6)
  package static let noiseLength = TimeAmount.seconds(4)

  package init(_ links: [Link], faults: [ScheduledFault], seed: UInt64) {
    self.seed = seed
    self.faults = faults
    roles = Dictionary(uniqueKeysWithValues: links.map { ($0.id, $0.role) })
    for link in links {
      let striking = faults.indices.filter { faults[$0].strikes(link) }
      if !striking.isEmpty { faultsOf[link.id] = striking }
    }
  }

  /// One that answers as it did when these samples were recorded, and knows nothing of the faults.
  package init(_ links: [Link], replaying samples: [(key: ProbeKey, sample: Sample)]) {
    self.init(links, faults: [], seed: 0)
    var recorded: [LinkID: [WallTime: Sample]] = [:]
    for (key, sample) in samples { recorded[key.link, default: [:]][sample.time] = sample }
    self.recorded = recorded
  }

  private func replayed(_ link: LinkID, at time: TimeAmount) -> Answer {
    guard let sample = recorded?[link]?[World.beginning.wall + time] else {
      // It was never asked then, or the world ended before there was an answer.
      return answer(TransferResult(status: 599), after: .hours(1))
    }
    var result = TransferResult(status: sample.httpStatus)
    if sample.httpStatus == 0 { result = TransferResult(failure: sample.outcome) }
    return answer(result, after: .microseconds(Int64(sample.timings.totalMicroseconds)))
  }

  /// The fault that a link has at a time.
  package func fault(of link: LinkID, at time: TimeAmount) -> ScheduledFault? {
    faultsOf[link]?.last { faults[$0].start <= time && time < faults[$0].end }
      .map { faults[$0] }
  }

  /// What comes back of a request that is sent at a time since the beginning of the world.
  package func answer(_ link: LinkID, at time: TimeAmount) -> Answer {
    if recorded != nil { return replayed(link, at: time) }
    let name = stableHash("\(link)") ^ seed
    var moment = SeededGenerator(seed: name ^ UInt64(bitPattern: time.nanoseconds) &* 0x9E37_79B9)
    if let fault = fault(of: link, at: time) { return failing(fault.manner, &moment) }
    if roles[link] == .mustFail { return failing(.refusal, &moment) }
    if isNoisy(name, at: time) {
      return failing(moment.below(2) == 0 ? .status(503) : .silence, &moment)
    }
    // Most answers take milliseconds, one in fifty seconds.
    let isSlow = moment.below(50) == 0
    let microseconds =
      isSlow ? 1_000_000 + moment.below(3_000_000) : 1_000 + moment.below(200_000)
    return answer(TransferResult(status: 200), after: .microseconds(Int64(microseconds)))
  }

  private func isNoisy(_ name: UInt64, at time: TimeAmount) -> Bool {
    let stretch = time.nanoseconds / Self.noiseStretch.nanoseconds
    var draw = SeededGenerator(seed: name &+ UInt64(stretch) &* 0xA24B_AED4)
    let half = UInt64(Self.noiseStretch.nanoseconds / 2)
    let begin = Int64(draw.below(half))
    let offset = time.nanoseconds % Self.noiseStretch.nanoseconds
    return offset >= begin && offset < begin + Self.noiseLength.nanoseconds
  }

  private func failing(
    _ manner: ScheduledFault.Manner, _ moment: inout SeededGenerator
  ) -> Answer {
    let soon = TimeAmount.microseconds(Int64(1_000 + moment.below(100_000)))
    switch manner {
    case .silence:
      return answer(TransferResult(failure: .connect(.timedOut)), after: timeout)
    case .refusal: return answer(TransferResult(failure: .connect(.refused)), after: soon)
    case .status(let status): return answer(TransferResult(status: status), after: soon)
    }
  }

  private func answer(_ result: TransferResult, after delay: TimeAmount) -> Answer {
    var result = result
    result.timings.totalMicroseconds = UInt32(clamping: delay.microseconds)
    return Answer(result: result, delay: delay)
  }
}
