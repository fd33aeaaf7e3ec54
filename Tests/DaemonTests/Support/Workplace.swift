import CLinux
import Glibc
import Host

/// What a test meant to set up and could not.
struct HarnessError: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}

/// A directory of a test's own, gone with its owner. Everybody may enter it: some tests act as
/// another user.
final class Workplace: Sendable {
  let path: String

  init() throws {
    var template = Array("/tmp/linkhealth-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw HarnessError("mkdtemp: \(errno)") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    chmod(path, 0o755)
  }

  deinit { remove() }

  func remove() { removeTree(path) }

  /// Writes a file below the directory, and the directories on the way to it.
  @discardableResult
  func write(_ name: String, _ text: String, mode: mode_t = 0o644) throws -> String {
    try write(name, Array(text.utf8), mode: mode)
  }

  @discardableResult
  func write(_ name: String, _ bytes: [UInt8], mode: mode_t = 0o644) throws -> String {
    let parts = name.split(separator: "/")
    for count in 0..<(parts.count - 1) {
      mkdir("\(path)/\(parts[...count].joined(separator: "/"))", 0o755)
    }
    try replaceFile("\(path)/\(name)", with: bytes, mode: mode)
    return "\(path)/\(name)"
  }

  func read(_ name: String) -> String? { fileText("\(path)/\(name)") }
}

/// The whole of a file; nil when it cannot be read.
func fileText(_ path: String) -> String? {
  guard let bytes = try? readFile(path, limitBytes: 64 << 20) else { return nil }
  return String(decoding: bytes, as: UTF8.self)
}

/// The names in a directory, sorted; none when it cannot be read.
func fileNames(_ directory: String) -> [String] {
  guard let stream = opendir(directory) else { return [] }
  defer { closedir(stream) }
  var names: [String] = []
  while let entry = readdir(stream) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
      pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != "." && name != ".." { names.append(name) }
  }
  return names.sorted()
}

private func removeTree(_ path: String) {
  var info = stat()
  guard lstat(path, &info) == 0 else { return }
  if info.st_mode & S_IFMT == S_IFDIR {
    for name in fileNames(path) { removeTree("\(path)/\(name)") }
    rmdir(path)
  } else {
    unlink(path)
  }
}
