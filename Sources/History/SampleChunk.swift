import Base
import Model

/// Writes the samples of one probe as a chunk: the same records as in a segment, with their places
/// counted from the start of the chunk.
struct SampleChunk {
  private var words: [UInt64]
  private var texts: [String: UInt32] = [:]
  private let base: Int64
  private let extras: Extras

  /// Whose notes and readings are kept.
  private enum Extras: CaseIterable {
    case all
    case ofFailures
    case none
  }

  /// The chunk of some samples, in the order of writing, within `wordLimit` words.
  ///
  /// Where not all fits, notes and readings of right samples go first, then those of failures, then
  /// confirmations from the last to the first, then the last samples: an outage with its many
  /// short-notice runs never pushes out what was regularly recorded.
  ///
  /// - Returns: the chunk's words, and how many samples are not in it.
  static func words(
    _ samples: [Sample], key: ProbeKey, every: TimeAmount, seed: UInt32, wordLimit: Int
  ) -> (words: [UInt64], left: Int) {
    for extras in Extras.allCases {
      let words = written(samples, extras, key, every, seed)
      if words.count <= wordLimit { return (words, 0) }
    }
    let bare = written([], .none, key, every, seed).count + RingFormat.timeBaseWords
    // Outcomes with details may need a text each; the room for those is taken from the samples.
    var kept = samples
    while !kept.isEmpty {
      let words = written(kept, .none, key, every, seed)
      if words.count <= wordLimit { return (words, samples.count - kept.count) }
      let excess = (words.count - max(bare, wordLimit) + RingFormat.sampleWords - 1)
      kept.shorten(by: max(1, min(excess / RingFormat.sampleWords, kept.count / 2)))
    }
    return (written([], .none, key, every, seed), samples.count)
  }

  private static func written(
    _ samples: [Sample], _ extras: Extras, _ key: ProbeKey, _ every: TimeAmount, _ seed: UInt32
  ) -> [UInt64] {
    Chunk.words(key, every: every, seed: seed) { words in
      guard let first = samples.first else { return }
      var chunk = SampleChunk(words: words, base: RingFormat.stored(first.time), extras: extras)
      chunk.add(samples)
      words = chunk.words
    }
  }

  private init(words: [UInt64], base: Int64, extras: Extras) {
    self.words = words
    self.base = base
    self.extras = extras
  }

  private mutating func add(_ samples: [Sample]) {
    words.reserveCapacity(words.count + samples.count * RingFormat.sampleWords + 16)
    var current = base
    setBase(base)
    for sample in samples {
      let time = RingFormat.stored(sample.time)
      if Int32(exactly: time - current) == nil {
        current = time
        setBase(time)
      }
      add(sample, offset: Int32(truncatingIfNeeded: time - current))
    }
  }

  private mutating func setBase(_ time: Int64) {
    words.appendWord(RecordHead(type: RecordType.timeBase, words: RingFormat.timeBaseWords).word)
    words.appendWord(UInt64(bitPattern: time))
  }

  private mutating func add(_ sample: Sample, offset: Int32) {
    let code = sample.outcome.code
    var detail = DetailField.none
    if code.number != 0 {
      detail = DetailField.number | UInt32(code.number)
    } else if !code.text.isEmpty {
      detail = place(of: code.text)
    }
    let extra = keepsExtra(of: sample) ? extra(of: sample) : []
    words.appendSample(sample, code: code, definition: 0, offset: offset, detail: detail)
    words.append(contentsOf: extra)
  }

  private func keepsExtra(of sample: Sample) -> Bool {
    guard !sample.note.isEmpty || !sample.readings.isEmpty else { return false }
    return switch extras {
    case .all: true
    case .ofFailures: sample.outcome != .ok
    case .none: false
    }
  }

  private mutating func extra(of sample: Sample) -> [UInt64] {
    var record: [UInt64] = []
    let note = sample.note.isEmpty ? DetailField.none : place(of: sample.note)
    record.appendWord(
      RecordHead(
        type: RecordType.extra, byte: UInt8(sample.readings.count),
        words: RingFormat.extraWords + RingFormat.readingWords * sample.readings.count, upper: note
      ).word)
    for reading in sample.readings {
      let unit = reading.unit.isEmpty ? DetailField.none : place(of: reading.unit)
      record.appendWord(pair(place(of: reading.name), unit))
      record.appendWord(reading.value.bitPattern)
    }
    return record
  }

  private mutating func place(of text: String) -> UInt32 {
    if let known = texts[text] { return known }
    let place = UInt32(words.count)
    words.appendText(text)
    texts[text] = place
    return place
  }
}

extension [Sample] {
  /// Leaves out so many, confirmations first, the last ones first.
  fileprivate mutating func shorten(by count: Int) {
    var left = count
    for index in indices.reversed() where left > 0 && self[index].flags.contains(.confirmation) {
      remove(at: index)
      left -= 1
    }
    removeLast(Swift.min(left, self.count))
  }
}
