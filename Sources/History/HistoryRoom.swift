import Base
import Model

/// How much room the history takes: known before anything is allocated, and never more.
package struct HistoryRoom: Hashable, Sendable {
  /// The bytes of one block of each kind, and how many blocks there are.
  package struct Blocks: Hashable, Sendable {
    package var byteCount: Int
    package var count: Int
    package var total: Int { byteCount * count }
  }

  package var samples: Blocks
  package var fiveMinutes: Blocks
  package var hours: Blocks
  /// The ring that keeps what is in no block yet: four hours and half as much again.
  package var ringBytes: Int
  package var segmentBytes: Int
  /// How large the ring would be if nobody wanted it otherwise.
  package var ringBytesNeeded: Int
  /// For how many regular samples a block of an hour has room, confirmations not counted.
  package var regularSamples: Int

  package var total: Int { samples.total + fiveMinutes.total + hours.total + ringBytes }

  /// - Parameters:
  ///   - intervals: of every probe.
  ///   - ringBytes, segmentBytes: where an operator wants them otherwise.
  package init(
    _ retention: HistoryRetention, intervals: some Sequence<TimeAmount>,
    ringBytes wantedRing: Int? = nil, segmentBytes wantedSegment: Int? = nil
  ) {
    var words = (samples: 0, fiveMinutes: 0, hours: 0)
    var probes = 0
    var ring = 0
    regularSamples = 16
    for every in intervals {
      probes += 1
      let samples = BlockShare.samples(every: every)
      words.samples += samples.samples + samples.cells
      words.fiveMinutes += BlockShare.fiveMinutes(every: every).cells
      words.hours += BlockShare.hours(every: every).cells
      regularSamples += BlockShare.samplesPerHour(every)
      ring += 6 * BlockShare.samplesPerHour(every) * Self.ringBytesPerSample
    }
    func bytes(_ words: Int) -> Int {
      let all =
        BlockFormat.headerBlockBytes + (words + probes * BlockFormat.entryWords) * 8
      return (all + 4_095) / 4_096 * 4_096
    }
    // Half a day more than is promised, since a block may be closed before its hour is over; and never
    // less than the hours of a day, which are put together when the day is over.
    samples = Blocks(
      byteCount: bytes(words.samples), count: max(24, Self.count(retention.samples, .hours(1))) + 12
    )
    fiveMinutes = Blocks(
      byteCount: bytes(words.fiveMinutes), count: Self.count(retention.fiveMinutes, .hours(24)) + 2)
    hours = Blocks(
      byteCount: bytes(words.hours), count: Self.count(retention.hours, .hours(24)) + 2)
    // Eight parts, so that the one which is written over next is long in blocks.
    let segment = min(8 << 20, max(256 << 10, (ring / 8 + 65_535) / 65_536 * 65_536))
    segmentBytes = wantedSegment ?? segment
    ringBytesNeeded = max(8, (ring + segment - 1) / segment) * segment
    ringBytes = wantedRing ?? ringBytesNeeded
  }

  package func blocks(_ kind: BlockKind) -> Blocks {
    switch kind {
    case .samples: samples
    case .fiveMinutes: fiveMinutes
    case .hours: hours
    }
  }

  private static func count(_ kept: TimeAmount, _ each: TimeAmount) -> Int {
    Int((kept.nanoseconds + each.nanoseconds - 1) / each.nanoseconds)
  }

  /// A sample's record and its part of batch headers and definitions.
  private static let ringBytesPerSample = 56
}

/// How many words of a block are a probe's due. What one does not use, others may.
package struct BlockShare: Hashable, Sendable {
  package var samples: Int
  package var cells: Int

  /// All that is kept free for a probe, its place in the table included.
  package var words: Int { samples + cells + BlockFormat.entryWords }

  /// Checksum, interval, names and standing of a chunk.
  private static let headWords = 6 + BlockFormat.namesBytes / 8
  /// What a cell of five minutes takes at most, in bytes: its counts and times, and two bytes for each
  /// latency, as if each lay in a bucket of its own. Most take half of it, and probes lend each other
  /// what they leave.
  private static func fiveMinuteBytes(every: TimeAmount) -> Int {
    max(48, 38 + latencyBytes(samplesPerHour(every) / 12))
  }

  /// The same of an hour, which of a probe every minute has rarely more than three latencies of four in
  /// buckets of their own.
  private static func hourBytes(every: TimeAmount) -> Int {
    max(128, 8 + latencyBytes(samplesPerHour(every) - 1))
  }

  /// There are no more buckets than there are, and a count above 127 takes a byte more.
  private static func latencyBytes(_ count: Int) -> Int {
    2 * min(count, LatencyDistribution.bucketCount) + count / 128
  }

  /// In a block of an hour: regular samples and a fifth of their room for short-notice runs, notes
  /// and readings; twelve cells of five minutes and one of an hour.
  package static func samples(every: TimeAmount) -> BlockShare {
    BlockShare(
      samples: headWords + samplesPerHour(every) * RingFormat.sampleWords * 6 / 5,
      cells: headWords + (12 * fiveMinuteBytes(every: every) + hourBytes(every: every) + 7) / 8)
  }

  package static func fiveMinutes(every: TimeAmount) -> BlockShare {
    BlockShare(samples: 0, cells: headWords + 288 * fiveMinuteBytes(every: every) / 8)
  }

  package static func hours(every: TimeAmount) -> BlockShare {
    BlockShare(samples: 0, cells: headWords + 24 * hourBytes(every: every) / 8)
  }

  package static func share(_ kind: BlockKind, every: TimeAmount) -> BlockShare {
    switch kind {
    case .samples: samples(every: every)
    case .fiveMinutes: fiveMinutes(every: every)
    case .hours: hours(every: every)
    }
  }

  static func samplesPerHour(_ every: TimeAmount) -> Int {
    Int(TimeAmount.hours(1).nanoseconds / max(every.nanoseconds, 1_000_000)) + 1
  }
}
