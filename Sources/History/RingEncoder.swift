import Base
import Model

/// A batch of records ready to be written, and the place it belongs.
package struct EncodedBatch: Sendable {
  /// The segment it belongs to. A file that does not bear this header yet gets its block first.
  package var segment: SegmentHeader
  /// Where it starts in the file, in bytes.
  package var offset: Int
  package var sequence: UInt64
  /// The bytes as they lie in the file, eight to a word.
  package var words: [UInt64]
  /// The least and the greatest time in it; all of time where they are not known.
  package var times: ClosedRange<WallTime>

  package var end: Int { offset + words.count * 8 }
}

/// Where writing goes on after a start; ``RingPlan`` finds it.
package struct RingResume: Hashable, Sendable {
  package var ringID: UInt64
  package var segmentBytes: Int
  /// The slots in the order in which they are to be (over)written; the current one is the last.
  package var slots: [UInt32]
  /// The segment being filled; nil for a ring without data.
  package var current: SegmentHeader?
  /// Where the next batch goes in the current segment, in bytes.
  package var offset: Int
  package var nextSequence: UInt64
  /// The times of the batches in the current segment; nil without any.
  package var times: ClosedRange<WallTime>?

  package init(
    ringID: UInt64, segmentBytes: Int, slots: [UInt32], current: SegmentHeader? = nil,
    offset: Int = 0, nextSequence: UInt64 = 1, times: ClosedRange<WallTime>? = nil
  ) {
    self.ringID = ringID
    self.segmentBytes = segmentBytes
    self.slots = slots
    self.current = current
    self.offset = offset
    self.nextSequence = nextSequence
    self.times = times
  }
}

