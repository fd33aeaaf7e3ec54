import Base
import Glibc
import History

/// A directory of numbered files of one sort, such as a ring's segments: making and moving them.
struct SlotDirectory {
  let path: String
  /// What the files' names begin and end with: `segment-0007.ring`.
  let stem: String
  let suffix: String

  static func segments(_ path: String) -> SlotDirectory {
    SlotDirectory(path: path, stem: "segment", suffix: "ring")
  }

  static func blocks(_ path: String) -> SlotDirectory {
    SlotDirectory(path: path, stem: "block", suffix: "cells")
  }

  func fileName(_ slot: UInt32) -> String {
    let digits = String(slot)
    return "\(stem)-\(String(repeating: "0", count: max(0, 4 - digits.count)))\(digits).\(suffix)"
  }

  func path(of slot: UInt32) -> String { "\(path)/\(fileName(slot))" }

  /// Makes the directory if it is not there; its parent must be.
  func make() throws(SystemError) {
    if mkdir(path, 0o750) != 0, errno != EEXIST { throw .last("mkdir", path) }
  }

  /// The files, by slot; what an interrupted start left half made is removed.
  func slots() throws(SystemError) -> [UInt32] {
    var slots: [UInt32] = []
    for name in try names() {
      if name.hasSuffix(".\(suffix).new"), name.hasPrefix("\(stem)-") {
        _ = unlink("\(path)/\(name)")
      } else if let slot = slot(of: name) {
        slots.append(slot)
      }
    }
    return slots.sorted()
  }

  /// The files, by slot, without a change to the directory.
  func slotsToRead() throws(SystemError) -> [UInt32] { try names().compactMap(slot).sorted() }

  private func slot(of name: String) -> UInt32? {
    guard name.hasPrefix("\(stem)-"), name.hasSuffix(".\(suffix)"),
      let slot = UInt32(name.dropFirst(stem.count + 1).dropLast(suffix.count + 1)),
      fileName(slot) == name
    else { return nil }
    return slot
  }

  /// Makes a file whose room is taken at once; under its name it is always whole.
  func create(_ slot: UInt32, byteCount: Int) throws(SystemError) {
    let name = path(of: slot)
    let temporary = name + ".new"
    let file = Descriptor(
      try checked(
        open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o640), "open",
        temporary))
    var code: Int32
    repeat { code = posix_fallocate(file.raw, 0, byteCount) } while code == EINTR
    if code == 0, rename(temporary, name) != 0 { code = errno }
    guard code == 0 else {
      _ = unlink(temporary)
      throw SystemError(operation: "preallocate", path: name, code: code)
    }
  }

  /// Renames a file that is no use to `.damaged-N`, with the first free N, and returns that name.
  func setAside(_ slot: UInt32) throws(SystemError) -> String {
    let name = path(of: slot)
    var number = 1
    var status = stat()
    while lstat("\(name).damaged-\(number)", &status) == 0 { number += 1 }
    _ = try checked(rename(name, "\(name).damaged-\(number)"), "rename", name)
    return "\(fileName(slot)).damaged-\(number)"
  }

  func remove(_ slot: UInt32) throws(SystemError) {
    _ = try checked(unlink(path(of: slot)), "unlink", path(of: slot))
  }

  /// Makes names that were given or taken last.
  func sync() throws(SystemError) {
    let directory = Descriptor(
      try checked(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open", path))
    _ = try checked(fsync(directory.raw), "fsync", path)
  }

  /// What the start of a segment's file shows.
  func survey(_ slot: UInt32, access: Int32 = O_RDWR) throws(SystemError) -> SegmentFile {
    guard let (start, byteCount) = try start(of: slot, SegmentReading.wordsNeeded, access) else {
      return SegmentFile(slot: slot, byteCount: 0, reading: .damaged("not a regular file"))
    }
    return SegmentFile(slot: slot, byteCount: byteCount, reading: SegmentReading(start))
  }

  /// What the start of a block's file shows.
  func surveyBlock(_ slot: UInt32, access: Int32 = O_RDWR) throws(SystemError) -> BlockFile {
    guard let (start, byteCount) = try start(of: slot, BlockReading.wordsNeeded, access) else {
      return BlockFile(slot: slot, byteCount: 0, reading: .damaged("not a regular file"))
    }
    return BlockFile(slot: slot, byteCount: byteCount, reading: BlockReading(start))
  }

  /// The first words of a file, and its length; nil for what is no regular file.
  private func start(
    of slot: UInt32, _ wordCount: Int, _ access: Int32
  ) throws(SystemError) -> ([UInt64], Int)? {
    let path = path(of: slot)
    let file = Descriptor(
      try checked(open(path, access | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), "open", path))
    var status = stat()
    _ = try checked(fstat(file.raw, &status), "stat", path)
    guard status.st_mode & S_IFMT == S_IFREG else { return nil }
    var start = [UInt64](repeating: 0, count: wordCount)
    let count = try readWords(file.raw, into: &start, offset: 0, path: path)
    start.removeLast(start.count - count)
    return (start, Int(status.st_size))
  }

  /// Reads a whole segment; false when the file does not bear this header (any more). The buffer
  /// is made if it is empty, and reused if it is not.
  func load(_ header: SegmentHeader, into buffer: inout [UInt64]) throws(SystemError) -> Bool {
    let path = path(of: header.slot)
    let file = Descriptor(try checked(open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), "open", path))
    let wanted = header.segmentBytes / 8
    if buffer.count == wanted {
      guard try readWords(file.raw, into: &buffer, offset: 0, path: path) == wanted else {
        return false
      }
    } else {
      buffer = try readWords(file.raw, count: wanted, offset: 0, path: path)
    }
    return buffer.count == wanted && SegmentReading(buffer) == .valid(header)
  }

  private func names() throws(SystemError) -> [String] {
    guard let directory = opendir(path) else { throw .last("opendir", path) }
    defer { closedir(directory) }
    var names: [String] = []
    errno = 0
    while let entry = readdir(directory) {
      names.append(
        withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) {
            String(cString: $0)
          }
        })
      errno = 0
    }
    guard errno == 0 else { throw .last("readdir", path) }
    return names
  }
}

