import Base
import Model

/// A part of a segment that could not be read.
package struct SegmentDamage: Hashable, Sendable {
  /// Where it starts in the file, in bytes.
  package var offset: Int
  package var byteCount: Int
}

/// What reading a whole segment showed.
package struct SegmentScan: Hashable, Sendable {
  package var batches = 0
  package var samples = 0
  /// Records in sound batches that tell nothing: their probe or text is lost with another batch, or
  /// a newer program wrote them.
  package var unreadableRecords = 0
  /// Where the last sound batch ends, in bytes; behind it the next one is written.
  package var end: Int
  /// One more than the sequence number of the last sound batch.
  package var nextSequence: UInt64
  /// The times of all batches; nil without any.
  package var times: ClosedRange<WallTime>?
  /// The first damaged parts, at most ``damageMaximum``.
  package private(set) var damage: [SegmentDamage] = []
  package private(set) var damagedBytes = 0

  package static let damageMaximum = 16

  fileprivate mutating func add(damageFrom start: Int, to end: Int) {
    damagedBytes += (end - start) * 8
    if damage.count < Self.damageMaximum {
      damage.append(SegmentDamage(offset: start * 8, byteCount: (end - start) * 8))
    }
  }
}

/// Reads every sound record of a segment, in the order of writing, and tells what is damaged.
///
/// `segment` is the file or its first part; batches that belong to another generation than
/// `header` are left over from before and passed by. A damaged batch is left out; reading goes on
/// behind it. Without `withRecords` nobody looks into the batches: where the last one ends is found sooner.
/// Of batches that lie before `since`, or whose number is below `sequence`, only the definitions are read.
package func scanSegment(
  _ segment: [UInt64], header: SegmentHeader, withRecords: Bool = true, since: WallTime? = nil,
  from sequence: UInt64 = 0, _ body: (HistoryRecord) -> Void
) -> SegmentScan {
  var scan = SegmentScan(end: RingFormat.headerBlockBytes, nextSequence: header.firstSequence)
  var reader = RecordReader()
  var walk = BatchWalk(header)
  while let (place, batch) = walk.next(in: segment) {
    let payload = walk.payload(of: batch, at: place)
    guard walk.isSound(batch, at: place, in: segment) else { continue }
    if scan.end / 8 < place { scan.add(damageFrom: scan.end / 8, to: place) }
    scan.batches += 1
    scan.end = payload.upperBound * 8
    scan.nextSequence = batch.sequence + 1
    scan.times = batch.times.union(scan.times)
    guard withRecords else { continue }
    let isWanted =
      batch.sequence >= sequence && (since.map { batch.times.upperBound >= $0 } ?? true)
    reader.read(segment, payload, base: batch.base, isWanted: isWanted, into: &scan, body)
  }
  if walk.unsoundEnd * 8 > scan.end {
    scan.add(damageFrom: scan.end / 8, to: walk.unsoundEnd)
  }
  return scan
}

/// The definitions met so far in a segment, and the records that use them.
private struct RecordReader {
  private var places = PlaceList()
  private var keys: [ProbeKey] = []
  private var texts = PlaceList()

  mutating func read(
    _ segment: [UInt64], _ payload: Range<Int>, base: Int64, isWanted: Bool,
    into scan: inout SegmentScan, _ body: (HistoryRecord) -> Void
  ) {
    var base = base
    var place = payload.lowerBound
    while place < payload.upperBound {
      guard let head = RecordHead(segment, at: place, end: payload.upperBound) else {
        scan.unreadableRecords += 1
        return
      }
      defer { place += head.words }
      var record: HistoryRecord?
      switch head.type {
      case RecordType.probe:
        if let key = readProbe(segment, at: place, head) {
          places.append(place)
          keys.append(key)
          continue
        }
      case RecordType.text:
        if isSoundText(head) {
          texts.append(place)
          continue
        }
      case RecordType.timeBase:
        if let time = readTimeBase(segment, at: place, head) {
          base = time
          continue
        }
      case RecordType.mark:
        record = readMark(segment, at: place, head).map { .mark($0) }
      case RecordType.sample where !isWanted: continue
      case RecordType.sample where head.words >= RingFormat.sampleWords:
        if let key = places.index(of: head.upper),
          let sample = readSample(
            segment, at: place, head, end: payload.upperBound, base: base, texts: texts)
        {
          record = .sample(keys[key], sample)
          scan.samples += 1
        }
      // Read with the sample before it.
      case RecordType.extra: continue
      default: break
      }
      if let record { body(record) } else { scan.unreadableRecords += 1 }
    }
  }
}

/// The base that a record sets; nil when it is too short or no time.
func readTimeBase(_ segment: [UInt64], at place: Int, _ head: RecordHead) -> Int64? {
  guard head.words >= RingFormat.timeBaseWords else { return nil }
  let base = Int64(bitPattern: segment.word(place + 1))
  return RingFormat.milliseconds.contains(base) ? base : nil
}
