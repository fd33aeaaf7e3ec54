import Base
import History
import Model

/// Reads what is in the ring and in no block.
struct RecentReader {
  private let indices: [RecentIndex]
  private let samplesHeaders: [BlockHeader]
  private let ringID: UInt64
  /// Up to when what stands last is told.
  private let end: WallTime
  private let samplesAtOnce: Int
  private var ring: RingReader
  /// The samples of the probe that was asked for last: the next window is mostly its too.
  private var last: (key: ProbeKey, samples: [Sample])?

  init(_ snapshot: HistorySnapshot, until end: WallTime) {
    indices = snapshot.recent
    samplesHeaders = snapshot.samples
    ringID = snapshot.ringID
    self.end = end
    samplesAtOnce = snapshot.samplesAtOnce
    ring = RingReader(snapshot.ring)
  }

  /// The samples of a probe, in the order of writing.
  mutating func samples(
    of key: ProbeKey, in times: Range<WallTime>
  ) throws(SystemError) -> [Sample] {
    if last?.key != key {
      let isInTime = indices.contains {
        $0.times.map { $0.lowerBound < times.upperBound && $0.upperBound >= times.lowerBound }
          ?? false
      }
      guard isInTime else { return [] }
      var samples: [Sample] = []
      for index in indices {
        guard let entry = index.number(of: key) else { continue }
        var gathering = RecordGathering([entry], of: index)
        try gathering.finish(&ring)
        samples += try RecentPast(0, of: gathering, &ring, standing: nil, until: end).samples
      }
      last = (key, samples)
    }
    return last?.samples.filter { times.contains($0.time) } ?? []
  }

  /// Hands over the cells of probes; those of one in the order of its parts.
  mutating func cells(
    ofEach keys: [ProbeKey], in times: Range<WallTime>, span: CellSpan, _ access: inout BlockAccess,
    _ body: (Int, borrowing Cell) -> Void
  ) throws(SystemError) {
    guard mayHold(times) else { return }
    var standings: [Int: Standing?] = [:]
    for (number, index) in indices.enumerated() {
      let isLast = number == indices.count - 1
      let until = isLast ? end : index.times?.upperBound ?? end
      var group: [(key: Int, entry: Int)] = []
      var samples = 0
      for key in keys.indices {
        guard let entry = index.number(of: keys[key]) else { continue }
        group.append((key, entry))
        samples += index.entries[entry].places.count
        guard samples >= samplesAtOnce else { continue }
        try cells(group, of: index, in: times, span, until, &standings, &access, body)
        group = []
        samples = 0
      }
      try cells(group, of: index, in: times, span, until, &standings, &access, body)
    }
  }

  /// Whether any cell may begin in a period: what stood before the first sample is told from as early as
  /// the longest interval allows.
  private func mayHold(_ times: Range<WallTime>) -> Bool {
    let longest = Limits.probeIntervalMaximum * 2 + CellSpan.hour.length
    return indices.contains { index in
      guard let covered = index.times, covered != .always else { return true }
      return times.upperBound > covered.lowerBound - longest
    }
  }

  private mutating func cells(
    _ group: [(key: Int, entry: Int)], of index: RecentIndex, in times: Range<WallTime>,
    _ span: CellSpan, _ until: WallTime, _ standings: inout [Int: Standing?],
    _ access: inout BlockAccess, _ body: (Int, borrowing Cell) -> Void
  ) throws(SystemError) {
    var gathering = RecordGathering(group.map(\.entry), of: index)
    try gathering.finish(&ring)
    for (position, (key, number)) in group.enumerated() {
      let entry = index.entries[number]
      var standing: Standing?
      if let known = standings[key] {
        standing = known
      } else if entry.isStandingKnown {
        standing = entry.standing
      } else {
        standing = try access.standing(of: entry.key, in: samplesHeaders, ringID: ringID)
      }
      let past = try RecentPast(
        position, of: gathering, &ring, span: span, standing: standing, until: until)
      standings.updateValue(past.standing, forKey: key)
      for cell in past.cells where times.contains(cell.start) { body(key, cell) }
    }
  }
}