/// Turns samples into batches and decides where each goes. It holds no file: the loop owns it, and
/// the disk thread writes what ``finish()`` returns, in that order.
///
/// Samples name their probe by the place of a definition in the same segment. So a place means one
/// probe for the life of a segment, whichever run wrote it; a lost definition loses samples but
/// never gives them to another probe.
package struct RingEncoder: Sendable {
  private let ringID: UInt64
  private let seed: UInt32
  private let segmentBytes: Int
  private let slots: [UInt32]
  private var nextSlot = 0
  private var segment: SegmentHeader?
  private var offset: Int
  private var nextSequence: UInt64
  private var segmentTimes: ClosedRange<WallTime>?

  /// The batch at work: room for its header, then its records.
  private var words: [UInt64] = []
  private var base: Int64 = 0
  private var timeBase: Int64 = 0
  private var earliest = Int32.max
  private var latest = Int32.min
  private var definitions: UInt32 = 0
  private var ready: [EncodedBatch] = []

  /// The place of each probe's definition in this segment, by the caller's number; 0 for none yet.
  private var probes: [UInt32] = []
  private var texts: [String: UInt32] = [:]
  private var textBudget: TextBudget

  package init(resume: RingResume) {
    precondition(
      !resume.slots.isEmpty && RingFormat.isSegmentSize(resume.segmentBytes),
      "a ring of whole segments")
    ringID = resume.ringID
    seed = checksumSeed(ringID: resume.ringID)
    segmentBytes = resume.segmentBytes
    slots = resume.slots
    segment = resume.current
    // Without a segment there is no room in it, so that the first record starts one.
    offset = resume.current == nil ? resume.segmentBytes : resume.offset
    nextSequence = resume.nextSequence
    segmentTimes = resume.times
    textBudget = TextBudget(segmentBytes: resume.segmentBytes)
  }

  /// Whether there is nothing for ``finish()`` to return.
  package var isEmpty: Bool { words.isEmpty && ready.isEmpty }

  /// Adds a sample. `probe` is a small, dense number that stands for `key` until
  /// ``forgetDefinitions()``; `key` is asked for only when the segment does not name it yet.
  /// Times are kept to the millisecond, details to `Limits.outcomeDetailCharacters`, notes and
  /// readings to their limits.
  package mutating func add(probe: UInt32, key: @autoclosure () -> ProbeKey, sample: Sample) {
    let time = RingFormat.stored(sample.time)
    let readings = sample.readings.prefix(Limits.readings)
    let hasExtra = !sample.note.isEmpty || !readings.isEmpty
    makeRoom(
      at: time,
      extra: hasExtra ? RingFormat.extraWordsMaximum(readings: readings.count) : 0)
    let definition = place(of: probe, key)
    let extra = hasExtra ? self.extra(of: sample, readings) : []
    let code = sample.outcome.code
    let detail =
      code.number != 0
      ? DetailField.number | UInt32(code.number)
      : code.text.isEmpty
        ? DetailField.none
        : place(of: clipped(code.text, characters: Limits.outcomeDetailCharacters), .detail)
    let offset = timeOffset(time)
    words.appendSample(
      sample, code: code, definition: definition, offset: offset, detail: detail)
    words.append(contentsOf: extra)
  }

  /// Adds a mark.
  package mutating func add(_ mark: RingMark) {
    let time = RingFormat.stored(mark.time)
    makeRoom(at: time)
    noteTime(time)
    let (kind, amount): (UInt8, Int64) =
      switch mark {
      case .started: (MarkKind.started, 0)
      case .stopped: (MarkKind.stopped, 0)
      case .clockStepped(_, let step): (MarkKind.clockStepped, step.nanoseconds)
      case .wentBlind(_, let sawAt): (MarkKind.wentBlind, RingFormat.stored(sawAt))
      }
    words.appendWord(
      RecordHead(type: RecordType.mark, byte: kind, words: RingFormat.markWords).word)
    words.appendWord(UInt64(bitPattern: time))
    words.appendWord(UInt64(bitPattern: amount))
  }

  /// Takes what has been added, as batches to be written in this order: one, and one more for each
  /// segment that became full.
  package mutating func finish() -> [EncodedBatch] {
    seal()
    let batches = ready
    ready = []
    return batches
  }

  /// Defines every probe and text anew before its next use: call it when the caller's numbers
  /// change their meaning, and when a batch could not be written.
  package mutating func forgetDefinitions() {
    for index in probes.indices { probes[index] = 0 }
    texts.removeAll()
  }
}

// MARK: - Places and times

extension RingEncoder {
  /// The place in the segment that the next word takes, in words.
  private var place: UInt32 { UInt32(offset / 8 + words.count) }

  private mutating func place(of number: UInt32, _ key: () -> ProbeKey) -> UInt32 {
    let index = Int(number)
    if index < probes.count, probes[index] != 0 { return probes[index] }
    if index >= probes.count {
      precondition(
        index < Limits.linksPerDaemon * Limits.probesPerLink, "a dense number of a probe")
      probes.append(contentsOf: repeatElement(0, count: index + 1 - probes.count))
    }
    let place = self.place
    words.append(contentsOf: probeDefinition(key()))
    definitions += 1
    probes[index] = place
    return place
  }

  private mutating func place(of text: String, _ use: TextBudget.Use) -> UInt32 {
    if let known = texts[text] { return known }
    let size = RingFormat.textWords(text.utf8.count)
    guard textBudget.take(size, use, known: texts.count) else { return DetailField.lost }
    let place = self.place
    words.appendText(text)
    definitions += 1
    texts[text] = place
    return place
  }

