import Base
import Model

/// The record that names a probe.
func probeDefinition(_ key: ProbeKey) -> [UInt64] {
  let names = [key.link.service, key.link.consumer, key.probe].map { Array($0.utf8) }
  precondition(
    names.allSatisfy { $0.count <= RingFormat.nameBytesMaximum },
    "names that the catalogue has bounded")
  let bytes = names.flatMap(\.self)
  let lengths =
    UInt32(names[0].count) | UInt32(names[1].count) << 8 | UInt32(names[2].count) << 16
  let size = 1 + (bytes.count + 7) / 8
  var words: [UInt64] = []
  words.reserveCapacity(size)
  words.appendWord(RecordHead(type: RecordType.probe, words: size, upper: lengths).word)
  words.appendBytes(bytes)
  return words
}

extension [UInt64] {
  /// Appends the record that holds a text.
  mutating func appendText(_ text: String) {
    let byteCount = text.utf8.count
    appendWord(
      RecordHead(
        type: RecordType.text, words: RingFormat.textWords(byteCount), upper: UInt32(byteCount)
      ).word)
    appendBytes(text.utf8)
  }

  /// Appends a sample's record.
  ///
  /// - Parameters:
  ///   - definition: the place of its probe's record.
  ///   - offset: its time, from the base that holds here, in milliseconds.
  ///   - detail: see ``DetailField``.
  mutating func appendSample(
    _ sample: Sample, code: OutcomeCode, definition: UInt32, offset: Int32, detail: UInt32
  ) {
    let timings = sample.timings
    appendWord(
      RecordHead(
        type: RecordType.sample, byte: sample.flags.rawValue, words: RingFormat.sampleWords,
        upper: definition
      ).word)
    appendWord(
      UInt64(UInt32(bitPattern: offset)) | UInt64(code.phase) << 32 | UInt64(code.cause) << 40
        | UInt64(sample.httpStatus) << 48)
    appendWord(pair(detail, sample.bodyBytes))
    appendWord(pair(timings.resolveMicroseconds, timings.connectMicroseconds))
    appendWord(pair(timings.tlsMicroseconds, timings.firstByteMicroseconds))
    appendWord(pair(timings.transferMicroseconds, timings.totalMicroseconds))
  }
}

/// The probe that a record names; nil when its texts do not fit in it, or would be too long once what is
/// no UTF-8 in them is replaced.
func readProbe(_ segment: [UInt64], at place: Int, _ head: RecordHead) -> ProbeKey? {
  let service = Int(head.upper & 0xFF)
  let consumer = Int(head.upper >> 8 & 0xFF)
  let probe = Int(head.upper >> 16 & 0xFF)
  guard service + consumer + probe <= (head.words - 1) * 8 else { return nil }
  let text = place + 1
  let names = [
    segment.text(at: text, count: service),
    segment.text(at: text, skipping: service, count: consumer),
    segment.text(at: text, skipping: service + consumer, count: probe),
  ]
  guard names.allSatisfy({ $0.utf8.count <= RingFormat.nameBytesMaximum }) else { return nil }
  return ProbeKey(link: LinkID(service: names[0], consumer: names[1]), probe: names[2])
}

/// Whether ``readProbe(_:at:_:)`` gives a probe.
func areSoundNames(_ segment: [UInt64], at place: Int, _ head: RecordHead) -> Bool {
  let sum = Int(head.upper & 0xFF) + Int(head.upper >> 8 & 0xFF) + Int(head.upper >> 16 & 0xFF)
  guard sum <= (head.words - 1) * 8 else { return false }
  // ASCII, which does not grow when it is read, as what is no UTF-8 does.
  let isASCII = (place + 1..<place + 1 + (sum + 7) / 8).allSatisfy {
    segment[$0] & 0x8080_8080_8080_8080 == 0
  }
  return isASCII || readProbe(segment, at: place, head) != nil
}

/// The mark in a record; nil for kinds that this version does not know.
func readMark(_ segment: [UInt64], at place: Int, _ head: RecordHead) -> RingMark? {
  guard head.words >= RingFormat.markWords else { return nil }
  let milliseconds = Int64(bitPattern: segment.word(place + 1))
  guard RingFormat.milliseconds.contains(milliseconds) else { return nil }
  let time = WallTime(milliseconds: milliseconds)
  switch head.byte {
  case MarkKind.started: return .started(time)
  case MarkKind.stopped: return .stopped(time)
  case MarkKind.clockStepped:
    let step = Int64(bitPattern: segment.word(place + 2))
    guard !time.nanoseconds.subtractingReportingOverflow(step).overflow else { return nil }
    return .clockStepped(at: time, by: .nanoseconds(step))
  case MarkKind.wentBlind:
    let sawAt = Int64(bitPattern: segment.word(place + 2))
    guard RingFormat.milliseconds.contains(sawAt), sawAt <= milliseconds else { return nil }
    return .wentBlind(at: time, sawAt: WallTime(milliseconds: sawAt))
  default: return nil
  }
}

/// The time of a sample's record, in milliseconds since the epoch.
func readTime(_ segment: [UInt64], at place: Int, base: Int64) -> Int64 {
  base + Int64(Int32(bitPattern: segment.word(place + 1).lower))
}

