import Base
import Glibc
import History
import Model

/// The files of the history ring. All of it belongs to one thread, the one that may wait for the
/// disk; it writes what a ``RingEncoder`` made and answers from what has been written.
package final class RingFiles {
  /// Where the encoder goes on; make it with this, once.
  package private(set) var resume: RingResume
  /// What an operator should know of the opening: files set aside, removed or not made, damage.
  package let messages: [String]

  private let directory: SlotDirectory
  /// The segments with data, the oldest first.
  private var segments: [Segment]
  /// The file of the segment that was last written to.
  private var file: Descriptor?
  private var fileHeader: SegmentHeader?
  private var isDirty = false
  private var descriptor: Int32 { file?.raw ?? -1 }
  /// A segment's words while it is read; empty between readings.
  private var buffer: [UInt64] = []

  private struct Segment {
    var header: SegmentHeader
    /// The times of its batches; nil as long as they are not known.
    var times: ClosedRange<WallTime>?
  }

  /// Opens the ring in a directory, which is made if need be, or makes a new one.
  ///
  /// - Parameters:
  ///   - path: the directory; its parent must be there.
  ///   - ringBytes: how much the files may take together; at least two segments are kept.
  ///   - segmentBytes: the size of a segment of a new ring; a ring keeps the size it has.
  ///   - newRingID: a random number, for a new ring.
  package init(
    directory path: String, ringBytes: Int, segmentBytes: Int, newRingID: UInt64
  ) throws(RingError) {
    precondition(RingFormat.isSegmentSize(segmentBytes), "a segment size that the format allows")
    var opening = RingOpening(directory: SlotDirectory.segments(path))
    let (plan, scan) = try opening.run(
      ringBytes: ringBytes, segmentBytes: segmentBytes, newRingID: newRingID)
    directory = opening.directory
    messages = opening.messages
    resume = plan.resume(after: scan)
    segments = plan.keep.map { Segment(header: $0) }
    for (index, header) in plan.keep.enumerated().dropFirst()
    where header.generation == plan.keep[index - 1].generation + 1 {
      segments[index - 1].times = header.previousTimes
    }
    if let last = segments.indices.last { segments[last].times = scan?.times }
  }

  /// Leaves out sequence numbers below one: batches that the ring has lost, to a loss of power or to
  /// damage, may be in a block under theirs, and no other batch must bear them.
  func leaveOut(below sequence: UInt64) {
    resume.nextSequence = max(resume.nextSequence, sequence)
  }

  /// What the ring takes on the disk, in bytes.
  package var byteCount: Int { resume.slots.count * resume.segmentBytes }

  /// Opens a copy of a ring to read it; nothing in the directory is changed.
  package init(copy path: String) throws(SystemError) {
    let directory = SlotDirectory.segments(path)
    self.directory = directory
    var headers: [SegmentHeader] = []
    var messages: [String] = []
    for slot in try directory.slotsToRead() {
      switch try directory.survey(slot, access: O_RDONLY).reading {
      case .valid(let header): headers.append(header)
      case .blank: break
      case .damaged(let reason): messages.append("\(directory.path(of: slot)): \(reason)")
      case .newer(let version, _):
        messages.append("\(directory.path(of: slot)): format version \(version)")
      }
    }
    headers.sort { $0.generation < $1.generation }
    // Of several rings in one directory the newest segment's.
    let ringID = headers.last?.ringID ?? 0
    headers.removeAll { $0.ringID != ringID }
    segments = headers.map { Segment(header: $0) }
    resume = RingResume(
      ringID: ringID, segmentBytes: headers.last?.segmentBytes ?? RingFormat.segmentBytesMinimum,
      slots: [])
    self.messages = messages
  }

  /// The segments that have data now, for a ``RingReader``.
  package var snapshot: RingSnapshot {
    RingSnapshot(directory: directory.path, headers: segments.map(\.header))
  }

  /// The time of the first record that is still there; nil when there is none.
  package var earliest: WallTime? { segments.first?.header.created }

  // MARK: - Writing

  /// Writes a batch where it belongs; a segment's first one after the segment's header.
  ///
  /// After an error the batch must be taken as lost: tell the encoder to forget its definitions.
  package func write(_ batch: EncodedBatch) throws(SystemError) {
    if fileHeader != batch.segment { try begin(batch.segment) }
    isDirty = true
    try writeWords(
      descriptor, batch.words, offset: batch.offset, path: directory.path(of: batch.segment.slot))
    if let last = segments.indices.last {
      segments[last].times = batch.times.union(segments[last].times)
    }
  }

  /// Puts on the disk what has been written, so that a loss of power does not take it.
  package func sync() throws(SystemError) {
    guard isDirty, let header = fileHeader else { return }
    isDirty = false
    _ = try checked(fdatasync(descriptor), "fdatasync", directory.path(of: header.slot))
  }

  /// Opens the file of a segment and, if the segment is a new one, gives it its header.
  private func begin(_ header: SegmentHeader) throws(SystemError) {
    try sync()
    let path = directory.path(of: header.slot)
    let next = Descriptor(try checked(open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW), "open", path))
    if segments.last?.header != header {
      // On the disk before any batch: a header of zeros over batches would look like damage.
      try writeWords(next.raw, header.block, offset: 0, path: path)
      _ = try checked(fdatasync(next.raw), "fdatasync", path)
      segments.removeAll { $0.header.slot == header.slot }
      segments.append(Segment(header: header))
    }
    file = consume next
    fileHeader = header
  }

  // MARK: - Reading

  /// The samples of a probe with times from `from` up to but without `to`: the last `limit` that
  /// were written, the last one last.
  package func read(
    key: ProbeKey, from: WallTime, to: WallTime, limit: Int
  ) throws(SystemError) -> [Sample] {
    var query = RingQuery(key: key, from: from, to: to, limit: limit)
    while try !advance(&query) {}
    return query.samples
  }

  /// Searches one more segment for a query; true when the query has its answer. So a long search
  /// can leave room for writing between its steps.
  package func advance(_ query: inout RingQuery) throws(SystemError) -> Bool {
    while query.missing > 0,
      let index = segments.lastIndex(where: { $0.header.generation < query.below })
    {
      let header = segments[index].header
      query.below = header.generation
      if let times = segments[index].times, !query.mayHold(times) { continue }
      guard try load(header) else { continue }
      let search = SampleSearch(key: query.key, times: query.times, limit: query.missing)
      let (found, times) = search.samples(in: buffer, header: header)
      query.add(found)
      segments[index].times = times
      return false
    }
    buffer = []
    return true
  }

  /// Hands over every record with a time at or after `since` in a batch with the number `sequence` or a
  /// later one, in the order of writing, and tells in words of what could not be read.
  package func replay(
    since: WallTime, from sequence: UInt64 = 0, _ body: (HistoryRecord) -> Void
  ) throws(SystemError) -> [String] {
    defer { buffer = [] }
    var messages: [String] = []
    var before: (generation: UInt64, nextSequence: UInt64)?
    for index in segments.indices {
      let header = segments[index].header
      if let times = segments[index].times, times.upperBound < since { continue }
      let next = index + 1
      if next < segments.count, segments[next].header.firstSequence <= sequence { continue }
      guard try load(header) else {
        messages.append("\(directory.path(of: header.slot)): the header has changed; left out")
        continue
      }
      let scan = scanSegment(buffer, header: header, since: since, from: sequence) { record in
        if record.time >= since { body(record) }
      }
      segments[index].times = scan.times
      if let complaint = scan.complaint(of: directory.path(of: header.slot)) {
        messages.append(complaint)
      }
      if let before, header.generation == before.generation + 1,
        header.firstSequence > before.nextSequence
      {
        let missing = header.firstSequence - before.nextSequence
        messages.append("\(missing) batches before \(directory.path(of: header.slot)) are missing")
      }
      before = (header.generation, scan.nextSequence)
    }
    return messages
  }

  /// Hands over the batches from a sequence number on, in the order of writing, and those before them
  /// in the same segment, which define what they name. Tells in words what could not be read.
  package func walk(
    from sequence: UInt64, _ body: (WrittenBatch) throws(SystemError) -> Void
  ) throws(SystemError) -> [String] {
    var messages: [String] = []
    let first = segments.lastIndex { $0.header.firstSequence <= sequence } ?? 0
    // A buffer of its own: what is done with a batch may need the ring.
    var words: [UInt64] = []
    for segment in segments[min(first, segments.count)...] {
      guard try directory.load(segment.header, into: &words) else {
        messages.append(
          "\(directory.path(of: segment.header.slot)): the header has changed; left out")
        continue
      }
      try forEachBatch(in: words, header: segment.header, body)
    }
    return messages
  }

  private func load(_ header: SegmentHeader) throws(SystemError) -> Bool {
    try directory.load(header, into: &buffer)
  }
}

