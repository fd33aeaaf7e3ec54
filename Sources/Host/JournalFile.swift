import Delivery
import Glibc

/// The outbox's journal on disk: the file `journal` in its directory, readable by the owner only.
/// Used on the disk thread; every call that returns has made durable what it says.
package struct JournalFile: Sendable {
  private static let mode: mode_t = 0o600

  private let directory: String
  private let path: String

  package init(directory: String) {
    self.directory = directory
    path = "\(directory)/journal"
  }

  /// Reads the journal whole; makes the directory and an empty journal where there is none, and
  /// removes what a crash may have left of a replacement.
  package func readAll() throws(SystemError) -> [UInt8] {
    try makeDirectory(directory, mode: 0o700)
    unlink("\(path)\(temporarySuffix)")
    if let bytes = try readWholeFile(path) { return bytes }
    try replace([])
    return []
  }

  /// Writes a group's part for the journal.
  package func write(_ write: JournalGroup.Write) throws(SystemError) {
    switch write {
    case .append(let bytes): try append(bytes)
    case .replace(let snapshot): try replace(snapshot.bytes)
    }
  }

  /// Adds bytes at the end: all or, after an error, none as far as that is in our hands. A journal
  /// that has vanished is an error: it would lack everything before.
  package func append(_ bytes: [UInt8]) throws(SystemError) {
    if bytes.isEmpty { return }
    let raw = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW)
    let file = Descriptor(try checked(raw, "open", path))
    let size = try fileSize(file.raw, path)
    do throws(SystemError) {
      try writeAll(file.raw, bytes, path)
      _ = try checked(fdatasync(file.raw), "fdatasync", path)
    } catch {
      _ = ftruncate(file.raw, off_t(size))
      throw error
    }
  }

  /// Puts a new journal in place of the old one; a crash leaves one or the other.
  package func replace(_ bytes: [UInt8]) throws(SystemError) {
    try replaceFile(path, with: bytes, mode: Self.mode)
  }

  /// Keeps a damaged journal, before it is replaced, as `journal.damaged`, in place of a former one.
  /// Returns where.
  package func keepDamaged() throws(SystemError) -> String {
    let kept = "\(path).damaged"
    if unlink(kept) != 0, errno != ENOENT { throw .last("unlink", kept) }
    _ = try checked(link(path, kept), "link", kept)
    return kept
  }
}
