import Glibc

// What the journal and the alert files have in common: reading a file whole, and replacing one so
// that after a crash either the old or the new one is there.

/// Ends the name under which a file is written before it gets its own.
let temporarySuffix = ".tmp"

/// The bytes of a file; nil if there is none.
func readWholeFile(_ path: String) throws(SystemError) -> [UInt8]? {
  let raw = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
  if raw < 0, errno == ENOENT { return nil }
  let file = Descriptor(try checked(raw, "open", path))
  var bytes = [UInt8](repeating: 0, count: try fileSize(file.raw, path))
  var done = 0
  while done < bytes.count {
    let count = bytes.withUnsafeMutableBytes { buffer in
      read(file.raw, buffer.baseAddress! + done, buffer.count - done)
    }
    if count == 0 { break }
    if count > 0 { done += count } else if errno != EINTR { throw .last("read", path) }
  }
  bytes.removeLast(bytes.count - done)
  return bytes
}

func fileSize(_ descriptor: Int32, _ path: String) throws(SystemError) -> Int {
  var status = stat()
  _ = try checked(fstat(descriptor, &status), "stat", path)
  return Int(status.st_size)
}

/// Writes all bytes where the descriptor stands.
func writeAll(_ descriptor: Int32, _ bytes: [UInt8], _ path: String) throws(SystemError) {
  var done = 0
  while done < bytes.count {
    let count = bytes.withUnsafeBytes { buffer in
      write(descriptor, buffer.baseAddress! + done, buffer.count - done)
    }
    if count >= 0 { done += count } else if errno != EINTR { throw .last("write", path) }
  }
}

/// Writes a file that is to be renamed later, with exactly that mode; what stood there is gone.
/// After an error no file is left.
func writeTemporaryFile(
  _ path: String, _ bytes: [UInt8], mode: mode_t, synced: Bool
) throws(SystemError) {
  // A leftover may have another mode or be a link; a new file is neither.
  if unlink(path) != 0, errno != ENOENT { throw .last("unlink", path) }
  let raw = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
  let file = Descriptor(try checked(raw, "open", path))
  do throws(SystemError) {
    _ = try checked(fchmod(file.raw, mode), "chmod", path)
    try writeAll(file.raw, bytes, path)
    if synced { _ = try checked(fdatasync(file.raw), "fdatasync", path) }
  } catch {
    unlink(path)
    throw error
  }
}

func renameFile(_ from: String, to path: String) throws(SystemError) {
  _ = try checked(rename(from, path), "rename", path)
}

/// Makes the names in a directory durable.
func syncDirectory(_ path: String) throws(SystemError) {
  let raw = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  let directory = Descriptor(try checked(raw, "open", path))
  _ = try checked(fsync(directory.raw), "fsync", path)
}

/// Makes a directory unless it is there. The group's bit for inheriting the group is only set where
/// the parent has not passed it on: setting it again would clear it for an owner outside the group.
func makeDirectory(_ path: String, mode: mode_t) throws(SystemError) {
  if mkdir(path, mode & 0o777) != 0 {
    if errno == EEXIST { return }
    throw .last("mkdir", path)
  }
  var status = stat()
  _ = try checked(stat(path, &status), "stat", path)
  if status.st_mode & 0o7777 != mode { _ = try checked(chmod(path, mode), "chmod", path) }
}

/// The names in a directory in the order of their bytes, without `.` and `..`.
func fileNames(in path: String) throws(SystemError) -> [String] {
  guard let directory = opendir(path) else { throw .last("opendir", path) }
  defer { closedir(directory) }
  var names: [String] = []
  errno = 0
  while let entry = readdir(directory) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
      pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) {
        String(cString: $0)
      }
    }
    if name != ".", name != ".." { names.append(name) }
    errno = 0
  }
  guard errno == 0 else { throw .last("readdir", path) }
  return names.sorted()
}

/// Writes a file whole or not at all: a temporary file beside it, synced, renamed, and the directory
/// synced.
package func replaceFile(_ path: String, with bytes: [UInt8], mode: mode_t) throws(SystemError) {
  let temporary = path + temporarySuffix
  try writeTemporaryFile(temporary, bytes, mode: mode, synced: true)
  try renameFile(temporary, to: path)
  let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
  try syncDirectory(directory.isEmpty ? "/" : directory)
}