extension SegmentScan {
  /// What could not be read, in words; nil if all could.
  func complaint(of path: String) -> String? {
    guard damagedBytes > 0 || unreadableRecords > 0 else { return nil }
    return "\(path): left out \(damagedBytes) damaged bytes and"
      + " \(unreadableRecords) unreadable records"
  }
}

/// A search for one probe's samples, from the newest segment to the oldest.
package struct RingQuery: Sendable {
  let key: ProbeKey
  let times: Range<WallTime>
  /// Segments from this generation on have been searched.
  var below = UInt64.max
  /// How many samples are still wanted.
  private(set) var missing: Int
  /// What was found, the newest segment's first.
  private var found: [[Sample]] = []

  /// See ``RingFiles/read(key:from:to:limit:)``.
  package init(key: ProbeKey, from: WallTime, to: WallTime, limit: Int) {
    self.key = key
    times = from..<max(from, to)
    missing = times.isEmpty ? 0 : max(0, limit)
  }

  /// The samples found so far, the last written one last.
  package var samples: [Sample] { Array(found.reversed().joined()) }

  mutating func add(_ samples: [Sample]) {
    found.append(samples)
    missing -= samples.count
  }

  func mayHold(_ covered: ClosedRange<WallTime>) -> Bool {
    covered.lowerBound < times.upperBound && covered.upperBound >= times.lowerBound
  }
}
