import Base
import Glibc
import History

/// Reads blocks of any kind, each file opened when it is asked for.
///
/// A block may be written over at any moment by a newer one: its chunks' checksums begin with its
/// generation, so that what belongs to another block never counts as its own.
package struct BlockAccess {
  private let parent: String
  /// The last file that was read, because the next question is often to the same.
  private var last: (kind: BlockKind, slot: UInt32, file: OpenFile)?
  /// Where in a table probes were found last, by their hashes: mostly it is the same place in the next
  /// block of the same probes.
  private var places: [UInt64: Int] = [:]

  private static let placesKept = 1_024

  /// Closes itself when the last of those who know it lets go.
  private final class OpenFile {
    let descriptor: Descriptor
    let path: String

    init(_ raw: Int32, _ path: String) {
      descriptor = Descriptor(raw)
      self.path = path
    }
  }

  /// - Parameter directory: that of the history.
  package init(directory: String) { parent = directory }

  /// Where a block keeps what it has of a probe; nil when it has nothing.
  package mutating func entry(
    _ hash: UInt64, in header: BlockHeader
  ) throws(SystemError) -> BlockEntry? {
    guard header.entryCount > 0, let file = try file(header) else { return nil }
    let found = try BlockTable.entry(of: hash, near: places[hash], header: header) {
      range throws(SystemError) in
      try words(
        file, at: header.tablePlace + range.lowerBound * 3, count: range.count * 3)
    }
    guard let found else { return nil }
    if places.count >= Self.placesKept { places.removeAll(keepingCapacity: true) }
    places[hash] = found.place
    return found.entry
  }

  /// All entries of a block, by their hashes; nil when the table is damaged.
  package mutating func entries(_ header: BlockHeader) throws(SystemError) -> [BlockEntry]? {
    BlockTable.entries(try table(header), header: header)
  }

  /// The words of a block's table, as they are.
  mutating func table(_ header: BlockHeader) throws(SystemError) -> [UInt64] {
    try words(at: header.tablePlace, count: header.entryCount * 3, in: header)
  }

  /// The words from a place on; fewer where the file ends.
  package mutating func words(
    at place: Int, count: Int, in header: BlockHeader
  ) throws(SystemError) -> [UInt64] {
    guard let file = try file(header) else { return [] }
    return try words(file, at: place, count: count)
  }

  /// A chunk; nil when there is none or it is damaged.
  package mutating func chunk(
    _ range: Range<Int>, in header: BlockHeader
  ) throws(SystemError) -> Chunk? {
    guard !range.isEmpty, let file = try file(header) else { return nil }
    return Chunk(try words(file, at: range.lowerBound, count: range.count), header: header)
  }

  /// What stood of a probe behind the newest block of a ring.
  mutating func standing(
    of key: ProbeKey, in headers: [BlockHeader], ringID: UInt64
  ) throws(SystemError) -> Standing? {
    guard let header = headers.last(where: { $0.ringID == ringID }),
      let entry = try entry(probeHash(key), in: header),
      let chunk = try chunk(entry.cells, in: header), chunk.belongs(to: ProbeNames(key))
    else { return nil }
    return chunk.standing
  }

  private func words(
    _ file: OpenFile, at place: Int, count: Int
  ) throws(SystemError) -> [UInt64] {
    try readWords(file.descriptor.raw, count: count, offset: place * 8, path: file.path)
  }

  /// The open file of a block; nil when it is gone.
  private mutating func file(_ header: BlockHeader) throws(SystemError) -> OpenFile? {
    if let last, last.kind == header.kind, last.slot == header.slot { return last.file }
    last = nil
    let path = SlotDirectory.blocks("\(parent)/\(header.kind.directory)").path(of: header.slot)
    let raw = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard raw >= 0 else {
      if errno == ENOENT { return nil }
      throw .last("open", path)
    }
    let file = OpenFile(raw, path)
    last = (header.kind, header.slot, file)
    return file
  }
}
