import Base
import CLinux
import Glibc
import History

/// The files of one kind of blocks, as the thread that writes them sees them.
package final class BlockFiles {
  package let kind: BlockKind
  private let directory: SlotDirectory
  /// The blocks that are there, the oldest first.
  package private(set) var headers: [BlockHeader]
  private var blank: [UInt32]
  /// Those that could not be written: they are left alone until the next start.
  private var bad: Set<UInt32> = []
  private var byteCounts: [UInt32: Int]
  /// How large a file must be that is written from now on.
  private var wantedBytes: Int
  /// The file of the block at work.
  private var file: Descriptor?

  /// Opens a directory of blocks, which is made if need be, and makes as many files as are wanted.
  ///
  /// - Parameter messages: gets what an operator should know.
  package init(
    kind: BlockKind, directory parent: String, room: HistoryRoom.Blocks,
    messages: inout [String]
  ) throws(RingError) {
    self.kind = kind
    let directory = SlotDirectory.blocks("\(parent)/\(kind.directory)")
    self.directory = directory
    wantedBytes = room.byteCount
    var files: [BlockFile] = []
    do throws(SystemError) {
      try directory.make()
      for slot in try directory.slots() { files.append(try directory.surveyBlock(slot)) }
    } catch { throw RingError(error, needed: room.total) }
    for file in files {
      if case .newer(let version, let kind) = file.reading {
        throw .newerFormat(path: directory.path(of: file.slot), version: version, kind: kind)
      }
    }
    let plan = BlockPlan(kind: kind, files: files, count: room.count)
    headers = plan.keep
    blank = plan.blank
    byteCounts = Dictionary(
      files.map { ($0.slot, $0.byteCount) }, uniquingKeysWith: { first, _ in first })
    do throws(SystemError) {
      try carryOut(plan, messages: &messages)
      messages += fit(room)
    } catch {
      throw RingError(error, needed: plan.create.count * room.byteCount)
    }
  }

  /// Opens a copy to read it; nothing in the directory is changed.
  package init(
    kind: BlockKind, copy parent: String, messages: inout [String]
  ) throws(SystemError) {
    self.kind = kind
    let directory = SlotDirectory.blocks("\(parent)/\(kind.directory)")
    self.directory = directory
    wantedBytes = 0
    blank = []
    byteCounts = [:]
    var files: [BlockFile] = []
    for slot in try directory.slotsToRead() {
      files.append(try directory.surveyBlock(slot, access: O_RDONLY))
    }
    let plan = BlockPlan(kind: kind, files: files, count: files.count)
    headers = plan.keep
    for (slot, reason) in plan.aside {
      messages.append("\(directory.path(of: slot)): \(reason); left out")
    }
  }

  private func carryOut(_ plan: BlockPlan, messages: inout [String]) throws(SystemError) {
    for (slot, reason) in plan.aside {
      let name = try directory.setAside(slot)
      byteCounts[slot] = nil
      messages.append("\(directory.path(of: slot)): \(reason); set aside as \(name)")
    }
    for slot in plan.remove {
      try directory.remove(slot)
      byteCounts[slot] = nil
      messages.append(
        "\(directory.path(of: slot)): removed, the configured history holds fewer blocks")
    }
    // A history that is there goes on with what it has; a new one is made whole or not at all.
    for (made, slot) in plan.create.enumerated() {
      do throws(SystemError) {
        try directory.create(slot, byteCount: wantedBytes)
        blank.append(slot)
        byteCounts[slot] = wantedBytes
      } catch {
        guard !headers.isEmpty else {
          for slot in plan.create.prefix(made) { try? directory.remove(slot) }
          throw error
        }
        messages.append(
          "\(error); the history goes on with \(plan.create.count - made) blocks fewer")
        break
      }
    }
    try directory.sync()
  }

  // MARK: - Room

  /// Takes the room on the disk that blocks need from now on, so that recording cannot fail later.
  /// What is in the blocks stays. Returns what could not be done, in words.
  package func fit(_ room: HistoryRoom.Blocks) -> [String] {
    wantedBytes = room.byteCount
    for slot in byteCounts.keys.sorted() where byteCounts[slot, default: 0] < wantedBytes {
      do throws(SystemError) {
        try grow(slot)
      } catch {
        return [
          "\(error): the history has no room for all probes that are configured; some samples will"
            + " not be kept. Free \(wantedBytes * byteCounts.count) bytes or keep the history shorter"
        ]
      }
    }
    return []
  }

  private func grow(_ slot: UInt32) throws(SystemError) {
    let path = directory.path(of: slot)
    let file = Descriptor(try checked(open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW), "open", path))
    var code: Int32
    repeat { code = posix_fallocate(file.raw, 0, wantedBytes) } while code == EINTR
    guard code == 0 else { throw SystemError(operation: "preallocate", path: path, code: code) }
    byteCounts[slot] = wantedBytes
  }

  /// What all files take.
  package var byteCount: Int { byteCounts.values.reduce(0, +) }

  // MARK: - Writing

  /// Starts a block in the place of the oldest: from now on that one is gone.
  package func begin(ringID: UInt64) throws(SystemError) -> BlockBuilder {
    // Where none can be written, all are tried again.
    if bad.count >= blank.count + headers.count { bad = [] }
    let slots = blank + headers.map(\.slot)
    guard let slot = slots.first(where: { !bad.contains($0) }) else {
      throw SystemError(operation: "begin a block", path: directory.path, code: ENOSPC)
    }
    do throws(SystemError) {
      return try begin(slot, ringID: ringID)
    } catch {
      bad.insert(slot)
      throw error
    }
  }

  /// Says that the block at work could not be written: its file is not taken again before the next start,
  /// as long as there are others.
  package func giveUp(_ builder: borrowing BlockBuilder) {
    bad.insert(builder.slot)
    file = nil
  }

  /// Whether a block can be begun without one being lost.
  package var hasBlank: Bool { blank.contains { !bad.contains($0) } }

  /// How many blocks there can be.
  package var slotCount: Int { byteCounts.count }

  private func begin(_ slot: UInt32, ringID: UInt64) throws(SystemError) -> BlockBuilder {
    let path = directory.path(of: slot)
    let next = Descriptor(try checked(open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW), "open", path))
    if byteCounts[slot, default: 0] > 2 * wantedBytes {
      _ = try checked(ftruncate(next.raw, off_t(wantedBytes)), "truncate", path)
      byteCounts[slot] = wantedBytes
    }
    let zeros = [UInt64](repeating: 0, count: BlockReading.wordsNeeded)
    try writeWords(next.raw, zeros, offset: 0, path: path)
    _ = try checked(fdatasync(next.raw), "fdatasync", path)
    let generation = (headers.last?.generation ?? 0) + 1
    blank.removeAll { $0 == slot }
    headers.removeAll { $0.slot == slot }
    // Until it is whole, the file is blank, and may be taken again.
    blank.insert(slot, at: 0)
    file = consume next
    return BlockBuilder(
      kind: kind, ringID: ringID, generation: generation, slot: slot,
      byteCount: byteCounts[slot, default: wantedBytes])
  }

  /// Writes a part of the block at work.
  package func write(_ write: BlockWrite, of builder: borrowing BlockBuilder) throws(SystemError) {
    guard let raw = file?.raw else { return }
    try writeWords(
      raw, write.words, offset: write.place * 8, path: directory.path(of: builder.slot))
    // Whole pages go to the disk at once, so that the end of the block does not wait for all of it. An
    // error comes up again when it is synced.
    let page = 4_096
    let start = write.place * 8 / page * page
    let end = (write.place + write.words.count) * 8 / page * page
    if end > start { _ = lh_start_writing(raw, Int64(start), Int64(end - start)) }
  }

  /// Makes the block at work count. It waits for the disk twice.
  package func commit(
    _ builder: inout BlockBuilder, sequences: Range<UInt64>, closed: WallTime
  ) throws(SystemError) {
    guard let raw = file?.raw else { return }
    let path = directory.path(of: builder.slot)
    let (content, header) = builder.finish(sequences: sequences, closed: closed)
    try writeWords(raw, content.words, offset: content.place * 8, path: path)
    _ = try checked(fdatasync(raw), "fdatasync", path)
    try writeWords(raw, header.block, offset: 0, path: path)
    _ = try checked(fdatasync(raw), "fdatasync", path)
    file = nil
    let slot = builder.slot
    blank.removeAll { $0 == slot }
    headers.append(header)
  }
}