/// The sample in a record, with the note and the readings of the record behind it, should there be
/// one before `end`; nil for an outcome that this version does not know, a time that no clock shows,
/// or a detail that is not among `texts`.
func readSample(
  _ segment: [UInt64], at place: Int, _ head: RecordHead, end: Int, base: Int64, texts: PlaceList
) -> Sample? {
  readSample(segment, at: place, head, end: end, base: base) {
    texts.index(of: $0) == nil ? nil : definedText(segment, at: Int($0))
  }
}

/// The text of a record that ``isSoundText(_:)`` found sound.
func definedText(_ words: [UInt64], at place: Int) -> String {
  words.text(at: place + 1, count: Int(words.word(place).upper))
}

/// The same where texts are found in another way: `text` gives that of a place, or nil when none is
/// defined there.
func readSample(
  _ segment: [UInt64], at place: Int, _ head: RecordHead, end: Int, base: Int64,
  text: (UInt32) -> String?
) -> Sample? {
  let time = readTime(segment, at: place, base: base)
  guard RingFormat.milliseconds.contains(time) else { return nil }
  let codes = segment.word(place + 1).upper
  let detail = segment.word(place + 2).lower
  var code = OutcomeCode(
    phase: UInt8(truncatingIfNeeded: codes), cause: UInt8(truncatingIfNeeded: codes >> 8))
  if detail & DetailField.number != 0 {
    code.number = UInt16(truncatingIfNeeded: detail)
  } else {
    guard let text = keptText(detail, text) else { return nil }
    code.text = text
  }
  guard let outcome = Outcome(code) else { return nil }
  var sample = Sample(
    time: WallTime(milliseconds: time), outcome: outcome, flags: SampleFlags(rawValue: head.byte),
    timings: readTimings(segment, at: place + 3),
    httpStatus: UInt16(truncatingIfNeeded: codes >> 16),
    bodyBytes: segment.word(place + 2).upper)
  let next = place + head.words
  if next < end, let extra = RecordHead(segment, at: next, end: end), extra.type == RecordType.extra
  {
    guard readExtra(segment, at: next, extra, text, into: &sample) else { return nil }
  }
  return sample
}

/// Stands for a text that was not kept.
private let lostText = "…"

/// The text that a field names; nil when none is defined at its place.
private func keptText(_ place: UInt32, _ text: (UInt32) -> String?) -> String? {
  switch place {
  case DetailField.none: ""
  case DetailField.lost: lostText
  default: text(place)
  }
}

/// Gives a sample its note and readings; a text that is lost with another batch reads as one that was
/// not kept. False when the record is too short for what it tells.
private func readExtra(
  _ segment: [UInt64], at place: Int, _ head: RecordHead, _ text: (UInt32) -> String?,
  into sample: inout Sample
) -> Bool {
  let count = Int(head.byte)
  guard head.words >= RingFormat.extraWords + RingFormat.readingWords * count else { return false }
  func kept(_ place: UInt32) -> String { keptText(place, text) ?? lostText }
  sample.note = kept(head.upper)
  for index in 0..<count {
    let place = place + RingFormat.extraWords + RingFormat.readingWords * index
    let texts = segment.word(place)
    sample.readings.append(
      Reading(
        name: kept(texts.lower), value: Double(bitPattern: segment.word(place + 1)),
        unit: kept(texts.upper)))
  }
  return true
}

private func readTimings(_ segment: [UInt64], at place: Int) -> PhaseTimings {
  let words = (segment.word(place), segment.word(place + 1), segment.word(place + 2))
  return PhaseTimings(
    resolveMicroseconds: words.0.lower, connectMicroseconds: words.0.upper,
    tlsMicroseconds: words.1.lower, firstByteMicroseconds: words.1.upper,
    transferMicroseconds: words.2.lower, totalMicroseconds: words.2.upper)
}

/// Places of definitions, added in ascending order as a segment is walked.
struct PlaceList {
  private(set) var places: [UInt32] = []

  mutating func append(_ place: Int) { places.append(UInt32(place)) }

  /// Where a place stands in the list, by halving; nil when it is not there.
  func index(of place: UInt32) -> Int? {
    var low = 0
    var high = places.count
    while low < high {
      let middle = (low + high) / 2
      if places[middle] < place { low = middle + 1 } else { high = middle }
    }
    return low < places.count && places[low] == place ? low : nil
  }
}

/// Whether a text record's bytes fit in it; only such a place is kept in a list of texts.
func isSoundText(_ head: RecordHead) -> Bool { Int(head.upper) <= (head.words - 1) * 8 }

/// Records that are read alone from a file.
package enum LoneRecord {
  /// How much of the file to read for a sample: its record and the longest that may belong to it.
  package static let sampleWords =
    RingFormat.sampleWords + RingFormat.extraWords + RingFormat.readingWords * Limits.readings
  /// How much to read of a text's record at first; longer ones tell their length.
  package static let textWords = RingFormat.textWords(Limits.noteBytes)

  /// The text whose record the words begin with.
  package static func text(_ words: [UInt64]) -> String? {
    guard let head = RecordHead(words, at: 0, end: words.count), head.type == RecordType.text,
      isSoundText(head)
    else { return nil }
    return definedText(words, at: 0)
  }
}
