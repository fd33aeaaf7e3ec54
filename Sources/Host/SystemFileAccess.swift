import Base
import CLinux
import Catalogue
import Glibc
import Model

extension FileAccess {
  /// The machine's own files.
  package static let system = FileAccess(
    read: { path in try readFile(path, limitBytes: Limits.catalogueFileBytes) },
    list: { path in try listFiles(path) },
    secret: { name, directory in
      SecretStore(credentials: environment("CREDENTIALS_DIRECTORY"), directory: directory)
        .read(name)
    },
    program: { path in programFacts(path) },
    now: { Clock.now.wall })
}

/// The whole of a file; an error when it is longer than the limit. Reads to the end rather than to
/// a size, which files of /proc do not have.
package func readFile(_ path: String, limitBytes: Int) throws(SystemError) -> [UInt8] {
  let raw = lh_open(path, O_RDONLY, 0)
  guard raw >= 0 else { throw SystemError.last("open", path) }
  let descriptor = Descriptor(raw)
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 64 << 10)
  while true {
    let count = read(descriptor.raw, &buffer, buffer.count)
    if count < 0 && errno == EINTR { continue }
    guard count >= 0 else { throw SystemError.last("read", path) }
    if count == 0 { return bytes }
    bytes += buffer.prefix(count)
    if bytes.count > limitBytes {
      throw SystemError(operation: "read (too large)", path: path, code: EFBIG)
    }
  }
}

private func listFiles(_ path: String) throws(SystemError) -> [String] {
  guard let directory = opendir(path) else { throw SystemError.last("opendir", path) }
  defer { closedir(directory) }
  var names: [String] = []
  while let entry = readdir(directory) {
    let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    if name.hasSuffix(".json5"), !name.hasPrefix(".") { names.append(name) }
  }
  return names.sorted()
}

/// What there is to know of a program or a directory of programs.
func programFacts(_ path: String) -> ProgramFacts? {
  guard let real = realpath(path, nil) else { return nil }
  defer { free(real) }
  var status = stat()
  guard stat(real, &status) == 0 else { return nil }
  let kind = status.st_mode & S_IFMT
  let isStranger = status.st_uid != 0 && status.st_uid != geteuid()
  return ProgramFacts(
    realPath: String(cString: real), isDirectory: kind == S_IFDIR,
    isExecutable: kind == S_IFREG && faccessat(AT_FDCWD, real, X_OK, AT_EACCESS) == 0,
    isWritableByOthers: status.st_mode & (S_IWGRP | S_IWOTH) != 0,
    strangeOwner: isStranger ? userName(status.st_uid) : nil)
}
