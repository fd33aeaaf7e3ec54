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

  /// Closes itself when the last of those who know it lets go.
  private final class OpenFile {
    let descriptor: Descriptor
    init(_ raw: Int32) { descriptor = Descriptor(raw) }
  }

  /// - Parameter directory: that of the history.
  package init(directory: String) { parent = directory }

  /// Where a block keeps what it has of a probe; nil when it has nothing.
  package mutating func entry(
    _ hash: UInt64, in header: BlockHeader
  ) throws(SystemError) -> BlockEntry? {
    guard header.entryCount > 0, let file = try file(header) else { return nil }
    return try BlockTable.entry(of: hash, header: header) { range throws(SystemError) in
      try words(
        file, at: header.tablePlace + range.lowerBound * 3, count: range.count * 3, header)
    }
  }

  /// All entries of a block, by their hashes; nil when the table is damaged.
  package mutating func entries(_ header: BlockHeader) throws(SystemError) -> [BlockEntry]? {
    guard let file = try file(header) else { return nil }
    let words = try words(file, at: header.tablePlace, count: header.entryCount * 3, header)
    return BlockTable.entries(words, header: header)
  }

  /// The words from a place on; fewer where the file ends.
  package mutating func words(
    at place: Int, count: Int, in header: BlockHeader
  ) throws(SystemError) -> [UInt64] {
    guard let file = try file(header) else { return [] }
    return try words(file, at: place, count: count, header)
  }

  /// A chunk; nil when there is none or it is damaged.
  package mutating func chunk(
    _ range: Range<Int>, in header: BlockHeader
  ) throws(SystemError) -> Chunk? {
    guard !range.isEmpty, let file = try file(header) else { return nil }
    let words = try words(file, at: range.lowerBound, count: range.count, header)
    return Chunk(words, header: header)
  }

  private func words(
    _ file: Int32, at place: Int, count: Int, _ header: BlockHeader
  ) throws(SystemError) -> [UInt64] {
    var words = [UInt64](repeating: 0, count: count)
    let read = try readWords(file, into: &words, offset: place * 8, path: path(header))
    if read < count { words.removeLast(count - read) }
    return words
  }

  private func path(_ header: BlockHeader) -> String {
    SlotDirectory.blocks("\(parent)/\(header.kind.directory)").path(of: header.slot)
  }

  /// The open file of a block; nil when it is gone.
  private mutating func file(_ header: BlockHeader) throws(SystemError) -> Int32? {
    if let last, last.kind == header.kind, last.slot == header.slot {
      return last.file.descriptor.raw
    }
    last = nil
    let path = path(header)
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else {
      if errno == ENOENT { return nil }
      throw .last("open", path)
    }
    last = (header.kind, header.slot, OpenFile(file))
    return file
  }
}