  /// The record that follows a sample with a note or readings; its texts are defined before.
  private mutating func extra(of sample: Sample, _ readings: ArraySlice<Reading>) -> [UInt64] {
    var record: [UInt64] = []
    let use = sample.outcome == .ok ? TextBudget.Use.noteOfRight : .note
    let note =
      sample.note.isEmpty
      ? DetailField.none : place(of: clipped(sample.note, bytes: Limits.noteBytes), use)
    record.appendWord(
      RecordHead(
        type: RecordType.extra, byte: UInt8(readings.count),
        words: RingFormat.extraWords + RingFormat.readingWords * readings.count, upper: note
      ).word)
    for reading in readings {
      let name = place(of: clipped(reading.name, bytes: Limits.readingNameBytes), .detail)
      let unit =
        reading.unit.isEmpty
        ? DetailField.none
        : place(of: clipped(reading.unit, bytes: Limits.readingUnitBytes), .detail)
      record.appendWord(pair(name, unit))
      record.appendWord(reading.value.bitPattern)
    }
    return record
  }

  /// A time as its distance from the base; where that does not fit, a new base is set.
  private mutating func timeOffset(_ time: Int64) -> Int32 {
    noteTime(time)
    if let offset = Int32(exactly: time - timeBase) { return offset }
    timeBase = time
    words.appendWord(
      RecordHead(type: RecordType.timeBase, words: RingFormat.timeBaseWords).word)
    words.appendWord(UInt64(bitPattern: time))
    return 0
  }

  /// Widens the batch's range of times.
  private mutating func noteTime(_ time: Int64) {
    if let offset = Int32(exactly: time - base) {
      earliest = min(earliest, offset)
      latest = max(latest, offset)
    } else {
      earliest = Int32.min
      latest = Int32.max
    }
  }
}

// MARK: - Batches and segments

extension RingEncoder {
  /// Starts a batch if there is none, in the next segment if this one may not hold what comes: an
  /// addition, and so many more words at most.
  private mutating func makeRoom(at time: Int64, extra: Int = 0) {
    let used = offset / 8 + max(words.count, RingFormat.batchHeaderWords)
    if used + RingFormat.additionWordsMaximum + extra > segmentBytes / 8 {
      seal()
      nextSegment(at: time)
    }
    // A clock that was set by weeks: the times of a batch must be told from its base, or nobody would know
    // which hour it belongs to.
    if !words.isEmpty, !isNearBase(time) { seal() }
    guard words.isEmpty else { return }
    words.append(contentsOf: repeatElement(0, count: RingFormat.batchHeaderWords))
    base = time
    timeBase = time
    earliest = Int32.max
    latest = Int32.min
    definitions = 0
  }

  /// Both extremes of a distance mean that times are not known.
  private func isNearBase(_ time: Int64) -> Bool {
    Int32(exactly: time - base).map { $0 > .min && $0 < .max } ?? false
  }

  private mutating func nextSegment(at time: Int64) {
    segment = SegmentHeader(
      ringID: ringID, generation: (segment?.generation ?? 0) + 1, firstSequence: nextSequence,
      created: WallTime(milliseconds: time), segmentBytes: segmentBytes, slot: slots[nextSlot],
      previousTimes: segmentTimes)
    segmentTimes = nil
    nextSlot = (nextSlot + 1) % slots.count
    offset = RingFormat.headerBlockBytes
    textBudget = TextBudget(segmentBytes: segmentBytes)
    forgetDefinitions()
  }

  /// Completes the batch at work and puts it with those that are ready.
  private mutating func seal() {
    guard !words.isEmpty, let segment else { return }
    let header = BatchHeader(
      payloadWords: words.count - RingFormat.batchHeaderWords,
      payloadChecksum: crc32c(
        words: words, in: RingFormat.batchHeaderWords..<words.count, seed: seed),
      generation: segment.generation.lower, definitions: definitions, sequence: nextSequence,
      base: base, earliest: earliest, latest: latest)
    header.store(in: &words, seed: seed)
    let batch = EncodedBatch(
      segment: segment, offset: offset, sequence: nextSequence, words: words, times: header.times)
    ready.append(batch)
    segmentTimes = batch.times.union(segmentTimes)
    offset = batch.end
    nextSequence += 1
    // The next tick brings about as much: one allocation for it.
    words = []
    words.reserveCapacity(batch.words.count)
  }
}
