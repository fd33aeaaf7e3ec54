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
  /// The hours that are to become blocks, the oldest first; most of the time there is none. One that cannot
  /// be written waits for the next, as long as the ring has it, and those behind it wait with it: what a
  /// block has, and all before it, a start does not look for in the ring.
  private var due: [DueHour] = []
  /// The first of them while its block is made, and the day being put together.
  private var closing: HourBlock?
  private var merging: DayBlock?
  /// How often a block could not be written since the last hour ended.
  private var failures = 0
  /// Batches in a row from before what has been recorded.
  private var batchesBack = 0
  private var access: BlockAccess
  /// What an operator should know; taken by ``takeMessages()``.
  private var messages: [String]
  /// How much may be written to the ring before a block is made early, and how much was.
  private let pressureBytes: Int
  private var regularSamples: Int
  private var bytesSinceBlock = 0
  /// Samples that are taken out of the ring at a time; tests make it smaller.
  var samplesAtOnce = Limits.historySamplesAtOnce

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
    messages += shortage(of: room)
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
    // An interval that was changed counts as it was last.
    let headers = (hours.headers + fiveMinutes.headers + samples.headers)
      .sorted { $0.closed < $1.closed }
    for header in headers.reversed() {
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

  /// The marks in the ring that no block has anything of.
  var marksInNoBlock: [RingMark] {
    (due.map(\.index) + [recent]).flatMap { $0.marks.map(\.mark) }
  }

  func tell(_ complaints: [String]) { messages += complaints }

  /// What all files take on the disk.
  package var byteCount: Int {
    ring.byteCount + samples.byteCount + fiveMinutes.byteCount + hours.byteCount
  }

  /// How many samples are in the ring and in no block yet.
  package var recentCount: Int { due.reduce(recent.sampleCount) { $0 + $1.index.sampleCount } }

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
    messages += shortage(of: room)
    for files in [samples, fiveMinutes, hours] { messages += files.fit(room.blocks(files.kind)) }
  }

  /// What to say of a ring that is too small for the probes there are.
  private func shortage(of room: HistoryRoom) -> [String] {
    guard room.ringBytesNeeded > 2 * ring.byteCount else { return [] }
    return [
      "the ring of the newest samples takes \(ring.byteCount) bytes, and \(room.ringBytesNeeded) are"
        + " needed for the probes that are configured: hours will take several blocks each, so that samples"
        + " are kept for a shorter time. Leave history.size out, or make it larger, and restart linkhealthd"
    ]
  }

  /// Begins a block when an hour is over, when the ring fills faster than was thought, or when there are
  /// more regular samples than a block has room for.
  ///
  /// A sample has the time at which its attempt began and comes when it has ended, so that samples of an
  /// hour still come in the first minutes of the next: they go into the next block, whose cells add up with
  /// those of this one. Only a clock that was set back by more than that begins a block.
  private func closeIfDue(before batch: WrittenBatch) {
    guard let covered = recent.times else { return }
    let isKnown = batch.times != .always && covered != .always
    let now = CellSpan.hour.start(of: batch.times.upperBound)
    let last = CellSpan.hour.start(of: covered.upperBound)
    let isFull = bytesSinceBlock > pressureBytes || recent.regularCount > regularSamples
    batchesBack = isKnown && now < last - .hours(1) ? batchesBack + 1 : 0
    guard isFull || (isKnown && now > last) || batchesBack > Self.batchesUntilBelieved else {
      return
    }
    // What stands is told to the end of the hour, but not over a stop of the daemon or a step of the
    // clock, which the next block begins with.
    let isWhole = isKnown && !isFull && now > last && !batch.hasMark
    let end = covered == .always ? recent.lastSign ?? WallTime(nanoseconds: 0) : covered.upperBound
    bytesSinceBlock = 0
    batchesBack = 0
    failures = 0
    // The blocks before must be done; they are, unless the clock leaps or the disk fails.
    while startHour() { step() }
    let order = recent.inOrder()
    due.append(DueHour(index: recent.close(), order: order, closed: isWhole ? now : end))
    if due.count > Self.dueMaximum {
      messages.append(
        "\(due.removeFirst().index.sampleCount) samples are in no block of the history; they are"
          + " lost when the ring comes round")
    }
    _ = startHour()
  }

  /// A clock was set back when so many batches in a row say so: attempts that began before it was set come in
  /// between for a minute or two.
  private static let batchesUntilBelieved = 600
  /// The ring holds six hours.
  private static let dueMaximum = 6
  /// A file that cannot be written is not the end: there are others.
  private static let failuresMaximum = 3

  /// Begins the block of the oldest hour that is due, if none is at work; false when there is nothing to do
  /// or it cannot be done.
  private func startHour() -> Bool {
    guard closing == nil else { return true }
    guard let hour = due.first else { return false }
    var problem: SystemError?
    while failures < Self.failuresMaximum {
      do throws(SystemError) {
        closing = HourBlock(
          index: hour.index, order: hour.order, closed: hour.closed, ring: ring.snapshot,
          samplesAtOnce: samplesAtOnce, builder: try samples.begin(ringID: ring.resume.ringID))
        if let problem { messages.append("\(problem); the history takes another file") }
        return true
      } catch {
        failures += 1
        problem = error
      }
    }
    if let problem {
      messages.append("no block of the history can be begun; samples stay in the ring: \(problem)")
    }
    return false
  }

  // MARK: - Blocks

  /// Whether ``step()`` has something to do.
  package var hasWork: Bool { closing != nil || merging != nil }

  /// Does a part of the work on blocks that is due. Should it fail, that is told, the samples stay in
  /// the ring, and their block is tried again in another file, now or with the next.
  package func step() {
    do throws(SystemError) {
      if closing != nil { try stepHour() } else if merging != nil { try stepDay() }
    } catch {
      messages.append("a block of the history could not be written: \(error)")
      if let failed = closing {
        samples.giveUp(failed.builder)
        closing = nil
        failures += 1
        _ = startHour()
      } else if let failed = merging {
        failed.files.giveUp(failed.builder)
        merging = nil
      }
    }
  }

  private func stepHour() throws(SystemError) {
    guard var block = closing else { return }
    // Nobody else holds it, so that it is not copied when it changes.
    closing = nil
    defer { if !block.isDone { closing = block } }
    try block.add(Self.probesPerStep, lookUp: standing)
    if let write = block.builder.take(atLeast: Self.wordsPerWrite) {
      try samples.write(write, of: block.builder)
    }
    guard block.isComplete else { return }
    try samples.commit(&block.builder, sequences: block.index.sequences, closed: block.closed)
    block.isDone = true
    due.removeFirst()
    if !due.isEmpty { due[0].index.forgetStandings() }
    for (key, standing) in block.standings { recent.stand(key, standing) }
    recent.forgetUnwanted()
    tell(block.builder)
    closing = nil
    _ = startHour()
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
    guard ringID == ring.resume.ringID else { return sourcesOfFormerDay(files, sources) }
    // A clock that leaps must not let hours be written over before they are in a day.
    let isUrgent = sources.count + Self.slotsToSpare >= samples.slotCount
    guard dayNumber(last) != dayNumber(first.closed) || isUrgent else { return [] }
    // None may be passed over: what is behind the last of them counts as done.
    let whole = sources.prefix { dayNumber($0.closed) != dayNumber(last) }
    return whole.isEmpty ? sources : Array(whole)
  }

  /// Those of a ring that is no more: nothing can follow them. Days that have been let go already must not
  /// push out newer ones.
  private func sourcesOfFormerDay(_ files: BlockFiles, _ sources: [BlockHeader]) -> [BlockHeader] {
    let oldest = files.hasBlank ? nil : files.headers.map(\.closed).min()
    let left = sources.drop { source in oldest.map { source.closed <= $0 } ?? false }
    guard let first = left.first else { return [] }
    return Array(left.prefix { dayNumber($0.closed) == dayNumber(first.closed) })
  }

  private static let slotsToSpare = 6

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
      recent: due.map(\.index) + [recent],
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