/// The result of a call, or its error when that is -1.
func checked(
  _ result: Int32, _ operation: String, _ path: String
) throws(SystemError) -> Int32 {
  if result == -1 { throw .last(operation, path) }
  return result
}

/// Reads words from a place in a file until they are all there or the file ends; returns how many
/// whole words came.
func readWords(
  _ file: Int32, into words: inout [UInt64], offset: Int, path: @autoclosure () -> String
) throws(SystemError) -> Int {
  try readWords(file, into: &words, count: words.count, offset: offset, path: path())
}

/// The same for the first `count` words of a buffer.
func readWords(
  _ file: Int32, into words: inout [UInt64], count: Int, offset: Int,
  path: @autoclosure () -> String
) throws(SystemError) -> Int {
  let (done, code) = words.withUnsafeMutableBytes { buffer in
    readBytes(file, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<(count * 8)]), offset)
  }
  if code != 0 { throw SystemError(operation: "read", path: path(), code: code) }
  return done / 8
}

/// So many words from a place in a file; fewer where the file ends.
func readWords(
  _ file: Int32, count: Int, offset: Int, path: @autoclosure () -> String
) throws(SystemError) -> [UInt64] {
  var code: Int32 = 0
  // Not made of zeros first: most of what the history reads is read so.
  let words = [UInt64](unsafeUninitializedCapacity: count) { buffer, filled in
    let done: Int
    (done, code) = readBytes(file, into: UnsafeMutableRawBufferPointer(buffer), offset)
    filled = done / 8
  }
  if code != 0 { throw SystemError(operation: "read", path: path(), code: code) }
  return words
}

/// Reads until a buffer is full or the file ends; returns how many bytes came, and an error's number.
private func readBytes(
  _ file: Int32, into buffer: UnsafeMutableRawBufferPointer, _ offset: Int
) -> (count: Int, code: Int32) {
  var done = 0
  while done < buffer.count {
    let count = pread(
      file, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
    if count > 0 {
      done += count
    } else if count == 0 {
      break
    } else if errno != EINTR {
      return (done, errno)
    }
  }
  return (done, 0)
}

/// Writes all words at a place in a file: one call, unless the system takes only a part.
func writeWords(
  _ file: Int32, _ words: [UInt64], offset: Int, path: String
) throws(SystemError) {
  let wanted = words.count * 8
  var done = 0
  while done < wanted {
    let count = words.withUnsafeBytes { buffer in
      pwrite(file, buffer.baseAddress! + done, wanted - done, off_t(offset + done))
    }
    if count >= 0 {
      done += count
    } else if errno != EINTR {
      throw .last("write", path)
    }
  }
}
