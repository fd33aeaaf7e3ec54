import Base
import History
import Model

/// The whole history on the disk: the ring that takes samples as they come, and the blocks that are
/// made of it, an hour and a day at a time. All of it belongs to the thread that may wait for the disk.
///
/// Work that takes long is done in steps of a few milliseconds, so that writing goes on between them.
package final class HistoryStore {
  package let ring: RingFiles
  private let directory: String
  private var samples: BlockFiles
  private var fiveMinutes: BlockFiles
  private var hours: BlockFiles
  private var recent: RecentIndex
  /// The hour whose samples are being made into a block, and the days being put together.
  private var closing: HourBlock?
  private var merging: DayBlock?
  /// An hour that could not be written; it is tried once more with the next one.
  private var unwritten: HourBlock?
  private var access: BlockAccess
  /// What an operator should know; taken by ``takeMessages()``.
  private var messages: [String]
  /// How much may be written to the ring before a block is made early, and how much was.
  private let pressureBytes: Int
  private var regularSamples: Int
  private var bytesSinceBlock = 0
  /// Samples that are taken out of the ring at a time; tests make it smaller.
  var samplesAtOnce = Limits.historySamplesAtOnce
  /// The hour in which no block could be begun; it is tried again in the next.
  private var vainHour: WallTime?

  /// Opens the history in a directory, which is made if need be, and catches up on what the ring holds
  /// and no block does.
  package init(
    directory: String, room: HistoryRoom, probes: [HistoryProbe], newRingID: UInt64
  ) throws(RingError) {
    self.directory = directory
    ring = try RingFiles(
      directory: directory, ringBytes: room.ringBytes, segmentBytes: room.segmentBytes,
      newRingID: newRingID)
    messages = ring.messages
    samples = try BlockFiles(
      kind: .samples, directory: directory, room: room.samples, messages: &messages)
    fiveMinutes = try BlockFiles(
      kind: .fiveMinutes, directory: directory, room: room.fiveMinutes, messages: &messages)
    hours = try BlockFiles(
      kind: .hours, directory: directory, room: room.hours, messages: &messages)
    pressureBytes = ring.byteCount / 2
    regularSamples = room.regularSamples
    let ringID = ring.resume.ringID
    let newest = samples.headers.last { $0.ringID == ringID }
    recent = RecentIndex(
      segmentBytes: ring.resume.segmentBytes, nextSequence: newest?.sequences.upperBound ?? 0,
      lastSign: newest?.times.upperBound)
    if let newest { ring.leaveOut(below: newest.sequences.upperBound) }
    recent.want(probes)
    access = BlockAccess(directory: directory)
    do throws(SystemError) {
      try catchUp()
    } catch {
      throw RingError(error, needed: 0)
    }
  }

  /// Opens a copy of a history, or that of a daemon, to read it without a daemon; nothing in the
  /// directory is changed.
  package init(copy directory: String) throws(SystemError) {
    self.directory = directory
    ring = try RingFiles(copy: directory)
    messages = ring.messages
    samples = try BlockFiles(kind: .samples, copy: directory, messages: &messages)
    fiveMinutes = try BlockFiles(kind: .fiveMinutes, copy: directory, messages: &messages)
    hours = try BlockFiles(kind: .hours, copy: directory, messages: &messages)
    pressureBytes = .max
    regularSamples = .max
    let ringID = ring.resume.ringID
    let newest = samples.headers.last { $0.ringID == ringID }
    recent = RecentIndex(
      segmentBytes: ring.resume.segmentBytes, nextSequence: newest?.sequences.upperBound ?? 0,
      lastSign: newest?.times.upperBound)
    access = BlockAccess(directory: directory)
    messages += try ring.walk(from: recent.sequences.lowerBound) { batch throws(SystemError) in
      recent.add(batch)
    }
    recent.want(try probes())
  }

  /// Every probe that the history has something of, with the interval it had last.
  package func probes() throws(SystemError) -> [HistoryProbe] {
    var found: [ProbeKey: TimeAmount] = [:]
    var seen: Set<UInt64> = []
    for header in (samples.headers + fiveMinutes.headers + hours.headers).reversed() {
      for entry in try access.entries(header) ?? [] where !seen.contains(entry.hash) {
        guard let chunk = try access.chunk(entry.cells, in: header) else { continue }
        seen.insert(entry.hash)
        found[chunk.key] = chunk.every
      }
    }
    for entry in recent.entries where found[entry.key] == nil { found[entry.key] = entry.every }
    return found.map { HistoryProbe(key: $0.key, every: $0.value) }.sorted { $0.key < $1.key }
  }

  /// Until when the history tells: the time of its last record.
  package var lastSign: WallTime? { recent.lastSign }

  /// The number of the first batch that no block has anything of.
  var nextInNoBlock: UInt64 {
    let ringID = ring.resume.ringID
    return samples.headers.last { $0.ringID == ringID }?.sequences.upperBound ?? 0
  }

  func tell(_ complaints: [String]) { messages += complaints }

  /// What all files take on the disk.
  package var byteCount: Int {
    ring.byteCount + samples.byteCount + fiveMinutes.byteCount + hours.byteCount
  }

  /// How many samples are in the ring and in no block yet.
  package var recentCount: Int { recent.sampleCount + (closing?.index.sampleCount ?? 0) }

  package func takeMessages() -> [String] {
    let taken = messages
    messages = []
    return taken
  }

  // MARK: - Writing

  /// Writes a batch. After an error it must be taken as lost: tell the encoder to forget its
  /// definitions. That a block cannot be written is no such error: its samples are in the ring.
  package func write(_ batch: EncodedBatch) throws(SystemError) {
    let written = WrittenBatch(batch)
    closeIfDue(before: written)
    try ring.write(batch)
    bytesSinceBlock += batch.words.count * 8
    recent.add(written)
  }

  package func sync() throws(SystemError) { try ring.sync() }

  /// Says which probes there are from now on, and takes the room that they need.
  package func want(_ probes: [HistoryProbe], room: HistoryRoom) {
    recent.want(probes)
    regularSamples = room.regularSamples
    for files in [samples, fiveMinutes, hours] { messages += files.fit(room.blocks(files.kind)) }
  }

  /// Begins a block when an hour is over, when the ring fills faster than was thought, or when there are
  /// more regular samples than a block has room for.
  ///
  /// A sample has the time at which its attempt began and comes when it has ended, so that samples of an
  /// hour still come in the first minutes of the next: they go into the next block, whose cells add up with
  /// those of this one. Only a clock that was set back by more than that begins a block.
  private func closeIfDue(before batch: WrittenBatch) {
    guard let covered = recent.times, batch.times != .always, covered != .always else { return }
    let now = CellSpan.hour.start(of: batch.times.upperBound)
    let last = CellSpan.hour.start(of: covered.upperBound)
    let isFull = bytesSinceBlock > pressureBytes || recent.regularCount > regularSamples
    guard now > last || now < last - .hours(1) || isFull, vainHour != now else { return }
    // The block before must be done; it is, unless the clock leaps.
    while closing != nil { step() }
    retry()
    guard let builder = begin() else {
      vainHour = now
      return
    }
    vainHour = nil
    // What stands is told to the end of the hour, but not over a stop of the daemon or a step of the
    // clock, which the next block begins with.
    let isWhole = !isFull && now > last && !batch.hasMark
    bytesSinceBlock = 0
    closing = HourBlock(
      index: recent.close(), order: recent.inOrder(), closed: isWhole ? now : covered.upperBound,
      ring: ring.snapshot,
      samplesAtOnce: samplesAtOnce, builder: builder)
  }

  private func begin() -> BlockBuilder? {
    do throws(SystemError) {
      return try samples.begin(ringID: ring.resume.ringID)
    } catch {
      messages.append("no block of the history can be begun; samples stay in the ring: \(error)")
      return nil
    }
  }

  /// Tries once more to make a block that could not be written.
  private func retry() {
    guard let failed = unwritten, let builder = begin() else { return }
    unwritten = nil
    closing = HourBlock(
      index: failed.index, order: failed.order, closed: failed.closed, ring: ring.snapshot,
      samplesAtOnce: samplesAtOnce, builder: builder)
    while closing != nil { step() }
    guard unwritten != nil else { return }
    unwritten = nil
    messages.append(
      "\(failed.index.sampleCount) samples are in no block of the history; they are lost when the"
        + " ring comes round")
  }

  // MARK: - Blocks

  /// Whether ``step()`` has something to do.
  package var hasWork: Bool { closing != nil || merging != nil }

  /// Does a part of the work on blocks that is due. Should it fail, that is told, the samples stay in
  /// the ring, and their block is tried again with the next.
  package func step() {
    do throws(SystemError) {
      if closing != nil { try stepHour() } else if merging != nil { try stepDay() }
    } catch {
      messages.append("a block of the history could not be written: \(error)")
      if closing != nil {
        unwritten = closing
        closing = nil
      } else {
        merging = nil
      }
    }
  }

  private func stepHour() throws(SystemError) {
    guard var block = closing else { return }
    // Nobody else holds it, so that it is not copied when it changes.
    closing = nil
    defer { closing = block.isDone ? nil : block }
    try block.add(Self.probesPerStep, lookUp: standing)
    if let write = block.builder.take(atLeast: Self.wordsPerWrite) {
      try samples.write(write, of: block.builder)
    }
    guard block.isComplete else { return }
    try samples.commit(&block.builder, sequences: block.index.sequences, closed: block.closed)
    block.isDone = true
    for (key, standing) in block.standings { recent.stand(key, standing) }
    recent.forgetUnwanted()
    tell(block.builder)
    try beginDay()
  }

  /// What stood behind the newest block.
  private func standing(_ key: ProbeKey) throws(SystemError) -> Standing? {
    try access.standing(of: key, in: samples.headers, ringID: ring.resume.ringID)
  }

  private func tell(_ builder: BlockBuilder) {
    guard builder.samplesLeft > 0 || builder.chunksLeft > 0 else { return }
    messages.append(
      "\(builder.samplesLeft) samples and the figures of \(builder.chunksLeft) probes found no room"
        + " in the history's block \(builder.generation)")
  }

  /// Puts a day together when its last hour is in a block.
  private func beginDay() throws(SystemError) {
    guard merging == nil, let closed = samples.headers.last?.closed else { return }
    var ringIDs: [UInt64] = []
    for header in samples.headers where !ringIDs.contains(header.ringID) {
      ringIDs.append(header.ringID)
    }
    for files in [fiveMinutes, hours] {
      for ringID in ringIDs {
        let sources = sourcesOfDay(files, ringID: ringID, last: closed)
        guard !sources.isEmpty else { continue }
        merging = DayBlock(
          files: files, sources: sources,
          probes: recent.inOrder().map { (recent.entries[$0].key, recent.entries[$0].every) },
          builder: try files.begin(ringID: ringID))
        return
      }
    }
  }

  /// The blocks of hours that are to be put together next; none as long as their day is not over.
  private func sourcesOfDay(_ files: BlockFiles, ringID: UInt64, last: WallTime) -> [BlockHeader] {
    let done = files.headers.last { $0.ringID == ringID }?.sequences.upperBound ?? 0
    let sources = samples.headers.filter {
      $0.ringID == ringID && $0.sequences.lowerBound >= done
    }
    guard let first = sources.first else { return [] }
    // Of a ring that is no more nothing can follow.
    guard ringID == ring.resume.ringID else {
      return Array(sources.prefix { dayNumber($0.closed) == dayNumber(first.closed) })
    }
    // A clock that leaps must not let hours be written over before they are in a day.
    guard dayNumber(last) != dayNumber(first.closed) || sources.count >= 30 else { return [] }
    let whole = sources.filter { dayNumber($0.closed) != dayNumber(last) }
    return whole.isEmpty ? sources : whole
  }

  private func dayNumber(_ closed: WallTime) -> Int64 {
    // An hour is closed at the first moment after it.
    (closed.milliseconds - 1) / 86_400_000
  }

  private func stepDay() throws(SystemError) {
    guard var block = merging else { return }
    merging = nil
    defer { merging = block.isDone ? merging : block }
    try block.add(Self.probesPerStep / 2, &access)
    if let write = block.builder.take(atLeast: Self.wordsPerWrite) {
      try block.files.write(write, of: block.builder)
    }
    guard block.isComplete, let sequences = block.sequences else { return }
    try block.files.commit(&block.builder, sequences: sequences, closed: block.closed)
    block.isDone = true
    tell(block.builder)
    try beginDay()
  }

  private static let probesPerStep = 16
  private static let wordsPerWrite = 32 << 10

  // MARK: - Reading

  /// All that is there now, for a ``HistoryReader``.
  package var snapshot: HistorySnapshot {
    HistorySnapshot(
      directory: directory, samples: samples.headers, fiveMinutes: fiveMinutes.headers,
      hours: hours.headers, ring: ring.snapshot, ringID: ring.resume.ringID,
      recent: [unwritten?.index, closing?.index].compactMap(\.self) + [recent],
      samplesAtOnce: samplesAtOnce)
  }

  // MARK: - Starting

  /// Reads what is in the ring and in no block; whole hours of it become blocks at once.
  private func catchUp() throws(SystemError) {
    messages += try ring.walk(from: recent.sequences.lowerBound) { batch throws(SystemError) in
      if batch.sequence >= recent.sequences.upperBound {
        closeIfDue(before: batch)
        while closing != nil { step() }
        bytesSinceBlock += batch.payload.count * 8
      }
      recent.add(batch)
    }
    try beginDay()
  }
}
